"""Recognises the text of pages that are pictures, after everything else of a document is there to be asked.

What is left to do stands in the database (`pages.picture`), page by page, so that it goes on wherever it was stopped. The
worker has the lowest priority, and everything waits where additions wait.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.documents import notes, passages
from core.documents.embedding import Embeddable, Embedding
from core.documents.index import Index
from core.documents.messages import RecognisePage
from core.documents.model import Note, Page
from core.documents.progress import Course, DocumentsChanged, FileFailed, Stage
from core.errors import N_, Cancelled, FileMissing, NothingRecognised, TsukueError, WorkerDied
from core.events import Event, Events
from core.jobs import Job, Jobs
from core.models.library import Library
from core.storage.documents import Document, DocumentStore, draft
from core.workers.supervisor import Worker, WorkerSpec

log = logging.getLogger(__name__)

NAME = N_("text recognition")
MODEL = "ppocr-v6-small"
SECONDS_PER_PAGE = 300.0
MEMORY = 6_000_000_000  # address space in bytes, of which the runtime takes much without using it
NICE = 19


def spec(library: Library) -> WorkerSpec | None:
    """The recogniser of a home; None where there are no networks for it, or nothing to run them."""
    folder = next((m.path for m in library.of_role("recognition") if m.id == MODEL), None)
    if folder is None or importlib.util.find_spec("onnxruntime") is None:
        return None
    options = {"models": str(folder), "threads": 1}
    return WorkerSpec(
        NAME, "core.documents.recogniser", options=options, idle_seconds=60, memory_limit=MEMORY, nice=NICE
    )


@dataclass(frozen=True)
class RecognitionEnded(Event):
    """Nothing is being recognised any more: all is done, or it was stopped."""


class Recognition:
    """Goes through the pages that are still to be recognised, as a job that ends when there are none."""

    def __init__(
        self,
        worker: Worker | None,
        store: DocumentStore,
        index: Index,
        hold: Callable[[Job], None],
        jobs: Jobs,
        events: Events,
    ) -> None:
        """`hold` waits while everything waits, and raises Cancelled."""
        self.worker = worker
        self._store = store
        self._index = index
        self._hold = hold
        self._jobs = jobs
        self._events = events
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._wanted = False  # something has come since the job looked

    @property
    def possible(self) -> bool:
        """Whether pictures can be read at all."""
        return self.worker is not None

    def start(self) -> Job | None:
        """Begin, or go on after what is being done; None where there is nothing to do it with."""
        if self.worker is None:
            return None
        with self._lock:
            self._wanted = True
            if self._job is None or self._job.done or self._job.cancelled:
                self._job = self._jobs.start("recognise text", self._run)
            return self._job

    def stop(self) -> None:
        """Stop; what is done stays, and the rest waits for the next start."""
        with self._lock:
            job = self._job
        if job is not None:
            job.cancel()

    def _run(self, job: Job) -> None:
        try:
            self._all(job)
        finally:
            self._events.publish(RecognitionEnded())

    def _all(self, job: Job) -> None:
        while True:
            with self._lock:
                self._wanted = False
            for document in self._store.to_recognise():
                if Path(document.path).is_file():  # else on a drive that is not there just now: it waits
                    self._document(document, job)
            with self._lock:
                if not self._wanted:
                    self._job = None
                    return

    def _document(self, document: Document, job: Job) -> None:
        course = Course()
        left = self._store.pictures(document.id)
        course.begin(document.collection, [document.path])
        for place, (page_id, number) in enumerate(left):
            self._hold(job)
            self._events.publish(course.progress(Stage.RECOGNISING, document.path, place + 1, len(left)))
            page = self.page(document.path, number, job)
            self._store.put_recognised(
                document.id, page_id, draft(page, list(passages.Splitter().page(page)))
            )
        one = Embeddable(document.id, document.collection, document.file)
        embedding = Embedding(self._store, self._index, job, lambda _: None)
        with embedding.running():
            embedding.put(one)
        if one.error is not None:
            raise one.error
        job.check()
        now = self._store.document(document.id)
        if now is None or now.removed is not None:
            return  # it was removed, or read again, meanwhile
        if not self._store.passage_ids(document.id):
            self._nothing(document)
            return
        self._store.set_notes(document.id, _notes(document.notes, self._store.recognised(document.id)))
        self._events.publish(DocumentsChanged(document.collection))

    def _nothing(self, document: Document) -> None:
        """A file in whose pictures nothing is to be read is no document: it is listed with the reason."""
        error = NothingRecognised(Path(document.path).name)
        self._store.remove(document.id)
        self._store.add_failure(document.collection, document.path, document.file, error)
        self._events.publish(FileFailed(document.collection, document.file, error))
        self._events.publish(DocumentsChanged(document.collection))

    def page(self, path: str, number: int, job: Job) -> Page:
        """What is recognised of a page: nothing, where that fails; it is not tried for ever. Only where it is `possible`."""
        assert self.worker is not None
        call = self.worker.call(RecognisePage(path, number))
        leave = job.on_cancel(call.cancel)
        try:
            page: Page = call.result(timeout=SECONDS_PER_PAGE)
            return page
        except Cancelled:
            raise
        except TimeoutError:
            self.worker.kill()
            self.worker.forgive()
        except WorkerDied as error:
            if job.cancelled:
                raise Cancelled from error
            self.worker.forgive()
        except FileMissing as error:  # it went in this moment: the page waits for it
            raise Cancelled from error
        except TsukueError as error:
            log.info("a page was not recognised: %s", type(error).__name__)
        finally:
            leave()
        return Page(number, "")


def _notes(before: tuple[Note, ...], recognised: list[tuple[int, bool]]) -> list[Note]:
    """What there is to say of a document whose pictures were gone through."""
    kept = [
        note
        for note in before
        if note.code.removesuffix("-many") not in ("waiting", "pictures", "letters", "recognised")
    ]
    for code, wanted in (("recognised", True), ("pictures", False)):
        numbers = [number for number, found in recognised if found is wanted]
        if numbers:
            kept.append(notes.of_pages(code, numbers))
    return kept
