"""Whether what is captured is what is played, by its loudness: with the real voices of the starter models, mixed as rooms mix them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.sound.likeness import FLOOR_DB, STEP_SECONDS, is_echo
from tests.support import sound

BLOCK = int(STEP_SECONDS * sound.RATE)
READ = "In the summer the days are long and warm, and in the winter they are short and cold."
SAID = "How many people live in this city?"


def decibels(samples: np.ndarray) -> np.ndarray:
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK)
    return 10 * np.log10(np.square(blocks).mean(axis=1) + 1e-10)


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, np.ndarray]:
    """What is read aloud, and what somebody says; seconds 1 to 3 of the former are looked at."""
    folder: Path = tmp_path_factory.mktemp("voices")
    read = sound.samples(sound.espeak(folder / "read.wav", READ))[: 4 * sound.RATE]
    said = sound.samples(sound.espeak(folder / "said.wav", SAID, "-v", "en+f3"))
    person = np.zeros_like(read)
    person[sound.RATE : sound.RATE + len(said)] = said[: len(person) - sound.RATE]
    return read, person


def of(captured: np.ndarray, played: np.ndarray, left: np.ndarray, start: float, end: float) -> bool:
    levels = list(zip(*(decibels(one).tolist() for one in (captured, played, left)), strict=True))
    begin, stop = int(start / STEP_SECONDS), int(end / STEP_SECONDS)
    return is_echo(levels[begin:stop], levels[max(begin - 25, 0) : begin])


def late(samples: np.ndarray, seconds: float) -> np.ndarray:
    moved = int(seconds * sound.RATE)
    return np.concatenate([np.zeros(moved, np.float32), samples])[: len(samples)]


@pytest.mark.parametrize("delay", [0.0, 0.06, 0.2, 0.4])
def test_an_echo_that_comes_through_is_told(voices: tuple[np.ndarray, np.ndarray], delay: float) -> None:
    read, _ = voices
    echo = 0.4 * late(read, delay) + 0.001 * np.random.default_rng(1).normal(size=len(read)).astype(
        np.float32
    )
    for start in (0.5, 1.0, 2.0):
        assert of(echo, read, 0.5 * echo, start, start + 1.5)


def test_who_talks_over_it_is_no_echo(voices: tuple[np.ndarray, np.ndarray]) -> None:
    """Neither where the canceller leaves only their voice, nor where it does nothing and they are the louder one."""
    read, person = voices
    echo = late(read, 0.1)
    assert not of(0.3 * echo + person, read, person, 1.0, 3.0)
    assert not of(2 * echo + person, read, person, 1.0, 3.0), "loud loudspeakers, and a canceller that works"
    assert not of(0.1 * echo + person, read, 0.1 * echo + person, 1.0, 3.0)


def test_where_nothing_is_played_nothing_is_its_echo(voices: tuple[np.ndarray, np.ndarray]) -> None:
    _, person = voices
    assert not of(person, np.zeros_like(person), person, 1.0, 3.0)
    assert not is_echo([], [])
    still = [(FLOOR_DB, -20.0, FLOOR_DB)] * 50
    assert not is_echo(still, still)
