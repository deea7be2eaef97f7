"""The icon among the system's: with it closing the window leaves Tsukue running; quitting does not."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from desktop import restart
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The display of the tests has no notification area; the program is told that there is one."""
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)


def entry(window: MainWindow, name: str) -> QAction:
    icon = window.tray._icon
    assert icon is not None
    return next(action for action in icon.contextMenu().actions() if action.text() == name)


def test_closing_leaves_it_running_and_the_icon_brings_it_back(
    qtbot: QtBot, open_window: Open, place: None
) -> None:
    window = open_window(tray=True)
    qtbot.keyClicks(window.composer.text, "half a sentence")
    window.close()
    assert not window.isVisible()
    qtbot.waitUntil(lambda: window.app.conversations.draft(0).text == "half a sentence", timeout=10_000)
    icon = window.tray._icon
    assert icon is not None
    icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    qtbot.waitUntil(window.isVisible)
    assert window.composer.text.toPlainText() == "half a sentence"
    window.close()
    entry(window, "New chat").trigger()
    qtbot.waitUntil(window.isVisible)
    entry(window, "Quick question").trigger()
    qtbot.waitUntil(window.quick.isVisible)
    window.quick.hide()
    window.quit()
    assert not window.isVisible()
    assert not window.tray.shown
    assert window.reads._closed


def test_it_follows_the_setting(qtbot: QtBot, open_window: Open, place: None) -> None:
    window = open_window()
    assert not window.tray.shown
    assert QApplication.quitOnLastWindowClosed()
    window.app.settings.change(tray=True)
    qtbot.waitUntil(lambda: window.tray.shown, timeout=10_000)
    assert not QApplication.quitOnLastWindowClosed()
    window.app.settings.change(tray=False)
    qtbot.waitUntil(lambda: not window.tray.shown, timeout=10_000)
    assert QApplication.quitOnLastWindowClosed()


def test_without_a_place_for_it_closing_closes(open_window: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: False)
    window = open_window(tray=True)
    assert not window.tray.shown
    window.close()
    assert window.reads._closed


def test_the_menu_speaks_the_windows_language(qtbot: QtBot, open_window: Open, place: None) -> None:
    window = open_window("ja", tray=True)
    icon = window.tray._icon
    assert icon is not None
    names = [action.text() for action in icon.contextMenu().actions() if action.text()]
    assert names == ["Tsukue を開く", "新しい会話", "すぐに質問", "終了"]
    window.quit()


def test_a_restart_closes_it(
    open_window: Open, place: None, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(tray=True)
    monkeypatch.setattr(restart, "asked", lambda: True)
    window.close()
    assert window.reads._closed
    assert QApplication.quitOnLastWindowClosed()
