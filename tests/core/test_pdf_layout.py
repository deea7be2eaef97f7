"""Pages of PDFs are read as people read them, in whatever order their parts were drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.lib.colors import white
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from core.documents.model import Kind, Note, Page
from core.documents.readers import pdf

Draw = Callable[[Canvas], None]
ROWS = [
    ["Model", "Power", "Weight"],
    ["Finch", "1.2 kW", "18 kg"],
    ["Heron", "3.4 kW", "41 kg"],
    ["Kestrel", "5.5 kW", "63 kg"],
]
LEFT = [
    "The north house is heated by a small",
    "stove that burns two sacks a night. It",
    "has to be swept on every ninth day, or",
    "the flue gets blocked and nobody sleeps.",
]
RIGHT = [
    "The south house has no stove at all. A",
    "heap of compost of forty cubic metres",
    "warms it, and the gardener turns it once",
    "in a month with the loader of the yard.",
]


@pytest.fixture
def drawn(tmp_path: Path) -> Callable[..., list[Page]]:
    def draw_and_read(*pages: Draw, notes: list[Note] | None = None) -> list[Page]:
        path = tmp_path / "a.pdf"
        canvas = Canvas(str(path), pagesize=A4)
        for page in pages:
            canvas.setFont("Helvetica", 10)
            page(canvas)
            canvas.showPage()
        canvas.save()
        return list(pdf.read(path, path.name, notes if notes is not None else []))

    return draw_and_read


def lines(canvas: Canvas, texts: list[str], x: float, y: float, step: float = 14) -> None:
    for number, text in enumerate(texts):
        canvas.drawString(x, y - number * step, text)


@pytest.mark.parametrize("order", ["rows", "columns", "backwards"])
def test_a_table_is_read_row_by_row(drawn: Callable[..., list[Page]], order: str) -> None:
    places = [(x, y) for y in range(len(ROWS)) for x in range(3)]
    if order == "columns":
        places.sort()
    elif order == "backwards":
        places.reverse()

    def draw(canvas: Canvas) -> None:
        for x, y in places:
            canvas.drawString(72 + 120 * x, 700 - 18 * y, ROWS[y][x])

    (page,) = drawn(draw)
    assert page.text.splitlines() == [" | ".join(row) for row in ROWS]
    (block,) = page.blocks
    assert (block.kind, [row.header for row in block.rows]) == (Kind.TABLE, [True, False, False, False])


def test_rules_hold_the_lines_of_a_cell_together(drawn: Callable[..., list[Page]]) -> None:
    def draw(canvas: Canvas) -> None:
        for y in (712, 694, 652, 634):
            canvas.line(70, y, 400, y)
        lines(canvas, ["Finch", "Plover, with the", "long shaft for", "deep wells"][:1], 72, 699)
        lines(canvas, ["Plover, with the", "long shaft for", "deep wells"], 72, 682, 12)
        lines(canvas, ["1.2 kW"], 200, 699)
        lines(canvas, ["7.5 kW"], 200, 682)
        lines(canvas, ["Kestrel"], 72, 640)
        lines(canvas, ["5.5 kW"], 200, 640)

    (page,) = drawn(draw)
    assert page.text.splitlines() == [
        "Finch | 1.2 kW",
        "Plover, with the long shaft for deep wells | 7.5 kW",
        "Kestrel | 5.5 kW",
    ]


@pytest.mark.parametrize("row_by_row", [True, False])
def test_columns_are_read_one_after_the_other(drawn: Callable[..., list[Page]], row_by_row: bool) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawString(72, 740, "Two houses and how they are kept warm")
        canvas.setFont("Helvetica", 10)
        if row_by_row:
            for i, (a, b) in enumerate(zip(LEFT, RIGHT, strict=True)):
                lines(canvas, [a], 72, 700 - 14 * i)
                lines(canvas, [b], 300, 700 - 14 * i)
        else:
            lines(canvas, RIGHT, 300, 700)
            lines(canvas, LEFT, 72, 700)

    (page,) = drawn(draw)
    assert page.text.splitlines() == [
        "Two houses and how they are kept warm",
        " ".join(LEFT),
        " ".join(RIGHT),
    ]
    assert page.blocks[0].kind is Kind.HEADING


def tables(page: Page) -> list[list[str]]:
    """The rows of each table of a page, cells parted by a stroke."""
    return [
        [" | ".join(page.text[a:b] for a, b in row.cells) for row in block.rows]
        for block in page.blocks
        if block.rows
    ]


def grid(canvas: Canvas, xs: list[float], ys: list[float]) -> None:
    for y in ys:
        canvas.line(xs[0], y, xs[-1], y)
    for x in xs:
        canvas.line(x, ys[0], x, ys[-1])


@pytest.mark.parametrize("drawing", ["lines", "one path", "boxes"])
def test_grids_beside_each_other_are_tables_of_their_own(
    drawn: Callable[..., list[Page]], drawing: str
) -> None:
    def draw(canvas: Canvas) -> None:
        for left in (72, 300):
            xs, ys = [left, left + 90, left + 180], [700.0, 680, 660, 640]
            if drawing == "lines":
                grid(canvas, xs, ys)
            elif drawing == "one path":
                canvas.grid(xs, ys)
            else:
                for x in xs[:-1]:
                    for y in ys[1:]:
                        canvas.rect(x, y, 90, 20)
            for n, row in enumerate(ROWS[:3]):
                for x, cell in zip(xs, row[:2] if left == 72 else row[1:], strict=False):
                    canvas.drawString(x + 4, 685 - 20 * n, cell)

    (page,) = drawn(draw)
    assert tables(page) == [
        ["Model | Power", "Finch | 1.2 kW", "Heron | 3.4 kW"],
        ["Power | Weight", "1.2 kW | 18 kg", "3.4 kW | 41 kg"],
    ]


def test_a_cell_that_reaches_down_stands_in_each_of_its_rows_and_names_over_columns_in_each_name(
    drawn: Callable[..., list[Page]],
) -> None:
    def draw(canvas: Canvas) -> None:
        for y in (700, 660, 600):
            canvas.line(72, y, 372, y)
        canvas.line(172, 680, 372, 680)
        canvas.line(172, 640, 372, 640)
        canvas.line(172, 620, 372, 620)
        for x in (72, 172, 372):
            canvas.line(x, 700, x, 600)
        canvas.line(272, 680, 272, 600)
        for text, x, y in (
            ("Boat", 76, 675), ("Fare", 250, 685), ("single", 176, 665), ("return", 276, 665), ("Ferry", 76, 628),
            ("4.10", 176, 645), ("7.20", 276, 645), ("4.30", 176, 625), ("7.50", 276, 625), ("4.60", 176, 605), ("8.00", 276, 605),
        ):  # fmt: skip
            canvas.drawString(x, y, text)

    (page,) = drawn(draw)
    assert tables(page) == [
        [
            "Boat | Fare single | Fare return",
            "Ferry | 4.10 | 7.20",
            "Ferry | 4.30 | 7.50",
            "Ferry | 4.60 | 8.00",
        ]
    ]


def test_a_table_between_rules_has_its_labels_whole(drawn: Callable[..., list[Page]]) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(
            72, 740, "The yard sold more than in the year before, as the first of the tables below shows."
        )
        for y in (700, 680, 600):
            canvas.line(72, y, 400, y)
        for text, x, y in (
            ("Income", 72, 685), ("2023", 250, 685), ("2024", 330, 685), ("Sales of timber and of", 72, 664),
            ("everything else", 72, 653), ("1,204", 250, 658), ("1,377", 330, 658), ("Rent", 72, 630), ("88", 250, 630),
            ("91", 330, 630), ("Total", 72, 606), ("1,292", 250, 606), ("1,468", 330, 606),
        ):  # fmt: skip
            canvas.drawString(x, y, text)

    (page,) = drawn(draw)
    assert tables(page) == [
        [
            "Income | 2023 | 2024",
            "Sales of timber and of everything else | 1,204 | 1,377",
            "Rent | 88 | 91",
            "Total | 1,292 | 1,468",
        ]
    ]


def test_a_note_in_the_margin_is_no_column_of_a_table(drawn: Callable[..., list[Page]]) -> None:
    note = ["Written by the", "keeper of the", "two houses for", "whoever comes", "after her."]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 7)
        lines(canvas, note, 72, 697, 9)
        canvas.setFont("Helvetica", 10)
        lines(canvas, [*LEFT, *LEFT], 160, 700)
        lines(canvas, [*RIGHT, *RIGHT], 370, 700)

    (page,) = drawn(draw)
    assert not tables(page)
    assert page.text.splitlines() == [" ".join(note), " ".join([*LEFT, *LEFT]), " ".join([*RIGHT, *RIGHT])]


def test_a_sentence_goes_on_in_the_next_column(drawn: Callable[..., list[Page]]) -> None:
    def draw(canvas: Canvas) -> None:
        lines(canvas, [*LEFT, *LEFT[:3]], 72, 700)
        lines(canvas, [LEFT[3], *RIGHT], 300, 700)

    (page,) = drawn(draw)
    assert page.text.splitlines() == [" ".join([*LEFT, *LEFT, *RIGHT])]


def test_an_item_goes_on_below_its_mark(drawn: Callable[..., list[Page]]) -> None:
    def draw(canvas: Canvas) -> None:
        for n, (first, second) in enumerate((LEFT[:2], RIGHT[:2])):
            lines(canvas, ["•"], 72, 700 - 42 * n)
            lines(canvas, [first], 96, 700 - 42 * n)
            lines(canvas, [second], 84, 686 - 42 * n)

    (page,) = drawn(draw)
    assert page.text.splitlines() == [f"• {LEFT[0]} {LEFT[1]}", f"• {RIGHT[0]} {RIGHT[1]}"]
    assert {block.kind for block in page.blocks} == {Kind.ITEM}


def test_what_is_drawn_twice_is_read_once_and_leading_dots_are_not(drawn: Callable[..., list[Page]]) -> None:
    def draw(canvas: Canvas) -> None:
        for aside in (0, 0.4):
            canvas.drawString(72 + aside, 700, "All bells balloon")
        canvas.drawString(72, 640, "The weir ........................ 17")

    (page,) = drawn(draw)
    assert page.text.splitlines() == ["All bells balloon", "The weir 17"]


def test_a_letter_that_stands_lower_is_part_of_its_word(drawn: Callable[..., list[Page]]) -> None:
    """TeX's name, as TeX writes it, in all papers that speak of it."""

    def draw(canvas: Canvas) -> None:
        x = 72.0
        for text, lower, kern in (("We set it in T", 0, -1.7), ("E", 2.2, -1.3), ("X for the fair.", 0, 0)):
            canvas.drawString(x, 700 - lower, text)
            x += stringWidth(text, "Helvetica", 10) + kern

    (page,) = drawn(draw)
    assert page.text == "We set it in TEX for the fair."


def test_marks_of_footnotes_are_no_digits_and_exponents_stay(drawn: Callable[..., list[Page]]) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "The guarantee lasts 12")
        at = 72 + canvas.stringWidth("The guarantee lasts 12", "Helvetica", 10)
        canvas.setFont("Helvetica", 6)
        canvas.drawString(at, 704, "3")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(at + 6, 700, "months; the hall has 85 m")
        at += 6 + canvas.stringWidth("months; the hall has 85 m", "Helvetica", 10)
        canvas.setFont("Helvetica", 6)
        canvas.drawString(at, 704, "2")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(at + 6, 700, "in all.")
        lines(canvas, LEFT, 72, 660)
        canvas.setFont("Helvetica", 6)
        canvas.drawString(72, 123, "3")
        canvas.setFont("Helvetica", 8)
        canvas.drawString(78, 120, "From the day of delivery.")

    (page,) = drawn(draw)
    assert "The guarantee lasts 12 months; the hall has 85 m² in all." in page.text
    note = next(b for b in page.blocks if b.kind is Kind.FOOTNOTE)
    assert page.text[note.start : note.end].endswith("From the day of delivery.")


def test_what_the_page_does_not_show_is_not_read(drawn: Callable[..., list[Page]]) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "The roof costs 48500 euros.")
        text = canvas.beginText(72, 680)
        text.setTextRenderMode(3)
        text.textLine("The roof costs one euro.")
        text.setTextRenderMode(0)
        canvas.drawText(text)
        canvas.setFillColor(white)
        canvas.drawString(72, 660, "It costs two euros.")
        canvas.drawString(900, 640, "Off the page.")
        canvas.setFillGray(0)
        canvas.rect(72, 600, 200, 20, fill=1)
        canvas.setFillColor(white)
        canvas.drawString(80, 606, "White on black is seen.")

    (page,) = drawn(draw)
    assert page.text.splitlines() == ["The roof costs 48500 euros.", "White on black is seen."]


def test_running_heads_and_page_numbers_are_left_out(drawn: Callable[..., list[Page]]) -> None:
    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(72, 810, f"Handbook of the mill, part {number}")
            canvas.drawString(300, 30, f"- {number} -")
            lines(canvas, [f"Page {number} says this.", *LEFT], 72, 700)

        return draw

    pages = drawn(*(page(n) for n in range(1, 7)))
    for number, made in enumerate(pages, start=1):
        assert "Handbook" not in made.text
        assert "- " not in made.text
        assert made.text.startswith(f"Page {number} says this.")


def test_what_changes_from_page_to_page_is_no_running_head(drawn: Callable[..., list[Page]]) -> None:
    """A balance at the top of each page, a first line that is a sentence, a price at the bottom."""

    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(72, 820, f"Bank of the Mill  Chapter {(number + 2) // 3}  Sheet {number} of 6")
            canvas.drawString(72, 805, f"Opening balance {number * 1371 % 997},{number * 7919 % 89:02}")
            canvas.drawString(72, 790, f"Room {number} has a pump.")
            lines(canvas, [f"Page {number} says this.", *LEFT], 72, 700)
            canvas.drawString(72, 50, f"Total: {number * 4177 % 1009} kr")
            canvas.drawString(300, 30, f"{(number + 2) // 3}-{(number - 1) % 3 + 1}")

        return draw

    pages = drawn(*(page(n) for n in range(1, 7)))
    for number, made in enumerate(pages, start=1):
        assert "Bank" not in made.text
        assert f"{(number + 2) // 3}-{(number - 1) % 3 + 1}" not in made.text
        assert f"Opening balance {number * 1371 % 997},{number * 7919 % 89:02}" in made.text
        assert f"Room {number} has a pump." in made.text
        assert f"Total: {number * 4177 % 1009} kr" in made.text


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("write to stores-", "desk@example.org now", "stores-desk@example.org"),
        ("the number is AB-", "2077 and no other", "AB-2077"),
        ("the mainte-", "nance of the pump", "maintenance"),
        ("a self-", "igniting lamp", "self-igniting"),
        ("made by a well-", "known firm", "well-known"),
        ("in the years 2019-", "2023 it was cold", "2019-2023"),
        ("he met Jean-", "Luc at the mill", "Jean-Luc"),
    ],
)
def test_hyphens_at_line_ends(
    drawn: Callable[..., list[Page]], first: str, second: str, expected: str
) -> None:
    (page,) = drawn(lambda canvas: lines(canvas, [first, second], 72, 700))
    assert expected in page.text


def test_code_stays_as_it_is_and_figures_are_none(drawn: Callable[..., list[Page]]) -> None:
    code = ["def gate(hour):", "    if hour > 20:", "        return False"]

    def draw(canvas: Canvas) -> None:
        lines(canvas, [*LEFT, "2023."], 72, 700)
        canvas.setFont("Courier", 9)
        lines(canvas, code, 72, 600, 11)
        canvas.setFont("Helvetica", 10)
        lines(canvas, RIGHT, 72, 540)

    (page,) = drawn(draw)
    assert [b.kind for b in page.blocks] == [Kind.PARAGRAPH, Kind.CODE, Kind.PARAGRAPH]
    assert page.text[page.blocks[1].start : page.blocks[1].end].splitlines() == code
    assert page.text.splitlines()[0].endswith("nobody sleeps. 2023.")


def test_vertical_japanese_runs_down_and_leftwards(drawn: Callable[..., list[Page]]) -> None:
    columns = ["町の図書館は山の上にあり", "坂道を二十分ほど歩く必要", "がある。冬は休館する。"]

    def draw(canvas: Canvas) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont("HeiseiKakuGo-W5"))
        canvas.setFont("HeiseiKakuGo-W5", 14)
        for row in range(12):  # letter by letter, row by row
            for number, text in enumerate(columns):
                if row < len(text):
                    canvas.drawString(500 - 26 * number, 700 - 15 * row, text[row])

    (page,) = drawn(draw)
    assert page.text == "".join(columns)
    assert all(line.vertical for line in page.lines)


def test_lines_say_where_the_text_stands(drawn: Callable[..., list[Page]]) -> None:
    (page,) = drawn(lambda canvas: lines(canvas, LEFT, 72, 700))
    assert len(page.lines) == len(LEFT)
    start = page.text.index("stove")
    line = next(line for line in page.lines if line.start <= start < line.end)
    left = line.edges[start - line.start]
    assert left == pytest.approx(72, abs=1)
    assert pytest.approx((line.top + line.bottom) / 2, abs=6) == 841.9 - 700 + 14


def test_pages_that_are_pictures_are_named(drawn: Callable[..., list[Page]]) -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    picture = ImageReader(Image.new("RGB", (60, 80), "gray"))
    notes: list[Note] = []
    pages = drawn(
        lambda canvas: lines(canvas, LEFT, 72, 700),
        lambda canvas: canvas.drawImage(picture, 0, 0, 595, 841),
        lambda canvas: canvas.drawImage(picture, 0, 0, 595, 841),
        notes=notes,
    )
    assert [page.number for page in pages] == [1, 2, 3]
    assert notes == [Note("pictures-many", {"pages": "2-3"})]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_text_is_read_and_its_place_known(drawn: Callable[..., list[Page]], turn: int) -> None:
    words = "The gate closes at eight"

    def draw(canvas: Canvas) -> None:
        canvas.translate(300, 400)
        canvas.rotate(turn)
        canvas.drawString(0, 0, words)

    (page,) = drawn(draw)
    assert page.text == words
    (line,) = page.lines
    assert line.vertical == (turn != 180)
    start, end = line.edges[0], line.edges[-1]
    width = stringWidth(words, "Helvetica", 10)
    assert abs(end - start) == pytest.approx(width, abs=1)
    assert (end > start) == (turn == 270)  # from the upper left corner, upwards and leftwards is less


def nameless(lines: list[bytes], shift: int) -> bytes:
    """A PDF whose font does not say which letters its numbers are; these are moved by `shift`."""
    words = b"".join(b"<%s> Tj T* " % bytes((b + shift) % 256 for b in line).hex().encode() for line in lines)
    content = b"BT /F1 10 Tf 14 TL 72 700 Td " + words + b"ET"
    glyphs = b"".join(b"/g%d 5 0 R" % n for n in range(256))
    names = b"".join(b"/g%d" % n for n in range(256))
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 4 0 R>>>>/Contents 6 0 R>>",
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 500 700]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 0/LastChar 255"
        b"/Widths[%s]/Resources<<>>/CharProcs<<%s>>/Encoding<</Type/Encoding/Differences[0%s]>>>>"
        % (b"500 " * 256, glyphs, names),
        b"<</Length 24>>stream\n500 0 d0 0 0 400 700 re f\nendstream",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
    ]
    body = b"%PDF-1.4\n"
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 7\n0000000000 65535 f \n" + table + end


@pytest.mark.parametrize("shift", [0, 29])
def test_fonts_that_say_nothing_are_read_where_their_numbers_make_words(tmp_path: Path, shift: int) -> None:
    """As in papers of the nineties, with TeX's ligatures; where the numbers are a subset's own, the page goes to recognition."""
    lines_ = [
        b"The keeper of the lighthouse writes the height of the water into",
        b"a book every morning and every evening, and the di\x0berence is",
        b"read out by the o\x0ece at noon.",
    ]
    path = tmp_path / "old.pdf"
    path.write_bytes(nameless(lines_, shift))
    notes: list[Note] = []
    (page,) = pdf.read(path, path.name, notes)
    if shift:
        assert (page.text, [note.code for note in notes]) == ("", ["letters"])
    else:
        assert "the difference is" in page.text
        assert "read out by the office at noon." in page.text
        assert not notes
