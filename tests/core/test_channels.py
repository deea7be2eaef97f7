"""One channel of many: speech survives in whichever channel it stands."""

from __future__ import annotations

import numpy as np
import pytest

from core.voice import channels
from core.voice.channels import Mixer, mono

RATE = 16_000
RANDOM = np.random.default_rng(5)


def speech(seconds: float = 4.0, pitch: float = 150.0, phase: float = 0.0) -> np.ndarray:
    """Something with the rise and fall of speech: syllables of a few harmonics, and pauses."""
    t = np.arange(int(seconds * RATE)) / RATE
    syllables = np.clip(np.sin(2 * np.pi * 2.3 * t + phase), 0, None) ** 2
    tone = sum(np.sin(2 * np.pi * pitch * k * t + k) / k for k in range(1, 8))
    return (0.2 * syllables * tone).astype(np.float32)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(abs(np.corrcoef(one, other)[0, 1]))


SAID = speech()
HUM = (0.1 * np.sin(2 * np.pi * 50 * np.arange(len(SAID)) / RATE)).astype(np.float32)
HISS = RANDOM.normal(0, 0.08, len(SAID)).astype(np.float32)
LATER = np.concatenate([np.zeros(160, np.float32), SAID[:-160]])
EMPTY = np.zeros_like(SAID)

CHANNELS = {
    "the same twice": (SAID, SAID),
    "opposite phase": (SAID, -SAID),
    "opposite phase, a little softer": (SAID, -0.7 * SAID),
    "only left": (SAID, EMPTY),
    "only right": (EMPTY, SAID),
    "a faint copy": (SAID, 0.02 * SAID),
    "hum on the other": (SAID, HUM),
    "loud hum on the other": (SAID, 4 * HUM),
    "hiss on the other": (HISS, SAID),
    "ten milliseconds later": (SAID, LATER),
    "six channels, the fourth": (EMPTY, EMPTY, EMPTY, SAID, EMPTY, EMPTY),
    "four of an array": (SAID, 0.8 * SAID, -0.9 * SAID, 0.7 * SAID),
}


@pytest.mark.parametrize("kind", CHANNELS)
def test_what_was_said_is_in_the_one_channel(kind: str) -> None:
    frames = np.stack(CHANNELS[kind], axis=1)
    mixed = mono(frames, RATE)
    assert likeness(mixed, SAID) > 0.97 or likeness(mixed, LATER) > 0.97
    assert np.abs(mixed).max() > 0.3 * np.abs(SAID).max()


@pytest.mark.parametrize("kind", CHANNELS)
def test_it_is_so_while_the_sound_comes(kind: str) -> None:
    frames = np.stack(CHANNELS[kind], axis=1)
    mixer = Mixer(frames.shape[1], RATE)
    mixed = np.concatenate([mixer.mix(frames[i : i + 640]) for i in range(0, len(frames), 640)])
    second = slice(RATE, None)  # the first moments may not tell hum from speech
    found = max(likeness(mixed[second], SAID[second]), likeness(mixed[second], LATER[second]))
    assert found > 0.9
    assert np.abs(mixed[second]).max() > 0.3 * np.abs(SAID).max()


def test_channels_are_judged_seldom_where_nothing_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[int] = []
    weights = channels.weights

    def counted(*arguments: np.ndarray) -> np.ndarray:
        judged.append(at)
        return weights(*arguments)

    monkeypatch.setattr(channels, "weights", counted)
    faint = np.random.default_rng(6).normal(0, 1e-3, (12 * RATE, 2)).astype(np.float32)
    faint[9 * RATE :, 0] += np.tile(SAID, 3)[: 3 * RATE]
    mixer = Mixer(2, RATE)
    mixed = []
    for at in range(0, len(faint), 640):
        mixed.append(mixer.mix(faint[at : at + 640]))
    quiet = [place for place in judged if 4 * RATE <= place < 9 * RATE]
    assert 1 <= len(quiet) <= 2
    assert any(9 * RATE <= place < 9.7 * RATE for place in judged)
    assert likeness(np.concatenate(mixed)[-2 * RATE :], faint[-2 * RATE :, 0]) > 0.9


def test_two_people_with_a_microphone_each_are_both_heard() -> None:
    other = speech(pitch=230, phase=np.pi)
    mixed = mono(np.stack([SAID, other], axis=1), RATE)
    assert likeness(mixed, SAID) > 0.5
    assert likeness(mixed, other) > 0.5


def test_silence_stays_silence() -> None:
    assert not mono(np.zeros((RATE, 2), np.float32), RATE).any()
    assert mono(np.zeros((0, 2), np.float32), RATE).shape == (0,)
