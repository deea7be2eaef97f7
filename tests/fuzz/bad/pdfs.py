"""Bad PDF files: false numbers, fonts without Unicode, odd pages, bombs and sizes."""

from __future__ import annotations

import hashlib
import zlib

from tests.fuzz.bad.base import (
    MEGABYTE,
    Maker,
    billion_laughs,
    external_entity,
    http_canary,
    zlib_repeat,
)
from tests.fuzz.bad.builders import Pdf, pdf_frame
from tests.fuzz.bad.pdf_cycles import add_page, cycles

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_SPACES = b" " * MEGABYTE


def light(maker: Maker) -> None:
    """Everything which is quick to make."""
    _broken(maker)
    _encrypted(maker)
    cycles(maker)
    _page_numbers(maker)
    _cross_references(maker)
    _fonts(maker)
    _boxes(maker)
    _deep(maker)
    _bombs(maker)
    _active(maker)
    _sparse(maker)


def heavy(maker: Maker) -> None:
    """Slow or large files."""
    word = maker.word()
    maker.add(
        "pdf/pages-100000.pdf",
        _many_pages(word, 100_000),
        "many",
        "pdf",
        "either",
        "100,000 pages; the word is on the last",
        [word],
    )
    word = maker.word()
    text = b"BT /F1 1 Tf 9 9 Td " + b"(a)Tj 1 0 Td " * 5_000_000 + f"({word})Tj ET".encode()
    add_page(
        maker,
        "operators-5-million",
        word,
        _flate_content(text),
        "bomb",
        "either",
        "five million text operators on one page",
    )
    pdf = pdf_frame(maker.word())
    for _ in range(500_000):
        pdf.add("null")
    maker.add("pdf/objects-500000.pdf", pdf.build(), "many", "pdf", "either", "half a million null objects")


def _flate_content(
    data: bytes, packed: bytes | None = None, filters: str = "/FlateDecode", extra: str = ""
) -> Pdf:
    """A PDF of one page with this content stream."""
    pdf = pdf_frame()
    body = zlib.compress(data) if packed is None else packed
    pdf.put(
        5, f"<< /Length {len(body)} /Filter {filters} {extra} >>\nstream\n".encode() + body + b"\nendstream"
    )
    return pdf


def _many_pages(word: str, count: int) -> bytes:
    """A PDF of `count` pages in one flat list, all sharing one content but the last."""
    pdf = Pdf()
    pdf.add("<< /Type /Catalog /Pages 2 0 R >>")
    pdf.add("null")
    pdf.add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    pdf.text("page")
    pdf.text(word)
    kids = [pdf.add("<</Type/Page/Parent 2 0 R/Contents 4 0 R>>") for _ in range(count - 1)]
    kids.append(pdf.add("<</Type/Page/Parent 2 0 R/Contents 5 0 R>>"))
    listed = " ".join(f"{number} 0 R" for number in kids)
    shared = "/MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >>"
    pdf.put(2, f"<< /Type /Pages /Count {count} {shared} /Kids [{listed}] >>")
    return pdf.build()


def _broken(maker: Maker) -> None:
    """Cut short, empty, or with junk around."""
    whole = pdf_frame(maker.word()).build()
    for name, data, note in (
        ("byte", b"%", "one byte"),
        ("header-only", b"%PDF-1.7\n", "only the header line"),
        ("header-and-end", b"%PDF-1.7\n%%EOF\n", "header and end, nothing between"),
        ("cut-in-first-object", whole[: maker.rng.randint(20, 40)], "cut in the first object"),
        ("only-table", whole[whole.rindex(b"xref\n0") :], "the objects are missing, only the table is left"),
        ("text-named-pdf", b"This is only a text.\n" * 5, "text with a wrong suffix"),
        ("noise", b"%PDF-1.7\n" + maker.noise(50_000), "random bytes after the header"),
        ("zeros", bytes(70_000), "only zeros"),
    ):
        kind = (
            "disguise"
            if name.startswith("text")
            else "garbage"
            if name in ("noise", "zeros")
            else "truncated"
        )
        maker.add(f"pdf/{name}.pdf", data, kind, "pdf", "either" if kind == "disguise" else "refused", note)
    word = maker.word()
    whole = pdf_frame(word).build()
    table = whole.rindex(b"xref\n0")
    junk = maker.noise(maker.rng.randint(200, 900)).replace(b"%", b"x")
    for name, data, note in (
        ("cut-before-table", whole[:table], "all objects are there, table and trailer are missing"),
        ("cut-in-table", whole[: table + maker.rng.randint(10, 60)], "cut in the cross-reference table"),
        ("crlf", whole.replace(b"\n", b"\r\n"), "went through a text-mode transfer: every place is wrong"),
        (
            "junk-2000-before",
            maker.noise(2000).replace(b"%", b"x") + b"\n" + whole,
            "2000 bytes of junk before the header",
        ),
        ("seven-bit", bytes(byte & 0x7F for byte in whole), "the eighth bit of every byte is lost"),
        ("twice", whole + whole, "the whole file twice over"),
    ):
        fresh = maker.word()
        maker.add(
            f"pdf/{name}.pdf",
            data.replace(word.encode(), fresh.encode()),
            "damaged",
            "pdf",
            "either",
            note,
            [fresh],
        )
    for name, before, after, kind, note in (
        (
            "junk-before.pdf",
            junk + b"\n",
            b"",
            "damaged",
            "junk before the header (readers allow 1024 bytes)",
        ),
        ("junk-after.pdf", b"", maker.noise(500).replace(b"%", b"x"), "damaged", "junk after the end"),
        ("wrong-suffix.docx", b"", b"", "disguise", "a healthy PDF named .docx"),
        ("wrong-suffix.txt", b"", b"", "disguise", "a healthy PDF named .txt"),
    ):
        word = maker.word()
        data = before + pdf_frame(word).build() + after
        maker.add(f"pdf/{name}", data, kind, "pdf", "read" if kind == "damaged" else "either", note, [word])


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for byte in data:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(out)


def _locked(word: str, user: bytes, owner: bytes) -> bytes:
    """A PDF encrypted with RC4 of 40 bits (the oldest scheme), with these passwords."""
    ident = b"0123456789abcdef"
    owner_key = hashlib.md5((owner + _PADDING)[:32]).digest()[:5]
    owner_entry = _rc4(owner_key, (user + _PADDING)[:32])
    rights = (-44).to_bytes(4, "little", signed=True)
    key = hashlib.md5((user + _PADDING)[:32] + owner_entry + rights + ident).digest()[:5]
    object_key = hashlib.md5(key + (5).to_bytes(3, "little") + b"\0\0").digest()[:10]
    content = _rc4(object_key, f"BT /F1 12 Tf 72 720 Td ({word}) Tj ET".encode())
    pdf = pdf_frame()
    pdf.put(5, b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream")
    entry = f"/O <{owner_entry.hex()}> /U <{_rc4(key, _PADDING).hex()}> /P -44"
    pdf.add(f"<< /Filter /Standard /V 1 /R 2 /Length 40 {entry} >>")
    return pdf.build(trailer=f"/Encrypt 6 0 R /ID [<{ident.hex()}> <{ident.hex()}>]")


def _encrypted(maker: Maker) -> None:
    word = maker.word()
    data = _locked(word, b"", b"owner")
    maker.add(
        "pdf/owner-password.pdf",
        data,
        "encrypted",
        "pdf",
        "read",
        "opens without a password, only printing is forbidden",
        [word],
    )
    data = _locked(maker.word(), b"secret", b"owner")
    maker.add("pdf/user-password.pdf", data, "encrypted", "pdf", "refused", "needs the password `secret`")
    for name, entry, note in (
        (
            "aes-nonsense",
            f"/Filter /Standard /V 5 /R 6 /O <{maker.noise(48).hex()}> /U <{maker.noise(48).hex()}> /P -1",
            "AES-256 with random keys",
        ),
        ("unknown-handler", "/Filter /Acme.Secret /V 4", "an unknown security handler"),
        ("empty-entry", "", "an empty encryption dictionary"),
    ):
        pdf = pdf_frame(maker.word())
        pdf.add(f"<< {entry} >>")
        maker.add(f"pdf/{name}.pdf", pdf.build(trailer="/Encrypt 6 0 R"), "encrypted", "pdf", "either", note)


def _page_numbers(maker: Maker) -> None:
    maker.add(
        "pdf/pages-none.pdf",
        pdf_frame(pages="/Kids [] /Count 0").build(),
        "empty",
        "pdf",
        "either",
        "no pages",
    )
    word = maker.word()
    maker.add(
        "pdf/pages-10000.pdf",
        _many_pages(word, 10_000),
        "many",
        "pdf",
        "read",
        "10,000 pages; the word is on the last",
        [word],
    )
    for name, pages, expect, note in (
        (
            "count-huge",
            f"/Kids [3 0 R] /Count {maker.rng.choice([2**31 - 1, 2**31, 2**63])}",
            "read",
            "claims billions of pages, has one",
        ),
        ("count-negative", "/Kids [3 0 R] /Count -1", "read", "claims -1 pages, has one"),
        ("count-zero", "/Kids [3 0 R] /Count 0", "either", "claims 0 pages, has one"),
        ("count-missing", "/Kids [3 0 R]", "either", "does not say how many pages it has"),
        ("kids-missing", "/Count 1", "either", "one page, which is nowhere"),
        (
            "kids-null",
            "/Kids [null 99 0 R 3 0 R (text) 7] /Count 5",
            "either",
            "one page among null, missing, text and number",
        ),
        (
            "kids-repeated",
            f"/Kids [{'3 0 R ' * 20_000}] /Count 20000",
            "either",
            "the same page 20,000 times",
        ),
    ):
        word = maker.word()
        add_page(maker, name, word, pdf_frame(word, pages=pages), "lie", expect, note)
    word = maker.word()
    pdf = pdf_frame(word, pages="/Kids [6 0 R] /Count 1")
    depth = maker.rng.randint(4000, 6000)
    for number in range(depth):
        pdf.add(f"<< /Type /Pages /Kids [{7 + number if number < depth - 1 else 3} 0 R] /Count 1 >>")
    add_page(maker, "kids-deep", word, pdf, "deep", "either", f"the page lies {depth} levels down the tree")


def _cross_references(maker: Maker) -> None:
    """Wrong places, lengths and sizes. Readers repair what lies at a wrong place."""
    word = maker.word()
    whole = pdf_frame(word).build()
    shift = maker.rng.choice([-9, -3, 5, 17, 1000])
    table = whole.rindex(b"xref\n0")
    for name, data, expect, note in (
        ("start-zero", pdf_frame(word).build(start=0), "read", "startxref 0"),
        ("start-beyond", pdf_frame(word).build(start=10**12), "read", "startxref far beyond the end"),
        ("start-negative", pdf_frame(word).build(start=-5), "read", "startxref negative"),
        ("places-shifted", pdf_frame(word).build(shift=shift), "read", f"all places are wrong by {shift}"),
        ("no-root", whole.replace(b"/Root 1 0 R", b"/Toor 1 0 R"), "either", "the trailer names no catalog"),
        ("size-huge", whole.replace(b"/Size 6", b"/Size 2147483647"), "either", "claims two billion objects"),
        (
            "table-huge",
            whole.replace(b"xref\n0 6\n", b"xref\n0 4294967295\n"),
            "either",
            "the table claims four billion rows",
        ),
        (
            "table-binary",
            whole[: table + 9] + maker.noise(60) + whole[table + 69 :],
            "either",
            "random bytes in the table",
        ),
        ("no-endobj", whole.replace(b"endobj\n", b""), "either", "no object has an end"),
        ("no-endstream", whole.replace(b"endstream\n", b""), "either", "the stream has no end"),
        ("generations", whole.replace(b"5 0 R", b"5 65535 R"), "either", "a reference of another generation"),
    ):
        fresh = maker.word()
        data = data.replace(word.encode(), fresh.encode())
        maker.add(f"pdf/xref-{name}.pdf", data, "lie", "pdf", expect, note, [fresh])
    for length in ("0", "1", "-1", "999999999", "4294967296", "(text)", "null", "99 0 R"):
        word = maker.word()
        pdf = pdf_frame(word)
        pdf.put(5, f"<< /Length {length} >>\nstream\nBT /F1 12 Tf 72 720 Td ({word}) Tj ET\nendstream")
        slug = length.strip("-()").replace(" ", "-") if not length.startswith("-") else "negative"
        add_page(
            maker, f"length-{slug}", word, pdf, "lie", "either", f"the content claims a length of {length}"
        )
    for name, entries in (
        ("n-huge", "/N 2147483647 /First 11"), ("first-beyond", "/N 2 /First 999999"), ("negative", "/N -2 /First -11"),
    ):  # fmt: skip
        word = maker.word()
        pdf = pdf_frame(word)
        pdf.stream(b"20 0 21 9 null null", f"/Type /ObjStm {entries}")
        add_page(
            maker,
            f"object-stream-{name}",
            word,
            pdf,
            "lie",
            "read",
            f"an unused object stream with {entries}",
        )
    for widths in ("[8 8 8]", "[0 0 0]", "[-1 2 1]", "[1 2147483647 1]", "[1 2]"):
        pdf = pdf_frame()
        head = pdf.write_objects()[0]
        cross = f"6 0 obj\n<< /Type /XRef /Size 2147483647 /W {widths} /Root 1 0 R /Length 28 >>\nstream\n".encode()
        data = head + cross + maker.noise(28) + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)
        slug = widths.strip("[]").replace(" ", "_")
        maker.add(
            f"pdf/xref-stream-{slug}.pdf",
            data,
            "lie",
            "pdf",
            "either",
            f"a cross-reference stream with widths {widths}",
        )
    word = maker.word()
    data = pdf_frame(word).build()
    for _ in range(500):
        place = data.rindex(b"xref\n0")
        data += b"xref\n0 0\ntrailer\n<< /Size 6 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
            place,
            len(data),
        )
    maker.add("pdf/updates-500.pdf", data, "many", "pdf", "read", "500 updates, each after the other", [word])


def _fonts(maker: Maker) -> None:
    """Text which shows well but says nothing: nobody can get words out of it without reading the picture of it."""
    descendant = "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Acme /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
    composite = f"<< /Type /Font /Subtype /Type0 /BaseFont /Acme /Encoding /Identity-H /DescendantFonts [{descendant}] %s >>"
    codes = "".join(f"{maker.rng.randint(3, 900):04x}" for _ in range(40))
    head = "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange "
    for name, font, cmap, note in (
        ("no-map", composite % "", "", "no Unicode map"),
        ("map-missing", composite % "/ToUnicode 99 0 R", "", "the Unicode map is missing"),
        ("map-replacement", composite % "/ToUnicode 6 0 R", "1 beginbfrange <0000> <FFFF> <FFFD> endbfrange", "all maps to U+FFFD"),
        ("map-private", composite % "/ToUnicode 6 0 R", "1 beginbfrange <0000> <00FF> <E000> endbfrange", "all maps to private use"),
        ("map-zero", composite % "/ToUnicode 6 0 R", "1 beginbfrange <0000> <FFFF> <0000> endbfrange", "maps to control characters"),
        ("map-surrogates", composite % "/ToUnicode 6 0 R", "1 beginbfrange <0000> <FFFF> <D800> endbfrange", "all maps to lone surrogates"),
        ("map-huge-range", composite % "/ToUnicode 6 0 R", "1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange",
         "a range of four billion"),
        ("map-long", composite % "/ToUnicode 6 0 R", f"1 beginbfchar <0003> <{'0041' * 20_000}> endbfchar", "a letter is 20,000 letters"),
        ("map-usecmap", composite % "/ToUnicode 6 0 R", "/Self usecmap /CMapName /Self def", "the map uses itself"),
        ("map-noise", composite % "/ToUnicode 6 0 R", "\x00\xff<<<<((((", "the map is garbage"),
        ("type3", "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /CharProcs << /q 6 0 R >> "
         + "/Encoding << /Differences [0 /q /q /q] >> /FirstChar 0 /LastChar 2 /Widths [9 9 9] >>", "",
             "letters are drawings without names"),
        ("descends-itself", "<< /Type /Font /Subtype /Type0 /BaseFont /Acme /Encoding /Identity-H /DescendantFonts [4 0 R] >>", "",
         "a font which is made of itself"),
        ("missing", "null", "", "the font is missing"),
    ):  # fmt: skip
        pdf = pdf_frame()
        pdf.put(4, font)
        content = f"BT /F1 12 Tf 72 720 Td <{codes}> Tj ET".encode()
        pdf.put(5, b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream")
        pdf.stream((head + cmap + " endcmap end").encode("latin-1"))
        maker.add(f"pdf/font-{name}.pdf", pdf.build(), "unmapped", "pdf", "either", note)


def _boxes(maker: Maker) -> None:
    for name, box, page in (
        ("gigantic", "[0 0 1000000000 1000000000]", ""), ("overflow", "[0 0 1e39 99999999999999999999999]", ""), ("negative",
         "[0 0 -612 -792]", ""),
        ("nothing", "[0 0 0 0]", ""), ("short", "[0 0]", ""), ("words", "[(a) /b null true]", ""), ("missing", "", ""),
        ("far", "[1000000000 1000000000 1000000612 1000000792]", ""), ("unit", "[0 0 14400 14400]", "/UserUnit 75000"),
        ("rotated", "[0 0 612 792]", f"/Rotate {maker.rng.randint(1, 89)}"), ("crop-outside", "[0 0 612 792]",
         "/CropBox [9000 9000 9001 9001]"),
        ("sliver", "[0 0 0.0001 200000]", ""),
    ):  # fmt: skip
        word = maker.word()
        expect = (
            "either" if name in ("overflow", "short", "words", "nothing", "crop-outside", "far") else "read"
        )
        add_page(
            maker,
            f"box-{name}",
            word,
            pdf_frame(word, box=box, page=page),
            "box",
            expect,
            f"page of size {box or 'unknown'} {page}".strip(),
        )


def _deep(maker: Maker) -> None:
    depth = maker.rng.randint(90_000, 110_000)
    for name, entry in (
        ("arrays", "[" * depth + "]" * depth),
        ("dictionaries", "<</A " * depth + "1" + ">>" * depth),
        ("open", "[" * depth),
    ):
        word = maker.word()
        add_page(
            maker,
            f"deep-{name}",
            word,
            pdf_frame(word, page=f"/X {entry}"),
            "deep",
            "either",
            f"{depth} {name} in each other in the page",
        )
    for name, text in (
        ("states", "q " * 1_000_000), ("blocks", "BT " * 1_000_000), ("marks", "/P BMC " * 500_000), ("brackets",
         "(" * 1_000_000 + ")" * 1_000_000 + " Tj"),
        ("content-arrays", "[" * 500_000),
    ):  # fmt: skip
        word = maker.word()
        start = f"BT /F1 12 Tf 72 720 Td ({word}) Tj ET "
        add_page(
            maker,
            f"deep-{name}",
            word,
            _flate_content((start + text).encode()),
            "deep",
            "either",
            f"content: {name} a million deep",
        )


def _bombs(maker: Maker) -> None:
    def begin() -> tuple[str, bytes]:
        word = maker.word()
        return word, f"BT /F1 12 Tf 72 720 Td ({word}) Tj ET ".encode()

    word, start = begin()
    add_page(
        maker,
        "bomb-flate",
        word,
        _flate_content(b"", zlib_repeat(start, _SPACES, 1024, b" ")),
        "bomb",
        "either",
        "content: 1 GB of spaces",
    )
    word, start = begin()
    twice = zlib.compress(zlib_repeat(start, _SPACES, 8192, b" "), 9)
    add_page(
        maker,
        "bomb-flate-twice",
        word,
        _flate_content(b"", twice, "[/FlateDecode /FlateDecode]"),
        "bomb",
        "either",
        "8 GB, packed twice",
    )
    word, start = begin()
    small = zlib_repeat(start, _SPACES, 4, b" ")
    add_page(
        maker,
        "bomb-filters",
        word,
        _flate_content(b"", small, f"[{'/FlateDecode ' * 1000}]"),
        "bomb",
        "either",
        "a thousand filters",
    )
    word, start = begin()
    runs = bytes([len(start) - 1]) + start + b"\x81 " * 500_000 + b"\x80"
    add_page(
        maker,
        "bomb-runs",
        word,
        _flate_content(b"", zlib.compress(runs), "[/FlateDecode /RunLengthDecode]"),
        "bomb",
        "either",
        "run lengths: 64 MB",
    )
    word, start = begin()
    predictor = "/DecodeParms << /Predictor 15 /Columns 2147483647 /Colors 32 /BitsPerComponent 16 >>"
    add_page(
        maker,
        "bomb-predictor",
        word,
        _flate_content(start, extra=predictor),
        "bomb",
        "either",
        "a predictor with rows of 128 GB",
    )
    word = maker.word()
    text = b"BT /F1 1 Tf 9 9 Td " + b"(a)Tj 1 0 Td " * 1_000_000 + f"({word})Tj ET".encode()
    add_page(
        maker,
        "operators-million",
        word,
        _flate_content(text),
        "bomb",
        "either",
        "a million operators on one page",
    )
    word, start = begin()
    add_page(
        maker,
        "paths-300000",
        word,
        _flate_content(start + b"0 0 m 9 9 l S " * 300_000),
        "bomb",
        "either",
        "300,000 lines on one page",
    )
    for name, entries, data in (
        ("image", "/Width 60000 /Height 60000 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /FlateDecode", zlib.compress(b"short")),
        ("jbig2", "/Width 65535 /Height 65535 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /JBIG2Decode", maker.noise(200)),
        ("fax", "/Width 2147483647 /Height 2147483647 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /CCITTFaxDecode "
         + "/DecodeParms << /K -1 /Columns 2147483647 /Rows 2147483647 >>", bytes(50)),
        ("jpeg", "/Width 10 /Height 10 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /DCTDecode", maker.noise(200)),
        ("jpx", "/Width 10 /Height 10 /Filter /JPXDecode", maker.noise(200)),
    ):  # fmt: skip
        word = maker.word()
        pdf = pdf_frame()
        content = f"BT /F1 12 Tf 72 720 Td ({word}) Tj ET q 99 0 0 99 0 0 cm /X Do Q".encode()
        pdf.put(
            3,
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R "
            + "/Resources << /Font << /F1 4 0 R >> /XObject << /X 6 0 R >> >> >>",
        )
        pdf.put(5, b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream")
        pdf.stream(data, f"/Type /XObject /Subtype /Image {entries}")
        add_page(
            maker,
            f"picture-{name}",
            word,
            pdf,
            "bomb" if name in ("image", "jbig2", "fax") else "garbage",
            "read",
            f"text and a bad {name} picture",
        )


def _active(maker: Maker) -> None:
    """References outwards, scripts and entities in metadata: the text is healthy, nothing else may happen."""
    canary = maker.canary.as_uri()
    for name, catalog, body, note in (
        (
            "script",
            "/OpenAction << /S /JavaScript /JS (while\\(true\\){}) >>",
            b"",
            "an endless script runs at opening",
        ),
        ("launch", "/OpenAction << /S /Launch /F (/bin/false) >>", b"", "starts a program at opening"),
        (
            "uri",
            f"/OpenAction << /S /URI /URI ({http_canary('pdf-uri')}) >>",
            b"",
            "asks for an address at opening",
        ),
        (
            "submit",
            f"/OpenAction << /S /SubmitForm /F ({http_canary('pdf-submit')}) >>",
            b"",
            "sends a form at opening",
        ),
        ("remote", f"/OpenAction << /S /GoToR /F ({canary}) /D [0 /Fit] >>", b"", "opens the canary file"),
        (
            "xmp-laughs",
            "/Metadata 6 0 R",
            (billion_laughs("x") + "<x>&bomb;</x>").encode(),
            "billion laughs in the metadata",
        ),
        (
            "xmp-file",
            "/Metadata 6 0 R",
            (external_entity("x", canary) + "<x>&bomb;</x>").encode(),
            "the metadata take in the canary file",
        ),
        (
            "xmp-http",
            "/Metadata 6 0 R",
            (external_entity("x", http_canary("pdf-xmp")) + "<x>&bomb;</x>").encode(),
            "the metadata ask for an address",
        ),
        (
            "xfa-laughs",
            "/AcroForm << /XFA 6 0 R /Fields [] >>",
            (billion_laughs("x") + "<x>&bomb;</x>").encode(),
            "billion laughs in a form",
        ),
        ("external-stream", "/Metadata 7 0 R", b"", "a stream whose data is the canary file"),
    ):
        word = maker.word()
        pdf = pdf_frame(word, catalog=catalog)
        pdf.stream(body, "/Type /Metadata /Subtype /XML")
        pdf.stream(b"", f"/F ({maker.canary})")
        add_page(
            maker, f"active-{name}", word, pdf, "entity" if name.startswith("x") else "active", "read", note
        )
    inner, words = b"", [maker.word() for _ in range(12)]
    for word in words:
        pdf = pdf_frame(word, catalog="/Names << /EmbeddedFiles << /Names [(a.pdf) 7 0 R] >> >>")
        pdf.stream(inner, "/Type /EmbeddedFile")
        pdf.add("<< /Type /Filespec /F (../../../escaped.pdf) /EF << /F 6 0 R >> >>")
        inner = pdf.build()
    maker.add(
        "pdf/attached-12-deep.pdf",
        inner,
        "deep",
        "pdf",
        "read",
        "a PDF in a PDF, twelve deep, named to escape; the outer text",
        words[-1:],
    )
    word = maker.word()
    pdf = pdf_frame(word)
    pdf.add(
        f"<< /Title <feffd800d800dc00> /Author ({'A' * 200_000}) /CreationDate (D:99999999999999Z) /Subject (\\000\\001\\377) >>"
    )
    maker.add(
        "pdf/info-odd.pdf",
        pdf.build(trailer="/Info 6 0 R"),
        "encoding",
        "pdf",
        "read",
        "lone surrogates, 200 kB and nonsense in the data",
        [word],
    )
    pdf = pdf_frame("")
    maker.add("pdf/page-blank.pdf", pdf.build(), "empty", "pdf", "either", "one page without any text")


def _sparse(maker: Maker) -> None:
    """Huge files which take no room: the objects, a hole, and the table at the end."""
    for name, size in (("1gb", 1 << 30), ("20gb", 20 << 30)):
        word = maker.word()
        pdf = pdf_frame(word)
        head = pdf.write_objects()[0]
        whole = pdf.build()
        tail = b"\n" + whole[len(head) :]
        place = size - len(tail) + 1
        tail = tail.replace(b"startxref\n%d\n" % len(head), b"startxref\n%d\n" % place)
        place = size - len(tail) + 1
        tail = tail[: tail.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % place
        maker.sparse(f"pdf/hole-{name}.pdf", head, size, tail)
        maker.note(
            f"pdf/hole-{name}.pdf",
            "huge",
            "pdf",
            "either",
            "a valid PDF with a hole of zeros before its table",
            [word],
        )
        maker.sparse(f"pdf/zeros-{name}.pdf", b"%PDF-1.7\n", size)
        maker.note(
            f"pdf/zeros-{name}.pdf", "huge", "pdf", "refused", "a PDF header and nothing but zeros after it"
        )
