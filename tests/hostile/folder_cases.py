"""Folders of Hugging Face's form with one file that is wrong: safetensors, index.json, config.json, tokenizer.json (promises 3.2)."""
import json
import os
import pathlib
import socket
import struct

from harness import ACCEPT, EITHER, REFUSE, Case, writer

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden/models/llama"
RUN = ["run", "-m", "{}", "--raw", "-n", "1", "-t", "1", "a"]
GRAPH = ["inspect", "{}", "--graph", "--json"]
TOKENIZE = ["tokenize", "{}", "-f", "{}/text"]
FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")


def read(name):
    return (GOLDEN / name).read_bytes()


def compact(content):
    return json.dumps(content).encode()


def folder_case(name, words, files, leave_out=(), **more):
    """The golden folder with `files` (name to bytes, or a function of the path) instead of its own."""
    writers = {file: content if callable(content) else writer(content) for file, content in files.items()}

    def write(folder):
        for file in FILES:
            if file not in files and file not in leave_out:
                (folder / file).write_bytes(read(file))
        (folder / "text").write_bytes(b"Hello w\xc3\xb6rld 123")
        for file, put in writers.items():
            put(folder / file)
    return Case(name, write, words, **more)


# safetensors: the golden file taken apart, changed, put together.

def weights():
    content = read("model.safetensors")
    size = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8:8 + size]), content[8 + size:]


def packed(header, data, size=None):
    text = header if isinstance(header, bytes) else compact(header)
    return struct.pack("<Q", len(text) if size is None else size) + text + data


def changed_entry(**fields):
    header, data = weights()
    name = next(key for key in header if key.endswith("q_proj.weight"))
    header[name].update(fields)
    for key, content in fields.items():
        if content is None:
            del header[name][key]
    return packed(header, data)


def header_text(change):
    header, data = weights()
    return packed(change(compact(header)), data)


def safetensors():
    header, data = weights()
    text = compact(header)
    name = next(key for key in header if key.endswith("q_proj.weight"))
    begin, end = header[name]["data_offsets"]
    yield "empty", b""
    for size in (0, 1, len(text) - 1, len(text) + 1, 2**20, 2**32, 2**63, 2**64 - 1, 100_000_001):
        yield f"length_{size}", packed(text, data, size)
    for size in (4, 8, 9, 100, len(text), len(text) + 8, len(text) + 1000):
        yield f"cut_{size}", packed(text, data)[:size]
    yield "twice", header_text(lambda t: t.replace(b"{", b'{"a":' + compact(header[name]) + b',"a":' + compact(header[name]) + b",", 1))
    yield "mark", header_text(lambda t: b"\xef\xbb\xbf" + t)
    yield "nan", header_text(lambda t: t.replace(b"[0, ", b"[NaN, ", 1))
    yield "comment", header_text(lambda t: b"/* x */" + t)
    yield "surrogate", header_text(lambda t: t.replace(b'"model.norm', b'"\\ud800model.norm', 1))
    yield "deep", packed(b"[" * 20000 + b"]" * 20000, data)
    yield "deep_map", packed(b'{"a":' * 20000 + b"1" + b"}" * 20000, data)
    yield "list", packed(b"[]", data)
    yield "nothing", packed(b"{}", b"")
    yield "comma", header_text(lambda t: t[:-1] + b",}")
    yield "bad_utf8", header_text(lambda t: t.replace(b"model.norm", b"model.\xff\xfe", 1))
    yield "spaces_only", packed(b" " * 100, data)
    yield "text_behind", header_text(lambda t: t + b"x")
    for kind in ("F31", "", "bf16", 7, None, ["F32"], "I32", "F32", "F64"):
        yield f"dtype_{kind}", changed_entry(dtype=kind)
    shape = header[name]["shape"]
    for number, dims in enumerate(([], [-shape[0], -shape[1]], [2**70], [2**33, 2**31], [2**63, 2], [1] * 302, [0, 64], [shape[0]],
                                   [1.5, 2], ["64", 64], None, 64, shape[::-1] + [1], [True, 4096])):
        yield f"shape_{number}", changed_entry(shape=dims)
    for number, offsets in enumerate(([end, begin], [begin, begin], [-1, end], [begin, 2**63], [begin, 2**64 - 1], [begin, 2**70], [begin],
                                      [begin, end, end], None, "0", [begin + 0.5, end], [begin + 2, end + 2], [begin - 2, end],
                                      [2**64 - 2, end])):
        yield f"offsets_{number}", changed_entry(data_offsets=offsets)
    yield "field_unknown", changed_entry(color="red")
    yield "metadata_number", packed({**header, "__metadata__": 5}, data)
    yield "metadata_value", packed({**header, "__metadata__": {"a": 5}}, data)
    yield "entry_number", packed({**header, name: 5}, data)
    yield "entry_missing", packed({key: item for key, item in header.items() if key != name}, data)
    yield "behind", packed(text, data + b"x" * 64)
    yield "hole", packed({**header, name: {**header[name], "data_offsets": [begin + 2, end]}}, data)
    yield "overlap", changed_entry(data_offsets=[0, end - begin])
    yield "zip", b"PK\3\4" + bytes(200)
    yield "pickle", b"\x80\x02}q\0." + bytes(100)
    yield "lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
    yield "gguf", b"GGUF\3\0\0\0" + bytes(100)
    yield "html", b"<html><head></head></html>"


def special_files():
    def unreadable(path):
        path.write_bytes(read("model.safetensors"))
        path.chmod(0)

    def listening(path):
        here = os.open(path.parent, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as server:  # by a short name: paths of sockets have 108 bytes
            server.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)

    yield "fifo", os.mkfifo
    yield "folder", pathlib.Path.mkdir
    yield "socket", listening
    yield "link_to_itself", lambda path: path.symlink_to(path)
    yield "link_to_zero", lambda path: path.symlink_to("/dev/zero")
    yield "link_to_nothing", lambda path: path.symlink_to("/nonexistent/x")
    if os.getuid() != 0:
        yield "unreadable", unreadable


def indices():
    header, _ = weights()
    names = [key for key in header if key != "__metadata__"]
    whole = {key: "a.safetensors" for key in names}
    good = compact({"metadata": {"total_size": 1}, "weight_map": whole})
    yield "good", good, ACCEPT
    for number, target in enumerate(("../a.safetensors", "/etc/passwd", "/dev/zero", "/proc/self/mem", ".", "..", "", "a.safetensors\0",
                                     "..\\a.safetensors", "missing.safetensors", "./a.safetensors", "x/../a.safetensors", "A.safetensors",
                                     "a" * 5000, "a\n.safetensors", "config.json", 7, None, ["a"], "link.safetensors")):
        yield f"target_{number}", compact({"weight_map": {**whole, names[0]: target}}), REFUSE
    yield "twice", b'{"weight_map":{' + f'"{names[0]}":"a.safetensors",'.encode() + compact(whole)[1:] + b"}", REFUSE
    yield "map_empty", compact({"weight_map": {}}), REFUSE
    yield "map_missing", compact({"metadata": {}}), REFUSE
    yield "map_list", compact({"weight_map": ["a.safetensors"]}), REFUSE
    yield "list", b"[]", REFUSE
    yield "empty", b"", REFUSE
    yield "cut", good[:-20], REFUSE
    yield "deep", b'{"weight_map":' * 5000, REFUSE
    yield "tensor_more", compact({"weight_map": {**whole, "x": "a.safetensors"}}), REFUSE
    yield "tensor_less", compact({"weight_map": {key: "a.safetensors" for key in names[1:]}}), EITHER


def index_case(name, content, expected):
    files = {"model.safetensors.index.json": content, "a.safetensors": read("model.safetensors"),
             "link.safetensors": lambda path: path.symlink_to("/etc/hostname")}
    return folder_case(f"index.{name}", RUN, files, leave_out=["model.safetensors"], expected=expected)


def configs():
    base = json.loads(read("config.json"))
    wrong = {"hidden_size": (0, -64, 63, 2**31, 2**63, 2**70, 1e300, "64", None, [64], 64.5),
             "num_attention_heads": (0, -4, 3, 2**31, "4", None, 4.5), "num_key_value_heads": (0, 3, 8, -1, "2"),
             "num_hidden_layers": (0, -1, 2**31, 2**40, "3", None), "intermediate_size": (0, -1, 2**40, "128", None),
             "vocab_size": (0, -1, 2**31, 2**63, "384", None), "head_dim": (0, -16, 15, 2**31, "16"),
             "rms_norm_eps": (-1, "1e-6", None, 1e300), "rope_theta": (0, -1, "x", [1]), "max_position_embeddings": (0, -1, "512"),
             "rope_scaling": (7, "llama3", {"rope_type": "magic"}, {"rope_type": "llama3"}, {"rope_type": "llama3", "factor": 0},
                              {**base["rope_scaling"], "factor": -1}, {**base["rope_scaling"], "high_freq_factor": 1.0}),
             "hidden_act": ("step", 7), "model_type": ("transformer9000", "", 7, None, "../llama", "llama\0", "x" * 5000),
             "tie_word_embeddings": ("yes", 3),
             "quantization_config": (7, {"quant_method": "magic"}, {"quant_method": 5}, {})}
    for key, contents in wrong.items():
        for number, content in enumerate(contents):
            changed = {**base, key: content}
            if content is None:
                del changed[key]
            if key == "model_type":
                changed["architectures"] = [content]
            yield f"{key}_{number}", compact(changed)
    text = read("config.json")
    yield "empty", b""
    yield "cut", text[:100]
    yield "list", b"[]"
    yield "number", b"7"
    yield "mark", b"\xef\xbb\xbf" + text
    yield "utf16", text.decode().encode("utf-16")
    yield "bad_utf8", text.replace(b'"silu"', b'"\xff"')
    yield "key_twice", text.replace(b"{", b'{"hidden_size": 64,', 1)
    yield "deep", b'{"a":' * 20000 + b"1" + b"}" * 20000
    yield "deep_list", b"[" * 100000
    yield "infinite", text.replace(b"1e-06", b"Infinity")
    yield "nan", text.replace(b"1e-06", b"NaN")
    yield "comment", b"// x\n" + text
    yield "spaces", b" " * (1 << 16)
    yield "big", b'{"a":"' + b"x" * (32 << 20) + b'"}'
    yield "nul", text.replace(b"silu", b"si\\u0000lu")
    yield "html", b"<!doctype html><html></html>"


# Values of config.json that may be read as another right spelling or default: an answer either way.
LENIENT = ("mark", "max_position_embeddings", "quantization_config_3", "tie_word", "rms_norm_eps_3", "hidden_size_6", "rms_norm_eps_2", "head_dim",
           "rope_scaling_2", "rope_scaling_3", "vocab_size_5", "num_key_value_heads_4")


def tokenizers():
    base = json.loads(read("tokenizer.json"))
    vocabulary = base["model"]["vocab"]
    first = next(iter(vocabulary))

    def changed(path, content):
        out = json.loads(json.dumps(base))
        place = out
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = content
        return compact(out)

    def split(pattern):
        return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}

    for identity in (-1, 1.5, "259", 2**31, 2**32 - 1, 2**63, 2**64 - 1, 2**70, 384, 100000, None, [1]):
        yield f"id_{identity}", changed(["model", "vocab", first], identity)
    yield "id_twice", changed(["model", "vocab", first], vocabulary[list(vocabulary)[1]])
    for number, merges in enumerate(([1], ["ab"], ["a b c"], [["a"]], [["a", "b", "c"]], [["a", 7]], ["\u4e00 \u4e01"], "a b", {"a": "b"}, 7)):
        yield f"merges_{number}", changed(["model", "merges"], merges)
    for number, model in enumerate((None, [], {}, 7, {"type": "Magic"}, {"type": "BPE"}, {"type": "Unigram", "vocab": []},
                                    {"type": "Unigram", "vocab": [["a"]]}, {"type": "Unigram", "vocab": [["a", "b"]], "unk_id": 5},
                                    {"type": "WordPiece", "vocab": {}})):
        yield f"model_{number}", changed(["model"], model)
    added = {"id": 5, "content": "<x>", "special": True, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    for number, item in enumerate(({**added, "id": -1}, {**added, "id": 2**32}, {**added, "id": "5"}, {**added, "content": ""}, {"id": 5}, 7,
                                   {**added, "content": 5}, {**added, "id": 9999}, None)):
        yield f"added_{number}", changed(["added_tokens"], base["added_tokens"] + [item])
    yield "added_map", changed(["added_tokens"], {"a": 1})
    for number, pattern in enumerate(("(a", "[a", "a{1000000}", "(" * 15000 + ")" * 15000, "(?<=a+)b", "\\", "*", "(?P<n>a)(?P=q)", "[z-a]",
                                      "\\p{Nothing}", "x" * 200000)):
        yield f"pattern_{number}", changed(["pre_tokenizer"], split(pattern))
    for kind in ("normalizer", "pre_tokenizer", "decoder", "post_processor"):
        list_name = {"normalizer": "normalizers", "pre_tokenizer": "pretokenizers", "decoder": "decoders",
                     "post_processor": "processors"}[kind]
        nested = {"type": "Sequence", list_name: []}
        for _ in range(200):
            nested = {"type": "Sequence", list_name: [nested]}
        yield f"{kind}_nested", json.dumps({**base, kind: nested}).encode()
        yield f"{kind}_number", changed([kind], 7)
        yield f"{kind}_unknown", changed([kind], {"type": "Magic"})
        yield f"{kind}_without_type", changed([kind], {"x": 1})
        yield f"{kind}_list_of_numbers", changed([kind], {"type": "Sequence", list_name: [1, 2]})
    grow = {"type": "Replace", "pattern": {"Regex": "."}, "content": "aa" * 1000}
    yield "normalizer_grows", changed(["normalizer"], {"type": "Sequence", "normalizers": [grow] * 8})
    yield "replace_nothing", changed(["normalizer"], {"type": "Replace", "pattern": {"String": ""}, "content": "aa"})
    text = read("tokenizer.json")
    yield "empty", b""
    yield "cut", text[:5000]
    yield "list", b"[]"
    yield "deep", b'{"a":' * 50000
    yield "key_twice", text.replace(b"{", b'{"model": {},', 1)
    yield "bad_utf8", text.replace(b'"BPE"', b'"B\xffE"')
    yield "surrogate", text.replace(b'"vocab":', b'"vocab":', 1).replace(b'"BPE"', b'"\\udc00"', 1)


def cases():
    out = [folder_case("folder.good", RUN, {}, expected=ACCEPT), folder_case("tokenizer.good", TOKENIZE, {}, expected=ACCEPT)]
    out += [folder_case(f"safetensors.{name}", RUN, {"model.safetensors": content}) for name, content in safetensors()]
    out += [folder_case(f"special.{name}", RUN, {"model.safetensors": make}) for name, make in special_files()]
    out += [folder_case(f"special.config_{name}", RUN, {"config.json": make}) for name, make in special_files()]
    out += [index_case(*item) for item in indices()]
    for name, content in configs():
        expected = EITHER if name.startswith(LENIENT) else REFUSE
        out.append(folder_case(f"config.{name}", GRAPH, {"config.json": content}, expected=expected))
    for name, content in tokenizers():
        out.append(folder_case(f"tokenizer.{name}", TOKENIZE, {"tokenizer.json": content}, leave_out=["model.safetensors"]))
    return out
