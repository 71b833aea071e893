#!/usr/bin/env python3
"""./dev bench --peers: the same layers, routings and models in kt and in the programs that registries offer, in turns; writes docs/performance.md."""
import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys

from packages import REPOSITORY, python_of
from worker import Worker

KT = REPOSITORY / "build" / "bin" / "kt"
WORKERS = REPOSITORY / "bench" / "workers"
PAGE = REPOSITORY / "docs" / "performance.md"

# type of kt: the peers that compute a layer in the same or the nearest type, (name, worker, type there)
LAYER_PEERS = {
    "q4_k": [("llama.cpp q4_k", "ggml_moe.py", "q4_k")],
    "q8_0": [("llama.cpp q8_0", "ggml_moe.py", "q8_0")],
    "bf16": [("llama.cpp bf16", "ggml_moe.py", "bf16"), ("PyTorch bf16", "torch_moe.py", "bf16"), ("kt-kernel bf16", "kt_kernel_moe.py", "bf16")],
    "int8": [("PyTorch int8", "torch_moe.py", "int8"), ("PyTorch bf16", "torch_moe.py", "bf16"), ("kt-kernel int8", "kt_kernel_moe.py", "int8")],
    "int4": [("PyTorch int4", "torch_moe.py", "int4"), ("kt-kernel int4 g32", "kt_kernel_moe.py", "int4")],
    "fp8": [("kt-kernel fp8", "kt_kernel_moe.py", "fp8")],
}
MODEL_TESTS = [("pp512", 512, 0, 0), ("pp128", 128, 0, 0), ("pp32", 32, 0, 0), ("tg64", 0, 64, 0), ("tg64@d4096", 0, 64, 4096)]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--geometry", default="qwen3-30b-a3b", choices=["qwen3-30b-a3b", "deepseek-v3", "deepseek-v2-lite"])
    parser.add_argument("--types", default=",".join(LAYER_PEERS), help="of the layer's weights")
    parser.add_argument("--tokens", default="1,8,32,128,512")
    parser.add_argument("--model", default="qwen3-30b-a3b:12", help="of kt synth; empty: no whole model")
    parser.add_argument("--model-type", default="q4_k_m")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-t", "--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("-o", "--output", type=pathlib.Path, default=PAGE)
    return parser.parse_args()


def kt_json(*command):
    done = subprocess.run([str(KT), *map(str, command), "--json"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"kt {' '.join(map(str, command))}: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout)


def start_peers(entries):
    """{name: worker or the sentence with which it ended}"""
    out = {}
    for name, command in entries:
        try:
            out[name] = Worker([python_of("peers"), *command])
        except RuntimeError as error:
            print(error, file=sys.stderr)
            out[name] = None
    return out


def layer_command(kind, args, tokens):
    return ["bench", "--op", "moe", "--geometry", args.geometry, "--type", kind, "--tokens", tokens, "-t", args.threads, "-r", 3]


def measure_layer(kind, args):
    """{tokens: {program: [ms of each round]}}"""
    counts = [int(count) for count in args.tokens.split(",")]
    entries = [(name, [WORKERS / file, "--geometry", args.geometry, "--type", other, "--threads", args.threads])
               for name, file, other in LAYER_PEERS[kind]]
    times = {count: {} for count in counts}
    peers = start_peers(entries)
    for round_number in range(args.rounds):
        print(f"layer {kind}: round {round_number + 1} of {args.rounds}", file=sys.stderr)
        for row in kt_json(*layer_command(kind, args, args.tokens))["results"]:
            times[row["tokens"]].setdefault("kt", []).append(row["ms"])
            times[row["tokens"]]["experts"] = row["experts"]
        for count in counts:
            for name, peer in peers.items():
                if peer is None:
                    continue
                answer = peer.ask(tokens=count, seconds=0.2)
                if abs(answer["experts"] - times[count]["experts"]) > 1e-9:
                    raise SystemExit(f"{name} was not given the routing of kt")
                times[count].setdefault(name, []).append(answer["ms"])
    for peer in filter(None, peers.values()):
        peer.close()
    for row in times.values():
        row.pop("experts", None)
    return times


def model_file(args):
    path = REPOSITORY / "build" / f"bench-{args.model.replace(':', '-')}-{args.model_type}.gguf"
    if not path.exists():
        kt_json("synth", args.model, "--type", args.model_type, "-o", path)
    return path


def measure_model(args):
    """{test: {program: [tokens a second of each round]}}"""
    path = model_file(args)
    peers = start_peers([("llama.cpp", [WORKERS / "llama_model.py", path, "--threads", args.threads])])
    rates = {test: {} for test, *_ in MODEL_TESTS}
    for round_number in range(-1, args.rounds):  # the first one reads the file
        print(f"model: round {round_number + 1} of {args.rounds}", file=sys.stderr)
        for test, prompt, generate, depth in MODEL_TESTS:
            command = ["bench", path, *(["-p", prompt] if prompt else ["-n", generate]), "-d", depth, "-t", args.threads, "-r", 1]
            measured = {"kt": kt_json(*command)["results"][0]["tok_s"]}
            for name, peer in peers.items():
                if peer is not None:
                    measured[name] = peer.ask(prompt=prompt, generate=generate, depth=depth)["tok_s"]
            if round_number >= 0:
                for name, rate in measured.items():
                    rates[test].setdefault(name, []).append(rate)
    for peer in filter(None, peers.values()):
        peer.close()
    return rates


def table(first, rows, more_is_better):
    """Medians with the spread (largest - smallest) / median, and the ratio of kt to the best peer."""
    names = ["kt", *dict.fromkeys(name for row in rows.values() for name in row if name != "kt")]
    lines = [f"| {first} | " + " | ".join(names) + " | kt to the best peer |", "|" + "---|" * (len(names) + 2)]
    for label, row in rows.items():
        medians = {name: statistics.median(values) for name, values in row.items()}
        others = [value for name, value in medians.items() if name != "kt"]
        if others and "kt" in medians:
            ratio = medians["kt"] / max(others) if more_is_better else min(others) / medians["kt"]
        cells = [f"{medians[name]:.2f} ±{100 * (max(row[name]) - min(row[name])) / medians[name]:.0f} %" if name in row else "-" for name in names]
        lines.append(f"| {label} | " + " | ".join(cells) + f" | {f'{ratio:.2f}' if others and 'kt' in medians else '-'} |")
    return "\n".join(lines)


INTRODUCTION = """# Measured speed

Written by `./dev bench --peers`: every table is one run on one machine in which the programs took turns. Numbers of different tables, days or machines
must not be compared. ± is the largest minus the smallest of {rounds} rounds. Weights are random, in the real geometry; the same experts are chosen in every program.
Programs: llama.cpp as llama-cpp-python 0.3.36 builds it for this processor (weights repacked), kt-kernel 0.7.2 (called directly), PyTorch 2.13.0.
"""


def machine_lines(threads):
    document = kt_json("bench", "--limits", "-t", threads)
    machine, limits = document["machine"], document["limits"]
    return [f"- {datetime.date.today().isoformat()}, {threads} threads; machine: `{json.dumps(machine)}`",
            f"- limits: {limits['read_gb_s']:.1f} GB/s read, {limits['f32_gflops']:.0f} GFLOPS f32, {limits['bf16_gflops']:.0f} bf16, {limits['int8_gops']:.0f} GOPS int8"]


def main():
    args = arguments()
    parts = [INTRODUCTION.format(rounds=args.rounds), "\n".join(machine_lines(args.threads))]
    for kind in filter(None, args.types.split(",")):
        try:
            rows = measure_layer(kind, args)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            continue
        command = "kt " + " ".join(map(str, layer_command(kind, args, args.tokens)))
        parts.append(f"## Experts of one layer, {args.geometry}, {kind}\n\nMilliseconds a forward; `{command}`\n\n{table('tokens', rows, False)}")
    if args.model:
        command = f"kt synth {args.model} --type {args.model_type} -o FILE; kt bench FILE -p 512,128,32 -n 64 -t {args.threads}"
        parts.append(f"## Whole model, {args.model}, {args.model_type}\n\nTokens a second; `{command}`\n\n{table('test', measure_model(args), True)}")
    args.output.write_text("\n\n".join(part.strip() for part in parts) + "\n")
    print(f"wrote {args.output}")


if __name__ == "__main__":
    main()
