"""Whether somebody only wants it to be silent."""

from __future__ import annotations

import pytest

from core.voice.interruptions import only_stops


@pytest.mark.parametrize(
    "text",
    [
        "Stop.",
        "Okay, stop it please.",
        "Wait a moment.",
        "Hold on a second.",
        "That’s enough, thank you.",
        "Never mind.",
        "もういいです。",
        "ちょっと待って。",
        "止めてください。",
        "ストップ！",
        "もう結構です。",
        "静かにして。",
    ],
)
def test_silence_is_all_that_is_wanted(text: str) -> None:
    assert only_stops(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Thank you.",
        "Wait, what about tomorrow?",
        "Where does the bus stop?",
        "Stop the machine how?",
        "はい。",
        "いいです。",
        "もういいですか。",
        "待ってください、明日はどうですか。",
        "止め方を教えて。",
    ],
)
def test_a_question_is_one(text: str) -> None:
    assert not only_stops(text)
