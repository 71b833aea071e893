"""Chat templates (promises 3.2) and rule files (3.3) that are wrong."""
import json
import pathlib

from harness import ACCEPT, EITHER, Case, file_case, writer

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden/models/llama"
RENDER = ["template", "render", "--template", "{}/chat.jinja", "--messages", "{}/messages.json"]
CHECK = ["rules", "check", "{}/r.yaml", "-m", str(GOLDEN)]


def templates():
    yield "loop", "{% for i in range(1000000000) %}x{% endfor %}"
    yield "nested_loops", "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}"
    yield "deep_parentheses", "{{ " + "(" * 4000 + "1" + ")" * 4000 + " }}"
    yield "deep_blocks", "{% if 1 %}" * 4000 + "{% endif %}" * 4000
    yield "deep_list", "{{ " + "[" * 4000 + "]" * 4000 + " }}"
    yield "deep_not", "{{ " + "not " * 20000 + "1 }}"
    yield "deep_minus", "{{ " + "-" * 20000 + "1 }}"
    yield "deep_calls", "{{ x" + "()" * 20000 + " }}"
    yield "deep_filters", "{{ 'a'" + "|upper|lower" * 400000 + " }}"
    yield "doubling", "{% set ns = namespace(x='x') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}"
    yield "doubling_lists", "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}"
    yield "multiplied", "{{ 'x' * 10000000000 }}"
    yield "multiplied_list", "{{ [0] * 10000000000 }}"
    yield "power", "{{ 9 ** 9 ** 9 ** 9 }}"
    yield "recursion", "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}"
    yield "mutual_recursion", "{% macro f(x) %}{{ g(x) }}{% endmacro %}{% macro g(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}"
    yield "unknown_filter", "{{ 'a' | frobnicate }}"
    yield "unknown_test", "{{ 'a' is frobnicated }}"
    yield "unknown_tag", "{% frobnicate %}"
    yield "raises", "{{ raise_exception('no') }}"
    yield "width", "{{ '%1000000000d' | format(1) }}"
    yield "center", "{{ 'a' | center(1000000000) }}"
    yield "indent", "{{ ('a\n' * 1000) | indent(1000000) }}"
    yield "replace", "{{ ('a' * 100000) | replace('', 'b' * 100000) }}"
    yield "join", "{{ range(100000) | join('x' * 100000) }}"
    yield "includes", "{% include '/etc/passwd' %}"
    yield "imports", "{% import 'os' as os %}"
    yield "extends", "{% extends 'x' %}"
    yield "reaches_out", "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    yield "unclosed_block", "{% if true %}"
    yield "unclosed_braces", "{{ 1"
    yield "unclosed_comment", "{# x"
    yield "unclosed_text", "{{ 'a }}"
    yield "divides_by_zero", "{{ 1 // 0 }}"
    yield "divides_least", "{{ (-9223372036854775807 - 1) // -1 }}{{ 1 % 0 }}"
    yield "batch_0", "{{ [1, 2] | batch(0) | list }}"
    yield "slice_0", "{{ [1, 2][::0] }}"
    yield "range_step_0", "{{ range(1, 5, 0) | list }}"
    yield "bad_utf8", b"{{ '\xff' }}"
    yield "bracketed_names", "{{ messages[0]" + "['content']" * 50000 + " }}"


def odd_templates():
    """What must end soon and well; whether it is refused is free."""
    for number, text in enumerate((
            "{{ ''.__class__ }}", "{{ messages.__class__.__init__.__globals__ }}", "{{ '{0.__class__}'.format(1) }}", "{{ '%(a)s' | format(a='x') }}",
            "{{ '%n%s%s%s' | format(1) }}", "{{ '{:>1000000000}'.format(1) }}", "{{ '%.1000000000f' | format(1.5) }}", "{{ '%*d' | format(1000000000, 1) }}",
            "{{ range(100000) | list | tojson }}", "{{ range(100000) | map('string') | join }}", "{{ (range(100000) | list) * 100 }}",
            "{% for i in range(100000) %}{% set x = range(100000) | list %}{% endfor %}", "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = ns.x + [i] %}{% endfor %}",
            "{% set ns = namespace() %}{% set ns.ns = ns %}{{ ns }}{{ ns.ns.ns }}", "{% set x = [1] %}{{ x.append(x) }}{{ x }}", "{{ {1: 2, 1: 3} }}",
            "{{ {[1]: 2} }}", "{{ {}[0] }}", "{{ [][0] }}", "{{ 'abc'[-9999999999999] }}", "{{ 'abc'[::-1][5:1:-2] }}", "{{ [1,2,3][9223372036854775807:-9223372036854775808:-1] }}",
            "{{ 99999999999999999999999999 }}", "{{ 1e999 }}", "{{ 1e308 * 10 }}", "{{ (1e308 * 10) | int }}", "{{ '1e999' | float | int }}", "{{ 'nan' | float | round }}",
            "{{ 1.5 | round(400) }}", "{{ 1.5 | round(-400) }}", "{{ 5 | round(2, 'magic') }}", "{{ 'z' | int(0, 99) }}", "{{ 'ff' | int(0, 16) }}", "{{ ('9' * 5000) | int }}",
            "{{ 9223372036854775807 + 1 }}", "{{ -9223372036854775807 * 3 }}", "{{ 7 % 0.0 }}", "{{ 0 ** -1 }}", "{{ (-8) ** 0.5 }}", "{{ 2 ** 0.5 ** 9 ** 9 }}", "{{ 7 // 0.0 }}",
            "{{ 'a' | indent(-1) }}", "{{ 'a' | center(-5) }}", "{{ 'a b' | wordwrap(0) }}", "{{ 'a b c' | truncate(-1) }}", "{{ 'abc' | truncate(1, true, '...') }}",
            "{{ [1,2,3] | batch(-1) | list }}", "{{ [1,2,3] | slice(0) | list }}", "{{ [1,2,3] | slice(-3) | list }}", "{{ [1,2,3] | slice(1000000000) | list }}",
            "{{ [1,'a',none] | sort }}", "{{ [[1],[2]] | sum }}", "{{ ['a',1] | sum }}", "{{ [1,2] | map('nothing') | list }}", "{{ [1] | map(attribute='__class__.x') | list }}",
            "{{ [1] | groupby('x.y.z') }}", "{{ {'a': 1} | dictsort(true, 'magic') }}", "{{ ('&' * 100000) | escape | escape | escape | escape }}", "{{ ('http://a.b ' * 20000) | urlize }}",
            "{{ ('<' * 100000) | striptags }}", "{{ ('a' * 100000) | title | capitalize | upper | lower | reverse }}", "{{ ('ab' * 50000) | replace('ab', 'ba', 100000) }}",
            "{{ ('\\u0130' * 100000) | lower }}", "{{ '\\N{BULLET}' }}", "{{ '\\ud800' }}", "{{ '\\x' }}", "{{ '\\u12' }}", "{{ messages | pprint }}", "{{ x | default(y) | default(z) }}",
            "{% for a, b in [1, 2] %}{% endfor %}", "{% for a, b, c in [[1, 2]] %}{% endfor %}", "{% for x in 7 %}{% endfor %}", "{% for x in none %}{% endfor %}",
            "{% for x in [1] recursive %}{{ loop(x) }}{% endfor %}", "{% for x in [[[]]] recursive %}{{ loop([x]) }}{% endfor %}", "{{ loop.index }}", "{% break %}", "{% continue %}",
            "{% macro f(a, a) %}{% endmacro %}", "{% macro f() %}{{ caller() }}{% endmacro %}{{ f() }}", "{% macro f() %}{{ caller() }}{% endmacro %}{% call f() %}{{ f() }}{% endcall %}",
            "{% call nothing() %}{% endcall %}", "{% set a, b = 1 %}", "{% set a.b = 1 %}", "{% set = 1 %}", "{% set 7 = 1 %}", "{% filter nothing %}x{% endfilter %}", "{% set x|trim %}",
            "{% raw %}{% endraw", "{%- -%}", "{{}}", "{{ }}", "{%%}", "{#", "{{ 'a' 'b' }}", "{{ 1 if }}", "{{ a.b.c.d }}", "{{ (1, 2)(3) }}", "{{ 'x'.join(range(100000)) }}",
            "{{ 'a'.split('') }}", "{{ 'a'.replace('', 'b' * 1000000) }}", "{{ ('a' * 1000000).split('a') | length }}", "{{ 'a'.startswith(7) }}", "{{ 'a'.encode() }}", "{{ 'a'.zfill(1000000000) }}",
            "{{ 'a'.ljust(1000000000) }}", "{{ 'a'.expandtabs(1000000000) }}", "{{ '\t'.expandtabs(1000000000) }}", "{{ dict(messages[0], **{'a': 1}) }}", "{{ cycler() }}", "{{ joiner(7)() }}",
            "{{ lipsum(n=1000000) }}", "{{ strftime_now('%' * 100000) }}", "{{ strftime_now('%Q%') }}", "{{ strftime_now('%1000000d') }}", "{{ raise_exception() }}", "{{ raise_exception('x' * 1000000) }}",
            "{{ namespace(7) }}", "{{ 7() }}", "{{ 'a' is divisibleby(0) }}", "{{ 1 is divisibleby 'a' }}", "{{ 1 is in 7 }}", "{{ 'a' in 7 }}", "{{ not }}", "{{ a and or b }}",
            "{{ x" + ".x" * 50000 + " }}", "{{ 1" + " + 1" * 100000 + " }}", "{{ 1" + " if 1 else 1" * 20000 + " }}", "{{ 'a'" + " ~ 'a'" * 100000 + " }}", "{% if 1 %}" + "{% elif 1 %}" * 50000 + "{% endif %}",
            "{% set x = 1 %}" * 50000, "{{ f(" + ", ".join(f"a{n}=1" for n in range(20000)) + ") }}", "{{ {" + ", ".join(f"{n}: 1" for n in range(50000)) + "} | length }}", "\n" * 1000000, "{" * 1000000,
            "{{ '" + "\\\\" * 500000 + "' }}", "{% for m in messages %}" * 90 + "{% endfor %}" * 90, "{{ ([[]] * 1000) | map('list') | map('list') | list | length }}")):
        yield f"odd_{number}", text


# Python's integers have no limit; what these give is free, that they end is not.
FREE_TEMPLATES = {"bad_utf8", "deep_filters", "reaches_out", "multiplied_list", "divides_least", "bracketed_names", "batch_0"}
LEGAL_TEMPLATES = {"plain": "a", "loop_of_messages": "{% for m in messages %}{{ m.role }}{% endfor %}"}

MATCH = "- match: {class: Linear}\n"
REPLACE = "  replace: {class: cpu.linear}\n"


def rule_files():
    def keywords(content):
        return MATCH + "  replace:\n    class: cpu.linear\n    kwargs: " + content + "\n"

    def expression(content):
        return "- match: {name: '" + content + "'}\n" + REPLACE

    def operator(content):
        return MATCH + "  replace: {class: " + content + "}\n"

    def native(content):
        return "kt_rules: 1\n" + content

    yield "empty_file", ""
    yield "spaces", "  \n\n"
    yield "comment", "# nothing\n"
    yield "root_map", "match: {class: Linear}\n"
    yield "root_scalar", "hello\n"
    yield "root_number", "5\n"
    yield "two_docs", MATCH + REPLACE + "---\n" + MATCH + REPLACE
    yield "tab_indent", MATCH + "\treplace: {class: cpu.linear}\n"
    yield "bad_indent", "-   match: {class: Linear}\n  replace: {class: cpu.linear}\n"
    yield "unclosed_quote", '- match: {name: "abc}\n'
    yield "unclosed_brace", "- match: {name: abc\n" + REPLACE
    yield "colon_missing", MATCH + "  replace {class: cpu.linear}\n"
    yield "bad_escape", '- match: {name: "a\\.b"}\n' + REPLACE
    yield "bad_utf8", b"- match: {name: 'a\xff'}\n" + REPLACE.encode()
    yield "nul_byte", b"- match: {name: 'a\0'}\n" + REPLACE.encode()
    yield "utf16", (MATCH + REPLACE).encode("utf-16")
    yield "key_twice", MATCH + REPLACE + REPLACE
    yield "alias_unknown", "- match: *nope\n"
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 10))
    yield "alias_bomb", "l0: &l0 [x, x, x, x, x, x, x, x, x]\n" + levels
    yield "alias_cycle", "- &a [b, *a]\n"
    yield "custom_tag", MATCH + "  replace: !!python/object/apply:os.system [x]\n"
    yield "merge_key", "- match: {<<: {class: Linear}}\n" + REPLACE
    for name, content in {"seq": "[" * 20000, "map": "{a: " * 20000, "block": "- " * 9000 + "x\n", "closed": "[" * 9000 + "]" * 9000,
                          "tags": "!a " * 9000 + "x", "question": "? " * 9000, "indented": "".join(" " * n + "a:\n" for n in range(900))}.items():
        yield f"deep_{name}", content
    yield "flow_colon", "[a, :b"
    yield "bang", "!"
    yield "percent", "%YAML 9.9\n---\n[]\n"
    yield "anchor_only", "&a"
    yield "star", "*"
    yield "rule_text", "- hello\n"
    yield "rule_null", "-\n"
    yield "no_match", "- replace: {class: cpu.linear}\n"
    yield "no_replace", MATCH
    yield "match_empty", "- match: {}\n" + REPLACE
    yield "match_list", "- match: [Linear]\n" + REPLACE
    yield "name_map", "- match: {name: {a: b}}\n" + REPLACE
    yield "name_empty", "- match: {name: ''}\n" + REPLACE
    for name, content in {"bracket": "model.[abc", "paren": "a)", "repeat": "*attn", "long": "a" * 50000, "groups": "(" * 2000 + ")" * 2000,
                          "count": "a{1000000}", "back_reference": "(a)\\1", "recursion": "(a(?R)?)", "callout": "a(?C1)", "verb": "(*LIMIT_MATCH=9)a",
                          "lookbehind": "(?<=a+)b", "explodes": "(.*.*)*\\d$z"}.items():
        yield f"regex_{name}", expression(content)
    yield "class_unknown", "- match: {class: Liner}\n" + REPLACE
    for name, content in {"unknown": "cpu.liner", "traversal": "../../x", "number": "5", "list": "[]", "long": "x" * 60000, "empty": "''",
                          "escape": '"\\e[31m"', "wrong_node": "cpu.moe"}.items():
        yield f"operator_{name}", operator(content)
    for name, content in {"list": "[a]", "unknown": "{generate_devise: cpu}", "type": "{activations: 7}", "choice": "{activations: int7}",
                          "huge": "{activations: 1208925819614629174706176}", "map": "{activations: {a: b}}"}.items():
        yield f"keyword_{name}", keywords(content)
    yield "key_unknown", MATCH + "  replce: {class: cpu.linear}\n"
    yield "recursive_text", MATCH + REPLACE + "  recursive: maybe\n"
    yield "no_hit", expression("^nothing$")
    yield "shadowed", MATCH + REPLACE + MATCH + REPLACE
    yield "too_many", (MATCH + REPLACE) * 1001
    yield "too_big", "#" + "x" * (2 << 20) + "\n" + MATCH + REPLACE
    yield "html", "<!DOCTYPE html>\n<html></html>\n"
    yield "native_version", "kt_rules: 2\n"
    yield "native_version_huge", f"kt_rules: {10**40}\n"
    yield "native_unknown_key", native("ruls: []\n")
    yield "native_rules_map", native("rules: {a: b}\n")
    yield "native_arch", native("arch: deepseek_v3\nrules: []\n")
    yield "native_extends_missing", native("extends: [nothing.yaml]\nrules: []\n")
    yield "native_extends_itself", native("extends: [r.yaml]\nrules: []\n")
    yield "native_extends_device", native("extends: [/dev/zero]\nrules: []\n")
    yield "native_extends_number", native("extends: 7\nrules: []\n")
    yield "native_var_unknown", native('rules:\n  - {match: {class: Linear}, replace: {operator: "${x}"}}\n')
    yield "native_var_nested", native('vars: {a: "${b}", b: "${a}"}\nrules:\n  - {match: {class: Linear}, replace: {operator: "${a}"}}\n')
    yield "native_vars_grow", native("vars:\n  v0: xxxxxxxxxx\n" + "".join(f'  v{n}: "{f"${{v{n - 1}}}" * 10}"\n' for n in range(1, 12)) +
                                     'rules:\n  - {match: {class: Linear}, replace: {operator: "${v11}"}}\n')
    for number, layers in enumerate(("3-1", "-1", "x", "99999999999999999999", "0-99999999999999999999", "[0, x]", "1.5", "{}")):
        yield f"native_layers_{number}", native(f"rules:\n  - {{match: {{layers: {layers}}}, replace: {{operator: cpu.linear}}}}\n")
    for number, when in enumerate(("device(", "x", "not", "((" * 3000, "not " * 3000 + "isa(avx2)", "free(cpu) >= 99999999999999999999999 GiB",
                                   "isa(avx2) and", "7", "device('a' 'b')")):
        yield f"native_when_{number}", native(f'rules:\n  - {{match: {{class: Linear}}, when: "{when}", replace: {{operator: cpu.linear}}}}\n')
    for number, limit in enumerate((">= x", "7 >=", ">= 1e999", ">= -1", "[]", "=> 5")):
        yield f"native_params_{number}", native(f"rules:\n  - {{match: {{params: '{limit}'}}, replace: {{operator: cpu.linear}}}}\n")
    yield "native_device", native("placement:\n  - {layers: 0, device: gpu0}\nrules: []\n")
    yield "native_device_index", native("placement:\n  - {layers: 0, device: 'cuda:99999999999999999999'}\nrules: []\n")


# Rules that may bind on some machine, or be lenient about what KTransformers wrote.
FREE_RULES = {"percent", "operator_wrong_node", "keyword_map", "native_vars_grow", "native_var_nested", "regex_explodes", "spaces", "comment",
              "native_when_5"}


def encoded(content):
    return content if isinstance(content, bytes) else content.encode()


def template_case(name, content, **more):
    messages = {"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": True}

    put = writer(encoded(content))

    def write(folder):
        put(folder / "chat.jinja")
        (folder / "messages.json").write_text(json.dumps(messages))
    return Case(f"template.{name}", write, RENDER, **more)


def rule_case(name, content, **more):
    return file_case(f"rules.{name}", "r.yaml", encoded(content), CHECK, code=3, **more)


def cases():
    out = [template_case(f"good_{name}", content, expected=ACCEPT) for name, content in LEGAL_TEMPLATES.items()]
    for name, content in templates():
        out.append(template_case(name, content, **({"expected": EITHER} if name in FREE_TEMPLATES else {})))
    out += [template_case(name, content, expected=EITHER) for name, content in odd_templates()]
    out.append(rule_case("good", MATCH + REPLACE, expected=ACCEPT))
    for name, content in rule_files():
        out.append(rule_case(name, content, **({"expected": EITHER} if name in FREE_RULES else {})))
    return out
