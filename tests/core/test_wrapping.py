"""Plain text as it was typed: what was only wrapped goes on, what was meant stays."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from core.documents.model import Kind
from core.documents.readers import mail, markdown, text, wrapping

PROSE = (
    "The ferry to the island leaves twice a day from the second pier. Tickets are sold on board, and a bicycle"
    " costs as much as a child. In storms the harbour master decides whether it sails; nobody else may be asked."
)
JAPANESE = (
    "島への渡し船は一日に二回、第二桟橋から出ます。切符は船内で販売し、自転車は子どもと同じ料金です。"
    "嵐の日に出航するかどうかは港長が決めますので、ほかの係員に尋ねてもお答えできません。"
)


def pieces(typed: str) -> list[tuple[str, str]]:
    return [(kind.name, piece) for kind, piece, _ in wrapping.pieces(typed)]


def cut(text: str, columns: int) -> str:
    """Japanese text as it is wrapped: anywhere, but no line begins with a mark."""
    lines = [""]
    for character in text:
        if wrapping.width(lines[-1]) + 2 > columns and character not in "、。":
            lines.append("")
        lines[-1] += character
    return "\n".join(lines)


@pytest.mark.parametrize("columns", [48, 60, 72, 79])
def test_what_was_wrapped_goes_on(columns: int) -> None:
    assert pieces(textwrap.fill(PROSE, columns)) == [("PARAGRAPH", PROSE)]
    assert pieces(cut(JAPANESE, columns)) == [("PARAGRAPH", JAPANESE)]


def test_japanese_words_are_whole_and_english_ones_apart() -> None:
    text = "設定の方法は、付属の説明書にくわしく書かれています。まずスイッチを入れ、フィルタの付け替えは Filter\nChange と表示されてから行い、交換してください。"
    assert "Filter Change" in pieces(text)[0][1]


@pytest.mark.parametrize(
    "text",
    [
        "Mr John Smith\n12 High Street\nLondon",
        "Name: Alice\nAge: 7\nTown: Oxford",
        "I wandered lonely as a cloud\nThat floats on high o'er vales and hills,\nWhen all at once I saw a crowd,",
        "古池や\n蛙飛び込む\n水の音",
        "Item                       Price   Count of all that are there\nScone                       1.50   12\nTea                         2.20    9",
        "日時：十月三日（土）午後二時から四時まで、雨天の場合は翌日\n場所：市民会館\n費用：無料",
    ],
)
def test_lines_that_were_meant_stay(text: str) -> None:
    assert "\n".join(piece for _, piece in pieces(text)) == text


def test_items_are_items_with_the_lines_that_hang_below_them() -> None:
    text = (
        "Before you sail, look at the following things, all of which can be found on board:\n"
        "  - the life jackets, of which there has to be one for each of the\n    persons on board and one more\n"
        "  - the anchor\n"
        "  1. the flares\n"
    )
    assert pieces(text) == [
        ("PARAGRAPH", "Before you sail, look at the following things, all of which can be found on board:"),
        (
            "ITEM",
            "- the life jackets, of which there has to be one for each of the persons on board and one more",
        ),
        ("ITEM", "- the anchor"),
        ("ITEM", "1. the flares"),
    ]


def test_a_number_at_a_lines_beginning_is_no_item() -> None:
    text = "The house by the old harbour was sold by the heirs of the captain in\n1990. Since then it has stood empty, and the garden has grown over it."
    assert [kind for kind, _ in pieces(text)] == ["PARAGRAPH"]


def test_headings_are_told_by_rules_numbers_and_capitals() -> None:
    text = (
        "Sailing\n=======\n\nHow to leave\n------------\nUntie the boat.\n\n2.1 How to return\n\nTie it up again.\n\n"
        "NAME\n    boat - goes over water\n\n第三章　救助\n\n人を助ける。"
    )
    found = [(piece, level) for kind, piece, level in wrapping.pieces(text) if kind is Kind.HEADING]
    assert found == [
        ("Sailing", 1),
        ("How to leave", 2),
        ("2.1 How to return", 2),
        ("NAME", 1),
        ("第三章　救助".replace("　", " "), 1),
    ]


def test_short_numbered_lines_with_room_between_are_no_headings() -> None:
    assert [kind for kind, _ in pieces("1. milk\n\n2. bread\n\n3. cheese\n\nThat is all.")][:2] == [
        "ITEM",
        "ITEM",
    ]


def test_running_heads_of_a_text_set_in_pages_are_not_in_its_sentences() -> None:
    foot = "\n\nGuide to the Lights                    Smith                       [Page {}]\n\n\n"
    lines = textwrap.fill(" ".join([PROSE] * 8), 60).splitlines()
    typed = "".join("\n".join(lines[i : i + 4]) + foot.format(i) for i in range(0, len(lines), 4))
    assert " ".join(piece for _, piece in pieces(typed)) == " ".join([PROSE] * 8)
    assert len(pieces(typed)) < len(lines) / 4  # most of the pages end within a sentence


def test_quoted_mail_goes_on_within_its_quotation() -> None:
    text = textwrap.indent(textwrap.fill(PROSE, 60), "> ") + "\n" + textwrap.fill(PROSE, 60)
    assert pieces(text) == [("PARAGRAPH", f"> {PROSE}\n{PROSE}")]


def test_divided_words_are_joined_and_compounds_stay() -> None:
    text = "They had to maintain the engine, and its mainte-\nnance was dear. The well-\nknown self-\nigniting lamp is maintained by its mainte-\nnance crew and by nobody."
    said = pieces(text)[0][1]
    assert "its maintenance was dear" in said


def test_text_mail_and_markdown_are_read_so(tmp_path: Path) -> None:
    """A word that a line's end divided was found by nobody."""
    wrapped = cut(JAPANESE, 44)
    (tmp_path / "a.txt").write_text(wrapped, encoding="utf-8")
    (tmp_path / "a.md").write_text(f"{wrapped}  \n一行だけの終わり。", encoding="utf-8")
    (tmp_path / "a.eml").write_text(
        f"Subject: a\nContent-Type: text/plain; charset=utf-8\n\n{wrapped}\n", encoding="utf-8"
    )
    for reader, name in ((text.read, "a.txt"), (markdown.read, "a.md"), (mail.read, "a.eml")):
        pages = list(reader(tmp_path / name, name, []))
        assert JAPANESE in pages[0].text.split("\n"), name
