"""A timeline, or a list of every one of something, as an answer: each line with its page, exactly and without a model."""

from __future__ import annotations

from collections.abc import Callable

from core.chat.conversation import Source, Task, Whole
from core.chat.parts import place_of
from core.chat.written import Written
from core.documents import listing
from core.documents.listing import Entry, Subject, Wish
from core.storage.documents import Document, DocumentStore
from core.text import dates
from core.text.markdown import literal, literal_line

MOST = 300  # lines that are shown; a longer list is a search of its own
_WORDS = {
    "en": {
        "no dates": "There are no dates in it.",
        "none": "There is none in it.",
        "more": "… and {n} more.",
        "count": "{n} found.",
    },
    "ja": {
        "no dates": "日付は見つかりませんでした。",
        "none": "見つかりませんでした。",
        "more": "ほかに {n} 件あります。",
        "count": "{n} 件見つかりました。",
    },
}


class _Lines:
    """What both have in common: lines with links and marks."""

    steps = 1
    task: Task

    def __init__(
        self,
        store: DocumentStore,
        documents: list[Document],
        language: str,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._documents, self._check = store, documents, check
        self._language = language
        self._words = _WORDS[language]

    def begin(self) -> Whole:
        """Nothing is gathered yet."""
        return Whole([document.id for document in self._documents], 0, self.steps, task=self.task)

    def goes_on(self, so_far: Whole) -> bool:
        """Nothing is there before all is."""
        return so_far.done == 0

    def _line(self, written: Written, entry: Entry, what: str, document: Document) -> None:
        """A line: what it is, where, and the sentence that has it."""
        written.text += "- "
        if what:
            written.text += f"**{literal(what)}** "
        written.link(self._where(entry.source, document), entry.source)
        written.quote(literal_line(" ".join(entry.source.text.split())), entry.source)
        written.text += "\n"

    def _where(self, source: Source, document: Document) -> str:
        """The document, where there are several, and the page."""
        name = literal(document.name) if len(self._documents) > 1 else ""
        return (", " if self._language == "en" else " ").join(
            filter(None, (name, place_of(source, self._language)))
        )

    def _more(self, written: Written, count: int) -> None:
        if count > MOST:
            written.text += "\n" + self._words["more"].format(n=count - MOST)


class Timeline(_Lines):
    """Every sentence with a date or year, in the order of time."""

    task = Task.TIMELINE

    def step(self, number: int, text: str) -> Written:
        """All of it."""
        found = listing.chronology(self._store, self._documents, self._check)
        written = Written("" if found else self._words["no dates"])
        for document, entry in found[:MOST]:
            self._line(written, entry, dates.said(entry.what, self._language), document)
        self._more(written, len(found))
        return written


class Listing(_Lines):
    """Every place of one kind, by document and in order."""

    task = Task.LISTING

    def __init__(
        self,
        store: DocumentStore,
        documents: list[Document],
        language: str,
        wish: Wish,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(store, documents, language, check)
        self._wish = wish
        self.found = [(d, entry) for d in documents for entry in listing.entries(store, d, wish, check)]

    def step(self, number: int, text: str) -> Written:
        """All of it."""
        if not self.found:
            return Written(self._words["none"])
        written = Written(self._words["count"].format(n=len(self.found)) + "\n\n")
        headings = self._wish.kind is Subject.HEADINGS
        for document, entry in self.found[:MOST]:
            self._line(written, entry, "" if headings else entry.what, document)
        self._more(written, len(self.found))
        return written
