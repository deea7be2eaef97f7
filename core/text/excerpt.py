"""The place in a text at which some words stand, short enough for a list."""

from __future__ import annotations

import re

_GAPS = re.compile(r"\s+")
ENDS = "。．！？!?"  # of sentences; a full stop only before a space


def excerpt(text: str, words: str, length: int = 90) -> str:
    """At most about `length` characters of a text around the first of the words that stands in it, from the beginning of its
    sentence where that is near; '' where none does."""
    line = _GAPS.sub(" ", text).strip()
    folded = line.casefold()
    if len(folded) != len(line):  # a few letters fold to two: places would be off
        folded = line.lower() if len(line.lower()) == len(line) else line
    places = [folded.find(word) for word in words.casefold().split()]
    place = min((one for one in places if one >= 0), default=-1)
    if place < 0:
        return ""
    start = max(place - length // 3, 0)
    for at in range(place - 1, start - 1, -1):
        ends = line[at] in ENDS or (line[at] == "." and line[at + 1 : at + 2] == " ")
        if ends:
            start = at + 1
            break
    else:
        gap = line.find(" ", start, place)
        start = gap + 1 if start and gap >= 0 else start
    end = min(start + length, len(line))
    before = "…" if start and not (line[start - 1] in ENDS or line[start - 1] == ".") else ""
    return f"{before}{line[start:end].strip()}{'…' if end < len(line) else ''}"
