"""Tables as text: CSV and its kin, whatever parts their fields."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path

from core.documents.model import STRETCH_ROWS, Note, Page, Writer
from core.documents.readers.text import text_of

DELIMITERS = ",;\t|"
LOOKED_AT = 50  # lines by which the delimiter is found


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """The rows in stretches without numbers; the first row names the columns, where the others are unlike it."""
    text = text_of(path.read_bytes(), name, notes)
    csv.field_size_limit(10_000_000)
    rows = list(csv.reader(text.splitlines(keepends=True), delimiter=_delimiter(text, path.suffix.lower())))
    headers = 1 if len(rows) > 1 and _is_header(rows) else 0
    for start in range(0, len(rows), STRETCH_ROWS):
        page = Writer()
        page.table(rows[start : start + STRETCH_ROWS], headers=0 if start else headers, goes_on=start > 0)
        if not page.empty:
            yield page.page()


def _delimiter(text: str, suffix: str) -> str:
    """The character that parts most lines into equally many fields; by the file's name where none does."""
    lines = list(itertools.islice((line for line in text.splitlines() if line.strip()), LOOKED_AT))
    best, most = ("\t" if suffix == ".tsv" else ","), 0.0
    for delimiter in DELIMITERS:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        usual = max(set(counts), key=counts.count, default=1)
        score = counts.count(usual) / max(len(counts), 1) * min(usual, 20) if usual > 1 else 0.0
        if score > most:
            best, most = delimiter, score
    return best


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first row is names: no figures in it, and no field empty but the first."""
    first = [field.strip() for field in rows[0]]
    return all(first[1:]) and not any(
        field.replace(".", "").replace(",", "").lstrip("-").isdecimal() for field in first
    )
