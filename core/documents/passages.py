"""Cuts a page's text into passages: whole sentences, never across a page or a heading.

Sizes are in units of reading: a Japanese character counts 1, any other 0.45, since a Japanese
character says about as much as two Latin letters. Offsets are characters into the page's text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.documents.messages import PageText
from core.text import sentences
from core.text.characters import HALF_KATAKANA, HAN, HAN_COMPATIBLE

TARGET = 320.0  # about 320 Japanese characters, or 700 Latin ones
OVERLAP = 60.0  # a sentence up to this size is repeated at the start of the next passage
# Whatever takes a full square to read: with 「」 and the like, which no text is taken for Japanese by.
_JAPANESE = re.compile(f"[\u3005-\u30ff{HAN}{HAN_COMPATIBLE}{HALF_KATAKANA}]")


@dataclass(frozen=True)
class Passage:
    """Characters start..end of a page, under a heading ('' before the first)."""

    start: int
    end: int
    section: str


def size(text: str) -> float:
    """How much there is to read (see above)."""
    japanese = len(_JAPANESE.findall(text))
    return japanese + 0.45 * (len(text) - japanese)


def split(page: PageText) -> list[Passage]:
    """The passages of one page, in order; they cover every sentence of it but the headings."""
    borders = [*(section.start for section in page.sections), len(page.text)]
    titles = [section.title for section in page.sections]
    found: list[Passage] = []
    if not page.sections or borders[0] > 0:
        found += _split_range(page.text, 0, borders[0], "")
    for title, start, end in zip(titles, borders, borders[1:], strict=False):
        body = page.text.find("\n", start, end)  # the heading itself is kept as the passages' section
        if body >= 0:
            found += _split_range(page.text, body, end, title)
    return found


def _split_range(text: str, start: int, end: int, section: str) -> list[Passage]:
    pieces: list[tuple[int, int]] = []
    for a, b in sentences.spans(text[start:end]):
        pieces += _cut_long(text, start + a, start + b)
    found: list[Passage] = []
    current: list[tuple[int, int]] = []
    for piece in pieces:
        if current and size(text[current[0][0] : piece[1]]) > TARGET:
            found.append(Passage(current[0][0], current[-1][1], section))
            last = current[-1]
            repeat = len(current) > 1 and size(text[last[0] : last[1]]) <= OVERLAP
            current = [last] if repeat else []
        current.append(piece)
    if current:
        found.append(Passage(current[0][0], current[-1][1], section))
    return found


def _cut_long(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A sentence longer than a passage (a table, a text without marks) is cut at the size limit."""
    found = []
    longest = int(TARGET / 0.45) + 1  # no passage has more characters; looking further would be quadratic
    while size(text[start : min(end, start + longest)]) > TARGET:
        step = int(TARGET)
        while start + step + 16 < end and size(text[start : start + step + 16]) <= TARGET:
            step += 16
        cut = max(
            text.rfind(" ", start + step // 2, start + step),
            text.rfind("、", start + step // 2, start + step),
        )
        cut = cut + 1 if cut > 0 else min(start + step, end)
        found.append((start, cut))
        start = cut
    if start < end:
        found.append((start, end))
    return found
