#!/usr/bin/env python3
"""Makes golden data from a seed: tiny models of every family with reference outputs, tokenizer and chat-template cases, ggml types, GGUF files.

    tools/make_golden.py --seed 7 --out FOLDER [--families llama,qwen3_moe] [--no-gguf]
    tools/check_golden.py FOLDER --kt build/bin/kt        compares what kt computes

Needs torch 2.13.0, transformers 4.57.6 and gguf 0.19. The same seed gives the same geometry, vocabulary and weights.
"""
import argparse
import json
import pathlib
import random
import sys

import numpy as np
import torch
from safetensors.torch import save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "golden"))
import chat  # noqa: E402
import families  # noqa: E402
import ggml_types  # noqa: E402
import reference  # noqa: E402
import samples  # noqa: E402
import to_gguf  # noqa: E402
import vocabulary  # noqa: E402


def write_json(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def token_roles(tokenizer, kind):
    begin, end, pad, add_begin = vocabulary.ROLES[kind]
    ids = {name: tokenizer.token_to_id(text) if text else None for name, text in (("bos", begin), ("eos", end), ("padding", pad))}
    return {"ids": ids, "add_bos": add_begin}


def config_tokens(tokenizer, roles):
    ids = roles["ids"]
    return dict(vocab_size=tokenizer.get_vocab_size(), bos_token_id=ids["bos"], eos_token_id=ids["eos"], pad_token_id=ids["padding"])


def prompts_of(tokenizer, rng):
    size = tokenizer.get_vocab_size()
    prompts = {name: [rng.randrange(size) for _ in range(length)] for name, length in reference.LENGTHS.items()}
    text = " ".join([samples.sentence(rng), *rng.sample(samples.PIECES, 2)])
    prompts["text"] = tokenizer.encode(text, add_special_tokens=True).ids[:90]
    return prompts


def released_tensors(model):
    tied = model.config.tie_word_embeddings
    return {name: value.detach() for name, value in model.state_dict().items() if not (tied and name == "lm_head.weight")}


def stable_model(family, rng, tokens, prompts):
    """A model without near ties in its greedy continuations: the first of the seeds that has none."""
    chosen = families.geometry(family, rng)
    for _ in range(60):
        weight_seed = rng.randrange(1 << 31)
        model = families.build(family, rng, tokens, weight_seed, dict(chosen))
        made = reference.golden(model, prompts)
        if made is not None:
            return model, weight_seed, *made
    raise SystemExit(f"{family}: no weights without near ties in 60 tries; take another seed")


def save_model(folder, family, model):
    config = families.released_config(family, model.config)
    write_json(folder / "config.json", config)
    generation = {key: config[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id") if config.get(key) is not None}
    write_json(folder / "generation_config.json", generation | {"do_sample": True, "temperature": 0.6, "top_p": 0.95})
    stored = {name: value.clone() if name.endswith("correction_bias") else value.to(torch.bfloat16) for name, value in released_tensors(model).items()}
    save_file({name: value.contiguous() for name, value in stored.items()}, str(folder / "model.safetensors"), metadata={"format": "pt"})


def make_gguf(out, family, model, tokenizer, kind, roles, prompts):
    """One file of each type; its reference is the model with the file's values."""
    exact = {name: value.numpy().copy() for name, value in released_tensors(model).items()}
    tokenizer_json = json.loads(tokenizer.to_str())
    for wanted in to_gguf.TYPES:
        path = out / f"{family}-{wanted}.gguf"
        values, types = to_gguf.write(path, model.config, exact, wanted, tokenizer_json, kind, roles, chat.TEMPLATES[kind])
        model.load_state_dict({name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in values.items()}, strict=False)
        references = []
        for name in ("short", "text", "long"):
            logits, _ = reference.forward(model, prompts[name])
            greedy, margins = reference.greedy(model, prompts[name], 12)
            references.append({"name": name, "prompt_ids": prompts[name], "logits_last": reference.rounded(logits[-1].tolist()),
                               "argmax_per_position": logits.argmax(-1).tolist(), "greedy": greedy, "greedy_margins": margins})
        write_json(path.with_suffix(".golden.json"), {"file": path.name, "source_model": family, "tensor_types": types,
                                                      "tolerances": {"logits_atol_f32": 2e-3}, "prompts": references})
    model.load_state_dict({name: torch.from_numpy(value) for name, value in exact.items()}, strict=False)


def make_family(out, family, seed, with_gguf):
    rng = random.Random(f"{seed} {family}")
    kind = families.vocabulary_of(family)
    tokenizer = vocabulary.make_tokenizer(kind, rng, rng.choice([352, 384, 416, 480]) + (128 if kind == "spm" else 0))
    roles = token_roles(tokenizer, kind)
    prompts = prompts_of(tokenizer, rng)
    model, weight_seed, document, long_logits = stable_model(family, rng, config_tokens(tokenizer, roles), prompts)
    folder = out / "models" / family
    folder.mkdir(parents=True, exist_ok=True)
    save_model(folder, family, model)
    vocabulary.save_tokenizer(tokenizer, kind, folder, chat.TEMPLATES[kind])
    write_json(folder / "golden.json", {"arch": family, "seed": seed, "weight_seed": weight_seed, "vocab_size": tokenizer.get_vocab_size(), **document})
    positions = torch.arange(0, len(long_logits), 8)
    save_file({"positions": positions.int(), "logits": long_logits[positions].contiguous()}, str(folder / "golden_logits.safetensors"))
    if with_gguf and to_gguf.convertible(model.config):
        (out / "gguf").mkdir(exist_ok=True)
        make_gguf(out / "gguf", family, model, tokenizer, kind, roles, prompts)
    print(f"{family}: {sum(p.numel() for p in model.parameters()) / 1000:.0f} thousand parameters, smallest margin {document['min_margin']:.4f}", flush=True)


def make_text_cases(out, seed):
    for kind in vocabulary.SPECIALS:
        rng = random.Random(f"{seed} text {kind}")
        folder = out / "tokenizers" / kind
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = vocabulary.make_tokenizer(kind, rng, rng.choice([480, 600, 700]))
        vocabulary.save_tokenizer(tokenizer, kind, folder, chat.TEMPLATES[kind])
        write_json(folder / "cases.json", vocabulary.tokenizer_cases(tokenizer, kind, rng, 120))
        begin, end, _, _ = vocabulary.ROLES[kind]
        write_json(out / "chat_templates" / f"{kind}.json", chat.template_cases(kind, chat.TEMPLATES[kind], begin, end, rng, 25))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--families", default=",".join(families.FAMILIES), help="families to make, separated by commas; empty: none")
    parser.add_argument("--no-gguf", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    ggml_types.make(args.out / "quant", args.seed)
    make_text_cases(args.out, args.seed)
    for family in filter(None, args.families.split(",")):
        make_family(args.out, family, args.seed, not args.no_gguf)


if __name__ == "__main__":
    main()
