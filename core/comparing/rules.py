"""Whether an answer is right, by the rule of its question; and the file that questions are read from."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import msgspec

from core.comparing.model import Question, Rule
from core.errors import N_, FormUnusable, QuestionsUnreadable
from core.structured import schemas
from core.text import characters, figures, patterns

MOST, LONGEST = 2_000, 20_000  # questions; characters of one
_FENCE = re.compile(r"^\s*```\w*\s*\n(.*?)\n?```\s*$", re.DOTALL)


def right(question: Question, answer: str) -> bool | None:
    """Whether it is; None where only a judge can tell, or the rule itself makes no sense."""
    expected = question.expected
    if expected == "":
        return None  # everything would be right
    match question.rule:
        case Rule.CONTAINS:
            return _plain(str(expected)) in _plain(answer)
        case Rule.EQUALS:
            return _bare(str(expected)) == _bare(answer)
        case Rule.NUMBER:
            return _number(str(expected), answer)
        case Rule.REGEX:
            return patterns.search(str(expected), answer)
        case Rule.JSON:
            return _fits(expected, answer)
    return None


def _plain(text: str) -> str:
    return " ".join(characters.normalise(text).split())


def _bare(text: str) -> str:
    """Without the punctuation and marks that models put around a word."""
    return _plain(text).strip(" .。!！*_\"'`「」『』“”")


def _number(expected: str, answer: str) -> bool | None:
    wanted = figures.numbers(figures.plain(expected))
    if not wanted:
        return None
    found = [number.value for number in figures.numbers(figures.plain(answer))]
    # Models say how they came to it: the last number is the answer, or the only one that they give.
    return bool(found) and wanted[0].value == found[-1]


def _fits(schema: Any, answer: str) -> bool | None:
    try:
        wanted = schemas.read(schema if isinstance(schema, str) else json.dumps(schema))
    except FormUnusable:
        return None
    fenced = _FENCE.match(answer)
    try:
        return schemas.fits(wanted, json.loads(fenced[1] if fenced else answer))
    except (ValueError, RecursionError):
        return False


# ---------------------------------------------------------------- files


def read(text: str, name: str) -> list[Question]:
    """Questions from a file: JSON (a list of objects), or CSV with the columns question, expected and rule.

    Raises QuestionsUnreadable.
    """
    text = text.removeprefix("\ufeff")
    try:
        rows = json.loads(text) if text.lstrip()[:1] in "[{" else _rows(text)
        found = msgspec.convert(rows, list[Question])
    except (ValueError, RecursionError, csv.Error, msgspec.ValidationError) as error:
        raise QuestionsUnreadable(name, str(error)[:120]) from error
    if not found:
        raise QuestionsUnreadable(name, N_("it has no questions"))
    if len(found) > MOST or any(len(one.question) > LONGEST for one in found):
        raise QuestionsUnreadable(name, N_("it is too long"))
    if not all(one.question.strip() for one in found):
        raise QuestionsUnreadable(name, N_("one of its questions is empty"))
    return found


def _rows(text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text))
    names = [(name or "").strip().casefold() for name in reader.fieldnames or []]
    if "question" not in names:
        raise ValueError("question")
    reader.fieldnames = names
    kept = ("question", "expected", "rule")
    return [{key: row[key] for key in kept if row.get(key)} for row in reader]


def write(questions: list[Question]) -> str:
    """Questions as JSON that people can read."""
    return json.dumps(msgspec.to_builtins(questions), ensure_ascii=False, indent=1) + "\n"
