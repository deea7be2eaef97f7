"""Vectors of passages: made by the worker that can run the embedder, kept in SQLite, searched where they are indexed.

SQLite is the truth. Embedders that are GGUF files run in a worker of their own, all others in the documents worker; indexed are
the vectors by that worker too, or on a Chroma server, and while that is away by the worker again.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from core.documents import calibration
from core.documents.chroma_server import ChromaServer
from core.documents.messages import (
    STARTER_EMBEDDER,
    Compare,
    EncodePassages,
    EncodeQuestion,
    MeasureScale,
    Rerank,
    Scales,
    Similarities,
    Vectors,
)
from core.documents.vector_index import LocalIndex, VectorIndex
from core.errors import N_, VectorServerUnusable, WorkerDied
from core.events import Event, Events
from core.jobs import Job
from core.models.library import Library
from core.paths import Home
from core.settings import SettingsFile
from core.storage.documents import DocumentStore, StoredPassage
from core.workers.messages import Request
from core.workers.supervisor import State, Worker, WorkerSpec

log = logging.getLogger(__name__)

WORKER_NAME = N_("document search")
GGUF_NAME = N_("GGUF search models")
BATCH = 32  # passages embedded at once; a kill loses at most this much work
REFILL = 8000  # vectors sent at once when the index is filled again: about 8 MB
R = TypeVar("R")


THREADS = max(1, min(4, os.cpu_count() or 1))  # of a search; more gain nothing on texts of this length


def folders(library: Library, role: str = "embedding") -> dict[str, str]:
    """Where the models are that the person has, embedders or those of another role."""
    return {model.id: str(model.path) for model in library.of_role(role)}


def _options(library: Library) -> dict[str, Any]:
    return {"models": folders(library), "rerankers": folders(library, "reranker"), "threads": THREADS}


def spec(home: Home, library: Library) -> WorkerSpec:
    """The documents worker of a home."""
    options = {"vectors": str(home.vectors), **_options(library)}
    return WorkerSpec(WORKER_NAME, "core.documents.worker", options=options, idle_seconds=600, nice=8)


def gguf_spec(library: Library) -> WorkerSpec:
    """The worker for search models that are GGUF files."""
    return WorkerSpec(
        GGUF_NAME, "core.documents.gguf_worker", options=_options(library), idle_seconds=600, nice=8
    )


@dataclass(frozen=True)
class VectorServerLost(Event):
    """The vector server failed: this computer searches by itself until it answers again. Told once for each failure of it."""

    error: VectorServerUnusable


class Index:
    """Embeds passages and finds the nearest ones. A worker that dies is tried once more."""

    def __init__(
        self,
        worker: Worker,
        gguf: Worker,
        store: DocumentStore,
        settings: SettingsFile,
        server: ChromaServer,
        events: Events,
    ) -> None:
        self.worker = worker
        self.gguf = gguf
        self.server = server
        self._store = store
        self._settings = settings
        self._events = events
        self._folder = Path(str(worker.spec.options["vectors"]))
        self._local = LocalIndex(self._call)
        self._checked: dict[tuple[str, bool], int | None] = {}  # by index and whether it is the server's
        # By collection and embedder: how the documents were when all passages had vectors. Counting them again takes longer than
        # finding the nearest of 100,000.
        self._seen_whole: dict[tuple[int, str], tuple[int, ...]] = {}
        self._emptied = False  # by ourselves
        self._scales: dict[str, dict[str, calibration.Scale]] = {}
        self._not_here: set[str] = set()  # indexes that the server alone has
        self._told: VectorServerUnusable | None = None  # the failure that was told last

    @property
    def embedder(self) -> str:
        """The embedder in use."""
        return self._settings.values.embedder or STARTER_EMBEDDER

    def learn(self, library: Library) -> None:
        """Models may have come since the worker was started: it is started again if it needs to know them."""
        for worker in (self.worker, self.gguf):
            new = False
            for option, role in (("models", "embedding"), ("rerankers", "reranker")):
                known: dict[str, str] = worker.spec.options[option]
                found = folders(library, role)
                new = new or not found.items() <= known.items()
                known.update(found)
            if new:
                worker.stop()

    @property
    def reranker(self) -> str:
        """The model that ranks passages by reading them with the question; '' where the person wants none, or it has gone."""
        model = self._settings.values.reranker
        folder = self.worker.spec.options["rerankers"].get(model, "")
        return model if folder and Path(folder).exists() else ""

    def _encoder(self, model: str, option: str = "models") -> Worker:
        """The worker that can run a model."""
        return self.gguf if self.worker.spec.options[option].get(model, "").endswith(".gguf") else self.worker

    def rerank(self, question: str, texts: list[str], job: Job | None = None) -> list[float]:
        """How well each text answers a question, 0 to 1, by the reranker. Raises ModelUnreadable, WorkerDied."""
        if not texts:
            return []
        model = self.reranker
        values = self._call(Rerank(model, question, texts), job, self._encoder(model, "rerankers"))
        assert isinstance(values, Similarities)
        return list(values.values)

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
        there = {STARTER_EMBEDDER, *self.worker.spec.options["models"]}
        seen = {e: n for e, n in self._store.embedders(collection).items() if e in there}
        best = max(seen, key=lambda one: (seen[one], one == self.embedder), default=self.embedder)
        return best, missing + seen.get(self.embedder, 0) - seen.get(best, 0)

    def _prefix(self, collection: int) -> str:
        return f"collection-{collection}-"

    def _name(self, collection: int, embedder: str = "") -> str:
        """The index's name in Chroma, which allows few characters: one for each collection and embedder."""
        return self._prefix(collection) + re.sub("[^a-zA-Z0-9]+", "-", embedder or self.embedder).strip("-")

    def _call(self, request: Request, job: Job | None = None, worker: Worker | None = None) -> object:
        for attempt in (1, 2):
            call = (worker or self.worker).call(request)
            leave = job.on_cancel(call.cancel) if job is not None else None
            try:
                return call.result()
            except WorkerDied:
                if attempt == 2:
                    raise
                log.warning("trying %s once more", type(request).__name__)
            finally:
                if leave is not None:
                    leave()  # a job embeds many batches, and would keep the text of each
        raise AssertionError

    def embed(self, collection: int, passages: list[StoredPassage], job: Job) -> None:
        """Embed passages, add them to the index, and keep the vectors in SQLite.

        A passage counts as embedded when it is in SQLite: if that fails, both are done again.
        """
        texts = [f"{p.context}\n{p.text}" if p.context else p.text for p in passages]
        embedder = self.embedder
        ids = [p.id for p in passages]
        vectors = self._call(EncodePassages(embedder, texts), job, self._encoder(embedder))
        assert isinstance(vectors, Vectors)
        self._put(self._name(collection, embedder), ids, vectors, job)
        size = vectors.dimension * 2
        rows = [(one, vectors.data[i * size : (i + 1) * size]) for i, one in enumerate(ids)]
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
                for embedder in {STARTER_EMBEDDER, self.embedder, *self.worker.spec.options["models"]}:
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

    def _question(self, embedder: str, question: str, job: Job | None) -> Vectors:
        vector = self._call(EncodeQuestion(embedder, question), job, self._encoder(embedder))
        assert isinstance(vector, Vectors)
        return vector

    def _scaled(self, embedder: str, values: list[float]) -> list[float]:
        """Similarities of an embedder on the starter's scale."""
        if embedder == STARTER_EMBEDDER or not values:
            return values
        for name in (STARTER_EMBEDDER, embedder):
            if name not in self._scales:
                found = self._call(MeasureScale(name), None, self._encoder(name))
                assert isinstance(found, Scales)
                self._scales[name] = found.languages
        return calibration.onto(self._scales[STARTER_EMBEDDER], self._scales[embedder], values)

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
        vector = self._question(embedder, question, job)
        name = self._name(collection, embedder)
        only = tuple(within) if within is not None else None
        hits = self._searched(
            collection, embedder, lambda there: there.find(name, vector, limit, tuple(also or ()), only, job)
        )
        values = self._scaled(embedder, [similarity for _, similarity in hits])
        return [(one, value) for (one, _), value in zip(hits, values, strict=True)]

    def compare(
        self, question: str, texts: list[str], job: Job | None = None, *, embedder: str = ""
    ) -> list[float]:
        """Cosine similarity of a question to each text, by the embedder in use unless another is given."""
        if not texts:
            return []
        embedder = embedder or self.embedder
        values = self._call(Compare(embedder, question, texts), job, self._encoder(embedder))
        assert isinstance(values, Similarities)
        return self._scaled(embedder, list(values.values))
