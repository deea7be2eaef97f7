"""Recordings are played from any second on: read piece by piece in a worker, heard through the sound worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.errors import N_, Cancelled, NoLoudspeakers, TsukueError
from core.sound.service import Sound
from core.voice.messages import PLAYED_RATE, More, PlayRecording
from core.workers.calls import PendingCall
from core.workers.supervisor import Worker, WorkerSpec

WORKER_NAME = N_("player")
AHEAD = 3  # pieces that are with the loudspeakers
MEMORY = 3_000_000_000  # address space in bytes

Told = Callable[[float | None, TsukueError | None], None]


def spec() -> WorkerSpec:
    """The worker that reads them."""
    return WorkerSpec(WORKER_NAME, "core.voice.player", idle_seconds=60, memory_limit=MEMORY, nice=0)


class Playback:
    """Plays recordings. Any thread may call."""

    def __init__(self, worker: Worker, sound: Sound) -> None:
        self.worker = worker
        self._sound = sound

    def play(self, path: str, begin: float, told: Told) -> Playing:
        """Play a file from second `begin` on. `told` gets the second that is heard, about twice a second, and None at the end, with an
        error where it could not go on; on other threads."""
        return Playing(self.worker, self._sound, path, begin, told)


class Playing:
    """A recording that is heard; begun by `Playback.play`."""

    def __init__(self, worker: Worker, sound: Sound, path: str, begin: float, told: Told) -> None:
        self._worker = worker
        self._sound = sound
        self._told = told
        self._lock = threading.Lock()
        self._call: PendingCall | None = None
        self._stopped = False
        self._error: TsukueError | None = None
        self._with = 0  # pieces that the loudspeakers have
        self._drained = threading.Condition(self._lock)
        request = PlayRecording(str(Path(path).expanduser().absolute()), begin)
        threading.Thread(target=self._run, args=(request,), name="playing", daemon=True).start()

    def pause(self, paused: bool) -> None:
        """Hold it, or let it go on."""
        self._sound.pause(paused)

    def stop(self) -> None:
        """Be silent at once."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            call = self._call
            self._drained.notify_all()
        if call is not None:
            call.cancel()
        self._sound.silence()

    def _run(self, request: PlayRecording) -> None:
        error: TsukueError | None = None
        try:
            call = self._worker.call(request)
            with self._lock:
                self._call = call
                stopped = self._stopped
            if stopped:
                call.cancel()
            for _ in range(AHEAD):
                call.feed(More())
            for piece in call.items():
                with self._lock:
                    if self._stopped:
                        break
                    self._with += 1
                self._sound.play(piece.data, PLAYED_RATE, partial(self._heard, piece.at, len(piece.data)))
        except Cancelled:
            pass
        except TsukueError as failed:
            error = failed
        with self._lock:
            self._drained.wait_for(lambda: self._stopped or not self._with)
            self._stopped = True
        self._told(None, error or self._error)

    def _heard(self, at: float, size: int, heard: bool) -> None:
        with self._lock:
            self._with -= 1
            if not heard and not self._stopped and self._sound.failed:
                self._error = NoLoudspeakers()
            self._stopped = self._stopped or not heard
            stopped, call = self._stopped, self._call
            self._drained.notify_all()
        if stopped:
            if call is not None:
                call.cancel()
            return
        if call is not None:
            call.feed(More())
        self._told(at + size / 2 / PLAYED_RATE, None)
