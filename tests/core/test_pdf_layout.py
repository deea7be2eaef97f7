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
