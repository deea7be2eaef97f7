"""The parent side: starts a worker when it is needed, watches it, and distinguishes its death from a failed job.

A `Worker` belongs to one subject (engine, documents, parser, voice). Calls may come from any thread.
The process starts with the first call, leaves when it has been idle, and comes back with the next
call. When it dies, every call in flight fails with `WorkerDied`; the next call starts a new process,
at most `MAX_DEATHS` times within `DEATHS_WINDOW` seconds. A slow start is reported, never killed.
"""

from __future__ import annotations

import collections
import itertools
import logging
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from core.errors import Cancelled, WorkerDied, WorkerKeepsDying, WorkerStopped
from core.events import Event, Events
from core.log import LogFile
from core.workers import messages
from core.workers.calls import PendingCall, pack
from core.workers.child import Child

log = logging.getLogger(__name__)

MAX_DEATHS = 3
DEATHS_WINDOW = 60.0
LEAVE_SECONDS = 5.0  # until a process that was asked to leave is ended
READING_SECONDS = 2.0  # until a process that has ended must have been heard to its end


class State(Enum):
    """Where a worker stands."""

    OFF = "off"
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"


@dataclass(frozen=True)
class WorkerChanged(Event):
    """A worker's state or memory changed. `memory` is its resident size in bytes, 0 when off."""

    worker: str
    state: State
    memory: int
    pid: int | None


@dataclass(frozen=True)
class WorkerFell(Event):
    """A worker died by itself; the calls that waited for it have failed with the same error."""

    error: WorkerDied


@dataclass(frozen=True)
class WorkerSpec:
    """How a worker is made: `name` is for people (translated where shown), `module` runs in the child."""

    name: str
    module: str
    options: dict[str, Any] = field(default_factory=dict)
    idle_seconds: float = 600.0
    memory_limit: int | None = None
    nice: int = 5


class Worker:
    """A worker process that is there when needed. `log_folder` gets the child's own messages."""

    def __init__(self, spec: WorkerSpec, events: Events, log_folder: Path | None = None) -> None:
        self.spec = spec
        self._events = events
        self._log_file = LogFile(log_folder / log_name(spec), old=1) if log_folder else None
        self._lock = threading.RLock()
        self._process: Child | None = None
        self._threads: dict[Child, threading.Thread] = {}  # who reads what a process says, until it is buried
        self._deaths: collections.deque[float] = collections.deque(maxlen=MAX_DEATHS)
        self._last_cause = ""
        self._numbers = itertools.count(1)
        self._idle_timer: threading.Timer | None = None
        self._closed = False

    # ------------------------------------------------------------ state

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        process = self._process
        return process.popen.pid if process and not process.stopping else None

    @property
    def memory(self) -> int:
        """The child's resident memory in bytes at its last heartbeat; 0 when off."""
        process = self._process
        return process.memory if process else 0

    @property
    def isolation(self) -> str:
        """What refuses the network in the child ('seccomp' or 'audit'); empty before it is ready."""
        process = self._process
        return process.isolation if process else ""

    @property
    def state(self) -> State:
        process = self._process
        if process is None:
            return State.OFF
        if not process.ready.is_set():
            return State.STARTING
        return State.BUSY if process.calls else State.IDLE

    @property
    def silent_seconds(self) -> float:
        """Seconds since the child's last heartbeat (0 when off): shown when long, never a reason to kill."""
        process = self._process
        return time.monotonic() - process.last_beat if process else 0.0

    def _tell(self) -> None:
        self._events.publish(WorkerChanged(self.spec.name, self.state, self.memory, self.pid))

    # ------------------------------------------------------------ calls

    def call(
        self, request: messages.Request, on_progress: Callable[[messages.Progress], None] | None = None
    ) -> PendingCall:
        """Send a request, starting the process if there is none; never waits for the process to take it.

        Raises TooMuchAtOnce, WorkerKeepsDying, WorkerStopped, and WorkerDied where no process could be started.
        """
        number = next(self._numbers)
        body = msgspec.Raw(messages.encode(request))
        packed = pack(messages.Call(number, type(request).__name__, body), self.spec.name)
        with self._lock:
            if self._closed:
                raise WorkerStopped(self.spec.name)
            process = self._ensure()
            pending = PendingCall(self, process, number, request, on_progress)
            process.calls[number] = pending
            self._disarm()
            process.start_call(pending, packed)
        self._tell()
        return pending

    def start(self) -> None:
        """Start the process now, so that a later call finds it ready. Raises WorkerKeepsDying, WorkerDied."""
        with self._lock:
            if not self._closed:
                self._ensure()

    def forgive(self) -> None:
        """Forget earlier deaths: the person has asked to try again."""
        self._deaths.clear()

    def kill(self) -> None:
        """End the process at once, as if it had died (a file that takes too long, a test)."""
        process = self._process
        if process is not None:
            process.kill()

    def stop(self, wait: float = LEAVE_SECONDS) -> None:
        """Ask the process to leave, end it if it does not within `wait` seconds. A later call starts it again.

        Every call has ended when this returns.
        """
        with self._lock:
            self._disarm()
            threads = dict(self._threads)  # one that was idle may still be leaving, beside the present one
            for process in threads:
                process.stopping = True
        for process in threads:
            for pending in list(process.calls.values()):
                self.cancel(pending)
            process.ask_to_leave()
        deadline = time.monotonic() + wait
        for process in threads:
            process.wait(max(deadline - time.monotonic(), 0))
        for process, thread in threads.items():
            if thread is not threading.current_thread():
                thread.join(3 * READING_SECONDS)
                self._bury(process)  # where its end cannot be heard: something it started holds its pipe

    def cancel_all(self) -> None:
        """Cancel every call in flight."""
        for process in list(self._threads):
            for pending in list(process.calls.values()):
                self.cancel(pending)

    def close(self) -> None:
        """Stop for good."""
        self._closed = True
        self.stop()
        if self._log_file is not None:
            self._log_file.close()

    def cancel(self, pending: PendingCall) -> None:
        """Stop a call: at once if the process does not know of it yet, else as soon as the process hears of it."""
        if not pending.done and pending.child.withdraw(pending):
            pending.end(Cancelled())
            self._forget(pending)

    # ------------------------------------------------------------ life and death

    def _ensure(self) -> Child:
        if self._process is not None and not self._process.stopping:
            return self._process
        recent = [at for at in self._deaths if time.monotonic() - at < DEATHS_WINDOW]
        if len(recent) >= MAX_DEATHS:
            raise WorkerKeepsDying(self.spec.name, len(recent), self._last_cause)
        try:
            process = self._process = Child(self.spec, self._log_file)
        except OSError as error:  # no memory for another process, or the program's own file has gone
            self._last_cause = error.strerror or type(error).__name__
            self._deaths.append(time.monotonic())
            raise WorkerDied(self.spec.name, "starting", self._last_cause) from error
        thread = self._threads[process] = threading.Thread(
            target=self._read, args=(process,), name=self.spec.name, daemon=True
        )
        thread.start()
        self._tell()
        return process

    def _read(self, process: Child) -> None:
        assert process.popen.stdout
        try:
            while (frame := messages.read_frame(process.popen.stdout)) is not None:  # type: ignore[arg-type]
                self._take(process, messages.decode_from_worker(frame))
        except Exception:  # whatever it is, the calls that wait must hear of an end
            log.exception("what the %s process sent could not be followed", self.spec.name)
            process.kill()
        process.wait(READING_SECONDS)  # it may live on, but can be heard no more
        process.popen.wait()
        self._bury(process)

    def _take(self, process: Child, message: messages.FromWorker) -> None:
        if isinstance(message, messages.Heartbeat):
            process.last_beat = time.monotonic()
            moved = abs(message.memory - process.memory) > 4_000_000
            process.memory = message.memory
            if moved:
                self._tell()
        elif isinstance(message, messages.Ready):
            process.isolation = message.isolation
            process.ready.set()
            self._tell()
            self._arm(process)
        else:
            pending = process.calls.get(message.id)
            if pending is None:
                return
            pending.take(message)  # before it is forgotten: if decoding fails, it must end with the process
            if pending.done:
                self._forget(pending)

    def _forget(self, pending: PendingCall) -> None:
        """A call has ended."""
        with self._lock:
            pending.child.calls.pop(pending.id, None)
        self._tell()
        self._arm(pending.child)

    def _bury(self, process: Child) -> None:
        """The process is gone: fail what waited for it, remember the death, tell. Nothing happens a second time."""
        with self._lock:
            if process.buried:
                return
            process.buried = True
            self._threads.pop(process, None)
            if self._process is process:
                self._process = None
            calls = list(process.calls.values())
            process.calls.clear()
        if process.stopping:
            for pending in calls:
                pending.end(Cancelled())
        else:
            cause = self._last_cause = cause_of_death(process.popen.returncode)
            self._deaths.append(time.monotonic())
            doing = calls[0].doing if calls else ("starting" if not process.ready.is_set() else "waiting")
            error = WorkerDied(self.spec.name, doing, cause, process.last_words(READING_SECONDS))
            log.warning("the %s process ended while %s (%s)", self.spec.name, doing, cause)
            for number, pending in enumerate(calls):  # in the order in which they are answered
                pending.end(WorkerDied(self.spec.name, pending.doing, cause, error.log, number > 0))
            self._events.publish(WorkerFell(error))
        process.close(READING_SECONDS)
        self._tell()

    # ------------------------------------------------------------ idleness

    def _arm(self, process: Child) -> None:
        with self._lock:
            if process.calls or self._process is not process or self._closed or process.stopping:
                return
            self._disarm()
            self._idle_timer = threading.Timer(self.spec.idle_seconds, self._leave_if_idle, args=(process,))
            self._idle_timer.daemon = True
            self._idle_timer.start()

    def _disarm(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _leave_if_idle(self, process: Child) -> None:
        with self._lock:
            if process.calls or self._process is not process:
                return
            process.stopping = True
        process.ask_to_leave()


def log_name(spec: WorkerSpec) -> str:
    """The name of the file that a worker's own messages go to; the same in every run."""
    return f"worker-{re.sub('[^a-z0-9]+', '-', spec.name.lower()).strip('-')}.log"


def cause_of_death(code: int) -> str:
    """A process's exit code in words that can be looked up: a signal's name, or 'exit code N'."""
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"
