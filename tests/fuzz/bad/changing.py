"""Files which change while somebody reads them.

Each function of `CHANGES` does one harm to a file, once; `Changer` does it again and again in a thread, at seeded moments::

    with Changer(path, grow, seed=3) as changer:
        ...  # let the reader read the folder
    assert changer.times, "nothing happened"

Afterwards the file is whole again: the changer puts back the bytes it began with.
"""

from __future__ import annotations

import os
import random
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

Change = Callable[[Path, random.Random], None]


def change(path: Path, rng: random.Random) -> None:
    """Overwrites some bytes in place; size and inode stay the same."""
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        for _ in range(8):
            file.seek(rng.randrange(max(1, size)))
            file.write(rng.randbytes(min(16, max(1, size - file.tell()))))


def change_unseen(path: Path, rng: random.Random) -> None:
    """Overwrites some bytes, and sets the date back: neither size nor date tell of it."""
    before = path.stat()
    change(path, rng)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def touch(path: Path, rng: random.Random) -> None:
    """Changes only the date."""
    seconds = rng.randrange(2**31)
    os.utime(path, (seconds, seconds))


def grow(path: Path, rng: random.Random) -> None:
    """Appends some bytes, as a program does which writes a log."""
    with path.open("ab") as file:
        file.write(rng.randbytes(rng.randint(1, 64_000)))


def grow_sparse(path: Path, rng: random.Random) -> None:
    """Makes the file gigabytes larger without writing anything."""
    os.truncate(path, path.stat().st_size + rng.randint(1, 4) * (1 << 30))


def shrink(path: Path, rng: random.Random) -> None:
    """Cuts the file."""
    os.truncate(path, rng.randint(0, max(0, path.stat().st_size - 1)))


def empty(path: Path, rng: random.Random) -> None:
    """Cuts the file to nothing."""
    del rng
    os.truncate(path, 0)


def vanish(path: Path, rng: random.Random) -> None:
    """Removes the file."""
    del rng
    path.unlink()


def rename(path: Path, rng: random.Random) -> None:
    """Gives the file another name in the same folder."""
    path.rename(path.with_name(f"{path.stem}-renamed-{rng.randrange(10)}{path.suffix}"))


def replace(path: Path, rng: random.Random) -> None:
    """Puts another file in its place at once, as programs do which save safely."""
    other = path.with_name(f".{path.name}.new")
    other.write_bytes(rng.randbytes(rng.randint(0, 100_000)))
    other.replace(path)


def to_folder(path: Path, rng: random.Random) -> None:
    """Puts a folder in its place, with a file in it."""
    path.unlink()
    path.mkdir()
    (path / "inner.txt").write_bytes(rng.randbytes(100))


def to_pipe(path: Path, rng: random.Random) -> None:
    """Puts a pipe in its place: whoever opens it now waits for ever."""
    del rng
    path.unlink()
    os.mkfifo(path)


def to_loop(path: Path, rng: random.Random) -> None:
    """Puts a link to itself in its place."""
    del rng
    path.unlink()
    path.symlink_to(path.name)


def to_device(path: Path, rng: random.Random) -> None:
    """Puts a link to endless zeros in its place."""
    del rng
    path.unlink()
    path.symlink_to("/dev/zero")


def lock_up(path: Path, rng: random.Random) -> None:
    """Takes all rights from the file (root reads it still)."""
    del rng
    path.chmod(0)


def folder_away(path: Path, rng: random.Random) -> None:
    """Renames the folder of the file. Use it only on a file which has a folder to itself."""
    path.parent.rename(path.parent.with_name(f"{path.parent.name}-away-{rng.randrange(10)}"))


CHANGES: tuple[Change, ...] = (
    *(change, change_unseen, touch, grow, grow_sparse, shrink, empty, vanish, rename, replace),
    *(to_folder, to_pipe, to_loop, to_device, lock_up, folder_away),
)
"""All of them."""


class Changer:
    """A thread which harms a file at seeded moments, and mends it in between.

    `pause` is the longest time between two steps in seconds. `times` counts how often the harm was done, `errors` what went wrong with it.
    """

    def __init__(self, path: Path, change: Change, seed: int, pause: float = 0.02) -> None:
        self.path = path
        self.times = 0
        self.errors: list[OSError] = []
        self._change = change
        self._rng = random.Random(f"{seed}/{path.name}/{change.__name__}")
        self._pause = pause
        self._content = path.read_bytes()
        self._status = path.stat()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"changer of {path.name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.mend()

    def _run(self) -> None:
        while not self._stop.wait(self._rng.uniform(0, self._pause)):
            try:
                self._change(self.path, self._rng)
                self.times += 1
            except OSError as error:
                self.errors.append(error)
            if self._stop.wait(self._rng.uniform(0, self._pause)):
                return
            try:
                self.mend()
            except OSError as error:
                self.errors.append(error)

    def mend(self) -> None:
        """Puts back the file as it was, with the rights and the date it had."""
        for away in self.path.parent.parent.glob(f"{self.path.parent.name}-away-?"):
            if not self.path.parent.exists():
                away.rename(self.path.parent)
        for renamed in self.path.parent.glob(f"{self.path.stem}-renamed-?{self.path.suffix}"):
            renamed.unlink()
        if self.path.is_dir() and not self.path.is_symlink():
            shutil.rmtree(self.path)
        elif not self.path.is_file() or self.path.is_symlink():
            self.path.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            self.path.chmod(0o600)
        self.path.write_bytes(self._content)
        self.path.chmod(self._status.st_mode & 0o7777)
        os.utime(self.path, ns=(self._status.st_atime_ns, self._status.st_mtime_ns))
