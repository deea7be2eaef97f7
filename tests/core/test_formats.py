"""What models write around their answers: thinking and tool calls, in the notations of the common families."""

from __future__ import annotations

from typing import Any

import pytest

from core.engine.thinking import FORMATS, USUAL, Format, ThinkingSplitter, format_of, options, switch_of
from core.engine.tools import ToolCall, parse


def split(marks: Format, output: str, size: int, **how: bool) -> tuple[str, str]:
    splitter = ThinkingSplitter(marks, **how)
    pieces = [splitter.feed(output[i : i + size]) for i in range(0, len(output), size)]
    pieces.append(splitter.end())
    return "".join(a for a, _ in pieces), "".join(t for _, t in pieces)


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize("marks", [USUAL, *FORMATS], ids=lambda marks: marks.open)
def test_thinking_is_separated_however_the_output_is_cut(marks: Format, size: int) -> None:
    output = f"{marks.open}\nHm, 机?{marks.tail}{marks.close}\n\nA desk < a table."
    answer, thought = split(marks, output, size)
    assert answer == "A desk < a table."
    assert thought.strip() == "Hm, 机?"


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize("marks", [USUAL, *FORMATS], ids=lambda marks: marks.open)
def test_an_answer_without_thinking_stays_whole(marks: Format, size: int) -> None:
    assert split(marks, f"{marks.plain}<b>[T</b> it is", size) == ("<b>[T</b> it is", "")


def test_thinking_that_is_cut_off_is_no_answer() -> None:
    assert split(USUAL, "<think>and so on </thi", 4) == ("", "and so on </thi")
    assert split(USUAL, "on and on", 4, open_at_start=True) == ("", "on and on")


@pytest.mark.parametrize(
    ("template", "switch", "marks"),
    [
        ("{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}", "enable_thinking", "<think>"),
        ("{%- if thinking %}Write your thoughts between <think></think>{% endif %}", "thinking", "<think>"),
        ("Reasoning: {{ reasoning_effort }} <|channel|>analysis", "reasoning_effort", "<|channel|>analysis<|message|>"),
        ("{{ message.thinking }} is kept", "", "<think>"),
        ("[THINK]draft[/THINK]", "", "[THINK]"),
        ("<|channel>thought {% if enable_thinking %}", "enable_thinking", "<|channel>thought"),
    ],
)  # fmt: skip
def test_the_template_says_how_thinking_is_written_and_switched(
    template: str, switch: str, marks: str
) -> None:
    assert switch_of(template) == switch
    assert format_of(template).open == marks


def test_wishes_for_thinking_in_the_templates_own_words() -> None:
    assert options("enable_thinking", False) == {"enable_thinking": False}
    assert options("reasoning_effort", True) == {"reasoning_effort": "high"}
    assert options("enable_thinking", None) == options("", True) == {}


CALL = ToolCall("weather", {"city": "東京", "days": 2})
WRITTEN: dict[str, str] = {
    "hermes": '<tool_call>\n{"name": "weather", "arguments": {"city": "東京", "days": 2}}\n</tool_call>',
    "hermes, cut": '<tool_call>{"name": "weather", "arguments": {"city": "東京", "days": 2}}',
    "qwen coder": "<tool_call>\n<function=weather>\n<parameter=city>\n東京\n</parameter>\n<parameter=days>\n2\n</parameter>\n"
    "</function>\n</tool_call>",
    "glm": "<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>東京</arg_value>\n<arg_key>days</arg_key>\n"
    "<arg_value>2</arg_value>\n</tool_call>",
    "seed": "<seed:tool_call><function=weather><parameter=city>東京</parameter><parameter=days>2</parameter></function>"
    "</seed:tool_call>",
    "gemma": '<|tool_call>call:weather{city:<|"|>東京<|"|>,days:2}<tool_call|>',
    "gpt-oss": '<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{"city": "東京", "days": 2}<|call|>',
    "mistral": '[TOOL_CALLS]weather[ARGS]{"city": "東京", "days": 2}',
    "mistral, older": '[TOOL_CALLS] [{"name": "weather", "arguments": {"city": "東京", "days": 2}}]',
    "deepseek": '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{"city": "東京", "days": 2}<｜tool▁call▁end｜>'
    "<｜tool▁calls▁end｜>",
    "command": '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "weather", "parameters": {"city": "東京", "days": 2}}]'
    "<|END_ACTION|>",
    "lfm2": '<|tool_call_start|>[weather(city="東京", days=2)]<|tool_call_end|>',
    "granite": '<|tool_call|>[{"name": "weather", "arguments": {"city": "東京", "days": 2}}]',
    "llama 3": '{"name": "weather", "parameters": {"city": "東京", "days": 2}}',
    "llama 3, tag": '<|python_tag|>{"name": "weather", "parameters": {"city": "東京", "days": 2}}',
    "llama 3.1, custom": '<function=weather>{"city": "東京", "days": 2}</function>',
    "llama 4": '[weather(city="東京", days=2)]',
}


@pytest.mark.parametrize("family", WRITTEN)
def test_a_tool_call_is_found(family: str) -> None:
    rest, calls = parse(WRITTEN[family])
    assert calls == [CALL]
    assert rest in ("", "<｜tool▁calls▁begin｜>")


def test_several_calls_and_the_text_around_them() -> None:
    one, two = (f'<tool_call>{{"name": "{name}", "arguments": {{}}}}</tool_call>' for name in "ab")
    rest, calls = parse(f"Let me look.\n{one}\n{two}\nDone.")
    assert calls == [ToolCall("a", {}), ToolCall("b", {})]
    assert rest.split() == ["Let", "me", "look.", "Done."]
    many = '[TOOL_CALLS]f[ARGS]{"x": 1}[TOOL_CALLS]g[ARGS]{"y": {"z": "}"}}'
    assert parse(many)[1] == [ToolCall("f", {"x": 1}), ToolCall("g", {"y": {"z": "}"}})]


NO_CALLS: list[Any] = [
    "Just text.",
    '{"colour": "red"}',
    "<tool_call>not json",
    '<tool_call>{"name": 3}</tool_call>',
    "[1, 2, 3]",
    '[__import__("os").system("true")]',
    "<tool_call></tool_call>",
    '<function=x>{"broken": </function>',
]


@pytest.mark.parametrize("output", NO_CALLS)
def test_what_is_no_call_stays_in_the_text(output: str) -> None:
    assert parse(output) == (output, [])
