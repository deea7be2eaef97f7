"""Scripts, stems and normal forms: what the index, the passages and the checks of answers are made with."""

from __future__ import annotations

import re

import pytest

from core.storage import fulltext
from core.text import characters, languages
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
