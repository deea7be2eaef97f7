"""Collections, documents, pages, passages and vectors on disk. A page's text is stored once; passages are ranges of it."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from core.documents.model import Block, Line, Note, Page
from core.documents.passages import Passage
from core.errors import CollectionMissing
from core.storage import fulltext
from core.storage.database import Database

T = TypeVar("T")


@dataclass(frozen=True)
class Document:
    """A file in a collection. `file` is the path as the person gave it, `path` the absolute one."""

    id: int
    collection: str
    file: str
    path: str
    sha256: str
    size: int
    pages: int
    passages: int
    state: str
    added: float
    format: str = ""  # '' where it was read before formats were kept
    reader: int = 0  # the version of the reader
    notes: tuple[Note, ...] = ()  # what was not read of it
    gone: float | None = None  # when its file was found missing


@dataclass(frozen=True)
class StoredPassage:
    """A passage with its text and place: `page` from 1 or None, `start` in characters of that page's text."""

    id: int
    document: int
    file: str
    path: str
    page: int | None
    page_id: int
    start: int
    section: str
    text: str
    header: str = ""  # of the table that it is a later part of
    label: str = ""  # the page's own name: a sheet's, a chapter's

    @property
    def context(self) -> str:
        """The headings above it, and its table's header, a line each; '' without."""
        return "\n".join(filter(None, (self.section, self.header)))


@dataclass(frozen=True)
class Place:
    """Characters start..end of a stored page."""

    page_id: int
    start: int
    end: int


@dataclass(frozen=True)
class CollectionInfo:
    id: int
    name: str
    documents: int
    pages: int
    passages: int


_DOCUMENT = (
    "SELECT d.id, c.name AS collection, d.file, d.path, d.sha256, d.size, d.pages,"
    " d.passages, d.state, d.added, d.format, d.reader, d.notes, d.gone"
    " FROM documents d JOIN collections c ON c.id = d.collection"
)
# Nearly always nothing is unfinished, and then this alone tells.
COUNTED = (
    "SELECT (SELECT count(*) FROM documents WHERE state != 'ready') AS unfinished,"
    " (SELECT coalesce(sum(passages), 0) FROM documents) AS passages,"
    " (SELECT count(*) FROM vectors WHERE embedder = ?) AS vectors"
)
UNFINISHED = (
    f"{_DOCUMENT} WHERE d.state != 'ready' OR EXISTS (SELECT 1 FROM passages s WHERE s.document = d.id"
    " AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.passage = s.id AND v.embedder = ?)) ORDER BY c.name, d.path"
)
_PASSAGE = (
    "SELECT s.id, s.document, d.file, d.path, p.number AS page, p.id AS page_id, s.start, s.section,"
    " s.header, p.label,"
    ' substr(p.text, s.start + 1, s."end" - s.start) AS text'
    " FROM passages s JOIN pages p ON p.id = s.page JOIN documents d ON d.id = s.document"
)


class DocumentStore:
    """Reads and writes documents. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def _document(self, row: sqlite3.Row) -> Document:
        values = dict(row)
        try:
            notes = msgspec.json.decode(values.pop("notes"), type=list[Note])
        except msgspec.MsgspecError as error:
            raise self._db.damaged() from error  # no document was ever written so
        return Document(**values, notes=tuple(notes))

    def _decoded(self, data: bytes, kind: type[T]) -> T:
        try:
            return msgspec.msgpack.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise self._db.damaged() from error  # no page was ever written so

    # ------------------------------------------------------------ collections

    def collection(self, name: str, *, create: bool = False) -> int:
        """The id of a collection. Raises CollectionMissing unless `create`."""
        row = self._db.row("SELECT id FROM collections WHERE name = ?", name)
        if row is not None:
            return int(row["id"])
        if not create:
            raise CollectionMissing(name)
        return self._db.write("INSERT INTO collections (name, created) VALUES (?, ?)", name, time.time())

    def has_collection(self, name: str) -> bool:
        """Whether there is a collection of this name."""
        return self._db.row("SELECT 1 FROM collections WHERE name = ?", name) is not None

    def collections(self) -> list[CollectionInfo]:
        """All collections by name, with what they hold."""
        rows = self._db.rows(
            "SELECT c.id, c.name, (SELECT count(*) FROM documents d WHERE d.collection = c.id) AS documents,"
            " (SELECT coalesce(sum(d.pages), 0) FROM documents d WHERE d.collection = c.id) AS pages,"
            " (SELECT coalesce(sum(d.passages), 0) FROM documents d WHERE d.collection = c.id) AS passages"
            " FROM collections c ORDER BY c.name"
        )
        return [CollectionInfo(**dict(row)) for row in rows]

    def remove_collection(self, name: str) -> int:
        """Remove a collection with its documents; returns its id. Raises CollectionMissing."""
        number = self.collection(name)
        with self._db.transaction():
            for document in self.documents(name):
                self.remove(document.id)
            self._db.write("DELETE FROM collections WHERE id = ?", number)
        return number

    # ------------------------------------------------------------ documents

    def documents(self, collection: str, *, after: str = "", limit: int = -1) -> list[Document]:
        """The documents of a collection, in the order of their paths. Raises CollectionMissing.

        For a page of them, `limit` how many, and begin behind the path `after`.
        """
        rows = self._db.rows(
            f"{_DOCUMENT} WHERE d.collection = ? AND d.path > ? ORDER BY d.path LIMIT ?",
            self.collection(collection),
            after,
            limit,
        )
        return [self._document(row) for row in rows]

    def count_documents(self, collection: str) -> int:
        """How many documents a collection holds. Raises CollectionMissing."""
        row = self._db.row(
            "SELECT count(*) AS n FROM documents WHERE collection = ?", self.collection(collection)
        )
        return int(row["n"]) if row is not None else 0

    def find(self, collection: str, path: str) -> Document | None:
        """The document of this absolute path, if it is in the collection. Raises CollectionMissing."""
        row = self._db.row(
            f"{_DOCUMENT} WHERE d.collection = ? AND d.path = ?", self.collection(collection), path
        )
        return self._document(row) if row is not None else None

    def unfinished(self, embedder: str) -> list[Document]:
        """The documents of all collections that lack vectors of this embedder, or whose adding was cut short."""
        counted = self._db.row(COUNTED, embedder)
        if counted is not None and not counted["unfinished"] and counted["passages"] == counted["vectors"]:
            return []
        return [self._document(row) for row in self._db.rows(UNFINISHED, embedder)]

    def put(
        self,
        collection: str,
        file: str,
        path: str,
        sha256: str,
        size: int,
        pages: list[tuple[Page, list[Passage]]],
        *,
        format: str = "",
        reader: int = 0,
        notes: Sequence[Note] = (),
    ) -> tuple[int, list[int]]:
        """Store a read document, in the place of an older version of it.

        Returns (its id, the ids of the passages that are gone). Its passages still lack vectors.
        """
        # Cut into search units first: the transaction holds up everybody else.
        units = {
            (i, passage): fulltext.tokens(
                f"{passage.section} {passage.header} {page.text[passage.start : passage.end]}"
            )
            for i, (page, passages) in enumerate(pages)
            for passage in passages
        }
        with self._db.transaction():
            old = self.find(collection, path)
            gone = self.remove(old.id) if old is not None else []
            numbered = sum(page.number is not None for page, _ in pages)
            document = self._db.write(
                "INSERT INTO documents (collection, file, path, sha256, size, pages, passages, state, added,"
                " format, reader, notes) VALUES (?,?,?,?,?,?,?,'embedding',?,?,?,?)",
                self.collection(collection),
                file,
                path,
                sha256,
                size,
                numbered,
                sum(len(passages) for _, passages in pages),
                time.time(),
                format,
                reader,
                msgspec.json.encode(list(notes)).decode(),
            )
            for i, (page, passages) in enumerate(pages):
                page_id = self._db.write(
                    "INSERT INTO pages (document, number, text, label, blocks, lines) VALUES (?,?,?,?,?,?)",
                    document,
                    page.number,
                    page.text,
                    page.label,
                    msgspec.msgpack.encode(page.blocks),
                    msgspec.msgpack.encode(page.lines),
                )
                for passage in passages:
                    number = self._db.write(
                        'INSERT INTO passages (document, page, start, "end", section, header) VALUES (?,?,?,?,?,?)',
                        document,
                        page_id,
                        passage.start,
                        passage.end,
                        passage.section,
                        passage.header,
                    )
                    self._db.write(
                        "INSERT INTO passages_index (rowid, tokens) VALUES (?, ?)", number, units[i, passage]
                    )
        return document, gone

    def same_content(self, collection: str, sha256: str) -> list[Document]:
        """The documents of a collection with this content. Raises CollectionMissing."""
        rows = self._db.rows(
            f"{_DOCUMENT} WHERE d.collection = ? AND d.sha256 = ?", self.collection(collection), sha256
        )
        return [self._document(row) for row in rows]

    def below(self, collection: str, folder: str) -> list[Document]:
        """The documents of a collection whose files lie in or below a folder (an absolute path). Raises CollectionMissing."""
        start = folder.rstrip("/\\")
        rows = self._db.rows(
            f"{_DOCUMENT} WHERE d.collection = ? AND (d.path BETWEEN ? AND ? OR d.path BETWEEN ? AND ?)",
            self.collection(collection),
            *(f"{start}/", f"{start}0", f"{start}\\", f"{start}]"),  # the characters behind / and \
        )
        return [self._document(row) for row in rows]

    def outdated(self, versions: dict[str, int]) -> list[Document]:
        """The documents that were read by an older reader than `versions` (by format) has, or before formats were kept."""
        rows = self._db.rows(
            f"{_DOCUMENT} WHERE d.gone IS NULL AND d.reader < ? ORDER BY d.reader, d.id",
            max(versions.values()),
        )
        return [
            d for d in map(self._document, rows) if d.reader < versions.get(d.format, max(versions.values()))
        ]

    def move(self, document: int, file: str, path: str) -> None:
        """A document's file has another name now."""
        self._db.write(
            "UPDATE documents SET file = ?, path = ?, gone = NULL WHERE id = ?", file, path, document
        )

    def set_gone(self, document: int, *, gone: bool) -> None:
        """A document's file is missing, or there again. What is gone is neither searched nor quoted."""
        self._db.write("UPDATE documents SET gone = ? WHERE id = ?", time.time() if gone else None, document)

    def rename(self, document: int, file: str) -> None:
        """Remember the name under which the person last gave an unchanged file."""
        self._db.write("UPDATE documents SET file = ? WHERE id = ?", file, document)

    def set_ready(self, document: int) -> None:
        self._db.write("UPDATE documents SET state = 'ready' WHERE id = ?", document)

    def remove(self, document: int) -> list[int]:
        """Remove a document; returns the ids of its passages, for the vector index."""
        with self._db.transaction():
            ids = [row["id"] for row in self._db.rows("SELECT id FROM passages WHERE document = ?", document)]
            self._db.write(
                "DELETE FROM passages_index WHERE rowid IN (SELECT id FROM passages WHERE document = ?)",
                document,
            )
            self._db.write("DELETE FROM documents WHERE id = ?", document)
        return ids

    # ------------------------------------------------------------ passages

    def passages(self, ids: list[int]) -> list[StoredPassage]:
        """Passages by id, in the order asked for; unknown ids are left out."""
        marks = ",".join("?" * len(ids))
        rows = {
            row["id"]: StoredPassage(**dict(row))
            for row in self._db.rows(f"{_PASSAGE} WHERE s.id IN ({marks}) AND d.gone IS NULL", *ids)
        }
        return [rows[i] for i in ids if i in rows]

    def boxes(self, page_id: int, start: int, end: int) -> list[tuple[float, float, float, float]]:
        """Where characters start..end of a page's text stand on it: (left, top, right, bottom) in points, a box a line."""
        row = self._db.row("SELECT lines FROM pages WHERE id = ?", page_id)
        if row is None or row["lines"] is None:
            return []
        found = []
        for line in self._decoded(row["lines"], list[Line]):
            first, last = max(start, line.start), min(end, line.end)
            if first >= last:
                continue
            # Turned text runs upwards or to the left.
            a, b = sorted((line.edges[first - line.start], line.edges[last - line.start]))
            found.append((line.left, a, line.right, b) if line.vertical else (a, line.top, b, line.bottom))
        return found

    def blocks(self, page_id: int) -> list[Block]:
        """What a page consists of; nothing where it was read before blocks were kept."""
        row = self._db.row("SELECT blocks FROM pages WHERE id = ?", page_id)
        return self._decoded(row["blocks"], list[Block]) if row is not None and row["blocks"] else []

    def locate(
        self, page_id: int, start: int, end: int, path: str, page: int | None, text: str
    ) -> Place | None:
        """Where a quotation stands now: where it stood, or, in a document that was read anew, where its words are.

        None where the document is not in any collection any more, or the words are not in it.
        """
        words = [re.escape(word) for word in text.split()]
        row = self._db.row("SELECT text FROM pages WHERE id = ?", page_id)
        if row is not None and row["text"][start:end].split() == text.split():
            return Place(page_id, start, end)
        if not words:
            return None
        quoted = re.compile(r"\s*".join(words))
        rows = self._db.rows(
            "SELECT p.id, p.number, p.text FROM documents d JOIN pages p ON p.document = d.id WHERE d.path = ?"
            " ORDER BY d.id DESC, p.id",
            path,
        )
        for row in sorted(rows, key=lambda row: row["number"] != page):  # the same page first
            match = quoted.search(row["text"])
            if match:
                return Place(int(row["id"]), match.start(), match.end())
        return None

    def page_text(self, page_id: int) -> str:
        """The whole text of a page, for showing a passage in its surroundings."""
        row = self._db.row("SELECT text FROM pages WHERE id = ?", page_id)
        return str(row["text"]) if row is not None else ""

    def count_passages(self, collection: int) -> int:
        row = self._db.row(
            "SELECT coalesce(sum(passages), 0) AS n FROM documents WHERE collection = ?",
            collection,
        )
        return int(row["n"]) if row is not None else 0

    def match(self, collection: int, query: str, limit: int) -> list[int]:
        """Ids of passages that match a full-text query, best first by bm25."""
        if not query:
            return []
        rows = self._db.rows(
            "SELECT i.rowid AS id FROM passages_index i JOIN passages s ON s.id = i.rowid"
            " JOIN documents d ON d.id = s.document WHERE passages_index MATCH ? AND d.collection = ?"
            " AND d.gone IS NULL ORDER BY bm25(passages_index), i.rowid LIMIT ?",
            query,
            collection,
            limit,
        )
        return [row["id"] for row in rows]

    def frequency(self, collection: int, query: str) -> int:
        """How many passages of a collection match a full-text query."""
        row = self._db.row(
            "SELECT count(*) AS n FROM passages_index i JOIN passages s ON s.id = i.rowid"
            " JOIN documents d ON d.id = s.document WHERE passages_index MATCH ? AND d.collection = ?",
            query,
            collection,
        )
        return int(row["n"]) if row is not None else 0

    # ------------------------------------------------------------ vectors

    def without_vectors(self, document: int, embedder: str, limit: int) -> list[StoredPassage]:
        """The next passages of a document that this embedder has not seen."""
        rows = self._db.rows(
            f"{_PASSAGE} LEFT JOIN vectors v ON v.passage = s.id AND v.embedder = ?"
            " WHERE s.document = ? AND v.passage IS NULL ORDER BY s.id LIMIT ?",
            embedder,
            document,
            limit,
        )
        return [StoredPassage(**dict(row)) for row in rows]

    def count_without_vectors(self, document: int, embedder: str) -> int:
        row = self._db.row(
            "SELECT count(*) AS n FROM passages s LEFT JOIN vectors v ON v.passage = s.id AND v.embedder = ?"
            " WHERE s.document = ? AND v.passage IS NULL",
            embedder,
            document,
        )
        return int(row["n"]) if row is not None else 0

    def put_vectors(self, embedder: str, rows: list[tuple[int, bytes]]) -> None:
        """Store vectors (float16) by passage id; those of passages removed meanwhile are left out."""
        with self._db.transaction():
            self._db.write_many(
                "INSERT OR REPLACE INTO vectors (passage, embedder, vector)"
                " SELECT id, ?2, ?3 FROM passages WHERE id = ?1",
                [(passage, embedder, vector) for passage, vector in rows],
            )

    def count_vectors(self, collection: int, embedder: str) -> int:
        """How many passages of a collection have a vector of this embedder."""
        row = self._db.row(
            "SELECT count(*) AS n FROM documents d JOIN passages s ON s.document = d.id"
            " JOIN vectors v ON v.passage = s.id AND v.embedder = ? WHERE d.collection = ?",
            embedder,
            collection,
        )
        return int(row["n"]) if row is not None else 0

    def vectors(self, collection: int, embedder: str, *, after: int, limit: int) -> list[tuple[int, bytes]]:
        """The next vectors of a collection in the order of their passages, behind passage `after` (0 at first)."""
        rows = self._db.rows(
            # CROSS JOIN: through the passages in their order, instead of sorting a whole collection for each page.
            "SELECT s.id AS passage, v.vector FROM passages s CROSS JOIN documents d ON d.id = s.document"
            " JOIN vectors v ON v.passage = s.id AND v.embedder = ?"
            " WHERE s.id > ? AND d.collection = ? ORDER BY s.id LIMIT ?",
            embedder,
            after,
            collection,
            limit,
        )
        return [(row["passage"], row["vector"]) for row in rows]
