"""A summary of whole documents: each part summarised by itself, checked and shown with its pages, and all of it in short at last.

Where no model writes, the sentence that says most of each part stands for it. What is done is kept after every part, so that
a summary that was stopped, or cut short by a crash, goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.chat.conversation import Mark, Source, Task
from core.chat.parts import InParts
from core.chat.written import Written
from core.documents import entailment, keywords, passages, support
from core.documents.entailment import Entails
from core.documents.whole import Part
from core.engine.messages import Turn
from core.errors import ContextFull
from core.storage.documents import StoredPassage
from core.text import sentences
from core.text.markdown import literal, literal_line

PART_TOKENS, SHORT_TOKENS = 120, 260
SHARED = 0.4  # of a sentence's words, particles and all, a part has to have that may support it
IMPLYING = 8  # passages of which an entailment model is asked whether they imply a sentence
NOTES = 2_400.0  # what is summarised at last in one go; more is summarised in groups first

_PART = {
    "en": "Part of a document:\n\n{text}\n\nSummarise this part in one or two sentences. Write nothing else.",
    "ja": "資料の一部:\n\n{text}\n\n上の部分を一文か二文で要約してください。ほかには何も書かないでください。",
}
_SHORT = {
    "en": "Notes on the parts of a document:\n\n{text}\n\nSummarise the whole document in three or four sentences. Write nothing else.",
    "ja": "資料の各部分の要点:\n\n{text}\n\n資料全体を三文か四文で要約してください。ほかには何も書かないでください。",
}
_IN_SHORT = {"en": "**In short**", "ja": "**まとめ**"}


class Summary(InParts):
    """The parts of some documents, summarised one by one."""

    task = Task.SUMMARY
    entails: Entails | None = None  # asks an entailment model, where there is one

    @property
    def steps(self) -> int:
        """The parts and, of what a model wrote, all of it in short."""
        return len(self.all) + (self.write is not None and len(self.all) > 1)

    def step(self, number: int, text: str) -> Written:
        """The next line; at last all that was written (`text`) in short. Raises what `write` raises."""
        return self._part(number) if number < len(self.all) else self._in_short(text)

    def _part(self, number: int) -> Written:
        """One part as a line: its pages, and what it says."""
        document, place, part = self.all[number]
        before = "\n" if number else ""
        if place == 0 and len(self.documents) > 1:
            before = f"{before}{before}**{literal(document.name)}**\n\n"
        written = Written(f"{before}- ")
        written.link(self.where(document, part), part.source())
        said = self._said(part)
        if said:
            self._check(written, said, [part])
        else:
            source = self.central(document, part)
            written.quote(literal_line(source.text), source)
        return written

    def _in_short(self, text: str) -> Written:
        """All of it in a few sentences."""
        notes = [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")]
        while sum(map(passages.size, notes)) > NOTES and len(notes) > 2:
            notes = [self._ask(_PART, "\n".join(group), PART_TOKENS) for group in _groups(notes)]
        said = self._ask(_SHORT, "\n".join(notes), SHORT_TOKENS)
        if not said:
            return Written("")
        written = Written(f"\n\n{_IN_SHORT[self.language]}\n\n")
        self._check(written, said, [part for _, _, part in self.all])
        return written

    def _said(self, part: Part) -> str:
        return self._ask(_PART, part.text, PART_TOKENS) if self.write is not None else ""

    def _ask(self, prompt: dict[str, str], text: str, tokens: int) -> str:
        assert self.write is not None
        try:
            said = self.write(Turn("user", prompt[self.language].format(text=text)), tokens)
        except ContextFull:  # letters that this model reads one by one
            middle = max(text.rfind(mark, 0, len(text) // 2) for mark in ("\n", "。", ". ", " "))
            if middle <= 0:
                raise
            halves = (text[: middle + 1], text[middle + 1 :])
            return " ".join(filter(None, (self._ask(prompt, half, tokens) for half in halves)))
        return " ".join(_whole_sentences(said).split())

    def _check(self, written: Written, said: str, parts: list[Part]) -> None:
        """Add what a model wrote, each sentence with the place that supports it, or a mark that none does."""
        place = 0
        for a, b in sentences.spans(said):
            written.text += " " if said[place:a] else ""  # sentences leave nothing else between them
            place = b
            start = len(written.text)
            written.text += literal_line(said[a:b])
            if not support.is_statement(said[a:b]):
                continue
            source = _supported(said[a:b], parts, self.check)
            implied = source is None
            if source is None and self.entails is not None:
                source = _implied(said[a:b], parts, self.entails)
            if source is not None:
                written.sources.append(source)
            number = len(written.sources) if source else None
            written.marks.append(Mark(start, len(written.text), number, implied and source is not None))


def _whole_sentences(said: str) -> str:
    """What was written, without a last sentence that the limit cut short."""
    spans = sentences.spans(said)
    if len(spans) > 1 and said[spans[-1][0] : spans[-1][1]].rstrip()[-1:] not in ".!?。！？":
        return said[: spans[-1][0]]
    return said


def _supported(sentence: str, parts: list[Part], check: Callable[[], None]) -> Source | None:
    """The place that supports a sentence; looked for where most of its words are."""
    words = set(keywords.bag(sentence))
    for part in parts:
        check()
        if len(words & set(keywords.bag(part.text))) < SHARED * len(words):
            continue
        for passage in part.passages:
            found = support.find(sentence, passage.text, above=_above(passage))
            if found is not None:
                return passage.source(found.start, found.end)
    return None


def _implied(sentence: str, parts: list[Part], entails: Entails) -> Source | None:
    """The place that implies a sentence, as far as a model can tell; asked about the passages that have most of its words."""
    words = set(keywords.bag(sentence))
    passages = [passage for part in parts for passage in part.passages]
    passages.sort(key=lambda p: -len(words & set(keywords.bag(p.text))))
    stated = ((p, support.stated(p.text, _above(p))) for p in passages[:IMPLYING])
    found = entailment.find(sentence, "", stated, entails)
    return found.passage.source(found.start, found.end) if found is not None else None


def _above(passage: StoredPassage) -> str:
    return f"{passage.section}\n{passage.header}".strip()


def _groups(notes: list[str]) -> Iterator[list[str]]:
    """Notes by twos and more, none of the groups longer than can be read at once."""
    group: list[str] = []
    for note in notes:
        if len(group) > 1 and sum(map(passages.size, group)) + passages.size(note) > NOTES:
            yield group
            group = []
        group.append(note)
    yield group
