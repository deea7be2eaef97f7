"""Rescues what can be read from a damaged database into a new one.

The pages of the damaged file are read one by one (pages.py). A table's pages are those that its tree reaches, and
where a tree is broken also the orphans whose rows have the table's shape. Ids stay. What a lost row leaves behind is mended: a
message whose parent is gone follows the one before it, a conversation that is gone is made again from its messages, a
document that is not complete forgets its checksum, so that adding the file again reads it anew. Pages that were freed
are left out as far as their list can be read, so that what was deleted stays so (what Tsukue deletes is overwritten besides).
Indexes are built anew.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import FileMissing, NothingToRescue
from core.files import writing
from core.storage import mending, substring
from core.storage.database import migrate, migrations
from core.storage.failures import translate
from core.storage.pages import INNER_INDEX, LEAF_INDEX, LEAF_TABLE, PageFile, Row, Tree

log = logging.getLogger(__name__)

AT_ONCE = 500  # rows in one statement
# In this order, so that whatever refers to something comes after it. Older versions lack some.
TABLES = (
    "projects",
    "facts",
    "prompts",
    "assistants",
    "conversations",
    "tags",
    "queued",
    "drafts",
    "runs",
    "run_rows",
    "comparisons",
    "contenders",
    "evaluations",
    "verdicts",
    "messages",
    "parts",
    "collections",
    "documents",
    "pages",
    "passages",
    "vectors",
)


WITHOUT_ROWID = {
    "prompts",
    "assistants",
    "tags",
    "vectors",
}  # their rows lie in an index, what makes them one of a kind first


@dataclass
class Report:
    """What was rescued: rows by table; what is known to be lost; texts whose end is missing; pages that made no sense."""

    found: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    cut: int = 0
    broken_pages: int = 0


@dataclass(frozen=True)
class Column:
    kind: str
    required: bool
    default: Any
    key: bool  # stands for the row's id


class Shape:
    """What the rows of a table look like."""

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        self.table = table
        self.index = table in WITHOUT_ROWID
        rows = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        alone = sum(bool(key) for *_, key in rows) == 1  # a key of several columns stands for no row's id
        self.columns = [
            Column(
                kind,
                bool(required),
                None if default is None else connection.execute(f"SELECT {default}").fetchone()[0],
                alone and bool(key) and kind == "INTEGER" and not self.index,
            )
            for _, _, kind, required, default, key in rows
        ]

    def fits(self, row: Row) -> bool:
        """Whether a row could be one of this table."""
        if len(row.values) > len(self.columns):
            return False
        if not all(
            self._allows(column, value) for column, value in zip(self.columns, row.values, strict=False)
        ):
            return False
        missing = self.columns[len(row.values) :]
        return all(not column.required or column.default is not None for column in missing)

    def score(self, row: Row) -> int:
        """How well a row fits: best without a column missing."""
        return self.fits(row) * (2 if len(row.values) == len(self.columns) else 1)

    @staticmethod
    def _allows(column: Column, value: Any) -> bool:
        if value is None:
            return column.key or not column.required
        if column.kind == "REAL":
            return isinstance(value, (int, float))
        return isinstance(value, {"INTEGER": int, "TEXT": str, "BLOB": bytes}[column.kind])

    def values(self, row: Row) -> tuple[Any, ...]:
        """A row's values with its id in its place, and the defaults of columns that it was stored without."""
        missing = [column.default for column in self.columns[len(row.values) :]]
        return tuple(
            row.rowid if column.key else value
            for column, value in zip(self.columns, [*row.values, *missing], strict=True)
        )


def salvage(damaged: Path, new: Path, check: Callable[[], None] = lambda: None) -> Report:
    """Write what can be read of `damaged` into a new database at `new`. `check` may raise to stop.

    Raises FileMissing, NothingToRescue, DiskFull, HomeNotWritable; `new` may be left unfinished then.
    """
    try:
        file = PageFile(damaged)
    except OSError as error:
        raise FileMissing(str(damaged)) from error
    with (
        contextlib.closing(file),
        contextlib.closing(sqlite3.connect(new, isolation_level=None)) as connection,
    ):
        connection.create_function("search_text", 1, substring.search_text, deterministic=True)
        try:
            report = _Salvage(file, connection, check).run()
        except sqlite3.Error as error:
            raise translate(error, new) from error
        except OSError as error:
            with writing(new):
                raise error
    if not any(report.found.values()):
        raise NothingToRescue(str(damaged))
    return report


class _Salvage:
    def __init__(self, file: PageFile, new: sqlite3.Connection, check: Callable[[], None]) -> None:
        self._file = file
        self._new = new
        self._check = check
        self._report = Report()
        self._taken: set[int] = set()
        self._roots = self._read_roots()

    def run(self) -> Report:
        newest = migrations()[-1][0]
        version = int.from_bytes(self._file.head[60:64], "big")
        self._new.execute("PRAGMA journal_mode = OFF")  # nobody sees it before it is whole
        self._new.execute("PRAGMA synchronous = OFF")
        self._new.execute("PRAGMA foreign_keys = OFF")
        self._new.execute("BEGIN")
        migrate(self._new, version if 1 <= version <= newest else newest)
        there = {name for (name,) in self._new.execute("SELECT name FROM sqlite_master")}
        shapes = [Shape(self._new, table) for table in TABLES if table in there]
        whole = True
        for shape in shapes:
            whole &= self._table(shape)
        if not whole:
            self._orphans(shapes)
        messages = self._indexed()
        migrate(self._new, newest)
        self._report.lost = mending.mend(self._new, messages, self._check)
        mending.index(self._new, self._check)
        self._sequences()
        self._report.found = {
            table: self._new.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES
        }
        self._new.execute("COMMIT")
        return self._report

    # ------------------------------------------------------------ trees

    def _read_roots(self) -> dict[str, int]:
        """Where the tree of each table and index begins, by name."""
        tree = self._file.tree(1, self._taken)
        self._report.broken_pages += tree.broken
        roots = {}
        for page in tree.leaves:
            for row in self._file.rows(page):
                if len(row.values) >= 4 and isinstance(row.values[1], str) and isinstance(row.values[3], int):
                    roots[row.values[1]] = row.values[3]
        return roots

    def _tree(self, name: str) -> Tree | None:
        root = self._roots.get(name)
        if not root:
            return None
        tree = self._file.tree(root, self._taken)
        self._report.broken_pages += tree.broken
        return tree

    def _table(self, shape: Shape) -> bool:
        """Copy the rows that the table's tree reaches; whether all of the tree could be read."""
        tree = self._tree(shape.table)
        if tree is None:
            return False
        pages = tree.leaves + (tree.inner if shape.index else [])
        self._insert(shape, (row for page in pages for row in self._rows(page)))
        return not tree.broken

    def _rows(self, page: int) -> Iterator[Row]:
        self._check()
        yield from self._file.rows(page)

    def _insert(self, shape: Shape, rows: Iterator[Row]) -> None:
        marks = ",".join("?" * len(shape.columns))
        # What is there already was reached by its tree, and wins; what breaks a rule of the table cannot be what was written.
        statement = f"INSERT OR IGNORE INTO {shape.table} VALUES ({marks})"
        batch = []
        for row in rows:
            if shape.fits(row):
                self._report.cut += row.cut
                batch.append(shape.values(row))
            if len(batch) == AT_ONCE:
                self._new.executemany(statement, batch)
                batch = []
        self._new.executemany(statement, batch)

    def _orphans(self, shapes: list[Shape]) -> None:
        """Pages that no tree reaches, by the shape of their rows."""
        for name in self._roots.keys() - set(TABLES):
            self._tree(name)  # so that what belongs to others is known
        self._taken |= self._file.free()
        unsure: dict[int, list[Row]] = {}
        for page in range(1, self._file.count + 1):
            kind = self._file.kind(page)
            if page in self._taken or kind not in (LEAF_TABLE, LEAF_INDEX, INNER_INDEX):
                continue
            rows = list(self._rows(page))
            count = Counter(
                {s.table: sum(map(s.score, rows)) for s in shapes if s.index == (kind != LEAF_TABLE)}
            )
            best = [shape for shape in shapes if 0 < count[shape.table] == max(count.values())]
            if {shape.table for shape in best} == {"collections", "projects"}:
                unsure[page] = rows
            elif best:
                self._insert(best[0], iter(rows))
        by_name = {shape.table: shape for shape in shapes}
        for page, rows in unsure.items():
            self._insert(by_name[self._collections_or_projects(page, rows, by_name)], iter(rows))

    def _collections_or_projects(self, page: int, rows: list[Row], shapes: dict[str, Shape]) -> str:
        """They look the same: a new database says where they mostly lie, and else it counts who refers to them."""
        if "projects" not in shapes:
            return "collections"
        for table in ("collections", "projects"):
            root = self._new.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            if root == (page,):
                return table
        ids = {row.rowid for row in rows}
        projects = self._ids("SELECT project FROM conversations")
        collections = self._ids("SELECT collection FROM documents")
        return "projects" if len(ids & projects) > len(ids & collections) else "collections"

    def _ids(self, query: str) -> set[int]:
        return {number for (number,) in self._new.execute(query)}

    # ------------------------------------------------------------ what indexes and sequences still know

    def _indexed(self) -> dict[int, mending.Known]:
        """What the indexes know of messages: the conversation of each, its parent and role."""
        known: dict[int, mending.Known] = {}
        for row in self._index_rows("messages_by_conversation"):
            if len(row.values) == 6 and row.values[3] in ("user", "assistant"):
                conversation, number, parent, role = row.values[:4]
                known[number] = mending.Known(conversation, parent, role)
            elif len(row.values) == 3 and isinstance(row.values[2], int):  # of version 1
                conversation, parent, number = row.values
                known[number] = mending.Known(conversation, parent)
        return known

    def _index_rows(self, name: str) -> Iterator[Row]:
        root = self._roots.get(name)
        if not root:
            return
        tree = self._file.tree(root, set())
        for page in tree.leaves + tree.inner:
            yield from self._rows(page)

    def _sequences(self) -> None:
        """An id that was given once is not given again."""
        tree = self._tree("sqlite_sequence")
        for page in tree.leaves if tree is not None else []:
            for row in self._rows(page):
                if len(row.values) == 2 and row.values[0] in TABLES and isinstance(row.values[1], int):
                    self._new.execute(
                        "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", row.values[::-1]
                    )
