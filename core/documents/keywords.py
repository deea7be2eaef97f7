"""The full-text half of the search: the distinctive words of a question, weighted by rarity."""

from __future__ import annotations

import math

from core.storage import fulltext
from core.storage.documents import DocumentStore
from core.text.stems import stem


def search(store: DocumentStore, collection: int, question: str, limit: int) -> list[int]:
    """Ids of passages that share words with a question, best first (bm25)."""
    return store.match(collection, fulltext.query_any(question), limit)


def weights(store: DocumentStore, collection: int, question: str) -> dict[str, float]:
    """The question's telling units with their inverse document frequency in the collection.

    Robertson and Spärck Jones's weight as in BM25: ln(1 + (N - n + 0.5) / (n + 0.5)).
    """
    total = store.count_passages(collection)
    found = {}
    for unit in fulltext.terms(question):
        n = store.frequency(collection, f'"{unit}"')
        found[unit] = math.log(1 + (total - n + 0.5) / (n + 0.5))
    return found


def coverage(weighted: dict[str, float], text: str) -> float:
    """Which share of the question's weight occurs in a text, 0 to 1."""
    total = sum(weighted.values())
    if total == 0:
        return 0.0
    units = set(fulltext.tokens(text).split())
    stems = {stem(unit) for unit in units}
    return sum(weight for unit, weight in weighted.items() if unit in units or stem(unit) in stems) / total
