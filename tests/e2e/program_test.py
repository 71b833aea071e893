"""The program kt as scripts see it: JSON shapes, exit codes, one sentence for bad input, closed pipes and signals.

usage: program_test.py KT SOURCE_FOLDER
"""
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

KT, SOURCE = "", ""


def golden(name):
    return os.path.join(SOURCE, "tests", "golden", name)


LLAMA = "models/llama"


def kt(*arguments, stdin="", environment=None):
    """Runs kt with nothing of the caller's settings."""
    clean = {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir() + "/kt-no-home", "LC_ALL": "C.UTF-8"}
    return subprocess.run([KT, *arguments], input=stdin, capture_output=True, text=True, timeout=120, env={**clean, **(environment or {})})


class Shapes(unittest.TestCase):
    def document(self, *arguments, **options):
        result = kt(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_run(self):
        out = self.document("run", golden(LLAMA), "--ids", "1,2,3", "-n", "5", "--temp", "0", "--ignore-eos", "--json")
        self.assertEqual(set(out), {"prompt_ids", "ids", "text", "finish_reason", "timings", "memory"})
        self.assertEqual(out["prompt_ids"], [1, 2, 3])
        self.assertEqual(len(out["ids"]), 5)
        self.assertEqual(out["finish_reason"], "length")
        self.assertLessEqual({"load_s", "prompt_s", "decode_s", "ttft_s"}, set(out["timings"]))

    def test_drafts_change_nothing_but_the_statistics(self):
        prompt = "Once upon a time there was a fox. Once upon a time there was a fox. Once upon"
        arguments = ("run", os.path.join(SOURCE, "models", "bundled", "kt-tiny"), prompt, "--raw", "-n", "40", "--temp", "0", "--json")
        plain, guessed = self.document(*arguments), self.document(*arguments, "--draft", "ngram:5")
        self.assertEqual(guessed["ids"], plain["ids"])
        self.assertNotIn("draft", plain)
        self.assertEqual(set(guessed["draft"]), {"drafted", "accepted", "steps"})
        self.assertEqual(guessed["draft"]["steps"] + guessed["draft"]["accepted"] + 1, len(plain["ids"]))
        self.assertGreater(guessed["draft"]["accepted"], 0)

    def test_bench_with_drafts(self):
        rows = self.document("bench", golden(LLAMA), "-n", "12", "-r", "1", "-t", "2", "--draft", "ngram", "--json")["results"]
        self.assertEqual([row["test"] for row in rows], ["tg12", "answer12", "answer12+ngram7"])
        self.assertEqual((rows[0]["drafted"], rows[1]["drafted"]), (0, 0))

    def test_cache_types(self):
        sizes = {}
        for name in ("f32", "f16", "bf16", "q8_0", "q4_0"):
            out = self.document("run", golden(LLAMA), "--ids", "1,2,3", "-n", "3", "--temp", "0", "--kv-type", name, "--json")
            sizes[name] = out["memory"]["kv_cache"]
        # Heads of 16 elements take whole blocks of 32.
        self.assertEqual(sizes["f32"], 2 * sizes["f16"])
        self.assertEqual(sizes["f16"], sizes["bf16"])
        self.assertEqual(sizes["q8_0"] * 18, sizes["q4_0"] * 34)

    def test_json_stands_before_or_after_the_verb(self):
        first = self.document("--json", "tokenize", golden(LLAMA), stdin="share this")
        self.assertEqual(first, self.document("tokenize", golden(LLAMA), "--json", stdin="share this"))
        self.assertEqual(set(first), {"ids", "pieces"})
        self.assertEqual(len(first["ids"]), len(first["pieces"]))

    def test_logits_read_back_to_the_same_bits(self):
        out = self.document("logits", golden(LLAMA), "--ids", "5,6,7", "--positions", "0,-1", "--json")
        self.assertEqual(out["positions"], [0, 2])
        self.assertEqual([len(row) for row in out["logits"]], [384, 384])
        for value in out["logits"][0]:
            single = struct.unpack("f", struct.pack("f", value))[0]
            self.assertEqual(float("%.9g" % single), value)

    def test_detokenize_gives_the_text_back(self):
        ids = self.document("tokenize", golden(LLAMA), "--no-special", "--json", stdin="share this software")["ids"]
        out = self.document("detokenize", golden(LLAMA), "--ids", ",".join(map(str, ids)), "--json")
        self.assertEqual(out, {"text": "share this software"})

    def test_template_render(self):
        with tempfile.TemporaryDirectory() as folder:
            messages, template = folder + "/m.json", folder + "/t.jinja"
            with open(messages, "w") as file:
                json.dump({"messages": [{"role": "user", "content": "hi"}], "add_generation_prompt": True, "extra": 7}, file)
            with open(template, "w") as file:
                file.write("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{{ extra }}{% if add_generation_prompt %}>>{% endif %}")
            out = self.document("template", "render", "--template", template, "--messages", messages, "--json")
        self.assertEqual(out, {"text": "<user>hi7>>"})

    def test_perplexity(self):
        out = self.document("perplexity", golden(LLAMA), "-f", "-", "--json", stdin="The licence says: you may copy, change and share.")
        self.assertEqual(set(out), {"perplexity", "tokens"})
        self.assertGreater(out["perplexity"], 1)

    def test_inspect(self):
        self.assertEqual(self.document("inspect", golden(LLAMA), "--json")["architecture"], "LlamaForCausalLM")
        self.assertIn("node ", self.document("inspect", golden(LLAMA), "--graph", "--all", "--json")["graph"])
        self.assertGreater(len(self.document("inspect", golden("gguf/llama-q8_0.gguf"), "--tensors", "--json")["tensor_list"]), 10)
        self.assertIn("plan decode", self.document("inspect", golden(LLAMA), "--plan", "--json")["plan"])
        self.assertIn("lm_head", self.document("inspect", golden(LLAMA), "--binding", "--json")["binding"])

    def test_inspect_writes_a_tensor_as_float32(self):
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/out.bin"
            self.document("inspect", golden("gguf/llama-q8_0.gguf"), "--json")
            result = kt("inspect", golden("gguf/llama-q8_0.gguf"), "--tensor", "output_norm.weight", "--f32", path)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(os.path.getsize(path) % 4, 0)
            self.assertGreater(os.path.getsize(path), 0)

    def test_plugins(self):
        plugins = {p["name"]: p for p in self.document("plugins", "ls", "--json")["plugins"]}
        self.assertLessEqual({"name", "version", "abi", "operators", "devices", "state", "path"}, set(plugins["ref"]))
        self.assertIn("ref.linear", plugins["ref"]["operators"])
        self.assertNotIn("fake", plugins)

    def test_version(self):
        self.assertLessEqual({"version", "abi"}, set(self.document("version", "--json")))

    def test_flags_come_from_the_environment_too(self):
        out = self.document("run", golden(LLAMA), "--ids", "1,2", environment={"KT_PREDICT": "3", "KT_JSON": "1", "KT_TEMP": "0", "KT_IGNORE_EOS": "1"})
        self.assertEqual(len(out["ids"]), 3)


class Mistakes(unittest.TestCase):
    """Every case: arguments, exit code, a part of the one error."""

    def check(self, code, part, *arguments, **options):
        result = kt(*arguments, **options)
        self.assertEqual(result.returncode, code, (arguments, result.stdout, result.stderr))
        self.assertIn("error[KT-E", result.stderr)
        self.assertIn(part, result.stderr)
        self.assertEqual(result.stdout, "")

    def test_usage(self):
        self.check(2, "did you mean 'run'", "runn", "x")
        self.check(2, "did you mean '--temp'", "run", "--temq", "0")
        self.check(2, "KT-E01", "run", golden(LLAMA), "--ids", "1,x")
        self.check(2, "KT-E01", "run", golden(LLAMA), "--ids", "1", "-n", "0")
        self.check(2, "--draft", "run", golden(LLAMA), "--ids", "1", "--draft", "ngram:8")
        self.check(2, "--draft", "bench", golden(LLAMA), "--draft", "magic")
        self.check(2, "KT-E01", "run", golden(LLAMA), "--ids", "1", "--top-p", "7")
        self.check(2, "KT-E01", "run", golden(LLAMA), "--ids", "1", "--logit-bias", "5")
        self.check(2, "KT-E01", "logits", golden(LLAMA), "--ids", "1,2", "--positions", "2")
        self.check(2, "KT-E0104", "run", golden(LLAMA), "--ids", ",".join(["1"] * 80), "-c", "64")
        self.check(2, "KT-E0103", "run", golden(LLAMA), "--ids", "1", "-c", "1000000")
        self.check(2, "KT-E01", "perplexity", golden(LLAMA), "-f", "/nonexistent/text")
        self.check(2, "KT-E01", "inspect", golden(LLAMA), "--tensor", "nope", "--f32", "/tmp/x")
        self.check(2, "KT-E01", "run", golden(LLAMA), environment={"KT_THREADS": "many"})

    def test_rules(self):
        self.check(3, "KT-E02", "run", golden(LLAMA), "--ids", "1", "--rules", "/nonexistent.yaml")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("kt_rules: 1\nrules:\n  - match: { class: Linera }\n    replace: { operator: ref.linear }\n")
            file.flush()
            self.check(3, file.name + ":3:", "run", golden(LLAMA), "--ids", "1", "--rules", file.name)

    def test_models(self):
        self.check(4, "KT-E0402", "run", "/nonexistent/model.gguf", "--ids", "1")
        self.check(4, "KT-E0402", "run", "nosuchmodel", "some words", "--ids", "1")
        with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
            file.write(b"not a model at all, but long enough to be looked at")
            file.flush()
            self.check(4, file.name, "run", file.name, "--ids", "1")
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/config.json", "w") as file:
                json.dump({"architectures": ["NobodyForCausalLM"]}, file)
            self.check(4, "KT-E04", "run", folder, "--ids", "1")

    def test_a_truncated_model(self):
        with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
            with open(golden("gguf/llama-q8_0.gguf"), "rb") as whole:
                file.write(whole.read()[:-1000])
            file.flush()
            self.check(4, file.name, "run", file.name, "--ids", "1")

    def test_a_token_outside_the_vocabulary(self):
        result = kt("run", golden(LLAMA), "--ids", "1,99999")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("99999", result.stderr)


class Endings(unittest.TestCase):
    def start(self, *arguments, **options):
        return subprocess.Popen([KT, *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)

    def test_a_closed_pipe_ends_the_run_without_a_message(self):
        read, write = os.pipe()
        os.close(read)
        process = self.start("run", golden(LLAMA), "--ids", "1", "-n", "50", "--ignore-eos", "-q", stdout=write)
        os.close(write)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertEqual(errors, "")

    def test_a_full_disk_is_said(self):
        with open("/dev/full", "w") as full:
            process = self.start("run", golden(LLAMA), "--ids", "1", "-n", "5", "-q", stdout=full)
            _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertIn("No space left", errors)

    def test_signals(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            # It waits for a prompt that never comes.
            process = subprocess.Popen([KT, "run", golden(LLAMA), "-f", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(0.5)
            process.send_signal(number)
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, code)


class Chat(unittest.TestCase):
    def test_it_reads_lines_from_a_pipe_and_forgets_when_asked(self):
        result = kt("chat", "--temp", "0", "-n", "12", stdin="Who are you?\n/reset\n\nWho are you?\n/quit\nnever\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        first, second = result.stdout.splitlines()
        self.assertEqual(first, second)

    def test_a_model_without_a_template_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            model = shutil.copytree(golden(LLAMA), folder + "/model")
            with open(model + "/tokenizer_config.json") as file:
                config = json.load(file)
            del config["chat_template"]
            with open(model + "/tokenizer_config.json", "w") as file:
                json.dump(config, file)
            result = kt("chat", model, stdin="hi\n")
        self.assertEqual(result.returncode, 4)
        self.assertIn("KT-E0411", result.stderr)


class Help(unittest.TestCase):
    def test_verbs_stand_there_once(self):
        text = kt("help").stdout
        for verb in ("run", "chat", "logits", "tokenize", "detokenize", "template", "inspect", "rules", "plugins", "perplexity", "help", "version"):
            self.assertEqual(sum(line.split()[:1] == [verb] for line in text.splitlines()), 1, verb)

    def test_exit_codes(self):
        text = kt("help", "exit-codes").stdout
        for code in ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "130", "143"):
            self.assertTrue(any(line.split()[:1] == [code] for line in text.splitlines()), code)

    def test_examples_stand_before_the_flags(self):
        text = kt("run", "--help").stdout
        self.assertLess(text.index("examples:"), text.index("--temp"))

    def test_error_codes(self):
        self.assertIn("exit code 4", kt("help", "KT-E0408").stdout)


if __name__ == "__main__":
    KT, SOURCE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
