"""Vectors in Chroma; the only importer of chromadb. A cache: SQLite holds the same vectors and can refill it.

Chroma is given our vectors and never its own embedding function (which would download a model), and
is owned by one process, the documents worker. Every method raises DiskFull and HomeNotWritable.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import core.documents.no_exporter  # isort: skip # noqa: F401 - before chromadb
import chromadb
import numpy as np
from chromadb.api.models.Collection import Collection
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError

from core.documents.embedder import Matrix
from core.errors import DiskFull, HomeNotWritable

BATCH = 4000  # Chroma takes at most 5461 at once
# Chroma says in text what the disk below it did: with SQLite's result code, or with the system's error number.
_CODE = re.compile(r"\(code: (\d+)\)|os error (\d+)")
_FULL = {"sqlite": {13}, "system": {28, 122}}  # FULL; ENOSPC, EDQUOT
_UNWRITABLE = {"sqlite": {8, 10, 14}, "system": {13, 30}}  # READONLY, IOERR, CANTOPEN; EACCES, EROFS


class VectorStore:
    """Indexes by name, each a Chroma collection with cosine distance."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, Collection] = {}
        try:
            with self._on_disk():
                self._client = chromadb.PersistentClient(
                    str(folder), settings=Settings(anonymized_telemetry=False)
                )
        except BaseException:
            SharedSystemClient.clear_system_cache()  # the next try begins anew, not with what has failed
            raise

    @contextlib.contextmanager
    def _on_disk(self) -> Iterator[None]:
        try:
            yield
        except (ChromaError, OSError) as error:
            found = _CODE.search(str(error))
            if found is None:
                raise
            kind, code = ("sqlite", int(found[1]) & 0xFF) if found[1] else ("system", int(found[2]))
            if code in _FULL[kind]:
                raise DiskFull(str(self._folder)) from error
            if code in _UNWRITABLE[kind]:
                raise HomeNotWritable(str(self._folder), str(error)) from error
            raise

    def _collection(self, index: str) -> Collection:
        if index not in self._open:
            self._open[index] = self._client.get_or_create_collection(
                index, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
            )
        return self._open[index]

    def store(self, index: str, ids: list[int], vectors: Matrix) -> None:
        """Add or replace vectors."""
        with self._on_disk():
            for start in range(0, len(ids), BATCH):
                part = slice(start, start + BATCH)
                self._collection(index).upsert(ids=[str(i) for i in ids[part]], embeddings=vectors[part])

    def remove(self, index: str, ids: list[int]) -> None:
        with self._on_disk():
            for start in range(0, len(ids), BATCH):
                self._collection(index).delete(ids=[str(i) for i in ids[start : start + BATCH]])

    def drop(self, index: str) -> None:
        """Forget an index; nothing happens if there is none."""
        self._open.pop(index, None)
        with self._on_disk(), contextlib.suppress(NotFoundError, ValueError):
            self._client.delete_collection(index)

    def drop_all(self, prefix: str) -> None:
        """Forget the indexes whose names begin so."""
        with self._on_disk():
            names = [found.name for found in self._client.list_collections()]
        for name in names:
            if name.startswith(prefix):
                self.drop(name)

    def count(self, index: str) -> int:
        with self._on_disk():
            return int(self._collection(index).count())

    def nearest(
        self, index: str, vector: Matrix, limit: int, within: tuple[int, ...] | None = None
    ) -> tuple[list[int], list[float]]:
        """The ids nearest to one vector, with cosine similarities, best first; among these ids only, where they are given."""
        with self._on_disk():
            collection = self._collection(index)
            ids = None
            if within is not None:  # an id that it does not hold is an error to it
                ids = []
                for start in range(0, len(within), BATCH):  # SQLite takes some 32,000 values at once
                    part = [str(i) for i in within[start : start + BATCH]]
                    ids += collection.get(ids=part, include=[])["ids"]
            limit = min(limit, int(collection.count()) if ids is None else len(ids))
            if limit == 0:
                return [], []
            found = collection.query(
                query_embeddings=np.atleast_2d(vector), n_results=limit, ids=ids, include=["distances"]
            )
        distances = found["distances"]
        assert distances is not None
        return [int(i) for i in found["ids"][0]], [1.0 - float(d) for d in distances[0]]

    def similarities(self, index: str, vector: Matrix, ids: list[int]) -> list[tuple[int, float]]:
        """The cosine similarity of one vector to these ids; those that the index does not hold are left out."""
        if not ids:
            return []
        with self._on_disk():
            found = self._collection(index).get(ids=[str(i) for i in ids], include=["embeddings"])
        embeddings = np.asarray(found["embeddings"], dtype=np.float32)
        values = embeddings @ np.ravel(vector) if len(embeddings) else np.zeros(0, np.float32)
        return [(int(i), float(value)) for i, value in zip(found["ids"], values, strict=True)]
