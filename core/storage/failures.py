"""What SQLite's errors mean: full disk, no rights, somebody else, damage; a bug of ours stays what it is."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from pathlib import Path

from core.errors import (
    N_,
    DamageFound,
    DatabaseBusy,
    DatabaseDamaged,
    DiskFull,
    HomeNotWritable,
    TsukueError,
)
from core.paths import Home

log = logging.getLogger(__name__)

NO_ROOM = 1 << 20  # with fewer bytes left on the disk, what SQLite calls an I/O error is a full disk
# What people are told about damage.
NO_DATABASE = N_("it is not a database")
DAMAGED = N_("its contents are damaged")
NOT_OURS = N_("it contains no Tsukue chats")
NEWER = N_("it was created by a newer version of Tsukue")


def translate(error: sqlite3.Error, path: Path) -> TsukueError | sqlite3.Error:
    """The typed error for what the environment did (disk, rights, damage); a bug of ours stays as it is.

    Decided by SQLite's primary result code (https://www.sqlite.org/rescode.html).
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    text = str(error)
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(str(path))
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):  # also when its helper files find no room
        return DiskFull(str(path)) if _no_room(path) else HomeNotWritable(str(path), text)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return HomeNotWritable(str(path), text)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseBusy(str(path))
    if code == sqlite3.SQLITE_NOTADB:
        return DatabaseDamaged(str(path), NO_DATABASE)
    if code == sqlite3.SQLITE_CORRUPT or (not code and text.startswith("Could not decode to UTF-8")):
        return DatabaseDamaged(str(path), DAMAGED)
    return error


def damage_found(home: Home, reason: str) -> DamageFound:
    """The error for damage that shows itself while the database is in use; the next start will look it over."""
    try:
        home.damage_mark.touch(mode=0o600)
    except OSError as error:
        log.warning("the damage could not be marked: %s", error)
    return DamageFound(str(home.database), reason)


def _no_room(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < NO_ROOM
    except OSError:
        return False
