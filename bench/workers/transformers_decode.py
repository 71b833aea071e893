"""Decodes with transformers for bench/run.py: loads the model once, then measures for every line on stdin.

A request is a JSON line {"ids": [...], "tokens": n}; the answer is one too: {"ids": [...], "decode_s": seconds of n - 1 steps}.
"""
import argparse
import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM


@torch.inference_mode()
def decode(model, ids, tokens):
    """Greedy decoding with the key-value cache in a plain loop, which has less overhead than generate()."""
    out = model(input_ids=torch.tensor([ids]), use_cache=True, logits_to_keep=1)
    chosen = [int(out.logits[0, -1].argmax())]
    start = time.perf_counter()
    while len(chosen) < tokens:
        out = model(input_ids=torch.tensor([[chosen[-1]]]), past_key_values=out.past_key_values, use_cache=True)
        chosen.append(int(out.logits[0, -1].argmax()))
    return {"ids": chosen, "decode_s": time.perf_counter() - start}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=getattr(torch, args.dtype)).eval()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(decode(model, request["ids"], request["tokens"])), flush=True)


if __name__ == "__main__":
    main()
