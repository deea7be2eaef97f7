"""The documents worker: embeddings and vectors. Libraries are loaded by the first request that needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.documents import cross_encoders, onnx_models
from core.documents import embedder as embedders
from core.documents.embedder import Matrix
from core.documents.encoding import Encoding, Entailer, Ranker
from core.documents.messages import (
    Count,
    CountVectors,
    DropIndex,
    DropIndexes,
    FindNearest,
    Hits,
    RemoveVectors,
    StoreVectors,
    Vectors,
)
from core.workers.messages import Request
from core.workers.process import Context, Handler


class Indexes:
    """Chroma's part of the worker: indexes of vectors in a folder, opened by the first request."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store: Any = None

    @property
    def _vectors(self) -> Any:
        if self._store is None:
            from core.documents.vectors import VectorStore

            self._store = VectorStore(self._folder)
        return self._store

    def store(self, request: StoreVectors, context: Context) -> None:
        self._vectors.store(request.index, request.ids, _matrix(request.vectors))

    def remove(self, request: RemoveVectors, context: Context) -> None:
        self._vectors.remove(request.index, request.ids)

    def drop(self, request: DropIndex, context: Context) -> None:
        self._vectors.drop(request.index)

    def drop_all(self, request: DropIndexes, context: Context) -> None:
        self._vectors.drop_all(request.prefix)

    def count(self, request: CountVectors, context: Context) -> Count:
        return Count(self._vectors.count(request.index))

    def find(self, request: FindNearest, context: Context) -> Hits:
        vector = _matrix(request.vector)
        ids, similarities = self._vectors.nearest(request.index, vector, request.limit, request.within)
        found = set(ids)
        others = [one for one in request.also if one not in found]
        for one, similarity in self._vectors.similarities(request.index, vector, others):
            ids.append(one)
            similarities.append(similarity)
        return Hits(ids, similarities)


def _matrix(vectors: Vectors) -> Matrix:
    rows = np.frombuffer(vectors.data, "<f2").astype(np.float32)
    result: Matrix = rows.reshape(-1, vectors.dimension)
    return result


def _reranker(path: str) -> Ranker:
    if onnx_models.file_of(Path(path)) is not None:
        return onnx_models.OnnxModel(Path(path), pairs=True)
    return cross_encoders.Reranker(Path(path))


def _entailment(path: str) -> Entailer:
    if onnx_models.file_of(Path(path)) is not None:
        cross_encoders.entailment_label(Path(path))
        return onnx_models.OnnxModel(Path(path), pairs=True)
    return cross_encoders.EntailmentModel(Path(path))


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py). `options`: those of Encoding, and `vectors`, a folder."""
    indexes = Indexes(Path(options["vectors"]))
    return Encoding(options, embedders.load, _reranker, _entailment).operations() | {
        StoreVectors: indexes.store,
        RemoveVectors: indexes.remove,
        DropIndex: indexes.drop,
        DropIndexes: indexes.drop_all,
        CountVectors: indexes.count,
        FindNearest: indexes.find,
    }
