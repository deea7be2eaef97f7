"""Whether what the microphone captures goes up and down as what the loudspeakers play.

An echo canceller fails where the delay of the echo jumps, as it does on a computer that has no time: what is left of the echo is then
recognised as words ("That's why.", "Soot you."), which no comparison with what was read can tell from somebody's. But its loudness still
follows what is played, a little later. Measured on seven minutes of reading aloud with both cores busy: of eleven utterances
that were echo ten are told (the other had no words), of eleven in which somebody talked over it none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

STEP_SECONDS = 0.02  # a level is taken so often
CAPTURED = 0.65  # an echo is as like as this: .69 to .96 were seen, and up to .42 where somebody spoke
LEFT = 0.44  # and what the canceller leaves of it as this: .45 to .78 were seen, and up to .43
SHORTEST_SECONDS = 0.9
LATEST_SECONDS = 0.5  # so late an echo comes at most
QUIET_DB = -45.0  # where nothing louder was played, nothing can come back
FLOOR_DB = -60.0

Levels = tuple[float, float, float]
"""Of 20 ms: what was captured, what was played, and what was left of the former without the latter; in decibels below the loudest."""


def is_echo(levels: Sequence[Levels], before: Sequence[Levels]) -> bool:
    """Whether what was captured in a stretch follows what was played, and what is left of it does. Somebody who talks over what is
    played spoils the one, a canceller that works the other.

    `before`: the levels of `LATEST_SECONDS` before the stretch, or as many as there are."""
    captured, _, left = np.maximum(np.array(levels, np.float32).reshape(-1, 3), FLOOR_DB).T
    played = np.maximum(np.array([*before, *levels], np.float32).reshape(-1, 3)[:, 1], FLOOR_DB)
    if not len(captured) or played.max() < QUIET_DB:
        return False
    delayed = np.lib.stride_tricks.sliding_window_view(played, len(captured))
    return _correlation(captured, delayed) >= CAPTURED and _correlation(left, delayed) >= LEFT


def _correlation(heard: np.ndarray, delayed: np.ndarray) -> float:
    """The highest with any delay."""
    heard = heard - heard.mean()
    delayed = delayed - delayed.mean(axis=1, keepdims=True)
    size = np.linalg.norm(delayed, axis=1) * np.linalg.norm(heard)
    return float(np.max(delayed @ heard / np.maximum(size, 1e-6)))
