"""The queue of additions: each one waits its turn, can be cancelled separately, and survives the end of the program.

`Ingest` does the work; here is what belongs to the wish: which collection the files go to, in which order
additions run, whether they wait, and what becomes of a collection for which nothing could be read. Threads: an addition is
a job. What is asked for is written down before anything is read, and runs again from its beginning at the next start: what
was done then is known by its content, and costs a look.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from core.documents.ingest import Ingest, IngestReport
from core.documents.progress import Course, DocumentsChanged
from core.errors import Cancelled, TsukueError
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
        self.course = Course()
        self.wish = 0  # its number on disk
        self.taken_back = False

    def cancel(self) -> None:
        """Take it back: what is finished stays, and nothing more is begun. The report then says `cancelled`."""
        self.taken_back = True
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
    paused: bool = False


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
        self._paused = store.paused()
        self.then: Callable[[], object] = lambda: None  # called when an addition has ended
        self._before = max((wish.id for wish in store.wishes()), default=0)  # the last of an earlier session

    @property
    def line(self) -> list[Addition]:
        """Those that have not ended, in order; the first one runs."""
        with self._turn:
            return list(self._line)

    def add(self, files: Iterable[str], collection: str = "") -> Addition:
        """Add files and folders to a collection; without a name to a new one that is called after the first file.

        Returns at once and touches no disk; what is asked for is written down in the background, and read when those before
        it have ended. `AdditionEnded` tells what came of it.
        """
        return self._start(Addition(next(self._numbers), collection, tuple(files)))

    def resume(self) -> Addition:
        """Go on with what an earlier session did not finish, and embed what the embedder in use has not seen.

        To be called at the start, and when the embedder was changed. Its report counts documents as `added`. What was
        asked for and not done stands in the line behind it.
        """
        return self._start(Addition(next(self._numbers), "", (), resuming=True))

    def unprepared(self) -> int:
        """How many documents are not finished, or not embedded by the embedder in use."""
        return self._ingest.unprepared()

    def _take_up(self) -> None:
        """Put what was asked for in an earlier session into the line."""
        with self._turn:
            known = {addition.wish for addition in self._line}
        for wish in self._store.wishes():
            if wish.id not in known and wish.id <= self._before:
                addition = Addition(next(self._numbers), wish.collection, wish.files)
                addition.wish = wish.id
                self._start(addition)

    @property
    def paused(self) -> bool:
        """Whether everything waits."""
        return self._paused

    def pause(self, paused: bool) -> None:
        """Let everything wait after the file that is being read, also after the next start; or let it go on."""
        self._store.pause(paused)
        with self._turn:
            self._paused = paused
            self._turn.notify_all()
        self._tell()

    def hold(self, job: Job) -> None:
        """Wait while everything waits. Raises Cancelled."""
        leave = job.on_cancel(self._wake)
        try:
            with self._turn:
                self._turn.wait_for(lambda: job.cancelled or not self._paused)
        finally:
            leave()
        job.check()

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
            addition.course = _Held(self)
            addition.job = self._jobs.start("add documents", lambda job: self._run(addition, job))
            if addition.job.done:  # the program is closing
                self._line.remove(addition)
                addition.state = AdditionState.ENDED
        return addition

    def _run(self, addition: Addition, job: Job) -> IngestReport:
        job.on_cancel(self._wake)
        self._tell()
        report, failure = None, None
        try:
            if addition.resuming:
                self._take_up()
            elif not addition.wish:
                addition.wish = self._store.add_wish(addition.collection, addition.files)
            with self._turn:
                self._turn.wait_for(lambda: job.cancelled or self._line[0] is addition)
                if not job.cancelled:
                    addition.state = AdditionState.RUNNING
            if addition.state is AdditionState.WAITING:  # taken back before its turn came
                report = IngestReport(cancelled=True)
            else:
                self._tell()
                try:
                    report = self._work(addition, job)
                except Cancelled:  # while it waited to begin
                    report = IngestReport(cancelled=True)
            return report
        except BaseException as error:
            failure = error
            raise
        finally:
            try:
                if addition.wish and (
                    addition.taken_back or not job.cancelled
                ):  # else the program is closing
                    self._forget(
                        addition
                    )  # while it still stands in the line, or it could be taken up once more
            finally:
                with self._turn:
                    addition.state = AdditionState.ENDED
                    self._line.remove(addition)
                    self._turn.notify_all()
            self.then()
            self._tell()  # before the end is told: who hears of it may look at the line
            self._events.publish(AdditionEnded(addition, report, failure))

    def _forget(self, addition: Addition) -> None:
        try:
            self._store.end_wish(addition.wish)
        except TsukueError:  # it runs once more at the next start, and finds everything as it is
            log.warning("what was asked for is still written down", exc_info=True)

    def _work(self, addition: Addition, job: Job) -> IngestReport:
        addition.course.check(job)
        if addition.resuming:
            return self._ingest.resume(job, addition.course)
        if not addition.collection:
            addition.collection = self.new_name(addition.files[0] if addition.files else "")
            self._store.name_wish(addition.wish, addition.collection)
        name = addition.collection
        existed = self._store.has_collection(name)
        report = self._ingest.add(addition.files, name, job, addition.course)
        done = addition.taken_back or not job.cancelled  # else it goes on at the next start
        if not existed and not report.good and not self._store.count_documents(name) and done:
            self._store.delete_collection(self._store.collection(name))
            self._events.publish(DocumentsChanged(name))
        return report

    def _wake(self) -> None:
        with self._turn:
            self._turn.notify_all()

    def _tell(self) -> None:
        line = self.line
        running = [addition for addition in line if addition.state is AdditionState.RUNNING]
        waiting = tuple(addition for addition in line if addition.state is AdditionState.WAITING)
        self._events.publish(AdditionsChanged(running[0] if running else None, waiting, self._paused))


class _Held(Course):
    """The course of an addition, which waits where everything waits."""

    def __init__(self, additions: Additions) -> None:
        super().__init__()
        self._additions = additions

    def check(self, job: Job) -> None:
        self._additions.hold(job)
