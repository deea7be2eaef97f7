"""Transcripts in the real window: shown beside an answer, played into real loudspeakers, corrected with the keyboard, saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMenu, QPlainTextEdit
from pytestqt.qtbot import QtBot

from desktop.documents.recordings import TranscriptDialog
from desktop.main_window import MainWindow
from tests.core.test_transcripts import FACTS, recording
from tests.desktop.conftest import Open
from tests.support import sound

SECONDS = 120_000  # milliseconds


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sound.Sound]:
    """Loudspeakers of the test's own."""
    with sound.server(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.flac"
    recording(path, FACTS, 3.0)
    return path


@pytest.fixture
def heard(desk: sound.Sound, open_window: Open, script: object, qtbot: QtBot, talk: Path) -> MainWindow:
    """A window into which a recording was dropped, when all of it is written down."""
    script({"when": "", "say": "The key is under the flower pot."})  # type: ignore[operator]
    window = open_window(welcomed=True, speech_language="en")
    window.open_files([str(talk)])
    qtbot.waitUntil(lambda: "talk" in window.chat.composer.collection_button.text(), timeout=SECONDS)
    documents = window.app.documents
    qtbot.waitUntil(
        lambda: (
            [d.recognising for d in documents.documents("talk")] == [0] and not window.app.transcription.busy
        ),
        timeout=SECONDS,
    )
    return window


def test_an_answer_is_opened_at_its_second_and_played(
    qtbot: QtBot, desk: sound.Sound, heard: MainWindow, tmp_path: Path
) -> None:
    chat = heard.chat
    chat.composer.text.setPlainText("Where is the key?")
    qtbot.keyClick(chat.composer.text, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: (
            chat.conversation is not None
            and not heard.app.chat.answering(chat.conversation)
            and not chat.busy
        ),
        timeout=SECONDS,
    )
    details = heard.app.conversations.branch(chat.conversation or 0)[-1].details
    (source,) = details.citations
    assert source.label
    heard.open_source([source], 0)
    view = heard.source.transcript
    qtbot.waitUntil(lambda: heard.source.stack.currentWidget() is view, timeout=SECONDS)
    row = view.list.currentIndex().row()
    assert "flower" in view.model.lines[row].text
    assert list(view.model.marked) == [row]
    with desk.recorded("speakers", tmp_path / "out.wav"):
        qtbot.mouseClick(view.play_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: view.model.heard == row, timeout=SECONDS)
        qtbot.waitUntil(lambda: view.model.heard == row + 1, timeout=SECONDS)
        qtbot.keyClick(view.list, Qt.Key.Key_Down)
        qtbot.mouseClick(view.play_button, Qt.MouseButton.LeftButton)  # held
        assert heard.recordings.player.paused
    out, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert np.abs(out).max() > 0.05
    heard.app.voice.file(str(tmp_path / "out.wav"), "en")
    assert "flower" in heard.app.voice.file(str(tmp_path / "out.wav"), "en").text
    heard.escape()
    assert not heard.recordings.player.active  # what is not seen is not heard


def test_who_speaks_is_said_and_named(qtbot: QtBot, heard: MainWindow) -> None:
    (document,) = heard.app.documents.documents("talk")
    dialog = heard.recordings.open(document.id, "talk.flac", heard)
    view = dialog.view
    qtbot.waitUntil(lambda: len(view.model.lines) == len(FACTS), timeout=SECONDS)
    assert view.speakers_button.isVisible()
    assert {line.speaker for line in view.model.lines} == {""}  # one person speaks

    def choose(*labels: str) -> None:
        """Choose something in the menu of the second line."""
        view.list.setCurrentIndex(view.model.index(1))
        view.list.customContextMenuRequested.emit(view.list.visualRect(view.model.index(1)).center())
        menu = QApplication.activePopupWidget()
        for label in labels:
            assert isinstance(menu, QMenu)
            (action,) = [one for one in menu.actions() if one.text() == label]
            if action.menu() is not None:
                menu = action.menu()
            else:
                action.trigger()
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()

    choose("Said by", "Someone else")
    qtbot.waitUntil(lambda: view.model.lines[1].speaker == "1", timeout=SECONDS)
    choose("Name Speaker 1…")
    asked = view.findChild(QInputDialog)
    assert asked is not None
    asked.setTextValue("Aiko")
    asked.accept()
    qtbot.waitUntil(lambda: view.model.lines[1].speaker == "Aiko", timeout=SECONDS)
    choose("Copy")
    assert "Aiko: " in QGuiApplication.clipboard().text()
    view.speakers_button.menu().actions()[1].trigger()  # one person
    qtbot.waitUntil(lambda: view.model.lines[1].speaker == "", timeout=SECONDS)
    assert view.speakers_button.isEnabled()
    dialog.close()


def test_a_line_is_corrected_with_the_keyboard_and_all_is_saved(
    qtbot: QtBot, heard: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard.show_page("documents")
    page = heard.documents
    qtbot.waitUntil(lambda: page.files.model().rowCount() == 1, timeout=SECONDS)
    page.files.setCurrentIndex(page.files.model().index(0, 0))
    assert page.details.text_button.text() == "Show what is said"
    qtbot.mouseClick(page.details.text_button, Qt.MouseButton.LeftButton)
    dialog = heard.findChild(TranscriptDialog)
    assert dialog is not None
    view = dialog.view
    qtbot.waitUntil(lambda: len(view.model.lines) == len(FACTS), timeout=SECONDS)
    assert "speech model" in view.state.text()
    view.list.setFocus()
    view.list.setCurrentIndex(view.model.index(3))
    qtbot.keyClick(view.list, Qt.Key.Key_F2)
    editor = view.list.findChild(QPlainTextEdit)
    assert editor is not None
    editor.setPlainText("My brother Zwingli works in a hospital.")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Zwingli" in view.model.lines[3].text, timeout=SECONDS)
    assert view.list.currentIndex().row() == 3
    target = tmp_path / "talk.srt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    qtbot.mouseClick(view.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(target.exists, timeout=SECONDS)
    assert "Zwingli" in target.read_text("utf-8")
    dialog.close()
