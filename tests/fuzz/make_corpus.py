#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into tests/fuzz/corpus: small good files, and files that are wrong in one place.

Finds lie beside them as find-*; they are kept. Run it again after a change of the golden files: python3 tests/fuzz/make_corpus.py
"""
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
sys.path.insert(0, str(TESTS / "hostile"))
import gguf_file as gguf  # noqa: E402

GOLDEN = TESTS / "golden"


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def gguf_seeds():
    def small():
        return gguf.File(vocabulary=8, dim=4, inner=4, heads=1)

    yield "small", small().bytes()
    for name in ("q8_0", "f16", "bf16"):
        kind, size = {"q8_0": (8, 34), "f16": (1, 2), "bf16": (30, 2)}[name]
        file = gguf.File(vocabulary=8, dim=32, inner=32, heads=1) if name == "q8_0" else small()
        for tensor in file.tensors:
            if len(tensor.dims) == 2:
                elements = tensor.dims[0] * tensor.dims[1]
                tensor.kind, tensor.size = kind, elements // 32 * size if name == "q8_0" else elements * size
        yield name, file.bytes()
    file = small()
    file.version = 2
    yield "version_2", file.bytes()
    file = small()
    file.keys["tokenizer.ggml.model"] = gguf.value(gguf.STRING, "gpt2")
    file.keys["tokenizer.ggml.pre"] = gguf.value(gguf.STRING, "qwen2")
    file.keys["tokenizer.ggml.merges"] = gguf.array(gguf.STRING, ["a b", "b c"])
    file.keys["tokenizer.ggml.tokens"] = gguf.array(gguf.STRING, ["a", "b", "c", "ab", "bc", "d", "e", "f"])
    file.keys["tokenizer.chat_template"] = gguf.value(gguf.STRING, "{{ messages }}")
    yield "byte_pairs", file.bytes()
    file = small()
    file.keys["split.count"], file.keys["split.no"] = gguf.value(gguf.U16, 2), gguf.value(gguf.U16, 0)
    file.keys["split.tensors.count"] = gguf.value(gguf.I32, 12)
    yield "split", file.bytes()
    file = small()
    file.keys["general.alignment"] = gguf.value(gguf.U32, 64)
    yield "alignment_lies", file.bytes()
    file = small()
    file.tensor().offset = 2**64 - 32
    yield "offset_wraps", file.bytes()
    file = small()
    file.tensor().dims = [2**32, 2**32]
    yield "elements_wrap", file.bytes()
    yield "cut", small().bytes()[:300]


def with_length(header, data=b""):
    return struct.pack("<Q", len(header)) + header + data


def header_seeds():
    entry = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    good = compact({"__metadata__": {"format": "pt"}, "a.weight": entry, "b": {"dtype": "BF16", "shape": [4], "data_offsets": [24, 32]}})
    yield "file", with_length(good, bytes(32))
    yield "header", good
    yield "empty", with_length(b"{}")
    yield "scalar", compact({"a": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]}})
    yield "zero_elements", compact({"a": {"dtype": "U8", "shape": [0, 5], "data_offsets": [0, 0]}})
    yield "negative_pair", compact({"a": dict(entry, shape=[-2, -3])})
    yield "wraps", compact({"a": dict(entry, shape=[2**33, 2**31])})
    yield "past_2_64", b'{"a":{"dtype":"F32","shape":[1180591620717411303424],"data_offsets":[0,4]}}'
    yield "overlap", with_length(compact({"a": entry, "b": entry}), bytes(24))
    yield "twice", b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'
    yield "surrogate", b'{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    yield "escape", b'{"\\ud83d\\ude00\\n":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}'


def index_seeds():
    yield "good", compact({"metadata": {"total_size": 8}, "weight_map": {"a": "a.safetensors", "b": "b.safetensors"}})
    for name, target in {"parent": "../a.safetensors", "absolute": "/etc/passwd", "device": "/dev/zero", "dot": "./a.safetensors",
                         "folder": ".", "nul": "a.safetensors\0", "backslash": "..\\a.safetensors", "missing": "c.safetensors"}.items():
        yield name, compact({"weight_map": {"a": target}})
    yield "swapped", compact({"weight_map": {"a": "b.safetensors", "b": "a.safetensors"}})
    yield "twice", b'{"weight_map":{"a":"a.safetensors","a":"b.safetensors"}}'
    yield "empty", compact({"weight_map": {}})
    yield "number", compact({"weight_map": {"a": 1}})


def config_seeds():
    for folder in sorted((GOLDEN / "models").iterdir()):
        yield folder.name, (folder / "config.json").read_bytes()


def small_tokenizer(model, **more):
    added = [{"id": 3, "content": "<s>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}]
    return compact({"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
                    "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": model, **more})


def tokenizer_seeds():
    pairs = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
             "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": {"a": 0, "b": 1, "ab": 2, "<s>": 3},
             "merges": ["a b"]}
    split = {"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}| ?\\p{L}+|\\s+(?!\\S)"}, "behavior": "Isolated", "invert": False}
    yield "byte_pairs", small_tokenizer(pairs, pre_tokenizer={"type": "Sequence", "pretokenizers": [
        split, {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
        decoder={"type": "ByteLevel"}, normalizer={"type": "NFC"})
    yield "merge_pairs", small_tokenizer(dict(pairs, merges=[["a", "b"]]), post_processor={
        "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [3], "tokens": ["<s>"]}}})
    fallback = dict(pairs, byte_fallback=True, unk_token="a", fuse_unk=True)
    yield "sentence_piece", small_tokenizer(fallback, normalizer={"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
        decoder={"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
                                                  {"type": "ByteFallback"}, {"type": "Fuse"},
                                                  {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})
    yield "metaspace", small_tokenizer(pairs, pre_tokenizer={"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first",
                                                             "split": True}, decoder={"type": "Metaspace", "replacement": "\u2581"})
    yield "unigram", small_tokenizer({"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.0], ["ab", -2.0]]})
    yield "word_piece", small_tokenizer({"type": "WordPiece", "unk_token": "a", "continuing_subword_prefix": "##",
                                         "max_input_chars_per_word": 100, "vocab": {"a": 0, "##b": 1, "<s>": 3}},
                                        pre_tokenizer={"type": "BertPreTokenizer"}, normalizer={"type": "BertNormalizer"})
    yield "grows", small_tokenizer(pairs, normalizer={"type": "Sequence", "normalizers": [
        {"type": "Replace", "pattern": {"Regex": ""}, "content": "aa"}] * 8})
    yield "backtracks", small_tokenizer(pairs, pre_tokenizer=dict(split, pattern={"Regex": "(a+)+$"}))
    yield "digits", small_tokenizer(pairs, pre_tokenizer={"type": "Digits", "individual_digits": True})


def text_seeds():
    texts = ["Hello, world!", "<s></s><|im_end|><|endoftext|><|eot_id|>", "a" * 300, " \t\n\r\n  ", "1234567 89,000.5",
             "\u4f60\u597d\u3000\uff01", "\U0001f600\u200d\U0001f468\ufe0f", "e\u0301\u0344\u1e9b\u0323", "don't I'LL \u2581x", "\ufeff\0\x7f"]
    for number, item in enumerate(texts):
        yield f"text_{number}", bytes([number]) + item.encode()
    yield "bad_utf8", b"\x01\xff\xc3 \xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf a"


def rule_seeds():
    for file in sorted((TESTS.parent / "rules").glob("*.yaml")):
        if file.stat().st_size < 4096:
            yield file.stem, file.read_bytes()
    yield "native", b"""kt_rules: 1
vars: { gpu: "cuda:0" }
placement:
  - { layers: 0-29, device: cpu }
rules:
  - name: experts
    match: { class: MoeExperts, name: '^model\\.(?!x)' }
    when: device("${gpu}") or isa(avx2)
    replace: { operator: [cpu.moe, "cpu.*"], options: { tile: avx2 } }
"""
    yield "list", b"""- match:
    name: "^model\\\\.layers\\\\..*\\\\.mlp\\\\.experts$"
  replace:
    class: ktransformers.operators.experts.KTransformersExperts
    kwargs:
      generate_device: "cpu"
      generate_op: "KExpertsCPU"
  recursive: False
"""
    yield "alias_cycle", b"- &a [b, *a]\n"
    yield "alias_bomb", b"a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n"
    yield "tag", b"- !!python/object/apply:os.system [x]\n"
    yield "block", b"- |\n text\n- >-\n  folded\n\n  more\n- \"a\\\n  b\"\n- ? x\n  : y\n"


def template_seeds():
    for file in sorted((GOLDEN / "chat_templates").glob("*.json")):
        content = json.loads(file.read_text())
        template = content.get("template") if isinstance(content, dict) else None
        if isinstance(template, str):
            yield file.stem, template.encode()
    yield "macro", b"{% macro f(x, y=2) %}{{ x }}{{ caller() if caller }}{% endmacro %}{{ f(1) }}{% call f(2) %}z{% endcall %}"
    yield "loop", b"{%- for m in messages recursive -%}{{ loop.index }}{{ m.content | trim | upper }}{%- else -%}none{%- endfor -%}"
    yield "format", b"{{ '%05.2f %s' | format(1.5, tools | tojson(indent=2)) }}{{ strftime_now('%Y-%m-%d %j') }}{{ '{:>8}'.format('x') }}"
    yield "namespace", b"{% set ns = namespace(n=0) %}{% for i in range(9) %}{% set ns.n = ns.n + i ** 2 %}{% endfor %}{{ ns.n }}"
    yield "doubles", b"{% set ns = namespace(x='x') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}"
    yield "raises", b"{{ raise_exception('no') }}"
    yield "slices", b"{{ messages[::-1][1:] | map(attribute='role') | join(', ') }}{{ [3,1,2] | sort | list }}{{ {'a': 1} | dictsort }}"
    yield "deep", b"{{ " + b"(" * 60 + b"1" + b")" * 60 + b" }}"


SEEDS = {"gguf_load": gguf_seeds, "safetensors_header": header_seeds, "safetensors_index": index_seeds, "config_json": config_seeds,
         "tokenizer_json": tokenizer_seeds, "tokenizer_encode": text_seeds, "rules_yaml": rule_seeds, "chat_template": template_seeds}


def main():
    total = 0
    for target, seeds in SEEDS.items():
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("seed-*"):
            old.unlink()
        for name, content in seeds():
            (folder / f"seed-{name}").write_bytes(content)
        total += sum(file.stat().st_size for file in folder.iterdir())
    print(f"{total / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
