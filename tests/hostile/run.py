#!/usr/bin/env python3
"""Runs kt on files of bad intent: run.py KT [--kind KIND] [--sanitized] [--show] [--only TEXT] [--seeds DIR].

Each case is one malformed file and one child process with limits; it ends with the right exit code and one sentence on stderr, in time.
"""
import argparse
import hashlib
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import folder_cases  # noqa: E402
import gguf_cases  # noqa: E402
import gguf_layout_cases  # noqa: E402
import harness  # noqa: E402
import place_cases  # noqa: E402
import text_cases  # noqa: E402
import tokenizer_cases  # noqa: E402

KINDS = {"gguf": (gguf_cases, gguf_layout_cases), "folder": (folder_cases, place_cases), "tokenizer": (tokenizer_cases,),
         "text": (text_cases,)}
TARGETS = {"model.gguf": "gguf_load", "model.safetensors": "safetensors_header", "model.safetensors.index.json": "safetensors_index",
           "config.json": "config_json", "tokenizer.json": "tokenizer_json", "chat.jinja": "chat_template", "r.yaml": "rules_yaml"}
SEED_BYTES = 65536


def write_seeds(cases, out):
    """The files of the cases as seeds of the fuzz targets: OUT/TARGET/HASH."""
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            case.write(pathlib.Path(folder))
            for name, target in TARGETS.items():
                file = pathlib.Path(folder) / name
                if file.is_symlink() or not file.is_file() or file.stat().st_size > SEED_BYTES:
                    continue
                content = file.read_bytes()
                (out / target).mkdir(parents=True, exist_ok=True)
                (out / target / hashlib.sha1(content).hexdigest()).write_bytes(content)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kt")
    parser.add_argument("--kind", choices=KINDS, help="only files of that kind; all without it")
    parser.add_argument("--sanitized", action="store_true", help="no limit of address space, more time")
    parser.add_argument("--show", action="store_true", help="print what each case was told")
    parser.add_argument("--seeds", type=pathlib.Path, help="run nothing, write the files as seeds of the fuzz targets into this folder")
    parser.add_argument("--only", default="", help="cases whose name has this text")
    options = parser.parse_args()
    modules = [module for kind, group in KINDS.items() if options.kind in (None, kind) for module in group]
    chosen = [case for module in modules for case in module.cases() if options.only in case.name]
    if not chosen:
        sys.exit(f"no case has '{options.only}' in its name")
    if options.seeds:
        sys.exit(write_seeds(chosen, options.seeds))
    sys.exit(0 if harness.run_all(options.kt, chosen, options.sanitized, options.show) else 1)


if __name__ == "__main__":
    main()
