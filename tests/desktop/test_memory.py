"""What a message asks to be remembered, and what the model proposes of a chat, is offered, and remembered only by a click; all of it
can be read and changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop.chat.memory import MemoryDialog, ProposalsDialog
from desktop.main_window import MainWindow
from desktop.widgets.tick import Tick
from tests.desktop.conftest import Open, answered, send


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


# ---------------------------------------------------------------- proposals


@pytest.fixture
def proposing(open_window: Open, script: Callable[..., Path]) -> Callable[[list[str]], MainWindow]:
    """A window whose model proposes this."""

    def opened(facts: list[str]) -> MainWindow:
        script(
            {"when": "what I said in a chat", "say": json.dumps({"facts": facts})},
            {"when": "", "say": "A lemon cake."},
            parameters=7_000_000_000,
        )
        return open_window(titles=False)

    return opened


def test_a_chat_that_is_left_proposes_what_was_said(
    qtbot: QtBot, proposing: Callable[[list[str]], MainWindow]
) -> None:
    window = proposing(["I am allergic to hazelnuts."])
    send(qtbot, window, "I am allergic to hazelnuts. What can I bake for a class of children?")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    window.new_chat()
    banner = window.chat.banner
    wanted = "Tell new chats too: “I am allergic to hazelnuts.”?"
    qtbot.waitUntil(lambda: banner.text.text() == wanted, timeout=20_000)
    qtbot.mouseClick(banner.action, Qt.MouseButton.LeftButton)
    store = window.app.projects.store
    qtbot.waitUntil(
        lambda: [fact.text for fact in store.facts(None)] == ["I am allergic to hazelnuts."], timeout=10_000
    )


def test_several_are_picked_from(qtbot: QtBot, proposing: Callable[[list[str]], MainWindow]) -> None:
    window = proposing(["I am allergic to hazelnuts.", "I work as a nurse."])
    send(qtbot, window, "I am allergic to hazelnuts. I work as a nurse. What can I bake?")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    window.new_chat()
    banner = window.chat.banner
    wanted = "The chat before says 2 things that new chats could know."
    qtbot.waitUntil(lambda: banner.text.text() == wanted, timeout=20_000)
    qtbot.mouseClick(banner.action, Qt.MouseButton.LeftButton)
    dialog = window.findChild(ProposalsDialog)
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    dialog.boxes[0].setFocus()
    qtbot.keyClick(dialog.boxes[0], Qt.Key.Key_Space)  # not this one
    qtbot.mouseClick(dialog.remember_button, Qt.MouseButton.LeftButton)
    store = window.app.projects.store
    qtbot.waitUntil(
        lambda: [fact.text for fact in store.facts(None)] == ["I work as a nurse."], timeout=10_000
    )


def test_a_long_proposal_breaks_its_line_and_is_picked_by_its_words(qtbot: QtBot) -> None:
    fact = (
        "私は小麦と卵と牛乳とえびとかにに強いアレルギーがあり、外食をするときは必ず店の人に原材料を確かめています。"
        * 3
    )
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = ProposalsDialog([fact, fact, fact, "R & D is my work."], parent)
    with qtbot.waitExposed(dialog):
        dialog.open()
    assert dialog.width() <= 560
    ticks = dialog.findChildren(Tick)
    words = [tick.findChild(QLabel) for tick in ticks]
    assert [one.text() for one in words] == [fact, fact, fact, "R & D is my work."]
    assert words[0].height() > 2 * words[3].height()
    assert all(one.height() >= one.heightForWidth(one.width()) for one in words)
    qtbot.mouseClick(words[0], Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(dialog.accepted_facts) as said:
        dialog.remember_button.click()
    assert said.args == [[fact, fact, "R & D is my work."]]
