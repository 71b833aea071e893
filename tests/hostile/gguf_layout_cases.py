"""GGUF files whose tensors, keys or parts do not fit together, and rare ones that are right (promises 3.1)."""
import math
import pathlib
import struct

from gguf_file import (ARRAY, BOOL, F32, F64, I8, I16, I32, I64, STRING, U8, U16, U32, U64, File, Tensor, array, read_file, value)
from harness import ACCEPT, EITHER, REFUSE, Case, file_case

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden/gguf"
RUN = ["run", "-m", "{}/model.gguf", "--raw", "-n", "1", "-t", "1", "a"]
CHAT = ["run", "-m", "{}/model.gguf", "-n", "1", "-t", "1", "a"]
GRAPH = ["inspect", "{}/model.gguf", "--graph", "--json"]
HUGE = 2**64 - 1
INTEGERS = (U8, I8, U16, I16, U32, I32, U64, I64)


def case(name, content, expected=REFUSE, words=None, **more):
    return file_case(f"gguf.{name}", "model.gguf", content, words or RUN, expected=expected, **more)


def changed(change, base=None):
    file = base or File()
    change(file)
    return file.bytes()


def with_keys(**keys):
    """`a__b` stands for a.b."""
    return changed(lambda file: file.keys.update({name.replace("__", "."): content for name, content in keys.items()}))


def shifted(by, first):
    """All tensors from the one of number `first` on lie `by` bytes later."""
    def change(file):
        offset = 0
        for number, tensor in enumerate(file.tensors):
            tensor.offset = offset + (by if number >= first else 0)
            offset += (tensor.size + 31) // 32 * 32
        file.tail = b"\0" * by
    return changed(change)


def layouts():
    yield "alignment_64_of_32", with_keys(general__alignment=value(U32, 64)), REFUSE
    yield "alignment_8_of_32", with_keys(general__alignment=value(U32, 8)), EITHER
    for alignment in (8, 16, 64, 4096):
        def aligned(file, alignment=alignment):
            file.alignment = alignment
            file.keys["general.alignment"] = value(U32, alignment)
        yield f"alignment_{alignment}", changed(aligned), ACCEPT
    for by in (32, 64, 4096):
        yield f"hole_of_{by}", shifted(by, 4), REFUSE
        yield f"hole_at_the_start_{by}", shifted(by, 0), REFUSE
    for count in (1, 31, 32, 5000):
        yield f"tail_{count}", changed(lambda file, count=count: setattr(file, "tail", b"x" * count)), EITHER if count < 32 else REFUSE

    def exchange(file):
        k, v = file.tensor("blk.0.attn_k.weight"), file.tensor("blk.0.attn_v.weight")
        at = sum((t.size + 31) // 32 * 32 for t in file.tensors[:file.tensors.index(k)])
        k.offset, v.offset = at + k.size, at
    yield "exchanged_places", changed(exchange), REFUSE
    yield "all_at_0", changed(lambda file: [setattr(t, "offset", 0) for t in file.tensors]), REFUSE
    for number, (dims, kind) in enumerate((([2**62 - 1], 0), ([2**62 - 8], 0), ([2**63 - 1], 24), ([2**63 - 32], 24), ([2**63 - 1], 1),
                                           ([2**62, 2], 1), ([2**60 - 1, 2, 2, 2], 0), ([2**40, 2**40, 2**40, 2**40], 24),
                                           ([2**63 - 32], 8), ([2**58, 2**4], 30), ([2**63 - 256], 12), ([HUGE], 24), ([2**31, 2**31], 0),
                                           ([2**16, 2**16, 2**16, 2**16], 24))):
        yield f"size_{number}", changed(lambda file, dims=dims, kind=kind: (setattr(file.tensor(), "dims", dims),
                                                                           setattr(file.tensor(), "kind", kind))), REFUSE
    for number, dims in enumerate(([8, 8, 1, 1], [1, 8, 8], [64], [8, 9], [8, 7], [9, 8], [8, 1, 8])):
        yield f"shape_{number}", changed(lambda file, dims=dims: setattr(file.tensor(), "dims", dims)), EITHER if number == 0 else REFUSE
    for kind in list(range(2, 42)) + [100, 1000]:
        yield f"kind_{kind}", changed(lambda file, kind=kind: setattr(file.tensor("output.weight"), "kind", kind)), REFUSE
    more = Tensor("more.weight", [8], 0)
    yield "one_more", changed(lambda file: file.tensors.append(more)), EITHER
    yield "names_of_63", changed(lambda file: file.tensors.append(Tensor("n" * 63, [8]))), EITHER
    yield "layer_more", changed(lambda file: file.tensors.append(Tensor("blk.1.attn_norm.weight", [8]))), EITHER
    yield "without_output", changed(lambda file: file.tensors.pop(2)), ACCEPT  # the embedding's rows are the output's
    yield "many_tensors", changed(lambda file: file.tensors.extend(Tensor(f"t{n}", [8]) for n in range(20000))), EITHER


def other_types():
    """Every key of the small file as every other type."""
    file = File()
    for name, content in file.keys.items():
        own = struct.unpack("<I", content[:4])[0]
        number = 1
        if own in INTEGERS:
            number = min(struct.unpack("<I", content[4:8])[0], 127)
        for kind in (U8, I16, U64, F32, F64, BOOL, STRING, ARRAY):
            if kind == own:
                continue
            other = array(U32, [number]) if kind == ARRAY else value(kind, "1" if kind == STRING else number)
            is_alike = own in INTEGERS and kind in INTEGERS or own == F32 and kind in (F64, *INTEGERS)
            changed_file = changed(lambda f, name=name, other=other: f.keys.update({name: other}))
            yield f"{name}_as_{kind}", changed_file, EITHER if is_alike else REFUSE


def free_keys():
    """Keys that nobody reads may hold anything that is well-formed."""
    for kind in (U8, I8, U16, I16, U32, I32, U64, I64, F32, F64, BOOL):
        yield f"more_{kind}", with_keys(x=value(kind, 1)), ACCEPT
        yield f"more_array_{kind}", with_keys(x=array(kind, [1, 0, 1])), ACCEPT
        yield f"more_empty_{kind}", with_keys(x=array(kind, [])), ACCEPT
    yield "more_empty_text", with_keys(x=value(STRING, "")), ACCEPT
    yield "more_texts", with_keys(x=array(STRING, ["", "a", "\u00e9" * 1000])), ACCEPT
    yield "more_nan", with_keys(x=value(F64, math.nan)), ACCEPT
    yield "more_bad_utf8", with_keys(x=value(STRING, b"\xff\xfe")), EITHER
    yield "more_keys", changed(lambda file: file.extra.extend((f"k{n}", value(U8, 1)) for n in range(60000))), ACCEPT
    yield "too_many_keys", changed(lambda file: file.extra.extend((f"k{n}", value(U8, 1)) for n in range(70000))), REFUSE
    yield "empty_texts", with_keys(x=array(STRING, [""] * 1000000)), EITHER
    yield "bool_2_in_array", with_keys(x=array(U8, [1]).replace(struct.pack("<I", U8), struct.pack("<I", BOOL), 1)[:-1] + b"\2"), REFUSE
    yield "general_name_control", with_keys(general__name=value(STRING, "a\x1b]0;x\x07\x1b[31m")), EITHER
    yield "general_name_number", with_keys(general__name=value(U32, 7)), EITHER


def vocabularies():
    def texts(change):
        tokens = list(File().tokens)
        change(tokens)
        return with_keys(tokenizer__ggml__tokens=array(STRING, tokens))

    yield "all_empty", with_keys(tokenizer__ggml__tokens=array(STRING, [""] * 264)), EITHER
    yield "all_alike", with_keys(tokenizer__ggml__tokens=array(STRING, ["a"] * 264)), EITHER
    yield "long_token", texts(lambda tokens: tokens.__setitem__(263, "x" * 1000000)), REFUSE
    yield "nul_token", texts(lambda tokens: tokens.__setitem__(263, "a\0b")), EITHER
    for number, score in enumerate((math.inf, -math.inf, 3e38, -3e38)):
        for model in ("llama", "t5"):
            yield f"scores_{model}_{number}", with_keys(tokenizer__ggml__model=value(STRING, model),
                                                      tokenizer__ggml__scores=array(F32, [score] * 264)), EITHER
    for kind in (0, 7, -1, 2**31 - 1):
        yield f"type_{kind}", with_keys(tokenizer__ggml__token_type=array(I32, [kind] * 264)), EITHER if kind == 0 else REFUSE
    yield "all_control", with_keys(tokenizer__ggml__token_type=array(I32, [3] * 264)), EITHER
    yield "all_bytes", with_keys(tokenizer__ggml__token_type=array(I32, [6] * 264)), EITHER
    for number, pre in enumerate((value(STRING, "nobody"), value(U32, 1), value(STRING, ""), value(STRING, "x" * 100000))):
        yield f"pre_{number}", with_keys(tokenizer__ggml__model=value(STRING, "gpt2"), tokenizer__ggml__pre=pre,
                                      tokenizer__ggml__merges=array(STRING, ["a b"])), REFUSE
    for number, merge in enumerate(("", " ", "a ", " a", "a  b", "a b c", "\0 \0", "x" * 100000 + " y")):
        yield f"merge_{number}", with_keys(tokenizer__ggml__model=value(STRING, "gpt2"), tokenizer__ggml__pre=value(STRING, "llama-bpe"),
                                        tokenizer__ggml__merges=array(STRING, [merge])), REFUSE
    for name in ("unknown", "padding", "eot", "separator"):
        for identity in (264, 2**31, 2**32 - 1):
            yield f"{name}_{identity}", with_keys(**{f"tokenizer__ggml__{name}_token_id": value(U32, identity)}), EITHER
    for name in ("add_bos_token", "add_eos_token", "add_space_prefix"):
        yield f"{name}_number", with_keys(**{f"tokenizer__ggml__{name}": value(U32, 1)}), REFUSE


def templates():
    for name, text in {"loop": "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
                       "unclosed": "{% for", "unknown": "{{ f() }}", "control": "{{ raise_exception('\x1b[31m') }}", "control_escaped": "{{ raise_exception('\\x1b[31m') }}",
                       "recursion": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"}.items():
        yield case(f"template.{name}", with_keys(tokenizer__chat_template=value(STRING, text)), words=CHAT)
    yield case("template.empty_answer", with_keys(tokenizer__chat_template=value(STRING, "{# nothing #}")), EITHER, CHAT, code=2, names_file=False)
    yield case("template.long", with_keys(tokenizer__chat_template=value(STRING, "x" * 5000000)), EITHER, CHAT)


FAMILIES = {"deepseek_v3-q8_0": "deepseek2", "qwen3_moe-q8_0": "qwen3moe"}
COUNTS = ("block_count", "context_length", "embedding_length", "feed_forward_length", "attention.head_count", "attention.head_count_kv",
          "attention.key_length", "attention.value_length", "attention.key_length_mla", "attention.value_length_mla", "attention.q_lora_rank",
          "attention.kv_lora_rank", "rope.dimension_count", "expert_count", "expert_used_count", "expert_shared_count",
          "expert_feed_forward_length", "leading_dense_block_count", "expert_group_count", "expert_group_used_count", "expert_gating_func",
          "rope.scaling.original_context_length", "vocab_size")
NUMBERS = ("attention.layer_norm_rms_epsilon", "rope.freq_base", "expert_weights_scale", "rope.scaling.factor",
           "rope.scaling.yarn_log_multiplier")


def experts():
    """Hyper-parameters of models with experts."""
    for golden, prefix in FAMILIES.items():
        base = read_file((GOLDEN / f"{golden}.gguf").read_bytes())
        names = [name for name in COUNTS if f"{prefix}.{name}" in base.keys]
        assert len(names) > 8, "the golden files have the keys of their family"
        for number, name in enumerate(names):
            wrong = (value(U32, 0), value(U32, 2**32 - 1), value(I32, -1), value(U32, 7), value(STRING, "8"), value(U64, 2**62), value(F32, 8.0))
            for content in (wrong[number % 7], wrong[(number + 3) % 7], wrong[(number + 5) % 7]):
                file = read_file((GOLDEN / f"{golden}.gguf").read_bytes())
                file.keys[f"{prefix}.{name}"] = content
                yield case(f"experts.{golden}.{name}_{content[:12].hex()}", file.bytes(), EITHER, GRAPH)
        for name in NUMBERS:
            if f"{prefix}.{name}" not in base.keys:
                continue
            for number in (math.nan, math.inf, -1.0, 3e38):
                file = read_file((GOLDEN / f"{golden}.gguf").read_bytes())
                file.keys[f"{prefix}.{name}"] = value(F32, number)
                yield case(f"experts.{golden}.{name}_{number}", file.bytes(), REFUSE if number != number else EITHER, GRAPH)
        yield case(f"experts.{golden}.written_again", base.bytes(), ACCEPT)


def splits():
    """Files of a model in two parts."""
    def parts(numbers=(0, 1), counts=(2, 2), tensors=None, kind=U16):
        out = []
        for number, (no, count) in enumerate(zip(numbers, counts)):
            file = File()
            total = len(file.tensors)
            file.tensors = file.tensors[:5] if number == 0 else file.tensors[5:]
            if number == 1:
                file.keys = {}
            file.keys.update({"split.no": value(kind, no), "split.count": value(kind, count),
                              "split.tensors.count": value(I32, total if tensors is None else tensors)})
            out.append(file.bytes())
        return out

    def split(name, contents, expected=REFUSE, names=("m-00001-of-00002.gguf", "m-00002-of-00002.gguf"), start=None):
        def write(folder):
            for file, content in zip(names, contents):
                content(folder / file) if callable(content) else (folder / file).write_bytes(content)
        return Case(f"gguf.split.{name}", write, ["run", "-m", "{}/" + (start or names[0]), "--raw", "-n", "1", "-t", "1", "a"],
                    expected=expected)

    first, second = parts()
    yield split("good", [first, second], ACCEPT)
    yield split("second_missing", [first])
    yield split("second_empty", [first, b""])
    yield split("second_cut", [first, second[:-100]])
    yield split("first_twice", [first, first])
    yield split("second_is_start", [first, second], start="m-00002-of-00002.gguf")
    yield split("renamed", [first, second], names=("a.gguf", "b.gguf"))
    yield split("link_outside", [first, lambda path: path.symlink_to("/etc/hostname")])
    yield split("link_to_itself", [first, lambda path: path.symlink_to(path)])
    yield split("folder", [first, pathlib.Path.mkdir])
    yield split("of_0_tensors", parts(tensors=0))
    yield split("of_minus_1_tensors", parts(tensors=-1))
    yield split("number_5", parts(numbers=(0, 5)))
    yield split("of_3", parts(counts=(2, 3)))
    yield split("both_first", parts(numbers=(0, 0)))
    yield split("minus_1", parts(numbers=(-1, 1), kind=I16))
    whole = File().bytes()
    yield split("same_tensors", [first, whole])


def quantised():
    """Blocks with scales that are no numbers: an answer or an error of the run."""
    content = (GOLDEN / "llama-q8_0.gguf").read_bytes()
    for name, pattern in {"nan": b"\x00\x7e", "infinite": b"\x00\x7c", "noise": b"\xa5\x5a\xc3"}.items():
        size = 20000 // len(pattern) * len(pattern)
        yield case(f"values.blocks_{name}", content[:-size] + pattern * (size // len(pattern)), EITHER, code=1, names_file=False)


def cases():
    out = []
    for group in (layouts, other_types, free_keys, vocabularies):
        out += [case(f"{group.__name__}.{name}", content, expected) for name, content, expected in group()]
    for group in (templates, experts, splits, quantised):
        out += list(group())
    return out
