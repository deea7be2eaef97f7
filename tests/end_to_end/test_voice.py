"""A spoken question to a dropped document, answered aloud: real speech through a real microphone, real models, real loudspeakers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.voice.microphone import State
from tests.conftest import CORPUS
from tests.desktop.conftest import Open, answered
from tests.end_to_end.test_first_hour import drop, last_answer
from tests.support import sound

SECONDS = 120_000  # milliseconds


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sound.Sound]:
    """A sound server of the test's own."""
    with sound.server(tmp_path, monkeypatch) as found:
        yield found


@pytest.mark.parametrize(
    ("language", "file", "question", "page", "answer"),
    [
        ("en", "kettle-en.pdf", "How long is the warranty of the heating base?", 4, r"36 months"),
        ("ja", "lease-ja.pdf", "楽器の演奏は何時までできますか？", 2, r"(?:八|8)時"),
    ],
)
def test_ask_by_speaking_and_be_answered_aloud(
    qtbot: QtBot,
    desk: sound.Sound,
    open_window: Open,
    tmp_path: Path,
    language: str,
    file: str,
    question: str,
    page: int,
    answer: str,
) -> None:
    window = open_window(welcomed=True, speech_language=language, send_speech=True)
    app, chat = window.app, window.chat
    speech = tmp_path / "question.wav"
    app.speaking.write(question, speech)
    app.voice.warm_up()
    drop(window, CORPUS / file)
    qtbot.waitUntil(lambda: chat.choices.collection == Path(file).stem, timeout=SECONDS)

    seen: list[str] = []
    text = chat.composer.text
    chat.talking.spoken.connect(
        lambda: seen.append(text.toPlainText() + text.textCursor().block().layout().preeditAreaText())
    )
    button = chat.composer.talk_button
    with desk.recorded("speakers", tmp_path / "answer.wav"):
        qtbot.mousePress(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: chat.talking.microphone.state is State.OPEN, timeout=SECONDS)
        player = desk.start_speaking(speech)
        qtbot.waitUntil(lambda: player.poll() is not None, timeout=SECONDS)
        qtbot.mouseRelease(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)
        qtbot.waitUntil(lambda: chat.reading.active, timeout=SECONDS)
        qtbot.waitUntil(lambda: not chat.reading.active, timeout=SECONDS)
    assert any(0 < len(words) < len(question) for words in seen), seen  # words on the way
    details = last_answer(window).message.details
    assert details.outcome in ("answered", "quotation")
    assert details.quotation.page == page
    heard = app.voice.file(str(tmp_path / "answer.wav"), language).text
    assert re.search(answer, heard), heard
    assert str(page) in heard  # the quotation is read with its page
    assert desk.listeners() == 0


def test_a_no_is_spoken_as_kindly_as_it_is_written(
    qtbot: QtBot, desk: sound.Sound, open_window: Open, tmp_path: Path
) -> None:
    window = open_window(welcomed=True, read_aloud="always")
    said: list[str] = []
    window.chat.reading.sentence.connect(said.append)
    drop(window, CORPUS / "kettle-en.pdf")
    qtbot.waitUntil(lambda: window.chat.choices.collection == "kettle-en", timeout=SECONDS)
    window.chat.composer.text.setPlainText("Who won the football match yesterday?")
    qtbot.mouseClick(window.chat.composer.send_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)
    assert last_answer(window).message.details.outcome == "not found"
    qtbot.waitUntil(lambda: not window.chat.reading.active and bool(said), timeout=SECONDS)
    assert said, "nothing was said"
