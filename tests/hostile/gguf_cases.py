"""GGUF files that are wrong in one place (promises 3.1)."""
import math
import random
import struct

from gguf_file import (ARRAY, BOOL, F32, I32, STRING, U8, U16, U32, U64, File, array, text, value)
from harness import ACCEPT, EITHER, file_case

WORDS = ["run", "-m", "{}/model.gguf", "--raw", "-n", "1", "-t", "1", "a"]
HUGE = 2**64 - 1


def small():
    return File()


def spoiled(name, change):
    """A case of the small file after change(file); what change returns, if anything, replaces the bytes."""
    file = small()
    content = change(file)
    return name, content if isinstance(content, bytes) else file.bytes()


def field(name, **values):
    return spoiled(name, lambda file: [setattr(file, key, content) for key, content in values.items()] and None)


def key(name, where, content):
    return spoiled(name, lambda file: file.keys.__setitem__(where, content))


def without(name, where):
    return spoiled(name, lambda file: file.keys.pop(where) and None)


def tensor(case, which="blk.0.attn_q.weight", **values):
    return spoiled(case, lambda file: [setattr(file.tensor(which), k, content) for k, content in values.items()] and None)


def header():
    base = small().bytes()
    yield "empty", b""
    yield "three_bytes", b"GGU"
    for size in (4, 8, 12, 16, 20, 23, 24, 25, 60, 300, 2000):
        yield f"cut_at_{size}", base[:size]
    for magic in (b"GGUX", b"GGML", b"ggml", b"GGJT", b"tjgg", b"FUGG", b"\0\0\0\0"):
        yield field(f"magic_{magic.hex()}", magic=magic)
    for version in (0, 1, 4, 255, 2**31, 2**32 - 1, 0x03000000):
        yield field(f"version_{version}", version=version)
    tensors, keys = len(small().tensors), len(small().keys)
    for count in (HUGE, 2**63, 2**63 - 1, 2**60, 2**32, 2**31, tensors + 1, tensors - 1, 0):
        yield field(f"tensors_{count}", tensor_count=count)
    for count in (HUGE, 2**63, 2**60, 2**32, keys + 1, keys - 1, 0):
        yield field(f"keys_{count}", key_count=count)
    yield field("bytes_behind", tail=b"x" * 64)


def key_values():
    def more(name, key_bytes, content):
        return spoiled(name, lambda file: file.extra.append((key_bytes, content)))

    def raw_key(name, length):
        def change(file):
            body = file.bytes()
            return body[:24] + struct.pack("<Q", length) + body[32:]
        return spoiled(name, change)

    for length in (0, HUGE, 2**63, 2**32, 2**20, 65536):
        yield raw_key(f"key_length_{length}", length)
    yield more("key_empty", b"", value(U32, 1))
    yield more("key_long", b"k" * 70000, value(U32, 1))
    yield more("key_twice", "llama.block_count", value(U32, 1))
    yield more("key_twice_other", "llama.block_count", value(U32, 2))
    yield more("key_bad_utf8", b"a\xffb", value(U32, 1))
    yield more("key_nul", b"a\0b", value(U32, 1))
    for kind in (13, 14, 255, 2**31, 2**32 - 1):
        yield more(f"type_{kind}", "x", struct.pack("<IQ", kind, 0))
        yield more(f"array_type_{kind}", "x", struct.pack("<IIQQ", ARRAY, kind, 1, 0))
    for length in (HUGE, 2**63, 2**40, 2**30):
        yield more(f"string_{length}", "x", struct.pack("<IQ", STRING, length))
    for kind, count in ((U32, HUGE), (U32, 2**62), (U64, 2**61), (U8, 2**30), (STRING, 2**30), (STRING, HUGE), (F32, 2**63)):
        yield more(f"array_{kind}_{count}", "x", array(kind, [], count))
    yield more("array_of_arrays", "x", struct.pack("<IIQIQI", ARRAY, ARRAY, 1, U32, 1, 7))
    yield more("arrays_2000_deep", "x", struct.pack("<I", ARRAY) + struct.pack("<IQ", ARRAY, 1) * 2000)
    yield more("bool_2", "x", value(BOOL, 2))
    for alignment in (0, 3, 24, 31, 2**31, 4096):
        yield key(f"alignment_{alignment}", "general.alignment", value(U32, alignment))
    yield key("alignment_u64", "general.alignment", value(U64, 32))
    yield key("alignment_text", "general.alignment", value(STRING, "32"))


def parameters():
    names = {"layers": "llama.block_count", "hidden": "llama.embedding_length", "inner": "llama.feed_forward_length",
             "heads": "llama.attention.head_count", "eps": "llama.attention.layer_norm_rms_epsilon"}
    yield without("no_architecture", "general.architecture")
    for name, where in names.items():
        yield without(f"no_{name}", where)
        yield key(f"{name}_text", where, value(STRING, "1"))
        yield key(f"{name}_list", where, array(U32, [1, 2, 3]))
    for name in ("transformer9000", "", "../llama", "llama\0", "LLAMA", "a" * 5000):
        yield key(f"architecture_{len(name)}_{name[:3]!r}", "general.architecture", value(STRING, name))
    yield key("architecture_number", "general.architecture", value(U32, 1))
    for name in ("layers", "hidden", "inner", "heads"):
        for count in (0, 3, 2**31, 2**32 - 1):
            yield key(f"{name}_{count}", names[name], value(U32, count))
        yield key(f"{name}_minus_1", names[name], value(I32, -1))
        yield key(f"{name}_2_to_63", names[name], value(U64, 2**63))
    for count in (0, 3, 4, 2**32 - 1):
        yield key(f"kv_heads_{count}", "llama.attention.head_count_kv", value(U32, count))
    for number in (math.nan, math.inf, -1.0, -math.inf):
        yield key(f"eps_{number}", names["eps"], value(F32, number))
        yield key(f"rope_base_{number}", "llama.rope.freq_base", value(F32, number))
    yield key("rope_base_0", "llama.rope.freq_base", value(F32, 0))
    for count in (3, 6, 2**32 - 1):
        yield key(f"rope_dimensions_{count}", "llama.rope.dimension_count", value(U32, count))
    yield key("context_0", "llama.context_length", value(U32, 0))
    yield key("experts_8_of_0", "llama.expert_used_count", value(U32, 8))
    yield key("experts_2_to_32", "llama.expert_count", value(U32, 2**32 - 1))


def vocabulary():
    for count in (0, 200, 265):
        yield key(f"tokens_{count}", "tokenizer.ggml.tokens", array(STRING, [f"t{n}" for n in range(count)]))
    yield key("tokens_numbers", "tokenizer.ggml.tokens", array(I32, [1] * 264))
    yield key("tokens_text", "tokenizer.ggml.tokens", value(STRING, "a"))
    for name in ("scores", "token_type"):
        kind = F32 if name == "scores" else I32
        yield key(f"{name}_short", f"tokenizer.ggml.{name}", array(kind, [1, 1, 1]))
        yield key(f"{name}_text", f"tokenizer.ggml.{name}", array(STRING, ["1"] * 264))
    yield key("scores_nan", "tokenizer.ggml.scores", array(F32, [math.nan] * 264))
    yield key("types_99", "tokenizer.ggml.token_type", array(I32, [99] * 264))
    for name in ("bos", "eos"):
        where = f"tokenizer.ggml.{name}_token_id"
        for number in (264, 70000, 2**31, 2**32 - 1):
            yield key(f"{name}_{number}", where, value(U32, number))
        yield key(f"{name}_minus_5", where, value(I32, -5))
        yield key(f"{name}_text", where, value(STRING, "1"))
    yield key("tokenizer_unknown", "tokenizer.ggml.model", value(STRING, "abacus"))
    yield key("tokenizer_number", "tokenizer.ggml.model", value(U32, 3))
    yield key("byte_level_without_merges", "tokenizer.ggml.model", value(STRING, "gpt2"))

    def merges(name, content):
        def change(file):
            file.keys["tokenizer.ggml.model"] = value(STRING, "gpt2")
            file.keys["tokenizer.ggml.merges"] = content
        return spoiled(name, change)

    yield merges("merge_of_one", array(STRING, ["a"]))
    yield merges("merge_of_unknown", array(STRING, ["\u4e00 \u4e01"]))
    yield merges("merges_numbers", array(U32, [1, 2]))
    yield key("template_number", "tokenizer.chat_template", value(U32, 7))
    yield key("split_of_3", "split.count", value(U16, 3))
    yield key("split_of_65535", "split.count", value(U16, 65535))


def tensors():
    for name, content in {"empty": "", "of_64": "n" * 64, "of_70000": "n" * 70000, "nul": "blk\0q", "bad_utf8": b"blk.\xfe",
                          "twice": "blk.0.attn_k.weight", "unknown": "blk.0.attn_p.weight", "layer_9": "blk.9.attn_q.weight",
                          "layer_huge": f"blk.{10**30}.attn_q.weight", "escape": "blk.\x1b[31m.weight"}.items():
        yield tensor(f"name_{name}", name=content)
    for rank in (0, 3, 5, 255, 2**31, 2**32 - 1):
        yield tensor(f"rank_{rank}", rank=rank)
    for dims in ([8, 0], [2**63, 1], [HUGE, 1], [2**32, 2**32], [2**62, 1], [2**61 - 1, 1], [2**20, 2**19], [4, 16], [2**63, 2]):
        yield tensor(f"dims_{dims[0]}_{dims[1]}", dims=dims)
    for kind in (4, 5, 31, 255, 256, 2**31, 2**32 - 1, 26, 8, 12, 1):
        yield tensor(f"type_{kind}_", kind=kind)
    for offset in (1, 33, 2**40, 2**63 - 1, 2**63, HUGE, HUGE - 31, 0, 32):
        yield tensor(f"offset_{offset}", offset=offset)
    yield spoiled("last_tensor_cut", lambda file: file.bytes()[:-64])
    yield spoiled("tensor_missing", lambda file: file.tensors.pop() and None)
    yield spoiled("embedding_missing", lambda file: file.tensors.pop(0) and None)
    yield spoiled("tensors_missing", lambda file: file.tensors.clear())
    yield tensor("norm_of_another_length", "output_norm.weight", dims=[4], size=16)


def other_files():
    yield "lfs_pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    yield "html", b"<!DOCTYPE html><html></html>"
    yield "zip", b"PK\3\4" + bytes(100)
    yield "elf", b"\x7fELF\2\1\1" + bytes(100)
    yield "gzip", b"\x1f\x8b\x08" + bytes(100)
    yield "safetensors", struct.pack("<Q", 2) + b"{}"
    yield "zeros", bytes(5000)
    yield "noise", random.Random(1).randbytes(5000)


def values():
    """Weights without meaning: an answer or an error of the run, no crash."""
    for name, pattern in {"nan": b"\0\0\xc0\x7f", "infinite": b"\0\0\x80\x7f", "ones": b"\xff\xff\xff\xff"}.items():
        file = small().bytes()
        data = 8192  # all in the tensors of the file's end
        yield f"values_{name}", file[:-data] + pattern * (data // 4)


def flips(count):
    base, source = small().bytes(), random.Random(3)
    for number in range(count):
        content = bytearray(base)
        for _ in range(source.randint(1, 4)):
            content[source.randrange(9000)] = source.randrange(256)
        yield f"flip_{number}", bytes(content)


def cases():
    def named(group, items, **more):
        return [file_case(f"gguf.{group}.{name}", "model.gguf", content, WORDS, **more) for name, content in items]

    out = named("good", [("base", small().bytes()), key("unknown_key", "x.y", array(I32, [1, 2])),
                         field("version_2", version=2), key("alignment_32", "general.alignment", value(U32, 32)),
                         key("long_text", "x", value(STRING, "a" * 100000))], expected=ACCEPT)
    for group in (header, key_values, parameters, vocabulary, tensors, other_files):
        out += named(group.__name__, group())
    tokens = array(STRING, small().tokens[:263] + [b"\xff\xfe"])  # files have such tokens, as parts of characters
    out += named("free", [key("tokens_bad_utf8", "tokenizer.ggml.tokens", tokens)], expected=EITHER)
    out += named("values", values(), expected=EITHER, code=1, names_file=False)
    return out + named("flips", flips(40), expected=EITHER)
