"""How a text is read for a form: whole where it is short, else by the passages that say most about the fields; or, where any
number of rows is wanted, part by part to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.documents import candidates, keywords, whole
from core.documents.index import Index
from core.documents.passages import size
from core.errors import NothingToFill
from core.jobs import Job
from core.storage.documents import Document, DocumentStore
from core.storage.passages import StoredPassage
from core.structured.fields import Form
from core.structured.run import Input

LONGEST = 2_400.0  # units of passages.size that are read at once: about 5,000 Latin letters, or 2,400 Japanese characters
GAP = "\n[…]\n"  # where passages between two are left out
PIECE = 400.0  # units: of a text that is no document, what stands for a passage


@dataclass(frozen=True)
class Piece:
    """A piece of a text; of a document, with its passages."""

    text: str
    passages: list[StoredPassage] = field(default_factory=list)


@dataclass(frozen=True)
class Reading:
    """What the model is given, one by one. Of a text that is read in part: `read` of its `of` pieces, else 0 of 0."""

    parts: list[Piece]
    read: int = 0
    of: int = 0


class Reader:
    """Prepares texts: documents by words and meaning, others by words."""

    def __init__(self, store: DocumentStore, index: Index) -> None:
        self._store = store
        self._index = index

    def prepare(self, form: Form, given: Input, longest: float, job: Job) -> Reading:
        """What is read of a text. Raises NothingToFill where there is none (any more)."""
        if given.document is None:
            pieces = _pieces(given.text)
            document = None
        else:
            document = self._store.document(given.document)
            if document is None:
                raise NothingToFill()
            parts = whole.parts(self._store, document.id, PIECE, PIECE)
            pieces = [Piece(part.text, part.passages) for part in parts]
        if not pieces:
            raise NothingToFill()
        everything = list(range(len(pieces)))
        if sum(size(piece.text) for piece in pieces) <= longest:
            return Reading([_joined(everything, pieces)])
        if form.several:
            return Reading([_joined(part, pieces) for part in _parts(pieces, longest)])
        ranked = [self._ranked(question, pieces, document, job) for question in _questions(form)]
        chosen = _chosen(ranked, pieces, longest)
        return Reading([_joined(chosen, pieces)], len(chosen), len(pieces))

    def _ranked(self, question: str, pieces: list[Piece], document: Document | None, job: Job) -> list[int]:
        """The places of pieces, the best for a question first."""
        asked = keywords.weights(self._store, question)
        if document is None:
            bags = [keywords.bag(piece.text, asked) for piece in pieces]
            shares = keywords.shares(keywords.stems(asked), bags)
            return sorted(range(len(pieces)), key=lambda place: -shares[place])
        numbers = self._store.asked(document.collection)
        embedders = {number: self._index.answering(number)[0] for number in numbers}
        found = candidates.find(
            self._store, self._index, embedders, question, asked, job, documents=[document.id]
        )
        at = {passage.id: place for place, piece in enumerate(pieces) for passage in piece.passages}
        return list(dict.fromkeys(at[one.passage.id] for one in found if one.passage.id in at))


def _questions(form: Form) -> list[str]:
    """What passages are looked for by: each field, or the instruction of a form that has none."""
    asked = [f"{one.name} {one.about}".strip() for one in form.fields]
    return asked or [form.instruction or "."]


def _chosen(ranked: Sequence[list[int]], pieces: list[Piece], longest: float) -> list[int]:
    """The places of the beginning, which says what a text is, and of the best of each field in turn while there is room."""
    chosen, room = {0}, longest - size(pieces[0].text)
    for rank in range(max(map(len, ranked), default=0)):
        for order in ranked:
            if rank < len(order) and order[rank] not in chosen:
                room -= size(pieces[order[rank]].text)
                if room < 0:
                    return sorted(chosen)
                chosen.add(order[rank])
    return sorted(chosen)


def _parts(pieces: list[Piece], longest: float) -> list[list[int]]:
    """The places of consecutive pieces, together not longer than that."""
    parts: list[list[int]] = []
    room = 0.0
    for place, piece in enumerate(pieces):
        room -= size(piece.text)
        if room < 0 or not parts:
            parts.append([])
            room = longest - size(piece.text)
        parts[-1].append(place)
    return parts


def _joined(places: list[int], pieces: list[Piece]) -> Piece:
    text = ""
    for before, place in zip([places[0], *places], places, strict=False):
        glue = "" if not text else "\n" if place == before + 1 else GAP
        text += glue + pieces[place].text
    return Piece(text, [passage for place in places for passage in pieces[place].passages])


def _pieces(text: str) -> list[Piece]:
    """Lines joined up to a piece's length; a longer line is cut."""
    found: list[str] = []
    for line in text.splitlines():
        for start in range(0, max(len(line), 1), 2_000):
            part = line[start : start + 2_000]
            if not part.strip():
                continue
            if found and size(found[-1]) + size(part) <= PIECE:
                found[-1] += "\n" + part
            else:
                found.append(part)
    return [Piece(one) for one in found]
