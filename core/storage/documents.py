"""Documents on disk: files in collections, with the pages and passages that were read of them.

`DocumentStore` is the whole of it: collections (collections.py), documents (here), their text and vectors (passages.py).
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from core.documents.model import Note, Page
from core.documents.passages import Passage
from core.storage import fulltext
from core.storage.collections import ALL, CollectionInfo, CollectionStore
from core.storage.passages import PassageStore, Place, StoredPage, StoredPassage, packed_lines

__all__ = [
    "CollectionInfo",
    "Document",
    "DocumentStore",
    "Draft",
    "Place",
    "StoredPage",
    "StoredPassage",
    "draft",
]


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
    modified: float | None = None  # of the file that was read, as the system tells it
    changed: float | None = None  # when its file was found to be another than was read
    removed: float | None = None  # hidden until it is purged or brought back
    origin: str = ""  # 'import' where there never was a file here
    encoding: str = ""  # that the person has chosen for it
    recognising: int = 0  # pages that are pictures whose text is still to be recognised

    @property
    def name(self) -> str:
        """Its file's name, without folders."""
        return self.file.replace("\\", "/").rpartition("/")[2]


@dataclass(frozen=True)
class Draft:
    """A page that was read, as it will be stored: encoded at once, since a long document waits in memory for its end."""

    number: int | None
    text: str
    label: str
    blocks: bytes
    lines: bytes
    moments: bytes | None
    picture: int
    passages: list[Passage]
    units: list[str]  # what the full-text index is given of each passage


def draft(page: Page, passages: list[Passage]) -> Draft:
    """A page with its passages, ready to be stored."""
    return Draft(
        page.number,
        page.text,
        page.label,
        msgspec.msgpack.encode(page.blocks),
        packed_lines(page.lines),
        msgspec.msgpack.encode(page.moments) if page.moments else None,
        int(page.picture),
        passages,
        [
            fulltext.tokens(f"{passage.section} {passage.header} {page.text[passage.start : passage.end]}")
            for passage in passages
        ],
    )


_DOCUMENT = (
    "SELECT d.id, c.name AS collection, d.file, d.path, d.sha256, d.size, d.pages,"
    " d.passages, d.state, d.added, d.format, d.reader, d.notes, d.gone, d.modified, d.changed, d.removed, d.origin, d.encoding,"
    " (SELECT count(*) FROM pages r WHERE r.document = d.id AND r.picture = 1) AS recognising"
    " FROM documents d JOIN collections c ON c.id = d.collection"
)
# Nearly always nothing is unfinished, and then this alone tells.
COUNTED = (
    "SELECT (SELECT count(*) FROM documents WHERE state != 'ready') AS unfinished,"
    " (SELECT coalesce(sum(passages), 0) FROM documents) AS passages,"
    " (SELECT count(*) FROM vectors WHERE embedder = ?) AS vectors"
)
UNFINISHED = (
    f"{_DOCUMENT} WHERE d.removed IS NULL AND c.removed IS NULL AND d.origin != 'chat' AND (d.state != 'ready'"
    " OR EXISTS (SELECT 1 FROM passages s WHERE s.document = d.id"
    " AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.passage = s.id AND v.embedder = ?))) ORDER BY c.name, d.path"
)

NAMED = (
    "SELECT d.file, c.name AS collection FROM documents d JOIN collections c ON c.id = d.collection"
    " WHERE d.removed IS NULL AND d.gone IS NULL AND c.removed IS NULL AND d.origin <> 'chat' ORDER BY d.id DESC"
)
FILES = f"{_DOCUMENT} WHERE d.removed IS NULL AND c.removed IS NULL AND d.origin = '' ORDER BY d.path"


class DocumentStore(CollectionStore, PassageStore):
    """Reads and writes collections, documents and their text. Every method is one transaction."""

    def _document(self, row: sqlite3.Row) -> Document:
        values = dict(row)
        try:
            notes = msgspec.json.decode(values.pop("notes"), type=list[Note])
        except msgspec.MsgspecError as error:
            raise self._db.damaged() from error  # no document was ever written so
        return Document(**values, notes=tuple(notes))

    # ------------------------------------------------------------ documents

    def documents(self, collection: str, *, after: str = "", limit: int = -1) -> list[Document]:
        """The documents of a collection, in the order of their paths. Raises CollectionMissing.

        For a page of them, `limit` how many, and begin behind the path `after`.
        """
        rows = self._db.rows(
            f"{_DOCUMENT} WHERE d.collection = ? AND d.path > ? AND d.removed IS NULL ORDER BY d.path LIMIT ?",
            self.collection(collection),
            after,
            limit,
        )
        return [self._document(row) for row in rows]

    def asked_documents(self, name: str) -> list[Document]:
        """The documents of a collection, or of all for ALL. Raises CollectionMissing."""
        if name != ALL:
            return self.documents(name)
        return [one for collection in self.collections() for one in self.documents(collection.name)]

    def named(self, words: Sequence[str], limit: int) -> list[tuple[str, str]]:
        """Files whose names have all these words (in small letters), the latest added first, each with its collection."""
        rows = self._db.rows(NAMED)
        found = []
        for row in rows:
            name = row["file"].replace("\\", "/").rpartition("/")[2]
            if all(word in name.casefold() for word in words):
                found.append((name, row["collection"]))
                if len(found) == limit:
                    break
        return found

    def marks(self, collection: str) -> dict[str, tuple[int, str]]:
        """Of each document's path its id and what tells its content. Raises CollectionMissing."""
        rows = self._db.rows(
            "SELECT path, id, sha256 FROM documents WHERE collection = ?", self.collection(collection)
        )
        return {row["path"]: (row["id"], row["sha256"]) for row in rows}

    def lacking(self, collection: str, embedder: str) -> list[tuple[int, str]]:
        """The documents of a collection that lack vectors of this embedder, as (id, file). Raises CollectionMissing."""
        rows = self._db.rows(
            "SELECT d.id, d.file FROM documents d WHERE d.collection = ? AND (d.state != 'ready' OR EXISTS (SELECT 1"
            " FROM passages s WHERE s.document = d.id AND NOT EXISTS"
            " (SELECT 1 FROM vectors v WHERE v.passage = s.id AND v.embedder = ?))) ORDER BY d.id",
            self.collection(collection),
            embedder,
        )
        return [(row["id"], row["file"]) for row in rows]

    def count_documents(self, collection: str) -> int:
        """How many documents a collection holds. Raises CollectionMissing."""
        row = self._db.row(
            "SELECT count(*) AS n FROM documents WHERE collection = ? AND removed IS NULL",
            self.collection(collection),
        )
        return int(row["n"]) if row is not None else 0

    def find(self, collection: str, path: str) -> Document | None:
        """The document of this absolute path, if it is in the collection, hidden ones too. Raises CollectionMissing."""
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
        pages: Sequence[Draft],
        *,
        format: str = "",
        reader: int = 0,
        notes: Sequence[Note] = (),
        modified: float | None = None,
        origin: str = "",
    ) -> tuple[int, list[int]]:
        """Store a read document, in the place of an older version of it.

        Returns (its id, the ids of the passages that are gone). Its passages still lack vectors.
        """
        with self._db.transaction():
            old = self.find(collection, path)
            gone = self.remove(old.id) if old is not None else []
            document = self._db.write(
                "INSERT INTO documents (collection, file, path, sha256, size, pages, passages, state, added,"
                " format, reader, notes, modified, origin, encoding) VALUES (?,?,?,?,?,?,?,'embedding',?,?,?,?,?,?,?)",
                self.collection(collection),
                file,
                path,
                sha256,
                size,
                sum(page.number is not None for page in pages),
                sum(len(page.passages) for page in pages),
                time.time(),
                format,
                reader,
                msgspec.json.encode(list(notes)).decode(),
                modified,
                origin,
                old.encoding if old is not None else "",
            )
            for page in pages:
                page_id = self._db.write(
                    "INSERT INTO pages (document, number, text, label, blocks, lines, moments, picture)"
                    " VALUES (?,?,?,?,?,?,?,?)",
                    document,
                    page.number,
                    page.text,
                    page.label,
                    page.blocks,
                    page.lines,
                    page.moments,
                    page.picture,
                )
                self._put_passages(document, page_id, page)
        return document, gone

    def _put_passages(self, document: int, page_id: int, page: Draft) -> None:
        for passage, units in zip(page.passages, page.units, strict=True):
            number = self._db.write(
                'INSERT INTO passages (document, page, start, "end", section, header) VALUES (?,?,?,?,?,?)',
                document,
                page_id,
                passage.start,
                passage.end,
                passage.section,
                passage.header,
            )
            self._db.write("INSERT INTO passages_index (rowid, tokens) VALUES (?, ?)", number, units)

    # ------------------------------------------------------------ pictures

    def pictures(self, document: int) -> list[tuple[int, int]]:
        """The pages of a document whose text is still to be recognised, as (its id, its number), in order."""
        rows = self._db.rows(
            "SELECT id, number FROM pages WHERE document = ? AND picture = 1 ORDER BY number", document
        )
        return [(row["id"], row["number"]) for row in rows]

    def to_recognise(self) -> list[Document]:
        """The documents with pages whose text is still to be recognised, the oldest first."""
        rows = self._db.rows(
            f"{_DOCUMENT} WHERE d.id IN (SELECT document FROM pages WHERE picture = 1)"
            " AND d.gone IS NULL AND d.removed IS NULL AND c.removed IS NULL ORDER BY d.id"
        )
        return [self._document(row) for row in rows]

    def put_recognised(self, document: int, page_id: int, page: Draft) -> None:
        """Store what was recognised on a page (nothing, maybe), if that still waits for it. Its passages still lack vectors."""
        with self._db.transaction():
            waits = self._db.write(
                "UPDATE pages SET text = ?, blocks = ?, lines = ?, moments = ?, picture = 2 WHERE id = ? AND picture = 1",
                page.text,
                page.blocks,
                page.lines,
                page.moments,
                page_id,
            )
            if not waits:
                return
            self._put_passages(document, page_id, page)
            self._db.write(
                "UPDATE documents SET state = 'embedding', passages = passages + ? WHERE id = ?",
                len(page.passages),
                document,
            )

    def correct(self, page_id: int, page: Draft) -> list[int]:
        """Store another text of a page that was read; returns the ids of the passages that are gone. The new ones lack vectors."""
        with self._db.transaction():
            row = self._db.row("SELECT document FROM pages WHERE id = ?", page_id)
            if row is None:
                return []
            gone = [r["id"] for r in self._db.rows("SELECT id FROM passages WHERE page = ?", page_id)]
            self._db.write(
                "DELETE FROM passages_index WHERE rowid IN (SELECT id FROM passages WHERE page = ?)", page_id
            )
            self._db.write("DELETE FROM passages WHERE page = ?", page_id)
            self._db.write(
                "UPDATE pages SET text = ?, blocks = ?, moments = ? WHERE id = ?",
                page.text,
                page.blocks,
                page.moments,
                page_id,
            )
            self._put_passages(row["document"], page_id, page)
            self._db.write(
                "UPDATE documents SET state = 'embedding', passages = passages + ? WHERE id = ?",
                len(page.passages) - len(gone),
                row["document"],
            )
        return gone

    def recognised(self, document: int) -> list[tuple[int, bool]]:
        """The pages of a document that were pictures and are not any more, as (number, whether text was found)."""
        rows = self._db.rows(
            "SELECT number, text != '' AS found FROM pages WHERE document = ? AND picture = 2 ORDER BY number",
            document,
        )
        return [(row["number"], bool(row["found"])) for row in rows]

    def set_notes(self, document: int, notes: Sequence[Note]) -> None:
        """What was not read of a document."""
        self._db.write(
            "UPDATE documents SET notes = ? WHERE id = ?",
            msgspec.json.encode(list(notes)).decode(),
            document,
        )

    # ------------------------------------------------------------ files that move, change and go

    def same_content(self, collection: str, sha256: str, *, after: int = 0) -> list[Document]:
        """The documents of a collection with this content, the oldest first, behind the one with the id `after`.

        Raises CollectionMissing.
        """
        rows = self._db.rows(
            f"{_DOCUMENT} WHERE d.collection = ? AND d.sha256 = ? AND d.removed IS NULL AND d.id > ? ORDER BY d.id",
            self.collection(collection),
            sha256,
            after,
        )
        return [self._document(row) for row in rows]

    def below(self, collection: str, folder: str) -> list[Document]:
        """The documents of a collection whose files lie in or below a folder (an absolute path). Raises CollectionMissing."""
        start = folder.rstrip("/\\")
        rows = self._db.rows(
            f"{_DOCUMENT} WHERE d.collection = ? AND d.removed IS NULL AND (d.path BETWEEN ? AND ? OR d.path BETWEEN ? AND ?)",
            self.collection(collection),
            *(f"{start}/", f"{start}0", f"{start}\\", f"{start}]"),  # the characters behind / and \
        )
        return [self._document(row) for row in rows]

    def outdated(self, versions: dict[str, int]) -> list[Document]:
        """The documents that were read by an older reader than `versions` (by format) has, or before formats were kept."""
        rows = self._db.rows(
            f"{_DOCUMENT} WHERE d.gone IS NULL AND d.removed IS NULL AND d.origin = '' AND d.reader < ? ORDER BY d.reader, d.id",
            max(versions.values()),
        )
        return [
            d for d in map(self._document, rows) if d.reader < versions.get(d.format, max(versions.values()))
        ]

    def move(self, document: int, file: str, path: str) -> None:
        """A document's file has another name now."""
        self._db.write(
            "UPDATE documents SET file = ?, path = ?, gone = NULL, origin = '' WHERE id = ?",
            file,
            path,
            document,
        )

    def set_gone(self, document: int, *, gone: bool) -> None:
        """A document's file is missing, or there again. What is gone is neither searched nor quoted."""
        self._db.write("UPDATE documents SET gone = ? WHERE id = ?", time.time() if gone else None, document)

    def rename(self, document: int, file: str) -> None:
        """Remember the name under which the person last gave an unchanged file."""
        self._db.write("UPDATE documents SET file = ? WHERE id = ?", file, document)

    def set_changed(self, document: int, *, changed: bool) -> None:
        """A document's file is another than the one that was read, or the same again."""
        self._db.write(
            "UPDATE documents SET changed = ? WHERE id = ?", time.time() if changed else None, document
        )

    def set_seen(self, document: int, size: int, modified: float) -> None:
        """A document's file has the content that was read, with this size and time of change."""
        self._db.write(
            "UPDATE documents SET size = ?, modified = ?, changed = NULL, gone = NULL, removed = NULL WHERE id = ?",
            size,
            modified,
            document,
        )

    def set_encoding(self, document: int, encoding: str) -> None:
        """A document is to be read in this encoding; '' is in the one that is found."""
        self._db.write("UPDATE documents SET encoding = ? WHERE id = ?", encoding, document)

    def forget_reading(self, document: int) -> None:
        """A document is to be read again, whatever its file holds now."""
        self._db.write("UPDATE documents SET sha256 = '', modified = NULL WHERE id = ?", document)

    def files(self) -> list[Document]:
        """The documents that have a file here, in the order of their paths."""
        return [self._document(row) for row in self._db.rows(FILES)]

    def set_ready(self, *documents: int) -> None:
        """Everything of these documents has its vectors."""
        if documents:
            with self._db.transaction():
                self._db.write_many(
                    "UPDATE documents SET state = 'ready' WHERE id = ?", [(number,) for number in documents]
                )

    def copy_collection(self, collection: int, target: sqlite3.Connection) -> int:
        """Copy the documents of a collection into the tables of a transfer file (core/documents/transfer.py)."""
        count = 0
        for table, columns, source in (
            (
                "documents",
                7,
                "SELECT d.id, d.file, d.sha256, d.size, d.format, d.reader, d.notes FROM documents d"
                " WHERE d.collection = ? AND d.removed IS NULL",
            ),
            (
                "pages",
                8,
                "SELECT p.id, p.document, p.number, p.label, p.text, p.blocks, p.lines, p.moments FROM documents d"
                " JOIN pages p ON p.document = d.id WHERE d.collection = ? AND d.removed IS NULL",
            ),
            (
                "passages",
                6,
                'SELECT s.id, s.page, s.start, s."end", s.section, s.header FROM documents d'
                " JOIN passages s ON s.document = d.id WHERE d.collection = ? AND d.removed IS NULL",
            ),
            (
                "vectors",
                3,
                "SELECT v.passage, v.embedder, v.vector FROM documents d JOIN passages s ON s.document = d.id"
                " JOIN vectors v ON v.passage = s.id WHERE d.collection = ? AND d.removed IS NULL",
            ),
        ):
            with contextlib.closing(self._db.each(source, collection)) as rows:
                cursor = target.executemany(
                    f"INSERT INTO {table} VALUES ({','.join('?' * columns)})", (tuple(row) for row in rows)
                )
            count = count or cursor.rowcount
        return max(count, 0)

    # ------------------------------------------------------------ moving and removing

    def document(self, number: int) -> Document | None:
        """A document by its id, if there is one, hidden ones too."""
        row = self._db.row(f"{_DOCUMENT} WHERE d.id = ?", number)
        return self._document(row) if row is not None else None

    def give(self, document: int, collection: str) -> list[int]:
        """Make a document part of another collection, in the place of one of the same path there.

        Returns the ids of the passages that are gone with that one. Raises CollectionMissing.
        """
        with self._db.transaction():
            row = self._db.row("SELECT path FROM documents WHERE id = ?", document)
            other = self.find(collection, row["path"]) if row is not None else None
            gone = self.remove(other.id) if other is not None and other.id != document else []
            self._db.write(
                "UPDATE documents SET collection = ? WHERE id = ?", self.collection(collection), document
            )
        return gone

    def hide(self, document: int, *, hidden: bool = True) -> None:
        """Hide a document until it is purged, or bring it back."""
        self._db.write(
            "UPDATE documents SET removed = ? WHERE id = ?", time.time() if hidden else None, document
        )

    def hidden(self, older: float = 0.0) -> list[Document]:
        """The documents that were hidden at least `older` seconds ago, those of hidden collections too."""
        rows = self._db.rows(
            f"{_DOCUMENT} WHERE d.id IN (SELECT id FROM documents WHERE removed IS NOT NULL AND removed <= ?1"
            " UNION SELECT h.id FROM collections k CROSS JOIN documents h ON h.collection = k.id WHERE k.removed <= ?1)",
            time.time() - older,
        )
        return [self._document(row) for row in rows]

    def passage_ids(self, document: int) -> list[int]:
        """The ids of a document's passages."""
        return [row["id"] for row in self._db.rows("SELECT id FROM passages WHERE document = ?", document)]

    def passages_of(self, documents: Sequence[int]) -> list[int]:
        """The ids of the passages of some documents."""
        rows = self._db.rows(
            "SELECT id FROM passages WHERE document IN (SELECT value FROM json_each(?))",
            json.dumps(list(documents)),
        )
        return [row["id"] for row in rows]

    def remove(self, document: int) -> list[int]:
        """Remove a document for good; returns the ids of its passages, for the vector index."""
        with self._db.transaction():
            ids = self.passage_ids(document)
            self._db.write(
                "DELETE FROM passages_index WHERE rowid IN (SELECT id FROM passages WHERE document = ?)",
                document,
            )
            self._db.write("DELETE FROM documents WHERE id = ?", document)
        return ids
