"""The computer's own voice, with Qt's engine for tests: it takes as long as a voice, in silence."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.app import App
from core.sound.messages import CannotSay
from core.sound.service import State
from core.speaking.aloud import Progress
from core.speaking.messages import RATE
from core.speaking.spoken import of_text
from tests.conftest import until
from tests.core.test_sound import Listener
from tests.support import sound

SECONDS = 60
LONG = "one two three four five six seven eight nine ten eleven twelve"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sound.Sound]:
    monkeypatch.setenv("TSUKUE_SYSTEM_VOICE", "mock")
    with sound.server(tmp_path, monkeypatch) as found:
        yield found


class Heard:
    """Notes what was heard, in its order."""

    def __init__(self) -> None:
        self.order: list[tuple[str, bool, float]] = []

    def of(self, name: str):  # type: ignore[no-untyped-def]
        return lambda heard: self.order.append((name, heard, time.monotonic()))

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.order]


def test_it_speaks_in_its_turn(app: App, desk: sound.Sound) -> None:
    """After the sound before it, and before that behind it, whichever was handed over quicker."""
    heard = Heard()
    assert app.sound.speaks("en")
    assert not app.sound.speaks("ja")
    app.sound.play(bytes(RATE), RATE, heard.of("half a second"))
    app.sound.say(LONG, "en", 1.0, heard.of("words"))
    app.sound.play(bytes(RATE), RATE, heard.of("another half"))
    app.sound.say("the end", "en", 1.0, heard.of("the end"))
    until(lambda: len(heard.order) == 4, SECONDS)
    assert heard.names == ["half a second", "words", "another half", "the end"]
    assert all(whole for _, whole, _ in heard.order)
    times = [at for _, _, at in heard.order]
    assert times[1] - times[0] > 0.5, "words take their time"


def test_it_is_held_goes_on_and_is_silenced(app: App, desk: sound.Sound) -> None:
    heard = Heard()
    app.sound.speaks("en")
    app.sound.say(LONG, "en", 1.0, heard.of("words"))
    app.sound.pause(True)
    app.sound.play(bytes(RATE), RATE, heard.of("sound"))
    time.sleep(3)  # longer than the words take
    assert heard.order == []
    went_on = time.monotonic()
    app.sound.pause(False)
    until(lambda: heard.names == ["words", "sound"], SECONDS)
    assert heard.order[0][2] - went_on > 0.5, "the words take their time"
    app.sound.say(LONG, "en", 1.0, heard.of("more"))
    app.sound.silence()
    assert heard.order[-1][:2] == ("more", False)
    app.sound.play(bytes(RATE), RATE, heard.of("after"))
    until(lambda: heard.names[-1] == "after", SECONDS)
    assert heard.order[-1][1]


def test_a_language_that_it_cannot_speak_is_told(app: App, desk: sound.Sound) -> None:
    heard = Heard()
    app.sound.say("はい", "ja", 1.0, heard.of("words"))
    until(lambda: heard.order, SECONDS)
    assert heard.order[0][:2] == ("words", False)
    assert app.sound.failed
    assert not app.sound.speaks("en"), "what fails once is not asked again in this session"


def listened_to(app: App) -> tuple[Listener, Heard]:
    """It speaks for many seconds, and the microphone is open."""
    listener, heard = Listener(), Heard()
    app.sound.speaks("en")
    app.sound.open(listener, cancel_echo=True)
    until(lambda: app.sound.state is State.OPEN, SECONDS)
    app.sound.say(" ".join([LONG] * 8), "en", 1.0, heard.of("words"))
    return listener, heard


def test_nothing_is_heard_while_it_speaks(app: App, desk: sound.Sound, tmp_path: Path) -> None:
    """Nobody has its sound, so that it could not be taken out of what the microphone hears."""
    speech = sound.espeak(tmp_path / "speech.wav", "How many people live in this city?")
    listener, heard = listened_to(app)
    desk.speak(speech)
    assert heard.order == [], "it speaks longer than that"
    during = listener.samples
    assert abs(during[len(during) // 4 :]).max() == 0.0
    app.sound.silence()
    time.sleep(0.6)  # what it said last may still be in the room
    before = len(listener.samples)
    desk.speak(speech)
    assert abs(listener.samples[before:]).max() > 0.05
    app.sound.shut(listener)
    assert listener.closed.wait(SECONDS)


def test_one_who_pauses_it_is_heard(app: App, desk: sound.Sound, tmp_path: Path) -> None:
    speech = sound.espeak(tmp_path / "speech.wav", "How many people live in this city?")
    listener, _ = listened_to(app)
    app.sound.pause(True)
    time.sleep(0.6)  # what it said last may still be in the room
    before = len(listener.samples)
    desk.speak(speech)
    assert abs(listener.samples[before:]).max() > 0.05
    app.sound.shut(listener)
    assert listener.closed.wait(SECONDS)


def test_where_it_fails_another_voice_reads_on(
    app: App, desk: sound.Sound, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app.settings.change(voice_en="system")
    said: list[str] = []

    def say(text: str, *others: object) -> None:
        said.append(text)
        call = app.sound._call
        assert call is not None
        usual(text, *others)  # type: ignore[arg-type]
        if len(said) == 1:
            threading.Timer(0.3, app.sound._take, (CannotSay(), call)).start()

    usual = app.sound.say
    monkeypatch.setattr(app.sound, "say", say)
    told: list[Progress] = []
    over = threading.Event()

    def tell(progress: Progress) -> None:
        told.append(progress)
        if progress.over:
            over.set()

    with desk.recorded("speakers", tmp_path / "heard.wav"):
        app.speaking.aloud(tell).read(of_text("All is well. We go on. That is all.", "en"))
        assert over.wait(SECONDS)
    assert told[-1].error is None
    assert [(one.index, one.by_system) for one in told[:-1]][-3:] == [(0, False), (1, False), (2, False)]
    assert told[0].by_system
    assert abs(sound.samples(tmp_path / "heard.wav")).max() > 0.05
    assert not app.sound.speaks("en")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_reads_where_it_is_chosen_and_speaks_the_language(
    app: App, desk: sound.Sound, language: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Elsewhere Tsukue's own voice does."""
    app.settings.change(voice="system", voice_en="system")
    said: list[str] = []
    usual = app.sound.say
    monkeypatch.setattr(app.sound, "say", lambda text, *others: (said.append(text), usual(text, *others))[1])
    told: list[Progress] = []
    over = threading.Event()

    def tell(progress: Progress) -> None:
        told.append(progress)
        if progress.over:
            over.set()

    text = {"en": "All is well. We go on.", "ja": "はい。いいえ。"}[language]
    with desk.recorded("speakers", tmp_path / "heard.wav"):
        app.speaking.aloud(tell).read(of_text(text, language))
        assert over.wait(SECONDS)
    assert [one.index for one in told] == [0, 1, -1]
    assert told[-1].error is None
    loudest = abs(sound.samples(tmp_path / "heard.wav")).max()
    if language == "en":
        assert said == ["All is well.", "We go on."]
        assert loudest < 0.01
    else:
        assert said == []
        assert loudest > 0.05


def test_a_file_is_spoken_by_a_voice_whose_sound_is_had(app: App, tmp_path: Path) -> None:
    app.settings.change(voice_en="system")
    assert app.speaking.write("All is well.", tmp_path / "a.wav") > 0.4
