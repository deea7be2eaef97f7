"""The full-text leg of the search: telling words of the question, weighted by how rare they are."""

from __future__ import annotations

import math

from core.storage import fulltext
from core.storage.documents import DocumentStore


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


_ENDINGS = (
    "ational",
    "ations",
    "ation",
    "ingly",
    "edly",
    "ings",
    "ing",
    "ies",
    "ied",
    "ers",
    "ed",
    "es",
    "er",
    "ly",
    "s",
    "e",
)


def stem(word: str) -> str:
    """A rough stem of an English word: endings off, a doubled last consonant halved. Other words stay."""
    if not word.isascii() or not word.isalpha() or len(word) < 4:
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word
