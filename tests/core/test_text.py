"""Scripts, stems and normal forms: what the index, the passages and the checks of answers are made with."""

from __future__ import annotations

import random
import re
import string

import pytest
from markdown_it import MarkdownIt

from core.storage import fulltext
from core.text import characters, dates, languages, local_pictures
from core.text.markdown import literal, literal_line
from core.text.stems import stem


@pytest.mark.parametrize(
    ("text", "japanese"),
    [
        ("資料", 2),
        ("カタカナ、ひらがな", 8),
        ("々〆〇", 3),
        ("café 12", 0),
        ("「」、。", 0),
        ("한국어", 0),
        ("ｶﾅ", 0),
    ],
)
def test_what_counts_as_japanese(text: str, japanese: int) -> None:
    assert characters.count_japanese(text) == japanese
    assert characters.is_japanese(text) == (japanese > 0)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Switch off the pump and close the valve.", "en"),
        ("Schalten Sie die Pumpe aus und schließen Sie das Ventil.", "de"),
        ("Éteignez la pompe et fermez la vanne pour les nettoyer.", "fr"),
        ("Выключите насос и закройте клапан на трубе.", "ru"),
        ("Απενεργοποιήστε την αντλία και κλείστε τη βαλβίδα με το κλειδί.", "el"),
        ("ポンプを止めて、pump-ctl stop でバルブを閉じます。", "ja"),
        ("关闭水泵，然后关上阀门。这是他们的工作，不要忘了。", "zh"),
        ("펌프를 끄고 밸브를 닫으십시오.", "ko"),
        ("定期点検", ""),  # Japanese or Chinese
        ("AB-2077 | 5 mg | 12", ""),
        ("y = w x + a", ""),
        ("Kowalski", ""),
        ("", ""),
    ],
)
def test_which_language_a_text_is_in(text: str, language: str) -> None:
    assert languages.tell(text) == language


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("平成三十一年四月三十日に", ["day:2019-04-30"]),
        ("2019年4月30日、2019-04-30、2019/4/30、2019.04.30", ["day:2019-04-30"] * 4),
        ("April 30, 2019; 30th April 2019; Apr. 30 2019", ["day:2019-04-30"] * 3),
        ("令和元年五月一日", ["day:2019-05-01"]),
        ("二〇一九年四月", ["day:2019-04"]),
        ("in May 2020", ["day:2020-05"]),
        ("昭和六年に、1931年に", ["year:1931", "year:1931"]),
        ("built in 1931", ["year:1931"]),
        ("三年前、1,931、1931.5、2.4.10、AB-1931、RTX2080、SN1702A、M1911、Y7000", []),
        ("9999年、3000年の歴史、0000年、May 9999、March 0000、1914-1918", []),
        ("am 30.4.2019", ["day:2019-04-30"]),
        ("In 2019, it rained.", ["year:2019"]),
        ("2019-13-45", []),
    ],
)
def test_dates_have_one_name_however_they_are_written(text: str, names: list[str]) -> None:
    assert [dated.name for dated in dates.find(text)] == names


@pytest.mark.parametrize(
    "name", ["day:2019-04-30", "day:2019-05-01", "day:1926-12-25", "day:2020-05", "year:1931", "year:2019"]
)
def test_a_date_is_found_by_each_of_its_notations(name: str) -> None:
    for written in dates.notations(name):
        found = [dated.name for dated in dates.find(written)]
        assert name in found or (name.startswith("year") and found), (
            written
        )  # 平成31年 and 令和元年 are both 2019
    assert len(set(dates.notations(name))) == len(dates.notations(name)) > 2


@pytest.mark.parametrize(
    "text",
    [
        "1. one",
        "- two",
        "+ three",
        "# four",
        "> five",
        "12) six",
        "a * b_c_ [d](e) <f> &lt; ~~g~~ `h`",
        "10.5 m",
        "snake_case",
    ],
)
def test_a_text_in_markdown_is_shown_as_it_stands(text: str) -> None:
    (block,) = MarkdownIt().enable("strikethrough").parse(f"- {literal_line(text)}")[2:3]
    shown = MarkdownIt().enable("strikethrough").parse(f"- {literal_line(text)}")
    assert block.type == "paragraph_open"
    assert [token.type for token in shown].count("bullet_list_open") == 1
    inline = next(token for token in shown if token.type == "inline")
    assert "".join(child.content for child in inline.children or []) == text
    assert literal("a\n b") == "a b"


def test_width_and_case_count_as_the_same() -> None:
    assert characters.normalise("ＡＢＣ ｶﾞ ﬁ Straße") == "abc ガ fi strasse"
    assert characters.width("ＡＢＣ") == "ABC"


def test_the_index_cuts_scripts_without_spaces_into_pairs() -> None:
    """An index that exists was cut so: a change here needs a migration."""
    assert fulltext.tokens("東京都 wifi 한국어 𠮷野家 ㇰ") == "東京 京都 wifi 한국 국어 𠮷野 野家 ㇰ"
    ranges = re.compile(f"[{characters.UNSPACED}]")
    borders = "\u3004\u3008\u303f\u3100\u31ef\u3200\u33ff\ua000\uabff\ud7b0\uf8ff\ufb00\U0001ffff"
    assert not ranges.search(borders)
    assert (
        len(
            ranges.findall(
                "\u3005\u3007\u3040\u30ff\u31f0\u31ff\u3400\u9fff\uac00\ud7af\uf900\ufaff\U00020000"
            )
        )
        == 13
    )


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("closing", "clos"),
        ("closes", "clos"),
        ("stopped", "stop"),
        ("batteries", "batter"),
        ("two", "two"),
        ("資料", "資料"),
    ],
)
def test_stems(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_english_is_indexed_as_any_text_is() -> None:
    """Texts of ASCII alone take a shorter way to the same."""
    from core.storage import substring

    chance = random.Random(5)
    for _ in range(300):
        text = "".join(chance.choice(string.printable) for _ in range(chance.randrange(60)))
        longer = substring.search_text(text + " 京")
        assert longer.removesuffix("\x01京\x01") == substring.search_text(text)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("/home/mia/a photo.PNG", "/home/mia/a photo.PNG"),
        ("file:///home/mia/%E6%9C%BA.jpg", "/home/mia/机.jpg"),
        ("file://localhost/tmp/a.webp", "/tmp/a.webp"),
        ("FILE:/tmp/a.tiff", "/tmp/a.tiff"),
        ("https://example.org/a.png", ""),
        ("file://server/share/a.png", ""),
        ("//server/share/a.png", ""),
        (r"\\server\share\a.png", ""),
        ("file:////server/share/a.png", ""),
        ("file:///%2Fserver/share/a.png", ""),
        ("/etc/passwd", ""),
        ("/tmp/a.png\0.txt", ""),
        ("a.png", ""),
        ("data:image/png;base64,AAAA.png", ""),
        ("", ""),
    ],
)
def test_only_pictures_on_this_computer_are_named_by_a_text(source: str, path: str) -> None:
    assert local_pictures.path_of(source) == path
