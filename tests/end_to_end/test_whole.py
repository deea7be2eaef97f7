"""Two hundred pages summarised in the real window: stopped by a click, gone on with by another, every line with its pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from core.chat.conversation import MessageState
from desktop.chat.answer import AnswerWidget
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open, answered

SECONDS = 120_000
PAGES = 200
WORDS = {
    "en": (
        "On day {page} the ship counted {whales} whales and the wind blew from the north.",
        "The crew wrote the number of whales into the book of day {page} and went to sleep.",
        "Summarise this document",
        "Continue",
    ),
    "ja": (
        "航海{page}日目に船は鯨を{whales}頭数え、風は北から吹いていました。",
        "乗組員は{page}日目の日誌に鯨の数を書き込み、それから眠りました。",
        "この資料を要約してください",
        "再開",
    ),
}


def write_log(path: Path, language: str) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    first, second, _, _ = WORDS[language]
    canvas = Canvas(str(path), pagesize=A4)
    for page in range(1, PAGES + 1):
        canvas.setFont("HeiseiMin-W3" if language == "ja" else "Helvetica", 12)
        canvas.drawString(60, 600, first.format(page=page, whales=page * 3))
        canvas.drawString(60, 570, second.format(page=page))
        canvas.showPage()
    canvas.save()


def answer_of(window: MainWindow) -> AnswerWidget:
    return window.chat.transcript.findChildren(AnswerWidget)[-1]


def so_far(window: MainWindow) -> str:
    return "".join(widget.view.text() for widget in window.chat.transcript.findChildren(AnswerWidget))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_two_hundred_pages_are_summarised_stopped_and_gone_on_with(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], tmp_path: Path, language: str
) -> None:
    first, _, question, go_on = WORDS[language]
    said = first.format(page=1, whales=3)
    script({"when": "", "say": said, "seconds_per_piece": 0.02}, context=8000)
    write_log(tmp_path / "voyage.pdf", language)
    window = open_window(language=language, welcomed=True, chat_model="qwen2.5-coder-0.5b-instruct")
    window.app.additions.add([str(tmp_path / "voyage.pdf")], "c").wait(SECONDS / 1000)
    window.chat.choices.ask_collection("c")
    qtbot.waitUntil(lambda: "c" in window.chat.composer.collection_button.text())
    window.chat.composer.text.setPlainText(question)
    qtbot.mouseClick(window.chat.composer.send_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: so_far(window).count("\n- ") >= 2, timeout=SECONDS)
    assert answer_of(window).progress.isVisible()
    qtbot.mouseClick(window.chat.composer.send_button, Qt.MouseButton.LeftButton)  # stops now
    qtbot.waitUntil(
        lambda: answered(window) and answer_of(window).message.state is MessageState.STOPPED, timeout=SECONDS
    )
    stopped = answer_of(window).message
    whole = stopped.details.whole
    assert whole is not None
    assert 0 < whole.done < whole.of
    button = answer_of(window).go_on
    assert button.text() == go_on
    qtbot.waitUntil(button.isVisible)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: answered(window) and answer_of(window).message.state is MessageState.DONE, timeout=SECONDS
    )
    message = answer_of(window).message
    assert message.id == stopped.id
    assert message.text.startswith(stopped.text)
    assert message.details.whole is not None
    assert message.details.whole.finished
    links = message.details.links
    pages = [int(n) for link in links for n in re.findall(r"\d+", message.text[link.start : link.end])]
    assert (pages[0], pages[-1]) == (1, PAGES)
    assert pages == sorted(pages)
    assert message.details.marks[0].marker == 1  # what was written of the first part is there
    assert message.details.marks[3].marker is None  # and of a later one it is not
    window.chat.transcript.source.emit([link.source for link in links], 5)
    source = window.source
    qtbot.waitUntil(lambda: source.stack.currentWidget() is source.page_area, timeout=SECONDS)
    assert source.isVisible()
    assert str(links[5].source.page) in source._place_text
