"""Archives: each file in one is read as a file of its own, in the order of the names. Nothing is unpacked to a path of its own."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from core.documents.model import Note, Page
from core.documents.readers import inside
from core.errors import FileDamaged, FileEmpty, FileEncrypted

RATIO = 200  # times as large unpacked: nothing that people write can be packed so well
SMALL = 10_000_000  # bytes; below that the ratio does not matter


def read_zip(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """The pages of the files in a ZIP archive. Raises FileDamaged, FileEmpty, FileEncrypted."""
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except (
        zipfile.BadZipFile,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        UnicodeError,
    ) as error:
        raise FileDamaged(name) from error
    found = encrypted = False
    with archive, inside.bounds(notes) as current:
        for member in sorted(members, key=lambda member: member.filename):
            if member.filename.endswith(("/", "\\")) or not member.filename or _hidden(member.filename):
                continue
            shown = _name(member)
            if member.flag_bits & 1:
                encrypted = True
                current.unread.append(shown)
                continue
            if member.file_size > SMALL and member.file_size > RATIO * max(member.compress_size, 1):
                current.unread.append(shown)
                continue
            try:
                stream = archive.open(member)
            except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, UnicodeError):
                current.unread.append(shown)
                continue
            with stream:
                for page in inside.read(shown, stream, current):
                    found = True
                    yield page
        unread = bool(current.unread)
    if not found:
        raise (
            FileEncrypted(name)
            if encrypted
            else FileDamaged(name)
            if unread and not members
            else FileEmpty(name)
        )


def read_tar(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """The pages of the files in a TAR archive, packed or not. Links in it are not followed. Raises FileDamaged, FileEmpty."""
    found = False
    try:
        with tarfile.open(path) as archive, inside.bounds(notes) as current:
            for member in archive:
                if current.files < 0 or current.bytes < 0:
                    current.unread.append("…")
                    break
                if not member.isfile() or _hidden(member.name):
                    continue
                stream = archive.extractfile(member)
                if stream is None:
                    continue
                with stream:
                    for page in inside.read(member.name, stream, current):
                        found = True
                        yield page
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        if not found:
            raise FileDamaged(name) from error
        notes.append(Note("part", {"part": name}))
        return
    if not found:
        raise FileEmpty(name)


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name: those that are not UTF-8 come as code page 437, and are mostly Japanese Windows's."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        data = member.filename.encode("cp437")
    except UnicodeEncodeError:
        return member.filename
    for encoding in ("utf-8", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _hidden(name: str) -> bool:
    """Files that no person means: of the system's, and those whose names begin with a dot."""
    parts = name.replace("\\", "/").split("/")
    return "__MACOSX" in parts or parts[-1].startswith(".")
