"""What the documents hold for a question: passages, best first, and the sentence that answers best.

Candidates by words and by meaning (candidates.py) are ranked by their best sentences (quoting.py); of passages that say the
same, as two editions of a document do, one is given.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.documents import asked, candidates, conflicts, extracts, keywords, quoting, scope
from core.documents.extracts import Excerpt, Extract
from core.documents.index import Index
from core.documents.quoting import Quotation, Ranked
from core.documents.scope import NONE, Narrowing
from core.jobs import Job
from core.storage.collections import CHATS
from core.storage.documents import DocumentStore, StoredPassage

NEAREST = 3  # passages that are shown where nothing answers
# What the reranker's word (0 to 1) counts beside our scores. Ours differ by up to 2 among the first; a trained one says nearly 0
# or nearly 1, and then decides.
RERANKED = 4.0
FIRST = 4  # passages in which the question's words are looked for, to say which are not there


@dataclass(frozen=True)
class FoundPassage:
    """A passage with its score and its cosine similarity (None where it has no vector)."""

    passage: StoredPassage
    score: float
    similarity: float | None


@dataclass(frozen=True)
class Found:
    """Passages, the best sentence, and what tells whether it answers at all.

    `nearest_quotations`: the best sentences of the first passages, to be shown where nothing answers;
    `weights`: the stems of the question's telling words by rarity; `nearest`: the highest similarity of any passage;
    `margin`: by how much the best one leads the next;
    `unknown`: the share of the weight that no passage has, 0 where the best one is in another language;
    `missing`: the question's telling words, as typed, that none of the first passages has;
    `unheard`: it asks for an identifier, a part number or a code, that no passage has;
    `foreign`: the best passage is in another language than the question;
    `words_only`: passages that lack a vector, so that only their words can be found;
    `extracts`: the best sentences with what stands around them, to be read where no model answers; `reading`: what a model is
    given to read; `otherwise`: sentences of other documents that contradict the quotation.
    """

    passages: list[FoundPassage] = field(default_factory=list)
    quotation: Quotation | None = None
    nearest_quotations: list[Quotation] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    nearest: float = 0.0
    margin: float = 0.0
    unknown: float = 0.0
    missing: list[str] = field(default_factory=list)
    unheard: bool = False
    foreign: bool = False
    extracts: list[Extract] = field(default_factory=list)
    reading: list[Excerpt] = field(default_factory=list)
    otherwise: list[Quotation] = field(default_factory=list)
    words_only: int = 0


def search(
    store: DocumentStore,
    index: Index,
    collection: str,
    question: str,
    limit: int,
    job: Job | None = None,
    narrowing: Narrowing = NONE,
) -> list[FoundPassage]:
    """The passages for a question, best first. Raises as `find`."""
    return find(store, index, collection, question, limit, job, narrowing).passages


def find(
    store: DocumentStore,
    index: Index,
    collection: str,
    question: str,
    limit: int,
    job: Job | None = None,
    narrowing: Narrowing = NONE,
    without: int | None = None,
) -> Found:
    """Passages and quotation for a question, of a collection or all of them (see collections.ALL), `without` one document.

    Raises CollectionMissing, NothingFits where no document is what the question was narrowed to, WorkerDied.
    """
    numbers = store.asked(collection)
    documents = scope.documents(store.asked_documents(collection), narrowing) if narrowing else None
    units = keywords.weights(store, question)
    weights = keywords.stems(units)
    searched = {number: index.answering(number) for number in numbers}
    words_only = sum(count for _, count in searched.values())
    embedders = {number: embedder for number, (embedder, _) in searched.items()}
    found = candidates.find(
        store, index, embedders, question, units, job, documents=documents, without=without
    )
    ranked = quoting.rank(store, index, question, weights, found, job, embedder=embedders[numbers[0]])
    own = ranked
    if ranked and index.models.reranker:
        ranked = _reranked(index, question, ranked, job)
    if not ranked:
        return Found(weights=weights, missing=keywords.absent(question, set()), words_only=words_only)
    distinct = _distinct(ranked, limit)
    best = ranked[0]
    quotations = [one.quotation for one in distinct if one.quotation is not None]
    quotation = max(quotations, key=lambda quotation: quotation.score, default=None)
    known = set[str]().union(*(one.units for one in found))
    return Found(
        [FoundPassage(one.candidate.passage, one.score, one.candidate.similarity) for one in distinct],
        quotation,
        quotations[:NEAREST],
        weights,
        max(one.meaning for one in found),
        _lead(_distinct(own, limit)),
        0.0 if best.candidate.foreign else 1 - keywords.covered(_sought(question, weights, quotation), known),
        keywords.absent(question, set[str]().union(*(one.candidate.units for one in distinct[:FIRST]))),
        any(
            not any(
                keywords.has_identifier(f"{one.passage.file} {one.passage.context} {one.passage.text}", name)
                for one in found
            )
            for name in keywords.identifiers(question)
        ),
        best.candidate.foreign,
        # A reranker's scores are of another scale: how far the others are behind is told by ours.
        extracts.of(distinct) if own is ranked else extracts.of(distinct, behind=float("inf")),
        extracts.reading(distinct[: extracts.SAID], whole=True)
        if collection == CHATS
        else extracts.reading(distinct, whole=len(found) <= extracts.SMALL),
        # Among all: what differs in one number only is one of several editions.
        conflicts.otherwise(_as_before(quotation, own), own) if quotation is not None else [],
        words_only,
    )


def _as_before(quotation: Quotation, own: list[Ranked]) -> Quotation:
    """A quotation with our own score."""
    place = quotation.passage.id, quotation.start
    units = (unit for one in own for unit in one.units)
    return next((unit for unit in units if (unit.passage.id, unit.start) == place), quotation)


def _sought(question: str, weights: dict[str, float], quotation: Quotation | None) -> dict[str, float]:
    """The weights of a question's words without those that only say what is measured, where a number was found for them."""
    if quotation is None or quotation.lacks or asked.Kind.NUMBER not in asked.kinds(question):
        return weights
    measured = set(keywords.bag(" ".join(asked.measures(question))))
    return {unit: weight for unit, weight in weights.items() if unit not in measured} or weights


def _lead(ranked: list[Ranked]) -> float:
    """By how much the best one leads the next."""
    scores = [one.score for one in ranked[:2]]
    return scores[0] - (scores[1] if len(scores) > 1 else 0.0) if scores else 0.0


def _reranked(index: Index, question: str, ranked: list[Ranked], job: Job | None) -> list[Ranked]:
    """The first passages in the order of a model that has read them with the question; ours decides where it makes no difference."""
    first = [one for one in ranked if one.units]
    texts = [f"{one.candidate.passage.context}\n{one.candidate.passage.text}".strip() for one in first]
    values = index.models.rerank(question, texts, job) if texts else None
    if values is None:
        return ranked
    found = []
    for one, value in zip(first, values, strict=True):
        units = [replace(unit, score=unit.score + RERANKED * value) for unit in one.units]
        quotation = max(units, key=lambda unit: unit.score)
        found.append(replace(one, units=units, quotation=quotation, score=one.score + RERANKED * value))
    found.sort(key=lambda one: (-one.score, one.candidate.passage.id))
    return [*found, *(one for one in ranked if not one.units)]


def _distinct(ranked: list[Ranked], limit: int) -> list[Ranked]:
    chosen: list[Ranked] = []
    for one in ranked:
        if len(chosen) == limit:
            break
        if not any(candidates.same(one.candidate, other.candidate) for other in chosen):
            chosen.append(one)
    return chosen
