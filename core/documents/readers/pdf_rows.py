"""A page's characters as rows: by their baselines, parted where wide gaps are, raised marks at what they belong to.

Nothing of the order in which a page was drawn is used. Vertical Japanese and turned text are turned so that their lines are rows.
"""

from __future__ import annotations

import itertools
import re
import statistics
from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from core.documents.readers.pdf_glyphs import Glyph, Glyphs
from core.text.characters import HAN, HAN_COMPATIBLE, KANA, PUNCTUATION, WIDE_FORMS

BLANK = 0.17  # of a character's size: wider gaps are blanks
SEGMENT = 1.0  # gaps as wide as a character part segments; between full-width characters:
SEGMENT_WIDE = 1.6
SMALL = 0.8  # of the size of what it stands beside: a raised mark
RUBY = 0.65  # furigana is at most so large
WIDE = re.compile(f"[{PUNCTUATION}{KANA}{HAN}{HAN_COMPATIBLE}{WIDE_FORMS}]")  # full-width characters
_KANA_ONLY = re.compile(f"[{KANA}]+")
_SUPERSCRIPTS = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")


@lru_cache(maxsize=10_000)
def is_wide(text: str) -> bool:
    """Whether a text begins with a full-width character."""
    return WIDE.match(text) is not None


@dataclass(slots=True)
class Mark:
    """A character on its way into a line: along the line from `start` to `end`, on the line `v` across."""

    text: str
    start: float
    end: float
    v: float
    size: float
    bold: bool
    space: bool
    glyph: Glyph
    raised: bool = False


@dataclass(slots=True)
class Segment:
    """Characters that follow one another on a line without a wide gap."""

    marks: list[Mark]
    start: float
    end: float
    v: float
    size: float

    @property
    def text(self) -> str:
        return "".join(text for text, _ in spelt(self.marks))


@dataclass(slots=True)
class Row:
    """What stands on one line, from left to right."""

    segments: list[Segment]

    @property
    def v(self) -> float:
        return self.segments[0].v

    @property
    def start(self) -> float:
        return self.segments[0].start

    @property
    def end(self) -> float:
        return self.segments[-1].end

    @property
    def size(self) -> float:
        return max(s.size for s in self.segments)

    @property
    def marks(self) -> list[Mark]:
        return [mark for segment in self.segments for mark in segment.marks]

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)

    @property
    def bold(self) -> bool:
        """Whether most of it is."""
        marks = self.marks
        return sum(m.bold for m in marks) * 2 > len(marks)


@dataclass
class Filled:
    """Words that stand on a page without being drawn as text: what a form's field holds, with its box."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def spelt(marks: Iterable[Mark]) -> Iterator[tuple[str, Mark | None]]:
    """The text of marks, character by character, with the blanks that their gaps stand for (which are nobody's)."""
    before: Mark | None = None
    for mark in marks:
        if before is not None:
            # most gaps are narrow, and need no other look
            narrow = mark.start - before.end <= BLANK * min(before.size, mark.size)
            if (mark.space or before.raised or not narrow) and _blank(before, mark):
                yield " ", None
        yield (mark.text.translate(_SUPERSCRIPTS) if mark.raised else mark.text), mark
        before = mark


def _blank(before: Mark, mark: Mark) -> bool:
    gap = mark.start - before.end
    size = min(before.size, mark.size)
    if mark.raised:  # at what it belongs to
        return False
    if before.raised:
        return gap > 0.2 * mark.size or (mark.space and gap > 0)
    if is_wide(before.text) and is_wide(mark.text):
        return gap > 0.6 * size
    return gap > BLANK * size or (mark.space and gap > -0.2 * size)


def marks_of(page: Glyphs, angle: int, *, vertical: bool) -> list[Mark]:
    """The characters of one direction, as if they were written from left to right and line below line."""
    found = []
    for g in page.glyphs:
        if g.angle != angle:
            continue
        if vertical:
            middle = (g.left + g.right) / 2
            found.append(Mark(g.text, g.top, g.bottom, page.width - middle, g.size, g.bold, g.space, g))
        elif angle == 0:
            found.append(Mark(g.text, g.left, g.right, g.baseline, g.size, g.bold, g.space, g))
        elif angle == 3:  # read upwards
            found.append(
                Mark(g.text, page.height - g.bottom, page.height - g.top, g.right, g.size, g.bold, g.space, g)
            )
        elif angle == 1:  # read downwards
            found.append(Mark(g.text, g.top, g.bottom, page.width - g.left, g.size, g.bold, g.space, g))
        else:
            found.append(
                Mark(
                    g.text,
                    page.width - g.right,
                    page.width - g.left,
                    page.height - g.top,
                    g.size,
                    g.bold,
                    g.space,
                    g,
                )
            )
    return found


def is_vertical(page: Glyphs) -> bool:
    """Whether the text runs downwards: full-width characters have their next neighbour below them, not beside them."""
    wide = [g for g in page.glyphs if g.angle == 0 and is_wide(g.text)]
    if len(wide) < 8 or len(wide) * 2 < len(page.glyphs):
        return False
    below = beside = 0
    cells: dict[tuple[int, int], list[Glyph]] = {}
    pitch = statistics.median(g.size for g in wide) * 2
    for g in wide:
        cells.setdefault((int(g.left // pitch), int(g.top // pitch)), []).append(g)
    for g in wide[:600]:
        column, row = int(g.left // pitch), int(g.top // pitch)
        down = across = 1e9
        for c in range(column - 1, column + 2):
            for r in range(row - 1, row + 2):
                for other in cells.get((c, r), ()):
                    if other is g:
                        continue
                    if abs(other.left - g.left) < 0.4 * g.size and other.top > g.top:
                        down = min(down, other.top - g.top)
                    if abs(other.top - g.top) < 0.4 * g.size and other.left > g.left:
                        across = min(across, other.left - g.left)
        if down < across * 0.87:
            below += 1
        elif across < 1e9 and across <= down:
            beside += 1
    return below > 2 * beside


def rows_of(marks: list[Mark]) -> list[Row]:
    """Characters with one baseline, parted where wide gaps are."""
    rows: list[list[Mark]] = []
    places: list[tuple[float, float]] = []  # of each row: where it is, and how tall its first character
    for mark in sorted(marks, key=attrgetter("v", "start")):
        v, size = mark.v, mark.size
        for i in range(len(rows) - 1, max(len(rows) - 12, -1), -1):
            place, height = places[i]
            if abs(place - v) <= 0.2 * (size if size < height else height):
                rows[i].append(mark)
                break
        else:
            rows.append([mark])
            places.append((v, size))
    return [Row(_segments(sorted(row, key=attrgetter("start")))) for row in rows]


def _segments(marks: list[Mark]) -> list[Segment]:
    parts: list[list[Mark]] = []
    ends: list[float] = []
    before: Mark | None = None
    for mark in marks:
        if before is not None:
            wide = is_wide(before.text) and is_wide(mark.text)
            room = (SEGMENT_WIDE if wide else SEGMENT) * max(min(mark.size, before.size), 0.1)
            if mark.start - ends[-1] <= room:
                parts[-1].append(mark)
                ends[-1] = max(ends[-1], mark.end)
                before = mark
                continue
        parts.append([mark])
        ends.append(mark.end)
        before = mark
    return [
        Segment(
            part,
            part[0].start,
            end,
            statistics.median([m.v for m in part]),
            statistics.median([m.size for m in part]),
        )
        for part, end in zip(parts, ends, strict=True)
    ]


LEADERS = 5  # dots in a row lead the eye from a name to its figure, and say nothing


def without_leaders(marks: list[Mark]) -> list[Mark]:
    """The characters but for dotted lines between a name and its figure."""
    if sum(m.text in "..…·" for m in marks) < LEADERS:
        return marks
    gone: set[int] = set()
    for row in rows_of(marks):
        run: list[Mark] = []
        for mark in [*row.marks, None]:
            if mark is not None and mark.text in "..…·":
                run.append(mark)
                continue
            if len(run) >= LEADERS:
                gone.update(map(id, run))
            run = []
    return [m for m in marks if id(m) not in gone] if gone else marks


def settle_small(rows: list[Row]) -> tuple[list[Row], list[Segment]]:
    """Put raised marks beside what they belong to, and take furigana out. Returns the rows and the raised marks."""
    segments = [s for row in rows for s in row.segments]
    raised: list[Segment] = []
    gone: set[int] = set()
    bigger = sorted(segments, key=lambda s: s.v)
    heights = [s.v for s in bigger]
    most = max((s.size for s in segments), default=0.0)
    for small in segments:
        # Whatever it belongs to stands on its line, or at most two lines below.
        near = bigger[bisect(heights, small.v - 0.5 * most) : bisect(heights, small.v + 2 * most)]
        for big in near:
            if big.v - small.v > 2 * big.size:
                continue
            if big is small or abs(big.v - small.v) < 0.1 * big.size:
                continue
            if small.size > SMALL * big.size:
                if _stands_in(small, big):
                    _take(small, big)
                    gone.add(id(small))
                    break
                continue
            above = big.v - small.v
            overlap = min(small.end, big.end) - max(small.start, big.start)
            if (
                small.size <= RUBY * big.size
                and 0.7 * big.size <= above <= 1.7 * big.size
                and overlap > 0.3 * (small.end - small.start)
                and _KANA_ONLY.fullmatch("".join(m.text for m in small.marks))
                and any(is_wide(m.text) for m in big.marks)
            ):
                gone.add(id(small))
                break
            beside = big.start - 0.1 * big.size <= small.start <= big.end + 0.45 * big.size
            beside = beside or -0.1 * big.size <= big.start - small.end <= 2.5 * big.size  # a note's own mark
            if -0.35 * big.size <= above <= 0.8 * big.size and beside and len(small.marks) <= 6:
                for mark in small.marks:
                    mark.raised = above > 0
                _take(small, big)
                raised.append(small)
                gone.add(id(small))
                break
    kept = []
    for row in rows:
        left = [s for s in row.segments if id(s) not in gone]
        if left:
            kept.append(Row(_merged(left)))
    return sorted(kept, key=lambda r: (r.v, r.start)), raised


def _stands_in(small: Segment, big: Segment) -> bool:
    """Whether a letter of the same size stands between two others, a little lower or higher: the E of TeX."""
    if len(small.marks) > 2 or len(big.marks) < 2 or is_wide(small.marks[0].text):
        return False
    if abs(big.v - small.v) > 0.45 * big.size:
        return False
    middle = (small.start + small.end) / 2
    before = [m for m in big.marks if (m.start + m.end) / 2 <= middle]
    after = [m for m in big.marks if (m.start + m.end) / 2 > middle]
    if not before or not after:
        return False
    gap = after[0].start - before[-1].end
    room = small.end - small.start
    return (
        -0.5 * room < small.start - before[-1].end
        and small.end - after[0].start < 0.5 * room
        and gap < 2 * room
    )


def _take(small: Segment, big: Segment) -> None:
    """Let characters stand on the line of others."""
    for mark in small.marks:
        mark.v = big.v
    big.marks.extend(small.marks)
    big.marks.sort(key=lambda m: m.start)
    big.start, big.end = min(big.start, small.start), max(big.end, small.end)


def _merged(segments: list[Segment]) -> list[Segment]:
    """Segments that a raised mark between them has brought together."""
    merged: list[Segment] = []
    for segment in segments:
        last = merged[-1] if merged else None
        if last is not None and segment.start - last.end <= SEGMENT * min(segment.size, last.size):
            last.marks.extend(segment.marks)
            last.end = max(last.end, segment.end)
        else:
            merged.append(segment)
    return merged


def pitch(rows: list[Row]) -> float:
    """The usual distance from one line to the next."""
    gaps = [b.v - a.v for a, b in itertools.pairwise(rows) if 0 < b.v - a.v < 4 * b.size]
    return statistics.median(gaps) if gaps else (rows[0].size * 1.3 if rows else 12.0)


def filled_marks(entry: Filled) -> list[Mark]:
    """What a field holds, as if it were written in its box."""
    size = min(max((entry.bottom - entry.top) * 0.6, 6.0), 12.0)
    step = min(size * 0.5, (entry.right - entry.left) / max(len(entry.text), 1))
    base = entry.bottom - (entry.bottom - entry.top - size * 0.75) / 2
    marks, space = [], False
    for place, character in enumerate(entry.text):
        if character.isspace():
            space = True
            continue
        x = entry.left + place * step
        glyph = Glyph(character, x, entry.top, x + step, entry.bottom, base, size, False)
        marks.append(Mark(character, x, x + step, base, size, False, space, glyph))
        space = False
    return marks
