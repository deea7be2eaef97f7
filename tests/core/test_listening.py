"""Listening with the real voice worker and models, to espeak-ng's voice."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from core.app import App
from core.voice.listening import Finished, Listening, Told
from core.voice.messages import Began, Hearing, Partial, Utterance
from tests.support import sound

SECONDS = 120
QUESTION = "How many people live in this city?"
SILENCE = np.zeros(sound.RATE, np.float32)


class Ear:
    """What was told of one listening."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.over = threading.Event()
        self.partial = threading.Event()
        self.utterance = threading.Event()

    def __call__(self, told: Told) -> None:
        self.told.append(told)
        if isinstance(told, Partial):
            self.partial.set()
        if isinstance(told, Utterance):
            self.utterance.set()
        if isinstance(told, Finished):
            self.over.set()

    def of(self, kind: type) -> list:
        return [told for told in self.told if isinstance(told, kind)]

    @property
    def text(self) -> str:
        return " ".join(utterance.text for utterance in self.of(Utterance) if utterance.text)

    def wait(self) -> Ear:
        assert self.over.wait(SECONDS)
        return self


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return sound.samples(sound.espeak(tmp_path_factory.mktemp("said") / "q.wav", QUESTION))


@pytest.fixture
def english(app: App) -> App:
    app.settings.change(speech_language="en")
    return app


def fed(
    app: App, samples: np.ndarray, *, hands_free: bool = False, rate: int = sound.RATE, channels: int = 1
) -> tuple[Listening, Ear]:
    """Listen to `samples` (n, or n × channels), which come as fast as they are taken."""
    ear = Ear()
    listening = app.voice.listen(ear, hands_free=hands_free)
    listening.start(rate, channels)
    step = rate // 20
    for start in range(0, len(samples), step):
        listening.feed(sound.pcm(samples[start : start + step]))
    return listening, ear


def listen(app: App, samples: np.ndarray, **how: bool | int) -> Ear:
    listening, ear = fed(app, samples, **how)  # type: ignore[arg-type]
    listening.finish()
    return ear.wait()


def test_what_is_said_is_written_while_it_is_said(english: App, question: np.ndarray) -> None:
    """What is settled only grows, and the text begins with it."""
    ear = listen(english, np.concatenate([SILENCE, question, SILENCE]))
    assert ear.of(Finished) == [Finished()]
    assert "live in this city?" in ear.text
    assert len(ear.of(Began)) == 1
    assert ear.of(Hearing)
    settled = ""
    for partial in ear.of(Partial):
        assert partial.settled.startswith(settled)
        settled = partial.settled
    assert ear.text.startswith(settled.rstrip(".?"))


def test_hands_free_each_turn_is_a_text_of_its_own(english: App, question: np.ndarray) -> None:
    turns = np.concatenate([SILENCE, question, *[SILENCE] * 3, question, *[SILENCE] * 3])
    found = listen(english, turns, hands_free=True).of(Utterance)
    assert len(found) == 2
    assert all("city" in utterance.text for utterance in found)
    assert found[0].end <= found[1].start
    assert [utterance.utterance for utterance in found] == [1, 2]


def test_held_a_pause_ends_nothing(english: App, question: np.ndarray) -> None:
    (utterance,) = listen(english, np.concatenate([question, *[SILENCE] * 4, question, SILENCE])).of(
        Utterance
    )
    assert utterance.text.lower().count("city") == 2


@pytest.mark.parametrize(
    ("rate", "shape"), [(8_000, "mono"), (48_000, "mono"), (44_100, "opposite"), (16_000, "right only")]
)
def test_any_rate_and_layout(english: App, question: np.ndarray, rate: int, shape: str) -> None:
    import soxr

    said = soxr.resample(np.concatenate([question, SILENCE]), sound.RATE, rate).astype(np.float32)
    if shape == "opposite":
        said = np.stack([said, -said], axis=1)
    elif shape == "right only":
        said = np.stack([np.zeros_like(said), said], axis=1)
    ear = listen(english, said, rate=rate, channels=said.ndim if said.ndim == 1 else said.shape[1])
    assert "city" in ear.text


@pytest.mark.parametrize("kind", ["silence", "noise", "hum", "clicks"])
@pytest.mark.parametrize("hands_free", [False, True])
def test_where_nobody_speaks_nothing_is_written(english: App, kind: str, hands_free: bool) -> None:
    random = np.random.default_rng(7)
    samples = np.zeros(sound.RATE * 6, np.float32)
    if kind == "noise":
        samples += random.normal(0, 0.02, len(samples)).astype(np.float32)
    elif kind == "hum":
        samples += (0.1 * np.sin(2 * np.pi * 50 * np.arange(len(samples)) / sound.RATE)).astype(np.float32)
    elif kind == "clicks":
        for at in random.integers(0, len(samples) - 200, 25):
            samples[at : at + 120] += 0.5 * random.normal(0, 1, 120).astype(np.float32)
    ear = listen(english, samples, hands_free=hands_free)
    assert ear.text == ""
    assert ear.of(Finished) == [Finished()]


@pytest.mark.logs("ended while listening", "fell over while it listened")
def test_a_worker_that_dies_in_mid_sentence_costs_no_word(english: App, question: np.ndarray) -> None:
    said = np.concatenate([question, SILENCE])
    listening, ear = fed(english, said)
    assert ear.partial.wait(SECONDS)
    pid = english.voice.worker.pid
    english.voice.worker.kill()
    listening.finish()
    ear.wait()
    assert english.voice.worker.pid != pid
    assert ear.of(Finished) == [Finished()]
    assert "live in this city" in ear.text
    settled = ""
    for partial in ear.of(Partial):
        assert partial.settled.startswith(settled)
        settled = partial.settled


def test_sound_that_cannot_be_written_is_kept_for_another_try(
    english: App, question: np.ndarray, tmp_path: Path
) -> None:
    """Without a model nothing can be written: the reason is told, and with one the same sound is written."""
    library = english.library
    choose = library.choose
    from core.errors import NoModel

    def nothing(*_: object) -> str:
        raise NoModel("speech")

    library.choose = nothing  # type: ignore[method-assign]
    listening, ear = fed(english, np.concatenate([question, SILENCE]))
    listening.finish()
    ear.wait()
    (finished,) = ear.of(Finished)
    assert isinstance(finished.error, NoModel)
    assert listening.kept_seconds > 2
    library.choose = choose  # type: ignore[method-assign]
    ear.over.clear()
    listening.retry()
    ear.wait()
    assert "city" in ear.text
    assert listening.kept_seconds < 1


def test_what_is_cancelled_is_told_no_more(english: App, question: np.ndarray) -> None:
    listening, ear = fed(english, question)
    assert ear.partial.wait(SECONDS)
    listening.cancel()
    count = len(ear.told)
    listen(english, SILENCE)
    assert len(ear.told) == count
    assert not ear.over.is_set()


def test_sound_whose_text_has_come_is_kept_no_longer(english: App, question: np.ndarray) -> None:
    turns = np.concatenate([question, *[SILENCE] * 3] * 3)
    listening, ear = fed(english, turns, hands_free=True)
    listening.finish()
    ear.wait()
    assert len(ear.of(Utterance)) == 3
    assert listening.kept_seconds < 4
