"""How pages are cut into passages: along headings, rows, items and lines, each with what it needs to be understood."""

from __future__ import annotations

from core.documents import passages
from core.documents.model import STRETCH_CHARACTERS, Kind, Page, Writer, stretches
from core.documents.passages import TARGET, size


def texts(page: Page) -> list[tuple[str, str]]:
    (cut,) = passages.split([page])
    return [(p.section, page.text[p.start : p.end]) for p in cut]


def test_headings_keep_their_whole_path() -> None:
    page = Writer()
    page.heading("Manual", 1)
    for machine, period in (("Lathe", "two years"), ("Saw", "nine months")):
        page.heading(machine, 2)
        page.paragraph(f"The {machine.lower()} stands in hall one.")
        page.heading("Warranty", 3)
        page.paragraph(f"It lasts {period}.")
    assert texts(page.page()) == [
        ("", "Manual\nLathe\nThe lathe stands in hall one."),
        ("Manual › Lathe", "Warranty\nIt lasts two years."),
        ("Manual", "Saw\nThe saw stands in hall one."),
        ("Manual › Saw", "Warranty\nIt lasts nine months."),
    ]


def test_a_path_goes_on_over_pages() -> None:
    first, second = Writer(1), Writer(2)
    first.heading("Rules", 1)
    first.paragraph("The gate closes at eight.")
    second.paragraph("Dogs stay outside.")
    _, cut = passages.split([first.page(), second.page()])
    assert [p.section for p in cut] == ["Rules"]


def test_headings_that_are_all_there_is_are_passages() -> None:
    page = Writer()
    page.heading("Emergency number is 5519", 1)
    page.heading("Doors", 1)
    page.heading("The west door is locked", 2)
    assert texts(page.page()) == [
        ("", "Emergency number is 5519"),
        ("", "Doors\nThe west door is locked"),
    ]


def test_a_long_table_is_cut_between_rows_and_says_its_header_again() -> None:
    page = Writer()
    page.heading("Pumps", 1)
    page.table(
        [["Model", "Power"], *([f"P-{n}", f"{n} kW and some more words"] for n in range(60))], headers=1
    )
    made = page.page()
    (cut,) = passages.split([made])
    assert len(cut) > 2
    assert (cut[0].section, cut[0].header) == ("", "")
    assert made.text[cut[0].start :].startswith("Pumps\nModel | Power\n")
    for part in cut[1:]:
        assert (part.section, part.header) == ("Pumps", "Model | Power")
    whole = "\n".join(made.text[p.start : p.end] for p in cut)
    assert whole == made.text
    assert all(size(made.text[p.start : p.end]) <= TARGET for p in cut)


def test_items_and_code_are_not_cut_inside() -> None:
    page = Writer()
    for number in range(40):
        page.item(f"Item {number} is one. It has two sentences that belong together.")
    page.add(Kind.CODE, "\n".join(f"line_{n} = {n}" for n in range(200)))
    made = page.page()
    (cut,) = passages.split([made])
    for part in cut:
        text = made.text[part.start : part.end]
        assert text.startswith(("Item", "line_"))
        assert text.rstrip().endswith(("together.", *(str(n) for n in range(10))))


def test_every_character_of_a_block_is_in_a_passage() -> None:
    page = Writer()
    page.heading("字" * 500, 1)
    page.paragraph("A sentence. " * 400)
    page.table([["x" * 3000, "y"], ["z", "w"]])
    page.add(Kind.FOOTNOTE, "A note.")
    made = page.page()
    (cut,) = passages.split([made])
    covered = set()
    for part in cut:
        covered |= set(range(part.start, part.end))
    assert all(i in covered for i, c in enumerate(made.text) if not c.isspace())


def test_a_page_that_nobody_could_read_at_once_comes_in_stretches() -> None:
    """Fifty megabytes on one line, a sheet without an end: each passage of them read all of it again."""
    page = Writer(3, "Sheet")
    page.heading("Depths", 1)
    page.paragraph("a word " * 90_000)
    page.add(Kind.CODE, "x" * 450_000)
    page.table([["well", "depth"], *([f"well {n}", str(n)] for n in range(40_000))], headers=1)
    whole = page.page()
    parts = list(stretches(whole))
    assert "".join(part.text for part in parts).replace("\n", "") == whole.text.replace("\n", "")
    assert max(len(part.text) for part in parts) <= STRETCH_CHARACTERS
    assert {(part.number, part.label) for part in parts} == {(3, "Sheet")}
    cells = [
        [part.text[a:b] for a, b in row.cells]
        for part in parts
        for block in part.blocks
        for row in block.rows
    ]
    assert cells == [["well", "depth"], *([f"well {n}", str(n)] for n in range(40_000))]
    words = [part.text[b.start : b.end] for part in parts for b in part.blocks if b.kind is Kind.PARAGRAPH]
    assert len(words) > 3
    assert {word for text in words for word in text.split()} == {"a", "word"}
    tables = [block.level for part in parts for block in part.blocks if block.rows]
    assert tables == [0, *[1] * (len(tables) - 1)]
    assert list(stretches(parts[0])) == [parts[0]]
