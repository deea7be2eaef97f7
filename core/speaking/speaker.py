"""The speech worker: sentences to sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.speaking.kokoro import Kokoro
from core.speaking.messages import RATE, LoadVoice, Say, Spoken
from core.speaking.pronunciation import Pronunciation
from core.workers.messages import Nothing, Request
from core.workers.process import Context, Handler

USUAL = {"ja": "jf_alpha", "en": "af_heart"}
BETWEEN_SECONDS = 0.12  # pieces of one sentence


class Speaker:
    """State of the worker: the voice that is loaded."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._loaded: tuple[tuple[str, str], Kokoro, Pronunciation] | None = None

    def load(self, request: LoadVoice, context: Context) -> None:
        """Have the voice ready, and its dictionary."""
        _, pronunciation = self._get(request.folder, request.more)
        pronunciation.pieces("はい。", "ja")

    def _get(self, folder: str, more: str) -> tuple[Kokoro, Pronunciation]:
        if self._loaded is None or self._loaded[0] != (folder, more):
            self._loaded = None
            kokoro = Kokoro(Path(folder), self._threads, Path(more) if more else None)
            self._loaded = ((folder, more), kokoro, Pronunciation(Path(folder)))
        return self._loaded[1:]

    def say(self, request: Say, context: Context) -> Nothing:
        """A sentence, part by part."""
        kokoro, pronunciation = self._get(request.folder, request.more)
        name = request.voice if request.voice in kokoro.voices else USUAL.get(request.language, "")
        name = name if name in kokoro.voices else kokoro.voices[0]
        between = np.zeros(0, np.float32)
        for piece in pronunciation.pieces(request.text, request.language, soon=request.soon):
            context.check()
            sound = np.concatenate([between, kokoro.say(piece, name, request.speed)])
            context.item(Spoken((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes(), RATE))
            between = np.zeros(int(BETWEEN_SECONDS * RATE), np.float32)
        return Nothing()


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    speaker = Speaker(int(options.get("threads", 1)))
    return {LoadVoice: speaker.load, Say: speaker.say}
