"""The sentence, row or item that answers a question best, and with it which passages do.

What is quoted is chosen among the first passages' sentences, each by its passage, its meaning, the question's words in it and
around it, and whether it holds what is asked for: a number, a time, a name. The same scores rank the passages: they say more
of a passage than its whole text does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.chat.conversation import Source
from core.documents import asked, keywords
from core.documents.candidates import Candidate
from core.documents.dictation import dictates
from core.documents.index import Index
from core.documents.model import Block, Kind, Row, under
from core.jobs import Job
from core.storage.documents import DocumentStore, StoredPassage
from core.text import languages, sentences

LOOKED_AT = 12  # passages whose sentences are compared
# Comparing takes most of the time of a search. Those of the best scores by words are compared, and of each passage the best; with
# all of them (98 on average) one question of 244 has another quotation, at twice the time.
COMPARED, AT_LEAST = 30, 2
FAR = 0.1  # the similarity that the others count with: that of texts which have nothing to do with each other
POOL = 60  # candidates by which it is told which of the question's words tell them apart
# Weights beside the passage's own score and the sentence's similarity, which count whole. Rounded from those of a pairwise
# logistic regression on the tuning questions (docs/measures.md, "Answers on real documents").
IN_PLACE = 0.2  # the question's rare words in the sentence and what stands above it
TELLING = 0.35  # the same, by the words that tell the candidates apart
AROUND = (
    0.4  # the question's rare words in it, above it and in the two before: its subject often stands there
)
HELD = 0.3  # what is asked for: a number, a time, a name
GIVEN = 0.07  # a reason or an explanation
ASKS = -0.4  # it is a question itself
NAMES = -0.05  # it only says what something is called
OTHER = (
    -0.3
)  # it is in another language than the question, which its document has too: a manual in twelve languages
COLUMNS = -0.5  # it names the columns of a table: the answer stands in a row
DICTATES = -1.0  # it speaks to whatever reads the document, and tells it what to answer
HEADING = 40  # characters; a shorter line without an end is a heading


@dataclass(frozen=True)
class Quotation:
    """The best sentence for a question, with its place."""

    text: str
    passage: StoredPassage
    start: int  # characters into its page's text
    end: int
    score: float
    meaning: float
    lacks: bool = False  # it does not hold the number, time or name that is asked for
    about: float = 0.0  # the share of the question's rare words in it and above it
    flows: bool = False  # a sentence of a text that goes on around it, no heading and no row

    def source(self) -> Source:
        """It as a place in the document."""
        return self.passage.source(self.start - self.passage.start, self.end - self.passage.start)


@dataclass(frozen=True)
class Ranked:
    """A candidate by its best sentence; `score` is both of theirs. `units`: all that can be quoted of it, in order."""

    candidate: Candidate
    quotation: Quotation | None
    score: float
    units: list[Quotation] = field(default_factory=list)


@dataclass(frozen=True)
class _Unit:
    """Characters start..end of a passage's text that can be quoted, with the headings above; `names`: it says what something is
    called, and answers nothing."""

    start: int
    end: int
    above: str
    names: bool = False
    columns: bool = False  # it names those of a table
    # What is compared with the question in its place: a row means nothing without its header.
    meaning: str = ""
    language: str = ""  # '' where it does not tell
    flows: bool = False  # a sentence of a text


def rank(
    store: DocumentStore,
    index: Index,
    question: str,
    weights: dict[str, float],
    candidates: list[Candidate],
    job: Job | None = None,
    *,
    embedder: str = "",
) -> list[Ranked]:
    """The candidates by their best sentences, best first; those behind the first LOOKED_AT follow as they came. Meaning is
    compared by `embedder` (see Index.compare).

    Raises WorkerDied.
    """
    first = candidates[:LOOKED_AT]
    pages = {c.passage.page_id: store.blocks(c.passage.page_id) for c in first}
    units = [list(_units(c.passage, pages[c.passage.page_id])) for c in first]
    language = languages.tell(question)
    spoken = {
        c.passage.file
        for c, found in zip(first, units, strict=True)
        if language and any(u.language == language for u in found)
    }
    scoring = _Scoring(question, weights, candidates[:POOL])
    scored = [
        scoring.by_words(c, found, language if c.passage.file in spoken else "")
        for c, found in zip(first, units, strict=True)
    ]
    similarities = _meanings(index, question, scored, job, embedder)
    ranked = []
    for candidate, quotations, near in zip(first, scored, similarities, strict=True):
        found = [
            dataclasses.replace(one, score=one.score + max(similarity, 0.0), meaning=similarity)
            for (one, _), similarity in zip(quotations, near, strict=True)
        ]
        quotation = max(found, key=lambda one: one.score, default=None)
        score = candidate.score + (quotation.score if quotation is not None else candidate.score)
        ranked.append(Ranked(candidate, quotation, score, found))
    ranked.sort(key=lambda one: (-one.score, one.candidate.passage.id))
    return [*ranked, *(Ranked(c, None, c.score) for c in candidates[LOOKED_AT:])]


def _meanings(
    index: Index,
    question: str,
    scored: list[list[tuple[Quotation, str]]],
    job: Job | None,
    embedder: str,
) -> list[list[float]]:
    """How near each unit is to the question in meaning; those that their words leave behind are not compared."""
    all_ = sorted((one.score for units in scored for one, _ in units), reverse=True)
    least = all_[COMPARED - 1] if len(all_) >= COMPARED else float("-inf")
    texts: dict[str, float] = {}
    wanted: list[list[str]] = []
    for units in scored:
        best = sorted((one.score for one, _ in units), reverse=True)[:AT_LEAST]
        bar = min(least, best[-1]) if best else least
        wanted.append([meant if one.score >= bar else "" for one, meant in units])
        texts.update(dict.fromkeys(filter(None, wanted[-1]), 0.0))
    texts = dict(zip(texts, index.models.compare(question, list(texts), job, embedder=embedder), strict=True))
    return [[texts.get(meant, FAR) for meant in each] for each in wanted]


class _Scoring:
    """How well units answer one question."""

    def __init__(self, question: str, weights: dict[str, float], pool: list[Candidate]) -> None:
        self._question = question
        self._weights = weights
        self._kinds = asked.kinds(question)
        # A word that all candidates have, such as the name of what the document is about, tells none from another; one that
        # none has cannot either.
        counts = {unit: sum(unit in c.units for c in pool) for unit in weights}
        self._pool = {unit: keywords.rarity(n, len(pool)) for unit, n in counts.items() if n}

    def by_words(
        self, candidate: Candidate, units: list[_Unit], language: str
    ) -> list[tuple[Quotation, str]]:
        """The units of a passage, scored but for their meaning, each with what is to be compared for that; those in another
        language than this one, if one is given, are held back."""
        passage = candidate.passage
        file = keywords.bag(passage.file.rpartition("/")[2].rpartition(".")[0], self._weights).keys()
        texts = [passage.text[unit.start : unit.end] for unit in units]
        bags = [keywords.bag(text, self._weights).keys() for text in texts]
        over: dict[str, set[str]] = {}  # the same for all units below a heading
        found = []
        for number, (unit, text) in enumerate(zip(units, texts, strict=True)):
            if unit.above not in over:
                over[unit.above] = keywords.bag(unit.above, self._weights).keys() | file
            place = bags[number] | over[unit.above]
            around = place.union(*bags[max(number - 2, 0) : number])
            lacks, given = self._asked(text)
            score = (
                candidate.score
                + IN_PLACE * (about := keywords.covered(self._weights, place))
                + TELLING * keywords.covered(self._pool, place)
                + AROUND * keywords.covered(self._weights, around)
                + (0 if lacks is None else 0 if lacks else HELD)
                + (GIVEN if given else 0)
                + (ASKS if text.rstrip()[-1:] in ("?", "？") else 0)
                + (OTHER if language and unit.language not in ("", language) else 0)
                + (DICTATES if dictates(text, texts[number - 1] if number else "") else 0)
                + (COLUMNS if unit.columns else NAMES if unit.names or _is_heading(text) else 0)
            )
            start, end = passage.start + unit.start, passage.start + unit.end
            quotation = Quotation(text, passage, start, end, score, 0.0, bool(lacks), about, unit.flows)
            found.append((quotation, unit.meaning or text))
        return found

    def _asked(self, text: str) -> tuple[bool | None, bool]:
        """Whether what is asked for is missing (None where nothing of the kind is), and whether a reason or meaning is given."""
        held = [asked.holds(kind, text, self._question) for kind in self._kinds & asked.TELLING]
        given = any(asked.holds(kind, text, self._question) for kind in self._kinds - asked.TELLING)
        return (not any(held) if held else None), given


def _units(passage: StoredPassage, blocks: list[Block]) -> Iterator[_Unit]:
    """What of a passage can be quoted: its sentences, the rows of its tables, its headings."""
    end = passage.start + len(passage.text)
    inside = [b for b in blocks if b.start < end and b.end > passage.start]
    if not inside:  # read before blocks were kept
        yield from (_Unit(a, b, passage.context, flows=True) for a, b in sentences.spans(passage.text))
        return
    over: list[tuple[int, str]] = []
    for block in inside:
        above = "\n".join(filter(None, [passage.context, *(words for _, words in over)]))
        if block.kind is Kind.HEADING:
            title = passage.text[block.start - passage.start : block.end - passage.start]
            start, stop = block.start - passage.start, block.end - passage.start
            yield _Unit(start, stop, above, names=True, language=block.language)
            over = under(over, block.level, title)
        elif block.kind is Kind.TABLE:
            rows = [row for row in block.rows if row.start >= passage.start and row.end <= end]
            names = _names_columns(block, rows)
            head = [passage.text[r.start - passage.start : r.end - passage.start] for r in names]
            for row in rows:
                said = passage.text[row.start - passage.start : row.end - passage.start]
                yield _Unit(
                    row.start - passage.start,
                    row.end - passage.start,
                    "\n".join([above, *head]).strip(),
                    columns=row in names,
                    meaning="" if row in names else " ".join([*(head or [passage.header]), said]).strip(),
                    language=block.language,
                )
        else:
            start = max(block.start, passage.start)
            for a, b in sentences.spans(passage.text[start - passage.start : block.end - passage.start]):
                begin = start - passage.start
                yield _Unit(begin + a, begin + b, above, language=block.language, flows=True)


def _names_columns(table: Block, rows: list[Row]) -> list[Row]:
    """The rows that name the columns; of a table that does not tell, the first, if it has several columns and rows."""
    headers = [row for row in rows if row.header]
    if headers or not rows or table.level or rows[0] is not table.rows[0]:
        return headers
    return rows[:1] if len(table.rows) > 2 and len(rows[0].cells) > 2 else []


def _is_heading(text: str) -> bool:
    """A short line without the mark that ends a sentence."""
    return len(text) < HEADING and text[-1:] not in "。！？.!?”」』)）"
