"""The blocks of a page as `core.documents.model` has them, with where each line of them stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import structs

from core.documents.model import Kind, Line, Page, Writer
from core.documents.readers.pdf_rows import Mark

# By how text runs (downwards, or a glyph's quarter turns): the sides at which a character begins and ends.
_ALONG: dict[str | int, tuple[str, str]] = {
    "down": ("top", "bottom"),
    0: ("left", "right"),
    1: ("top", "bottom"),
    2: ("right", "left"),
    3: ("bottom", "top"),
}


@dataclass
class Piece:
    """A block to be: its text character by character, each with its mark."""

    kind: Kind
    text: list[tuple[str, Mark | None]]
    rows: list[list[list[tuple[str, Mark | None]]]] = field(default_factory=list)
    headers: int = 0
    level: int = 0


def page_of(pieces: list[Piece], number: int, vertical: bool) -> Page:
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
            begins, ends = _ALONG["down" if vertical else glyphs[0].angle]
            edges, last = [], 0.0
            for place in range(start, end):
                glyph = by_place.get(place)
                last = getattr(glyph, begins) if glyph is not None else last
                edges.append(round(last, 1))
            edges.append(round(getattr(glyphs[-1], ends), 1))
            found.append(
                Line(
                    start,
                    end,
                    round(min(g.left for g in glyphs), 1),
                    round(min(g.top for g in glyphs), 1),
                    round(max(g.right for g in glyphs), 1),
                    round(max(g.bottom for g in glyphs), 1),
                    edges,
                    vertical or glyphs[0].angle % 2 == 1,
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
