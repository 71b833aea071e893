"""kt bench: the documents that scripts read, the forms of the table, and the comparison of two results.

usage: bench_test.py KT SOURCE_FOLDER
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

KT, SOURCE = "", ""


def kt(*arguments):
    clean = {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir() + "/kt-no-home", "LC_ALL": "C.UTF-8"}
    return subprocess.run([KT, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, env=clean)


def model():
    return os.path.join(SOURCE, "tests", "golden", "models", "llama")


class Bench(unittest.TestCase):
    def test_every_test_is_a_row_with_its_limit(self):
        result = kt("bench", model(), "-p", "24,8", "-n", "4", "-d", "0,40", "-b", "1,2", "-t", "2", "-r", "2", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        out = json.loads(result.stdout)
        self.assertLessEqual({"machine", "limits", "results"}, set(out))
        tests = [row["test"] for row in out["results"]]
        self.assertEqual(tests, [t + d + b for d in ("", "@40") for b in ("", "x2") for t in ("pp24", "pp8", "tg4")])
        for row in out["results"]:
            self.assertLessEqual({"test", "threads", "tok_s", "spread", "share_of_limit", "bound_by"}, set(row))
            self.assertEqual(len(row["samples"]), 2)
            self.assertGreater(row["tok_s"], 0)

    def test_an_operator_is_measured_and_checked_against_ref(self):
        result = kt("bench", "--op", "moe", "--geometry", "deepseek-v2-lite", "--type", "q8_0", "--experts", "6", "--tokens", "1,3", "-t", "2",
                    "-r", "2", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        out = json.loads(result.stdout)
        self.assertEqual([row["tokens"] for row in out["results"]], [1, 3])
        for row in out["results"]:
            self.assertLessEqual({"tokens", "ms", "spread", "gflops", "gb_s", "share_of_limit"}, set(row))
        self.assertGreaterEqual(out["max_err"], 0)

    def test_forms_of_the_table(self):
        arguments = ("bench", model(), "-n", "3", "-r", "1", "-t", "2", "--format")
        markdown, csv = kt(*arguments, "md").stdout.splitlines(), kt(*arguments, "csv").stdout.splitlines()
        self.assertEqual([len(line.split("|")) for line in markdown], [10, 10, 10])
        self.assertEqual([len(line.split(",")) for line in csv], [8, 8])
        self.assertTrue(csv[1].startswith("tg3,2,0,1,"))


class Compare(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, document):
        path = os.path.join(self.folder.name, name)
        with open(path, "w") as file:
            json.dump(document, file)
        return path

    def results(self, name, test, samples, **more):
        return self.write(name, {"results": [{"test": test, "samples": samples, **more}]})

    def compare(self, *arguments):
        result = kt("bench", "compare", *arguments, "--json")
        return result.returncode, json.loads(result.stdout) if result.stdout else result.stderr

    def test_a_change_beyond_the_noise_is_significant(self):
        before = self.results("a.json", "tg64", [30.0, 30.2, 30.1, 29.9])
        faster = self.results("b.json", "tg64", [33.0, 33.1, 32.9, 33.2])
        code, out = self.compare(before, faster)
        self.assertEqual((code, out["regressed"]), (0, False))
        self.assertEqual(out["results"][0]["verdict"], "significant")
        self.assertAlmostEqual(out["results"][0]["change_percent"], 10, delta=0.5)
        code, out = self.compare(faster, before)
        self.assertEqual((code, out["regressed"]), (9, True))
        self.assertEqual(self.compare(faster, before, "--max-regress", "15")[0], 0)

    def test_a_change_within_the_noise_is_none(self):
        before = self.results("a.json", "tg64", [30.0, 36.0, 24.0])
        slower = self.results("b.json", "tg64", [27.0, 33.0, 22.0])
        code, out = self.compare(before, slower)
        self.assertEqual((code, out["results"][0]["verdict"]), (0, "noise"))

    def test_less_time_is_faster(self):
        before = self.results("a.json", "moe q4_k@1", [2.0, 2.01, 1.99], ms=2.0)
        after = self.results("b.json", "moe q4_k@1", [1.0, 1.01, 0.99], ms=1.0)
        self.assertGreater(self.compare(before, after)[1]["results"][0]["change_percent"], 90)

    def test_results_of_a_run_compare_with_themselves(self):
        path = os.path.join(self.folder.name, "run.json")
        self.assertEqual(kt("bench", model(), "-n", "3", "-r", "2", "-t", "2", "-o", path).returncode, 0)
        code, out = self.compare(path, path)
        self.assertEqual((code, out["results"][0]["change_percent"]), (0, 0))
        self.assertIn("tg3", kt("bench", "compare", path, path).stdout)

    def test_what_holds_no_results_is_refused_in_one_sentence(self):
        good = self.results("good.json", "tg64", [1.0, 2.0])
        for bad in ({"results": [3]}, {"results": [{"test": 1}]}, {"results": [{"test": "tg64", "samples": ["x"]}]}, {"results": {}}, [1],
                    {"results": [{"test": "tg64", "samples": []}]}, {"results": [{"test": "other", "samples": [1.0]}]}):
            code, text = self.compare(self.write("bad.json", bad), good)
            self.assertEqual(code, 2, text)
            self.assertIn("KT-E0102", text)
        self.assertEqual(self.compare(good, "/nonexistent.json")[0], 2)


if __name__ == "__main__":
    KT, SOURCE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
