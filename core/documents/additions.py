"""The queue of additions: each one waits its turn and can be cancelled separately.

`Ingest` does the work; here is what belongs to the wish: which collection the files go to, in which order
additions run, and what becomes of a collection for which nothing could be read. Threads: an addition is a job.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from core.documents.ingest import DocumentsChanged, Ingest, IngestReport
from core.events import Event, Events
from core.jobs import Job, Jobs
from core.storage.documents import DocumentStore

log = logging.getLogger(__name__)

FALLBACK_NAME = "documents"  # of a collection, where the file's name is none


class AdditionState(Enum):
    """Where an addition stands."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"


class Addition:
    """One wish to add files. `resuming`: it goes on with what was not finished, and has no files of its own.

    `collection` is '' until its turn comes where a new one is wanted: only then it is seen which names are free.
    """

    def __init__(
        self, number: int, collection: str, files: tuple[str, ...], *, resuming: bool = False
    ) -> None:
        self.number = number
        self.collection = collection
        self.files = files
        self.resuming = resuming
        self.state = AdditionState.WAITING
        self.job: Job | None = None

    def cancel(self) -> None:
        """Take it back: what is finished stays, and nothing more is begun. The report then says `cancelled`."""
        if self.job is not None:
            self.job.cancel()

    def wait(self, timeout: float | None = None) -> IngestReport:
        """Wait for the end. Raises TimeoutError, and what made the whole addition fail (DiskFull and the like)."""
        assert self.job is not None
        report: IngestReport = self.job.wait(timeout)
        return report


@dataclass(frozen=True)
class AdditionsChanged(Event):
    """The line has changed: who runs (if anybody), and who waits behind, in order."""

    running: Addition | None
    waiting: tuple[Addition, ...]


@dataclass(frozen=True)
class AdditionEnded(Event):
    """An addition has ended: with a report, or with the error that made all of it fail."""

    addition: Addition
    report: IngestReport | None
    error: BaseException | None


class Additions:
    """Takes files for collections, one addition after another in the order of their coming."""

    def __init__(self, ingest: Ingest, store: DocumentStore, jobs: Jobs, events: Events) -> None:
        self._ingest = ingest
        self._store = store
        self._jobs = jobs
        self._events = events
        self._numbers = itertools.count(1)
        self._turn = threading.Condition()
        self._line: list[Addition] = []  # the first one runs

    @property
    def line(self) -> list[Addition]:
        """Those that have not ended, in order; the first one runs."""
        with self._turn:
            return list(self._line)

    def add(self, files: Iterable[str], collection: str = "") -> Addition:
        """Add files and folders to a collection; without a name to a new one that is called after the first file.

        Returns at once and reads nothing; the addition starts when those before it have ended. `AdditionEnded` tells what came of it.
        """
        return self._start(Addition(next(self._numbers), collection, tuple(files)))

    def resume(self) -> Addition:
        """Go on with what an earlier session did not finish, and embed what the embedder in use has not seen.

        To be called at the start, and when the embedder was changed. Its report counts documents as `added`.
        """
        return self._start(Addition(next(self._numbers), "", (), resuming=True))

    def cancel_all(self) -> None:
        """Take back everything."""
        for addition in self.line:
            addition.cancel()

    def new_name(self, file: str) -> str:
        """A name for a new collection, after a file, that no collection has."""
        base = Path(file).stem.encode("utf-8", "replace").decode().strip() or FALLBACK_NAME
        names = (base if i == 1 else f"{base} {i}" for i in itertools.count(1))
        return next(name for name in names if not self._store.has_collection(name))

    def _start(self, addition: Addition) -> Addition:
        with self._turn:
            self._line.append(addition)
            addition.job = self._jobs.start("add documents", lambda job: self._run(addition, job))
            if addition.job.done:  # the program is closing
                self._line.remove(addition)
                addition.state = AdditionState.ENDED
        return addition

    def _run(self, addition: Addition, job: Job) -> IngestReport:
        job.on_cancel(self._wake)
        self._tell()
        with self._turn:
            self._turn.wait_for(lambda: job.cancelled or self._line[0] is addition)
            if not job.cancelled:
                addition.state = AdditionState.RUNNING
        report, failure = None, None
        try:
            if addition.state is AdditionState.WAITING:  # taken back before its turn came
                report = IngestReport(cancelled=True)
            else:
                self._tell()
                report = self._work(addition, job)
            return report
        except BaseException as error:
            failure = error
            raise
        finally:
            with self._turn:
                addition.state = AdditionState.ENDED
                self._line.remove(addition)
                self._turn.notify_all()
            self._events.publish(AdditionEnded(addition, report, failure))
            self._tell()

    def _work(self, addition: Addition, job: Job) -> IngestReport:
        if addition.resuming:
            return self._ingest.resume(job)
        if not addition.collection:
            addition.collection = self.new_name(addition.files[0] if addition.files else "")
        name = addition.collection
        existed = self._store.has_collection(name)
        report = self._ingest.add(addition.files, name, job)
        if not existed and not report.good and not self._store.count_documents(name):
            self._store.remove_collection(name)
            self._events.publish(DocumentsChanged(name))
        return report

    def _wake(self) -> None:
        with self._turn:
            self._turn.notify_all()

    def _tell(self) -> None:
        line = self.line
        running = [addition for addition in line if addition.state is AdditionState.RUNNING]
        waiting = tuple(addition for addition in line if addition.state is AdditionState.WAITING)
        self._events.publish(AdditionsChanged(running[0] if running else None, waiting))
