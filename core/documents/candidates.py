"""Passages that may answer a question: by their words and by their meaning, the two fused by what each has to say.

The share of the question's rare words that a passage has is added to its similarity in meaning. Ranks, as in reciprocal rank
fusion, forget by how much one is better: where the words are telling they are right, where none occurs the meaning is all
there is (docs/measures.md, "Answers on real documents").
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from core.documents import keywords
from core.documents.index import Index
from core.jobs import Job
from core.storage.documents import DocumentStore, StoredPassage
from core.text import characters, languages

EACH = 50  # candidates by words, and by meaning
# A passage in another language than the question can share none of its words. What the words would have said is taken from
# the meaning, where that is more than the similarity of any two texts.
OTHER_LANGUAGE, USUAL = 0.2, 0.2
SAME, ALIKE = 0.95, 0.8  # of the shorter one's units, which is nearly as long: two editions of one passage


@dataclass(frozen=True)
class Candidate:
    """A passage with the share of the question's words that it has, its cosine similarity (None where it has no vector), and
    both together; `said`: the units of its text, `units`: with those of its headings and its file's name."""

    passage: StoredPassage
    words: float
    similarity: float | None
    score: float
    said: Counter[str]
    units: Counter[str]
    foreign: bool = False  # in another language than the question

    @property
    def meaning(self) -> float:
        """Its similarity, 0 where there is none."""
        return self.similarity or 0.0


def find(
    store: DocumentStore,
    index: Index,
    collections: dict[int, str],
    question: str,
    asked: dict[str, float],
    job: Job | None = None,
    *,
    documents: list[int] | None = None,
    without: int | None = None,
) -> list[Candidate]:
    """Up to twice EACH passages, best first, of these collections, each with the embedder whose vectors it has (see
    Index.answering); of these documents only, where they are given, `without` one. `asked`: the question's units by rarity.

    Raises WorkerDied.
    """
    by_words = keywords.search(store, list(collections), asked, EACH, documents)
    weights = keywords.stems(asked)
    within = None if documents is None else store.passages_of(documents)
    near: list[tuple[int, float]] = []
    for collection, embedder in collections.items():
        near += index.nearest(
            collection, question, EACH, job, also=by_words, embedder=embedder, within=within
        )
    near.sort(key=lambda one: (-one[1], one[0]))
    known = set(by_words)
    others = [one for one in near if one[0] not in known][:EACH] if len(collections) > 1 else near
    similar = dict([*others, *(one for one in near if one[0] in known)])
    passages = store.passages(list(dict.fromkeys([*by_words, *similar])))
    passages = [passage for passage in passages if passage.document != without]
    said = [keywords.bag(p.text, asked) for p in passages]
    units = [bag.copy() for bag in said]
    for passage, bag in zip(passages, units, strict=True):
        bag.update(keywords.bag(f"{Path(passage.file).stem} {passage.context}", asked))
    japanese = characters.is_japanese(question)
    found = []
    for passage, own, bag, words in zip(passages, said, units, keywords.shares(weights, units), strict=True):
        similarity = similar.get(passage.id)
        meaning = similarity or 0.0
        foreign = languages.mostly_japanese(passage.text) != japanese
        if foreign:
            words += OTHER_LANGUAGE * max(meaning - USUAL, 0.0)
        found.append(Candidate(passage, words, similarity, words + meaning, own, bag, foreign))
    return sorted(found, key=lambda one: (-one.score, one.passage.id))


def same(one: Candidate, other: Candidate) -> bool:
    """Whether two passages say the same in nearly the same words, as two editions of a document do."""
    shorter, longer = sorted((sum(one.said.values()), sum(other.said.values())))
    return shorter >= ALIKE * longer and sum((one.said & other.said).values()) >= SAME * shorter
