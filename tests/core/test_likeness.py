"""Whether what is captured is what is played, by its loudness: with real voices, mixed as rooms mix them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.sound.likeness import FLOOR_DB, LATEST_SECONDS, STEP_SECONDS, Room, is_echo, room
from tests.support import sound

BLOCK = int(STEP_SECONDS * sound.RATE)
READ = (
    "In the summer the days are long and warm, and in the winter they are short and cold. "
    "Who wants to see the stars goes out in January, when the air is clear, and takes a warm coat along."
)
# Shorter words ("Stop.") cannot be told by this, and are believed for what they say (core/voice/interruptions.py).
SAID = (
    "Wait a moment.",
    "No, thank you.",
    "What about tomorrow?",
    "How many people live in this city?",
)
LEARNT = 4.0  # seconds of reading before somebody says something


def decibels(samples: np.ndarray) -> np.ndarray:
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK)
    return 10 * np.log10(np.square(blocks).mean(axis=1) + 1e-10)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return sound.samples(sound.espeak(tmp_path_factory.mktemp("voices") / "read.wav", READ))


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    folder: Path = tmp_path_factory.mktemp("voices")
    return [
        sound.samples(sound.espeak(folder / f"{number}.wav", text, "-v", "en+f3"))
        for number, text in enumerate(SAID)
    ]


def heard_in(played: np.ndarray, delay: float, fades: float) -> np.ndarray:
    """The echo of what is played, as loud as it, in a room in which sound takes so long to become 60 dB softer."""
    random = np.random.default_rng(3)
    response = np.zeros(int((delay + fades) * sound.RATE) + 1, np.float32)
    response[int(delay * sound.RATE)] = 1.0
    if fades:
        times = np.arange(int(fades * sound.RATE)) / sound.RATE
        tail = random.normal(0, 1, len(times)) * 10 ** (-3 * times / fades)
        response[int(delay * sound.RATE) :][: len(tail)] += (0.7 * tail / np.linalg.norm(tail)).astype(
            np.float32
        )
    size = 1 << (len(played) + len(response) - 1).bit_length()
    whole = np.fft.irfft(np.fft.rfft(played, size) * np.fft.rfft(response, size), size)
    return np.asarray(whole[: len(played)], np.float32)


def with_noise(samples: np.ndarray, level: float = 1e-3) -> np.ndarray:
    return samples + level * np.random.default_rng(1).normal(size=len(samples)).astype(np.float32)


def told(captured: np.ndarray, played: np.ndarray, left: np.ndarray, start: float, end: float) -> bool:
    """Whether seconds `start` to `end` are taken for an echo, by what was learnt of the room before."""
    levels = list(zip(*(decibels(one).tolist() for one in (captured, played, left)), strict=True))
    begin, stop = int(start / STEP_SECONDS), int(end / STEP_SECONDS)
    of = room(levels[:begin])
    assert of is not None
    return is_echo(levels[begin:stop], levels[begin - round(LATEST_SECONDS / STEP_SECONDS) : begin], of)


@pytest.mark.parametrize("fades", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("delay", [0.0, 0.06, 0.2, 0.4])
def test_an_echo_that_comes_through_is_told(read: np.ndarray, delay: float, fades: float) -> None:
    echo = with_noise(0.4 * heard_in(read, delay, fades))
    for start in (4.0, 5.0, 6.0, 7.0):
        assert told(echo, read, 0.5 * echo, start, start + 1.5), start


@pytest.mark.parametrize("fades", [0.0, 0.3])
@pytest.mark.parametrize("held_after", [0.3, 0.5])
def test_an_echo_is_told_where_it_made_reading_stop(
    read: np.ndarray, fades: float, held_after: float
) -> None:
    """What comes through is taken for speech, and reading is held at once: loud, then silent, as with somebody who interrupts."""
    for start in (4.2, 5.2, 6.2):
        played = read.copy()
        played[int((start + held_after) * sound.RATE) :] = 0
        echo = with_noise(0.4 * heard_in(played, 0.1, fades))
        assert told(echo, played, 0.5 * echo, start - 0.43, start + held_after + 0.9), start


@pytest.mark.parametrize("held_after", [0.25, 0.4])
@pytest.mark.parametrize("loud", [0.5, 1.0, 2.0], ids=["softer", "as loud", "louder"])
@pytest.mark.parametrize("number", range(len(SAID)), ids=SAID)
def test_who_talks_over_it_is_no_echo(
    read: np.ndarray, said: list[np.ndarray], number: int, loud: float, held_after: float
) -> None:
    """Their voice may be half as loud as the echo of what is read, which is held as soon as they are heard."""
    words = said[number]
    for start in (LEARNT, LEARNT + 1.3):
        played = read.copy()
        played[int((start + held_after) * sound.RATE) :] = 0
        person = np.zeros_like(played)
        person[int(start * sound.RATE) :][: len(words)] = words
        echo = heard_in(played, 0.08, 0.3)
        echo *= np.std(words) / np.std(echo[: int(LEARNT * sound.RATE)])
        captured = with_noise(echo + loud * person)
        left = with_noise(0.01 * echo + loud * person)
        over = start + len(words) / sound.RATE
        for wait in (0.05, 0.45, 1.6):  # until it is judged: a partial, and ends of a turn
            assert not told(captured, played, left, start - 0.43, over + wait), (start, wait)


def test_loud_loudspeakers_hide_nobody_whom_the_canceller_hears(
    read: np.ndarray, said: list[np.ndarray]
) -> None:
    words = said[-1]
    person = np.zeros_like(read)
    person[int(LEARNT * sound.RATE) :][: len(words)] = words
    echo = 5 * heard_in(read, 0.08, 0.3)
    assert not told(with_noise(echo + person), read, with_noise(person), LEARNT, LEARNT + 2.0)


def test_where_nothing_is_played_nothing_is_its_echo(read: np.ndarray, said: list[np.ndarray]) -> None:
    known = Room(-10.0, -60.0)
    person = [(float(level), FLOOR_DB, float(level)) for level in decibels(said[-1])]
    assert not is_echo(person, [], known)
    assert not is_echo([], [], known)
    assert room([]) is None
    assert room(person) is None, "nothing was played that could be heard"
