"""Finds passages by meaning and by words, and fuses the two rankings.

Reciprocal rank fusion (Cormack, Clarke, Büttcher 2009, k = 60): a passage's score is the sum of
1 / (k + rank) over the two legs.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.documents import keywords
from core.documents.index import Index
from core.jobs import Job
from core.storage.documents import DocumentStore, StoredPassage

RRF_K = 60
CANDIDATES = 30  # of each leg


@dataclass(frozen=True)
class FoundPassage:
    """A passage with its fused score and its cosine similarity (None when only the words found it)."""

    passage: StoredPassage
    score: float
    similarity: float | None


def search(
    store: DocumentStore, index: Index, collection: str, question: str, limit: int, job: Job | None = None
) -> list[FoundPassage]:
    """The passages for a question, best first. Raises CollectionMissing, WorkerDied."""
    number = store.collection(collection)
    dense = index.nearest(number, question, CANDIDATES, job)
    words = keywords.search(store, number, question, CANDIDATES)
    scores: dict[int, float] = {}
    for ranking in ([passage for passage, _ in dense], words):
        for rank, passage in enumerate(ranking, start=1):
            scores[passage] = scores.get(passage, 0.0) + 1 / (RRF_K + rank)
    best = sorted(scores, key=lambda passage: (-scores[passage], passage))[:limit]
    similarities = dict(dense)
    return [FoundPassage(p, scores[p.id], similarities.get(p.id)) for p in store.passages(best)]
