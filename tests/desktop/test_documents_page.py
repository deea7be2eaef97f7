"""The page of documents: files with what became of them, filters, what was read, and what can be done with files and collections."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QInputDialog, QMenu
from pytestqt.qtbot import QtBot
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from core.chat.events import AnswerEnded
from core.documents.additions import AdditionEnded
from core.errors import FileMissing, HiddenLeftOut, LinkLeadsOut, TsukueError
from core.storage.collections import Failure
from desktop.documents.check_dialog import Bar, CheckDialog
from desktop.documents.details import ReadText
from desktop.documents.files_model import FileRow, Filter
from desktop.documents.page import DocumentsPage
from desktop.main_window import MainWindow
from tests.conftest import CORPUS
from tests.desktop.conftest import Open

SECONDS = 60_000


@pytest.fixture
def window(open_window: Open, tmp_path: Path) -> MainWindow:
    window = open_window(welcomed=True)
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "gate.txt").write_text("The gate closes at eight.")
    (folder / "prices.csv").write_text("Item;Price\nScone;1.50\nTea;2.20\n")
    (folder / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    canvas = Canvas(str(folder / "secret.pdf"), encrypt=StandardEncryption("word", canPrint=0))
    canvas.drawString(72, 700, "The vault opens at five.")
    canvas.save()
    window.app.additions.add([str(folder)], "Office").wait(60)
    window.app.additions.add([str(CORPUS / "kettle-en.pdf")], "Kettle").wait(60)
    return window


def shown(qtbot: QtBot, window: MainWindow, collection: str, files: int) -> DocumentsPage:
    window.show_page("documents")
    page = window.documents
    qtbot.waitUntil(lambda: page.list.count() == len(window.app.documents.collections()), timeout=SECONDS)
    for row in range(page.list.count()):
        if page.list.item(row).text() == collection:
            page.list.setCurrentRow(row)
    qtbot.waitUntil(
        lambda: page.name.text() == collection and page.model.rowCount() == files, timeout=SECONDS
    )
    return page


def choose(page: DocumentsPage, name: str) -> None:
    for row in range(page.model.rowCount()):
        if page.model.index(row, 0).data() == name:
            page.files.setCurrentIndex(page.model.index(row, 0))
            return
    raise AssertionError(f"{name} is not shown")


@pytest.mark.logs("a file was not added", "shown to the person")
def test_files_are_listed_with_what_became_of_them(qtbot: QtBot, window: MainWindow) -> None:
    page = shown(qtbot, window, "Office", 4)
    states = {page.model.index(row, 0).data(): page.model.index(row, 1).data() for row in range(4)}
    assert states == {
        "bad.pdf": "not read",
        "gate.txt": "ready",
        "prices.csv": "ready",
        "secret.pdf": "not read",
    }
    assert page.counts.text().endswith("2 files were not read")
    page.filter.setCurrentIndex(list(Filter).index(Filter.FAILED))
    assert page.model.rowCount() == 2
    choose(page, "bad.pdf")
    assert page.details.isVisible()
    assert "damaged" in page.details.remarks.text()
    assert not page.details.unlock_button.isVisible()
    page.filter.setCurrentIndex(0)
    page.search.setText("PRIC")
    assert page.model.rowCount() == 1
    choose(page, "prices.csv")
    page.details.text_button.click()
    (dialog,) = window.findChildren(ReadText)
    qtbot.waitUntil(lambda: "Scone" in dialog.text.toPlainText(), timeout=SECONDS)
    dialog.close()


@pytest.mark.logs("a file was not added", "shown to the person")
def test_a_protected_file_asks_for_its_password(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = shown(qtbot, window, "Office", 4)
    choose(page, "secret.pdf")
    assert page.details.unlock_button.isVisible()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("word", True))
    page.details.unlock_button.click()
    qtbot.waitUntil(lambda: page.model.count(Filter.READY) == 3, timeout=SECONDS)


@pytest.mark.logs("a file was not added", "shown to the person")
def test_what_is_removed_can_be_brought_back(qtbot: QtBot, window: MainWindow) -> None:
    page = shown(qtbot, window, "Office", 4)
    choose(page, "gate.txt")
    page.details.remove_button.click()
    qtbot.waitUntil(lambda: page.model.rowCount() == 3, timeout=SECONDS)
    assert page.banner.text.text() == "1 document was removed."
    page.banner.action.click()
    qtbot.waitUntil(lambda: page.model.rowCount() == 4, timeout=SECONDS)


@pytest.mark.logs("a file was not added", "shown to the person")
def test_collections_are_renamed_and_merged(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = shown(qtbot, window, "Kettle", 1)
    window.chat.choices.ask_collection("Kettle")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("Machines", True))
    page._rename()
    qtbot.waitUntil(lambda: page.name.text() == "Machines", timeout=SECONDS)
    assert window.chat.choices.collection == "Machines"
    page._merge("Office")
    qtbot.waitUntil(lambda: page.name.text() == "Office" and page.model.rowCount() == 5, timeout=SECONDS)
    assert window.chat.choices.collection == "Office"
    assert page.list.count() == 1


@pytest.mark.logs("a file was not added", "shown to the person")
def test_an_encoding_is_chosen_by_hand(qtbot: QtBot, window: MainWindow) -> None:
    page = shown(qtbot, window, "Office", 4)
    choose(page, "gate.txt")
    row = page.model.row(page.files.currentIndex())
    assert row is not None
    menu = QMenu()
    page._encodings(menu, row)
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["Found by itself"]
    ended: list[AdditionEnded] = []
    window.app.events.listen(AdditionEnded, ended.append)
    next(action for action in menu.actions() if action.text() == "Shift_JIS").trigger()
    qtbot.waitUntil(lambda: len(ended) == 1, timeout=SECONDS)
    (document,) = [d for d in window.app.documents.documents("Office") if d.file.endswith("gate.txt")]
    assert document.encoding == "cp932"


def test_what_was_left_out_is_not_called_unread() -> None:
    """The row is that of the folder, which was read."""

    def state(error: TsukueError) -> str:
        return FileRow("/papers", failure=Failure("Office", "/papers", "/papers", error, 0)).state(None)

    assert state(HiddenLeftOut(2, ".env, .x")) == "hidden files left out"
    assert state(LinkLeadsOut("a", "/etc")) == "not followed"
    assert state(FileMissing("a")) == "not read"


@pytest.mark.logs("a file was not added", "shown to the person")
def test_a_question_about_one_file_and_about_all(qtbot: QtBot, window: MainWindow) -> None:
    """Asked from the file's menu, a question is narrowed by words in it that the person can see and change."""
    window.app.settings.change(document_answers="quoted")
    page = shown(qtbot, window, "Office", 4)
    choose(page, "gate.txt")
    page._file_menu(page.files.visualRect(page.files.currentIndex()).center())
    menu = next(menu for menu in page.findChildren(QMenu) if menu.isVisible())
    next(action for action in menu.actions() if action.text() == "Ask about this file").trigger()
    menu.close()
    composer = window.chat.composer
    assert composer.text.toPlainText() == 'file:"gate.txt" '
    qtbot.waitUntil(lambda: composer.collection_button.text() == "Quote “Office”")
    composer.insert("When does the gate close?")
    answered: list[object] = []
    window.app.events.listen(AnswerEnded, answered.append)
    composer._submit()
    qtbot.waitUntil(lambda: bool(answered), timeout=SECONDS)
    details = answered[0].message.details  # type: ignore[attr-defined]
    assert {Path(shown.file).name for shown in details.passages} == {"gate.txt"}
    assert "eight" in details.quotation.text

    menu = composer.collection_button.menu()
    next(action for action in menu.actions() if action.text() == "All documents").trigger()
    qtbot.waitUntil(lambda: composer.collection_button.text() == "Quote all documents")
    composer.insert("How long is the warranty of the heating base?")
    composer._submit()
    qtbot.waitUntil(lambda: len(answered) == 2, timeout=SECONDS)
    details = answered[1].message.details  # type: ignore[attr-defined]
    assert Path(details.quotation.file).name == "kettle-en.pdf"
    # Files that are dropped meanwhile get a collection of their own, and all are asked still.
    window.chat.documents.add([str(CORPUS / "lease-ja.pdf")])
    qtbot.waitUntil(lambda: "lease-ja" in composer_menu(window), timeout=SECONDS)
    qtbot.waitUntil(lambda: not window.chat.adding.busy, timeout=SECONDS)
    assert window.chat.choices.collection == "*"
    assert composer.collection_button.text() == "Quote all documents"


def composer_menu(window: MainWindow) -> list[str]:
    return [action.text() for action in window.chat.composer.collection_button.menu().actions()]


@pytest.mark.logs("a file was not added", "shown to the person")
def test_a_collection_is_checked_with_bars_and_advice(qtbot: QtBot, window: MainWindow) -> None:
    page = shown(qtbot, window, "Kettle", 1)
    page._menu(page.mapToGlobal(page.rect().center()))
    menu = next(menu for menu in page.findChildren(QMenu) if menu.isVisible())
    next(action for action in menu.actions() if action.text() == "Check how well it is found…").trigger()
    menu.close()
    dialog = page.findChild(CheckDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: not dialog.progress.isVisible(), timeout=SECONDS)
    assert "found their place among the first five" in dialog.headline.text()
    bars = dialog.findChildren(Bar)
    assert bars[0].accessibleName().startswith("All: ")
    assert bars[0].grab().toImage().pixelColor(3, bars[0].height() // 2).name() == window.theme.tokens.accent
    dialog.close()
    # Closed while it goes on, it ends.
    page._check()
    dialog = page.findChildren(CheckDialog)[-1]
    dialog.close()
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=SECONDS)


@pytest.mark.logs("a file was not added", "shown to the person")
def test_a_collection_without_text_says_so(qtbot: QtBot, window: MainWindow) -> None:
    window.app.documents.collection("Empty", create=True)
    page = shown(qtbot, window, "Empty", 0)
    page._check()
    dialog = page.findChild(CheckDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: "too little text" in dialog.headline.text(), timeout=SECONDS)
    dialog.close()


@pytest.mark.logs("a file was not added", "shown to the person")
def test_a_vector_server_is_shown_as_not_offline_everywhere(window: MainWindow, qtbot: QtBot) -> None:
    page = window.documents
    assert "127.0.0.1" not in page.about.text()
    window.app.settings.change(vector_server="http://someone:secret@127.0.0.1:9")
    qtbot.waitUntil(lambda: "Not offline: 127.0.0.1:9" in page.about.text())
    assert window.status.offline.text() == "Online: 127.0.0.1:9"
    assert "secret" not in page.about.text() + window.status.offline.toolTip()
    assert "no text" in window.status.offline.toolTip()
    window.app.settings.change(vector_server="")
    qtbot.waitUntil(lambda: "127.0.0.1" not in page.about.text())
    assert window.status.offline.text() == "Offline"


@pytest.mark.logs("a file was not added", "shown to the person", "The vector server .* cannot be used")
def test_a_vector_server_that_is_away_is_said_once(window: MainWindow, qtbot: QtBot) -> None:
    said: list[str] = []
    window.notify.shown.connect(lambda kind, text, action: said.append(text))
    window.app.settings.change(vector_server="127.0.0.1:9")  # nobody listens there
    window.app.index.nearest(window.app.documents.collection("Kettle"), "warranty", 3)
    window.app.index.nearest(window.app.documents.collection("Kettle"), "warranty", 3)
    qtbot.waitUntil(lambda: bool(said))
    assert len(said) == 1
    assert said[0].startswith("The vector server 127.0.0.1:9 cannot be used")
