"""tokenizer.json and the small files beside it: steps that explode, patterns, special tokens, texts that take long (promises 3.2)."""
import json
import pathlib

from folder_cases import RUN, TOKENIZE, compact, folder_case, read
from harness import ACCEPT, EITHER, REFUSE

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"
DECODE = ["run", "-m", "{}", "--raw", "-n", "4", "-t", "1", "a a a"]  # decodes what it makes


def base():
    return json.loads(read("tokenizer.json"))


def with_part(**parts):
    return compact({**base(), **parts})


def split(pattern, **more):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False, **more}


def sequence(kind, steps):
    return {"type": "Sequence", kind: steps}


def patterns():
    """Patterns of pre-tokenizers: refused, or harmless on a text that is meant to hurt."""
    many = "".join(chr(0x4E00 + n) for n in range(5000))
    for number, (pattern, expected) in enumerate((
            ("(a|a)*b", EITHER), ("((a+)+)+$", EITHER), ("(a*)*(a*)*(a*)*b", EITHER), ("(x+x+)+y", EITHER), ("(.*?,){25}P", EITHER),
            ("(?:a{0,1000}){0,1000}", EITHER), ("a{0,65535}{0,65535}", EITHER), ("(?<=a{1,200})b", EITHER), ("(?<!a*)b", REFUSE),
            ("\\Ka", EITHER), ("a\\K", EITHER), ("(?=a\\K)", EITHER), ("(?R)", EITHER), ("(a(?1)?b)", EITHER), ("\\C", REFUSE), ("(?C5)a", EITHER),
            ("(*LIMIT_MATCH=99999999)a", EITHER), ("(*UTF)(*UCP)a", EITHER), ("(*ACCEPT)", EITHER), ("(*COMMIT)a", EITHER), ("|".join(f"w{n}" for n in range(3000)), EITHER),
            ("[" + many + "]+", EITHER), (many, EITHER), ("\\p{L}\\p{Nope}", REFUSE), ("[[:foo:]]", EITHER), ("(?i)\\u212a", EITHER),
            ("\\x{110000}", REFUSE), ("\\x{D800}", EITHER), ("a++", EITHER), ("(?>a+)b", EITHER), ("\\1(a)", EITHER), ("(?<n>a)\\k<n>", EITHER),
            ("(?<n>a)(?<n>b)", EITHER), ("$^", EITHER), ("", REFUSE), ("()", EITHER), ("a|", EITHER), ("\\b", EITHER), ("[a-\\d]", EITHER),
            ("[^]", EITHER), ("[]", EITHER), ("\\", REFUSE), ("a{2,1}", EITHER), ("a{99999999999999999999}", EITHER), ("(?#", EITHER), ("\\Q", EITHER), ("\0", EITHER))):
        text = b"a" * 30000 + b"x" * 3000 + b"," * 100 + "\u4e00\u4e01".encode() * 500
        yield f"pattern_{number}", {"tokenizer.json": with_part(pre_tokenizer=split(pattern)), "text": text}, expected, TOKENIZE
    for behavior in ("Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous", "Isolated"):
        for invert in (False, True):
            step = split("a|$", behavior=behavior, invert=invert)
            yield f"split_{behavior}_{invert}", {"tokenizer.json": with_part(pre_tokenizer=step)}, EITHER, TOKENIZE
    yield "split_magic", {"tokenizer.json": with_part(pre_tokenizer=split("a", behavior="Magic"))}, REFUSE, TOKENIZE
    yield "split_number", {"tokenizer.json": with_part(pre_tokenizer={**split("a"), "pattern": 7})}, REFUSE, TOKENIZE
    yield "split_text", {"tokenizer.json": with_part(pre_tokenizer={**split("a"), "pattern": {"String": ""}})}, REFUSE, TOKENIZE
    steps = sequence("pretokenizers", [split("[" + many + "]")] * 60)
    yield "sixty_wide_patterns", {"tokenizer.json": with_part(pre_tokenizer=steps)}, EITHER, TOKENIZE
    yield "many_steps", {"tokenizer.json": with_part(pre_tokenizer=sequence("pretokenizers", [split("a")] * 5000))}, REFUSE, TOKENIZE
    yield "metaspace_space", {"tokenizer.json": with_part(pre_tokenizer={"type": "Metaspace", "replacement": " "})}, EITHER, TOKENIZE
    yield "metaspace_long", {"tokenizer.json": with_part(pre_tokenizer={"type": "Metaspace", "replacement": "ab"})}, REFUSE, TOKENIZE
    yield "metaspace_scheme", {"tokenizer.json": with_part(pre_tokenizer={"type": "Metaspace", "prepend_scheme": "often"})}, REFUSE, TOKENIZE


def normalizers():
    def replace(pattern, content):
        return {"type": "Replace", "pattern": pattern, "content": content}

    for number, (step, expected) in enumerate((
            (replace({"String": "a"}, "a" * 100000), REFUSE), (replace({"Regex": "(?=a)"}, "b" * 10000), EITHER), (replace({"Regex": ""}, "x"), REFUSE),
            (replace(7, "x"), REFUSE), (replace({"String": "a"}, 7), REFUSE), (replace({"String": "a"}, ""), ACCEPT),
            ({"type": "Prepend", "prepend": "x" * 1000000}, EITHER), ({"type": "Prepend"}, REFUSE),
            ({"type": "Precompiled", "precompiled_charsmap": "AAAA"}, REFUSE), ({"type": "BertNormalizer"}, EITHER),
            ({"type": "Strip", "strip_left": "yes"}, REFUSE), ({"type": "Sequence"}, REFUSE), ({"type": "Sequence", "normalizers": 7}, REFUSE),
            ([], REFUSE), ("NFC", REFUSE))):
        yield f"normalizer_{number}", {"tokenizer.json": with_part(normalizer=step)}, expected, TOKENIZE
    doubling = sequence("normalizers", [replace({"String": "a"}, "aa")] * 40)
    yield "normalizers_double", {"tokenizer.json": with_part(normalizer=doubling)}, REFUSE, TOKENIZE
    forms = sequence("normalizers", [{"type": "NFKD"}] * 60)
    text = "\ufdfa".encode() * 10000  # 18 characters each
    yield "normalizers_expand", {"tokenizer.json": with_part(normalizer=forms), "text": text}, EITHER, TOKENIZE
    marks = ("a" + "\u0301\u0323" * 20000).encode()
    yield "marks_to_sort", {"tokenizer.json": with_part(normalizer={"type": "NFC"}), "text": marks}, EITHER, TOKENIZE
    yield "lowercase_of_all", {"tokenizer.json": with_part(normalizer={"type": "Lowercase"}), "text": "\u0130\u1e9e".encode() * 10000}, EITHER, TOKENIZE


def decoders():
    def replace(pattern, content):
        return {"type": "Replace", "pattern": pattern, "content": content}

    for number, (step, expected) in enumerate((
            ({"type": "Metaspace", "replacement": " "}, EITHER), ({"type": "Metaspace", "replacement": ""}, REFUSE),
            ({"type": "BPEDecoder", "suffix": ""}, REFUSE), ({"type": "BPEDecoder", "suffix": " "}, EITHER), ({"type": "WordPiece", "prefix": ""}, EITHER),
            ({"type": "Strip", "content": "a", "start": -1, "stop": 0}, REFUSE), ({"type": "Strip", "content": "a", "start": 2**63, "stop": 0}, REFUSE),
            ({"type": "Strip", "content": "", "start": 1, "stop": 1}, REFUSE), ({"type": "Strip", "content": "a", "start": 1000000, "stop": 1000000}, EITHER),
            (replace({"Regex": "(a+)+b"}, "x"), EITHER), (replace({"Regex": "(?=a)"}, "x"), EITHER), (replace({"String": "a"}, "b" * 100000), REFUSE),
            (sequence("decoders", [{"type": "Fuse"}] * 65), REFUSE), (sequence("decoders", [replace({"Regex": "."}, "x" * 200)] * 12), REFUSE),
            (sequence("decoders", [replace({"String": "a"}, "a" * 200)] * 12), REFUSE), ({"type": "CTC"}, REFUSE), (sequence("decoders", []), EITHER))):
        yield f"decoder_{number}", {"tokenizer.json": with_part(decoder=step)}, expected, DECODE


def special_tokens():
    added = {"id": 5, "content": "<x>", "special": True, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    tokens = base()["added_tokens"]
    free = 400
    for number, (items, expected) in enumerate((
            ([{**added, "id": tokens[0]["id"], "content": "<other>"}], REFUSE), ([{**added, "id": free, "content": tokens[0]["content"]}], REFUSE),
            ([{**added, "id": 1, "content": "<new>"}], REFUSE), ([{**added, "special": "yes"}], REFUSE), ([{**added, "content": "x" * 1000000}], REFUSE),
            ([{**added, "id": True}], REFUSE), ([[1]], REFUSE), ([{**added, "id": free + n, "content": f"<{n}>"} for n in range(20000)], REFUSE))):
        yield f"added_{number}", {"tokenizer.json": with_part(added_tokens=tokens + items)}, expected, TOKENIZE
    deleting = {"type": "Replace", "pattern": {"Regex": "."}, "content": ""}
    yield "added_normalized_away", {"tokenizer.json": with_part(normalizer=deleting, added_tokens=tokens + [
        {**added, "id": 383, "content": "<n>", "normalized": True, "special": False}])}, EITHER, TOKENIZE
    yield "added_of_spaces", {"tokenizer.json": with_part(added_tokens=[{**added, "id": 383, "content": " ", "lstrip": True, "rstrip": True}]),
                              "text": b" " * 60000}, EITHER, TOKENIZE
    for number, (processor, expected) in enumerate((
            ({"type": "TemplateProcessing"}, REFUSE), ({"type": "TemplateProcessing", "single": []}, REFUSE),
            ({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}] * 2, "special_tokens": {}}, REFUSE),
            ({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<q>"}}, {"Sequence": {"id": "A"}}], "special_tokens": {}}, REFUSE),
            ({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "q"}}, {"Sequence": {"id": "A"}}],
              "special_tokens": {"q": {"ids": [999999]}}}, REFUSE),
            ({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "q"}}, {"Sequence": {"id": "A"}}],
              "special_tokens": {"q": {"ids": [-1]}}}, REFUSE),
            ({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "q"}}, {"Sequence": {"id": "A"}}],
              "special_tokens": {"q": {"ids": [1] * 200000}}}, REFUSE),
            ({"type": "Sequence", "processors": [{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "q"}}, {"Sequence": {"id": "A"}}],
                                                  "special_tokens": {"q": {"ids": [1] * 10}}}] * 20000}, REFUSE),
            ({"type": "RobertaProcessing"}, REFUSE), ({"type": "RobertaProcessing", "cls": ["<s>", 2**40], "sep": ["a", 1]}, REFUSE),
            ({"type": "BertProcessing", "cls": [1], "sep": 7}, REFUSE))):
        yield f"processor_{number}", {"tokenizer.json": with_part(post_processor=processor)}, expected, TOKENIZE


def models():
    model = base()["model"]
    vocabulary = model["vocab"]

    def bpe(expected, words=TOKENIZE, **fields):
        return {"tokenizer.json": with_part(model={**model, **fields})}, expected, words

    for number, (fields, expected) in enumerate((
            ({"vocab": {}}, REFUSE), ({"vocab": []}, REFUSE), ({"vocab": {**vocabulary, "": 383}}, EITHER), ({"merges": None}, REFUSE),
            ({"vocab": {**vocabulary, "x" * 1000000: 383}}, REFUSE), ({"unk_token": "<nothing>"}, REFUSE), ({"unk_token": 7}, REFUSE),
            ({"byte_fallback": "yes"}, REFUSE), ({"ignore_merges": 1}, REFUSE), ({"dropout": 0.5}, EITHER), ({"dropout": "x"}, EITHER),
            ({"continuing_subword_prefix": "x" * 1000000}, EITHER), ({"end_of_word_suffix": "</w>"}, EITHER), ({"fuse_unk": 3}, REFUSE),
            ({"merges": model["merges"] * 2}, EITHER), ({"merges": ["\u0120 \u0120"] * 50000}, EITHER), ({"merges": [["a", ""]]}, REFUSE),
            ({"merges": [[]]}, REFUSE), ({"merges": [" a"]}, REFUSE), ({"merges": ["a b "]}, REFUSE), ({"merges": [None]}, REFUSE))):
        yield f"bpe_{number}", *bpe(expected, **fields)

    def unigram(expected, **fields):
        pairs = [[token, -1.0] for token in vocabulary]
        return {"tokenizer.json": with_part(model={"type": "Unigram", "vocab": pairs, "unk_id": 0, **fields}, added_tokens=[])}, expected, TOKENIZE

    pairs = [[token, -1.0] for token in vocabulary]
    for number, (fields, expected) in enumerate((
            ({}, EITHER), ({"vocab": [[token, 1e308] for token in vocabulary]}, EITHER), ({"vocab": [[token, -1e308] for token in vocabulary]}, EITHER),
            ({"unk_id": -1}, REFUSE), ({"unk_id": 2**40}, REFUSE), ({"unk_id": "0"}, REFUSE), ({"unk_id": None}, EITHER), ({"unk_id": 1.0}, REFUSE),
            ({"vocab": pairs + [pairs[0]]}, REFUSE), ({"vocab": pairs + [["new"]]}, REFUSE), ({"vocab": pairs + [["new", "1"]]}, REFUSE),
            ({"vocab": pairs + [[7, 1]]}, REFUSE), ({"vocab": dict(vocabulary)}, REFUSE), ({"vocab": [[f"t{n}", 0] for n in range(5000)]}, REFUSE))):
        yield f"unigram_{number}", *unigram(expected, **fields)
    for number, fields in enumerate(({"unk_token": "a"}, {"unk_token": "a", "max_input_chars_per_word": 2**63}, {"unk_token": "a", "max_input_chars_per_word": -1},
                                     {}, {"unk_token": "nothing"}, {"unk_token": "a", "continuing_subword_prefix": ""})):
        yield f"word_piece_{number}", {"tokenizer.json": with_part(model={"type": "WordPiece", "vocab": vocabulary, **fields})}, EITHER, TOKENIZE
    for number, parts in enumerate(({"version": 7}, {"truncation": "x"}, {"padding": [1]}, {"more": {"a": 1}}, {"decoder": None}, {"normalizer": None})):
        yield f"whole_{number}", {"tokenizer.json": with_part(**parts)}, EITHER, TOKENIZE


def beside():
    """tokenizer_config.json, generation_config.json and chat templates of a folder."""
    config = json.loads(read("tokenizer_config.json"))
    for number, (content, expected) in enumerate((
            (b"", REFUSE), (b"[]", EITHER), (b"7", EITHER), (b"{", REFUSE), (compact({**config, "chat_template": 7}), REFUSE),
            (compact({**config, "chat_template": [1]}), REFUSE), (compact({**config, "chat_template": {"a": "b"}}), REFUSE),
            (compact({**config, "chat_template": [{"name": "default", "template": 7}]}), REFUSE), (compact({**config, "bos_token": 7}), EITHER),
            (compact({**config, "eos_token": {"content": 7}}), EITHER), (compact({**config, "model_max_length": 1e30}), ACCEPT),
            (compact({**config, "add_bos_token": "yes"}), EITHER), (compact({**config, "tokenizer_class": 7}), REFUSE),
            (compact({**config, "added_tokens_decoder": {"99999999999": 7}}), EITHER), (b'{"a":' * 100 + b"1" + b"}" * 100, REFUSE),
            (compact({**config, "clean_up_tokenization_spaces": 1}), EITHER), (b"\xff\xfe", REFUSE))):
        yield f"tokenizer_config_{number}", {"tokenizer_config.json": content}, expected, TOKENIZE
    for number, (content, expected) in enumerate((
            ({"eos_token_id": "x"}, EITHER), ({"eos_token_id": [2**63, -1, 1.5, None]}, EITHER), ({"eos_token_id": {}}, EITHER), ({"temperature": "hot"}, EITHER),
            ({"temperature": -1}, EITHER), ({"temperature": 1e308, "top_p": 5, "top_k": -7, "repetition_penalty": 0}, EITHER), (7, EITHER), ([], EITHER),
            ({"max_new_tokens": 2**62}, EITHER), ({"eos_token_id": list(range(100000))}, EITHER))):
        yield f"generation_config_{number}", {"generation_config.json": compact(content)}, expected, RUN
    for number, (content, expected) in enumerate(((b"\xff", REFUSE), (b"x" * (2 << 20), REFUSE), (b"{{", REFUSE), (b"\0", EITHER),
                                                  (lambda path: path.symlink_to("/dev/zero"), REFUSE), (lambda path: path.symlink_to("/etc/hostname"), REFUSE))):
        words = [word for word in RUN if word != "--raw"]
        yield f"chat_template_{number}", {"chat_template.jinja": content}, expected, words


def texts():
    """Long texts under each golden tokenizer."""
    for folder in sorted(path.parent for path in (GOLDEN / "tokenizers").glob("*/tokenizer.json")):
        tokenizer = (folder / "tokenizer.json").read_bytes()
        for name, text in {"letters": b"a" * 200000, "spaces": b" " * 200000, "newlines": b"\n" * 200000, "digits": b"7" * 200000,
                           "han": "\u4e2d".encode() * 60000, "marks": ("a" + "\u0301" * 60000).encode(), "emoji": "\U0001f468\u200d".encode() * 20000,
                           "quotes": b"'s" * 50000}.items():
            yield f"text.{folder.name}.{name}", {"tokenizer.json": tokenizer, "text": text}, ACCEPT, TOKENIZE


def cases():
    out = []
    for group in (patterns, normalizers, decoders, special_tokens, models, beside, texts):
        for name, files, expected, words in group():
            left = [] if "run" in words else ["model.safetensors", "config.json"] if name.startswith("text.") else ["model.safetensors"]
            out.append(folder_case(f"tokenizer.{group.__name__}.{name}", words, files, leave_out=left, expected=expected))
    return out
