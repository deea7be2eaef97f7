"""Embeds documents on a thread of its own while the next ones are read; short ones share a batch.

What is stored is the truth: a document is ready when none of its passages lacks a vector, so whatever ends this thread
loses at most one batch.
"""

from __future__ import annotations

import collections
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.documents.index import BATCH, Index
from core.errors import Cancelled, TsukueError, WorkerFault
from core.jobs import Job
from core.storage.documents import DocumentStore, StoredPassage

log = logging.getLogger(__name__)

AHEAD = 400  # passages that may be stored and not embedded before reading waits


class Embeddable:
    """A stored document on its way through; `error` is set where it could not be embedded."""

    def __init__(self, document: int, collection: str, file: str) -> None:
        self.document = document
        self.collection = collection
        self.file = file
        self.passages = 0  # that lacked a vector
        self.embedded = 0
        self.last = 0  # the id of the last passage that was embedded
        self.error: TsukueError | None = None
        self.ready = False


class Embedding:
    """A line of documents to be embedded.

    `told` is called, on its thread, after each batch: with each document that is through, and the one it ended in.
    """

    def __init__(
        self, store: DocumentStore, index: Index, job: Job, told: Callable[[Embeddable], None]
    ) -> None:
        self._store = store
        self._index = index
        self._job = job
        self._told = told
        self._line: collections.deque[Embeddable] = collections.deque()
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="embed documents", daemon=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """What is put in is embedded by the end of this block, or has its error. Raises Cancelled at no time."""
        self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
            self._thread.join()

    def put(self, one: Embeddable) -> None:
        """Add a document; waits while too much is ahead of it. Raises Cancelled."""
        one.passages = self._store.count_without_vectors(one.document, self._index.embedder)
        leave = self._job.on_cancel(self._wake)
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._job.cancelled or self._ahead() < AHEAD)
                self._job.check()
                self._line.append(one)
                self._changed.notify_all()
        finally:
            leave()

    def _ahead(self) -> int:
        return sum(one.passages - one.embedded for one in self._line)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self) -> None:
        leave = self._job.on_cancel(self._wake)
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._job.cancelled or self._ended or self._line)
                    if self._job.cancelled or not self._line:
                        return
                    line = list(self._line)
                first = [one for one in line if one.collection == line[0].collection][:BATCH]
                try:
                    self._batch(first)
                except Cancelled:  # the job was, or the worker was stopped: then it is tried again
                    continue
                except TsukueError as error:
                    self._fail(first, error)
                except Exception as error:  # whoever waits for room in the line must not wait for ever
                    log.exception("documents were not embedded")
                    self._fail(first, WorkerFault("Tsukue", type(error).__name__))
        finally:
            leave()

    def _batch(self, first: list[Embeddable]) -> None:
        """Embed up to BATCH passages of documents of one collection, and let go of those that are ready."""
        taken: list[tuple[Embeddable, list[StoredPassage], bool]] = []  # and whether these are its last
        passages: list[StoredPassage] = []
        for one in first:
            room = BATCH - len(passages)
            if not room:
                break
            found = self._store.without_vectors(one.document, self._index.embedder, room, after=one.last)
            # By what there is, not by what was counted: a document may be removed meanwhile.
            taken.append((one, found, len(found) < room or one.embedded + room >= one.passages))
            passages += found
        if passages:
            self._index.embed(self._store.collection(first[0].collection), passages, self._job)
        for one, found, last in taken:
            one.embedded += len(found)
            one.last = found[-1].id if found else one.last
            one.ready = last
        done = [one for one, *_ in taken if one.ready]
        self._store.set_ready(*(one.document for one in done))
        self._leave(done)
        for one in done:
            self._told(one)
        if not taken[-1][0].ready:
            self._told(taken[-1][0])

    def _fail(self, ones: list[Embeddable], error: TsukueError) -> None:
        for one in ones:
            one.error = error
        self._leave(ones)
        for one in ones:
            self._told(one)

    def _leave(self, ones: list[Embeddable]) -> None:
        with self._changed:
            for one in ones:
                self._line.remove(one)
            self._changed.notify_all()
