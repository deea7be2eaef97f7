"""What a model writes beside an answer, whole: a summary, a title, a second try; and what it writes when nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

from core.engine.interface import Engine
from core.engine.messages import Completion, Generate
from core.jobs import Job, Jobs


def write(engine: Engine, model: str, request: Generate, job: Job) -> tuple[str, Completion]:
    """The text, and how it ended. Cancelling the job stops it. Raises what generating raises, and Cancelled."""
    call = engine.generate(model, request, lambda done, total: None, job)
    leave = job.on_cancel(call.cancel)
    try:
        return "".join(piece.text for piece in call.items()).strip(), call.result()
    finally:
        leave()


class Aside:
    """What is written in the background, one thing at a time, and none while the person waits for an answer. Any thread may call."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._lock = threading.Lock()
        self._job: Job | None = None

    def make_way(self) -> None:
        """The person asks: what is being written here is given up."""
        with self._lock:
            self._stop()

    def _start(self, name: str, function: Callable[[Job], None]) -> None:
        """Begin the next thing; the one before it is given up."""
        with self._lock:
            self._stop()
            self._job = self._jobs.start(name, function)

    def _stop(self) -> None:
        if self._job is not None and not self._job.done:
            self._job.cancel()
        self._job = None
