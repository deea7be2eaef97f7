"""Collections on disk, and what belongs to one as a whole: what is asked for, what failed, which folders are watched."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core.errors import CollectionExists, CollectionMissing, TsukueError, from_wire
from core.storage.database import Database


@dataclass(frozen=True)
class CollectionInfo:
    """A collection and what it holds; `failed` files could not be read."""

    id: int
    name: str
    documents: int
    pages: int
    passages: int
    failed: int = 0


@dataclass(frozen=True)
class Failure:
    """A file that could not be read, and why. `file` is the path as the person gave it, `path` the absolute one."""

    collection: str
    path: str
    file: str
    error: TsukueError
    at: float


@dataclass(frozen=True)
class WatchedFolder:
    """A folder whose files are taken by themselves; `lost` is when it was found missing."""

    id: int
    collection: str
    path: str
    since: float
    lost: float | None


@dataclass(frozen=True)
class Wish:
    """Files and folders that a person wants to have in a collection ('' is a new one)."""

    id: int
    collection: str
    files: tuple[str, ...]


# About what a passage takes: its text and that text's search units, the blocks and lines of its page, a vector in float16.
_SIZE = (
    "(SELECT coalesce(sum(length(CAST(p.text AS BLOB)) * 3 + coalesce(length(p.blocks), 0) + coalesce(length(p.lines), 0)), 0)"
    " FROM documents d JOIN pages p ON p.document = d.id WHERE d.collection = c.id)"
    " + (SELECT coalesce(sum(length(v.vector)), 0) FROM documents d JOIN passages s ON s.document = d.id"
    " JOIN vectors v ON v.passage = s.id WHERE d.collection = c.id)"
)

ALL = "*"  # every collection, where one is asked; none can be called so

CHATS = "@chats"  # past chats (core/chat/past.py), which are no part of all; none can be called so either
_OWN = (ALL, CHATS)

RENAMED = "UPDATE conversations SET collection = ? WHERE collection = ?"


class CollectionStore:
    """Reads and writes what is known of collections. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def collection(self, name: str, *, create: bool = False) -> int:
        """The id of a collection. Raises CollectionMissing unless `create`."""
        if create and name in _OWN:
            raise CollectionExists(name)
        row = self._db.row("SELECT id FROM collections WHERE name = ? AND removed IS NULL", name)
        if row is not None:
            return int(row["id"])
        if not create:
            raise CollectionMissing(name)
        return self._create(name)

    def persons(self, name: str) -> int:
        """The id of a collection that the person has made, and can change as a whole. Raises CollectionMissing."""
        if name in _OWN:
            raise CollectionMissing(name)
        return self.collection(name)

    def chats(self) -> int:
        """The id of the collection of past chats, which is made where it is not there."""
        with self._db.transaction():
            return self.collection(CHATS) if self.has_collection(CHATS) else self._create(CHATS)

    def _create(self, name: str) -> int:
        return self._db.write("INSERT INTO collections (name, created) VALUES (?, ?)", name, time.time())

    def asked(self, name: str) -> list[int]:
        """The ids of the collections that a question goes to: one, or every one for ALL. Raises CollectionMissing."""
        if name != ALL:
            return [self.collection(name)]
        rows = self._db.rows(
            "SELECT id FROM collections WHERE removed IS NULL AND name <> ? ORDER BY name", CHATS
        )
        if not rows:
            raise CollectionMissing(name)
        return [int(row["id"]) for row in rows]

    def has_collection(self, name: str) -> bool:
        """Whether there is a collection of this name."""
        return self._db.row("SELECT 1 FROM collections WHERE name = ? AND removed IS NULL", name) is not None

    def collections(self) -> list[CollectionInfo]:
        """All collections that the person has made, by name, with what they hold."""
        rows = self._db.rows(
            "SELECT c.id, c.name, count(d.id) AS documents, coalesce(sum(d.pages), 0) AS pages,"
            " coalesce(sum(d.passages), 0) AS passages,"
            " (SELECT count(*) FROM failures f WHERE f.collection = c.id) AS failed"
            " FROM collections c LEFT JOIN documents d ON d.collection = c.id AND d.removed IS NULL"
            " WHERE c.removed IS NULL AND c.name <> ? GROUP BY c.id ORDER BY c.name",
            CHATS,
        )
        return [CollectionInfo(**dict(row)) for row in rows]

    def collection_size(self, name: str) -> int:
        """About how many bytes a collection takes in the database. Raises CollectionMissing. Reads all of its pages' sizes."""
        row = self._db.row(f"SELECT {_SIZE} AS n FROM collections c WHERE c.id = ?", self.collection(name))
        return int(row["n"]) if row is not None else 0

    def rename_collection(self, name: str, new: str) -> None:
        """Give a collection another name; conversations that ask it follow. Raises CollectionMissing, CollectionExists."""
        number = self.persons(name)
        with self._db.transaction():
            if new in _OWN or self.has_collection(new):
                raise CollectionExists(new)
            self._db.write("UPDATE collections SET name = ? WHERE id = ?", new, number)
            self._db.write(RENAMED, new, name)
            self._db.write("UPDATE additions SET collection = ? WHERE collection = ?", new, name)

    def hide_collection(self, name: str) -> int:
        """Hide a collection until it is purged or brought back; returns its id. Raises CollectionMissing."""
        number = self.persons(name)
        with self._db.transaction():
            self._db.write("DELETE FROM additions WHERE collection = ?", name)
            self._db.write(
                "UPDATE collections SET removed = ?, was = name, name = ? WHERE id = ?",
                time.time(),
                f"\0{number}",  # its name is free for another; nobody can type this one
                number,
            )
        return number

    def restore_collection(self, number: int) -> str:
        """Bring a hidden collection back; returns its name: another one where the old is taken. Raises CollectionMissing."""
        with self._db.transaction():
            row = self._db.row("SELECT was FROM collections WHERE id = ? AND removed IS NOT NULL", number)
            if row is None:
                raise CollectionMissing(str(number))
            name, counter = str(row["was"]), 2
            while self.has_collection(name):
                name, counter = f"{row['was']} {counter}", counter + 1
            self._db.write(
                "UPDATE collections SET removed = NULL, was = '', name = ? WHERE id = ?", name, number
            )
        return name

    def hidden_collections(self, older: float = 0.0) -> list[int]:
        """The ids of collections that were hidden at least `older` seconds ago."""
        rows = self._db.rows("SELECT id FROM collections WHERE removed <= ?", time.time() - older)
        return [row["id"] for row in rows]

    def follow_merge(self, collection: str, into: str) -> None:
        """Conversations, wishes and watched folders of a collection belong to another one now. Raises CollectionMissing."""
        old, new = self.persons(collection), self.persons(into)
        with self._db.transaction():
            self._db.write(RENAMED, into, collection)
            self._db.write("UPDATE additions SET collection = ? WHERE collection = ?", into, collection)
            self._db.write("UPDATE OR IGNORE watched SET collection = ? WHERE collection = ?", new, old)
            self._db.write("UPDATE OR IGNORE failures SET collection = ? WHERE collection = ?", new, old)

    def give_back_room(self) -> None:
        """Make the file smaller by what is not used in it any more."""
        self._db.shrink()

    def delete_collection(self, number: int) -> None:
        """Forget an empty collection with all that is known of it as a whole."""
        self._db.write("DELETE FROM collections WHERE id = ?", number)

    # ------------------------------------------------------------ what is asked for

    def add_wish(self, collection: str, files: tuple[str, ...]) -> int:
        """Write down what is asked for; returns its id."""
        return self._db.write(
            "INSERT INTO additions (collection, files, created) VALUES (?,?,?)",
            collection,
            json.dumps(files),  # ASCII: half a character in a name stays what it is
            time.time(),
        )

    def name_wish(self, number: int, collection: str) -> None:
        """The new collection of what is asked for has this name now."""
        self._db.write("UPDATE additions SET collection = ? WHERE id = ?", collection, number)

    def end_wish(self, number: int) -> None:
        """It is done, or taken back."""
        self._db.write("DELETE FROM additions WHERE id = ?", number)

    def wishes(self) -> list[Wish]:
        """What is asked for and not done, in order."""
        rows = self._db.rows("SELECT id, collection, files FROM additions ORDER BY id")
        return [Wish(row["id"], row["collection"], tuple(json.loads(row["files"]))) for row in rows]

    def pause(self, paused: bool) -> None:
        """Whether all work on documents waits, until it is told to go on."""
        self._db.write("UPDATE work SET paused = ?", int(paused))

    def paused(self) -> bool:
        """Whether the work waits."""
        row = self._db.row("SELECT paused FROM work")
        return row is not None and bool(row["paused"])

    # ------------------------------------------------------------ what failed

    def add_failure(self, collection: str, path: str, file: str, error: TsukueError) -> None:
        """Keep why a file could not be read."""
        self._db.write(
            "INSERT OR REPLACE INTO failures (collection, path, file, error, at) VALUES (?,?,?,?,?)",
            self.collection(collection),
            path.encode("utf-8", "replace").decode(),
            file.encode("utf-8", "replace").decode(),
            json.dumps([type(error).__name__, error.fields()]),
            time.time(),
        )

    def forget_failure(self, collection: str, path: str) -> None:
        """A file was read after all, or nobody wants to hear of it again."""
        self._db.write(
            "DELETE FROM failures WHERE collection = ? AND path = ?", self.collection(collection), path
        )

    def forget_failures(self, collection: str) -> None:
        """Nobody wants to hear of a collection's failures again. Raises CollectionMissing."""
        self._db.write("DELETE FROM failures WHERE collection = ?", self.collection(collection))

    def failures(self, collection: str) -> list[Failure]:
        """The files of a collection that could not be read, in the order of their paths. Raises CollectionMissing."""
        rows = self._db.rows(
            "SELECT path, file, error, at FROM failures WHERE collection = ? ORDER BY path",
            self.collection(collection),
        )
        return [
            Failure(collection, row["path"], row["file"], self._error(row["error"]), row["at"])
            for row in rows
        ]

    def _error(self, text: str) -> TsukueError:
        try:
            value: Any = json.loads(text)
            return from_wire(str(value[0]), dict(value[1]))
        except (ValueError, TypeError, IndexError) as error:
            raise self._db.damaged() from error  # no failure was ever written so

    # ------------------------------------------------------------ watched folders

    def watch(self, collection: str, path: str) -> None:
        """Watch a folder (its absolute path) for a collection. Raises CollectionMissing."""
        self._db.write(
            "INSERT OR IGNORE INTO watched (collection, path, since) VALUES (?,?,?)",
            self.collection(collection),
            path,
            time.time(),
        )

    def unwatch(self, collection: str, path: str) -> None:
        """Watch a folder no longer; what was read of it stays. Raises CollectionMissing."""
        self._db.write(
            "DELETE FROM watched WHERE collection = ? AND path = ?", self.collection(collection), path
        )

    def leave_out(self, collection: str, path: str) -> None:
        """A file of a watched folder was removed, and is not to be taken again by itself. Raises CollectionMissing."""
        self._db.write(
            "INSERT OR IGNORE INTO left_out (collection, path) VALUES (?,?)",
            self.collection(collection),
            path,
        )

    def left_out(self, collection: str) -> set[str]:
        """The files that are not to be taken by themselves. Raises CollectionMissing."""
        rows = self._db.rows("SELECT path FROM left_out WHERE collection = ?", self.collection(collection))
        return {row["path"] for row in rows}

    def take_again(self, collection: str, paths: Iterable[str]) -> None:
        """The person wants these after all. Raises CollectionMissing."""
        number = self.collection(collection)
        rows = [(number, path) for path in self.left_out(collection).intersection(paths)]
        if rows:
            with self._db.transaction():
                self._db.write_many("DELETE FROM left_out WHERE collection = ? AND path = ?", rows)

    def set_lost(self, number: int, lost: bool) -> None:
        """A watched folder is missing, or there again."""
        self._db.write("UPDATE watched SET lost = ? WHERE id = ?", time.time() if lost else None, number)

    def watched(self) -> list[WatchedFolder]:
        """All watched folders, in the order of their coming."""
        rows = self._db.rows(
            "SELECT w.id, c.name AS collection, w.path, w.since, w.lost FROM watched w"
            " JOIN collections c ON c.id = w.collection WHERE c.removed IS NULL ORDER BY w.id"
        )
        return [WatchedFolder(**dict(row)) for row in rows]
