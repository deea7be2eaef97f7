"""Dated copies of the database, made while it is in use (SQLite's backup API)."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from core.paths import private


def make(connection: sqlite3.Connection, folder: Path, reason: str) -> Path:
    """Copy the open database to `folder/tsukue-DATE-REASON.db`; the file appears only when whole.

    Only the home's owner may call: what is there of an unfinished copy is taken for a dead process's, and removed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob("*.part*"):
        left.unlink()
    path = folder / f"tsukue-{time.strftime('%Y%m%d-%H%M%S')}-{reason}.db"
    half = path.with_suffix(".part")
    copy = sqlite3.connect(half)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    private(half)
    half.replace(path)
    return path
