"""Rows as bands: rows whose words keep the same gutters; a band is columns of prose, each read by itself, or a table."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.documents.readers.pdf_rows import WIDE, Mark, Row, Segment, pitch


@dataclass
class Rules:
    """Horizontal ruled lines of a page: (height, from, to) of each."""

    horizontal: list[tuple[float, float, float]] = field(default_factory=list)


@dataclass
class Band:
    """Rows that keep the same gutters between their columns; none where there is one column."""

    rows: list[Row]
    gutters: list[tuple[float, float]]


def _free(row: Row, left: float, right: float) -> list[tuple[float, float]]:
    """The room of a row that no word takes, within left..right."""
    free = []
    place = left
    for mark in row.marks:
        if mark.start - place > 0.25 * mark.size:
            free.append((place, mark.start))
        place = max(place, mark.end)
    if place < right:
        free.append((place, right))
    return free


def _between(row: Row) -> list[tuple[float, float]]:
    """The wide gaps of a row: what may be gutters."""
    return [(a.end, b.start) for a, b in itertools.pairwise(row.segments)]


def _crosses(row: Row, gutters: list[tuple[float, float]]) -> bool:
    """Whether a row is one line of text that goes on over a gutter."""
    return len(row.segments) == 1 and any(row.start < s and row.end > e for s, e in gutters)


def _common(
    gutters: list[tuple[float, float]], free: list[tuple[float, float]], least: float
) -> list[tuple[float, float]]:
    """What is left of each gutter in a row: the widest part that is free there."""
    found = []
    for s, e in gutters:
        parts = [(max(s, t), min(e, f)) for t, f in free if min(e, f) - max(s, t) >= least]
        if parts:
            found.append(max(parts, key=lambda part: part[1] - part[0]))
    return found


def bands_of(rows: list[Row], left: float, right: float) -> list[Band]:
    bands: list[Band] = []
    current: list[Row] = []
    gutters: list[tuple[float, float]] = []
    distance = pitch(rows)
    for row in rows:
        inner = _between(row)
        if current and gutters:
            free = _free(row, left - 1, right + 1)
            kept = (
                []
                if _crosses(row, gutters)
                else _by_order(gutters, inner, 0.25 * row.size) or _common(gutters, free, 0.25 * row.size)
            )
            far = row.v - current[-1].v > (2.2 if len(row.segments) > 1 else 1.6) * distance
            if kept and not far and len(kept) * 2 >= len(gutters):
                current.append(row)
                gutters = kept
                continue
        elif current and not inner:
            current.append(row)
            continue
        if current:
            bands.append(Band(current, _refined(current, gutters)))
        current, gutters = [row], inner
    if current:
        bands.append(Band(current, _refined(current, gutters)))
    return bands


def _by_order(
    gutters: list[tuple[float, float]], inner: list[tuple[float, float]], least: float
) -> list[tuple[float, float]]:
    """What is left of each gutter in a row that has as many gaps as there are gutters: figures that stand to the right of their
    column's name are parted from what follows them by the gap, not by the wider room before them."""
    if len(inner) != len(gutters):
        return []
    found = [(max(s, t), min(e, f)) for (s, e), (t, f) in zip(gutters, inner, strict=True)]
    return found if all(e - s >= least for s, e in found) else []


def _refined(rows: list[Row], gutters: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The gutters of a band, with those that its first row did not show: names of columns may stand close together."""
    if not gutters or len(rows) < 3:
        return gutters
    found = list(gutters)
    begin, end = min(row.start for row in rows), max(row.end for row in rows)
    edges = [(s + e) / 2 for s, e in gutters]
    for left, right in zip([float("-inf"), *edges], [*edges, float("inf")], strict=True):
        counted: dict[
            int, list[list[tuple[float, float]]]
        ] = {}  # by how many there are: the gaps of each row
        for row in rows:
            inside = [s for s in row.segments if left < (s.start + s.end) / 2 < right]
            if len(inside) > 1:
                gaps = [(a.end, b.start) for a, b in itertools.pairwise(inside)]
                counted.setdefault(len(gaps), []).append(gaps)
        usual = max(counted.values(), key=len, default=[])
        if len(usual) < max(2, 0.3 * len(rows)):
            continue
        first = next(
            i for i, row in enumerate(rows) if len(row.segments) > len(rows[0].segments) or i == len(rows) - 1
        )
        for several in zip(*usual, strict=True):
            gap = max(s for s, _ in several), min(e for _, e in several)
            for row in rows[min(first, 2) :]:  # the names above may reach over several columns
                kept = _common([gap], _free(row, begin - 1, end + 1), 0.25 * row.size)
                if not kept:
                    break
                gap = kept[0]
            else:
                found.append(gap)
    return sorted(found)


def columns_of(band: Band) -> list[list[Row]]:
    """A band's rows, column by column."""
    middles = [(s + e) / 2 for s, e in band.gutters]
    columns: list[list[Row]] = [[] for _ in range(len(middles) + 1)]
    for row in band.rows:
        parts: dict[int, list[Segment]] = {}
        for segment in parted(row, middles):
            middle = (segment.start + segment.end) / 2
            parts.setdefault(sum(middle > m for m in middles), []).append(segment)
        for number, segments in parts.items():
            columns[number].append(Row(segments))
    return columns


def parted(row: Row, middles: list[float]) -> Iterator[Segment]:
    """A row's segments, cut where a gutter goes through the gap between two words of one."""
    for segment in row.segments:
        parts: list[list[Mark]] = [[]]
        for mark in segment.marks:
            if parts[-1] and any(parts[-1][-1].end <= m <= mark.start for m in middles):
                parts.append([])
            parts[-1].append(mark)
        for marks in parts:
            yield Segment(marks, marks[0].start, max(m.end for m in marks), segment.v, segment.size)


def is_prose(columns: list[list[Row]], rules: Rules, vertical: bool) -> bool:
    """Whether columns are text that is read one after the other, and not the cells of a table."""
    if len(columns) > 5 or min(len(column) for column in columns) < 3:
        return False
    if not vertical and ruled(columns, rules):
        return False
    for column in columns:
        left, right = min(r.start for r in column), max(r.end for r in column)
        size = statistics.median(r.size for r in column)
        if right - left < 9 * size:
            return False
        full = sum(r.end - r.start > 0.75 * (right - left) for r in column)
        if full < 0.55 * len(column):
            return False
        if sum(len(r.text) for r in column) / len(column) < (8 if WIDE.search(column[0].text) else 16):
            return False
    return True


def ruled(columns: list[list[Row]], rules: Rules) -> bool:
    top = min(c[0].v - c[0].size for c in columns)
    bottom = max(c[-1].v for c in columns)
    left, right = min(r.start for c in columns for r in c), max(r.end for c in columns for r in c)
    across = [
        y
        for y, a, b in rules.horizontal
        if top - 6 < y < bottom + 6 and min(b, right) - max(a, left) > 0.5 * (right - left)
    ]
    return len(set(map(round, across))) >= 3


def headers_of(cells: list[list[list[Row]]], rules: list[float]) -> int:
    """Whether a table's first row names its columns: bold where the others are not, without the figures that the others have, or
    apart by a rule."""
    if len(cells) < 2:
        return 0

    def bold(row: list[list[Row]]) -> float:
        marks = [m for cell in row for r in cell for m in r.marks]
        return sum(m.bold for m in marks) / max(len(marks), 1)

    def figures(row: list[list[Row]]) -> int:
        return sum(any(c.isdigit() for r in cell for c in r.text) for cell in row)

    first, others = cells[0], cells[1:]
    if any(not cell for cell in first[1:]):
        return 0
    if bold(first) > 0.8 and statistics.median(bold(row) for row in others) < 0.5:
        return 1
    if figures(first) == 0 and statistics.median(figures(row) for row in others) >= 1:
        return 1
    return 1 if len(rules) == 1 and len(cells) > 2 else 0
