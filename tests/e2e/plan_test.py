#!/usr/bin/env python3
"""kt plan as a reader sees it: transcripts with numbers masked, in a terminal of 100 columns and piped; limits of time and memory."""
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

KT, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
HERE = SOURCE / "tests/e2e/plan"
V3 = HERE / "deepseek_v3/config.json"
MACHINE = ["--machine", str(HERE / "machine.json")]
PLAN_V3 = [str(V3), "--type", "q4_k_m", "-c", "32768"]
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}


def kt(*words, **options):
    return subprocess.run([KT, *words], capture_output=True, text=True, env=ENVIRONMENT, timeout=60, **options)


@unittest.skipUnless("avx2" in pathlib.Path("/proc/cpuinfo").read_text(), "the transcripts show operators of the plugin cpu, which needs AVX2")
class Journey(unittest.TestCase):
    maxDiff = None

    def test_in_a_terminal_and_piped(self):
        environment = ENVIRONMENT | {"PATH": f"{KT.parent}:{ENVIRONMENT['PATH']}"}
        mask = lambda text: re.sub(r"\b(cpu|ref)\.", "OP.", transcript.masked(text))  # which operators there are depends on the processor
        transcript.check(self, SOURCE / "tests/e2e/journeys/j2_plan.txt", environment, HERE, mask=mask)


class Numbers(unittest.TestCase):
    def test_what_is_suggested_fits(self):
        tight = ["--ctk", "f32", *MACHINE, "--ram", "380GiB"]
        document = json.loads(kt("plan", *PLAN_V3, *tight, "--json").stdout)
        self.assertFalse(document["fits"])
        self.assertEqual(document["error"]["code"], "KT-E0501")
        self.assertTrue(document["changes"])
        for change in document["changes"]:
            words = [word for word in PLAN_V3 + tight]
            flags = change["flags"].split()
            for flag, value in zip(flags[::2], flags[1::2]):
                if flag in words:
                    words[words.index(flag) + 1] = value
                else:
                    words += [flag, value]
            self.assertEqual(kt("plan", *words).returncode, 0, change)

    def test_json_adds_up(self):
        found = kt("plan", *PLAN_V3, *MACHINE, "--json")
        self.assertEqual(found.returncode, 0, found.stderr)
        document = json.loads(found.stdout)
        host = document["devices"][0]
        self.assertEqual(sum(group["bytes"] for group in document["groups"]), host["weights"])
        self.assertEqual(host["need"], host["weights"] + host["kv_cache"] + host["workspace"])
        self.assertEqual(document["model"]["assumed_type"], "q4_k_m")
        self.assertTrue(document["estimate"]["is_estimate"])
        speed = document["machine"]["devices"][0]["bytes_per_second"] / host["bytes_a_token"]
        self.assertAlmostEqual(document["estimate"]["decode_tokens_per_second"], speed, delta=0.06)

    def test_full_size_takes_little_time_and_memory(self):
        script = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
                  "u = resource.getrusage(resource.RUSAGE_CHILDREN); print(u.ru_utime + u.ru_stime, u.ru_maxrss)")
        found = subprocess.run([sys.executable, "-c", script, KT, "plan", *PLAN_V3, "--ram", "1TiB"], capture_output=True, text=True,
                               env=ENVIRONMENT, timeout=60)
        seconds, kilobytes = found.stdout.split()
        self.assertLess(float(seconds), 1.0)
        self.assertLess(int(kilobytes), 200 * 1024)

    def test_a_machine_file_carries_this_machine_elsewhere(self):
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/machine.json"
            self.assertEqual(kt("doctor", "--machine", path).returncode, 0)
            document = json.loads(kt("plan", str(V3), "--machine", path, "--ram", "1TiB", "--json").stdout)
            written = json.loads(pathlib.Path(path).read_text())
            self.assertEqual(document["machine"]["isa"], written["isa"])
            self.assertEqual(document["estimate"]["bandwidth"], "given")
            self.assertGreater(document["estimate"]["decode_tokens_per_second"], 0)


class Refusals(unittest.TestCase):
    def test_wrong_flags_are_named(self):
        for words in (["--type", "q9"], ["--ram", "many"], ["--vram", "24G"], ["--machine", "/nonexistent"], ["--bandwidth", "-1"]):
            found = kt("plan", str(V3), *words)
            self.assertEqual(found.returncode, 2, (words, found.stderr))
            self.assertIn(words[0] if words[0] != "--machine" else "/nonexistent", found.stderr)

    def test_run_refuses_before_loading_what_the_address_space_cannot_hold(self):
        model = SOURCE / "tests/golden/models/llama"
        limited = ["bash", "-c", 'ulimit -v 600000; exec "$@"', "_", str(KT)]
        run = subprocess.run([*limited, "run", "-m", str(model), "--raw", "-b", "65536", "-c", "256", "-n", "1", "x"], capture_output=True,
                             text=True, env=ENVIRONMENT, timeout=60)
        self.assertEqual(run.returncode, 0, run.stderr)
        config = json.loads((model / "config.json").read_text())
        config["max_position_embeddings"] = 1 << 24
        with tempfile.TemporaryDirectory() as folder:
            for file in model.iterdir():
                shutil.copy(file, folder)
            (pathlib.Path(folder) / "config.json").write_text(json.dumps(config))
            run = subprocess.run([*limited, "run", "-m", folder, "--raw", "-c", str(1 << 23), "-n", "1", "x"], capture_output=True, text=True,
                                 env=ENVIRONMENT, timeout=60)
        self.assertEqual(run.returncode, 5, run.stderr)
        self.assertIn("KT-E0501", run.stderr)
        self.assertIn("ulimit -v", run.stderr)
        self.assertIn("smallest change", run.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
