"""What kt says when it crashes: plugin, operator and node where a plugin did it, its own version always; and the file that was cut
while it was mapped.

usage: crash_test.py KT SOURCE_FOLDER BUILD_FOLDER
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

KT, SOURCE, BUILD = "", "", ""
NODE = "model.layers.1.mlp.act_fn.silu"
RULES = """kt_rules: 1
extends: [base/ref.yaml]
rules:
  - match: { name: 'layers\\.1\\.mlp\\.act_fn\\.silu$' }
    replace: { operator: fault.silu }
"""


def environment():
    clean = {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir() + "/kt-no-home", "LC_ALL": "C.UTF-8"}
    kept = ("ASAN_OPTIONS", "UBSAN_OPTIONS")
    return {**clean, **{name: os.environ[name] for name in kept if name in os.environ}}


def kt(*arguments):
    return subprocess.run([KT, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=environment(),
                          preexec_fn=no_core)


def no_core():
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def start(*arguments):
    return subprocess.Popen([KT, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=environment(), preexec_fn=no_core)


def fault(name):
    return os.path.join(BUILD, "tests", "plugins", name)


class AnOperator(unittest.TestCase):
    def run_with(self, name, threads="2"):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
            rules.write(RULES)
            rules.flush()
            return kt("run", os.path.join(SOURCE, "tests/golden/models/llama"), "--ids", "1,2,3,4,5,6,7,8", "-n", "2", "-t", threads,
                      "-r", rules.name, "--plugin-dir", fault("operator_" + name))

    def test_without_a_fault_runs(self):
        self.assertEqual(self.run_with("none").returncode, 0)

    def test_that_crashes_is_named_with_its_plugin_and_node(self):
        cases = (("crash", signal.SIGSEGV), ("trap", signal.SIGILL), ("abort", signal.SIGABRT))
        for name, number in cases:
            with self.subTest(name):
                result = self.run_with(name)
                self.assertEqual(result.returncode, -number, result.stderr)
                sentence = "kt: error[KT-E0605]: the program crashed while running operator fault.silu of plugin fault 1.0.0 at " + NODE
                self.assertIn(f"{sentence} (signal {int(number)}, {number.name}, ", result.stderr)
                self.assertRegex(result.stderr, r"hint: bind another operator there .*\(kt \d+\.\d+\.\d+, build [0-9a-f]{8,}\)\n")
                self.assertEqual(result.stderr.count("error["), 1)

    def test_that_uses_up_the_stack_is_named_on_every_thread(self):
        for threads in ("1", "4"):
            with self.subTest(threads):
                result = self.run_with("overflow", threads)
                self.assertEqual(result.returncode, -signal.SIGSEGV, result.stderr)
                self.assertIn("operator fault.silu of plugin fault 1.0.0 at " + NODE, result.stderr)
                self.assertEqual(result.stderr.count("error["), 1)

    def test_that_calls_exit_ends_the_program_with_6(self):
        result = self.run_with("exit")
        self.assertEqual(result.returncode, 6, result.stderr)
        self.assertIn(f"was ended while running operator fault.silu of plugin fault 1.0.0 at {NODE}, which called exit()", result.stderr)

    def test_that_fails_is_no_crash(self):
        for name, words in (("throws", "the shelf is empty"), ("status", "the device is on fire")):
            result = self.run_with(name)
            self.assertEqual(result.returncode, 6, result.stderr)
            self.assertIn(f"operator fault.silu at {NODE}: {words}", result.stderr)


class ALibrary(unittest.TestCase):
    def test_that_crashes_at_its_start_is_named(self):
        result = kt("plugins", "ls", "--plugin-dir", fault("library_crash"))
        self.assertEqual(result.returncode, -signal.SIGSEGV)
        self.assertIn(f"the program crashed while loading {fault('library_crash')}/libkt_fault.so (signal 11", result.stderr)

    def test_that_exits_at_its_start_is_named(self):
        result = kt("plugins", "ls", "--plugin-dir", fault("library_exit"))
        self.assertEqual(result.returncode, 6)
        self.assertIn(f"the program was ended while loading {fault('library_exit')}/libkt_fault.so", result.stderr)


class NoPlugin(unittest.TestCase):
    """The model is loaded and answers before the fault comes."""

    def chat(self, model):
        process = start("chat", model, "-r", "base/ref.yaml", "-n", "2", "--temp", "0")
        process.stdin.write("hello\n")
        process.stdin.flush()
        process.stdout.readline()
        return process

    def test_at_work_is_blamed_for_none(self):
        for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT):
            with self.subTest(number.name):
                process = self.chat(os.path.join(SOURCE, "tests/golden/models/llama"))
                process.send_signal(number)
                errors = process.communicate(timeout=60)[1]
                self.assertEqual(process.returncode, -number, errors)
                self.assertTrue(re.search(rf"error\[KT-E0001\]: the program crashed \(signal {int(number)}, {number.name}, .*\)\n"
                                          r"  hint: report it .*\(kt \d+\.\d+\.\d+, build [0-9a-f]{8,}\)", errors), errors)
                self.assertNotIn("plugin", errors)

    def test_but_a_model_cut_while_it_is_mapped_ends_with_4(self):
        for name in ("models/llama", "gguf/llama-f16.gguf"):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                golden = os.path.join(SOURCE, "tests/golden", name)
                copy = shutil.copytree if os.path.isdir(golden) else shutil.copy
                model = copy(golden, os.path.join(folder, os.path.basename(golden)))
                weights = model if os.path.isfile(model) else model + "/model.safetensors"
                process = self.chat(model)
                os.truncate(weights, 4096)
                errors = process.communicate("hello again\n", timeout=60)[1]
                self.assertEqual(process.returncode, 4, errors)
                self.assertIn(f"error[KT-E0402]: {os.path.realpath(weights)}: became shorter while it was read", errors)


if __name__ == "__main__":
    KT, SOURCE, BUILD = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1])
