"""Long work off the calling thread: each job can be cancelled, ends exactly once, and is waited for at quit."""

from __future__ import annotations

import contextvars
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from core.errors import Cancelled, TsukueError

log = logging.getLogger(__name__)

# What a thread that waits for a job looks at meanwhile; it may raise. For those that no signal reaches (core/cli/hosting.py).
meanwhile: contextvars.ContextVar[Callable[[], None] | None] = contextvars.ContextVar(
    "meanwhile", default=None
)
LOOK_SECONDS = 0.1


class Job:
    """One piece of work under way. The function that does it gets the job itself, to look at `cancelled`."""

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
        """Ask the job to stop; whatever `on_cancel` was given is called at once, on this thread."""
        self._cancelled.set()
        with self._lock:
            callbacks = list(self._on_cancel)
        for callback in callbacks:
            try:
                callback()
            except Exception:  # the others, and other jobs, are still to be told
                log.exception("the job %r could not be stopped everywhere", self.name)

    def pause(self, seconds: float) -> None:
        """Wait so long, or raise Cancelled as soon as the job is cancelled."""
        if self._cancelled.wait(seconds):
            raise Cancelled

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` when the job is cancelled (at once if it already is); returns the function that ends this."""
        with self._lock:
            self._on_cancel.append(callback)
        if self.cancelled:
            callback()

        def leave() -> None:
            with self._lock:
                if callback in self._on_cancel:
                    self._on_cancel.remove(callback)

        return leave

    def ended(self, timeout: float) -> bool:
        """Wait for the end, in whatever way; whether it came within `timeout` seconds."""
        return self._done.wait(timeout)

    def wait(self, timeout: float | None = None) -> Any:
        """Wait for the end; returns the result or raises the job's error. Raises TimeoutError."""
        look = meanwhile.get()
        deadline = time.monotonic() + timeout if timeout is not None else None
        while not self._done.wait(timeout if look is None else LOOK_SECONDS):
            if look is None or (deadline is not None and time.monotonic() >= deadline):
                raise TimeoutError
            look()
        if self.error is not None:
            raise self.error
        return self.result


@contextmanager
def turn(lock: threading.Lock, job: Job | None) -> Iterator[None]:
    """Hold a lock, which is waited for as long as the job, if there is one, is wanted. Raises Cancelled."""
    while not lock.acquire(timeout=LOOK_SECONDS):
        if job is not None:
            job.check()
    try:
        yield
    finally:
        lock.release()


class Jobs:
    """Starts jobs on threads of their own; `close` cancels them and waits for them."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._running: dict[Job, threading.Thread] = {}
        self._closed = False

    def start(
        self, name: str, function: Callable[[Job], Any], on_end: Callable[[Job], None] | None = None
    ) -> Job:
        """Run `function` on a new thread; `on_end` is called there once it has ended, in whatever way.

        After `close` nothing runs any more: the job that is returned has ended with Cancelled, and `on_end` is not called.
        """
        job = Job(next(self._numbers), name)

        def run() -> None:
            try:
                job.result = function(job)
            except TsukueError as error:
                job.error = error
            except BaseException as error:
                log.exception("the job %r failed", name)
                job.error = error
            job._done.set()
            try:
                if on_end is not None:
                    on_end(job)
            except Exception:
                log.exception("what was to follow the job %r failed", name)
            finally:
                with self._lock:
                    self._running.pop(job, None)

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            if self._closed:
                job.error = Cancelled()
                job._done.set()
                return job
            thread.start()  # in here: `close` waits for whatever it finds
            self._running[job] = thread
        return job

    def stop(self) -> None:
        """Cancel everything, and let nothing begin any more. Waits for nothing."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for job in running:
            if not job.cancelled:
                job.cancel()

    def close(self, seconds: float | None = None) -> bool:
        """Cancel everything, and wait for the threads to end, at most `seconds` (None: as long as they take).

        Whether all have. Those that have not may wait for a call whose process must be ended first; call it again then.
        """
        self.stop()
        with self._lock:
            running = dict(self._running)
        deadline = None if seconds is None else time.monotonic() + seconds
        others = [thread for thread in running.values() if thread is not threading.current_thread()]
        for thread in others:
            thread.join(None if deadline is None else max(deadline - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in others)
