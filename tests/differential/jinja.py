#!/usr/bin/env python3
"""Compares kt's template engine with jinja2 on random templates.

    python3 tests/differential/jinja.py BUILD/tests/kt_jinja_batch [--count 5000] [--seed 1]

Needs jinja2 3.1; jinja2 is set up as transformers does it. Templates are drawn from a grammar of what chat templates use:
expressions over a few variables, filters, tests, methods, and the tags. Both sides must give the same text, or both must fail.
Exits 1 and shows the differences otherwise. Not part of the default tests, as it needs jinja2.
"""
import argparse
import datetime
import json
import random
import re
import subprocess
import sys
import warnings

import jinja2
import jinja2.ext
import jinja2.sandbox

NOW = datetime.datetime(2024, 7, 26, 12, 34, 56)
VARIABLES = {
    "s": "Hello, wörld", "e": "", "sp": "  two  words \n next\tline ", "n": 7, "z": 0, "neg": -3, "f": 2.5, "big": 1e21, "t": True,
    "no": False, "nil": None, "l": [3, 1, 2], "ls": ["b", "A", "c", "a"], "el": [], "mix": [1, "x", None, True, 2.0, [1], {"k": "v"}],
    "d": {"b": 1, "a": "z", "items": 5, "é": None}, "ed": {}, "html": "<a href=\"x\">it's & that</a>",
    "m": [{"role": "system", "content": "be <b>", "n": 2}, {"role": "user", "content": "Hi there", "n": 1, "tool_calls": []},
          {"role": "assistant", "content": None, "n": 3, "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1.0}}}]}],
}


class Ignore(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Ignore, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


class Grammar:
    """Random templates; every method gives the text of one construct."""

    def __init__(self, random_source):
        self.r = random_source

    def pick(self, *choices):
        return self.r.choice(choices)

    def name(self):
        return self.pick(*VARIABLES, "missing", "x", "y")

    def string(self):
        return self.pick("''", "'a'", "' '", "'ab cd'", "'l'", "\"it's\"", "'\\n'", "'o, '", "'é'", "'a,b,,c'", "'%s-%d'", "'{} {0}'", "'<|x|>'", "'12'",
                         "' 3.5 '", "'-7'", "'1e3'", "'tITLE case-word'", "'ß'", "'x=%s'", "'{}:{}'", "'a.b'", "'role'", "'0x1f'")

    def number(self):
        return self.pick("0", "1", "2", "3", "-1", "7", "10", "2.5", "0.1", "1e3", "100", "3.0", "-2", "1_000", "1e-7", "123456789.123", "5")

    def atom(self, depth):
        kind = self.r.random()
        if depth <= 0 or kind < 0.35:
            return self.name()
        if kind < 0.55:
            return self.string()
        if kind < 0.7:
            return self.number()
        if kind < 0.78:
            return self.pick("true", "false", "none", "True", "None", "[]", "{}", "()")
        if kind < 0.84:
            return "[" + ", ".join(self.expression(depth - 1) for _ in range(self.r.randint(0, 3))) + "]"
        if kind < 0.88:
            return "{" + ", ".join(self.string() + ": " + self.expression(depth - 1) for _ in range(self.r.randint(0, 3))) + "}"
        if kind < 0.91:
            return "(" + self.expression(depth - 1) + ", " + self.expression(depth - 1) + ")"
        if kind < 0.95:
            return self.pick("range(5)", "range(1, 8, 2)", "range(5, 0, -2)", "dict(a=1, b='x')", "namespace(a=1)", "range(3)")
        return "(" + self.expression(depth - 1) + ")"

    # Expressions that give a string, a list, a dict or a number, most of the time.
    def text_value(self, depth):
        base = self.pick("s", "sp", "html", "e", "m[1].content", "m[0].role", self.string(), self.string())
        for _ in range(self.r.randint(0, 2)):
            base += self.pick(
                "|upper", "|lower", "|trim", "|title", "|capitalize", "|e", "|safe", "|string", "|reverse", "|indent(2)", "|indent(2, true)", "|replace('e', 'E')",
                f"|replace({self.string()}, 'é')", f"|truncate({self.r.randint(3, 12)})", f"|center({self.r.randint(0, 20)})", "|striptags", "|urlencode", "|tojson", ".strip()",
                ".lstrip()", ".rstrip('\\n ')", f".strip({self.string()})", ".upper()", ".lower()", ".title()", ".capitalize()", f".replace({self.string()}, {self.string()})",
                f".replace('o', '0', {self.r.randint(-1, 2)})", "[1:]", "[::-1]", "[:-1]", f"[{self.r.randint(-4, 4)}:{self.r.randint(-4, 9)}]", "[::2]", f"[{self.r.randint(-2, 1)}]",
                f".removeprefix({self.string()})", ".swapcase()", ".zfill(9)", ".ljust(12, '.')", ".rjust(12)", ".center(15, '*')", ".split()|join('_')", ".split('l')[0]",
                ".split('l', 1)|last", ".rsplit(' ', 1)[-1]", ".partition(' ')[2]", ".splitlines()|join('/')", ".expandtabs(3)", "|forceescape", "|trim('<ao')")
        return base if self.r.random() < 0.7 or depth <= 0 else base + self.pick(" + ", " ~ ", " ~ ") + self.text_value(depth - 1)

    def list_value(self, depth):
        base = self.pick("l", "ls", "m", "el", "mix", "range(5)", "range(6, 0, -2)", "[1, 2, 3, 4]", "['b', 'a']", "s.split()", "sp.split()", "d.keys()", "d|list", "d.items()", "s|list",
                         "[s, n, f]", "(1, 2)", "ls + l", "[n] * 3", "d.values()", "sp.splitlines()", "'a,b,,c'.split(',')", "[[2, 'b'], [1, 'a']]", "[1.5, 2, true]")
        for _ in range(self.r.randint(0, 2)):
            base += self.pick("|list", "[1:]", "[::-1]", "[:2]", "|reverse|list", "|unique|list", "|map('string')|list", "|map('upper')|list", "|map('length')|list", "|select|list",
                              "|reject('none')|list", "|select('string')|list", "|reject('number')|list", "|batch(2)|list", "|slice(2)|list", "|slice(3, 'x')|list", "|batch(3, 0)|list",
                              "|map(attribute='role')|list", "|selectattr('n', 'gt', 1)|list", "|rejectattr('content')|list", "|map(attribute='content', default='?')|list",
                              "|selectattr('tool_calls', 'defined')|list", "|map('trim')|list", "|sort", "|sort(reverse=true)", "|groupby('role')|list", "|sort(attribute='n')",
                              "|map(attribute=0)|list", "|select('in', l)|list", "|reject('equalto', 'a')|list", "|map('replace', 'a', 'b')|list", "|map('default', 0)|list")
        return base

    def shown(self, depth):
        kind = self.r.random()
        if kind < 0.35:
            return self.text_value(depth)
        if kind < 0.6:
            tail = self.pick("", "", "|length", "|first", "|last", "|join(', ')", "|tojson", "|tojson(indent=2)", "|sum", "|max", "|min", "|string", "[0]", "[-1]", "|string|length",
                             "|first|default('none')", "|join|upper", "|tojson(separators=(',', ':'))")
            return self.list_value(depth) + tail
        if kind < 0.7:
            return self.pick("d", "m[2]", "{'x': 1, 'y': [s]}", "dict(d, z=1)", "m[0]", "ed") + self.pick(
                "", ".b", "['a']", ".get('q')", ".get('b', 1)", "|length", "|tojson", "|dictsort", ".keys()|list", ".items()|list", "|items|list", ".role", "|list", "|string", " is mapping",
                "|dictsort(by='key', reverse=true)", ".missing", "['content']|default('x', true)", "|tojson(sort_keys=true)", ".update", "|first", ".items")
        number = lambda: self.pick("n", "f", "neg", "z", "l[0]", "s|length", self.number(), self.number(), "('12'|int)", "(f|round)", "(neg|abs)", "m|length")
        if kind < 0.85:
            return number() + self.pick(" + ", " - ", " * ", " / ", " // ", " % ", " ** ") + number() + self.pick("", "", "|string", " * 2", "|round(2)", " == 1", " > 2")
        value = self.pick(self.text_value, self.list_value)
        return self.pick(
            f"{value(0)} is {self.test(1)}", f"{self.text_value(0)} in {self.text_value(0)}", f"{self.text_value(0)} not in {self.list_value(0)}",
            f"{self.text_value(0)}.startswith({self.string()})", f"{self.text_value(0)}.endswith(({self.string()}, 'd'))", f"{self.text_value(0)}.find({self.string()})",
            f"{self.text_value(0)}.count({self.string()})", f"'%s|%5s|%-5s|%r' % ({value(0)}, {self.name()}, n, s)", f"'%d %05.1f %x %e' % ({number()}, f, 255, {number()})",
            f"'{{0}} {{1}}'.format({value(0)}, 1)", f"'{{:>8}}|{{:<6}}|{{:^7}}|{{:.2f}}|{{:,}}|{{:05d}}'.format('x', n, s[:2], f, 1234567, n)" if self.r.random() < 0.5 else "'{a}{0.b}{b[a]}'.format(d, a=1, b=d)",
            f"{self.list_value(0)} == {self.list_value(0)}", f"{self.text_value(0)} < {self.text_value(0)}", f"({value(0)}, {number()})", f"[{value(0)}]|string",
            f"{value(0)} if {self.name()} else {value(0)}", f"{self.name()} or {value(0)}", f"not {self.name()}", f"{self.name()}|default({self.string()})", f"{number()}|{self.pick('int', 'float', 'string', 'abs', 'round', 'tojson')}",
            f"{self.text_value(0)}|wordcount", f"{self.text_value(0)}|int(5)", f"{self.text_value(0)}|float", f"{number()} < {number()} <= {number()}")

    def filter(self, depth):
        arg = lambda: self.atom(depth - 1)
        small = lambda: str(self.r.randint(0, 6))
        return self.pick(
            "upper", "lower", "trim", "title", "capitalize", "length", "count", "first", "last", "list", "string", "int", "float", "abs", "sort", "unique|list",
            "reverse|list", "join", f"join({self.string()})", "tojson", "tojson(indent=2)", f"tojson(indent={small()})", "tojson(ensure_ascii=true)",
            "tojson(separators=(',', ':'))", "tojson(sort_keys=true)", f"default({arg()})", f"default({arg()}, true)", f"d({arg()})", "e", "escape", "safe", "forceescape",
            f"replace({self.string()}, {self.string()})", f"replace({self.string()}, {self.string()}, {small()})", f"indent({small()})", "indent(2, true)",
            "indent(first=true)", "indent('> ', blank=true)", "dictsort", "dictsort(reverse=true)", "dictsort(by='value')", "items|list", "sum", "sum(start=5)", "max", "min",
            f"round({small()})", "round(1, 'floor')", "round(method='ceil')", f"batch({self.r.randint(1, 4)})|list", "batch(3, 'x')|list", f"slice({self.r.randint(1, 4)})|list",
            "map('upper')|list", "map('length')|list", "map(attribute='role')|list", "map(attribute='content', default='?')|join(',')", "select|list",
            "reject|list", "select('string')|list", "reject('none')|list", "selectattr('role', 'equalto', 'user')|list|length",
            "rejectattr('tool_calls')|map(attribute='n')|list", "selectattr('tool_calls', 'defined')|map(attribute='role')|list", "groupby('role')|list",
            "sort(attribute='n')|map(attribute='role')|list", "sort(reverse=true)", "sort(case_sensitive=true)", "wordcount", f"truncate({self.r.randint(3, 12)})",
            f"truncate({self.r.randint(3, 9)}, true, '..', 0)", "striptags", "urlencode", f"center({self.r.randint(0, 20)})", f"attr({self.string()})", "format(1, 2)", "format('q')",
            "reverse", "string|length", "trim('o, ')", "filesizeformat", "map('int')|list", "map('default', 'x')|list", "map('trim')|join('|')", "select('in', [1, 2, 'a'])|list",
            "map(attribute='tool_calls.0.function.name')|list", "unique(attribute='role')|list|length", "max(attribute='n')", "items", "float(1.5)", "int(9)", "int(base=16)")

    def test(self, depth):
        return self.pick("defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence", "iterable", "callable", "odd", "even",
                         "divisibleby 3", "divisibleby(2)", "lower", "upper", "true", "false", "sameas none", "eq 1", f"equalto {self.string()}", f"in {self.atom(0)}", "ne 2",
                         "gt 1", "lt 3", "ge 2", "le 2", "filter", "test", "escaped", "eq(7)")

    def method(self, depth):
        s, i = self.string, lambda: str(self.r.randint(-3, 4))
        return self.pick(
            "strip()", "lstrip()", "rstrip()", f"strip({s()})", f"lstrip({s()})", f"rstrip({s()})", "split()", f"split({s()})", f"split({s()}, {i()})", f"rsplit({s()}, {i()})",
            "split(none, 1)", "rsplit(maxsplit=1)", "splitlines()", "splitlines(true)", "upper()", "lower()", "title()", "capitalize()", "swapcase()", f"startswith({s()})",
            f"endswith({s()})", f"startswith(({s()}, {s()}))", f"endswith(({s()}, 'd'))", f"startswith({s()}, {i()})", f"find({s()})", f"find({s()}, {i()}, {i()})",
            f"rfind({s()})", f"count({s()})", f"index({s()})", f"replace({s()}, {s()})", f"replace({s()}, {s()}, {i()})", f"join({self.atom(depth - 1)})",
            f"removeprefix({s()})", f"removesuffix({s()})", f"partition({s()})", f"rpartition({s()})", "zfill(8)", f"ljust({i()})", "rjust(15, '*')", "center(16, '-')",
            "isdigit()", "isalpha()", "isupper()", "islower()", "isspace()", "isalnum()", "istitle()", "isnumeric()", "expandtabs(4)", "casefold()", "items()", "keys()",
            "values()", "items()|list", "keys()|list", "values()|list", f"get({s()})", "get('a', 'dflt')", f"get({self.atom(0)}, 1)", "copy()", "append(1)", "pop()", "update({})", "count(1)",
            "index(1)", "format(1, 'z')", "format(s, n)", "format(f)", "encode()", "role", "content", "n", "a", "b", "items", "tool_calls", "x")

    def step(self, depth):
        kind = self.r.random()
        if kind < 0.5:
            return " | " + self.filter(depth)
        if kind < 0.8:
            return "." + self.method(depth)
        if kind < 0.9:
            return "[" + self.pick(self.number(), self.string(), "-1", "0") + "]"
        part = lambda: self.pick("", "", str(self.r.randint(-4, 5)))
        return "[" + part() + ":" + part() + self.pick("", ":" + self.pick("-1", "2", "-2", "1", "")) + "]"

    def expression(self, depth):
        kind = self.r.random()
        if depth <= 0 or kind < 0.2:
            return self.atom(depth)
        if kind < 0.62:
            return self.atom(depth - 1) + "".join(self.step(depth - 1) for _ in range(self.r.randint(1, 2)))
        if kind < 0.8:
            op = self.pick(" + ", " - ", " * ", " / ", " // ", " % ", " ** ", " ~ ", " ~ ", " + ", " and ", " or ")
            right = self.pick("2", "3", "0", "-1") if "**" in op else self.expression(depth - 1)
            return self.expression(depth - 1) + op + right
        if kind < 0.88:
            op = self.pick(" == ", " != ", " < ", " <= ", " > ", " >= ", " in ", " not in ")
            return self.expression(depth - 1) + op + self.expression(depth - 1)
        if kind < 0.94:
            return self.atom(depth - 1) + self.pick(" is ", " is not ") + self.test(depth)
        if kind < 0.97:
            return self.expression(depth - 1) + " if " + self.expression(depth - 1) + self.pick("", " else " + self.expression(depth - 1))
        return self.pick("not ", "-", "+") + self.atom(depth - 1)

    def text(self):
        return self.pick("", " ", "\n", "\n\n", "a", " b ", "  \n  ", "\t", "<|im|>", "é", "\n  ", "x\n", " }} ", "{ ", "# ")

    def tag(self, body):
        return "{%" + self.pick("", "-", "", "+") + " " + body + " " + self.pick("", "-", "", "+") + "%}"

    def output(self, depth):
        value = self.shown(depth) if self.r.random() < 0.9 else self.expression(depth)
        return "{{" + self.pick("", "-", "") + " " + value + " " + self.pick("", "-", "") + "}}"

    def body(self, depth, loop=False):
        return "".join(self.text() + self.statement(depth, loop) for _ in range(self.r.randint(1, 3))) + self.text()

    def statement(self, depth, loop):
        kind = self.r.random()
        if depth <= 0 or kind < 0.4:
            return self.output(2)
        if kind < 0.5:
            tail = self.pick("", self.tag("else") + self.body(depth - 1, loop), self.tag("elif " + self.shown(1)) + self.body(depth - 1, loop))
            return self.tag("if " + self.shown(2)) + self.body(depth - 1, loop) + tail + self.tag("endif")
        if kind < 0.66:
            head = self.pick("x in " + self.list_value(1), "x in l", "x in ls", "x in m", "x in range(4)", "x, y in d.items()", "x, y in d|dictsort", "x in mix", "x in s",
                             "x in m if x.role != 'user'", "x in l if x is odd", "x in ls|reverse")
            end = self.pick("", self.tag("else") + self.body(depth - 1))
            return self.tag("for " + head) + self.body(depth - 1, True) + end + self.tag("endfor")
        if kind < 0.72 and loop:
            return self.pick("{{ loop.index }}", "{{ loop.last }}", "{{ loop.first }}", "{{ loop.revindex0 }}", "{{ loop.length }}", "{{ loop.previtem }}", "{{ loop.nextitem is defined }}",
                             "{{ loop.cycle('a', 'b') }}", "{{ loop.changed(x) }}", "{{ ', ' if not loop.last }}", "{% if loop.index == 2 %}{% break %}{% endif %}",
                             "{% if loop.first %}{% continue %}{% endif %}", "{{ loop.depth0 }}")
        if kind < 0.78:
            return self.tag("set " + self.pick("x", "y") + " = " + self.shown(2))
        if kind < 0.82:
            return self.tag("set " + self.pick("x", "y") + self.pick("", " | upper", " | trim")) + self.body(depth - 1) + self.tag("endset")
        if kind < 0.87:
            call = self.pick("q(1)", "q(s, 2)", "q(b=3, a=l)", "q()", "q(1, 2, 3)", "q(*l)", "q(1, c=2)", "q(1)|upper")
            return self.tag("macro q(" + self.pick("a", "a, b=2", "a, b=a", "a=1, b='x'", "") + ")") + self.pick("{{ a }}", "{{ a }}|{{ b }}", "{{ varargs }}{{ kwargs }}", "{{ x }}", self.body(depth - 1)) + self.tag("endmacro") + "{{ " + call + " }}"
        if kind < 0.9:
            return "{% set ns = namespace(c=0, t='') %}" + self.tag("for x in " + self.pick("l", "ls", "m", "range(3)")) + "{% set ns.c = ns.c + 1 %}{% set ns.t = ns.t ~ x %}" + self.body(0) + self.tag("endfor") + "{{ ns.c }}{{ ns.t }}{{ ns.q }}"
        if kind < 0.93:
            return self.tag("filter " + self.pick("upper", "trim", "replace('a', 'b')", "indent", "title|trim")) + self.body(depth - 1) + self.tag("endfilter")
        if kind < 0.95:
            return self.tag("with x = " + self.shown(1) + ", y = 2") + self.body(depth - 1) + self.tag("endwith")
        if kind < 0.96:
            return self.tag("generation") + self.body(depth - 1) + self.tag("endgeneration")
        if kind < 0.98:
            return "{#" + self.pick("", "-", "+") + " note " + self.pick("", "-", "+") + "#}"
        return self.tag("raw")[:-2].rstrip("+ ") + " %}" + self.pick("{{ x }}", "{% if %}", " z\n") + self.tag("endraw")

    def template(self):
        return self.body(self.r.randint(0, 3))


def unstable(text):
    """Texts that name addresses or lazily made objects differ by design."""
    return re.search(r"0x[0-9a-f]{6}|<generator|<built-in|<bound method|object at|reverseiterator|<Macro|<LoopContext|dict_\w+iterator|<class|<function|<filter|<map", text)


def too_big(text):
    """Integers beyond 64 bits are an error in kt."""
    return re.search(r"\d{19}", text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    env, grammar = environment(), Grammar(random.Random(options.seed))
    templates = [grammar.template() for _ in range(options.count)]
    lines = "".join(json.dumps({"template": t, "vars": VARIABLES, "now": "2024-07-26 12:34:56"}) + "\n" for t in templates)
    answers = subprocess.run([options.program], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    same = failed = shown = different = 0
    for template, line in zip(templates, answers, strict=True):
        ours = json.loads(line)
        try:
            theirs = {"text": env.from_string(template).render(**json.loads(json.dumps(VARIABLES)))}
        except Exception as error:
            theirs = {"error": f"{type(error).__name__}: {error}"}
        if "text" in theirs and (unstable(theirs["text"]) or (too_big(theirs["text"]) and "error" in ours)):
            continue
        failed += "error" in theirs
        if ("error" in theirs and "error" in ours) or theirs == ours:
            same += 1
            continue
        different += 1
        if shown < options.show:
            shown += 1
            print(f"template {template!r}\n  jinja2 {theirs}\n  kt     {ours}")
    print(f"{len(templates)} templates: {same} alike ({failed} of them errors), {different} different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
