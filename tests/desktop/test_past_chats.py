"""Past chats as a source, in the window: chosen in the menu, quoted with who said it, and opened where it was said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from core.chat.conversation import Role
from core.storage.collections import CHATS
from desktop.chat.answer import AnswerWidget
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open, answered, send


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path]) -> MainWindow:
    script({"when": "", "say": "Your dentist appointment is on the 14th of March at 9:40."})
    window = open_window()
    store = window.app.conversations
    said = [
        ("The dentist", "My dentist appointment is on the 14th of March at 9:40."),
        ("Cats", "I like cats."),
    ]
    for title, words in said:
        row = store.create(title, "")
        question = store.add(row.id, Role.USER, words, parent=None)
        store.add(row.id, Role.ASSISTANT, "Noted.", parent=question.id)
    return window


def choose_past_chats(qtbot: QtBot, window: MainWindow) -> None:
    menu = window.composer.collection_button.menu()
    qtbot.waitUntil(lambda: any(a.text() == "Past chats" for a in menu.actions()), timeout=10_000)
    next(action for action in menu.actions() if action.text() == "Past chats").trigger()
    qtbot.waitUntil(lambda: window.composer.collection_button.text() == "Ask past chats", timeout=10_000)


def test_they_are_asked_and_opened_where_it_was_said(qtbot: QtBot, window: MainWindow) -> None:
    choose_past_chats(qtbot, window)
    send(qtbot, window, "When is my dentist appointment?")
    qtbot.waitUntil(lambda: answered(window), timeout=60_000)
    asked = window.chat.conversation
    answer = next(one for one in window.chat.transcript.findChildren(AnswerWidget) if one.isVisible())
    places = [one for one in answer.findChildren(QPushButton) if "The dentist" in one.text()]
    assert places[0].text() == "“The dentist” · you"
    qtbot.mouseClick(places[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.chat.conversation not in (None, asked), timeout=10_000)
    assert window.app.conversations.get(window.chat.conversation or 0).title == "The dentist"
    assert window.app.conversations.get(asked or 0).collection == CHATS


def test_a_chat_that_was_deleted_is_said_to_be(qtbot: QtBot, window: MainWindow) -> None:
    choose_past_chats(qtbot, window)
    send(qtbot, window, "When is my dentist appointment?")
    qtbot.waitUntil(lambda: answered(window), timeout=60_000)
    (gone,) = (one for one in window.app.conversations.all() if one.title == "The dentist")
    window.app.chat.discard(gone.id)
    answer = next(one for one in window.chat.transcript.findChildren(AnswerWidget) if one.isVisible())
    place = next(one for one in answer.findChildren(QPushButton) if "The dentist" in one.text())
    qtbot.mouseClick(place, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.chat.banner.text.text() == "This chat has been deleted.", timeout=10_000)


def test_a_no_speaks_of_chats(qtbot: QtBot, window: MainWindow) -> None:
    choose_past_chats(qtbot, window)
    send(qtbot, window, "What is the boiling point of tungsten?")
    qtbot.waitUntil(lambda: answered(window), timeout=60_000)
    said = [label.text() for label in window.chat.transcript.findChildren(QLabel) if label.isVisible()]
    assert any("Your past chats do not seem to mention this" in text for text in said)
