"""What other programs' default ways of searching find of the same questions: `python -m tests.evaluation.peers [--part tune choose]
[--documents N]`.

Five programs as their sources had it in 2026: how they cut a text, which legs they search by, how many pieces they take. They are
given our readers' text, which is kinder than their own, and all-MiniLM-L6-v2 as the embedder: it is the default of three of
them; the two others bring nomic-embed-text-v1.5 (English too), which cannot be had in a package. A hit is a piece that holds the place, among
as many as the program takes, and among five, as ours is measured.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.app import App
from core.documents import retrieve
from core.engine.llama.encoder import Encoder, Matrix
from core.engine.llama.model import start_backend
from core.models.library import Library
from core.paths import Home
from tests.evaluation.answers import COLLECTION, FIRST, FOLDER, Question, opened, questions
from tests.evaluation.corpus import fetch
from tests.support import gguf_encoders

THREADS = 2
BATCH = 64
WINDOW = 4_000  # characters of a piece: a text without 。 as an end is one sentence, which no model's window would hold
_SENTENCE = re.compile(r"(?<=[.!?])\s+")  # what NLTK's Punkt knows: 。 ends nothing
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "for",
        "if",
        "in",
        "into",
        "is",
        "it",
        "no",
        "not",
        "of",
        "on",
        "or",
        "such",
        "that",
        "the",
        "their",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "was",
        "will",
        "with",
    ]
)  # Lucene's 33, which GPT4All has


@dataclass(frozen=True)
class Piece:
    """A piece of a file: what is searched, and what a model is given."""

    file: str
    text: str
    given: str


def windows(text: str, size: int, overlap: int) -> list[str]:
    """Fixed windows of characters."""
    return [text[start : start + size] for start in range(0, max(len(text) - overlap, 1), size - overlap)]


def words_up_to(text: str, size: int) -> list[str]:
    """Words until the size is reached; a run without spaces is cut hard."""
    pieces: list[str] = []
    piece = ""
    for word in text.split():
        while len(word) > size:
            pieces += [piece] * bool(piece) + [word[:size]]
            piece, word = "", word[size:]
        if piece and len(piece) + 1 + len(word) > size:
            pieces.append(piece)
            piece = word
        else:
            piece = f"{piece} {word}" if piece else word
    return [*pieces, piece] if piece else pieces


def recursive(text: str, size: int, overlap: int) -> list[str]:
    """Paragraphs, lines, words, characters: the first cut that gives parts which are short enough, joined up to the size."""
    if len(text) <= size:
        return [text] if text.strip() else []
    for mark in ("\n\n", "\n", " "):
        if mark in text:
            parts = text.split(mark)
            break
    else:
        return windows(text, size, overlap)
    pieces: list[str] = []
    held: list[str] = []
    for part in parts:
        if len(part) > size:
            pieces += [mark.join(held)] * bool(held) + recursive(part, size, overlap)
            held = []
            continue
        if held and len(mark.join([*held, part])) > size:
            pieces.append(mark.join(held))
            while held and len(mark.join(held)) > overlap:
                held.pop(0)
        held.append(part)
    return [*pieces, mark.join(held)] if held else pieces


class Dense:
    """Pieces by meaning, all of them compared."""

    def __init__(self, encoder: Encoder, pieces: list[Piece]) -> None:
        self._encoder = encoder
        self.pieces = pieces
        ordered = sorted(
            range(len(pieces)), key=lambda i: len(pieces[i].text)
        )  # texts of one length share batches
        self._vectors: Matrix = np.zeros((len(pieces), encoder.dimension), np.float32)
        for start in range(0, len(ordered), BATCH):
            some = ordered[start : start + BATCH]
            self._vectors[some] = encoder.encode([pieces[i].text for i in some], threads=THREADS)

    def nearest(self, question: str, limit: int, least: float = -1.0) -> list[int]:
        similar = self._vectors @ self._encoder.encode([question], threads=THREADS)[0]
        best = np.argsort(-similar)[:limit]
        return [int(i) for i in best if similar[i] >= least]


class Words:
    """Pieces by words, as GPT4All asks SQLite: the whole question as a phrase, then any of its words."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='porter')")
        self._db.executemany("INSERT INTO t(rowid, text) VALUES (?, ?)", enumerate(p.text for p in pieces))

    def _match(self, query: str, limit: int) -> list[int]:
        found = self._db.execute(
            "SELECT rowid FROM t WHERE t MATCH ? ORDER BY bm25(t) LIMIT ?", (query, limit)
        )
        return [int(row[0]) for row in found]

    def find(self, question: str, limit: int) -> tuple[list[int], float]:
        """The best pieces, and the weight that this leg gets."""
        said = re.findall(r"\w+", question)
        if not said:
            return [], 0.0
        if hits := self._match('"' + " ".join(said) + '"', limit):
            return hits, 0.9
        telling = [word for word in said if word.lower() not in _STOP]
        hits = self._match(" OR ".join(f'"{word}"' for word in telling), limit) if telling else []
        gone = len(said) - len(telling)
        return hits, (0.25 + 0.5 * (min(1.0, 1 / gone**2) if gone else 1.0)) if hits else 0.0


Way = tuple[int, Callable[[str, int], list[Piece]]]  # how many pieces the program takes; its search


def gpt4all(texts: dict[str, str], encoder: Encoder) -> Way:
    pieces = [Piece(f, part, part) for f, text in texts.items() for part in words_up_to(text, 512)]
    dense, words = Dense(encoder, pieces), Words(pieces)

    def search(question: str, limit: int) -> list[Piece]:
        near, (said, weight) = dense.nearest(question, limit), words.find(question, limit)
        scores = {
            i: weight / (60 + (said.index(i) if i in said else len(said)) + 1)
            + (1 - weight) / (60 + (near.index(i) if i in near else len(near)) + 1)
            for i in {*near, *said}
        }
        return [pieces[i] for i in sorted(scores, key=lambda i: (-scores[i], i))[:limit]]

    return 3, search


def plain_dense(take: int, least: float, cut: Callable[[str], list[str]]) -> Callable[..., Way]:
    """A program that compares pieces by meaning and takes the best above a threshold."""

    def made(texts: dict[str, str], encoder: Encoder) -> Way:
        pieces = [Piece(f, part, part) for f, text in texts.items() for part in cut(text) if part.strip()]
        dense = Dense(encoder, pieces)
        return take, lambda question, limit: [pieces[i] for i in dense.nearest(question, limit, least)]

    return made


def sentence_windows(texts: dict[str, str], encoder: Encoder) -> Way:
    pieces = []
    for file, text in texts.items():
        sentences = [s for s in _SENTENCE.split(text) if s.strip()]
        for i, sentence in enumerate(sentences):
            given = " ".join(sentences[max(0, i - 3) : i + 4])
            pieces.append(Piece(file, sentence, given[:WINDOW]))
    dense = Dense(encoder, pieces)
    return 2, lambda question, limit: [pieces[i] for i in dense.nearest(question, limit)]


PROGRAMS: dict[str, Callable[[dict[str, str], Encoder], Way]] = {
    "GPT4All (512 characters, words and meaning)": gpt4all,
    "AnythingLLM (1,000, meaning, 0.25)": plain_dense(4, 0.25, lambda text: recursive(text, 1000, 20)),
    "Open WebUI (1,000 over 100, meaning)": plain_dense(3, -1.0, lambda text: recursive(text, 1000, 100)),
    "Jan (512 over 64, meaning, 0.3)": plain_dense(3, 0.3, lambda text: windows(text, 512, 64)),
    "PrivateGPT 0.6 (sentences, meaning)": sentence_windows,
}


def some(count: int) -> App:
    """A home with so many of the documents, read by today's readers."""
    documents = FOLDER / "documents"
    fetch.fetch(documents, set())
    files = sorted(documents.iterdir(), key=lambda file: hashlib.sha256(file.name.encode()).hexdigest())
    app = App(Home(FOLDER / f"home-{count}"))
    app.additions.add([str(file) for file in files[:count]], COLLECTION).wait(7200)
    app.additions.resume().wait(7200)
    return app


def ours(app: App, question: str) -> list[Piece]:
    """What this program finds first."""
    found = retrieve.search(app.documents, app.index, COLLECTION, question, FIRST)
    return [Piece(f.passage.file, f.passage.text, f.passage.text) for f in found]


def texts_of(app: App) -> dict[str, str]:
    """The text of each document, by file."""
    texts: dict[str, list[str]] = {}
    rows = app.database.rows(
        "SELECT d.file, p.text FROM pages p JOIN documents d ON d.id = p.document ORDER BY d.id, p.number"
    )
    for file, text in rows:
        texts.setdefault(str(file), []).append(str(text))
    return {file: "\n\n".join(pages) for file, pages in texts.items()}


def share(asked: list[Question], way: Callable[[str], list[Piece]]) -> float:
    """Of how many questions all places are found."""
    met = 0
    for question in asked:
        pieces = way(" ".join([*question.earlier[-1:], question.text]))
        met += question.met(lambda gold, pieces=pieces: any(gold.within(p.file, p.given) for p in pieces))  # type: ignore[misc]
    return met / max(len(asked), 1)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", choices=("tune", "choose", "report"), nargs="*", default=["tune", "choose"])
    parser.add_argument("--documents", type=int, default=0, help="so many, by their names' hashes; 0: all")
    arguments = parser.parse_args()
    app = some(arguments.documents) if arguments.documents else opened()
    try:
        texts = texts_of(app)
        folder = Library(app.home).find("all-minilm-l6-v2").path
        names = {Path(file).name for file in texts}
        asked = {
            (part, language): [
                q
                for q in questions(part)
                if q.answerable
                and q.language == language
                and all(any(g.file in names for g in places) for places in q.gold)
            ]
            for part in arguments.part
            for language in ("en", "ja")
        }
        for (part, language), some_of in asked.items():
            own = share(some_of, lambda q: ours(app, q))
            print(f"{part:<7} {language} Tsukue, of {len(some_of)} questions: in {FIRST}: {own:.2f}")
    finally:
        app.close()
    start_backend(graphics=False)
    with tempfile.TemporaryDirectory() as scratch:
        encoder = Encoder(gguf_encoders.write(folder, Path(scratch) / "minilm.gguf"))
    print(f"{len(texts)} documents of {COLLECTION}, {sum(map(len, texts.values()))} characters")
    for name, program in PROGRAMS.items():
        take, search = program(texts, encoder)
        for (part, language), some_of in asked.items():
            own = share(some_of, lambda q, take=take, search=search: search(q, take))  # type: ignore[misc]
            five = share(some_of, lambda q, search=search: search(q, FIRST))  # type: ignore[misc]
            print(
                f"{part:<7} {language} {name:<46} in its {take}: {own:.2f}   in {FIRST}: {five:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
