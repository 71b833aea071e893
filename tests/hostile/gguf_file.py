"""GGUF files put together field by field, so that any part of them can be made wrong."""
import struct

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
PACK = {U8: "<B", I8: "<b", U16: "<H", I16: "<h", U32: "<I", I32: "<i", F32: "<f", BOOL: "<B", U64: "<Q", I64: "<q", F64: "<d"}


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(data)) + data


def value(kind, content):
    """A value with its type, as it stands behind a key."""
    if kind == STRING:
        return struct.pack("<I", kind) + text(content)
    return struct.pack("<I", kind) + struct.pack(PACK[kind], content)


def array(kind, items, count=None):
    body = b"".join(text(item) if kind == STRING else struct.pack(PACK[kind], item) for item in items)
    return struct.pack("<IIQ", ARRAY, kind, len(items) if count is None else count) + body


class Tensor:
    def __init__(self, name, dims, kind=0, size=None, offset=None, rank=None):
        self.name, self.dims, self.kind, self.offset, self.rank = name, dims, kind, offset, rank
        elements = 1
        for dim in dims:
            elements *= dim
        self.size = elements * 4 if size is None else size
        self.data = None  # else a pattern


class File:
    """A small complete decoder of the architecture `llama`; every field may be changed before bytes()."""

    def __init__(self, vocabulary=264, dim=8, inner=16, heads=2, kv_heads=1, layers=1):
        self.magic, self.version, self.alignment, self.tail = b"GGUF", 3, 32, b""
        self.tensor_count = self.key_count = None
        self.keys = {
            "general.architecture": value(STRING, "llama"),
            "llama.block_count": value(U32, layers),
            "llama.context_length": value(U32, 64),
            "llama.embedding_length": value(U32, dim),
            "llama.feed_forward_length": value(U32, inner),
            "llama.attention.head_count": value(U32, heads),
            "llama.attention.head_count_kv": value(U32, kv_heads),
            "llama.attention.layer_norm_rms_epsilon": value(F32, 1e-5),
            "llama.rope.freq_base": value(F32, 10000.0),
            "llama.rope.dimension_count": value(U32, dim // heads),
            "tokenizer.ggml.model": value(STRING, "llama"),
        }
        tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
        tokens += [f"\u2581{chr(97 + n)}" for n in range(26)]
        types = [2, 3, 3] + [6] * 256 + [1] * 26
        self.tokens, self.types = tokens[:vocabulary], types[:vocabulary]
        self.keys.update({
            "tokenizer.ggml.tokens": array(STRING, self.tokens),
            "tokenizer.ggml.scores": array(F32, [-float(n) for n in range(vocabulary)]),
            "tokenizer.ggml.token_type": array(I32, self.types),
            "tokenizer.ggml.bos_token_id": value(U32, 1),
            "tokenizer.ggml.eos_token_id": value(U32, 2),
        })
        self.extra = []  # further keys, even repeated ones
        self.tensors = [Tensor("token_embd.weight", [dim, vocabulary]), Tensor("output_norm.weight", [dim]),
                        Tensor("output.weight", [dim, vocabulary])]
        kv = dim // heads * kv_heads
        shapes = {"attn_norm": [dim], "attn_q": [dim, dim], "attn_k": [dim, kv], "attn_v": [dim, kv], "attn_output": [dim, dim],
                  "ffn_norm": [dim], "ffn_gate": [dim, inner], "ffn_up": [dim, inner], "ffn_down": [inner, dim]}
        for layer in range(layers):
            self.tensors += [Tensor(f"blk.{layer}.{name}.weight", list(dims)) for name, dims in shapes.items()]

    def tensor(self, name="blk.0.attn_q.weight"):
        return next(t for t in self.tensors if t.name == name)

    def bytes(self):
        keys = list(self.keys.items()) + self.extra
        out = self.magic + struct.pack("<I", self.version)
        out += struct.pack("<Q", len(self.tensors) if self.tensor_count is None else self.tensor_count)
        out += struct.pack("<Q", len(keys) if self.key_count is None else self.key_count)
        out += b"".join(text(name) + content for name, content in keys)
        data = b""
        for tensor in self.tensors:
            data += b"\0" * (-len(data) % self.alignment)
            out += text(tensor.name) + struct.pack("<I", len(tensor.dims) if tensor.rank is None else tensor.rank)
            out += b"".join(struct.pack("<Q", dim) for dim in tensor.dims)
            out += struct.pack("<IQ", tensor.kind, len(data) if tensor.offset is None else tensor.offset)
            data += tensor.data if tensor.data is not None else (b"\x11\x11\x11\x3c" * (tensor.size // 4 + 1))[:tensor.size]
        out += b"\0" * (-len(out) % self.alignment)
        return out + data + self.tail


def value_bytes(content, at, kind):
    """Bytes of the value of that type at `at`."""
    if kind == STRING:
        return 8 + struct.unpack_from("<Q", content, at)[0]
    if kind != ARRAY:
        return struct.calcsize(PACK[kind])
    element, count = struct.unpack_from("<IQ", content, at)
    size = 12
    for _ in range(count):
        size += value_bytes(content, at + size, element)
    return size


def read_file(content):
    """A well-formed file as a File, its values as the bytes that they are."""
    out = File()
    count, keys = struct.unpack_from("<QQ", content, 8)
    at = 24
    out.keys, out.tensors = {}, []
    for _ in range(keys):
        size = struct.unpack_from("<Q", content, at)[0]
        name = content[at + 8:at + 8 + size].decode()
        at += 8 + size
        size = 4 + value_bytes(content, at + 4, struct.unpack_from("<I", content, at)[0])
        out.keys[name] = content[at:at + size]
        at += size
    offsets = []
    for _ in range(count):
        size = struct.unpack_from("<Q", content, at)[0]
        name, rank = content[at + 8:at + 8 + size].decode(), struct.unpack_from("<I", content, at + 8 + size)[0]
        at += 12 + size
        dims = list(struct.unpack_from(f"<{rank}Q", content, at))
        kind, offset = struct.unpack_from("<IQ", content, at + 8 * rank)
        at += 8 * rank + 12
        out.tensors.append(Tensor(name, dims, kind))
        offsets.append(offset)
    start = (at + out.alignment - 1) // out.alignment * out.alignment
    for tensor, offset, end in zip(out.tensors, offsets, offsets[1:] + [len(content) - start]):
        tensor.data = content[start + offset:start + end]
    return out
