"""The panel with a source: its page or text, whatever else the program is doing, and never on the window's thread."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.chat.conversation import Source
from core.workers.supervisor import State
from desktop.main_window import MainWindow
from tests.conftest import CORPUS, until
from tests.desktop.conftest import Open

PDF = CORPUS / "kettle-en.pdf"
SECONDS = 60_000


def source_of(window: MainWindow, path: Path, text: str, page: int | None) -> Source:
    """Where a text stands in a document that was added."""
    window.app.additions.add([str(path)], "c").wait()
    row = window.app.database.row("SELECT id, text FROM pages WHERE instr(text, ?)", text)
    assert row is not None
    start = row["text"].index(text)
    return Source(path.name, page, text, str(path), row["id"], start, start + len(text))


def shows_page(window: MainWindow) -> bool:
    return window.source.stack.currentWidget() is window.source.page_area


def shows_text(window: MainWindow) -> bool:
    return window.source.stack.currentWidget() is window.source.text


@pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP")
def test_a_source_opens_while_a_file_is_being_read(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    window = open_window(welcomed=True)
    source = source_of(window, PDF, "The heating base has a warranty of 36 months.", 4)
    parser = window.app.ingest.parser
    until(lambda: parser.state is State.IDLE)
    pid = parser.pid or 0
    os.kill(pid, signal.SIGSTOP)
    try:
        (tmp_path / "a.txt").write_text("The gate closes at eight.")
        addition = window.app.additions.add([str(tmp_path / "a.txt")], "c")
        until(lambda: parser.state is State.BUSY)
        window.open_source([source], 0)
        qtbot.waitUntil(lambda: shows_page(window), timeout=SECONDS)
        assert window.source.page.rectangles
        assert parser.state is State.BUSY
    finally:
        os.kill(pid, signal.SIGCONT)
    addition.wait()


def test_a_page_that_cannot_be_drawn_is_shown_as_text(
    qtbot: QtBot, open_window: Open, tmp_path: Path
) -> None:
    window = open_window(welcomed=True)
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(PDF.read_bytes())
    source = source_of(window, copy, "The heating base has a warranty of 36 months.", 4)
    copy.unlink()
    window.open_source([source], 0)
    qtbot.waitUntil(lambda: shows_text(window), timeout=SECONDS)
    assert window.source.text.textCursor().position() == source.start
    assert "copy.pdf" in window.source.place.toolTip()


def test_of_sources_opened_quickly_the_last_is_shown(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    window = open_window(welcomed=True)
    (tmp_path / "a.txt").write_text("The gate closes at eight.")
    page = source_of(window, PDF, "The heating base has a warranty of 36 months.", 4)
    text = source_of(window, tmp_path / "a.txt", "The gate closes at eight.", None)
    window.open_source([page, text, page], 0)
    window.source.next.click()
    qtbot.waitUntil(lambda: shows_text(window), timeout=SECONDS)
    assert window.source.text.toPlainText() == "The gate closes at eight."
    window.source.next.click()
    window.source.previous.click()
    window.source.next.click()
    qtbot.waitUntil(lambda: shows_page(window), timeout=SECONDS)
    assert window.source._current == 2


def test_opening_a_source_reads_nothing_on_the_windows_thread(
    qtbot: QtBot, open_window: Open, tmp_path: Path
) -> None:
    window = open_window(welcomed=True)
    (tmp_path / "a.txt").write_text("The gate closes at eight.")
    source = source_of(window, tmp_path / "a.txt", "The gate closes at eight.", None)
    readers: set[int] = set()
    window.app.database.guard = lambda _: readers.add(threading.get_ident())
    window.open_source([source], 0)
    qtbot.waitUntil(lambda: shows_text(window), timeout=SECONDS)
    window.app.database.guard = None
    assert readers
    assert threading.get_ident() not in readers


def test_a_source_whose_document_was_removed_says_so(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    window = open_window(welcomed=True)
    (tmp_path / "a.txt").write_text("The gate closes at eight.")
    source = source_of(window, tmp_path / "a.txt", "The gate closes at eight.", None)
    window.app.document_service.remove("c")
    window.open_source([source], 0)
    qtbot.waitUntil(lambda: "no longer in the collection" in window.source.message.text(), timeout=SECONDS)
    assert "The gate closes at eight." in window.source.message.text()  # what was quoted of it stays
    assert window.source.stack.currentWidget() is window.source.message
