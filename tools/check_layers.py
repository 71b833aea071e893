#!/usr/bin/env python3
"""Checks the layer law of docs/architecture.md: who may include what, and that core and plugins name no model family."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# A third-party header and the only folders that may include it.
THIRD_PARTY = {
    "yaml-cpp/": ("core/rules", "core/plugin"),
    "boost/dll": ("core/plugin",),
    "numa.h": ("core/exec",),
    "pcre2.h": ("core/base",),
    "utf8proc.h": ("core/text", "core/jinja"),
    "nlohmann/": ("core/base",),
    "CLI/": ("apps",),
    "histedit.h": ("apps",),
    "editline/": ("apps",),
    "Eigen/": ("plugins/ref", "tests"),
    "gtest/": ("tests",),
}
# Where code of a folder may take headers of ours from.
MAY_INCLUDE = {
    "sdk/include": ("kt/",),
    "plugins": ("kt/",),
    "models": ("kt/",),
    "core": ("kt/", "core/"),
    "apps": ("kt/", "core/", "apps/"),
    "python": ("kt/", "core/"),
}
OURS = ("kt/", "core/", "apps/", "plugins/", "models/", "tests/", "sdk/")
FAMILIES = re.compile(r"\b(llama|qwen|deepseek|mixtral|mistral|kimi|glm|minimax|smallthinker|moonlight)", re.IGNORECASE)
# Files whose data is names that other programs chose: KTransformers' class paths, tokenizers' names of patterns.
FAMILY_TABLES = ("core/rules/compat/", "core/text/", "core/jinja/")


def sources():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in listed.split("\0"):
        if name.endswith((".h", ".hpp", ".cc", ".c", ".cu", ".cuh")):
            yield name


def folder_rule(name):
    return next((rule for rule in MAY_INCLUDE if name.startswith(rule + "/")), None)


def same_plugin(name, header):
    return name.split("/")[:2] == header.split("/")[:2]


def check_include(name, quote, header):
    for prefix, allowed in THIRD_PARTY.items():
        if header.startswith(prefix) and not name.startswith(allowed):
            return f"includes <{header}>, which only {', '.join(allowed)} may"
    rule = folder_rule(name)
    if rule is None or not header.startswith(OURS):
        return None
    if header.startswith(MAY_INCLUDE[rule]) or (rule in ("plugins", "models") and same_plugin(name, header)):
        return None
    return f'includes "{header}"; {rule} may include {", ".join(MAY_INCLUDE[rule])} only'


def problems(name):
    path = ROOT / name
    names_family = name.startswith(("core/", "plugins/")) and not name.startswith(FAMILY_TABLES)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = INCLUDE.match(line)
        if found and (problem := check_include(name, *found.groups())):
            yield f"{name}:{number}: {problem}"
        code = line.split("//")[0]
        if names_family and FAMILIES.search(code):
            yield f"{name}:{number}: names a model family: {line.strip()}"


def main():
    found = [problem for name in sources() for problem in problems(name)]
    print("\n".join(found) if found else "layers: no problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
