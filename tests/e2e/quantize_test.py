"""kt quantize: what it writes computes the same as what it read, under the names and in the layout that other programs use."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

KT = sys.argv.pop(1)
ROOT = pathlib.Path(sys.argv.pop(1))
MODELS = ROOT / "tests/golden/models"
TINY = ROOT / "models/bundled/kt-tiny"

NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 6: (32, 22), 8: (32, 34), 12: (256, 144), 14: (256, 210), 30: (1, 2)}


class Gguf:
    """A reader of its own, so that kt's reader and writer cannot be wrong together."""

    def __init__(self, path):
        self.data, self.at = pathlib.Path(path).read_bytes(), 4
        assert self.data[:4] == b"GGUF" and self.number(4) == 3
        tensors, keys = self.number(10), self.number(10)
        self.keys = dict(self.entry() for _ in range(keys))
        self.tensors = dict(self.tensor() for _ in range(tensors))
        start = (self.at + 31) // 32 * 32
        for name, (shape, kind, offset) in self.tensors.items():
            elements, size = BLOCKS[kind]
            count = 1
            for dim in shape:
                count *= dim
            self.tensors[name] = (shape, kind, self.data[start + offset:start + offset + count // elements * size])

    def number(self, kind):
        value, = struct.unpack_from(NUMBERS[kind], self.data, self.at)
        self.at += struct.calcsize(NUMBERS[kind])
        return value

    def text(self):
        size = self.number(10)
        self.at += size
        return self.data[self.at - size:self.at].decode()

    def value(self, kind):
        if kind == 8:
            return self.text()
        if kind != 9:
            return self.number(kind)
        element, count = self.number(4), self.number(10)
        return [self.value(element) for _ in range(count)]

    def entry(self):
        key = self.text()
        return key, self.value(self.number(4))

    def tensor(self):
        name = self.text()
        shape = [self.number(10) for _ in range(self.number(4))][::-1]
        return name, (shape, self.number(4), self.number(10))


def run(*words, ok=True, stdin=None):
    done = subprocess.run([KT, *map(str, words)], capture_output=True, text=True, input=stdin)
    if ok and done.returncode != 0:
        raise AssertionError(f"{words}: {done.stderr}")
    return done


def answer(*words, stdin=None):
    return json.loads(run(*words, "--json", stdin=stdin).stdout)


class Quantize(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def made(self, model, kind, *flags):
        out = pathlib.Path(self.folder.name) / f"{pathlib.Path(str(model)).stem}-{kind}.gguf"
        run("quantize", model, out, "--type", kind, *flags)
        return out

    def logits(self, model, ids):
        return answer("logits", "-m", model, "--ids", ",".join(map(str, ids)), "--positions", "0,-1", "-r", "base/ref")["logits"]

    def test_a_converted_folder_computes_and_tokenizes_as_the_folder(self):
        for name in ["llama", "llama_spm", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "deepseek_v2", "deepseek_v2_lite",
                     "deepseek_v3", "kimi_k2", "mixtral"]:
            with self.subTest(model=name):
                out = self.made(MODELS / name, "bf16")
                ids = [3, 60, 17, 200, 91, 33, 300, 5, 8, 120, 77, 1, 250, 41]
                for ours, theirs in zip(self.logits(out, ids), self.logits(MODELS / name, ids)):
                    scale = max(map(abs, theirs))  # heads that lie in another order are summed in another order
                    self.assertLess(max(abs(a - b) for a, b in zip(ours, theirs)), 1e-5 * scale)
                text = "The old  tower, it's 12345 m high.\n\tdef f(x): return x  \u4f60\u597d"
                ids_of = [answer("tokenize", "-m", model, stdin=text) for model in (out, MODELS / name)]
                self.assertEqual(ids_of[0], ids_of[1])

    def test_files_are_those_of_the_common_converter(self):
        for file, model, kind in [("llama-f16", "llama", "f16"), ("qwen2-f32", "qwen2", "f32"),
                                  ("deepseek_v3-bf16", "deepseek_v3", "bf16")]:
            with self.subTest(file=file):
                theirs, ours = Gguf(ROOT / f"tests/golden/gguf/{file}.gguf"), Gguf(self.made(MODELS / model, kind))
                self.assertEqual(ours.tensors.keys(), theirs.tensors.keys())
                for name, tensor in theirs.tensors.items():
                    if name != "rope_freqs.weight":  # rounded in another order
                        self.assertEqual(ours.tensors[name], tensor, name)
                differ = {key for key, value in theirs.keys.items() if ours.keys.get(key) != value}
                expected = {key for key in differ if key.startswith("general.sampling.")}
                expected |= {"general.size_label", "tokenizer.ggml.add_sep_token", "tokenizer.ggml.token_type"}
                self.assertLessEqual(differ, expected)

    def test_types_and_shapes_are_those_of_the_common_quantizer(self):
        for file, model, kind in [("qwen3_moe-q8_0", "qwen3_moe", "q8_0"), ("deepseek_v2-q8_0", "deepseek_v2", "q8_0")]:
            with self.subTest(file=file):
                theirs, ours = Gguf(ROOT / f"tests/golden/gguf/{file}.gguf"), Gguf(self.made(MODELS / model, kind))
                shapes = [{name: tensor[:2] for name, tensor in part.tensors.items()} for part in (ours, theirs)]
                self.assertEqual(shapes[0], shapes[1])

    def test_tiny_keeps_its_perplexity_within_each_formats_error(self):
        text = pathlib.Path(self.folder.name) / "text.txt"
        text.write_bytes((TINY / "heldout.txt").read_bytes()[:12000])
        before = answer("perplexity", TINY, "-f", text)["perplexity"]
        for kind, bound in [("f16", 0.002), ("q8_0", 0.005), ("q6_k", 0.005), ("q5_k_m", 0.01), ("q5_0", 0.01), ("q4_k_m", 0.02),
                            ("q4_0", 0.05), ("q4_1", 0.05), ("iq4_xs", 0.05), ("mxfp4", 0.1), ("q3_k_m", 0.1), ("q2_k", 0.1)]:
            with self.subTest(kind=kind):
                after = answer("perplexity", self.made(TINY, kind), "-f", text)["perplexity"]
                self.assertLess(abs(after / before - 1), bound)

    def test_divergence_from_a_model_equals_that_from_its_saved_logits(self):
        folder = pathlib.Path(self.folder.name)
        text, saved = folder / "text.txt", folder / "tiny.logits"
        text.write_bytes((TINY / "heldout.txt").read_bytes()[:6000])
        out = self.made(TINY, "q4_k_m")
        live = answer("perplexity", out, "-f", text, "--kl-base", TINY)
        base = answer("perplexity", TINY, "-f", text, "--save-logits", saved)["perplexity"]
        self.assertAlmostEqual(base, live["kl"]["base_perplexity"], delta=1e-6)  # a sum of float32 logarithms
        stored = answer("perplexity", out, "-f", text, "--kl-base", saved)
        self.assertEqual(live["perplexity"], stored["perplexity"])
        self.assertAlmostEqual(live["kl"]["mean"], stored["kl"]["mean"], delta=1e-6)
        self.assertEqual(live["kl"]["same_top"], stored["kl"]["same_top"])
        self.assertTrue(0 < live["kl"]["mean"] < 0.02 and 0.95 < live["kl"]["same_top"] < 1, live["kl"])
        itself = answer("perplexity", TINY, "-f", text, "--kl-base", TINY)["kl"]
        self.assertEqual((itself["mean"], itself["max"], itself["same_top"]), (0, 0, 1))
        other = run("perplexity", MODELS / "llama", "-f", text, "--kl-base", TINY, ok=False)
        self.assertIn("another tokenizer", other.stderr)

    def test_tiny_answers_as_the_folder_does(self):
        out = self.made(TINY, "bf16")
        answers = [run("run", "-m", model, "What is a lighthouse?", "-n", "40", "--temp", "0").stdout for model in (out, TINY)]
        self.assertEqual(answers[0], answers[1])
        self.assertTrue(answers[0].strip())

    def test_gguf_in_keeps_metadata_and_untouched_bytes(self):
        source = ROOT / "tests/golden/gguf/llama_wide-q4_k_m.gguf"
        before, after = Gguf(source), Gguf(self.made(source, "q4_k_m"))
        self.assertEqual(before.keys, after.keys)
        self.assertEqual(before.tensors, after.tensors)

    def test_short_rows_fall_back_with_a_sentence(self):
        done = run("quantize", TINY, "--type", "q4_k_m", "--dry-run", "--json")
        self.assertIn("tensors become Q5_0 instead of Q4_K", done.stderr)
        kinds = {t["name"]: t["type"] for t in json.loads(done.stdout)["tensors"]}
        self.assertEqual(kinds["blk.0.ffn_down.weight"], "Q4_K")
        self.assertEqual(kinds["blk.0.attn_q_b.weight"], "Q5_0")
        self.assertEqual(kinds["blk.1.ffn_gate_inp.weight"], "F32")

    def test_a_dry_run_says_the_size_of_the_file(self):
        planned = answer("quantize", TINY, "--type", "q6_k", "--dry-run")
        self.assertFalse(planned["written"])
        out = self.made(TINY, "q6_k")
        written = sum(len(data) for _, _, data in Gguf(out).tensors.values())
        self.assertEqual(planned["bytes"], written)
        self.assertEqual(planned["bytes"], sum(t["bytes"] for t in planned["tensors"]))

    def test_a_recipe_gives_types_by_node(self):
        recipe = pathlib.Path(self.folder.name) / "recipe.yaml"
        recipe.write_text("type: q8_0\nrules:\n"
                          "  - { match: { name: shared_experts }, quantize: keep }\n"
                          "  - { match: { class: MoeExperts, layers: 2-4 }, quantize: Q4_0 }\n")
        out = pathlib.Path(self.folder.name) / "mixed.gguf"
        done = answer("quantize", TINY, out, "--recipe", recipe)
        kinds = {t["name"]: t["type"] for t in done["tensors"]}
        self.assertEqual(kinds["blk.1.ffn_up_exps.weight"], "Q8_0")
        self.assertEqual(kinds["blk.2.ffn_up_exps.weight"], "Q4_0")
        self.assertEqual(kinds["blk.2.ffn_up_shexp.weight"], "BF16")
        self.assertEqual(kinds["output_norm.weight"], "F32")
        self.assertTrue(run("run", "-m", out, "Where is the harbour?", "-n", "8", "--temp", "0").stdout.strip())
        alone = answer("quantize", TINY, "--recipe", recipe, "--type", "bf16", "--dry-run")
        self.assertEqual({t["name"]: t["type"] for t in alone["tensors"]}["output.weight"], "BF16")

    def test_what_cannot_be_done_is_refused_in_a_sentence(self):
        out = pathlib.Path(self.folder.name) / "x.gguf"
        source = ROOT / "tests/golden/gguf/llama-f16.gguf"
        copy = pathlib.Path(self.folder.name) / "copy.gguf"
        copy.write_bytes(source.read_bytes())
        for words, code, part in [
                ([TINY, out, "--type", "q9"], "KT-E0102", "known: f32"),
                ([TINY, "--type", "q8_0"], "KT-E0102", "name of the new file"),
                ([copy, copy, "--type", "q8_0"], "KT-E0102", "is the model that is read"),
                ([TINY, out.parent / "none" / "x.gguf", "--type", "q8_0"], "KT-E0012", "cannot be written"),
                ([MODELS / "qwen2_swa", out, "--type", "q8_0"], "KT-E0406", "another window")]:
            with self.subTest(part=part):
                done = run("quantize", *words, ok=False)
                self.assertIn(code, done.stderr)
                self.assertIn(part, done.stderr)
                self.assertNotEqual(done.returncode, 0)
        self.assertEqual(sorted(p.name for p in out.parent.iterdir()), ["copy.gguf"])  # nothing half written is left


if __name__ == "__main__":
    unittest.main()
