"""The voice worker: speech to text, of recordings (`recording.py`) and of what is being said (`live.py`)."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import CardFailed, ModelUnreadable
from core.voice import audio
from core.voice.activity import Activity
from core.voice.channels import Samples
from core.voice.live import Live
from core.voice.messages import (
    SAMPLE_RATE,
    Listen,
    ListWays,
    LoadSpeech,
    MeasureWay,
    Numbers,
    Pace,
    TellSpeakers,
    Transcribe,
    Transcribed,
    Way,
    Ways,
)
from core.voice.recording import Recording
from core.voice.speakers import Speakers
from core.voice.turns import Turns
from core.voice.whisper import SILERO, Whisper, ways
from core.workers.messages import Nothing, Request
from core.workers.process import Context, Handler

# As CUDA, cuBLAS and C++ say it.
_NO_MEMORY = re.compile("out of memory|ALLOC_FAILED|NOT_INITIALIZED|bad_alloc")
FEED_SECONDS = 0.05  # how long it waits for sound before it looks at what was written


class Transcriber:
    """State of the worker: what is loaded."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._whisper: Whisper | None = None
        self._activity = Activity(SILERO)
        self._turns: tuple[str, Turns] | None = None

    def load(self, request: LoadSpeech, context: Context) -> None:
        """Have the model ready."""
        with self._computed(request.way):
            self._loaded(request.folder, request.way)
        self._judge(request.turns)

    @contextmanager
    def _computed(self, way: Way) -> Iterator[None]:
        """What a graphics card raises (a library that is missing, no memory left) is that card's failure, and the model is let go of."""
        try:
            yield
        except (RuntimeError, MemoryError, ModelUnreadable) as error:  # what CTranslate2 raises
            if way.device == Way().device:
                raise
            self._whisper = self._turns = None
            reason = error.reason if isinstance(error, ModelUnreadable) else str(error)
            passing = isinstance(error, MemoryError) or bool(_NO_MEMORY.search(reason))
            raise CardFailed(reason, passing) from error

    def _loaded(self, folder: str, way: Way) -> Whisper:
        if self._whisper is None or (self._whisper.folder, self._whisper.way) != (folder, way):
            self._whisper = self._turns = None
            self._whisper = Whisper(folder, self._threads, way)
        return self._whisper

    def list_ways(self, request: ListWays, context: Context) -> Ways:
        """How recognition may be computed here."""
        return Ways(ways(self._threads))

    def measure(self, request: MeasureWay, context: Context) -> Pace:
        """How fast it is one way."""
        with self._computed(request.way):
            whisper = self._loaded(request.folder, request.way)
            context.check()
            return whisper.pace(context.check)

    def _judge(self, network: str) -> Turns | None:
        """The network that tells the end of a turn; None where there is none."""
        if not network or self._whisper is None:
            return None
        if self._turns is None or self._turns[0] != network:
            self._turns = (network, Turns(Path(network), self._whisper.spectrum_of_turn))
        return self._turns[1]

    def transcribe(self, request: Transcribe, context: Context) -> Transcribed:
        """A whole recording, or the rest of one."""
        started = time.perf_counter()
        heard = request.begin

        def sound() -> Iterator[Samples]:
            nonlocal heard
            for chunk in audio.chunks(Path(request.path), request.begin):
                context.check()
                heard += len(chunk) / SAMPLE_RATE
                yield chunk

        with self._computed(request.way):
            whisper = self._loaded(request.folder, request.way)
            recording = Recording(
                whisper, self._activity, request.languages, request.names, request.corrections
            )
            for written in recording.write(sound(), request.begin):
                context.check()
                context.item(written)
        return Transcribed(recording.language, heard, time.perf_counter() - started)

    def tell_speakers(self, request: TellSpeakers, context: Context) -> Numbers:
        """Whose voice each line of a recording is."""

        def sound() -> Iterator[Samples]:
            for chunk in audio.chunks(Path(request.path)):
                context.check()
                yield chunk

        speakers = Speakers(Path(request.network), self._threads)
        return Numbers(speakers.tell(sound(), request.lines, self._activity, request.count))

    def listen(self, request: Listen, context: Context) -> Nothing:
        """What is fed, while it comes."""
        with self._computed(request.way):
            return self._listen(request, context)

    def _listen(self, request: Listen, context: Context) -> Nothing:
        whisper = self._loaded(request.folder, request.way)
        self._activity.reset()
        live = Live(request, whisper, self._activity, self._judge(request.turns), partial(context.item))
        try:
            while True:
                try:
                    sound = context.next_feed(FEED_SECONDS)
                except TimeoutError:
                    live.look()
                    continue
                if sound is None:
                    break
                live.hear(sound)
            live.end(context.check)
        finally:
            live.close()
        return Nothing()


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    transcriber = Transcriber(int(options.get("threads", 1)))
    return {
        LoadSpeech: transcriber.load,
        Transcribe: transcriber.transcribe,
        TellSpeakers: transcriber.tell_speakers,
        Listen: transcriber.listen,
        ListWays: transcriber.list_ways,
        MeasureWay: transcriber.measure,
    }
