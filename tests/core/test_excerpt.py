"""The words around what a search has found."""

from __future__ import annotations

import pytest

from core.text.excerpt import excerpt


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("The desk is blue.", "desk", "The desk is blue."),
        ("It rained. The desk is blue. It shone.", "DESK", "The desk is blue. It shone."),
        ("雨だった。机は青い。晴れた。", "青い", "机は青い。晴れた。"),
        ("one\n\n  two\tthree", "three", "one two three"),
        ("nothing here", "desk", ""),
        ("", "desk", ""),
        ("İstanbul has a desk", "desk", "İstanbul has a desk"),
    ],
)
def test_the_sentence_is_shown(text: str, words: str, shown: str) -> None:
    assert excerpt(text, words) == shown


def test_of_a_long_text_the_place_is_shown() -> None:
    text = "word " * 400 + "needle " + "word " * 400
    shown = excerpt(text, "needle nothing", 60)
    assert "needle" in shown
    assert shown.startswith("…word")
    assert shown.endswith("…")
    assert len(shown) <= 63
