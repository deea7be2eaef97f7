"""What a table is filled from: lines, rows of a sheet, files, the documents of a collection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from core.documents.model import Page
from core.documents.readers.text import text_of
from core.errors import ColumnMissing, FileMissing, NoTableInFile, NothingToFill
from core.storage.documents import Document
from core.structured.run import Input

LABEL = 80  # characters
Read = Callable[[Path], list[Page]]  # reads a file in the parser's process; raises the typed errors for files


def lines(text: str) -> list[Input]:
    """Each line is a text. Raises NothingToFill."""
    return _some([_labelled(line.strip()) for line in text.splitlines() if line.strip()])


def lines_of(path: Path) -> list[Input]:
    """Each line of a text file is a text. Raises NothingToFill, FileMissing, EncodingUnknown, FileEmpty."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileMissing(path.name) from error
    return lines(text_of(data, path.name, []))


def whole(texts: list[tuple[str, str]]) -> list[Input]:
    """Texts as they are, each with its name. Raises NothingToFill."""
    return _some([Input(label, text) for label, text in texts if text.strip()])


def file(path: Path, read: Read) -> list[Input]:
    """A file as one text. Raises NothingToFill, and what `read` raises."""
    return whole([(path.name, "\n".join(page.text for page in read(path)))])


def sheet(path: Path, read: Read, column: str = "") -> list[Input]:
    """Each row of a file's tables is a text: what stands in a column, or all of it with the names of the columns.

    Raises NoTableInFile, ColumnMissing, NothingToFill, and what `read` raises.
    """
    pages = read(path)
    names, rows = _table(pages)
    if not rows:
        raise NoTableInFile(path.name)
    if column:
        wanted = [name.casefold() for name in names]
        if column.casefold() not in wanted:
            raise ColumnMissing(path.name, column, ", ".join(name for name in names if name))
        place = wanted.index(column.casefold())
        return _some([_labelled(row[place]) for row in rows if place < len(row) and row[place]])
    return _some([_labelled(_said(names, row), row[0]) for row in rows if any(row)])


def columns(path: Path, read: Read) -> list[str]:
    """The names of a sheet's columns, '' of one without. Raises what `read` raises."""
    return _table(read(path))[0]


def documents(found: list[Document]) -> list[Input]:
    """Each document is a text. Raises NothingToFill."""
    return _some([Input(document.name, document=document.id) for document in found])


def _some(found: list[Input]) -> list[Input]:
    if not found:
        raise NothingToFill()
    return found


def _labelled(text: str, label: str = "") -> Input:
    label = " ".join((label or text).split())
    return Input(label if len(label) <= LABEL else f"{label[: LABEL - 1]}…", text)


def _said(names: list[str], row: list[str]) -> str:
    return "\n".join(
        f"{names[place]}: {cell}" if place < len(names) and names[place] else cell
        for place, cell in enumerate(row)
        if cell
    )


def _table(pages: list[Page]) -> tuple[list[str], list[list[str]]]:
    """The names of the columns and the rows of the file's first table, and of those that it goes on in."""
    names: list[str] = []
    rows: list[list[str]] = []
    for header, cells in _rows(pages):
        if header and not rows:
            names = cells
        else:
            rows.append(cells)
    return names, rows


def _rows(pages: list[Page]) -> Iterator[tuple[bool, list[str]]]:
    first = True
    for page in pages:
        for block in page.blocks:
            if not block.rows:
                continue
            if not first and not block.level:  # another table
                return
            first = False
            for row in block.rows:
                yield row.header, [page.text[start:end] for start, end in row.cells]
