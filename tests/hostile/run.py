#!/usr/bin/env python3
"""Runs kt on files of bad intent: run.py KT [--sanitized] [--show] [--only TEXT].

Each case is one malformed file and one child process with limits; it ends with the right exit code and one sentence on stderr, in time.
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import folder_cases  # noqa: E402
import gguf_cases  # noqa: E402
import harness  # noqa: E402
import text_cases  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kt")
    parser.add_argument("--sanitized", action="store_true", help="no limit of address space, more time")
    parser.add_argument("--show", action="store_true", help="print what each case was told")
    parser.add_argument("--only", default="", help="cases whose name has this text")
    options = parser.parse_args()
    cases = gguf_cases.cases() + folder_cases.cases() + text_cases.cases()
    chosen = [case for case in cases if options.only in case.name]
    if not chosen:
        sys.exit(f"no case has '{options.only}' in its name")
    sys.exit(0 if harness.run_all(options.kt, chosen, options.sanitized, options.show) else 1)


if __name__ == "__main__":
    main()
