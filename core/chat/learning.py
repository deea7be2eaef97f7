"""Questions to learn a document by: one of each part, with the sentence that answers it and its page.

A model writes them where it can; a question is kept only if the search finds its answer in the part that it was written of.
Otherwise, and without a model, the sentence that says most of the part is asked for with its most telling word left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.chat import questions
from core.chat.conversation import Source, Task
from core.chat.parts import QUOTED, InParts, place_of
from core.chat.written import Written
from core.documents import asked, keywords, listing, whole
from core.documents.whole import Part
from core.engine.messages import Turn
from core.errors import ContextFull, NothingFits
from core.storage.documents import Document, DocumentStore
from core.text import characters, languages
from core.text.markdown import literal, literal_line

if TYPE_CHECKING:
    from core.documents.answer import Evidence

GAP = "＿＿＿＿"
LEAST = 5  # telling words of a sentence that can be asked for by leaving one out
_WORD = r"(?:(?:study|quiz|practi[cs]e|exam|revision|review|comprehension|multiple[- ]choice|short)\s+)*"
_ASKS = re.compile(
    rf"{listing.PLEASE}(?:(?:make|write|create|give|generate|prepare|ask)\s+(?:me\s+|us\s+)?(?:(?:an?|some|the|\w+)\s+)?{_WORD}"
    r"(?:quiz(?:zes)?|flash ?cards?|questions?(?=\s+(?:to (?:learn|study|revise)|for (?:learning|studying|revision)|about|on|from|of)\b|\W*$))"
    r"|quiz me|test me)(?:\s+(?:to (?:learn|study|revise)(?:\s+by|\s+with)?|for (?:learning|studying|revision)))?"
    r"(?:\s+(?:about|on|from|of|for)\s+(?P<rest>[^:?]*))?[\s.!?]*$",
    re.IGNORECASE | re.DOTALL,
)
_ASKS_JAPANESE = re.compile(
    r"^(?:(?P<rest>[^。、]+?)(?:の|から|について(?:の)?|に関する|で|を使って))??(?:学習用の?|勉強用の?|復習用の?|理解度を確かめる|確認用?の?|選択式の?|四択の?|[\d一二三四五六七八九十]+問の?)*"
    rf"(?:問題集|練習問題|四択問題|確認問題|問題|クイズ|小テスト|暗記カード|単語カード|質問集|質問|設問)(?:を|お)?(?:[\d一二三四五六七八九十]+(?:問|つ|個))?(?=[作つ出考生お]){listing.WISH}",
    re.DOTALL,
)


def wanted(question: str) -> str | None:
    """Whether questions to learn by are asked for: the words that name the documents; None if they are not."""
    text = listing.plain(question)
    found = _ASKS.match(text) or (_ASKS_JAPANESE.match(text) if characters.is_japanese(text) else None)
    return whole.pointed(found["rest"] or "") if found else None


class Quiz(InParts):
    """A question of each part. `find`: the evidence for a question in one document."""

    task = Task.QUESTIONS
    shortest_written = QUOTED

    def __init__(
        self,
        store: DocumentStore,
        documents: list[Document],
        language: str,
        write: Callable[[Turn, int], str] | None,
        longest: float,
        check: Callable[[], None] = lambda: None,
        *,
        find: Callable[[Document, str], Evidence],
    ) -> None:
        super().__init__(store, documents, language, write, longest, check)
        self._find = find

    def step(self, number: int, text: str) -> Written:
        """The question of one part, with what answers it; nothing where the part says too little to ask about."""
        document, place, part = self.all[number]
        before = f"**{literal(document.name)}**\n\n" if place == 0 and len(self.documents) > 1 else ""
        made = self._written(document, part) or self._gap(document, part)
        if made is None:
            return Written(before)
        question, source = made
        count = 1 + len(re.findall(rf"^\*\*{_NUMBER[self.language]}\d+\*\* ", text, re.MULTILINE))
        written = Written(f"{before}**{_NUMBER[self.language]}{count}** {literal_line(question)}\n\n")
        written.text += "→ "
        written.link(place_of(source, self.language) if source.page else "", source)
        written.quote(literal_line(source.text), source)
        written.text += "\n\n"
        return written

    def _written(self, document: Document, part: Part) -> tuple[str, Source] | None:
        """A question of the model whose answer the search finds in this part."""
        if self.write is None:
            return None
        language = "ja" if languages.mostly_japanese(part.text) else "en"
        try:
            said = self.write(Turn("user", questions.prompt(part.text, language)), questions.TOKENS)
        except ContextFull:
            return None
        question = questions.written(said)
        if not question:
            return None
        try:
            evidence = self._find(document, question)
        except NothingFits:  # its file has gone meanwhile
            return None
        if not evidence.fits:
            return None
        inside = {passage.id for passage in part.passages}
        for extract in evidence.extracts:
            found = extract.quotation
            if found.passage.id not in inside:
                continue
            if not found.lacks:
                return question, found.source()
            if extract.after and asked.answered(question, extract.after):  # "The mill. It was built in 1871."
                place = found.passage.text.find(extract.after, found.end - found.passage.start)
                if place >= 0:
                    return question, found.passage.source(
                        found.start - found.passage.start, place + len(extract.after)
                    )
        return None

    def _gap(self, document: Document, part: Part) -> tuple[str, Source] | None:
        """The sentence that says most of the part, without its most telling word."""
        source = self.central(document, part)
        words = keywords.telling(self.store, source.text)
        if len(words) < LEAST:
            return None
        for word, _ in sorted(words, key=lambda one: -one[1]):
            whole_word = re.escape(word) if not word.isascii() else rf"(?<!\w){re.escape(word)}(?!\w)"
            left, count = re.subn(whole_word, GAP, source.text, flags=re.IGNORECASE)
            if count:
                return left, source
        return None


_NUMBER = {"en": "Question ", "ja": "問"}
