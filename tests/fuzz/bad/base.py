"""What the makers of bad files share: the record of a file, the seeded maker, and ways to build bombs without unpacking them."""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast, get_args

Expect = Literal["refused", "read", "either"]
EXPECTED: tuple[str, ...] = get_args(Expect)

HTTP_PORT = 10_000 + os.getpid() % 20_000
"""Every remote reference in the files points to this port of 127.0.0.1 (see `inputs.listening`); each process has its own."""

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Bad:
    """One bad file: where it is, what is wrong with it, and what a careful reader does with it.

    * ``refused``: nothing can be read; the person is told so.
    * ``read``: the file's `words` are there and must be found.
    * ``either``: reading it (in whole or in part) and refusing it are both right; `words` are what may be found.
    """

    name: str
    kind: str
    format: str
    expect: Expect
    words: tuple[str, ...]
    note: str


def http_canary(name: str) -> str:
    """An address which nobody should ever ask for."""
    return f"http://127.0.0.1:{HTTP_PORT}/{name}"


def canary_folder(folder: Path) -> Path:
    """The folder beside `folder` which no reader may look into."""
    return folder.parent / f"{folder.name}-canary"


def make_word(rng: random.Random) -> str:
    """A word which is in no dictionary, and which stemmers leave alone: `badofukirok`."""
    return "".join(rng.choice("bdfgklmnprtvz") + rng.choice("aiou") for _ in range(5)) + "k"


def canary_word(seed: int) -> str:
    """The word in the canary file: whoever finds it in an index has found a leak."""
    return "canary" + make_word(random.Random(f"{seed}/canary"))


@dataclass
class Maker:
    """Writes bad files of one subject below `folder` and keeps the list of them.

    Each subject has a random generator of its own, so that the slow files do not change the quick ones.
    """

    folder: Path
    seed: int
    subject: str
    bad: list[Bad] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"{self.seed}/{self.subject}")

    def part(self, subject: str) -> Maker:
        """A maker for another subject, which adds to the same list."""
        return Maker(self.folder, self.seed, subject, self.bad, self.seen)

    @property
    def canary(self) -> Path:
        """The file outside the folder which must not be read."""
        return canary_folder(self.folder.absolute()) / "canary.txt"

    def word(self) -> str:
        """A new word, unlike all before."""
        while (word := make_word(self.rng)) in self.seen:
            pass
        self.seen.add(word)
        return word

    def prose(self, count: int) -> str:
        """Harmless filling text, without any word of a `Bad`."""
        common = (
            "the",
            "river",
            "runs",
            "past",
            "old",
            "houses",
            "and",
            "people",
            "sit",
            "under",
            "trees",
            "reading",
            "letters",
        )
        return " ".join(self.rng.choices(common, k=count))

    def cut(self, data: bytes, low: float = 0.1, high: float = 0.95) -> bytes:
        """The first part of `data`, cut at a random place."""
        return data[: max(1, int(len(data) * self.rng.uniform(low, high)))]

    def noise(self, count: int) -> bytes:
        """Random bytes."""
        return self.rng.randbytes(count)

    def path(self, name: str | bytes) -> Path:
        """The full path of `name`, its folder made."""
        path = self.folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def note(
        self, name: str | bytes, kind: str, format: str, expect: str, note: str, words: Iterable[str] = ()
    ) -> None:
        """Records a file which already lies there."""
        if expect not in EXPECTED:
            raise ValueError(f"{expect} is none of {EXPECTED}")
        self.bad.append(Bad(os.fsdecode(name), kind, format, cast(Expect, expect), tuple(words), note))

    def add(
        self,
        name: str,
        data: bytes | str,
        kind: str,
        format: str,
        expect: str,
        note: str,
        words: Iterable[str] = (),
    ) -> None:
        """Writes a file and records it. Text is written as UTF-8, lone surrogates included."""
        content = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        self.path(name).write_bytes(content)
        self.note(name, kind, format, expect, note, words)

    def sparse(self, name: str, head: bytes, size: int, tail: bytes = b"") -> None:
        """Writes a file of `size` bytes which takes almost no room: `head`, a hole, `tail`."""
        with self.path(name).open("wb") as file:
            file.write(head)
            file.truncate(size)
            file.seek(size - len(tail))
            file.write(tail)


@lru_cache(maxsize=64)
def _chunk(data: bytes) -> bytes:
    """`data` as deflate blocks which may be repeated and joined at will."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


def deflate_repeat(head: bytes, block: bytes, times: int, tail: bytes) -> bytes:
    """The raw deflate stream of `head + block * times + tail`, made without ever holding that much."""
    return _chunk(head) + _chunk(block) * times + _chunk(tail) + b"\x03\x00"


@lru_cache(maxsize=64)
def crc_repeat(head: bytes, block: bytes, times: int, tail: bytes) -> int:
    """The CRC-32 of `head + block * times + tail`: appending a block is an affine map of the CRC before it."""
    constant = zlib.crc32(block, 0)
    columns = [zlib.crc32(block, 1 << bit) ^ constant for bit in range(32)]
    crc = zlib.crc32(head)
    for _ in range(times):
        following = constant
        for bit, column in enumerate(columns):
            if crc >> bit & 1:
                following ^= column
        crc = following
    return zlib.crc32(tail, crc)


def zlib_repeat(head: bytes, block: bytes, times: int, tail: bytes) -> bytes:
    """The zlib stream (what PDF and PNG use) of `head + block * times + tail`."""
    checksum = zlib.adler32(head)
    block_sum = zlib.adler32(block, 0)
    low, high = checksum & 0xFFFF, checksum >> 16
    for _ in range(times):
        high = (high + len(block) * low + (block_sum >> 16)) % 65521
        low = (low + (block_sum & 0xFFFF)) % 65521
    checksum = zlib.adler32(tail, high << 16 | low)
    return b"\x78\xda" + deflate_repeat(head, block, times, tail) + checksum.to_bytes(4, "big")


def billion_laughs(root: str, levels: int = 9) -> str:
    """A document type whose entity `&bomb;` stands for ten to the power of `levels` words."""
    lines = ['<!ENTITY e0 "ha">'] + [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels + 1)]
    return f'<!DOCTYPE {root} [{"".join(lines)}<!ENTITY bomb "&e{levels};">]>'


def quadratic_blowup(root: str, size: int = 50_000) -> str:
    """A document type whose entity `&bomb;` is long; whoever uses it does so many times."""
    return f'<!DOCTYPE {root} [<!ENTITY bomb "{"x" * size}">]>'


def external_entity(root: str, address: str) -> str:
    """A document type whose entity `&bomb;` is the text of another file or address."""
    return f'<!DOCTYPE {root} [<!ENTITY bomb SYSTEM "{address}">]>'
