"""@ in the composer: collections, files and chats are named while one types, by keys and by mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.chat.conversation import File, Role
from core.storage.collections import CHATS
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open

Key = Qt.Key


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path], tmp_path: Path, qtbot: QtBot) -> MainWindow:
    script({"when": "", "say": "All right."})
    window = open_window()
    app = window.app
    (tmp_path / "lease.txt").write_text("The rent is due on the third.", encoding="utf-8")
    app.documents.collection("House", create=True)
    app.jobs.start("add", lambda job: app.ingest.add([str(tmp_path / "lease.txt")], "House", job)).wait(60)
    row = app.conversations.create("The dentist", "")
    question = app.conversations.add(row.id, Role.USER, "The dentist is on Friday.", parent=None)
    app.conversations.add(row.id, Role.ASSISTANT, "Noted.", parent=question.id)
    window.chat.choices.refresh()
    return window


def rows(window: MainWindow) -> list[str]:
    popup = window.chat.mentions.list.popup
    return [popup.item(row).text() for row in range(popup.count())] if popup.isVisible() else []


def test_everything_that_can_be_named_is_listed(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClicks(window.composer.text, "Look at @")
    qtbot.waitUntil(lambda: bool(rows(window)), timeout=10_000)
    assert rows(window) == ["Documents: House", "Past chats", "Chat: The dentist"]
    qtbot.keyClicks(window.composer.text, "lea")
    qtbot.waitUntil(lambda: rows(window) == ["File: lease.txt"], timeout=10_000)
    qtbot.keyClicks(window.composer.text, "zzz")
    qtbot.waitUntil(lambda: not rows(window), timeout=10_000)


def test_a_collection_is_asked_and_its_name_leaves_the_text(qtbot: QtBot, window: MainWindow) -> None:
    text = window.composer.text
    qtbot.keyClicks(text, "When is the rent due @hou")
    qtbot.waitUntil(lambda: rows(window) == ["Documents: House"], timeout=10_000)
    qtbot.keyClick(text, Key.Key_Return)
    qtbot.waitUntil(lambda: window.composer.collection_button.text() == "Ask “House”", timeout=10_000)
    assert text.toPlainText() == "When is the rent due "
    assert window.chat.conversation is None  # Enter chose, and did not send


def test_a_file_narrows_the_question(qtbot: QtBot, window: MainWindow) -> None:
    text = window.composer.text
    qtbot.keyClicks(text, "@lease")
    qtbot.waitUntil(lambda: rows(window) == ["File: lease.txt"], timeout=10_000)
    qtbot.keyClick(text, Key.Key_Tab)
    qtbot.waitUntil(lambda: window.chat.choices.collection == "House", timeout=10_000)
    assert text.toPlainText() == 'file:"lease.txt" '


def test_a_chat_hangs_on_the_message(qtbot: QtBot, window: MainWindow) -> None:
    text = window.composer.text
    qtbot.keyClicks(text, "@dent")
    qtbot.waitUntil(lambda: rows(window) == ["Chat: The dentist"], timeout=10_000)
    popup = window.chat.mentions.list.popup
    place = popup.visualItemRect(popup.item(0)).center()
    qtbot.mouseClick(popup.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 1, timeout=10_000)
    assert window.composer.strip.parts[0] == File(
        "The dentist", "User: The dentist is on Friday.\n\nAssistant: Noted."
    )
    assert text.toPlainText() == ""


def test_past_chats_are_named_too(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClicks(window.composer.text, "@past")
    qtbot.waitUntil(lambda: rows(window) == ["Past chats"], timeout=10_000)
    qtbot.keyClick(window.composer.text, Key.Key_Return)
    qtbot.waitUntil(lambda: window.chat.choices.collection == CHATS, timeout=10_000)


def test_escape_closes_it_and_it_stays_closed_for_this_word(qtbot: QtBot, window: MainWindow) -> None:
    text = window.composer.text
    qtbot.keyClicks(text, "@h")
    qtbot.waitUntil(lambda: bool(rows(window)), timeout=10_000)
    qtbot.keyClick(text, Key.Key_Escape)
    assert not rows(window)
    qtbot.keyClicks(text, "ou")
    qtbot.wait(100)
    assert not rows(window)
    assert text.toPlainText() == "@hou"
    qtbot.keyClicks(text, "se and @h")
    qtbot.waitUntil(lambda: bool(rows(window)), timeout=10_000)


@pytest.mark.parametrize("written", ["me@home", "a@b.example", "no mention", "@\n"])
def test_what_is_no_mention_lists_nothing(qtbot: QtBot, window: MainWindow, written: str) -> None:
    window.composer.text.setPlainText("")
    window.composer.text.textCursor().insertText(written)
    qtbot.wait(100)
    assert not rows(window)


def test_japanese_text_around_it(qtbot: QtBot, window: MainWindow) -> None:
    window.composer.text.textCursor().insertText("契約書、＠hou")
    qtbot.waitUntil(lambda: rows(window) == ["Documents: House"], timeout=10_000)
    qtbot.keyClick(window.composer.text, Key.Key_Return)
    qtbot.waitUntil(lambda: window.chat.choices.collection == "House", timeout=10_000)
    assert window.composer.text.toPlainText() == "契約書、"


def test_an_input_method_does_not_bring_a_closed_list_back(qtbot: QtBot, window: MainWindow) -> None:
    text = window.composer.text
    qtbot.keyClicks(text, "@")
    qtbot.waitUntil(lambda: bool(rows(window)), timeout=10_000)
    qtbot.keyClick(text, Key.Key_Escape)
    QApplication.sendEvent(text, QInputMethodEvent("かいぎ", []))
    commit = QInputMethodEvent("", [])
    commit.setCommitString("会議")
    QApplication.sendEvent(text, commit)
    qtbot.wait(100)
    assert not rows(window)
    assert text.toPlainText() == "@会議"
