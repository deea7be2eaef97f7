"""Whether the values that were taken from a text stand there, and where, if it is a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from core.chat.conversation import Source
from core.storage.passages import StoredPassage
from core.structured import stated
from core.structured.fields import Form, Kind
from core.text import characters

Row = dict[
    str, Any
]  # a value a column: text, number, bool, list, None; of one's own schema anything that JSON has


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a value stands in the text that it was taken from; with its place, where that is a document."""

    there: bool
    source: Source | None = None


class Checker:
    """Looks for the values of rows in the text that they are from, or in the passages of a document."""

    def __init__(self, text: str, passages: Sequence[StoredPassage] = ()) -> None:
        self._places: list[tuple[_Plain, StoredPassage | None]] = [(_Plain(p.text), p) for p in passages]
        if not passages:
            self._places.append((_Plain(text), None))

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


class _Plain:
    """A text in the forms in which values are looked for, each made when the first is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words: str | None = None
        self._numbers: set[str] | None = None
        self._days: set[str] | None = None

    @property
    def words(self) -> str:
        if self._words is None:
            self._words = _words(self._text)
        return self._words

    @property
    def numbers(self) -> set[str]:
        if self._numbers is None:
            self._numbers = stated.numbers(self._text)
        return self._numbers

    @property
    def days(self) -> set[str]:
        if self._days is None:
            self._days = stated.days(self._text)
        return self._days


_SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-",
                       "\u00ad": None, "\u200b": None, "\u2060": None, "\ufeff": None})  # fmt: skip
_SPELT = (
    ("株式会社", "(株)"),
    ("有限会社", "(有)"),
    ("ヶ月", "か月"),
    ("ヵ月", "か月"),
    ("ケ月", "か月"),
    ("カ月", "か月"),
)
_BROKEN = re.compile(r"(?<=[a-z])-\s*\n\s*(?=[a-z])")  # a word that goes on in the next line
_UNSPACED = f"[{characters.UNSPACED}{characters.PUNCTUATION}]"
_ROOM = re.compile(rf"(?<={_UNSPACED}) | (?={_UNSPACED})")


def _words(text: str) -> str:
    """As two spellings of the same are compared: width, capitals, marks that look alike, and room between words aside."""
    text = _BROKEN.sub("", text.translate(_SAME))
    text = " ".join(characters.usual(characters.normalise(text).translate(_SAME)).split())
    text = _ROOM.sub("", text)
    for one, other in _SPELT:
        text = text.replace(one, other)
    return text


def _stands_as_words(value: str, plain: _Plain) -> bool:
    wanted = _words(value)
    if not wanted:
        return False
    before = r"(?<![^\W_])" if wanted[0].isascii() and wanted[0].isalnum() else ""
    after = r"(?![^\W_])" if wanted[-1].isascii() and wanted[-1].isalnum() else ""
    if wanted not in plain.words:
        return False
    # Ann is not in Annabel; but where Japanese goes on without room, 3Bの is 3B.
    edges = [rf"{before}{re.escape(wanted)}{after}", rf"(?<![a-z0-9]){re.escape(wanted)}(?![a-z0-9])"]
    return any(re.search(edge, plain.words) is not None for edge in edges)


def _stands_as_number(value: float, plain: _Plain) -> bool:
    """A sign is often in the words ("a loss of 5"), so it does not count."""
    return stated.as_number(value) in plain.numbers


_LOOKED_FOR: dict[Kind, Callable[[Any, _Plain], bool]] = {
    Kind.TEXT: _stands_as_words,
    Kind.LIST: _stands_as_words,
    Kind.NUMBER: _stands_as_number,
    Kind.WHOLE: _stands_as_number,
    Kind.DATE: lambda value, plain: value in plain.days,
}
