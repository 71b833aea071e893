"""cmake --install: the program runs from its new place, and its man pages and completions lie where man and the shells look.

usage: install_test.py BUILD_FOLDER
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = ""
COMPLETIONS = {"bash": "bash-completion/completions/kt", "zsh": "zsh/site-functions/_kt", "fish": "fish/vendor_completions.d/kt.fish"}


def install(prefix, *flags):
    """Installs; the paths of the files below the prefix."""
    result = subprocess.run(["cmake", "--install", BUILD, "--prefix", str(prefix), *flags], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return {str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()}


class Installation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.prefix = pathlib.Path(cls.place.name).resolve() / "prefix"
        cls.files = install(cls.prefix)

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def kt(self, *arguments, program="kt"):
        environment = {"PATH": os.environ["PATH"], "HOME": self.place.name, "LC_ALL": "C.UTF-8"}
        result = subprocess.run([self.prefix / "bin" / program, *arguments], capture_output=True, text=True, env=environment, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def verbs(self):
        return re.findall(r"^  (\S+)", self.kt("help").split("\nverbs:\n")[1].split("\n\n")[0], re.M)

    def pages(self):
        return {path.name: path.read_text() for path in (self.prefix / "share/man/man1").iterdir()}

    def test_is_the_sum_of_its_components(self):
        folder = pathlib.Path(self.place.name).resolve()
        sdk = install(folder / "sdk", "--component", "sdk")
        runtime = install(folder / "runtime", "--component", "runtime")
        self.assertEqual(sdk & runtime, set())
        self.assertEqual(sdk | runtime, self.files)
        self.assertTrue({"include/kt/abi.h", "include/kt/plugin.hpp"} <= sdk)
        self.assertTrue(any(path.endswith("/kt-sdkConfig.cmake") for path in sdk))
        kinds = [path for path in sdk if not path.startswith("include/kt/") and "/cmake/kt-sdk/" not in path]
        self.assertEqual(kinds, ["share/kt/schema/kt-rules-1.json"])  # beside headers and its CMake package
        self.assertTrue({"bin/kt", "bin/kt-run", "share/man/man1/kt.1"} <= runtime)

    def test_runs_from_its_place(self):
        self.assertIn(str(self.prefix / "lib"), self.kt("plugins", "ls", "--json"))
        self.assertNotIn(BUILD, self.kt("plugins", "ls", "--json"))
        for program, arguments in (("kt", ["run"]), ("kt-run", [])):
            self.assertGreater(len(self.kt(*arguments, "Once", "-n", "3", "--temp", "0", "-q", program=program)), 1)

    def test_has_a_man_page_for_every_verb(self):
        pages, verbs = self.pages(), self.verbs()
        self.assertGreater(len(verbs), 10)
        self.assertEqual(set(pages), {"kt.1"} | {f"kt-{verb}.1" for verb in verbs})
        for name, text in pages.items():
            self.assertTrue(text.startswith(f'.TH {name[:-2].upper().replace("-", chr(92) + "-")} 1 '), name)
            for section in (".SH NAME\n", ".SH SYNOPSIS\n", ".SH SEE ALSO\n"):
                self.assertEqual(text.count(section), 1, (name, section))

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_man_pages_are_set_without_a_warning(self):
        for path in (self.prefix / "share/man/man1").iterdir():
            result = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z", path], capture_output=True, text=True)
            self.assertEqual((result.returncode, result.stderr), (0, ""), path.name)

    def test_has_the_completions_that_it_prints(self):
        for shell, path in COMPLETIONS.items():
            self.assertEqual((self.prefix / "share" / path).read_text(), self.kt("completion", shell), shell)

    def test_completes_in_bash(self):
        script = f'. "{self.prefix}/share/{COMPLETIONS["bash"]}"; complete -p kt'
        result = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(result.stdout.strip().endswith(" kt"), result.stdout)

    def test_names_no_folder_of_the_build(self):
        texts = [path for path in (self.prefix / "share").rglob("*") if path.is_file() and path.suffix != ".safetensors"]
        self.assertGreater(len(texts), 30)
        for path in texts:
            self.assertNotIn(BUILD.encode(), path.read_bytes(), path)


if __name__ == "__main__":
    BUILD = os.path.realpath(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
