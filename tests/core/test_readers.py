"""Presentations, workbooks, books, web pages, tables as text and mails: facts planted in files of each kind are found in their place."""

from __future__ import annotations

import contextlib
import datetime
import tarfile
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from core.documents import formats, passages
from core.documents.model import Kind, Note, Page
from core.documents.readers import archives, cell_formats, epub, html, mail, odf, rtf, tables, text, xlsx
from core.documents.readers import pptx as slides
from core.errors import EncodingUnknown, FileDamaged, FileEmpty, FormatOld, FormatUnknown
from core.paths import ROOT

SCAN = ROOT / "tests" / "data" / "scans" / "notice.png"
Reader = Callable[..., object]


def read(reader: Reader, path: Path, notes: list[Note] | None = None) -> list[Page]:
    return list(reader(path, path.name, notes if notes is not None else []))  # type: ignore[call-overload]


def blocks(page: Page) -> list[tuple[Kind, str]]:
    return [(block.kind, page.text[block.start : block.end]) for block in page.blocks]


# ---------------------------------------------------------------- presentations


def test_slides_in_order_with_tables_groups_charts_and_notes(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[5])
    first.shapes.title.text = "Results"
    right = first.shapes.add_textbox(Inches(5), Inches(2), Inches(3), Inches(1))
    right.text_frame.text = "On the right."
    left = first.shapes.add_textbox(Inches(1), Inches(2), Inches(3), Inches(1))
    left.text_frame.text = "On the left."
    grouped = first.shapes.add_group_shape().shapes.add_textbox(Inches(1), Inches(4), Inches(3), Inches(1))
    grouped.text_frame.text = "In a group."
    table = first.shapes.add_table(2, 2, Inches(1), Inches(5), Inches(4), Inches(1)).table
    for row, texts in enumerate([["Pump", "Power"], ["Heron", "3.4 kW"]]):
        for column, words in enumerate(texts):
            table.cell(row, column).text = words
    first.notes_slide.notes_text_frame.text = "Say that it rained."
    second = deck.slides.add_slide(deck.slide_layouts[6])
    data = CategoryChartData()
    data.categories = ["2023", "2024"]
    data.add_series("Sales", (11, 17))
    second.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(4), Inches(3), data)
    deck.slides._sldIdLst.insert(0, deck.slides._sldIdLst[1])  # the second comes first
    path = tmp_path / "a.pptx"
    deck.save(str(path))
    chart, page = read(slides.read, path)
    assert chart.number == 1
    assert chart.text.splitlines() == [" | Sales", "2023 | 11", "2024 | 17"]
    assert blocks(page) == [
        (Kind.HEADING, "Results"),
        (Kind.PARAGRAPH, "On the left."),
        (Kind.PARAGRAPH, "On the right."),
        (Kind.PARAGRAPH, "In a group."),
        (Kind.TABLE, "Pump | Power\nHeron | 3.4 kW"),
        (Kind.NOTE, "Say that it rained."),
    ]
    assert [row.header for row in page.blocks[4].rows] == [True, False]


# ---------------------------------------------------------------- workbooks


def test_sheets_show_numbers_and_dates_as_they_are_formatted(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Pumps"
    sheet.append(["Model", "Bought", "Price", "Share", "Weight", "Ok", "At"])
    sheet.append(["Heron", datetime.date(2024, 5, 1), 1234.5, 0.125, 41, True, datetime.time(9, 30)])
    for cell, shown in (
        ("B2", "yyyy/mm/dd"),
        ("C2", '#,##0.00 "€"'),
        ("D2", "0.0%"),
        ("E2", '0 "kg"'),
        ("G2", "h:mm"),
    ):
        sheet[cell].number_format = shown
    secret = book.create_sheet("Costs")
    secret.append(["Rent", 700])
    secret.sheet_state = "hidden"
    book.create_sheet("Nothing")
    merged = book.create_sheet("Hours")
    merged.append(["Library", None, "Pool"])
    merged.merge_cells("A1:B1")
    merged.append(["Mon", "9-17", "7-20"])
    merged.append(["Tue", "closed", "7-20"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    notes: list[Note] = []
    pumps, costs, hours = read(xlsx.read, path, notes)
    assert (pumps.number, pumps.label) == (1, "Pumps")
    assert pumps.text.splitlines() == [
        "Pumps",
        "Model | Bought | Price | Share | Weight | Ok | At",
        "Heron | 2024/05/01 | 1,234.50 € | 12.5% | 41 kg | TRUE | 9:30",
    ]
    assert [row.header for row in pumps.blocks[1].rows] == [True, False]
    assert costs.text.splitlines() == ["Costs", "Rent | 700"]
    assert hours.text.splitlines()[1] == "Library | Library | Pool"
    assert notes == [Note("hidden", {"names": "Costs"})]


def test_ten_thousand_rows_are_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Log")
    sheet.append(["Number", "Word"])
    for number in range(10_000):
        sheet.append([number, f"word {number % 77}"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    pages = read(xlsx.read, path)
    assert {(page.number, page.label) for page in pages} == {(1, "Log")}
    assert sum(len(block.rows) for page in pages for block in page.blocks) == 10_001
    assert pages[-1].text.endswith("9999 | word 66")
    last = passages.split(pages)[-1][-1]  # a row far down still has its header and its sheet
    assert (last.section, last.header) == ("Log", "Number | Word")


# ---------------------------------------------------------------- web pages and books


PAGE = """<!doctype html><html><head><meta charset="{charset}"><title>Opening hours</title><style>p {{}}</style></head><body>
<nav><a href="/">Menu entry</a></nav><main><h1>Opening hours of the café</h1><p>Open from <b>nine</b> to
five.<br>Closed on Mondays.</p><script>var hidden = 1;</script><p style="display: none">Nobody sees this.</p>
<ul><li>Bread<ol start="3"><li>rye</li><li>wheat</li></ol></li><li>Cake</li></ul>
<table><tr><th>Day</th><th>Hours</th></tr><tr><td rowspan="2">Tue</td><td>9-12</td></tr><tr><td>14-17</td></tr></table>
<pre>a = 1
  b = 2</pre><blockquote>Said the cook.</blockquote><p>担当は<ruby>五之神<rt>ごのかみ</rt></ruby>です。</p></main>
<footer>Imprint</footer></body></html>"""


@pytest.mark.parametrize(
    ("charset", "encoding"), [("utf-8", "utf-8"), ("euc-jp", "euc_jp"), ("nonsense", "utf-8")]
)
def test_a_web_page_is_its_content(tmp_path: Path, charset: str, encoding: str) -> None:
    path = tmp_path / "a.html"
    text = PAGE.format(charset=charset)
    path.write_bytes((text if encoding == "utf-8" else text.replace("é", "e")).encode(encoding))
    (page,) = read(html.read, path)
    assert blocks(page) == [
        (Kind.HEADING, "Opening hours"),
        (Kind.HEADING, "Opening hours of the café" if encoding == "utf-8" else "Opening hours of the cafe"),
        (Kind.PARAGRAPH, "Open from nine to five.\nClosed on Mondays."),
        (Kind.ITEM, "Bread"),
        (Kind.ITEM, "3. rye"),
        (Kind.ITEM, "4. wheat"),
        (Kind.ITEM, "Cake"),
        (Kind.TABLE, "Day | Hours\nTue | 9-12\nTue | 14-17"),
        (Kind.CODE, "a = 1\n  b = 2"),
        (Kind.QUOTATION, "Said the cook."),
        (Kind.PARAGRAPH, "担当は五之神です。"),
    ]


def test_each_block_has_its_language(tmp_path: Path) -> None:
    """What does not tell is in the language of most of the page, and code in none."""
    path = tmp_path / "a.html"
    path.write_text(
        "<h1>定期点検</h1><p>ポンプは毎年点検します。</p><p>The pump is checked in May, and the valve is too.</p>"
        "<p>Die Pumpe wird im Mai geprüft, und das Ventil auch.</p><p>AB-2077</p><pre>for it in the_list</pre>"
        "<table><tr><td>点検</td><td>五月</td></tr></table>",
        encoding="utf-8",
    )
    (page,) = read(html.read, path)
    assert [b.language for b in page.blocks] == ["ja", "ja", "en", "de", "de", "", "ja"]


def test_words_between_blocks_and_frames_of_tables_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        "<div>Loose words <div>inside</div> after.<table><tr><td><p>Framed.</p></td></tr></table></div>"
    )
    (page,) = read(html.read, path)
    assert page.text.splitlines() == ["Loose words", "inside", "after.", "Framed."]


def test_chapters_of_a_book_come_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:x"><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "OPS/book.opf",
            '<package xmlns="urn:y"><manifest><item id="a" href="one.xhtml"/><item id="b" href="two%20b.xhtml"/>'
            '<item id="c" href="gone.xhtml"/></manifest><spine><itemref idref="b"/><itemref idref="c"/><itemref idref="a"/>'
            "</spine></package>",
        )
        archive.writestr("OPS/one.xhtml", "<html><body><h1>Two</h1><p>It ended.</p></body></html>")
        archive.writestr("OPS/two b.xhtml", "<html><body><h1>One</h1><p>It began.</p></body></html>")
    notes: list[Note] = []
    first, second = read(epub.read, path, notes)
    assert (first.number, first.label, first.text) == (1, "One", "One\nIt began.")
    assert (second.number, second.label, second.text) == (2, "Two", "Two\nIt ended.")
    assert notes == [Note("part", {"part": "gone.xhtml"})]


CONTENTS = {
    "nav": (
        '<item id="n" href="toc/nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>',
        "OPS/toc/nav.xhtml",
        '<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol><li><a href="../one.xhtml">The <i>tide</i></a></li>'
        '<li><a href="../one.xhtml#b">Its turn</a></li><li><a href="../two.xhtml#x">Not used</a></li></ol></nav></body></html>',
    ),
    "ncx": (
        '<item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/>',
        "OPS/toc.ncx",
        '<ncx xmlns="urn:n"><navMap><navPoint><navLabel><text>The tide</text></navLabel><content src="one.xhtml"/>'
        "</navPoint></navMap></ncx>",
    ),
    "damaged": ('<item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/>', "OPS/toc.ncx", ""),
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_chapter_without_a_heading_has_the_one_that_the_table_of_contents_gives_it(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "a.epub"
    item, place, contents = CONTENTS[kind]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:x"><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "OPS/book.opf",
            f'<package xmlns="urn:y"><manifest>{item}<item id="a" href="one.xhtml"/><item id="b" href="two.xhtml"/></manifest>'
            '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
        )
        archive.writestr(place, contents)
        archive.writestr("OPS/one.xhtml", "<html><body><p>It rose.</p></body></html>")
        archive.writestr("OPS/two.xhtml", "<html><body><h2>Own</h2><p>It fell.</p></body></html>")
    first, second = read(epub.read, path)
    expected = ("", "It rose.") if kind == "damaged" else ("The tide", "The tide\nIt rose.")
    assert (first.label, first.text) == expected
    assert (second.label, second.text) == ("Own", "Own\nIt fell.")


def test_a_book_that_is_packed_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "book/META-INF/container.xml",
            '<container xmlns="urn:x"><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "book/OPS/book.opf",
            '<package xmlns="urn:y"><manifest><item id="a" href="one.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>',
        )
        archive.writestr("book/OPS/one.xhtml", "<html><body><h1>One</h1><p>It rose.</p></body></html>")
    (page,) = read(epub.read, path)
    assert page.text == "One\nIt rose."


# ---------------------------------------------------------------- tables as text, mails


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_rows_of_a_csv_whatever_parts_them(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "a.csv"
    rows = [
        ["品名", "値段", "注"],
        ["鍵", '"1,200"' if delimiter == "," else "1,200", '"二行\nの注"'],
        ["机", "300", ""],
    ]
    path.write_bytes("\r\n".join(delimiter.join(row) for row in rows).encode(encoding))
    (page,) = read(tables.read, path)
    assert page.text.splitlines() == ["品名 | 値段 | 注", "鍵 | 1,200 | 二行 の注", "机 | 300"]
    assert [row.header for row in page.blocks[0].rows] == [True, False, False]


def test_mails_in_japanese_with_html_and_attachments(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = (
        "点検のお知らせ",
        "desk@example.org",
        "Ito <ito@example.org>",
    )
    message.set_content("エレベーターの点検は十月三日です。\n\n> 前の質問", charset="iso-2022-jp")
    message.add_alternative("<p>other</p>", subtype="html")
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="図面.pdf")
    path = tmp_path / "a.eml"
    path.write_bytes(message.as_bytes())
    notes: list[Note] = []
    (page,) = read(mail.read, path, notes)
    assert blocks(page) == [
        (Kind.HEADING, "点検のお知らせ"),
        (Kind.NOTE, "From: desk@example.org\nTo: Ito <ito@example.org>\nAttachments: 図面.pdf"),
        (Kind.PARAGRAPH, "エレベーターの点検は十月三日です。"),
        (Kind.QUOTATION, "> 前の質問"),
    ]
    assert notes == [Note("inside", {"names": "図面.pdf", "count": "1"})]  # there is no PDF behind that name
    only_html = EmailMessage()
    only_html["Subject"] = "Hours"
    only_html.set_content("<p>Open at <b>nine</b>.</p>", subtype="html")
    path.write_bytes(only_html.as_bytes())
    assert read(mail.read, path)[0].text == "Hours\nOpen at nine."


def test_what_is_attached_is_read_as_a_file_of_its_own(tmp_path: Path) -> None:
    inner = EmailMessage()
    inner["Subject"] = "Key"
    inner.set_content("The key lies under the third pot.")
    message = EmailMessage()
    message["Subject"] = "Prices"
    message.set_content("See below.")
    message.add_attachment("Item;Price\nScone;1.50\n", subtype="csv", filename="prices.csv")
    message.add_attachment(inner)
    message.add_attachment(b"\0\1\2", maintype="application", subtype="octet-stream", filename="tool.exe")
    path = tmp_path / "a.eml"
    path.write_bytes(message.as_bytes())
    notes: list[Note] = []
    mailed, prices, key = read(mail.read, path, notes)
    assert (prices.label, prices.text) == ("Prices › prices.csv", "Item | Price\nScone | 1.50")
    assert "third pot" in key.text
    assert mailed.label == "Prices"
    assert notes == [Note("inside", {"names": "tool.exe", "count": "1"})]
    box = tmp_path / "a.mbox"
    box.write_bytes(
        b"From a@b Mon Jan  1 00:00:00 2024\n"
        + message.as_bytes()
        + b"\n\nFrom c@d Mon Jan  1 00:00:01 2024\n"
        + inner.as_bytes()
    )
    assert formats.tell(box) is formats.MAILBOX
    assert [page.label for page in read(mail.read_box, box, [])] == [
        "Prices",
        "Prices › prices.csv",
        key.label,
        "Key",
    ]


# ---------------------------------------------------------------- archives, RTF, old spreadsheets


def test_archives_are_read_file_by_file_within_bounds(tmp_path: Path) -> None:
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep/機械.txt", "弁は毎年六月に交換する。")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../up.txt", "The gate closes at eight.")
        archive.writestr("b.md", "# Hours\n\nOpen at nine.")
        archive.write(inner, "older.zip")
        archive.writestr("bomb.txt", b"a" * 30_000_000)
        archive.writestr("__MACOSX/b.md", "never")
        archive.writestr("tool.exe", b"MZ\0\0")
        archive.write(SCAN, "scan.png")  # nobody recognises it within an archive
    assert formats.tell(path) is formats.ZIP
    notes: list[Note] = []
    pages = read(archives.read_zip, path, notes)
    assert [(page.label, page.text) for page in pages] == [
        ("../../up.txt", "The gate closes at eight."),
        ("b.md", "Hours\nOpen at nine."),
        ("older.zip › deep/機械.txt", "弁は毎年六月に交換する。"),
    ]
    assert notes == [Note("inside", {"names": "bomb.txt, scan.png, tool.exe", "count": "3"})]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "inner.zip"]
    packed = tmp_path / "a.tar.gz"
    with tarfile.open(packed, "w:gz") as tar:
        tar.add(inner, "in/inner.zip")
        link = tarfile.TarInfo("link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert formats.tell(packed) is formats.TAR
    (page,) = read(archives.read_tar, packed, [])
    assert (page.label, page.text) == ("in/inner.zip › deep/機械.txt", "弁は毎年六月に交換する。")


def test_rich_text_with_headings_tables_notes_and_japanese(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset128 MS Mincho;}}"
        rb"{\stylesheet{\s1\outlinelevel0 heading 1;}}{\info{\author nobody}}"
        rb"\pard\s1 Gr\'fc\'dfe\par\pard The pump costs 85{\super 3}{\footnote\pard Without the hose.} euros\u8212\'97always.\par"
        rb"{\deleted gone}\pard {\f1 \'8b\'40\'8a\'42}{\v hidden}\par"
        rb"{\listtext 1.\tab}\ls1 First item\par\pard"
        rb"\trowd\intbl Item\cell Price\cell\row\trowd\intbl Scone\cell 1.50\cell\row\pard end\par}"
    )
    assert formats.tell(path) is formats.RICH
    (page,) = read(rtf.read, path, [])
    assert blocks(page) == [
        (Kind.HEADING, "Grüße"),
        (Kind.PARAGRAPH, "The pump costs 85 euros—always."),
        (Kind.FOOTNOTE, "Without the hose."),
        (Kind.PARAGRAPH, "機械"),
        (Kind.ITEM, "First item"),
        (Kind.TABLE, "Item | Price\nScone | 1.50"),
        (Kind.PARAGRAPH, "end"),
    ]
    path.write_bytes(b"{\\rtf1 " + b"{" * 100_000)
    with pytest.raises(FileDamaged):
        read(rtf.read, path, [])


def test_data_is_read_with_its_letters_and_a_record_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"name": "Caf\\u00e9 \\u6771\\u4eac", "quote": "a\\u0022b", "path": "C:\\\\users"}')
    assert (
        read(text.read_json, path, [])[0].text
        == '{"name": "Café 東京", "quote": "a\\u0022b", "path": "C:\\\\users"}'
    )
    path = tmp_path / "a.jsonl"
    path.write_text('{"gate": "G1", "at": 5}\n{"gate": "G2", "at": 6}\n')
    assert blocks(read(text.read_json, path, [])[0]) == [
        (Kind.ITEM, '{"gate": "G1", "at": 5}'),
        (Kind.ITEM, '{"gate": "G2", "at": 6}'),
    ]


@pytest.mark.parametrize(
    ("number", "pattern", "shown"),
    [
        (-81, r"#,##0\ ;\(#,##0\)", "(81)"),
        (0, r'_(* #,##0_);_(* \(#,##0\);_(* "—"_);_(@_)', "—"),
        (-1521, r'_(* #,##0_);_(* \(#,##0\);_(* "—"_);_(@_)', "(1,521)"),
        (1_234_567, "#,##0,", "1,235"),
        (0.125, "0.0%", "12.5%"),
        (0.5, "# ?/?", "1/2"),
        (-2.25, "# ??/??", "-2 1/4"),
        (12345.6, "0.00E+00", "1.23E+04"),
        (7, "000", "007"),
        (-1249.5, '"£"#,##0.00', "-£1,249.50"),
        (1249.5, "[$£-809]#,##0.00", "£1,249.50"),
        (5, '0" kg"', "5 kg"),
        (-5, "General", "-5"),
        (3.14159, "", "3.14159"),
        (120, '[<100]0;[>=100]0.0"k"', "120.0k"),
        (-12, '#,##0;"▲ "#,##0', "▲ 12"),
        (0, "0;-0;", ""),
        (1.5, r'_-* #,##0.00\ "€"_-;\-* #,##0.00\ "€"_-', "1.50 €"),
        (-2, "#,##0;[Red]-#,##0", "-2"),
        (12, "@", "12"),
        (45413, '[$-411]ggge"年"m"月"d"日"', "令和6年5月1日"),
        (32000, "[$-411]ge.m.d;@", "S62.8.11"),
    ],
)
def test_numbers_are_shown_as_their_formats_have_them(number: float, pattern: str, shown: str) -> None:
    assert cell_formats.shown(float(number), "", pattern, cell_formats.EPOCH) == shown


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("dd/mm/yyyy", "01/05/2024"),
        ('yyyy"年"m"月"d"日"', "2024年5月1日"),
        ("[$-409]d-mmm-yy;@", "1-May-24"),
        ("d mmmm yyyy", "1 May 2024"),
        ("m/d/yy h:mm AM/PM", "5/1/24 1:30 PM"),
        ("yyyy-mm-dd hh:mm:ss", "2024-05-01 13:30:00"),
        ("aaaa", "水曜日"),
    ],
)
def test_dates_are_shown_as_their_formats_have_them(pattern: str, shown: str) -> None:
    assert cell_formats.shown(45413.5625, "", pattern, cell_formats.EPOCH) == shown


# ---------------------------------------------------------------- OpenDocument, code, subtitles


ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
    ' xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"'
)


def opendocument(path: Path, body: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "content.xml",
            f"<office:document-content {ODF}><office:body>{body}</office:body></office:document-content>",
        )
    return path


def test_opendocument_texts(tmp_path: Path) -> None:
    path = opendocument(
        tmp_path / "a.odt",
        "<office:text><text:tracked-changes><text:deletion><text:p>Deleted.</text:p></text:deletion></text:tracked-changes>"
        '<text:h text:outline-level="2">Rules</text:h><text:p>One<text:s text:c="2"/>two<text:tab/>three<text:note>'
        "<text:note-citation>1</text:note-citation><text:note-body><text:p>A note.</text:p></text:note-body></text:note>.</text:p>"
        "<text:list><text:list-item><text:p>Outer</text:p><text:list><text:list-item><text:p>Inner</text:p></text:list-item>"
        "</text:list></text:list-item></text:list><table:table><table:table-header-rows><table:table-row><table:table-cell>"
        "<text:p>K</text:p></table:table-cell><table:table-cell><text:p>V</text:p></table:table-cell></table:table-row>"
        '</table:table-header-rows><table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>x</text:p>'
        "</table:table-cell></table:table-row></table:table></office:text>",
    )
    assert formats.tell(path) is formats.OPEN
    (page,) = read(odf.read, path)
    assert [(b.kind, b.level, page.text[b.start : b.end]) for b in page.blocks] == [
        (Kind.HEADING, 2, "Rules"),
        (Kind.PARAGRAPH, 0, "One  two\tthree."),
        (Kind.FOOTNOTE, 0, "A note."),
        (Kind.ITEM, 1, "Outer"),
        (Kind.ITEM, 2, "Inner"),
        (Kind.TABLE, 0, "K | V\nx | x"),
    ]


def test_opendocument_sheets_and_slides(tmp_path: Path) -> None:
    row = "<table:table-row{}><table:table-cell><text:p>{}</text:p></table:table-cell></table:table-row>"
    sheets = opendocument(
        tmp_path / "a.ods",
        '<office:spreadsheet><table:table table:name="One">' + row.format("", "a") + row.format(' table:number-rows-repeated="1048000"', "")
        + '</table:table><table:table table:name="Two">' + row.format("", "b") + "</table:table></office:spreadsheet>",
    )  # fmt: skip
    assert [(p.number, p.label, p.text) for p in read(odf.read, sheets)] == [
        (1, "One", "One\na"),
        (2, "Two", "Two\nb"),
    ]
    deck = opendocument(
        tmp_path / "a.odp",
        '<office:presentation><draw:page draw:name="p1"><draw:frame presentation:class="title"><draw:text-box><text:p>Hello</text:p>'
        "</draw:text-box></draw:frame><draw:frame><draw:text-box><text:p>World</text:p></draw:text-box></draw:frame><presentation:notes>"
        "<draw:frame><draw:text-box><text:p>Slowly.</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"
        "</office:presentation>",
    )
    (page,) = read(odf.read, deck)
    assert blocks(page) == [(Kind.HEADING, "Hello"), (Kind.PARAGRAPH, "World"), (Kind.NOTE, "Slowly.")]


def test_very_long_texts_come_in_stretches_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    whole = "\n\n".join(f"Paragraph {n} says that much." for n in range(20_000))
    path.write_text(whole)
    for reader, glue in ((text.read, "\n"), (text.read_code, "\n")):
        pages = read(reader, path)
        assert len(pages) > 2
        assert max(len(page.text) for page in pages) < 210_000
        said = glue.join(page.text for page in pages)
        assert said.split() == whole.split()


def test_code_stays_as_it_is_and_subtitles_are_their_words(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f():\n    return 1\n")
    (page,) = read(text.read_code, tmp_path / "a.py")
    assert blocks(page) == [(Kind.CODE, "def f():\n    return 1")]
    (tmp_path / "a.srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,500\n<i>Good</i> morning.\n\n2\n00:00:03,000 --> 00:00:04,000\n42\nis the answer.\n"
    )
    (page,) = read(text.read_subtitles, tmp_path / "a.srt")
    assert page.text.splitlines() == ["Good morning.", "42 is the answer."]


# ---------------------------------------------------------------- kinds are told by what is inside


def test_a_file_is_what_its_content_says(tmp_path: Path) -> None:
    book = tmp_path / "a.xlsx"
    openpyxl.Workbook().save(book)
    deck = tmp_path / "a.pptx"
    pptx.Presentation().save(str(deck))
    for name, data, expected in (
        ("a.txt", b"%PDF-1.4", formats.PDF),
        ("wrong.docx", book.read_bytes(), formats.SHEETS),
        ("wrong.xlsx", deck.read_bytes(), formats.SLIDES),
        ("page.txt", b"<!DOCTYPE html><p>x", formats.WEB),
        ("README", b"plain words", formats.PLAIN),
        ("a.md", b"# x", formats.MARKDOWN),
        ("A.CSV", b"a,b", formats.TABLE),
        ("note.txt.", b"words", formats.PLAIN),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        assert formats.tell(path) is expected, name
    for name, data, error in (
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FormatOld),
        ("a.pages", b"PK\x03\x04", FormatOld),
        ("a.bin", b"\0\1\2", FormatUnknown),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(error):
            formats.tell(path)


@pytest.mark.parametrize("reader", [slides.read, xlsx.read, epub.read, html.read, tables.read, mail.read])
def test_what_is_damaged_is_a_typed_error(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "a"
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("x", "y")
    for data in (b"", b"PK\x03\x04 cut", empty.read_bytes(), b"\xff\xfe\0\0", b"<", b" \n "):
        path.write_bytes(data)
        with contextlib.suppress(FileDamaged, FileEmpty, EncodingUnknown):
            assert read(reader, path)
