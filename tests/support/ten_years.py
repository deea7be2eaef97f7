"""A home after ten years of use, made up but of real words: as version 0.1 wrote it, and as today's program has it.

It is built once into the user's cache (a few minutes) and copied for each bench. Nothing in it is anyone's.

python -m tests.support.ten_years [SCALE]       build it, and print where it lies
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import sys
import time
from dataclasses import astuple
from pathlib import Path

from filelock import FileLock

from core.paths import Home, cache_folder
from core.storage import database, fulltext, substring
from core.storage.database import Database
from tests.support.old_database import OldDatabase, Size

FULL = Size()


def old_home(folder: Path, size: Size = FULL) -> Home:
    """A copy, in `folder`, of the home as version 0.1 left it."""
    return _copied(_old(size), folder)


def home(folder: Path, size: Size = FULL) -> Home:
    """A copy, in `folder`, of the home as today's program keeps it."""
    return _copied(_migrated(size), folder)


def longest(home: Home) -> int:
    """The id of the conversation with the most messages."""
    with sqlite3.connect(home.database) as connection:
        (number,) = connection.execute(
            "SELECT conversation FROM messages GROUP BY conversation ORDER BY count(*) DESC LIMIT 1"
        ).fetchone()
    connection.close()
    return int(number)


def _copied(source: Path, folder: Path) -> Home:
    found = Home(folder)
    assert not found.database.exists(), f"{folder} holds a home already"
    found.create()
    for path in source.iterdir():
        shutil.copy(path, folder / path.name)
    return found


# ---------------------------------------------------------------- the cache


def _folder(size: Size) -> Path:
    key = hashlib.sha256(repr(astuple(size)).encode()).hexdigest()[:16]
    folder = cache_folder() / "ten-years" / key
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _old(size: Size) -> Path:
    folder = _folder(size)
    made = folder / "old"
    with FileLock(folder / ".lock"):
        if not made.exists():
            half = folder / "old.part"
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            OldDatabase(half / "tsukue.db", size).write()
            (half / "settings.toml").write_text("welcomed = true\n", encoding="utf-8")
            half.rename(made)
    return made


def _migrated(size: Size) -> Path:
    """The old home, migrated by today's code; made anew when the migrations or what they index have changed."""
    old, folder = _old(size), _folder(size)
    sources = [
        *(path for _, path in database.migrations()),
        Path(substring.__file__),
        Path(fulltext.__file__),
    ]
    key = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    made = folder / f"home-{key}"
    with FileLock(folder / ".lock"):
        if not made.exists():
            half = folder / "home.part"
            shutil.rmtree(half, ignore_errors=True)
            home = _copied(old, half)
            Database(home).close()
            for emptied in (home.backups, home.vectors, home.models, home.logs):
                shutil.rmtree(emptied)
            half.rename(made)
    return made


def main() -> int:
    size = FULL.scaled(float(sys.argv[1])) if len(sys.argv) > 1 else FULL
    for make in (_old, _migrated):
        begun = time.perf_counter()
        folder = make(size)
        megabytes = (folder / "tsukue.db").stat().st_size / 1e6
        print(  # noqa: T201 - that is what it is run for
            f"{folder}: {megabytes:.0f} MB, {time.perf_counter() - begun:.0f} s", flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
