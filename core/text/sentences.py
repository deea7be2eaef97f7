"""Where sentences begin and end, in Japanese and English, as character ranges of the text."""

from __future__ import annotations

import re

from core.text.characters import HAN_COMMON, KANA

_END = re.compile(
    rf"""
    [。！？｡]+[」』）】)”"’']*          # Japanese: the mark ends it, closing brackets go along
  | [!?]+["”’')\]]*(?=\s|$)            # English ! and ?
  | \.["”’')\]]*(?=\s+["“‘'(\[]?[A-Z0-9{KANA}{HAN_COMMON}]|\s*$|\s*\n)   # . before a new beginning
  | \n+                                # a line that was kept is a boundary
    """,
    re.VERBOSE,
)
# A full stop after these ends no sentence.
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nos|Fig|Eq|Sec|Vol|pp|p|vs|etc|e\.g|i\.e|cf|al|Inc|Ltd|Co|Jr|Sr|approx)|\b[A-Z])\.$"
)
_STARTS_LIST_ITEM = re.compile(r"^\s*\d{1,3}\.$")


def spans(text: str) -> list[tuple[int, int]]:
    """The sentences of a text as (start, end), without surrounding white space, in order."""
    found: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        piece = text[start : match.end()]
        if match[0].startswith("."):
            stripped = piece.rstrip("\"”’')]")
            if _ABBREVIATION.search(stripped) or _STARTS_LIST_ITEM.match(stripped):
                continue
        _append(found, text, start, match.end())
        start = match.end()
    _append(found, text, start, len(text))
    return found


def _append(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        found.append((start, end))


def split(text: str) -> list[str]:
    """The sentences of a text as strings."""
    return [text[start:end] for start, end in spans(text)]
