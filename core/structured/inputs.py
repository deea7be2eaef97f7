"""What a table is filled from: lines, rows of a sheet, files, the documents of a collection."""

from __future__ import annotations

from collections.abc import Callable
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
    name = path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # a name may be no text
    return whole([(name, "\n".join(page.text for page in read(path)))])


def sheet(path: Path, read: Read, column: str = "") -> list[Input]:
    """Each row of a file's tables is a text: what stands in a column, or all of it with the names of the columns.

    Raises NoTableInFile, ColumnMissing, NothingToFill, and what `read` raises.
    """
    found = _tables(read(path))
    if not any(rows for _, rows in found):
        raise NoTableInFile(path.name)
    if not column:
        whole = [
            _labelled(_said(names, row), next(filter(None, row)))
            for names, rows in found
            for row in rows
            if any(row)
        ]
        return _some(whole)
    texts = []
    for names, rows in found:
        place = next((n for n, name in enumerate(names) if name.casefold() == column.casefold()), None)
        if place is not None:
            texts += [_labelled(row[place]) for row in rows if place < len(row) and row[place]]
    if not any(column.casefold() in map(str.casefold, names) for names, _ in found):
        there = dict.fromkeys(name for names, _ in found for name in names if name)
        raise ColumnMissing(path.name, column, ", ".join(there))
    return _some(texts)


def columns(path: Path, read: Read) -> list[str]:
    """The names of a file's columns. Raises what `read` raises."""
    return list(dict.fromkeys(name for names, _ in _tables(read(path)) for name in names))


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


def _tables(pages: list[Page]) -> list[tuple[list[str], list[list[str]]]]:
    """The tables of a file, each with the names of its columns and its rows; one that goes on in another page is one.

    A table of one column whose first row reads like a text has no names: it is a list of texts.
    """
    found: list[tuple[list[str], list[list[str]]]] = []
    for page in pages:
        for block in page.blocks:
            if not block.rows:
                continue
            if not block.level or not found:
                found.append(([], []))
            names, rows = found[-1]
            for row in block.rows:
                cells = [page.text[start:end] for start, end in row.cells]
                if (
                    row.header
                    and not rows
                    and not names
                    and not (len(cells) == 1 and " " in cells[0].strip())
                ):
                    names += cells
                else:
                    rows.append(cells)
    return found
