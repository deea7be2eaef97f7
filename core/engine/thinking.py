"""Separates a model's thinking from its answer while both stream, and finds out how to turn thinking on and off.

Families differ in their marks; which one a model uses is read off its chat template (those of llama.cpp's
collection, models/templates, were compared).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Format:
    """How a family marks its thinking. `tail` ends it and is dropped, `plain` opens an answer without any.

    `control` are the tokens of the marks that llama.cpp would otherwise not render as text.
    """

    open: str
    close: str
    tail: str = ""
    plain: str = ""
    control: tuple[str, ...] = ()


USUAL = Format("<think>", "</think>", control=("<think>", "</think>"))  # Qwen, DeepSeek, GLM, SmolLM3, …
FORMATS = (
    Format(  # gpt-oss ("harmony")
        "<|channel|>analysis<|message|>",
        "<|channel|>final<|message|>",
        tail="<|end|><|start|>assistant",
        plain="<|channel|>final<|message|>",
        control=("<|channel|>", "<|message|>", "<|start|>", "<|end|>"),
    ),
    Format("<|channel>thought", "<channel|>", control=("<|channel>", "<channel|>")),  # Gemma 4
    Format("[THINK]", "[/THINK]", control=("[THINK]", "[/THINK]")),  # Magistral, Ministral
    Format("<seed:think>", "</seed:think>", control=("<seed:think>", "</seed:think>")),  # Seed-OSS
    Format(  # Command
        "<|START_THINKING|>",
        "<|END_THINKING|>",
        control=("<|START_THINKING|>", "<|END_THINKING|>"),
    ),
)


def format_of(template: str) -> Format:
    """The marks of the model that this chat template belongs to."""
    return next((known for known in FORMATS if known.control[0] in template), USUAL)


def switch_of(template: str) -> str:
    """The template's variable that turns thinking on or off; '' where it has none."""
    for name in ("enable_thinking", "reasoning_effort"):
        if re.search(rf"\b{name}\b", template):
            return name
    return "thinking" if re.search(r"\{%-?\s*(?:el)?if (?:not )?thinking\b", template) else ""


def options(switch: str, on: bool | None) -> dict[str, Any]:
    """What a template is given so that its model thinks, or does not; None leaves it as the model's makers chose."""
    if not switch or on is None:
        return {}
    return {switch: ("high" if on else "low") if switch == "reasoning_effort" else on}


def _held_back(text: str, mark: str) -> int:
    """How many characters at the end of `text` may be the beginning of `mark`."""
    for length in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:length]):
            return length
    return 0


class ThinkingSplitter:
    """Feed it text; it returns (answer, thinking) pieces. Only an opening mark at the very start counts."""

    def __init__(self, marks: Format = USUAL, *, open_at_start: bool = False) -> None:
        self._marks = marks
        self._buffer = ""
        self._state = "thinking" if open_at_start else "start"

    def feed(self, text: str) -> tuple[str, str]:
        """Take the next piece of output; what may be half a mark is kept for the next call."""
        self._buffer += text
        answer = thinking = ""
        if self._state == "start" and not self._begin():
            return "", ""
        if self._state == "thinking":
            before, mark, after = self._buffer.partition(self._marks.close)
            if mark:
                thinking, self._buffer, self._state = self._without_tail(before), after, "between"
            else:
                keep = _held_back(self._buffer, self._marks.tail + self._marks.close)
                thinking = self._buffer[: len(self._buffer) - keep]
                self._buffer = self._buffer[len(thinking) :]
        if self._state == "between":  # lines between thinking and answer belong to neither
            self._buffer = self._buffer.lstrip("\n")
            self._state = "answer" if self._buffer else "between"
        if self._state == "answer":
            answer, self._buffer = self._buffer, ""
        return answer, thinking

    def _begin(self) -> bool:
        """Find out whether the output opens with thinking; False while that cannot be said."""
        stripped = self._buffer.lstrip()
        for mark, state in ((self._marks.open, "thinking"), (self._marks.plain, "answer")):
            if mark and stripped.startswith(mark):
                self._buffer, self._state = stripped.removeprefix(mark), state
                return True
            if mark and mark.startswith(stripped):
                return False
        self._state = "answer"
        return True

    def _without_tail(self, thinking: str) -> str:
        return thinking.removesuffix(self._marks.tail) if self._marks.tail else thinking

    def end(self) -> tuple[str, str]:
        """What was held back when the output ended."""
        rest, self._buffer = self._buffer, ""
        return ("", self._without_tail(rest)) if self._state == "thinking" else (rest, "")
