"""From a question to a cited answer: what the model is shown, and which of its sentences the documents support.

Three outcomes (docs/architecture.md, invariant 4): *answered* when at least one sentence of the answer
is supported by a passage; *quotation* when a passage fits the question but none of the answer's
sentences is supported; *not found* when no passage fits, and then the model is not asked at all. The
model's own markers are never trusted: citations come from comparing sentences with passages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from core.chat.conversation import AnswerDetails, Mark, ShownPassage, Source
from core.documents import keywords, retrieve, support
from core.documents.index import Index
from core.documents.model import Block, Kind
from core.documents.retrieve import FoundPassage
from core.jobs import Job
from core.storage.documents import DocumentStore, StoredPassage
from core.text import characters, sentences

_MARKERS = re.compile(r"[ \u3000]?(?:\[\d{1,2}\]|［\d{1,2}］|【\d{1,2}】)")
SHOWN = 4  # passages that the model is given
QUOTED_FROM = 8  # passages whose sentences may be the quotation
# A passage fits when its best sentence scores this much: half cosine similarity, half share of the
# question's rare words. Found on tests/data/questions.jsonl (see make bench).
FITS = 0.33
ABOUT = 0.25  # share of the question's rare words that a citation needs to count as an answer to it
HEADING = 0.6  # a heading names the subject and answers nothing: a whole sentence is preferred


@dataclass(frozen=True)
class Quotation:
    """The best sentence for a question, with its place."""

    text: str
    passage: StoredPassage
    start: int  # characters into its page's text
    end: int
    score: float
    words: float
    meaning: float

    def source(self) -> Source:
        return Source(
            self.passage.file,
            self.passage.page,
            self.text,
            self.passage.path,
            self.passage.page_id,
            self.start,
            self.end,
            label=self.passage.label,
        )


@dataclass(frozen=True)
class Evidence:
    """What the documents hold for a question."""

    question: str
    passages: list[FoundPassage]
    quotation: Quotation | None
    fits: bool
    weights: dict[str, float] = field(default_factory=dict)  # of the question's telling words
    words_only: int = 0  # passages that lack a vector of the embedder, so that only their words can be found

    def answers(self, citation: Source) -> bool:
        """Whether a cited stretch is about what was asked: it shares telling words, or holds the quotation.

        A small model may recite a true sentence that answers another question.
        """
        quoted = self.quotation
        same = quoted is not None and citation.page_id == quoted.passage.page_id
        if same and quoted is not None and citation.start < quoted.end and quoted.start < citation.end:
            return True
        return keywords.coverage(self.weights, citation.text) >= ABOUT

    def prompt(self) -> str:
        """The question with its passages, as sent to the model and kept in the history."""
        shown = "\n\n".join(
            f"[{i}] {p.passage.context + chr(10) if p.passage.context else ''}{p.passage.text}"
            for i, p in enumerate(self.passages[:SHOWN], start=1)
        )
        if characters.is_japanese(self.question):
            return (
                f"資料:\n{shown}\n\n上の資料だけを使って、質問に短く答えてください。\n質問: {self.question}"
            )
        return f"Passages:\n{shown}\n\nAnswer the question briefly, using only the passages above.\nQuestion: {self.question}"

    def details(self, so_far: AnswerDetails) -> AnswerDetails:
        """What is known of the answer so far, with what was found for it."""
        return replace(
            so_far,
            words_only=self.words_only,
            quotation=self.quotation.source() if self.quotation and self.fits else None,
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
        return replace(
            self.evidence.details(so_far),
            outcome=self.outcome,
            citations=self.citations,
            marks=self.marks,
        )


@dataclass(frozen=True)
class _Unit:
    """Characters start..end of a passage's text that can be quoted, with the headings above; `names`: it says what something is
    called, and answers nothing."""

    start: int
    end: int
    above: str
    names: bool = False
    meaning: str = (
        ""  # what is compared with the question in its place: a row means nothing without its header
    )


class Answerer:
    """Finds the evidence for a question and judges an answer by it."""

    def __init__(self, store: DocumentStore, index: Index) -> None:
        self._store = store
        self._index = index

    def find(
        self, collection: str, question: str, *, earlier: list[str] | None = None, job: Job | None = None
    ) -> Evidence:
        """Passages and quotation for a question. Raises CollectionMissing, WorkerDied.

        A short follow-up ("and the other one?") is searched together with the question before it.
        """
        searched = question
        if earlier and len(support.content(question)) < 2:
            searched = f"{earlier[-1]} {question}"
        found = retrieve.search(self._store, self._index, collection, searched, QUOTED_FROM, job)
        number = self._store.collection(collection)
        weights = keywords.weights(self._store, number, searched)
        quotation = self._quote(searched, found, weights, job)
        fits = quotation is not None and quotation.score >= FITS
        return Evidence(
            question, _quoted_first(found, quotation), quotation, fits, weights, self._index.missing(number)
        )

    def _quote(
        self, question: str, found: list[FoundPassage], weights: dict[str, float], job: Job | None
    ) -> Quotation | None:
        """The sentence, row or heading that answers best, by meaning and by the question's rare words."""
        pages = {p.passage.page_id: self._store.blocks(p.passage.page_id) for p in found}
        places = [(p.passage, unit) for p in found for unit in _units(p.passage, pages[p.passage.page_id])]
        texts = [passage.text[unit.start : unit.end] for passage, unit in places]
        meant = [unit.meaning or text for (_, unit), text in zip(places, texts, strict=True)]
        similarities = self._index.compare(question, meant, job)
        best: Quotation | None = None
        for (passage, unit), text, similarity in zip(places, texts, similarities, strict=True):
            # What stands above counts too (a row's header, the headings), and the passage: a sentence's subject often
            # stands in the one before.
            words = (
                0.45 * keywords.coverage(weights, text)
                + 0.3 * keywords.coverage(weights, f"{unit.above} {text}")
                + 0.25 * keywords.coverage(weights, f"{passage.context} {passage.text}")
            )
            names = unit.names or _is_heading(text)
            score = (0.5 * max(similarity, 0.0) + 0.5 * words) * (HEADING if names else 1.0)
            if best is None or score > best.score:
                best = Quotation(
                    text,
                    passage,
                    passage.start + unit.start,
                    passage.start + unit.end,
                    score,
                    words,
                    similarity,
                )
        return best

    @staticmethod
    def without_markers(answer: str) -> str:
        """The answer without the source numbers that the model wrote: small models invent them."""
        return _MARKERS.sub("", answer)

    def judge(self, evidence: Evidence, answer: str) -> Judgement:
        """Check each sentence of an answer against the passages that the model was shown."""
        marks: list[Mark] = []
        citations: list[Source] = []
        for start, end in sentences.spans(answer):
            sentence = answer[start:end]
            if not support.is_statement(sentence):
                continue
            citation = self._cite(sentence, evidence)
            if citation is None:
                marks.append(Mark(start, end, None))
                continue
            place = (citation.page_id, citation.start)
            same = next((c for c in citations if (c.page_id, c.start) == place), None)
            if same is None:
                same = replace(citation, marker=len(citations) + 1)
                citations.append(same)
            marks.append(Mark(start, end, same.marker))
        if any(evidence.answers(citation) for citation in citations):
            return Judgement(evidence, "answered", marks, citations)
        quotation = evidence.quotation
        first = [replace(quotation.source(), marker=1)] if quotation else []
        return Judgement(evidence, "quotation", [Mark(m.start, m.end, None) for m in marks], first)

    def _cite(self, sentence: str, evidence: Evidence) -> Source | None:
        best: tuple[float, Source] | None = None
        for found in evidence.passages[:SHOWN]:
            passage = found.passage
            supported = support.find(sentence, passage.text, question=evidence.question)
            if supported is not None and (best is None or supported.share > best[0]):
                place = Source(
                    passage.file,
                    passage.page,
                    passage.text[supported.start : supported.end],
                    passage.path,
                    passage.page_id,
                    passage.start + supported.start,
                    passage.start + supported.end,
                    label=passage.label,
                )
                best = (supported.share, place)
        return best[1] if best else None


def _units(passage: StoredPassage, blocks: list[Block]) -> Iterator[_Unit]:
    """What of a passage can be quoted: its sentences, the rows of its tables, its headings."""
    end = passage.start + len(passage.text)
    inside = [b for b in blocks if b.start < end and b.end > passage.start]
    if not inside:  # read before blocks were kept
        yield from (_Unit(a, b, passage.context) for a, b in sentences.spans(passage.text))
        return
    above = passage.context
    for block in inside:
        if block.kind is Kind.HEADING:
            title = passage.text[block.start - passage.start : block.end - passage.start]
            yield _Unit(block.start - passage.start, block.end - passage.start, above, names=True)
            above = f"{above}\n{title}".strip()
        elif block.kind is Kind.TABLE:
            rows = [row for row in block.rows if row.start >= passage.start and row.end <= end]
            head = [passage.text[r.start - passage.start : r.end - passage.start] for r in rows if r.header]
            for row in rows:
                said = passage.text[row.start - passage.start : row.end - passage.start]
                yield _Unit(
                    row.start - passage.start,
                    row.end - passage.start,
                    "\n".join([above, *head]).strip(),
                    names=row.header,
                    meaning="" if row.header else " ".join([*(head or [passage.header]), said]).strip(),
                )
        else:
            start = max(block.start, passage.start)
            for a, b in sentences.spans(passage.text[start - passage.start : block.end - passage.start]):
                yield _Unit(start - passage.start + a, start - passage.start + b, above)


def _is_heading(text: str) -> bool:
    """A short line without the mark that ends a sentence."""
    return len(text) < 40 and text[-1:] not in "。！？.!?”」』)）"


def _quoted_first(found: list[FoundPassage], quotation: Quotation | None) -> list[FoundPassage]:
    """The passages in their order, but the quotation's among those that the model is shown."""
    if quotation is None:
        return found
    quoted = next(p for p in found if p.passage.id == quotation.passage.id)
    if quoted in found[:SHOWN]:
        return found
    return [*found[: SHOWN - 1], quoted, *(p for p in found[SHOWN - 1 :] if p is not quoted)]
