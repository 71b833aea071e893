#!/usr/bin/env python3
"""Compares kt's tokenizers with the PyPI package `tokenizers` on random texts.

Not part of the default tests: it needs Python and `pip install tokenizers`. Build the target kt_tokenize_lines, then

    python tests/differential/compare_tokenizers.py [--program build/tests/kt_tokenize_lines] [--count 3000] [--seed 1] [FOLDER ...]

FOLDER holds tokenizer.json (default: every folder of tests/golden/tokenizers). Every difference is printed; the exit status says whether
there was one. Texts mix scripts, emoji, white space, contractions, digits, combining marks and the tokenizer's own added tokens;
ids are drawn at random for decoding. With --variants every tokenizer is also tried with other normalizers, pre-tokenizers, decoders
and flags of added tokens put in. --write FILE writes a few cases of each variant instead: tests/golden/tokenizers/variants.json.
"""
import argparse
import copy
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import tokenizers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

RANGES = [(0x20, 0x7E), (0x61, 0x7A), (0x41, 0x5A), (0x30, 0x39), (0xA0, 0xFF), (0x100, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF),
          (0x590, 0x5FF), (0x600, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x2150, 0x218F),
          (0x2460, 0x24FF), (0x3000, 0x303F), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFB00, 0xFB4F), (0xFF00, 0xFFEF),
          (0x1D400, 0x1D7FF), (0x1F300, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x2A6DF), (0x00, 0x1F)]
SNIPPETS = ["I'm", "don't", "WE'LL", "it's", "'S", "you've", "they're", "l'été", " ", "  ", "   ", "\n", "\r\n", "\n\n", "\t", " \n", "\n ", "    ",
            "\u3000", "\u00a0", "\u200b", "\u200d", "\ufeff", "\u0085", "\u2028", "\u180e", "\u1680", "123", "1234567", "3.14", "1,000", "٣٤٥", "Ⅷ", "½",
            "e\u0301", "n\u0303", "\u0301", "a\u0300\u0316", "\u1100\u1161\u11a8", "한국어", "日本語", "漢字かな", "你好，世界", "ſ", "ß", "İ", "ŉ", "ﬁ", "Å", "Ω",
            "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "hello", "Hello", "HELLO", " world", "World's", "camelCase", "snake_case", "x=1;", "//", "/*", "*/", "->", "...", "!!!",
            "—", "…", "«»", "“quoted”", "<", ">", "<|", "|>", "</", "[", "]", "▁", "▁▁", "Ġ", "##", "<0x41>", "def f(x):\n    return x", "http://a.b/c?d=e",
            "a" * 40, "ab" * 20, "!" * 30, " " * 30, "\n" * 10, "中" * 20, "\u0301" * 6]


def random_text(rng, added):
    """U+061D is left out: it is punctuation since Unicode 14, which the package's table of punctuation is older than."""
    parts = []
    for _ in range(rng.randint(1, 12)):
        kind = rng.random()
        if kind < 0.4:
            parts.append(rng.choice(SNIPPETS))
        elif kind < 0.5 and added:
            parts.append(rng.choice(added))
        else:
            low, high = rng.choice(RANGES)
            parts.append("".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 6))).replace("\u061d", ""))
        if rng.random() < 0.3:
            parts.append(rng.choice([" ", "  ", "\n", ""]))
    return "".join(parts)


def variants(document):
    """The document with other parts put in, so that steps which no family uses are compared too."""
    def with_part(key, value):
        changed = copy.deepcopy(document)
        changed[key] = value
        return changed

    split = lambda pattern, behavior, invert=False: {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
    for kind in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"):
        yield kind, with_part("normalizer", {"type": kind})
    yield "Strip", with_part("normalizer", {"type": "Strip", "strip_left": True, "strip_right": True})
    yield "Strip left", with_part("normalizer", {"type": "Strip", "strip_left": True, "strip_right": False})
    yield "Replace regex", with_part("normalizer", {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"})
    yield "Sequence", with_part("normalizer", {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Prepend", "prepend": "x"}]})
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    steps = {
        "byte level prefix": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "digits": {"type": "Digits", "individual_digits": False}, "each digit": {"type": "Digits", "individual_digits": True},
        "whitespace": {"type": "Whitespace"}, "whitespace split": {"type": "WhitespaceSplit"}, "bert": {"type": "BertPreTokenizer"},
        "delimiter": {"type": "CharDelimiterSplit", "delimiter": "a"},
        "words": split({"Regex": "\\w+"}, "Isolated"), "hex": split({"Regex": "\\h+|[^\\s\\w]"}, "Removed"),
        "classes": split({"Regex": "[\\w&&[^\\d_]]+|[^\\W\\d]|[[a-c]x-z]+"}, "Contiguous"), "not space": split({"Regex": "\\S+\\s?"}, "Isolated"),
        "line ends": split({"Regex": "\\s+$|^ "}, "Isolated"), "han": split({"Regex": "[\\p{Han}&&[^一]]+|\\p{^L}"}, "MergedWithNext"),
    }
    for behavior in ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"):
        steps["punctuation " + behavior] = {"type": "Punctuation", "behavior": behavior}
        steps["literal " + behavior] = split({"String": "a"}, behavior)
        steps["inverted " + behavior] = split({"Regex": "[a-m ]+"}, behavior, True)
    for scheme in ("always", "first", "never"):
        for cut in (True, False):
            steps[f"metaspace {scheme} {cut}"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": cut}
    for name, step in steps.items():
        last = [] if step["type"] == "ByteLevel" or document["model"].get("byte_fallback") else [byte_level]
        yield name, with_part("pre_tokenizer", {"type": "Sequence", "pretokenizers": [step] + last})
    decoders = {
        "none": None, "metaspace": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "metaspace never": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": True},
        "word piece": {"type": "WordPiece", "prefix": "##", "cleanup": True}, "bpe": {"type": "BPEDecoder", "suffix": "e"},
        "strip tokens": {"type": "Strip", "content": "e", "start": 1, "stop": 0}, "fallback": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}]},
        "replace regex": {"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Replace", "pattern": {"Regex": "[aeiou]+"}, "content": "_"}]},
        "replace fused": {"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Replace", "pattern": {"String": "es"}, "content": "se"}]},
    }
    for name, decoder in decoders.items():
        yield "decoder " + name, with_part("decoder", decoder)
    for flag in ("lstrip", "rstrip", "single_word", "normalized"):
        changed = copy.deepcopy(document)
        for token in changed["added_tokens"]:
            token[flag] = True
        yield "added " + flag, changed
    changed = copy.deepcopy(document)
    changed["model"]["ignore_merges"] = not changed["model"].get("ignore_merges")
    yield "ignore_merges", changed
    if document["model"].get("byte_fallback"):
        changed = copy.deepcopy(document)
        changed["model"]["byte_fallback"] = False
        yield "unknown", changed
        changed = copy.deepcopy(changed)
        changed["model"]["fuse_unk"] = False
        yield "unknown one by one", changed
        scored = sorted(document["model"]["vocab"].items(), key=lambda item: item[1])
        rng = random.Random(5)
        changed = copy.deepcopy(document)
        changed["model"] = {"type": "Unigram", "unk_id": document["model"]["vocab"]["<unk>"], "byte_fallback": True,
                            "vocab": [[piece, -rng.randint(1, 1 << 20) / 65536] for piece, _ in scored]}
        yield "unigram", changed
        changed = copy.deepcopy(changed)
        changed["model"]["byte_fallback"] = False
        yield "unigram unknown", changed


def run(program, folder, requests):
    text = "\n".join(json.dumps(request) for request in requests)
    done = subprocess.run([program, folder], input=text.encode(), capture_output=True)
    if done.returncode:
        raise SystemExit(f"{folder}: {done.stderr.decode()}")
    return [json.loads(line) for line in done.stdout.decode().split("\n") if line]


def compare(program, name, document, config, count, rng):
    try:
        reference = tokenizers.Tokenizer.from_str(json.dumps(document))
    except Exception as error:  # the package refuses some combinations
        return print(f"{name}: skipped, {error}") or 0
    added = [token["content"] for token in document["added_tokens"]]
    texts = [random_text(rng, added) for _ in range(count)]
    vocabulary = sorted(reference.get_vocab().values())
    runs = [[rng.choice(vocabulary) for _ in range(rng.randint(1, 20))] for _ in range(count // 2)]
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "tokenizer.json").write_text(json.dumps(document))
        pathlib.Path(folder, "tokenizer_config.json").write_text(json.dumps({**config, "clean_up_tokenization_spaces": False}))
        answers = run(program, folder, [{"text": text} for text in texts] + [{"ids": ids} for ids in runs])
    wrong = 0
    for text, answer in zip(texts, answers):
        expected = reference.encode(text).ids
        if answer["ids"] != expected:
            wrong += 1
            if wrong <= 3:
                print(f"{name}: {text!r}\n  reference {expected}\n  kt        {answer['ids']}")
    for ids, answer in zip(runs, answers[len(texts):]):
        expected = {"decoded": reference.decode(ids, skip_special_tokens=False), "skipped": reference.decode(ids, skip_special_tokens=True)}
        expected["streamed"] = expected["skipped"]
        if answer != expected:
            wrong += 1
            if wrong <= 3:
                print(f"{name}: ids {ids}\n  reference {expected}\n  kt        {answer}")
    print(f"{name}: {len(texts) + len(runs)} cases, {wrong} differences", flush=True)
    return wrong


def golden(folder, rng):
    """Cases of the variants of one tokenizer; of the document only the parts that differ."""
    document = json.loads((folder / "tokenizer.json").read_text())
    added = [token["content"] for token in document["added_tokens"]]
    for name, changed in variants(document):
        try:
            reference = tokenizers.Tokenizer.from_str(json.dumps(changed))
        except Exception:  # the package refuses some combinations
            continue
        cases = []
        for _ in range(6):
            text = random_text(rng, added)
            ids = reference.encode(text).ids
            cases.append({"text": text, "ids": ids, "decoded": reference.decode(ids, skip_special_tokens=False)})
        parts = {key: value for key, value in changed.items() if value != document[key]}
        yield {"family": folder.name, "name": name, "parts": parts, "cases": cases}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=pathlib.Path)
    parser.add_argument("--program", default=str(ROOT / "build/tests/kt_tokenize_lines"))
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--variants", action="store_true")
    parser.add_argument("--write", type=pathlib.Path)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    wrong = 0
    folders = options.folders or sorted(path for path in (ROOT / "tests/golden/tokenizers").iterdir() if path.is_dir())
    if options.write:
        cases = [json.dumps(case, ensure_ascii=False) for folder in folders for case in golden(folder, rng)]
        options.write.write_text("[\n" + ",\n".join(cases) + "\n]\n")
        return 0
    for folder in folders:
        document = json.loads((folder / "tokenizer.json").read_text())
        config_file = folder / "tokenizer_config.json"
        config = json.loads(config_file.read_text()) if config_file.exists() else {}
        wrong += compare(options.program, folder.name, document, config, options.count, rng)
        if options.variants:
            for name, changed in variants(document):
                wrong += compare(options.program, f"{folder.name} with {name}", changed, config, max(options.count // 10, 50), rng)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
