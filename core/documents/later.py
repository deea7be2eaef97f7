"""What of documents is read after everything else of them is there to be asked, since it takes long: text in pictures
(`recognition.py`), what is said in recordings (`transcription.py`).

What is left to do stands in the database (`pages.picture`), page by page, so that it goes on wherever it was stopped. Everything
waits where additions wait.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.documents.embedding import Embeddable, Embedding
from core.documents.index import Index
from core.documents.progress import DocumentsChanged, FileFailed
from core.errors import TsukueError
from core.events import Event, Events
from core.jobs import Job, Jobs
from core.storage.documents import Document, DocumentStore


@dataclass(frozen=True)
class LaterEnded(Event):
    """Nothing is being recognised, or transcribed, any more: all is done, or it was stopped."""


class Later(ABC):
    """Goes through documents with pages that wait, as a job that ends when there are none."""

    JOB = ""  # what it is called

    def __init__(
        self,
        store: DocumentStore,
        index: Index,
        hold: Callable[[Job], None],
        jobs: Jobs,
        events: Events,
    ) -> None:
        """`hold` waits while everything waits, and raises Cancelled."""
        self._store = store
        self._index = index
        self._hold = hold
        self._jobs = jobs
        self._events = events
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._wanted = False  # something has come since the job looked

    @property
    @abstractmethod
    def possible(self) -> bool:
        """Whether there is something to do it with."""

    @abstractmethod
    def mine(self, document: Document) -> bool:
        """Whether the pages of a document wait for this."""

    @abstractmethod
    def _document(self, document: Document, job: Job) -> None:
        """Go through the pages of a document that wait."""

    @property
    def busy(self) -> bool:
        """Whether it is under way."""
        with self._lock:
            return self._job is not None and not self._job.done

    def start(self) -> Job | None:
        """Begin, or go on after what is being done; None where there is nothing to do it with."""
        if not self.possible:
            return None
        with self._lock:
            self._wanted = True
            if self._job is None or self._job.done or self._job.cancelled:
                self._job = self._jobs.start(self.JOB, self._run)
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
            self._events.publish(LaterEnded())

    def _all(self, job: Job) -> None:
        while True:
            with self._lock:
                self._wanted = False
            for document in self._store.to_recognise():
                # else on a drive that is not there just now: it waits
                if self.mine(document) and Path(document.path).is_file():
                    self._document(document, job)
            with self._lock:
                if not self._wanted:
                    self._job = None
                    return

    # ------------------------------------------------------------ for those who read

    def embed(self, document: Document, job: Job) -> None:
        """Have what was read found by meaning. Raises Cancelled, and what embedding raises."""
        one = Embeddable(document.id, document.collection, document.file)
        embedding = Embedding(self._store, self._index, job, lambda _: None)
        with embedding.running():
            embedding.put(one)
        if one.error is not None:
            raise one.error
        job.check()

    def still_there(self, document: Document) -> bool:
        """Whether it was neither removed nor read again meanwhile."""
        now = self._store.document(document.id)
        return now is not None and now.removed is None

    def give_up(self, document: Document, error: TsukueError) -> None:
        """A file in which there is nothing is no document: it is listed with the reason."""
        self._store.remove(document.id)
        self._store.add_failure(document.collection, document.path, document.file, error)
        self._events.publish(FileFailed(document.collection, document.file, error))
        self._events.publish(DocumentsChanged(document.collection))
