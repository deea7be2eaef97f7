"""Microphone and loudspeakers for the rest of the program: one session with the sound worker, begun when it is first needed."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Protocol

from core.errors import (
    N_,
    MicrophoneBusy,
    MicrophoneForbidden,
    MicrophoneLost,
    NoMicrophone,
    TsukueError,
    WorkerDied,
)
from core.sound.messages import (
    CannotPlay,
    CannotSay,
    Captured,
    Closed,
    CloseMicrophone,
    Command,
    Device,
    Devices,
    ListDevices,
    ListVoices,
    Opening,
    OpenMicrophone,
    Pause,
    Play,
    Played,
    SayWords,
    Silence,
    SoundEvent,
    UseSound,
    Voices,
)
from core.workers.calls import Fed, PendingCall
from core.workers.supervisor import Worker, WorkerSpec

log = logging.getLogger(__name__)

WORKER_NAME = N_("sound")
TAIL_SECONDS = 0.4  # captured after the release: people let go while they say the last syllable
VOICES_SECONDS = 5.0
_REASONS: dict[str, type[TsukueError]] = {
    "missing": NoMicrophone,
    "forbidden": MicrophoneForbidden,
    "lost": MicrophoneLost,
}


def spec() -> WorkerSpec:
    """The sound worker. Its module is beside `core`, since it needs Qt; sound waits for nobody, so it is not made any nicer."""
    return WorkerSpec(WORKER_NAME, "sound.worker", idle_seconds=60, nice=0)


class State(Enum):
    """What the microphone does; an indicator shows nothing else."""

    CLOSED = "closed"
    OPENING = "opening"  # asked for; nothing is captured yet
    OPEN = "open"


class Listener(Protocol):
    """Who has opened the microphone. Called on the session's thread."""

    def captured(self, heard: Captured) -> None:
        """Sound, as it comes."""

    def changed_to(self, state: State, error: TsukueError | None) -> None:
        """The microphone does this now; `error` says why it was closed where nobody asked for it."""


class Sound:
    """One microphone, one pair of loudspeakers. Any thread may call; nothing here waits for the worker."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._lock = threading.RLock()
        self._call: PendingCall | None = None
        self._listener: Listener | None = None
        self.state = State.CLOSED
        self._devices: list[Device] = []
        self._told_devices: Callable[[list[Device]], None] | None = None
        self._voices: list[str] | None = None  # languages of the system's voices, once they are known
        self._voices_known = threading.Event()
        self._marks = itertools.count(1)
        self._playing: dict[int, Callable[[bool], None]] = {}
        self._backlog: deque[Command] = deque()  # more to play than the worker takes at once
        self._watchers: list[Callable[[State], None]] = []
        self.failed = False  # the last thing that was to be played could not be

    # ------------------------------------------------------------ the session

    def prepare(self) -> None:
        """Start the worker, so that the microphone opens at once when it is wanted. Opens nothing."""
        with self._lock:
            self._ensure()

    def _ensure(self) -> PendingCall:
        if self._call is None or self._call.done:
            self._call = call = self.worker.call(UseSound())
            if not self._voices:
                self._voices_known.clear()  # there may be some by now
            threading.Thread(target=self._read, args=(call,), name="sound", daemon=True).start()
            if self._told_devices is not None:
                call.feed(ListDevices())
        return self._call

    def watch(self, told: Callable[[State], None]) -> Callable[[], None]:
        """Tell what the microphone does, whoever has opened it, on the session's thread; returns the function that ends this."""
        self._watchers.append(told)
        return partial(self._watchers.remove, told)

    def _send(self, command: Command) -> None:
        with self._lock:
            call = self._ensure()
            taken = Fed.FULL if self._backlog else call.feed(command)
            if taken is Fed.ENDED:  # it has ended in this moment
                self._call = None
                taken = self._ensure().feed(command)
            if taken is Fed.FULL:
                self._backlog.append(command)

    def _push(self) -> None:
        with self._lock:
            while self._backlog and self._call is not None:
                if self._call.feed(self._backlog[0]) is Fed.FULL:
                    return
                self._backlog.popleft()

    def close(self) -> None:
        """End the session: everything is silent and closed."""
        with self._lock:
            call, self._call = self._call, None
            self._backlog.clear()
        if call is not None and not call.done:
            call.end_feed()

    def _read(self, call: PendingCall) -> None:
        error: TsukueError | None = None
        try:
            for event in call.items():
                self._take(event, call)
                self._push()
        except TsukueError as fell:
            error = fell
            if isinstance(fell, WorkerDied):
                log.warning("the sound worker fell over")
        with self._lock:
            if self._call is not call and self._call is not None:
                return  # another session has begun meanwhile: nothing is this one's any more
            self._call = None
            if not self._voices_known.is_set():
                self._voices = []  # who waits to know need not wait any longer
            self._voices_known.set()
            lost = self.state is not State.CLOSED
            playing, self._playing = self._playing, {}
            self._backlog.clear()
            self.failed = self.failed or (error is not None and bool(playing))
        if lost:
            self._change(State.CLOSED, MicrophoneLost() if error is not None else None)
        self._never_heard(playing)

    @staticmethod
    def _never_heard(playing: dict[int, Callable[[bool], None]]) -> None:
        for over in playing.values():
            _told(partial(over, False))

    def _take(self, event: SoundEvent, call: PendingCall) -> None:
        if isinstance(event, Captured):
            if self.state is State.OPENING:
                self._change(State.OPEN)
            listener = self._listener
            if listener is not None:
                _told(lambda: listener.captured(event))
        elif isinstance(event, Opening):
            self._change(State.OPENING)
        elif isinstance(event, Closed):
            kind = _REASONS.get(event.reason)
            if (
                event.reason == "lost"
            ):  # the sound server may have gone: Qt finds no other one in the same process
                with self._lock:
                    if self._call is call:
                        self._call = None
                call.end_feed()
                self.worker.stop(1.0)
            self._change(State.CLOSED, kind() if kind else None)
        elif isinstance(event, Devices):
            self._devices = event.found
            if self._told_devices is not None:
                self._told_devices(event.found)
        elif isinstance(event, Voices):
            self._voices = event.languages
            self._voices_known.set()
        elif isinstance(event, Played):
            with self._lock:
                over = self._playing.pop(event.mark, None)
            if over is not None:
                _told(lambda: over(True))
        elif isinstance(event, CannotPlay | CannotSay):
            with self._lock:
                playing, self._playing = self._playing, {}
                self.failed = True
                if isinstance(event, CannotSay):
                    self._voices = []
                    self._voices_known.set()
            self._never_heard(playing)

    # ------------------------------------------------------------ the microphone

    def open(self, listener: Listener, device: str = "", *, cancel_echo: bool = False) -> None:
        """Open the microphone; `listener` gets what it captures, and why it cannot be opened.

        Raises MicrophoneBusy where somebody else has it, WorkerDied, WorkerKeepsDying."""
        with self._lock:
            if self._listener is not None and self._listener is not listener:
                raise MicrophoneBusy
            self._listener, before = listener, self.state
            self.state = State.OPENING  # from here on somebody waits for it, and is told what comes of it
            try:
                self._send(OpenMicrophone(device, cancel_echo))
            except BaseException:
                self._listener, self.state = None, before
                raise

    def shut(self, listener: Listener, after: float = 0.0) -> None:
        """Close the microphone after so many more seconds, if it is this listener that has it."""
        with self._lock:
            if self._listener is listener and self._call is not None:
                self._send(CloseMicrophone(after))

    def devices(self, told: Callable[[list[Device]], None]) -> None:
        """Tell which microphones there are, now and whenever it changes, on the session's thread."""
        with self._lock:
            first = self._told_devices is None
            self._told_devices = told
            if self._call is None or self._call.done:
                self._ensure()
            elif first:
                self._send(ListDevices())
            else:
                told(self._devices)

    def _change(self, state: State, error: TsukueError | None = None) -> None:
        self.state = state
        listener = self._listener
        if state is State.CLOSED:
            self._listener = None
        if listener is not None:
            _told(lambda: listener.changed_to(state, error))
        for watcher in list(self._watchers):
            _told(partial(watcher, state))

    # ------------------------------------------------------------ the loudspeakers

    def play(self, data: bytes, rate: int, over: Callable[[bool], None]) -> None:
        """Play this after what is being played: 16-bit integers, one channel. `over` is called on the session's thread when it was
        heard (True) or will not be (False)."""
        mark = next(self._marks)
        with self._lock:
            self._playing[mark] = over
            self.failed = False
            self._send(Play(data, rate, mark))

    def say(self, text: str, language: str, speed: float, over: Callable[[bool], None]) -> None:
        """Have the system's own voice say this after what is being played; `over` as of `play`. Only where it `speaks` the language."""
        mark = next(self._marks)
        with self._lock:
            self._playing[mark] = over
            self.failed = False
            self._send(SayWords(text, language, speed, mark))

    def speaks(self, language: str) -> bool:
        """Whether the system has a voice for this language. Waits for the worker the first time, a few seconds at most; what cannot
        be known is no. Raises WorkerDied, WorkerKeepsDying."""
        with self._lock:
            self._ensure()
            known = self._voices_known.is_set()
        if not known:
            self._send(ListVoices())
            self._voices_known.wait(VOICES_SECONDS)
        return language in (self._voices or [])

    @property
    def voiceless(self) -> bool:
        """Whether the system is known to have no voice, or one that failed when it was last asked."""
        return self._voices == []

    def pause(self, paused: bool) -> None:
        """Hold the sound where it is, or let it go on."""
        self._send(Pause(paused))

    def silence(self) -> None:
        """Stop the sound at once. What was to be played is told to be over (False)."""
        with self._lock:
            playing, self._playing = self._playing, {}
            self._backlog = deque(one for one in self._backlog if not isinstance(one, Play | SayWords))
            if self._call is not None and not self._call.done:
                self._send(Silence())
        self._never_heard(playing)


def _told(tell: Callable[[], None]) -> None:
    """Whoever is told may be wrong; the session goes on, or nobody would see what the microphone does."""
    try:
        tell()
    except Exception:
        log.exception("somebody who uses sound has failed")
