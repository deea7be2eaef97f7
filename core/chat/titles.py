"""Conversation titles: taken from the first question or given by the person, cut to a length that a list can show."""

from __future__ import annotations

import unicodedata

FIRST = 48  # characters of a title that is taken from a question
LONGEST = 200  # characters of any title
_JOINER = "\u200d"


def of(text: str) -> str:
    """A conversation's first title: the beginning of its first question."""
    return clip(text, FIRST)


def clip(text: str, limit: int = LONGEST) -> str:
    """A title on one line, at most `limit` characters long; no emoji or accented letter is cut in two."""
    line = " ".join(text[: limit * 20].split())
    if len(line) <= limit:
        return line
    end = limit - 1
    while end > 0 and (_continues(line[end]) or line[end - 1] == _JOINER):
        end -= 1
    return line[: end or limit - 1].rstrip() + "…"


def _continues(character: str) -> bool:
    """Whether a character belongs to the one before it: accents, variation selectors, skin colours, joined emoji."""
    return (
        character == _JOINER
        or unicodedata.category(character) in ("Mn", "Me", "Mc")
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )
