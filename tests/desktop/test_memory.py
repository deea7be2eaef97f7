"""What a message asks to be remembered is offered, and remembered only by a click; all of it can be read and changed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.chat.memory import MemoryDialog
from desktop.main_window import MainWindow
from tests.desktop.conftest import send


def _facts(window: MainWindow, project: int | None = None) -> list[str]:
    return [fact.text for fact in window.app.projects.store.facts(project)]


def test_it_is_offered_and_remembered_by_a_click(window: MainWindow, qtbot: QtBot) -> None:
    send(qtbot, window, "Remember that I am left-handed.")
    banner = window.chat.banner
    qtbot.waitUntil(banner.isVisible)
    assert "I am left-handed" in banner.text.text()
    assert _facts(window) == []
    qtbot.mouseClick(banner.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: _facts(window) == ["I am left-handed"])


def test_in_a_project_it_belongs_to_the_project(window: MainWindow, qtbot: QtBot) -> None:
    project = window.app.projects.create("House")
    window.chat.use_project(project)
    send(qtbot, window, "Remember that the roof is slate.")
    qtbot.waitUntil(window.chat.banner.isVisible)
    qtbot.mouseClick(window.chat.banner.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: _facts(window, project.id) == ["the roof is slate"])
    assert _facts(window) == []


def test_off_means_off(window: MainWindow, qtbot: QtBot) -> None:
    window.app.settings.change(memory=False)
    send(qtbot, window, "Remember that I am left-handed.")
    assert not window.chat.banner.isVisible()


def test_what_is_remembered_is_shown_and_changed(window: MainWindow, qtbot: QtBot) -> None:
    window.app.projects.remember("I live in Kobe.")
    window.app.projects.remember("I am left-handed.")
    window.chat.memory.open(window)
    qtbot.waitUntil(lambda: window.findChild(MemoryDialog) is not None)
    dialog = window.findChild(MemoryDialog)
    assert dialog is not None
    assert dialog.lines.toPlainText() == "I live in Kobe.\nI am left-handed."
    dialog.lines.selectAll()
    qtbot.keyClicks(dialog.lines, "I live in Ise.")
    dialog.save_button.setFocus()
    qtbot.keyClick(dialog.save_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: _facts(window) == ["I live in Ise."])
