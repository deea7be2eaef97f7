"""Spreadsheets of Excel before 2007: each sheet a page, each row with what its cells show. xlrd reads the records."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlrd

from core.documents.model import Note, Page
from core.documents.readers import sheets
from core.documents.readers.cell_formats import EPOCH, EPOCH_1904, shown
from core.documents.readers.sheets import Sheet
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
            if rows:
                merged = [(top, left, right - 1) for top, _, left, right in sheet.merged_cells]
                yield from sheets.pages(Sheet(number, title, rows, merged))
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
    """The rows of a sheet; none where all are empty."""
    rows = [[_text(book, cell) for cell in sheet.row(index)] for index in range(sheet.nrows)]
    return rows if any(any(row) for row in rows) else []


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
