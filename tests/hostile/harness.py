"""Cases of files from outside, and running the program on each in a child process with limits."""
import concurrent.futures
import os
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile
import threading
import time
import zlib

REFUSE, ACCEPT, EITHER = "refuse", "accept", "either"
SECONDS = 5  # of the processor
SANITIZED_SLOWER = 6
WAIT = 120  # seconds of the clock: the machine may have much else to do
# Memory of a refusal (promise P2), above what the program takes to refuse an empty file.
REFUSAL_BYTES, REFUSAL_FACTOR = 64 << 20, 4
ERROR_LINE = re.compile(r"error\[KT-E(0\d{3})\]: \S")


class Case:
    """`write(folder)` makes the files; `words` are the arguments of kt, {} stands for the folder; a refusal exits with `code`."""

    def __init__(self, name, write, words, expected=REFUSE, code=4, stdin="", names_file=True):
        self.name, self.write, self.words, self.expected, self.code, self.stdin = name, write, words, expected, code, stdin
        self.names_file = names_file


def writer(content):
    """A function that writes `content`; it keeps it small, as the memory of this process counts as that of its children."""
    packed = zlib.compress(content, 1)
    return lambda path: path.write_bytes(zlib.decompress(packed))


def file_case(name, file_name, content, words, **more):
    write = writer(content)
    return Case(name, lambda folder: write(folder / file_name), words, **more)


def limit(is_sanitized):
    """Of the child: 1 GiB of address space, seconds of processor, 64 MiB of file, no core. Sanitizers reserve terabytes of addresses."""
    if not is_sanitized:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    seconds = SANITIZED_SLOWER * SECONDS if is_sanitized else SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Ending:
    """How a child ended: its exit code (None after too long, negative for a signal), what it wrote, seconds of processor, peak memory."""

    def __init__(self, code, out, error, seconds, peak):
        self.code, self.out, self.error, self.seconds, self.peak = code, out, error, seconds, peak


def run(program, words, folder, is_sanitized=False, stdin="", environment=None):
    settings = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **(environment or {})}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        given.write(stdin.encode())
        given.seek(0)
        process = subprocess.Popen([program, *(word.replace("{}", str(folder)) for word in words)], stdin=given, stdout=out, stderr=error,
                                   env=settings, preexec_fn=lambda: limit(is_sanitized))
        ended_late = threading.Event()
        timer = threading.Timer(WAIT, lambda: (ended_late.set(), process.kill()))
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        error.seek(0)
        code = None if ended_late.is_set() else process.returncode
        return Ending(code, out.read(), error.read(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10)


def broken_promise(case, ending, folder):
    """What is wrong with how a case ended, or None."""
    code = ending.code
    if code is None:
        return f"did not end within {WAIT} s"
    if code < 0:
        return f"ended by signal {-code}"
    try:
        text = ending.error.decode()
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
    if case.names_file and str(folder) not in text:
        return f"the error names no file: {text[:300]}"
    if len(text) > (20000 if case.code == 3 else 2000):
        return f"a message of {len(text)} characters"
    return None


def bytes_of(folder):
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def used_too_much(ending, folder, base, is_sanitized):
    if is_sanitized or ending.code not in (3, 4) or ending.peak <= base + REFUSAL_BYTES + REFUSAL_FACTOR * bytes_of(folder):
        return None
    return f"took {ending.peak >> 20} MiB to refuse {bytes_of(folder)} bytes"


def run_case(program, case, is_sanitized, base):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kt-hostile-"))
    try:
        case.write(folder)
        ending = run(program, case.words, folder, is_sanitized, case.stdin)
        problem = broken_promise(case, ending, folder) or used_too_much(ending, folder, base, is_sanitized)
        return case, problem, ending.error.decode(errors="replace").replace(str(folder), "."), ending
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_all(program, cases, is_sanitized, show):
    """Runs the cases two at a time and prints what failed; whether none did."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "names of cases are unique"
    failed = 0
    start = time.monotonic()
    slowest, largest = (0, ""), (0, "")
    base = run(program, ["inspect", "{}/nothing.gguf"], tempfile.gettempdir(), is_sanitized).peak
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for case, problem, text, ending in pool.map(lambda case: run_case(program, case, is_sanitized, base), cases):
            slowest = max(slowest, (ending.seconds, case.name))
            largest = max(largest, (ending.peak, case.name))
            if show:
                print(f"{case.name}: {text.strip()}")
            if problem:
                failed += 1
                print(f"FAILED {case.name}: {problem}")
    print(f"{len(cases)} cases, {failed} failed, {time.monotonic() - start:.1f} s; slowest {slowest[1]}: {slowest[0]:.2f} s of processor; "
          f"largest {largest[1]}: {largest[0] >> 20} MiB")
    return failed == 0
