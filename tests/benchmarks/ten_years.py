"""Ten years of use: the window, the search, the start and the migration on a home of that size (tests/support/ten_years.py)."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from core.app import SCRIPT_VARIABLE
from core.paths import Home
from core.storage.conversations import ConversationStore
from core.storage.database import Database
from tests.benchmarks import start
from tests.benchmarks.report import ROOT, report, taking
from tests.support import ten_years

EACH = 24  # queries of a kind
STREAMED = 12_000  # characters of the answer that streams
_WORD = re.compile("[A-Za-z]{4,}")
_JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]{2,}")
_KANJI = re.compile("[\u4e00-\u9fff]{2,}")


def measure_ten_years(folder: Path) -> None:
    """All of them; what cannot be taken costs its own rows only."""
    with taking("migrating ten years"):
        measure_migration(folder / "old")
    home = ten_years.home(folder / "ten-years")
    with taking("search over ten years"):
        measure_search(home)
    with taking("start after ten years"):
        start.measure_start(home)
    with taking("the window after ten years"):
        measure_window(home, folder)


# ---------------------------------------------------------------- migration

MIGRATE = """
import sys, time
from pathlib import Path
import psutil
from core.paths import Home
from core.storage.database import Database
home = Home(Path(sys.argv[1]))
begun = time.perf_counter()
Database(home).close()
print(time.perf_counter() - begun, psutil.Process().memory_info().rss)
"""

# Starts the program; prints how long it takes until the window is whole, and its longest turn of the event loop meanwhile.
WINDOW = """
import gc, sys, time
gc.disable()  # as desktop/__main__.py does
begun = time.perf_counter()
from PySide6.QtCore import QTimer
import desktop.app as program
from desktop.main_window import MainWindow
from tests.benchmarks.watching import Watch
shown, filled = MainWindow.show, MainWindow.fill
watches = []
def show(window):
    shown(window)
    if not watches:
        watches.append(Watch())
def fill(window, app):
    filled(window, app)
    def there():
        turns = watches[0].take()
        watches[0].stop()
        print(time.perf_counter() - begun, max(turns.gross), turns.longest, flush=True)
        window.close()
    QTimer.singleShot(100, there)
MainWindow.show, MainWindow.fill = show, fill
sys.exit(program.main(["--home", sys.argv[1]]))
"""


def measure_migration(folder: Path) -> None:
    """The database of version 0.1 is opened by today's program, backup and all."""
    home = ten_years.old_home(folder)
    before = home.database.stat().st_size
    spent, memory = map(float, _python("-c", MIGRATE, str(home.root)).split())
    after, kept = home.database.stat().st_size, sum(path.stat().st_size for path in home.backups.iterdir())
    report(
        "migrating ten years from version 0.1",
        f"{spent:.0f} s, {before / 1e6:.0f} to {after / 1e6:.0f} MB and {kept / 1e6:.0f} MB of backup;"
        f" {memory / 1e6:.0f} MB of memory",
        "printed",
    )
    shutil.rmtree(home.root)
    home = ten_years.old_home(folder)
    whole, gross, net = map(float, _python("-c", WINDOW, str(home.root)).split())
    report(
        "the first start after it: until the window is whole",
        f"{whole:.0f} s; the window stands still for {gross:.1f} s ({net:.1f} s net of waiting for the processor)",
        "printed",
    )
    shutil.rmtree(home.root)


def _python(*arguments: str, **environment: str) -> str:
    return "".join(_lines(*arguments, **environment))


def _lines(*arguments: str, **environment: str) -> Iterator[str]:
    """What a Python program of ours prints, line by line; an error where it fails."""
    command = [sys.executable, *arguments]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert process.stdout is not None
    with process.stdout:
        yield from process.stdout
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command)


# ---------------------------------------------------------------- search


def queries(database: Database, seed: int = 1) -> dict[str, list[str]]:
    """What a person might look for, taken from the texts: EACH of every kind."""
    rng = random.Random(seed)
    (last,) = database.row("SELECT max(id) FROM messages") or (0,)
    found: dict[str, list[str]] = {
        "a word": [],
        "a piece of a word": [],
        "two Japanese characters": [],
        "a piece of Japanese": [],
        "one character": [],
        "several words": [],
    }
    while any(len(words) < EACH for words in found.values()):
        row = database.row("SELECT text FROM parts WHERE message = ?", rng.randrange(last) + 1)
        text = row["text"] if row is not None else ""
        words, runs, kanji = _WORD.findall(text), _JAPANESE.findall(text), _KANJI.findall(text)
        if words:
            word = rng.choice(words)
            found["a word"].append(word)
            begin = rng.randrange(len(word) - 3) if len(word) > 4 else 0
            found["a piece of a word"].append(word[begin : begin + rng.randrange(3, 6)])
            if len(words) > 3:
                found["several words"].append(" ".join(rng.sample(words, rng.randrange(2, 4))))
        if kanji:
            found["two Japanese characters"].append(rng.choice(kanji)[:2])
        if runs:
            run = rng.choice(runs)
            begin = rng.randrange(len(run) - 1)
            found["a piece of Japanese"].append(run[begin : begin + rng.randrange(2, 7)])
            found["one character"].append(rng.choice(rng.choice([runs, words or runs])[0]))
            if len(runs) > 2:
                found["several words"].append(" ".join(run[:4] for run in rng.sample(runs, 2)))
    found = {kind: words[:EACH] for kind, words in found.items()}
    found["nothing found"] = [f"{rng.choice(found['a word'])}zqxj" for _ in range(EACH // 2)]
    found["nothing found"] += [f"{rng.choice(found['two Japanese characters'])}彁" for _ in range(EACH // 2)]
    return found


def measure_search(home: Home) -> None:
    """Each query once, as the sidebar asks."""
    database = Database(home, owned=False)
    store = ConversationStore(database)
    asked = queries(database)
    store.search("warm up")
    every: list[tuple[float, str, int]] = []
    for kind, words in asked.items():
        spent = []
        for text in words:
            begun = time.perf_counter()
            hits = store.search(text)
            spent.append(time.perf_counter() - begun)
            every.append((spent[-1], text, len(hits)))
        report(f"search, {kind}", f"p50 {_ms(spent, 50)}, p95 {_ms(spent, 95)}", "p95 at most 50 ms")
    spent = [seconds for seconds, _, _ in every]
    report(
        f"search over ten years, {len(every)} queries",
        f"p50 {_ms(spent, 50)}, p95 {_ms(spent, 95)}, slowest {max(spent) * 1000:.0f} ms",
        "p95 at most 50 ms",
    )
    for seconds, text, count in sorted(every, reverse=True)[:8]:
        print(f"    {seconds * 1000:.0f} ms, {count} found: {text}")
    database.close()


def _ms(seconds: list[float], percent: int) -> str:
    return f"{statistics.quantiles(seconds, n=100, method='inclusive')[percent - 1] * 1000:.0f} ms"


# ---------------------------------------------------------------- the window


def measure_window(home: Home, folder: Path) -> None:
    """In a process of its own, whose memory is the window's and nothing else's."""
    paragraph = "A **paragraph** of an answer about desks, drawers and lamps, with some `code` in it. " * 4
    answer = "\n\n".join([paragraph, "- one\n- two\n- three", "```python\nx = 1\n```"] * 35)[:STREAMED]
    script = folder / "ten-years.json"
    answers = [
        {"when": "long one", "say": answer, "seconds_per_piece": 0.002},
        {"when": "", "say": "All **right**."},
    ]
    script.write_text(json.dumps({"answers": answers}), encoding="utf-8")
    lines = _lines(
        "-m",
        "tests.benchmarks.ten_years_window",
        str(home.root),
        str(ten_years.longest(home)),
        **{SCRIPT_VARIABLE: str(script), "PYTHONFAULTHANDLER": "1"},  # where it crashes, it says where
    )
    for line in lines:
        measure, value, aim, blamed = json.loads(line)
        report(measure, value, aim)
        for place, milliseconds in blamed:
            print(f"    {milliseconds} ms in {place}")
