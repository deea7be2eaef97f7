"""Bad pictures: PNG, JPEG, TIFF and WebP.

Whether words in a picture are found depends on whether a reader looks at the picture, its description or its name only, so that bad
pictures have no words. Each picture shows a word, and describes itself with it.
"""

from __future__ import annotations

import struct
import zlib

from tests.fuzz.bad.base import MEGABYTE, Maker, zlib_repeat
from tests.fuzz.bad.builders import (
    jpeg,
    jpeg_segment,
    png,
    png_chunk,
    riff_chunk,
    tiff,
    vp8l,
    webp,
)
from tests.fuzz.bad.zip import zip_parts

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_END = png_chunk(b"IEND", b"")


def light(maker: Maker) -> None:
    """Everything which is quick to make."""
    _png(maker)
    _jpeg(maker)
    _tiff(maker)
    _webp(maker)
    for suffix, data in (
        ("png", jpeg(maker.word())),
        ("jpg", png(maker.word())),
        ("tiff", webp(riff_chunk(b"VP8L", vp8l(maker.word())[0]))),
    ):
        maker.add(
            f"pictures/other-kind.{suffix}",
            data,
            "disguise",
            suffix,
            "either",
            "a picture of another kind than its suffix says",
        )


def heavy(maker: Maker) -> None:
    """Slow or large files."""
    rows = maker.noise(3000)
    packed = zlib_repeat(b"", (b"\0" + rows) * 100, 200, b"")
    header = struct.pack(">IIBBBBB", 1000, 20_000, 8, 2, 0, 0, 0)
    data = _SIGNATURE + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", packed) + _END
    maker.add("pictures/large.png", data, "huge", "png", "either", "20 million points of noise")


def _header(width: int, height: int, depth: int = 8, colour: int = 0, interlaced: int = 0) -> bytes:
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def _png(maker: Maker) -> None:
    good = png(maker.word())
    pixel = png_chunk(b"IDAT", zlib.compress(b"\0\xff"))
    side = maker.rng.randint(55_000, 65_000)
    rows = png_chunk(b"IDAT", zlib_repeat(b"", bytes(1 + side // 8 + 1) * 8, side // 8 + 1, b""))
    bomb = zlib_repeat(b"", bytes(MEGABYTE), 256, b"")
    for name, data, kind, note in (
        ("pixel", _SIGNATURE + _header(1, 1) + pixel + _END, "odd", "one point"),
        ("nothing", _SIGNATURE + _header(0, 0) + pixel + _END, "lie", "no points"),
        (
            "claimed",
            _SIGNATURE + _header(60_000, 60_000, 8, 6) + pixel + _END,
            "bomb",
            "claims 60,000 by 60,000 points, has one",
        ),
        (
            "claimed-most",
            _SIGNATURE + _header(2**31 - 1, 2**31 - 1, 16, 6) + pixel + _END,
            "bomb",
            "claims two billion by two billion points",
        ),
        (
            "bomb",
            _SIGNATURE + _header(side, side, 1) + rows + _END,
            "bomb",
            f"{side} by {side} points, all there: 450 MB in 450 kB",
        ),
        (
            "strip",
            _SIGNATURE
            + _header(1, 10_000_000, 1)
            + png_chunk(b"IDAT", zlib.compress(bytes(20_000_000)))
            + _END,
            "bomb",
            "1 by 10 million points",
        ),
        (
            "text-bomb",
            _SIGNATURE + _header(1, 1) + png_chunk(b"zTXt", b"a\0\0" + bomb) + pixel + _END,
            "bomb",
            "a description of 256 MB",
        ),
        (
            "profile-bomb",
            _SIGNATURE + _header(1, 1) + png_chunk(b"iCCP", b"a\0\0" + bomb) + pixel + _END,
            "bomb",
            "a colour profile of 256 MB",
        ),
        (
            "data-surplus",
            _SIGNATURE + _header(1, 1) + png_chunk(b"IDAT", bomb) + _END,
            "bomb",
            "one point, and data of 256 MB for it",
        ),
        ("chunk-huge", _SIGNATURE + struct.pack(">I", 2**31 - 1) + b"IDATabc", "lie", "a chunk of 2 GB"),
        (
            "chunks-many",
            _SIGNATURE + _header(1, 1) + png_chunk(b"tEXt", b"a\0b") * 50_000 + pixel + _END,
            "many",
            "50,000 descriptions",
        ),
        ("no-header", _SIGNATURE + pixel + _END, "damaged", "no header"),
        ("no-data", _SIGNATURE + _header(9, 9) + _END, "damaged", "no data"),
        ("no-end", good[:-12], "truncated", "no end"),
        (
            "no-palette",
            _SIGNATURE + _header(1, 1, 8, 3) + pixel + _END,
            "damaged",
            "a palette is needed and missing",
        ),
        (
            "depth",
            _SIGNATURE + _header(1, 1, 77, 77, 77) + pixel + _END,
            "lie",
            "depth, colour and interlacing 77",
        ),
        ("wrong-crc", good.replace(good[29:33], maker.noise(4), 1), "damaged", "a wrong checksum"),
        (
            "frames",
            _SIGNATURE + _header(1, 1) + png_chunk(b"acTL", b"\xff\xff\xff\xff\0\0\0\0") + pixel + _END,
            "lie",
            "claims four billion frames",
        ),
        ("noise", _SIGNATURE + maker.noise(9000), "garbage", "random bytes"),
        ("zip-after", good + zip_parts({"a.txt": "text"}), "odd", "a ZIP file follows the picture"),
    ):
        maker.add(f"pictures/{name}.png", data, kind, "png", "either", note)


def _jpeg(maker: Maker) -> None:
    good = jpeg(maker.word())
    frame = good.index(b"\xff\xc0")

    def sized(width: int, height: int) -> bytes:
        return good[: frame + 5] + struct.pack(">HH", height, width) + good[frame + 9 :]

    scan = good[good.index(b"\xff\xda") : -2]
    loop = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8)
    place = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 270, 2, 0xFFFFFFF0, 0xFFFFFFF0) + bytes(4)
    xmp = (
        b'http://ns.adobe.com/xap/1.0/\0<!DOCTYPE a [<!ENTITY b SYSTEM "'
        + maker.canary.as_uri().encode()
        + b'">]><a>&b;</a>'
    )
    for name, data, kind, note in (
        ("cut-header", good[: frame + 4], "truncated", "cut in the header"),
        ("cut-half", maker.cut(good, 0.5, 0.9), "truncated", "cut in the picture"),
        ("no-end", good[:-2], "truncated", "no end"),
        ("start-only", b"\xff\xd8", "truncated", "only the first two bytes"),
        ("start-end", b"\xff\xd8\xff\xd9", "empty", "nothing between start and end"),
        ("claimed", sized(65_535, 65_535), "bomb", "claims 65,535 by 65,535 points"),
        ("nothing", sized(0, 0), "lie", "no points"),
        ("height-open", sized(500, 0), "lie", "the height is to follow, and does not"),
        ("scans-1000", good[:-2] + scan * 1000 + b"\xff\xd9", "slow", "1,000 scans"),
        ("comments", jpeg(maker.word(), jpeg_segment(0xFE, b"a") * 50_000), "many", "50,000 comments"),
        (
            "exif-loop",
            jpeg(maker.word(), jpeg_segment(0xE1, loop)),
            "cyclic",
            "the Exif directory contains itself",
        ),
        ("exif-beyond", jpeg(maker.word(), jpeg_segment(0xE1, place)), "lie", "an Exif text of 4 GB at 4 GB"),
        (
            "xmp-entity",
            jpeg(maker.word(), jpeg_segment(0xE1, xmp)),
            "entity",
            "the description takes in the canary",
        ),
        ("segment-long", good[:2] + b"\xff\xe0\xff\xff" + good[6:], "lie", "a segment longer than the file"),
        ("segment-zero", good[:2] + b"\xff\xe0\0\0" + good[2:], "lie", "a segment of length zero"),
        ("fill", b"\xff\xd8" + b"\xff" * 100_000 + good[2:], "odd", "100,000 fill bytes"),
        (
            "tables-bad",
            good.replace(b"\xff\xc4", b"\xff\xc4\0\x05\0", 1),
            "garbage",
            "a broken Huffman table",
        ),
        ("noise", b"\xff\xd8\xff\xe0" + maker.noise(9000), "garbage", "random bytes"),
    ):
        maker.add(f"pictures/{name}.jpg", data, kind, "jpg", "either", note)


def _tiff(maker: Maker) -> None:
    good = tiff(maker.word())
    page = struct.pack("<H", 1) + struct.pack("<HHII", 256, 4, 1, 1)
    chain = (
        b"II*\0"
        + struct.pack("<I", 8)
        + b"".join(page + struct.pack("<I", 8 + 18 * (n + 1)) for n in range(9999))
        + page
        + bytes(4)
    )

    def tagged(*tags: tuple[int, int, int, int], count: int | None = None, following: int = 0) -> bytes:
        rows = b"".join(struct.pack("<HHII", *tag) for tag in tags)
        return (
            b"II*\0"
            + struct.pack("<IH", 8, len(tags) if count is None else count)
            + rows
            + struct.pack("<I", following)
        )

    two = tagged((256, 4, 1, 1), following=26) + page + struct.pack("<I", 8)
    size = (
        (256, 4, 1, 60_000),
        (257, 4, 1, 60_000),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (278, 4, 1, 60_000),
    )
    for name, data, kind, note in (
        ("loop", tiff(maker.word(), following=8), "cyclic", "the directory follows itself"),
        ("loop-two", two, "cyclic", "two directories follow each other"),
        (
            "loop-sub",
            tagged((330, 4, 1, 8), (34665, 4, 1, 8), (34853, 4, 1, 8)),
            "cyclic",
            "the directory contains itself",
        ),
        ("pages-10000", chain, "many", "10,000 pages without data"),
        ("beyond", b"II*\0\xf0\xff\xff\xff", "lie", "the directory lies beyond the end"),
        ("entries", tagged((256, 4, 1, 1), count=65_535), "lie", "claims 65,535 entries"),
        ("claimed", tagged(*size, (279, 4, 1, 2**32 - 1)), "bomb", "claims 60,000 by 60,000 points"),
        (
            "claimed-most",
            tagged((256, 4, 1, 2**32 - 1), (257, 4, 1, 2**32 - 1), *size[2:], (279, 4, 1, 9)),
            "bomb",
            "claims four billion squared points",
        ),
        (
            "strips",
            tagged(*size[:5], (273, 4, 2**32 - 1, 8), (279, 4, 2**32 - 1, 8)),
            "lie",
            "claims four billion strips",
        ),
        (
            "types",
            tagged((256, 99, 1, 1), (257, 0, 1, 1), (258, 3, 2**32 - 1, 0)),
            "lie",
            "kinds which do not exist",
        ),
        (
            "big",
            b"II+\0\x08\0\0\0" + struct.pack("<Q", 2**63) + maker.noise(50),
            "lie",
            "a 64-bit TIFF, its directory lies 8 exabytes away",
        ),
        ("cut", maker.cut(good, 0.2, 0.8), "truncated", "cut in the picture"),
        ("header-only", b"MM\0*", "truncated", "only the first four bytes"),
        ("noise", b"II*\0\x08\0\0\0" + maker.noise(9000), "garbage", "random bytes"),
        (
            "fax",
            tagged(*size[:3], (259, 3, 1, 4), *size[4:], (279, 4, 1, 90)) + maker.noise(100),
            "garbage",
            "random bytes as a fax of 60,000 by 60,000",
        ),
    ):
        maker.add(f"pictures/{name}.tiff", data, kind, "tiff", "either", note)


def _webp(maker: Maker) -> None:
    bits, width, height = vp8l(maker.word())
    image = riff_chunk(b"VP8L", bits)
    good = webp(image)

    def canvas(wide: int, high: int, flags: int = 2) -> bytes:
        return riff_chunk(
            b"VP8X",
            struct.pack("<I", flags) + (wide - 1).to_bytes(3, "little") + (high - 1).to_bytes(3, "little"),
        )

    def frame(wide: int, high: int, x: int = 0) -> bytes:
        sizes = b"".join(value.to_bytes(3, "little") for value in (x, 0, wide - 1, high - 1, 100))
        return riff_chunk(b"ANMF", sizes + b"\0" + image)

    timing = riff_chunk(b"ANIM", b"\xff" * 4 + b"\0\0")
    huge = struct.pack("<I", (16383 | 16383 << 14) & 0xFFFFFFFF)
    for name, data, kind, note in (
        (
            "moving",
            webp(canvas(width, height), timing, *[frame(width, height)] * 30),
            "odd",
            "30 frames which move without end",
        ),
        (
            "moving-1000",
            webp(
                canvas(16_000, 16_000),
                timing,
                *[riff_chunk(b"ANMF", bytes(16) + riff_chunk(b"VP8L", b"/" + huge))] * 1000,
            ),
            "many",
            "1,000 frames",
        ),
        (
            "canvas",
            webp(canvas(1 << 24, 1 << 24, 0), image),
            "bomb",
            "claims 16 million by 16 million points",
        ),
        (
            "frame-outside",
            webp(canvas(9, 9), timing, frame(width, height, 99_999)),
            "lie",
            "a frame outside the picture",
        ),
        ("no-frames", webp(canvas(9, 9), timing), "empty", "moves, but has no frame"),
        (
            "claimed",
            webp(riff_chunk(b"VP8L", b"/" + huge + b"\0" * 9)),
            "bomb",
            "claims 16,384 by 16,384 points",
        ),
        ("size-small", good[:4] + struct.pack("<I", 4) + good[8:], "lie", "claims to end after its name"),
        ("size-huge", good[:4] + b"\xff\xff\xff\xff" + good[8:], "lie", "claims 4 GB"),
        (
            "chunk-zero",
            webp(riff_chunk(b"VP8L", b""), *[riff_chunk(b"XXXX", b"")] * 50_000),
            "many",
            "50,000 empty chunks",
        ),
        ("cut", maker.cut(good, 0.2, 0.8), "truncated", "cut in the picture"),
        ("header-only", b"RIFF\0\0\0\0WEBP", "truncated", "only the header"),
        ("noise", webp(riff_chunk(b"VP8 ", maker.noise(9000))), "garbage", "random bytes"),
        ("sound", b"RIFF\x24\0\0\0WAVEfmt " + maker.noise(40), "disguise", "a sound named .webp"),
    ):
        maker.add(f"pictures/{name}.webp", data, kind, "webp", "either", note)
