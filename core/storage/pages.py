"""Reading a damaged SQLite file page by page, where SQLite itself refuses: https://www.sqlite.org/fileformat2.html.

Nothing here trusts what it reads: sizes and pointers are checked, loops end, and what makes no sense is skipped and
counted. Committed frames of the write-ahead log are read in the place of their pages.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LEAF_TABLE, INNER_TABLE, LEAF_INDEX, INNER_INDEX = 0x0D, 0x05, 0x0A, 0x02
USUAL_PAGE_SIZE = 4096  # SQLite's own, which Tsukue never changes
SHORTEST = 8  # bytes of a page's head
_WAL_MAGIC = (0x377F0682, 0x377F0683)
_WAL_HEAD, _FRAME_HEAD = 32, 24


class Malformed(Exception):
    """What was read cannot be what SQLite wrote. Never leaves this package."""


@dataclass
class Row:
    """A row as it is stored: `rowid` is 0 in an index. `cut` says that the end of its content is missing."""

    rowid: int
    values: list[Any]
    cut: bool = False


@dataclass
class Tree:
    """The pages of a table or index that can be reached from its root."""

    inner: list[int] = field(default_factory=list)
    leaves: list[int] = field(default_factory=list)
    broken: int = 0  # pages, or pointers to pages, that are not what they should be


class PageFile:
    """A database file. Raises OSError when it cannot be opened or read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            head = self._file.read(100).ljust(100, b"\0")
            self._wal, frames, wal_page_size = _read_wal(path.with_name(path.name + "-wal"))
            self._frames = frames
            size = int.from_bytes(head[16:18], "big")
            size = 65536 if size == 1 else size
            plausible = size >= 512 and size & (size - 1) == 0 and head[18] in (1, 2)
            self.page_size = wal_page_size or (size if plausible else USUAL_PAGE_SIZE)
            self.usable = self.page_size
            self.count = max([-(-path.stat().st_size // self.page_size), *frames])
            self.head = self.page(1)[:100].ljust(100, b"\0")
            if self.head[:16] == b"SQLite format 3\0" and self.head[20] <= self.page_size - 480:
                self.usable -= self.head[20]
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._file.close()

    def page(self, number: int) -> bytes:
        """A page's content; short or empty where the file ends before it."""
        if number in self._frames:
            start = self._frames[number]
            return self._wal[start : start + self.page_size]
        self._file.seek((number - 1) * self.page_size)
        return self._file.read(self.page_size)

    def kind(self, number: int) -> int:
        """The kind of b-tree page, or 0 for anything else."""
        page = self.page(number)
        start = 100 if number == 1 else 0
        kind = page[start] if len(page) >= start + SHORTEST else 0
        return kind if kind in (LEAF_TABLE, INNER_TABLE, LEAF_INDEX, INNER_INDEX) else 0

    # ------------------------------------------------------------ trees

    def tree(self, root: int, taken: set[int]) -> Tree:
        """The pages below a root, in order; those in `taken` belong to others. Adds its own to `taken`."""
        tree = Tree()
        waiting = [root]
        index: bool | None = None
        while waiting:
            number = waiting.pop()
            kind = self.kind(number) if 1 <= number <= self.count and number not in taken else 0
            if index is None and kind:
                index = kind in (LEAF_INDEX, INNER_INDEX)
            if not kind or (kind in (LEAF_INDEX, INNER_INDEX)) is not index:
                tree.broken += 1
                continue
            taken.add(number)
            if kind in (LEAF_TABLE, LEAF_INDEX):
                tree.leaves.append(number)
            else:
                tree.inner.append(number)
                children, broken = self._children(number)
                tree.broken += broken
                waiting += reversed(children)
        return tree

    def _children(self, number: int) -> tuple[list[int], int]:
        page = self.page(number)
        start = 100 if number == 1 else 0
        cells, broken = _cells(page, start, inner=True)
        children = [int.from_bytes(page[cell : cell + 4], "big") for cell in cells]
        return [*children, int.from_bytes(page[start + 8 : start + 12], "big")], broken

    def free(self) -> set[int]:
        """The pages that hold nothing any more, as far as their list can be read."""
        found: set[int] = set()
        trunk = int.from_bytes(self.head[32:36], "big")
        while 1 < trunk <= self.count and trunk not in found:
            found.add(trunk)
            page = self.page(trunk)
            following, count = struct.unpack_from(">II", page.ljust(8, b"\0"))
            count = min(count, len(page) // 4 - 2)
            if count > 0:
                found.update(struct.unpack_from(f">{count}I", page, 8))
            trunk = following
        return found

    # ------------------------------------------------------------ rows

    def rows(self, number: int) -> Iterator[Row]:
        """The rows on a leaf of a table, or on any page of an index; those that make no sense are left out."""
        page = self.page(number)
        start = 100 if number == 1 else 0
        kind = self.kind(number)
        for cell in _cells(page, start, inner=kind in (INNER_TABLE, INNER_INDEX))[0]:
            try:
                yield self._row(page, cell, kind)
            except (Malformed, IndexError, struct.error):
                continue

    def _row(self, page: bytes, at: int, kind: int) -> Row:
        if kind == INNER_INDEX:
            at += 4
        size, at = _varint(page, at)
        rowid = 0
        if kind == LEAF_TABLE:
            rowid, at = _varint(page, at)
            if rowid >= 1 << 63:
                rowid -= 1 << 64
        most = self.usable - 35 if kind == LEAF_TABLE else (self.usable - 12) * 64 // 255 - 23
        if size > self.count * self.page_size:
            raise Malformed
        if size <= most:
            payload = page[at : at + size]
        else:
            least = (self.usable - 12) * 32 // 255 - 23
            local = least + (size - least) % (self.usable - 4)
            local = local if local <= most else least
            payload = page[at : at + local] + self._overflow(page[at + local : at + local + 4], size - local)
        return _record(rowid, payload, size)

    def _overflow(self, pointer: bytes, missing: int) -> bytes:
        parts: list[bytes] = []
        seen: set[int] = set()
        number = int.from_bytes(pointer, "big")
        while missing > 0 and 1 < number <= self.count and number not in seen:
            seen.add(number)
            page = self.page(number)
            part = page[4 : min(self.usable, 4 + missing)]
            if not part:
                break
            parts.append(part)
            missing -= len(part)
            number = int.from_bytes(page[:4], "big")
        return b"".join(parts)


def _cells(page: bytes, start: int, *, inner: bool) -> tuple[list[int], int]:
    """Where the cells of a page begin, and how many of its pointers lead nowhere."""
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    first = start + (12 if inner else 8)
    end = min(first + 2 * count, len(page))
    cells = [int.from_bytes(page[at : at + 2], "big") for at in range(first, end - 1, 2)]
    good = [cell for cell in dict.fromkeys(cells) if first + 2 <= cell < len(page) - 3]
    return good, count - len(good)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for count in range(9):
        byte = data[at + count]
        if count == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + count + 1
    raise AssertionError


def _record(rowid: int, payload: bytes, size: int) -> Row:
    length, at = _varint(payload, 0)
    if not 0 < length <= size:
        raise Malformed
    kinds = []
    while at < length:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    if at != length or len(kinds) > 100:
        raise Malformed
    if length + sum(_width(kind) for kind in kinds) != size:
        raise Malformed
    row = Row(rowid, [])
    for kind in kinds:
        width = _width(kind)
        raw = payload[at : at + width]
        at += width
        if len(raw) < width:
            row.cut = True
            if kind >= 13 and kind % 2:
                row.values.append(raw.decode("utf-8", "ignore"))
            break
        row.values.append(_value(kind, raw))
    return row


_INTEGER_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)


def _width(kind: int) -> int:
    if kind < 10:
        return _INTEGER_WIDTHS[kind]
    if kind < 12:
        raise Malformed
    return (kind - 12) // 2


def _value(kind: int, raw: bytes) -> Any:
    if kind == 0:
        return None
    if kind == 7:
        return struct.unpack(">d", raw)[0]
    if kind in (8, 9):
        return kind - 8
    if kind < 7:
        return int.from_bytes(raw, "big", signed=True)
    return raw.decode("utf-8", "replace") if kind % 2 else raw


def _read_wal(path: Path) -> tuple[bytes, dict[int, int], int]:
    """The write-ahead log, where in it the latest committed content of each page is, and the size of its pages."""
    try:
        data = path.read_bytes()
    except OSError:
        return b"", {}, 0
    if len(data) < _WAL_HEAD or struct.unpack_from(">I", data)[0] not in _WAL_MAGIC:
        return b"", {}, 0
    size = struct.unpack_from(">I", data, 8)[0]
    if not (512 <= size <= 65536 and size & (size - 1) == 0):
        return b"", {}, 0
    committed: dict[int, int] = {}
    since: dict[int, int] = {}
    for at in range(_WAL_HEAD, len(data) - _FRAME_HEAD - size + 1, _FRAME_HEAD + size):
        number, commit = struct.unpack_from(">II", data, at)
        if data[at + 8 : at + 16] != data[16:24]:  # left from an earlier round of the log
            break
        since[number] = at + _FRAME_HEAD
        if commit:
            committed |= since
            since = {}
    return data, committed, size
