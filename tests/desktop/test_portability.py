"""Chats come in and go out by the window's dialogs, with the mouse and with the keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QDialog, QFileDialog
from pytestqt.qtbot import QtBot

from core.chat.conversation import MessageState, Role
from core.portability.exporting import Form
from desktop.main_window import MainWindow
from desktop.portability.export_dialog import ExportDialog
from desktop.portability.import_dialog import ImportDialog
from tests.conftest import ROOT

EXPORTS = ROOT / "tests/data/exports"
Open = Callable[[], MainWindow]


def _import_dialog(window: MainWindow, qtbot: QtBot) -> ImportDialog:
    window.import_chats()
    dialog = window.findChild(ImportDialog)
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    return dialog


def _titles(window: MainWindow) -> set[str]:
    return {one.title for one in window.app.conversations.all()}


def test_chats_are_chosen_imported_and_in_the_list(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = _import_dialog(window, qtbot)
    folder = str(EXPORTS / "claude/export")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: folder)
    qtbot.mouseClick(dialog.folder_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.looking)
    assert dialog.model.rowCount() == 7
    qtbot.keyClicks(dialog.search, "wind")
    assert dialog.model.rowCount() == 1
    qtbot.mouseClick(dialog.none, Qt.MouseButton.LeftButton)  # of those that are shown
    dialog.search.clear()
    assert "6" in dialog.take.text()
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.ended)
    assert "6" in dialog.outcome.text()
    assert "急須.jpg" in dialog.report.toPlainText()
    assert "Wind on the headland" not in _titles(window)
    qtbot.waitUntil(lambda: window.sidebar.model.rowCount() > 6)
    qtbot.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)


def test_an_export_is_dropped_and_imported_with_the_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    dialog = _import_dialog(window, qtbot)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(EXPORTS / "open-webui/export/chat-export-1759820000000.json"))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    dialog.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, buttons, keys))
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.looking)
    qtbot.waitUntil(dialog.table.hasFocus)
    qtbot.keyClick(dialog.table, Qt.Key.Key_Space)  # unticks the first row
    assert "5" in dialog.take.text()
    dialog.take.setFocus()
    qtbot.keyClick(dialog.take, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.ended)
    assert len(_titles(window)) == 4  # one of the five is archived
    qtbot.keyClick(dialog.close_button, Qt.Key.Key_Space)


def test_what_is_no_export_is_said_in_the_dialog(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = _import_dialog(window, qtbot)
    (tmp_path / "notes.json").write_text("[]", encoding="utf-8")
    dialog.look(tmp_path / "notes.json")
    qtbot.waitUntil(lambda: dialog.problem.isVisible() and "notes.json" in dialog.problem.text())
    assert dialog.pages.currentWidget() is dialog.choosing
    dialog.look(EXPORTS / "cherry-studio/export-v6")
    qtbot.waitUntil(lambda: dialog.problem.isVisible() and "Legacy backup" in dialog.problem.text())
    dialog.reject()


def _said(window: MainWindow) -> int:
    store = window.app.conversations
    one = store.create("水路の話", "")
    question = store.add(one.id, Role.USER, "How <b>deep</b>?", parent=None)
    answer = store.add(
        one.id, Role.ASSISTANT, "", parent=question.id, state=MessageState.STREAMING, model="m"
    )
    store.finish(answer.id, "深さは $x^2$ です。\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", MessageState.DONE)
    window.sidebar.model.refresh()
    return one.id


@pytest.mark.parametrize("form", list(Form))
def test_a_chat_is_exported_in_each_form(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Form
) -> None:
    number = _said(window)
    qtbot.waitUntil(lambda: window.sidebar.title_of(number) == "水路の話")
    window.export_chats(number)
    dialog = window.findChild(ExportDialog)
    assert dialog is not None
    assert "水路の話" in dialog.what.currentText()
    path = tmp_path / f"out.{form.value}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    dialog.buttons[form].setFocus()
    qtbot.keyClick(dialog.buttons[form], Qt.Key.Key_Space)
    qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.said.isVisible(), timeout=60_000)
    content = path.read_bytes()
    match form:
        case Form.MARKDOWN:
            assert "深さは $x^2$ です。" in content.decode()
        case Form.HTML:
            page = content.decode()
            assert "How &lt;b&gt;deep&lt;/b&gt;?" in page
            assert '<img class="formula"' in page
            assert "<td>2</td>" in page
        case Form.PDF:
            document = pypdfium2.PdfDocument(content)
            text = document[0].get_textpage().get_text_bounded()
            assert "深さは" in text
            assert "How <b>deep</b>?" in text
        case Form.JSON:
            (chat,) = json.loads(content)["conversations"]
            assert chat["title"] == "水路の話"
    dialog.reject()


def test_everything_is_exported_and_a_project_into_a_folder(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = _said(window)
    app = window.app
    project = app.projects.create("運河")
    app.chat.move(number, project.id)
    qtbot.waitUntil(lambda: len(window.sidebar.projects.all) == 1)
    window.export_chats(project=project)
    dialog = window.findChild(ExportDialog)
    assert dialog is not None
    assert "運河" in dialog.what.currentText()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.said.isVisible())
    assert (tmp_path / "運河/水路の話.md").is_file()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(QDialog))
    window.show_page("settings")
    settings = window._settings_dialog
    assert settings is not None
    qtbot.mouseClick(settings.portability.export_button, Qt.MouseButton.LeftButton)
    everything = settings.findChild(ExportDialog)
    assert everything is not None
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "all.json"), ""))
    everything.buttons[Form.JSON].click()
    qtbot.mouseClick(everything.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: everything.said.isVisible())
    saved = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in saved["projects"]] == ["運河"]
    everything.reject()
    settings.accept()
