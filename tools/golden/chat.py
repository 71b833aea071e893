"""Chat templates of the families' kinds, and random conversations rendered with transformers' renderer."""
import datetime

from jinja2.exceptions import TemplateError
from transformers.utils.chat_template_utils import _compile_jinja_template

import samples

NOW = datetime.datetime(2025, 3, 9, 7, 5, 3)
CHATML = """{%- if tools %}
    {{- '<|im_start|>system\\n# Tools' }}
    {%- for tool in tools %}{{- '\\n' ~ (tool | tojson) }}{%- endfor %}
    {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'assistant' and message.tool_calls %}
        {{- '<|im_start|>assistant\\n' }}
        {%- for call in message.tool_calls %}
            {{- '<tool_call>\\n' + call.function.name + ' ' + (call.function.arguments | tojson(indent=2)) + '\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + (message.content or '') | trim + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- if thinking is defined and not thinking %}{{- '<think></think>' }}{%- endif %}{%- endif %}"""
HEADERS = """{{- bos_token }}
{%- set ns = namespace(first=true) %}
{%- for message in messages %}
    {%- if ns.first %}{{- '<|start_header_id|>date<|end_header_id|>' + strftime_now('%d %B %Y') + '<|eot_id|>' }}{% set ns.first = false %}{%- endif %}
    {{- '<|start_header_id|>' ~ message['role'] ~ '<|end_header_id|>\\n\\n' ~ message['content'] | default('', true) ~ '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"""
INSTRUCTIONS = """{{- bos_token }}
{%- for message in messages %}
    {%- if message.role == 'user' %}
        {{- '[INST] ' + message.content + ' [/INST]' }}
    {%- elif message.role == 'assistant' %}
        {{- ' ' + (message.content or '') | trim + eos_token }}
    {%- elif message.role == 'system' and loop.first %}
        {{- '<<SYS>>' + message.content + '<</SYS>>' }}
    {%- else %}
        {{- raise_exception('cannot place the role ' ~ message.role) }}
    {%- endif %}
{%- endfor %}"""
TURNS = """{%- macro body(message) -%}
    {%- if message.content is string %}{{ message.content }}{%- elif message.content is iterable %}
        {%- for part in message.content if part.type == 'text' %}{{ part.text }}{{ '|' if not loop.last }}{%- endfor %}
    {%- endif %}
{%- endmacro -%}
{{ bos_token }}{{ messages | selectattr('role', 'equalto', 'system') | map(attribute='content') | join('\\n\\n') }}
{%- for message in messages if message.role != 'system' %}
    {%- if message.role == 'assistant' %}{{ '<｜Assistant｜>' + body(message).split('</think>')[-1].lstrip() + eos_token }}
    {%- else %}{{ '<｜User｜>' + body(message) }}{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<｜Assistant｜>' }}{% if thinking %}{{ '<think>\\n' }}{% endif %}{%- endif %}"""
MIDDLES = """{%- for message in messages %}
    {%- set role = {'user': '<|im_user|>', 'assistant': '<|im_assistant|>'}.get(message['role'], '<|im_system|>') %}
    {{- role ~ message.get('name', message['role']) ~ '<|im_middle|>' ~ (message['content'] or '') ~ '<|im_end|>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_assistant|>assistant<|im_middle|>' }}{%- endif %}"""
TEMPLATES = {"qwen2": CHATML, "llama3": HEADERS, "spm": INSTRUCTIONS, "deepseek_v3": TURNS, "kimi": MIDDLES}


def random_tool(rng):
    name = rng.choice(["weather", "search", "add_numbers"])
    properties = {word: {"type": rng.choice(["string", "integer"]), "description": samples.sentence(rng).strip()}
                  for word in rng.sample(samples.WORDS, 2)}
    function = {"name": name, "description": "Überprüfe <it> & 'that'.", "parameters": {"type": "object", "properties": properties}}
    return {"type": "function", "function": function}


def random_messages(rng):
    messages = [{"role": "system", "content": samples.sentence(rng)}] if rng.random() < 0.4 else []
    for turn in range(rng.randint(1, 4)):
        messages.append({"role": "user", "content": rng.choice([samples.sentence(rng), samples.random_text(rng)])})
        if turn == 0 or rng.random() < 0.7:
            messages.append({"role": "assistant", "content": rng.choice([samples.random_text(rng), "<think>\nwhy\n</think>\n\nso", "", None])})
        if rng.random() < 0.15:
            arguments = {"q": "x<y", "n": 2.5, "l": [1, None, True]}
            messages[-1]["tool_calls"] = [{"type": "function", "id": "call-1", "function": {"name": "search", "arguments": arguments}}]
        if rng.random() < 0.1:
            messages.append({"role": rng.choice(["tool", "critic"]), "content": "42"})
    return messages


def random_case(rng, name):
    kwargs = {"thinking": rng.random() < 0.5} if rng.random() < 0.4 else {}
    return {"name": name, "messages": random_messages(rng), "tools": [random_tool(rng)] if rng.random() < 0.3 else None,
            "add_generation_prompt": rng.random() < 0.6, "kwargs": kwargs}


def render(compiled, case, begin, end):
    return compiled.render(messages=case["messages"], tools=case["tools"], documents=None, add_generation_prompt=case["add_generation_prompt"],
                           bos_token=begin, eos_token=end, strftime_now=NOW.strftime, **case["kwargs"])


def template_cases(family, template, begin, end, rng, count):
    compiled = _compile_jinja_template(template)
    cases = []
    for at in range(count):
        case = random_case(rng, f"random_{at}")
        try:
            case["expected"] = render(compiled, case, begin or "", end)
        except (TemplateError, TypeError) as error:
            case["error"] = str(error)
        cases.append(case)
    now = [NOW.year, NOW.month, NOW.day, NOW.hour, NOW.minute, NOW.second]
    return {"family": family, "bos_token": begin or "", "eos_token": end, "now": now, "template": template, "cases": cases}
