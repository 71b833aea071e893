"""What holds for every verb: help with examples, usage errors, --json, no colour where none is wanted. A verb without a row here fails.

usage: verbs_test.py KT SOURCE_FOLDER
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import transcript

KT, SOURCE = pathlib.Path(), pathlib.Path()
LLAMA = "{source}/tests/golden/models/llama"
RULES = "{source}/rules/base/ref.yaml"

# Verb: words that make it succeed; what it reads from stdin; the exit code. With --json each prints one document, or as many lines of JSON
# as LINES says.
ROWS = {
    "run": ([LLAMA, "--ids", "1,2,3", "-n", "2", "--temp", "0"], "", 0),
    "chat": (["--temp", "0", "-n", "2"], "hello\n\nhello\n", 0),
    "logits": ([LLAMA, "--ids", "1,2", "--positions", "-1"], "", 0),
    "tokenize": ([LLAMA], "share this", 0),
    "detokenize": ([LLAMA, "--ids", "1,2"], "", 0),
    "template render": (["--template", "{folder}/t.jinja", "--messages", "{folder}/m.json"], "", 0),
    "inspect": ([LLAMA], "", 0),
    "plan": (["{source}/tests/e2e/plan/deepseek_v3/config.json", "--machine", "{source}/tests/e2e/plan/machine.json"], "", 5),
    "rules check": ([RULES, "-m", LLAMA], "", 0),
    "rules explain": ([RULES, "-m", LLAMA, "--node", "lm_head"], "", 0),
    "rules diff": ([RULES, RULES, "-m", LLAMA], "", 0),
    "plugins ls": ([], "", 0),
    "plugins schema": ([], "", 0),
    "plugins check": (["ref", "--case", "Silu/0000", "--runs", "1"], "", 0),
    "plugins new": (["acme{number}"], "", 0),
    "models new": (["family{number}"], "", 0),
    "perplexity": ([LLAMA, "-f", "-"], "You may copy, change and share it.", 0),
    "quantize": ([LLAMA, "{folder}/small{number}.gguf", "--type", "q8_0"], "", 0),
    "synth": (["deepseek-v2-lite:1", "--experts", "8", "--vocab", "512", "--type", "q4_0", "-o", "{folder}/synth{number}.gguf"], "", 0),
    "config show": ([], "", 0),
    "config get": (["predict"], "", 0),
    "config set": (["predict", "7"], "", 0),
    "config path": ([], "", 0),
    "doctor": ([], "", 0),
    "completion": (["bash"], "", 0),
    "help": (["run"], "", 0),
    "version": ([], "", 0),
}
LINES = {"chat": 2}
# Rows that this table leaves to tests of their own, and why.
ELSEWHERE = {
    "bench": "measures for seconds: bench/",
    "bench compare": "compares two results: bench/",
    "rules init": "prints a rule file, whatever --json says: tests/unit/rules",
    "rules schema": "prints a schema, which is JSON itself, or with --map a table: tests/unit/rules",
}


class Verbs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.place.name)
        (cls.folder / "t.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
        (cls.folder / "m.json").write_text(json.dumps({"messages": [{"role": "user", "content": "hi"}]}))
        cls.environment = {"PATH": os.environ["PATH"], "HOME": str(cls.folder), "LC_ALL": "C.UTF-8"}
        cls.number = 0

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def kt(self, *words, stdin=""):
        return subprocess.run([KT, *words], input=stdin, capture_output=True, text=True, cwd=self.folder, env=self.environment, timeout=120)

    def words(self, verb):
        Verbs.number += 1
        words = [word.format(source=SOURCE, folder=self.folder, number=self.number) for word in ROWS[verb][0]]
        return [*verb.split(), *words]

    def verbs_of(self, *path):
        text = self.kt("help", *path).stdout
        return re.findall(r"^  (\S+) ", text.split("\nverbs:\n")[1].split("\n\n")[0], re.M) if "\nverbs:\n" in text else []

    def all_verbs(self):
        for verb in self.verbs_of():
            below = self.verbs_of(verb)
            yield from ([f"{verb} {name}" for name in below] or [verb])

    def test_have_a_row_each(self):
        verbs = list(self.all_verbs())
        self.assertGreater(len(verbs), 20)
        self.assertEqual(sorted(set(verbs) - set(ELSEWHERE)), sorted(ROWS))

    def test_help_begins_with_examples(self):
        for verb in self.all_verbs():
            found = self.kt(*verb.split(), "--help")
            self.assertEqual((found.returncode, found.stderr), (0, ""), verb)
            self.assertRegex(found.stdout, rf"^kt {verb}: .*\n(.*\n)*?\nexamples:\n  .*kt {verb.split()[0]}", verb)
            self.assertEqual(list(json.loads(self.kt(*verb.split(), "--help", "--json").stdout)), ["help"], verb)

    def test_answer_to_an_unknown_flag_with_2_and_a_near_one(self):
        for verb in self.all_verbs():
            found = self.kt(*verb.split(), "--jsom")
            self.assertEqual((found.returncode, found.stdout), (2, ""), verb)
            self.assertRegex(found.stderr, r"^kt: error\[KT-E0101\]: ", verb)

    def test_print_one_json_document_and_nothing_else(self):
        for verb, (_, stdin, code) in ROWS.items():
            with self.subTest(verb):
                found = self.kt(*self.words(verb), "--json", stdin=stdin)
                self.assertEqual(found.returncode, code, found.stderr)
                lines = found.stdout.splitlines()
                self.assertEqual(len(lines), LINES.get(verb, 1), found.stdout)
                for line in lines:
                    self.assertIsInstance(json.loads(line), dict)

    def test_have_no_colour_in_a_pipe(self):
        for verb, (_, stdin, code) in ROWS.items():
            with self.subTest(verb):
                found = self.kt(*self.words(verb), stdin=stdin)
                self.assertEqual(found.returncode, code, found.stderr)
                self.assertNotIn("\x1b", found.stdout + found.stderr)

    def test_have_no_colour_on_a_terminal_that_wants_none(self):
        for verb in ("run", "plan", "plugins ls", "rules check", "doctor"):
            for environment, flags in ((self.environment | {"NO_COLOR": "1"}, []), (self.environment, ["--no-color"])):
                command = " ".join([str(KT), *self.words(verb), *flags])
                with self.subTest(command):
                    code, text = transcript.in_terminal(command, environment, self.folder)
                    self.assertEqual(code, ROWS[verb][2], text)
                    self.assertNotRegex(text, transcript.COLOUR)

    def test_are_explained_for_every_error_code(self):
        codes = [error["code"] for error in json.loads(self.kt("help", "errors", "--json").stdout)["errors"]]
        self.assertGreater(len(codes), 60)
        for code in codes:
            found = self.kt("help", code)
            self.assertEqual((found.returncode, found.stderr), (0, ""), code)
            self.assertTrue(found.stdout.startswith(f"{code}: ") or found.stdout.startswith(f"{code} "), found.stdout)
            self.assertRegex(found.stdout, r"exit code \d+|warning", code)

    def test_no_verb_and_the_version_are_documents_too(self):
        self.assertEqual(list(json.loads(self.kt("--json").stdout)), ["help"])
        self.assertEqual(json.loads(self.kt("--version", "--json").stdout)["version"], json.loads(self.kt("version", "--json").stdout)["version"])


if __name__ == "__main__":
    KT, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
