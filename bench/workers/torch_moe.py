"""One mixture-of-experts layer in PyTorch: tokens grouped by expert, three products an expert, a weighted sum."""
import layer

TYPES = ("bf16", "int8", "int4")
args, geometry = layer.arguments(TYPES)

import torch  # noqa: E402  (after OMP_NUM_THREADS is set)

torch.set_num_threads(args.threads)
torch.manual_seed(7)


def bf16_experts(rows, columns):
    weights = torch.empty(geometry.experts, rows, columns, dtype=torch.bfloat16).normal_(0, 0.02)
    return lambda x, expert: torch.nn.functional.linear(x, weights[expert])


def int8_experts(rows, columns):
    """Weights per channel, activations quantised as they come."""
    torch.backends.quantized.engine = "x86"
    packed = []
    for _ in range(geometry.experts):
        weight = torch.quantize_per_channel(torch.randn(rows, columns) * 0.02, torch.full((rows,), 5e-4, dtype=torch.double),
                                            torch.zeros(rows, dtype=torch.int64), 0, torch.qint8)
        packed.append(torch.ops.quantized.linear_prepack(weight, None))
    return lambda x, expert: torch.ops.quantized.linear_dynamic(x.float(), packed[expert], True).to(x.dtype)


def int4_experts(rows, columns, group=128):
    packed = []
    scales = torch.stack([torch.full((columns // group, rows), 0.005), torch.zeros(columns // group, rows)], -1).to(torch.bfloat16)
    for _ in range(geometry.experts):
        codes = torch.randint(0, 16, (rows, columns), dtype=torch.int32)
        packed.append(torch.ops.aten._convert_weight_to_int4pack_for_cpu(codes, 1))
    return lambda x, expert: torch.ops.aten._weight_int4pack_mm_for_cpu(x, packed[expert], group, scales)


MAKE = {"bf16": bf16_experts, "int8": int8_experts, "int4": int4_experts}[args.type]
GATE, UP = MAKE(geometry.inner, geometry.hidden), MAKE(geometry.inner, geometry.hidden)
DOWN = MAKE(geometry.hidden, geometry.inner)


def forward(x, ids, shares):
    """x [tokens, hidden], ids and shares [tokens, used]."""
    flat = ids.flatten()
    order = flat.argsort()
    counts = torch.bincount(flat, minlength=geometry.experts).tolist()
    out = torch.zeros(x.shape, dtype=torch.float32)
    begin = 0
    for expert, count in enumerate(counts):
        if count == 0:
            continue
        pairs = order[begin:begin + count]
        begin += count
        tokens = pairs // geometry.used
        rows = x[tokens]
        inner = torch.nn.functional.silu(GATE(rows, expert)) * UP(rows, expert)
        out.index_add_(0, tokens, DOWN(inner, expert).float() * shares.flatten()[pairs, None])
    return out


def prepare(tokens, routings):
    x = torch.randn(tokens, geometry.hidden).to(torch.bfloat16)
    shares = torch.full((tokens, geometry.used), 1 / geometry.used)
    ids = [torch.tensor(routing) for routing in routings]

    def run(i):
        with torch.inference_mode():
            forward(x, ids[i], shares)

    return run


layer.serve(geometry, prepare)
