#!/usr/bin/env python3
"""What an editor offers at a place of a YAML file, by nothing but a JSON Schema (draft 7).

Usage: schema_completer.py SCHEMA FILE PATH        PATH is like rules/0/replace/options (keys of a map) or rules/0/replace/operator (values)
       schema_completer.py SCHEMA --picture SVG    draws the example of docs/reference/rules.md
"""
import html
import json
import pathlib
import sys
import warnings

import jsonschema
import yaml


class Completer:
    def __init__(self, schema):
        self.schema = schema
        warnings.simplefilter("ignore", DeprecationWarning)  # Debian 12 has no other resolver
        self.resolver = jsonschema.RefResolver.from_schema(schema)

    def holds(self, schema, value):
        return jsonschema.Draft7Validator(schema, resolver=self.resolver).is_valid(value)

    def parts(self, schema, value):
        """The schema and all that it says by reference, for a value that may not be complete yet."""
        if not isinstance(schema, dict):
            return
        yield schema
        if "$ref" in schema:
            yield from self.parts(self.resolver.resolve(schema["$ref"])[1], value)
        for word in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(word, []):
                yield from self.parts(part, value)
        if "if" in schema:
            yield from self.parts(schema.get("then" if self.holds(schema["if"], value) else "else", {}), value)

    def at(self, document, path):
        """The value at a path, and the schemas that it must meet."""
        schemas, value = [self.schema], document
        for step in path:
            below = []
            for schema in schemas:
                for part in self.parts(schema, value):
                    if isinstance(step, int):
                        below.append(part.get("items"))
                    elif step in part.get("properties", {}):
                        below.append(part["properties"][step])
                    else:
                        below.append(part.get("additionalProperties"))
            schemas = [schema for schema in below if isinstance(schema, dict)]
            present = step in value if isinstance(value, dict) else isinstance(value, list) and step < len(value)
            value = value[step] if present else None
        return value, [part for schema in schemas for part in self.parts(schema, value)]

    def keys(self, document, path):
        """{key: description} that the map at `path` may have and has not."""
        value, parts = self.at(document, path)
        out = {}
        for part in parts:
            for key, schema in part.get("properties", {}).items():
                text = next((p["description"] for p in self.parts(schema, None) if "description" in p), "")
                out[key] = out.get(key) or text
        return {key: text for key, text in out.items() if not isinstance(value, dict) or key not in value}

    def values(self, document, path):
        """{value: description} that may stand at `path`."""
        out = {}
        for part in self.at(document, path)[1]:
            for value, text in zip(part.get("enum", []), part.get("enumDescriptions", [""] * len(part.get("enum", [])))):
                out.setdefault(value, text)
            if "const" in part:
                out.setdefault(part["const"], "")
            if part.get("type") == "boolean":
                out.update({True: "", False: ""})
        return out


def steps(path):
    return [int(word) if word.isdigit() else word for word in path.split("/") if word]


# ---- The picture: three moments of one file.

MOMENTS = (
    ("operators, at replace.operator",
     "kt_rules: 1\nrules:\n  - name: experts\n    match:   { class: MoeExperts }\n    replace:\n      operator: cpu.mo", ["rules", 0, "replace", "operator"], "cpu.mo"),
    ("the options of that operator",
     "kt_rules: 1\nrules:\n  - name: experts\n    match:   { class: MoeExperts }\n    replace:\n      operator: cpu.moe\n      options: { ",
     ["rules", 0, "replace", "options"], None),
    ("and their values",
     "kt_rules: 1\nrules:\n  - name: experts\n    match:   { class: MoeExperts }\n    replace:\n      operator: cpu.moe\n      options: { activations: ",
     ["rules", 0, "replace", "options", "activations"], ""),
)


def offers(completer, moment):
    _, text, path, prefix = moment
    document = yaml.safe_load(text + (" }" if text.rstrip()[-1] in "{:" and "{" in text.splitlines()[-1] else ""))
    if prefix is None:
        return completer.keys(document, path)
    return {value: help for value, help in completer.values(document, path).items() if str(value).startswith(prefix)}


def draw(completer):
    width, line, top, out = 860, 18, 14, []

    def text(x, y, words, css):
        out.append(f'<text class="{css}" x="{x}" y="{y}" xml:space="preserve">{html.escape(words)}</text>')

    for moment in MOMENTS:
        lines = moment[1].splitlines()
        text(14, top + 14, moment[0], "title")
        out.append(f'<rect class="page" x="14" y="{top + 22}" width="{width - 28}" height="{line * len(lines) + 12}" rx="4"/>')
        for number, words in enumerate(lines):
            text(24, top + 40 + number * line, f"{number + 1:2}  {words}" + ("▏" if number + 1 == len(lines) else ""), "code")
        top += 22 + line * len(lines) + 16
        for row, (word, help) in enumerate(offers(completer, moment).items()):
            y = top + row * (line + 2)
            out.append(f'<rect class="{"chosen" if row == 0 else "row"}" x="150" y="{y}" width="{width - 164}" height="{line + 2}"/>')
            text(160, y + 14, str(word), "offer")
            text(300, y + 14, help if len(help) < 72 else help[:68] + "...", "help")
        top += len(offers(completer, moment)) * (line + 2) + 18
    style = ("text{font:13px ui-monospace,Menlo,Consolas,monospace}.title{font-weight:bold;fill:#24292f}.code{fill:#24292f}"
             ".offer{fill:#0550ae}.help{fill:#57606a;font-size:12px}.page{fill:#f6f8fa;stroke:#d0d7de}.row{fill:#fff;stroke:#d0d7de}"
             ".chosen{fill:#ddf4ff;stroke:#54aeff}.back{fill:#fff}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}" role="img">\n'
            f"<title>An editor completes operators, their options and the options' values in a rule file</title>\n"
            f'<style>{style}</style>\n<rect class="back" width="{width}" height="{top}"/>\n' + "\n".join(out) + "\n</svg>\n")


def main():
    completer = Completer(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    if sys.argv[2] == "--picture":
        pathlib.Path(sys.argv[3]).write_text(draw(completer))
        return
    document, path = yaml.safe_load(pathlib.Path(sys.argv[2]).read_text()), steps(sys.argv[3])
    for word, help in (completer.keys(document, path) or completer.values(document, path)).items():
        print(f"{word}\t{help}")


if __name__ == "__main__":
    main()
