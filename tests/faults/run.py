#!/usr/bin/env python3
"""Loads models while one call fails: run.py KT LIBRARY [--all] [--only TEXT] [--show N].

LIBRARY (faults.c) is preloaded and makes the n-th allocation, open, read, map, status or start of a thread fail; the kind "space" instead
leaves the program n MiB of addresses. However a verb ends, it says one sentence and exits with a code of its own, or its answer is the same
as without the fault; it leaves no files behind.
Without --all, some n of every kind are tried.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"
FOLDER, FILE = str(GOLDEN / "models/llama"), str(GOLDEN / "gguf/llama-q8_0.gguf")
EXPERTS = str(GOLDEN / "models/qwen3_moe")
KINDS = ("memory", "open", "read", "map", "status", "thread")
SPACE = "space"
SPACES = (16, 24, 32, 48, 64, 96, 128, 192, 256, 512)  # MiB
POINTS = 10  # of a kind and a command
WAIT = 120
ERROR_LINE = re.compile(r"error\[KT-E0\d{3}\]: \S")
RULES = "- match: {class: Linear}\n  replace: {class: cpu.linear}\n"
MESSAGES = '{"messages": [{"role": "user", "content": "Hi"}]}'
COMMANDS = {
    "run_gguf": ["run", "-m", FILE, "--raw", "-n", "1", "-t", "2", "--temp", "0", "a"],
    "run_folder": ["run", "-m", EXPERTS, "-n", "1", "-t", "2", "--temp", "0", "a"],
    "inspect_gguf": ["inspect", FILE, "--tensors"],
    "inspect_folder": ["inspect", FOLDER, "--graph"],
    "tokenize": ["tokenize", FOLDER, "-f", "{}/text"],
    "rules": ["rules", "check", "{}/r.yaml", "-m", EXPERTS],
    "template": ["template", "render", "-m", EXPERTS, "--messages", "{}/m.json"],
}


class Place:
    """A folder for one run: the files that its command reads, and nothing else at the end."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kt-faults-"))
        (self.folder / "text").write_text("Hello world")
        (self.folder / "r.yaml").write_text(RULES)
        (self.folder / "m.json").write_text(MESSAGES)
        self.names = self.all_names()
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def all_names(self):
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}

    def left_behind(self):
        return sorted(self.all_names() - self.names - {"count"})


def run(options, place, words, kind, at):
    environment = {"PATH": os.environ["PATH"], "HOME": str(place.folder), "TMPDIR": str(place.folder), "LANG": "C.UTF-8",
                   "LD_PRELOAD": options.library, "KT_FAULT_KIND": kind, "KT_FAULT_AT": str(at), "KT_FAULT_COUNT": str(place.folder / "count")}
    environment.update({name: content for name, content in os.environ.items() if name == "KT_FAULT_TRACE"})
    words = [word.replace("{}", str(place.folder)) for word in words]
    limit = (lambda: resource.setrlimit(resource.RLIMIT_AS, (at << 20, at << 20))) if kind == SPACE and at else None
    try:
        return subprocess.run([options.kt, *words], stdin=subprocess.DEVNULL, capture_output=True, env=environment, cwd=place.folder,
                              timeout=WAIT, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        return None


def plain(out, place):
    return out.decode(errors="replace").replace(str(place.folder), "")


def problem_of(options, words, kind, at, answer):
    with Place() as place:
        done = run(options, place, words, kind, at)
        if done is None:
            return f"did not end within {WAIT} s"
        error = done.stderr.decode(errors="replace")
        if done.returncode < 0:
            return f"ended by signal {-done.returncode}: {error[:600]}"
        if place.left_behind():
            return f"left {place.left_behind()} behind"
        if done.returncode == 0:
            return None if plain(done.stdout, place) == answer else f"answered otherwise: {done.stdout[:200]!r}, {error[:200]}"
        if kind == SPACE and done.returncode == 127:
            return None  # the loader of programs found no place for kt
        if done.returncode > 9 or not ERROR_LINE.search(error):
            return f"exit code {done.returncode}: {error[:600]}"
        return None


def chosen(count, shift, is_all):
    """Numbers of calls: all, or some that lie evenly, others for every command."""
    if is_all or count <= POINTS:
        return range(1, count + 1)
    return sorted({1 + (shift + number * count // POINTS) % count for number in range(POINTS)} | {count})


def whole_run(options, name, words, kind):
    """How many calls of the kind a run without faults makes, and its answer."""
    with Place() as place:
        done = run(options, place, words, kind, 0)
        assert done and done.returncode == 0, f"{name} works without faults: {done and done.stderr}"
        return int((place.folder / "count").read_text()), plain(done.stdout, place)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kt")
    parser.add_argument("library")
    parser.add_argument("--all", action="store_true", help="every call of every kind, which takes long")
    parser.add_argument("--show", type=int, help="with --only COMMAND.KIND: what the fault of this number leads to")
    parser.add_argument("--only", default="", help="commands and kinds whose name COMMAND.KIND has this text")
    options = parser.parse_args()
    options.kt, options.library = os.path.abspath(options.kt), os.path.abspath(options.library)
    if options.show:
        name, kind = options.only.split(".")
        os.environ["KT_FAULT_TRACE"] = "1"
        with Place() as place:
            print(run(options, place, COMMANDS[name], kind, options.show).stderr.decode())
        return
    jobs = []
    for number, (name, words) in enumerate(COMMANDS.items()):
        for kind in (kind for kind in (*KINDS, SPACE) if options.only in f"{name}.{kind}"):
            count, answer = whole_run(options, name, words, kind)
            points = SPACES if kind == SPACE else chosen(count, 17 * number, options.all)
            jobs += [(name, words, kind, at, answer) for at in points]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (name, _, kind, at, _), problem in zip(jobs, pool.map(lambda job: problem_of(options, *job[1:]), jobs)):
            if problem:
                failed += 1
                print(f"FAILED {name}.{kind}.{at}: {problem}")
    print(f"{len(jobs)} faults, {failed} badly ended")
    sys.exit(1 if failed or not jobs else 0)


if __name__ == "__main__":
    main()
