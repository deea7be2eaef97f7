"""What a sheet of any kind of workbook is made of: titles above its table, the names of the columns, rows, and remarks between."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from core.documents.model import STRETCH_ROWS, Kind, Page, Writer

REMARK = 80  # characters; a row with one cell that says more is a paragraph between the rows
WIDEST_MERGE = 100  # columns
_FIGURES = re.compile(r"[\d.,%€$¥£: /-]+")


@dataclass
class Sheet:
    """The rows of a sheet as texts, and which cells reach over columns: (row, first and last column), from 0."""

    number: int
    title: str
    rows: list[list[str]]
    merged: list[tuple[int, int, int]] = field(default_factory=list)


def pages(sheet: Sheet, comments: Iterable[str] = ()) -> Iterator[Page]:
    """A sheet as pages: one, or one for each stretch of rows of a long one."""
    rows, merged = _compact(sheet)
    place = 0
    titles: list[str] = []
    while (
        place < len(rows) - 2 and _said(rows[place]) == 1 and max(map(_said, rows[place + 1 : place + 4])) > 1
    ):
        titles.append(next(filter(None, rows[place])))
        place += 1
    header, place = _header(rows, place, merged)
    body = rows[place:]
    page = Writer(sheet.number, sheet.title)
    page.heading(sheet.title, 1)
    for title in titles:
        page.paragraph(title)
    begun = False
    some = [header] if header else []
    for number, row in enumerate(body):
        if number and number % STRETCH_ROWS == 0:
            page.table(some, headers=0 if begun or not header else 1, goes_on=begun)
            begun, some = True, []
            yield page.page()
            page = Writer(sheet.number, sheet.title)
        if _said(row) == 1 and len(row[-1]) > REMARK:
            page.table(some, headers=0 if begun or not header else 1, goes_on=begun)
            begun, some = begun or bool(some), []
            page.paragraph(row[-1])
            continue
        some.append(row)
    page.table(some, headers=0 if begun or not header else 1, goes_on=begun)
    for comment in comments:
        page.add(Kind.NOTE, comment)
    yield page.page()


def _said(row: list[str]) -> int:
    return sum(map(bool, row))


def _compact(sheet: Sheet) -> tuple[list[list[str]], dict[int, list[tuple[int, int]]]]:
    """The rows without empty ones and empty columns, and the merged cells of each as columns of what is left."""
    width = max(map(len, sheet.rows), default=0)
    kept = [c for c in range(width) if any(c < len(row) and row[c] for row in sheet.rows)]
    columns = {column: place for place, column in enumerate(kept)}
    rows: list[list[str]] = []
    numbers: dict[int, int] = {}
    for number, row in enumerate(sheet.rows):
        texts = [row[c] if c < len(row) else "" for c in kept]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            numbers[number] = len(rows)
            rows.append(texts)
    merged: dict[int, list[tuple[int, int]]] = {}
    for number, first, last in sheet.merged:
        inside = [columns[c] for c in range(first, min(last, first + WIDEST_MERGE) + 1) if c in columns]
        if number in numbers and len(inside) > 1:
            merged.setdefault(numbers[number], []).append((inside[0], inside[-1]))
    return rows, merged


def _header(
    rows: list[list[str]], place: int, merged: dict[int, list[tuple[int, int]]]
) -> tuple[list[str], int]:
    """The names of the columns, and where the rows below them begin. A name over several columns is each one's; where the next
    row goes on with names, both are said."""
    if place >= len(rows) - 1 or not names_columns(rows[place:]):
        return [], place
    names = list(rows[place])
    for first, last in merged.get(place, []):
        names += [""] * (last + 1 - len(names))
        for column in range(first, last + 1):
            names[column] = names[first]
    below = rows[place + 1]
    under = [c for first, last in merged.get(place, []) for c in range(first, last + 1)]
    named = [c for c in under if c < len(below) and below[c] and not _FIGURES.fullmatch(below[c])]
    if not under or len(named) < 2 or place + 2 >= len(rows):
        return names, place + 1
    names += [""] * (len(below) - len(names))
    below = below + [""] * (len(names) - len(below))
    return [" ".join(filter(None, pair)) for pair in zip(names, below, strict=True)], place + 2


def names_columns(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: words in it, figures below."""
    first = [text for text in rows[0] if text]
    figures = [bool(_FIGURES.fullmatch(text)) for text in first]
    return bool(first) and not any(figures) and len(first) >= min(max(len(rows[1]) - 1, 1), 2)
