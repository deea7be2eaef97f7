"""A conversation without hands, with a microphone that hears the loudspeakers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.chat.conversation import Role
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
