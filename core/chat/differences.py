"""What differs between two documents, as an answer: every change in a line with its page, both sides open."""

from __future__ import annotations

from core.chat.conversation import Source, Task, Whole
from core.chat.parts import place_of
from core.chat.written import Written
from core.documents import changes
from core.storage.documents import Document, DocumentStore
from core.text.markdown import literal

MOST_CHANGES = 200  # that are shown; two documents with more have little in common
_CHANGED = {
    "en": {
        "removed": "removed: ",
        "added": "new: ",
        "quote": "“{text}”",
        "none": "No sentence and no row differs.",
        "more": "… and {n} more changes.",
    },
    "ja": {
        "removed": "削除：",
        "added": "追加：",
        "quote": "「{text}」",
        "none": "異なる文や行はありません。",
        "more": "ほかに {n} か所の変更があります。",
    },
}


class Differences:
    """What differs between two documents, as one step of an answer."""

    steps = 1

    def __init__(self, store: DocumentStore, old: Document, new: Document, language: str) -> None:
        self._store, self._old, self._new = store, old, new
        self._words = _CHANGED[language]
        self._language = language

    def begin(self) -> Whole:
        """Nothing is compared yet."""
        return Whole([self._old.id, self._new.id], 0, self.steps, task=Task.DIFFERENCES)

    def goes_on(self, so_far: Whole) -> bool:
        """Nothing is there before all is."""
        return so_far.done == 0

    def step(self, number: int, text: str) -> Written:
        """All of it."""
        written = Written(f"**{literal(self._old.name)} → {literal(self._new.name)}**\n\n")
        found = list(changes.between(self._store, self._old, self._new))
        for change in found[:MOST_CHANGES]:
            self._line(written, change)
        if not found:
            written.text += self._words["none"]
        elif len(found) > MOST_CHANGES:
            written.text += "\n" + self._words["more"].format(n=len(found) - MOST_CHANGES)
        return written

    def _line(self, written: Written, change: changes.Change) -> None:
        source = change.new or change.old
        assert source is not None
        where = self._where(source)
        written.text += "- "
        written.link(where, source)
        if change.new is None or change.old is None:
            written.text += self._words["removed" if change.new is None else "added"]
        for side, glue in ((change.old, " → " if change.new else ""), (change.new, "")):
            if side is not None:
                written.quote(self._words["quote"].format(text=literal(side.text)), side)
                written.text += glue
        written.text += "\n"

    def _where(self, source: Source) -> str:
        return place_of(source, self._language)
