"""The system's voice where it fails: by Qt's engine for tests, which is taken away."""

from __future__ import annotations

import pytest
from PySide6.QtTextToSpeech import QTextToSpeech
from pytestqt.qtbot import QtBot

from core.sound.messages import CannotSay, Played, SayWords, SoundEvent
from sound import system_voice
from sound.loudspeakers import Loudspeakers

WORDS = "one two three four five six seven eight nine ten"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[SoundEvent | bool]:
    monkeypatch.setenv(system_voice.ENGINE, "mock")
    return []


def speakers(told: list[SoundEvent | bool]) -> Loudspeakers:
    """What is told, and whether something is heard that nobody has the sound of, in its order."""
    return Loudspeakers(told.append, lambda samples, rate: None, lambda: None, told.append)


class Broken:
    """An engine whose speech service has gone."""

    def __init__(self, engine: QTextToSpeech, state: QTextToSpeech.State) -> None:
        self._engine = engine
        self._state = state
        self.stateChanged = engine.stateChanged
        self.deleteLater = engine.deleteLater

    def state(self) -> QTextToSpeech.State:
        return self._state


def test_a_voice_that_fails_is_told_and_made_anew(qtbot: QtBot, told: list[SoundEvent | bool]) -> None:
    loudspeakers = speakers(told)
    loudspeakers.say(SayWords(WORDS, "en", 1.0, 7))
    engine = loudspeakers.voice._engine
    loudspeakers.voice._engine = Broken(engine, QTextToSpeech.State.Error)
    qtbot.waitUntil(lambda: CannotSay() in told)
    assert told == [True, False, CannotSay()]
    assert not loudspeakers.playing
    told.clear()
    loudspeakers.say(SayWords("one two", "en", 1.0, 8))
    qtbot.waitUntil(lambda: Played(8, False) in told, timeout=10_000)
    assert loudspeakers.voice._engine is not engine
    loudspeakers.silence()


def test_a_voice_that_never_begins_is_not_taken_for_heard(
    qtbot: QtBot, told: list[SoundEvent | bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_voice, "BEGIN_SECONDS", 0.2)
    loudspeakers = speakers(told)
    loudspeakers.say(SayWords(WORDS, "en", 1.0, 7))
    engine = loudspeakers.voice._engine
    loudspeakers.voice._began = False
    loudspeakers.voice._engine = Broken(engine, QTextToSpeech.State.Ready)
    qtbot.waitUntil(lambda: CannotSay() in told)
    assert not [one for one in told if isinstance(one, Played)]


def test_who_holds_it_is_heard(qtbot: QtBot, told: list[SoundEvent | bool]) -> None:
    loudspeakers = speakers(told)
    loudspeakers.say(SayWords(WORDS, "en", 1.0, 7))
    loudspeakers.pause(True)
    loudspeakers.pause(False)
    loudspeakers.silence()
    assert told == [True, False, True, False]
