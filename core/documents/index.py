"""Vectors of passages: kept in SQLite, which is the truth, and searched where they are indexed.

Indexed they are by the documents worker, or on a Chroma server, and while that is away by the worker again. Who makes them:
search_models.py.
"""

from __future__ import annotations

import logging
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from core.documents import search_models
from core.documents.chroma_server import ChromaServer
from core.documents.messages import Vectors
from core.documents.search_models import SearchModels
from core.documents.vector_index import LocalIndex, VectorIndex
from core.errors import VectorServerUnusable
from core.events import Event, Events
from core.jobs import Job
from core.storage.documents import DocumentStore, StoredPassage
from core.workers.supervisor import State

log = logging.getLogger(__name__)

BATCH = 32  # passages embedded at once; a kill loses at most this much work
REFILL = 8000  # vectors sent at once when the index is filled again: about 8 MB
R = TypeVar("R")


@dataclass(frozen=True)
class VectorServerLost(Event):
    """The vector server failed: this computer searches by itself until it answers again. Told once for each failure of it."""

    error: VectorServerUnusable


class Index:
    """Has passages embedded, and finds the nearest ones."""

    def __init__(
        self,
        models: SearchModels,
        store: DocumentStore,
        server: ChromaServer,
        events: Events,
    ) -> None:
        self.models = models
        self.worker = worker = models.worker
        self.server = server
        self._store = store
        self._events = events
        self._folder = Path(str(worker.spec.options["vectors"]))
        self._local = LocalIndex(partial(search_models.call, worker))
        self._checked: dict[tuple[str, bool], int | None] = {}  # by index and whether it is the server's
        # By collection and embedder: how the documents were when all passages had vectors. Counting them again takes longer than
        # finding the nearest of 100,000.
        self._seen_whole: dict[tuple[int, str], tuple[int, ...]] = {}
        # While vectors are in the index and not yet in SQLite, a first search must not find the one too full, and empty it.
        self._in_both = threading.Lock()
        self._emptied = False  # by ourselves
        self._not_here: set[str] = set()  # indexes that the server alone has
        self._told: VectorServerUnusable | None = None  # the failure that was told last

    @property
    def embedder(self) -> str:
        """The embedder in use."""
        return self.models.embedder

    def answering(self, collection: int) -> tuple[str, int]:
        """The embedder that a collection is searched with, and how many passages it has not seen, which only their words find.

        That is the one in use once it has seen everything; until then, of those that are there, the one that has seen most.
        """
        state = self._store.state_of(collection)
        if self._seen_whole.get((collection, self.embedder)) == state:
            return self.embedder, 0
        missing = self.missing(collection)
        if not missing:
            self._seen_whole[collection, self.embedder] = state
            return self.embedder, 0
        there = self.models.embedders
        seen = {e: n for e, n in self._store.embedders(collection).items() if e in there}
        best = max(seen, key=lambda one: (seen[one], one == self.embedder), default=self.embedder)
        return best, missing + seen.get(self.embedder, 0) - seen.get(best, 0)

    def _prefix(self, collection: int) -> str:
        return f"collection-{collection}-"

    def _name(self, collection: int, embedder: str = "") -> str:
        """The index's name in Chroma, which allows few characters: one for each collection and embedder."""
        return self._prefix(collection) + re.sub("[^a-zA-Z0-9]+", "-", embedder or self.embedder).strip("-")

    def embed(self, collection: int, passages: list[StoredPassage], job: Job) -> None:
        """Embed passages, add them to the index, and keep the vectors in SQLite.

        A passage counts as embedded when it is in SQLite: if that fails, both are done again.
        """
        texts = [f"{p.context}\n{p.text}" if p.context else p.text for p in passages]
        embedder = self.embedder
        ids = [p.id for p in passages]
        vectors = self.models.passages(embedder, texts, job)
        size = vectors.dimension * 2
        rows = [(one, vectors.data[i * size : (i + 1) * size]) for i, one in enumerate(ids)]
        with self._in_both:
            self._put(self._name(collection, embedder), ids, vectors, job)
            self._store.put_vectors(embedder, rows)

    def _change(self, index: str, act: Callable[[VectorIndex], None]) -> None:
        """Change an index where it is searched. A server that is away misses it, and gets it all again when it is back."""
        if not self.server.configured:
            act(self._local)
            if self.server.used:  # named again, it could hold as many vectors, and others
                self.server.note(index, missed=True)
            return
        if index not in self._not_here:
            self._local.drop(index)  # a copy that missed a change could hold as many vectors, and others
            self._not_here.add(index)
        try:
            act(self.server)
        except VectorServerUnusable as error:
            self.server.note(index, missed=True)
            self._lost(error)

    def _put(self, index: str, ids: list[int], vectors: Vectors, job: Job | None = None) -> None:
        self._change(index, lambda there: there.store(index, ids, vectors, job))

    def _lost(self, error: VectorServerUnusable) -> None:
        if error is not self._told:
            self._told = error
            log.warning("%s", error)
            self._events.publish(VectorServerLost(error))

    def remove(self, collection: int, ids: list[int]) -> None:
        """Take passages that are gone out of the index."""
        if ids:
            name = self._name(collection)
            self._change(name, lambda there: there.remove(name, ids))

    def hide(self, collection: int, document: int) -> None:
        """A document is not to be found by meaning, for now: its vectors stay in SQLite only."""
        self.remove(collection, self._store.passage_ids(document))

    def show(self, collection: int, document: int) -> None:
        """A document that was hidden, or came from another collection, is to be found by meaning."""
        rows = self._store.vectors_of(document, self.embedder)
        for start in range(0, len(rows), REFILL):
            part = rows[start : start + REFILL]
            data = Vectors(len(part[0][1]) // 2, b"".join(vector for _, vector in part))
            self._put(self._name(collection), [passage for passage, _ in part], data)

    def give_back_room(self) -> None:
        """Make Chroma's files anew without what was removed: it never makes them smaller. They fill up from SQLite."""
        if self.worker.state is State.BUSY:
            return  # nobody is to wait for this; the next time will do
        self.worker.stop()
        self._emptied = True
        shutil.rmtree(self._folder, ignore_errors=True)  # what another program holds open is used again

    def drop(self, collection: int) -> None:
        """Forget a collection's indexes, of all embedders. What a server that is away keeps is dropped when the number is given
        again."""
        prefix = self._prefix(collection)
        self._local.drop_all(prefix)
        if self.server.configured:
            try:
                self.server.drop_all(prefix)
            except VectorServerUnusable as error:
                for embedder in {self.embedder, *self.models.embedders}:
                    self.server.note(self._name(collection, embedder), missed=True)
                self._lost(error)

    def missing(self, collection: int) -> int:
        """How many passages of a collection are not found by meaning: those that lack a vector of the embedder in use."""
        return self._store.count_passages(collection) - self._store.count_vectors(collection, self.embedder)

    def check(self, collection: int, embedder: str = "") -> None:
        """Fill the index again from SQLite if it does not hold what it should. Looked at once per worker life, and a server once
        after each of its failures."""
        self._searched(collection, embedder or self.embedder, lambda there: None)

    def _searched(self, collection: int, embedder: str, act: Callable[[VectorIndex], R]) -> R:
        """What an index says that holds what it should: the server's, or the worker's where there is none, or it is away."""
        name = self._name(collection, embedder)
        if self.server.configured:
            try:
                if self._checked.get((name, True)) != self.server.failures:
                    self._fill(self.server, collection, embedder, again=self.server.missed(name))
                    self.server.note(name, missed=False)
                    self._checked[name, True] = self.server.failures
                return act(self.server)
            except VectorServerUnusable as error:
                self._lost(error)
        known = self.worker.pid is not None and self._checked.get((name, False)) == self.worker.pid
        if not known or name in self._not_here:
            self._fill(self._local, collection, embedder)
            self._checked[name, False] = self.worker.pid
            self._not_here.discard(name)
        return act(self._local)

    def _fill(self, there: VectorIndex, collection: int, embedder: str, *, again: bool = False) -> None:
        """Fill an index from SQLite if it holds another number of vectors, or `again` at all events."""
        with self._in_both:
            self._fill_again(there, collection, embedder, again=again)

    def _fill_again(self, there: VectorIndex, collection: int, embedder: str, *, again: bool) -> None:
        name = self._name(collection, embedder)
        count, stored = there.count(name), self._store.count_vectors(collection, embedder)
        if count == stored and not again:
            return
        expected = not count and (self._emptied or self.server.configured or name in self._not_here)
        log.log(
            logging.INFO if expected or again else logging.WARNING,
            "index %s held %d of %d vectors: filling it again",
            name,
            count,
            stored,
        )
        there.drop(name)
        last = 0
        while page := self._store.vectors(collection, embedder, after=last, limit=REFILL):
            data = Vectors(len(page[0][1]) // 2, b"".join(vector for _, vector in page))
            there.store(name, [passage for passage, _ in page], data)
            last = page[-1][0]

    def nearest(
        self,
        collection: int,
        question: str,
        limit: int,
        job: Job | None = None,
        *,
        also: list[int] | None = None,
        embedder: str = "",
        within: list[int] | None = None,
    ) -> list[tuple[int, float]]:
        """Passages nearest in meaning, with cosine similarities, best first; behind them those of `also` that have vectors.

        By the embedder in use, unless another is given (see `answering`); among the passages `within` only, where they are
        given.
        """
        embedder = embedder or self.embedder
        vector = self.models.question(embedder, question, job)
        name = self._name(collection, embedder)
        only = tuple(within) if within is not None else None
        hits = self._searched(
            collection, embedder, lambda there: there.find(name, vector, limit, tuple(also or ()), only, job)
        )
        values = self.models.scaled(embedder, [similarity for _, similarity in hits])
        return [(one, value) for (one, _), value in zip(hits, values, strict=True)]
