"""Libraries for several instruction sets: which one is loaded, what is in them, and that the least of them runs on a processor with AVX2 only."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

KT, PLUGINS, MODEL = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
PROMPT = ["run", str(MODEL), "Once upon a time", "-n", "8", "--temp", "0", "--json", "-t", "1"]


def run(*command, isa="", program=(KT,)):
    environment = {**os.environ, "KT_CPU_ISA": isa}
    return subprocess.run([*map(str, program), *map(str, command)], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL,
                          check=False, timeout=600)


def instructions(name):
    """Mnemonics and operands of a library of the plugin cpu."""
    return subprocess.run(["objdump", "-d", "--no-show-raw-insn", "-j", ".text", str(PLUGINS / f"libkt_cpu_{name}.so")], capture_output=True,
                          text=True, check=True).stdout


class ChoiceTest(unittest.TestCase):
    def loaded(self, isa):
        done = run("plugins", "ls", "--json", isa=isa)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_the_environment_forces_a_lesser_library(self):
        plugins = json.loads(self.loaded("avx2"))["plugins"]
        states = {pathlib.Path(plugin["path"]).name: plugin for plugin in plugins if "libkt_cpu_" in plugin["path"]}
        self.assertEqual(states["libkt_cpu_avx2.so"]["state"], "loaded")
        for name in ("avx_vnni", "avx512", "amx"):
            self.assertEqual(states[f"libkt_cpu_{name}.so"]["state"], "refused")

    def test_an_unknown_level_is_a_usage_error(self):
        done = run("plugins", "ls", isa="sse")
        self.assertEqual(done.returncode, 2)
        self.assertIn("'sse' in KT_CPU_ISA is no level of instructions", done.stderr)


class InstructionTest(unittest.TestCase):
    def test_the_amx_library_multiplies_tiles(self):
        text = instructions("amx")
        for mnemonic in ("ldtilecfg", "tileloadd", "tdpbsud", "tilestored", "tilerelease"):
            self.assertRegex(text, rf"\t{mnemonic}\b")

    def test_the_vnni_library_sums_bytes_without_avx512(self):
        text = instructions("avx_vnni")
        self.assertRegex(text, r"vpdpbusd\b.*%ymm")
        self.assertNotIn("%zmm", text)

    def test_the_least_library_has_neither(self):
        text = instructions("avx2")
        self.assertIsNone(re.search(r"%zmm|%k[1-7]\b|vpdpbusd|\ttdp", text))


class EmulatorTest(unittest.TestCase):
    """qemu-user has AVX2 and nothing above: an instruction that such a processor lacks ends the program."""

    def test_a_processor_with_avx2_only_gives_the_same_tokens(self):
        emulator = shutil.which("qemu-x86_64")
        self.assertIsNotNone(emulator, "install qemu-user")
        here = run(*PROMPT, isa="avx2")
        self.assertEqual(here.returncode, 0, here.stderr)
        there = run(*PROMPT, program=(emulator, "-cpu", "Haswell", KT))
        self.assertEqual(there.returncode, 0, there.stderr)
        self.assertEqual(json.loads(there.stdout)["ids"], json.loads(here.stdout)["ids"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
