"""Journeys as golden transcripts: the commands of a file are run in order, in a terminal of 100 columns and piped, and what each prints
is compared with what stands below it there.

A golden file has lines "$ COMMAND", what the command prints with numbers masked, and "[exit N]" where it ends with another code than 0.
A command is one line of bash; `cd FOLDER` alone changes the folder of those that follow. KT_UPDATE=1 writes the files anew.
"""
import fcntl
import os
import pathlib
import pty
import re
import struct
import subprocess
import termios

COLUMNS = 100
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def piped(command, environment, folder=None):
    """(exit code, text) of a command whose output goes into a pipe."""
    found = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder,
                           env=environment, timeout=300)
    return found.returncode, found.stdout.decode()


def in_terminal(command, environment, folder=None, columns=COLUMNS):
    """(exit code, text) of a command on a terminal; what it drew over is not there any more."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(["bash", "-c", command], stdin=follower, stdout=follower, stderr=follower, cwd=folder,
                               env=environment | {"TERM": "xterm-256color"}, start_new_session=True)
    os.close(follower)
    written = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        written += part
    code = process.wait(timeout=60)  # before the terminal goes, which would end it with SIGHUP
    os.close(leader)
    return code, drawn(written.decode())


def drawn(written):
    """The text that is left on a terminal: a carriage return goes back to the start of the line, ESC [K clears what follows."""
    lines = []
    for line in written.replace("\r\n", "\n").split("\n"):
        shown = ""
        for part in re.split(r"\r", line):
            clears = part.startswith("\x1b[K")
            part = part.removeprefix("\x1b[K")
            shown = part if clears or len(part) >= len(shown) else part + shown[len(part):]
        lines.append(shown)
    return "\n".join(lines)


def masked(text):
    """Without what differs from machine to machine: numbers, and the spaces that align them."""
    text = re.sub(r"(?<![\w#+])\d+(\.\d+)*(e[-+]\d+)?", "N", text)  # the numbers of names stay: KT-E0501, q4_k_m, auto#2
    return "\n".join(re.sub(r"(?<=\S) {2,}", "  ", line).rstrip() for line in text.splitlines())


def commands_of(path):
    return [line[2:] for line in pathlib.Path(path).read_text().splitlines() if line.startswith("$ ")]


def replay(path, environment, folder, run, mask=masked):
    """The transcript of the commands of a golden file as `run` (piped or in_terminal) shows them."""
    out = []
    for command in commands_of(path):
        out.append("$ " + command)
        if command.startswith("cd "):
            folder = os.path.normpath(os.path.join(folder, command[3:].replace("~", environment["HOME"])))
            continue
        code, text = run(command, environment, folder)
        text = mask(text)
        if text:
            out.append(text)
        if code != 0:
            out.append(f"[exit {code}]")
    return "\n".join(out) + "\n"


def check(test, path, environment, folder, names=(), mask=masked, modes=(piped, in_terminal)):
    """Fails the test where a transcript differs from its golden file, or a line is wider than the terminal. `names` are pairs of a text,
    as the path of a temporary folder, and what stands for it; `mask` sees what an output is after that."""
    def run_and_measure(run):
        def measured(command, *rest):
            code, text = run(command, *rest)
            if run is piped:
                test.assertNotIn("\x1b", text, command)
            text = COLOUR.sub("", text)
            for name, short in names:
                text = text.replace(str(name), short)
            for line in text.splitlines():
                if not re.search(r"error\[|hint:|repro:", line):  # sentences and commands are as long as what they name
                    test.assertLessEqual(len(line), COLUMNS, f"{command}\n{line}")
            return code, text
        return measured

    for run in modes:
        text = replay(path, environment, folder, run_and_measure(run), mask)
        if os.environ.get("KT_UPDATE") and run is modes[0]:
            pathlib.Path(path).write_text(text)
        test.assertEqual(text, pathlib.Path(path).read_text(), run.__name__)
