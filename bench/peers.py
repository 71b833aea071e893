"""The programs that bench/run.py compares: each decodes a prompt greedily and says how many tokens a second it made."""
import json
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
PACKAGES = ["torch==2.13.0", "transformers==4.57.6"]


class Kt:
    """One process a measurement, as a person runs it."""

    def __init__(self, model, threads):
        self.name = "kt run"
        self.command = [str(REPOSITORY / "build/bin/kt"), "run", str(model), "--temp", "0", "--ignore-eos", "--json", "-t", str(threads)]

    def command_line(self, tokens):
        return " ".join(["build/bin/kt", *self.command[1:], "--ids IDS", "-n", str(tokens)])

    def decode(self, ids, tokens):
        command = [*self.command, "--ids", ",".join(map(str, ids)), "-n", str(tokens)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise SystemExit(f"kt run failed: {done.stderr.strip()}")
        answer = json.loads(done.stdout)
        return answer["ids"], (len(answer["ids"]) - 1) / answer["timings"]["decode_s"]

    def close(self):
        pass


class Transformers:
    """One process for all measurements: loading is not measured."""

    def __init__(self, model, threads, dtype):
        self.name = f"transformers {dtype}"
        self.command = [str(python_with_packages()), str(REPOSITORY / "bench/transformers_worker.py"), str(model),
                        "--threads", str(threads), "--dtype", dtype]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.read()

    def command_line(self, tokens):
        return " ".join(["build/bench-venv/bin/python", "bench/transformers_worker.py", *self.command[2:], f"  ({tokens} tokens)"])

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended early; run its command by hand to see why: {' '.join(self.command)}")
        return json.loads(line)

    def decode(self, ids, tokens):
        self.process.stdin.write(json.dumps({"ids": ids, "tokens": tokens}) + "\n")
        self.process.stdin.flush()
        answer = self.read()
        return answer["ids"], (len(answer["ids"]) - 1) / answer["decode_s"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def python_with_packages():
    """The interpreter of build/bench-venv, made when missing."""
    folder = REPOSITORY / "build" / "bench-venv"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"making {folder} with {', '.join(PACKAGES)} (once)", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        cpu_wheels = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
        subprocess.run([str(python), "-m", "pip", "install", "-q", *cpu_wheels, *PACKAGES], check=True)
        (folder / "complete").touch()
    return python
