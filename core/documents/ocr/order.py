"""Reading order: bands, columns, rows of tables, paragraphs, and ruby.

Everything is done in the frame of the reading direction: `start` to `end` along a line, `near` to `far`
across the lines, in the order in which they are read. A vertical page is a horizontal one in this frame.
Lengths are pixels; limits are multiples of a line's thickness, found on a set of 21 pages (letters, articles,
novels, receipts, tables).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.documents.ocr.boxes import Box, weighted_median

Interval = tuple[float, float]

GUTTER = 0.8  # a blank between columns is at least so wide
NEXT, NEXT_IN_COLUMNS = 2.6, 4.5  # the next band is so near, also where columns have begun
DEEPEST = 4  # columns within columns
FAR = 1e6  # further than any page is wide
FULL, LONG = 0.75, 9  # running text fills its column so far, and its lines have so many characters
RUBY_SIZE, RUBY_LENGTH = 0.8, 8.0  # ruby is thinner and shorter than this
GROWN = 0.19  # of a box's thickness on each side is the detector's margin


@dataclass(frozen=True, slots=True)
class Placed:
    """A line in the frame of its reading direction.

    `along`, `across`: its centre. `length`, `breadth`: of its box; `start` to `far` are without the
    detector's margin.
    """

    text: str
    vertical: bool
    along: float
    across: float
    length: float
    breadth: float
    start: float
    end: float
    near: float
    far: float

    @property
    def thickness(self) -> float:
        return self.far - self.near

    @property
    def extent(self) -> float:
        return self.end - self.start

    @property
    def y(self) -> float:
        """How far down the page its centre is."""
        return self.along if self.vertical else self.across


@dataclass(frozen=True, slots=True)
class Position:
    """Where a line comes: `index` is its place in what was given, `paragraph` counts from 0.

    `cell` is the row and column in a table, from 0. `before` is what stands between the line before and this
    one in the text of the page: nothing, a blank, tabs or a line break.
    """

    index: int
    paragraph: int
    cell: tuple[int, int] | None
    before: str


@dataclass(slots=True)
class _Row:
    """What is read at one go: a line, or lines side by side; `columns` of a table's."""

    lines: list[Placed]
    number: int = 0
    columns: list[int] | None = None
    end: float = 0.0  # of the text around it


@dataclass(slots=True)
class _Run:
    """Bands that follow one another and share blanks.

    `free` are all of these, `inner` those with text on both sides.
    """

    bands: list[list[Placed]]
    free: list[Interval]
    inner: list[Interval] = field(default_factory=list)

    @property
    def lines(self) -> list[Placed]:
        return [line for band in self.bands for line in band]


def placed(box: Box, text: str, *, vertical: bool, skew: float) -> Placed:
    """A line by its box, on a page that lies at an angle of `skew`."""
    cosine, sine = math.cos(skew), math.sin(skew)
    x, y = box.x * cosine + box.y * sine, -box.x * sine + box.y * cosine
    along, across = (y, -x) if vertical else (x, y)
    length, breadth = (box.height, box.width) if vertical else (box.width, box.height)
    margin = min(breadth * GROWN, breadth / 2 - 1)
    half, thick = length / 2 - margin, breadth / 2 - margin
    return Placed(
        text,
        vertical,
        along,
        across,
        length,
        breadth,
        along - half,
        along + half,
        across - thick,
        across + thick,
    )


def ruby_of(lines: Sequence[Placed]) -> dict[int, int]:
    """Lines that are ruby, with the line that each belongs to, by their places in `lines`.

    Ruby stands beside its line, on the side that is read before it, and is thin and short; in horizontal text
    it also has to be kana, since a footnote's mark and a small heading stand there too.
    """
    found: dict[int, int] = {}
    for vertical in (False, True):
        group = [(i, line) for i, line in enumerate(lines) if line.vertical is vertical]
        usual = weighted_median((line.breadth, line.length) for _, line in group)
        for i, line in group:
            if line.breadth >= RUBY_SIZE * usual or line.length >= RUBY_LENGTH * usual:
                continue
            if not vertical and not _is_kana(line.text):
                continue
            for j, other in group:
                if j == i or other.breadth < 1.2 * line.breadth:
                    continue
                aside = other.across - line.across
                overlap = min(line.along + line.length / 2, other.along + other.length / 2) - max(
                    line.along - line.length / 2, other.along - other.length / 2
                )
                if 0.3 * other.breadth < aside < 0.85 * other.breadth and overlap > 0.5 * line.length:
                    found[i] = j
                    break
    return found


def arranged(lines: Sequence[Placed]) -> list[Position]:
    """All lines in reading order.

    Where there is vertical and horizontal text, the horizontal lines come before or behind all of the
    vertical ones.
    """
    rows = [row for group in _by_direction(lines) if group for row in _rows(group)]
    for i, row in enumerate(rows):
        first, last = row.lines[0], row.lines[-1]
        row.end = max(
            other.lines[-1].end
            for other in rows[max(0, i - 6) : i + 7]
            if other.lines[0].vertical == first.vertical
            and (other is row or (other.lines[0].start < last.end and other.lines[-1].end > first.start))
        )
    places = {id(line): i for i, line in enumerate(lines)}
    positions: list[Position] = []
    paragraph = 0
    previous: _Row | None = None
    for row in rows:
        between = ""
        if previous is not None:
            new = _new_paragraph(previous, row)
            paragraph += new
            blank = " " if _latin(previous.lines[-1].text[-1:]) and _latin(row.lines[0].text[:1]) else ""
            between = "\n" if new else blank
        for n, line in enumerate(row.lines):
            if n:
                between = _between(row, n)
            elif row.columns is not None:
                between += "\t" * row.columns[0]
            cell = (row.number, row.columns[n]) if row.columns is not None else None
            positions.append(Position(places[id(line)], paragraph, cell, between))
        previous = row
    return positions


def _by_direction(lines: Sequence[Placed]) -> list[list[Placed]]:
    vertical = [line for line in lines if line.vertical]
    if not vertical:
        return [list(lines)]
    middle = statistics.median(line.y for line in vertical)
    above = [line for line in lines if not line.vertical and line.y < middle]
    below = [line for line in lines if not line.vertical and line.y >= middle]
    return [above, vertical, below]


def _between(row: _Row, n: int) -> str:
    """What stands between a line of a row and the one before it."""
    before, line = row.lines[n - 1], row.lines[n]
    further = row.columns[n] - row.columns[n - 1] if row.columns is not None else 0
    if further > 0:
        return "\t" * further
    if line.start - before.end > 1.2 * line.thickness:
        return "\t"
    return " " if _latin(before.text[-1:]) or _latin(line.text[:1]) else ""


def _latin(character: str) -> bool:
    """Whether words of this script are parted by blanks."""
    return bool(character) and ord(character) < 0x2000


def _is_kana(text: str) -> bool:
    return bool(text) and all("\u3040" <= character <= "\u30ff" for character in text)


# ------------------------------------------------------------ bands and columns


def _rows(lines: list[Placed], depth: int = 0) -> list[_Row]:
    """Lines of one direction as rows in reading order."""
    thickness = statistics.median(line.thickness for line in lines)
    runs = _runs(lines, thickness)
    _pull_in(runs, thickness)
    rows: list[_Row] = []
    for run in runs:
        if run.inner and depth < DEEPEST:
            columns = _columns(run.lines, run.inner)
            if len(columns) > 1 and _running_text(columns):
                for column in columns:
                    rows += _rows(column, depth + 1)
                continue
        if depth >= DEEPEST or all(len(band) == 1 for band in run.bands):
            rows += [_Row(sorted(band, key=lambda line: line.start)) for band in run.bands]
            continue
        found = [row for band in run.bands for row in _side_by_side(band)]
        table = bool(run.inner) and sum(len(row) > 1 for row in found) >= 2
        spans = _spans(found)
        for number, row in enumerate(found):
            rows.append(_Row(row, number, [_column(spans, line) for line in row] if table else None))
    return rows


def _runs(lines: list[Placed], thickness: float) -> list[_Run]:
    """Bands as runs that share the blanks between columns, or have none."""
    gutter = GUTTER * thickness
    low, high = min(line.start for line in lines) - FAR, max(line.end for line in lines) + FAR
    runs: list[_Run] = []
    for band in _bands(lines):
        extents = [(line.start, line.end) for line in band]
        free = _blanks([(low, low + 1), *extents, (high - 1, high)], gutter)
        run = runs[-1] if runs else None
        if run is not None:
            within = NEXT_IN_COLUMNS if run.inner and len(run.bands) > 2 else NEXT
            distance = min(line.near for line in band) - max(line.far for line in run.bands[-1])
            if distance < within * thickness:
                shared = _shared(run.free, free, gutter)
                inner = _inner(shared, run.lines + band)
                if run.inner and inner:
                    run.free, run.inner = shared, inner
                    run.bands.append(band)
                    continue
                if not run.inner and not _blanks(extents, gutter):
                    run.free = shared
                    run.bands.append(band)
                    continue
        runs.append(_Run([band], free, _inner(free, band)))
    return runs


def _pull_in(runs: list[_Run], thickness: float) -> None:
    """Move single lines in front of a run of columns into it, where they stand within one of them."""
    k = 1
    while k < len(runs):
        run, before = runs[k], runs[k - 1]
        if run.inner and not before.inner:
            band, first = before.bands[-1], run.inner[0]
            distance = min(line.near for line in run.lines) - max(line.far for line in band)
            across = any(line.start < first[1] - 1 and line.end > first[0] + 1 for line in band)
            fits = distance <= NEXT * thickness and not across
            if fits and _running_text(_columns(run.lines + band, run.inner)):
                run.bands.insert(0, before.bands.pop())
                if not before.bands:
                    runs.pop(k - 1)
                    k = max(k - 1, 1)
                continue
        k += 1


def _bands(lines: list[Placed]) -> list[list[Placed]]:
    """Groups that blanks across the reading direction part."""
    bands: list[list[Placed]] = []
    end = 0.0
    for line in sorted(lines, key=lambda line: line.near):
        touch = 0.18 * line.thickness
        if not bands or line.near + touch >= end:
            bands.append([line])
            end = line.far - touch
        else:
            bands[-1].append(line)
            end = max(end, line.far - touch)
    return bands


def _blanks(extents: Iterable[Interval], least: float) -> list[Interval]:
    """The blanks between extents that are wider than `least`."""
    ordered = sorted(extents)
    blanks = []
    reached = ordered[0][1]
    for start, end in ordered[1:]:
        if start - reached > least:
            blanks.append((reached, start))
        reached = max(reached, end)
    return blanks


def _shared(some: list[Interval], others: list[Interval], least: float) -> list[Interval]:
    """What two lists of blanks have in common, where it is wider than `least`."""
    common = [(max(a, c), min(b, d)) for a, b in some for c, d in others]
    return [(start, end) for start, end in common if end - start > least]


def _inner(blanks: list[Interval], lines: list[Placed]) -> list[Interval]:
    """The blanks that have lines on both sides."""
    first_end = min(line.end for line in lines)
    last_start = max(line.start for line in lines)
    return [(start, end) for start, end in blanks if first_end <= start + 1 and last_start >= end - 1]


def _columns(lines: list[Placed], blanks: list[Interval]) -> list[list[Placed]]:
    """Lines by the column that their middle is in."""
    columns: list[list[Placed]] = [[] for _ in range(len(blanks) + 1)]
    for line in lines:
        columns[sum(line.start + line.end > start + end for start, end in blanks)].append(line)
    return [column for column in columns if column]


def _running_text(columns: list[list[Placed]]) -> bool:
    """Whether columns are running text, which is read one after the other; a table is read row by row."""
    running = 0
    for column in columns:
        width = max(max(line.end for line in column) - min(line.start for line in column), 1.0)
        fill = statistics.median(line.extent / width for line in column)
        characters = statistics.median(line.extent / line.thickness for line in column)
        running += len(column) >= 3 and fill > FULL and characters > LONG
    return running >= 2 or running == len(columns)


# ------------------------------------------------------------ rows of tables


def _side_by_side(band: list[Placed]) -> list[list[Placed]]:
    """The rows of a band: lines with one middle that do not overlap."""
    rows: list[list[Placed]] = []
    for line in sorted(band, key=lambda line: (line.near + line.far) / 2):
        middle = (line.near + line.far) / 2
        for row in rows[-2:]:
            first = row[0]
            level = abs((first.near + first.far) / 2 - middle) < 0.5 * max(first.thickness, line.thickness)
            if level and all(
                min(line.end, other.end) - max(line.start, other.start) < 0.3 * line.thickness
                for other in row
            ):
                row.append(line)
                break
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.start) for row in rows]


def _spans(rows: list[list[Placed]]) -> list[Interval]:
    """From where to where the columns of a table go, by the rows with most cells."""
    most = max(len(row) for row in rows)
    full = [row for row in rows if len(row) == most]
    return [(min(row[n].start for row in full), max(row[n].end for row in full)) for n in range(most)]


def _column(spans: list[Interval], line: Placed) -> int:
    """The column that a line overlaps most, or whose middle is nearest."""

    def nearness(n: int) -> tuple[float, float]:
        start, end = spans[n]
        overlap = max(0.0, min(line.end, end) - max(line.start, start))
        return overlap, -abs(line.start + line.end - start - end)

    return max(range(len(spans)), key=nearness)


# ------------------------------------------------------------ paragraphs


def _new_paragraph(before: _Row, row: _Row) -> bool:
    """Whether a row begins a paragraph: by size, a short line before it, the distance, an indent."""
    if before.columns is not None or row.columns is not None or len(before.lines) != 1 or len(row.lines) != 1:
        return True
    a, b = before.lines[0], row.lines[0]
    if a.vertical != b.vertical:
        return True
    thickness = (a.thickness + b.thickness) / 2
    if abs(a.thickness - b.thickness) > 0.28 * thickness and min(a.extent, b.extent) > 4 * thickness:
        return True
    left = before.end - a.end  # blank to the end of the text around it
    if left > 2 * thickness and a.text[-1:] in "。」.!?．！？）":
        return True
    if left > max(6 * thickness, 0.25 * (before.end - a.start)):
        return True
    distance = b.near - a.far
    # Ruby has room between vertical lines.
    if distance < -thickness or distance > (2.2 if a.vertical else 1.6) * thickness:
        return True
    indent = b.start - a.start
    return 0.6 * thickness < indent < 3 * thickness or abs(indent) > 3 * thickness
