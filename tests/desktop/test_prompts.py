"""Prompts in the composer: found with `/`, filled by a form, sent or put there, chains with every step to be seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from core.prompts.model import Prompt, Wording
from desktop.chat.prompt_form import PromptForm
from desktop.main_window import MainWindow
from desktop.widgets.plain_text import PlainText
from tests.desktop.conftest import Open, answered

Key = Qt.Key


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path]) -> MainWindow:
    script({"when": "", "say": "A draft.", "seconds_per_piece": 0.01})
    return open_window()


def names(window: MainWindow) -> list[str]:
    if not window.chat.prompts.shown:
        return []
    listed = window.chat.prompts.popup
    rows = [listed.item(row).text().split("    ")[0] for row in range(listed.count())]
    return rows[:-1]  # the last one leads to all prompts


def form(qtbot: QtBot) -> PromptForm:
    def there() -> list[PromptForm]:
        found = [one for one in QApplication.topLevelWidgets() if isinstance(one, PromptForm)]
        return [one for one in found if one.isVisible()]

    qtbot.waitUntil(lambda: bool(there()), timeout=20_000)
    return there()[0]


def asked(window: MainWindow) -> list[str]:
    return [m.text for m in window.app.conversations.branch(window.chat.conversation or 0)[::2]]


@pytest.mark.parametrize("keys", [False, True])
def test_a_prompt_is_found_filled_and_sent(qtbot: QtBot, window: MainWindow, keys: bool) -> None:
    text = window.chat.composer.text
    qtbot.keyClicks(text, "/transl")
    qtbot.waitUntil(lambda: names(window)[:2] == ["Translate", "Translate and check"], timeout=20_000)
    if keys:
        qtbot.keyClick(text, Key.Key_Down)
        qtbot.keyClick(text, Key.Key_Up)
        qtbot.keyClick(text, Key.Key_Return)
    else:
        listed = window.chat.prompts.popup
        place = listed.visualItemRect(listed.item(0)).center()
        qtbot.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=place)
    filled = form(qtbot)
    assert filled.windowTitle() == "Translate"
    assert not filled.send_button.isEnabled()  # the text is missing
    words, into = filled.fields["text"], filled.fields["language"]
    assert isinstance(words, PlainText)
    assert isinstance(into, QComboBox)
    qtbot.keyClicks(words, "The desk is blue.")
    into.setCurrentText("French")
    if keys:
        filled.send_button.setFocus()
        qtbot.keyClick(filled.send_button, Key.Key_Return)
    else:
        qtbot.mouseClick(filled.send_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    (sent,) = asked(window)
    assert sent.startswith("Translate the following text into French.")
    assert sent.endswith("The desk is blue.")
    assert text.toPlainText() == ""


def test_a_prompt_is_put_into_the_message_first(qtbot: QtBot, window: MainWindow) -> None:
    text = window.chat.composer.text
    qtbot.keyClicks(text, "/keyw")
    qtbot.waitUntil(lambda: names(window) == ["Keywords"], timeout=20_000)
    qtbot.keyClick(text, Key.Key_Tab)
    filled = form(qtbot)
    count = filled.fields["count"]
    assert isinstance(count, QSpinBox)
    assert count.value() == 8
    words = filled.fields["text"]
    qtbot.keyClicks(words, "A blue desk.")
    qtbot.mouseClick(filled.put_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: text.toPlainText().startswith("Write 8 keywords"), timeout=20_000)
    assert window.chat.conversation is None


def test_what_was_written_becomes_the_text_of_a_prompt_and_is_not_lost(
    qtbot: QtBot, window: MainWindow
) -> None:
    text = window.chat.composer.text
    for leave in (True, False):
        text.setPlainText("The desk is blue.")
        qtbot.mouseClick(window.chat.composer.prompt_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: len(names(window)) >= 30, timeout=20_000)
        qtbot.keyClicks(text, "summ")
        qtbot.waitUntil(lambda: names(window)[:1] == ["Summarise"])
        qtbot.keyClick(text, Key.Key_Return)
        filled = form(qtbot)
        words = filled.fields["text"]
        assert isinstance(words, PlainText)
        assert words.toPlainText() == "The desk is blue."
        if leave:
            qtbot.keyClick(filled, Key.Key_Escape)
            qtbot.waitUntil(lambda: text.toPlainText() == "The desk is blue.")
        else:
            filled.reject()


def test_what_was_written_comes_back_where_no_prompt_is_chosen(qtbot: QtBot, window: MainWindow) -> None:
    text = window.chat.composer.text
    for leave in (Key.Key_Escape, Key.Key_Backspace):
        text.setPlainText("The desk is blue.")
        qtbot.mouseClick(window.chat.composer.prompt_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: len(names(window)) >= 30, timeout=20_000)
        qtbot.keyClick(text, leave)
        qtbot.waitUntil(lambda: text.toPlainText() == "The desk is blue.")
        assert names(window) == []


def test_escape_closes_the_list_and_other_slashes_open_none(qtbot: QtBot, window: MainWindow) -> None:
    text = window.chat.composer.text
    qtbot.keyClicks(text, "/summ")
    qtbot.waitUntil(lambda: bool(names(window)), timeout=20_000)
    qtbot.keyClick(text, Key.Key_Escape)
    assert names(window) == []
    assert text.toPlainText() == "/summ"
    for written in ("a/b", "/etc/passwd\nwhat is it?", "/no such prompt at all"):
        text.setPlainText(written)
        qtbot.wait(200)
        assert names(window) == []
    qtbot.keyClick(text, Key.Key_Return)  # sent as it is
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    assert asked(window) == ["/no such prompt at all"]


def test_enter_of_an_input_method_chooses_no_prompt(qtbot: QtBot, window: MainWindow) -> None:
    text = window.chat.composer.text
    qtbot.keyClicks(text, "/")
    qtbot.waitUntil(lambda: len(names(window)) >= 30, timeout=20_000)
    QApplication.sendEvent(text, QInputMethodEvent("ようやく", []))
    qtbot.keyClick(text, Key.Key_Return)
    assert not [
        one for one in QApplication.topLevelWidgets() if isinstance(one, PromptForm) and one.isVisible()
    ]
    QApplication.sendEvent(text, QInputMethodEvent("", []))


def test_a_chain_shows_every_step(qtbot: QtBot, window: MainWindow) -> None:
    seen: list[str] = []
    window.chat.prompts.activity.connect(seen.append)
    text = window.chat.composer.text
    qtbot.keyClicks(text, "/draft")
    qtbot.waitUntil(lambda: names(window) == ["Draft, criticise, improve"], timeout=20_000)
    qtbot.keyClick(text, Key.Key_Return)
    filled = form(qtbot)
    assert filled.note.isVisible()
    assert not filled.put_button.isVisible()
    qtbot.keyClicks(filled.fields["text"], "desks")
    qtbot.mouseClick(filled.send_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: seen[-1:] == [""] and answered(window), timeout=30_000)
    assert seen == ["Step 1 of 3", "Step 2 of 3", "Step 3 of 3", ""]
    assert len(window.chat.transcript.ids) == 6
    assert "A draft." in asked(window)[2]


def test_a_prompt_of_ones_own_without_variables_goes_into_the_message(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.app.prompts.save(Prompt("mine", "", {"en": Wording("Good morning", "What should I do today?")}))
    text = window.chat.composer.text
    qtbot.keyClicks(text, "/good")
    qtbot.waitUntil(lambda: names(window) == ["Good morning"], timeout=20_000)
    qtbot.keyClick(text, Key.Key_Return)
    qtbot.waitUntil(lambda: text.toPlainText() == "What should I do today?", timeout=20_000)


def test_in_japanese_the_list_and_the_form_are_japanese(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path]
) -> None:
    script({"when": "", "say": "はい。"})
    window = open_window("ja")
    window.chat.composer.text.insertPlainText("/メール")
    qtbot.waitUntil(lambda: set(names(window)) >= {"メールを書く", "メールの返信"}, timeout=20_000)
    window.chat.composer.text.setPlainText("/メールを書く")
    qtbot.waitUntil(lambda: names(window) == ["メールを書く"])
    qtbot.keyClick(window.chat.composer.text, Key.Key_Return)
    filled = form(qtbot)
    assert filled.fields["recipient"].accessibleName() == "宛先"
    assert isinstance(filled.fields["recipient"], QLineEdit)
    filled.reject()
