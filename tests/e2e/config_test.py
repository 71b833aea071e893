"""kt config and the order of its layers, as a user meets them. Usage: config_test.py KT"""
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest


class Config(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.user = self.folder / "home/kt/config.yaml"
        self.user.parent.mkdir(parents=True)

    def kt(self, *arguments, **variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KT_")}
        return subprocess.run([KT, *arguments], capture_output=True, text=True, timeout=60, cwd=self.folder, stdin=subprocess.DEVNULL,
                              env={**kept, "XDG_CONFIG_HOME": str(self.folder / "home"), **variables})

    def setting(self, key, *arguments, **variables):
        return json.loads(self.kt("config", "get", key, "--json", *arguments, **variables).stdout)

    def write_folder_file(self, text):
        (self.folder / "kt.yaml").write_text(text)

    def test_layers_win_in_the_documented_order(self):
        self.assertEqual(self.setting("top-k")["origin"], "built-in")
        self.user.write_text("top-k: 1\n")
        self.assertEqual(self.setting("top-k"), {"key": "top-k", "value": "1", "origin": f"{self.user}:1:8"})
        self.write_folder_file("top-k: 2\n")
        self.assertEqual(self.setting("top-k"), {"key": "top-k", "value": "2", "origin": "kt.yaml:1:8"})
        named = self.folder / "named.yaml"
        named.write_text("\ntop-k: 3\n")
        self.assertEqual(self.setting("top-k", "--config", str(named))["origin"], f"{named}:2:8")
        self.assertEqual(self.setting("top-k", "--config", str(named), KT_TOP_K="4")["origin"], "KT_TOP_K")

    def test_a_file_sets_what_a_verb_does_and_a_flag_or_variable_wins(self):
        self.user.write_text("json: true\n")
        self.assertIn("plugins", json.loads(self.kt("plugins", "ls").stdout))
        self.assertTrue(self.kt("plugins", "ls", KT_JSON="off").stdout.startswith("  PLUGIN"))
        self.user.write_text("plugins: {ls: {json: on}}\n")
        self.assertIn("plugins", json.loads(self.kt("plugins", "ls").stdout))

    def test_mistakes_have_code_place_and_hint(self):
        cases = [
            ("threds: 2\n", "kt.yaml:1:1: error[KT-E0302]", "did you mean 'threads'?"),
            ("json: [true]\nrun: {nothing: 1}\n", "kt.yaml:2:7: error[KT-E0302]", ""),
            ("json: maybe\n", "kt.yaml:1:7: error[KT-E0303]", "switch"),
            ("a: b: c\n", "kt.yaml:1:", "KT-E0301"),
            ("- json\n", "kt.yaml:1:1: error[KT-E0301]", "a map"),
            ("plugin-dir: [x]\n", "kt.yaml:1:1: error[KT-E0303]", "plugins are code"),
            ("config: other.yaml\n", "kt.yaml:1:1: error[KT-E0302]", ""),
        ]
        for text, place, words in cases:
            self.write_folder_file(text)
            failed = self.kt("plugins", "ls")
            self.assertEqual(failed.returncode, 3, text)
            self.assertIn(place, failed.stderr, text)
            self.assertIn(words, failed.stderr, text)
            self.assertEqual(failed.stdout, "", text)
            self.assertEqual(self.kt("help").returncode, 0, "help must work with any file")
        missing = self.kt("plugins", "ls", "--config", "none.yaml")
        self.assertEqual(missing.returncode, 3)
        self.assertIn("KT-E0301", missing.stderr)

    def test_set_keeps_every_other_byte(self):
        before = "# mine\nthreads: 4   # few\nrun:\n    temp: 0.1\n    # later\n\"top-k\": 5\n"
        self.user.write_text(before)
        self.user.chmod(0o640)
        for key, value, old, new in [("threads", "8", "threads: 4", "threads: 8"), ("run.temp", "0.2", "temp: 0.1", "temp: 0.2"),
                                     ("run.min-p", "0.3", "run:\n", "run:\n    min-p: 0.3\n"), ("system", "a: # b", "", None)]:
            text = self.user.read_text()
            wanted = text + "system: 'a: # b'\n" if new is None else text.replace(old, new, 1)
            dry = self.kt("config", "set", key, value, "--dry-run")
            self.assertEqual((dry.returncode, dry.stdout, self.user.read_text()), (0, wanted, text), dry.stderr)
            self.assertEqual(self.kt("config", "set", key, value).returncode, 0)
            self.assertEqual(self.user.read_text(), wanted)
        self.assertEqual(stat.S_IMODE(self.user.stat().st_mode), 0o640)
        self.assertEqual(list(self.user.parent.iterdir()), [self.user], "no temporary file may stay")

    def test_set_makes_the_file_and_writes_lists(self):
        self.user.parent.rmdir()
        self.assertEqual(self.kt("config", "set", "rules", "a.yaml", "b,c.yaml").returncode, 0)
        self.assertEqual(self.user.read_text(), "rules: [a.yaml, 'b,c.yaml']\n")
        self.assertEqual(self.kt("config", "get", "rules").stdout, "a.yaml\nb,c.yaml\n")

    def test_set_refuses_what_no_flag_would_take(self):
        for arguments in (("threads", "many"), ("thread", "1"), ("run.nothing", "1"), ("threads", "1", "2"), ("config", "x")):
            refused = self.kt("config", "set", *arguments)
            self.assertEqual(refused.returncode, 2, arguments)
            self.assertFalse(self.user.exists())

    def test_set_leaves_a_form_alone_that_it_cannot_edit(self):
        self.user.write_text("run: {temp: 0.1}\n")
        refused = self.kt("config", "set", "run.temp", "0.2")
        self.assertEqual(refused.returncode, 3)
        self.assertIn("KT-E0304", refused.stderr)
        self.assertEqual(self.user.read_text(), "run: {temp: 0.1}\n")

    def test_show_is_one_line_a_key(self):
        shown = self.kt("config", "show", "--origin").stdout
        keys = [line.split(":")[0] for line in shown.splitlines()]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertTrue(all("# built-in" in line for line in shown.splitlines()))
        self.assertEqual(self.kt("config", "path").stdout, f"{self.user}\n")


if __name__ == "__main__":
    KT = str(pathlib.Path(sys.argv[1]).resolve())
    unittest.main(argv=sys.argv[:1])
