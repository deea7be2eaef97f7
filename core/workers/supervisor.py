"""The parent side: starts a worker when it is needed, watches it, and tells its death from a failed job.

A `Worker` belongs to one subject (engine, documents, parser, voice). Calls may come from any thread.
The process starts with the first call, leaves when it has been idle, and comes back with the next
call. When it dies, every call in flight fails with `WorkerDied`; the next call starts a new process,
at most `MAX_DEATHS` times within `DEATHS_WINDOW` seconds. A slow start is reported, never killed.
"""

from __future__ import annotations

import collections
import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from core.errors import Cancelled, TsukueError, WorkerDied, WorkerKeepsDying, WorkerStopped, from_wire
from core.events import Event, Events
from core.workers import messages

log = logging.getLogger(__name__)

MAX_DEATHS = 3
DEATHS_WINDOW = 60.0
LOG_LINES = 120  # a native crash alone writes some forty
# Libraries ask these before they think of a network or of telemetry; the seccomp filter has the last word.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONFAULTHANDLER": "1",
    "PYTHONUTF8": "1",
}


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


_END = object()


class PendingCall:
    """One request under way. Read its stream with `items`, its end with `result`; both raise its error."""

    def __init__(
        self,
        worker: Worker,
        call_id: int,
        request: messages.Request,
        on_progress: Callable[[messages.Progress], None] | None,
    ) -> None:
        self._worker = worker
        self.id = call_id
        self.request = request
        self._on_progress = on_progress
        self._stream: queue.Queue[Any] = queue.Queue()
        self._done = threading.Event()
        self._result: Any = None
        self._error: TsukueError | None = None
        self._streaming = False

    @property
    def doing(self) -> str:
        """What the call is doing, for people."""
        return (self._streaming and self.request.then) or self.request.doing

    @property
    def done(self) -> bool:
        """Whether the call has ended, in whatever way."""
        return self._done.is_set()

    def cancel(self) -> None:
        """Ask the worker to stop; the call then ends, usually with Cancelled."""
        self._worker._cancel(self.id)

    def items(self) -> Iterator[Any]:
        """The stream's pieces as they come, until the call ends. Raises the call's error."""
        while (item := self._stream.get()) is not _END:
            yield item
        self._stream.put(_END)
        if self._error is not None:
            raise self._error

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the end and return the result. Raises the call's error, or TimeoutError."""
        if not self._done.wait(timeout):
            raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._result

    def _take(self, message: messages.FromWorker) -> None:
        if isinstance(message, messages.Item):
            self._streaming = True
            self._stream.put(msgspec.msgpack.decode(message.body, type=self.request.item_type))
        elif isinstance(message, messages.Progress):
            if self._on_progress is not None:
                try:
                    self._on_progress(message)
                except Exception:  # it is told to others on this thread, which has more to read
                    log.exception("a listener to the progress of %s failed", self.doing)
        elif isinstance(message, messages.Result):
            self._result = msgspec.msgpack.decode(message.body, type=self.request.result_type)
            self._end(None)
        elif isinstance(message, messages.Failed):
            error = from_wire(message.error, message.fields)
            if getattr(error, "worker", None) == "?":
                error.worker = self._worker.spec.name  # type: ignore[attr-defined]
            self._end(error)

    def _end(self, error: TsukueError | None) -> None:
        if not self._done.is_set():
            self._error = error
            self._done.set()
            self._stream.put(_END)


class _Process:
    """One life of the child process: its pipes, its last log lines, and the calls that wait for it."""

    def __init__(self, spec: WorkerSpec, log_file: Path | None) -> None:
        options = {
            "module": spec.module,
            "options": spec.options,
            "nice": spec.nice,
            "memory_limit": spec.memory_limit,
        }
        # -P: the person's current folder must not be a place to import from.
        command = [sys.executable, "-P", "-m", "core.workers.process", json.dumps(options)]
        self.popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **ENVIRONMENT},
            start_new_session=True,  # a Ctrl+C in the terminal is for the program, which then cancels what runs
        )
        assert self.popen.stdin
        self.writer = messages.FrameWriter(self.popen.stdin)  # type: ignore[arg-type]
        self.calls: dict[int, PendingCall] = {}
        self.ready = threading.Event()
        self.isolation = ""
        self.memory = 0
        self.last_beat = time.monotonic()
        self.stopping = False
        self.lines: collections.deque[str] = collections.deque(maxlen=LOG_LINES)
        self._log_file = log_file
        self.log_thread = threading.Thread(target=self._keep_log, name=f"log of {spec.name}", daemon=True)
        self.log_thread.start()

    def _keep_log(self) -> None:
        assert self.popen.stderr
        with contextlib.ExitStack() as stack:
            out = None
            if self._log_file is not None:
                with contextlib.suppress(OSError):
                    mode = (
                        "ab"
                        if self._log_file.exists() and self._log_file.stat().st_size < 1_000_000
                        else "wb"
                    )
                    # Unbuffered: on a full disk nothing is left over for the closing to fail at.
                    out = stack.enter_context(self._log_file.open(mode, buffering=0))
            for line in self.popen.stderr:
                self.lines.append(line.decode(errors="replace").rstrip())
                if out is not None:
                    with contextlib.suppress(OSError):
                        out.write(line)


class Worker:
    """A worker process that is there when needed. `log_folder` gets the child's own messages."""

    def __init__(self, spec: WorkerSpec, events: Events, log_folder: Path | None = None) -> None:
        self.spec = spec
        self._events = events
        self._log_file = log_folder / f"worker-{spec.module.rsplit('.', 1)[-1]}.log" if log_folder else None
        self._lock = threading.RLock()
        self._process: _Process | None = None
        self._threads: list[threading.Thread] = []
        self._deaths: collections.deque[float] = collections.deque(maxlen=MAX_DEATHS)
        self._last_cause = ""
        self._next_id = 1
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
        """Send a request, starting the process if there is none. Raises WorkerKeepsDying, WorkerStopped."""
        body = msgspec.Raw(messages.encode(request))
        with self._lock:
            if self._closed:
                raise WorkerStopped(self.spec.name)
            process = self._ensure()
            pending = PendingCall(self, self._next_id, request, on_progress)
            self._next_id += 1
            process.calls[pending.id] = pending
            self._disarm()
            message = messages.Call(pending.id, type(request).__name__, body)
        # If it has just died, the reading thread notices and ends this call with WorkerDied.
        with contextlib.suppress(OSError, ValueError):
            process.writer.write(message)
        self._tell()
        return pending

    def start(self) -> None:
        """Start the process now, so that a later call finds it ready. Raises WorkerKeepsDying."""
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
            process.popen.kill()

    def stop(self, wait: float = 5.0) -> None:
        """Ask the process to leave, end it if it does not within `wait` seconds. A later call starts it again."""
        with self._lock:
            process = self._process
            self._disarm()
            if process is None:
                return
            process.stopping = True
            for pending in list(process.calls.values()):
                self._cancel(pending.id)
        with contextlib.suppress(OSError, ValueError):
            process.writer.write(messages.Stop())
        try:
            process.popen.wait(wait)
        except subprocess.TimeoutExpired:
            process.popen.kill()
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join()

    def cancel_all(self) -> None:
        """Cancel every call in flight."""
        process = self._process
        if process is not None:
            for number in list(process.calls):
                self._cancel(number)

    def close(self) -> None:
        """Stop for good."""
        self._closed = True
        self.stop()

    def _cancel(self, call_id: int) -> None:
        process = self._process
        if process is not None and call_id in process.calls:
            with contextlib.suppress(OSError, ValueError):
                process.writer.write(messages.Cancel(call_id))

    # ------------------------------------------------------------ life and death

    def _ensure(self) -> _Process:
        if self._process is not None and not self._process.stopping:
            return self._process
        recent = [at for at in self._deaths if time.monotonic() - at < DEATHS_WINDOW]
        if len(recent) >= MAX_DEATHS:
            raise WorkerKeepsDying(self.spec.name, len(recent), self._last_cause)
        process = self._process = _Process(self.spec, self._log_file)
        thread = threading.Thread(target=self._read, args=(process,), name=self.spec.name, daemon=True)
        self._threads = [*(t for t in self._threads if t.is_alive()), thread]
        thread.start()
        self._tell()
        return process

    def _read(self, process: _Process) -> None:
        assert process.popen.stdout
        try:
            while (frame := messages.read_frame(process.popen.stdout)) is not None:  # type: ignore[arg-type]
                self._take(process, messages.decode_from_worker(frame))
        except (msgspec.DecodeError, ValueError):
            log.exception("the %s process sent something that is no message", self.spec.name)
            process.popen.kill()
        try:
            process.popen.wait(2)
        except subprocess.TimeoutExpired:  # it lives, but its messages cannot be followed any more
            process.popen.kill()
            process.popen.wait()
        process.log_thread.join(timeout=2)
        self._bury(process)

    def _take(self, process: _Process, message: messages.FromWorker) -> None:
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
            if isinstance(message, (messages.Result, messages.Failed)):
                pending._take(
                    message
                )  # before it is forgotten: if decoding fails, it must end with the process
                with self._lock:
                    process.calls.pop(message.id, None)
                self._tell()
                self._arm(process)
            else:
                pending._take(message)

    def _bury(self, process: _Process) -> None:
        """The process is gone: fail what waited for it, remember the death, tell."""
        code = process.popen.returncode
        with self._lock:
            if self._process is process:
                self._process = None
            calls = list(process.calls.values())
            process.calls.clear()
        for stream in (process.popen.stdin, process.popen.stdout, process.popen.stderr):
            with contextlib.suppress(OSError):
                stream.close()  # type: ignore[union-attr]
        if process.stopping:
            for pending in calls:
                pending._end(Cancelled())
        else:
            self._last_cause = cause_of_death(code)
            self._deaths.append(time.monotonic())
            doing = calls[0].doing if calls else ("starting" if not process.ready.is_set() else "waiting")
            error = WorkerDied(self.spec.name, doing, self._last_cause, "\n".join(process.lines))
            log.warning("the %s process ended while %s (%s)", self.spec.name, doing, self._last_cause)
            for pending in calls:
                pending._end(WorkerDied(self.spec.name, pending.doing, self._last_cause, error.log))
            self._events.publish(WorkerFell(error))
        self._tell()

    # ------------------------------------------------------------ idleness

    def _arm(self, process: _Process) -> None:
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

    def _leave_if_idle(self, process: _Process) -> None:
        with self._lock:
            if process.calls or self._process is not process:
                return
            process.stopping = True
        with contextlib.suppress(OSError, ValueError):
            process.writer.write(messages.Stop())


def cause_of_death(code: int) -> str:
    """A process's exit code in words that can be looked up: a signal's name, or 'exit code N'."""
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"
