"""The worker that reads recordings to be played: a stranger's file never touches the window or the loudspeakers' process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.voice import audio
from core.voice.channels import Samples
from core.voice.messages import PLAYED_RATE, PieceOfSound, PlayRecording
from core.workers.messages import Nothing, Request
from core.workers.process import Context, Handler

PIECE = PLAYED_RATE // 2  # samples of a piece: where one is, is told twice a second


def play(request: PlayRecording, context: Context) -> Nothing:
    """Send a piece for each one that is wanted."""
    held = np.zeros(0, np.float32)
    at = request.begin
    for chunk in audio.chunks(Path(request.path), request.begin, PLAYED_RATE):
        held = np.concatenate([held, chunk])
        while len(held) >= PIECE:
            if not _send(held[:PIECE], at, context):
                return Nothing()
            held, at = held[PIECE:], at + PIECE / PLAYED_RATE
    if len(held):
        _send(held, at, context)
    return Nothing()


def _send(samples: Samples, at: float, context: Context) -> bool:
    """Send a piece when it is wanted; whether more may be wanted."""
    while True:
        context.check()
        try:
            if context.next_feed(0.5) is None:
                return False
            break
        except TimeoutError:
            continue
    context.item(PieceOfSound((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes(), at))
    return True


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    return {PlayRecording: play}
