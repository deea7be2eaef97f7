"""Healthy small files of every format: what is good before it is made bad."""

from __future__ import annotations

import base64
import gzip
import io
import struct
import tarfile
import zlib
from collections.abc import Sequence

from tests.fuzz.bad.zip import zip_parts

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"

MAIN_PART = {
    "docx": "word/document.xml",
    "pptx": "ppt/slides/slide1.xml",
    "xlsx": "xl/sharedStrings.xml",
    "odt": "content.xml",
    "ods": "content.xml",
    "odp": "content.xml",
    "epub": "OEBPS/one.xhtml",
}
"""The part of each office format which holds the text."""

MAIN_ROOT = {"docx": "w:document", "pptx": "p:sld", "xlsx": "sst", "epub": "html"}
"""The root element of that part (for OpenDocument `office:document-content`)."""


def relations(*pairs: tuple[str, str], extra: str = "") -> str:
    """An OOXML relationship part; the ids are r1, r2, ..."""
    rows = "".join(
        f'<Relationship Id="r{n}" Type="{_RELS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(pairs, 1)
    )
    return f'{XML}<Relationships xmlns="{_PACKAGE}/relationships">{rows}{extra}</Relationships>'


def _types(**overrides: str) -> str:
    rows = "".join(
        f'<Override PartName="/{part.replace("__", "/")}.xml" ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/>'
        for part, kind in overrides.items()
    )
    return (
        f'{XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{rows}</Types>'
    )


def docx_parts(body: str, doctype: str = "") -> dict[str, str | bytes]:
    """A Word document; `body` is what lies in `w:body`."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return {
        "[Content_Types].xml": _types(word__document="wordprocessingml.document.main"),
        "_rels/.rels": relations(("officeDocument", "word/document.xml")),
        "word/document.xml": f'{XML}{doctype}<w:document xmlns:w="{space}" xmlns:r="{_RELS}"><w:body>{body}</w:body></w:document>',
    }


def pptx_parts(text: str, doctype: str = "", slides: int = 1) -> dict[str, str | bytes]:
    """A presentation whose slides all say `text`."""
    main = "http://schemas.openxmlformats.org/presentationml/2006/main"
    draw = "http://schemas.openxmlformats.org/drawingml/2006/main"
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="r{n}"/>' for n in range(1, slides + 1))
    slide = (
        f'{XML}{doctype}<p:sld xmlns:p="{main}" xmlns:a="{draw}" xmlns:r="{_RELS}"><p:cSld><p:spTree><p:nvGrpSpPr>'
        '<p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/><p:sp><p:nvSpPr>'
        '<p:cNvPr id="2" name="Text"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>'
        f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>"
    )
    names = {f"ppt__slides__slide{n}": "presentationml.slide" for n in range(1, slides + 1)}
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _types(ppt__presentation="presentationml.presentation.main", **names),
        "_rels/.rels": relations(("officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f'{XML}<p:presentation xmlns:p="{main}" xmlns:r="{_RELS}"><p:sldIdLst>{ids}</p:sldIdLst>'
        '<p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/></p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(
            *(("slide", f"slides/slide{n}.xml") for n in range(1, slides + 1))
        ),
    }
    return parts | {f"ppt/slides/slide{n}.xml": slide for n in range(1, slides + 1)}


def xlsx_parts(
    text: str, doctype: str = "", sheet: str | None = None, counts: int = 1
) -> dict[str, str | bytes]:
    """A workbook with one shared string; `sheet` replaces what lies in `worksheet`."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cells = '<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData>' if sheet is None else sheet
    return {
        "[Content_Types].xml": _types(
            xl__workbook="spreadsheetml.sheet.main",
            xl__worksheets__sheet1="spreadsheetml.worksheet",
            xl__sharedStrings="spreadsheetml.sharedStrings",
        ),
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'{XML}<workbook xmlns="{main}" xmlns:r="{_RELS}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml")
        ),
        "xl/worksheets/sheet1.xml": f'{XML}<worksheet xmlns="{main}">{cells}</worksheet>',
        "xl/sharedStrings.xml": f'{XML}{doctype}<sst xmlns="{main}" count="{counts}" uniqueCount="{counts}"><si><t>{text}</t></si></sst>',
    }


def odf_parts(format: str, text: str, doctype: str = "", body: str | None = None) -> dict[str, str | bytes]:
    """An OpenDocument file (odt, ods or odp); `body` replaces what lies in `office:text` and its like."""
    mime, inner = {
        "odt": ("text", f"<text:p>{text}</text:p>"),
        "ods": (
            "spreadsheet",
            '<table:table table:name="S"><table:table-row><table:table-cell office:value-type="string">'
            + f"<text:p>{text}</text:p></table:table-cell></table:table-row></table:table>",
        ),
        "odp": (
            "presentation",
            f'<draw:page draw:name="p1"><draw:frame><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame></draw:page>',
        ),
    }[format]
    spaces = " ".join(f'xmlns:{name}="{_ODF}:{name}:1.0"' for name in ("office", "text", "table"))
    spaces += (
        f' xmlns:draw="{_ODF}:drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2"'
    )
    kind = f"application/vnd.oasis.opendocument.{mime}"
    content = inner if body is None else body
    return {
        "mimetype": kind,
        "content.xml": f"{XML}{doctype}<office:document-content {spaces}><office:body><office:{mime}>{content}</office:{mime}>"
        "</office:body></office:document-content>",
        "META-INF/manifest.xml": f'{XML}<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0" manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
    }


def epub_parts(
    text: str, doctype: str = "", spine: str = '<itemref idref="one"/>', opf: str = "OEBPS/book.opf"
) -> dict[str, str | bytes]:
    """A book of one chapter."""
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": f'{XML}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        f'<rootfile full-path="{opf}" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "OEBPS/book.opf": f'{XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">urn:x:1</dc:identifier><dc:title>Book</dc:title>'
        '<dc:language>en</dc:language></metadata><manifest><item id="one" href="one.xhtml" media-type="application/xhtml+xml"/>'
        f"</manifest><spine>{spine}</spine></package>",
        "OEBPS/one.xhtml": f'{XML}{doctype}<html xmlns="http://www.w3.org/1999/xhtml"><head><title>One</title></head>'
        f"<body><p>{text}</p></body></html>",
    }


def office_parts(format: str, text: str, doctype: str = "") -> dict[str, str | bytes]:
    """The parts of a healthy file of any zipped office format; `text` is XML and goes into the text."""
    if format == "docx":
        return docx_parts(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>", doctype)
    if format == "pptx":
        return pptx_parts(text, doctype)
    if format == "xlsx":
        return xlsx_parts(text, doctype)
    if format == "epub":
        return epub_parts(text, doctype)
    return odf_parts(format, text, doctype)


class Pdf:
    """A PDF in the making: add objects, then `build`."""

    def __init__(self) -> None:
        self.objects: list[bytes] = []

    def add(self, body: bytes | str = b"null") -> int:
        """Adds an object and answers its number."""
        self.objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(self.objects)

    def put(self, number: int, body: bytes | str) -> None:
        """Replaces an object."""
        self.objects[number - 1] = body.encode("latin-1") if isinstance(body, str) else body

    def stream(self, data: bytes, entries: str = "", length: str | None = None) -> int:
        """Adds a stream; `length` replaces the true length."""
        size = len(data) if length is None else length
        return self.add(f"<< /Length {size} {entries} >>\nstream\n".encode("latin-1") + data + b"\nendstream")

    def text(self, words: str) -> int:
        """Adds the content stream of a page which says `words`."""
        return self.stream(f"BT /F1 12 Tf 72 720 Td ({words}) Tj ET".encode("latin-1"))

    def write_objects(self) -> tuple[bytes, list[int]]:
        """The header and all objects, and where each object lies."""
        out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
        for number, body in enumerate(self.objects, 1):
            places.append(len(out))
            out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
        return bytes(out), places

    def build(self, root: int = 1, trailer: str = "", start: int | None = None, shift: int = 0) -> bytes:
        """The whole file; `start` replaces the place of the xref table, `shift` moves all places in it."""
        head, places = self.write_objects()
        table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
        table += b"".join(b"%010d 00000 n \n" % (place + shift) for place in places)
        end = f"trailer\n<< /Size {len(places) + 1} /Root {root} 0 R {trailer} >>\nstartxref\n{len(head) if start is None else start}\n"
        return head + table + end.encode("latin-1") + b"%%EOF\n"


def pdf_frame(
    words: str = "",
    page: str = "",
    catalog: str = "",
    pages: str = "/Kids [3 0 R] /Count 1",
    box: str = "[0 0 612 792]",
) -> Pdf:
    """A PDF of one page, objects 1 (catalog), 2 (pages), 3 (page), 4 (font), 5 (content); more entries may be given for each."""
    pdf = Pdf()
    pdf.add(f"<< /Type /Catalog /Pages 2 0 R {catalog} >>")
    pdf.add(f"<< /Type /Pages {pages} >>")
    media = f"/MediaBox {box}" if box else ""
    pdf.add(
        f"<< /Type /Page /Parent 2 0 R {media} /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R {page} >>"
    )
    pdf.add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    pdf.text(words)
    return pdf


def ole(streams: Sequence[tuple[str, bytes]]) -> bytearray:
    """A compound file (version 3). Sector 0 holds the FAT, sectors 1 and 2 the directory, the streams follow."""
    padded = [(name, data.ljust(max(4096, -(-len(data) // 512) * 512), b"\0")) for name, data in streams]
    fat, body, entries, sector = [0xFFFFFFFD, 2, 0xFFFFFFFE], b"", [], 3
    for name, data in padded:
        count = len(data) // 512
        entries.append((name, 2, sector, len(data)))
        fat += [*range(sector + 1, sector + count), 0xFFFFFFFE]
        sector += count
        body += data
    fat += [0xFFFFFFFF] * (128 - len(fat))
    directory = b""
    for place, (name, kind, first, size) in enumerate([("Root Entry", 5, 0xFFFFFFFE, 0), *entries]):
        raw = name.encode("utf-16-le") + b"\0\0"
        right = place + 1 if 0 < place < len(entries) else 0xFFFFFFFF
        child = 1 if kind == 5 and entries else 0xFFFFFFFF
        directory += raw.ljust(64, b"\0") + struct.pack(
            "<HBBIII", len(raw), kind, 1, 0xFFFFFFFF, right, child
        )
        directory += bytes(36) + struct.pack("<IQ", first, size)
    directory = directory.ljust(1024, b"\0")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0) + b"\xff" * 432
    return bytearray(header + struct.pack("<128I", *fat[:128]) + directory + body)


def biff(kind: int, data: bytes = b"") -> bytes:
    """One record of an XLS workbook."""
    return struct.pack("<HH", kind, len(data)) + data


def xls_stream(
    words: str, *, extra: bytes = b"", strings: int = 1, index: int = 0, sheet: int | None = None
) -> bytes:
    """The Workbook stream of an XLS file; `strings`, `index` and `sheet` replace the true number, index and place."""
    begin = struct.pack("<HHHHII", 0x600, 5, 0x0DBB, 1996, 0, 6)
    text = struct.pack("<HB", len(words), 0) + words.encode("latin-1")
    before = biff(0x809, begin) + biff(0x42, struct.pack("<H", 1200)) + extra
    table = biff(0xFC, struct.pack("<II", strings, strings) + text) + biff(0x0A)
    place = len(before) + 4 + 14 + len(table)
    bound = biff(0x85, struct.pack("<IHBB", place if sheet is None else sheet, 0, 6, 0) + b"Sheet1")
    page = biff(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0x0DBB, 1996, 0, 6)) + biff(
        0x200, struct.pack("<IIHHH", 0, 1, 0, 1, 0)
    )
    return before + bound + table + page + biff(0xFD, struct.pack("<HHHI", 0, 0, 0, index)) + biff(0x0A)


_LETTERS = {
    "a": "0e11111f111111", "b": "1e11111e11111e", "d": "1e11111111111e", "f": "1f10101e101010", "g": "0e11101711110f",
    "i": "0e04040404040e", "k": "11121418141211", "l": "1010101010101f", "m": "111b1515111111", "n": "11191513111111",
    "o": "0e11111111110e", "p": "1e11111e101010", "r": "1e11111e141211", "t": "1f040404040404", "u": "1111111111110e",
    "v": "11111111110a04", "z": "1f01020408101f",
}  # fmt: skip
"""Letters of five by seven dots, a byte a row."""


def picture_rows(word: str, scale: int = 8) -> list[list[int]]:
    """Rows of grey values (0 or 255) which show `word` in capitals."""
    rows = [[255] * (6 * len(word) + 2) for _ in range(9)]
    for place, letter in enumerate(word):
        for y, bits in enumerate(bytes.fromhex(_LETTERS[letter])):
            for x in range(5):
                if bits >> (4 - x) & 1:
                    rows[y + 1][6 * place + 2 + x - 1] = 0
    return [[value for value in row for _ in range(scale)] for row in rows for _ in range(scale)]


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk, with the right checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(word: str, extra: bytes = b"") -> bytes:
    """A grey PNG which shows `word`."""
    rows = picture_rows(word)
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    about = png_chunk(b"tEXt", b"Description\0" + word.encode())
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + about
        + extra
        + png_chunk(b"IDAT", data)
        + png_chunk(b"IEND", b"")
    )


def jpeg_segment(marker: int, data: bytes) -> bytes:
    """One marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg(word: str, extra: bytes = b"") -> bytes:
    """A grey baseline JPEG which shows `word`: every block of 8 by 8 has one colour, so only DC values are coded."""
    rows = picture_rows(word)[::8]
    values = [row[x] for row in rows for x in range(0, len(row), 8)]
    bits, before = "", 0
    for value in values:
        level = 127 if value else -128
        step, before = level - before, level
        size = abs(step).bit_length()
        bits += (
            f"{size:04b}" + (f"{step if step > 0 else step + (1 << size) - 1:0{size}b}" if size else "") + "0"
        )
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    table = (
        b"\x00" + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12)) + b"\x10" + bytes([1] + [0] * 15) + b"\0"
    )
    frame = struct.pack(">BHHBBBB", 8, len(rows) * 8, len(rows[0]), 1, 1, 0x11, 0)
    return (
        b"\xff\xd8" + jpeg_segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + jpeg_segment(0xFE, word.encode()) + extra
        + jpeg_segment(0xDB, b"\0" + bytes([8] * 64)) + jpeg_segment(0xC0, frame) + jpeg_segment(0xC4, table)
        + jpeg_segment(0xDA, b"\1\1\0\0\x3f\0") + scan + b"\xff\xd9"
    )  # fmt: skip


def tiff(word: str, following: int = 0) -> bytes:
    """A grey TIFF which shows `word`; `following` is the place of the next directory (this one lies at 8)."""
    rows = picture_rows(word)
    about = word.encode() + b"\0"
    tags = [(256, 4, len(rows[0])), (257, 4, len(rows)), (258, 3, 8), (259, 3, 1), (262, 3, 1), (270, 2, 0)]
    tags += [(273, 4, 0), (277, 3, 1), (278, 4, len(rows)), (279, 4, len(rows[0]) * len(rows))]
    end = 8 + 2 + 12 * len(tags) + 4
    out = b"II*\0" + struct.pack("<IH", 8, len(tags))
    for tag, kind, value in tags:
        value = end if tag == 270 else end + len(about) if tag == 273 else value
        out += struct.pack("<HHII", tag, kind, len(about) if tag == 270 else 1, value)
    return out + struct.pack("<I", following) + about + b"".join(bytes(row) for row in rows)


def vp8l(word: str) -> tuple[bytes, int, int]:
    """A lossless WebP picture which shows `word` (one bit a dot), its width and its height."""
    rows = picture_rows(word)
    width, height = len(rows[0]), len(rows)
    fields = [(0x2F, 8), (width - 1, 14), (height - 1, 14), (0, 1), (0, 3)]
    fields += [
        (1, 1),
        (2, 2),
        (0, 1),
        (0, 1),
        (0, 1),
    ]  # subtract-green, no other transform, no cache, one Huffman group
    fields += [(1, 1), (1, 1), (1, 1), (0, 8), (255, 8)]  # green: 0 or 255
    fields += [(1, 1), (0, 1), (0, 1), (0, 1)] * 2  # red and blue: always 0
    fields += [(1, 1), (0, 1), (1, 1), (255, 8), (1, 1), (0, 1), (0, 1), (0, 1)]  # alpha: 255; distance: 0
    fields += [(value & 1, 1) for row in rows for value in row]
    bits = "".join(f"{value:0{size}b}"[::-1] for value, size in fields)
    return int(bits[::-1], 2).to_bytes(-(-len(bits) // 8), "little"), width, height


def riff_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a RIFF file."""
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def webp(*chunks: bytes) -> bytes:
    """A WebP file of `chunks`."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tar(members: Sequence[tuple[str, bytes]], packed: bool = False) -> bytes:
    """An honest tar file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0) if packed else out.getvalue()


def mail(
    text: str, headers: str = "Content-Type: text/plain; charset=utf-8\n", subject: str = "Letter"
) -> str:
    """A mail; `headers` replaces those about the content."""
    start = "From: Ann <ann@example.org>\nTo: Bob <bob@example.org>\nDate: Fri, 17 May 2024 10:00:00 +0000\n"
    return f"{start}Subject: {subject}\nMessage-ID: <1@example.org>\nMIME-Version: 1.0\n{headers}\n{text}\n"


def part_mail(boundary: str, *parts: str) -> str:
    """A mail of several parts, each with headers of its own."""
    body = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return mail(f"{body}--{boundary}--", f'Content-Type: multipart/mixed; boundary="{boundary}"\n')


def attachment(name: str, data: bytes, kind: str = "application/octet-stream") -> str:
    """A part of a mail which holds a file."""
    lines = base64.encodebytes(data).decode()
    headers = f'Content-Type: {kind}; name="{name}"\nContent-Disposition: attachment; filename="{name}"\n'
    return f"{headers}Content-Transfer-Encoding: base64\n\n{lines}"


def healthy(suffix: str, word: str) -> bytes:
    """A healthy small file with `word` in it, by its suffix (`tar.gz` included)."""
    if suffix in MAIN_PART:
        return zip_parts(office_parts(suffix, word))
    texts = {
        "txt": f"A letter about {word} and nothing else.\n",
        "md": f"# Notes\n\nSome *words* on **{word}**.\n\n- one\n- two\n",
        "html": f"<!DOCTYPE html><html><head><title>Page</title></head><body><p>About {word}.</p></body></html>\n",
        "csv": f"name,amount\n{word},12\nother,13\n",
        "tsv": f"name\tamount\n{word}\t12\n",
        "json": f'{{"name": "{word}", "list": [1, 2, 3]}}\n',
        "jsonl": f'{{"name": "one"}}\n{{"name": "{word}"}}\n',
        "xml": f'<?xml version="1.0"?>\n<root><item>{word}</item></root>\n',
        "py": f'"""Says {word}."""\n\nprint("hello")\n',
        "log": f"2024-05-17T10:00:00Z INFO start\n2024-05-17T10:00:01Z ERROR {word} failed\n",
        "srt": f"1\n00:00:01,000 --> 00:00:02,500\nThey said {word}.\n\n",
        "vtt": f"WEBVTT\n\n00:01.000 --> 00:02.500\nThey said {word}.\n",
        "rtf": f"{{\\rtf1\\ansi\\deff0{{\\fonttbl{{\\f0 Times;}}}}\\f0 About {word}.\\par}}\n",
        "eml": mail(f"About {word}."),
        "mbox": f"From ann@example.org Fri May 17 10:00:00 2024\n{mail(f'About {word}.')}\n",
    }
    if suffix in texts:
        return texts[suffix].encode()
    letter = f"A letter about {word}.\n".encode()
    binary = {
        "pdf": lambda: pdf_frame(word).build(),
        "xls": lambda: bytes(ole([("Workbook", xls_stream(word))])),
        "zip": lambda: zip_parts({"letter.txt": letter}),
        "tar": lambda: tar([("letter.txt", letter)]),
        "tar.gz": lambda: tar([("letter.txt", letter)], packed=True),
        "png": lambda: png(word),
        "jpg": lambda: jpeg(word),
        "tiff": lambda: tiff(word),
        "webp": lambda: webp(riff_chunk(b"VP8L", vp8l(word)[0])),
    }
    return binary[suffix]()


SUFFIXES = (
    *(
        "pdf",
        "docx",
        "pptx",
        "xlsx",
        "xls",
        "odt",
        "ods",
        "odp",
        "epub",
        "rtf",
        "html",
        "md",
        "csv",
        "tsv",
        "eml",
        "mbox",
        "srt",
        "vtt",
    ),
    *("json", "jsonl", "xml", "py", "log", "txt", "zip", "tar", "tar.gz", "png", "jpg", "tiff", "webp"),
)
"""Every suffix `healthy` knows."""
