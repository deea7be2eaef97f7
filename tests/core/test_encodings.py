"""Texts in the encodings that people have, short ones and damaged ones too, are read as they were written."""

from __future__ import annotations

import random

import pytest

from core.documents.readers import encodings

SENTENCES = {
    "de": ("Die Schlüssel für das große Tor hängen über der Tür im Flur.", ["cp1252", "mac_roman"]),
    "fr": ("L'élève a reçu les clés à l'entrée du bâtiment où se trouve la salle.", ["cp1252", "mac_roman"]),
    "es": ("El señor dejó las llaves en la habitación según lo acordado mañana.", ["cp1252"]),
    "it": ("La caffè è già pronto, però la città è più lontana di così.", ["cp1252"]),
    "pt": ("A reunião não será amanhã, porque o salão está em manutenção.", ["cp1252"]),
    "sv": ("Nycklarna hänger på väggen och får inte tas med över natten.", ["cp1252"]),
    "da": ("Døren til gården er låst, og nøglen ligger på køkkenbordet.", ["cp1252"]),
    "fi": ("Näyttely on avoinna myös sunnuntaisin, ja pääsy on ilmainen.", ["cp1252"]),
    "is": ("Það er ekki leyfilegt að reykja í húsinu og á lóðinni við það.", ["cp1252"]),
    "pl": ("Klucze leżą na półce, a drzwi są zamknięte i nie można ich otworzyć.", ["cp1250", "iso8859_2"]),
    "cs": ("Klíče jsou na poličce a dveře se nedají otevřít, protože je zámek rozbitý.", ["cp1250"]),
    "hu": ("A kulcs az őrnél van, és a kapu este nyolckor záródik, nem később.", ["cp1250"]),
    "ru": ("Ключи от склада лежат на полке, и дверь закрыта на ночь.", ["cp1251", "koi8_r", "cp866"]),
    "uk": ("Ключі від складу лежать на полиці, і двері зачинені на ніч.", ["cp1251"]),
    "bg": ("Ключовете са на рафта и вратата се заключва за през нощта.", ["cp1251"]),
    "el": ("Τα κλειδιά είναι στο ράφι και η πόρτα κλείνει το βράδυ.", ["cp1253"]),
    "tr": ("Anahtarlar rafta ve kapı bu gece için kilitli, çok güzel bir şey.", ["cp1254"]),
    "ar": ("المفاتيح على الرف في المخزن والباب مغلق من الليل إلى الصباح", ["cp1256"]),
    "lt": ("Raktai yra ant lentynos ir durys užrakintos, kad niekas neįeitų.", ["cp1257"]),
    "ja": (
        "倉庫の鍵は受付にあります。夜は扉を閉めてください。",
        ["cp932", "euc_jp", "iso2022_jp", "utf-16-le", "utf-16-be"],
    ),
    "zh": ("仓库的钥匙在接待处。晚上请把门关好，谢谢合作。", ["gb18030"]),
    "tw": ("倉庫的鑰匙在接待處。晚上請把門關好，謝謝合作。", ["big5"]),
    "ko": ("창고 열쇠는 안내 데스크에 있습니다. 밤에는 문을 닫아 주세요.", ["cp949"]),
    "en": ("The key is kept at the desk of the hall, and it is not lent.", ["utf-16-le", "utf-32-be"]),
}
CASES = [(language, encoding, text) for language, (text, names) in SENTENCES.items() for encoding in names]
BROKEN = "鍵は受付にあります。Die Tür ist zu, für immer. "


@pytest.mark.parametrize(("language", "encoding", "text"), CASES)
def test_one_sentence_is_enough(language: str, encoding: str, text: str) -> None:
    found = encodings.decode(text.encode(encoding))
    assert found is not None
    assert found.text == text
    assert found.bad == 0


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_marks_say_what_follows(mark: str) -> None:
    found = encodings.decode("鍵 key ключ".encode(mark))
    assert found is not None
    assert (found.text, found.sure) == ("鍵 key ключ", True)


@pytest.mark.parametrize("place", range(3, 60, 7))
def test_a_bad_byte_costs_a_character(place: int) -> None:
    data = bytearray((BROKEN * 3).encode())
    data[place] = 0xFF
    found = encodings.decode(bytes(data))
    assert found is not None
    assert found.encoding == "utf-8"
    assert 1 <= found.bad <= 3
    assert found.text.count(BROKEN) == 2


def test_a_line_in_another_encoding_is_read_too() -> None:
    data = "鍵は受付にあります。\n".encode() * 3 + "Schlüssel für die große Tür\n".encode("cp1252")
    found = encodings.decode(data)
    assert found is not None
    assert found.text.splitlines()[-1] == "Schlüssel für die große Tür"


def test_a_text_that_is_cut_in_a_character_keeps_the_rest() -> None:
    for cut in (1, 2):
        found = encodings.decode("鍵は受付にあります。".encode()[:-cut])
        assert found is not None
        assert found.text.startswith("鍵は受付にあります")
    found = encodings.decode("鍵は受付にあります。".encode("utf-16")[:-1])
    assert found is not None
    assert found.text == "鍵は受付にあります"


def test_what_is_no_text_is_none_or_text_but_never_an_exception() -> None:
    chance = random.Random(3)
    assert encodings.decode(bytes(range(256)) * 4) is None
    for length in (0, 1, 2, 3, 5, 17, 400):
        for _ in range(60):
            encodings.decode(chance.randbytes(length))
