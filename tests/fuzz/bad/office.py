"""Bad files of the zipped office formats: DOCX, PPTX, XLSX, ODT, ODS, ODP and EPUB."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzz.bad.base import (
    MEGABYTE,
    Maker,
    billion_laughs,
    external_entity,
    http_canary,
    quadratic_blowup,
)
from tests.fuzz.bad.builders import (
    MAIN_PART,
    MAIN_ROOT,
    docx_parts,
    epub_parts,
    odf_parts,
    office_parts,
    ole,
    pptx_parts,
    relations,
    xlsx_parts,
)
from tests.fuzz.bad.zip import Entry, zip_parts, zip_raw

Parts = Mapping[str, str | bytes]


def light(maker: Maker) -> None:
    """Everything which is quick to make."""
    for format in MAIN_PART:
        _entities(maker, format)
        _containers(maker, format)
        _markup(maker, format)
    _words(maker)
    _slides(maker)
    _sheets(maker)
    _open_documents(maker)
    _books(maker)


def heavy(maker: Maker) -> None:
    """Slow or large files."""
    rows = "".join(f'<row r="{row}">' + f"<c><v>{row}</v></c>" * 100 + "</row>" for row in range(1, 10_001))
    word = maker.word()
    last = f'<row r="10001"><c t="inlineStr"><is><t>{word}</t></is></c></row>'
    _add(
        maker,
        "xlsx",
        "cells-million",
        xlsx_parts("x", sheet=f"<sheetData>{rows}{last}</sheetData>"),
        "many",
        "read",
        "a million cells",
        word,
    )
    word = maker.word()
    runs = "<w:p>" + "<w:r><w:t>a</w:t></w:r>" * 1_000_000 + f"<w:r><w:t> {word}</w:t></w:r></w:p>"
    _add(
        maker,
        "docx",
        "runs-million",
        docx_parts(runs),
        "many",
        "either",
        "a million runs in one paragraph",
        word,
    )
    word = maker.word()
    parts = xlsx_parts(f"{word}</t></si>" + "<si><t>other</t></si>" * 1_000_000 + "<si><t>", counts=1_000_002)
    _add(maker, "xlsx", "strings-million", parts, "many", "either", "a million shared strings", word)
    word = maker.word()
    _add(maker, "pptx", "slides-5000", pptx_parts(word, slides=5000), "many", "either", "5,000 slides", word)


def _add(
    maker: Maker, format: str, name: str, parts: Parts, kind: str, expect: str, note: str, *words: str
) -> None:
    maker.add(f"{format}/{name}.{format}", zip_parts(parts), kind, format, expect, note, words)


def _entities(maker: Maker, format: str) -> None:
    """XML entities in the main part: the rest of the text may be read, the canary may not."""
    root = MAIN_ROOT.get(format, "office:document-content")
    canary = maker.canary.as_uri()
    for name, doctype, uses, note in (
        ("laughs", billion_laughs(root), 1, "billion laughs"),
        ("quadratic", quadratic_blowup(root), 20_000, "an entity of 50 kB used 20,000 times"),
        ("entity-file", external_entity(root, canary), 1, "an entity which is the canary file"),
        (
            "entity-http",
            external_entity(root, http_canary(f"{format}-entity")),
            1,
            "an entity which is on the web",
        ),
        (
            "dtd-http",
            f'<!DOCTYPE {root} SYSTEM "{http_canary(f"{format}-dtd")}">',
            0,
            "a document type on the web",
        ),
        (
            "parameter",
            f'<!DOCTYPE {root} [<!ENTITY % p SYSTEM "{canary}"> %p;]>',
            0,
            "a parameter entity which is the canary file",
        ),
    ):
        word = maker.word()
        _add(
            maker,
            format,
            name,
            office_parts(format, f"{word} {'&bomb;' * uses}", doctype),
            "entity",
            "either",
            note,
            word,
        )


def _containers(maker: Maker, format: str) -> None:
    """Faults of the ZIP file around the parts."""
    main = MAIN_PART[format]

    def entries(word: str) -> dict[str, Entry]:
        return {name: Entry.plain(name, data) for name, data in office_parts(format, word).items()}

    def add(name: str, data: bytes, kind: str, expect: str, note: str, *words: str) -> None:
        maker.add(f"{format}/{name}.{format}", data, kind, format, expect, note, words)

    word = maker.word()
    parts = entries(word)
    parts[main].crc ^= maker.rng.randint(1, 2**32 - 1)
    add("wrong-crc", zip_raw(parts.values()), "damaged", "either", "the main part has a wrong checksum", word)
    parts = entries(maker.word())
    packed = bytearray(parts[main].data)
    for _ in range(10):
        packed[maker.rng.randrange(len(packed))] ^= 1 << maker.rng.randrange(8)
    parts[main].data = bytes(packed)
    add("bits-flipped", zip_raw(parts.values()), "damaged", "either", "ten flipped bits in the main part")
    parts = entries(maker.word())
    for entry in parts.values():
        entry.flags |= 1
        entry.data = maker.noise(len(entry.data) + 12)
    add(
        "zip-password",
        zip_raw(parts.values()),
        "encrypted",
        "refused",
        "every part is encrypted as in a ZIP file",
    )
    parts = entries(maker.word())
    del parts[main]
    add(
        "main-missing",
        zip_raw(parts.values()),
        "damaged",
        "refused" if format != "xlsx" else "either",
        "the main part is missing",
    )
    word, other = maker.word(), maker.word()
    twice = [*entries(word).values(), entries(other)[main]]
    add("main-twice", zip_raw(twice), "duplicate", "either", "two main parts of one name", word, other)
    word = maker.word()
    extra = [
        *entries(word).values(),
        Entry.plain("../../../escaped.txt", "out"),
        Entry.plain("/tmp/escaped.txt", "out"),
    ]
    add("traversal", zip_raw(extra), "escape", "read", "healthy, with additional parts which lead out", word)
    word = maker.word()
    text = office_parts(format, f"{word}@")[main]
    assert isinstance(text, str)
    head, tail = text.encode().split(b"@")
    parts = entries(word)
    parts[main] = Entry.bomb(main, head, b" " * MEGABYTE, 128, tail)
    add("bomb", zip_raw(parts.values()), "bomb", "either", "the main part holds 128 MB of spaces", word)
    word = maker.word()
    parts = entries(word)
    parts["big"] = Entry.bomb("media/image1.png", b"\x89PNG\r\n\x1a\n", bytes(MEGABYTE), 128)
    add(
        "bomb-unused",
        zip_raw(parts.values()),
        "bomb",
        "read",
        "healthy, with an additional part of 128 MB",
        word,
    )
    word = maker.word()
    parts = entries(word)
    parts[main].size = maker.rng.choice([0, 1, 2**32 - 2])
    add(
        "size-lie",
        zip_raw(parts.values()),
        "lie",
        "either",
        f"the main part claims to have {parts[main].size} bytes",
        word,
    )
    inner = zip_raw(entries(maker.word()).values())
    for _ in range(10):
        inner = zip_raw([*entries(maker.word()).values(), Entry.plain(f"embedded/{format}.{format}", inner)])
    word = maker.word()
    add(
        "embedded",
        zip_raw([*entries(word).values(), Entry.plain("embedded/a.docx", inner)]),
        "deep",
        "read",
        "eleven files in each other",
        word,
    )
    if format in ("docx", "pptx", "xlsx"):
        info = b"\4\0\4\0\x40\0\0\0<encryption/>"
        locked = bytes(ole([("EncryptionInfo", info), ("EncryptedPackage", maker.noise(9000))]))
        add("password", locked, "encrypted", "refused", "encrypted with a password, as Office does it")
    elif format != "epub":
        manifest = odf_parts(format, "")["META-INF/manifest.xml"]
        assert isinstance(manifest, str)
        mark = (
            '<manifest:encryption-data manifest:checksum="eA=="/></manifest:file-entry></manifest:manifest>'
        )
        changed = manifest.replace('text/xml"/></manifest:manifest>', f'text/xml">{mark}')
        sealed = {**odf_parts(format, ""), "content.xml": maker.noise(3000), "META-INF/manifest.xml": changed}
        add(
            "password",
            zip_parts(sealed),
            "encrypted",
            "refused",
            "encrypted with a password, as OpenDocument does it",
        )
    else:
        rights = '<encryption><EncryptedData><CipherData><CipherReference URI="OEBPS/one.xhtml"/></CipherData></EncryptedData></encryption>'
        sealed = {**epub_parts(""), "OEBPS/one.xhtml": maker.noise(3000), "META-INF/encryption.xml": rights}
        add("password", zip_parts(sealed), "encrypted", "refused", "copy protection")


def _markup(maker: Maker, format: str) -> None:
    """Faults of the XML of the main part."""
    main = MAIN_PART[format]
    word = maker.word()
    text = office_parts(format, word)[main]
    assert isinstance(text, str)
    depth = maker.rng.randint(90_000, 110_000)
    long = "x" * 5_000_000
    for name, changed, kind, note in (
        ("xml-cut", text[: text.index(word) + len(word)], "truncated", "the XML ends after the word"),
        ("xml-empty", "", "empty", "the main part is empty"),
        ("xml-noise", maker.noise(5000), "garbage", "the main part is random bytes"),
        ("xml-utf16", text.encode("utf-16"), "encoding", "claims UTF-8, is UTF-16"),
        ("xml-encoding", text.replace("UTF-8", "x-nonsense"), "encoding", "an unknown encoding"),
        ("xml-bad-utf8", text.encode().replace(word.encode(), word.encode() + b" \xff\xfe\xc0\xaf\xed\xa0\x80"), "encoding",
         "bytes which are not UTF-8"),
        ("xml-control", text.replace(word, f"{word} \0\x01\x0b&#0;&#xFFFF;"), "encoding", "control characters in the XML"),
        ("xml-deep", text.replace(word, f"{word}{'<a>' * depth}{'</a>' * depth}"), "deep", f"{depth} elements in each other"),
        ("xml-attribute", text.replace(word, f'{word}<a b="{long}"/>'), "long", "an attribute of 5 MB"),
        ("xml-element", text.replace(word, f"{word}<{long}/>"), "long", "an element name of 5 MB"),
        ("xml-comment", text.replace(word, f"{word}<!--{long}-->"), "long", "a comment of 5 MB"),
        ("xml-prefix", text.replace(word, f"{word}<nowhere:b/>"), "damaged", "a prefix without a namespace"),
        ("xml-bidi", text.replace(word, f"\u202e{word}\u202c\u2066\u200f\ufeff"), "encoding", "characters which change the direction"),
    ):  # fmt: skip
        fresh = maker.word()
        data = (
            changed.replace(word, fresh)
            if isinstance(changed, str)
            else changed.replace(word.encode(), fresh.encode())
        )
        if name == "xml-utf16":
            data = text.replace(word, fresh).encode("utf-16")
        words = [] if name in ("xml-empty", "xml-noise") else [fresh]
        expect: str = "read" if name in ("xml-comment", "xml-bidi") else "either"
        _add(maker, format, name, {**office_parts(format, fresh), main: data}, kind, expect, note, *words)


def _words(maker: Maker) -> None:
    """Faults only a Word document can have."""
    cell = "<w:tbl><w:tr><w:tc>"
    for name, body, kind, note in (
        ("tables-1000", f"{cell * 1000}<w:p><w:r><w:t>@</w:t></w:r></w:p>{'</w:tc></w:tr></w:tbl>' * 1000}", "deep",
         "1,000 tables in each other"),
        ("field-include", '<w:p><w:fldSimple w:instr="INCLUDETEXT CANARY"><w:r><w:t>@</w:t></w:r></w:fldSimple></w:p>', "active",
         "takes in the canary"),
        ("span-huge",
         '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2147483647"/></w:tcPr><w:p><w:r><w:t>@</w:t></w:r></w:p></w:tc></w:tr></w:tbl>',
         "lie", "a cell over two billion columns"),
        ("note-missing", '<w:p><w:r><w:t>@</w:t><w:footnoteReference w:id="99"/></w:r></w:p>', "lie", "a footnote which is nowhere"),
        ("empty-paragraphs", "<w:p/>" * 200_000 + "<w:p><w:r><w:t>@</w:t></w:r></w:p>", "many", "200,000 empty paragraphs before the text"),
        ("chunk", '<w:p><w:r><w:t>@</w:t></w:r></w:p><w:altChunk r:id="r1"/>', "active", "takes in a file from outside"),
    ):  # fmt: skip
        word = maker.word()
        body = body.replace("@", word).replace("CANARY", f"&quot;{maker.canary}&quot;")
        expect: str = "either" if name == "tables-1000" else "read"
        _add(maker, "docx", name, docx_parts(body), kind, expect, note, word)
    word = maker.word()
    links = '<Relationship Id="x{0}" Type="http://x/{1}" Target="{2}" TargetMode="External"/>'
    targets = [
        ("attachedTemplate", http_canary("docx-template")),
        ("image", maker.canary.as_uri()),
        ("aFChunk", "..\\..\\..\\canary.txt"),
    ]
    extra = "".join(links.format(n, *target) for n, target in enumerate(targets))
    loop = {
        "word/_rels/document.xml.rels": relations(
            ("header", "document.xml"), ("header", "../_rels/.rels"), extra=extra
        )
    }
    body = f"<w:p><w:r><w:t>{word}</w:t></w:r></w:p>"
    _add(
        maker,
        "docx",
        "relations",
        {**docx_parts(body), **loop},
        "active",
        "either",
        "relations to itself, to files and to the web",
        word,
    )
    word = maker.word()
    body = f"<w:p><w:r><w:t>{word}</w:t></w:r></w:p>"
    _add(
        maker,
        "docx",
        "no-types",
        {k: v for k, v in docx_parts(body).items() if k[0] != "["},
        "damaged",
        "either",
        "no content types",
        word,
    )
    word = maker.word()
    body = f"<w:p><w:r><w:t>{word}</w:t></w:r></w:p>"
    _add(
        maker,
        "docx",
        "no-relations",
        {k: v for k, v in docx_parts(body).items() if k[0] != "_"},
        "damaged",
        "either",
        "no relations",
        word,
    )


def _slides(maker: Maker) -> None:
    """Faults only a presentation can have."""
    word = maker.word()
    parts = pptx_parts(word, slides=3)
    del parts["ppt/slides/slide2.xml"]
    _add(maker, "pptx", "slide-missing", parts, "damaged", "either", "slide 2 of 3 is missing", word)
    word = maker.word()
    loop = {
        "ppt/slides/_rels/slide1.xml.rels": relations(
            ("slideLayout", "slide1.xml"), ("notesSlide", "slide1.xml")
        )
    }
    _add(
        maker,
        "pptx",
        "layout-self",
        {**pptx_parts(word), **loop},
        "cyclic",
        "either",
        "a slide is its own layout and its own notes",
        word,
    )
    word = maker.word()
    depth = maker.rng.randint(4000, 6000)
    parts = pptx_parts(word)
    text = parts["ppt/slides/slide1.xml"]
    assert isinstance(text, str)
    parts["ppt/slides/slide1.xml"] = text.replace("<p:sp>", "<p:grpSp>" * depth + "<p:sp>").replace(
        "</p:sp>", "</p:sp>" + "</p:grpSp>" * depth
    )
    _add(maker, "pptx", "groups-deep", parts, "deep", "either", f"{depth} groups in each other", word)
    word = maker.word()
    parts = pptx_parts(word)
    text = parts["ppt/presentation.xml"]
    assert isinstance(text, str)
    parts["ppt/presentation.xml"] = text.replace(
        "</p:sldIdLst>", '<p:sldId id="256" r:id="r1"/>' * 10_000 + "</p:sldIdLst>"
    )
    _add(maker, "pptx", "slide-repeated", parts, "many", "either", "one slide 10,001 times", word)


def _sheets(maker: Maker) -> None:
    """Faults only a workbook can have."""
    index = maker.rng.choice([1, 99, 2**31 - 1, 2**32])
    cell = '<c r="{0}" t="inlineStr"><is><t>@</t></is></c>'
    first = f'<sheetData><row r="1">{cell.format("A1")}</row></sheetData>'
    for name, sheet, kind, expect, note in (
        ("last-row", f'<sheetData><row r="1048576">{cell.format("XFD1048576")}</row></sheetData>', "lie", "read",
         "the only cell is the very last"),
        ("dimension", f'<dimension ref="A1:XFD1048576"/>{first}', "lie", "read", "claims 17 billion cells, has one"),
        ("dimension-small", f'<dimension ref="A1"/><sheetData><row r="9">{cell.format("C9")}</row></sheetData>', "lie", "read",
         "claims one cell, has another (whoever trusts the claim loses it)"),
        ("dimension-nonsense", f'<dimension ref="ZZZZ0:-1"/>{first}', "lie", "either", "nonsense as dimension"),
        ("string-index", f'<sheetData><row r="1">{cell.format("A1")}<c r="B1" t="s"><v>{index}</v></c></row></sheetData>', "lie", "either",
         f"shared string {index} of 1"),
        ("string-negative", f'<sheetData><row r="1">{cell.format("A1")}<c r="B1" t="s"><v>-1</v></c></row></sheetData>', "lie", "either",
         "shared string -1"),
        ("row-huge", f'<sheetData><row r="4294967296">{cell.format("A4294967296")}</row></sheetData>', "lie", "either", "row four billion"),
        ("column-huge", f'<sheetData><row r="1">{cell.format("ZZZZZZZ1")}</row></sheetData>', "lie", "either", "column ZZZZZZZ"),
        ("places-missing", '<sheetData><row><c t="inlineStr"><is><t>@</t></is></c></row></sheetData>', "lie", "read",
         "cells without places (allowed)"),
        ("places-same", f'<sheetData><row r="1">{cell.format("A1") * 1000}</row></sheetData>', "duplicate", "either",
         "a thousand cells in one place"),
        ("style", f'<sheetData><row r="1"><c r="B1" s="99999"><v>1</v></c>{cell.format("A1")}</row></sheetData>', "lie", "either",
         "style 99,999 of none"),
        ("number-long", f'<sheetData><row r="1">{cell.format("A1")}<c r="B1"><v>{"9" * 1_000_000}</v></c></row></sheetData>', "long",
         "either",
         "a number of a million digits"),
        ("date-nonsense",
         f'<sheetData><row r="1">{cell.format("A1")}<c r="B1" t="d"><v>9999-99-99</v></c><c r="C1"><v>1e999</v></c></row></sheetData>',
         "lie", "either", "impossible date and number"),
        ("rows-empty", f'<sheetData>{"<row/>" * 1_000_000}<row r="1048570">{cell.format("A1048570")}</row></sheetData>', "many", "either",
         "a million empty rows before the text"),
        ("merged", f'{first}<mergeCells>{"<mergeCell ref=" + chr(34) + "A1:XFD1048576" + chr(34) + "/>"}</mergeCells>', "lie", "read",
         "all cells are merged into one"),
        ("formula", f'<sheetData><row r="1">{cell.format("A1")}<c r="B1"><f>{"(" * 50_000}1{")" * 50_000}</f></c></row></sheetData>',
         "deep", "read",
         "a formula 50,000 deep, without value"),
        ("formula-web",
         f'<sheetData><row r="1">{cell.format("A1")}<c r="B1"><f>WEBSERVICE("{http_canary("xlsx")}")</f></c></row></sheetData>', "active",
             "read",
         "a formula asks for an address"),
    ):  # fmt: skip
        word = maker.word()
        _add(
            maker, "xlsx", name, xlsx_parts("other", sheet=sheet.replace("@", word)), kind, expect, note, word
        )
    word = maker.word()
    _add(
        maker,
        "xlsx",
        "string-count",
        xlsx_parts(word, counts=4_294_967_295),
        "lie",
        "read",
        "claims four billion shared strings",
        word,
    )
    parts = xlsx_parts(maker.word())
    del parts["xl/worksheets/sheet1.xml"]
    _add(maker, "xlsx", "sheet-missing", parts, "damaged", "either", "the only sheet is missing")


def _open_documents(maker: Maker) -> None:
    """Repetition is a number in OpenDocument, so a few bytes make a huge table or text."""
    cell = '<table:table-cell office:value-type="string"{0}><text:p>@</text:p></table:table-cell>'
    sheet = '<table:table table:name="S"><table:table-row{0}>{1}</table:table-row></table:table>'
    columns, rows = ' table:number-columns-repeated="{0}"', ' table:number-rows-repeated="{0}"'
    for name, body, note in (
        (
            "rows-repeated",
            sheet.format(rows.format(1_048_576), cell.format("")),
            "a row with text a million times",
        ),
        (
            "cells-repeated",
            sheet.format(rows.format(1_048_576), cell.format(columns.format(16_384))),
            "17 billion cells with text",
        ),
        (
            "repeat-overflow",
            sheet.format(rows.format(2**31), cell.format(columns.format(2**63))),
            "numbers which do not fit",
        ),
        (
            "repeat-negative",
            sheet.format(rows.format(-1), cell.format(columns.format("x"))),
            "repeated -1 times and x times",
        ),
        (
            "span-huge",
            sheet.format("", cell.format(' table:number-columns-spanned="2147483647"')),
            "a cell over two billion columns",
        ),
    ):
        word = maker.word()
        parts = odf_parts("ods", "", body=body.replace("@", word))
        _add(maker, "ods", name, parts, "bomb", "read" if name == "span-huge" else "either", note, word)
    deep = "<table:table><table:table-row><table:table-cell>"
    for format, name, body, kind, note in (
        ("odt", "spaces", '<text:p>@<text:s text:c="2000000000"/></text:p>', "bomb", "two billion spaces, written as a number"),
        ("odt", "spaces-negative", '<text:p>@<text:s text:c="-5"/><text:s text:c="x"/></text:p>', "lie", "-5 spaces and x spaces"),
        ("odt", "tables-1000", f"{deep * 1000}<text:p>@</text:p>{'</table:table-cell></table:table-row></table:table>' * 1000}", "deep",
         "1,000 tables deep"),
        ("odt", "lists-2000", f"{'<text:list><text:list-item>' * 2000}<text:p>@</text:p>{'</text:list-item></text:list>' * 2000}", "deep",
         "2,000 lists deep"),
        ("odt", "section-web", '<text:section text:name="a"><text:section-source xlink:href="CANARY"/><text:p>@</text:p></text:section>',
         "active",
         "a section which is the canary file"),
        ("odp", "groups-5000", f"<draw:page>{'<draw:g>' * 5000}<text:p>@</text:p>{'</draw:g>' * 5000}</draw:page>", "deep",
         "5,000 groups deep"),
        ("odp", "pages-10000",
         '<draw:page draw:name="a"/>' * 10_000
         + "<draw:page><draw:frame><draw:text-box><text:p>@</text:p></draw:text-box></draw:frame></draw:page>",
         "many", "10,000 empty pages before the text"),
    ):  # fmt: skip
        word = maker.word()
        content = body.replace("@", word).replace("CANARY", maker.canary.as_uri())
        _add(
            maker,
            format,
            name,
            odf_parts(format, "", body=content),
            kind,
            "read" if kind in ("active", "lie") else "either",
            note,
            word,
        )


def _books(maker: Maker) -> None:
    """Faults only a book can have."""
    for name, spine, opf, kind, note in (
        (
            "spine-repeated",
            '<itemref idref="one"/>' * 10_000,
            "OEBPS/book.opf",
            "many",
            "one chapter 10,000 times",
        ),
        (
            "spine-missing",
            '<itemref idref="two"/><itemref idref="one"/>',
            "OEBPS/book.opf",
            "lie",
            "a chapter which is nowhere, then one which is there",
        ),
        ("spine-empty", "", "OEBPS/book.opf", "lie", "no chapter in the reading order"),
        (
            "package-outside",
            '<itemref idref="one"/>',
            "../../../../etc/hostname",
            "escape",
            "the package leads out of the book",
        ),
        (
            "package-self",
            '<itemref idref="one"/>',
            "META-INF/container.xml",
            "cyclic",
            "the package is the container",
        ),
    ):
        word = maker.word()
        _add(maker, "epub", name, epub_parts(word, spine=spine, opf=opf), kind, "either", note, word)
    word = maker.word()
    points = "<navPoint><navLabel><text>a</text></navLabel>" * 10_000 + "</navPoint>" * 10_000
    contents = {
        "OEBPS/toc.ncx": f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap></ncx>'
    }
    _add(
        maker,
        "epub",
        "contents-deep",
        {**epub_parts(word), **contents},
        "deep",
        "read",
        "a table of contents 10,000 deep",
        word,
    )
    word = maker.word()
    frames = f'{word}<iframe src="one.xhtml"/><object data="one.xhtml"/><img src="{maker.canary.as_uri()}"/><img src="{http_canary("epub")}"/>'
    _add(
        maker,
        "epub",
        "frames",
        epub_parts(frames),
        "active",
        "read",
        "a chapter which shows itself, the canary and the web",
        word,
    )
