"""Random valid blocks of every ggml type that the gguf package can dequantise, with their values."""
import json

import gguf
import numpy as np

Type = gguf.GGMLQuantizationType
# byte offsets of the half-precision scales of a block
SCALES = {Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0], Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q4_K: [0, 2],
          Type.Q5_K: [0, 2], Type.Q6_K: [208], Type.IQ2_XXS: [0], Type.IQ2_XS: [0], Type.IQ2_S: [0], Type.IQ3_XXS: [0], Type.IQ3_S: [0],
          Type.IQ1_S: [0], Type.IQ4_NL: [0], Type.IQ4_XS: [0], Type.TQ1_0: [52], Type.TQ2_0: [64]}
PLAIN = {Type.F32: np.float32, Type.F16: np.float16}


def half_bytes(rng, count):
    return (rng.standard_normal(count) * 0.05).astype(np.float16).view(np.uint8).reshape(count, 2)


def random_blocks(kind, rng, count):
    """[count, bytes of a block]"""
    _, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for offset in SCALES.get(kind, []):
        blocks[:, offset:offset + 2] = half_bytes(rng, count)
    if kind == Type.IQ1_M:  # the scale is spread over the top four bits of four 16-bit words
        scale = half_bytes(rng, count).view(np.uint16)[:, 0]
        words = np.ascontiguousarray(blocks[:, 48:56]).view(np.uint16)
        for at in range(4):
            words[:, at] = (words[:, at] & 0x0FFF) | (((scale >> (4 * at)) & 0xF) << 12)
        blocks[:, 48:56] = words.view(np.uint8)
    if kind.name == "MXFP4":
        blocks[:, 0] = rng.integers(115, 132, count)
    if kind.name == "NVFP4":
        blocks[:, :4] &= 0x77
    return blocks


def random_raw(kind, rng, rows, columns):
    if kind in PLAIN:
        return rng.standard_normal((rows, columns)).astype(PLAIN[kind]).view(np.uint8)
    if kind == Type.BF16:
        return gguf.quants.quantize(rng.standard_normal((rows, columns)).astype(np.float32), kind)
    block, size = gguf.GGML_QUANT_SIZES[kind]
    return random_blocks(kind, rng, rows * columns // block).reshape(rows, columns // block * size)


def make(folder, seed):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    types = {}
    for kind in [Type.F32, Type.F16, Type.BF16, *SCALES, Type.IQ1_M, *(Type[name] for name in ("MXFP4", "NVFP4") if name in Type.__members__)]:
        rows, columns = int(rng.integers(2, 6)), 256 * int(rng.integers(1, 4))
        raw = random_raw(kind, rng, rows, columns)
        shaped = raw.view(PLAIN[kind]) if kind in PLAIN else raw
        values = gguf.quants.dequantize(shaped, kind).astype(np.float32)
        if not np.isfinite(values).all():
            raise ValueError(f"{kind.name}: the random blocks are not valid")
        (folder / f"{kind.name}.bin").write_bytes(raw.tobytes())
        (folder / f"{kind.name}.f32").write_bytes(values.tobytes())
        block, size = gguf.GGML_QUANT_SIZES[kind]
        types[kind.name] = {"ggml_type": int(kind), "block_size": block, "type_size": size, "rows": rows, "cols": columns, "raw": f"{kind.name}.bin",
                            "dequant": f"{kind.name}.f32", "max_abs": float(np.abs(values).max())}
    (folder / "index.json").write_text(json.dumps({"types": types}, indent=1))
