"""Keys of commands: changed by pressing others, taken away, given back, kept over a restart, and shown where they are named."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core.paths import Home
from core.settings.shortcuts import Shortcuts
from desktop.main_window import MainWindow
from desktop.settings.shortcuts import ShortcutsDialog
from tests.desktop.conftest import Open

Key, Modifier = Qt.Key, Qt.KeyboardModifier


def opened(qtbot: QtBot, window: MainWindow) -> ShortcutsDialog:
    next(command for command in window.commands if command.id == "shortcuts").run()
    dialog = window.findChild(ShortcutsDialog)
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    return dialog


def keys_of(window: MainWindow, command: str) -> str:
    return next(one.keys for one in window.commands if one.id == command)


def press(qtbot: QtBot, dialog: ShortcutsDialog, command: str, key: Key, modifier: Modifier) -> None:
    field = dialog.fields[command]
    field.setFocus()
    qtbot.keyClick(field, key, modifier)


def test_other_keys_do_what_they_are_given_to(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    dialog = opened(qtbot, window)
    press(qtbot, dialog, "new-chat", Key.Key_J, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: keys_of(window, "new-chat") == "Ctrl+J", timeout=10_000)
    dialog.accept()
    assert json.loads((home.root / "shortcuts.json").read_text(encoding="utf-8")) == {"new-chat": "Ctrl+J"}
    assert window.sidebar.new_button.toolTip() == "Start a new chat (Ctrl+J)"
    window.composer.text.setPlainText("half")
    window.show_page("models")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=10_000)
    qtbot.keyClick(window, Key.Key_N, Modifier.ControlModifier)
    assert window.page == "models"  # the old keys do nothing
    qtbot.keyClick(window, Key.Key_J, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: window.page == "chat", timeout=10_000)


def test_keys_of_another_command_are_taken_from_it(qtbot: QtBot, window: MainWindow) -> None:
    dialog = opened(qtbot, window)
    press(qtbot, dialog, "tables", Key.Key_K, Modifier.ControlModifier)
    assert dialog.note.text() == "Ctrl+K belonged to “Search all chats”, which has no keys now."
    qtbot.waitUntil(lambda: keys_of(window, "search") == "", timeout=10_000)
    assert keys_of(window, "tables") == "Ctrl+K"
    assert window.sidebar.search.toolTip() == "Search all chats; #tag finds those with a tag"
    usual = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Reset all")
    qtbot.mouseClick(usual, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: keys_of(window, "search") == "Ctrl+K", timeout=10_000)
    assert window.app.shortcuts.values == {}
    dialog.accept()


def test_keys_are_taken_away_and_given_back(qtbot: QtBot, window: MainWindow) -> None:
    dialog = opened(qtbot, window)
    dialog.fields["speak"].clear()
    qtbot.waitUntil(lambda: keys_of(window, "speak") == "", timeout=10_000)
    assert window.composer.talk_button.toolTip() == "Hold while you speak, or press to start and stop"
    back = dialog._back["speak"]
    assert back.isVisible()
    qtbot.mouseClick(back, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: keys_of(window, "speak") == "Ctrl+Space", timeout=10_000)
    assert not back.isVisible()
    dialog.accept()


def test_they_are_there_after_a_restart(home: Home, open_window: Open) -> None:
    Shortcuts(home.root / "shortcuts.json").change({"new-chat": "F9", "quit": ""})
    window = open_window()
    assert (keys_of(window, "new-chat"), keys_of(window, "quit")) == ("F9", "")
    assert window.composer.large_button.toolTip() == "Make the field large (Ctrl+Shift+E)"


@pytest.mark.logs("the file of shortcuts cannot be read")
@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_cannot_be_read_is_none(home: Home, content: bytes) -> None:
    path = home.root / "shortcuts.json"
    path.write_bytes(content)
    assert Shortcuts(path).values == {}


@pytest.mark.parametrize("content", [b"[1]", b'{"new-chat": 7, "quit": "x"}'])
def test_a_file_that_makes_no_sense_is_none(home: Home, content: bytes) -> None:
    path = home.root / "shortcuts.json"
    path.write_bytes(content)
    assert Shortcuts(path).values in ({}, {"quit": "x"})


def test_every_command_has_an_id_and_no_two_share_keys(window: MainWindow) -> None:
    named = [one for one in window.commands if one.name]
    assert len({one.id for one in named}) == len(named)
    usual = [QKeySequence(one.usual).toString() for one in window.commands if one.usual]
    assert len(set(usual)) == len(usual)


def test_what_is_typed_and_escape_are_no_shortcuts(qtbot: QtBot, window: MainWindow) -> None:
    dialog = opened(qtbot, window)
    before = dialog.fields["quit"].keySequence()
    for key, modifier in (
        (Key.Key_Escape, Modifier.NoModifier),
        (Key.Key_A, Modifier.NoModifier),
        (Key.Key_Return, Modifier.NoModifier),
        (Key.Key_A, Modifier.ShiftModifier),
    ):
        press(qtbot, dialog, "quit", key, modifier)
        assert dialog.fields["quit"].keySequence() == before
    press(qtbot, dialog, "quit", Key.Key_F9, Modifier.NoModifier)
    qtbot.waitUntil(lambda: keys_of(window, "quit") == "F9", timeout=10_000)
    dialog.accept()
