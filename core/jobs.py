"""Long work off the calling thread: each job can be cancelled, ends exactly once, and is waited for at quit."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from typing import Any

from core.errors import Cancelled, TsukueError

log = logging.getLogger(__name__)


class Job:
    """One piece of work under way. `function` gets the job itself, to look at `cancelled`."""

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.name = name
        self.result: Any = None
        self.error: BaseException | None = None
        self._cancelled = threading.Event()
        self._done = threading.Event()
        self._on_cancel: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def check(self) -> None:
        """Raise Cancelled if the job was cancelled."""
        if self.cancelled:
            raise Cancelled

    def cancel(self) -> None:
        """Ask the job to stop; what it called `while_running` with is told at once."""
        self._cancelled.set()
        with self._lock:
            callbacks = list(self._on_cancel)
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Also call `callback` when the job is cancelled (at once if it already is)."""
        with self._lock:
            self._on_cancel.append(callback)
        if self.cancelled:
            callback()

    def ended(self, timeout: float) -> bool:
        """Wait for the end, in whatever way; whether it came within `timeout` seconds."""
        return self._done.wait(timeout)

    def wait(self, timeout: float | None = None) -> Any:
        """Wait for the end; returns the result or raises the job's error. Raises TimeoutError."""
        if not self._done.wait(timeout):
            raise TimeoutError
        if self.error is not None:
            raise self.error
        return self.result


class Jobs:
    """Starts jobs on threads of their own, and ends them all at `close`."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._running: dict[Job, threading.Thread] = {}
        self._closed = False

    def start(
        self, name: str, function: Callable[[Job], Any], on_end: Callable[[Job], None] | None = None
    ) -> Job:
        """Run `function` on a new thread. `on_end` is called there once, after it has ended in whatever way."""
        job = Job(next(self._numbers), name)

        def run() -> None:
            try:
                job.result = function(job)
            except TsukueError as error:
                job.error = error
            except Exception as error:
                log.exception("the job %r failed", name)
                job.error = error
            job._done.set()
            with self._lock:
                self._running.pop(job, None)
            if on_end is not None:
                on_end(job)

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            if self._closed:
                job.error = Cancelled()
                job._done.set()
                return job
            self._running[job] = thread
        thread.start()
        return job

    def close(self) -> None:
        """Cancel everything, and wait until the threads have ended."""
        with self._lock:
            self._closed = True
            running = dict(self._running)
        for job in running:
            job.cancel()
        for thread in running.values():
            if thread is not threading.current_thread():
                thread.join()
