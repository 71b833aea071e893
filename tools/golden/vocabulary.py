"""Small tokenizers of the families' kinds, trained on the sample texts of a seed."""
import json

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import samples

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]", r"\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]"
SPLITS = {
    "llama3": [CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + REST],
    "qwen2": [CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + REST],
    "deepseek_v3": [r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
                    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
                    r"|\s*[\r\n]+|\s+(?!\S)|\s+"],
    "kimi": [rf"[\p{{Han}}]+|[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]*[{LOWER}]+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]+[{LOWER}]*{CONTRACTIONS}?"
             r"|\p{N}{1,3}" + REST],
}
# special tokens; True: hidden when special tokens are skipped
SPECIALS = {
    "llama3": {"<|begin_of_text|>": True, "<|end_of_text|>": True, "<|start_header_id|>": True, "<|end_header_id|>": True, "<|eot_id|>": True},
    "qwen2": {"<|endoftext|>": True, "<|im_start|>": True, "<|im_end|>": True, "<tool_call>": False, "</tool_call>": False},
    "deepseek_v3": {"<｜begin▁of▁sentence｜>": True, "<｜end▁of▁sentence｜>": True, "<｜▁pad▁｜>": True, "<｜User｜>": False, "<｜Assistant｜>": False,
                    "<think>": False, "</think>": False},
    "kimi": {"[BOS]": True, "[EOS]": True, "<|im_end|>": True, "<|im_user|>": True, "<|im_assistant|>": True, "<|im_system|>": True,
             "<|im_middle|>": True},
    "spm": {"<unk>": True, "<s>": True, "</s>": True},
}
ROLES = {  # bos, eos, pad, whether bos is put before a text
    "llama3": ("<|begin_of_text|>", "<|eot_id|>", None, True), "qwen2": (None, "<|im_end|>", "<|endoftext|>", False),
    "deepseek_v3": ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>", True), "kimi": ("[BOS]", "<|im_end|>", "[EOS]", False),
    "spm": ("<s>", "</s>", None, True),
}


def with_begin(tokenizer, begin):
    special = [(begin, tokenizer.token_to_id(begin))]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{begin} $A", pair=f"{begin} $A {begin}:1 $B:1", special_tokens=special)


def byte_level(family, rng, size):
    specials = SPECIALS[family]
    tokenizer = Tokenizer(models.BPE(ignore_merges=family in ("llama3", "kimi")))
    if family == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in SPLITS[family]]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size - len(specials), show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(samples.training_texts(rng), trainer)
    tokenizer.add_tokens([AddedToken(text, special=special, normalized=False) for text, special in specials.items()])
    return tokenizer


def sentence_piece(rng, size):
    """BPE over whole words with the mark of a space, and bytes for what the vocabulary lacks."""
    draft = Tokenizer(models.BPE())
    draft.pre_tokenizer = pre_tokenizers.Metaspace()
    heads = [*SPECIALS["spm"], *(f"<0x{byte:02X}>" for byte in range(256))]
    draft.train_from_iterator(samples.training_texts(rng), trainers.BpeTrainer(vocab_size=size - len(heads), show_progress=False, limit_alphabet=120))
    model = json.loads(draft.to_str())["model"]
    tokens = [*heads, *sorted(model["vocab"], key=model["vocab"].get)]
    merges = [tuple(merge) for merge in model["merges"]]
    vocabulary = {token: at for at, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIALS["spm"]])
    return tokenizer


def make_tokenizer(family, rng, size):
    tokenizer = sentence_piece(rng, size) if family == "spm" else byte_level(family, rng, size)
    begin, _, _, add_begin = ROLES[family]
    if add_begin:
        with_begin(tokenizer, begin)
    return tokenizer


def save_tokenizer(tokenizer, family, folder, chat_template):
    begin, end, pad, add_begin = ROLES[family]
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"add_bos_token": add_begin, "add_eos_token": False, "bos_token": begin, "eos_token": end, "pad_token": pad,
              "unk_token": "<unk>" if family == "spm" else None, "clean_up_tokenization_spaces": False, "model_max_length": 1024,
              "tokenizer_class": "PreTrainedTokenizerFast", "chat_template": chat_template}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1), encoding="utf-8")
    named = {"bos_token": begin, "eos_token": end, "pad_token": pad}
    (folder / "special_tokens_map.json").write_text(json.dumps({name: text for name, text in named.items() if text}, ensure_ascii=False))


def tokenizer_cases(tokenizer, family, rng, count):
    cases = []
    for text in samples.case_texts(rng, SPECIALS[family], count):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        with_special = tokenizer.encode(text, add_special_tokens=True).ids
        cases.append({"text": text, "ids": ids, "ids_with_special": with_special, "decoded": tokenizer.decode(ids, skip_special_tokens=False),
                      "decoded_skip_special": tokenizer.decode(with_special, skip_special_tokens=True)})
    size = tokenizer.get_vocab_size()
    decode_only = []
    for _ in range(20):
        ids = [rng.randrange(size) for _ in range(rng.randint(1, 12))]
        decode_only.append({"ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False)})
    return {"family": family, "vocab_size": size, "cases": cases, "decode_only": decode_only}
