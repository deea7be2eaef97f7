"""Replaces the database with a backup or with what salvage.py could read.

The new one is made ready in a folder of its own, up to the newest version, and takes the old one's place in one step, so
that whoever is killed finds the old or the new whole. The old one is kept among the backups, never deleted. Vectors in
Chroma are dropped: they are refilled from SQLite (core/documents/index.py), and a restored database gives ids again.
Engine states of conversations that are gone are swept by the next start (core/app.py).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import BackupUnusable, DatabaseBusy, DatabaseDamaged, FileMissing, NoBackup, TsukueError
from core.files import flush, flush_folder, write_json, writing
from core.paths import Home, private
from core.storage import backup, salvage
from core.storage.backup import Content
from core.storage.database import BUSY_SECONDS, Database, migrations
from core.storage.failures import DAMAGED, NO_DATABASE, translate

log = logging.getLogger(__name__)

HELPERS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Restored:
    """What was put in place, and where the database that was there is kept (None where there was none)."""

    source: Path
    content: Content
    kept: Path | None


@dataclass(frozen=True)
class Rescued:
    """What salvage put in place."""

    report: salvage.Report
    kept: Path


def newest_version() -> int:
    """The newest version of the database that this program knows."""
    return migrations()[-1][0]


def restore(home: Home, file: Path) -> Restored:
    """Put the backup `file` in the place of the database. The caller holds the home's lock.

    Raises FileMissing, BackupUnusable, DatabaseBusy, DiskFull, HomeNotWritable; everything is as it was then.
    """
    with _staging(home) as staging:
        _stage(file, staging.database)
        try:
            content = backup.verify(staging.database, newest_version())
            Database(staging).close()  # brings an older one up to date
        except BackupUnusable as error:
            raise BackupUnusable(str(file), error.reason) from error
        except DatabaseDamaged as error:
            raise BackupUnusable(str(file), error.reason) from error
        kept = _put_in_place(home, staging.database)
    log.warning("the database was replaced by a backup of version %d", content.version)
    return Restored(file, content, kept)


def restore_latest(home: Home) -> Restored:
    """Restore the newest backup that is sound. Raises NoBackup and what `restore` does."""
    newest = backup.newest_good(home.backups, newest_version())
    if newest is None:
        raise NoBackup(str(home.backups))
    return restore(home, newest.path)


def rescue(home: Home, check: Callable[[], None] = lambda: None) -> Rescued:
    """Put what can be read of the database in its place. The caller holds the home's lock.

    Raises NothingToRescue, FileMissing, DiskFull, HomeNotWritable; everything is as it was then.
    """
    with _staging(home) as staging:
        report = salvage.salvage(home.database, staging.database, check)
        kept = _put_in_place(home, staging.database)
    assert kept is not None
    log.warning("the database was rescued: %s", report.found)
    return Rescued(report, kept)


# ---------------------------------------------------------------- making ready


@contextlib.contextmanager
def _staging(home: Home) -> Iterator[Home]:
    """An empty home inside the home, on the same disk; gone at the end, or at the next time after a kill."""
    staging = Home(home.staging)
    with writing(staging.root):
        if staging.root.exists():
            shutil.rmtree(staging.root)
        staging.root.mkdir(mode=0o700)
    try:
        yield staging
    finally:
        shutil.rmtree(staging.root, ignore_errors=True)


def _stage(file: Path, copy: Path) -> None:
    """Copy a backup, with what its own write-ahead log holds, to a single file."""
    if not file.is_file():
        raise FileMissing(str(file))
    with file.open("rb") as stream:
        magic = stream.read(len(backup.MAGIC))
    if magic != backup.MAGIC:
        raise BackupUnusable(str(file), NO_DATABASE)
    with writing(copy):
        shutil.copyfile(file, copy)
        private(copy)
        wal = file.with_name(file.name + "-wal")
        if wal.exists():
            shutil.copyfile(wal, copy.with_name(copy.name + "-wal"))
    try:
        _fold(copy)
    except DatabaseDamaged as error:
        raise BackupUnusable(str(file), error.reason) from error


def _fold(database: Path) -> None:
    """Make one file of a database and its write-ahead log. Raises DatabaseBusy, DatabaseDamaged, DiskFull."""
    try:
        with contextlib.closing(
            sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None)
        ) as connection:
            (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.Error as error:
        translated = translate(error, database)
        if translated is error:
            raise DatabaseDamaged(str(database), DAMAGED) from error
        raise translated from error
    if mode != "delete":
        raise DatabaseBusy(str(database))


# ---------------------------------------------------------------- changing places


def _put_in_place(home: Home, new: Path) -> Path | None:
    with contextlib.suppress(DatabaseDamaged):
        _fold(new)  # the staged one was closed, so this is for its journal mode alone
    with writing(home.database):
        flush(new)
        home.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = _keep(home)
    with writing(home.database):
        # Before the change: an old database with an empty Chroma is refilled, a new one with an old Chroma is wrong.
        shutil.rmtree(home.vectors, ignore_errors=True)
        home.vectors.mkdir(mode=0o700, exist_ok=True)
        # What is left of them was folded in, or kept; beside the new one SQLite would take them for its own.
        for helper in HELPERS:
            home.database.with_name(home.database.name + helper).unlink(missing_ok=True)
        new.replace(home.database)
        flush_folder(home.root)
        home.damage_mark.unlink(missing_ok=True)
    return kept


def _keep(home: Home) -> Path | None:
    """Give what is there a second name among the backups: it stays in its place until the new one takes it."""
    if not home.database.exists():
        return None
    whole = True
    try:
        _fold(home.database)
    except DatabaseDamaged:
        whole = False
    kept = backup.dated(home.backups, backup.REPLACED)
    with writing(kept):
        if not whole:  # the log first: a kept database without its log would be taken for all there was
            for helper in HELPERS:
                there = home.database.with_name(home.database.name + helper)
                if there.exists():
                    _second_name(there, kept.with_name(kept.name + helper))
        _second_name(home.database, kept)
        flush_folder(home.backups)
    return kept


def _second_name(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except OSError:  # a disk without links, or another one
        half = name.with_name(name.name + ".part")
        shutil.copyfile(file, half)
        private(half)
        flush(half)
        half.replace(name)


# ---------------------------------------------------------------- at the start


def request(home: Home, file: Path) -> None:
    """Let the next start restore this backup before it opens the database. Raises HomeNotWritable, DiskFull."""
    write_json(home.restore_request, {"file": str(file)})


def at_start(home: Home) -> Restored | TsukueError | None:
    """Do what was left for this start: restore what was asked for; look over a database in which damage was found.

    The caller holds the home's lock. Returns what was restored, or why not. Raises DatabaseDamaged.
    """
    done: Restored | TsukueError | None = None
    if home.staging.exists():  # of a restore that was killed
        shutil.rmtree(home.staging, ignore_errors=True)
    if home.restore_request.exists():
        try:
            done = restore(home, Path(json.loads(home.restore_request.read_text(encoding="utf-8"))["file"]))
        except TsukueError as error:
            done = error
        except (OSError, ValueError, KeyError, TypeError):
            log.exception("the request to restore a backup cannot be read")
            done = BackupUnusable(str(home.restore_request), NO_DATABASE)
        with writing(home.restore_request):
            home.restore_request.unlink(
                missing_ok=True
            )  # once, so that a bad backup does not stop every start
    if home.damage_mark.exists():
        if not sound(home.database):
            raise DatabaseDamaged(str(home.database), DAMAGED)
        with writing(home.damage_mark):
            home.damage_mark.unlink(missing_ok=True)
    return done


def sound(database: Path) -> bool:
    """Whether SQLite finds the whole file sound and every text in it can be read. Takes seconds for a gigabyte."""
    try:
        with contextlib.closing(sqlite3.connect(database, timeout=BUSY_SECONDS)) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                return False
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in names:
                for _ in connection.execute(f'SELECT * FROM "{name}"'):
                    pass
    except sqlite3.Error as error:
        translated = translate(error, database)
        if isinstance(translated, TsukueError) and not isinstance(translated, DatabaseDamaged):
            raise translated from error
        return False
    return True
