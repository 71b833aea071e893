"""What kt run looks for in operators when asked to: values that are no numbers, memory that is not theirs, calls that do not end; and
from where it takes no plugins.

usage: run_checks_test.py KT SOURCE_FOLDER BUILD_FOLDER
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

KT, SOURCE, BUILD = "", "", ""
NODE = "model.layers.1.mlp.act_fn.silu"
STEP = "operator fault.silu of plugin fault 1.0.0 at " + NODE
RULES = """kt_rules: 1
extends: [base/ref.yaml]
rules:
  - match: { name: 'layers\\.1\\.mlp\\.act_fn\\.silu$' }
    replace: { operator: fault.silu }
"""
ALL = ("--check-nan", "--plugin-paranoid", "--op-timeout", "60")


def kt(*arguments, **more):
    environment = {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir() + "/kt-no-home", "LC_ALL": "C.UTF-8"} | more.pop("environment", {})
    return subprocess.run([KT, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, env=environment, **more)


def model(name):
    return os.path.join(SOURCE, "tests/golden/models", name)


def fault(name):
    return os.path.join(BUILD, "tests/plugins/operator_" + name)


def run_with(name, *flags):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
        rules.write(RULES)
        rules.flush()
        return kt("run", model("llama"), "--ids", "1,2,3,4,5,6,7,8", "-n", "2", "--temp", "0", "-r", rules.name, "--plugin-dir", fault(name), *flags)


class CheckNan(unittest.TestCase):
    def test_names_layer_operator_and_element(self):
        for name, value in (("nan", "nan"), ("infinite", "inf")):
            result = run_with(name, "--check-nan")
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn(f"error[KT-E0012]: {STEP}: output 0 is {value} at [0, 0]\n", result.stderr)
            self.assertEqual(result.stdout, "")

    def test_is_not_needed_to_refuse_logits_that_are_no_numbers(self):
        result = run_with("nan")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("error[KT-E0012]: the logits of output row 0 are no finite numbers", result.stderr)
        self.assertEqual(result.stdout, "")


class PluginParanoid(unittest.TestCase):
    def test_finds_what_is_written_behind_an_output(self):
        result = run_with("past_end", "--plugin-paranoid")
        self.assertEqual(result.returncode, 6, result.stderr)
        self.assertIn(f"error[KT-E0619]: {STEP}: it wrote 0 bytes behind output 0\n", result.stderr)

    def test_finds_what_is_written_behind_the_scratch_memory(self):
        result = run_with("scratch", "--plugin-paranoid")
        self.assertEqual(result.returncode, 6, result.stderr)
        self.assertIn(f"error[KT-E0619]: {STEP}: it wrote 0 bytes behind the scratch memory of 64 bytes\n", result.stderr)


class OpTimeout(unittest.TestCase):
    def test_ends_with_70_naming_the_operator(self):
        start = time.monotonic()
        result = run_with("hang", "--op-timeout", "1.5")
        self.assertEqual(result.returncode, 70, result.stderr)
        self.assertIn(f"error[KT-E0620]: {STEP} did not come to an end within 1.5 s\n", result.stderr)
        self.assertLess(time.monotonic() - start, 60)
        self.assertGreater(time.monotonic() - start, 1.5)

    def test_help_and_exit_codes_know_of_it(self):
        self.assertIn("exit code 70", kt("help", "KT-E0620").stdout)
        self.assertIn("  70  KT-E0620", kt("help", "exit-codes").stdout)


class AllChecks(unittest.TestCase):
    def test_change_no_token_and_find_nothing_in_sound_operators(self):
        for name in ("llama", "mixtral", "qwen2_moe", "deepseek_v2_lite", "deepseek_v3"):
            for rules in ("auto", "base/ref.yaml"):
                with self.subTest(name=name, rules=rules):
                    words = ("run", model(name), "--ids", "5,6,7,8,9", "-n", "6", "--temp", "0", "--ignore-eos", "-r", rules, "--json", "-b", "3")
                    plain, checked = kt(*words), kt(*words, *ALL)
                    self.assertEqual(checked.returncode, 0, checked.stderr)
                    self.assertEqual(json.loads(checked.stdout)["ids"], json.loads(plain.stdout)["ids"])


class TheSameOperatorTwice(unittest.TestCase):
    def states(self, *flags):
        words = ["--plugin-dir", fault("none"), "--plugin-dir", fault("twin"), *flags]
        result = kt("plugins", "ls", "--json", *words)
        return {r["name"]: r for r in json.loads(result.stdout)["plugins"] if r["name"] in ("fault", "twin")}, result.stderr

    def test_is_refused_with_both_files(self):
        records, _ = self.states()
        self.assertEqual((records["fault"]["state"], records["twin"]["state"]), ("loaded", "refused"))
        self.assertIn(f"'fault.silu' is also in {fault('none')}/libkt_fault.so", records["twin"]["reason"])
        self.assertIn("--plugin-override NAME", records["twin"]["reason"])

    def test_is_taken_from_the_plugin_that_was_chosen(self):
        records, errors = self.states("--plugin-override", "twin")
        self.assertEqual((records["fault"]["state"], records["twin"]["state"], errors), ("refused", "loaded", ""))
        self.assertIn(f"is also in {fault('twin')}/libkt_fault.so", records["fault"]["reason"])

    def test_a_plugin_that_is_not_there_cannot_be_chosen(self):
        records, errors = self.states("--plugin-override", "twins")
        self.assertEqual(records["fault"]["state"], "loaded")
        self.assertIn("--plugin-override twins: no library of a plugin of this name was found", errors)


class Places(unittest.TestCase):
    """Libraries lie in the folders that were named, whole and from the root, and nowhere else."""

    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.folder = os.path.realpath(self.place.name)
        self.library = os.path.join(self.folder, "libkt_fault.so")
        shutil.copy(os.path.join(fault("none"), "libkt_fault.so"), self.library)

    def tearDown(self):
        self.place.cleanup()

    def plugins(self, *flags, **more):
        listed = json.loads(kt("plugins", "ls", "--json", *flags, **more).stdout)["plugins"]
        return {record["path"]: record for record in listed}

    def test_the_named_folder_is_one(self):
        self.assertEqual(self.plugins("--plugin-dir", self.folder)[self.library]["state"], "loaded")

    def test_the_working_folder_and_the_loaders_path_are_none(self):
        for more in ({"cwd": self.folder}, {"environment": {"LD_LIBRARY_PATH": self.folder}}):
            self.assertNotIn(self.library, self.plugins(**more))

    def test_a_folder_that_is_not_absolute_is_refused(self):
        for name in (".", "../" + os.path.basename(self.folder), "./plugins"):
            refused = self.plugins("--plugin-dir", name, cwd=self.folder)
            self.assertIn("is not absolute", refused[name]["reason"])
            self.assertNotIn(self.library, refused)

    def test_a_link_is_judged_by_what_it_leads_to(self):
        links, open_to_all = os.path.join(self.folder, "links"), os.path.join(self.folder, "open")
        os.mkdir(links)
        os.mkdir(open_to_all)
        os.symlink(self.library, os.path.join(links, "libkt_fault.so"))
        self.assertEqual(self.plugins("--plugin-dir", links)[self.library]["state"], "loaded")
        target = shutil.copy(self.library, os.path.join(open_to_all, "libkt_other.so"))
        os.symlink(target, os.path.join(links, "libkt_other.so"))
        os.chmod(open_to_all, 0o777)
        self.assertIn("can be changed by any user", self.plugins("--plugin-dir", links)[target]["reason"])

    def test_a_preloaded_library_is_noted_in_the_log(self):
        found = kt("plugins", "ls", "-v", environment={"LD_PRELOAD": self.library})
        self.assertIn(f"LD_PRELOAD={self.library}", found.stderr)
        self.assertNotIn("LD_PRELOAD", kt("plugins", "ls", "-v").stderr)


if __name__ == "__main__":
    KT, SOURCE, BUILD = (os.path.abspath(path) for path in sys.argv[1:4])
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
