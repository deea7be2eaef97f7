"""Speaking into the real window, through a virtual microphone, to the real recogniser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from core.errors import TsukueError
from core.sound.messages import Captured
from desktop.main_window import MainWindow
from desktop.voice.dictation import Dictation
from desktop.voice.microphone import State
from tests.desktop.conftest import Open
from tests.support import sound

SECONDS = 60_000  # milliseconds
WORDS = "How many people live in this city?"
WORDS_AFTER = "Please open the second document. My brother works in a hospital."


@pytest.fixture
def microphone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sound.Sound]:
    """A sound server of the test's own."""
    with sound.server(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    return sound.espeak(tmp_path / "speech.wav", WORDS)


@pytest.fixture
def listening(microphone: sound.Sound, open_window: Open) -> MainWindow:
    """A window whose recogniser is ready."""
    window = open_window(welcomed=True, speech_language="en")
    window.app.voice.warm_up()
    return window


def written(window: MainWindow) -> str:
    return window.chat.composer.text.toPlainText()


def preview(window: MainWindow) -> str:
    return window.chat.composer.text.textCursor().block().layout().preeditAreaText()


def opened(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.chat.talking.microphone.state is State.OPEN, timeout=SECONDS)


def over(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the microphone is closed and everything is written."""
    talking = window.chat.talking
    qtbot.waitUntil(lambda: not talking.recording and not talking.busy, timeout=SECONDS)


def play(qtbot: QtBot, microphone: sound.Sound, speech: Path) -> None:
    player = microphone.start_speaking(speech)
    qtbot.waitUntil(lambda: player.poll() is not None, timeout=SECONDS)


def dictate(qtbot: QtBot, microphone: sound.Sound, window: MainWindow, speech: Path) -> None:
    """Begin with the key, say it, end, and wait until it is written."""
    window.chat.talking.toggle()
    opened(qtbot, window)
    play(qtbot, microphone, speech)
    window.chat.talking.toggle()
    over(qtbot, window)


def test_words_stand_there_while_they_are_said(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, tmp_path: Path
) -> None:
    """The button is held: words are seen on the way, the last one is not lost, and the microphone is closed afterwards, as the
    sound server tells it."""
    window, button = listening, listening.chat.composer.talk_button
    assert microphone.listeners() == 0
    seen: list[str] = []
    window.chat.talking.spoken.connect(lambda: seen.append(written(window) + preview(window)))
    qtbot.mousePress(button, Qt.MouseButton.LeftButton)
    opened(qtbot, window)
    assert microphone.listeners() == 1
    # Long enough for words to be seen on the way, also where other tests take most of both cores.
    play(qtbot, microphone, sound.espeak(tmp_path / "long.wav", f"{WORDS} {WORDS_AFTER}"))
    qtbot.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert window.chat.talking.recording  # a moment longer
    over(qtbot, window)
    assert microphone.listeners() == 0
    assert written(window) == f"{WORDS} {WORDS_AFTER}"
    assert preview(window) == ""
    assert any(0 < len(words) < len(written(window)) for words in seen), seen
    assert window.chat.conversation is None  # it waits to be read and sent


def test_a_short_press_begins_and_the_next_ends(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, speech: Path
) -> None:
    button = listening.chat.composer.talk_button
    listening.chat.composer.text.setPlainText("Tell me:")
    listening.chat.composer.text.moveCursor(listening.chat.composer.text.textCursor().MoveOperation.End)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    opened(qtbot, listening)
    play(qtbot, microphone, speech)
    assert listening.chat.talking.recording
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    over(qtbot, listening)
    assert written(listening) == f"Tell me: {WORDS}"
    listening.chat.composer.text.undo()
    assert written(listening) != f"Tell me: {WORDS}"


def test_a_key_speaks_into_the_field_that_has_the_keyboard(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, speech: Path
) -> None:
    field = QLineEdit(listening)
    field.setText("about ")
    field.show()
    listening.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    field.end(False)
    listening.chat.talking.toggle()
    opened(qtbot, listening)
    play(qtbot, microphone, speech)
    qtbot.keyClick(field, Qt.Key.Key_Return)  # that was all
    over(qtbot, listening)
    assert field.text() == f"about {WORDS}"
    assert written(listening) == ""


def test_escape_gives_up(qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, speech: Path) -> None:
    listening.chat.talking.toggle()
    opened(qtbot, listening)
    player = microphone.start_speaking(speech)
    qtbot.waitUntil(lambda: bool(preview(listening) + written(listening)), timeout=SECONDS)
    qtbot.keyClick(listening.chat.composer.text, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not listening.chat.talking.recording, timeout=SECONDS)
    assert microphone.listeners() == 0
    assert preview(listening) == ""
    player.wait()


@pytest.mark.logs("shown to the person")
def test_a_microphone_that_fails_keeps_what_was_said(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, speech: Path
) -> None:
    listening.chat.talking.toggle()
    opened(qtbot, listening)
    play(qtbot, microphone, speech)
    microphone.fail()
    qtbot.waitUntil(lambda: not listening.chat.talking.recording, timeout=SECONDS)
    over(qtbot, listening)
    assert "was disconnected" in listening.chat.banner.text.text()
    assert written(listening) == WORDS


@pytest.mark.logs("shown to the person")
@pytest.mark.parametrize(("muted", "words"), [(True, "only silence"), (False, "No speech was heard")])
def test_silence_is_told_from_a_muted_microphone(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, tmp_path: Path, muted: bool, words: str
) -> None:
    import numpy as np
    import soundfile

    noise = np.random.default_rng(3).normal(0, 0.002, sound.RATE * 2).astype(np.float32)
    soundfile.write(tmp_path / "noise.wav", noise, sound.RATE)
    microphone.mute(muted)
    listening.chat.talking.toggle()
    opened(qtbot, listening)
    play(qtbot, microphone, tmp_path / "noise.wav")
    listening.chat.talking.toggle()
    over(qtbot, listening)
    assert words in listening.chat.banner.text.text()
    assert written(listening) == ""


@pytest.mark.logs("shown to the person")
def test_no_microphone_is_said(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, speech: Path
) -> None:
    """And where one is connected later, the button works."""
    microphone.pull_out()
    listening.chat.talking.toggle()
    qtbot.waitUntil(lambda: "No microphone was found" in listening.chat.banner.text.text(), timeout=SECONDS)
    over(qtbot, listening)
    microphone.plug_in()
    dictate(qtbot, microphone, listening, speech)
    assert written(listening) == WORDS


@pytest.mark.logs("shown to the person", "SIGABRT", "the sound worker fell over")
def test_a_sound_server_that_dies_takes_nothing_with_it(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, speech: Path
) -> None:
    """Qt's PulseAudio dies with it: in a process of its own. What was said is written; the next press works again."""
    listening.chat.talking.toggle()
    opened(qtbot, listening)
    play(qtbot, microphone, speech)
    microphone.restart()
    qtbot.waitUntil(lambda: not listening.chat.talking.recording, timeout=SECONDS)
    over(qtbot, listening)
    assert written(listening) == WORDS
    listening.chat.composer.text.clear()
    dictate(qtbot, microphone, listening, speech)
    assert written(listening) == WORDS


def test_a_window_that_is_closed_listens_no_more(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow
) -> None:
    listening.chat.talking.toggle()
    opened(qtbot, listening)
    assert microphone.listeners() == 1
    listening.close()
    qtbot.waitUntil(lambda: microphone.listeners() == 0, timeout=SECONDS)


def test_what_is_said_in_two_presses_comes_in_its_order(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, speech: Path, tmp_path: Path
) -> None:
    """One presses again while the words before are still being written."""
    second = sound.espeak(tmp_path / "second.wav", "Please open the second document.")
    for file in (speech, second):
        listening.chat.talking.toggle()
        opened(qtbot, listening)
        play(qtbot, microphone, file)
        listening.chat.talking.toggle()
        qtbot.waitUntil(lambda: not listening.chat.talking.recording, timeout=SECONDS)
    over(qtbot, listening)
    assert written(listening) == f"{WORDS} Please open the second document."


@pytest.mark.logs("shown to the person")
def test_a_microphone_that_somebody_else_has_blocks_nothing(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, speech: Path
) -> None:
    class Other:
        def captured(self, heard: Captured) -> None:
            pass

        def changed_to(self, state: State, error: TsukueError | None) -> None:
            pass

    other, app = Other(), listening.app
    app.sound.open(other)
    qtbot.waitUntil(lambda: app.sound.state is State.OPEN, timeout=SECONDS)
    qtbot.waitUntil(listening.status.microphone.isVisible, timeout=SECONDS)
    listening.chat.talking.toggle()
    qtbot.waitUntil(lambda: "already listening" in listening.chat.banner.text.text(), timeout=SECONDS)
    over(qtbot, listening)
    assert app.sound.state is State.OPEN  # it is still the other's
    app.sound.shut(other)
    qtbot.waitUntil(lambda: not listening.status.microphone.isVisible(), timeout=SECONDS)
    dictate(qtbot, microphone, listening, speech)
    assert written(listening) == WORDS


def test_words_whose_field_has_gone_are_not_lost(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, speech: Path
) -> None:
    field = QLineEdit(listening)
    field.show()
    listening.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    listening.chat.talking.toggle()
    opened(qtbot, listening)
    play(qtbot, microphone, speech)
    field.deleteLater()
    qtbot.wait(50)
    listening.chat.talking.toggle()
    over(qtbot, listening)
    assert written(listening).endswith("in this city?")
    listening.chat.talking.toggle()  # and it can be begun again
    opened(qtbot, listening)
    listening.chat.talking.cancel()
    over(qtbot, listening)


def test_a_sentence_goes_along_into_the_chat_that_one_changes_to(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, speech: Path
) -> None:
    first = listening.app.conversations.create("", "").id
    second = listening.app.conversations.create("", "").id
    listening.chat.open(first)
    listening.chat.talking.toggle()
    opened(qtbot, listening)
    player = microphone.start_speaking(speech)
    qtbot.waitUntil(lambda: bool(preview(listening) + written(listening)), timeout=SECONDS)
    listening.chat.open(second)
    qtbot.waitUntil(lambda: player.poll() is not None, timeout=SECONDS)
    listening.chat.talking.toggle()
    over(qtbot, listening)
    assert written(listening) == WORDS
    listening.chat.open(first)
    assert written(listening) == ""


def test_a_window_that_is_closed_in_the_last_moment_keeps_the_words(
    qtbot: QtBot, microphone: sound.Sound, listening: MainWindow, speech: Path
) -> None:
    listening.chat.talking.toggle()
    opened(qtbot, listening)
    play(qtbot, microphone, speech)
    listening.chat.be_quiet()  # as when it goes to the tray
    over(qtbot, listening)
    assert microphone.listeners() == 0
    assert written(listening) == WORDS


def test_what_is_selected_meanwhile_stays(qtbot: QtBot, listening: MainWindow) -> None:
    text = listening.chat.composer.text
    text.setPlainText("An important paragraph.")
    text.moveCursor(text.textCursor().MoveOperation.End)
    dictation = Dictation(text)
    dictation.show("", "And")
    text.selectAll()
    dictation.show("And", " another")
    dictation.finish("And another one.")
    assert text.toPlainText() == "An important paragraph. And another one."
