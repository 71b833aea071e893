#!/usr/bin/env python3
"""The JSON Schema of rule files: shipped files meet it, wrong ones do not, and an editor completes by it. Usage: rules_schema_test.py KT SOURCE_DIR BUILD_DIR"""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

try:
    import jsonschema
    import yaml
except ImportError as problem:
    # Another python3 may come first in PATH than Debian's, whose packages ./dev installs.
    if not os.environ.get("KT_SCHEMA_TEST") and os.path.exists("/usr/bin/python3"):
        os.environ["KT_SCHEMA_TEST"] = "1"
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    sys.exit(f"{problem}: the test needs the Debian packages python3-jsonschema and python3-yaml")

from schema_completer import MOMENTS, Completer, draw, offers  # noqa: E402

KT, SOURCE, BUILD = (pathlib.Path(word) for word in sys.argv[1:4])
SCHEMA = json.loads(subprocess.run([KT, "rules", "schema"], capture_output=True, text=True, check=True, timeout=60).stdout)
OPERATORS = {op["name"]: op for op in json.loads(subprocess.run([KT, "plugins", "schema"], capture_output=True, text=True, check=True,
                                                                timeout=60).stdout)["operators"]}
CHECKER = jsonschema.Draft7Validator(SCHEMA)


def problems(text):
    return sorted(error.json_path for error in CHECKER.iter_errors(yaml.safe_load(text)))


def native(match="class: Linear", replace="operator: cpu.linear", more=""):
    return f"kt_rules: 1\nrules:\n  - match: {{ {match} }}\n    replace: {{ {replace} }}\n{more}"


def listed(match="class: Linear", replace="class: cpu.linear", more=""):
    return f"- match: {{ {match} }}\n  replace: {{ {replace} }}\n{more}"


class Files(unittest.TestCase):
    def test_the_schema_itself_is_valid(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_every_shipped_file_meets_it(self):
        files = sorted((SOURCE / "rules").rglob("*.yaml"))
        self.assertGreaterEqual(len(files), 14)
        for path in files:
            self.assertEqual(problems(path.read_text()), [], path)

    def test_what_init_prints_meets_it_and_names_it(self):
        text = subprocess.run([KT, "rules", "init"], capture_output=True, text=True, check=True, timeout=60).stdout
        self.assertEqual(problems(text), [])
        named = re.match(r"# yaml-language-server: \$schema=(.*)\n", text)
        self.assertEqual(json.loads(pathlib.Path(named.group(1)).read_text()), SCHEMA)

    def test_the_examples_of_the_page_meet_it(self):
        page = (SOURCE / "docs/reference/rules.md").read_text()
        blocks = [re.sub(r"^ {4}", "", block, flags=re.M) for block in re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", page, flags=re.M)]
        examples = [block for block in blocks if re.search(r"^(kt_rules:|- match:)", block, flags=re.M)]
        self.assertGreaterEqual(len(examples), 1)
        for text in examples:
            self.assertEqual(problems(text), [], text)

    def test_files_that_kt_takes_meet_it(self):
        for text in ("[]", "kt_rules: 1", native(), native("class: [Linear, MoeExperts]", 'operator: ["cpu.*", "ref.*"]'),
                     native("layers: 3-60, name: a", "operator: default, device: cpu"), native("layers: [0, 1, last]"), native("layers: 3"),
                     native("dtype: q4_k, phase: decode"), native("params: '>= 1e6'"),
                     native(replace="operator: cpu.linear, options: { activations: f32 }"),
                     native(replace='operator: ["cpu.*", "ref.*"], options: { activations: f32 }'),
                     native(replace="operator: [cuda_marlin.linear, cuda.linear], options: { anything: 1 }"),
                     native(replace='operator: "${op}", device: "${gpu}"', more="vars: { op: cpu.linear, gpu: cpu }\n"),
                     listed(), listed(replace="class: default, kwargs: { generate_device: 'cuda:0' }"),
                     listed("class: torch.nn.Linear", "class: ktransformers.operators.linear.KTransformersLinear, kwargs: "
                            "{ generate_device: cuda, generate_op: KLinearMarlin, prefill_op: null }", "  recursive: False\n"),
                     listed(replace="class: cpu.linear, kwargs: { activations: int8, generate_device: cpu }")):
            self.assertEqual(problems(text), [], text)

    def test_files_that_kt_refuses_do_not(self):
        for place, text in (
                ("$.rules[0].replace.options", native(replace="operator: cpu.linear, options: { activation: f32 }")),
                ("$.rules[0].replace.options", native(replace='operator: ["cpu.*"], options: { activation: f32 }')),
                ("$.rules[0].replace.operator", native(replace="operator: [ref.linear, ref.rms_norm], options: { activations: f32 }")),
                ("$.rules[0].replace.options.activations", native(replace="operator: cpu.linear, options: { activations: f33 }")),
                ("$.rules[0].replace.options.activations", native(replace="operator: cpu.linear, options: { activations: 5 }")),
                ("$.rules[0].replace.options", native(replace="operator: cpu.linear, options: 5")),
                ("$.rules[0].replace.operator", native(replace="operator: cpu.liner")),
                ("$.rules[0].replace.operator", native(replace="operator: acme.linear")),
                ("$.rules[0].replace.operator", native(replace="operator: 5")),
                ("$.rules[0].replace.operator", native(replace="operator: []")),
                ("$.rules[0].replace", native(replace="device: cpu")),
                ("$.rules[0].replace", native(replace="operator: cpu.linear, devise: cpu")),
                ("$.rules[0].replace.device", native(replace="operator: cpu.linear, device: gpu0")),
                ("$.rules[0].match.class", native("class: Liner")),
                ("$.rules[0].match.phase", native("phase: decoding")),
                ("$.rules[0].match.layers", native("layers: all")),
                ("$.rules[0].match", native("nmae: a")),
                ("$.rules[0]", native(more="    when_: x\n")),
                ("$.kt_rules", native().replace("kt_rules: 1", "kt_rules: 2")),
                ("$", "rules: []"), ("$", "hello"),
                ("$[0].replace.class", listed(replace="class: cpu.liner")),
                ("$[0].replace.kwargs", listed(replace="class: cpu.linear, kwargs: { activation: int8 }")),
                ("$[0].recursive", listed(more="  recursive: maybe\n"))):
            self.assertIn(place, problems(text), text)


class Editor(unittest.TestCase):
    """The places where someone who writes a rule would ask."""

    def setUp(self):
        self.completer = Completer(SCHEMA)

    def test_operators_with_what_they_compute(self):
        found = self.completer.values(yaml.safe_load(native(replace="operator:")), ["rules", 0, "replace", "operator"])
        self.assertLessEqual(set(OPERATORS), set(found))
        self.assertLessEqual({"cpu.*", "ref.*", "default"}, set(found))
        self.assertIn("MoeExperts on cpu", found["cpu.moe"])

    def test_operators_in_a_list(self):
        document = yaml.safe_load(native(replace="operator: [cpu.moe, ref.]"))
        self.assertIn("ref.linear", self.completer.values(document, ["rules", 0, "replace", "operator", 1]))

    def test_the_options_of_each_operator(self):
        for name, op in OPERATORS.items():
            document = yaml.safe_load(native(replace=f"operator: {name}, options: {{}}"))
            found = self.completer.keys(document, ["rules", 0, "replace", "options"])
            self.assertEqual(set(found), {option["name"] for option in op["options"]}, name)
            for option in op["options"]:
                self.assertIn(option["help"], found[option["name"]])
            in_list = yaml.safe_load(listed(replace=f"class: {name}, kwargs: {{}}"))
            devices = {"generate_device", "prefill_device", "out_device"}
            self.assertEqual(set(self.completer.keys(in_list, [0, "replace", "kwargs"])) - devices, set(found), name)

    def test_the_values_of_an_option(self):
        document = yaml.safe_load(native(replace="operator: cpu.moe, options: { activations: }"))
        found = self.completer.values(document, ["rules", 0, "replace", "options", "activations"])
        self.assertEqual(list(found), ["auto", "f32", "bf16", "int8"])

    def test_keys_classes_and_devices(self):
        document = yaml.safe_load(native("class: Linear"))
        self.assertEqual(set(self.completer.keys(document, ["rules", 0, "match"])), {"name", "layers", "phase", "dtype", "params", "arch"})
        self.assertEqual(set(self.completer.keys(document, ["rules", 0])), {"name", "when", "optional"})
        self.assertIn("MoeExperts", self.completer.values(document, ["rules", 0, "match", "class"]))
        self.assertEqual(list(self.completer.values(document, ["rules", 0, "match", "phase"])), ["prefill", "decode", "train"])
        self.assertIn("cpu", self.completer.values(document, ["rules", 0, "replace", "device"]))
        self.assertEqual(set(self.completer.keys(None, [])) - {"kt_rules"}, {"arch", "extends", "vars", "placement", "rules"})

    def test_the_picture_shows_what_is_offered(self):
        picture = (SOURCE / "docs/images/rules-completion.svg").read_text()
        shown = re.findall(r'class="offer"[^>]*>([^<]+)<', picture)
        wanted = [str(word) for moment in MOMENTS for word in offers(self.completer, moment)]
        self.assertGreaterEqual(len(shown), 5)
        self.assertLessEqual(set(shown), set(wanted), "schema_completer.py SCHEMA --picture docs/images/rules-completion.svg draws it anew")
        self.assertEqual(re.findall(r'class="offer"[^>]*>([^<]+)<', draw(self.completer)), wanted)


class Installed(unittest.TestCase):
    def test_the_build_holds_the_schema_that_the_program_prints(self):
        self.assertEqual(json.loads((BUILD / "share/kt/schema/kt-rules-1.json").read_text()), SCHEMA)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
