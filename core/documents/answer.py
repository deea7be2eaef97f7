"""From a question to a cited answer: what the model is shown, and which of its sentences the documents support.

Three outcomes (docs/architecture.md, invariant 4): *answered* when at least one sentence of the answer
is supported by a passage, by its words or, where the person has chosen an entailment model, as that reads it; *quotation* when a passage fits the question but none of the answer's
sentences is supported; *not found* when no passage fits, and then the model is not asked at all, or
when a model that reads well enough says that they do not answer (verdict.py). The
model's own markers are never trusted: citations come from comparing sentences with passages.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from core.chat.conversation import AnswerDetails, Mark, ShownPassage, Source
from core.documents import entailment, keywords, refusal, retrieve, scope, support, verdict
from core.documents.entailment import Entails
from core.documents.extracts import Excerpt, Extract
from core.documents.index import Index
from core.documents.model import Block, Kind
from core.documents.quoting import Quotation
from core.documents.retrieve import FoundPassage
from core.jobs import Job
from core.storage.documents import DocumentStore, StoredPassage
from core.text import characters, sentences

_MARKERS = re.compile(r"[ \u3000]?(?:\[\d{1,2}\]|［\d{1,2}］|【\d{1,2}】)")
# A question that speaks of what the one before it named.
_POINTS_BACK = re.compile(
    r"\b(?:it|its|that|those|these|they|them|their|he|she|his|her|him|one|ones)\b|^\s*(?:and|but|so|what about|how about)\b"
    r"|その|それ|そこ|そちら|あの|じゃあ|^\s*では",
    re.IGNORECASE,
)
QUOTED_FROM = 8  # passages whose sentences may be the quotation
LESS = 0.2  # of that share a citation may have less than the quotation
ABOUT = 0.25  # share of the question's rare words that a citation needs to count as an answer to it


@dataclass(frozen=True)
class Evidence:
    """What the documents hold for a question."""

    question: str
    passages: list[FoundPassage]
    quotation: Quotation | None
    fits: bool
    weights: dict[str, float] = field(default_factory=dict)  # of the question's telling words
    words_only: int = 0  # passages that lack a vector of the embedder, so that only their words can be found
    missing: list[str] = field(default_factory=list)  # words of the question that the nearest passages lack
    nearest: list[Quotation] = field(default_factory=list)  # the best sentences of the first passages
    extracts: list[Extract] = field(default_factory=list)  # the best sentences with what stands around them
    reading: list[Excerpt] = field(default_factory=list)  # what a model is given to read
    otherwise: list[Quotation] = field(
        default_factory=list
    )  # sentences of other documents that contradict the quotation
    implied: dict[str, tuple[Source, str] | None] = field(
        default_factory=dict
    )  # what an entailment model has said of sentences of answers, so that it is asked once: the place, and what is above it

    def answers(self, citation: Source, above: str) -> bool:
        """Whether a cited stretch, with what stands `above` it, is about what was asked: it shares telling words, no fewer
        than the quotation does, or holds one of the sentences that answer best.

        A small model may recite a true sentence that answers another question, or the same one of another machine.
        """
        for quotation in self._best():
            same = citation.page_id == quotation.passage.page_id
            if same and citation.start < quotation.end and quotation.start < citation.end:
                return True
        quoted = self.quotation
        about = keywords.coverage(self.weights, f"{above} {citation.text}")
        return about >= max(ABOUT, (quoted.about if quoted is not None else 0.0) - LESS)

    def answering(self, passage: StoredPassage) -> Iterator[tuple[int, int]]:
        """The stretches of a passage's text that the best of these are."""
        for quotation in self._best():
            if quotation.passage.id == passage.id:
                yield quotation.start - passage.start, quotation.end - passage.start

    def _best(self) -> list[Quotation]:
        """The sentences that answer the question best, as far as the search can tell."""
        return [*([self.quotation] if self.quotation else []), *(e.quotation for e in self.extracts)]

    def prompt(self, *, able: bool = False) -> str:
        """The question with its passages, as sent to the model and kept in the history.

        A model that is `able` to tell that they do not answer is asked to say so. A small one then says so of what they do
        answer (docs/answers.md).
        """
        shown = "\n\n".join(
            f"[{i}] {one.passage.context + chr(10) if one.passage.context else ''}{one.text}"
            for i, one in enumerate(self.reading, start=1)
        )
        if characters.is_japanese(self.question):
            decline = (
                "答えが書かれていなければ「資料に書かれていません。」とだけ書いてください。" if able else ""
            )
            return f"資料:\n{shown}\n\n上の資料だけを使って、質問に短く答えてください。{decline}\n質問: {self.question}"
        decline = " If they do not answer it, write only: The passages do not say." if able else ""
        return f"Passages:\n{shown}\n\nAnswer the question briefly, using only the passages above.{decline}\nQuestion: {self.question}"

    def objection(self, sentence: str) -> str:
        """What a model is told of a sentence that no passage supports."""
        if self.language == "ja":
            return f"「{sentence}」は資料に書かれていません。資料の言葉をそのまま使って、質問の答えを一文で書き直してください。\n質問: {self.question}"
        return (
            f"“{sentence}” is not in the passages. Answer again in one sentence, with the words of the passages.\n"
            f"Question: {self.question}"
        )

    @property
    def language(self) -> str:
        """The language of the question: ja or en."""
        return "ja" if characters.is_japanese(self.question) else "en"

    def alone(self) -> Judgement:
        """The quotation as the whole answer."""
        first = [replace(self.quotation.source(), marker=1)] if self.quotation else []
        return Judgement(self, "quotation", [], first)

    def details(self, so_far: AnswerDetails) -> AnswerDetails:
        """What is known of the answer so far, with what was found for it."""
        return replace(
            so_far,
            words_only=self.words_only,
            missing=[] if self.fits else self.missing,
            nearest=[] if self.fits else [quotation.source() for quotation in self.nearest],
            quotation=self.quotation.source() if self.quotation and self.fits else None,
            otherwise=[quotation.source() for quotation in self.otherwise] if self.fits else [],
            passages=[
                ShownPassage(
                    p.passage.file, p.passage.page, p.passage.context, p.passage.text, round(p.score, 5)
                )
                for p in self.passages
            ],
        )


@dataclass(frozen=True)
class Judgement:
    """The outcome of checking an answer, with its citations in the order of their markers."""

    evidence: Evidence
    outcome: str
    marks: list[Mark]
    citations: list[Source] = field(default_factory=list)

    def details(self, so_far: AnswerDetails) -> AnswerDetails:
        """What is known of the answer so far, with its evidence and this judgement."""
        extracts = self.evidence.extracts if self.outcome == "quotation" else []
        return replace(
            self.evidence.details(so_far),
            extracts=[extract.said() for extract in extracts],
            outcome=self.outcome,
            citations=self.citations,
            marks=self.marks,
        )


class Answerer:
    """Finds the evidence for a question and judges an answer by it."""

    def __init__(self, store: DocumentStore, index: Index) -> None:
        self.store = self._store = store
        self._index = index

    def find(
        self,
        collection: str,
        question: str,
        *,
        earlier: list[str] | None = None,
        job: Job | None = None,
        without: int | None = None,
    ) -> Evidence:
        """Passages and quotation for a question, `without` what one document says. Raises CollectionMissing, NothingFits, WorkerDied.

        A follow-up ("and the other one?") is searched together with the question before it, in the same documents.
        """
        question, narrowing = scope.parse(question)
        find = partial(
            retrieve.find, self._store, self._index, collection, limit=QUOTED_FROM, job=job, without=without
        )
        points = _POINTS_BACK.search(question) is not None
        if earlier and (points or len(support.content(question)) < 2):
            before, same = scope.parse(earlier[-1])
            found = find(question=f"{before} {question}", narrowing=narrowing or same)
            if not points and not refusal.answers(found):  # "What is the rent?" begins anew
                found = find(question=question, narrowing=narrowing)
        else:
            found = find(question=question, narrowing=narrowing)
        return Evidence(
            question,
            found.passages,
            found.quotation,
            refusal.answers(found),
            found.weights,
            found.words_only,
            found.missing,
            found.nearest_quotations,
            found.extracts,
            found.reading,
            found.otherwise,
        )

    def collections(self) -> list[str]:
        """The names of all collections that have documents, the fullest first."""
        filled = [c for c in self._store.collections() if c.documents]
        return [c.name for c in sorted(filled, key=lambda c: -c.documents)]

    @staticmethod
    def without_markers(answer: str) -> str:
        """The answer without the source numbers that the model wrote: small models invent them."""
        return _MARKERS.sub("", answer)

    def judge(self, evidence: Evidence, answer: str, *, able: bool = False) -> Judgement:
        """Check each sentence of an answer against the passages that the model was shown.

        `able`: the model reads well enough for its word to count that they do not answer.
        """
        marks: list[Mark] = []
        citations: list[Source] = []
        answered = False
        blocks = {one.passage.page_id: self._store.blocks(one.passage.page_id) for one in evidence.reading}
        for start, end in sentences.spans(answer):
            sentence = answer[start:end]
            if not support.is_statement(sentence) or verdict.says_no(sentence):
                continue
            cited = _cite(sentence, evidence, blocks)
            implied = cited is None
            cited = cited or self._implied(sentence, evidence, blocks)
            if cited is None:
                marks.append(Mark(start, end, None))
                continue
            citation, above = cited
            answered = answered or evidence.answers(citation, above)
            place = (citation.page_id, citation.start)
            same = next((c for c in citations if (c.page_id, c.start) == place), None)
            if same is None:
                same = replace(citation, marker=len(citations) + 1)
                citations.append(same)
            marks.append(Mark(start, end, same.marker, implied))
        if answered:
            return Judgement(evidence, "answered", marks, citations)
        if able and verdict.says_no(answer):
            return Judgement(dataclasses.replace(evidence, fits=False), "not found", [])
        return dataclasses.replace(evidence.alone(), marks=[Mark(m.start, m.end, None) for m in marks])

    @property
    def entails(self) -> Entails | None:
        """Asks the model that checks answers; None where the person wants none."""
        return self._index.models.entails if self._index.models.entailment else None

    def _implied(
        self, sentence: str, evidence: Evidence, blocks: dict[int, list[Block]]
    ) -> tuple[Source, str] | None:
        """The place that implies a sentence, as far as a model can tell, with what stands above it."""
        entails = self.entails
        if entails is None:
            return None
        if sentence not in evidence.implied:
            read = {one.passage.id: one.passage for one in evidence.reading}
            passages = [
                (p, support.stated(p.text, _above(p), _titles(p, blocks[p.page_id]))) for p in read.values()
            ]
            found = entailment.find(sentence, evidence.question, passages, entails)
            evidence.implied[sentence] = (
                (
                    found.passage.source(found.start, found.end),
                    f"{Path(found.passage.file).stem} {found.above}",
                )
                if found is not None
                else None
            )
        return evidence.implied[sentence]


def _above(passage: StoredPassage) -> str:
    """What stands above a passage: its headings, and the header of its table."""
    return f"{passage.context}\n{passage.header}".strip()


def _cite(sentence: str, evidence: Evidence, blocks: dict[int, list[Block]]) -> tuple[Source, str] | None:
    """The place that supports a sentence, among the passages that the model was shown, with what stands above it."""
    best: tuple[float, Source, str] | None = None
    for passage in (one.passage for one in evidence.reading):
        supported = support.find(
            sentence,
            passage.text,
            question=evidence.question,
            above=_above(passage),
            titles=_titles(passage, blocks[passage.page_id]),
            answering=list(evidence.answering(passage)),
        )
        if supported is not None and (best is None or supported.share > best[0]):
            place = passage.source(supported.start, supported.end)
            best = (supported.share, place, f"{Path(passage.file).stem} {supported.above}")
    return (best[1], best[2]) if best else None


def _titles(passage: StoredPassage, blocks: list[Block]) -> list[tuple[int, int, int]]:
    """Start, end and level of the headings in a passage's text."""
    end = passage.start + len(passage.text)
    return [
        (block.start - passage.start, block.end - passage.start, block.level)
        for block in blocks
        if block.kind is Kind.HEADING and block.start >= passage.start and block.end <= end
    ]
