"""Spreadsheets: each sheet a page, each row with what its cells show, numbers and dates as the sheet formats them.

The XML is walked: openpyxl gives values without what is shown of them, and needs a minute for what this reads in seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.documents.model import Note, Page
from core.documents.readers import sheets
from core.documents.readers.cell_formats import BUILT_IN, EPOCH, EPOCH_1904, shown
from core.documents.readers.packages import Package, attribute, local, relation
from core.documents.readers.sheets import Sheet
from core.errors import FileEmpty

CELLS = 5_000_000  # of a file; what comes behind is said not to be read
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d+)")


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """A page for each sheet (of a long one, for each stretch of rows), in the workbook's order; its label is the sheet's name."""
    package = Package(path, name)
    try:
        main, book = package.main("xl/workbook.xml", notes)
        related = package.relations(main)
        parts = {number: part for number, _, part in related}
        reader = _Book(package, related, book, notes)
        hidden, number = [], 0
        for sheet in (e for e in book.iter() if local(e) == "sheet"):
            part = parts.get(relation(sheet), "")
            root = package.xml_or_note(part, notes)
            if root is None:
                continue
            title = attribute(sheet, "name")
            number += 1
            rows, merged = reader.rows(root)
            if rows and attribute(sheet, "state") in ("hidden", "veryHidden"):
                hidden.append(title)
            comments = _comments(package, part, notes)
            if rows or comments:
                yield from sheets.pages(Sheet(number, title, rows, merged), comments)
        if not reader.seen:
            raise FileEmpty(name)
        if hidden:
            notes.append(Note("hidden", {"names": ", ".join(hidden)}))
        if reader.seen > CELLS:
            notes.append(Note("cells", {"count": f"{CELLS:,}"}))
    finally:
        package.close()


def _comments(package: Package, part: str, notes: list[Note]) -> list[str]:
    """What was remarked on cells of a sheet, each with its cell, and what its text boxes say."""
    found = []
    for _, kind, target in package.relations(part):
        if kind not in ("comments", "threadedComment", "drawing"):
            continue
        root = package.xml_or_note(target, notes)
        if kind == "drawing":  # text boxes
            for box in (e for e in root.iter() if local(e) == "txBody") if root is not None else ():
                lines = [
                    "".join(t.text or "" for t in p.iter() if local(t) == "t") for p in box if local(p) == "p"
                ]
                found.append("\n".join(filter(None, lines)))
            continue
        for comment in (
            (e for e in root.iter() if local(e) in ("comment", "threadedComment")) if root is not None else ()
        ):
            words = "".join(e.text or "" for e in comment.iter() if local(e) in ("t", "text")).strip()
            if words:
                found.append(f"{attribute(comment, 'ref')}: {words}")
    return [text for text in dict.fromkeys(found) if text]


class _Book:
    """What the sheets of a workbook share."""

    def __init__(
        self, package: Package, related: list[tuple[str, str, str]], book: Any, notes: list[Note]
    ) -> None:
        def part(kind: str) -> Any:
            found = next((p for _, k, p in related if k == kind), None)
            return package.xml_or_note(found, notes) if found is not None else None

        self._strings = [_text(e) for e in _children(part("sharedStrings")) if local(e) == "si"]
        self._formats = _formats(part("styles"))
        properties = next((e for e in book if local(e) == "workbookPr"), None)
        self._epoch = EPOCH_1904 if attribute(properties, "date1904") in ("1", "true") else EPOCH
        self.seen = 0  # cells

    def rows(self, sheet: Any) -> tuple[list[list[str]], list[tuple[int, int, int]]]:
        """The rows of a sheet, and its merged cells as (row, first and last column)."""
        rows: list[list[str]] = []
        numbers: dict[str, int] = {}  # the place of a row by its number in the sheet
        for row in (e for e in sheet.iter() if local(e) == "row"):
            written: list[str] = []
            for cell in row:
                if local(cell) != "c" or self.seen > CELLS:
                    continue
                place = _REFERENCE.match(attribute(cell, "r"))
                column = _column(place[1]) if place else len(written)
                text = self._shown(cell)
                if text:
                    self.seen += 1
                    written += [""] * (column + 1 - len(written))
                    written[column] = text
            if written:
                numbers[attribute(row, "r")] = len(rows)
                rows.append(written)
        merged = []
        for entry in (e for e in sheet.iter() if local(e) == "mergeCell"):
            places = _REFERENCE.findall(attribute(entry, "ref"))
            if len(places) == 2 and places[0][1] in numbers:
                merged.append((numbers[places[0][1]], _column(places[0][0]), _column(places[1][0])))
        return rows, merged

    def _shown(self, cell: Any) -> str:
        """What a cell shows."""
        kind = attribute(cell, "t", "n")
        if kind == "inlineStr":
            return _text(cell)
        raw = next((e.text or "" for e in cell if local(e) == "v"), "")
        if kind == "s":
            return self._strings[int(raw)] if raw.isdecimal() and int(raw) < len(self._strings) else ""
        if kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(raw, raw)
        if kind in ("str", "e", "d"):
            return raw
        try:
            number = float(raw)
        except ValueError:
            return raw
        style = attribute(cell, "s", "0")
        pattern = self._formats[int(style)] if style.isdecimal() and int(style) < len(self._formats) else ""
        return shown(number, raw, pattern, self._epoch)


def _formats(styles: Any) -> list[str]:
    """The number format of each cell style."""
    if styles is None:
        return []
    own = {
        attribute(e, "numFmtId"): attribute(e, "formatCode") for e in styles.iter() if local(e) == "numFmt"
    }
    found = []
    for block in (e for e in styles if local(e) == "cellXfs"):
        for entry in block:
            number = attribute(entry, "numFmtId", "0")
            found.append(own.get(number) or BUILT_IN.get(int(number) if number.isdecimal() else 0, ""))
    return found


def _children(element: Any) -> list[Any]:
    return list(element) if element is not None else []


def _text(element: Any) -> str:
    """A text with its runs, without how it is read (furigana)."""
    parts: list[str] = []
    for child in element:
        if local(child) == "t":
            parts.append(child.text or "")
        elif local(child) in ("r", "is"):
            parts.append(_text(child))
    return "".join(parts)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
