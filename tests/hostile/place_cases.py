"""Models that are not where or what they seem, folders of other forms, and configurations of other families (promises 3.2 and P4)."""
import json
import os
import pathlib
import socket

from folder_cases import FILES, GOLDEN, GRAPH, RUN, TOKENIZE, compact, folder_case, packed, read, weights
from gguf_file import File
from harness import ACCEPT, EITHER, REFUSE, Case

MODELS = GOLDEN.parent
COPIED = ("config.json", "tokenizer.json", "tokenizer_config.json")


def paths():
    """What is given as the model."""
    def listening(path):
        here = os.open(path.parent, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)

    makers = {"fifo": os.mkfifo, "socket": listening, "loop": lambda path: path.symlink_to(path), "empty_folder": pathlib.Path.mkdir,
              "link_to_nothing": lambda path: path.symlink_to("/nonexistent/x"), "link_to_zero": lambda path: path.symlink_to("/dev/zero"),
              "link_to_memory": lambda path: path.symlink_to("/proc/self/mem"), "link_to_root": lambda path: path.symlink_to("/"),
              "empty_file": pathlib.Path.touch, "nothing": lambda path: None}
    for suffix in ("", ".gguf", ".json", ".safetensors"):
        for name, make in makers.items():
            def write(folder, make=make, suffix=suffix):
                make(folder / ("m" + suffix))
            for verb, words in {"inspect": ["inspect"], "run": ["run", "-n", "1", "--raw", "a", "-m"]}.items():
                yield Case(f"path.{name}{suffix}.{verb}", write, [*words, "{}/m" + suffix])
    for name, path in {"empty": "", "null": "/dev/null", "zero": "/dev/zero", "memory": "/proc/self/mem", "long": "a/" * 3000, "dots": "../" * 500,
                       "root": "/", "slash_behind": "{}/model.gguf/"}.items():
        yield Case(f"path.special_{name}", lambda folder: (folder / "model.gguf").write_bytes(File().bytes()), ["inspect", path],
                   names_file=False, code=2 if name == "empty" else 4, expected=EITHER if name == "empty" else REFUSE)
    good = File().bytes()
    yield Case("path.link_to_gguf", lambda folder: ((folder / "b").write_bytes(good), (folder / "m.gguf").symlink_to("b")),
               ["inspect", "{}/m.gguf"], expected=ACCEPT)
    yield Case("path.odd_name", lambda folder: (folder / "a b\u00e9'\".gguf").write_bytes(good), ["inspect", "{}/a b\u00e9'\".gguf"], expected=ACCEPT)
    yield Case("path.control_name", lambda folder: (folder / "a\x1b[31m.gguf").write_bytes(b"x"), ["inspect", "{}/a\x1b[31m.gguf"], names_file=False)
    yield Case("path.gguf_named_json", lambda folder: (folder / "m.json").write_bytes(good), ["inspect", "{}/m.json"])
    yield Case("path.json_named_gguf", lambda folder: (folder / "m.gguf").write_bytes(read("config.json")), ["inspect", "{}/m.gguf"])


def snapshot(folder, escape=None):
    """The form of the hub's cache: links of a snapshot to blobs."""
    model = folder / "models--a--b"
    (model / "blobs").mkdir(parents=True)
    (model / "snapshots/abc").mkdir(parents=True)
    for number, file in enumerate(FILES):
        (model / f"blobs/{number}").write_bytes(read(file))
        (model / "snapshots/abc" / file).symlink_to(f"../../blobs/{number}")
    if escape:
        link = model / "snapshots/abc" / escape
        link.unlink()
        (folder / "outside").write_bytes(read(escape))
        link.symlink_to("../../../outside")


def places():
    run = [word if word != "{}" else "{}/models--a--b/snapshots/abc" for word in RUN]
    yield Case("place.snapshot", snapshot, run, expected=ACCEPT)
    for file in FILES:
        yield Case(f"place.snapshot_leads_out_{file}", lambda folder, file=file: snapshot(folder, file), run)
    for file in COPIED:
        def inside(path):
            (path.parent / "real").write_bytes(read(path.name))
            path.symlink_to("real")
        yield folder_case(f"place.link_inside_{file}", RUN, {file: inside}, expected=ACCEPT)
        for name, target in {"outside": "/etc/hostname", "up": "../x", "zero": "/dev/zero", "itself": None, "tty": "/dev/tty",
                             "memory": "/proc/self/mem"}.items():
            def link(path, target=target):
                path.symlink_to(target or path)
            yield folder_case(f"place.link_{name}_{file}", RUN, {file: link})
        yield folder_case(f"place.fifo_{file}", RUN, {file: os.mkfifo})
        yield folder_case(f"place.folder_{file}", RUN, {file: pathlib.Path.mkdir})
    yield folder_case("place.tokenizer_missing", RUN, {}, leave_out=["tokenizer.json"])
    yield folder_case("place.config_missing", RUN, {}, leave_out=["config.json"])
    yield folder_case("place.weights_missing", RUN, {}, leave_out=["model.safetensors"])
    yield folder_case("place.other_case", RUN, {"Model.Safetensors": b"x", "CONFIG.JSON": b"x"}, expected=ACCEPT)
    yield folder_case("place.pickle_beside", RUN, {"pytorch_model.bin": b"\x80\x02}q\0."}, expected=ACCEPT)
    yield folder_case("place.pickle_alone", RUN, {"pytorch_model.bin": b"\x80\x02}q\0."}, leave_out=["model.safetensors"])
    yield folder_case("place.code_ignored", RUN, {"modeling_x.py": b"raise SystemExit(7)", "config.json": compact(
        {**json.loads(read("config.json")), "auto_map": {"AutoModel": "modeling_x.X"}})}, expected=ACCEPT)


def shards():
    header, data = weights()
    names = sorted(key for key in header if key != "__metadata__")

    def part(chosen):
        out, content = {}, b""
        for name in chosen:
            begin, end = header[name]["data_offsets"]
            out[name] = {**header[name], "data_offsets": [len(content), len(content) + end - begin]}
            content += data[begin:end]
        return packed(out, content)

    first, second = part(names[:9]), part(names[9:])
    where = {**{name: "a.safetensors" for name in names[:9]}, **{name: "b.safetensors" for name in names[9:]}}
    numbered = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")

    def case(name, files, expected=REFUSE):
        return folder_case(f"shards.{name}", RUN, files, leave_out=["model.safetensors"], expected=expected)

    index = compact({"metadata": {"total_size": len(data)}, "weight_map": where})
    yield case("two", {"a.safetensors": first, "b.safetensors": second, "model.safetensors.index.json": index}, ACCEPT)
    yield case("size_lies", {"a.safetensors": first, "b.safetensors": second,
                             "model.safetensors.index.json": compact({"metadata": {"total_size": -5}, "weight_map": where})}, EITHER)
    yield case("exchanged", {"a.safetensors": second, "b.safetensors": first, "model.safetensors.index.json": index})
    yield case("second_missing", {"a.safetensors": first, "model.safetensors.index.json": index})
    yield case("second_empty", {"a.safetensors": first, "b.safetensors": b"", "model.safetensors.index.json": index})
    yield case("same_file", {"a.safetensors": first, "b.safetensors": first, "model.safetensors.index.json": index})
    yield case("tensor_in_both", {"a.safetensors": first, "b.safetensors": part(names[8:]), "model.safetensors.index.json": index})
    yield case("numbered", {numbered[0]: first, numbered[1]: second}, ACCEPT)
    yield case("numbered_half", {numbered[0]: first})
    yield case("numbered_other", {numbered[0]: first, "x-00002-of-00002.safetensors": second})
    yield case("no_index", {"a.safetensors": first, "b.safetensors": second})
    for name, content in {"fifo": os.mkfifo, "folder": pathlib.Path.mkdir, "loop": lambda path: path.symlink_to(path),
                          "zero": lambda path: path.symlink_to("/dev/zero"), "out": lambda path: path.symlink_to("/etc/hostname")}.items():
        yield case(f"second_{name}", {"a.safetensors": first, "b.safetensors": content, "model.safetensors.index.json": index})
        yield case(f"index_{name}", {"a.safetensors": first, "b.safetensors": second, "model.safetensors.index.json": content})


def weights_of_other_forms():
    header, data = weights()
    name = next(key for key in header if key.endswith("q_proj.weight"))
    text = compact(header)

    def case(label, content, expected=REFUSE, **more):
        return folder_case(f"weights.{label}", RUN, {"model.safetensors": content}, expected=expected, **more)

    yield case("spaces_behind", packed(text + b" " * 64, data), ACCEPT)
    yield case("newline_behind", packed(text + b"\n", data), EITHER)
    yield case("spaces_before", packed(b" " + text, data), EITHER)
    yield case("other_order", packed(dict(sorted(header.items(), reverse=True)), data), ACCEPT)
    yield case("no_metadata", packed({key: item for key, item in header.items() if key != "__metadata__"}, data), ACCEPT)
    yield case("metadata_null", packed({**header, "__metadata__": None}, data), EITHER)
    yield case("metadata_long", packed({**header, "__metadata__": {"a": "x" * 1000000}}, data), ACCEPT)
    size = len(data)
    for label, entry, more, expected in (
            ("empty_tensor", {"dtype": "F32", "shape": [0], "data_offsets": [size, size]}, b"", ACCEPT),
            ("scalar", {"dtype": "F32", "shape": [], "data_offsets": [size, size + 4]}, bytes(4), ACCEPT),
            ("integers", {"dtype": "I64", "shape": [2], "data_offsets": [size, size + 16]}, bytes(16), ACCEPT),
            ("rank_8", {"dtype": "U8", "shape": [1] * 8, "data_offsets": [size, size + 1]}, b"x", ACCEPT),
            ("rank_9", {"dtype": "U8", "shape": [1] * 9, "data_offsets": [size, size + 1]}, b"x", EITHER),
            ("zero_times_huge", {"dtype": "F32", "shape": [0, 2**40, 2**40], "data_offsets": [size, size]}, b"", EITHER),
            ("negative_zero", {"dtype": "F32", "shape": [-0.0], "data_offsets": [size, size]}, b"", REFUSE),
            ("type_of_tomorrow", {"dtype": "F4_E2M1", "shape": [8], "data_offsets": [size, size + 4]}, bytes(4), REFUSE)):
        yield case(f"more_{label}", packed({**header, "more": entry}, data + more), expected)
    yield case("name_unicode", packed({**header, "caf\u00e9 \U0001f600": {"dtype": "U8", "shape": [1], "data_offsets": [size, size + 1]}}, data + b"x"), EITHER)
    yield case("name_nul", packed({**header, "a\0b": {"dtype": "U8", "shape": [1], "data_offsets": [size, size + 1]}}, data + b"x"), REFUSE)
    yield case("name_long", packed({**header, "x" * 100000: {"dtype": "U8", "shape": [1], "data_offsets": [size, size + 1]}}, data + b"x"), EITHER)
    many = {f"t{n}": {"dtype": "U8", "shape": [1], "data_offsets": [size + n, size + n + 1]} for n in range(50000)}
    yield case("many_more", packed({**header, **many}, data + bytes(50000)), EITHER)
    for number in (b"64.0", b"6.4e1", b"064", b"+64", b"0x40", b"64,", b"- 64", b"1e400", b"\"64\"", b"6 4", b"null"):
        yield case(f"dimension_{number.decode()}", packed(text.replace(b"[64, 64]", b"[" + number + b", 64]", 1), data), EITHER if b"e1" in number else REFUSE)
    yield case("nan", packed(text, b"\xc0\x7f" * (size // 2)), EITHER, code=1, names_file=False)
    yield case("infinite", packed(text, b"\x80\x7f" * (size // 2)), EITHER, code=1, names_file=False)
    for kind in ("F16", "I16", "U16"):
        yield case(f"all_as_{kind}", packed({key: {**item, "dtype": kind} if "dtype" in item else item for key, item in header.items()}, data),
                   EITHER if kind == "F16" else REFUSE, code=1 if kind == "F16" else 4, names_file=kind != "F16")
    norm = "model.norm.weight"
    for kind in ("I16", "F8_E4M3"):
        yield case(f"norm_as_{kind}", packed({**header, norm: {**header[norm], "dtype": kind}}, data))
    yield case("transposed", packed({**header, name: {**header[name], "shape": header[name]["shape"][::-1] if header[name]["shape"][0] != header[name]["shape"][1] else [32, 128]}}, data))
    yield case("zip_behind", packed(text, data) + b"PK\5\6" + bytes(18))


FAMILY_KEYS = {"qwen3_moe": (), "deepseek_v3": (), "mixtral": (), "qwen2_moe": (), "kimi_k2": ()}


def families():
    """Every number of the configurations of other families as something else."""
    wrong = (0, -1, 2**31, 2**63, 1.5, "8", None, [8], True, 1e300, 10**30, 3, {"a": 1})
    turn = 0
    for family in FAMILY_KEYS:
        base = json.loads((MODELS / family / "config.json").read_bytes())
        for key, content in base.items():
            if key in ("architectures", "model_type", "torch_dtype", "transformers_version"):
                continue
            for _ in range(2):
                turn += 5
                changed = {**base, key: wrong[turn % len(wrong)]}
                yield folder_case(f"family.{family}.{key}_{turn % len(wrong)}", GRAPH, {"config.json": compact(changed)},
                                  leave_out=["model.safetensors"], expected=EITHER)
    base = json.loads((MODELS / "deepseek_v3/config.json").read_bytes())
    for number, changes in enumerate((
            {"num_experts_per_tok": 9}, {"num_experts_per_tok": 0}, {"n_group": 3}, {"topk_group": 5}, {"topk_group": 0}, {"n_routed_experts": 7},
            {"first_k_dense_replace": 99}, {"kv_lora_rank": 0}, {"qk_rope_head_dim": 7}, {"qk_rope_head_dim": 0}, {"v_head_dim": 0},
            {"scoring_func": "magic"}, {"topk_method": "magic"}, {"routed_scaling_factor": "x"}, {"moe_intermediate_size": 0},
            {"rope_scaling": {**base["rope_scaling"], "factor": 0}}, {"rope_scaling": {**base["rope_scaling"], "beta_fast": 0}},
            {"rope_scaling": {**base["rope_scaling"], "original_max_position_embeddings": 0}}, {"rope_scaling": {**base["rope_scaling"], "mscale": "x"}})):
        yield folder_case(f"family.experts_{number}", GRAPH, {"config.json": compact({**base, **changes})}, leave_out=["model.safetensors"],
                          expected=EITHER if number in (2, 6, 11, 12, 16, 9) else REFUSE)
    largest = {**base, "num_hidden_layers": 1024, "n_routed_experts": 16384, "n_group": 1, "topk_group": 1, "hidden_size": 2**24 - 64, "vocab_size": 2**26}
    yield folder_case("family.too_many_layers", GRAPH, {"config.json": compact({**largest, "num_hidden_layers": 1025})}, leave_out=["model.safetensors"])
    for name, words in {"graph": GRAPH, "plan": ["plan", "{}"], "all": ["inspect", "{}", "--graph", "--all"]}.items():
        yield folder_case(f"family.largest_{name}", words, {"config.json": compact(largest)}, leave_out=["model.safetensors"], expected=EITHER,
                          code=5 if name == "plan" else 4, names_file=False)
    rows = {**json.loads(read("config.json")), "vocab_size": 300}
    yield folder_case("family.tokens_past_the_embedding", TOKENIZE, {"config.json": compact(rows)}, leave_out=["model.safetensors"])


def cases():
    out = []
    for group in (paths, places, shards, weights_of_other_forms, families):
        out += list(group())
    return out
