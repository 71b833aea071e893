"""The programs that bench/run.py compares: each decodes a prompt greedily and says how many tokens a second it made."""
import json
import subprocess

from packages import REPOSITORY, python_of


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
        self.command = [str(python_of("transformers")), str(REPOSITORY / "bench/workers/transformers_decode.py"), str(model),
                        "--threads", str(threads), "--dtype", dtype]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.read()

    def command_line(self, tokens):
        return " ".join(["build/bench-transformers/bin/python", "bench/workers/transformers_decode.py", *self.command[2:], f"  ({tokens} tokens)"])

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
