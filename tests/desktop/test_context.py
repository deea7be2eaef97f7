"""What fills the model's context is shown, and what became of messages that no longer fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QLabel
from pytestqt.qtbot import QtBot

from core.paths import Home
from desktop.chat.boundary import SummaryDialog
from desktop.chat.context_panel import ContextPanel
from desktop.chat.question import QuestionWidget
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open, answered, send

NOTES = "The desk is blue. It costs 90 euros."


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path], home: Home) -> MainWindow:
    script(
        {"when": "write down what matters", "say": NOTES, "seconds_per_piece": 0.05},
        {"when": "", "say": "All right."},
        context=140,
    )
    return open_window(answer_length=16)


def fill(qtbot: QtBot, window: MainWindow) -> QuestionWidget:
    """A chat that has outgrown the context; the question at which the model begins to read."""
    number = window.app.chat.new_conversation(system="Be brief.").id
    for n in range(6):
        window.app.chat.send(number, f"question {n} " + "word " * 16).wait(30)
    window.open_conversation(number)
    qtbot.waitUntil(lambda: not window.chat.busy, timeout=20_000)
    send(qtbot, window, "And now? " + "word " * 20)
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    start = window.app.conversations.get(number).context_start
    assert start is not None
    window.chat.transcript.go_to(start)
    qtbot.waitUntil(lambda: isinstance(window.chat.transcript.widget_of(start), QuestionWidget))
    widget = window.chat.transcript.widget_of(start)
    assert isinstance(widget, QuestionWidget)
    return widget


def dialog(qtbot: QtBot, kind: type[QDialog]) -> QDialog:
    def there() -> list[QDialog]:
        return [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]

    qtbot.waitUntil(lambda: bool(there()), timeout=20_000)
    return there()[0]


@pytest.mark.parametrize("keys", [False, True])
def test_a_summary_is_read_changed_and_taken_back(qtbot: QtBot, window: MainWindow, keys: bool) -> None:
    widget = fill(qtbot, window)
    boundary = widget.boundary
    assert boundary.isVisible()
    assert not boundary.text.isVisible()
    before = widget.height()

    def push(button: object) -> None:
        if keys:
            button.setFocus(Qt.FocusReason.TabFocusReason)  # type: ignore[attr-defined]
            qtbot.keyClick(button, Qt.Key.Key_Space)  # type: ignore[arg-type]
        else:
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[arg-type]

    push(boundary.read_button)
    assert boundary.text.text() == NOTES
    qtbot.waitUntil(lambda: widget.height() > before)
    push(boundary.edit_button)
    edited = dialog(qtbot, SummaryDialog)
    assert isinstance(edited, SummaryDialog)
    edited.text.selectAll()
    qtbot.keyClicks(edited.text, "The desk is red.")
    save = edited.findChildren(type(edited.take_back))
    push(next(button for button in save if "Save" in button.text()))
    number = window.chat.conversation or 0
    qtbot.waitUntil(lambda: window.app.conversations.get(number).summary == "The desk is red.")
    qtbot.waitUntil(lambda: boundary.text.text() == "The desk is red.")
    push(boundary.edit_button)
    edited = dialog(qtbot, SummaryDialog)
    assert isinstance(edited, SummaryDialog)
    push(edited.take_back)
    qtbot.waitUntil(lambda: window.app.conversations.get(number).summary == "")
    qtbot.waitUntil(lambda: not boundary.read_button.isVisible())
    assert "no longer reads" in boundary._said.text()


def test_above_other_messages_there_is_no_boundary(qtbot: QtBot, window: MainWindow) -> None:
    shown = fill(qtbot, window)
    others = [w for w in window.chat.transcript.findChildren(QuestionWidget) if w is not shown]
    assert others
    assert not any("boundary" in vars(w) and w.boundary.isVisible() for w in others)


def test_the_meter_opens_to_what_fills_the_context(qtbot: QtBot, window: MainWindow) -> None:
    fill(qtbot, window)
    qtbot.mouseClick(window.status.context_label, Qt.MouseButton.LeftButton)
    panel = dialog(qtbot, ContextPanel)
    texts = [label.text() for label in panel.findChildren(QLabel)]
    for name in ("Instructions", "Summary of earlier messages", "Messages", "Room for the answer", "Free"):
        assert name in texts
    assert "140 tokens" in texts[0]
    panel.close()
