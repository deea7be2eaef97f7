"""The documents worker: embeddings and vectors. Libraries are loaded by the first request that needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.documents import calibration
from core.documents import embedder as embedders
from core.documents.calibration import Scale
from core.documents.messages import (
    STARTER_EMBEDDER,
    Compare,
    Count,
    CountVectors,
    DropIndex,
    DropIndexes,
    EmbedPassages,
    FindNearest,
    Hits,
    RemoveVectors,
    Rerank,
    Similarities,
    StoreVectors,
    Vectors,
)
from core.errors import N_, ModelUnreadable
from core.workers.messages import Request
from core.workers.process import Context, Handler


class Documents:
    """State of the worker. `options`: `vectors` (folder), `models` ({embedder name: folder}), `rerankers` (the same of those),
    `threads` for what is waited for; what is embedded in the background has one."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._embedders: dict[str, embedders.Embedder] = {}
        self._store: Any = None
        self._question: tuple[str, str] | None = (
            None  # whose vector is kept: a search and a comparison both need it
        )
        self._question_vector: embedders.Matrix | None = None
        self._scales: dict[str, dict[str, Scale]] = {}
        self._rerankers: dict[str, Any] = {}

    def _embedder(self, name: str) -> embedders.Embedder:
        if name not in self._embedders:
            folder = self._options["models"].get(name)
            self._embedders[name] = embedders.load(name, folder)
        return self._embedders[name]

    @property
    def _vectors(self) -> Any:
        if self._store is None:
            from core.documents.vectors import VectorStore

            self._store = VectorStore(Path(self._options["vectors"]))
        return self._store

    def _embed_question(self, embedder: str, question: str) -> embedders.Matrix:
        if self._question_vector is None or self._question != (embedder, question):
            self._question_vector = self._embedder(embedder).encode(
                [question], question=True, threads=self._options["threads"]
            )
            self._question = embedder, question
        return self._question_vector

    def _scaled(self, embedder: str, values: list[float]) -> list[float]:
        """Similarities of an embedder on the starter's scale."""
        if embedder == STARTER_EMBEDDER or not values:
            return values
        for name in (STARTER_EMBEDDER, embedder):
            if name not in self._scales:
                self._scales[name] = calibration.measure(self._embedder(name))
        moved = calibration.onto(
            self._scales[STARTER_EMBEDDER], self._scales[embedder], np.asarray(values, dtype=np.float32)
        )
        return [float(value) for value in moved]

    def embed(self, request: EmbedPassages, context: Context) -> Vectors:
        matrix = self._embedder(request.embedder).encode(request.texts, question=False).astype("<f2")
        self._vectors.store(request.index, request.ids, matrix.astype(np.float32))  # as it is kept in SQLite
        return Vectors(matrix.shape[1], matrix.tobytes())

    def store(self, request: StoreVectors, context: Context) -> None:
        data = np.frombuffer(request.vectors.data, "<f2").astype(np.float32)
        self._vectors.store(request.index, request.ids, data.reshape(-1, request.vectors.dimension))

    def remove(self, request: RemoveVectors, context: Context) -> None:
        self._vectors.remove(request.index, request.ids)

    def drop(self, request: DropIndex, context: Context) -> None:
        self._vectors.drop(request.index)

    def drop_all(self, request: DropIndexes, context: Context) -> None:
        self._vectors.drop_all(request.prefix)

    def count(self, request: CountVectors, context: Context) -> Count:
        return Count(self._vectors.count(request.index))

    def find(self, request: FindNearest, context: Context) -> Hits:
        vector = self._embed_question(request.embedder, request.question)
        ids, similarities = self._vectors.nearest(request.index, vector, request.limit, request.within)
        others = [one for one in request.also if one not in set(ids)]
        for one, similarity in self._vectors.similarities(request.index, vector, others):
            ids.append(one)
            similarities.append(similarity)
        return Hits(ids, self._scaled(request.embedder, similarities))

    def compare(self, request: Compare, context: Context) -> Similarities:
        question = self._embed_question(request.embedder, request.question)[0]
        texts = self._embedder(request.embedder).encode(
            request.texts, question=False, threads=self._options["threads"]
        )
        return Similarities(self._scaled(request.embedder, [float(value) for value in texts @ question]))

    def rerank(self, request: Rerank, context: Context) -> Similarities:
        if request.model not in self._rerankers:
            from core.documents.reranker import Reranker

            folder = self._options["rerankers"].get(request.model)
            if folder is None:
                raise ModelUnreadable(request.model, N_("no such model"))
            self._rerankers[request.model] = Reranker(Path(folder))
        reranker = self._rerankers[request.model]
        return Similarities(reranker.score(request.question, request.texts, threads=self._options["threads"]))


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    documents = Documents(options)
    return {
        EmbedPassages: documents.embed,
        StoreVectors: documents.store,
        RemoveVectors: documents.remove,
        DropIndex: documents.drop,
        DropIndexes: documents.drop_all,
        CountVectors: documents.count,
        FindNearest: documents.find,
        Compare: documents.compare,
        Rerank: documents.rerank,
    }
