"""kt completion: what the shells offer. bash always; zsh and fish by their text, and by themselves where they are installed.

usage: completion_test.py KT
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

KT = pathlib.Path(sys.argv[1]).resolve()
ENVIRONMENT = {"PATH": f"{KT.parent}:{os.environ['PATH']}", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


def kt(*words):
    return subprocess.run([KT, *words], capture_output=True, text=True, env=ENVIRONMENT, timeout=60)


def commands():
    """{"rules check": ["--strict", ...]} of every verb, from its own help."""
    out, left = {}, [""]
    while left:
        path = left.pop()
        text = kt(*path.split(), "--help").stdout
        section = text.split("\nverbs:\n")[1].split("\n\n")[0] if "\nverbs:\n" in text else ""
        left += [f"{path} {name}".strip() for name in re.findall(r"^  (\S+)", section, re.M)]
        flags = text.split("\nflags:\n")[1] if "\nflags:\n" in text else ""
        out[path] = [name for line in re.findall(r"^  (-.*)", flags, re.M) for name in re.findall(r"(?<![\w-])--?[\w-]+", line.split("  ")[0])]
    return out


class Bash(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.script = pathlib.Path(self.folder.name) / "script.bash"
        self.script.write_text(kt("completion", "bash").stdout)
        (pathlib.Path(self.folder.name) / "my rules.yaml").write_text("")
        (pathlib.Path(self.folder.name) / "plans").mkdir()

    def tearDown(self):
        self.folder.cleanup()

    def offers(self, *words):
        call = f'source "{self.script}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kt; printf "%s\\n" "${{COMPREPLY[@]}}"'
        found = subprocess.run(["bash", "-c", call, "_", *words], capture_output=True, text=True, env=ENVIRONMENT, timeout=60,
                               cwd=self.folder.name)
        self.assertEqual((found.returncode, found.stderr), (0, ""), words)
        return [line for line in found.stdout.splitlines() if line]

    def test_verbs_and_verbs_below_them(self):
        self.assertEqual(self.offers("kt", "ru"), ["run", "rules"])
        self.assertIn("explain", self.offers("kt", "rules", ""))
        self.assertIn("check", self.offers("kt", "-q", "--plugin-dir", "run", "plugins", "ch"))
        self.assertIn("compare", self.offers("kt", "bench", "co"))

    def test_every_flag_of_every_verb(self):
        for path, flags in commands().items():
            if path:
                self.assertLessEqual(set(flags), set(self.offers("kt", *path.split(), "-")), path)
        self.assertEqual(self.offers("kt", "rules", "check", "--stri"), ["--strict"])
        self.assertIn("--json", self.offers("kt", "run", "--js"))

    def test_values_of_flags(self):
        self.assertEqual(self.offers("kt", "run", "--cache-type", ""), ["auto", "bf16", "f16", "f32", "q4_0", "q8_0"])
        self.assertEqual(self.offers("kt", "run", "--cache-type", "=", "b"), ["bf16"])
        self.assertEqual(self.offers("kt", "run", "--cache-type", "="), ["auto", "bf16", "f16", "f32", "q4_0", "q8_0"])
        self.assertIn("kt-tiny", self.offers("kt", "run", "-m", "kt-"))
        self.assertLessEqual({"llama", "qwen3"}, set(self.offers("kt", "run", "--rules", "")))
        self.assertIn("my rules.yaml", self.offers("kt", "run", "-r", "my"))
        self.assertEqual(self.offers("kt", "run", "--plugin-dir", ""), ["plans"])
        self.assertEqual(self.offers("kt", "run", "--temp", ""), [])

    def test_arguments(self):
        self.assertIn("kt-tiny", self.offers("kt", "inspect", "kt"))
        self.assertEqual(self.offers("kt", "completion", ""), ["bash", "fish", "zsh"])
        self.assertEqual(self.offers("kt", "help", "exit"), ["exit-codes"])
        self.assertEqual(self.offers("kt", "config", "get", "ctx"), ["ctx-size"])
        self.assertEqual(self.offers("kt", "config", "set", "ctx-size", ""), [])

    def test_kt_run_is_run(self):
        self.assertEqual(self.offers("kt-run", "--ignore"), ["--ignore-eos"])


class OtherShells(unittest.TestCase):
    def test_zsh_names_every_verb_and_flag(self):
        text = kt("completion", "zsh").stdout
        self.assertTrue(text.startswith("#compdef kt kt-run\n"))
        for path, flags in commands().items():
            function = re.search(rf"^_kt{''.join('__' + word for word in path.split())}\(\) {{\n(.*?)^}}$", text, re.M | re.S)
            self.assertIsNotNone(function, path)
            for flag in flags:
                self.assertRegex(function.group(1), rf"[ ({{,'*]{flag}[ )=,}}']", path)
        self.assertIn("(auto bf16 f16 f32 q4_0 q8_0)", text)

    def test_fish_names_every_verb_and_flag(self):
        text = kt("completion", "fish").stdout
        for path, flags in commands().items():
            lines = [line for line in text.splitlines() if not path or f"__kt_at \"{path}\"'" in line]
            for flag in flags:
                form = f" -l {flag[2:]} " if flag.startswith("--") else f" -s {flag[1:]} "
                self.assertTrue(any(form in line for line in lines), (path, flag))

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_reads_its_script(self):
        found = subprocess.run(["zsh", "-n"], input=kt("completion", "zsh").stdout, capture_output=True, text=True, timeout=60)
        self.assertEqual((found.returncode, found.stderr), (0, ""))

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_offers_what_bash_does(self):
        def offers(line):
            script = kt("completion", "fish").stdout + f"\ncomplete -C '{line}'\n"
            found = subprocess.run(["fish", "--no-config"], input=script, capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
            return [word.split("\t")[0] for word in found.stdout.splitlines()]
        self.assertEqual(sorted(offers("kt ru")), ["rules", "run"])
        self.assertEqual(sorted(offers("kt run --cache-type ")), ["auto", "bf16", "f16", "f32", "q4_0", "q8_0"])
        self.assertIn("--strict", offers("kt rules check --str"))


class Names(unittest.TestCase):
    def test_names_and_wrong_use(self):
        self.assertIn("kt-tiny", kt("completion", "--names", "models").stdout.split())
        self.assertIn("qwen3", kt("completion", "--names", "rules").stdout.split())
        for words in ([], ["csh"], ["bash", "--names", "models"]):
            self.assertEqual(kt("completion", *words).returncode, 2, words)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
