"""Where vectors are searched: by the documents worker on this computer, or by a Chroma server (chroma_server.py).

Both are caches: SQLite holds the same vectors and refills them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

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
from core.jobs import Job
from core.workers.messages import Request


class VectorIndex(Protocol):
    """Indexes of unit vectors by name, compared by cosine. Numbers of passages are ids."""

    def store(self, index: str, ids: list[int], vectors: Vectors, job: Job | None = None) -> None:
        """Add or replace vectors."""

    def remove(self, index: str, ids: list[int]) -> None:
        """Forget vectors."""

    def drop(self, index: str) -> None:
        """Forget an index; nothing happens if there is none."""

    def drop_all(self, prefix: str) -> None:
        """Forget the indexes whose names begin so."""

    def count(self, index: str) -> int:
        """How many vectors an index holds."""

    def find(
        self,
        index: str,
        vector: Vectors,
        limit: int,
        also: tuple[int, ...] = (),
        within: tuple[int, ...] | None = None,
        job: Job | None = None,
    ) -> list[tuple[int, float]]:
        """The nearest ids with cosine similarities, best first, and behind them those of `also` that have vectors; among the ids
        `within` only, where they are given."""


class LocalIndex:
    """The documents worker's. Every method raises WorkerDied, DiskFull and HomeNotWritable."""

    def __init__(self, call: Callable[[Request, Job | None], object]) -> None:
        """`call` sends a request to the worker and waits for its result."""
        self._call = call

    def store(self, index: str, ids: list[int], vectors: Vectors, job: Job | None = None) -> None:
        self._call(StoreVectors(index, ids, vectors), job)

    def remove(self, index: str, ids: list[int]) -> None:
        self._call(RemoveVectors(index, ids), None)

    def drop(self, index: str) -> None:
        self._call(DropIndex(index), None)

    def drop_all(self, prefix: str) -> None:
        self._call(DropIndexes(prefix), None)

    def count(self, index: str) -> int:
        found = self._call(CountVectors(index), None)
        assert isinstance(found, Count)
        return found.count

    def find(
        self,
        index: str,
        vector: Vectors,
        limit: int,
        also: tuple[int, ...] = (),
        within: tuple[int, ...] | None = None,
        job: Job | None = None,
    ) -> list[tuple[int, float]]:
        hits = self._call(FindNearest(index, vector, limit, also, within), job)
        assert isinstance(hits, Hits)
        return list(zip(hits.ids, hits.similarities, strict=True))
