"""The composer: drafts, messages that wait, what was asked before, a large field, and a message that is taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from core.chat.draft import Draft
from core.paths import Home
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open, answered, send

Key, Modifier = Qt.Key, Qt.KeyboardModifier


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path]) -> MainWindow:
    script(
        {"when": "long", "say": "word " * 60, "seconds_per_piece": 0.02},
        {"when": "", "say": "All right."},
    )
    return open_window()


def ask(qtbot: QtBot, window: MainWindow, *questions: str) -> None:
    for question in questions:
        send(qtbot, window, question)
        qtbot.waitUntil(lambda: answered(window), timeout=20_000)


def settled(window: MainWindow) -> bool:
    return not window.chat.busy and not window.operations.busy


def on_disk(window: MainWindow, conversation: int) -> str:
    return window.app.conversations.draft(conversation).text


# ---------------------------------------------------------------- drafts


def test_each_conversation_keeps_what_was_being_written(qtbot: QtBot, window: MainWindow) -> None:
    text = window.chat.composer.text
    ask(qtbot, window, "First")
    first = window.chat.conversation
    assert first is not None
    qtbot.keyClicks(text, "half a sent")
    window.new_chat()
    assert text.toPlainText() == ""
    qtbot.keyClicks(text, "something new")
    window.open_conversation(first)
    qtbot.waitUntil(lambda: settled(window), timeout=20_000)
    assert text.toPlainText() == "half a sent"
    window.new_chat()
    assert text.toPlainText() == "something new"
    qtbot.waitUntil(lambda: on_disk(window, 0) == "something new")
    assert on_disk(window, first) == "half a sent"


def test_a_draft_is_there_again_at_the_next_start(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], home: Home
) -> None:
    script({"when": "", "say": "All right."})
    window = open_window()
    window.chat.composer.text.insertPlainText("続きは明日")
    window.close()
    window.app.close()
    again = open_window()
    qtbot.waitUntil(lambda: again.chat.composer.text.toPlainText() == "続きは明日")


def test_what_is_sent_is_no_draft_any_more(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClicks(window.chat.composer.text, "Hello")
    qtbot.waitUntil(lambda: on_disk(window, 0) == "Hello")
    qtbot.keyClick(window.chat.composer.text, Key.Key_Return)
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    qtbot.waitUntil(lambda: on_disk(window, 0) == "")
    window.new_chat()
    assert window.chat.composer.text.toPlainText() == ""


def test_a_draft_that_comes_late_does_not_take_the_place_of_what_is_typed(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.app.conversations.save_draft(0, Draft("old"))
    window.chat.drafts.begin()
    qtbot.keyClicks(window.chat.composer.text, "new")
    qtbot.waitUntil(lambda: on_disk(window, 0) == "new")
    assert window.chat.composer.text.toPlainText() == "new"


# ---------------------------------------------------------------- messages that wait


def waiting(window: MainWindow) -> list[str]:
    return [label.toolTip() for label in window.chat.queue.findChildren(QLabel) if label.toolTip()]


@pytest.mark.parametrize("mouse", [False, True])
def test_a_message_waits_for_the_answer_and_is_sent_then(
    qtbot: QtBot, window: MainWindow, mouse: bool
) -> None:
    send(qtbot, window, "a long one")
    composer = window.chat.composer
    qtbot.waitUntil(lambda: composer.answering)
    assert not composer.queue_button.isVisible()
    qtbot.keyClicks(composer.text, "And then?")
    assert composer.queue_button.isVisible()
    if mouse:
        qtbot.mouseClick(composer.queue_button, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(composer.text, Key.Key_Return)
    qtbot.waitUntil(lambda: waiting(window) == ["And then?"])
    assert composer.text.toPlainText() == ""
    assert window.chat.queue.isVisible()
    assert not window.chat.queue.send_button.isVisible()
    qtbot.waitUntil(lambda: len(window.chat.transcript.ids) == 4 and answered(window), timeout=20_000)
    assert not window.chat.queue.isVisible()
    asked = window.chat.transcript.message(window.chat.transcript.ids[2])
    assert asked is not None
    assert asked.text == "And then?"


def test_what_waits_is_changed_taken_out_and_sent_by_hand(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "a long one")
    composer, queue = window.chat.composer, window.chat.queue
    qtbot.waitUntil(lambda: composer.answering)
    for text in ("one", "two", "three"):
        qtbot.keyClicks(composer.text, text)
        qtbot.keyClick(composer.text, Key.Key_Return)
        qtbot.waitUntil(lambda text=text: text in waiting(window))
    qtbot.mouseClick(composer.send_button, Qt.MouseButton.LeftButton)  # stops
    qtbot.waitUntil(lambda: answered(window) and settled(window), timeout=20_000)

    def tool(name: str, number: int) -> QToolButton:
        return [b for b in queue.findChildren(QToolButton) if b.accessibleName() == name and b.isVisible()][
            number
        ]

    qtbot.mouseClick(tool("Do not send this message", 1), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: waiting(window) == ["one", "three"])
    qtbot.mouseClick(tool("Change this message", 1), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: waiting(window) == ["one"])
    assert composer.text.toPlainText() == "three"
    qtbot.mouseClick(queue.send_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not queue.isVisible() and answered(window), timeout=20_000)
    assert window.app.conversations.branch(window.chat.conversation or 0)[2].text == "one"


# ---------------------------------------------------------------- taking back


@pytest.mark.parametrize("first", [True, False])
def test_a_message_comes_back_while_there_is_no_answer_yet(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], first: bool
) -> None:
    script({"when": "", "say": "All right."}, load_seconds=0 if not first else 15)
    window = open_window()
    composer = window.chat.composer
    if not first:
        ask(qtbot, window, "First")
        window.app.engine.worker.stop()
        script({"when": "", "say": "All right."}, load_seconds=15)
    before = window.chat.transcript.ids
    send(qtbot, window, "Oops, too early")
    qtbot.waitUntil(lambda: composer.answering, timeout=20_000)
    qtbot.mouseClick(composer.send_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: composer.text.toPlainText() == "Oops, too early", timeout=20_000)
    qtbot.waitUntil(lambda: settled(window), timeout=20_000)
    assert window.chat.transcript.ids == before
    assert (window.chat.conversation is None) is first
    assert len(list(window.app.conversations.all())) == (0 if first else 1)
    model = window.sidebar.model
    qtbot.waitUntil(lambda: model.rowCount() == (0 if first else 2))


# ---------------------------------------------------------------- what was asked before, and a large field


def test_what_was_asked_before_comes_with_the_arrow_keys(qtbot: QtBot, window: MainWindow) -> None:
    ask(qtbot, window, "First", "Second", "Second")
    window.new_chat()
    text = window.chat.composer.text
    qtbot.keyClicks(text, "half")
    control = Modifier.ControlModifier
    for key, shown in (
        (Key.Key_Up, "Second"),
        (Key.Key_Up, "First"),
        (Key.Key_Up, "First"),
        (Key.Key_Down, "Second"),
        (Key.Key_Down, "half"),
        (Key.Key_Down, "half"),
    ):
        qtbot.keyClick(text, key, control)
        qtbot.waitUntil(lambda shown=shown: text.toPlainText() == shown)


@pytest.mark.parametrize("mouse", [False, True])
def test_a_large_field_breaks_lines_and_sends_with_control(
    qtbot: QtBot, window: MainWindow, mouse: bool
) -> None:
    composer = window.chat.composer
    small = composer.text.height()
    if mouse:
        qtbot.mouseClick(composer.large_button, Qt.MouseButton.LeftButton)
    else:
        window.activateWindow()
        composer.large_button.toggle()
    assert composer.text.height() > 3 * small
    qtbot.keyClicks(composer.text, "one")
    qtbot.keyClick(composer.text, Key.Key_Return)
    qtbot.keyClicks(composer.text, "two")
    assert composer.text.toPlainText() == "one\ntwo"
    QApplication.sendEvent(composer.text, QInputMethodEvent("にほん", []))
    qtbot.keyClick(composer.text, Key.Key_Return, Modifier.ControlModifier)
    assert window.chat.conversation is None, "sent while an input method composes"
    QApplication.sendEvent(composer.text, QInputMethodEvent("", []))
    qtbot.keyClick(composer.text, Key.Key_Return, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    assert window.app.conversations.branch(window.chat.conversation or 0)[0].text == "one\ntwo"
    assert composer.text.height() == small
