"""A ZIP writer which can lie about everything."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.fuzz.bad.base import crc_repeat, deflate_repeat

STORED, DEFLATED = 0, 8
_DATE = (2024 - 1980) << 9 | 5 << 5 | 17


@dataclass
class Entry:
    """One entry. `data` is what is written, packed or not; all other fields are only claims."""

    name: bytes
    data: bytes
    method: int = STORED
    crc: int = 0
    size: int = 0
    packed_size: int | None = None
    flags: int = 0x800
    local_name: bytes | None = None
    extra: bytes = b""
    local_extra: bytes = b""
    mode: int = 0o100644
    date: int = _DATE
    offset: int | None = None
    write: bool = True

    @classmethod
    def plain(cls, name: str | bytes, data: str | bytes, method: int = DEFLATED) -> Entry:
        """An honest entry."""
        raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        packed = raw
        if method == DEFLATED:
            packer = zlib.compressobj(6, zlib.DEFLATED, -15)
            packed = packer.compress(raw) + packer.flush()
        return cls(
            name.encode() if isinstance(name, str) else name, packed, method, zlib.crc32(raw), len(raw)
        )

    @classmethod
    def bomb(cls, name: str, head: bytes, block: bytes, times: int, tail: bytes = b"") -> Entry:
        """An honest entry of `head + block * times + tail`, small as long as it stays packed."""
        size = len(head) + len(block) * times + len(tail)
        packed = deflate_repeat(head, block, times, tail)
        return cls(name.encode(), packed, DEFLATED, crc_repeat(head, block, times, tail), size)

    def _header(self, local: bool) -> bytes:
        packed = len(self.data) if self.packed_size is None else self.packed_size
        name = self.local_name if local and self.local_name is not None else self.name
        extra = self.local_extra if local else self.extra
        return struct.pack(
            "<HHHHHIIIHH",
            45,
            self.flags,
            self.method,
            0,
            self.date,
            self.crc,
            packed,
            self.size,
            len(name),
            len(extra),
        )

    def local(self) -> bytes:
        """The local header and the data."""
        name = self.name if self.local_name is None else self.local_name
        return b"PK\x03\x04" + self._header(True) + name + self.local_extra + self.data

    def central(self, offset: int) -> bytes:
        """The entry of the central directory."""
        place = offset if self.offset is None else self.offset
        rest = struct.pack("<HHHII", 0, 0, 0, self.mode << 16, place)
        return b"PK\x01\x02" + struct.pack("<H", 0x031E) + self._header(False) + rest + self.name + self.extra


def zip_raw(
    entries: Iterable[Entry],
    *,
    prefix: bytes = b"",
    comment: bytes = b"",
    count: int | None = None,
    start: int | None = None,
    before_end: bytes = b"",
    disk: int = 0,
) -> bytes:
    """A ZIP file of `entries`; `count`, `start` and `disk` replace the true values in the end record."""
    body, directory, places = bytearray(prefix), bytearray(), 0
    for entry in entries:
        directory += entry.central(len(body))
        if entry.write:
            body += entry.local()
        places += 1
    total = min(places, 0xFFFF) if count is None else count
    where = len(body) if start is None else start
    end = struct.pack("<HHHHIIH", disk, disk, total, total, len(directory), where, len(comment) & 0xFFFF)
    return bytes(body) + bytes(directory) + before_end + b"PK\x05\x06" + end + comment


def zip_parts(parts: Mapping[str, str | bytes]) -> bytes:
    """An honest ZIP file; an entry named `mimetype` is stored unpacked, as OpenDocument and EPUB want it."""
    return zip_raw(
        Entry.plain(name, data, STORED if name == "mimetype" else DEFLATED) for name, data in parts.items()
    )
