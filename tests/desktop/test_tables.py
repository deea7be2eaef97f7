"""Tables by the window: begun, filled, looked at, corrected, saved, with the mouse and with the keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from core.jobs import Job
from core.structured import fields, inputs
from core.structured.fields import Field, Form, Kind
from core.structured.run import Run
from desktop.main_window import MainWindow
from desktop.tables.new_table import COLLECTION, FILES, SHEET, NewTableDialog
from desktop.tables.page import TablesPage
from tests.desktop.conftest import undo

Open = Callable[..., MainWindow]
Script = Callable[..., Path]
LEFT = Qt.MouseButton.LeftButton
KETTLE = json.dumps({"product": "kettle", "price": None, "mood": "bad"})
TOASTER = json.dumps({"product": "toaster", "price": 31, "mood": "good"})
WANTED = Form(fields.parse("product, price: number, mood: (good|bad)!"))


@pytest.fixture
def page(open_window: Open, script: Script) -> TablesPage:
    script(
        {"when": "kettle", "say": KETTLE},
        {"when": "toaster", "say": TOASTER},
        {"when": "rent", "say": json.dumps({"rent": 812})},
        {"when": "slow", "say": TOASTER + " " * 60, "seconds_per_piece": 0.2},
        {"when": "", "say": "No."},
    )
    window = open_window()
    window.show_page("tables")
    return window.tables


def dialog(page: TablesPage, qtbot: QtBot) -> NewTableDialog:
    qtbot.waitUntil(lambda: page.findChild(NewTableDialog) is not None)
    found = page.findChild(NewTableDialog)
    assert found is not None
    return found


def filled(page: TablesPage, qtbot: QtBot, *lines: str, form: Form = WANTED) -> Run:
    """A table that is there already."""
    run = page._runs.create("Reviews", form, inputs.lines("\n".join(lines)))
    page._runs.start(run.id).wait(30)
    page.open_run(run)
    qtbot.waitUntil(
        lambda: page.model.rowCount() == len(lines) and page._run is not None and not page._run.counts.waiting
    )
    return run


def shown(page: TablesPage) -> list[list[str]]:
    model = page.model
    return [
        [model.index(row, column).data() or "" for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_a_table_is_begun_and_filled(page: TablesPage, qtbot: QtBot) -> None:
    assert page.empty.isVisibleTo(page)
    qtbot.mouseClick(page.new_button, LEFT)
    new = dialog(page, qtbot)
    assert not new.fill.isEnabled()
    new.lines.setFocus()
    qtbot.keyClicks(new.lines, "The kettle leaks.")
    qtbot.keyClick(new.lines, Qt.Key.Key_Return)
    qtbot.keyClicks(new.lines, "A toaster for 29 euros.")
    first = new.fields.lines[0]
    qtbot.keyClicks(first.name, "product")
    assert new.fill.isEnabled()
    qtbot.mouseClick(new.fields.add, LEFT)
    second = new.fields.lines[1]
    assert QApplication.focusWidget() is second.name or not new.isActiveWindow()
    qtbot.keyClicks(second.name, "price")
    second.kind.setCurrentIndex(second.kind.findData(Kind.NUMBER))
    qtbot.mouseClick(new.fields.add, LEFT)
    third = new.fields.lines[2]
    qtbot.keyClicks(third.name, "mood")
    third.kind.setCurrentIndex(third.kind.findData(Kind.CHOICE))
    qtbot.keyClicks(third.about, "good, bad")
    third.needed.setChecked(True)
    qtbot.mouseClick(new.fields.add, LEFT)
    qtbot.mouseClick(new.fields.lines[3].remove, LEFT)
    assert new.form() == WANTED
    qtbot.mouseClick(new.fill, LEFT)
    qtbot.waitUntil(lambda: page._run is not None and page._run.counts.done == 2, timeout=20_000)
    qtbot.waitUntil(lambda: len(shown(page)) == 2 and shown(page)[1][1] == "toaster")
    assert shown(page) == [
        ["The kettle leaks.", "kettle", "", "bad"],
        ["A toaster for 29 euros.", "toaster", "31 ?", "good"],
    ]
    assert page.name.text() == "product, price, mood"
    assert page.list.count() == 1
    qtbot.waitUntil(lambda: not page.go_button.isVisibleTo(page))  # nothing is left to be done


def test_a_row_says_what_went_wrong_and_is_read_again(page: TablesPage, qtbot: QtBot) -> None:
    run = filled(page, qtbot, "The kettle.", "Something else.")
    assert "1 could not be filled" in page.state.text()
    assert shown(page)[1][1].startswith("The model's answer was of no use here")
    page.view.setFocus()
    page.view.setCurrentIndex(page.model.index(0, 0))
    qtbot.keyClick(page.view, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: page.text.toPlainText() == "Something else.")
    assert "of no use" in page.note.text()
    told = page._runs.store.row(run.id, 2)
    assert told.error is not None
    qtbot.mouseClick(page.again_button, LEFT)
    qtbot.waitUntil(lambda: page.go_button.text() == "Try failed ones again", timeout=20_000)
    assert page._run is not None
    assert page._run.counts.failed == 1
    qtbot.mouseClick(page.go_button, LEFT)
    qtbot.waitUntil(lambda: not page._runs.running(run.id), timeout=20_000)


@pytest.mark.logs("shown to the person: ValueUnfit")
def test_a_cell_is_corrected(page: TablesPage, qtbot: QtBot) -> None:
    run = filled(page, qtbot, "A toaster for 29 euros.")
    price = page.model.index(0, 2)
    assert price.data() == "31 ?"
    page.view.setCurrentIndex(price)
    page.view.edit(price)
    editor = page.view.findChild(QLineEdit)
    assert editor is not None
    editor.selectAll()
    qtbot.keyClicks(editor, "29")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: price.data() == "29")
    assert price.data(Qt.ItemDataRole.ToolTipRole) == "You have changed this."
    page.view.edit(price)
    again = page.view.findChild(QLineEdit)
    assert again is not None
    again.setText("much")
    qtbot.keyClick(again, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.banner.isVisibleTo(page))
    assert "much does not fit" in page.banner.text.text()
    assert price.data() == "29"
    mood = page.model.index(0, 3)
    page.view.edit(mood)
    box = page.view.findChild(QComboBox)
    assert box is not None
    assert [box.itemText(n) for n in range(box.count())] == ["good", "bad"]
    qtbot.keyClick(box, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: mood.data() == "bad")
    assert page._runs.store.row(run.id, 1).output.edited == [["price", "mood"]]


def test_it_is_stopped_and_goes_on(page: TablesPage, qtbot: QtBot) -> None:
    run = page._runs.create("Reviews", WANTED, inputs.lines("The kettle.\nA slow one.\nThe kettle."))
    page.open_run(run)
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    assert page.go_button.text() == "Go on"
    qtbot.mouseClick(page.go_button, LEFT)
    qtbot.waitUntil(lambda: page._run is not None and page._run.counts.done == 1, timeout=20_000)
    assert page.go_button.text() == "Stop"
    assert page.bar.isVisibleTo(page)
    assert page.list.item(0).text() == "Reviews  (1/3)"
    qtbot.mouseClick(page.go_button, LEFT)
    qtbot.waitUntil(lambda: page.go_button.text() == "Go on", timeout=20_000)
    assert "stopped" in page.state.text()
    assert not page.bar.isVisibleTo(page)
    assert not page.banner.isVisibleTo(page)
    qtbot.mouseClick(page.go_button, LEFT)
    qtbot.waitUntil(lambda: page._run is not None and page._run.counts.done == 3, timeout=30_000)


@pytest.mark.parametrize(("name", "kind"), [("out.xlsx", ""), ("out.csv", ""), ("out", "JSON (*.json)")])
def test_it_is_saved(
    page: TablesPage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    filled(page, qtbot, "The kettle leaks.")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), kind))
    qtbot.mouseClick(page.save_button, LEFT)
    target = tmp_path / (name if "." in name else f"{name}.json")
    qtbot.waitUntil(target.exists)
    if target.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(target).active
        assert sheet is not None
        assert [cell.value for cell in sheet[2]] == ["The kettle leaks.", "kettle", None, "bad"]
    else:
        assert "kettle" in target.read_text(encoding="utf-8")
    qtbot.waitUntil(lambda: target.name in page.banner.text.text())


def test_it_is_renamed_copied_removed_and_brought_back(
    page: TablesPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QInputDialog

    filled(page, qtbot, "The kettle leaks.")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("Kettles", True))

    def choose(name: str) -> None:
        qtbot.mouseClick(page.more, LEFT)
        qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        next(action for action in menu.actions() if action.text() == name).trigger()
        menu.close()

    choose("Rename…")
    qtbot.waitUntil(lambda: page.name.text() == "Kettles")
    choose("Copy the table")
    qtbot.waitUntil(lambda: "kettle\t\tbad" in QApplication.clipboard().text())
    choose("New table with these columns…")
    new = dialog(page, qtbot)
    assert new.form() == WANTED
    new.reject()
    choose("Remove")
    qtbot.waitUntil(lambda: page.empty.isVisibleTo(page))
    undo(qtbot, page.banner)
    qtbot.waitUntil(lambda: page.list.count() == 1)


def test_rows_of_a_sheet(
    page: TablesPage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = tmp_path / "reviews.csv"
    sheet.write_text("id,review\n1,The kettle leaks\n2,A fine toaster\n", encoding="utf-8")
    page.new_table()
    new = dialog(page, qtbot)
    new.source.setCurrentIndex(SHEET)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(sheet), ""))
    qtbot.mouseClick(new.choose_sheet, LEFT)
    qtbot.waitUntil(lambda: new.column.count() == 3)
    new.column.setCurrentIndex(new.column.findData("review"))
    new.fields.show_fields(WANTED.fields)
    qtbot.mouseClick(new.fill, LEFT)
    qtbot.waitUntil(lambda: len(shown(page)) == 2 and shown(page)[1][1] == "toaster", timeout=20_000)
    assert page.name.text() == "reviews.csv"


def test_what_cannot_be_read_is_said_in_the_dialog(page: TablesPage, qtbot: QtBot, tmp_path: Path) -> None:
    page.new_table()
    new = dialog(page, qtbot)
    new.source.setCurrentIndex(FILES)
    new.files.addItem(str(tmp_path / "gone.txt"))
    new.fields.show_fields([Field("mood", Kind.CHOICE)])
    new._check()
    qtbot.mouseClick(new.fill, LEFT)
    qtbot.waitUntil(lambda: new.problem.isVisibleTo(new))
    assert "gone.txt" in new.problem.text()
    assert new.fill.isEnabled()
    new.own_schema.setChecked(True)
    new.schema.setPlainText("{")
    (tmp_path / "gone.txt").write_text("Here it is.", encoding="utf-8")
    qtbot.mouseClick(new.fill, LEFT)
    qtbot.waitUntil(lambda: "not a JSON schema" in new.problem.text())


def test_documents_become_rows_with_their_places(page: TablesPage, qtbot: QtBot, tmp_path: Path) -> None:
    app = page._app
    lease = tmp_path / "lease.md"
    lease.write_text("# Lease\n\nThe monthly rent is 812 euros.\n", encoding="utf-8")
    app.ingest.add([str(lease)], "Leases", Job(0, "add"))
    window = page.window()
    assert isinstance(window, MainWindow)
    window.show_page("documents")
    qtbot.waitUntil(lambda: window.documents.list.count() == 1)
    window.documents.tabulate.emit("Leases")
    new = dialog(page, qtbot)
    assert window.pages.currentWidget() is page
    assert new.source.currentIndex() == COLLECTION
    assert new.collection.currentText() == "Leases"
    new.fields.show_fields([Field("rent", Kind.NUMBER)])
    qtbot.mouseClick(new.fill, LEFT)
    qtbot.waitUntil(lambda: shown(page) == [["lease.md", "812"]], timeout=20_000)
    page.view.setCurrentIndex(page.model.index(0, 1))
    qtbot.waitUntil(lambda: page.show_button.isVisibleTo(page))
    qtbot.waitUntil(lambda: "monthly rent" in page.text.toPlainText())
    qtbot.mouseClick(page.show_button, LEFT)
    qtbot.waitUntil(lambda: window.source.isVisible())


def test_several_rows_of_one_text_take_several_lines(page: TablesPage, qtbot: QtBot) -> None:
    form = Form([Field("name")], several=True)
    run = page._runs.create("People", form, inputs.lines("Anna and Berta\nnobody\nCarl"))
    page.open_run(run)
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    row = page._runs.store.row(run.id, 1)
    from core.structured.run import Output

    page._runs.store.put(run.id, 1, Output([{"name": "Anna"}, {"name": "Berta"}]))
    page.model.put(page._runs.store.row(run.id, 1))
    assert shown(page) == [["Anna and Berta", "Anna"], ["", "Berta"], ["nobody", ""], ["Carl", ""]]
    assert page.model.row_at(page.model.index(2, 0)) is not None
    page.model.put(row)
    assert [line[0] for line in shown(page)] == ["Anna and Berta", "nobody", "Carl"]
    assert page.model.rowCount(QModelIndex()) == 3


def test_in_japanese_the_forms_are_japanese(open_window: Open, script: Script, qtbot: QtBot) -> None:
    script({"when": "", "say": json.dumps({"商品": "やかん", "評価": "良い", "要約": "よい。"})})
    window = open_window("ja")
    window.show_page("tables")
    window.tables.new_table()
    new = dialog(window.tables, qtbot)
    new.begin.setCurrentIndex(1)
    assert [field.name for field in new.form().fields] == ["商品", "評価", "要約"]
    new.lines.setPlainText("やかんはよい。")
    qtbot.mouseClick(new.fill, LEFT)
    page = window.tables
    qtbot.waitUntil(lambda: len(shown(page)) == 1 and shown(page)[0][2] == "良い", timeout=20_000)
    assert page.name.text() == "レビュー"
