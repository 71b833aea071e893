"""Cases of files from outside, and running the program on each in a child process with limits."""
import concurrent.futures
import os
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile
import time

REFUSE, ACCEPT, EITHER = "refuse", "accept", "either"
SECONDS = 10
ERROR_LINE = re.compile(r"error\[KT-E(0\d{3})\]: \S")


class Case:
    """`write(folder)` makes the files; `words` are the arguments of kt, {} stands for the folder."""

    def __init__(self, name, write, words, expected=REFUSE, code=4, stdin=""):
        self.name, self.write, self.words, self.expected, self.code, self.stdin = name, write, words, expected, code, stdin


def file_case(name, file_name, content, words, **more):
    return Case(name, lambda folder: (folder / file_name).write_bytes(content), words, **more)


def limit(is_sanitized):
    """Of the child: 1 GiB of address space, seconds of processor, 64 MiB of file, no core. Sanitizers reserve terabytes of addresses."""
    if not is_sanitized:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(program, words, folder, is_sanitized=False, stdin="", environment=None):
    """(exit code, stdout, stderr, seconds); the code is None after SECONDS, negative for a signal."""
    start = time.monotonic()
    settings = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **(environment or {})}
    process = subprocess.Popen([program, *(word.replace("{}", str(folder)) for word in words)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=settings, preexec_fn=lambda: limit(is_sanitized))
    try:
        out, error = process.communicate(stdin.encode(), timeout=3 * SECONDS if is_sanitized else SECONDS)
        code = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        out, error = process.communicate()
        code = None
    return code, out, error, time.monotonic() - start


def broken_promise(case, code, error):
    """What is wrong with how a case ended, or None."""
    if code is None:
        return f"did not end within {SECONDS} s"
    if code < 0:
        return f"ended by signal {-code}"
    try:
        text = error.decode()
    except UnicodeDecodeError:
        return "stderr is not UTF-8"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e]", text):
        return "stderr has a control character of the file"
    lines = [line for line in text.splitlines() if ERROR_LINE.search(line)]
    if code == 0:
        return "was accepted" if case.expected == REFUSE else "success with an error" if lines else None
    if case.expected == ACCEPT:
        return f"was refused: {text[:300]}"
    if code != case.code:
        return f"exit code {code}, not {case.code}: {text[:300]}"
    if not lines or (case.code != 3 and len(lines) != 1):
        return f"{len(lines)} error lines: {text[:300]}"
    if len(text) > (20000 if case.code == 3 else 2000):
        return f"a message of {len(text)} characters"
    return None


def run_case(program, case, is_sanitized):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kt-hostile-"))
    try:
        case.write(folder)
        code, _, error, seconds = run(program, case.words, folder, is_sanitized, case.stdin)
        return case, broken_promise(case, code, error), error.decode(errors="replace").replace(str(folder), "."), seconds
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_all(program, cases, is_sanitized, show):
    """Runs the cases two at a time and prints what failed; whether none did."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "names of cases are unique"
    failed = 0
    start = time.monotonic()
    slowest = (0, "")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for case, problem, text, seconds in pool.map(lambda case: run_case(program, case, is_sanitized), cases):
            slowest = max(slowest, (seconds, case.name))
            if show:
                print(f"{case.name}: {text.strip()}")
            if problem:
                failed += 1
                print(f"FAILED {case.name}: {problem}")
    print(f"{len(cases)} cases, {failed} failed, {time.monotonic() - start:.1f} s; slowest {slowest[1]}: {slowest[0]:.2f} s")
    return failed == 0
