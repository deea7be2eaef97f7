"""Work on whole documents part by part, in steps that are kept one by one: what was stopped, or cut short by a crash, goes on.

A part is consecutive passages (documents/whole.py), so that every line that comes of one has its pages.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from core.chat.conversation import Source, Task, Whole
from core.documents import formats, whole
from core.documents.model import MINUTE, clock
from core.documents.whole import Part
from core.engine.messages import Turn
from core.storage.documents import Document, DocumentStore
from core.text.markdown import literal_line

LONGEST = 2_400.0  # units of passages.size: about 5,000 Latin letters, or 2,400 Japanese characters
CONTEXT = 0.45  # of a model's context, in tokens, that a part may take: a unit is less than two tokens in any language
QUOTED = 260.0  # how short a part may be where its best sentence stands for it
HEADING = 60  # characters of a heading that is named
MOST = 50  # documents that are read whole without being named


class InParts:
    """The parts of some documents; who derives from it says what a step adds. `write` asks the model (a turn, how many tokens),
    None without one; `check` raises what stops it."""

    task: Task
    shortest_written = whole.SHORTEST  # how short a part may be of which a model writes

    def __init__(
        self,
        store: DocumentStore,
        documents: list[Document],
        language: str,
        write: Callable[[Turn, int], str] | None,
        longest: float,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.language = language
        self.write = write
        self.documents = documents
        self.check = check
        self._longest = longest
        self._central: dict[int, whole.Central] = {}  # made when one is asked for
        shortest = QUOTED if write is None else self.shortest_written
        self._parts = {d.id: whole.parts(store, d.id, longest, shortest) for d in documents}
        self.all = [(d, number, part) for d in documents for number, part in enumerate(self._parts[d.id])]

    @property
    def steps(self) -> int:
        """How many there are."""
        return len(self.all)

    def begin(self) -> Whole:
        """Nothing is read yet."""
        return Whole(
            [document.id for document in self.documents],
            0,
            self.steps,
            self._longest,
            self.write is not None,
            self._cut(),
            self.task,
        )

    def goes_on(self, so_far: Whole) -> bool:
        """Whether what was begun can go on: the documents are cut as they were."""
        return so_far.of == self.steps and so_far.cut == self._cut()

    def _cut(self) -> str:
        places = "".join(
            f"{p.page_id}:{p.start}+{len(p.text)};" for _, _, part in self.all for p in part.passages
        )
        return hashlib.sha256(places.encode()).hexdigest()[:16]

    def central(self, document: Document, part: Part) -> Source:
        """The sentence that says most of a part."""
        if document.id not in self._central:
            self._central[document.id] = whole.Central(self._parts[document.id])
        return self._central[document.id].of(part)

    def where(self, document: Document, part: Part) -> str:
        """The part's pages, or the heading above it."""
        if part.pages is None:
            heading = " ".join(part.heading.split())
            heading = heading if len(heading) <= HEADING else f"{heading[: HEADING - 1]}…"
            return literal_line(heading) if heading != document.name else ""
        first, last = part.pages
        if formats.unit_of(document.name) == formats.RECORDING.unit:
            return f"{clock(MINUTE * (first - 1))}–{clock(MINUTE * last)}"
        return page(first, last, self.language)


def place_of(source: Source, language: str) -> str:
    """Where a source stands in its document: its page, or its second of a recording; else its page's own name."""
    if formats.unit_of(source.file) == formats.RECORDING.unit:
        return source.label
    return page(source.page, source.page, language) if source.page else literal_line(source.label)


def page(first: int, last: int, language: str) -> str:
    """Pages as they are named in a language."""
    if language == "ja":
        return f"{first}ページ" if first == last else f"{first}～{last}ページ"
    return f"p. {first}" if first == last else f"pp. {first}–{last}"


def longest(context: int) -> float:
    """How long a part may be for a model with so many tokens of context."""
    return min(LONGEST, context * CONTEXT)


def left(started: float, done: int, of: int) -> float | None:
    """About how many seconds the rest takes; None before anything is done."""
    return (time.monotonic() - started) / done * (of - done) if done else None
