"""What a person starts and must wait for: run off the window's thread, its end told on it.

Failure is shown by default, through `Notify`, so that nobody can forget it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from core.errors import Cancelled
from core.jobs import Job, Jobs
from desktop.notify import Notify


class Operations(QObject):
    """Starts jobs for widgets and brings their results back to the window's thread."""

    _ended = Signal(object, object, object)

    def __init__(self, jobs: Jobs, notify: Notify, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._notify = notify
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
        return self._jobs.start(name, function, lambda job: self._ended.emit(job, success, failure))

    def _finish(
        self, job: Job, success: Callable[[Any], None] | None, failure: Callable[[BaseException], bool] | None
    ) -> None:
        if job.error is None:
            if success is not None:
                success(job.result)
        elif not (failure is not None and failure(job.error)) and not isinstance(job.error, Cancelled):
            self._notify.error(job.error)
