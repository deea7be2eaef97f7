"""The language changes while the window is open: every word of it, and nothing that was there is lost."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTranslator
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from core.chat.conversation import Role
from core.paths import Home
from desktop import i18n
from desktop.chat.answer import AnswerWidget
from desktop.language import rebuild
from desktop.main_window import MainWindow
from tests.desktop.conftest import answered, send

NAMES = (
    "SmolLM2 135M",
    "all-MiniLM-L6-v2",
    "Whisper base",
    "Whisper tiny.en",
    "PP-OCRv6 small",
    "English",
    "Tsukue",
)


@pytest.fixture(autouse=True)
def english_again(qapp: QApplication) -> Iterator[None]:
    yield
    i18n.choose("en", qapp)


def change(qtbot: QtBot, window: MainWindow, language: str) -> None:
    """Change the setting, as the dialog does, and wait until the window speaks it."""
    before = window.chat
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=20_000)
    window.app.settings.change(language=language)
    qtbot.waitUntil(lambda: window.chat is not before, timeout=20_000)
    assert i18n.language() == language
    free(qtbot, window)


def free(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until everything is read and nothing is under way, and let go of what was taken down."""
    read: list[None] = []
    window.reads.ask(lambda: None, read.append)  # reads are done one after the other
    qtbot.waitUntil(lambda: bool(read), timeout=20_000)
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=20_000)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def words(*parts: QWidget) -> set[str]:
    """Everything that these parts show or say of themselves."""
    found: set[str] = set()
    for part in parts:
        for widget in (part, *part.findChildren(QWidget)):
            found |= {widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()}
            if isinstance(widget, QLabel | QPushButton | QToolButton):
                found.add(widget.text())
            if isinstance(widget, QLineEdit | QPlainTextEdit):
                found.add(widget.placeholderText())
            if isinstance(widget, QComboBox):
                found |= {widget.itemText(i) for i in range(widget.count())}
            for action in (
                getattr(widget, "menu", lambda: None)().actions()
                if hasattr(widget, "menu") and widget.menu()
                else []
            ):
                found.add(action.text())
    return found


def english(texts: set[str]) -> set[str]:
    """Those that have Latin letters and no Japanese ones, but for names and keys."""
    latin = {t for t in texts if any(c.isalpha() for c in t) and all(ord(c) < 0x2E80 for c in t)}
    return {t for t in latin if not t.startswith(NAMES) and not t.startswith("Ctrl")}


def test_every_word_is_japanese_and_back(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "About desks")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    conversation = window.chat.conversation
    qtbot.keyClicks(window.composer.text, "half a sent")
    cursor = window.composer.text.textCursor()
    cursor.setPosition(4)
    window.composer.text.setTextCursor(cursor)
    before = words(window.sidebar, window.composer, window.status)
    assert len(english(before)) > 15

    change(qtbot, window, "ja")
    window._look()
    assert english(words(window.sidebar, window.composer, window.status)) == set()
    rows = [str(window.sidebar.model.index(i).data()) for i in range(window.sidebar.model.rowCount())]
    assert rows == ["今日", "About desks"]
    assert window.composer.text.toPlainText() == "half a sent"
    assert window.composer.text.textCursor().position() == 4
    assert window.chat.conversation == conversation
    assert len(window.chat.transcript.findChildren(AnswerWidget)) == 1
    assert window.chat.title.text() == "About desks"
    assert english(words(window.documents, window.models.tabs["here"], window.source)) == set()

    change(qtbot, window, "en")
    assert words(window.sidebar, window.composer, window.status) == before
    assert window.composer.text.toPlainText() == "half a sent"
    window.composer.text.clear()
    send(qtbot, window, "Still there?")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    assert len(window.chat.transcript.findChildren(AnswerWidget)) == 2


def test_the_dialog_stays_open_where_it_was(qtbot: QtBot, window: MainWindow) -> None:
    window.show_page("settings")
    dialog = window._settings_dialog
    assert dialog is not None
    dialog.search.setText("言語")
    box = dialog.fields["language"]
    assert isinstance(box, QComboBox)
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=20_000)
    before = window.chat
    box.setFocus()
    box.setCurrentIndex(box.findData("ja"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: window.chat is not before, timeout=20_000)
    free(qtbot, window)
    assert window._settings_dialog is dialog
    assert dialog.isVisible()
    assert dialog.fields["language"].hasFocus()
    assert dialog.windowTitle() == "設定"
    assert dialog.search.text() == "言語"
    assert dialog.fields["language"].currentData() == "ja"  # type: ignore[attr-defined]
    assert english(words(dialog)) <= {"MB"}
    assert dialog.findChildren(QLineEdit, "qt_spinbox_lineedit") != []
    dialog.close()


def test_twenty_changes_leave_nothing_behind(qtbot: QtBot, qapp: QApplication, window: MainWindow) -> None:
    window.show_page("settings")
    assert window._settings_dialog is not None

    def counts() -> tuple[int, ...]:
        return (
            len(window.bridge._handlers),
            len(window.findChildren(QShortcut)),
            len(window.findChildren(QObject)),
            len(window.app.events._listeners),
            len(qapp.findChildren(QTranslator)),
            window.theme.receivers("2changed()"),
            window.notify.receivers("2shown(QString,QString,PyObject)"),
            window.operations.receivers("2idle()"),
        )

    gone = weakref.ref(window.chat)
    change(qtbot, window, "ja")
    change(qtbot, window, "en")
    first = counts()
    gc.collect()
    assert gone() is None, "nothing holds the old content"
    for _ in range(10):
        change(qtbot, window, "ja")
        change(qtbot, window, "en")
    assert counts() == first
    assert first[0] > 10
    assert first[5] >= 5
    window._settings_dialog.close()


def test_shortcuts_work_afterwards(qtbot: QtBot, window: MainWindow) -> None:
    change(qtbot, window, "ja")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.composer.text.setFocus()
    qtbot.keyClick(window.composer.text, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(window.sidebar.search.hasFocus)
    qtbot.keyClick(window.sidebar.search, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(window.composer.text.hasFocus)


def test_an_edited_question_and_its_draft_are_kept(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "What is a desc?")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    window.composer.text.setPlainText("a draft")
    last = window.chat.transcript.last_question
    assert last is not None
    window.chat.message_actions.edit(last.id)
    window.composer.text.setPlainText("What is a desk?")
    change(qtbot, window, "ja")
    assert (window.composer.editing, window.composer.text.toPlainText()) == (last.id, "What is a desk?")
    window.composer.end_editing()
    assert window.composer.text.toPlainText() == "a draft"


def test_page_documents_and_search_are_kept(qtbot: QtBot, window: MainWindow) -> None:
    window.app.documents.collection("mine", create=True)
    window.chat.choices.refresh()
    window.chat.choices.ask_collection("mine")
    window.sidebar.search.setText("desk")
    window.show_page("models")
    change(qtbot, window, "ja")
    assert window.pages.currentWidget() is window.models
    assert window.chat.conversation is None
    assert window.chat.choices.collection == "mine"
    assert "mine" in window.composer.collection_button.text()
    assert window.sidebar.search.text() == "desk"
    qtbot.waitUntil(lambda: window.sidebar.model.filter == "desk")


def test_the_reader_stays_at_the_place_in_the_chat(qtbot: QtBot, window: MainWindow) -> None:
    def write() -> int:
        chat = window.app.chat.new_conversation("long")
        parent = None
        for number in range(40):
            text = f"Message {number}. " + "Words. " * 60
            parent = window.app.chat.store.add(chat.id, Role.USER, text, parent=parent).id
        return chat.id

    written: list[int] = []
    window.reads.ask(write, written.append)  # off the window's thread
    qtbot.waitUntil(lambda: bool(written))
    window.chat.open(written[0])
    qtbot.waitUntil(lambda: not window.chat.busy and window.chat.transcript.place is None)
    bar = window.chat.transcript.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    qtbot.waitUntil(lambda: not window.chat.busy)
    place = window.chat.transcript.place
    assert place is not None
    change(qtbot, window, "ja")
    qtbot.waitUntil(lambda: not window.chat.busy and window.chat.transcript.place is not None)
    qtbot.waitUntil(lambda: window.chat.transcript.widget_of(place[0]) is not None)
    widget = window.chat.transcript.widget_of(place[0])
    assert widget is not None
    assert abs(widget.y() - place[1]) <= 1


def test_an_answer_that_streams_goes_on(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "a long one")
    qtbot.waitUntil(
        lambda: any("word" in a.view.text() for a in window.chat.transcript.findChildren(AnswerWidget)),
        timeout=20_000,
    )
    change(qtbot, window, "ja")
    assert window.composer._answering
    assert window.chat.conversation is not None
    window.chat.outgoing.stop()
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    (answer,) = window.chat.transcript.findChildren(AnswerWidget)
    assert "word" in answer.view.text()
    assert english({answer.note.text()}) == set()


def test_what_is_under_way_ends_first(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=20_000)
    before, go, done = window.chat, threading.Event(), []
    window.operations.run("long", lambda job: go.wait(20), done.append)
    window.app.settings.change(language="ja")
    qtbot.waitUntil(lambda: bool(window.notify.history), timeout=5000)
    assert "The language will change when" in window.notify.history[0][1]
    assert window.chat is before
    go.set()
    qtbot.waitUntil(lambda: window.chat is not before, timeout=20_000)
    assert done == [True], "its end was told before"
    assert i18n.language() == "ja"


def test_a_message_that_waits_to_be_read_stays(qtbot: QtBot, window: MainWindow) -> None:
    window.notify.notice("Read me.")
    change(qtbot, window, "ja")
    assert window.chat.banner.isVisible()
    assert window.chat.banner.text.text() == "Read me."
    window.notify.info("Another.")
    assert window.chat.banner.text.text() == "Another."


def test_a_window_that_closes_afterwards_leaves_the_core_usable(
    qtbot: QtBot, window: MainWindow, home: Home
) -> None:
    for _ in range(3):
        free(qtbot, window)
        rebuild(window)
    window.close()
    assert not window.app.conversations.any()
