"""From a page's characters to its blocks in reading order: columns and tables (pdf_bands.py) of rows (pdf_rows.py), paragraphs,
headings, items, code and notes; and what of this is judged by the whole document.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from core.documents.model import Kind, Page
from core.documents.readers.hyphens import Hyphens
from core.documents.readers.pdf_bands import (
    Band,
    Rules,
    bands_of,
    columns_of,
    headers_of,
    is_prose,
    parted,
    ruled,
)
from core.documents.readers.pdf_columns import cut, side_of
from core.documents.readers.pdf_glyphs import HYPHEN, SOFT, Glyph, Glyphs
from core.documents.readers.pdf_grids import Grid, grids_of, joined
from core.documents.readers.pdf_page import Piece, page_of
from core.documents.readers.pdf_rows import (
    WIDE,
    Filled,
    Mark,
    Row,
    Segment,
    filled_marks,
    is_vertical,
    is_wide,
    marks_of,
    pitch,
    rows_of,
    settle_small,
    spelt,
    without_leaders,
)
from core.documents.readers.pdf_ruled import ruled_of

SENTENCE_ENDS = (".", "。", "!", "?", "！", "？")
EDGE = 0.1  # of a page's height, above and below: where running heads stand
_GO_ON = (Kind.PARAGRAPH, Kind.ITEM)
LINE = 20  # letters that follow one another without a wide gap are a line of text
DEEPEST = 6  # columns within columns
MOST_ROWS = 400  # of a region that is looked over for columns
TALLER = 1.12  # of the size of the text: a heading
_SENTENCE_END = re.compile(r"[。！？.!?:：」』）)”\"]$")
_ITEM = re.compile(
    r"^\s*(?:[•・●○■◆▪‣–*-]\s|[•・●○■◆▪‣]|\(?\d{1,3}[.)）]\s|\(?[a-z][)）]\s|[①-⑳]|第\d+[条項章節])"
)
_LABEL = re.compile(r"^(?:[•・●○■◆▪‣–*-]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)）]|[①-⑳]|[ア-ン][.)）])$")
_NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\S")
_NARROW = frozenset("il.,;:'|!()[]/jI")
_DIGITS = re.compile(r"\d+")


class PageLayout:
    """Reads one page; what holds for the whole document (its words, running heads, the size of its text) comes with it."""

    def __init__(self, hyphens: Hyphens, running: frozenset[str], body: float) -> None:
        self._hyphens = hyphens
        self._running = running
        self._body = body
        self._height = 0.0  # of the page that is read, across its lines
        self._grids: dict[int, Grid] = {}  # of the page that is read, by the mark that stands for each

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
        self._grids.clear()
        rules = Rules(joined(rules.horizontal), joined(rules.upright))
        vertical = is_vertical(glyphs)
        turned = {g.angle for g in glyphs.glyphs} | {0}
        for angle in (a for a in (0, 1, 3, 2) if a in turned):
            upright = angle == 0
            marks = marks_of(glyphs, angle, vertical=vertical and upright)
            if upright and not vertical:
                marks += [mark for entry in filled for mark in filled_marks(entry)]
            if marks:
                found = self._blocks(marks, rules if upright else Rules(), vertical and upright, glyphs)
                pieces += self._over_columns(list(found)) if upright and not vertical else found
        if vertical:
            pieces += [Piece(Kind.PARAGRAPH, [(c, None) for c in entry.text]) for entry in filled]
        for piece in pieces:
            level = headings.get(folded("".join(c for c, _ in piece.text))) if headings else None
            if level is not None and piece.kind in (Kind.HEADING, Kind.PARAGRAPH, Kind.ITEM):
                piece.kind, piece.level = Kind.HEADING, level
        pieces += [Piece(Kind.NOTE, [(c, None) for c in remark]) for remark in remarks]
        return page_of(pieces, number, vertical)

    def _blocks(self, marks: list[Mark], rules: Rules, vertical: bool, glyphs: Glyphs) -> Iterator[Piece]:
        self._height = glyphs.width if vertical else glyphs.height
        marks = without_leaders(marks)
        drawn, boxes = ([], []) if vertical else grids_of(rules, marks)
        if not vertical:
            inside = {id(mark) for _, within in drawn for mark in within}
            drawn += ruled_of(rules, [m for m in marks if id(m) not in inside], boxes)
        inside = {id(mark) for _, within in drawn for mark in within}
        rows, raised = settle_small(rows_of([m for m in marks if id(m) not in inside] if inside else marks))
        rows = [row for row in rows if not self._runs(row, glyphs, vertical)]
        if not rows and not drawn:
            return
        self._footnote_marks(rows, raised)
        rows = sorted([*rows, *(self._stand_in(grid) for grid, _ in drawn)], key=lambda r: (r.v, r.start))
        left, right = min(r.start for r in rows), max(r.end for r in rows)
        yield from self._region(rows, left, right, rules, vertical, 0)

    def _runs(self, row: Row, glyphs: Glyphs, vertical: bool) -> bool:
        """Whether a row is a running head or a page's number."""
        height = glyphs.width if vertical else glyphs.height
        return (row.v < EDGE * height or row.v > (1 - EDGE) * height) and pattern(row.text) in self._running

    def _region(
        self, rows: list[Row], left: float, right: float, rules: Rules, vertical: bool, depth: int
    ) -> Iterator[Piece]:
        found = (
            cut(rows, left, right, rules, frozenset(self._grids))
            if depth < DEEPEST and not vertical and len(rows) < MOST_ROWS
            else None
        )
        if found is not None:
            beside = rows[found.first : found.last]
            for part in (
                rows[: found.first],
                side_of(beside, found.middle, before=True),
                side_of(beside, found.middle, before=False),
                rows[found.last :],
            ):
                if part:
                    begin, end = min(r.start for r in part), max(r.end for r in part)
                    yield from self._region(part, begin, end, rules, vertical, depth + 1)
            return
        for drawn, part_ in itertools.groupby(rows, key=self._grid_of):
            if drawn is not None:
                yield self._drawn_table(drawn)
            else:
                yield from self._bands(list(part_), left, right, rules, vertical, depth)

    def _stand_in(self, grid: Grid) -> Row:
        """A row that stands for a drawn table while it is found out what stands beside what."""
        size = self._body or 10.0
        glyph = Glyph("\ufffc", grid.left, grid.top, grid.right, grid.bottom, grid.top, size, False)
        mark = Mark("\ufffc", grid.left, grid.right, grid.top, size, False, False, glyph)
        self._grids[id(mark)] = grid
        return Row([Segment([mark], grid.left, grid.right, grid.top, size)])

    def _grid_of(self, row: Row) -> Grid | None:
        return self._grids.get(id(row.segments[0].marks[0]))

    def _drawn_table(self, grid: Grid) -> Piece:
        for row in (line for cells in grid.rows for cell in cells for line in cell):
            row.segments.sort(key=lambda s: s.start)
        texts = [[self._joined(cell) for cell in row] for row in grid.rows]
        return Piece(Kind.TABLE, [], rows=texts, headers=grid.headers or headers_of(grid.rows, []))

    def _bands(
        self, rows: list[Row], left: float, right: float, rules: Rules, vertical: bool, depth: int
    ) -> Iterator[Piece]:
        text: list[Row] = []  # that goes on from band to band: the mark of an item parts its first line only
        for band in bands_of(rows, left, right, Rules() if vertical else rules):
            columns = columns_of(band) if band.gutters else []
            if (
                not columns
                or _labels(columns)
                or any(not column for column in columns)
                # a label beside a text
                or (sum(len(row.segments) > 1 for row in band.rows) < 2 and not ruled(columns, rules))
            ):
                text += band.rows
                continue
            yield from self._paragraphs(text, left, right)
            text = []
            if depth < DEEPEST and is_prose(columns, rules, vertical):
                for column in columns:
                    begin, end = min(r.start for r in column), max(r.end for r in column)
                    yield from self._region(column, begin, end, rules, vertical, depth + 1)
            else:
                yield from self._with_surroundings(band, rules if not vertical else Rules(), left, right)
        yield from self._paragraphs(text, left, right)

    # ------------------------------------------------------------ tables

    def _with_surroundings(self, band: Band, rules: Rules, left: float, right: float) -> Iterator[Piece]:
        """A table, and the single lines before and behind it that rules part from it: its caption, the next heading."""
        across = [y for y, a, b in rules.horizontal if b - a > 0.3 * (right - left)]

        def apart(row: Row, other: Row) -> bool:
            low, high = sorted((row.v, other.v))
            if len(row.segments) > 1:
                return False
            larger = row.size > 1.08 * other.size or (row.bold and not other.segments[0].marks[0].bold)
            far = row.v > other.v and high - low > 1.25 * distance
            return larger or far or any(low < y < high for y in across)

        rows = list(band.rows)
        distance = pitch(rows)
        before: list[Row] = []
        behind: list[Row] = []
        while len(rows) > 3 and apart(rows[0], rows[1]) and len(rows[1].segments) > 1:
            before.append(rows.pop(0))
        while (
            len(rows) > 3
            and apart(rows[-1], rows[-2])
            and not any(y > rows[-1].v for y in across if y < rows[-1].v + 3 * rows[-1].size)
        ):
            behind.insert(0, rows.pop())
        if before:
            yield from self._paragraphs(before, left, right)
        yield self._table(Band(rows, band.gutters), rules)
        if behind:
            yield from self._paragraphs(behind, left, right)

    def _table(self, band: Band, rules: Rules) -> Piece:
        middles = [(s + e) / 2 for s, e in band.gutters]
        distance = pitch(band.rows)
        lines = sorted(
            {
                round(y, 1)
                for y, a, b in rules.horizontal
                if b - a > 0.3 * (band.rows[0].end - band.rows[0].start)
            }
        )
        top, bottom = band.rows[0].v, band.rows[-1].v
        inside = [y for y in lines if top < y < bottom]
        lined = len(inside) >= 2 or (len(inside) == 1 and len(band.rows) <= 3)
        cells: list[list[list[Row]]] = []
        before: Row | None = None
        parted_rows: list[dict[int, list[Segment]]] = []
        for row in band.rows:
            parts: dict[int, list[Segment]] = {}
            for segment in parted(row, middles):
                middle = (segment.start + segment.end) / 2
                parts.setdefault(sum(middle > m for m in middles), []).append(segment)
            parted_rows.append(parts)
        # Between two rules stands one row, unless several lines there are full: then rules part the head and the foot only.
        groups = [sum(y < row.v for y in inside) for row in band.rows]
        full = Counter(
            group
            for group, parts in zip(groups, parted_rows, strict=True)
            if len(parts) > len(middles) - (len(middles) > 2)
        )
        for row, parts, group in zip(band.rows, parted_rows, groups, strict=True):
            if before is None or any(before.v < y < row.v for y in inside):
                new = True
            elif lined and full[group] <= 1:
                new = False
            else:
                # A line that has nothing in the first column goes on the cells above it.
                new = 0 in parts or row.v - before.v > 1.5 * distance
            if new:
                cells.append([[] for _ in range(len(middles) + 1)])
            for number, segments in parts.items():
                cells[-1][number].append(Row(segments))
            before = row
        _merge(cells)
        texts = [[self._joined(cell) for cell in row] for row in cells]
        return Piece(Kind.TABLE, [], rows=texts, headers=headers_of(cells, inside))

    # ------------------------------------------------------------ paragraphs

    def _paragraphs(self, rows: list[Row], left: float, right: float) -> Iterator[Piece]:
        if not rows:
            return
        distance = pitch(rows)
        current: list[Row] = []
        fixed = [_fixed_pitch(row) for row in rows]
        for number, row in enumerate(rows):
            if fixed[number]:
                if current and not fixed[number - 1]:
                    yield self._piece(current)
                    current = []
                elif current and row.v - current[-1].v > 2.2 * max(distance, row.size):
                    yield _code(current)
                    current = []
                current.append(row)
                continue
            if current and fixed[number - 1]:
                yield _code(current)
                current = []
            near = rows[max(number - 4, 0) : number + 4]
            width = max(r.end for r in near) - left  # of what stands around: a page may have several widths
            if current and self._breaks(current, row, left, width, distance):
                yield self._piece(current)
                current = []
            current.append(row)
        if current:
            yield _code(current) if fixed[-1] else self._piece(current)

    def _breaks(self, current: list[Row], row: Row, left: float, width: float, distance: float) -> bool:
        """Whether a row begins another paragraph than the one before it."""
        before = current[-1]
        size = max(before.size, row.size)
        if row.v - before.v > 1.45 * distance and row.v - before.v > 1.45 * size:
            return True
        if (
            abs(_main_size(before) - _main_size(row)) > 0.08 * size
            and min(len(before.marks), len(row.marks)) > 3
        ):
            return True
        text = before.text.rstrip()
        if text[-1:] in (HYPHEN, SOFT, "-") and len(text) > 1 and text[-2].isalnum():
            return False
        if before.bold != row.bold and not text.endswith(","):
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
        bold = all(row.bold for row in rows)
        text = self._joined(rows)
        said = "".join(c for c, _ in text)
        first = rows[0].segments[0].marks[0]
        low = rows[0].v > 0.5 * self._height
        if low and size < 0.95 * self._body and (first.raised or first.text in "0123456789*†‡§※"):
            return Piece(Kind.FOOTNOTE, text)
        short = len(said) <= (60 if WIDE.search(said) else 120) and len(rows) <= 3
        larger = bool(self._body) and size / self._body >= TALLER
        if _ITEM.match(said) and not (short and larger):
            return Piece(Kind.ITEM, text)
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
                return Piece(Kind.HEADING, text, level=level)
        return Piece(Kind.PARAGRAPH, text)

    def _joined(self, rows: list[Row]) -> list[tuple[str, Mark | None]]:
        """The text of lines that follow one another, with the hyphens that belong to it."""
        out: list[tuple[str, Mark | None]] = []
        for row in rows:
            self._append(out, list(spelt(row.marks)))
        return [("-" if c == HYPHEN else c, m) for c, m in out if c != SOFT]

    def _append(self, out: list[tuple[str, Mark | None]], line: list[tuple[str, Mark | None]]) -> None:
        """Let a text go on with a line."""
        if out:
            ending = "".join(c for c, _ in out[-2:])
            after = "".join(c for c, _ in line)
            if (
                ending[-1:] in (HYPHEN, SOFT, "-")
                and len(ending) > 1
                and ending[-2].isalnum()
                and after[:1].isalnum()
            ):
                said = "".join(c for c, _ in out)
                if said[-1] == SOFT or not self._hyphens.stays(said[:-1], after):
                    out.pop()
            elif not (is_wide(ending[-1:]) and is_wide(after[:1])):
                out.append((" ", None))
        out += line

    def _over_columns(self, pieces: list[Piece]) -> list[Piece]:
        """Paragraphs that go on at the top of the next column, past the footnotes of the one before, as one."""
        out: list[Piece] = []
        for piece in pieces:
            before = next((p for p in reversed(out) if p.kind is not Kind.FOOTNOTE), None)
            if (
                before is not None
                and before.kind in _GO_ON
                and piece.kind is Kind.PARAGRAPH
                and _goes_on(before, piece)
            ):
                self._append(before.text, piece.text)
            else:
                out.append(piece)
        return out

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


def _merge(cells: list[list[list[Row]]]) -> None:
    """Make one of two columns of which no row has both: a name in the middle of its column, and figures to the right of it."""
    column = 0
    while column < len(cells[0]) - 1:
        if any(row[column] and row[column + 1] for row in cells):
            column += 1
            continue
        for row in cells:
            row[column : column + 2] = [row[column] or row[column + 1]]


def _goes_on(before: Piece, piece: Piece) -> bool:
    """Whether a paragraph is the rest of one that ended, without the end of a sentence, at the foot of the column before."""
    last = next((m for _, m in reversed(before.text) if m is not None), None)
    first = next((m for _, m in piece.text if m is not None), None)
    if last is None or first is None or abs(last.size - first.size) > 0.08 * last.size:
        return False
    if not (first.v < last.v - 4 * last.size and first.start > last.end):  # up, and to the right
        return False
    ending = "".join(c for c, _ in before.text[-2:]).rstrip()
    begin = piece.text[0][0]
    if _SENTENCE_END.search(ending):
        return False
    return begin.islower() or ending[-1:] == "-" or (is_wide(begin) and is_wide(ending[-1:]))


def _main_size(row: Row) -> float:
    """The size of most of a row: the mark of a list's item may be larger than its text."""
    return max(row.segments, key=lambda s: len(s.marks)).size


def _labels(columns: list[list[Row]]) -> bool:
    """Whether the first of two columns holds nothing but the marks of a list's items."""
    return (
        len(columns) == 2 and bool(columns[0]) and all(_LABEL.match(row.text.strip()) for row in columns[0])
    )


def _fixed_pitch(row: Row) -> bool:
    """Whether a line is set as programs are: an i as wide as an m."""
    marks = [m for m in row.marks if not m.raised]
    if sum(is_wide(m.text) for m in marks) * 3 > len(marks):  # Japanese is set so in every text
        return False
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
    return Piece(Kind.CODE, out)


def folded(text: str) -> str:
    """A title as it is compared: without blanks and without regard to capitals."""
    return "".join(text.split()).casefold()


def pattern(text: str) -> str:
    """A line as running heads are compared: whatever number is in it."""
    return _DIGITS.sub("#", " ".join(text.split()))


def body_size(pages: Iterable[Glyphs]) -> float:
    """The size in which most of a document's text is set, in points; the figures and names of its tables are often smaller."""
    text: Counter[float] = Counter()
    all_: Counter[float] = Counter()
    for page in pages:
        for row in rows_of(marks_of(page, 0, vertical=is_vertical(page))):
            for segment in row.segments:
                size = round(segment.size * 2) / 2
                all_[size] += len(segment.marks)
                letters = sum(m.text.isalpha() for m in segment.marks)
                if letters >= LINE and letters > 0.6 * len(segment.marks):
                    text[size] += letters
    sizes = text if sum(text.values()) > 200 else all_
    return sizes.most_common(1)[0][0] if sizes else 0.0


def running_heads(pages: dict[int, Glyphs]) -> frozenset[str]:
    """Lines at the top and bottom of pages, by number, that come again and again, but for the page's number in them.

    A line whose other numbers change says something of its page: the balance of an account, a price.
    """
    found: dict[tuple[str, int], list[tuple[int, list[str]]]] = defaultdict(list)
    for number, page in pages.items():
        vertical = is_vertical(page)
        marks = marks_of(page, 0, vertical=vertical)
        height = page.width if vertical else page.height
        edge = [m for m in marks if m.v < EDGE * height or m.v > (1 - EDGE) * height]
        lines = {pattern(row.text): _DIGITS.findall(row.text) for row in rows_of(edge)}
        for text, numbers in lines.items():
            found[text, len(numbers)].append((number, numbers))  # "#" may stand there itself
    least = max(3, 0.1 * len(pages))  # those of a chapter come on its pages only
    return frozenset(
        text for (text, _), there in found.items() if len(there) >= least and _runs_on(text, there)
    )


def _runs_on(text: str, there: list[tuple[int, list[str]]]) -> bool:
    """Whether the numbers of a line stay the same, or go on from page to page and the others hardly change."""
    changing = [
        column for column in zip(*(numbers for _, numbers in there), strict=True) if len(set(column)) > 1
    ]
    if not changing:
        return True
    if text.rstrip().endswith(SENTENCE_ENDS):
        return False
    pages = [page for page, _ in there]
    others = [column for column in changing if not _counts(column, pages)]
    return len(others) < len(changing) and all(len(set(column)) <= len(there) / 2 for column in others)


def _counts(column: tuple[str, ...], pages: list[int]) -> bool:
    """Whether numbers grow as the pages do, but for where a chapter begins."""
    steps = [
        int(b) - int(a) == q - p
        for (a, b), (p, q) in zip(itertools.pairwise(column), itertools.pairwise(pages), strict=True)
        if q - p <= 2
    ]
    return bool(steps) and sum(steps) >= 0.7 * len(steps)


def text_of(page: Glyphs) -> str:
    """A page's lines as they come, to see whether they are text."""
    return "\n".join(row.text for row in rows_of(marks_of(page, 0, vertical=False)))


def words(pages: Iterable[Glyphs], hyphens: Hyphens) -> None:
    """Teach a document's words to whoever decides on its hyphens, but for those at the ends of lines."""
    for page in pages:
        for row in rows_of(marks_of(page, 0, vertical=False)):
            text = row.text.replace(HYPHEN, "-")
            hyphens.learn(text.rpartition(" ")[0] if text.endswith(("-", SOFT)) else text)
