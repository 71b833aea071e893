"""What the workers of one mixture-of-experts layer share: arguments, sizes, and the loop over requests."""
import argparse
import dataclasses
import os

import protocol
import routing


@dataclasses.dataclass(frozen=True)
class Geometry:
    experts: int  # held in memory
    used: int     # by one token
    hidden: int
    inner: int


# As `kt synth` knows them; of DeepSeek-V3's 256 experts 64 are held (32 in bf16), as `kt bench --op moe` does.
GEOMETRIES = {
    "qwen3-30b-a3b": Geometry(128, 8, 2048, 768),
    "deepseek-v2-lite": Geometry(64, 6, 2048, 1408),
    "deepseek-v3": Geometry(64, 8, 7168, 2048),
}


def arguments(types):
    parser = argparse.ArgumentParser()
    parser.add_argument("--geometry", choices=GEOMETRIES, required=True)
    parser.add_argument("--type", choices=types, required=True)
    parser.add_argument("--threads", type=int, required=True)
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)  # before torch is imported
    geometry = GEOMETRIES[args.geometry]
    if args.geometry == "deepseek-v3" and args.type == "bf16":
        geometry = dataclasses.replace(geometry, experts=32)
    return args, geometry


def serve(geometry, prepare):
    """prepare(rows, routings) gives run(i): one forward of the layer with routing i."""
    def answer(tokens, seconds):
        routings = routing.draws(tokens, geometry.used, geometry.experts)
        run = prepare(tokens, routings)
        return {"ms": protocol.median_ms(lambda i: run(i % len(routings)), seconds), "experts": routing.mean_distinct(routings)}

    protocol.serve(answer)
