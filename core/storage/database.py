"""The SQLite database: opening, migrating, transactions.

One connection, used under a lock from any thread. WAL with `synchronous=FULL`: what a committed
transaction wrote survives a power cut. Before any migration the whole file is copied, dated, into
`backups/`; a migration runs in one transaction. A file from a newer program is refused.
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import DatabaseDamaged, DiskFull, HomeNotWritable, NewerDatabase, TsukueError
from core.paths import Home, private
from core.storage import backup

MIGRATIONS = Path(__file__).parent / "migrations"


def migrations() -> list[tuple[int, Path]]:
    """The migration files in order, as (version after it, file)."""
    return [(int(path.name[:4]), path) for path in sorted(MIGRATIONS.glob("[0-9][0-9][0-9][0-9]_*.sql"))]


def translate(error: sqlite3.Error, path: Path) -> TsukueError | sqlite3.Error:
    """The typed error for what the environment did (disk, rights, damage); a bug of ours stays as it is."""
    text = str(error)
    if "disk is full" in text:
        return DiskFull(str(path))
    if "readonly" in text or "unable to open" in text or "disk I/O" in text:
        return HomeNotWritable(str(path), text)
    if "not a database" in text or "malformed" in text:
        return DatabaseDamaged(str(path), text)
    return error


class Database:
    """The open database of one home. Raises HomeNotWritable, DiskFull, NewerDatabase, DatabaseDamaged."""

    def __init__(self, home: Home) -> None:
        self.path = home.database
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._connection = sqlite3.connect(
                self.path, timeout=10, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
        self._connection.row_factory = sqlite3.Row
        try:
            private(self.path)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._migrate(home)
        except sqlite3.Error as error:
            self._connection.close()
            raise translate(error, self.path) from error
        except OSError as error:
            self._connection.close()
            if error.errno == errno.ENOSPC:
                raise DiskFull(str(self.path)) from error
            raise HomeNotWritable(str(self.path), error.strerror or str(error)) from error
        except TsukueError:
            self._connection.close()
            raise

    def _migrate(self, home: Home) -> None:
        (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        known = migrations()
        newest = known[-1][0]
        if found > newest:
            raise NewerDatabase(str(self.path), found, newest)
        if found == newest:
            return
        if found > 0:
            backup.make(self._connection, home.backups, f"before-version-{newest}")
        for version, path in known:
            if version > found:
                script = path.read_text(encoding="utf-8")
                self._connection.executescript(
                    f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {version};\nCOMMIT;"
                )

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log into it."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside are written together or not at all. May be nested."""
        with self._lock:
            if self._depth == 0:
                self._run("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0 and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._run("COMMIT")

    def _run(self, sql: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, values)
        except sqlite3.Error as error:
            translated = translate(error, self.path)
            if translated is error:
                raise
            raise translated from error

    def write(self, sql: str, *values: Any) -> int:
        """Run one changing statement; returns the last inserted row id (for INSERT) or the count of rows."""
        with self._lock:
            cursor = self._run(sql, values)
            return cursor.lastrowid or 0 if sql.lstrip()[:6].upper() == "INSERT" else cursor.rowcount

    def write_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        """Run one changing statement for each row."""
        with self._lock:
            try:
                self._connection.executemany(sql, rows)
            except sqlite3.Error as error:
                raise translate(error, self.path) from error

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock:
            return self._run(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with self._lock:
            return self._run(sql, values).fetchone()  # type: ignore[no-any-return]

    def check(self) -> bool:
        """Whether SQLite finds the file sound."""
        row = self.row("PRAGMA quick_check")
        return row is not None and row[0] == "ok"
