"""A collection as one file, to be taken elsewhere: what was read of its documents, with vectors, without the files themselves.

The file is an SQLite database of its own (`CREATE` below is its whole description). What comes in is a stranger's: it is read
row by row into our own types, and nothing of it is trusted to be what it says.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.documents.model import Block, Moment, Note, Page
from core.documents.passages import Passage
from core.errors import ImportUnusable
from core.files import writing
from core.storage.documents import DocumentStore, Draft, draft
from core.storage.passages import unpacked_lines

SUFFIX = ".tsukue"
KIND = 0x7473756B  # 'tsuk': SQLite's application id of such a file
VERSION = 1
LARGEST = 50_000_000  # characters of a page; nobody's page has more
CREATE = """
CREATE TABLE collection (name TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE documents (id INTEGER PRIMARY KEY, file TEXT, sha256 TEXT, size INTEGER, format TEXT, reader INTEGER, notes TEXT);
CREATE TABLE pages (id INTEGER PRIMARY KEY, document INTEGER, number INTEGER, label TEXT, text TEXT, blocks BLOB, lines BLOB,
  moments BLOB);
CREATE TABLE passages (id INTEGER PRIMARY KEY, page INTEGER, start INTEGER, "end" INTEGER, section TEXT, header TEXT);
CREATE TABLE vectors (passage INTEGER, embedder TEXT, vector BLOB);
CREATE INDEX pages_by_document ON pages (document);
CREATE INDEX passages_by_page ON passages (page);
CREATE INDEX vectors_by_passage ON vectors (passage);
"""


def write(store: DocumentStore, collection: str, path: Path) -> int:
    """Write a collection into a file, which appears when it is whole. Returns how many documents.

    Raises CollectionMissing, and what `writing` raises for the disk.
    """
    number = store.collection(collection)
    part = path.with_name(path.name + ".part")
    with writing(path):
        part.unlink(missing_ok=True)
        try:
            with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as target:
                target.executescript(f"PRAGMA application_id = {KIND}; BEGIN; {CREATE}")
                target.execute("INSERT INTO collection VALUES (?, ?)", (collection, VERSION))
                count = store.copy_collection(number, target)
                target.execute("COMMIT")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return count


@dataclass(frozen=True)
class Incoming:
    """A document of such a file."""

    file: str
    sha256: str
    size: int
    format: str
    reader: int
    notes: list[Note]
    pages: list[Draft]
    vectors: dict[str, list[bytes | None]]  # by embedder: of the passages in order, None where one is missing


def read(path: Path) -> tuple[str, Iterator[Incoming]]:
    """The name of the collection in a file, and its documents one by one. Raises ImportUnusable, also while they are read."""
    try:
        source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except (sqlite3.Error, OSError) as error:
        raise ImportUnusable(path.name) from error
    try:
        source.row_factory = sqlite3.Row
        kind = source.execute("PRAGMA application_id").fetchone()[0]
        row = source.execute("SELECT name, version FROM collection").fetchone()
        if kind != KIND or row is None or not isinstance(row["name"], str) or row["version"] != VERSION:
            raise ImportUnusable(path.name)
    except BaseException as error:
        source.close()
        if isinstance(error, sqlite3.Error):
            raise ImportUnusable(path.name) from error
        raise
    return row["name"].strip()[:200] or path.stem, _documents(source, path.name)


def _documents(source: sqlite3.Connection, name: str) -> Iterator[Incoming]:
    with contextlib.closing(source):
        try:
            for row in source.execute("SELECT * FROM documents ORDER BY id").fetchall():
                pages, vectors = _pages(source, row["id"])
                yield Incoming(
                    str(row["file"]),
                    str(row["sha256"]),
                    int(row["size"]),
                    str(row["format"]),
                    int(row["reader"]),
                    msgspec.json.decode(str(row["notes"]), type=list[Note]),
                    pages,
                    vectors,
                )
        except (sqlite3.Error, msgspec.MsgspecError, ValueError, TypeError, KeyError) as error:
            raise ImportUnusable(name) from error


def _pages(source: sqlite3.Connection, document: int) -> tuple[list[Draft], dict[str, list[bytes | None]]]:
    found: list[Draft] = []
    vectors: dict[str, list[bytes | None]] = {}
    count = 0
    for row in source.execute("SELECT * FROM pages WHERE document = ? ORDER BY id", (document,)).fetchall():
        text = str(row["text"])
        text.encode()  # half a character could go nowhere
        if len(text) > LARGEST:
            raise ValueError("too long")
        blocks = msgspec.msgpack.decode(bytes(row["blocks"] or b"\x90"), type=list[Block])
        lines = unpacked_lines(bytes(row["lines"] or b"\x90"))
        # Files that were written before recordings were read have none.
        moments = msgspec.msgpack.decode(bytes(_of(row, "moments") or b"\x90"), type=list[Moment])
        ranges = [(b.start, b.end) for b in blocks] + [(one.start, one.end) for one in moments]
        if any(not 0 <= start <= end <= len(text) for start, end in ranges):
            raise ValueError("blocks outside the page")
        number = int(row["number"]) if row["number"] is not None else None
        passages = []
        for one in source.execute(
            "SELECT * FROM passages WHERE page = ? ORDER BY id", (row["id"],)
        ).fetchall():
            start, end = int(one["start"]), int(one["end"])
            if not 0 <= start < end <= len(text):
                raise ValueError("a passage outside the page")
            passages.append(Passage(start, end, str(one["section"]), str(one["header"])))
            for vector in source.execute("SELECT * FROM vectors WHERE passage = ?", (one["id"],)):
                of = vectors.setdefault(str(vector["embedder"]), [])
                of += [None] * (count - len(of))
                of.append(bytes(vector["vector"]))
            count += 1
        found.append(draft(Page(number, text, blocks, str(row["label"]), lines, moments=moments), passages))
    return found, vectors


def _of(row: sqlite3.Row, column: str) -> bytes | None:
    return row[column] if column in row.keys() else None  # noqa: SIM118 - a row is no mapping
