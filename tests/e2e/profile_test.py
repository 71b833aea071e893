"""--profile: the table, the same as JSON, and the trace.

usage: profile_test.py KT SOURCE_FOLDER
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

KT, SOURCE = "", ""


def kt(*arguments, stdin=""):
    clean = {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir() + "/kt-no-home", "LC_ALL": "C.UTF-8"}
    return subprocess.run([KT, *arguments], input=stdin, capture_output=True, text=True, timeout=120, env=clean)


def model():
    return os.path.join(SOURCE, "tests", "golden", "models", "qwen3_moe")


def run(*arguments):
    return kt("run", model(), "--ids", "1,2,3,4,5", "-n", "4", "--temp", "0", "--ignore-eos", *arguments)


class Profile(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.trace = self.folder.name + "/trace.json"

    def test_every_step_of_every_run_is_counted_once(self):
        result = run("--profile", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        phases = {phase["phase"]: phase for phase in json.loads(result.stdout)["profile"]}
        # A prompt of 5 rows is a decode batch, as every batch of at most 8 rows a sequence.
        self.assertEqual(set(phases), {"decode"})
        self.assertEqual((phases["decode"]["runs"], phases["decode"]["rows"]), (4, 8))
        for row in phases["decode"]["operators"]:
            self.assertEqual(row["calls"], 4 * row["nodes"], row)
        shares = sum(row["share"] for row in phases["decode"]["operators"])
        self.assertAlmostEqual(shares + phases["decode"]["between_steps_ms"] / phases["decode"]["ms"], 1, places=3)
        rates = {row["class"]: row["gb_s"] for row in phases["decode"]["operators"]}
        self.assertGreater(rates["MoeExperts"], 0)
        self.assertGreater(rates["Attention"], 0)
        self.assertIsNone(rates["Rope"])

    def test_the_table_stands_on_stderr_and_the_answer_alone_on_stdout(self):
        plain, profiled = run(), run("--profile")
        self.assertEqual(profiled.stdout, plain.stdout)
        self.assertIn("CLASS", profiled.stderr)
        self.assertIn("MoeExperts", profiled.stderr)
        self.assertNotIn("CLASS", plain.stderr)

    def test_the_trace_has_every_step_within_its_run(self):
        for arguments in (["--profile", self.trace], ["--profile=" + self.trace]):
            result = run(*arguments, "--json")
            self.assertEqual(result.returncode, 0, result.stderr)
            phases = json.loads(result.stdout)["profile"]
            with open(self.trace) as file:
                events = [e for e in json.load(file)["traceEvents"] if e["ph"] == "X"]
            runs = [e for e in events if e["cat"] == "run"]
            steps = [e for e in events if e["cat"] != "run"]
            self.assertEqual(len(runs), sum(phase["runs"] for phase in phases))
            self.assertEqual(len(steps), sum(row["calls"] for phase in phases for row in phase["operators"]))
            for step in steps:
                inside = [r for r in runs if r["ts"] <= step["ts"] + 0.01 and step["ts"] + step["dur"] <= r["ts"] + r["dur"] + 0.01]
                self.assertEqual(len(inside), 1, step)
            self.assertTrue(any(step["args"]["node"] == "model.layers.0.mlp.experts" for step in steps))

    def test_a_prompt_after_the_flag_is_no_file(self):
        result = kt("run", "--profile", "one two", "-m", model(), "-n", "1", "--raw")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertFalse(os.path.exists("one two"))

    def test_perplexity_and_bench_profile_too(self):
        result = kt("perplexity", model(), "-f", "-", "--profile", "--json", stdin="The licence says: you may copy and share.")
        self.assertIn("profile", json.loads(result.stdout), result.stderr)
        result = kt("bench", model(), "-p", "12", "-n", "2", "-r", "1", "-t", "2", "--profile", "--json")
        phases = {phase["phase"]: phase for phase in json.loads(result.stdout)["profile"]}
        self.assertEqual(set(phases), {"prefill", "decode"}, result.stderr)

    def test_a_file_that_cannot_be_a_trace_is_refused_before_the_run(self):
        for path in (self.folder.name + "/no/trace.json", self.folder.name + "/trace.txt"):
            result = run("--profile=" + path)
            self.assertEqual(result.returncode, 2, path)
            self.assertIn("--profile", result.stderr)
            self.assertEqual(result.stdout, "")


if __name__ == "__main__":
    KT, SOURCE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
