"""kill -9 in the middle of a migration: `python -m tests.fuzz.migration 100 [FOLDER [SCALE]]`.

A process opens the home of ten years as version 0.1 wrote it (tests/support/ten_years.py), and is killed at a random moment.
The file must then be as before or whole as it is after, and the next start must go on from there. Every tenth start is let
through to its end. Nothing that version 0.1 had may change: digests of every table, taken with plain SQL, are compared.
`make test` runs a sample on a small home (tests/end_to_end/test_migration_kills.py).
"""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from core.storage.database import migrations
from tests.support import content, ten_years
from tests.support.old_database import Size

ROOT = Path(__file__).resolve().parents[2]
LET_THROUGH = 10  # every so many starts

# Says that it begins, opens the home as a start of the program does, and says that it has ended.
OPEN = """
import sys
from pathlib import Path
from core.paths import Home
from core.storage.database import Database
home = Home(Path(sys.argv[1]))
home.create()
with home.lock():
    print("begins", flush=True)
    database = Database(home)
    print("open", flush=True)
    database.close()
"""


class Kills:
    """A home that is opened and killed, again and again."""

    def __init__(self, folder: Path, size: Size, seed: int = 1) -> None:
        self._folder = folder
        self._size = size
        self._chance = random.Random(seed)
        self.outcomes = Counter[str]()
        self.home = ten_years.old_home(folder / "home", size)
        self.before = content.digests(self.home.database)
        self._seconds = self.let_through()
        self._renew()

    def _renew(self) -> None:
        shutil.rmtree(self._folder / "home", ignore_errors=True)
        self.home = ten_years.old_home(self._folder / "home", self._size)

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", OPEN, str(self.home.root)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        return process

    def let_through(self) -> float:
        """A start that nobody kills: the home is of today, whole, and nothing half made is left. Returns its seconds."""
        begun = time.perf_counter()
        process = self._start()
        said, _ = process.communicate()
        spent = time.perf_counter() - begun
        assert (said, process.returncode) == ("open\n", 0)
        assert self.version() == migrations()[-1][0]
        assert content.digests(self.home.database) == self.before
        assert content.faults(self.home.database) == []
        left = [path.name for path in self.home.backups.iterdir() if path.suffix != ".db"]
        assert left == [], f"left of backups: {left}"
        self.outcomes["let through"] += 1
        return spent

    def kill(self) -> None:
        """Start, and kill at a random moment of the time that the migration takes."""
        begun = time.perf_counter()
        process = self._start()
        try:
            process.wait(self._chance.random() * self._seconds)
            self._seconds = time.perf_counter() - begun  # the machine has become quicker
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        halves = [path for path in self.home.backups.iterdir() if path.suffix == ".part"]
        assert len(halves) <= 1, f"half backups pile up: {halves}"
        version = self.version()
        assert version in (1, migrations()[-1][0]), "between two versions"
        assert content.digests(self.home.database) == self.before
        if process.returncode == 0:
            outcome = "ended before it was killed"
        elif version > 1:
            outcome = "killed, and the migration was done"
        else:
            outcome = f"killed in the {'backup' if halves else 'migration'}, and as before"
        self.outcomes[outcome] += 1
        if version > 1:
            self._renew()

    def version(self) -> int:
        connection = sqlite3.connect(self.home.database)
        try:
            return content.version(connection)
        finally:
            connection.close()

    def run(self, count: int) -> Counter[str]:
        """Start so many times; whole backups are taken away in between, since each is as large as the home."""
        for number in range(1, count + 1):
            if number % LET_THROUGH:
                self.kill()
            else:
                self.let_through()
                self._renew()
            for path in self.home.backups.glob("*.db"):
                path.unlink()
            sys.stdout.write(f"{number}: {dict(self.outcomes)}\n")
            sys.stdout.flush()
        return self.outcomes


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    scale = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        kills = Kills(Path(folder), ten_years.FULL.scaled(scale) if scale != 1 else ten_years.FULL)
        kills.run(count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
