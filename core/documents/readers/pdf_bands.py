"""Rows as bands: rows whose words keep the same gutters; a band is columns of prose, each read by itself, or a table."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.documents.readers.pdf_rows import WIDE, Mark, Row, Segment, pitch


@dataclass
class Rules:
    """Ruled lines of a page: of each (height, from, to), of upright ones (distance from the left, from, to)."""

    horizontal: list[tuple[float, float, float]] = field(default_factory=list)
    upright: list[tuple[float, float, float]] = field(default_factory=list)


@dataclass
class Band:
    """Rows that keep the same gutters between their columns; none where there is one column."""

    rows: list[Row]
    gutters: list[tuple[float, float]]


def free_room(row: Row, left: float, right: float) -> list[tuple[float, float]]:
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


def bands_of(rows: list[Row], left: float, right: float, rules: Rules) -> list[Band]:
    """The bands of a region, in order."""
    bands: list[Band] = []
    current: list[Row] = []
    gutters: list[tuple[float, float]] = []
    distance = pitch(rows)
    for row in rows:
        inner = _between(row)
        if current and gutters:
            free = free_room(row, left - 1, right + 1)
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
            bands.append(Band(current, _ruled_gutters(current, rules) or _refined(current, gutters)))
        current, gutters = [row], inner
    if current:
        bands.append(Band(current, _ruled_gutters(current, rules) or _refined(current, gutters)))
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


def _ruled_gutters(rows: list[Row], rules: Rules) -> list[tuple[float, float]]:
    """Where upright rules part the cells of a band; nothing where there are none, or words go across them."""
    top, bottom = rows[0].v - rows[0].size, rows[-1].v
    begin, end = min(row.start for row in rows), max(row.end for row in rows)
    reach: dict[int, float] = {}  # by place: how much of the band's height has a rule there
    for x, above, below in rules.upright:
        if begin < x < end:
            place = round(x / 2)
            near = next((p for p in (place, place - 1, place + 1) if p in reach), place)
            reach[near] = reach.get(near, 0.0) + max(min(below, bottom) - max(above, top), 0.0)
    places = [2.0 * place for place, length in sorted(reach.items()) if length > 0.5 * (bottom - top)]
    crossed = [
        sum(mark.start < x - 1 and mark.end > x + 1 for row in rows for mark in row.marks) for x in places
    ]
    found = [(x - 0.5, x + 0.5) for x, count in zip(places, crossed, strict=True) if count <= 1]
    parting = [gap for gap in found if sum(_has_both(row, gap) for row in rows) >= 2]
    return parting if len(rows) > 1 else []


def _has_both(row: Row, gap: tuple[float, float]) -> bool:
    return any(m.end <= gap[1] + 1 for m in row.marks) and any(m.start >= gap[0] - 1 for m in row.marks)


def _refined(rows: list[Row], gutters: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The gutters of a band, by all of its rows: what is free in every row, and parts words in many.

    Seen from row to row they are not always where they should be: names of columns stand close together or reach over several
    columns, and figures stand to the right of their column's name, next to what follows.
    """
    if not gutters or len(rows) < 3:
        return gutters
    most = max(len(row.segments) for row in rows)
    names = next((i for i, row in enumerate(rows) if len(row.segments) > 0.6 * most), 0)
    body = rows[min(names, 2) :]
    begin, end = min(row.start for row in rows), max(row.end for row in rows)
    free = [(begin - 1, end + 1)]
    for row in body:
        free = [
            (max(s, t), min(e, f))
            for s, e in free
            for t, f in free_room(row, begin - 1, end + 1)
            if min(e, f) - max(s, t) >= 0.25 * row.size
        ]
    inside = [
        (s, e) for s, e in free if s > begin and e < end and not any(_blank(row, (s, e)) for row in body)
    ]
    parting = {gap: sum(_parts_at(row, gap) for row in body) for gap in inside}
    found = {gap for gap, count in parting.items() if count >= max(2, 0.3 * len(rows))}
    for gutter in gutters:  # a column that few rows fill
        within = [gap for gap in inside if min(gap[1], gutter[1]) > max(gap[0], gutter[0])]
        if not within:
            return gutters
        if not found.intersection(within):
            found.add(max(within, key=lambda gap: (parting[gap], gap[1] - gap[0])))
    return sorted(found)


def _blank(row: Row, gap: tuple[float, float]) -> bool:
    """Whether a gap is a mere blank between two words of a row."""
    middle = (gap[0] + gap[1]) / 2
    for segment in row.segments:
        if segment.start < middle < segment.end:
            before = max((m.end for m in segment.marks if m.start < middle), default=segment.start)
            after = min((m.start for m in segment.marks if m.start >= middle), default=before)
            if after - before < 0.7 * row.size:
                return True
    return False


def _parts_at(row: Row, gap: tuple[float, float]) -> bool:
    """Whether a row has words on both sides of a gap that is wide there: more than a blank."""
    middle = (gap[0] + gap[1]) / 2
    before = [m.end for m in row.marks if m.end <= middle]
    after = [m.start for m in row.marks if m.start >= middle]
    return bool(before) and bool(after) and min(after) - max(before) > 0.45 * row.size


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
