"""OpenDocument texts, sheets and slides, as LibreOffice writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from core.documents.model import Block, Kind, Note, Page, Writer
from core.documents.readers import sheets
from core.documents.readers.packages import Package, attribute, local
from core.documents.readers.sheets import Sheet
from core.errors import FileDamaged, FileEmpty, FileEncrypted

REPEATED = 1000  # a cell or row that is repeated more often fills the sheet with nothing


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """A text is one page without a number; sheets and slides are numbered."""
    package = Package(path, name)
    try:
        if package.has("META-INF/manifest.xml") and b"encryption-data" in package.bytes(
            "META-INF/manifest.xml"
        ):
            raise FileEncrypted(name)
        try:
            root = package.xml("content.xml")
        except KeyError as error:
            raise FileDamaged(name) from error
        styles = package.xml_or_note("styles.xml", notes) if package.has("styles.xml") else None
    finally:
        package.close()
    body = next((e for e in root.iter() if local(e) == "body"), root)
    written = False
    for kind in body:
        for page in _PAGES.get(local(kind), lambda _: iter(()))(kind):
            written = True
            yield _with_margins(page, styles) if local(kind) == "text" else page
    if not written:
        raise FileEmpty(name)


def _with_margins(page: Page, styles: Any) -> Page:
    """A text with its headers and footers, each text once: they stand on every page."""
    said = []
    for margin in (
        (e for e in styles.iter() if local(e) in ("header", "footer")) if styles is not None else ()
    ):
        if attribute(margin, "display") != "false":
            said += [_words(p)[0].strip() for p in margin.iter() if local(p) in ("p", "h")]
    lines = [line for line in dict.fromkeys(said) if len(line) > 3]
    if not lines:
        return page
    start = len(page.text) + 1
    text = "\n".join(lines)
    block = Block(Kind.NOTE, start, start + len(text))
    return msgspec.structs.replace(page, text=f"{page.text}\n{text}", blocks=[*page.blocks, block])


def _text(body: Any) -> Iterator[Page]:
    page = Writer()
    _blocks(body, page, 0)
    if not page.empty:
        yield page.page()


def _sheets(body: Any) -> Iterator[Page]:
    for number, table in enumerate((e for e in body if local(e) == "table"), start=1):
        title = attribute(table, "name")
        rows, _ = _rows(table)
        if any(any(row) for row in rows):
            yield from sheets.pages(Sheet(number, title, rows, _merged(table)))


def _merged(table: Any) -> list[tuple[int, int, int]]:
    """The cells that reach over columns, as (row, first and last column)."""
    found = []
    place = 0
    for row in (e for e in table.iter() if local(e) == "table-row" and _owner(e) is table):
        column = 0
        filled = False
        for cell in row:
            if local(cell) not in ("table-cell", "covered-table-cell"):
                continue
            filled = filled or any(local(p) in ("p", "h") and _words(p)[0] for p in cell.iter())
            wide = attribute(cell, "number-columns-spanned", "1")
            if wide.isdecimal() and int(wide) > 1:
                found.append((place, column, column + int(wide) - 1))
            column += _times(cell, "number-columns-repeated")
        place += _times(row, "number-rows-repeated") if filled else 0
    return found


def _slides(body: Any) -> Iterator[Page]:
    for number, slide in enumerate((e for e in body if local(e) == "page"), start=1):
        page = Writer(number)
        for part in slide:
            if local(part) == "notes":
                page.add(
                    Kind.NOTE, "\n".join(filter(None, (_words(p)[0] for p in part.iter() if local(p) == "p")))
                )
            elif attribute(part, "class") == "title":
                page.heading(" ".join(_words(p)[0] for p in part.iter() if local(p) == "p"), 1)
            else:
                _blocks(part, page, 0)
        yield page.page()


_PAGES = {"text": _text, "spreadsheet": _sheets, "presentation": _slides}


def _blocks(parent: Any, page: Writer, depth: int) -> None:
    """Headings, paragraphs, items and tables below an element; `depth` is that of the list around."""
    for child in parent:
        match local(child):
            case "h":
                level = attribute(child, "outline-level", "1")
                page.heading(_words(child)[0], int(level) if level.isdecimal() else 1)
            case "p":
                words, notes = _words(child)
                if depth:
                    page.item(words, depth)
                else:
                    page.paragraph(words)
                for kind, note in notes:
                    page.add(kind, note)
            case "list":
                _blocks(child, page, depth + 1)
            case "table":
                rows, headers = _rows(child)
                page.table(rows, headers=headers)
            case "tracked-changes" | "sequence-decls" | "forms" | "":
                pass
            case _:
                _blocks(child, page, depth)


def _words(paragraph: Any) -> tuple[str, list[tuple[Kind, str]]]:
    """A paragraph's text, and the footnotes and comments that hang on it."""
    parts: list[str] = []
    notes: list[tuple[Kind, str]] = []

    def collect(element: Any) -> None:
        parts.append(element.text or "")
        for child in element:
            match local(child):
                case "s":
                    count = attribute(child, "c", "1")
                    parts.append(" " * min(int(count) if count.isdecimal() else 1, 1000))
                case "tab":
                    parts.append("\t")
                case "line-break":
                    parts.append("\n")
                case "note":
                    said = [_words(p)[0] for p in child.iter() if local(p) == "p"]
                    notes.append((Kind.FOOTNOTE, "\n".join(said)))
                case "text-box":  # stands beside the text, wherever it hangs
                    notes.extend((Kind.PARAGRAPH, _words(p)[0]) for p in child if local(p) in ("p", "h"))
                case "annotation":
                    said = [_words(p)[0] for p in child.iter() if local(p) == "p"]
                    notes.append((Kind.NOTE, "\n".join(said)))
                case "ruby-text" | "":
                    pass
                case _:
                    collect(child)
            parts.append(child.tail or "")

    collect(paragraph)
    return "".join(parts), notes


def _rows(table: Any) -> tuple[list[list[str]], int]:
    """The rows of a table, and how many of them are its header."""
    rows: list[list[str]] = []
    headers = 0
    for row in (e for e in table.iter() if local(e) == "table-row" and _owner(e) is table):
        written: list[str] = []
        for cell in row:
            if local(cell) not in ("table-cell", "covered-table-cell"):
                continue
            text = " ".join(filter(None, (_words(p)[0] for p in cell.iter() if local(p) in ("p", "h"))))
            written += [text] * _times(cell, "number-columns-repeated")
        while written and not written[-1]:
            written.pop()
        if written:
            rows += [written] * _times(row, "number-rows-repeated")
            headers += local(row.getparent()) == "table-header-rows"
    return rows, headers


def _owner(row: Any) -> Any:
    return next(e for e in row.iterancestors() if local(e) == "table")


def _times(element: Any, name: str) -> int:
    count = attribute(element, name, "1")
    return min(int(count), REPEATED) if count.isdecimal() else 1
