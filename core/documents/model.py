"""What a reader makes of a file, and everything after it uses: pages of blocks, in reading order.

A page's text is one string in which every block, row and cell is a range of characters; passages, quotations and citations
are ranges of the same string. What a page does not hold as text is said in notes, never left out silently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

import msgspec

from core.text import languages

CELL_GLUE = " | "  # between the cells of a row
# What has no pages of its own comes in stretches of so much, so that nobody reads fifty megabytes for a sentence of them.
STRETCH_ROWS, STRETCH_CHARACTERS = 2_000, 200_000
MINUTE = 60.0  # seconds of a recording that are a page
TELLS = 2_000  # characters by which the language of a block is told


class Kind(StrEnum):
    """What a block is to a reader of the page."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    TABLE = "table"
    CODE = "code"
    CAPTION = "caption"
    FOOTNOTE = "footnote"
    NOTE = "note"  # what is written about a page, not on it: a comment, a speaker's notes, properties
    QUOTATION = "quotation"
    PICTURE = "picture"  # text that was recognised in one


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A row of a table; `cells` are ranges of the page's text, empty ones too."""

    start: int
    end: int
    cells: list[tuple[int, int]]
    header: bool = False


class Block(msgspec.Struct, frozen=True, array_like=True):
    """Characters start..end of a page. `level`: of a heading from 1, of an item from 1; 1 of a table that goes on the one that the
    page before ended with. `rows` of a table. `language`: its code in ISO 639-1; '' of code, and where nothing on the page tells."""

    kind: Kind
    start: int
    end: int
    level: int = 0
    rows: list[Row] = []
    language: str = ""


class Line(msgspec.Struct, frozen=True, array_like=True):
    """Where characters start..end stand on a page, in points from its upper left corner: a line's box, and where each
    character begins and the last one ends (`edges`, along the line: downwards or upwards where it is vertical)."""

    start: int
    end: int
    left: float
    top: float
    right: float
    bottom: float
    edges: list[float]
    vertical: bool = False


class Moment(msgspec.Struct, frozen=True, array_like=True):
    """Characters start..end of a page are said from second `begins` to second `ends` of a recording, by `speaker` ('' where nobody
    can tell)."""

    start: int
    end: int
    begins: float
    ends: float
    speaker: str = ""


class Page(msgspec.Struct, frozen=True):
    """A page, slide, sheet, chapter, minute of a recording or, where a format has none of them, the whole text.

    `number` counts from 1 and is None where a format has no pages; `label` is its own name (a sheet's); `lines` are there
    where a page can be drawn, `moments` where it is said. A `picture` has no text yet: it is still to be recognised (a minute of a
    recording: to be transcribed). `of` is how many there are, where a reader knows that from the start.
    """

    number: int | None
    text: str
    blocks: list[Block] = []
    label: str = ""
    lines: list[Line] = []
    picture: bool = False
    of: int = 0
    moments: list[Moment] = []


class Note(msgspec.Struct, frozen=True):
    """Something that was not read, or not for sure, as a code of core/documents/notes.py with what it speaks of."""

    code: str
    values: dict[str, str] = {}


def second(moments: Sequence[Moment], start: int) -> float:
    """When the character `start` of a page is said: at the beginning of the sentence that it is in."""
    return next((one.begins for one in moments if start < one.end), moments[-1].begins if moments else 0.0)


def clock(seconds: float) -> str:
    """A place in a recording as one says it: '0:07', '12:34', '1:02:03'."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Writer:
    """Builds a page block by block."""

    def __init__(self, number: int | None = None, label: str = "") -> None:
        self.number = number
        self.label = label
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []

    @property
    def empty(self) -> bool:
        """Whether nothing was written yet."""
        return not self._blocks

    @property
    def length(self) -> int:
        """Characters that were written."""
        return self._length

    @property
    def last(self) -> Block | None:
        """The block that was written last."""
        return self._blocks[-1] if self._blocks else None

    def _write(self, text: str) -> tuple[int, int]:
        if self._parts:
            self._parts.append("\n")
            self._length += 1
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        return start, self._length

    def add(self, kind: Kind, text: str, level: int = 0) -> None:
        """Add a block, unless there is nothing in it."""
        text = text.strip("\n") if kind is Kind.CODE else text.strip()
        if text.strip():
            start, end = self._write(text)
            self._blocks.append(Block(kind, start, end, level))

    def heading(self, text: str, level: int) -> None:
        """Add a heading; 1 is the highest level."""
        self.add(Kind.HEADING, " ".join(text.split()), max(level, 1))

    def paragraph(self, text: str) -> None:
        """Add a paragraph; line breaks in it stay."""
        self.add(Kind.PARAGRAPH, text)

    def item(self, text: str, level: int = 1) -> None:
        """Add an item of a list."""
        self.add(Kind.ITEM, text, level)

    def table(self, rows: Iterable[Iterable[str]], *, headers: int = 0, goes_on: bool = False) -> None:
        """Add a table, of which the first `headers` rows name the columns. Rows without any text are left out.

        `goes_on`: it is more of the table with which the page before ended.
        """
        written: list[Row] = []
        start = end = -1
        for number, row in enumerate(rows):
            texts = [" ".join(cell.split()) for cell in row]
            while texts and not texts[-1]:
                texts.pop()
            if not texts:
                continue
            first, end = self._write(CELL_GLUE.join(texts))
            start = first if start < 0 else start
            cells, place = [], first
            for text in texts:
                cells.append((place, place + len(text)))
                place += len(text) + len(CELL_GLUE)
            written.append(Row(first, end, cells, number < headers))
        if written:
            self._blocks.append(Block(Kind.TABLE, start, end, int(goes_on), written))

    def page(self) -> Page:
        """What was written."""
        text = "".join(self._parts)
        return Page(self.number, text, _in_languages(text, self._blocks), self.label)


def _in_languages(text: str, blocks: list[Block]) -> list[Block]:
    """Blocks with their languages; one that does not tell is in that of most of the page, if it can be by its script."""
    told = [
        languages.tell(text[b.start : min(b.end, b.start + TELLS)]) if b.kind is not Kind.CODE else ""
        for b in blocks
    ]
    most: Counter[str] = Counter()
    for block, language in zip(blocks, told, strict=True):
        if language:
            most[language] += block.end - block.start
    usual = max(most, key=most.__getitem__, default="")
    usual_han = max(("ja", "zh"), key=most.__getitem__)
    return [
        b
        if b.kind is Kind.CODE
        else msgspec.structs.replace(
            b,
            language=language
            or (
                usual_han if languages.mostly_japanese(text[b.start : min(b.end, b.start + TELLS)]) else usual
            ),
        )
        for b, language in zip(blocks, told, strict=True)
    ]


def under(over: list[tuple[int, str]], level: int, words: str) -> list[tuple[int, str]]:
    """The headings (level and words) that stand over what follows another heading: those of its own level and below end."""
    return [*((other, said) for other, said in over if other < level), (level, words)]


def stretches(page: Page) -> Iterator[Page]:
    """A page that one can read at once: itself, or parts of one that is longer than three stretches, with its number and label.

    Whoever reads a passage reads its page; a line of fifty megabytes was read as a whole for each of its seventy thousand.
    A page that can be drawn stays whole.
    """
    if len(page.text) <= 3 * STRETCH_CHARACTERS or page.lines:
        yield page
        return
    blocks: list[Block] = []
    for piece in _pieces(page):
        if blocks and piece.end - blocks[0].start > STRETCH_CHARACTERS:
            yield _part(page, blocks)
            blocks = []
        blocks.append(piece)
    if blocks:
        yield _part(page, blocks)


def _pieces(page: Page) -> Iterator[Block]:
    """The blocks of a page, none longer than a stretch but for rows that are."""
    for block in page.blocks or [Block(Kind.PARAGRAPH, 0, len(page.text))]:
        if block.end - block.start <= STRETCH_CHARACTERS:
            yield block
        elif block.rows:
            rows: list[Row] = []
            goes_on = block.level
            for row in block.rows:
                if rows and row.end - rows[0].start > STRETCH_CHARACTERS:
                    yield Block(block.kind, rows[0].start, rows[-1].end, goes_on, rows, block.language)
                    rows, goes_on = [], 1
                rows.append(row)
            if rows:
                yield Block(block.kind, rows[0].start, rows[-1].end, goes_on, rows, block.language)
        else:
            start = block.start
            while start < block.end:
                end = min(start + STRETCH_CHARACTERS, block.end)
                if end < block.end:  # at the end of a line or a word, if there is one
                    near = page.text.rfind("\n", end - 2_000, end)
                    near = near if near >= 0 else page.text.rfind(" ", end - 2_000, end)
                    end = near + 1 if near >= 0 else end
                yield Block(block.kind, start, end, block.level, [], block.language)
                start = end


def _part(page: Page, blocks: list[Block]) -> Page:
    """Some blocks of a page as a page."""
    first, last = blocks[0].start, blocks[-1].end

    def moved(row: Row) -> Row:
        cells = [(a - first, b - first) for a, b in row.cells]
        return Row(row.start - first, row.end - first, cells, row.header)

    return Page(
        page.number,
        page.text[first:last],
        [
            Block(b.kind, b.start - first, b.end - first, b.level, [moved(row) for row in b.rows], b.language)
            for b in blocks
        ],
        page.label,
        of=page.of,
    )
