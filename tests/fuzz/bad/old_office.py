"""Bad XLS files (compound files with a workbook inside) and bad RTF files."""

from __future__ import annotations

import struct

from tests.fuzz.bad.base import Maker, http_canary
from tests.fuzz.bad.builders import biff, ole, xls_stream

_FAT, _DIRECTORY, _STREAM = 512, 1024, 2048
"""Where the parts of a file made by `ole` lie."""


def light(maker: Maker) -> None:
    """Everything which is quick to make."""
    _compound(maker)
    _workbooks(maker)
    _rich_text(maker)


def heavy(maker: Maker) -> None:
    """Slow or large files."""
    word = maker.word()
    hexes = maker.noise(1 << 20).hex() * 20
    text = f"{{\\rtf1\\ansi {word}{{\\pict\\pngblip {hexes}}}\\par}}"
    maker.add(
        "rtf/picture-40mb.rtf",
        text,
        "huge",
        "rtf",
        "read",
        "a picture of 40 MB of hexadecimal digits",
        [word],
    )
    word = maker.word()
    maker.add(
        "rtf/words-million.rtf",
        f"{{\\rtf1{{\\b a}}{'{' + chr(92) + 'i b}' * 2_000_000} {word}\\par}}",
        "many",
        "rtf",
        "either",
        "2 million groups",
        [word],
    )


def _compound(maker: Maker) -> None:
    """Faults of the compound file around the workbook."""

    def fresh() -> bytearray:
        return ole([("Workbook", xls_stream(maker.word())), ("Other", maker.noise(5000))])

    for name, place, value, note in (
        ("fat-self", _FAT + 4 * 3, 3, "the first sector of the workbook follows itself"),
        ("fat-ring", _FAT + 4 * 5, 3, "the third sector is followed by the first"),
        ("fat-beyond", _FAT + 4 * 4, 0x00FFFFFF, "the chain of sectors leads beyond the end"),
        ("fat-free", _FAT + 4 * 4, 0xFFFFFFFF, "the chain of sectors leads into a free one"),
        ("directory-ring", _FAT + 4 * 2, 1, "the directory follows itself"),
        ("siblings-self", _DIRECTORY + 128 + 72, 1, "a directory entry is its own sibling"),
        ("siblings-ring", _DIRECTORY + 256 + 72, 1, "two directory entries are each other's siblings"),
        ("child-self", _DIRECTORY + 76, 0, "the root is its own child"),
        ("child-stream", _DIRECTORY + 128 + 76, 1, "a stream is its own child"),
        ("child-beyond", _DIRECTORY + 76, 99_999, "the root's child is nowhere"),
        ("start-beyond", _DIRECTORY + 128 + 116, 0x7FFFFFFF, "the workbook starts beyond the end"),
        ("stream-huge", _DIRECTORY + 128 + 120, 0xFFFFFFF0, "the workbook claims 4 GB"),
        (
            "stream-small",
            _DIRECTORY + 128 + 120,
            100,
            "the workbook claims to be in the (missing) small sectors",
        ),
        ("fat-count", 44, 0xFFFFFFFF, "the file claims four billion tables of sectors"),
        ("fat-place", 76, 0x00FFFFFF, "the table of sectors lies beyond the end"),
        ("difat-self", 68, 0, "the list of tables is a table"),
        ("directory-beyond", 48, 0x00FFFFFF, "the directory lies beyond the end"),
        ("small-self", 60, 0, "the table of small sectors is the table of sectors"),
        ("shift", 30, 0x0040001F, "sectors of 2 GB"),
        ("shift-zero", 30, 0, "sectors of one byte"),
    ):
        data = fresh()
        struct.pack_into("<I", data, place, value)
        if name.startswith("difat"):
            struct.pack_into("<I", data, 72, 0xFFFFFFFF)
        kind = "cyclic" if name.endswith(("self", "ring")) or name == "child-stream" else "lie"
        maker.add(f"xls/{name}.xls", bytes(data), kind, "xls", "either", note)
    data = fresh()
    for name, raw, kind, note in (
        ("signature-only", bytes(data[:8]), "truncated", "only the signature"),
        ("header-only", bytes(data[:512]), "truncated", "only the header"),
        (
            "signature-noise",
            bytes(data[:8]) + maker.noise(20_000),
            "garbage",
            "random bytes after the signature",
        ),
        ("no-workbook", bytes(ole([("Nothing", b"x" * 5000)])), "damaged", "no workbook inside"),
        (
            "word-document",
            bytes(ole([("WordDocument", maker.noise(5000)), ("1Table", maker.noise(5000))])),
            "disguise",
            "an old Word document named .xls",
        ),
        (
            "html-table",
            b"<html><table><tr><td>cell</td></tr></table></html>",
            "disguise",
            "an HTML table named .xls",
        ),
        ("sylk", b'ID;PWXL;N;E\nC;Y1;X1;K"cell"\nE\n', "disguise", "a SYLK sheet named .xls"),
    ):
        maker.add(f"xls/{name}.xls", raw, kind, "xls", "either" if kind == "disguise" else "refused", note)


def _workbooks(maker: Maker) -> None:
    """Faults of the records of the workbook."""

    def add(name: str, stream: bytes, kind: str, expect: str, note: str, *words: str) -> None:
        maker.add(f"xls/{name}.xls", bytes(ole([("Workbook", stream)])), kind, "xls", expect, note, words)

    number = maker.rng.choice([1, 7, 2**31 - 1, 2**32 - 1])
    for name, extra, fields, kind, note in (
        ("string-index", b"", {"index": number}, "lie", f"string {number} of 1"),
        ("string-count", b"", {"strings": 2**32 - 1}, "lie", "claims four billion strings"),
        ("sheet-self", b"", {"sheet": 0}, "cyclic", "the sheet is the workbook"),
        ("sheet-beyond", b"", {"sheet": 2**31 - 1}, "lie", "the sheet lies beyond the end"),
        ("password", biff(0x2F, b"\1\0\1\0\1\0" + maker.noise(48)), {}, "encrypted", "claims to be encrypted"),
        ("continues", b"".join(biff(0x3C, b"\1" * 50) for _ in range(1000)), {}, "lie", "a thousand continuations of nothing"),
        ("codepage", biff(0x42, struct.pack("<H", 65535)), {}, "encoding", "an unknown code page"),
        ("record-unknown", biff(0x7777, maker.noise(8000)), {}, "lie", "an unknown record"),
        ("record-long", struct.pack("<HH", 0x7777, 0xFFFF), {}, "lie", "a record which swallows all others"),
        ("formats", b"".join(biff(0x41E, struct.pack("<HHB", n, 3, 0) + b"0.0") for n in range(20_000)), {}, "many",
         "20,000 number formats"),
    ):  # fmt: skip
        word = maker.word()
        strings, index, sheet = fields.get("strings", 1), fields.get("index", 0), fields.get("sheet")
        stream = xls_stream(word, extra=extra, strings=strings, index=index, sheet=sheet)
        expect: str = "refused" if kind == "encrypted" else "read" if name == "record-unknown" else "either"
        add(f"book-{name}", stream, kind, expect, note, *([] if kind == "encrypted" else [word]))
    word = maker.word()
    stream = xls_stream(word)
    add(
        "book-cut",
        stream[: maker.rng.randint(60, len(stream) - 20)],
        "truncated",
        "either",
        "the workbook is cut and filled with zeros",
    )
    add("book-zeros", bytes(5000), "garbage", "refused", "the workbook is only zeros")
    add("book-noise", stream[:40] + maker.noise(5000), "garbage", "either", "random records")
    places = b"".join(biff(0x85, struct.pack("<IHBB", 0, n % 3, 2, 0) + b"XY") for n in range(5000))
    add(
        "book-sheets-5000",
        xls_stream(maker.word(), extra=places),
        "many",
        "either",
        "5,000 sheets which are the workbook",
    )
    maker.add(
        "xls/biff2.xls",
        biff(9, b"\2\0\x10\0") + biff(4, bytes(7) + b"\4cell") + biff(10),
        "odd",
        "xls",
        "either",
        "Excel 2, without a compound file",
    )


def _rich_text(maker: Maker) -> None:
    """Faults of RTF."""
    depth = maker.rng.randint(90_000, 110_000)
    for name, body, kind, expect, note in (
        ("deep", "{" * depth + "@" + "}" * depth, "deep", "either", f"{depth} groups in each other"),
        ("deep-open", "@ " + "{\\b" * depth, "deep", "either", f"{depth} groups which never end"),
        ("unclosed", "@ text {\\b bold", "truncated", "read", "groups which never end"),
        ("too-closed", "@ text}}}}}}" + "}" * 1000, "damaged", "read", "more ends than beginnings"),
        ("bin-huge", "@ text\\par {\\pict\\bin2147483647 abc}", "lie", "read", "binary data of 2 GB claimed, 3 bytes there"),
        ("bin-overflow", "@ text\\par {\\pict\\bin99999999999999999999 abc}", "lie", "read", "binary data of a length which does not fit"),
        ("bin-negative", "@ text\\par {\\pict\\bin-1 abc}", "lie", "read", "binary data of -1 bytes"),
        ("bin-braces", "{\\pict\\bin6 }}}{{{}@ text", "odd", "read", "braces within binary data"),
        ("surrogates", "@ \\u-10240?\\u-9216?\\u55296?\\u57343? text", "encoding", "read", "lone surrogates"),
        ("unicode-range", "@ \\u99999999?\\u-99999999? text", "encoding", "read", "characters which do not exist"),
        ("skip-huge", "@ \\uc2000000000\\u65? text", "lie", "either", "two billion characters to skip after each Unicode character"),
        ("hex-bad", "@ \\'zz\\'4\\'", "encoding", "read", "hexadecimal digits which are none"),
        ("word-long", "@ \\" + "a" * 500_000 + " text", "long", "read", "a control word of 500,000 letters"),
        ("number-long", "@ \\fs" + "9" * 500_000 + " text", "long", "read", "a number of 500,000 digits"),
        ("code-page", "\\ansicpg99999 @ \\'e4 text", "encoding", "read", "an unknown code page"),
        ("zeros", "@ \0\0\0\0 text", "encoding", "read", "zero bytes in the text"),
        ("fonts", "{\\fonttbl" + "".join(f"{{\\f{n} A;}}" for n in range(50_000)) + "}@ text", "many", "read", "50,000 fonts"),
        ("tables-deep", "\\trowd\\itap2000000000 @\\cell\\row", "lie", "read", "a table two billion deep, as a number"),
        ("object", "@ {\\object\\objdata " + maker.noise(100_000).hex() + "}", "garbage", "read", "an object of random bytes"),
        ("picture", "@ {\\pict\\pngblip\\picw2147483647\\pich2147483647 89504e47}", "lie", "read",
         "a picture of a claimed size of 2 billion"),
        ("field", f'@ {{\\field{{\\*\\fldinst INCLUDETEXT "{maker.canary}"}}{{\\fldrslt text}}}}', "active", "read", "takes in the canary"),
        ("template", f"{{\\*\\template {http_canary('rtf')}}}@ text", "active", "read", "a template on the web"),
        ("destination", "{\\*\\nonsense hidden}@ text", "odd", "read", "an unknown destination, to be left out"),
        ("paragraphs", "\\par" * 100_000 + " @", "many", "read", "100,000 empty paragraphs before the text"),
    ):  # fmt: skip
        word = maker.word()
        text = f"{{\\rtf1\\ansi {body.replace('@', word)}" + (
            "" if "open" in name or name == "unclosed" else "\\par}"
        )
        maker.add(f"rtf/{name}.rtf", text, kind, "rtf", expect, note, [word])
    for name, text in (
        ("header-only", "{\\rtf1"),
        ("header-half", "{\\rt"),
        ("brace", "{"),
        ("no-header", "plain text named .rtf\n"),
    ):
        maker.add(
            f"rtf/{name}.rtf",
            text,
            "truncated" if name != "no-header" else "disguise",
            "rtf",
            "either",
            f"only `{text.strip()}`",
        )
