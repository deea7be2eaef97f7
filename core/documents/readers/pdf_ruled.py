"""Tables between rules: where several rules lie above one another, or some meet, but cells are parted by room alone.

Financial statements, booktabs, printed sheets. What the rules say is where the table is; its columns are where no row, or hardly
any, has words.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator

from core.documents.readers.pdf_bands import Rules, parted
from core.documents.readers.pdf_columns import alike, texts_in
from core.documents.readers.pdf_grids import Box, Grid
from core.documents.readers.pdf_rows import Mark, Row, Segment, rows_of, settle_small

SAME = 6.0  # points: rules whose ends are so near to one another belong together
ROOM = 0.55  # of the size: the least room between two columns
_MONEY = frozenset("¥￥$€£") | {"US$", "Rs"}
# Of a table's width: a rule that parts all columns. A shorter one stands below a name over several of them.
WHOLE = 0.9
CROSSING = 0.1  # of the rows may go over a column's edge: titles, names over several columns

Line = tuple[Row, dict[int, list[Segment]]]  # a line of a table with its words by column


def ruled_of(rules: Rules, marks: list[Mark], boxes: list[Box]) -> Iterator[tuple[Grid, list[Mark]]]:
    """Tables between rules. `boxes` (left, top, right, bottom) are places where rules meet without making cells."""
    taken: set[int] = set()
    for left, top, right, bottom in [
        *(part for box in boxes for part in _split(box, rules, marks)),
        *_stacks(rules, marks),
    ]:
        inside = [
            m
            for m in marks
            if left - SAME <= (m.start + m.end) / 2 <= right + SAME
            and top - 1 <= m.v - 0.3 * m.size <= bottom + 1
        ]
        if not inside or any(id(m) in taken for m in inside):
            continue
        rows = levelled(settle_small(rows_of(inside))[0])
        gutters = columns_between(rows)
        if not gutters or len(rows) < 2:
            continue
        middles = [(s + e) / 2 for s, e in gutters]
        lines = [
            (y, max(a, left), min(b, right))
            for y, a, b in rules.horizontal
            if top + 1 < y < bottom - 1 and min(b, right) - max(a, left) > 10
        ]
        across = sum(b - a > 0.6 * (right - left) for _, a, b in lines)
        prose = texts_in(rows, middles)
        if (len(gutters) < 3 and all(prose)) or (any(prose) and across < 2):
            continue
        taken.update(map(id, inside))
        cells, headers = _cells(rows, middles, lines, right - left)
        yield Grid(left, top, right, bottom, cells, headers), inside


def _cells(
    rows: list[Row], middles: list[float], lines: list[tuple[float, float, float]], width: float
) -> tuple[list[list[list[Row]]], int]:
    """A table's rows of cells, and how many of them name its columns."""
    across = [y for y, a, b in lines if b - a > WHOLE * width]
    head = _head(rows, middles, across)
    out: list[list[list[Row]]] = []
    if head:
        out.append(
            _names(rows[:head], middles, [rule for rule in lines if rule[2] - rule[1] <= WHOLE * width])
        )
    body = [(row, _parts(row, middles)) for row in rows[head:]]
    valued = [row.v for row, parts in body if any(parts)]
    filled = [row.v for row, parts in body if any(column > 0 for column in parts)]
    between = [b - a for a, b in itertools.pairwise(filled)]
    usual = statistics.median(between) if between else 1.6 * rows[-1].size
    inner = [y for y in across if valued and valued[0] < y < valued[-1]]
    ruled = len(inner) >= 0.4 * max(len(filled) - 1, 1)  # rules part the rows
    named = sum(0 in parts for _, parts in body) > 0.5 * len(body)
    group: list[Line] = []

    def close() -> None:
        if group:
            cells: list[list[Row]] = [[] for _ in range(len(middles) + 1)]
            for _, parts in group:
                for column, segments in parts.items():
                    cells[column].append(Row(segments))
            out.append(cells)
            group.clear()

    for number, line in enumerate(body):
        if group:
            apart = any(group[-1][0].v < y < line[0].v for y in inner)
            if ruled:  # until the next rule, if no two lines of it are full
                both = _full(line[1], middles) and any(_full(parts, middles) for _, parts in group)
                begins = apart or both
            else:
                below = body[number + 1] if number + 1 < len(body) else None
                begins = apart or _begins(line, group, below, 0.8 * usual, named)
            if begins:
                close()
        group.append(line)
    close()
    return out, 1 if head else 0


def _begins(line: Line, group: list[Line], below: Line | None, near: float, named: bool) -> bool:
    """Whether a line begins the next row of a table that has no rules between its rows.

    `group` are the lines of the row before, `below` is the next line; rows stand further apart than `near`. `named`: most rows
    have a name in the first column.
    """
    row, parts = line
    far = row.v - group[-1][0].v
    figures = any(column > 0 for _, found in group for column in found)
    if set(parts) == {0}:  # a name alone: the rest of the one above, or the beginning of the one below
        beneath = below[0].v - row.v if below is not None and any(c > 0 for c in below[1]) else float("inf")
        return far > near or (figures and far > beneath)
    if _goes_on(line, group):
        return False
    if not figures:
        return far > near
    return not (named and 0 not in parts and far < near)


def _goes_on(line: Line, group: list[Line]) -> bool:
    """Whether a line is the next one of a text in one cell: it stands below words of that cell alone, as near as lines do."""
    row, parts = line
    if len(parts) != 1 or 0 in parts or row.v - group[-1][0].v > 1.45 * row.size:
        return False
    (column,) = parts
    above = [s for _, found in group for s in found.get(column, [])]
    several = any(len(found) > 1 for _, found in group)
    return (
        several and bool(above) and all(any(c.isalpha() for c in s.text) for s in (above[-1], *parts[column]))
    )


def _full(parts: dict[int, list[Segment]], middles: list[float]) -> bool:
    return len(parts) > max(1, 0.6 * len(middles))


def _parts(row: Row, middles: list[float]) -> dict[int, list[Segment]]:
    """A row's words by column; what goes over several columns stands in the first of them."""
    parts: dict[int, list[Segment]] = {}
    money: Segment | None = None
    for segment in parted(row, middles):
        if segment.text.strip() in _MONEY:  # set apart from its figure, which comes next
            money = segment
            continue
        first = sum(segment.start + 0.5 > m for m in middles)
        last = sum(segment.end - 0.5 > m for m in middles)
        middle = sum((segment.start + segment.end) / 2 > m for m in middles)
        own = parts.setdefault(first if last > first + 1 else middle, [])
        own += [segment] if money is None else [money, segment]
        money = None
    if money is not None:
        parts.setdefault(sum(money.start > m for m in middles), []).append(money)
    return parts


def _head(rows: list[Row], middles: list[float], across: list[float]) -> int:
    """How many lines at the top name the columns: those above the first rule, if they are few and the table goes on below."""
    for y in across:
        above = sum(row.v < y for row in rows)
        if 0 < above <= 6 and above < len(rows):
            said = [set(_parts(row, middles)) for row in rows[:above]]
            if len(set().union(*said) - {0}) >= 0.6 * len(middles):
                return above
            if len(said) > 1 or len(said[0]) > 1:
                return 0
    return 0


def _names(rows: list[Row], middles: list[float], lines: list[tuple[float, float, float]]) -> list[list[Row]]:
    """The names of columns, from several lines: a name that stands over several columns, or a rule below which does, is part of
    the names of each."""
    cells: list[list[Row]] = [[] for _ in range(len(middles) + 1)]
    for row in rows:
        for segment in parted(row, middles):
            start, end = segment.start, segment.end
            for y, a, b in lines:
                if (
                    row.v < y < row.v + 1.3 * row.size
                    and a - 2 <= (start + end) / 2 <= b + 2
                    and b - a > end - start
                ):
                    start, end = min(start, a), max(end, b)
            first = sum(start + 0.5 > m for m in middles)
            last = sum(end - 0.5 > m for m in middles)
            if last == first + 1 and end - start == segment.end - segment.start:  # a little over the edge
                first = last = sum((start + end) / 2 > m for m in middles)
            for column in range(first, last + 1):
                cells[column].append(Row([segment]))
    return cells


def _split(box: Box, rules: Rules, marks: list[Mark]) -> Iterator[Box]:
    """A box, or its parts where an upright rule from its top to its bottom parts lines that stand at different heights."""
    left, top, right, bottom = box
    inside = [m for m in marks if left <= m.start and m.end <= right and top <= m.v <= bottom]
    for x, above, below in rules.upright:
        if left + 30 < x < right - 30 and min(below, bottom) - max(above, top) > 0.9 * (bottom - top):
            sides = [rows_of([m for m in inside if (m.end <= x) is before]) for before in (True, False)]
            if all(sides) and alike(*sorted(sides, key=len)) < 0.6:
                yield from _split((left, top, x, bottom), rules, marks)
                yield from _split((x, top, right, bottom), rules, marks)
                return
    yield box


def _stacks(rules: Rules, marks: list[Mark]) -> Iterator[Box]:
    """Places between rules that lie above one another and begin and end alike: three of them, or two with shorter ones between.

    Prose between two of them ends a table.
    """
    waiting = sorted(rules.horizontal)
    while waiting:
        first = waiting.pop(0)
        if first[2] - first[1] < 60:
            continue
        alike_ = [r for r in waiting if abs(r[1] - first[1]) <= SAME and abs(r[2] - first[2]) <= SAME]
        waiting = [r for r in waiting if r not in alike_]
        stack = [first[0]]
        for y, _, _ in [*alike_, (float("inf"), 0.0, 0.0)]:
            if y != float("inf") and not _is_prose_between(marks, first[1], stack[-1], first[2], y):
                stack.append(y)
                continue
            within = [
                v
                for v, a, b in rules.horizontal
                if stack[0] - 40 < v < stack[-1]
                and v not in stack
                and a >= first[1] - SAME
                and b <= first[2] + SAME
                and b - a > 20
            ]
            if len(stack) > 2 or (len(stack) == 2 and within):
                above = [v for v in within if v < stack[0]]
                if above and _is_prose_between(marks, first[1], min(above), first[2], stack[0]):
                    above = []
                top = min([stack[0], *above])
                yield _labelled(marks, first[1], top, stack[-1]), top, first[2], stack[-1]
            stack = [y]


def _labelled(marks: list[Mark], left: float, top: float, bottom: float) -> float:
    """The left edge of a table, the names of its rows included: the rules may stand over the figures only."""
    beside = [m for m in marks if top < m.v - 0.3 * m.size < bottom]
    names = rows_of([m for m in beside if m.end < left - SAME])
    figures = rows_of([m for m in beside if m.start > left - SAME])
    if len(names) < 2 or not figures or alike(figures, names) < 0.7 or any(texts_in(names, [])):
        return left
    return min(row.start for row in names)


def _is_prose_between(marks: list[Mark], left: float, top: float, right: float, bottom: float) -> bool:
    """Whether most lines between two rules go on without a gap from one side to the other."""
    rows = rows_of(
        [
            m
            for m in marks
            if left - SAME <= (m.start + m.end) / 2 <= right + SAME and top < m.v - 0.3 * m.size < bottom
        ]
    )
    whole = sum(len(_stretches(row)) == 1 and row.end - row.start > 0.6 * (right - left) for row in rows)
    return len(rows) > 1 and whole > 0.5 * len(rows)


def levelled(rows: list[Row]) -> list[Row]:
    """Rows, those together that stand beside each other at nearly the same height: labels of another size, figures set in the
    middle of their cells."""
    out: list[Row] = []
    for row in rows:
        before = out[-1] if out else None
        if before is not None and abs(row.v - before.v) <= 0.45 * min(row.size, before.size):
            segments = sorted([*before.segments, *row.segments], key=lambda s: s.start)
            if all(b.start - a.end > 0.5 * row.size for a, b in itertools.pairwise(segments)):
                out[-1] = Row(segments)
                continue
        out.append(row)
    return out


def columns_between(rows: list[Row]) -> list[tuple[float, float]]:
    """The room between the columns of a table: places that hardly any row goes over, and that part words in several."""
    edges = sorted({x for row in rows for m in row.marks for x in (m.start, m.end)})
    if len(edges) < 4:
        return []
    spans = [_stretches(row) for row in rows]
    events: list[tuple[float, int]] = []
    for stretches in spans:
        for start, end in stretches:
            events += [(start, 1), (end, -1)]
    events.sort()
    most = max(1, int(CROSSING * len(rows))) if len(rows) > 4 else 0
    depth, open_ = 0, None
    gaps: list[tuple[float, float]] = []
    for x, change in events:
        before = depth
        depth += change
        if before > most >= depth:
            open_ = x
        elif before <= most < depth and open_ is not None:
            gaps.append((open_, x))
            open_ = None
    size = sorted(row.size for row in rows)[len(rows) // 2]
    found = []
    for start, end in gaps:
        if end - start < ROOM * size:
            continue
        middle = (start + end) / 2
        sides = [any(b <= middle for _, b in stretches) for stretches in spans]
        others = [any(a >= middle for a, _ in stretches) for stretches in spans]
        both = sum(a and b for a, b in zip(sides, others, strict=True))
        if both and min(sum(sides), sum(others)) >= max(2, 0.2 * len(rows)):
            found.append((start, end))
    return found


def _stretches(row: Row) -> list[tuple[float, float]]:
    """Where a row has words, without mere blanks between them."""
    found: list[tuple[float, float]] = []
    for mark in row.marks:
        if mark.text in _MONEY:
            continue
        if found and mark.start - found[-1][1] < ROOM * row.size:
            found[-1] = found[-1][0], max(found[-1][1], mark.end)
        else:
            found.append((mark.start, mark.end))
    return found
