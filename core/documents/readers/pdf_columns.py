"""Where a region falls into parts that stand beside each other: columns of prose, a marginal note, a table beside a text.

A part is found by room that runs down many rows, and told from a table's columns by what stands beside it: parts have lines at
heights of their own, or text that goes on from line to line; the cells of a table begin at the same heights.
"""

from __future__ import annotations

import itertools
import statistics
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from core.documents.readers.pdf_bands import Rules, free_room
from core.documents.readers.pdf_rows import Row, is_wide

FEWEST = 4  # lines of each part
GAP = 1.0  # of the size: as wide is the room between two parts at least
ALIKE = 0.06  # of the size: lines that are so near stand at the same height
FULL = 0.72  # of a part's width: lines that are so long go on
WORDS = 3.0  # in a line of prose, on average; three full-width characters count as a word
LONG = 6.0  # words in a line: no table has cells of such lines without a rule between its rows


@dataclass
class Cut:
    """Rows first..last-1 have two parts, with the room between them around `middle`."""

    first: int
    last: int
    middle: float


def cut(rows: list[Row], left: float, right: float, rules: Rules, grids: frozenset[int]) -> Cut | None:
    """The tallest two parts of a region; None where there are none. `grids` are rows (by id) that stand for a drawn table."""
    best: Cut | None = None
    for candidate in _rooms(rows, left, right):
        if best is not None and candidate.last - candidate.first <= best.last - best.first:
            continue
        part = rows[candidate.first : candidate.last]
        if _parted(part, candidate.middle, rules, grids):
            best = candidate
    return best


def _rooms(rows: list[Row], left: float, right: float) -> Iterator[Cut]:
    """The rooms that run down at least FEWEST rows, each as far as it reaches."""
    open_: list[tuple[float, float, int]] = []  # from, to, first row

    def whole(begin: float, end: float, first: int, last: int) -> Iterator[Cut]:
        if last - first >= FEWEST and end > left and begin < right:
            yield Cut(first, last, (begin + end) / 2)

    for number, row in enumerate(rows):
        least = GAP * row.size
        free = [gap for gap in free_room(row, left - 1, right + 1) if gap[1] - gap[0] >= least]
        going: dict[tuple[float, float], int] = {}
        for begin, end, first in open_:
            parts = [(max(begin, s), min(end, e)) for s, e in free if min(end, e) - max(begin, s) >= least]
            if not parts or max(e - s for s, e in parts) < end - begin - 0.01:
                yield from whole(begin, end, first, number)
            for part in parts:
                going[part] = min(going.get(part, first), first)
        for gap in free:
            going.setdefault(gap, number)
        open_ = [(s, e, first) for (s, e), first in going.items() if s > left or e < right]
    for begin, end, first in open_:
        yield from whole(begin, end, first, len(rows))


def _parted(rows: list[Row], middle: float, rules: Rules, grids: frozenset[int]) -> bool:
    """Whether what stands on the two sides belongs to different parts of the page."""
    sides = [side_of(rows, middle, before=True), side_of(rows, middle, before=False)]
    drawn = [[r for r in side if id(r.segments[0].marks[0]) in grids] for side in sides]
    plain = [[r for r in side if id(r.segments[0].marks[0]) not in grids] for side in sides]
    if all(drawn) or (any(drawn) and all(d or len(p) > 1 for d, p in zip(drawn, plain, strict=True))):
        return True
    if min(map(len, sides)) < FEWEST:
        return False
    top = max(min(r.v for r in side) for side in sides)
    bottom = min(max(r.v for r in side) for side in sides)
    if bottom - top < (FEWEST - 1) * min(r.size for r in rows):  # one below the other
        return False
    if _ruled(rows, rules, middle):
        return False
    beside = [[r for r in side if top - r.size <= r.v <= bottom + r.size] for side in sides]
    prose = [_is_prose(side) for side in sides]
    if all(prose) and min(_words(side) for side in sides) >= LONG:
        return True
    level = alike(*sorted(beside, key=len))
    if level < 0.5:
        return any(prose) or all(_width(side) >= 9 * side[0].size for side in sides)
    if not all(prose):
        return False
    return not _begin_together(*beside)


def texts_in(rows: list[Row], middles: list[float]) -> list[bool]:
    """Of each of the columns between these places, whether it is text that goes on from line to line."""
    edges = [-1e9, *middles, 1e9]
    found = []
    for low, high in itertools.pairwise(edges):
        parts = ([s for s in row.segments if low < (s.start + s.end) / 2 <= high] for row in rows)
        column = [Row(segments) for segments in parts if segments]
        found.append(len(column) >= FEWEST and _is_prose(column))
    return found


def side_of(rows: list[Row], middle: float, *, before: bool) -> list[Row]:
    """What of these rows stands on one side of a line."""
    parts = ([s for s in row.segments if ((s.start + s.end) / 2 < middle) is before] for row in rows)
    return [Row(segments) for segments in parts if segments]


def _ruled(rows: list[Row], rules: Rules, middle: float) -> bool:
    """Whether rules go on from one side to the other, as they do in a table."""
    top, bottom = rows[0].v - rows[0].size, rows[-1].v + rows[-1].size
    left, right = min(r.start for r in rows), max(r.end for r in rows)
    across = {
        round(y)
        for y, a, b in rules.horizontal
        if top < y < bottom and a < middle < b and min(b, right) - max(a, left) > 0.5 * (right - left)
    }
    return len(across) >= 2 and any(rows[0].v < y < rows[-1].v for y in across)


def _width(side: list[Row]) -> float:
    return max(r.end for r in side) - min(r.start for r in side)


def _is_prose(side: list[Row]) -> bool:
    """Text that goes on from line to line: most lines are about as long as the longest, and have several words."""
    ends = sorted(r.end for r in side)
    left = statistics.median(r.start for r in side)
    wide = ends[int(0.9 * (len(ends) - 1))] - left
    size = statistics.median(r.size for r in side)
    if wide < 6 * size:
        return False
    full = sum(r.end - r.start > FULL * wide for r in side)
    if full < 0.5 * len(side):
        return False
    texts = [r.text for r in side]
    letters = sum(c.isalpha() for text in texts for c in text)
    if letters < 0.6 * sum(not c.isspace() for text in texts for c in text):
        return False
    return _words(side) >= WORDS


def _words(side: list[Row]) -> float:
    """Words in a line, on average; three full-width characters count as one."""
    texts = [r.text for r in side]
    blanks = sum(text.count(" ") for text in texts) + len(texts)
    return max(blanks, sum(is_wide(c) for text in texts for c in text) / 3) / len(texts)


def alike(fewer: list[Row], more: list[Row]) -> float:
    """The share of the lines on one side that stand at the height of one on the other."""
    if not fewer:
        return 0.0
    heights = sorted(s.v for r in more for s in r.segments)
    found = 0
    for row in fewer:
        near = ALIKE * row.size
        place = bisect_left(heights, row.v - near)
        found += place < len(heights) and heights[place] <= row.v + near
    return found / len(fewer)


def _begin_together(one: list[Row], other: list[Row]) -> bool:
    """Whether paragraphs begin at the same heights on both sides, as the rows of a table do."""
    first, second = _begins(one), _begins(other)
    fewer, more = sorted((first, second), key=len)
    if not more:
        return False
    together = sum(any(abs(a - b) <= 0.25 * one[0].size for b in more) for a in fewer)
    return len(fewer) >= 2 and together >= 0.6 * len(more)


def _begins(side: list[Row]) -> list[float]:
    """Heights of lines with more room above than is usual."""
    gaps = [b.v - a.v for a, b in itertools.pairwise(side) if b.v > a.v]
    if not gaps:
        return []
    usual = statistics.median_low(gaps)
    return [b.v for a, b in itertools.pairwise(side) if b.v - a.v > 1.2 * usual]
