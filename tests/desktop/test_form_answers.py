"""Answers as tables in a chat, by the window: columns chosen, shown as a table, saved, and words again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from core.structured import fields
from core.structured.fields import Form
from desktop.chat.answer import AnswerWidget
from desktop.main_window import MainWindow
from desktop.tables.form_editor import FormDialog
from tests.desktop.conftest import Open, answered, send

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path]) -> MainWindow:
    table = {"rows": [{"name": "a|b", "mood": "good"}, {"name": "c", "mood": "bad"}]}
    script({"when": "fields as JSON", "say": json.dumps(table)}, {"when": "", "say": "In words."})
    return open_window(welcomed=True)


def last(window: MainWindow) -> AnswerWidget:
    return window.chat.transcript.findChildren(AnswerWidget)[-1]


def choose(window: MainWindow, qtbot: QtBot) -> None:
    next(command for command in window.commands if command.name == "Answer as a table…").run()
    qtbot.waitUntil(lambda: window.findChild(FormDialog) is not None)
    dialog = window.findChild(FormDialog)
    assert dialog is not None
    assert not dialog.use.isEnabled()
    dialog.editor.fields.show_fields(fields.parse("name, mood: (good|bad)!"))
    dialog.editor.several.setChecked(True)
    qtbot.mouseClick(dialog.use, LEFT)
    qtbot.waitUntil(window.composer.form_button.isVisible)


def test_an_answer_is_a_table_until_words_are_wanted_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(window, qtbot)
    assert window.composer.form_button.text() == "Table: name, mood"
    send(qtbot, window, "Two things.")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    shown = last(window).view.toPlainText()
    assert "a|b" in shown
    assert "{" not in shown  # a table, and no JSON
    answer = last(window).message
    out = tmp_path / "out.xlsx"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    window.chat.message_actions.show_menu(answer.id, window.rect().center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text() == "Save the table as…").trigger()
    menu.close()
    qtbot.waitUntil(out.exists)
    sheet = openpyxl.load_workbook(out).active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]][1:] == ["a|b", "good"]
    window.open_conversation(answer.conversation)
    qtbot.waitUntil(lambda: answered(window) and "a|b" in last(window).view.toPlainText())
    window.composer.form_button.menu().actions()[1].trigger()
    assert not window.composer.form_button.isVisible()
    send(qtbot, window, "And now?")
    qtbot.waitUntil(
        lambda: answered(window) and last(window).view.toPlainText() == "In words.", timeout=20_000
    )


def test_columns_are_changed_and_what_is_wrong_is_said(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot)
    window.composer.form_button.menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(FormDialog)))
    dialog = next(one for one in window.findChildren(FormDialog) if one.isVisible())
    assert dialog.editor.form() == Form(fields.parse("name, mood: (good|bad)!"), several=True)
    dialog.editor.own_schema.setChecked(True)
    dialog.editor.schema.setPlainText("{")
    qtbot.mouseClick(dialog.use, LEFT)
    assert "not a JSON schema" in dialog.problem.text()
    dialog.editor.schema.setPlainText('{"type": "object", "properties": {"a": {}}}')
    qtbot.mouseClick(dialog.use, LEFT)
    qtbot.waitUntil(lambda: window.composer.form_button.text() == "Table: a")
