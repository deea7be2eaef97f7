"""Models compared by the window: side by side and blind, by sets of questions, by mouse and keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.comparing import rules
from core.comparing.model import Question, Rule, Vote
from desktop.comparing.page import ComparePage
from desktop.comparing.question_sets import NewSet
from desktop.main_window import MainWindow
from tests.desktop.conftest import undo

Open = Callable[..., MainWindow]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(open_window: Open, script: Callable[..., Path], qtbot: QtBot) -> ComparePage:
    script(
        {"when": "Expected: a river", "say": json.dumps({"reason": "The same.", "right": False})},
        {"when": "sum", "say": "5"},
        {"when": "slow", "say": "word " * 60, "seconds_per_piece": 0.2},
        {"when": "", "say": "**Blue** of course."},
    )
    window = open_window()
    window.show_page("models")
    qtbot.mouseClick(window.models.compare_button, LEFT)
    assert window.page == "compare"
    page = window.compare
    qtbot.waitUntil(lambda: len(page.side_by_side.contestants.contestants) == 2)
    return page


def ask(page: ComparePage, qtbot: QtBot, text: str) -> None:
    side = page.side_by_side
    before = side.comparison
    side.prompt.clear()
    qtbot.keyClicks(side.prompt, text)
    qtbot.mouseClick(side.ask, LEFT)
    # Not whether it runs: one that answers at once may have ended before that is looked at.
    qtbot.waitUntil(lambda: bool(side.columns) and side.comparison is not before, timeout=20_000)


def test_two_are_compared_blind_and_rated(page: ComparePage, qtbot: QtBot) -> None:
    side = page.side_by_side
    assert not side.ask.isEnabled()
    side.contestants.lines[1].temperature.setValue(1.5)
    ask(page, qtbot, "What colour?")
    qtbot.waitUntil(lambda: len(side.vote_buttons) == 4, timeout=20_000)
    assert [column.name.text() for column in side.columns] == ["A", "B"]
    assert [button.text() for button in side.vote_buttons[:2]] == ["A", "B"]
    assert side.columns[0].view.toPlainText() == "Blue of course."  # as it is shown, not as it is written
    assert side.columns[0].figures.text() == ""  # how quick it was would give it away
    side.vote_buttons[1].setFocus()
    qtbot.keyClick(side.vote_buttons[1], Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: side.columns[1].name.text().startswith("✓ "))
    assert side.comparison is not None
    assert side.comparison.vote == 1
    assert not side.vote_buttons
    assert "tokens per second" in side.columns[0].figures.text()
    qtbot.mouseClick(page.tabs["ratings"], LEFT)
    qtbot.waitUntil(lambda: len(page.plot.points) == 2)
    best, other = page.plot.points
    assert best.value > other.value
    assert "1 vote" in best.figure
    page.plot.grab()  # it can be drawn


def test_a_tie_and_a_stop(page: ComparePage, qtbot: QtBot) -> None:
    side = page.side_by_side
    side.blind.setChecked(False)
    ask(page, qtbot, "A slow one?")
    assert side.ask.text() == "Stop"
    qtbot.mouseClick(side.ask, LEFT)
    qtbot.waitUntil(lambda: side.ask.text() == "Ask all", timeout=20_000)
    assert not side.vote_buttons  # of what was not answered nobody can say which is best
    ask(page, qtbot, "What colour?")
    qtbot.waitUntil(lambda: len(side.vote_buttons) == 4, timeout=20_000)
    assert "135M" in side.columns[0].name.text() or side.columns[0].name.text() != "A"
    qtbot.mouseClick(side.vote_buttons[2], LEFT)
    qtbot.waitUntil(lambda: side.comparison is not None and side.comparison.vote is Vote.TIE)


def test_contestants_come_and_go(page: ComparePage, qtbot: QtBot) -> None:
    contestants = page.side_by_side.contestants
    assert not contestants.lines[0].remove.isEnabled()
    qtbot.mouseClick(contestants.add, LEFT)
    line = contestants.lines[2]
    line.assistant.setCurrentIndex(line.assistant.findData("translator"))
    assert contestants.contestants[2].assistant == "translator"
    qtbot.waitUntil(line.remove.isVisible)
    qtbot.mouseClick(line.remove, LEFT)
    assert len(contestants.contestants) == 2


def test_a_set_of_questions_is_put_overruled_and_exported(
    page: ComparePage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = page.question_sets
    qtbot.mouseClick(page.tabs["questions"], LEFT)
    path = tmp_path / "mine.json"
    asked = [
        Question("The sum?", "5", Rule.NUMBER),
        Question("Colour?", "red"),
        Question("River?", "a river", Rule.JUDGE),
    ]
    path.write_text("nonsense", encoding="utf-8")
    qtbot.mouseClick(sets.new_button, LEFT)
    qtbot.waitUntil(lambda: sets.findChild(NewSet) is not None)
    dialog = sets.findChild(NewSet)
    assert dialog is not None
    assert not dialog.begin.isEnabled()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    qtbot.mouseClick(dialog.choose, LEFT)
    dialog.judge.setCurrentIndex(1)
    qtbot.mouseClick(dialog.begin, LEFT)
    qtbot.waitUntil(lambda: dialog.problem.isVisibleTo(dialog))
    path.write_text(rules.write(asked), encoding="utf-8")
    qtbot.mouseClick(dialog.begin, LEFT)
    qtbot.waitUntil(
        lambda: sets.plot.points != [] and sets.plot.points[0].figure == "1 of 3 right", timeout=20_000
    )
    assert sets.table.rowCount() == 3
    assert sets.table.item(0, 2).text().startswith("✓")
    assert sets.table.item(2, 2).text().startswith("✗")
    sets.table.setFocus()
    sets.table.setCurrentCell(2, 2)
    assert sets.verdict.text() == "wrong – The same."
    assert sets.answer.toPlainText() == "**Blue** of course."
    qtbot.mouseClick(sets.right_button, LEFT)
    qtbot.waitUntil(lambda: sets.plot.points[0].figure == "2 of 3 right")
    qtbot.waitUntil(lambda: "as you said" in sets.verdict.text())
    sets.plot.grab()
    out = tmp_path / "out.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    qtbot.mouseClick(sets.export_button, LEFT)
    qtbot.waitUntil(out.exists)
    assert json.loads(out.read_text("utf-8"))["scores"][0]["right"] == 2
    qtbot.mouseClick(sets.remove_button, LEFT)
    qtbot.waitUntil(lambda: sets.list.count() == 0)
    undo(qtbot, page.banner)
    qtbot.waitUntil(lambda: sets.list.count() == 1)
