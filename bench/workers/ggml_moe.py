"""One mixture-of-experts layer in ggml, as llama.cpp computes it, through the libraries that llama-cpp-python builds."""
import ctypes
import pathlib

import layer

# enum ggml_type, bytes and elements of a block
TYPES = {"bf16": (30, 2, 1), "q8_0": (8, 34, 32), "q4_0": (2, 18, 32), "q4_k": (12, 144, 256), "q6_k": (14, 210, 256)}
F32, I32 = 0, 26
args, geometry = layer.arguments(tuple(TYPES))

import llama_cpp  # noqa: E402
import numpy  # noqa: E402

FOLDER = pathlib.Path(llama_cpp.__file__).parent / "lib"
BASE, CPU = (ctypes.CDLL(str(FOLDER / name), mode=ctypes.RTLD_GLOBAL) for name in ("libggml-base.so", "libggml-cpu.so"))
POINTER = ctypes.c_void_p


class InitParams(ctypes.Structure):
    _fields_ = [("mem_size", ctypes.c_size_t), ("mem_buffer", POINTER), ("no_alloc", ctypes.c_bool)]


def call(library, name, *values):
    """A function that gives a pointer; integers are passed as int64, as ggml's sizes are."""
    function = getattr(library, name)
    function.restype = POINTER
    return function(*(ctypes.c_int64(value) if isinstance(value, int) else value for value in values))


def context():
    function = BASE.ggml_init
    function.restype, function.argtypes = POINTER, [InitParams]
    return POINTER(function(InitParams(8 << 20, None, True)))


def tensor(ctx, kind, *sizes):
    return POINTER(call(BASE, f"ggml_new_tensor_{len(sizes)}d", ctx, ctypes.c_int(kind), *sizes))


def op(name, *values):
    return POINTER(call(BASE, f"ggml_{name}", *values))


def set_bytes(target, data, offset=0):
    BASE.ggml_backend_tensor_set(target, POINTER(data.ctypes.data), ctypes.c_size_t(offset), ctypes.c_size_t(data.nbytes))


def repacking_buffer_type(device):
    """The buffer type that reorders weights for this processor, or None."""
    registry = POINTER(call(CPU, "ggml_backend_cpu_reg"))
    address = call(BASE, "ggml_backend_reg_get_proc_address", registry, ctypes.c_char_p(b"ggml_backend_dev_get_extra_bufts"))
    if not address:
        return None
    types = ctypes.CFUNCTYPE(ctypes.POINTER(POINTER), POINTER)(address)(device)
    found = [types[i] for i in range(8) if all(types[: i + 1])] if types else []
    names = {}
    for buffer_type in found:
        BASE.ggml_backend_buft_name.restype = ctypes.c_char_p
        names[BASE.ggml_backend_buft_name(POINTER(buffer_type)).decode()] = buffer_type
    return POINTER(names["CPU_REPACK"]) if "CPU_REPACK" in names else None


def experts_supported(device, weights, tokens):
    """Whether the device multiplies these weights by chosen experts."""
    ctx = context()
    columns = BASE_SIZES[weights.value][0]
    product = op("mul_mat_id", ctx, weights, tensor(ctx, F32, columns, 1, tokens), tensor(ctx, I32, geometry.used, tokens))
    BASE.ggml_backend_dev_supports_op.restype = ctypes.c_bool
    return BASE.ggml_backend_dev_supports_op(device, product)


BACKEND = POINTER(call(CPU, "ggml_backend_cpu_init"))
DEVICE = POINTER(call(BASE, "ggml_backend_reg_dev_get", POINTER(call(CPU, "ggml_backend_cpu_reg")), ctypes.c_size_t(0)))
PLAIN = POINTER(call(CPU, "ggml_backend_cpu_buffer_type") or 0) if hasattr(CPU, "ggml_backend_cpu_buffer_type") else POINTER(
    call(BASE, "ggml_backend_cpu_buffer_type"))
KIND, BLOCK_BYTES, BLOCK_ELEMENTS = TYPES[args.type]
BASE_SIZES = {}


def start_threads():
    parameters = ctypes.create_string_buffer(4096)  # struct ggml_threadpool_params, filled by ggml
    BASE.ggml_threadpool_params_init(parameters, ctypes.c_int(args.threads))
    CPU.ggml_backend_cpu_set_n_threads(BACKEND, ctypes.c_int(args.threads))
    pool = POINTER(call(CPU, "ggml_threadpool_new", parameters))
    CPU.ggml_backend_cpu_set_threadpool(BACKEND, pool)


def random_blocks(count):
    """Bytes of so many blocks with small finite scales: float16 and bfloat16 values below 2^-6 everywhere."""
    data = numpy.random.default_rng(7).integers(0, 256, count * BLOCK_BYTES, dtype=numpy.uint8)
    if args.type == "bf16":
        values = numpy.random.default_rng(7).normal(0, 0.02, count).astype(numpy.float32)
        return (values.view(numpy.uint32) >> 16).astype(numpy.uint16).view(numpy.uint8)
    scale = numpy.frombuffer(numpy.float16(0.002).tobytes(), dtype=numpy.uint8)
    blocks = data.reshape(count, BLOCK_BYTES)
    places = {"q8_0": (0,), "q4_0": (0,), "q4_k": (0, 2), "q6_k": (208,)}[args.type]
    for place in places:
        blocks[:, place:place + 2] = scale
    return data


def make_weights(buffer_type):
    ctx = context()
    shapes = [(geometry.hidden, geometry.inner), (geometry.hidden, geometry.inner), (geometry.inner, geometry.hidden)]
    tensors = [tensor(ctx, KIND, columns, rows, geometry.experts) for columns, rows in shapes]
    for one, (columns, rows) in zip(tensors, shapes):
        BASE_SIZES[one.value] = (columns, rows)
    if not call(BASE, "ggml_backend_alloc_ctx_tensors_from_buft", ctx, buffer_type):
        raise SystemExit("ggml found no memory for the weights")
    for one, (columns, rows) in zip(tensors, shapes):
        set_bytes(one, numpy.tile(random_blocks(columns * rows // BLOCK_ELEMENTS), geometry.experts))
    return tensors


def plain_or_repacked():
    repacking = repacking_buffer_type(DEVICE)
    if repacking is not None:
        weights = make_weights(repacking)
        if experts_supported(DEVICE, weights[0], 8):
            return weights, "repacked"
    return make_weights(PLAIN), "plain"


start_threads()
(GATE, UP, DOWN), LAYOUT = plain_or_repacked()


def prepare(tokens, routings):
    ctx = context()
    used = geometry.used
    x = tensor(ctx, F32, geometry.hidden, 1, tokens)
    ids = tensor(ctx, I32, used, tokens)
    shares = tensor(ctx, F32, 1, used, tokens)
    gate, up = op("mul_mat_id", ctx, GATE, x, ids), op("mul_mat_id", ctx, UP, x, ids)
    weighted = op("mul", ctx, op("mul_mat_id", ctx, DOWN, op("swiglu_split", ctx, gate, up), ids), shares)
    row = geometry.hidden * 4
    total = None
    for slot in range(used):
        view = POINTER(call(BASE, "ggml_view_2d", ctx, weighted, geometry.hidden, tokens, ctypes.c_size_t(row * used),
                            ctypes.c_size_t(slot * row)))
        total = view if total is None else op("add", ctx, total, view)
    graph = op("new_graph", ctx)
    BASE.ggml_build_forward_expand(graph, total)
    allocator = POINTER(call(BASE, "ggml_gallocr_new", PLAIN))
    for leaf in (x, ids, shares):
        BASE.ggml_set_input(leaf)
    BASE.ggml_gallocr_alloc_graph(allocator, graph)
    activations = numpy.random.default_rng(7).normal(size=tokens * geometry.hidden).astype(numpy.float32)
    weights = numpy.full(tokens * used, 1 / used, dtype=numpy.float32)
    choices = [numpy.array(routing, dtype=numpy.int32) for routing in routings]

    def run(i):
        set_bytes(x, activations)
        set_bytes(shares, weights)
        set_bytes(ids, choices[i])
        if BASE.ggml_backend_graph_compute(BACKEND, graph) != 0:
            raise SystemExit("ggml could not compute the layer")

    return run


layer.serve(geometry, prepare)
