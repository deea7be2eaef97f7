"""Pictures that hang on messages: files named by the hash of their bytes, which never change.

A picture that no message has any more is put aside, and removed when no backup can bring its message back.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path

from core import files
from core.errors import PictureGone

DAY = 86_400.0
UNTOUCHED = DAY  # a picture so young may hang on a message that is just being written
KEPT = 35 * DAY  # longer than the oldest weekly backup (core/storage/backups.py)
_ASIDE = "unused"


class Pictures:
    """The folder of pictures of one home."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, data: bytes) -> str:
        """Store a picture; returns its hash (SHA-256, in hexadecimal). Raises DiskFull, HomeNotWritable."""
        name = hashlib.sha256(data).hexdigest()
        path = self._root / name
        if not path.is_file():
            with files.writing(path):
                self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.write(path, data)
        return name

    def path(self, sha256: str) -> Path:
        """Where a picture lies. Raises PictureGone."""
        for folder in (self._root, self._root / _ASIDE):
            path = folder / sha256
            if len(sha256) == 64 and sha256.isalnum() and path.is_file():
                return path
        raise PictureGone()

    def read(self, sha256: str) -> bytes:
        """A picture's bytes. Raises PictureGone."""
        try:
            return self.path(sha256).read_bytes()
        except OSError as error:
            raise PictureGone() from error

    def purge(self, used: set[str], now: float | None = None) -> None:
        """Put aside the pictures that are not `used`, bring back those that are, and remove what was put aside long ago."""
        now = time.time() if now is None else now
        aside = self._root / _ASIDE
        for path in self._files(self._root):
            if path.name not in used and now - path.stat().st_mtime > UNTOUCHED:
                aside.mkdir(mode=0o700, exist_ok=True)
                os.utime(path, (now, now))
                path.replace(aside / path.name)
        for path in self._files(aside):
            if path.name in used:
                path.replace(self._root / path.name)
            elif now - path.stat().st_mtime > KEPT:
                with contextlib.suppress(OSError):  # the next time
                    path.unlink()

    def _files(self, folder: Path) -> list[Path]:
        return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
