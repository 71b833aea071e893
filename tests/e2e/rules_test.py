#!/usr/bin/env python3
"""kt rules as a reader sees it: transcripts in a terminal of 100 columns and piped, and the same as JSON. Usage: rules_test.py KT SOURCE_DIR"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import transcript

KT, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
HERE = SOURCE / "tests/e2e/rules"
MODEL = ["-m", "../plan/deepseek_v3/config.json"]
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}
EXPERTS = "model.layers.3.mlp.experts"


def document(*words, code=0):
    found = subprocess.run([KT, "rules", *words, "--json"], capture_output=True, text=True, env=ENVIRONMENT, timeout=60, cwd=HERE)
    assert found.returncode == code, (found.returncode, found.stderr)
    return json.loads(found.stdout)


@unittest.skipUnless("avx2" in pathlib.Path("/proc/cpuinfo").read_text(), "the transcripts show operators of the plugin cpu, which needs AVX2")
class Journey(unittest.TestCase):
    """J3: write a rule; see why it did not match."""
    maxDiff = None

    def test_in_a_terminal_and_piped(self):
        environment = ENVIRONMENT | {"PATH": f"{KT.parent}:{ENVIRONMENT['PATH']}"}
        sizes = lambda text: re.sub(r"[ \t]+$", "", re.sub(r"\d+(\.\d+)? ([KMGT]iB|B)\b", "N B", text), flags=re.M).rstrip("\n")
        transcript.check(self, SOURCE / "tests/e2e/journeys/j3_rules.txt", environment, HERE, mask=sizes)


class Documents(unittest.TestCase):
    def test_near_misses(self):
        found = document("check", "my.yaml", *MODEL, code=3)
        self.assertEqual([error["code"] for error in found["errors"]], ["KT-E0203"])
        miss, = found["near_misses"]
        self.assertEqual((miss["rule"], miss["try"]), (2, r"^model\.layers\.[3-6]\.mlp\.experts$"))
        self.assertEqual(miss["nearest"][0], {"node": EXPERTS, "edits": 1})
        self.assertEqual(miss["takes"], [{"rule": 3, "nodes": 4}])

    def test_overlaps(self):
        found = document("check", "fixed.yaml", *MODEL)
        self.assertIn({"rule": 3, "taken_by": 2, "nodes": 4}, found["overlaps"])
        self.assertEqual([rule["matched"] for rule in found["rules"]], [61, 4, 54, 1])

    def test_three_errors_in_line_order_with_hints(self):
        found = document("check", "three.yaml", *MODEL, code=3)["errors"]
        self.assertEqual([(error["line"], error["column"]) for error in found], [(3, 23), (6, 46), (8, 26)])
        self.assertTrue(all(error["hint"] for error in found), found)

    def test_explain_and_diff(self):
        found = document("explain", "fixed.yaml", *MODEL, "--node", EXPERTS)
        self.assertEqual([trial["outcome"] for trial in found["decode"]["trials"]], ["no_match", "decided", "not_reached", "not_reached"])
        self.assertEqual(found["decode"]["binding"]["options"]["activations"], "bf16")
        found = document("diff", "my.yaml", "fixed.yaml", *MODEL, "--allow-unused-rules")
        self.assertEqual([(change["count"], change["class"]) for change in found["changes"]], [(4, "MoeExperts")])

    def test_init_and_the_map(self):
        found = document("init", *MODEL)
        self.assertIn("kt_rules: 1", found["text"])
        found = document("schema", "--map")
        self.assertIn({"python": "*MoE", "classes": ["MoeBlock"]}, found["classes"])
        self.assertIn({"python": "KLinearMarlin", "operators": ["cuda_marlin.linear", "cuda.linear"]}, found["operators"])
        self.assertEqual(document("schema")["title"], "kt rule file, version 1")


class Python(unittest.TestCase):
    """Files in the form of KTransformers."""

    def check(self, text, model, code=0):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "r.yaml"
            file.write_text(text)
            found = subprocess.run([KT, "rules", "check", file, "-m", model, "--json"], capture_output=True, text=True, timeout=60, env=ENVIRONMENT)
            self.assertEqual(found.returncode, code, found.stderr)
            return json.loads(found.stdout) if code == 0 else found.stderr

    def test_every_name_of_the_map_loads(self):
        names = document("schema", "--map")
        rules = []
        for at, row in enumerate(names["operator_classes"]):
            generate, prefill = names["operators"][at % len(names["operators"])], names["operators"][-1 - at % len(names["operators"])]
            model_class = names["classes"][at % len(names["classes"])]["python"].replace("*", "DeepseekV3")
            rules.append(f"- match:\n    class: some.package.modeling_x.{model_class}\n    name: '^model\\.layers\\..*'\n"
                         f"  replace:\n    class: some.package.operators.{row['python']}\n    kwargs:\n"
                         f"      generate_device: {names['devices'][at % len(names['devices'])]['device']}\n      prefill_device: cuda:{at % 8}\n"
                         f"      generate_op: {generate['python']}\n      prefill_op: {prefill['python']}\n"
                         f"      backend: {names['backends'][at % len(names['backends'])]['python']}\n      out_device: cpu\n"
                         f"  recursive: {at % 2 == 0}\n")
        found = self.check("".join(rules), SOURCE / "tests/golden/models/deepseek_v3")
        unknown = [warning["message"] for warning in found["warnings"] if warning["code"] == "KT-W0202"]
        self.assertEqual(unknown, [])
        self.assertGreater(len(rules), 70)

    def test_constructs_of_its_files(self):
        for model, package, prefix in (("deepseek_v2", "deepseek", "DeepseekV2"), ("deepseek_v2_lite", "deepseek", "DeepseekV2"),
                                       ("deepseek_v3", "deepseek_v3", "DeepseekV3"), ("kimi_k2", "deepseek_v3", "DeepseekV3"),
                                       ("qwen2_moe", "qwen2_moe", "Qwen2Moe"), ("qwen3_moe", "qwen3_moe", "Qwen3Moe"),
                                       ("mixtral", "mixtral", "Mixtral"), ("llama", "llama", "Llama")):
            where = f"x.models.modeling_{package}."
            text = (f"- match:\n    class: {where}{prefix}RotaryEmbedding\n  replace:\n    class: x.operators.RoPE.RotaryEmbedding\n"
                    "    kwargs: {generate_device: 'cuda:0', prefill_device: 'cuda:0'}\n"
                    "- match:\n    name: '^model\\.layers\\.(?!.*self_attn\\.kv_b_proj).*$'\n    class: torch.nn.Linear\n"
                    "  replace:\n    class: x.operators.linear.KTransformersLinear\n    kwargs:\n      generate_device: cuda\n"
                    "      prefill_device: cuda\n      generate_op: KLinearMarlin\n      prefill_op: KLinearTorch\n"
                    "- match:\n    name: '^model\\.layers\\..*\\.(mlp|block_sparse_moe)\\.experts$'\n  replace:\n    class: x.operators.experts.KTransformersExperts\n"
                    "    kwargs:\n      prefill_device: cuda\n      prefill_op: KExpertsTorch\n      generate_device: cpu\n"
                    "      generate_op: KExpertsCPU\n      out_device: cuda\n      backend: AMXInt8\n  recursive: False\n"
                    "- match:\n    name: '^model\\.layers\\..*\\.self_attn$'\n  replace:\n    class: x.operators.attention.KDeepseekV2Attention\n"
                    "    kwargs: {generate_device: cuda, prefill_device: cuda, absorb_for_prefill: False}\n"
                    "- match:\n    name: '^model$'\n  replace:\n    class: x.operators.models.KDeepseekV2Model\n"
                    "    kwargs:\n      per_layer_prefill_intput_threshold: 0\n      transfer_map: {1: 'cuda:1'}\n"
                    "- match:\n    name: '^model.embed_tokens'\n  replace:\n    class: default\n    kwargs: {generate_device: cpu, prefill_device: cpu}\n")
            found = self.check(text, SOURCE / "tests/golden/models" / model)
            matched = [rule["matched"] for rule in found["rules"]]
            dense = model == "llama"
            self.assertEqual([count > 0 for count in matched], [True, True, not dense, True, True, True], (model, matched))

    def test_a_family_that_kt_does_not_have_is_named(self):
        for architecture in ("Glm4MoeForCausalLM", "Qwen3NextForCausalLM", "SmallThinkerForCausalLM"):
            with tempfile.TemporaryDirectory() as folder:
                config = pathlib.Path(folder) / "config.json"
                config.write_text(json.dumps({"architectures": [architecture], "hidden_size": 64}))
                self.assertIn(f"no model library knows the architecture '{architecture}'", self.check("[]", config, 4))


class Choice(unittest.TestCase):
    """Without a file, the rules are those that kt run takes."""

    def test_the_file_with_the_models_name(self):
        found = document("check", "-m", "kt-tiny")
        self.assertTrue(found["by_model"])
        self.assertEqual(pathlib.Path(found["files"]).name, "kt-tiny.yaml")
        self.assertFalse(document("check", "-r", "auto", "-m", "kt-tiny")["by_model"])
        self.assertTrue(document("explain", "-m", "kt-tiny", "--node", "lm_head")["by_model"])
        self.assertIn("kt-tiny.yaml, the file with the model's name", transcript.piped(f"{KT} rules explain -m kt-tiny --node lm_head", ENVIRONMENT)[1])

    def test_explain_shows_what_run_binds(self):
        run = json.loads(subprocess.run([KT, "inspect", "kt-tiny", "--binding", "--json"], capture_output=True, text=True, env=ENVIRONMENT,
                                        timeout=60, check=True).stdout)
        bound = {(b["node"], b["phase"]): b["operator"] or "body" for b in document("check", "-m", "kt-tiny")["bindings"]}
        lines = [line.split(" ") for line in run["binding"].splitlines()]
        self.assertGreater(len(lines), 100)
        for node, _, phase, operator, *_ in lines:
            for each in ("prefill", "decode") if phase == "both" else (phase,):
                self.assertEqual(bound[node, each], operator, node)

    def test_a_file_of_the_users_wins(self):
        with tempfile.TemporaryDirectory() as folder:
            mine = pathlib.Path(folder) / "kt/rules/kt-tiny.yaml"
            mine.parent.mkdir(parents=True)
            mine.write_text("kt_rules: 1\nrules:\n  - match: { name: '.*' }\n    replace: { operator: 'ref.*' }\n  - match: { class: Nowhere }\n    replace: { operator: 'ref.*' }\n")
            found = subprocess.run([KT, "rules", "check", "-m", "kt-tiny"], capture_output=True, text=True, timeout=60,
                                   env=ENVIRONMENT | {"XDG_CONFIG_HOME": folder})
            self.assertEqual((found.returncode, found.stderr), (0, ""))
            self.assertIn(str(mine), found.stdout)


class Strict(unittest.TestCase):
    def run_with(self, text, *words):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            return transcript.piped(" ".join([str(KT), "rules check", file.name, "-m kt-tiny", *words]), ENVIRONMENT)

    PHASES = ("kt_rules: 1\nrules:\n  - match: { class: MoeExperts, phase: prefill }\n    replace: { operator: 'ref.*' }\n"
              "  - match: { name: '.*' }\n    replace: { operator: [ 'cpu.*', 'ref.*' ] }\n")

    @unittest.skipUnless("avx2" in pathlib.Path("/proc/cpuinfo").read_text(), "the plugin cpu needs AVX2")
    def test_warnings_count_with_strict(self):
        code, text = self.run_with(self.PHASES)
        self.assertEqual(code, 0, text)
        self.assertIn("warning[KT-W0210]", text)
        self.assertEqual(self.run_with(self.PHASES, "--strict")[0], 9)

    def test_a_file_without_warnings_passes(self):
        self.assertEqual(self.run_with("kt_rules: 1\nrules:\n  - match: { name: '.*' }\n    replace: { operator: 'ref.*' }\n", "--strict")[0], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
