"""From a page's characters to its blocks in reading order: lines, columns, tables, paragraphs, headings, notes.

Nothing of the order in which a page was drawn is used. Characters stand in rows by their baselines and in segments by the room
between them; rows whose segments keep the same gutters make a band, and a band is either columns of prose, each read by itself, or
a table, read row by row. Vertical Japanese is turned so that its columns are rows, and read by the same rules.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from msgspec import structs

from core.documents.model import Kind, Line, Page, Writer
from core.documents.readers.hyphens import Hyphens
from core.documents.readers.pdf_glyphs import HYPHEN, SOFT, Glyph, Glyphs
from core.text.characters import HAN, HAN_COMPATIBLE, KANA, PUNCTUATION, WIDE_FORMS

BLANK = 0.17  # of a character's size: wider gaps are blanks
SEGMENT = 1.0  # gaps as wide as a character part segments; between full-width characters:
SEGMENT_WIDE = 1.6
SMALL = 0.8  # of the size of what it stands beside: a raised mark
RUBY = 0.65  # furigana is at most so large
EDGE = 0.1  # of a page's height, above and below: where running heads stand
TALLER = 1.12  # of the size of the text: a heading
_CJK = re.compile(f"[{PUNCTUATION}{KANA}{HAN}{HAN_COMPATIBLE}{WIDE_FORMS}]")
_KANA_ONLY = re.compile(f"[{KANA}]+")
_SENTENCE_END = re.compile(r"[。！？.!?:：」』）)”\"]$")
_ITEM = re.compile(r"^\s*(?:[•・●○■◆▪‣–*-]\s|[•・●○■◆▪‣]|\(?\d{1,3}[.)）]\s|[①-⑳]|第\d+[条項章節])")
_NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\S")
_SUPERSCRIPTS = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_NARROW = frozenset("il.,;:'|!()[]/jI")
_DIGITS = re.compile(r"\d+")


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

    @property
    def bold(self) -> bool:
        return sum(m.bold for m in self.marks) * 2 > len(self.marks)


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


@dataclass
class Filled:
    """Words that stand on a page without being drawn as text: what a form's field holds, with its box."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass
class Rules:
    """Ruled lines: (position, from, to) of each; horizontal ones by their height, vertical ones by their distance from the left."""

    horizontal: list[tuple[float, float, float]] = field(default_factory=list)
    vertical: list[tuple[float, float, float]] = field(default_factory=list)


# ---------------------------------------------------------------- characters to rows


def spelt(marks: Iterable[Mark]) -> Iterator[tuple[str, Mark | None]]:
    """The text of marks, character by character, with the blanks that their gaps stand for (which are nobody's)."""
    before: Mark | None = None
    for mark in marks:
        if before is not None and _blank(before, mark):
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
    if _CJK.match(before.text) and _CJK.match(mark.text):
        return gap > 0.6 * size
    return gap > BLANK * size or (mark.space and gap > -0.2 * size)


def _marks(page: Glyphs, angle: int, *, vertical: bool) -> list[Mark]:
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
        elif angle == 1:  # read upwards
            found.append(
                Mark(g.text, page.height - g.bottom, page.height - g.top, g.right, g.size, g.bold, g.space, g)
            )
        elif angle == 3:  # read downwards
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


def _is_vertical(page: Glyphs) -> bool:
    """Whether the text runs downwards: full-width characters have their next neighbour below them, not beside them."""
    wide = [g for g in page.glyphs if g.angle == 0 and _CJK.match(g.text)]
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


def _rows(marks: list[Mark]) -> list[Row]:
    """Characters with one baseline, parted where wide gaps are."""
    rows: list[list[Mark]] = []
    places: list[float] = []
    for mark in sorted(marks, key=lambda m: (m.v, m.start)):
        near = None
        for i in range(len(rows) - 1, max(len(rows) - 12, -1), -1):
            if abs(places[i] - mark.v) <= 0.2 * min(mark.size, rows[i][0].size):
                near = i
                break
        if near is None:
            rows.append([mark])
            places.append(mark.v)
        else:
            rows[near].append(mark)
    return [Row(_segments(sorted(row, key=lambda m: m.start))) for row in rows]


def _segments(marks: list[Mark]) -> list[Segment]:
    parts: list[list[Mark]] = []
    end = 0.0
    for mark in marks:
        if parts:
            before = parts[-1][-1]
            wide = _CJK.match(before.text) and _CJK.match(mark.text)
            room = (SEGMENT_WIDE if wide else SEGMENT) * max(min(mark.size, before.size), 0.1)
            if mark.start - end <= room:
                parts[-1].append(mark)
                end = max(end, mark.end)
                continue
        parts.append([mark])
        end = mark.end
    return [
        Segment(
            p,
            p[0].start,
            max(m.end for m in p),
            statistics.median(m.v for m in p),
            statistics.median(m.size for m in p),
        )
        for p in parts
    ]


def _settle_small(rows: list[Row]) -> tuple[list[Row], list[Segment]]:
    """Put raised marks beside what they belong to, and take furigana out. Returns the rows and the raised marks."""
    segments = [s for row in rows for s in row.segments]
    raised: list[Segment] = []
    gone: set[int] = set()
    bigger = sorted(segments, key=lambda s: s.v)
    for small in segments:
        for big in bigger:
            if big.v - small.v > 2 * big.size:
                break
            if big is small or small.size > SMALL * big.size or abs(big.v - small.v) < 0.1 * big.size:
                continue
            above = big.v - small.v
            overlap = min(small.end, big.end) - max(small.start, big.start)
            if (
                small.size <= RUBY * big.size
                and 0.7 * big.size <= above <= 1.7 * big.size
                and overlap > 0.3 * (small.end - small.start)
                and _KANA_ONLY.fullmatch("".join(m.text for m in small.marks))
                and any(_CJK.match(m.text) for m in big.marks)
            ):
                gone.add(id(small))
                break
            beside = big.start - 0.1 * big.size <= small.start <= big.end + 0.45 * big.size
            beside = beside or -0.1 * big.size <= big.start - small.end <= 2.5 * big.size  # a note's own mark
            if -0.35 * big.size <= above <= 0.8 * big.size and beside and len(small.marks) <= 6:
                for mark in small.marks:
                    mark.raised = above > 0
                    mark.v = big.v
                big.marks.extend(small.marks)
                big.marks.sort(key=lambda m: m.start)
                big.start, big.end = min(big.start, small.start), max(big.end, small.end)
                raised.append(small)
                gone.add(id(small))
                break
    kept = []
    for row in rows:
        left = [s for s in row.segments if id(s) not in gone]
        if left:
            kept.append(Row(_merged(left)))
    return sorted(kept, key=lambda r: (r.v, r.start)), raised


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


# ---------------------------------------------------------------- rows to bands


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


def _bands(rows: list[Row], left: float, right: float) -> list[Band]:
    bands: list[Band] = []
    current: list[Row] = []
    gutters: list[tuple[float, float]] = []
    pitch = _pitch(rows)
    for row in rows:
        inner = _between(row)
        if current and gutters:
            free = _free(row, left - 1, right + 1)
            kept = [] if _crosses(row, gutters) else _common(gutters, free, 0.25 * row.size)
            far = row.v - current[-1].v > (2.2 if len(row.segments) > 1 else 1.6) * pitch
            if kept and not far and len(kept) * 2 >= len(gutters):
                current.append(row)
                gutters = kept
                continue
        elif current and not inner:
            current.append(row)
            continue
        if current:
            bands.append(Band(current, gutters))
        current, gutters = [row], inner
    if current:
        bands.append(Band(current, gutters))
    return bands


def _pitch(rows: list[Row]) -> float:
    """The usual distance from one line to the next."""
    gaps = [b.v - a.v for a, b in itertools.pairwise(rows) if 0 < b.v - a.v < 4 * b.size]
    return statistics.median(gaps) if gaps else (rows[0].size * 1.3 if rows else 12.0)


def _columns(band: Band) -> list[list[Row]]:
    """A band's rows, column by column."""
    middles = [(s + e) / 2 for s, e in band.gutters]
    columns: list[list[Row]] = [[] for _ in range(len(middles) + 1)]
    for row in band.rows:
        parts: dict[int, list[Segment]] = {}
        for segment in _parted(row, middles):
            middle = (segment.start + segment.end) / 2
            parts.setdefault(sum(middle > m for m in middles), []).append(segment)
        for number, segments in parts.items():
            columns[number].append(Row(segments))
    return columns


def _parted(row: Row, middles: list[float]) -> Iterator[Segment]:
    """A row's segments, cut where a gutter goes through the gap between two words of one."""
    for segment in row.segments:
        parts: list[list[Mark]] = [[]]
        for mark in segment.marks:
            if parts[-1] and any(parts[-1][-1].end <= m <= mark.start for m in middles):
                parts.append([])
            parts[-1].append(mark)
        for marks in parts:
            yield Segment(marks, marks[0].start, max(m.end for m in marks), segment.v, segment.size)


def _is_prose(columns: list[list[Row]], rules: Rules, vertical: bool) -> bool:
    """Whether columns are text that is read one after the other, and not the cells of a table."""
    if len(columns) > 5 or min(len(column) for column in columns) < 3:
        return False
    if not vertical and _ruled(columns, rules):
        return False
    for column in columns:
        left, right = min(r.start for r in column), max(r.end for r in column)
        size = statistics.median(r.size for r in column)
        if right - left < 9 * size:
            return False
        full = sum(r.end - r.start > 0.75 * (right - left) for r in column)
        if full < 0.55 * len(column):
            return False
        if sum(len(r.text) for r in column) / len(column) < (8 if _CJK.search(column[0].text) else 16):
            return False
    return True


def _ruled(columns: list[list[Row]], rules: Rules) -> bool:
    top = min(c[0].v - c[0].size for c in columns)
    bottom = max(c[-1].v for c in columns)
    left, right = min(r.start for c in columns for r in c), max(r.end for c in columns for r in c)
    across = [
        y
        for y, a, b in rules.horizontal
        if top - 6 < y < bottom + 6 and min(b, right) - max(a, left) > 0.5 * (right - left)
    ]
    return len(set(map(round, across))) >= 3


# ---------------------------------------------------------------- blocks


@dataclass
class Piece:
    """A block to be: its text character by character, each with its mark."""

    kind: Kind
    text: list[tuple[str, Mark | None]]
    size: float = 0.0
    bold: bool = False
    rows: list[list[list[tuple[str, Mark | None]]]] = field(default_factory=list)
    headers: int = 0
    level: int = 0


class PageLayout:
    """Reads one page; what holds for the whole document (its words, running heads, the size of its text) comes with it."""

    def __init__(self, hyphens: Hyphens, running: frozenset[str], body: float) -> None:
        self._hyphens = hyphens
        self._running = running
        self._body = body
        self._height = 0.0  # of the page that is read, across its lines

    def read(
        self,
        glyphs: Glyphs,
        rules: Rules,
        filled: list[Filled],
        number: int,
        headings: dict[str, int],
        remarks: list[str],
    ) -> Page:
        """A page's blocks and where their lines stand. `headings` are those that the document's own table of contents has."""
        pieces: list[Piece] = []
        vertical = _is_vertical(glyphs)
        turned = {g.angle for g in glyphs.glyphs} | {0}
        for angle in (a for a in (0, 1, 3, 2) if a in turned):
            upright = angle == 0
            marks = _marks(glyphs, angle, vertical=vertical and upright)
            if upright and not vertical:
                marks += [mark for entry in filled for mark in _filled_marks(entry)]
            if marks:
                pieces += self._blocks(marks, rules if upright else Rules(), vertical and upright, glyphs)
        if vertical:
            pieces += [Piece(Kind.PARAGRAPH, [(c, None) for c in entry.text]) for entry in filled]
        for piece in pieces:
            level = headings.get(folded("".join(c for c, _ in piece.text))) if headings else None
            if level is not None and piece.kind in (Kind.HEADING, Kind.PARAGRAPH, Kind.ITEM):
                piece.kind, piece.level = Kind.HEADING, level
        pieces += [Piece(Kind.NOTE, [(c, None) for c in remark]) for remark in remarks]
        return _page(pieces, number, vertical)

    def _blocks(self, marks: list[Mark], rules: Rules, vertical: bool, glyphs: Glyphs) -> Iterator[Piece]:
        self._height = glyphs.width if vertical else glyphs.height
        rows, raised = _settle_small(_rows(marks))
        rows = [row for row in rows if not self._runs(row, glyphs, vertical)]
        if not rows:
            return
        self._footnote_marks(rows, raised)
        left, right = min(r.start for r in rows), max(r.end for r in rows)
        yield from self._region(rows, left, right, rules, vertical, 0)

    def _runs(self, row: Row, glyphs: Glyphs, vertical: bool) -> bool:
        """Whether a row is a running head or a page's number."""
        height = glyphs.width if vertical else glyphs.height
        return (row.v < EDGE * height or row.v > (1 - EDGE) * height) and pattern(row.text) in self._running

    def _region(
        self, rows: list[Row], left: float, right: float, rules: Rules, vertical: bool, depth: int
    ) -> Iterator[Piece]:
        for band in _bands(rows, left, right):
            if not band.gutters:
                yield from self._paragraphs(band.rows, left, right)
                continue
            columns = _columns(band)
            if any(not column for column in columns):
                yield from self._paragraphs([Row(row.segments) for row in band.rows], left, right)
            elif sum(len(row.segments) > 1 for row in band.rows) < 2 and not _ruled(columns, rules):
                yield from self._paragraphs(band.rows, left, right)  # a label beside a text
            elif depth < 4 and _is_prose(columns, rules, vertical):
                for column in columns:
                    yield from self._region(
                        column,
                        min(r.start for r in column),
                        max(r.end for r in column),
                        rules,
                        vertical,
                        depth + 1,
                    )
            else:
                yield self._table(band, columns, rules if not vertical else Rules())

    # ------------------------------------------------------------ tables

    def _table(self, band: Band, columns: list[list[Row]], rules: Rules) -> Piece:
        middles = [(s + e) / 2 for s, e in band.gutters]
        pitch = _pitch(band.rows)
        lines = sorted(
            {
                round(y, 1)
                for y, a, b in rules.horizontal
                if b - a > 0.3 * (band.rows[0].end - band.rows[0].start)
            }
        )
        top, bottom = band.rows[0].v, band.rows[-1].v
        inside = [y for y in lines if top < y < bottom]
        ruled = len(inside) >= 2 or (len(inside) == 1 and len(band.rows) <= 3)
        cells: list[list[list[Row]]] = []
        before: Row | None = None
        for row in band.rows:
            parts: dict[int, list[Segment]] = {}
            for segment in _parted(row, middles):
                middle = (segment.start + segment.end) / 2
                parts.setdefault(sum(middle > m for m in middles), []).append(segment)
            if before is None:
                new = True
            elif ruled:
                new = any(before.v < y < row.v for y in inside)
            else:
                # A line that has nothing in the first column goes on the cells above it.
                new = 0 in parts or row.v - before.v > 1.5 * pitch
            if new:
                cells.append([[] for _ in range(len(middles) + 1)])
            for number, segments in parts.items():
                cells[-1][number].append(Row(segments))
            before = row
        texts = [[self._joined(cell) for cell in row] for row in cells]
        return Piece(Kind.TABLE, [], rows=texts, headers=_headers(cells, inside))

    # ------------------------------------------------------------ paragraphs

    def _paragraphs(self, rows: list[Row], left: float, right: float) -> Iterator[Piece]:
        pitch = _pitch(rows)
        current: list[Row] = []
        fixed = [_fixed_pitch(row) for row in rows]
        for number, row in enumerate(rows):
            if fixed[number]:
                if current and not fixed[number - 1]:
                    yield self._piece(current)
                    current = []
                elif current and row.v - current[-1].v > 2.2 * max(pitch, row.size):
                    yield _code(current)
                    current = []
                current.append(row)
                continue
            if current and fixed[number - 1]:
                yield _code(current)
                current = []
            near = rows[max(number - 4, 0) : number + 4]
            width = max(r.end for r in near) - left  # of what stands around: a page may have several widths
            if current and self._breaks(current, row, left, width, pitch):
                yield self._piece(current)
                current = []
            current.append(row)
        if current:
            yield _code(current) if fixed[-1] else self._piece(current)

    def _breaks(self, current: list[Row], row: Row, left: float, width: float, pitch: float) -> bool:
        """Whether a row begins another paragraph than the one before it."""
        before = current[-1]
        size = max(before.size, row.size)
        if row.v - before.v > 1.45 * pitch and row.v - before.v > 1.45 * size:
            return True
        if abs(before.size - row.size) > 0.08 * size and min(len(before.marks), len(row.marks)) > 3:
            return True
        text = before.text.rstrip()
        if text[-1:] in (HYPHEN, SOFT, "-") and len(text) > 1 and text[-2].isalnum():
            return False
        if _bold(before) != _bold(row) and not text.endswith(","):
            return True
        if _ITEM.match(row.text):
            return True
        short = before.end < left + width - max(0.2 * width, 2 * size)
        indented = (
            row.start > current[0].start + 0.8 * size
            if len(current) == 1
            else row.start > current[-1].start + 0.8 * size
        )
        if _SENTENCE_END.search(text) and (short or indented):
            return True
        return before.end - before.start < 0.6 * width and before.end < left + 0.6 * width

    def _piece(self, rows: list[Row]) -> Piece:
        size = statistics.median([m.size for r in rows for m in r.marks])
        bold = all(_bold(row) for row in rows)
        text = self._joined(rows)
        said = "".join(c for c, _ in text)
        first = rows[0].segments[0].marks[0]
        low = rows[0].v > 0.5 * self._height
        if low and size < 0.95 * self._body and (first.raised or first.text in "0123456789*†‡§※"):
            return Piece(Kind.FOOTNOTE, text, size, bold)
        if _ITEM.match(said):
            return Piece(Kind.ITEM, text, size, bold)
        short = len(said) <= (60 if _CJK.search(said) else 120) and len(rows) <= 3
        numbered = _NUMBERED.match(said)
        if short and any(c.isalpha() for c in said):
            level = 0
            ratio = size / self._body if self._body else 1.0
            if ratio >= TALLER:
                level = 1 if ratio >= 1.55 else 2 if ratio >= 1.28 else 3
            elif bold and not _SENTENCE_END.search(said.rstrip(":：")):
                level = 4
            if level and numbered and ratio < 1.55:
                level = 2 + numbered[1].count(".")
            if level:
                return Piece(Kind.HEADING, text, size, bold, level=level)
        return Piece(Kind.PARAGRAPH, text, size, bold)

    def _joined(self, rows: list[Row]) -> list[tuple[str, Mark | None]]:
        """The text of lines that follow one another, with the hyphens that belong to it."""
        out: list[tuple[str, Mark | None]] = []
        for number, row in enumerate(rows):
            line = list(spelt(row.marks))
            if out:
                said = "".join(c for c, _ in out)
                after = "".join(c for c, _ in line)
                if (
                    said[-1:] in (HYPHEN, SOFT, "-")
                    and len(said) > 1
                    and said[-2].isalnum()
                    and after[:1].isalnum()
                ):
                    if said[-1] == SOFT or not self._hyphens.stays(said[:-1], after):
                        out.pop()
                elif not (_CJK.match(said[-1:] or " ") and _CJK.match(after[:1] or " ")):
                    out.append((" ", None))
            out += line
            if number == len(rows) - 1:
                break
        return [("-" if c == HYPHEN else c, m) for c, m in out if c != SOFT]

    def _footnote_marks(self, rows: list[Row], raised: list[Segment]) -> None:
        """Marks of footnotes that stand at the bottom of the page leave the text: they are no digits of what they follow."""
        notes = {
            row.segments[0].marks[0].text
            for row in rows
            if row.segments[0].marks[0].raised
            or (row.size < 0.95 * self._body and row.segments[0].marks[0].text.isdigit())
        }
        marked = {id(mark) for segment in raised for mark in segment.marks if segment.marks[0].text in notes}
        first = {id(mark) for row in rows for mark in row.segments[0].marks[:1]}
        for row in rows:
            for segment in row.segments:
                segment.marks = [
                    m for m in segment.marks if not (id(m) in marked and m.raised and id(m) not in first)
                ] or segment.marks


def _fixed_pitch(row: Row) -> bool:
    """Whether a line is set as programs are: an i as wide as an m."""
    marks = [m for m in row.marks if not m.raised]
    letters = {m.text for m in marks if m.text.isalpha()}
    narrow = any(m.text in _NARROW for m in marks[:-1])  # the last one's width is not known
    if len(letters - _NARROW) < 2 or not narrow:
        return False
    steps = [b.start - a.start for a, b in itertools.pairwise(marks)]
    step = min(steps)
    if step < 0.4 * row.size or step > 0.75 * row.size:
        return False
    return all(abs(s / step - round(s / step)) < 0.06 for s in steps)


def _code(rows: list[Row]) -> Piece:
    """Lines of code as they are, with the blanks before them."""
    left = min(row.start for row in rows)
    out: list[tuple[str, Mark | None]] = []
    for row in rows:
        marks = row.marks
        step = min((b.start - a.start for a, b in itertools.pairwise(marks)), default=row.size)
        if out:
            out.append(("\n", None))
        out += [(" ", None)] * round((row.start - left) / max(step, 0.1))
        before: Mark | None = None
        for mark in marks:
            if before is not None:
                out += [(" ", None)] * max(round((mark.start - before.start) / max(step, 0.1)) - 1, 0)
            out.append(("-" if mark.text == HYPHEN else mark.text, mark))
            before = mark
    return Piece(Kind.CODE, out, rows[0].size)


def _bold(row: Row) -> bool:
    marks = row.marks
    return sum(m.bold for m in marks) * 2 > len(marks)


def _filled_marks(entry: Filled) -> list[Mark]:
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


def _headers(cells: list[list[list[Row]]], rules: list[float]) -> int:
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


def folded(text: str) -> str:
    """A title as it is compared: without blanks and without regard to capitals."""
    return "".join(text.split()).casefold()


def pattern(text: str) -> str:
    """A line as running heads are compared: whatever number is in it."""
    return _DIGITS.sub("#", " ".join(text.split()))


# ---------------------------------------------------------------- the page


def _page(pieces: list[Piece], number: int, vertical: bool) -> Page:
    page = Writer(number)
    owners: dict[int, Mark] = {}

    def own(start: int, text: list[tuple[str, Mark | None]]) -> None:
        place = start
        for characters, mark in text:
            for _ in characters:
                if mark is not None:
                    owners[place] = mark
                place += 1

    for piece in pieces:
        if piece.kind is Kind.TABLE:
            texts = [["".join(c for c, _ in cell) for cell in row] for row in piece.rows]
            before = page.length
            page.table(texts, headers=piece.headers)
            written = page.last
            if written is not None and page.length > before:
                filled = [
                    row for row, said in zip(piece.rows, texts, strict=True) if any(t.strip() for t in said)
                ]
                for row, cells in zip(filled, written.rows, strict=True):
                    for cell, (start, end) in zip(row, cells.cells, strict=False):
                        if end > start:
                            own(start, _tight(cell))
            continue
        text = piece.text if piece.kind is Kind.CODE else _tight(piece.text)
        said = "".join(c for c, _ in text)
        before = page.length
        if piece.kind is Kind.HEADING:
            page.heading(said, piece.level)
        else:
            page.add(piece.kind, said)
        if page.last is not None and page.length > before:
            own(page.last.start, text)
    return structs.replace(page.page(), lines=_lines(owners, vertical))


def _tight(text: list[tuple[str, Mark | None]]) -> list[tuple[str, Mark | None]]:
    """Without blanks at its ends and without two in a row, as it is written."""
    out: list[tuple[str, Mark | None]] = []
    for character, mark in text:
        if character.isspace() and (not out or out[-1][0].isspace()):
            continue
        out.append((" " if character.isspace() else character, mark))
    while out and out[-1][0].isspace():
        out.pop()
    return out


def _lines(owners: dict[int, Mark], vertical: bool) -> list[Line]:
    """Boxes of the stretches of text that stand on one line of the page."""
    found: list[Line] = []
    run: list[tuple[int, Mark]] = []

    def close() -> None:
        if run:
            glyphs = [mark.glyph for _, mark in run]
            start, end = run[0][0], run[-1][0] + 1
            by_place = {place: mark.glyph for place, mark in run}
            edges, last = [], 0.0
            for place in range(start, end):
                glyph = by_place.get(place)
                last = (glyph.top if vertical else glyph.left) if glyph is not None else last
                edges.append(round(last, 1))
            edges.append(round(max(g.bottom if vertical else g.right for g in glyphs), 1))
            found.append(
                Line(
                    start,
                    end,
                    round(min(g.left for g in glyphs), 1),
                    round(min(g.top for g in glyphs), 1),
                    round(max(g.right for g in glyphs), 1),
                    round(max(g.bottom for g in glyphs), 1),
                    edges,
                    vertical,
                )
            )
            run.clear()

    for place in sorted(owners):
        mark = owners[place]
        if run:
            before_place, before = run[-1]
            same = abs(before.v - mark.v) < 0.5 * mark.size and mark.start > before.start - 0.5 * mark.size
            if place - before_place > 3 or not same or before.glyph.angle != mark.glyph.angle:
                close()
        run.append((place, mark))
    close()
    return found


def body_size(pages: Iterable[Glyphs]) -> float:
    """The size in which most of a document is set, in points."""
    sizes = Counter(round(g.size * 2) / 2 for page in pages for g in page.glyphs)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def running_heads(pages: list[Glyphs]) -> frozenset[str]:
    """Lines at the top and bottom of pages that come again and again, but for the numbers in them."""
    counts: Counter[str] = Counter()
    for page in pages:
        vertical = _is_vertical(page)
        marks = _marks(page, 0, vertical=vertical)
        height = page.width if vertical else page.height
        edge = [m for m in marks if m.v < EDGE * height or m.v > (1 - EDGE) * height]
        counts.update({pattern(row.text) for row in _rows(edge)})
    least = max(3, 0.1 * len(pages))  # those of a chapter come on its pages only
    return frozenset(text for text, count in counts.items() if count >= least)


def words(pages: Iterable[Glyphs], hyphens: Hyphens) -> None:
    """Teach a document's words to whoever decides on its hyphens, but for those at the ends of lines."""
    for page in pages:
        for row in _rows(_marks(page, 0, vertical=False)):
            text = row.text.replace(HYPHEN, "-")
            hyphens.learn(text.rpartition(" ")[0] if text.endswith(("-", SOFT)) else text)
