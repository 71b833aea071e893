#!/usr/bin/env python3
"""Trains models/bundled/kt-tiny on text that it makes itself, exports it, checks it with transformers and writes its model card.

    tools/train_tiny.py --work FOLDER            train (again from the last checkpoint, if there is one), then export
    tools/train_tiny.py --work FOLDER --export   export the last checkpoint only
"""
import argparse
import pathlib
import re
import time
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import story_grammar
import tiny_check
import tiny_data
from tiny_card import write_card
from tiny_export import export
from tiny_model import TinyModel, make_config
from tiny_plots import PLOTS
from tiny_tokenizer import BOS, EOS, PAD, save_tokenizer, train_tokenizer

BUNDLED = pathlib.Path(__file__).resolve().parents[1] / "models" / "bundled" / "kt-tiny"
ROWS, LENGTH = 4, 512
WORKERS = 2
WARM_UP, DECAY = 100, 0.3
BALANCE_SPEED = 0.002


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder of the tokenizer and the checkpoint")
    parser.add_argument("--out", type=pathlib.Path, default=BUNDLED, help="folder of the finished model")
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--rate", type=float, default=3e-3, help="peak learning rate")
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--vocabulary", type=int, default=2048)
    parser.add_argument("--save-every", type=int, default=50, help="steps between checkpoints")
    parser.add_argument("--export", action="store_true", help="do not train")
    return parser.parse_args()


def open_tokenizer(args):
    path = args.work / "tokenizer.json"
    if not path.exists():
        tokenizer = train_tokenizer(tiny_data.tokenizer_corpus(args.seed), args.vocabulary)
        tokenizer.save(str(path))
    return Tokenizer.from_file(str(path))


def optimizer_of(model, rate):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95), fused=True)


def rate_at(step, args):
    """Warm-up, constant, linear decay."""
    left = (args.steps - step) / (args.steps * DECAY)
    return args.rate * min((step + 1) / WARM_UP, 1.0, max(left, 0.02))


def gradients(model, parameters, batch, learned_tokens):
    """(loss, gradients) of some rows of a step, as their share of the step's mean."""
    ids, targets, documents = (torch.from_numpy(part) for part in batch)
    learned = targets.flatten() != tiny_data.IGNORED
    hidden = model(ids, documents).flatten(0, 1)[learned]
    loss = F.cross_entropy(F.linear(hidden, model.head), targets.flatten()[learned], reduction="sum") / learned_tokens
    return loss.detach(), torch.autograd.grad(loss, parameters)


def train_step(model, optimizer, workers, batch):
    """Each worker takes half of the rows with one thread: on a busy machine that wastes less than sharing every operation."""
    parameters = list(model.parameters())
    learned_tokens = int((batch[1] != tiny_data.IGNORED).sum())
    halves = [[part[half::WORKERS] for part in batch] for half in range(WORKERS)]
    results = list(workers.map(lambda half: gradients(model, parameters, half, learned_tokens), halves))
    for at, parameter in enumerate(parameters):
        parameter.grad = sum(result[1][at] for result in results)
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    return float(sum(result[0] for result in results))


def train(model, optimizer, tokenizer, args, state):
    rows, workers = tiny_data.RowMaker(tokenizer, args.seed), ThreadPoolExecutor(WORKERS)
    torch.set_num_threads(1)
    start, smooth = time.time(), None
    for step in range(state["step"], args.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, args)
        long_rows = step % 8 == 7
        batch = rows.step(step, ROWS // 2 if long_rows else ROWS, LENGTH * 2 if long_rows else LENGTH)
        loss = train_step(model, optimizer, workers, batch)
        state["busiest"] = max(layer.balance(BALANCE_SPEED) for layer in model.expert_layers())
        smooth = loss if smooth is None else 0.95 * smooth + 0.05 * loss
        state["step"], state["tokens"] = step + 1, state["tokens"] + batch[0].size
        if (step + 1) % 10 == 0:
            print(f"step {step + 1} loss {smooth:.4f} busiest {state['busiest']:.2f} {time.time() - start:.0f} s", flush=True)
        if (step + 1) % args.save_every == 0 or step + 1 == args.steps:
            save(model, optimizer, args, state)


def save(model, optimizer, args, state):
    path = args.work / "checkpoint.pt"
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "state": state}, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def restore(model, optimizer, args):
    path = args.work / "checkpoint.pt"
    if not path.exists():
        return {"step": 0, "tokens": 0, "busiest": 0.0}
    stored = torch.load(path, weights_only=True)
    model.load_state_dict(stored["model"])
    optimizer.load_state_dict(stored["optimizer"])
    return stored["state"]


def count_words(seed):
    text = " ".join(tiny_data.tokenizer_corpus(seed))
    return len({word.lower() for word in re.findall(r"[A-Za-z][A-Za-z'-]*", text)})


def finish(model, tokenizer, args, state):
    args.out.mkdir(parents=True, exist_ok=True)
    export(model, args.out)
    save_tokenizer(tokenizer, args.out, model.c["max_position_embeddings"])
    held_out = tiny_data.held_out_text(args.seed)
    (args.out / "heldout.txt").write_text(held_out, encoding="utf-8")
    released, released_tokenizer = tiny_check.load(args.out)
    difference = tiny_check.logits_difference(model, released, tokenizer.encode(held_out[:1200]).ids)
    if difference > 1e-3:
        raise SystemExit(f"transformers' logits differ from those of the training module by {difference}")
    perplexity, scored = tiny_check.perplexity(released, released_tokenizer, held_out)
    parameters = sum(p.numel() for p in model.parameters())
    c = model.c
    unused = (c["n_routed_experts"] - c["num_experts_per_tok"]) * len(model.expert_layers()) * 3 * c["hidden_size"] * c["moe_intermediate_size"]
    facts = dict(parameters=parameters / 1e6, active=(parameters - unused) / 1e6, tokens_seen=state["tokens"], steps=state["step"],
                 busiest=state["busiest"], perplexity=perplexity, scored=scored, difference=difference, plots=len(PLOTS),
                 words=round(count_words(args.seed), -2), held_out_share=story_grammar.HELD_OUT_SHARE, rate=args.rate, decay=DECAY,
                 batch=ROWS * LENGTH, seed=args.seed, megabytes=sum(file.stat().st_size for file in args.out.glob("*.*n*")) / 1e6,
                 samples=tiny_check.samples(released, released_tokenizer))
    write_card(args.out, c, facts)
    print(f"held-out perplexity {perplexity:.4f} over {scored} tokens; {args.out}")


def main():
    args = arguments()
    args.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    tokenizer = open_tokenizer(args)
    bos, eos, pad = (tokenizer.token_to_id(text) for text in (BOS, EOS, PAD))
    model = TinyModel(make_config(tokenizer.get_vocab_size(), bos, eos, pad))
    optimizer = optimizer_of(model, args.rate)
    state = restore(model, optimizer, args)
    if not args.export:
        train(model, optimizer, tokenizer, args, state)
    finish(model, tokenizer, args, state)


if __name__ == "__main__":
    main()
