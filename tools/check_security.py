#!/usr/bin/env python3
"""Checks SECURITY.md: every promise links to a test that is there and is run, and names only cases that stand in it.

usage: check_security.py SOURCE_FOLDER
"""
import pathlib
import re
import sys

LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)((?: `[^`]+`)*)")


def is_run(path, root):
    """A build file of the test's folder or of one above it names the file, or a Python file there takes it in."""
    folder = path.parent
    while folder != root:
        for file in [folder / "CMakeLists.txt", *folder.glob("*.py")]:
            if file.is_file() and file != path and re.search(rf"\b{re.escape(path.stem)}\b", file.read_text()):
                return True
        folder = folder.parent
    return False


def problems_of_link(text, target, names, root):
    path = root / target
    if not path.is_file():
        return [f"{target} is not there"]
    if text != target:
        return [f"the link to {target} is written {text}"]
    if target.endswith(".md"):
        return []
    content = path.read_text()
    out = [f"{target} has no {name}" for name in re.findall(r"`([^`]+)`", names) if not re.search(rf"(?<!\w){re.escape(name)}", content)]
    return out if is_run(path, root) else [*out, f"{target} is run by no build file"]


def problems(root):
    out, promises = [], 0
    for number, line in enumerate((root / "SECURITY.md").read_text().splitlines(), 1):
        links = LINK.findall(line)
        row = re.match(r"\| (P\d+) \|", line)
        promises += bool(row)
        if row and not any(target.startswith("tests/") for _, target, _ in links):
            out.append(f"SECURITY.md:{number}: {row.group(1)} has no test")
        for text, target, names in links:
            out += [f"SECURITY.md:{number}: {problem}" for problem in problems_of_link(text, target, names, root)]
    return out if promises >= 9 else [*out, "SECURITY.md: the table of promises is missing"]


if __name__ == "__main__":
    found = problems(pathlib.Path(sys.argv[1]))
    print("\n".join(found) or "security: no problems")
    sys.exit(1 if found else 0)
