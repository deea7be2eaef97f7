"""A person's first hour, with real models: chat, drop a document, read the cited answer, open its source."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop.chat.answer import AnswerWidget
from desktop.main_window import MainWindow
from tests.conftest import CORPUS
from tests.desktop.conftest import Open, answered, send

SECONDS = 60_000  # milliseconds; a busy machine with two cores


def last_answer(window: MainWindow) -> AnswerWidget:
    return window.chat.transcript.findChildren(AnswerWidget)[-1]


def drop(window: MainWindow, *files: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    where = QPointF(500, 300)
    for kind in (QDragEnterEvent, QDropEvent):
        event = kind(
            where, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(window, event)


def test_first_start_chat_with_the_starter_model(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    qtbot.waitUntil(
        lambda: any(
            button.text() == "Try it with a sample document"
            for button in window.chat.welcome.findChildren(QPushButton)
        )
    )
    send(qtbot, window, "Say hello in one short sentence.")
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)
    assert last_answer(window).view.toPlainText().strip()
    assert "tok/s" in last_answer(window)._figures.text()
    assert window.status.network.text() == "0 connections"


@pytest.mark.parametrize(
    ("file", "question", "passage", "page"),
    [
        (
            "kettle-en.pdf",
            "How long is the warranty of the heating base?",
            "The heating base has a warranty of 36 months.",
            4,
        ),
        ("lease-ja.pdf", "楽器の演奏は何時までできますか？", "楽器の演奏は午後八時以降は禁止です。", 2),
    ],
)
def test_a_dropped_pdf_is_asked_and_its_source_opens_highlighted(
    qtbot: QtBot, open_window: Open, file: str, question: str, passage: str, page: int
) -> None:
    window = open_window(welcomed=True)
    drop(window, CORPUS / file)
    name = Path(file).stem
    qtbot.waitUntil(lambda: window.chat.choices.collection == name, timeout=SECONDS)
    window.chat.composer.text.setPlainText(question)
    qtbot.mouseClick(window.chat.composer.send_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)

    details = last_answer(window).message.details
    assert details.outcome in (
        "answered",
        "quotation",
    )  # the starter model may say anything; the check decides
    assert details.quotation.page == page
    assert passage in details.quotation.text
    if details.outcome == "answered":
        window.chat.transcript.source.emit(details.citations, 0)
    else:
        assert last_answer(window).quotation.isVisible()
        qtbot.mouseClick(last_answer(window).quotation.places[0], Qt.MouseButton.LeftButton)
    source = window.source
    qtbot.waitUntil(lambda: source.stack.currentWidget() is source.page_area, timeout=SECONDS)
    assert source.isVisible()
    assert f"p. {page}" in source._place_text
    assert source.page.rectangles
    picture = source.page.grab().toImage()
    middle = source.page.rectangles[0].center().toPoint()
    colours = {
        picture.pixelColor(x, middle.y()).name()
        for x in range(int(source.page.rectangles[0].left()), int(source.page.rectangles[0].right()))
    }
    assert QColor("#ffe58a").name() in colours  # the passage is marked on the page

    send(qtbot, window, "Who won the football match yesterday?")
    qtbot.waitUntil(
        lambda: answered(window) and bool(last_answer(window).message.details.outcome),
        timeout=SECONDS,
    )
    qtbot.waitUntil(lambda: last_answer(window).note.isVisible(), timeout=SECONDS)
    assert last_answer(window).message.details.outcome == "not found"
    assert "do not seem to mention" in last_answer(window).note.text()


def test_documents_are_quoted_and_a_no_leads_to_the_other_collection(qtbot: QtBot, open_window: Open) -> None:
    """Without a model: several sentences with their places; what one collection lacks is offered from another."""
    window = open_window(welcomed=True)
    for file in ("kettle-en.pdf", "lease-ja.pdf"):
        window.app.additions.add([str(CORPUS / file)], file).wait(SECONDS / 1000)
    window.chat.composer.quoting_chosen.emit(True)
    window.chat.choices.ask_collection("lease-ja.pdf")
    qtbot.waitUntil(lambda: window.chat.composer.collection_button.text() == "Quote “lease-ja.pdf”")
    send(qtbot, window, "How long is the warranty of the heating base?")
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)
    qtbot.waitUntil(lambda: "elsewhere" in vars(last_answer(window)), timeout=SECONDS)
    (there,) = last_answer(window).elsewhere.buttons
    qtbot.waitUntil(there.isVisible)
    qtbot.mouseClick(there, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: answered(window) and bool(last_answer(window).message.details.extracts), timeout=SECONDS
    )
    answer = last_answer(window)
    assert window.chat.choices.collection == "kettle-en.pdf"  # and the next question goes there too
    assert answer.message.details.extracts[0].source.text == "The heating base has a warranty of 36 months."
    qtbot.waitUntil(lambda: answer.quotation.places[0].isVisible())
    qtbot.mouseClick(answer.quotation.places[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(window.source.isVisible)
    assert "p. 4" in window.source._place_text
