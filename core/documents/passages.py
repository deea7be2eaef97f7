"""Cuts a document's pages into passages: whole blocks where they fit, whole sentences where they do not.

A passage never crosses a page or a heading, and is never cut inside a row, an item that fits, or a line of code. It carries the
path of headings above it and, from the second part of a table on, the table's header. Sizes are in units of reading: a
Japanese character counts 1, any other 0.45, since a Japanese character says about as much as two Latin letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.documents.model import Block, Kind, Page
from core.text import sentences
from core.text.characters import HALF_KATAKANA, HAN, HAN_COMPATIBLE

TARGET = 320.0  # about 320 Japanese characters, or 700 Latin ones
OVERLAP = 60.0  # a sentence up to this size is repeated at the start of the next passage
HEADER = 120.0  # a longer header of a table is not repeated
PATH = " › "  # between the headings of a path
# Whatever takes a full square to read: with 「」 and the like, which no text is taken for Japanese by.
_JAPANESE = re.compile(f"[\u3005-\u30ff{HAN}{HAN_COMPATIBLE}{HALF_KATAKANA}]")


@dataclass(frozen=True)
class Passage:
    """Characters start..end of a page, with what it needs to be understood: the headings above it ('' without) and, for the
    later parts of a table, its header."""

    start: int
    end: int
    section: str
    header: str = ""


@dataclass(frozen=True)
class _Piece:
    """What is not cut any further; `joins` says that it goes on the sentence before it."""

    start: int
    end: int
    sentence: bool = False


def size(text: str) -> float:
    """How much there is to read (see above)."""
    japanese = len(_JAPANESE.findall(text))
    return japanese + 0.45 * (len(text) - japanese)


def split(pages: list[Page]) -> list[list[Passage]]:
    """The passages of each page, in order; every block is in one of them, headings at the beginning of what follows."""
    splitter = Splitter()
    return [list(splitter.page(page)) for page in pages]


class Splitter:
    """Goes through a document's pages; what holds from one to the next is kept here."""

    def __init__(self) -> None:
        self._path: list[tuple[int, str]] = []  # the headings that hold, each with its level
        self._header = ""  # of the table that was read last
        self._text = ""  # of the page

    def page(self, page: Page) -> Iterator[Passage]:
        """The passages of the next page."""
        self._text = text = page.text
        path = self._path
        headings: list[Block] = []  # with nothing below them yet
        body: list[Block] = []

        def section() -> str:
            """The headings above what comes now, without those that the passage begins with."""
            return PATH.join(title for _, title in path[: len(path) - len(headings)])

        for block in page.blocks:
            if block.kind is not Kind.HEADING:
                body.append(block)
                continue
            if body:
                yield from self._cut(headings, body, section())
                headings, body = [], []
            title = " ".join(text[block.start : block.end].split())
            deeper = bool(headings) and block.level > headings[-1].level
            if headings and not deeper:  # a heading with nothing below it says all that it has to say
                yield Passage(headings[0].start, headings[-1].end, section())
                headings = []
            while path and path[-1][0] >= block.level:
                path.pop()
            path.append((block.level, title))
            headings.append(block)
        if body or headings:
            yield from self._cut(headings, body, section())

    def _cut(self, headings: list[Block], body: list[Block], section: str) -> Iterator[Passage]:
        """The passages of blocks under one heading. The first begins with the heading; the others have it in their path."""
        text = self._text
        titles = [" ".join(text[h.start : h.end].split()) for h in headings]
        whole = PATH.join([*([section] if section else []), *titles])
        start = headings[0].start if headings else -1
        if not body:
            yield Passage(start, headings[-1].end, section)
            return
        current: list[_Piece] = []

        def passage() -> Passage:
            nonlocal start
            first = start if start >= 0 else current[0].start
            above = section if start >= 0 else whole
            start = -1
            return Passage(first, current[-1].end, above)

        for block in body:
            if block.kind is Kind.TABLE:
                if current and size(text[(start if start >= 0 else current[0].start) : block.end]) > TARGET:
                    yield passage()
                    current = []
                small = not block.level and size(text[block.start : block.end]) <= TARGET
                if current or small:
                    self._header = _header(text, block)
                    current.append(_Piece(block.start, block.end))
                    continue
                yield from self._table(block, section if start >= 0 else whole, whole, start)
                start = -1
                continue
            for piece in _pieces(text, block):
                begin = start if start >= 0 else (current[0].start if current else piece.start)
                if current and size(text[begin : piece.end]) > TARGET:
                    yield passage()
                    last = current[-1]
                    repeat = (
                        len(current) > 1 and last.sentence and size(text[last.start : last.end]) <= OVERLAP
                    )
                    current = [last] if repeat and piece.sentence else []
                current.append(piece)
        if current:
            yield passage()

    def _table(self, block: Block, section: str, whole: str, first: int) -> Iterator[Passage]:
        """The passages of a table that is too long for one, or goes on another: whole rows, with the header from the second on."""
        text = self._text
        said, above = (self._header, section) if block.level else ("", section)
        if not block.level:
            self._header = _header(text, block)
        begin, end = first, -1
        for row in block.rows:
            begin = row.start if begin < 0 else begin
            full = size(said) + size(text[begin : row.end]) > TARGET
            if end >= 0 and full and not row.header:
                yield Passage(begin, end, above, said)
                begin, said, above = row.start, self._header, whole
            end = row.end
        yield Passage(begin, end, above, said)


def _header(text: str, table: Block) -> str:
    """What names the columns of a table, if it is short enough to be said again."""
    header = "\n".join(text[row.start : row.end] for row in table.rows if row.header)
    return header if size(header) <= HEADER else ""


def _pieces(text: str, block: Block) -> Iterator[_Piece]:
    """A block that fits whole; otherwise its lines of code, or its sentences."""
    whole = size(text[block.start : block.end]) <= TARGET
    if whole and block.kind is not Kind.PARAGRAPH:
        yield _Piece(block.start, block.end)
        return
    if block.kind is Kind.CODE:
        place = block.start
        for line in text[block.start : block.end].splitlines(keepends=True):
            for start, end in _cut_long(text, place, place + len(line.rstrip("\n"))):
                yield _Piece(start, end)
            place += len(line)
        return
    for a, b in sentences.spans(text[block.start : block.end]):
        for start, end in _cut_long(text, block.start + a, block.start + b):
            yield _Piece(start, end, sentence=True)


def _cut_long(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What is longer than a passage (a text without marks) is cut at the size limit."""
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
        yield start, cut
        start = cut
    if start < end:
        yield start, end
