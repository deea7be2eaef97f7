"""Vectors in Chroma; the only importer of chromadb. A cache: SQLite holds the same vectors and can refill it.

Chroma is given our vectors and never its own embedding function (which would download a model), and
is owned by one process, the documents worker.
"""

from __future__ import annotations

from pathlib import Path

import chromadb
import numpy as np
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings
from chromadb.errors import NotFoundError

from core.documents.embedder import Matrix

BATCH = 4000  # Chroma takes at most 5461 at once


class VectorStore:
    """Indexes by name, each a Chroma collection with cosine distance."""

    def __init__(self, folder: Path) -> None:
        self._client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
        self._open: dict[str, Collection] = {}

    def _collection(self, index: str) -> Collection:
        if index not in self._open:
            self._open[index] = self._client.get_or_create_collection(
                index, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
            )
        return self._open[index]

    def store(self, index: str, ids: list[int], vectors: Matrix) -> None:
        """Add or replace vectors."""
        for start in range(0, len(ids), BATCH):
            part = slice(start, start + BATCH)
            self._collection(index).upsert(ids=[str(i) for i in ids[part]], embeddings=vectors[part])

    def remove(self, index: str, ids: list[int]) -> None:
        for start in range(0, len(ids), BATCH):
            self._collection(index).delete(ids=[str(i) for i in ids[start : start + BATCH]])

    def drop(self, index: str) -> None:
        """Forget an index; nothing happens if there is none."""
        self._open.pop(index, None)
        try:
            self._client.delete_collection(index)
        except (NotFoundError, ValueError):
            return

    def count(self, index: str) -> int:
        return int(self._collection(index).count())

    def nearest(self, index: str, vector: Matrix, limit: int) -> tuple[list[int], list[float]]:
        """The ids nearest to one vector, with cosine similarities, best first."""
        collection = self._collection(index)
        limit = min(limit, int(collection.count()))
        if limit == 0:
            return [], []
        found = collection.query(
            query_embeddings=np.atleast_2d(vector), n_results=limit, include=["distances"]
        )
        distances = found["distances"]
        assert distances is not None
        return [int(i) for i in found["ids"][0]], [1.0 - float(d) for d in distances[0]]
