"""One run of a worker process, seen from the parent: its pipes, its last log lines, the calls that wait for it.

What is sent goes through a thread of its own, so that nobody who calls, feeds or cancels waits for a child that does not
read (one that is stuck in native code, with the pipe full). A cancel and the request to leave overtake what waits.
"""

from __future__ import annotations

import collections
import contextlib
import json
import logging
import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from core import launcher
from core.workers import messages

if TYPE_CHECKING:
    from core.workers.calls import PendingCall
    from core.workers.supervisor import WorkerSpec

LOG_LINES = 120  # a native crash alone writes some forty
LINE_BYTES = 16_384  # a longer line is kept in pieces
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


class Child:
    """A process that was started. `kept` takes its messages to a file, where there is one."""

    def __init__(self, spec: WorkerSpec, kept: logging.Handler | None) -> None:
        options = {
            "module": spec.module,
            "options": spec.options,
            "nice": spec.nice,
            "memory_limit": spec.memory_limit,
        }
        self.popen = subprocess.Popen(
            launcher.worker(json.dumps(options)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **ENVIRONMENT},
            start_new_session=True,  # a Ctrl+C in the terminal is for the program, which then cancels what runs
        )
        self.calls: dict[int, PendingCall] = {}
        self.ready = threading.Event()
        self.isolation = ""
        self.memory = 0
        self.last_beat = time.monotonic()
        self.stopping = False
        self.buried = False
        self.lines: collections.deque[str] = collections.deque(maxlen=LOG_LINES)
        self._kept = kept
        self._outbox = threading.Condition()  # guards the four below, and wakes the thread that writes
        self._urgent: collections.deque[bytes] = collections.deque()
        self._waiting: collections.deque[tuple[PendingCall, bytes]] = collections.deque()
        self._unsent: set[int] = set()  # calls that the process has not been told of
        self._closed = False
        self._threads = [
            threading.Thread(target=self._keep_log, name=f"log of {spec.name}", daemon=True),
            threading.Thread(target=self._write, name=f"to {spec.name}", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    # ------------------------------------------------------------ to the process

    def start_call(self, pending: PendingCall, packed: bytes) -> None:
        """Send a call, after all that waits. If the process has just died, whoever reads its pipe ends the call."""
        with self._outbox:
            self._unsent.add(pending.id)
            self._waiting.append((pending, packed))
            self._outbox.notify()

    def send(self, pending: PendingCall, packed: bytes) -> None:
        """Send more that belongs to a call, after all that waits; dropped if the call ends before its turn comes."""
        with self._outbox:
            self._waiting.append((pending, packed))
            self._outbox.notify()

    def withdraw(self, pending: PendingCall) -> bool:
        """Take a call back, if the process has not been told of it; else tell it to stop the call. Whether it was."""
        with self._outbox:
            if pending.id in self._unsent:
                self._unsent.discard(pending.id)
                self._waiting = collections.deque(sent for sent in self._waiting if sent[0] is not pending)
                return True
        self._overtake(messages.Cancel(pending.id))
        return False

    def ask_to_leave(self) -> None:
        """Let the process end by itself once its calls have ended."""
        self._overtake(messages.Stop())

    def _overtake(self, message: messages.ToWorker) -> None:
        with self._outbox:
            self._urgent.append(messages.pack(message))
            self._outbox.notify()

    def _write(self) -> None:
        stream = self.popen.stdin
        assert stream
        try:
            while (packed := self._next()) is not None:
                messages.write_frame(stream, packed)  # type: ignore[arg-type]
        except (OSError, ValueError):
            self.kill()  # it has gone, or cannot be reached any more; its calls end when its own pipe does
        finally:
            with contextlib.suppress(OSError):
                stream.close()

    def _next(self) -> bytes | None:
        with self._outbox:
            while not self._closed:
                if self._urgent:
                    return self._urgent.popleft()
                if self._waiting:
                    pending, packed = self._waiting.popleft()
                    self._unsent.discard(pending.id)
                    if not pending.done:
                        return packed
                else:
                    self._outbox.wait()
        return None

    # ------------------------------------------------------------ its end

    def kill(self) -> None:
        """End the process at once, and whatever it may have started."""
        if self.popen.poll() is not None:
            return
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)  # it leads a session, see `start_new_session`
        else:
            self.popen.kill()

    def wait(self, seconds: float) -> None:
        """Wait for the end of the process, and end it if that does not come within `seconds`."""
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def close(self, seconds: float) -> None:
        """Let go of the pipes of a process that has ended; waits up to `seconds` for the last it wrote to its log."""
        with self._outbox:
            self._closed = True
            self._waiting.clear()
            self._outbox.notify()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(seconds)
        streams = [self.popen.stdout]
        if not self._threads[0].is_alive():  # closing a stream that is being read would wait for its reader
            streams.append(self.popen.stderr)
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.close()  # type: ignore[union-attr]

    def last_words(self, seconds: float) -> str:
        """The last lines of its log; waits up to `seconds` for them, once the process has ended."""
        self._threads[0].join(seconds)
        return "\n".join(list(self.lines))

    def _keep_log(self) -> None:
        stream = self.popen.stderr
        assert stream
        while line := stream.readline(LINE_BYTES):
            text = line.decode(errors="replace").rstrip()
            self.lines.append(text)
            if self._kept is not None:
                self._kept.handle(logging.makeLogRecord({"msg": text}))
