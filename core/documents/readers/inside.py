"""Files within files: what lies in an archive or is attached to a mail is read as a file of its own, within bounds.

Nothing is unpacked under a name that it brings: each member becomes a temporary file with its ending and no more.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from core.documents import formats, notes
from core.documents.model import Note, Page
from core.errors import TsukueError

DEEPEST = 3  # files within files within files
MOST_FILES = 5_000
MOST_BYTES = 1_000_000_000  # of all members together, unpacked
NAMED = 30  # of what was not read


@dataclass
class Bounds:
    """What is left of the bounds, for a file and all that lies in it."""

    depth: int = 0
    files: int = MOST_FILES
    bytes: int = MOST_BYTES
    unread: list[str] = field(default_factory=list)  # names
    remarks: list[Note] = field(default_factory=list)  # of those that were read in part


_bounds: Bounds | None = None  # of the file that is being read; readers within readers share it


@contextmanager
def bounds(found: list[Note]) -> Iterator[Bounds]:
    """The bounds of the file that is being read. At the outermost file's end, what was not read in it is noted."""
    global _bounds
    outermost = _bounds is None
    current = _bounds = _bounds or Bounds()
    current.depth += 1
    try:
        yield current
    finally:
        current.depth -= 1
        if outermost:
            _bounds = None
            if current.unread:
                names = ", ".join(current.unread[:NAMED]) + (", …" if len(current.unread) > NAMED else "")
                found.append(Note("inside", {"names": names, "count": str(len(current.unread))}))
            found += current.remarks[:NAMED]


def read(name: str, stream: IO[bytes], current: Bounds) -> Iterator[Page]:
    """The pages of one member, each with the member's name. What cannot be read is kept for the notes."""
    shown = name.replace("\\", "/").strip("/") or "?"
    current.files -= 1
    if current.files < 0 or current.depth > DEEPEST:
        current.unread.append(shown)
        return
    suffix = PurePosixPath(shown).suffix.lower()
    with tempfile.NamedTemporaryFile(
        prefix="tsukue-", suffix=suffix if suffix.isascii() else "", delete=False
    ) as copy:
        path = Path(copy.name)
        try:
            whole = _copy(stream, copy, current)
        except BaseException:
            copy.close()
            path.unlink(missing_ok=True)
            raise
    try:
        if not whole:
            current.unread.append(shown)
            return
        known = formats.tell(path)
        formats.check_size(path, known)
        found: list[Note] = []
        read_any = False
        for page in formats.reader_of(known)(path, PurePosixPath(shown).name, found):
            label = f"{shown} › {page.label}" if page.label else shown
            if page.number is not None and not page.label:
                label = f"{shown} › {page.number}"
            if not page.picture:  # whose text is recognised in files of their own only
                read_any = True
                yield msgspec.structs.replace(page, number=None, label=label, lines=[], of=0)
        if not read_any:
            current.unread.append(shown)
        current.remarks += [Note(n.code, {notes.INSIDE: shown, **n.values}) for n in found]
    except TsukueError:
        current.unread.append(shown)
    finally:
        path.unlink(missing_ok=True)


def _copy(stream: IO[bytes], copy: IO[bytes], current: Bounds) -> bool:
    """Unpack a member; False where it is damaged, or more than is allowed."""
    try:
        while block := stream.read(1 << 20):
            current.bytes -= len(block)
            if current.bytes < 0:
                return False
            copy.write(block)
    except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError):
        return False
    except (
        Exception
    ) as error:  # zlib.error, lzma.LZMAError, BadZipFile: none of them shares a base with the others
        if type(error).__module__ in ("zlib", "_lzma", "lzma", "zipfile", "tarfile", "_bz2"):
            return False
        raise
    return True
