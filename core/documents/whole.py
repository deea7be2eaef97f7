"""What is asked of whole documents: which wish it is, of which documents, and their text in parts that are read one by one.

A search finds the sentence that answers; a summary has to see all of it. The parts are consecutive passages, so that every
line that comes of one has its pages.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from core.chat.conversation import Source
from core.documents import keywords, passages
from core.documents.model import Kind
from core.storage import fulltext
from core.storage.documents import Document, DocumentStore, StoredPassage
from core.text import characters, sentences
from core.text.stems import stem

LINES = 24  # into about so many parts a document is cut where they do not get too long for a model
SHORTEST = 700.0  # in units of passages.size: half a page
LENGTH = 14  # stems of a sentence that says enough; a longer one has no advantage
FIRST = 1.15  # how much more a sentence counts that opens a passage
FRAGMENT = 0.3  # how much what is no sentence counts: a row, a heading, a line of a program
NAMED = 0.6  # of the words that name a document must be in its name or its title
TITLE = 80  # characters; a longer first line is text

_ASKS = re.compile(
    r"^\W*(?:(?:hi|hello|hey)\b\W*)?(?:please\s+|(?:can|could|would) you\s+(?:please\s+)?)?"
    r"(?:(?:summari[sz]e|sum up|tl;?dr|outline)\b"
    r"|(?:give|write|make|show|provide|create|get|i need|i want|i(?:'d| would) like|(?:can|could|may) i have)(?: me| us)?\s+(?:an?|the)\s+(?:\w+\s+)?(?:summary|overview|outline)(?:\s+(?:of|for|on))?\b"
    r"|(?:summary|overview|outline)(?:\s+(?:of|for)\b|(?=\W*(?:please\W*)?$))"
    r"|(?:tell me\s+)?what(?:'s|\s+is|\s+are)?\s+(?=(?:this|these|the|my)\s[^?]*\babout\W*$))"
    r"(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_TAIL = (
    r"(?:を|に|が|は)?(?:\d+つ|[一二三四五]つ)?(?:簡単に|簡潔に|短く)?"
    r"(?:し|まとめ|教え|作っ?|作成し|書い|書き|示し|述べ|説明し|お願いし)?(?:て|ます|たい|って)?"
    r"(?:ください|下さい|くれますか|くれませんか|もらえますか|いただけますか|いただけませんか|ほしい(?:です)?|欲しい(?:です)?|お願いします|ね|です)?[。.!！?？\s]*$"
)
_ASKS_JAPANESE = re.compile(
    r"^(?:(?P<rest>.+?)(?:の|を|について(?:の)?|に関する|、))?(?:簡単な|簡潔な|短い|簡単に|簡潔に|短く|ざっくり)?"
    rf"(?:要約|概要|要点|あらすじ|サマリー|まとめ(?!て)){_TAIL}"
    rf"|^(?P<rest2>.+?)を(?:簡単に|簡潔に|短く|ざっくり)?まとめて{_TAIL}"
    r"|^(?P<rest3>(?:この|その)?(?:資料|文書|ファイル|本|文章|書類|論文|PDF))(?:は|って|には)、?何について(?:の|書|です).*$",
    re.DOTALL | re.IGNORECASE,
)
# How long it should be, which is not what it is of.
_LENGTH = re.compile(
    r"\b(?:in|within|with|using)\s+(?:about\s+|at most\s+)?\w+\s+(?:short\s+|key\s+)?(?:words?|sentences?|lines?|points?|bullets?|paragraphs?)\b"
    r"|\bin (?:japanese|english)\b"
    r"|(?:約|大体)?(?:\d+|[一二三四五六七八九十百]+)(?:文字|字|行|文|点)(?:程度|以内|くらい|ぐらい)?(?:で|に|の)|箇条書きで|(?:日本語|英語)で",
    re.IGNORECASE,
)
# Words by which a document is pointed at without being named; the Japanese ones only if there is nothing else.
_POINTS = re.compile(
    r"\b(?:the|this|these|that|those|my|our|all|whole|entire|full|of|about|for me|everything|a|an|short|brief|shortly|briefly|please"
    r"|documents?|docs?|files?|pdfs?|papers?|texts?|books?|contents?|here|is|are|reports?(?!\s+\d))\b",
    re.IGNORECASE,
)
_POINTS_JAPANESE = re.compile(
    r"(?:この|これら?|その|すべて|全て|全部|全体|の|を|は|に|で|資料|文書|ファイル|文章|書類|内容|論文|本文|本|PDF|\s)+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Part:
    """Consecutive passages of one document, with the text that they are without what they repeat."""

    passages: list[StoredPassage]
    text: str
    begins: str = ""  # the heading that its text begins with

    @property
    def heading(self) -> str:
        """Where a document without pages has it: the name of its sheet or chapter, or the nearest heading."""
        first = self.passages[0]
        return first.label or self.begins or first.section.split(passages.PATH)[-1]

    @property
    def pages(self) -> tuple[int, int] | None:
        """Its first and last page; None where the format has none."""
        numbers = [p.page for p in self.passages if p.page is not None]
        return (min(numbers), max(numbers)) if numbers else None

    def source(self) -> Source:
        """Where it begins."""
        return self.passages[0].source()


def wanted(question: str) -> str | None:
    """Whether a summary of whole documents is asked for: the words that name them, '' where none does; None if it is not."""
    text = characters.width(question).strip()
    found = _ASKS.match(text)
    rest = found["rest"] if found else None
    if rest is None and characters.is_japanese(text):
        japanese = _ASKS_JAPANESE.match(_LENGTH.sub("", text))
        rest = next((g for g in japanese.groups() if g is not None), "") if japanese else None
    if rest is None:
        return None
    return pointed(_LENGTH.sub(" ", rest))


def pointed(rest: str) -> str:
    """What in some words names documents, without what only points at them ("of this document", この資料の)."""
    if _POINTS_JAPANESE.fullmatch(rest):
        return ""
    return " ".join(_POINTS.sub(" ", rest).split()).strip(" .,?!。、？！:：")


def readable(store: DocumentStore, collection: str) -> list[Document]:
    """The documents of a collection, or of all, that have any text."""
    return [
        d for d in store.asked_documents(collection) if d.gone is None and d.removed is None and d.passages
    ]


def named(store: DocumentStore, collection: str, words: str, question: str = "") -> list[Document]:
    """The documents of a collection that are meant by some words, all where there are no words; none where they name none.

    A file's name that stands in the question as it is names that file, whatever else is like it.
    """
    there = readable(store, collection)
    by_name = called(there, question)
    if by_name:
        return by_name
    units = set(keywords.bag(words))
    if not units:
        return there
    fitting = [(len(units & set(keywords.bag(says_what_it_is(store, d)))) / len(units), d) for d in there]
    best = max((share for share, _ in fitting), default=0.0)
    return [d for share, d in fitting if share == best] if best >= NAMED else []


def called(documents: list[Document], question: str) -> list[Document]:
    """The documents whose file names stand in a question, without those whose name is only a part of another's there."""
    asked = _spoken(question)
    found: list[tuple[str, Document]] = []
    for document in documents:
        for form in (_spoken(document.name), _spoken(document.name.rpartition(".")[0])):
            if len(form) > 2 and re.search(rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])", asked):
                found.append((form, document))
                break
    return [d for form, d in found if not any(form != other and form in other for other, _ in found)]


def _spoken(text: str) -> str:
    return " ".join(re.sub(r"[-_]", " ", characters.normalise(text)).split())


def says_what_it_is(store: DocumentStore, document: Document) -> str:
    """A document's name and title: its first heading, or a first line that is no sentence."""
    name = document.name.rpartition(".")[0]
    said = [name, re.sub(r"[-_]", " ", name)]
    first = store.passages(store.passage_ids(document.id)[:1])
    if first:
        title = first[0].text.strip().partition("\n")[0]
        said += [first[0].section, title if len(title) <= TITLE and not _is_sentence(title) else ""]
    return " ".join(said)


def parts(store: DocumentStore, document: int, longest: float, shortest: float = SHORTEST) -> list[Part]:
    """A document's parts, none much longer than `longest`, of a short one not shorter than `shortest` (in units of
    passages.size)."""
    # By their places: pages whose text was recognised have later passages.
    found = sorted(store.passages(store.passage_ids(document)), key=lambda p: (p.page_id, p.start))
    said = list(_unrepeated(found))
    target = max(shortest, min(longest, sum(passages.size(text) for text in said) / LINES))
    made: list[Part] = []
    current: list[StoredPassage] = []
    text = ""
    for passage, own in zip(found, said, strict=True):
        if current and passages.size(f"{text}{own}") > target:
            made.append(Part(current, text.strip(), _first_heading(store, current[0])))
            current, text = [], ""
        current.append(passage)
        text += ("" if not text else "\n") + own
    if current:
        made.append(Part(current, text.strip(), _first_heading(store, current[0])))
    return [part for part in made if part.text]


def _first_heading(store: DocumentStore, passage: StoredPassage) -> str:
    """The heading that a passage of a text without pages begins with."""
    if passage.page is not None:
        return ""
    for block in store.blocks(passage.page_id):
        if block.start >= passage.start:
            inside = block.kind is Kind.HEADING and block.start == passage.start
            return passage.text[: block.end - block.start] if inside else ""
    return ""


def _unrepeated(found: list[StoredPassage]) -> Iterator[str]:
    """The text of each passage without the sentence of the one before that it repeats."""
    page, end = 0, 0
    for passage in found:
        skip = max(end - passage.start, 0) if passage.page_id == page else 0
        page, end = passage.page_id, max(end if skip else 0, passage.start + len(passage.text))
        yield passage.text[skip:]


class Central:
    """Chooses the sentence of a part that says most of it, by the words of the part that its document is not full of.

    The weight of a word is how often the part has it by how few passages of the document do (tf-idf), and a sentence's that of
    its words; Luhn (1958) chose sentences by their significant words, and here too no model is needed.
    """

    def __init__(self, parts: list[Part]) -> None:
        bags = [set(_content(p.text)) for part in parts for p in part.passages]
        self._passages = len(bags)
        self._counts = Counter(unit for bag in bags for unit in bag)

    def of(self, part: Part) -> Source:
        """The sentence with its place."""
        often = _content(part.text)
        best: tuple[float, Source] | None = None
        for passage in part.passages:
            for number, (start, end) in enumerate(sentences.spans(passage.text)):
                text = passage.text[start:end]
                units = set(_content(text))
                weight = sum(
                    math.log1p(often[unit]) * keywords.rarity(self._counts[unit], self._passages)
                    for unit in units
                )
                score = weight / max(len(units), LENGTH)
                score *= (FIRST if number == 0 else 1.0) * (1.0 if _is_sentence(text) else FRAGMENT)
                if best is None or score > best[0]:
                    best = score, passage.source(start, end)
        return best[1] if best is not None else part.source()


def _content(text: str) -> Counter[str]:
    """The stems of the words that carry a text, with how often it has each."""
    telling = {stem(unit) for unit in fulltext.terms(characters.usual(text))}
    return Counter({unit: count for unit, count in keywords.bag(text).items() if unit in telling})


def _is_sentence(text: str) -> bool:
    """Whether it ends as a sentence does and is mostly words."""
    letters = sum(c.isalpha() or c.isspace() for c in text)
    return text.rstrip()[-1:] in ".!。！」』)）" and letters > 0.75 * len(text)
