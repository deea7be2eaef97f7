"""The quick window: from anywhere, about the clipboard, hidden and found again, and by a word on the local socket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core import handover
from core.cli import main
from core.paths import Home
from desktop.main_window import MainWindow
from desktop.quick.window import QuickWindow
from desktop.visitors import Visitors

Open = Callable[..., MainWindow]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path]) -> MainWindow:
    script(
        {"when": "kettle", "say": "It is a **kettle**."},
        {"when": "slow", "say": "word " * 60, "seconds_per_piece": 0.1},
        {"when": "", "say": "All right."},
    )
    QApplication.clipboard().clear()
    return open_window(welcomed=True)


def come(window: MainWindow, qtbot: QtBot) -> QuickWindow:
    window.ask_quickly()
    quick = window.quick
    qtbot.waitUntil(lambda: quick.isVisible() and bool(quick._wordings))
    return quick


def ask(quick: QuickWindow, qtbot: QtBot, text: str) -> None:
    qtbot.keyClicks(quick.text, text)
    qtbot.keyClick(quick.text, Qt.Key.Key_Return)


def test_a_question_is_asked_and_the_talk_is_kept(window: MainWindow, qtbot: QtBot) -> None:
    quick = come(window, qtbot)
    assert not quick.area.isVisibleTo(quick)
    assert not quick.clipboard.isVisibleTo(quick)  # there is nothing on it
    ask(quick, qtbot, "Hello")
    qtbot.waitUntil(lambda: quick.view.toPlainText() == "All right." and not quick._answering, timeout=20_000)
    assert quick.text.toPlainText() == ""
    qtbot.keyClick(quick, Qt.Key.Key_Escape)
    assert not quick.isVisible()
    again = come(window, qtbot)
    assert again is quick
    assert quick.view.toPlainText() == "All right."
    ask(quick, qtbot, "What is a kettle?")
    qtbot.waitUntil(lambda: quick.view.toPlainText() == "It is a kettle.", timeout=20_000)
    assert len(window.app.conversations.branch(quick.conversation or 0)) == 4
    qtbot.mouseClick(quick.copy, LEFT)
    assert QApplication.clipboard().text() == "It is a **kettle**."
    number = quick.conversation
    qtbot.mouseClick(quick.more, LEFT)
    assert not quick.isVisible()
    qtbot.waitUntil(lambda: window.chat.conversation == number)
    come(window, qtbot)
    qtbot.mouseClick(quick.new, LEFT)
    assert quick.conversation is None
    assert not quick.area.isVisibleTo(quick)


def test_what_is_on_the_clipboard_is_explained(window: MainWindow, qtbot: QtBot) -> None:
    QApplication.clipboard().setText("a kettle\nwith a long spout")
    quick = come(window, qtbot)
    assert quick.clipboard.text() == "On the clipboard: a kettle with a long spout"
    assert [button.text() for button in quick.buttons][:2] == ["Explain", "Translate"]
    qtbot.mouseClick(quick.buttons[0], LEFT)
    qtbot.waitUntil(lambda: quick.view.toPlainText() == "It is a kettle.", timeout=20_000)
    asked = window.app.conversations.branch(quick.conversation or 0)[0].text
    assert "with a long spout" in asked
    assert asked != "a kettle\nwith a long spout"


def test_an_answer_grows_and_one_is_asked_at_a_time(window: MainWindow, qtbot: QtBot) -> None:
    quick = come(window, qtbot)
    ask(quick, qtbot, "slow")
    qtbot.waitUntil(lambda: "word word" in quick.view.toPlainText(), timeout=20_000)
    ask(quick, qtbot, "more")
    assert quick.text.toPlainText() == "more"  # it stays until it can be sent
    qtbot.waitUntil(lambda: not quick._answering, timeout=30_000)
    assert quick.view.toPlainText().split() == ["word"] * 60  # nothing twice, nothing lost
    qtbot.keyClick(quick.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: quick.view.toPlainText() == "All right.", timeout=20_000)


def test_the_answer_is_put_back(window: MainWindow, qtbot: QtBot) -> None:
    quick = come(window, qtbot)
    ask(quick, qtbot, "Hello")
    qtbot.waitUntil(lambda: quick.view.toPlainText() == "All right." and not quick._answering, timeout=20_000)
    qtbot.mouseClick(quick.back, Qt.MouseButton.LeftButton)
    assert not quick.isVisible()
    assert QApplication.clipboard().text() == "All right."
    QApplication.clipboard().clear()
    come(window, qtbot)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(quick.text, Qt.Key.Key_C, both)
    qtbot.waitUntil(lambda: not quick.isVisible(), timeout=10_000)
    assert QApplication.clipboard().text() == "All right."


def test_what_is_selected_elsewhere_is_taken_where_it_came_last(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program's selection cannot be had here; the window is told that there is one."""
    window.ask_quickly()
    window.quick.hide()
    monkeypatch.setattr(window.quick, "_selection", lambda: "the kettle")
    QApplication.clipboard().setText("copied before")
    window.quick._selected = True
    quick = come(window, qtbot)
    assert quick.clipboard.text() == "Selected: the kettle"
    qtbot.mouseClick(quick.buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: quick.view.toPlainText() == "It is a kettle.", timeout=20_000)
    quick._selected = False  # something was copied since
    quick.hide()
    come(window, qtbot)
    assert quick.clipboard.text() == "On the clipboard: copied before"


def test_a_deleted_talk_is_forgotten(window: MainWindow, qtbot: QtBot) -> None:
    quick = come(window, qtbot)
    ask(quick, qtbot, "Hello")
    qtbot.waitUntil(lambda: quick.conversation is not None and not quick._answering, timeout=20_000)
    window.app.chat.delete(quick.conversation or 0)
    qtbot.waitUntil(lambda: quick.conversation is None)


def test_a_word_from_outside_shows_it_and_leaves_the_window(
    window: MainWindow, qtbot: QtBot, home: Home
) -> None:
    server = Visitors(home, window, window.app)
    window.hide()
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(main(["--home", str(home.root), "quick"])))
    thread.start()
    qtbot.waitUntil(lambda: "quick" in vars(window) and window.quick.isVisible(), timeout=20_000)
    thread.join(10)
    assert codes == [0]
    assert not window.isVisible()  # only the small one came
    assert handover.send(home, [])
    qtbot.waitUntil(window.isVisible)
    server.close()
    assert not handover.send(home, [])


def test_in_japanese(open_window: Open, script: Callable[..., Path], qtbot: QtBot) -> None:
    script({"when": "", "say": "はい。"})
    QApplication.clipboard().setText("やかん")
    window = open_window("ja", welcomed=True)
    quick = come(window, qtbot)
    assert quick.clipboard.text().endswith("やかん")
    assert quick.buttons[1].text() == "翻訳"
    QApplication.clipboard().clear()
