"""Answers are read aloud by the real voice into real (virtual) loudspeakers; what comes out of them is recognised again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.chat.answer import AnswerWidget
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open, answered, send
from tests.support import sound

SECONDS = 90_000  # milliseconds


@pytest.fixture
def speakers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sound.Sound]:
    """A sound server of the test's own."""
    with sound.server(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def talkative(speakers: sound.Sound, open_window: Open, script: Callable[..., Path]) -> MainWindow:
    """A window that answers in a few sentences, with a voice that is ready."""
    script(
        {
            "when": "pump",
            "say": "The **pump** is in the garden. [1] It was bought in the spring.\n\n```\nx = 1\n```\n",
        },
        {"when": "", "say": "机の上に本があります。窓は南に向いています。", "seconds_per_piece": 0.02},
    )
    window = open_window(welcomed=True)
    window.app.speaking.warm_up()
    return window


def last(window: MainWindow) -> AnswerWidget:
    return window.chat.transcript.findChildren(AnswerWidget)[-1]


def heard(window: MainWindow, path: Path, language: str) -> str:
    return window.app.voice.file(str(path), language).text


def test_an_answer_is_read_aloud(
    qtbot: QtBot, speakers: sound.Sound, talkative: MainWindow, tmp_path: Path
) -> None:
    window, strip = talkative, talkative.chat.reading.strip
    send(qtbot, window, "Where is the pump?")
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)
    assert not strip.isVisible()
    marked: list[int] = []
    with speakers.recorded("speakers", tmp_path / "out.wav"):
        qtbot.mouseClick(last(window)._aloud, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: "pump" in strip.sentence.whole, timeout=SECONDS)
        assert strip.isVisible()
        assert strip.sentence.whole == "The pump is in the garden."  # without its marks and its source
        marked.append(len(last(window).view._highlights))
        qtbot.waitUntil(lambda: not window.chat.reading.active, timeout=SECONDS)
    assert marked == [1]
    assert not last(window).view._highlights
    assert not strip.isVisible()
    said = heard(window, tmp_path / "out.wav", "en").lower()
    assert "garden" in said
    assert "spring" in said
    assert "equals" not in said
    assert said.index("garden") < said.index("spring")


def test_japanese_is_read_while_it_is_written(
    qtbot: QtBot, speakers: sound.Sound, talkative: MainWindow, tmp_path: Path
) -> None:
    window = talkative
    window.app.settings.change(read_aloud="always")
    with speakers.recorded("speakers", tmp_path / "out.wav"):
        window.chat.composer.text.setPlainText("部屋について教えてください。")
        qtbot.keyClick(window.chat.composer.text, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: window.chat.reading.active, timeout=SECONDS)
        qtbot.waitUntil(lambda: not window.chat.reading.active, timeout=SECONDS)
    said = heard(window, tmp_path / "out.wav", "ja")
    assert "窓" in said or "南" in said, said


def test_pause_back_and_stop(qtbot: QtBot, speakers: sound.Sound, talkative: MainWindow) -> None:
    window, strip = talkative, talkative.chat.reading.strip
    send(qtbot, window, "Where is the pump?")
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)
    window.chat.read_last_aloud()
    qtbot.waitUntil(lambda: "garden" in strip.sentence.whole, timeout=SECONDS)
    qtbot.mouseClick(strip.on, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "spring" in strip.sentence.whole, timeout=SECONDS)
    qtbot.mouseClick(strip.back, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "garden" in strip.sentence.whole, timeout=SECONDS)
    qtbot.mouseClick(strip.hold, Qt.MouseButton.LeftButton)
    assert window.chat.reading.active
    qtbot.wait(4000)  # longer than the sentence
    assert "garden" in strip.sentence.whole
    qtbot.mouseClick(strip.hold, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "spring" in strip.sentence.whole, timeout=SECONDS)
    window.escape()
    assert not window.chat.reading.active
    assert not strip.isVisible()


@pytest.mark.logs("shown to the person", "SIGKILL", "reading aloud")
def test_a_voice_that_dies_is_said(qtbot: QtBot, speakers: sound.Sound, talkative: MainWindow) -> None:
    window = talkative
    send(qtbot, window, "Where is the pump?")
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)
    window.chat.read_last_aloud()
    window.app.speaking.worker.kill()
    qtbot.waitUntil(lambda: not window.chat.reading.active, timeout=SECONDS)
    assert "reading aloud" in window.chat.banner.text.text()
    window.chat.read_last_aloud()
    qtbot.waitUntil(lambda: "garden" in window.chat.reading.strip.sentence.whole, timeout=SECONDS)
    window.chat.reading.stop()


def test_a_document_is_read_from_the_place_that_is_open(
    qtbot: QtBot, talkative: MainWindow, tmp_path: Path
) -> None:
    """Aloud, from the highlighted words to its end."""
    window = talkative
    path = tmp_path / "guide.md"
    path.write_text("# Guide\n\nThe first thing is tea.\n\nThe second thing is rice.\n\nThe last is fish.\n")
    window.app.additions.add([str(path)], "c").wait(60)
    evidence = window.app.answerer.find("c", "What is the second thing?")
    assert evidence.quotation is not None
    window.open_source([evidence.quotation.source()], 0)
    view = window.source
    qtbot.waitUntil(lambda: view.highlighted_text() == "The second thing is rice.", timeout=20_000)
    given: list[str] = []
    view.read_aloud.connect(given.append)
    qtbot.mouseClick(view.speak, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.chat.reading.active, timeout=20_000)
    assert given == ["The second thing is rice.\nThe last is fish."]
    sentences: list[str] = []
    window.chat.reading.sentence.connect(sentences.append)
    qtbot.waitUntil(lambda: "The last is fish." in sentences, timeout=60_000)
    window.escape()
    assert not window.chat.reading.active
