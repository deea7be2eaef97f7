"""The voice worker on a computer with a graphics card: what it does is in the file that TSUKUE_TEST_CARD names.

Without that file its libraries are incomplete, and CTranslate2 ends the process. An empty one: it works, and is the fastest. Otherwise
CTranslate2 raises what stands there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.voice import transcriber, whisper
from core.voice.messages import Pace, Way
from core.voice.whisper import USUAL, Ear, Samples, Whisper
from core.workers.messages import Request
from core.workers.process import Handler

CARDS = [Way("cuda", "float16"), Way("cuda", "int8_float16")]


class OnCard(Whisper):
    """Computes by the processor what a card is asked for, as long as the card works."""

    def __init__(self, folder: str, threads: int, way: Way = USUAL) -> None:
        super().__init__(folder, threads)
        self.way = way

    def hear(self, samples: Samples, *, whole: bool = False) -> Ear:
        if self.way.device == "cuda":
            try:
                raised = Path(os.environ.get("TSUKUE_TEST_CARD") or "/nowhere").read_text()
            except FileNotFoundError:
                os.abort()
            if raised:
                raise RuntimeError(raised)
        return super().hear(samples, whole=whole)

    def pace(self, check: Callable[[], None] = lambda: None) -> Pace:
        found = super().pace(check)
        return Pace(0.001, 0.001) if self.way.device == "cuda" else found


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    usual = whisper.ways
    # Two ways by the processor are enough, and measured sooner.
    transcriber.ways = lambda threads: [*usual(threads)[:2], *CARDS]  # type: ignore[attr-defined]
    transcriber.Whisper = OnCard  # type: ignore[misc]
    return transcriber.create(options)
