"""A self-test of one collection: are its own sentences found, how fast, what of it is badly readable, and what would help.

Passages are drawn from all over the collection, and each is searched by a question that it answers: one that a model writes of
it, or, without a model, three words of one of its sentences without its rarer half: somebody asks who does not know it. With the
rarest words nearly everything is found (59 of 60 on the documents of tests/evaluation), with these as much as questions find.
"""

from __future__ import annotations

import random
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from core.documents import keywords, retrieve
from core.documents.index import Index
from core.documents.messages import STARTER_EMBEDDER
from core.documents.model import Kind
from core.errors import N_
from core.jobs import Job
from core.storage.documents import Document, DocumentStore, StoredPassage
from core.text import languages, sentences

QUESTIONS = 40
FIRST = 5  # passages among which the one that was asked about has to be
WORDS = 3  # of a question without a model
LONGEST = 400  # characters of a sentence that a question is made of
ODD = 0.04  # of the characters of a page that is badly readable: real pages have less than a hundredth
LOW, APART = 0.8, 0.15  # found less often than this; less often than the rest by so much
SLOW_MS = 1000
FEW = 5  # questions of a kind, below which nothing is said of it
# Signs that reading has failed: characters without a meaning, or a Latin word in single letters.
_STRANGE = re.compile(
    "[\ufffd\ue000-\uf8ff\x00-\x08\x0b\x0e-\x1f]|\\(cid:\\d+\\)|(?<!\\w)(?:[a-z] ){4,}[a-z](?!\\w)"
)

SUGGESTIONS = {
    "unfinished": N_("Some passages are found by their words only: let their preparation finish."),
    "recognising": N_("The text of some pages is still being recognised: check again when that is done."),
    "model": N_("Another model for the search may find more: choose one in the settings, under Documents."),
    "japanese": N_("Japanese is found less often than the rest: choose a search model that knows Japanese."),
    "scans": N_(
        "Scanned pages are found less often than others: scan them again, straight and with 300 dpi."
    ),
    "tables": N_(
        "Rows of tables are found less often than sentences: name the row and the column in your question."
    ),
    "unreadable": N_("Some pages are badly readable: look at what was read of them, and add a better copy."),
    "slow": N_("Searching takes long here: divide the collection, or ask only one of its folders."),
    "fine": N_("Nothing stands out. What your documents say is found."),
}


class Asked(msgspec.Struct, frozen=True):
    """One question with the place that it was made of, and at which place of the results that was found (None: not at all)."""

    question: str
    file: str
    page: int | None
    kind: str  # text, table or scan
    language: str  # '' where it does not tell
    rank: int | None
    milliseconds: float


class Share(msgspec.Struct, frozen=True):
    """Of `asked` questions so many were found at the first place, and among the first FIRST."""

    asked: int
    first: int
    found: int

    @property
    def value(self) -> float:
        """How many were found, 0 to 1."""
        return self.found / self.asked if self.asked else 0.0


class Unreadable(msgspec.Struct, frozen=True):
    """A page on which many characters mean nothing, or words stand in single letters."""

    file: str
    page: int | None
    share: float


class Report(msgspec.Struct, frozen=True):
    """What a check has found. `kinds` by what was asked about (text, table, scan), `asked` all questions, `by_language`, `files` those that were missed at
    least once, `not_found` questions; times in milliseconds; `suggestions`: keys of SUGGESTIONS."""

    collection: str
    documents: int
    passages: int
    words_only: int
    recognising: int
    embedder: str
    written_by: str  # the model that wrote the questions; '' without
    all: Share
    kinds: dict[str, Share]
    asked: list[Asked]
    by_language: dict[str, Share]
    files: dict[str, Share]
    not_found: list[Asked]
    middle_ms: float
    slow_ms: float
    unreadable: list[Unreadable]
    suggestions: list[str]


@dataclass(frozen=True)
class Checkup:
    """Checks a collection. `ask`: a model's question to a text, in its language, '' where it wrote none; None without a model."""

    store: DocumentStore
    index: Index
    ask: Callable[[str, str], str] | None = None
    model: str = ""

    def run(
        self,
        collection: str,
        job: Job,
        *,
        questions: int = QUESTIONS,
        seed: int = 1,
        tell: Callable[[int, int], None] = lambda done, of: None,
    ) -> Report:
        """Ask `questions` questions; `tell` hears how many are through. Raises CollectionMissing, Cancelled, WorkerDied."""
        there = [d for d in self.store.asked_documents(collection) if d.gone is None and d.passages]
        asked: list[Asked] = []
        unreadable: list[Unreadable] = []
        looked: set[int] = set()
        for passage in self._drawn(there, random.Random(seed)):
            if len(asked) == questions:
                break
            job.check()
            if passage.page_id not in looked:
                looked.add(passage.page_id)
                unreadable += self._unreadable(passage)
            made = self._question(passage)
            if made is None:
                continue
            asked.append(self._search(collection, passage, *made, job))
            tell(len(asked), questions)
        return self._report(collection, there, asked, unreadable)

    def _drawn(self, there: list[Document], draw: random.Random) -> Iterator[StoredPassage]:
        """Passages in a random order: one of each document, and so on, so that a large one does not stand for all."""
        left = {document.id: self.store.passage_ids(document.id) for document in there}
        for ids in left.values():
            draw.shuffle(ids)
        while left:
            order = list(left)
            draw.shuffle(order)
            for document in order:
                ids = left[document]
                if not ids:
                    del left[document]
                    continue
                yield from self.store.passages([ids.pop()])

    def _question(self, passage: StoredPassage) -> tuple[str, str, str] | None:
        """A question to a passage, the stretch of text that answers it, and its kind; None where it says too little."""
        rows = [
            (block.start - passage.start, block.end - passage.start)
            for block in self.store.blocks(passage.page_id)
            if block.kind is Kind.TABLE and block.start < passage.start + len(passage.text)
        ]
        best: tuple[float, list[str], str] | None = None
        for start, end in sentences.spans(passage.text):
            said = passage.text[start:end]
            telling = keywords.telling(self.store, said) if len(said) <= LONGEST else []
            words = [(word, weight) for word, weight in telling if not word.isdigit()]
            rarest = sorted(words, key=lambda one: -one[1])
            chosen = {word for word, _ in rarest[len(words) // 2 :][:WORDS]}
            kept = [word for word, _ in words if word in chosen]
            worth = sum(weight for _, weight in words)
            if len(kept) == WORDS and (best is None or worth > best[0]):
                best = worth, kept, said
        if best is None:
            return None
        _, kept, said = best
        place = passage.text.find(said)
        stored = self.store.page(passage.page_id)
        scan = stored is not None and stored.recognised
        kind = "scan" if scan else "table" if any(a <= place < b for a, b in rows) else "text"
        if self.ask is not None:
            question = self.ask(passage.text, "ja" if languages.mostly_japanese(passage.text) else "en")
            return (question, passage.text, kind) if question else None
        return " ".join(kept), said, kind

    def _search(
        self, collection: str, passage: StoredPassage, question: str, answer: str, kind: str, job: Job
    ) -> Asked:
        started = time.perf_counter()
        found = retrieve.search(self.store, self.index, collection, question, FIRST, job)
        seconds = time.perf_counter() - started
        rank = next(
            (
                place
                for place, one in enumerate(found, start=1)
                if one.passage.id == passage.id or answer in one.passage.text
            ),
            None,
        )
        language = languages.tell(passage.text)
        return Asked(question, passage.file, passage.page, kind, language, rank, round(1000 * seconds, 1))

    def _unreadable(self, passage: StoredPassage) -> Iterator[Unreadable]:
        page = self.store.page(passage.page_id)
        if page is None or not page.text.strip():
            return
        share = sum(len(match[0]) for match in _STRANGE.finditer(page.text)) / len(page.text)
        if share > ODD:
            yield Unreadable(passage.file, passage.page, round(share, 3))

    def _report(
        self, collection: str, there: list[Document], asked: list[Asked], unreadable: list[Unreadable]
    ) -> Report:
        numbers = self.store.asked(collection)
        searched = [self.index.answering(number) for number in numbers]
        kinds, by_language, files = (_shares(asked, key) for key in ("kind", "language", "file"))
        times = sorted(one.milliseconds for one in asked) or [0.0]
        report = Report(
            collection,
            len(there),
            sum(document.passages for document in there),
            sum(lacking for _, lacking in searched),
            sum(document.recognising for document in there),
            searched[0][0],
            self.model,
            _share(asked),
            kinds,
            asked,
            by_language,
            {file: share for file, share in files.items() if share.found < share.asked},
            [one for one in asked if one.rank is None],
            statistics.median(times),
            times[int(0.95 * (len(times) - 1))],
            unreadable,
            [],
        )
        return msgspec.structs.replace(report, suggestions=_suggestions(report))


def _share(asked: list[Asked]) -> Share:
    return Share(len(asked), sum(one.rank == 1 for one in asked), sum(one.rank is not None for one in asked))


def _shares(asked: list[Asked], key: str) -> dict[str, Share]:
    groups: dict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        if value := getattr(one, key):
            groups[value].append(one)
    return {value: _share(group) for value, group in sorted(groups.items())}


def _suggestions(report: Report) -> list[str]:
    """What would help, the surest first."""
    found = []
    if report.words_only:
        found.append("unfinished")
    if report.recognising:
        found.append("recognising")

    def behind(shares: dict[str, Share], key: str) -> bool:
        """Whether one kind is found less often than the others together."""
        one = shares.get(key)
        others = [share for other, share in shares.items() if other != key]
        count = sum(share.asked for share in others)
        if one is None or one.asked < FEW or count < FEW:
            return False
        return one.value < sum(share.found for share in others) / count - APART

    japanese = behind(report.by_language, "ja") and report.embedder != STARTER_EMBEDDER
    if japanese:
        found.append("japanese")
    if behind(report.kinds, "scan"):
        found.append("scans")
    if behind(report.kinds, "table"):
        found.append("tables")
    if report.unreadable:
        found.append("unreadable")
    if report.all.asked >= FEW and report.all.value < LOW and not japanese:
        found.append("model")
    if report.slow_ms > SLOW_MS:
        found.append("slow")
    return found or ["fine"]
