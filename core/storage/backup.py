"""Copies of the database, made while it is in use: each day, before migrations, and when the person asks.

A backup is one file, `tsukue-DATE-TIME-REASON.db`: chats, documents' text and their vectors. The settings and the models
are not in it: settings.toml is a text file of its own, and models can be fetched again. It appears under its name only
when it is whole and SQLite has found it sound. What to keep is decided by the dates in the names, never by age, so that
a clock that jumps deletes nothing that it should not.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from core.errors import (
    BackupUnusable,
    DatabaseDamaged,
    DiskFull,
    FileExists,
    FileMissing,
    HomeNotWritable,
    NoRoomForBackup,
    NothingToBackUp,
)
from core.files import flush, flush_folder, writing
from core.paths import private
from core.storage.failures import DAMAGED, NEWER, NO_DATABASE, NOT_OURS, translate

log = logging.getLogger(__name__)

KEEP_DAILY = 7
KEEP_WEEKLY = 4  # before the daily ones, one a week
KEEP_BEFORE_MIGRATION = 3
DAILY, ASKED, BEFORE, REPLACED = "daily", "asked", "before-version-", "replaced"
ROOM_FACTOR = 2  # so many times the database's size must be free, and
ROOM_RESERVE = 200_000_000  # so many bytes besides
PAGES = 256  # copied at once
FLUSH_STEPS = 16  # after so many of them what was copied goes to the disk
PAUSE_SECONDS = 0.01  # between two such steps of a backup that nobody waits for
ABANDONED_SECONDS = 600  # half a backup that was asked for and has not grown since then is nobody's
BUSY_SECONDS = 10.0
MAGIC = b"SQLite format 3\0"
TABLES = {"conversations", "messages", "collections", "documents", "pages", "passages", "vectors"}

_NAME = re.compile(r"tsukue-(\d{8}-\d{6})-([a-z0-9-]+)\.db")
_HALF = ".part"
_STAMP = "%Y%m%d-%H%M%S"


@dataclass(frozen=True)
class Backup:
    """A backup by its file's name. `made` is the local time in it, `size` in bytes."""

    path: Path
    made: datetime
    reason: str
    size: int


@dataclass(frozen=True)
class Content:
    """What a sound database holds."""

    version: int
    conversations: int
    messages: int


# ---------------------------------------------------------------- the folder


def found(folder: Path) -> list[Backup]:
    """The backups in a folder, the latest first; those that a wrong clock dated ahead of now come last."""
    backups = []
    with writing(folder):
        entries = list(folder.iterdir()) if folder.is_dir() else []
    for path in entries:
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        with contextlib.suppress(ValueError, OSError):  # no date, or just deleted
            made = datetime.strptime(match[1], _STAMP)
            backups.append(Backup(path, made, match[2], path.stat().st_size))
    today = _today()
    return sorted(backups, key=lambda b: (b.made.date() <= today, b.made, b.path.name), reverse=True)


def dated(folder: Path, reason: str) -> Path:
    """A free name in `folder` for a backup that is made now."""
    stamp = time.strftime(_STAMP)
    path = folder / f"tsukue-{stamp}-{reason}.db"
    count = 1
    while path.exists():
        count += 1
        path = folder / f"tsukue-{stamp}-{reason}-{count}.db"
    return path


def due(backups: Iterable[Backup]) -> bool:
    """Whether no daily backup has today's date."""
    return all(backup.made.date() != _today() for backup in backups if _is(backup, DAILY))


def superfluous(backups: Iterable[Backup]) -> list[Backup]:
    """The backups that need not be kept. Those that a person asked for or that were replaced are the person's."""
    backups = list(backups)
    daily = sorted((b for b in backups if _is(b, DAILY)), key=lambda b: b.made, reverse=True)
    today = _today()
    # Dated ahead by a wrong clock: by themselves, so that they do not push out those of these days.
    leaving = [
        backup
        for ahead in (False, True)
        for backup in _past_the_rule([b for b in daily if (b.made.date() > today) is ahead])
    ]
    before = sorted((b for b in backups if b.reason.startswith(BEFORE)), key=lambda b: b.made, reverse=True)
    return leaving + before[KEEP_BEFORE_MIGRATION:]


def _past_the_rule(daily: list[Backup]) -> list[Backup]:
    leaving: list[Backup] = []
    weeks: set[tuple[int, int]] = set()
    for backup in daily[KEEP_DAILY:]:
        week = backup.made.isocalendar()[:2]
        if week in weeks or len(weeks) == KEEP_WEEKLY:
            leaving.append(backup)
        else:
            weeks.add(week)
    return leaving


def _is(backup: Backup, reason: str) -> bool:
    return re.fullmatch(rf"{reason}(-\d+)?", backup.reason) is not None


def _today() -> date:
    return datetime.now().date()


def tidy(folder: Path, database: Path) -> None:
    """Remove what a kill left: half backups, and the second name of a database whose replacing was never finished."""
    for path in folder.glob(f"tsukue-*{_HALF}*"):
        try:
            # `tsukue backup` may be at work in another process; all else is made by the home's owner, who calls this.
            if f"-{ASKED}" in path.name and time.time() - path.stat().st_mtime < ABANDONED_SECONDS:
                continue
            path.unlink()
        except OSError as error:
            log.warning("half a backup could not be removed: %s", error)
    for path in folder.glob(f"tsukue-*-{REPLACED}*.db"):
        with contextlib.suppress(OSError):
            if path.samefile(database):
                path.unlink()


# ---------------------------------------------------------------- making one


def make(
    database: Path, folder: Path, reason: str, *, check: Callable[[], None] = lambda: None, pause: float = 0.0
) -> Path:
    """Copy the database into `folder` under a dated name. See `copy`."""
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = dated(folder, reason)
    copy(database, path, check=check, pause=pause)
    return path


def copy(database: Path, path: Path, *, check: Callable[[], None] = lambda: None, pause: float = 0.0) -> None:
    """Copy a database that may be in use to `path`, which appears only when whole and found sound.

    `check` is called after each step and may raise to stop; `pause` seconds are slept there. Raises NothingToBackUp,
    FileExists, DatabaseDamaged, DatabaseBusy, DiskFull, HomeNotWritable; nothing is left behind then.
    """
    if not database.is_file():
        raise NothingToBackUp(str(database))
    if path.exists():
        raise FileExists(str(path))
    half = path.with_name(path.name + _HALF)

    steps = itertools.count(1)

    def step(_status: int, _remaining: int, _total: int) -> None:
        check()
        if pause:
            time.sleep(pause)
        if next(steps) % FLUSH_STEPS == 0:  # gigabytes at once would hold up everybody's writing
            flush(half)

    try:
        with writing(path):
            half.unlink(missing_ok=True)
            half.touch(mode=0o600)
        with _translated(database, path):
            _copy_pages(database, half, step)
        check()
        with writing(path):
            flush(half)
        _look_over(half, database, check)
        with writing(path):
            private(half)
            half.replace(path)
            flush_folder(path.parent)
    except BaseException:
        for left in (half, half.with_name(half.name + "-journal")):
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)
        raise


def _copy_pages(database: Path, half: Path, step: Callable[[int, int, int], None]) -> None:
    with (
        contextlib.closing(sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None)) as source,
        contextlib.closing(sqlite3.connect(half, isolation_level=None)) as target,
    ):
        source.execute("PRAGMA query_only = ON")
        target.execute("PRAGMA journal_mode = OFF")  # nobody sees the copy before it is whole
        target.execute("PRAGMA synchronous = OFF")
        # One snapshot for all steps: SQLite begins a backup anew whenever somebody else writes between two of them, and
        # with an answer being saved twice a second it would never end. In WAL mode writers do not wait for readers.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(target, pages=PAGES, progress=step)


def _look_over(half: Path, database: Path, check: Callable[[], None]) -> None:
    try:
        with contextlib.closing(_immutable(half)) as connection:
            connection.set_progress_handler(lambda: _asked_to_stop(check), 100_000)
            row = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        check()  # an interrupted check is not a damaged file
        raise DatabaseDamaged(str(database), DAMAGED) from error
    if row is None or row[0] != "ok":
        log.warning("the database is damaged: %s", row and row[0])
        raise DatabaseDamaged(str(database), DAMAGED)


def _asked_to_stop(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # noqa: BLE001 - whatever it raises is raised again by `_look_over`
        return True
    return False


def require_room(database: Path, folder: Path) -> None:
    """Raise NoRoomForBackup where a backup would take the disk's last space."""
    wal = database.with_name(database.name + "-wal")
    with writing(folder):
        size = sum(path.stat().st_size for path in (database, wal) if path.exists())
        free = shutil.disk_usage(folder).free
    needed = ROOM_FACTOR * size + ROOM_RESERVE
    if free < needed:
        raise NoRoomForBackup(str(folder), needed // 1_000_000 + 1, free // 1_000_000)


@contextlib.contextmanager
def _translated(database: Path, path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        found = translate(error, database)
        if isinstance(found, (DiskFull, HomeNotWritable)):
            found = translate(error, path)  # the copy's disk, not the database's
        if found is error:
            raise
        raise found from error


# ---------------------------------------------------------------- looking at one


def verify(path: Path, known: int) -> Content:
    """What a backup holds. `known` is the newest version that this program reads.

    Raises FileMissing, or BackupUnusable where the file is not a sound database of Tsukue. Writes nothing beside it.
    """
    try:
        with path.open("rb") as stream:
            magic = stream.read(len(MAGIC))
    except OSError as error:
        raise FileMissing(str(path)) from error
    if magic != MAGIC:
        raise BackupUnusable(str(path), NO_DATABASE)
    try:
        with contextlib.closing(_immutable(path)) as connection:
            return _content(connection, path, known)
    except sqlite3.Error as error:
        raise BackupUnusable(str(path), DAMAGED) from error


def _content(connection: sqlite3.Connection, path: Path, known: int) -> Content:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > known:
        raise BackupUnusable(str(path), NEWER)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not version or not names >= TABLES:
        raise BackupUnusable(str(path), NOT_OURS)
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise BackupUnusable(str(path), DAMAGED)
    there = "WHERE deleted IS NULL" if version > 1 else ""
    conversations = connection.execute(f"SELECT count(*) FROM conversations {there}").fetchone()[0]
    messages = connection.execute("SELECT count(*) FROM messages").fetchone()[0]
    return Content(version, conversations, messages)


def newest_good(folder: Path, known: int) -> Backup | None:
    """The newest backup that is sound; one that was replaced is not chosen."""
    for backup in found(folder):
        if not _is(backup, REPLACED):
            try:
                verify(backup.path, known)
            except (BackupUnusable, FileMissing) as error:
                log.warning("a backup cannot be used: %s", error)
                continue
            return backup
    return None


def _immutable(path: Path) -> sqlite3.Connection:
    """A connection that makes no helper files beside a copy, which is in WAL mode as its original was."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None)
