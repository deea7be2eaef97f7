"""The SQLite database: opening, migrating, transactions.

One connection writes, under a lock, from any thread; a few others read beside it, so that nobody waits for a long
transaction to see what was committed before it. WAL with `synchronous=FULL`: what a committed transaction wrote
survives a power cut. Before any migration the whole file is copied, dated, into `backups/`; all migrations run in one
transaction. A file from a newer program is refused, and damage is
told as such (core/storage/restore.py and salvage.py help then).
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from core.errors import DatabaseDamaged, NewerDatabase
from core.files import writing
from core.paths import Home, private
from core.storage import backup, substring
from core.storage.failures import DAMAGED, damage_found, translate

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 10.0  # to wait for another program that holds the file
_INCREMENTAL = 2  # of PRAGMA auto_vacuum
SHRINK_PAGES = 2000  # given back at a time: 8 MB
SHRINK_SHARE = 0.2  # of the file that must be unused before it is written anew
READERS = 4  # connections that are kept open for reading; more are opened, and closed, when needed


def migrations() -> list[tuple[int, Path]]:
    """The migration files in order, as (version after it, file)."""
    return [(int(path.name[:4]), path) for path in sorted(MIGRATIONS.glob("[0-9][0-9][0-9][0-9]_*.sql"))]


class Database:
    """The open database of one home. Raises HomeNotWritable, DiskFull, NewerDatabase, DatabaseDamaged, DatabaseBusy.

    `owned` says that this process holds the home's lock. Without it a migration takes the lock for its time, and raises
    HomeBusy where another program has it. `guard`, where it is set, is called before each statement: tests use it.
    """

    def __init__(self, home: Home, *, owned: bool = True) -> None:
        self.path = home.database
        self._home = home
        self._opened = False
        self.guard: Callable[[str], None] | None = None
        self._lock = threading.RLock()
        self._depth = 0
        self._writer_thread: int | None = None  # that is inside a transaction
        self._idle: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        self._closed = False
        try:
            self._connection = self._connect()
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
        try:
            with writing(self.path), self._translated():
                private(self.path)
                if not self._connection.execute("PRAGMA page_count").fetchone()[0]:
                    # An older file becomes so when it is first worth the time (`shrink`).
                    self._connection.execute(f"PRAGMA auto_vacuum = {_INCREMENTAL}")
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA foreign_keys = ON")
                # What is deleted is overwritten, as some systems' SQLite does by itself: it is in no backup, and no
                # rescue from damage brings it back.
                self._connection.execute("PRAGMA secure_delete = ON")
                if self._outdated():
                    with contextlib.nullcontext() if owned else home.owned():
                        self._migrate(home)
            self._opened = True
        except BaseException:
            self._connection.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.create_function("search_text", 1, substring.search_text, deterministic=True)
        return connection

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            translated = translate(error, self.path)
            if translated is error and self._schema_differs():
                translated = DatabaseDamaged(str(self.path), DAMAGED)
            if translated is error:
                raise
            if isinstance(translated, DatabaseDamaged) and self._opened:
                translated = self.damaged()
            raise translated from error

    def damaged(self) -> DatabaseDamaged:
        """The error for content that cannot be what was written; the next start looks the whole file over."""
        return damage_found(self._home, DAMAGED)

    def _schema_differs(self) -> bool:
        """Whether the tables are not those of the migrations: an error in a statement then is the file's, not ours."""
        try:
            found = _columns(self._connection)
        except sqlite3.Error:
            return True
        with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as wanted:
            wanted.create_function("search_text", 1, substring.search_text, deterministic=True)
            migrate(wanted, int(self._connection.execute("PRAGMA user_version").fetchone()[0]))
            return found != _columns(wanted)

    # ------------------------------------------------------------ migrating

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _outdated(self) -> bool:
        newest = migrations()[-1][0]
        found = self._version()
        if found > newest:
            raise NewerDatabase(str(self.path), found, newest)
        return found < newest

    def _migrate(self, home: Home) -> None:
        """All migrations that the file lacks, in one transaction: whoever is killed in it starts again from before."""
        newest = migrations()[-1][0]
        if self._version() > 0:
            backup.tidy(home.backups, self.path)
            backup.make(self.path, home.backups, f"{backup.BEFORE}{newest}")
            for old in backup.superfluous(backup.found(home.backups)):
                old.path.unlink(missing_ok=True)
        # Foreign keys rest meanwhile, as https://www.sqlite.org/lang_altertable.html asks where tables are rebuilt.
        self._connection.execute("PRAGMA foreign_keys = OFF")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            found = self._version()  # again: another program may have been quicker
            migrate(self._connection, newest)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("PRAGMA foreign_keys = ON")
        if found:
            log.info("the database went from version %d to %d", found, newest)

    # ------------------------------------------------------------ closing

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log into it."""
        self._closed = True
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()
        with self._lock:
            self._connection.close()

    # ------------------------------------------------------------ writing

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside are written together or not at all. May be nested."""
        with self._lock:
            if self._depth == 0:
                self._run(self._connection, "BEGIN IMMEDIATE")
                self._writer_thread = threading.get_ident()
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._run(self._connection, "COMMIT")
            except BaseException:
                if self._depth == 1 and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._writer_thread = None

    def _run(self, connection: sqlite3.Connection, sql: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        if self.guard is not None:
            self.guard(sql)
        with self._translated():
            return connection.execute(sql, values)

    def write(self, sql: str, *values: Any) -> int:
        """Run one changing statement; returns the last inserted row id (for INSERT) or the count of rows."""
        with self._lock:
            cursor = self._run(self._connection, sql, values)
            return cursor.lastrowid or 0 if sql.lstrip()[:6].upper() == "INSERT" else cursor.rowcount

    def write_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        """Run one changing statement for each row."""
        if self.guard is not None:
            self.guard(sql)
        with self._lock, self._translated():
            self._connection.executemany(sql, rows)

    # ------------------------------------------------------------ reading

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query; inside a transaction of this thread with what it has written so far."""
        with self._reader() as connection, self._translated():
            return self._run(connection, sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, or None. See `rows`."""
        with self._reader() as connection, self._translated():
            cursor = self._run(connection, sql, values)
            found = cursor.fetchone()
            cursor.close()  # a statement that is not read to its end would keep its snapshot
            return found  # type: ignore[no-any-return]

    def each(self, sql: str, *values: Any) -> Generator[sqlite3.Row, None, None]:
        """The rows of a query one by one, for who stops when it has enough. Close the iterator (`contextlib.closing`)."""
        with self._reader() as connection:
            cursor = self._run(connection, sql, values)
            try:
                while True:
                    with self._translated():
                        row = cursor.fetchone()
                    if row is None:
                        return
                    yield row
            finally:
                cursor.close()

    @contextlib.contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        if self._writer_thread == threading.get_ident():
            yield self._connection
            return
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            with self._translated():
                connection = self._connect()
                connection.execute("PRAGMA query_only = ON")
        try:
            yield connection
        finally:
            if self._closed or self._idle.qsize() >= READERS:
                connection.close()
            else:
                self._idle.put(connection)

    def shrink(self) -> None:
        """Give the room of what was removed back to the disk.

        A file that could not be made smaller bit by bit is written anew once, where that is worth it: it takes as long as a
        copy of the file, in which others can read and cannot write.
        """
        kind, pages, free = (
            self._number(f"PRAGMA {name}") for name in ("auto_vacuum", "page_count", "freelist_count")
        )
        if kind != _INCREMENTAL:
            if free >= max(SHRINK_SHARE * pages, SHRINK_PAGES):
                with self._lock:
                    self._run(self._connection, f"PRAGMA auto_vacuum = {_INCREMENTAL}")
                    self._run(self._connection, "VACUUM")
            return
        while free:
            with self._lock:
                self._run(self._connection, f"PRAGMA incremental_vacuum({SHRINK_PAGES})").fetchall()
            before, free = free, self._number("PRAGMA freelist_count")
            if free >= before:
                return  # others hold what is left

    def _number(self, sql: str) -> int:
        row = self.row(sql)
        return int(row[0]) if row is not None else 0

    def check(self) -> bool:
        """Whether SQLite finds the file sound."""
        row = self.row("PRAGMA quick_check")
        return row is not None and row[0] == "ok"


def migrate(connection: sqlite3.Connection, newest: int) -> None:
    """Run the migrations that a database lacks, up to version `newest`, inside the caller's transaction."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    for version, path in migrations():
        if found < version <= newest:
            for statement in statements(path.read_text(encoding="utf-8")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")


def _columns(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Every table with each of its columns."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    return [
        (name, row[1])
        for (name,) in names
        if not name.startswith("sqlite_")
        for row in connection.execute(f'PRAGMA table_info("{name}")')
    ]


def statements(script: str) -> Iterator[str]:
    """The statements of an SQL script, one by one; comments stay with what follows them."""
    start = 0
    for end, character in enumerate(script, start=1):
        if character == ";" and sqlite3.complete_statement(script[start:end]):
            yield script[start:end].strip()
            start = end
