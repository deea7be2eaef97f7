"""What a model wrote for a form, as rows of a table; and whether what it took from a text stands there.

Nothing is repaired: an answer that is not what the form wants is an error, and says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from core.chat.conversation import Source
from core.errors import N_, AnswerNotJson, ValueUnfit
from core.storage.passages import StoredPassage
from core.structured import fields
from core.structured.fields import Field, Form, Kind
from core.text import characters, dates, figures

Row = dict[
    str, Any
]  # a value a column: text, number, bool, list, None; of one's own schema anything that JSON has


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a value stands in the text that it was taken from; with its place, where that is a document."""

    there: bool
    source: Source | None = None


def read(form: Form, answer: str) -> list[Row]:
    """The rows of an answer. Raises AnswerNotJson for one that is not what the form wants."""
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise AnswerNotJson(N_("it is not JSON")) from error
    if form.schema:
        return _of_schema(form, value)
    rows = value.get(fields.ROWS) if form.several and isinstance(value, dict) else [value]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnswerNotJson(N_("it is no table"))
    return [_row(form, row) for row in rows]


def _of_schema(form: Form, value: Any) -> list[Row]:
    from jsonschema import Draft202012Validator

    if next(Draft202012Validator(json.loads(form.schema)).iter_errors(value), None) is not None:
        raise AnswerNotJson(N_("it does not fit the schema"))
    several = value if isinstance(value, list) else [value]
    names = fields.columns(form)
    return [
        {name: one.get(name) for name in names} if isinstance(one, dict) else {names[0]: one}
        for one in several
    ]


def _row(form: Form, row: dict[str, Any]) -> Row:
    found = {}
    for field in form.fields:
        value = row.get(field.name)
        if isinstance(value, str):
            value = value.strip() or None
        if value is not None and not _fits(field, value):
            raise AnswerNotJson(N_("a value is not of its kind"))
        if value is None and field.needed:
            raise AnswerNotJson(N_("a value is missing"))
        found[field.name] = value
    return found


def fitting(form: Form, column: str, value: Any) -> Any:
    """A value that a person gives for a column, as one of its kind: text is read as a number where one is wanted. '' is none.

    Raises ValueUnfit.
    """
    if isinstance(value, str):
        value = value.strip() or None
    field = next((field for field in form.fields if field.name == column), None)
    if field is not None and field.needed and value is None:
        raise ValueUnfit("–", column)
    if field is None or value is None:
        return value
    if isinstance(value, str):
        if field.kind in (Kind.NUMBER, Kind.WHOLE):
            digits = characters.width(value).replace(",", "")
            try:
                value = int(digits) if re.fullmatch(r"[-+]?\d+", digits) else float(digits)
            except ValueError:
                raise ValueUnfit(str(value), column) from None
        elif field.kind is Kind.LIST:
            value = [one.strip() for one in re.split(r"[;；、\n]", value) if one.strip()]
    if not _fits(field, value):
        raise ValueUnfit(str(value), column)
    return value


def _fits(field: Field, value: Any) -> bool:
    match field.kind:
        case Kind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Kind.WHOLE:
            return isinstance(value, int) and not isinstance(value, bool)
        case Kind.YES_NO:
            return isinstance(value, bool)
        case Kind.DATE:
            return isinstance(value, str) and _day(value) is not None
        case Kind.CHOICE:
            return value in field.choices
        case Kind.LIST:
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case _:
            return isinstance(value, str)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:  # the grammar lets 31 February through
        return None


def text_of(value: Any) -> str:
    """A value as a person reads it in a cell; '' where there is none. Yes and no are the front end's words."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "; ".join(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


# ---------------------------------------------------------------- whether it stands there


class Checker:
    """Looks for the values of rows in the text that they are from, or in the passages of a document."""

    def __init__(self, text: str, passages: Sequence[StoredPassage] = ()) -> None:
        self._places: list[tuple[_Plain, StoredPassage | None]] = [(_plain(p.text), p) for p in passages]
        if not passages:
            self._places.append((_plain(text), None))

    def check(self, form: Form, rows: Sequence[Row]) -> list[dict[str, Found]]:
        """For each row, the columns that can be looked for. Choices, yes or no and own words cannot."""
        kinds = {field.name: field.kind for field in form.fields}
        return [
            {
                name: self._find(value, kinds[name])
                for name, value in row.items()
                if value is not None and value != [] and kinds.get(name) in _LOOKED_FOR
            }
            for row in rows
        ]

    def _find(self, value: Any, kind: Kind) -> Found:
        parts = value if kind is Kind.LIST else [value]
        found = [self._one(part, kind) for part in parts]
        return Found(all(one.there for one in found), next((one.source for one in found if one.source), None))

    def _one(self, value: Any, kind: Kind) -> Found:
        for plain, passage in self._places:
            if _LOOKED_FOR[kind](value, plain):
                return Found(True, passage.source() if passage is not None else None)
        return Found(False)


class _Plain(msgspec.Struct, frozen=True):
    """A text in the forms in which values are looked for."""

    words: str
    numbers: frozenset[str]
    days: frozenset[str]


def _plain(text: str) -> _Plain:
    said = figures.plain(text)
    numbers = {number.value for number in figures.numbers(said)}
    days = {name.removeprefix("day:") for name in dates.names(text)}
    return _Plain(_words(text), frozenset(numbers), frozenset(days))


def _words(text: str) -> str:
    """As two spellings of the same are compared: width, capitals and the room between words aside."""
    return re.sub(r"\s+", "", characters.usual(characters.normalise(text)))


def _stands_as_number(value: float, plain: _Plain) -> bool:
    """A sign is often in the words ("a loss of 5"), so it does not count."""
    return format(Decimal(str(abs(value))).normalize(), "f") in plain.numbers


_LOOKED_FOR: dict[Kind, Callable[[Any, _Plain], bool]] = {
    Kind.TEXT: lambda value, plain: _words(value) in plain.words,
    Kind.LIST: lambda value, plain: _words(value) in plain.words,
    Kind.NUMBER: _stands_as_number,
    Kind.WHOLE: _stands_as_number,
    Kind.DATE: lambda value, plain: value in plain.days,
}
