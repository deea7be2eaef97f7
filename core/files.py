"""Writes the program's own small files atomically, makes files durable, and raises errors that a person can act on."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import DiskFull, HomeNotWritable

_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError raised inside into DiskFull or HomeNotWritable, which name `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(str(path)) from error
        raise HomeNotWritable(str(path), error.strerror or str(error)) from error


def write(path: Path, content: bytes | str) -> None:
    """Replace the file at `path`, readable by its owner only.

    The content is on disk under another name before it takes the place of the old one, so that a crash leaves the
    old or the new file, and a failure the old. Text is written as UTF-8. Raises DiskFull, HomeNotWritable.
    """
    data = content.encode() if isinstance(content, str) else content
    with writing(path):
        handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            Path(half).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(half).unlink()
            raise


def save(path: Path, content: bytes | str) -> None:
    """Write a file that the person has named: whole or not at all, with the rights that it had, or that new files have.

    A link stays one, and what it leads to is written; what is no file (a device, a pipe) is written to as it is. Raises
    DiskFull, HomeNotWritable.
    """
    data = content.encode() if isinstance(content, str) else content
    with writing(path):
        target = path.resolve()
        mode = target.stat().st_mode if target.exists() else None
        if mode is not None and not stat.S_ISREG(mode):
            with target.open("wb") as out:
                out.write(data)
            return
        part = target.with_name(f".{target.name}.part")
        try:
            with part.open("wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            if mode is not None:
                part.chmod(stat.S_IMODE(mode))
            part.replace(target)
        finally:
            with contextlib.suppress(FileNotFoundError):
                part.unlink()


def flush(path: Path) -> None:
    """See that what was written to the file is on the disk itself. Raises OSError."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def flush_folder(folder: Path) -> None:
    """Make a change of names in `folder` survive a power cut, where the system knows such a thing. Raises OSError."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def set_aside(path: Path, word: str = "unreadable") -> Path:
    """Give what lies at `path`, whatever it is, a dated name beside it that nothing has yet, and return that.

    For a file that cannot be read and must not be overwritten. Raises OSError; it then lies where it lay.
    """
    name = f"{path.name}.{word}-{time.strftime('%Y%m%d-%H%M%S')}"
    aside, number = path.with_name(name), 2
    while os.path.lexists(aside):
        aside, number = path.with_name(f"{name}-{number}"), number + 1
    path.rename(aside)
    return aside


def write_json(path: Path, value: Any) -> None:
    """`write` a value as readable JSON."""
    write(path, json.dumps(value, ensure_ascii=False, indent=1))
