"""The sound worker with a real sound server: what is captured and played is looked at from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.app import App
from core.errors import MicrophoneBusy, MicrophoneLost, NoMicrophone, TsukueError
from core.sound.service import State
from tests.conftest import until
from tests.support import sound

SECONDS = 30


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sound.Sound]:
    """A sound server of the test's own."""
    with sound.server(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    return sound.espeak(tmp_path / "speech.wav", "How many people live in this city?")


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.states: list[State] = []
        self.error: TsukueError | None = None
        self.closed = threading.Event()

    def captured(self, data: bytes, peak: float) -> None:
        self.data.append(data)

    def changed_to(self, state: State, error: TsukueError | None) -> None:
        self.states.append(state)
        self.error = self.error or error
        if state is State.CLOSED:
            self.closed.set()

    @property
    def samples(self) -> np.ndarray:
        return np.frombuffer(b"".join(self.data), "<i2").astype(np.float32) / 32768


def likeness(found: np.ndarray, said: np.ndarray) -> float:
    """How well the best place in `found` fits what was said."""
    size = len(found) + len(said)
    across = np.fft.irfft(np.fft.rfft(found, size) * np.conj(np.fft.rfft(said, size)), size)
    at = int(np.abs(across[: max(len(found) - len(said), 1)]).argmax())
    here = found[at : at + len(said)]
    return float(abs(across[at]) / np.linalg.norm(said) / max(np.linalg.norm(here), 1e-9))


def test_every_sample_is_captured_and_then_it_is_closed(app: App, desk: sound.Sound, speech: Path) -> None:
    listener = Listener()
    app.sound.open(listener)
    until(lambda: app.sound.state is State.OPEN, SECONDS)
    assert desk.listeners() == 1
    desk.speak(speech)
    app.sound.shut(listener, 0.4)
    assert desk.listeners() == 1  # a moment longer: the last syllable
    assert listener.closed.wait(SECONDS)
    assert desk.listeners() == 0
    assert listener.states == [State.OPENING, State.OPEN, State.CLOSED]
    assert likeness(listener.samples, sound.samples(speech)) > 0.97


def test_nobody_listens_until_somebody_wants_it(app: App, desk: sound.Sound) -> None:
    app.sound.prepare()
    devices: list[str] = []
    app.sound.devices(lambda found: devices.extend(device.name for device in found))
    until(lambda: devices, SECONDS)
    assert "VirtualMic" in devices
    assert desk.listeners() == 0


def test_the_microphone_has_one_listener(app: App, desk: sound.Sound) -> None:
    first = Listener()
    app.sound.open(first)
    with pytest.raises(MicrophoneBusy):
        app.sound.open(Listener())
    app.sound.shut(first)
    assert first.closed.wait(SECONDS)
    second = Listener()
    app.sound.open(second)
    until(lambda: app.sound.state is State.OPEN, SECONDS)
    app.sound.shut(first)  # it has it no more, and closes nothing
    time.sleep(0.2)
    assert app.sound.state is State.OPEN
    assert not second.closed.is_set()
    app.sound.shut(second)
    assert second.closed.wait(SECONDS)


def test_what_is_missing_and_what_fails_is_told(app: App, desk: sound.Sound) -> None:
    listener = Listener()
    app.sound.open(listener)
    until(lambda: app.sound.state is State.OPEN, SECONDS)
    desk.fail()
    assert listener.closed.wait(SECONDS)
    assert isinstance(listener.error, MicrophoneLost)
    desk.pull_out()
    again = Listener()
    app.sound.open(again)
    assert again.closed.wait(SECONDS)
    assert isinstance(again.error, NoMicrophone)


def test_what_is_played_is_heard_and_stops_at_once(
    app: App, desk: sound.Sound, speech: Path, tmp_path: Path
) -> None:
    said = sound.samples(speech)
    over = threading.Event()
    heard: list[bool] = []

    def played(whole: bool) -> None:
        heard.append(whole)
        over.set()

    with desk.recorded("speakers", tmp_path / "out.wav"):
        app.sound.play(sound.pcm(said), sound.RATE, played)
        assert over.wait(SECONDS)
    assert heard == [True]
    found, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert likeness(found, said) > 0.95
    over.clear()
    app.sound.play(sound.pcm(np.tile(said, 8)), sound.RATE, played)
    app.sound.silence()
    assert over.wait(SECONDS)
    assert heard == [True, False]


def test_listening_on_a_terminal(app: App, desk: sound.Sound, speech: Path) -> None:
    """`tsukue listen --live` prints what is said into the microphone; --once ends with it."""
    app.settings.change(speech_language="en")
    home = app.home.root
    app.close()
    program = subprocess.Popen(
        [sys.executable, "-m", "core.cli", "--home", str(home), "listen", "--live", "--once", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    until(lambda: desk.listeners() == 1, SECONDS)
    desk.speak(speech)
    out, _ = program.communicate(timeout=90)
    assert program.returncode == 0
    assert "people live in this city" in json.loads(out)["text"]
    assert desk.listeners() == 0
