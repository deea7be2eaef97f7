"""Fills the variables of a prompt. A value is text: what looks like a variable in it stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.errors import PromptIncomplete
from core.prompts.model import Example, Kind, Variable, Wording

NAME = re.compile(r"[^\W\d]\w{0,39}")
_VARIABLE = re.compile(r"\{\{\s*([^\W\d]\w{0,39})\s*\}\}")
_STEP = re.compile(r"step([1-9]\d?)")
OUTPUT = "output"  # what the step before wrote
TEXT = "text"  # the variable to which examples are compared


def names(text: str) -> list[str]:
    """The variables in a text, in the order in which they first come."""
    return list(dict.fromkeys(_VARIABLE.findall(text)))


def step_of(name: str) -> int | None:
    """The step whose output a variable names, from 1; None of another."""
    found = _STEP.fullmatch(name)
    return int(found[1]) if found is not None else None


def asked(wording: Wording) -> dict[str, Variable]:
    """The variables that a form asks for: those that stand in its texts, declared or not."""
    found: dict[str, Variable] = {}
    for text in wording.texts:
        for name in names(text):
            if name != OUTPUT and step_of(name) is None:
                usual = Variable(Kind.LINES if name == TEXT else Kind.LINE, name)
                found[name] = wording.variables.get(name, usual)
    return found


def missing(wording: Wording, values: Mapping[str, str]) -> list[str]:
    """The variables that have no value and need one."""
    return [
        name
        for name, variable in asked(wording).items()
        if not variable.optional and not (values.get(name) or variable.default).strip()
    ]


def fill(wording: Wording, values: Mapping[str, str], outputs: list[str] | None = None, step: int = 0) -> str:
    """The text of a step (from 0) with its values; `outputs` are what the steps before wrote. Raises PromptIncomplete."""
    if lacking := missing(wording, values):
        raise PromptIncomplete(wording.name, ", ".join(lacking))
    given = {
        name: (values.get(name) or "").strip() or variable.default
        for name, variable in asked(wording).items()
    }
    written = outputs or []
    for number, text in enumerate(written, 1):
        given[f"step{number}"] = given[OUTPUT] = text

    def value(found: re.Match[str]) -> str:
        return given.get(found[1], found[0])

    text = _VARIABLE.sub(value, wording.texts[step]).strip()
    return re.sub(r"\n{3,}", "\n\n", text)


def with_examples(text: str, examples: list[Example], *, japanese: bool = False, behind: bool = False) -> str:
    """A filled text with examples of what is wanted before it, or behind it."""
    if not examples:
        return text
    what, gives, head = ("入力", "出力", "例：") if japanese else ("Input", "Output", "Examples:")
    shown = [f"{what}: {one.input}\n{gives}: {one.output}" for one in examples]
    parts = [text, head, *shown] if behind else [head, *shown, text]
    return "\n\n".join(part for part in parts if part)
