"""A conversation without hands, with a microphone that hears the loudspeakers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.chat.conversation import Role
from core.errors import WorkerDied
from core.voice.listening import Finished, Told
from core.voice.messages import Began, Partial, Utterance
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open
from tests.support import sound

SECONDS = 120_000  # milliseconds
QUESTIONS = {
    "en": [
        "How many people live in this city?",
        "Please open the second document.",
        "Where is the garden?",
        "What is the name of the river?",
    ],
    "ja": [
        "この町には何人住んでいますか。",
        "二番目の資料を開いてください。",
        "庭はどこにありますか。",
        "川の名前は何ですか。",
    ],
}
ANSWERS = {
    "en": "There are many things to say about that. The first of them is that it depends on the weather. "
    "In the summer the days are long and warm, and in the winter they are short and cold. "
    "Nobody knows exactly how it will be in the years that come, but most people are full of hope.",
    "ja": "それについては、お話しすることがたくさんあります。まず、天気によって変わるということです。"
    "夏は日が長く暖かいですが、冬は日が短く寒くなります。これから先どうなるかは、だれにも正確にはわかりません。",
}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sound.Sound]:
    """A microphone that stands beside the loudspeakers."""
    with sound.server(tmp_path, monkeypatch) as found:
        found.echo()
        yield found


def said(window: MainWindow) -> list[str]:
    """The questions of the conversation, as they were sent."""
    number = window.chat.conversation
    branch = window.app.conversations.branch(number) if number is not None else []
    return [message.text for message in branch if message.role is Role.USER]


@pytest.mark.skipif(
    not os.environ.get("TSUKUE_TEST_ALONE"),
    reason="voice, recogniser and echo canceller in real time need both cores for themselves: make voice-test",
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_four_turns_and_an_interruption(
    qtbot: QtBot,
    room: sound.Sound,
    open_window: Open,
    script: Callable[..., Path],
    tmp_path: Path,
    language: str,
) -> None:
    """Touching nothing: ask, be answered aloud, talk over the answer; the answer is never taken for a question."""
    script({"when": "", "say": ANSWERS[language]})
    window = open_window(welcomed=True, speech_language=language)
    window.app.voice.warm_up()
    window.app.speaking.warm_up()
    files = []
    for number, question in enumerate(QUESTIONS[language]):
        file = tmp_path / f"{number}.wav"
        if language == "en":
            sound.espeak(file, question, "-s", "150")
        else:
            window.app.speaking.write(question, file)
        files.append(file)
    chat = window.chat
    chat.hands_free.start()
    qtbot.waitUntil(lambda: room.listeners() == 1, timeout=SECONDS)
    for turn, file in enumerate(files, 1):
        player = room.start_speaking(file)
        qtbot.waitUntil(lambda turn=turn: len(said(window)) == turn, timeout=SECONDS)
        player.wait()
        qtbot.waitUntil(lambda: chat.reading.active, timeout=SECONDS)
        if turn == 3:  # let it read to its end
            qtbot.waitUntil(lambda: not chat.reading.active, timeout=SECONDS)
            qtbot.wait(1500)
            assert len(said(window)) == turn, said(window)
        elif turn < 4:
            later = ANSWERS[language].replace("。", ". ").split(". ")[2][:8]
            qtbot.waitUntil(lambda later=later: later in chat.reading.strip.sentence.whole, timeout=SECONDS)
            assert chat.reading.active  # and now one talks over it
    chat.hands_free.stop()
    qtbot.waitUntil(lambda: room.listeners() == 0, timeout=SECONDS)
    assert len(said(window)) == 4


@pytest.fixture
def silent_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sound.Sound]:
    """A microphone that hears nothing by itself."""
    with sound.server(tmp_path, monkeypatch) as found:
        yield found


def without_hands(qtbot: QtBot, room: sound.Sound, open_window: Open) -> MainWindow:
    """A window in which a conversation without hands has begun."""
    window = open_window(welcomed=True, speech_language="en")
    window.app.voice.warm_up()
    window.app.speaking.warm_up()
    window.chat.hands_free.start()
    qtbot.waitUntil(lambda: room.listeners() == 1, timeout=SECONDS)
    return window


@pytest.fixture
def reading_window(
    silent_room: sound.Sound, open_window: Open, script: Callable[..., Path], qtbot: QtBot
) -> MainWindow:
    """A window without hands, which is reading something aloud. What is heard is told by the test."""
    script({"when": "", "say": ANSWERS["en"]})
    window = without_hands(qtbot, silent_room, open_window)
    window.chat.reading.read_text("Would you like the red one, or would you like the blue one instead of it?")
    qtbot.waitUntil(lambda: "Would you" in window.chat.reading.strip.sentence.whole, timeout=SECONDS)
    return window


def heard(window: MainWindow, *told: Told) -> None:
    """As if this were recognised."""
    chat = window.chat
    for one in told:
        chat.hands_free._take(chat.hands_free._listening, one)  # type: ignore[arg-type]


def test_a_noise_holds_what_is_read_and_ends_nothing(qtbot: QtBot, reading_window: MainWindow) -> None:
    chat = reading_window.chat
    over: list[bool] = []
    chat.reading.ended.connect(lambda: over.append(True))
    heard(reading_window, Began(101, 0.0))
    qtbot.wait(6000)  # longer than the sentence
    assert chat.reading.active
    assert not over
    heard(reading_window, Utterance(101, "", "", 0.0, 1.0, 0.5))
    qtbot.waitUntil(lambda: bool(over), timeout=SECONDS)  # it was read on, to its end
    assert said(reading_window) == []
    chat.hands_free.stop()


def test_an_answer_in_the_words_of_the_question_is_no_echo(qtbot: QtBot, reading_window: MainWindow) -> None:
    chat = reading_window.chat
    qtbot.waitUntil(lambda: not chat.reading.active, timeout=SECONDS)
    qtbot.wait(1500)
    heard(
        reading_window,
        Began(101, 0.0),
        Partial(101, "", "The blue", "en"),
        Utterance(101, "The blue one.", "en", 0.0, 1.0, 0.5),
    )
    qtbot.waitUntil(lambda: said(reading_window) == ["The blue one."], timeout=SECONDS)
    chat.hands_free.stop()


def test_its_own_voice_is_no_question(qtbot: QtBot, reading_window: MainWindow) -> None:
    chat = reading_window.chat
    heard(
        reading_window,
        Began(101, 0.0),
        Partial(101, "", "Would you like the red one", "en"),
        Utterance(101, "Would you like the red one?", "en", 0.0, 1.0, 0.5),
    )
    assert chat.reading.active
    qtbot.waitUntil(lambda: not chat.reading.active, timeout=SECONDS)
    assert said(reading_window) == []
    assert chat.composer.text.toPlainText() == ""
    chat.hands_free.stop()


def test_who_interrupts_a_long_answer_hears_the_next_one(
    qtbot: QtBot, silent_room: sound.Sound, open_window: Open, script: Callable[..., Path]
) -> None:
    """The answer that is being written is stopped; the next one is read, and the old one is not begun again."""
    script(
        {"when": "stories", "say": "Once upon a time there was a king. " * 60, "seconds_per_piece": 0.05},
        {"when": "", "say": "It is noon."},
    )
    window = without_hands(qtbot, silent_room, open_window)
    chat = window.chat
    heard(window, Began(101, 0.0), Utterance(101, "Tell me stories.", "en", 0.0, 1.0, 0.5))
    qtbot.waitUntil(lambda: "Once upon" in chat.reading.strip.sentence.whole, timeout=SECONDS)
    sentences: list[str] = []
    chat.reading.sentence.connect(sentences.append)
    heard(window, Began(102, 5.0), Partial(102, "", "What time", "en"))
    qtbot.waitUntil(lambda: not chat.composer.answering, timeout=SECONDS)
    heard(window, Utterance(102, "What time is it?", "en", 5.0, 6.0, 0.5))
    qtbot.waitUntil(lambda: "It is noon." in sentences, timeout=SECONDS)
    assert not any("Once" in one for one in sentences)
    assert said(window) == ["Tell me stories.", "What time is it?"]
    chat.hands_free.stop()


def test_who_says_stop_gets_silence_and_no_answer(
    qtbot: QtBot, silent_room: sound.Sound, open_window: Open, script: Callable[..., Path]
) -> None:
    """Before anything of the answer is there: the question stays where it is, and is not asked again with the next one. A cough may come
    before the word is written."""
    script(
        {"when": "time", "say": "It is noon."},
        {"when": "", "say": "Once upon a day. " * 60, "seconds_per_piece": 3},
    )
    window = without_hands(qtbot, silent_room, open_window)
    chat = window.chat
    heard(window, Began(101, 0.0), Utterance(101, "Tell me stories.", "en", 0.0, 1.0, 0.5))
    qtbot.waitUntil(lambda: chat.composer.answering, timeout=SECONDS)
    heard(
        window,
        Began(102, 5.0),
        Partial(102, "", "Stop", "en"),
        Began(103, 6.0),
        Utterance(102, "Stop.", "en", 5.0, 5.5, 0.5),
        Utterance(103, "", "", 6.0, 6.5, 0.5),
    )
    qtbot.waitUntil(lambda: not chat.composer.answering, timeout=SECONDS)
    qtbot.wait(500)
    assert said(window) == ["Tell me stories."]
    assert chat.composer.text.toPlainText() == ""
    assert not chat.reading.active
    heard(window, Began(104, 9.0), Utterance(104, "What time is it?", "en", 9.0, 10.0, 0.5))
    qtbot.waitUntil(lambda: said(window) == ["Tell me stories.", "What time is it?"], timeout=SECONDS)
    qtbot.waitUntil(lambda: not chat.composer.answering, timeout=SECONDS)
    chat.hands_free.stop()


@pytest.mark.logs("shown to the person")
def test_it_can_be_begun_again_where_recognition_failed(
    qtbot: QtBot, silent_room: sound.Sound, reading_window: MainWindow
) -> None:
    chat = reading_window.chat
    heard(reading_window, Finished(WorkerDied("speech recognition", "listening", "exit code 3")))
    assert not chat.hands_free.active
    qtbot.waitUntil(lambda: not chat.talking.recording, timeout=SECONDS)
    assert silent_room.listeners() == 0
    chat.hands_free.start()
    qtbot.waitUntil(lambda: silent_room.listeners() == 1, timeout=SECONDS)
    assert chat.hands_free.active
    chat.hands_free.stop()


@pytest.mark.logs("shown to the person")
def test_a_microphone_that_fails_keeps_the_sentence(
    qtbot: QtBot, silent_room: sound.Sound, open_window: Open, script: Callable[..., Path], tmp_path: Path
) -> None:
    script({"when": "", "say": "All right."})
    window = open_window(welcomed=True, speech_language="en")
    window.app.voice.warm_up()
    chat = window.chat
    chat.hands_free.start()
    qtbot.waitUntil(lambda: silent_room.listeners() == 1, timeout=SECONDS)
    player = silent_room.start_speaking(
        sound.espeak(tmp_path / "speech.wav", QUESTIONS["en"][0], "-s", "150")
    )
    qtbot.waitUntil(lambda: player.poll() is not None, timeout=SECONDS)
    silent_room.fail()
    qtbot.waitUntil(lambda: not chat.hands_free.active, timeout=SECONDS)
    qtbot.waitUntil(lambda: chat.hands_free._listening is None, timeout=SECONDS)
    kept = chat.composer.text.toPlainText() + "".join(said(window))
    assert "How many people" in kept
