"""Client of the documents worker: SQLite stores the vectors, the worker searches them."""

from __future__ import annotations

import logging
import os
import re
import shutil
from pathlib import Path
from typing import TypeVar

from core.documents.messages import (
    STARTER_EMBEDDER,
    Compare,
    Count,
    CountVectors,
    DropIndex,
    DropIndexes,
    EmbedPassages,
    FindNearest,
    RemoveVectors,
    Rerank,
    StoreVectors,
    Vectors,
)
from core.errors import N_, WorkerDied
from core.jobs import Job
from core.models.library import Library
from core.paths import Home
from core.settings import SettingsFile
from core.storage.documents import DocumentStore, StoredPassage
from core.workers.messages import Request
from core.workers.supervisor import State, Worker, WorkerSpec

log = logging.getLogger(__name__)

WORKER_NAME = N_("document search")
BATCH = 32  # passages embedded at once; a kill loses at most this much work
REFILL = 8000  # vectors sent at once when the index is filled again: about 8 MB
R = TypeVar("R")


THREADS = max(1, min(4, os.cpu_count() or 1))  # of a search; more gain nothing on texts of this length


def folders(library: Library, role: str = "embedding") -> dict[str, str]:
    """Where the models are that the person has, embedders or those of another role."""
    return {model.id: str(model.path) for model in library.of_role(role)}


def spec(home: Home, library: Library) -> WorkerSpec:
    """The documents worker of a home."""
    options = {
        "vectors": str(home.vectors),
        "models": folders(library),
        "rerankers": folders(library, "reranker"),
        "threads": THREADS,
    }
    return WorkerSpec(WORKER_NAME, "core.documents.worker", options=options, idle_seconds=600, nice=8)


class Index:
    """Embeds passages and finds the nearest ones. A worker that dies is tried once more."""

    def __init__(self, worker: Worker, store: DocumentStore, settings: SettingsFile) -> None:
        self.worker = worker
        self._store = store
        self._settings = settings
        self._folder = Path(str(worker.spec.options["vectors"]))
        self._checked: dict[str, int | None] = {}
        # By collection and embedder: how the documents were when all passages had vectors. Counting them again takes longer than
        # finding the nearest of 100,000.
        self._seen_whole: dict[tuple[int, str], tuple[int, ...]] = {}
        self._emptied = False  # by ourselves

    @property
    def embedder(self) -> str:
        """The embedder in use."""
        return self._settings.values.embedder or STARTER_EMBEDDER

    def learn(self, library: Library) -> None:
        """Models may have come since the worker was started: it is started again if it needs to know them."""
        new = False
        for option, role in (("models", "embedding"), ("rerankers", "reranker")):
            known: dict[str, str] = self.worker.spec.options[option]
            found = folders(library, role)
            new = new or not found.items() <= known.items()
            known.update(found)
        if new:
            self.worker.stop()

    @property
    def reranker(self) -> str:
        """The model that ranks passages by reading them with the question; '' where the person wants none, or it has gone."""
        model = self._settings.values.reranker
        folder = self.worker.spec.options["rerankers"].get(model, "")
        return model if folder and Path(folder).is_dir() else ""

    def rerank(self, question: str, texts: list[str], job: Job | None = None) -> list[float]:
        """How well each text answers a question, 0 to 1, by the reranker. Raises ModelUnreadable, WorkerDied."""
        if not texts:
            return []
        values = self._call(Rerank(self.reranker, question, texts), job)
        return list(values.values)  # type: ignore[attr-defined]

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

    def _call(self, request: Request, job: Job | None = None) -> object:
        for attempt in (1, 2):
            call = self.worker.call(request)
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
        request = EmbedPassages(self._name(collection), embedder, [p.id for p in passages], texts)
        vectors = self._call(request, job)
        assert isinstance(vectors, Vectors)
        size = vectors.dimension * 2
        rows = [(p.id, vectors.data[i * size : (i + 1) * size]) for i, p in enumerate(passages)]
        self._store.put_vectors(embedder, rows)

    def remove(self, collection: int, ids: list[int]) -> None:
        """Take passages that are gone out of the index."""
        if ids:
            self._call(RemoveVectors(self._name(collection), ids))

    def hide(self, collection: int, document: int) -> None:
        """A document is not to be found by meaning, for now: its vectors stay in SQLite only."""
        self.remove(collection, self._store.passage_ids(document))

    def show(self, collection: int, document: int) -> None:
        """A document that was hidden, or came from another collection, is to be found by meaning."""
        rows = self._store.vectors_of(document, self.embedder)
        for start in range(0, len(rows), REFILL):
            part = rows[start : start + REFILL]
            data = Vectors(len(part[0][1]) // 2, b"".join(vector for _, vector in part))
            self._call(StoreVectors(self._name(collection), [passage for passage, _ in part], data))

    def give_back_room(self) -> None:
        """Make Chroma's files anew without what was removed: it never makes them smaller. They fill up from SQLite."""
        if self.worker.state is State.BUSY:
            return  # nobody is to wait for this; the next time will do
        self.worker.stop()
        self._emptied = True
        shutil.rmtree(self._folder, ignore_errors=True)  # what another program holds open is used again

    def drop(self, collection: int) -> None:
        """Forget a collection's indexes, of all embedders."""
        self._call(DropIndexes(self._prefix(collection)))

    def missing(self, collection: int) -> int:
        """How many passages of a collection are not found by meaning: those that lack a vector of the embedder in use."""
        return self._store.count_passages(collection) - self._store.count_vectors(collection, self.embedder)

    def check(self, collection: int, embedder: str = "") -> None:
        """Fill the index again from SQLite if it does not hold what it should. Looked at once per worker life."""
        embedder = embedder or self.embedder
        name = self._name(collection, embedder)
        if self.worker.pid is not None and self._checked.get(name) == self.worker.pid:
            return
        count = self._call(CountVectors(name))
        assert isinstance(count, Count)
        stored = self._store.count_vectors(collection, embedder)
        if count.count != stored:
            level = logging.INFO if self._emptied and not count.count else logging.WARNING
            log.log(level, "index %s held %d of %d vectors: filling it again", name, count.count, stored)
            self._call(DropIndex(name))
            last = 0
            while page := self._store.vectors(collection, embedder, after=last, limit=REFILL):
                data = Vectors(len(page[0][1]) // 2, b"".join(vector for _, vector in page))
                self._call(StoreVectors(name, [passage for passage, _ in page], data))
                last = page[-1][0]
        self._checked[name] = self.worker.pid

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
        self.check(collection, embedder)
        request = FindNearest(
            self._name(collection, embedder),
            embedder,
            question,
            limit,
            tuple(also or ()),
            tuple(within) if within is not None else None,
        )
        hits = self._call(request, job)
        return list(zip(hits.ids, hits.similarities, strict=True))  # type: ignore[attr-defined]

    def compare(
        self, question: str, texts: list[str], job: Job | None = None, *, embedder: str = ""
    ) -> list[float]:
        """Cosine similarity of a question to each text, by the embedder in use unless another is given."""
        if not texts:
            return []
        values = self._call(Compare(embedder or self.embedder, question, texts), job)
        return list(values.values)  # type: ignore[attr-defined]
