#!/usr/bin/env python3
"""Makes tokenizers with cases as in tests/golden/tokenizers, with other vocabularies, for the differential test.

    python tests/differential/make_tokenizers.py OUT [--seed 1]
    python tests/differential/compare_tokenizers.py OUT/*

Needs `pip install tokenizers`. Every family keeps its normalizer, pre-tokenizer, post-processor and decoder; the vocabulary is trained
on random text of the given seed and gets another size, and the added tokens move behind it.
"""
import argparse
import json
import pathlib
import random

import compare_tokenizers
import tokenizers
from tokenizers import trainers

WORDS = "the of and to in is that it was for on are as with his they be at one have this from or had by word but what some we can out other were all " \
        "there when up use your how said each she which do their time if will way about many then them write would like so these her long make thing".split()


def training_text(rng):
    for _ in range(400):
        yield " ".join(rng.choice(WORDS) if rng.random() < 0.7 else compare_tokenizers.random_text(rng, []) for _ in range(20))


def train(document, rng):
    """A new vocabulary and its merges. Base tokens (bytes, unknown, begin and end that lie in the vocabulary) keep their ids."""
    is_byte_level = not document["model"].get("byte_fallback")
    base = dict(document["model"], vocab={}, merges=[])
    teacher = tokenizers.Tokenizer.from_str(json.dumps(dict(document, model=dict(base, unk_token=None), added_tokens=[], post_processor=None)))
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet() if is_byte_level else list("▁etaoinshrdlu")
    trainer = trainers.BpeTrainer(vocab_size=rng.randint(400, 900), initial_alphabet=alphabet, limit_alphabet=256 if is_byte_level else 120, show_progress=False)
    teacher.train_from_iterator(training_text(rng), trainer)
    trained = json.loads(teacher.to_str())["model"]
    kept = [] if is_byte_level else [piece for piece, _ in sorted(document["model"]["vocab"].items(), key=lambda item: item[1])
                                     if piece.startswith("<") and piece.endswith(">")]
    vocabulary = {piece: i for i, piece in enumerate(kept)}
    for piece, _ in sorted(trained["vocab"].items(), key=lambda item: item[1]):
        vocabulary.setdefault(piece, len(vocabulary))
    return vocabulary, trained["merges"]


def remake(document, rng):
    vocabulary, merges = train(document, rng)
    old = {token["id"]: token for token in document["added_tokens"]}
    moved = {}
    for number, token in sorted(old.items()):
        moved[number] = vocabulary.get(token["content"], len(vocabulary) + len([n for n in moved.values() if n >= len(vocabulary)]))
        token["id"] = moved[number]
    document["model"].update(vocab=vocabulary, merges=merges)
    post = document["post_processor"] or {}
    for processor in [post] + post.get("processors", []):
        for token in processor.get("special_tokens", {}).values():
            token["ids"] = [moved[number] for number in token["ids"]]


def cases(document, rng):
    reference = tokenizers.Tokenizer.from_str(json.dumps(document))
    added = [token["content"] for token in document["added_tokens"]]
    for text in [""] + [compare_tokenizers.random_text(rng, added) for _ in range(120)]:
        plain, special = reference.encode(text, add_special_tokens=False).ids, reference.encode(text).ids
        yield {"text": text, "ids": plain, "ids_with_special": special, "decoded": reference.decode(plain, skip_special_tokens=False),
               "decoded_skip_special": reference.decode(special, skip_special_tokens=True)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for folder in sorted(path for path in (compare_tokenizers.ROOT / "tests/golden/tokenizers").iterdir() if path.is_dir()):
        document = json.loads((folder / "tokenizer.json").read_text())
        remake(document, rng)
        out = options.out / folder.name
        out.mkdir(parents=True, exist_ok=True)
        (out / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False))
        (out / "tokenizer_config.json").write_text((folder / "tokenizer_config.json").read_text())
        (out / "cases.json").write_text(json.dumps({"family": folder.name, "cases": list(cases(document, rng)), "decode_only": []}))


if __name__ == "__main__":
    main()
