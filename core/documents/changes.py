"""What differs between two documents, sentence by sentence and row by row: exactly, and without a model."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.chat.conversation import Source
from core.documents import keywords, whole
from core.documents.model import Kind
from core.storage.documents import Document, DocumentStore
from core.text import characters, sentences

ALIKE = 0.5  # of two sentences' characters: the one became the other
COMMON = 0.1  # of the shorter one's sentences: two versions of one document
TOGETHER = 40  # sentences of a stretch whose pairs are looked for; in a longer one nothing stayed

_ASKS = re.compile(
    r"^\W*(?:(?:please|can you|could you)\s+)?(?:tell me |show me |list )?(?:what(?:'s| is| are| has| have)?\s+(?:changed|different|new|the differences?|the changes?)"
    r"|(?:the )?(?:differences?|changes?)|compare|how do(?=\b.*\bdiffer\b))\b(?P<rest>.*\b(?:between|with|and|versions?|both|two|differ)\b.*)$",
    re.IGNORECASE | re.DOTALL,
)
_ASKS_JAPANESE = re.compile(
    r"^(?P<rest>.*(?:二つ|ふたつ|2つ|両方|両者|新旧|バージョン|版|と).*?)(?:の|で|は|が|を)?(?:間で|あいだで)?(?:何が|どこが|どう)?(?:変わ|違い|違う|変更点|差分|比べ|比較).*$",
    re.DOTALL,
)
_POINTS = re.compile(
    r"\b(?:between|with|and|or|the|these|those|this|that|two|both|versions?|documents?|files?|from|to|of|in|differ\w*|changes?|changed|new|old|newer|older"
    r"|is|are|there|each other|them)\b|二つ|ふたつ|2つ|両方|両者|この|これら|の|と|で|は|が|を|資料|文書|ファイル|バージョン|新旧|旧|新|版|間|どこ|何",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True)
class Change:
    """A sentence or row that became another one; None where there is none on that side."""

    old: Source | None
    new: Source | None


def wanted(question: str) -> str | None:
    """Whether it is asked what differs between two documents: the words that name them, '' where none does; None if not."""
    text = characters.width(question).strip()
    found = _ASKS.match(text) or (_ASKS_JAPANESE.match(text) if characters.is_japanese(text) else None)
    if found is None:
        return None
    return " ".join(_POINTS.sub(" ", found["rest"]).split()).strip(" .,?!。、？！:：")


def pair(
    store: DocumentStore, collection: str, words: str, question: str = ""
) -> tuple[Document, Document] | None:
    """The two documents that are meant, the older one first; None where it is not told. Where no words name any, the only two,
    if they are versions of one."""
    there = whole.readable(store, collection)
    called = whole.called(there, question)
    units = set(keywords.bag(words))
    if len(called) == 2:
        there = called
    elif units:
        own = {d.id: units & set(keywords.bag(whole.says_what_it_is(store, d))) for d in there}
        first = max(there, key=lambda d: len(own[d.id]), default=None)
        if first is None:
            return None
        others = [d for d in there if d.id != first.id and own[d.id] - own[first.id]]
        second = max(others, key=lambda d: (len(own[d.id] - own[first.id]), len(own[d.id])), default=None)
        if second is None or own[first.id] | own[second.id] != units:
            return None
        there = [first, second]
    if len(there) != 2:
        return None
    if not units and not called and not _versions(store, *there):
        return None
    old, new = sorted(there, key=lambda d: (d.modified or d.added, d.file))
    return old, new


def _versions(store: DocumentStore, one: Document, other: Document) -> bool:
    """Whether two documents are of one by their names, but for numbers, or by what they have in common."""
    if _NUMBERS.sub("", one.name) == _NUMBERS.sub("", other.name):
        return True
    keys = [{_key(said.text) for said in _said(store, document)} for document in (one, other)]
    return len(keys[0] & keys[1]) >= COMMON * min(map(len, keys))


def between(store: DocumentStore, old: Document, new: Document) -> Iterator[Change]:
    """The changes in the order in which they stand."""
    before, after = list(_said(store, old)), list(_said(store, new))
    matcher = difflib.SequenceMatcher(
        None, [_key(one.text) for one in before], [_key(one.text) for one in after], autojunk=False
    )
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            yield from _paired(before[a:b], after[c:d])


def _paired(old: list[Source], new: list[Source]) -> Iterator[Change]:
    """The sentences of a stretch that is another now: those that are alike, in order, as one that changed."""
    place = 0
    for source in new:
        best: tuple[float, int] | None = None
        for number in range(place, min(len(old), place + TOGETHER)):
            ratio = difflib.SequenceMatcher(None, old[number].text, source.text).ratio()
            if ratio >= ALIKE and (best is None or ratio > best[0]):
                best = ratio, number
        if best is None:
            yield Change(None, source)
            continue
        yield from (Change(gone, None) for gone in old[place : best[1]])
        yield Change(old[best[1]], source)
        place = best[1] + 1
    yield from (Change(gone, None) for gone in old[place:])


def _said(store: DocumentStore, document: Document) -> Iterator[Source]:
    """The sentences, rows and headings of a document with their places."""
    for page_id, number, label in store.page_ids(document.id):
        page = store.page(page_id)
        if page is None:
            continue
        for start, end in _spans(page.text, store, page_id):
            text = page.text[start:end]
            if text.strip():
                yield Source(document.file, number, text, document.path, page_id, start, end, label=label)


def _spans(text: str, store: DocumentStore, page_id: int) -> Iterator[tuple[int, int]]:
    blocks = store.blocks(page_id)
    if not blocks:
        yield from sentences.spans(text)
    for block in blocks:
        if block.kind is Kind.TABLE:
            yield from ((row.start, row.end) for row in block.rows)
        else:
            spans = sentences.spans(text[block.start : block.end])
            yield from ((block.start + a, block.start + b) for a, b in spans)


def _key(text: str) -> str:
    """A sentence as it is compared: without regard to white space and width."""
    return "".join(characters.width(text).split())
