"""What a person chose to import from: a file, a folder or a zip archive, as files by their names."""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from core.errors import N_, FileMissing, ImportBroken

MOST_FILES = 200_000  # of a folder or an archive: ten years of chats, a file each, and their pictures
LARGEST = 8 << 30  # bytes of one file, unpacked
_BROKEN = (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError)


class Source:
    """The files of it by names with '/' (those of a folder or an archive below it; a single file by its own name)."""

    def __init__(self, path: Path) -> None:
        """Raises FileMissing, ImportBroken."""
        self.path = path
        self.name = path.name or str(path)
        self._zip: zipfile.ZipFile | None = None
        if not path.exists():
            raise FileMissing(self.name)
        try:
            if path.is_dir():
                found = self._below()
            elif zipfile.is_zipfile(path):
                self._zip = zipfile.ZipFile(path)
                found = (entry.filename for entry in self._zip.infolist() if not entry.is_dir())
            else:
                found = iter([path.name])
            self.files: list[str] = []
            for name in found:
                if len(self.files) >= MOST_FILES:
                    raise ImportBroken(self.name, N_("too many files"))
                self.files.append(name)
        except _BROKEN as error:
            raise ImportBroken(self.name, str(error)[:80]) from error
        self.files.sort()

    def _below(self) -> Iterator[str]:
        for folder, _, names in os.walk(self.path):
            for name in names:
                yield (Path(folder) / name).relative_to(self.path).as_posix()

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Read one of the files. Raises ImportBroken, also for what goes wrong while it is read."""
        try:
            with contextlib.ExitStack() as stack:
                stream: IO[bytes]
                if self._zip is not None:
                    if self._zip.getinfo(name).file_size > LARGEST:
                        raise ImportBroken(name, N_("too large"))
                    stream = stack.enter_context(self._zip.open(name))
                else:
                    path = self.path / name if self.path.is_dir() else self.path
                    stream = stack.enter_context(path.open("rb"))
                yield stream
        except _BROKEN as error:
            raise ImportBroken(name.rpartition("/")[2], str(error)[:80]) from error

    def read(self, name: str, most: int) -> bytes:
        """All of a small file. Raises ImportBroken, where it is larger than `most` bytes too."""
        with self.open(name) as stream:
            data = stream.read(most + 1)
        if len(data) > most:
            raise ImportBroken(name.rpartition("/")[2], N_("too large"))
        return data

    def named(self, *endings: str) -> list[str]:
        """The files whose names end so, without regard to capitals."""
        return [name for name in self.files if name.casefold().endswith(endings)]

    def called(self, name: str) -> list[str]:
        """The files of this name, in whatever folder."""
        return [file for file in self.files if file.rpartition("/")[2] == name]

    def changed(self, name: str) -> float:
        """When the file was changed, in seconds since 1970; 0 within an archive."""
        if self._zip is not None:
            return 0.0
        with contextlib.suppress(OSError):
            return (self.path / name if self.path.is_dir() else self.path).stat().st_mtime
        return 0.0

    def close(self) -> None:
        """Let go of the archive."""
        if self._zip is not None:
            self._zip.close()
