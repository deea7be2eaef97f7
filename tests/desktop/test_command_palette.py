"""The command palette finds what can be done by its name, and does it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from desktop import commands, i18n
from desktop.main_window import MainWindow
from desktop.widgets.command_palette import CommandPalette


def _opened(window: MainWindow, qtbot: QtBot) -> CommandPalette:
    window.activateWindow()
    window.composer.setFocus()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(
        window.composer.text,
        Qt.Key.Key_P,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    qtbot.waitUntil(lambda: window.findChild(CommandPalette) is not None)
    palette = window.findChild(CommandPalette)
    assert palette is not None
    return palette


def test_a_command_is_found_by_a_few_letters_and_run_with_enter(window: MainWindow, qtbot: QtBot) -> None:
    palette = _opened(window, qtbot)
    assert palette.list.count() > 15
    qtbot.keyClicks(palette.words, "mod")
    assert palette.list.count() == 2  # Models, and to compare them
    qtbot.keyClick(palette.words, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.page == "models")
    qtbot.waitUntil(lambda: window.findChild(CommandPalette) is None)


def test_arrows_choose_and_a_click_runs(window: MainWindow, qtbot: QtBot) -> None:
    palette = _opened(window, qtbot)
    qtbot.keyClick(palette.words, Qt.Key.Key_Up)
    assert palette.list.currentRow() == palette.list.count() - 1
    qtbot.keyClick(palette.words, Qt.Key.Key_Down)
    assert palette.list.currentRow() == 0
    qtbot.keyClicks(palette.words, "documents")
    first = palette.list.visualItemRect(palette.list.item(0)).center()
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(first))
    qtbot.waitUntil(lambda: window.page == "documents")


def test_what_is_not_there_is_said_and_runs_nothing(window: MainWindow, qtbot: QtBot) -> None:
    palette = _opened(window, qtbot)
    qtbot.keyClicks(palette.words, "zzz")
    qtbot.keyClick(palette.words, Qt.Key.Key_Return)
    assert palette.isVisible()
    qtbot.keyClick(palette.words, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChild(CommandPalette) is None)


def test_every_command_has_a_name_in_both_languages_and_keys_of_its_own(window: MainWindow) -> None:
    keys = [QKeySequence(command.keys).toString() for command in window.commands if command.keys]
    assert len(keys) == len(set(keys))
    assert all(keys)
    names = [command.name for command in window.commands]
    i18n.choose("ja")
    japanese = [command.name for command in commands.of(window)]
    i18n.choose("en")
    assert len(names) == len(japanese)
    assert all(one != other for one, other in zip(names, japanese, strict=True) if one)
