"""Whether what the microphone captures is no more than what the loudspeakers play.

An echo canceller fails where the delay of the echo jumps, as it does on a computer that has no time: what is left of the echo is then
recognised as words ("That's why.", "Soot you."), which no comparison with what was read can tell from somebody's. But an echo is as loud as
echoes were before in this room, and dies away with what is played; somebody who talks is louder than that, and goes on when it is held.

Measured on sixteen minutes of reading aloud, half of them with both cores busy, in which somebody talked over it 88 times, mostly in two
words (docs/voice.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STEP_SECONDS = 0.02  # a level is taken so often
LATEST_SECONDS = 0.5  # so late an echo comes at most
DYING_DB = 2.0  # by which it may become softer in a step: a room in which sound takes 0.6 s to fade
LOUDER = 2.5  # decibels above the echo, in the mean, is somebody: 3.8 to 12 were seen, and up to 1.0 where an echo became words
LOUDER_MOMENT, MOMENT_SECONDS = 7.0, 0.3  # and so much for so long: 14 to 20, up to 3.4
LEFT = 0.3  # what a canceller that fails leaves goes up and down with the echo: .32 to .50
LATER_STEPS = 4  # in which a canceller may give back what it has got
GOES_ON_SECONDS = 0.2  # after what is played has ended, in which its echo is still compared with what is left
HEARD_DB = 6.0  # above the room's noise something is heard
PLAYED_DB = -45.0  # where nothing louder was played, nothing can come back
KNOWN_SECONDS = 1.0  # of it, until it is known how loud its echo is
SOFT_DB, FLOOR_DB = -60.0, -75.0  # what is softer is all the same; and is nothing
MOST_DB = 20.0  # of one step, in a mean

Levels = tuple[float, float, float]
"""Of 20 ms: what was captured, what was played, and what was left of the former without the latter; in decibels below the loudest."""

_Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Room:
    """How loud an echo is, against what is played, and the noise that is there without one; decibels."""

    echo: float
    noise: float


def room(levels: Sequence[Levels]) -> Room | None:
    """What is known of the room by these; None where too little was played."""
    captured, played, _ = _columns(levels)
    loud = played > PLAYED_DB
    best: tuple[float, float] | None = None
    for late in range(min(_steps(LATEST_SECONDS), len(captured))):
        there = loud[: len(loud) - late]
        if there.sum() * STEP_SECONDS < KNOWN_SECONDS:
            break
        against = captured[late:][there] - played[: len(played) - late][there]
        echo = float(np.median(against))
        spread = float(np.median(np.abs(against - echo)))
        best = min(best, (spread, echo)) if best is not None else (spread, echo)
    return Room(best[1], float(np.percentile(captured, 10))) if best is not None else None


def is_echo(levels: Sequence[Levels], before: Sequence[Levels], of: Room) -> bool:
    """Whether what was captured in a stretch is the echo of what was played, and nothing besides.

    `before`: the levels of `LATEST_SECONDS` before the stretch, or as many as there are."""
    captured, _, left = _columns(levels)
    _, played, _ = _columns([*before, *levels])
    if not len(captured) or played.max() < PLAYED_DB:
        return False
    _, late, louder, moment = min(_fit(captured, played, of, late) for late in range(len(before) + 1))
    if louder > LOUDER or moment > LOUDER_MOMENT:
        return False
    over = np.flatnonzero(played[len(before) :] > PLAYED_DB)
    end = int(over[-1]) + 1 + _steps(GOES_ON_SECONDS) if len(over) else len(left)
    first = len(before) - late
    delays = range(first, max(first - LATER_STEPS, 0) - 1, -1)
    return max(_goes_with(left[:end], played[delay:][: len(left)][:end]) for delay in delays) >= LEFT


def _fit(captured: _Array, played: _Array, of: Room, late: int) -> tuple[float, int, float, float]:
    """How far what was captured is from an echo that comes so many steps late, in the mean; how many; and how far it is above it, in the
    mean and where it is farthest above it."""
    begin = len(played) - len(captured) - late
    echo = played[begin : begin + len(captured)] + of.echo
    # What was played a while ago has faded since.
    steps = np.arange(len(echo), dtype=np.float32) * np.float32(DYING_DB)
    echo = np.maximum(np.maximum.accumulate(echo + steps) - steps, of.noise)
    heard = np.maximum(echo, captured) > of.noise + HEARD_DB
    if not heard.any():
        return 0.0, late, 0.0, 0.0
    above = np.clip((captured - echo)[heard], -MOST_DB, MOST_DB)
    misfit, louder = float(np.abs(above).mean()), float(np.maximum(above, 0).mean())
    above = np.where(heard, np.clip(captured - echo, 0, MOST_DB), 0)
    window = min(_steps(MOMENT_SECONDS), len(above))
    moment = float(np.convolve(above, np.ones(window, np.float32) / window, "valid").max())
    return misfit, late, louder, moment


def _columns(levels: Sequence[Levels]) -> tuple[_Array, _Array, _Array]:
    found = np.maximum(np.array(levels, np.float32).reshape(-1, 3), FLOOR_DB).T
    return found[0], found[1], found[2]


def _steps(seconds: float) -> int:
    return round(seconds / STEP_SECONDS)


def _goes_with(one: _Array, other: _Array) -> float:
    """How much they go up and down together (-1 to 1), where they can be heard."""
    one, other = np.maximum(one, SOFT_DB), np.maximum(other, SOFT_DB)
    one, other = one - one.mean(), other - other.mean()
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-6))
