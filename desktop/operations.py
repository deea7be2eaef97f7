"""Runs what a person starts and waits for off the window's thread, and reports the result on it.

Failure is shown by default, through `Notify`, so that nobody can forget it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from core.errors import Cancelled
from core.jobs import Job, Jobs
from desktop.notify import Notify

WAIT_SECONDS = 0.1  # between looks at whether one that waits was cancelled


class Operations(QObject):
    """Starts jobs for widgets and brings their results back to the window's thread."""

    idle = Signal()  # nothing is under way any more
    _ended = Signal(object, object, object)

    def __init__(self, jobs: Jobs, notify: Notify, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._notify = notify
        self._before: Job | None = None  # the last of those that are done in order
        self._under_way = 0
        self._ended.connect(self._finish, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        name: str,
        function: Callable[[Job], Any],
        success: Callable[[Any], None] | None = None,
        failure: Callable[[BaseException], bool] | None = None,
    ) -> Job:
        """Run `function` on a thread; then `success` with its result, or `failure`, which returns True if it has
        dealt with the error, on the window's thread. What a person cancelled is not an error."""
        self._under_way += 1
        return self._jobs.start(name, function, lambda job: self._ended.emit(job, success, failure))

    def in_order(
        self,
        name: str,
        function: Callable[[Job], Any],
        success: Callable[[Any], None] | None = None,
        failure: Callable[[BaseException], bool] | None = None,
    ) -> Job:
        """As `run`, after the one before has ended: a question that follows a choice is asked with that choice."""
        before = self._before

        def wait_and_do(job: Job) -> Any:
            while before is not None and not before.ended(WAIT_SECONDS):
                job.check()
            return function(job)

        self._before = self.run(name, wait_and_do, success, failure)
        return self._before

    @property
    def busy(self) -> bool:
        """Whether somebody waits for the end of something."""
        return self._under_way > 0

    def _finish(
        self, job: Job, success: Callable[[Any], None] | None, failure: Callable[[BaseException], bool] | None
    ) -> None:
        try:
            if job.error is None:
                if success is not None:
                    success(job.result)
            elif not (failure is not None and failure(job.error)) and not isinstance(job.error, Cancelled):
                self._notify.error(job.error)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self.idle.emit()
