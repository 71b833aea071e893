#!/usr/bin/env python3
"""Compares kt with a folder of golden data (of tools/make_golden.py, or of the same layout) and prints what differs.

    tools/check_golden.py FOLDER [--kt build/bin/kt] [--rules rules/base/ref.yaml] [--only models,gguf,tokenizers,chat_templates,quant]
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

CLEAR_MARGIN = 0.3  # of the best logit over the second; below it rounded activations may decide otherwise


class Checker:
    def __init__(self, args):
        self.args, self.passed, self.failures = args, 0, []

    def check(self, what, good, detail=""):
        self.passed += good
        if not good:
            self.failures.append(f"{what}: {detail}")
            print(f"FAIL {what}: {detail}", flush=True)

    def run(self, *words, text=None):
        done = subprocess.run([str(self.args.kt), *map(str, words)], input=text, capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip()

    def json(self, what, *words, text=None):
        """The JSON document that kt prints; None, and a failure, where it prints none."""
        code, out, err = self.run(*words, "--json", text=text)
        if code != 0:
            self.check(what, False, f"exit code {code}: {err[:300]}")
            return None
        return json.loads(out)

    def rules(self):
        return ["--rules", self.args.rules] if self.args.rules else []


def check_model(checker, what, model, document):
    """Logits within the stated tolerance and greedy continuations exact; without --rules, the best token where it leads clearly."""
    tolerance = document["tolerances"]["logits_atol_f32"]
    fast = checker.args.rules is None
    for prompt in document["prompts"]:
        name, ids = f"{what} {prompt['name']}", ",".join(map(str, prompt["prompt_ids"]))
        made = checker.json(name, "logits", model, "--ids", ids, *checker.rules())
        if made is None:
            continue
        logits = np.array(made["logits"], dtype=np.float32)
        if fast:
            check_best(checker, name, logits[-1], prompt["logits_last"])
            continue
        difference = float(np.abs(logits[-1] - np.array(prompt["logits_last"])).max())
        checker.check(f"{name} logits", difference <= tolerance, f"differ by {difference:.2e}, tolerance {tolerance:.2e}")
        checker.check(f"{name} argmax", logits.argmax(-1).tolist() == prompt["argmax_per_position"] or difference <= tolerance, "differs")
        greedy = checker.json(name, "run", model, "--ids", ids, "-n", len(prompt["greedy"]), "--temp", 0, "--ignore-eos", *checker.rules())
        if greedy is not None:
            checker.check(f"{name} greedy", greedy["ids"] == prompt["greedy"], f"{greedy['ids']} instead of {prompt['greedy']}")


def check_best(checker, name, logits, wanted):
    second, first = np.sort(np.array(wanted))[-2:]
    if first - second > CLEAR_MARGIN:
        checker.check(f"{name} best token", int(logits.argmax()) == int(np.argmax(wanted)), f"another one, though it leads by {first - second:.2f}")


def check_models(checker, folder):
    for golden in sorted(folder.glob("*/golden.json")):
        check_model(checker, golden.parent.name, golden.parent, json.loads(golden.read_text()))


def check_gguf(checker, folder):
    for golden in sorted(folder.glob("*.golden.json")):
        document = json.loads(golden.read_text())
        check_model(checker, document["file"], folder / document["file"], document)


def check_tokenizers(checker, folder):
    for path in sorted(folder.glob("*/cases.json")):
        document, model = json.loads(path.read_text()), path.parent
        for at, case in enumerate(document["cases"]):
            text = case["text"].encode("utf-8", "surrogatepass")
            for flags, key in (["--no-special", "--parse-special"], "ids"), (["--parse-special"], "ids_with_special"):
                made = checker.json(f"{model.name} {at}", "tokenize", model, *flags, text=text)
                if made is not None:
                    checker.check(f"{model.name} {at} {key}", made["ids"] == case[key], f"{case['text']!r}: {made['ids']} instead of {case[key]}")
        for at, case in enumerate([*document["cases"], *document["decode_only"]]):
            if case["ids"]:
                made = checker.json(f"{model.name} decode {at}", "detokenize", model, "--ids", ",".join(map(str, case["ids"])))
                if made is not None:
                    checker.check(f"{model.name} decode {at}", made["text"] == case["decoded"], f"{made['text']!r} instead of {case['decoded']!r}")


def check_templates(checker, folder):
    for path in sorted(folder.glob("*.json")):
        document = json.loads(path.read_text())
        if "template" not in document:
            continue
        with tempfile.TemporaryDirectory() as work:
            template, messages = pathlib.Path(work) / "template.jinja", pathlib.Path(work) / "messages.json"
            template.write_text(document["template"], encoding="utf-8")
            for case in document["cases"]:
                what = f"{path.stem} {case['name']}"
                content = {"messages": case["messages"], "tools": case["tools"], "add_generation_prompt": case["add_generation_prompt"],
                           "bos_token": document["bos_token"], "eos_token": document["eos_token"], "now": document["now"], **case["kwargs"]}
                messages.write_text(json.dumps(content), encoding="utf-8")
                code, out, err = checker.run("template", "render", "--template", template, "--messages", messages, "--json")
                if "error" in case:
                    checker.check(what, code != 0, "rendered what must fail")
                else:
                    made = json.loads(out)["text"] if code == 0 else err
                    checker.check(what, made == case["expected"], f"{made!r} instead of {case['expected']!r}")


def check_quant(checker, folder):
    """Each type through a GGUF file of one tensor, as `kt inspect` reads it."""
    import gguf
    for name, entry in json.loads((folder / "index.json").read_text())["types"].items():
        raw = np.fromfile(folder / entry["raw"], np.uint8).reshape(entry["rows"], -1)
        with tempfile.TemporaryDirectory() as work:
            path, out = pathlib.Path(work) / "one.gguf", pathlib.Path(work) / "out.f32"
            writer = gguf.GGUFWriter(str(path), "llama")
            writer.add_tensor("w", raw, raw_dtype=gguf.GGMLQuantizationType(entry["ggml_type"]))
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
            writer.close()
            code, _, err = checker.run("inspect", path, "--tensor", "w", "--f32", out)
            if code != 0:
                checker.check(name, False, err)
                continue
            made, wanted = np.fromfile(out, np.float32), np.fromfile(folder / entry["dequant"], np.float32)
            good = made.shape == wanted.shape and np.abs(made - wanted).max() <= 1e-6 * entry["max_abs"]
            checker.check(name, bool(good), "the values differ")


CHECKS = {"models": check_models, "gguf": check_gguf, "tokenizers": check_tokenizers, "chat_templates": check_templates, "quant": check_quant}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--kt", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[1] / "build" / "bin" / "kt")
    parser.add_argument("--rules", help="rule file for models and GGUF files (default: kt's own choice)")
    parser.add_argument("--only", default=",".join(CHECKS))
    args = parser.parse_args()
    checker = Checker(args)
    for kind in args.only.split(","):
        if (args.folder / kind).exists():
            CHECKS[kind](checker, args.folder / kind)
    print(f"{checker.passed} passed, {len(checker.failures)} failed")
    return 1 if checker.failures or not checker.passed else 0


if __name__ == "__main__":
    sys.exit(main())
