"""A newcomer's script with real models: a project from a folder, an assistant with three examples, a form-filled prompt, a table
from ten files into a workbook, two contestants compared blind; and all of it taken into an empty home."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from core.app import App
from core.paths import Home
from core.portability.exporting import Form
from core.structured.fields import Field, Kind
from desktop.assistants.dialog import AssistantsDialog
from desktop.main_window import MainWindow
from desktop.portability.export_dialog import ExportDialog
from desktop.tables.new_table import NewTableDialog
from tests.desktop.conftest import Open, answered, send
from tests.desktop.test_projects import dialog as project_dialog
from tests.desktop.test_prompts import form as prompt_form
from tests.desktop.test_prompts import names as prompt_names
from tests.end_to_end.test_first_hour import drop

LEFT = Qt.MouseButton.LeftButton
SECONDS = 120_000  # milliseconds; a busy machine with two cores
LETTERS = [
    ("Anna Berg", "a refund of 40 euros", "The kettle that I bought on 3 May 2026 leaks."),
    ("Tom Field", "a new lid", "The lid of my pot broke on the first day."),
    ("Mia Holm", "an answer", "I wrote to you twice in April, and nobody replied."),
    ("Jo Sand", "a repair", "The toaster burns one side and leaves the other white."),
    ("Eva Lund", "the invoice", "The order of 12 June 2026 came without a bill."),
    ("Max Brook", "to cancel the order", "I ordered two lamps by mistake and need one."),
    ("Ina West", "a later delivery", "We are away until 20 August 2026."),
    ("Ole Dahl", "a discount", "The box was open and the manual was missing."),
    ("Kim Vale", "a manual in Japanese", "My mother does not read English."),
    ("Lea Moor", "nothing at all", "The blue chair is lovely, and I only want to say thank you."),
]


def folder(where: Path) -> Path:
    letters = where / "letters"
    letters.mkdir()
    for number, (name, wish, text) in enumerate(LETTERS, 1):
        said = f"Dear shop,\n\n{text} I ask for {wish}.\n\nYours sincerely,\n{name}\n"
        (letters / f"letter-{number:02}.txt").write_text(said, encoding="utf-8")
    return letters


def make_project(qtbot: QtBot, window: MainWindow, collection: str) -> None:
    qtbot.mouseClick(window.sidebar.projects.new_button, LEFT)
    made = project_dialog(qtbot)
    qtbot.keyClicks(made.name, "Shop")
    made.documents.setCurrentText(collection)
    qtbot.keyClicks(made.memory, "The shop closes at six.")
    qtbot.mouseClick(made.save_button, LEFT)
    qtbot.waitUntil(lambda: window.chat.outgoing.project is not None, timeout=SECONDS)


def make_assistant(qtbot: QtBot, window: MainWindow) -> None:
    window.chat.assistants.open()
    qtbot.waitUntil(lambda: window.findChild(AssistantsDialog) is not None)
    shown = window.findChild(AssistantsDialog)
    assert shown is not None
    qtbot.waitUntil(lambda: shown.list.count() > 0)
    qtbot.mouseClick(shown.new_button, LEFT)
    qtbot.keyClicks(shown.name, "Clerk")
    qtbot.keyClicks(shown.instructions, "You name the topic of each message in one word.")
    for said, answer in (
        ("My lamp broke.", "repair"),
        ("Where is my parcel?", "delivery"),
        ("I paid twice.", "money"),
    ):
        qtbot.mouseClick(shown.examples.add, LEFT)
        qtbot.keyClicks(shown.examples.lines[-1][0], said)
        qtbot.keyClicks(shown.examples.lines[-1][1], answer)
    qtbot.mouseClick(shown.save_button, LEFT)
    qtbot.waitUntil(lambda: any(one.id == "clerk" for one in window.app.assistants.all()))
    qtbot.waitUntil(lambda: shown.talk_button.isEnabled() and shown.list.currentItem() is not None)
    qtbot.mouseClick(shown.talk_button, LEFT)


def fill_table(
    qtbot: QtBot, window: MainWindow, collection: str, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.tabulate(collection)
    page = window.tables
    qtbot.waitUntil(lambda: page.findChild(NewTableDialog) is not None)
    new = page.findChild(NewTableDialog)
    assert new is not None
    new.fields.show_fields(
        [Field("sender"), Field("kind", Kind.CHOICE, choices=["complaint", "wish", "thanks"], needed=True)]
    )
    qtbot.mouseClick(new.fill, LEFT)
    qtbot.waitUntil(lambda: page._run is not None and page._run.counts.waiting == 0, timeout=SECONDS)
    assert page._run is not None
    assert page._run.counts.done == 10
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    qtbot.mouseClick(page.save_button, LEFT)
    qtbot.waitUntil(out.exists, timeout=SECONDS)


def compare(qtbot: QtBot, window: MainWindow) -> None:
    window.show_page("compare")
    side = window.compare.side_by_side
    qtbot.waitUntil(lambda: len(side.contestants.contestants) == 2)
    side.contestants.lines[1].temperature.setValue(1.0)
    qtbot.keyClicks(side.prompt, "Name a colour in one word.")
    qtbot.mouseClick(side.ask, LEFT)
    qtbot.waitUntil(lambda: len(side.vote_buttons) == 4, timeout=SECONDS)
    assert [column.name.text() for column in side.columns] == ["A", "B"]
    qtbot.mouseClick(side.vote_buttons[0], LEFT)
    qtbot.waitUntil(lambda: side.comparison is not None and side.comparison.vote == 0, timeout=SECONDS)


def content(path: Path) -> dict[str, Any]:
    """An export without what only its home knows: ids of messages and documents."""
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    told.pop("made")
    for chat in told["conversations"]:
        keys = {turn["key"]: str(number) for number, turn in enumerate(chat["turns"])}
        for turn in chat["turns"]:
            turn["key"] = keys[turn["key"]]
            turn["parent"] = keys.get(turn.get("parent", ""))
        chat["shown"] = keys.get(chat.get("shown", ""))
    for table in told["tables"]:
        for row in table["rows"]:
            for marks in row.get("output", {}).get("found", []):
                for found in marks.values():
                    found.pop("source", None)
    text = json.dumps(told, sort_keys=True)
    plain: dict[str, Any] = json.loads(text)
    _without_ids(plain)
    return plain


def _without_ids(value: Any) -> None:
    if isinstance(value, dict):
        value.pop("page_id", None)
        for inner in value.values():
            _without_ids(inner)
    elif isinstance(value, list):
        for inner in value:
            _without_ids(inner)


def test_a_newcomers_script(
    qtbot: QtBot, open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(welcomed=True, memory=True)
    drop(window, folder(tmp_path))
    qtbot.waitUntil(lambda: window.chat.choices.collection == "letters", timeout=SECONDS)
    qtbot.waitUntil(lambda: window.app.documents.count_documents("letters") == 10, timeout=SECONDS)
    make_project(qtbot, window, "letters")

    make_assistant(qtbot, window)
    send(qtbot, window, "The chair came with three legs.")
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)
    begun = window.app.conversations.get(window.chat.conversation or 0)
    assert begun.assistant == "clerk"
    assert "Output: delivery" in begun.system_prompt
    assert "The shop closes at six." in begun.system_prompt

    window.new_chat()
    qtbot.keyClicks(window.composer.text, "/shorten")
    qtbot.waitUntil(lambda: prompt_names(window) != [], timeout=SECONDS)
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Return)
    filled = prompt_form(qtbot)
    qtbot.keyClicks(filled.fields["text"], "The blue chair is lovely, and I only want to say thank you.")
    button: QPushButton = filled.send_button
    qtbot.mouseClick(button, LEFT)
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)

    book = tmp_path / "letters.xlsx"
    fill_table(qtbot, window, "letters", book, monkeypatch)
    sheet = openpyxl.load_workbook(book).active
    assert sheet is not None
    assert sheet.max_row == 11
    assert {sheet.cell(row, 3).value for row in range(2, 12)} <= {"complaint", "wish", "thanks"}

    compare(qtbot, window)

    everything = tmp_path / "everything.json"
    window.export_chats()
    shown = window.findChild(ExportDialog)
    assert shown is not None
    shown.buttons[Form.JSON].setChecked(True)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(everything), ""))
    qtbot.mouseClick(shown.export, LEFT)
    qtbot.waitUntil(everything.exists, timeout=SECONDS)
    other = Home(tmp_path / "other")
    other.create()
    second = App(other)
    try:
        second.imports.take_in(everything)
        from core.portability.exporting import Chosen

        second.exports.json(tmp_path / "again.json", Chosen())
    finally:
        second.close()
    first, again = content(everything), content(tmp_path / "again.json")
    assert len(first["conversations"]) == 2
    assert (len(first["tables"]), len(first["assistants"]), len(first["comparisons"])) == (1, 1, 1)
    assert again == first
