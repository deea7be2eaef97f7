"""Spreadsheets of Excel before 2007: each sheet a page, each row with what its cells show. xlrd reads the records."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlrd

from core.documents.model import STRETCH_ROWS, Note, Page, Writer
from core.documents.readers.cell_formats import EPOCH, EPOCH_1904, names_columns, shown
from core.errors import FileDamaged, FileEmpty, FileEncrypted


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """A page for each sheet, in the workbook's order. Raises FileDamaged, FileEmpty, FileEncrypted."""
    said = io.StringIO()  # xlrd prints what it wonders about
    try:
        book = xlrd.open_workbook(str(path), formatting_info=True, logfile=said, on_demand=True)
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise FileEncrypted(name) from error
        raise FileDamaged(name) from error
    except MemoryError:
        raise
    except (
        Exception
    ) as error:  # damage comes out as whatever it first meets: struct.error, IndexError, AssertionError
        raise FileDamaged(name) from error
    hidden, found = [], False
    damaged: list[str] = []
    with contextlib.closing(_Closing(book)):
        for number, title in enumerate(book.sheet_names(), start=1):
            try:
                sheet = book.sheet_by_index(number - 1)
                rows = _rows(book, sheet)
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001 - as above; the sheet is noted
                damaged.append(title)
                continue
            found = found or bool(rows)
            if rows and sheet.visibility:
                hidden.append(title)
            headers = 1 if len(rows) > 1 and names_columns(rows) else 0
            for start in range(0, len(rows), STRETCH_ROWS):
                page = Writer(number, title)
                if not start:
                    page.heading(title, 1)
                page.table(
                    rows[start : start + STRETCH_ROWS], headers=0 if start else headers, goes_on=start > 0
                )
                yield page.page()
            book.unload_sheet(number - 1)
    if not found:
        raise FileDamaged(name) if damaged else FileEmpty(name)
    notes += [Note("part", {"part": title}) for title in damaged]
    if hidden:
        notes.append(Note("hidden", {"names": ", ".join(hidden)}))


class _Closing:
    def __init__(self, book: Any) -> None:
        self._book = book

    def close(self) -> None:
        self._book.release_resources()


def _rows(book: Any, sheet: Any) -> list[list[str]]:
    """The rows of a sheet without its empty ones and its empty columns."""
    rows = []
    for index in range(sheet.nrows):
        row = [_text(book, cell) for cell in sheet.row(index)]
        while row and not row[-1]:
            row.pop()
        if row:
            rows.append(row)
    for top, _, left, right in sheet.merged_cells:
        if top == 0 and rows and left < len(rows[0]) and right - left < 100:  # names each column below it
            rows[0] += [""] * (right - len(rows[0]))
            for column in range(left + 1, right):
                rows[0][column] = rows[0][column] or rows[0][left]
    width = max(map(len, rows), default=0)
    empty = [c for c in range(width) if not any(c < len(row) and row[c] for row in rows)]
    return [[text for c, text in enumerate(row) if c not in empty] for row in rows]


def _text(book: Any, cell: Any) -> str:
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return str(cell.value).strip()
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, ""))
    if cell.ctype not in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return ""
    style = book.xf_list[cell.xf_index] if cell.xf_index is not None else None
    known = book.format_map.get(style.format_key) if style is not None else None
    pattern = known.format_str if known is not None else ""
    pattern = "" if pattern.lower() == "general" else pattern
    return shown(float(cell.value), repr(cell.value), pattern, EPOCH_1904 if book.datemode else EPOCH)
