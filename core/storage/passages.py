"""The text of documents on disk: passages, which are ranges of pages, their vectors, and where their characters stand."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from core.chat.conversation import Source
from core.documents.model import Block, Line, Moment, clock, second
from core.storage.database import Database

T = TypeVar("T")
ANSWERS = "d.gone IS NULL AND d.removed IS NULL"  # of a document that is searched and quoted


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
    moments: bytes | None = None  # of a recording, as stored

    def source(self, start: int = 0, end: int | None = None) -> Source:
        """Characters start..end of its text (all of it) as a place in the document."""
        end = len(self.text) if end is None else end
        return Source(
            self.file,
            self.page,
            self.text[start:end],
            self.path,
            self.page_id,
            self.start + start,
            self.start + end,
            label=self._said(self.start + start) or self.label,
        )

    def _said(self, start: int) -> str:
        """When these characters are said; '' in what is no recording."""
        if not self.moments:
            return ""
        moments = msgspec.msgpack.decode(self.moments, type=list[Moment])
        return clock(second(moments, start))

    @property
    def context(self) -> str:
        """The headings above it, and its table's header, a line each; '' without."""
        return "\n".join(filter(None, (self.section, self.header)))


@dataclass(frozen=True)
class StoredPage:
    """A page as it was read, and what it is part of."""

    id: int
    document: int
    number: int | None
    label: str
    text: str
    format: str
    path: str
    recognised: bool  # its text was recognised in a picture
    moments: list[Moment]


@dataclass(frozen=True)
class Place:
    """Characters start..end of a stored page."""

    page_id: int
    start: int
    end: int


_PASSAGE = (
    "SELECT s.id, s.document, d.file, d.path, p.number AS page, p.id AS page_id, s.start, s.section,"
    " s.header, p.label, p.moments,"
    ' substr(p.text, s.start + 1, s."end" - s.start) AS text'
    " FROM passages s JOIN pages p ON p.id = s.page JOIN documents d ON d.id = s.document"
)


class _StoredLine(Line, frozen=True, array_like=True):
    """A line as it is stored: edges in tenths of a point, each but the first as the step from the one before it.

    A step takes one byte instead of nine: the places of letters would be nine tenths of the database.
    `tenths` is False where a line was stored before that, with its edges as they are.
    """

    tenths: bool = False

    def line(self) -> Line:
        edges = [edge / 10 for edge in itertools.accumulate(self.edges)] if self.tenths else self.edges
        return Line(self.start, self.end, self.left, self.top, self.right, self.bottom, edges, self.vertical)


def packed_lines(lines: Sequence[Line]) -> bytes:
    """Where the lines of a page stand, as it is stored."""
    stored = []
    for line in lines:
        whole = [round(edge * 10) for edge in line.edges]
        steps = [b - a for a, b in itertools.pairwise(whole)]
        box = [round(value, 2) for value in (line.left, line.top, line.right, line.bottom)]
        stored.append((line.start, line.end, *map(_short, box), [*whole[:1], *steps], line.vertical, True))
    return msgspec.msgpack.encode(stored)


def unpacked_lines(data: bytes) -> list[Line]:
    """The lines of a page, as they were stored. Raises msgspec.MsgspecError for anything else."""
    return [stored.line() for stored in msgspec.msgpack.decode(data, type=list[_StoredLine])]


def _short(value: float) -> float | int:
    """A whole number where it is one: that takes less room."""
    return int(value) if value == int(value) else value


class PassageStore:
    """What is searched, compared and shown of documents. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def _decoded(self, data: bytes, kind: type[T]) -> T:
        try:
            return msgspec.msgpack.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise self._db.damaged() from error  # no page was ever written so

    # ------------------------------------------------------------ passages

    def passages(self, ids: list[int]) -> list[StoredPassage]:
        """Passages by id, in the order asked for; unknown ids are left out."""
        marks = ",".join("?" * len(ids))
        rows = {
            row["id"]: StoredPassage(**dict(row))
            for row in self._db.rows(f"{_PASSAGE} WHERE s.id IN ({marks}) AND {ANSWERS}", *ids)
        }
        return [rows[i] for i in ids if i in rows]

    def boxes(self, page_id: int, start: int, end: int) -> list[tuple[float, float, float, float]]:
        """Where characters start..end of a page's text stand on it: (left, top, right, bottom) in points, a box a line."""
        row = self._db.row("SELECT lines FROM pages WHERE id = ?", page_id)
        if row is None or row["lines"] is None:
            return []
        found = []
        for line in (stored.line() for stored in self._decoded(row["lines"], list[_StoredLine])):
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
        row = self._db.row(
            "SELECT p.text FROM pages p JOIN documents d ON d.id = p.document JOIN collections c ON c.id = d.collection"
            " WHERE p.id = ? AND d.removed IS NULL AND c.removed IS NULL",
            page_id,
        )
        if row is not None and row["text"][start:end].split() == text.split():
            return Place(page_id, start, end)
        if not words:
            return None
        quoted = re.compile(r"\s*".join(words))
        rows = self._db.rows(
            "SELECT p.id, p.number, p.text FROM documents d JOIN pages p ON p.document = d.id"
            " JOIN collections c ON c.id = d.collection"
            " WHERE d.path = ? AND d.removed IS NULL AND c.removed IS NULL ORDER BY d.id DESC, p.id",
            path,
        )
        for row in sorted(rows, key=lambda row: row["number"] != page):  # the same page first
            match = quoted.search(row["text"])
            if match:
                return Place(int(row["id"]), match.start(), match.end())
        return None

    def words_in(self, document: int, words: str, limit: int) -> list[Place]:
        """Where these words stand in a document, in order, without regard to capitals; at most `limit` places."""
        wanted = re.compile(re.escape(words.strip()), re.IGNORECASE)
        found: list[Place] = []
        if not words.strip():
            return found
        with contextlib.closing(
            self._db.each("SELECT id, text FROM pages WHERE document = ? ORDER BY id", document)
        ) as rows:
            for row in rows:
                found += [Place(row["id"], m.start(), m.end()) for m in wanted.finditer(row["text"])]
                if len(found) >= limit:
                    break
        return found[:limit]

    def page_ids(self, document: int) -> list[tuple[int, int | None, str]]:
        """The pages that were read of a document, as (its id, its number, its own name), in order."""
        rows = self._db.rows("SELECT id, number, label FROM pages WHERE document = ? ORDER BY id", document)
        return [(row["id"], row["number"], row["label"]) for row in rows]

    def page(self, page_id: int) -> StoredPage | None:
        """A page as it was read, if it is still there."""
        row = self._db.row(
            "SELECT p.id, p.document, p.number, p.label, p.text, d.format, d.path, p.picture = 2 AS recognised,"
            " p.moments"
            " FROM pages p JOIN documents d ON d.id = p.document WHERE p.id = ?",
            page_id,
        )
        if row is None:
            return None
        moments = self._decoded(row["moments"], list[Moment]) if row["moments"] else []
        return StoredPage(**{**dict(row), "recognised": bool(row["recognised"]), "moments": moments})

    def state_of(self, collection: int) -> tuple[int, ...]:
        """Numbers that are others once a document of a collection was added, read again, hidden or brought back, or removed."""
        row = self._db.row(
            "SELECT count(*) AS n, coalesce(max(d.id), 0) AS last, coalesce(sum(d.id), 0) AS ids,"
            f" coalesce(sum(d.passages), 0) AS passages FROM documents d WHERE d.collection = ? AND {ANSWERS}",
            collection,
        )
        return tuple(int(value) for value in row) if row is not None else ()

    def sample(self, collections: Sequence[int], most: int) -> list[str]:
        """Texts of at most `most` passages of these collections, from all over them."""
        marks = ", ".join("?" * len(collections))
        rows = self._db.rows(
            'SELECT substr(g.text, p.start + 1, p."end" - p.start) AS text FROM passages p'
            " JOIN pages g ON g.id = p.page WHERE p.id IN (SELECT id FROM ("
            " SELECT p.id, row_number() OVER (ORDER BY p.id) AS place, count(*) OVER () AS n"
            f" FROM passages p JOIN documents d ON d.id = p.document WHERE d.collection IN ({marks}) AND {ANSWERS})"
            " WHERE place % max((n + ? - 1) / ?, 1) = 0 LIMIT ?)",
            *collections,
            most,
            most,
            most,
        )
        return [row["text"] for row in rows]

    def file_names(self, collections: Sequence[int], most: int) -> list[str]:
        """Names of documents of these collections, the latest first."""
        marks = ", ".join("?" * len(collections))
        rows = self._db.rows(
            f"SELECT file FROM documents d WHERE d.collection IN ({marks}) AND {ANSWERS}"
            " ORDER BY d.id DESC LIMIT ?",
            *collections,
            most,
        )
        return [row["file"].replace("\\", "/").rpartition("/")[2] for row in rows]

    def count_passages(self, collection: int) -> int:
        row = self._db.row(
            f"SELECT coalesce(sum(d.passages), 0) AS n FROM documents d WHERE d.collection = ? AND {ANSWERS}",
            collection,
        )
        return int(row["n"]) if row is not None else 0

    def match(
        self, collections: Sequence[int], query: str, limit: int, documents: Sequence[int] | None = None
    ) -> list[int]:
        """Ids of passages that match a full-text query, best first by bm25; of these documents only, where they are given."""
        if not query:
            return []
        within = "d.id IN (SELECT value FROM json_each(?))" if documents is not None else "? IS NULL"
        rows = self._db.rows(
            "SELECT i.rowid AS id FROM passages_index i JOIN passages s ON s.id = i.rowid"
            " JOIN documents d ON d.id = s.document WHERE passages_index MATCH ?"
            f" AND d.collection IN (SELECT value FROM json_each(?)) AND {within}"
            f" AND {ANSWERS} ORDER BY bm25(passages_index), i.rowid LIMIT ?",
            query,
            json.dumps(list(collections)),
            None if documents is None else json.dumps(list(documents)),
            limit,
        )
        return [row["id"] for row in rows]

    def frequency(self, query: str) -> int:
        """How many passages, of all collections, match a full-text query.

        Of one collection it would be truer, and a hundred times slower: each match would be looked up. BM25 counts so too.
        """
        row = self._db.row("SELECT count(*) AS n FROM passages_index WHERE passages_index MATCH ?", query)
        return int(row["n"]) if row is not None else 0

    def count_all(self) -> int:
        """How many passages there are, of all collections."""
        row = self._db.row(
            "SELECT coalesce(sum(d.passages), 0) AS n FROM collections c"
            " CROSS JOIN documents d ON d.collection = c.id"
        )
        return int(row["n"]) if row is not None else 0

    # ------------------------------------------------------------ vectors

    def without_vectors(
        self, document: int, embedder: str, limit: int, *, after: int = 0
    ) -> list[StoredPassage]:
        """The next passages of a document, behind the one with the id `after`, that this embedder has not seen.

        Without `after`, those that have been seen are looked at again each time: minutes for a sheet of 200,000 rows.
        """
        rows = self._db.rows(
            f"{_PASSAGE} LEFT JOIN vectors v ON v.passage = s.id AND v.embedder = ?"
            " WHERE s.document = ? AND s.id > ? AND v.passage IS NULL ORDER BY s.id LIMIT ?",
            embedder,
            document,
            after,
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
            f" JOIN vectors v ON v.passage = s.id AND v.embedder = ? WHERE d.collection = ? AND {ANSWERS}",
            embedder,
            collection,
        )
        return int(row["n"]) if row is not None else 0

    def embedders(self, collection: int) -> dict[str, int]:
        """How many passages of a collection each embedder has seen."""
        rows = self._db.rows(
            "SELECT v.embedder, count(*) AS n FROM documents d JOIN passages s ON s.document = d.id"
            f" JOIN vectors v ON v.passage = s.id WHERE d.collection = ? AND {ANSWERS} GROUP BY v.embedder",
            collection,
        )
        return {row["embedder"]: row["n"] for row in rows}

    def vectors_of(self, document: int, embedder: str) -> list[tuple[int, bytes]]:
        """The vectors of a document, by passage."""
        rows = self._db.rows(
            "SELECT v.passage, v.vector FROM passages s JOIN vectors v ON v.passage = s.id AND v.embedder = ?"
            " WHERE s.document = ? ORDER BY s.id",
            embedder,
            document,
        )
        return [(row["passage"], row["vector"]) for row in rows]

    def vectors(self, collection: int, embedder: str, *, after: int, limit: int) -> list[tuple[int, bytes]]:
        """The next vectors of a collection in the order of their passages, behind passage `after` (0 at first)."""
        rows = self._db.rows(
            # CROSS JOIN: through the passages in their order, instead of sorting a whole collection for each page.
            "SELECT s.id AS passage, v.vector FROM passages s CROSS JOIN documents d ON d.id = s.document"
            " JOIN vectors v ON v.passage = s.id AND v.embedder = ?"
            f" WHERE s.id > ? AND d.collection = ? AND {ANSWERS} ORDER BY s.id LIMIT ?",
            embedder,
            after,
            collection,
            limit,
        )
        return [(row["passage"], row["vector"]) for row in rows]
