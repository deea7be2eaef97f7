"""Spreadsheets: each sheet a page, each row with what its cells show, numbers and dates as the sheet formats them.

The XML is walked: openpyxl gives values without what is shown of them, and needs a minute for what this reads in seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.documents.model import STRETCH_ROWS, Kind, Note, Page, Writer
from core.documents.readers.cell_formats import BUILT_IN, EPOCH, EPOCH_1904, names_columns, shown
from core.documents.readers.packages import Package, attribute, local, relation
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
            rows, headers = reader.rows(root)
            if rows and attribute(sheet, "state") in ("hidden", "veryHidden"):
                hidden.append(title)
            comments = _comments(package, part, notes)
            for start in range(0, max(len(rows), bool(comments)), STRETCH_ROWS):
                page = Writer(number, title)
                if not start:
                    page.heading(title, 1)
                some = rows[start : start + STRETCH_ROWS]
                page.table(some, headers=0 if start else headers, goes_on=start > 0)
                if start + STRETCH_ROWS >= len(rows):
                    for comment in comments:
                        page.add(Kind.NOTE, comment)
                yield page.page()
        if not reader.seen:
            raise FileEmpty(name)
        if hidden:
            notes.append(Note("hidden", {"names": ", ".join(hidden)}))
        if reader.seen > CELLS:
            notes.append(Note("cells", {"count": f"{CELLS:,}"}))
    finally:
        package.close()


def _comments(package: Package, part: str, notes: list[Note]) -> list[str]:
    """What was remarked on cells of a sheet, each with its cell."""
    found = []
    for _, kind, target in package.relations(part):
        if kind not in ("comments", "threadedComment"):
            continue
        root = package.xml_or_note(target, notes)
        for comment in (
            (e for e in root.iter() if local(e) in ("comment", "threadedComment")) if root is not None else ()
        ):
            words = "".join(e.text or "" for e in comment.iter() if local(e) in ("t", "text")).strip()
            if words:
                found.append(f"{attribute(comment, 'ref')}: {words}")
    return list(dict.fromkeys(found))


class _Book:
    """What the sheets of a workbook share."""

    def __init__(
        self, package: Package, related: list[tuple[str, str, str]], book: Any, notes: list[Note]
    ) -> None:
        def part(kind: str) -> Any:
            found = next((p for _, k, p in related if k == kind), None)
            return package.xml_or_note(found, notes) if found is not None else None

        self._strings = [_text(e) for e in part("sharedStrings") or () if local(e) == "si"]
        self._formats = _formats(part("styles"))
        properties = next((e for e in book if local(e) == "workbookPr"), None)
        self._epoch = EPOCH_1904 if attribute(properties, "date1904") in ("1", "true") else EPOCH
        self.seen = 0  # cells

    def rows(self, sheet: Any) -> tuple[list[list[str]], int]:
        """The rows of a sheet without its empty columns, and how many of them name the columns."""
        rows: list[list[str]] = []
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
            if any(written):
                rows.append(written)
        for merged in (e for e in sheet.iter() if local(e) == "mergeCell"):
            _spread(rows, attribute(merged, "ref"))
        width = max(map(len, rows), default=0)
        empty = [c for c in range(width) if not any(c < len(row) and row[c] for row in rows)]
        rows = [[text for c, text in enumerate(row) if c not in empty] for row in rows]
        return rows, 1 if len(rows) > 1 and names_columns(rows) else 0

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


def _spread(rows: list[list[str]], reference: str) -> None:
    """A merged cell of the sheet's first row names each column below it."""
    places = _REFERENCE.findall(reference)
    if len(places) != 2 or not rows or places[0][1] != "1":
        return
    first, last = _column(places[0][0]), _column(places[1][0])
    top = rows[0]
    if places[1][1] == "1" and first < len(top) and top[first] and last - first < 100:
        top += [""] * (last + 1 - len(top))
        for column in range(first + 1, last + 1):
            top[column] = top[column] or top[first]
