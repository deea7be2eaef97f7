"""A page of `core.documents.model` from what was recognised: paragraphs, tables, headings, and where each
character stands.

Lines that were not sure enough are not here any more: `recogniser` leaves them out before it brings the
others into order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

from msgspec import structs

from core.documents.model import Line, Page, Writer
from core.documents.ocr.boxes import Area, weighted_median
from core.documents.ocr.recogniser import Recognised, RecognisedLine
from core.documents.readers.hyphens import Hyphens

# A character of the page with the line that it is in and its box in pixels; None for a blank that is nowhere.
_Mark = tuple[str, tuple[RecognisedLine, Area] | None]

LARGER, MUCH_LARGER = 1.3, 1.6  # than the page's usual line: a heading, and of the first level
HEADING_LINES = 2
HEADING_LENGTH, HEADING_LENGTH_JAPANESE = 120, 60  # characters
FEWEST_LINES = 4  # of a page that has a usual size
SLOPE = 0.5  # of a line's thickness: where it has risen or fallen so far, another box begins
_SENTENCE_END = "。、．，.,;:：；"
# By the direction of reading in quarter turns clockwise: where in a box a character begins and ends.
_LEFT, _TOP, _RIGHT, _BOTTOM = range(4)
_SIDES = ((_LEFT, _RIGHT), (_TOP, _BOTTOM), (_RIGHT, _LEFT), (_BOTTOM, _TOP))


def page_of(recognised: Recognised, number: int | None, points_per_pixel: float) -> Page:
    """The page with this number, whose picture has so many points a pixel. Ruby is left out."""
    lines = [line for line in recognised.lines if not line.ruby]
    hyphens = Hyphens()
    for line in lines:
        hyphens.learn(line.text.rpartition(" ")[0] if line.text.endswith("-") else line.text)
    usual = _usual(lines)
    page = Writer(number)
    marks: dict[int, tuple[RecognisedLine, Area]] = {}

    def place(start: int, text: list[_Mark]) -> None:
        marks.update((start + i, mark) for i, (_, mark) in enumerate(text) if mark is not None)

    for group in _blocks(lines, recognised.turn):
        if group[0].cell is not None:
            rows = _table(group)
            page.table([["".join(c for c, _ in cell) for cell in row] for row in rows])
            written = page.last.rows if page.last is not None else []
            for row, into in zip(rows, written, strict=True):
                for cell, (start, _) in zip(row, into.cells, strict=False):
                    place(start, cell)
            continue
        text = _tight(_joined(group, hyphens))
        said = "".join(c for c, _ in text)
        if level := _level(group, said, usual):
            page.heading(said, level)
        else:
            page.paragraph(said)
        if page.last is not None:
            place(page.last.start, text)
    return structs.replace(page.page(), lines=list(_lines(marks, recognised.turn, points_per_pixel)))


def _blocks(lines: list[RecognisedLine], turn: int) -> Iterator[list[RecognisedLine]]:
    """Lines by paragraph and by table. A table ends where another one begins with its first row."""
    block: list[RecognisedLine] = []
    for line in lines:
        if block:
            last = block[-1]
            if line.cell is not None and last.cell is not None:
                same = line.cell[0] >= last.cell[0]
            else:
                same = line.cell is last.cell and line.paragraph == last.paragraph
            if not same:
                yield from _trimmed(block, turn)
                block = []
        block.append(line)
    if block:
        yield from _trimmed(block, turn)


def _trimmed(block: list[RecognisedLine], turn: int) -> list[list[RecognisedLine]]:
    """A table without the lines above and below it that run across its columns; those are paragraphs."""
    if block[0].cell is None:
        return [block]
    rows = [list(row) for _, row in itertools.groupby(block, key=lambda line: line.cell and line.cell[0])]
    low, high = (_TOP, _BOTTOM) if _direction(block[0], turn) % 2 else (_LEFT, _RIGHT)

    def across(row: list[RecognisedLine]) -> bool:
        line = row[0]
        return len(row) == 1 and any(
            min(line.box[high], other.box[high]) - max(line.box[low], other.box[low]) > line.thickness
            for other in block
            if other.cell is not None and line.cell is not None and other.cell[1] != line.cell[1]
        )

    first, last = 0, len(rows)
    while first < last and across(rows[first]):
        first += 1
    while last > first and across(rows[last - 1]):
        last -= 1
    alone = [[replace(line, cell=None) for line in row] for row in (*rows[:first], *rows[last:])]
    table = [line for row in rows[first:last] for line in row]
    return [*alone[:first], *([table] if table else []), *alone[first:]]


def _characters(line: RecognisedLine) -> list[_Mark]:
    return [(c, (line, character.box)) for character in line.characters for c in character.text]


def _tight(text: Iterable[_Mark]) -> list[_Mark]:
    """Without blanks at its ends and without two in a row, as a `Writer` writes it."""
    tight: list[_Mark] = []
    for character, mark in text:
        if not character.isspace():
            tight.append((character, mark))
        elif tight and not tight[-1][0].isspace():
            tight.append((" ", mark))
    if tight and tight[-1][0].isspace():
        tight.pop()
    return tight


def _joined(lines: list[RecognisedLine], hyphens: Hyphens) -> list[_Mark]:
    """The text of a paragraph, without the hyphens that only divided a word at a line's end."""
    text: list[_Mark] = []
    for line in lines:
        characters = _characters(line)
        if text and line.before.strip("\n"):
            said, after = "".join(c for c, _ in text), line.text
            divided = said.endswith("-") and said[-2:-1].isalnum() and after[:1].isalnum()
            if not divided or line.before != " ":
                text.append((" ", None))
            elif after[0].islower() and not hyphens.stays(said[:-1], after):
                text.pop()
        text += characters
    return text


def _table(lines: list[RecognisedLine]) -> list[list[list[_Mark]]]:
    """Rows of cells, each row as long as its last cell asks for."""
    rows: list[list[list[_Mark]]] = []
    for _, row in itertools.groupby(lines, key=lambda line: line.cell and line.cell[0]):
        cells: list[list[_Mark]] = []
        for line in row:
            column = line.cell[1] if line.cell is not None else 0
            while len(cells) <= column:
                cells.append([])
            if cells[column] and line.before:
                cells[column].append((" ", None))
            cells[column] += _characters(line)
        rows.append([_tight(cell) for cell in cells])
    return rows


def _usual(lines: list[RecognisedLine]) -> float:
    """The thickness of a page's lines, by where most of its text is; 0 where there is too little to tell."""
    if len(lines) < FEWEST_LINES:
        return 0.0
    return weighted_median((line.thickness, float(len(line.characters))) for line in lines)


def _level(lines: list[RecognisedLine], said: str, usual: float) -> int:
    """The level of a heading, 0 for a paragraph: larger, short, alone, of letters, and no sentence."""
    if not usual or len(lines) > HEADING_LINES or any("\t" in line.before for line in lines):
        return 0
    ratio = min(line.thickness for line in lines) / usual
    latin = all(ord(c) < 0x2000 for c in said)
    short = len(said) <= (HEADING_LENGTH if latin else HEADING_LENGTH_JAPANESE)
    if ratio < LARGER or not short or said[-1:] in _SENTENCE_END or sum(c.isalpha() for c in said) < 2:
        return 0
    return 1 if ratio >= MUCH_LARGER else 2


def _lines(
    marks: dict[int, tuple[RecognisedLine, Area]], turn: int, points_per_pixel: float
) -> Iterator[Line]:
    """Boxes of the stretches of text that stand on one line.

    `marks` has the characters by their place in the text.
    """
    run: list[tuple[int, Area]] = []
    current: RecognisedLine | None = None
    for place in sorted(marks):
        line, area = marks[place]
        if run and current is not None:
            direction = _direction(current, turn)
            gone_on = line is current and place - run[-1][0] <= 2
            if not gone_on or _sloped(run[0][1], area, direction):
                yield _line(run, direction, points_per_pixel)
                run = []
        current = line
        run.append((place, area))
    if run and current is not None:
        yield _line(run, _direction(current, turn), points_per_pixel)


def _direction(line: RecognisedLine, turn: int) -> int:
    """Where to a line runs in the picture as it is: 0 to the right, 1 down, 2 to the left, 3 up."""
    return (line.vertical + turn // 90) % 4


def _sloped(first: Area, area: Area, direction: int) -> bool:
    """Whether a character is not beside the first one of its line any more."""
    low, high = (_LEFT, _RIGHT) if direction % 2 else (_TOP, _BOTTOM)
    shift = abs(area[low] + area[high] - first[low] - first[high]) / 2
    return shift > SLOPE * (first[high] - first[low])


def _line(run: list[tuple[int, Area]], direction: int, points_per_pixel: float) -> Line:
    begin, finish = _SIDES[direction]
    start, end = run[0][0], run[-1][0] + 1
    areas = dict(run)
    edges, last = [], 0.0
    for place in range(start, end):
        last = areas[place][begin] if place in areas else last
        edges.append(last)
    edges.append(run[-1][1][finish])

    def points(pixels: float) -> float:
        return round(pixels * points_per_pixel, 1)

    return Line(
        start,
        end,
        points(min(area[_LEFT] for _, area in run)),
        points(min(area[_TOP] for _, area in run)),
        points(max(area[_RIGHT] for _, area in run)),
        points(max(area[_BOTTOM] for _, area in run)),
        [points(edge) for edge in edges],
        direction % 2 == 1,
    )
