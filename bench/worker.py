"""A program that stays loaded and answers requests, one JSON document a line (bench/workers/protocol.py)."""
import json
import subprocess


class Worker:
    def __init__(self, command):
        self.command = [str(part) for part in command]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        while line and not line.startswith("{"):  # greetings of libraries
            line = self.process.stdout.readline()
        if not line:
            last = (self.process.communicate()[1] or "no message").strip().splitlines()[-1:]
            raise RuntimeError(f"{' '.join(self.command)} ended: {''.join(last)}")
        return json.loads(line)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
