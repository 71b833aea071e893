"""One mixture-of-experts layer in the extension of kt-kernel, called directly."""
import layer

# Its class for each type. Their names speak of AMX; on a processor without it they run AVX-512 code.
CLASSES = {"bf16": "AMXBF16_MOE", "int8": "AMXInt8_MOE", "int4": "AMXInt4_KGroup_MOE", "fp8": "AMXFP8_MOE"}
MOST_TOKENS = 512
args, geometry = layer.arguments(tuple(CLASSES))

import torch  # noqa: E402
from kt_kernel import kt_kernel_ext as extension  # noqa: E402

torch.manual_seed(7)


def bf16_weights():
    return torch.empty(geometry.experts, geometry.inner * geometry.hidden, dtype=torch.bfloat16).normal_(0, 0.02)


def random_bytes(count):
    return torch.randint(0, 256, (count,), dtype=torch.uint8)


def worker_pool():
    config = extension.WorkerPoolConfig()
    config.subpool_count = 1
    config.subpool_numa_map = [0]
    config.subpool_thread_count = [args.threads]
    return extension.CPUInfer(config)


def set_weights(config):
    """Fills the fields of the weights; gives back what must stay alive until they are loaded."""
    elements = geometry.experts * geometry.inner * geometry.hidden
    scales = []
    if args.type in ("bf16", "int8"):  # int8 is quantised while loading
        weights = [bf16_weights() for _ in range(3)]
    elif args.type == "int4":
        config.quant_config.bits, config.quant_config.group_size, config.quant_config.zero_point = 4, 32, False
        weights = [random_bytes(elements // 2) for _ in range(3)]
        scales = [torch.full((elements // 32,), 0.005, dtype=torch.bfloat16) for _ in range(3)]
    else:
        config.quant_config.bits, config.quant_config.group_size, config.quant_config.zero_point = 8, 128, False
        weights = [random_bytes(elements).bitwise_and_(0xF7) for _ in range(3)]  # no NaN among the E4M3 codes
        scales = [torch.full((elements // (128 * 128),), 0.001) for _ in range(3)]
    config.gate_proj, config.up_proj, config.down_proj = (tensor.data_ptr() for tensor in weights)
    if scales:
        config.gate_scale, config.up_scale, config.down_scale = (tensor.data_ptr() for tensor in scales)
    return weights, scales


POOL = worker_pool()
NO_GPU_EXPERTS = torch.zeros(geometry.experts, dtype=torch.uint8)
IDENTITY = torch.arange(geometry.experts, dtype=torch.int64)


def load():
    config = extension.moe.MOEConfig(geometry.experts, geometry.used, geometry.hidden, geometry.inner, NO_GPU_EXPERTS.data_ptr())
    config.pool = POOL.backend_
    config.max_len = MOST_TOKENS
    config.physical_to_logical_map = IDENTITY.data_ptr()
    alive = set_weights(config)
    moe = getattr(extension.moe, CLASSES[args.type])(config)
    try:
        task = moe.load_weights_task(IDENTITY.data_ptr())
    except TypeError:
        task = moe.load_weights_task()
    POOL.submit(task)
    POOL.sync()
    del alive
    return moe


MOE = load()


def prepare(tokens, routings):
    x = torch.randn(tokens, geometry.hidden).to(torch.bfloat16).contiguous()
    out = torch.empty_like(x)
    shares = torch.full((tokens, geometry.used), 1 / geometry.used).contiguous()
    ids = [torch.tensor(routing, dtype=torch.int64).contiguous() for routing in routings]
    count = torch.tensor([tokens], dtype=torch.int32)

    def run(i):
        POOL.submit(MOE.forward_task(count.data_ptr(), geometry.used, ids[i].data_ptr(), shares.data_ptr(), x.data_ptr(),
                                     out.data_ptr(), False))
        POOL.sync()

    return run


layer.serve(geometry, prepare)
