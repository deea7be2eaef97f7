"""How many planted facts a reader keeps: `python -m tests.evaluation.reading [--part tune|held] [--missed]`.

The set (tests/data/facts) was written by somebody who had not seen the readers. A fact is kept where all its words stand in one
block, on the right page, below the right headings, and nothing that does not belong to it does. Beside ours stand pypdf,
python-docx and markitdown on the same files, with every line (and every table row) counted as a block and no page asked of who
gives none.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.documents import formats, passages
from core.documents.model import Kind, Note, Page
from core.errors import TsukueError
from core.paths import ROOT

SET = ROOT / "tests" / "data" / "facts"
_JAPANESE = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\s+|\s+(?=[\u3000-\u9fff\uff00-\uffef])")


@dataclass(frozen=True)
class Piece:
    """Something that stands together: a block or a row, with its page and the headings above it."""

    text: str
    page: int | None = None
    path: str = ""


def folded(text: str) -> str:
    """Whitespace collapsed, none beside Japanese; compatible characters as one."""
    return _JAPANESE.sub("", " ".join(unicodedata.normalize("NFKC", text).split()))


def ours(path: Path) -> list[Piece]:
    """What Tsukue reads of a file."""
    try:
        pages = _pages(path)
    except TsukueError:
        return []
    splitter = passages.Splitter()
    return [piece for page in pages for piece in _pieces(page, list(splitter.page(page)))]


def _pages(path: Path) -> list[Page]:
    notes: list[Note] = []
    return list(formats.reader_of(formats.tell(path))(path, path.name, notes))


def _pieces(page: Page, cut: list[passages.Passage]) -> Iterator[Piece]:
    headings: list[tuple[int, str]] = []
    for block in page.blocks:
        section = next((p.section for p in cut if p.start <= block.start < p.end), "")
        above = passages.PATH.join([page.label, section, *(title for _, title in headings)])
        if block.kind is Kind.HEADING:
            headings = [(level, title) for level, title in headings if level < block.level]
            headings.append((block.level, page.text[block.start : block.end]))
        if not block.rows:
            yield Piece(page.text[block.start : block.end], page.number, above)
        for row in block.rows:
            yield Piece(page.text[row.start : row.end], page.number, above)


def rows_of(path: Path) -> list[list[str]]:
    """The rows of all tables that Tsukue reads of a file, cell by cell.

    A cell that reaches over several rows is read in each of them; such rows come also with it in the first only, as people may
    write them down.
    """
    try:
        pages = _pages(path)
    except TsukueError:
        return []
    found = []
    for page in pages:
        for block in page.blocks:
            before: list[str] = []
            for row in block.rows:
                cells = _cells(page.text[start:end] for start, end in row.cells)
                found.append(cells)
                found.append(["" if n < len(before) and c == before[n] else c for n, c in enumerate(cells)])
                before = cells
    return found


def _cells(texts: Iterable[str]) -> list[str]:
    cells = [folded(text) for text in texts]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _tables(options: argparse.Namespace) -> None:
    """Print how many rows of the set's tables come out cell by cell as they are."""
    tables = [json.loads(line) for line in (options.set / "tables.jsonl").read_text().splitlines()]
    right = rows = cells = cells_right = whole = count = 0
    for table in tables:
        if options.part and table["part"] != options.part:
            continue
        found = rows_of(options.set / "files" / table["file"])
        wanted = [
            _cells(row)
            for row in [*([table["header"]] if any(table.get("header") or []) else []), *table["rows"]]
        ]
        missed = [row for row in wanted if row not in found]
        said = {cell for row in found for cell in row}
        count += 1
        whole += not missed
        rows += len(wanted)
        right += len(wanted) - len(missed)
        cells += sum(bool(cell) for row in wanted for cell in row)
        cells_right += sum(bool(cell) and cell in said for row in wanted for cell in row)
        if options.missed:
            for row in missed:
                print(f"{table['id']}: {row}")
    print(f"tables: {whole} of {count} whole; rows {right} of {rows}; cells {cells_right} of {cells}")


def pypdf(path: Path) -> list[Piece]:
    """pypdf's lines."""
    from pypdf import PdfReader

    return [
        Piece(line, number)
        for number, page in enumerate(PdfReader(path).pages, start=1)
        for line in page.extract_text().splitlines()
    ]


def python_docx(path: Path) -> list[Piece]:
    """python-docx's paragraphs, and its tables' rows."""
    import docx

    document = docx.Document(str(path))
    rows = [
        Piece(" | ".join(cell.text for cell in row.cells)) for table in document.tables for row in table.rows
    ]
    return [Piece(paragraph.text) for paragraph in document.paragraphs] + rows


def markitdown(path: Path) -> list[Piece]:
    """markitdown's lines."""
    from markitdown import MarkItDown

    return [Piece(line) for line in MarkItDown().convert(path).text_content.splitlines()]


def kept(fact: dict[str, Any], pieces: list[Piece], *, place: bool) -> str:
    """'' where a fact is kept, otherwise what is wrong with it."""
    must = [folded(words) for words in fact["must"]]
    wrong = "words"
    for piece in pieces:
        text = folded(piece.text)
        if not all(words in text for words in must):
            continue
        if any(folded(words) in text for words in fact.get("must_not") or []):
            wrong = "what does not belong"
            continue
        if place and fact.get("page") is not None and piece.page is not None and piece.page != fact["page"]:
            wrong = "page"
            continue
        path = folded(piece.path)
        if place and any(folded(title) not in path for title in fact.get("path") or []):
            wrong = "path"
            continue
        return ""
    return wrong


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=["tune", "held"])
    parser.add_argument("--missed", action="store_true", help="name each fact that is missed")
    parser.add_argument("--set", type=Path, default=SET)
    options = parser.parse_args()
    facts = [json.loads(line) for line in (options.set / "facts.jsonl").read_text().splitlines()]
    facts = [fact for fact in facts if not options.part or fact["part"] == options.part]
    readers = {"ours": ours, "pypdf": pypdf, "python-docx": python_docx, "markitdown": markitdown}
    suited = {"pypdf": {"pdf"}, "python-docx": {"docx", "docm"}}
    read: dict[tuple[str, str], list[Piece]] = {}
    table: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for fact in facts:
        for name, reader in readers.items():
            if name in suited and fact["format"] not in suited[name]:
                continue
            key = name, fact["file"]
            if key not in read:
                try:
                    read[key] = reader(options.set / "files" / fact["file"])
                except ImportError:
                    read[key] = []
                except Exception:  # noqa: BLE001 - what a peer cannot read, it does not keep
                    read[key] = []
            wrong = kept(fact, read[key], place=name == "ours")
            table[fact["format"]][f"{name} of"] += 1
            table[fact["format"]][name] += not wrong
            if wrong and name == "ours" and options.missed:
                print(f"{fact['id']} ({fact['file']}, {fact['kind']}): {wrong}: {fact['must']}")
    total: collections.Counter[str] = collections.Counter()
    for kind in sorted(table):
        total.update(table[kind])
        print(f"{kind:12}", *(_share(table[kind], name) for name in readers))
    print(f"{'all':12}", *(_share(total, name) for name in readers))
    _tables(options)


def _share(counts: collections.Counter[str], name: str) -> str:
    of = counts[f"{name} of"]
    return f"{name} {counts[name]}/{of}".ljust(24) if of else " " * 24


if __name__ == "__main__":
    main()
