"""A filled table as a file: CSV, XLSX or JSON, or as Markdown. What is shown, saved and printed is the same.

Each text's name comes first, then its columns; behind them what a reader has to know: which values were not found in the
text, and why a text has no row.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from core.errors import OutputUnknown, TsukueError, from_wire
from core.files import save as save_file
from core.structured import fields
from core.structured.fields import Kind
from core.structured.run import Run, RunRow
from core.structured.values import text_of

FORMS = ("csv", "xlsx", "json")
FIRST_DAY = "1900-03-01"  # before it, sheets count days wrongly or not at all: they stay texts
CELL = 32_767  # characters that a cell of a sheet holds (Excel's own bound)


@dataclass(frozen=True)
class Words:
    """The words that a table's file has beside the model's, in the person's language."""

    text: str = "Text"
    not_found: str = "Not found in the text"
    error: str = "Error"
    yes: str = "yes"
    no: str = "no"
    sentence: Callable[[TsukueError], str] = str


@dataclass(frozen=True)
class Line:
    """A row as it is shown: the name of its text, its values, the columns that were not found there, and what went wrong."""

    label: str
    values: dict[str, Any]
    not_found: list[str]
    error: TsukueError | None


def lines(rows: list[RunRow]) -> Iterator[Line]:
    """The rows of a table; a text without any, and one that could not be read, have one each."""
    for row in rows:
        error = from_wire(row.error.name, row.error.fields) if row.error is not None else None
        if not row.output.rows:
            yield Line(row.label, {}, [], error)
        for place, one in enumerate(row.output.rows):
            marks = row.output.found[place] if place < len(row.output.found) else {}
            yield Line(row.label, one, [name for name, found in marks.items() if not found.there], error)


def check_ending(path: Path) -> None:
    """Raises OutputUnknown for a file that a table cannot be saved as."""
    if path.suffix.lower().lstrip(".") not in FORMS:
        raise OutputUnknown(path.name)


def save(run: Run, rows: list[RunRow], path: Path, words: Words) -> None:
    """Write a table as what the file's name says (.csv, .xlsx, .json).

    Raises DiskFull, HomeNotWritable, OutputUnknown for another ending.
    """
    check_ending(path)
    match path.suffix.lower():
        case ".xlsx":
            save_file(path, xlsx(run, rows, words))
        case ".json":
            save_file(path, as_json(run, rows))
        case _:
            # With a mark that it is UTF-8: without, Excel reads Japanese as something else.
            save_file(path, "\ufeff" + as_csv(run, rows, words))


def columns(run: Run, rows: list[RunRow]) -> list[str]:
    """The columns of a table: those that are wanted, and what a schema of one's own let through besides."""
    names = dict.fromkeys(fields.columns(run.form))
    if run.form.schema:
        names |= dict.fromkeys(name for row in rows for one in row.output.rows for name in one)
    return list(names)


def _grid(run: Run, rows: list[RunRow], words: Words) -> tuple[list[str], list[list[Any]]]:
    names = columns(run, rows)
    found = list(lines(rows))
    marked, failed = any(line.not_found for line in found), any(line.error for line in found)
    head = [words.text, *names, *([words.not_found] if marked else []), *([words.error] if failed else [])]
    body = []
    for line in found:
        row = [line.label, *(line.values.get(name) for name in names)]
        if marked:
            row.append(", ".join(line.not_found))
        if failed:
            row.append(words.sentence(line.error) if line.error is not None else "")
        body.append(row)
    return head, body


def shown(value: Any, words: Words) -> str:
    """A value in a cell, yes and no in the person's words."""
    if isinstance(value, bool):
        return words.yes if value else words.no
    return text_of(value)


def as_csv(run: Run, rows: list[RunRow], words: Words, delimiter: str = ",") -> str:
    """The table as CSV (RFC 4180), or parted by tabs, as sheets take it from the clipboard."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    head, body = _grid(run, rows, words)
    writer.writerow(head)
    writer.writerows([[shown(value, words) for value in row] for row in body])
    return out.getvalue()


def as_json(run: Run, rows: list[RunRow]) -> str:
    """The rows as JSON, the values as the model gave them."""
    found = [
        {
            "text": line.label,
            "values": line.values,
            **({"not_found": line.not_found} if line.not_found else {}),
            **({"error": str(line.error)} if line.error is not None else {}),
        }
        for line in lines(rows)
    ]
    return json.dumps({"name": run.name, "rows": found}, ensure_ascii=False, indent=1) + "\n"


def xlsx(run: Run, rows: list[RunRow], words: Words) -> bytes:
    """The table as a workbook: numbers are numbers, dates are dates, and no text is ever a formula."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    sheet = book.add_worksheet()
    bold, day = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "yyyy-mm-dd"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    dates = {1 + place for place, field in enumerate(run.form.fields) if field.kind is Kind.DATE}
    head, body = _grid(run, rows, words)
    widths = [len(name) for name in head]
    for column, name in enumerate(head):
        sheet.write_string(0, column, name, bold)
    for number, row in enumerate(body, 1):
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, bool):
                sheet.write_boolean(number, column, value)
            elif isinstance(value, int | float) and abs(value) < 1e15:
                sheet.write_number(number, column, value)
                widths[column] = max(widths[column], len(str(value)))
            elif column in dates and (when := _day(value)) is not None:
                sheet.write_datetime(number, column, when, day)
                widths[column] = max(widths[column], 10)
            else:
                text = text_of(value)
                text = text if len(text) <= CELL else f"{text[: CELL - 1]}…"
                sheet.write_string(number, column, text, wrapped)
                widths[column] = max(widths[column], min(len(text), 60))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width + 4)
    sheet.freeze_panes(1, 1)
    if body:
        sheet.autofilter(0, 0, len(body), len(head) - 1)
    book.close()
    return out.getvalue()


def _day(value: Any) -> date | None:
    """A day that a sheet can hold."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and value >= FIRST_DAY else None
    except ValueError:
        return None


def markdown(names: list[str], rows: list[dict[str, Any]], words: Words) -> str:
    """Rows as a table in Markdown; a single one as a line a field, which is easier to read."""
    from core.text.markdown import literal

    def cell(value: Any) -> str:
        return literal(shown(value, words)).replace("|", "\\|") or "–"

    if len(rows) == 1:
        head, body = ["", ""], [[f"**{literal(name)}**", cell(rows[0].get(name))] for name in names]
    else:
        head, body = (
            [literal(name) for name in names],
            [[cell(row.get(name)) for name in names] for row in rows],
        )
    table = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(one)} |" for one in table)
