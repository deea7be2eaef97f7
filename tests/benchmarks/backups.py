"""The daily backup of 2 GB: whether the start, the window and who writes notice it."""

from __future__ import annotations

import contextlib
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.report import live, report
from tests.benchmarks.stalls import Stalls

GIGABYTES = 2


def measure_backups(make_window: Callable[..., object], folder: Path) -> None:
    from core.chat.conversation import Role
    from core.storage import backup

    make_window("backups").app.close()  # type: ignore[attr-defined]  # makes the home
    database = folder / "backups" / "tsukue.db"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE filler (data BLOB)")
        for _ in range(GIGABYTES * 100):
            with connection:
                connection.execute("INSERT INTO filler VALUES (zeroblob(10000000))")
    size = database.stat().st_size
    begun = time.perf_counter()
    window = make_window("backups")
    live(lambda: window.isVisible())  # type: ignore[attr-defined]
    opened = time.perf_counter() - begun
    store = window.app.conversations  # type: ignore[attr-defined]
    conversation = store.create("bench", "").id

    def write() -> float:
        started = time.perf_counter()
        store.add(conversation, Role.USER, "a message", parent=None)
        return time.perf_counter() - started

    before = [write() for _ in range(100)]
    stalls = Stalls()
    live(lambda: True)
    stalls.reset()
    begun = time.perf_counter()
    window.app.start_backup()  # type: ignore[attr-defined]
    during: list[float] = []

    def made() -> bool:
        during.append(write())
        return bool(backup.found(window.app.home.backups))  # type: ignore[attr-defined]

    live(made)
    stalls.stop()
    report(
        f"daily backup of {size / 1e9:.1f} GB: in the background",
        f"{time.perf_counter() - begun:.0f} s; the window was there after {opened:.1f} s",
        "the start does not wait",
    )
    report("longest stall of the window meanwhile", f"{stalls.longest * 1000:.0f} ms", "printed")
    report(
        "writing a message meanwhile ÷ before",
        f"{statistics.median(during) / statistics.median(before):.1f}"
        f" ({statistics.median(during) * 1000:.1f} ms, longest {max(during) * 1000:.0f} ms)",
        "printed",
    )
    window.close()  # type: ignore[attr-defined]
    window.app.close()  # type: ignore[attr-defined]
