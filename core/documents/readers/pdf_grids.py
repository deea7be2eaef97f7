"""Tables whose cells are drawn: rules that meet make a grid, and each character belongs to the cell that it stands in.

A grid says what no alignment can: where a cell of several lines ends, which cells reach over several columns or rows, and that
what stands beside it belongs to something else. Sides that are left open are closed where the rules end.
"""

from __future__ import annotations

import bisect
import itertools
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from core.documents.readers.pdf_bands import Rules
from core.documents.readers.pdf_rows import Mark, Row, is_wide, rows_of, settle_small

NEAR = 2.0  # points: rules that are so near to one another meet, or are one
MOST = 60_000  # pairs of rules that are compared; a map or a chart has more
LOOSE = 0.2  # of a grid's lines may have wide gaps; where more have, the rules do not part all of its cells
LEAST_FILLED = 0.3  # of a grid's cells have words in them; a chart's have hardly any


Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass
class Grid:
    """A table's place on its page, and its rows of cells, each with its lines. A cell that reaches further down stands in each of
    its rows; one that reaches over several columns in its first."""

    left: float
    top: float
    right: float
    bottom: float
    rows: list[list[list[Row]]] = field(default_factory=list)
    headers: int = 0


@dataclass
class _Net:
    """Upright and horizontal rules that meet, cut at their crossings."""

    xs: list[float]
    ys: list[float]
    across: list[tuple[float, float, float]]
    upright: list[tuple[float, float, float]]

    def lying(self, y: float) -> list[tuple[float, float]]:
        """The horizontal rules at a height, from where to where."""
        return [(a, b) for at, a, b in self.across if abs(at - y) <= NEAR]

    def standing(self, x: float) -> list[tuple[float, float]]:
        """The upright rules at a place, from where to where."""
        return [(a, b) for at, a, b in self.upright if abs(at - x) <= NEAR]


def _passes(rules: list[tuple[float, float]], place: float) -> bool:
    return any(a - NEAR <= place <= b + NEAR for a, b in rules)


class _Together:
    """Things by number that belong together (a union-find)."""

    def __init__(self, count: int) -> None:
        self._owner = list(range(count))

    def root(self, i: int) -> int:
        """The number that stands for all that `i` belongs to."""
        owner = self._owner
        while owner[i] != i:
            owner[i] = owner[owner[i]]
            i = owner[i]
        return i

    def join(self, one: int, other: int) -> None:
        self._owner[self.root(one)] = self.root(other)


def grids_of(rules: Rules, marks: list[Mark]) -> tuple[list[tuple[Grid, list[Mark]]], list[Box]]:
    """The drawn tables of a page, each with the characters in it, and the boxes of nets that are not the whole of a table's rules.

    `rules` are `joined`.
    """
    found = []
    boxes: list[Box] = []
    taken: set[int] = set()
    for net in _nets(rules.horizontal, rules.upright):
        left, right, top, bottom = net.xs[0], net.xs[-1], net.ys[0], net.ys[-1]
        inside = [
            m
            for m in marks
            if left - 1 <= (m.start + m.end) / 2 <= right + 1
            and top - 1 <= m.v - 0.3 * m.size <= bottom + 1
            and id(m) not in taken
        ]
        grid = _read(net, inside) if inside else None
        if grid is not None:
            taken.update(map(id, inside))
            found.append((grid, inside))
        elif inside:
            boxes.append((left, top, right, bottom))
    return found, boxes


def joined(rules: Iterable[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Rules that go on after one another, or lie on one another, as one: (place, from, to)."""
    lines: list[list[tuple[float, float, float]]] = []
    for rule in sorted(rules):
        if lines and rule[0] - lines[-1][0][0] <= NEAR:
            lines[-1].append(rule)
        else:
            lines.append([rule])
    found = []
    for line in lines:
        place = statistics.median(at for at, _, _ in line)
        begin, end = None, 0.0
        for _, a, b in sorted(line, key=lambda rule: rule[1]):
            if begin is not None and a <= end + NEAR:
                end = max(end, b)
                continue
            if begin is not None:
                found.append((place, begin, end))
            begin, end = a, b
        if begin is not None:
            found.append((place, begin, end))
    return found


def _nets(
    across: list[tuple[float, float, float]], upright: list[tuple[float, float, float]]
) -> Iterator[_Net]:
    """Rules that meet one another, net by net."""
    if len(across) * len(upright) > MOST:
        return
    together = _Together(len(across) + len(upright))
    for i, (y, a, b) in enumerate(across):
        for j, (x, c, d) in enumerate(upright, start=len(across)):
            if a - NEAR <= x <= b + NEAR and c - NEAR <= y <= d + NEAR:
                together.join(i, j)
    groups: dict[int, list[int]] = {}
    for i in range(len(across) + len(upright)):
        groups.setdefault(together.root(i), []).append(i)
    for members in groups.values():
        lying = [across[i] for i in members if i < len(across)]
        standing = [upright[i - len(across)] for i in members if i >= len(across)]
        if len(lying) < 2 or not standing:
            continue
        left, right = min(a for _, a, _ in lying), max(b for _, _, b in lying)
        top, bottom = min(a for _, a, _ in standing), max(b for _, _, b in standing)
        xs = _places([x for x, _, _ in standing], left, right)
        ys = _places([y for y, _, _ in lying], top, bottom)
        if len(xs) > 2 and len(ys) > 1:
            yield _Net(xs, ys, lying, standing)


def _places(inner: list[float], first: float, last: float) -> list[float]:
    """Where the rules of one direction are, with the ends of those that they meet: an open side is closed there."""
    found: list[float] = []
    for place in sorted([*inner, first, last]):
        if not found or place - found[-1] > NEAR + 1:
            found.append(place)
    return found


def _read(net: _Net, marks: list[Mark]) -> Grid | None:
    """A net's table; None where it is none: a frame around text, a chart's lines, columns of prose with a rule between them."""
    columns, stripes = len(net.xs) - 1, len(net.ys) - 1
    cells = _cells(net, columns, stripes)
    inside: dict[int, list[Mark]] = {}
    for mark in marks:
        column = min(max(bisect.bisect(net.xs, (mark.start + mark.end) / 2) - 1, 0), columns - 1)
        stripe = min(max(bisect.bisect(net.ys, mark.v - 0.3 * mark.size) - 1, 0), stripes - 1)
        inside.setdefault(cells[stripe][column], []).append(mark)
    all_ = {cell for stripe in cells for cell in stripe}
    if len(all_) < 4 or len(inside) < max(3, LEAST_FILLED * len(all_)):
        return None
    cells = _widened(cells, inside, net)
    lines = {cell: settle_small(rows_of(found))[0] for cell, found in inside.items()}
    cells = _opened(cells, lines, net)
    all_lines = [row for rows in lines.values() for row in rows]
    if sum(len(row.segments) > 1 for row in all_lines) > LOOSE * len(all_lines):
        return None
    if stripes == 1 and not all(
        len(rows) < 2 or not _wrapped(rows, net, cells, cell) for cell, rows in lines.items()
    ):
        return None
    grid = Grid(net.xs[0], net.ys[0], net.xs[-1], net.ys[-1])
    all_ = {cell for stripe in cells for cell in stripe}
    width, height = _extents(cells)
    head = _head(cells, width, height)
    for number, fields in enumerate(cells):
        if number < head:
            grid.rows.append(_one(fields, lines))
            continue
        parts = _split(fields, lines, height, net, cells)
        if parts is None:
            grid.rows.append(_one(fields, lines))
        else:
            grid.rows += parts
    if head > 1:
        grid.rows[:head] = [_combined(grid.rows[:head])]
    grid.headers = 1 if head else 0
    grid.rows = [row for row in grid.rows if any(row)]
    filled = {column for row in grid.rows for column, cell in enumerate(row) if cell}
    if len(filled) < 2 or len(grid.rows) < 2:
        return None
    kept = sorted(filled)
    grid.rows = [[row[column] for column in kept] for row in grid.rows]
    return grid


def _cells(net: _Net, columns: int, stripes: int) -> list[list[int]]:
    """Which cell each field of the net belongs to: fields without a rule between them are one."""
    together = _Together(columns * stripes)
    standing = [net.standing(x) for x in net.xs]
    lying = [net.lying(y) for y in net.ys]
    for stripe in range(stripes):
        y = (net.ys[stripe] + net.ys[stripe + 1]) / 2
        for column in range(columns):
            x = (net.xs[column] + net.xs[column + 1]) / 2
            here = stripe * columns + column
            if column + 1 < columns and not _passes(standing[column + 1], y):
                together.join(here + 1, here)
            if stripe + 1 < stripes and not _passes(lying[stripe + 1], x):
                together.join(here + columns, here)
    return [
        [together.root(stripe * columns + column) for column in range(columns)] for stripe in range(stripes)
    ]


def _extents(cells: list[list[int]]) -> tuple[dict[int, int], dict[int, int]]:
    """Over how many columns and stripes each cell reaches."""
    width: dict[int, int] = {}
    height: Counter[int] = Counter()
    for stripe in cells:
        counts = Counter(stripe)
        for cell, count in counts.items():
            width.setdefault(cell, count)
        height.update(counts.keys())
    return width, dict(height)


def _widened(cells: list[list[int]], inside: dict[int, list[Mark]], net: _Net) -> list[list[int]]:
    """The cells, but those that reach over columns which are parted further up only: where their words keep to the columns, each
    column has its own. Below names that are parted by rules, many tables have none between the figures."""
    new = 1 + max(max(cell for stripe in cells for cell in stripe), 0)
    out = [list(stripe) for stripe in cells]
    where: dict[int, list[int]] = {}
    for number, stripe in enumerate(cells):
        for cell in set(stripe):
            where.setdefault(cell, []).append(number)
    for cell, marks in list(inside.items()):
        stripes = where[cell]
        columns = [i for i, one in enumerate(cells[stripes[0]]) if one == cell]
        if len(columns) < 2:
            continue
        rows = rows_of(marks)
        edges = [x for x in net.xs[columns[0] + 1 : columns[-1] + 1] if _keeps(rows, x)]
        if not edges:
            continue
        owners = [cell, *range(new, new + len(edges))]
        new += len(edges)
        for owner in owners:
            inside[owner] = []
        for mark in marks:
            inside[owners[sum((mark.start + mark.end) / 2 > x for x in edges)]].append(mark)
        for number in stripes:
            for i in (i for i in columns if cells[number][i] == cell):
                out[number][i] = owners[sum(net.xs[i] >= x for x in edges)]
        for owner in owners:
            if not inside[owner]:
                del inside[owner]
    return out


def _keeps(rows: list[Row], x: float) -> bool:
    """Whether several lines have words on both sides of a place, and nearly all have room there."""
    both = roomy = 0
    for row in rows:
        before = [m.end for m in row.marks if (m.start + m.end) / 2 <= x]
        after = [m.start for m in row.marks if (m.start + m.end) / 2 > x]
        if before and after:
            both += 1
            roomy += min(after) - max(before) > 0.6 * row.size
    return both >= 2 and roomy >= 0.9 * both


def _opened(cells: list[list[int]], lines: dict[int, list[Row]], net: _Net) -> list[list[int]]:
    """The cells, but those that have no rules between their lines, while the cells beside them have: each of such lines stands at
    the height of one beside it. Their lines are given to the stripes that they stand in."""
    new = 1 + max(cell for stripe in cells for cell in stripe)
    _, heights = _extents(cells)
    beside = [r.v for cell, rows in lines.items() if heights[cell] == 1 for r in rows]
    out = [list(stripe) for stripe in cells]
    for cell, rows in list(lines.items()):
        if heights[cell] < 2 or len(rows) < 2:
            continue
        alike = sum(any(abs(r.v - v) <= 0.15 * r.size for v in beside) for r in rows)
        if alike < 0.8 * len(rows) or len(rows) < 0.5 * heights[cell]:
            continue
        given: dict[int, int] = {}
        del lines[cell]
        for row in rows:
            stripe = min(max(bisect.bisect(net.ys, row.v - 0.3 * row.size) - 1, 0), len(cells) - 1)
            if stripe not in given:
                given[stripe] = new
                new += 1
            lines.setdefault(given[stripe], []).append(row)
        for number, stripe_cells in enumerate(out):
            if cell in stripe_cells:
                owner = given.setdefault(number, new)
                new += 1
                out[number] = [owner if one == cell else one for one in stripe_cells]
    return out


def _head(cells: list[list[int]], width: dict[int, int], height: dict[int, int]) -> int:
    """How many of the first stripes name the columns: as far down as the first stripe's own cells reach, and one more below those
    that reach over several columns. 0 where nothing is merged (then what the cells hold says it), or all of the first is one."""
    first = cells[0]
    if len(set(first)) < 2 or len(cells) < 2:
        return 0
    deep = max(height[cell] for cell in first)
    if any(width[cell] > 1 for cell in first) and deep < 2:
        deep = 2
    if deep < 2 or deep >= len(cells) or deep > 4:
        return 0
    whole = all(len(set(cells[n])) > 1 for n in range(deep))
    return deep if whole and any(width[cell] > 1 for cell in first) else 0


def _one(stripe: list[int], lines: dict[int, list[Row]]) -> list[list[Row]]:
    """A stripe as one row; what reaches over several columns stands in the first of them."""
    return [lines.get(cell, []) if stripe.index(cell) == i else [] for i, cell in enumerate(stripe)]


def _combined(rows: list[list[list[Row]]]) -> list[list[Row]]:
    """Several rows that name the columns as one: what reaches over several columns stands before each of their own names."""
    out: list[list[Row]] = []
    for column in range(len(rows[0])):
        said: list[Row] = []
        for number, row in enumerate(rows):
            cell = row[column]
            if not cell and number + 1 < len(rows):
                # Empty here: what stands to the left reaches over this column, if it has a name of its own below.
                left = next((row[c] for c in range(column, -1, -1) if row[c]), [])
                cell = left if any(r[column] for r in rows[number + 1 :]) and column else []
            said += [line for line in cell if not any(line is other for other in said)]
        out.append(said)
    return out


def _split(
    stripe: list[int], lines: dict[int, list[Row]], height: dict[int, int], net: _Net, cells: list[list[int]]
) -> list[list[list[Row]]] | None:
    """The rows of a stripe in which no rules part them: lines that stand at the same heights in several cells, and are not one
    text that goes on from line to line. None where the stripe is one row."""
    own = [cell for cell in dict.fromkeys(stripe) if height[cell] == 1 and lines.get(cell)]
    several = [cell for cell in own if len(lines[cell]) > 1]
    if len(several) < 2 or sum(_wrapped(lines[cell], net, cells, cell) for cell in several) * 2 >= len(
        several
    ):
        return None
    places: list[float] = []
    for cell in several:
        for line in lines[cell]:
            if not any(abs(line.v - place) <= 0.3 * line.size for place in places):
                places.append(line.v)
    places.sort()
    if len(places) > 1.34 * max(
        len(lines[cell]) for cell in several
    ):  # they do not stand at the same heights
        return None
    rows: list[list[list[Row]]] = [[[] for _ in stripe] for _ in places]
    for i, cell in enumerate(stripe):
        if stripe.index(cell) != i:
            continue
        found = lines.get(cell, [])
        between = len(found) == 1 and all(abs(found[0].v - place) > 0.3 * found[0].size for place in places)
        if height[cell] > 1 or between:  # it is said once for all of them
            for row in rows:
                row[i] = found
            continue
        for line in found:
            nearest = min(range(len(places)), key=lambda n: abs(places[n] - line.v))
            rows[nearest][i].append(line)
    return rows


def _wrapped(rows: list[Row], net: _Net, cells: list[list[int]], cell: int) -> bool:
    """Whether lines are one text that goes on: each was full, so that the next line's first word did not fit any more."""
    columns = [i for stripe in cells for i, one in enumerate(stripe) if one == cell]
    room = net.xs[max(columns) + 1] - net.xs[min(columns)]
    full = 0
    for line, after in itertools.pairwise(rows):
        word = 0.0
        for n, mark in enumerate(after.marks):
            if n and (mark.space or is_wide(mark.text)):
                break
            word = mark.end - after.start
        full += line.end - line.start + word > room - 2.2 * line.size
    return full * 2 > len(rows) - 1 and any(c.isalpha() for row in rows for c in row.text)
