"""The sound worker with a real sound server: what is captured and played is looked at from outside."""

from __future__ import annotations

import json
import os
import signal
import statistics
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
from core.events import Events
from core.paths import Home
from core.sound.messages import Captured
from core.sound.service import Sound, State
from core.workers.supervisor import Worker, WorkerSpec
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

    def captured(self, heard: Captured) -> None:
        self.data.append(heard.data)

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


def test_a_quiet_room_is_looked_at_seldom_and_loses_nothing(
    app: App, desk: sound.Sound, speech: Path
) -> None:
    def lengths() -> list[float]:
        return [len(piece) / 2 / 16_000 for piece in list(listener.data)]

    listener = Listener()
    app.sound.open(listener)
    until(lambda: len(lengths()) > 20 and statistics.median(lengths()[-10:]) > 0.06, SECONDS)
    before = len(lengths())
    desk.speak(speech)
    assert len([one for one in lengths()[before:] if one < 0.06]) > 10  # of some forty
    app.sound.shut(listener, 0.4)
    assert listener.closed.wait(SECONDS)
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
    time.sleep(0.2)  # nothing is told where nothing happens
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


@pytest.mark.logs("the sound worker fell over", "the sound process ended")
def test_a_worker_that_dies_before_it_opens_is_told(home: Home) -> None:
    """And the microphone is nobody's then."""
    found = Sound(Worker(WorkerSpec("sound", "tests.support.dying"), Events()))
    for _ in range(2):
        listener = Listener()
        found.open(listener)
        assert listener.closed.wait(SECONDS)
        assert isinstance(listener.error, MicrophoneLost)
        assert found.state is State.CLOSED


@pytest.mark.logs("somebody who uses sound has failed")
def test_a_listener_that_fails_does_not_hide_the_microphone(app: App, desk: sound.Sound) -> None:
    class Wrong(Listener):
        def captured(self, heard: Captured) -> None:
            super().captured(heard)
            raise RuntimeError("a wrong listener")

    listener = Wrong()
    app.sound.open(listener)
    until(lambda: len(listener.data) > 3, SECONDS)
    assert app.sound.state is State.OPEN
    app.sound.shut(listener)
    assert listener.closed.wait(SECONDS)
    until(lambda: desk.listeners() == 0, SECONDS)


def test_sound_that_is_held_goes_on_where_it_was(
    app: App, desk: sound.Sound, speech: Path, tmp_path: Path
) -> None:
    said = sound.samples(speech)
    over = threading.Event()
    with desk.recorded("speakers", tmp_path / "out.wav"):
        app.sound.play(sound.pcm(said), sound.RATE, lambda heard: over.set())
        time.sleep(0.8)  # some of it is heard
        app.sound.pause(True)
        assert not over.wait(1.5)
        app.sound.pause(False)
        assert over.wait(SECONDS)
    found, rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    shape, wanted = _loudness(found, rate), _loudness(said, sound.RATE)
    assert "." * 50 in shape  # a second and more of silence
    before, after = shape.split("." * 50)[0].strip("."), shape.split("." * 50)[-1].strip(".")
    assert abs(len(before + after) - len(wanted)) <= 4, (
        before,
        after,
        wanted,
    )  # nothing twice, nothing left out


def test_a_headset_that_takes_a_second_loses_nothing_of_what_is_said_then(
    app: App, desk: sound.Sound, speech: Path
) -> None:
    """It is shown as being opened until its first sound comes."""
    desk.fail()
    listener = Listener()
    app.sound.open(listener)
    time.sleep(1.6)  # the headset wakes up
    assert app.sound.state is State.OPENING
    assert listener.data == []
    desk.wake()
    until(lambda: app.sound.state is State.OPEN, SECONDS)
    desk.speak(speech)
    app.sound.shut(listener, 0.4)
    assert listener.closed.wait(SECONDS)
    assert listener.error is None
    assert likeness(listener.samples, sound.samples(speech)) > 0.97


def test_a_computer_that_slept_listens_on(app: App, desk: sound.Sound, speech: Path) -> None:
    """All of the program stands still for longer than a device may be silent; that is no lost microphone."""
    listener = Listener()
    app.sound.open(listener)
    until(lambda: app.sound.state is State.OPEN, SECONDS)
    pid = app.sound.worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    time.sleep(2.5)  # the computer sleeps
    os.kill(pid, signal.SIGCONT)
    time.sleep(2.0)  # what waited meanwhile is taken
    assert app.sound.state is State.OPEN
    desk.speak(speech)
    app.sound.shut(listener, 0.4)
    assert listener.closed.wait(SECONDS)
    assert listener.error is None
    assert likeness(listener.samples, sound.samples(speech)) > 0.9


def _loudness(samples: np.ndarray, rate: int) -> str:
    """A sign for each fiftieth of a second, from the first sound to the last."""
    step = rate // 50
    found = (np.abs(samples[at : at + step]).max() > 0.01 for at in range(0, len(samples), step))
    return "".join("#" if loud else "." for loud in found).strip(".")
