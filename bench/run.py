#!/usr/bin/env python3
"""Compares the decode speed of `kt run` with other programs on the same model, machine and threads, measured in turns."""
import argparse
import json
import os
import pathlib
import statistics
import sys

import programs as known

BUNDLED = known.REPOSITORY / "models" / "bundled" / "kt-tiny"
PROMPT_TOKENS = 16


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, default=BUNDLED, help="HF folder (default: the bundled model)")
    parser.add_argument("-n", "--tokens", type=int, default=256, help="tokens to decode in a measurement")
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each program, in turns")
    parser.add_argument("-t", "--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--target", type=float, default=5.0, help="smallest accepted ratio to the fastest other program; exit code 1 below it")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


def prompt_ids(model):
    """The same ids in every run, spread over the vocabulary."""
    config = json.loads((model / "config.json").read_text())
    return [config.get("bos_token_id") or 0, *[257 + 37 * i % (config["vocab_size"] - 300) for i in range(PROMPT_TOKENS - 1)]]


def measure(programs, ids, tokens, rounds):
    """{name: [tokens per second]}; the programs take turns, so that a change of the machine's load meets them all."""
    rates = {program.name: [] for program in programs}
    texts = {}
    for program in programs:
        program.decode(ids, 16)  # warm-up
    for _ in range(rounds):
        for program in programs:
            texts[program.name], rate = program.decode(ids, tokens)
            rates[program.name].append(rate)
    return rates, texts


def same_prefix(a, b):
    return next((i for i, (left, right) in enumerate(zip(a, b)) if left != right), min(len(a), len(b)))


def print_table(programs, rates, texts, args):
    kt = statistics.median(rates["kt run"])
    print(f"greedy decoding of {args.tokens} tokens, {args.threads} threads, {args.rounds} rounds in turns, model {args.model.name}\n")
    print(f"{'program':<24}{'tok/s':>10}{'slowest':>10}{'fastest':>10}{'kt is':>9}   same tokens as kt")
    for program in programs:
        values = rates[program.name]
        ratio = kt / statistics.median(values)
        same = same_prefix(texts["kt run"], texts[program.name])
        print(f"{program.name:<24}{statistics.median(values):>10.1f}{min(values):>10.1f}{max(values):>10.1f}{ratio:>8.1f}x   first {same}")
    print("\ncommands:")
    for program in programs:
        print(f"  {program.command_line(args.tokens)}")


def main():
    args = arguments()
    if not (args.model / "config.json").exists():
        raise SystemExit(f"no model in {args.model}: give an HF folder with --model")
    programs = [known.Kt(args.model, args.threads), *(known.Transformers(args.model, args.threads, dtype) for dtype in ("float32", "bfloat16"))]
    try:
        rates, texts = measure(programs, prompt_ids(args.model), args.tokens, args.rounds)
    finally:
        for program in programs:
            program.close()
    medians = {name: statistics.median(values) for name, values in rates.items()}
    ratio = medians["kt run"] / max(value for name, value in medians.items() if name != "kt run")
    if args.json:
        print(json.dumps({"tokens": args.tokens, "threads": args.threads, "rates": rates, "medians": medians, "ratio": ratio}))
    else:
        print_table(programs, rates, texts, args)
        print(f"\nkt decodes {ratio:.1f} times as fast as the fastest other program (target: {args.target:g})")
    return 0 if ratio >= args.target else 1


if __name__ == "__main__":
    sys.exit(main())
