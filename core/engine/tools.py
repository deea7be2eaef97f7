"""Finds the tool calls in a model's output, in the notations of the common template families.

Nothing here runs a tool, and so far nothing in the program calls `parse` but its tests. A caller renders its tools into the prompt (`template_options={"tools": [...]}`), and
gets from `parse` what the model wants to have called. Broken calls stay in the text: they are never guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ToolCall:
    """A tool's name and its arguments by name."""

    name: str
    arguments: dict[str, Any]


def parse(output: str) -> tuple[str, list[ToolCall]]:
    """The output without its calls, and the calls in order. Output without any comes back as it is."""
    for pattern, read in _NOTATIONS:
        calls: list[ToolCall] = []
        rest, end = [], 0
        for match in pattern.finditer(output):
            found = list(_safely(read, match))
            if found:
                rest.append(output[end : match.start()])
                end = match.end()
                calls += found
        if calls:
            return "".join([*rest, output[end:]]).strip(), calls
    return output, []


def _safely(read: Callable[[re.Match[str]], Iterator[ToolCall]], match: re.Match[str]) -> list[ToolCall]:
    try:
        return list(read(match))
    except (ValueError, KeyError, TypeError, AttributeError, SyntaxError, RecursionError):
        return []


def _call(value: Any) -> ToolCall:
    """From an object in any of the usual spellings. Raises ValueError, KeyError, TypeError."""
    value = value.get("function", value) if isinstance(value.get("function"), dict) else value
    arguments = value.get("arguments", value.get("parameters", {}))
    if isinstance(arguments, str):
        arguments = json.loads(arguments)
    if not isinstance(value["name"], str) or not isinstance(arguments, dict):
        raise TypeError("not a call")
    return ToolCall(value["name"], arguments)


def _objects(text: str) -> Iterator[ToolCall]:
    """One object, a list of them, or several after one another."""
    decoder, at = json.JSONDecoder(), 0
    text = text.strip()
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        for one in value if isinstance(value, list) else [value]:
            yield _call(one)
        at = end + len(text[end:]) - len(text[end:].lstrip(" \n\t;,"))


def _scalar(text: str) -> Any:
    """A value written without quotes: JSON where it is that, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _tagged(match: re.Match[str]) -> Iterator[ToolCall]:
    """<tool_call> with JSON (Hermes, Qwen), with <function=…> (Qwen3-Coder, Qwen3.5) or <arg_key> (GLM)."""
    inside = match[1].strip()
    if inside.startswith(("{", "[")):
        yield from _objects(inside)
    elif "<function=" in inside:
        for function in re.finditer(r"<function=([^>\s]+)>(.*?)</function>", inside, re.S):
            pairs = re.findall(r"<parameter=([^>\s]+)>\n?(.*?)\n?</parameter>", function[2], re.S)
            yield ToolCall(function[1], {key: _scalar(value) for key, value in pairs})
    else:
        pair = r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>\s*"
        whole = re.fullmatch(rf"([\w.-]+)\s*((?:{pair})*)", inside, re.S)
        if whole:
            pairs = re.findall(pair, whole[2], re.S)
            yield ToolCall(whole[1], {key.strip(): _scalar(value) for key, value in pairs})


def _json_inside(match: re.Match[str]) -> Iterator[ToolCall]:
    yield from _objects(match[1])


def _named(match: re.Match[str]) -> Iterator[ToolCall]:
    """A name, then its arguments as an object."""
    yield _call({"name": match[1], "arguments": match[2]})


def _gemma(match: re.Match[str]) -> Iterator[ToolCall]:
    """Gemma 4: keys without quotes, texts between <|"|> marks."""
    texts: list[str] = []

    def keep(found: re.Match[str]) -> str:
        texts.append(found[1])
        return f'"\x00{len(texts) - 1}"'

    body = re.sub(r'<\|"\|>(.*?)<\|"\|>', keep, match[2], flags=re.S)
    body = re.sub(r"([{,]\s*)([A-Za-z_]\w*)\s*:", r'\1"\2":', "{" + body + "}")
    body = re.sub(r'"\x00(\d+)"', lambda found: json.dumps(texts[int(found[1])]), body)
    yield ToolCall(match[1], json.loads(body))


def _python(match: re.Match[str]) -> Iterator[ToolCall]:
    """Calls as Python writes them (Llama 4, LFM2): [name(key=value), …]; literals only, nothing is run."""
    import ast

    tree = ast.parse(match[1].strip(), mode="eval").body
    for call in tree.elts if isinstance(tree, ast.List) else [tree]:
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError("not a call by name")
        arguments = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
        yield ToolCall(ast.unparse(call.func), arguments)


_NOTATIONS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterator[ToolCall]]], ...] = (
    (re.compile(r"<tool_call>(.*?)(?:</tool_call>|\Z)", re.S), _tagged),
    (re.compile(r"<seed:tool_call>(.*?)</seed:tool_call>", re.S), _tagged),
    (re.compile(r"<\|tool_call>call:([\w.-]+)\{(.*?)\}<tool_call\|>", re.S), _gemma),
    # gpt-oss: … to=functions.name <|constrain|>json<|message|>{…}<|call|>
    (
        re.compile(
            r"(?:<\|channel\|>commentary )?to=functions\.([\w.-]+)[^{]*<\|message\|>(\{.*?\})\s*(?:<\|call\|>|\Z)",
            re.S,
        ),
        _named,
    ),
    # Mistral, from 2025 on: [TOOL_CALLS]name[ARGS]{…}; some put [CALL_ID]… between
    (
        re.compile(
            r"\[TOOL_CALLS\]([\w.-]+)(?:\[CALL_ID\]\w+)?\[ARGS\](\{.*?\})\s*(?=\[TOOL_CALLS\]|</s>|\Z)", re.S
        ),
        _named,
    ),
    (re.compile(r"\[TOOL_CALLS\]\s*(\[.*\])", re.S), _json_inside),
    (
        re.compile(
            r"<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?([\w.-]+)(?:<｜tool▁sep｜>|\n```json\n)(\{.*?\})\s*(?:```)?"
            r"<｜tool▁call▁end｜>(?:<｜tool▁calls▁end｜>)?",
            re.S,
        ),
        _named,
    ),
    (re.compile(r"<\|START_ACTION\|>(.*?)<\|END_ACTION\|>", re.S), lambda m: _command(m[1])),
    (re.compile(r"<\|tool_call_start\|>(.*?)<\|tool_call_end\|>", re.S), _python),
    (re.compile(r"<\|tool_call\|>\s*(\[.*\])", re.S), _json_inside),  # Granite 3
    (re.compile(r"<function=([\w.-]+)>(\{.*?\})</function>", re.S), _named),  # Llama 3.1, custom
    (re.compile(r"\A\s*(?:<\|python_tag\|>)?\s*(\{.*\})\s*\Z", re.S), _json_inside),  # Llama 3
    (re.compile(r"\A\s*(\[\s*[A-Za-z_][\w.]*\(.*\)\s*\])\s*\Z", re.S), _python),  # Llama 4
)


def _command(text: str) -> Iterator[ToolCall]:
    """Command: a list of {"tool_name", "parameters"}."""
    for one in json.loads(text):
        yield _call({"name": one["tool_name"], "parameters": one["parameters"]})
