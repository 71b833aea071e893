"""The newcomer's hour: the commands of docs/guides/first-plugin.md, and the other projects that kt writes, built with the SDK alone.

usage: first_plugin_test.py KT SOURCE_FOLDER BUILD_FOLDER
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import transcript

KT, SOURCE, BUILD = "", "", ""


class Home(unittest.TestCase):
    """A home folder with nothing in it, and a folder in which `build` is kt's."""

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.home = pathlib.Path(cls.place.name) / "home"
        cls.work = pathlib.Path(cls.place.name) / "kt"
        cls.home.mkdir()
        cls.work.mkdir()
        (cls.work / "build").symlink_to(BUILD)
        cls.environment = {"PATH": os.path.dirname(KT) + ":" + os.environ["PATH"], "HOME": str(cls.home), "LC_ALL": "C.UTF-8"}
        for name in ("CC", "CXX", "CCACHE_DIR"):
            if name in os.environ:
                cls.environment[name] = os.environ[name]

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def shell(self, command, folder, code=0):
        result = subprocess.run(["bash", "-c", command], cwd=folder, env=self.environment, capture_output=True, text=True, timeout=300)
        self.assertEqual(result.returncode, code, f"{command}\n{result.stdout}{result.stderr}")
        return result.stdout

    def install_sdk(self):
        self.shell("cmake --install build --component sdk --prefix ~/kt-sdk", self.work)

    def build(self, name):
        self.shell("cmake -B build -DCMAKE_PREFIX_PATH=~/kt-sdk && cmake --build build", self.home / name)
        return self.home / name / "build" / f"libkt_{name}.so"


def masked(text):
    """Lines without what differs from run to run: numbers, and the spaces that align them."""
    return [re.sub(r"[0-9.]+", "N", re.sub(r" +", " ", line)).strip() for line in text.splitlines() if line.strip()]


class Guide(Home):
    def printed_block(self):
        text = (pathlib.Path(SOURCE) / "docs/guides/first-plugin.md").read_text()
        return re.search(r"^prints\n\n(.*?)\n\n\S", text, re.DOTALL | re.MULTILINE).group(1)

    def commands(self):
        text = (pathlib.Path(SOURCE) / "docs/guides/first-plugin.md").read_text()
        blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
        return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]

    def test_every_command_works_in_order(self):
        commands = self.commands()
        self.assertLess(len(commands), 15)
        self.assertGreater(len(commands), 8)
        folder, printed = self.work, {}
        for command in commands:
            if command.startswith("cd "):
                folder = pathlib.Path(os.path.normpath(folder / command[3:].replace("~", str(self.home))))
                self.assertTrue(folder.is_dir(), command)
                continue
            printed[" ".join(command.split()[:3])] = self.shell(command, folder)
        check = printed["kt plugins check"]
        self.assertIn("acme.rms_norm ✓", check)
        self.assertIn("1 of 1 ops pass", check)
        self.assertEqual(masked(check), masked(self.printed_block()))
        self.assertTrue(all(len(line) <= 100 for line in check.splitlines()), check)
        self.assertIn("norms of acme", printed["kt rules check"])
        self.assertGreater(len(printed["kt run -m"].split()), 5)
        norms = [line for line in printed["kt inspect -m"].splitlines() if "acme.rms_norm" in line]
        self.assertGreater(len(norms), 0)
        self.assertRegex(printed["kt plugins ls"], r"acme +0\.1\.0 +1\.0 +1 ")

    def test_the_break_that_the_guide_proposes_is_found(self):
        self.install_sdk()
        self.shell("kt plugins new broken", self.home)
        source = self.home / "broken/rms_norm.cc"
        text = source.read_text()
        self.assertIn("i < x.dim()", text)
        source.write_text(text.replace("i < x.dim()", "i + 1 < x.dim()"))
        library = self.build("broken")
        out = self.shell(f"kt plugins check {library}", self.home, code=9)
        self.assertIn("broken.rms_norm ✗", out)
        repro = re.search(r"repro: (kt plugins check .* --case RmsNorm/\d{4})", out)
        self.assertIsNotNone(repro, out)
        self.assertIn("broken.rms_norm ✗", self.shell(repro.group(1), self.home, code=9))


class Journey(Home):
    maxDiff = None

    @staticmethod
    def mask(text):
        """Without kt's own plugin cpu, whose rows are those of the processor here, and kt's model families; sentences are one line, however
        long their paths are."""
        text = re.sub(r"^  cpu .*\n(    .*\n)*|^.* BUILD/lib/kt/models/.*\n", "", text, flags=re.M)
        text = re.sub(r"^(( {4}| {11})\S.*)\n\2(?=\S)", r"\1 ", text, flags=re.M)
        return transcript.masked(text)

    def test_in_a_terminal_and_piped(self):
        self.install_sdk()
        environment = self.environment | {"FAULTS": f"{BUILD}/tests/plugins"}
        names = [(environment["FAULTS"], "FAULTS"), (BUILD, "BUILD"), (self.home, "~")]
        golden = pathlib.Path(SOURCE) / "tests/e2e/journeys/j4_plugins.txt"
        transcript.check(self, golden, environment, self.home, names, self.mask)


class Projects(Home):
    def test_in_c_and_of_a_model_family(self):
        self.install_sdk()
        self.shell("kt plugins new in_c --c && kt models new acme_family && kt plugins new other_family --model", self.home)
        self.assertIn("in_c.rms_norm ✓", self.shell(f"kt plugins check {self.build('in_c')}", self.home))
        family = self.build("acme_family")
        self.assertIn("1 model families", self.shell(f"kt plugins check {family}", self.home))
        self.build("other_family")
        self.run_family(family)

    def run_family(self, library):
        """A checkpoint of the family gives the logits that the library of its real family gives."""
        golden = pathlib.Path(SOURCE) / "tests/golden/models/llama"
        mine = self.home / "checkpoint"
        shutil.copytree(golden, mine)
        config = json.loads((golden / "config.json").read_text())
        config["architectures"] = ["AcmeFamilyForCausalLM"]
        (mine / "config.json").write_text(json.dumps(config))
        run = "kt run -m {} --ids 1,2,3 -n 8 --temp 0 --ignore-eos --json --plugin-dir {}"
        ids = [json.loads(self.shell(run.format(model, library.parent), self.home))["ids"] for model in (golden, mine)]
        self.assertEqual(ids[0], ids[1])

    def test_names_that_are_none_and_folders_that_are_there(self):
        for name in ("Acme", "9lives", "../acme", "a/b", "a-b", "_a", "a_", "a" * 33, "''"):
            result = subprocess.run(["bash", "-c", f"kt plugins new -- {name}"], cwd=self.home, env=self.environment, capture_output=True, text=True, timeout=60)
            self.assertEqual(result.returncode, 2, name)
            self.assertIn("error[KT-E010", result.stderr)
        (self.home / "taken").mkdir()
        self.shell("kt plugins new taken", self.home, code=2)
        self.assertEqual(list((self.home / "taken").iterdir()), [])


class Check(Home):
    def test_a_symbol_of_kt_itself_is_no_symbol_of_a_library(self):
        out = json.loads(self.shell(f"kt plugins check {BUILD}/tests/plugins/library_core/libkt_fault.so --json", self.home, code=9))
        self.assertEqual(out["load"]["undefined"], ["kt_version"])

    def test_a_crash_is_told_with_operator_case_and_repro(self):
        library = f"{BUILD}/tests/plugins/operator_crash/libkt_fault.so"
        out = self.shell(f"kt plugins check {library}", self.home, code=9)
        self.assertIn("fault.silu: ", out)
        self.assertIn("it was ended by signal 11 (Segmentation fault)", out)
        self.assertIn(f"repro: kt plugins check {library} --case Silu/0000", out)
        self.assertRegex(out, r"result +0 of 1 ops pass +exit 9")
        self.assertTrue(all(len(line) <= 160 for line in out.splitlines()))

    def test_marks_are_ascii_where_the_locale_is(self):
        command = f"LC_ALL=C kt plugins check {BUILD}/tests/plugins/operator_none/libkt_fault.so"
        out = self.shell(command, self.home)
        self.assertTrue(out.isascii(), out)
        self.assertIn("fault.silu ok", out)

    def test_every_mutant_fails(self):
        out = json.loads(self.shell(f"kt plugins check {BUILD}/tests/mutants/libkt_mutant.so --json", self.home, code=9))
        self.assertGreaterEqual(len(out["operators"]), 12)
        self.assertEqual([op["name"] for op in out["operators"] if op["passed"]], [])

    def test_a_file_that_is_no_library_and_a_name_that_is_none(self):
        (self.home / "libkt_text.so").write_text("#!/bin/sh\n")
        out = self.shell("kt plugins check ./libkt_text.so", self.home, code=9)
        self.assertIn("it is no ELF file", out)
        self.shell("kt plugins check no_such_plugin", self.home, code=6)

    def test_schema_lists_options(self):
        operators = {op["name"]: op for op in json.loads(self.shell("kt plugins schema", self.home))["operators"]}
        options = {option["name"]: option for option in operators["cpu.moe"]["options"]}
        self.assertIn("bf16", options["activations"]["choices"])


if __name__ == "__main__":
    KT, SOURCE, BUILD = (os.path.abspath(path) for path in sys.argv[1:4])
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
