"""kt doctor on the machine that the test runs on: layout, exit codes, and no word about its owner. Usage: doctor_test.py KT"""
import getpass
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

import transcript

KT = pathlib.Path(sys.argv[1]).resolve()
HERE = pathlib.Path(__file__).resolve().parent


def environment(home, **more):
    return {"PATH": f"{KT.parent}:{os.environ['PATH']}", "HOME": str(home), "LC_ALL": "C.UTF-8"} | more


def doctor(home, *flags, **more):
    return subprocess.run([KT, "doctor", *flags], capture_output=True, text=True, env=environment(home, **more), timeout=120)


def masked(text):
    return re.sub(r" {2,}", "  ", re.sub(r"\d+(\.\d+)?", "N", text))


# What not every machine has, or has in the same words.
OF_THE_MACHINE = re.compile(r"[✓!] (caches|governor|transparent huge pages|numa_balancing|libkt_cpu_|cpu N)")


def findings(text):
    """A line for each finding, in any layout, without those of this machine alone."""
    text = re.sub(r"\n    +", " ", transcript.masked(text))
    out = []
    for line in re.sub(r"  (?=[✓!✗] )", "\n", text).splitlines():
        line = re.sub(r"CPU .*", "CPU FEATURES", line.strip())
        line = re.sub(r"(plugins N) · .* · kernel", r"\1 · SYSTEM · kernel", line)
        line = re.sub(r"(free|threads) \(.*\)$", r"\1", line)  # what limits memory, and where the reads came from
        line = re.sub(r"models: .*", "models: FAMILIES", line)
        line = re.sub(r"N (thread|processor|NUMA node|warning)\b", r"N \1s", line)
        if line and not OF_THE_MACHINE.match(line):
            out.append("  " + line)
    return "\n".join(out)


class Journey(unittest.TestCase):
    maxDiff = None

    def test_in_a_terminal_and_piped(self):
        with tempfile.TemporaryDirectory() as home:
            names = [(home, "HOME"), (KT.parent, "BIN")]
            transcript.check(self, HERE / "journeys/j8_doctor.txt", environment(home), home, names, findings)


class Doctor(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.home = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def test_the_page_is_the_same_in_a_terminal_and_piped(self):
        piped = doctor(self.home)
        self.assertEqual((piped.returncode, piped.stderr), (0, ""), piped.stdout)
        shown = transcript.in_terminal(f"{KT} doctor", environment(self.home))[1]
        self.assertEqual(sorted(masked(piped.stdout).split()), sorted(masked(shown).split()))
        lines = piped.stdout.splitlines()
        self.assertRegex(masked(lines[0]), r"^  ✓ kt N\.N · plugins N · .*kernel N")
        self.assertRegex(masked(piped.stdout), r"✓ memory N GiB of N GiB free")
        self.assertRegex(masked(piped.stdout), r"✓ memory reads N GB/s, N threads")
        self.assertRegex(masked(piped.stdout), r"✓ ref N\.N: N operators")
        self.assertRegex(masked(lines[-1]), r"^  N problems, N warnings?; for an issue: kt doctor --json > kt-report\.json")
        for line in lines:
            self.assertLessEqual(len(line), 100, line)
            self.assertRegex(line, r"^  ([✓!✗] |  |\d)")

    def test_json_says_what_the_system_says(self):
        found = doctor(self.home, "--json")
        report = json.loads(found.stdout)
        self.assertEqual(found.stdout.count("\n"), 1)
        self.assertEqual(report["kt"]["version"], subprocess.run([KT, "--version"], capture_output=True, text=True).stdout.split()[1])
        meminfo = dict(line.split(":") for line in pathlib.Path("/proc/meminfo").read_text().splitlines())
        self.assertEqual(report["machine"]["memory"]["total"], int(meminfo["MemTotal"].split()[0]) * 1024)
        self.assertEqual(report["machine"]["processors"], len(os.sched_getaffinity(0)))
        self.assertGreater(report["machine"]["read_bytes_per_second"], 1e8)
        self.assertEqual(report["problems"], sum(f["grade"] == "problem" for f in report["findings"]))
        self.assertEqual(report["warnings"], sum(f["grade"] == "warning" for f in report["findings"]))
        self.assertTrue(any(p["name"] == "ref" and p["usable"] for p in report["plugins"]))

    def test_another_kt_in_front_is_a_problem(self):
        other = self.home / "bin/kt"
        other.parent.mkdir()
        other.write_text("#!/bin/sh\nexit 1\n")
        other.chmod(0o755)
        found = doctor(self.home, PATH=f"{other.parent}:{KT.parent}")
        self.assertEqual(found.returncode, 9, found.stdout)
        self.assertIn("✗ another `kt` is first in PATH: ~/bin/kt", found.stdout)
        self.assertIn("\n  1 problem, ", found.stdout)

    def test_a_library_that_cannot_be_used_is_named_with_the_reason(self):
        folder = self.home / ".local/share/kt/plugins"
        folder.mkdir(parents=True)
        (folder / "libnotes.so").write_text("not a library")
        (folder / "libnotes.so").chmod(0o644)
        found = doctor(self.home)
        self.assertEqual(found.returncode, 9, found.stdout)
        self.assertIn("✗ libnotes.so: ", found.stdout)
        self.assertIn("not a plugin", found.stdout)
        plugin = next(p for p in json.loads(doctor(self.home, "--json").stdout)["plugins"] if p["path"].endswith("libnotes.so"))
        self.assertEqual(plugin["path"], "~/.local/share/kt/plugins/libnotes.so")
        self.assertIn("not a plugin", plugin["reason"])

    def test_the_report_names_neither_user_nor_host(self):
        folder = self.home / ".local/share/kt/plugins" / getpass.getuser()
        folder.mkdir(parents=True)
        (folder / "libnotes.so").write_text("not a library")
        for flags in ([], ["--json"]):
            text = doctor(self.home, *flags, "--plugin-dir", str(folder)).stdout
            self.assertIn("libnotes.so", text)
            for name in (str(self.home), getpass.getuser(), socket.gethostname()):
                self.assertNotRegex(text, r"(?<![\w-])" + re.escape(name) + r"(?![\w-])")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
