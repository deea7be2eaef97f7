"""Words are dropped for want of a voice under them, never for being on a list."""

from __future__ import annotations

import pytest

from core.voice import phantoms, punctuation
from core.voice.listening import after
from core.voice.meaning import may_end

VOICE = {"loudest": 0.99, "log_probability": -0.2, "no_speech": 0.05}


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("Thank you for watching.", 1.3),
        ("Please subscribe.", 0.9),
        ("Thank you.", 0.5),
        ("You", 0.3),
        ("Bye bye.", 0.6),
        ("おやすみなさい。", 0.9),
        ("ご視聴ありがとうございました", 1.6),
        ("ありがとうございました。", 1.0),
        ("はい", 0.25),
        ("Yes.", 0.2),
    ],
)
def test_what_was_really_said_stays(text: str, voice: float) -> None:
    assert not phantoms.made_up(text, voice=voice, **VOICE)


@pytest.mark.parametrize(
    ("text", "voice", "loudest"),
    [
        ("Thank you for watching.", 0.0, 0.1),
        ("Thank you for watching.", 0.2, 0.9),
        ("ご視聴ありがとうございました", 0.3, 0.8),
        ("ご視聴ありがとうございました", 2.0, 0.6),
        ("おやすみなさい。", 0.1, 0.7),
        ("[Music]", 3.0, 0.9),
        ("(拍手)", 3.0, 0.9),
        ("♪〜", 3.0, 0.9),
        ("...", 1.0, 0.9),
        ("I am going to tell you about all of the things that happened.", 0.2, 0.9),
    ],
)
def test_what_nobody_can_have_said_goes(text: str, voice: float, loudest: float) -> None:
    assert phantoms.made_up(text, voice=voice, loudest=loudest, log_probability=-0.3, no_speech=0.3)


def test_the_models_own_doubt_counts() -> None:
    assert phantoms.made_up("Right.", voice=0.5, loudest=0.9, log_probability=-1.4, no_speech=0.8)
    assert not phantoms.made_up("Right.", voice=0.5, loudest=0.9, log_probability=-1.4, no_speech=0.1)


@pytest.mark.parametrize(
    ("text", "language", "closed"),
    [
        ("how long does it last", "en", "how long does it last?"),
        ("It lasts. And then", "en", "It lasts. And then."),
        ("Have a nice day", "en", "Have a nice day."),
        ("Do not forget the milk", "en", "Do not forget the milk."),
        ("May is warm here", "en", "May is warm here."),
        ("What a day", "en", "What a day."),
        ("Have you seen it", "en", "Have you seen it?"),
        ("Is a permit needed", "en", "Is a permit needed?"),
        ("保証は何年ですか", "ja", "保証は何年ですか？"),
        ("三年です", "ja", "三年です。"),
        ("三年です。", "ja", "三年です。"),
        ("", "en", ""),
        ("Wie lange", "de", "Wie lange"),
    ],
)
def test_a_text_is_closed(text: str, language: str, closed: str) -> None:
    assert punctuation.close(text, language) == closed


def test_words_are_joined_as_their_language_does() -> None:
    assert punctuation.join("It lasts.", "Three years.") == "It lasts. Three years."
    assert punctuation.join("保証は", "三年です") == "保証は三年です"
    assert punctuation.join("Pythonで", "書く") == "Pythonで書く"
    assert punctuation.tidy(" 今日は 天気が GPT 4 です ") == "今日は、天気が GPT 4 です"


@pytest.mark.parametrize(
    ("shown", "text", "rest"),
    [
        ("How long", "How long does it last?", " does it last?"),
        ("How long does the", "How long do the batteries last?", " batteries last?"),
        ("", "All of it.", "All of it."),
        ("保証は", "保証は何年ですか", "何年ですか"),
        ("xyz", "", ""),
    ],
)
def test_a_second_hearing_goes_on_where_the_first_was_settled(shown: str, text: str, rest: str) -> None:
    assert after(shown, text) == rest


@pytest.mark.parametrize(
    ("text", "language", "may"),
    [
        ("How long does the warranty last?", "en", True),
        ("What is the name of the", "en", False),
        ("I would like to know whether", "en", False),
        ("Please open the second document,", "en", False),
        ("Who is it for?", "en", True),
        ("Yes, I am.", "en", True),
        ("", "en", False),
        ("保証は何年ですか", "ja", True),
        ("資料を開いてください。", "ja", True),
        ("この契約書の", "ja", False),
        ("来週の会議についてなんですけど", "ja", False),
        ("はい", "ja", True),
        ("明日の京都の天気", "ja", True),
        ("天気を教えて", "ja", True),
        ("こんにちは", "ja", True),
        ("もしかしたら雨かも", "ja", True),
        ("だめ", "ja", True),
        ("もう着いているはず", "ja", True),
        ("時間が足りず", "ja", False),
        ("今年度の予算に含まれている設備の費用の合計", "ja", True),
        ("朝早く起きて", "ja", False),
        ("そして道を確かめるため", "ja", False),
        ("逃げられてもすぐ", "ja", False),
        ("前の会長に続き", "ja", False),
        ("水を買わなく", "ja", False),
        ("Und dann", "de", True),
    ],
)
def test_words_tell_whether_somebody_goes_on(text: str, language: str, may: bool) -> None:
    assert may_end(text, language) is may
