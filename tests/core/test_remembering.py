"""Wishes to remember something, told in both languages. The messages are a stranger's (tests/data/remember.json); every second one
was looked at while the rules were made, the others were only counted."""

from __future__ import annotations

import json

import pytest

from core.chat.projects import FACT_LENGTH
from core.chat.remembering import wish
from tests.conftest import ROOT

TOLD = json.loads((ROOT / "tests/data/remember.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        ("Remember that I am left-handed.", "I am left-handed"),
        ("My birthday is March 14th. Please remember that.", "My birthday is March 14th"),
        ("Don’t forget that I eat no fish!", "I eat no fish"),
        ("覚えておいて：会議は毎週月曜", "会議は毎週月曜"),
        ("これを覚えてください。\n締め切りは五日", "締め切りは五日"),
        ("住所は神戸ということを記憶してください。", "住所は神戸"),
        ("Do you remember when we talked about tea?", ""),
        ("What should I remember about the exam?", ""),
        ("彼の名前を覚えていますか？", ""),
        ("英単語を覚える方法は？", ""),
        ("「約束を覚えておいて」と言う物語を書いて。", ""),
        ("", ""),
    ],
)
def test_a_wish_is_told_by_its_words(message: str, fact: str) -> None:
    assert wish(message) == fact


@pytest.mark.parametrize("half", [0, 1])
def test_strangers_wishes_are_told_and_little_else(half: int) -> None:
    wishes, others = TOLD["yes"][half::2], TOLD["no"][half::2]
    assert sum(bool(wish(message)) for message, _ in wishes) >= 28  # of 30
    assert (
        sum(bool(wish(message)) for message in others) <= 2
    )  # of 30; the person is asked before anything is kept


def test_long_texts_are_told_quickly_and_cut() -> None:
    assert len(wish("Remember that " + "a" * 5000)) == FACT_LENGTH
    for text in ("覚え" * 3000, "こと" * 3000 + "を", "please " * 2000, "and so " * 2000 + "remember"):
        wish(text)
