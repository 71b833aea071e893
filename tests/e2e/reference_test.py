"""kt's tables against its sources, and the committed pages against the program. Usage: reference_test.py KT SOURCE_DIR"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

# Calls that carry an error code, and which of their arguments it is.
CALLS = {"fail": 0, "fail_at": 1, "wrong_kind": 0, "reader": 1}
# Parameters that stand for a code which their callers give.
PARAMETERS = {"code", "error_code_", "options.error_code", "int code"}


def kt(*arguments):
    return subprocess.run([KT, *arguments], capture_output=True, text=True, timeout=60)


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def arguments_of(text, begin):
    """The top-level arguments of the call whose bracket opens before `begin`."""
    depth, quote, at, start, out = 0, "", begin, begin, []
    while at < len(text):
        c = text[at]
        if quote:
            if c == "\\":
                at += 1
            elif c == quote:
                quote = ""
        elif c in "\"'":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}" and depth:
            depth -= 1
        elif c == ")" or (c == "," and depth == 0):
            out.append(text[start:at].strip())
            start = at + 1
            if c == ")":
                return out
        at += 1
    return out


def sources():
    for folder in ("core", "apps"):
        for path in sorted((SOURCE / folder).rglob("*")):
            if path.suffix in (".h", ".cc") and path.name != "error_table.cc":
                yield path, without_comments(path.read_text())


def codes_in_sources():
    """{code: place} of every code that a source file names, and the arguments that could not be resolved."""
    texts = list(sources())
    constants = {}
    for path, text in texts:
        for name, value in re.findall(r"constexpr int (k\w+) = (\d+);", text):
            constants.setdefault(name, int(value))
    codes, unknown = {}, []
    for name in re.findall(r"constexpr int (k\w+) =", (SOURCE / "core/rules/codes.h").read_text()):
        codes[constants[name]] = "core/rules/codes.h"
    for path, text in texts:
        for match in re.finditer(r"(?<![\w.>])(?:core::)?(?:ByteReader )?(fail|fail_at|wrong_kind|reader)\(", text):
            given = arguments_of(text, match.end())
            index = CALLS[match.group(1)]
            argument = given[index] if index < len(given) else ""
            name = argument.split("::")[-1]
            if argument.isdigit():
                codes.setdefault(int(argument), str(path.relative_to(SOURCE)))
            elif name in constants:
                codes.setdefault(constants[name], str(path.relative_to(SOURCE)))
            elif argument not in PARAMETERS and not declaration(argument) and match.group(1) != "reader":
                unknown.append(f"{path.relative_to(SOURCE)}: {match.group(1)}({argument}")
    for path, text in texts:
        for code in re.findall(r"KT-E(\d{4})", text):
            codes.setdefault(int(code), str(path.relative_to(SOURCE)))
    return codes, unknown


def declaration(argument):
    return re.match(r"(int|Place|std::|const |Error|Key|\[)", argument) is not None or argument == ""


class Errors(unittest.TestCase):
    def setUp(self):
        self.table = json.loads(kt("help", "errors", "--json").stdout)["errors"]

    def test_every_code_of_the_sources_is_explained_and_every_explained_code_is_used(self):
        codes, unknown = codes_in_sources()
        self.assertEqual(unknown, [], "these calls name no code that this test can read")
        self.assertGreater(len(codes), 40)
        known = {int(entry["code"][4:]) for entry in self.table}
        missing = {code: place for code, place in codes.items() if code not in known}
        self.assertEqual(missing, {}, "add them to apps/kt/error_table.cc")
        self.assertEqual(sorted(known - set(codes)), [], "remove them from apps/kt/error_table.cc: no source uses them")

    def test_every_entry_has_its_four_parts(self):
        for entry in self.table:
            self.assertLess(len(entry["title"]), 80, entry["code"])
            for part in ("meaning", "causes", "remedy"):
                self.assertTrue(entry[part].endswith("."), f"{entry['code']}: {part}")
            number = int(entry["code"][4:])
            of_family = number // 100 if number >= 300 else [1, 2, 3][number // 100]
            self.assertEqual(entry["exit_code"], 70 if number == 620 else of_family, entry["code"])

    def test_help_prints_an_entry_and_refuses_others(self):
        found = kt("help", "KT-E0203")
        self.assertEqual(found.returncode, 0)
        self.assertIn("matches nothing", found.stdout)
        self.assertEqual(kt("help", "KT-W0203").stdout, found.stdout)
        self.assertTrue(all(len(line) <= 100 for line in found.stdout.splitlines()))
        for wrong in ("KT-E9999", "KT-Exxxx", "KT-", "KT-E"):
            refused = kt("help", wrong)
            self.assertEqual(refused.returncode, 2, wrong)
            self.assertIn("KT-E0102", refused.stderr)


class Pages(unittest.TestCase):
    def test_the_committed_pages_are_current(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(kt("help", "--markdown", folder).returncode, 0)
            for page in ("cli.md", "errors.md"):
                made = (pathlib.Path(folder) / page).read_text()
                committed = SOURCE / "docs/reference" / page
                self.assertEqual(committed.read_text() if committed.exists() else "", made, f"run ./dev docs to renew {page}")

    def test_man_pages_have_no_roff_errors(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(kt("help", "--man", folder).returncode, 0)
            pages = sorted(pathlib.Path(folder).iterdir())
            self.assertIn("kt.1", [page.name for page in pages])
            self.assertIn("kt-run.1", [page.name for page in pages])
            for page in pages:
                self.check_page(page)

    def check_page(self, page):
        text = page.read_text()
        self.assertTrue(text.startswith(".TH "), page)
        for section in (".SH NAME", ".SH SYNOPSIS", ".SH FLAGS", ".SH SEE ALSO"):
            self.assertIn(section, text, page)
        try:
            shown = subprocess.run(["groff", "-man", "-Tascii", "-ww", str(page)], capture_output=True, text=True, timeout=60)
        except FileNotFoundError:
            return
        self.assertEqual((shown.returncode, shown.stderr), (0, ""), page)
        self.assertIn("kt", shown.stdout)


if __name__ == "__main__":
    KT, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
    unittest.main(argv=sys.argv[:1])
