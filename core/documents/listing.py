"""What is gathered from all of a document, exactly and without a model: its dates in order, and every place of one kind.

A search gives the best few places; whoever asks for a timeline, or for every address, price or sentence about something, wants
all of them and has to be able to rely on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from core.chat.conversation import Source
from core.documents import keywords, whole
from core.documents.model import Kind
from core.storage import fulltext
from core.storage.documents import Document, DocumentStore, StoredPassage
from core.text import characters, dates, sentences
from core.text.stems import stem

LONGEST = 400  # characters of a stretch around what is listed; of a longer one the part that has it is shown


class Subject(StrEnum):
    """What can be listed: things that are told by their form, headings, or sentences with some words."""

    DATES = "dates"
    AMOUNTS = "amounts"
    MAIL = "mail"
    LINKS = "links"
    PHONES = "phones"
    HEADINGS = "headings"
    WORDS = "words"


# Names of what is listed; the first that fits counts.
_SUBJECTS = (
    (Subject.DATES, r"(?:dates?|deadlines? with dates?|日付|年月日|日時)"),
    (
        Subject.AMOUNTS,
        r"(?:amounts?(?: of money)?|prices?|costs?|fees?|sums?(?: of money)?|金額|料金|価格|値段|費用)",
    ),
    (Subject.MAIL, r"(?:e-?mail(?: address(?:es)?)?s?|メール(?:アドレス)?|メアド)"),
    (
        Subject.LINKS,
        r"(?:links?|urls?|web ?(?:sites?|addresses|pages?)|リンク|ＵＲＬ|ウェブサイト|ホームページ)",
    ),
    (Subject.PHONES, r"(?:(?:tele)?phone numbers?|telephones?|fax numbers?|電話番号|電話|連絡先の番号)"),
    (Subject.HEADINGS, r"(?:headings?|chapters?|sections?|見出し|章|節|目次)"),
)
_FORMS = {
    Subject.AMOUNTS: re.compile(
        r"(?:[$€£¥￥]\s?\d[\d,.]{0,15}(?:\s?(?:million|billion|[kKmM])\b)?)"
        r"|\b(?:USD|EUR|JPY|GBP|CHF)\s?\d[\d,.]{0,15}|(?<![\d,.])\d[\d,.]{0,15}\s?(?:(?:thousand|million|billion)\s)?(?:[Dd]ollars?|[Ee]uros?|yen|cents?|crowns|francs|USD|EUR|JPY|GBP|CHF|€|£)(?![A-Za-z])"
        r"|(?<![\d,.〇一二三四五六七八九十百千万億])[\d〇一二三四五六七八九十百千][\d,.，〇一二三四五六七八九十百千万億兆]{0,15}\s?(?:円|ドル|ユーロ|ウォン|ポンド|フラン)"
    ),
    Subject.MAIL: re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", re.ASCII),
    Subject.LINKS: re.compile(
        r"(?:https?://|www\.)[^\s<>\"'「」（）、。]*[^\s<>\"'「」（）、。.,;:!?)\]]", re.ASCII
    ),
    Subject.PHONES: re.compile(
        r"(?<![\w.-])(?:\+\d{1,3}[ -]?)?(?:[(（]\d{1,5}[)）][ -]?|\d{1,5}[ -]|0\d{1,4}[(（])\d{2,4}[ -)）]\d{3,4}(?:[ -]\d{3,4})?(?![\w-])"
        r"|(?<![\w.-])(?:\+\d{7,14}|\+\d{1,3} \d{1,4} \d{4,8}|0\d{9,10})(?!\w)"
    ),
}
PLEASE = r"^\W*(?:(?:hi|hello|hey)\b\W*)?(?:please\s+|(?:can|could|would) you\s+(?:please\s+)?|i(?:'d| would)? (?:like|want|need)\s+)?"
_TIMELINE = re.compile(
    rf"{PLEASE}(?:(?:make|create|give|show|write|draw up|build|prepare|generate)\s+(?:me\s+)?)?(?:an?\s+|the\s+)?(?:timeline|chronology)"
    r"(?:\s+(?:of|for|from)\s+(?P<rest>[^,:?]*))?(?:\s*,?\s*please)?[\s.!?]*$",
    re.IGNORECASE | re.DOTALL,
)
# How a wish in Japanese ends; 作った人は誰ですか is none.
WISH = (
    r"(?:し|作っ|つくっ|作成し|まとめ|並べ|示し|教え|書い|整理し|出し|出力し|表示し|見せ|挙げ|書き出し|抜き出し|抽出し|列挙し|リストアップし|考え|生成し)?"
    r"(?:て|って)?(?:ください|下さい|くれますか|くれませんか|もらえますか|いただけますか|ほしい(?:です)?|欲しい(?:です)?|お願い(?:します)?|ね)?[。.!！?？\s]*$"
)
_TIMELINE_JAPANESE = re.compile(
    rf"^(?:(?P<rest>[^。、]+?)(?:の|を|から))?(?:年表|タイムライン|時系列(?:順)?)(?:を|に|で)?{WISH}",
    re.DOTALL,
)
_EVENTS = re.compile(
    r"(?:の)?(?:出来事|できごと|経緯|流れ|歴史)$|^events?\b(?:\s+(?:in|of|from))?\s*", re.IGNORECASE
)
_EVERY = re.compile(
    rf"{PLEASE}(?:list|name|enumerate|find|collect|extract|gather|show|give)\s+(?:me\s+)?(?:(?:all|each)(?:\s+of)?(?:\s+the)?|every(?:\s+single)?)\s+"
    r"(?P<subject>.+?)(?:\s+(?:in|from|mentioned in|found in|that (?:is|are) in|of(?=\s+(?:this|these|my|our|all)\b))\s+"
    r"(?P<rest>(?:this|these|the|my|our|all|document|file|[\w.-]+\.\w{2,5}\b).*?))?\W*$",
    re.IGNORECASE | re.DOTALL,
)
_ALL = "(?:すべて|全て|全部|あらゆる)"
_DO = rf"(?:一覧(?:表)?(?:に|を|で)?|列挙|リスト(?:アップ|に|を)?)?{WISH}"
_IN = r"(?:(?P<rest{n}>[^。、]+?)(?:に(?:出てくる|ある|書かれている|書かれた|含まれる)|の中の|から|の|で))?"
_EVERY_JAPANESE = re.compile(
    rf"^{_IN.format(n='')}{_ALL}の(?P<subject>[^を]+?)を{_DO}"
    rf"|^{_IN.format(n=2)}(?P<subject2>[^をの]+?)を{_ALL}{_DO}"
    rf"|^{_IN.format(n=3)}(?P<subject3>[^をの]+?)の一覧(?:表)?(?:を{WISH}|$)",
    re.DOTALL,
)


# Sentences about something are meant: every one of them has to be shown. "All members" are a question, which one place answers.
_SENTENCES = re.compile(
    r"(?:mentions?|sentences?|places?|passages?|lines?|occurrences?)\s+(?:of|about|with|on|that (?:mentions?|has|have|speaks? of)|where)\s+(?P<words>.+)",
    re.IGNORECASE | re.DOTALL,
)
_SENTENCES_JAPANESE = re.compile(
    rf"^(?:(?P<rest>[^。、]+?)(?:の中の|の中から|から|に(?:出てくる|ある|書かれている|書かれた)))?(?:{_ALL}の)?(?P<subject>.+?)"
    rf"(?:について|に関する|に関して|に触れた|が出てくる|を含む|のある)の?(?:箇所|文|記述|部分|ところ|所|言及)を?{_ALL}?{_DO}",
    re.DOTALL,
)


# "where the deposit is mentioned", 保証金という言葉: only the deposit is looked for.
_MENTIONED = re.compile(
    r"\s+(?:(?:is|are|was|were)\s+)?(?:mentioned|named|described|discussed|appears?|occurs?|comes? up)$|^the words?\s+|という(?:言葉|語|単語)$",
    re.IGNORECASE,
)
ASKED = 300  # characters of a wish; a longer text is none


@dataclass(frozen=True)
class Wish:
    """What is to be listed: things of a kind, or sentences with these words (`subject`); `named`: words for the documents."""

    kind: Subject
    subject: str
    named: str


@dataclass(frozen=True)
class Entry:
    """One line: what it is (a date's name, an address; '' for a sentence), with the stretch of text that has it."""

    what: str
    source: Source


def plain(question: str) -> str:
    """A question as the patterns of wishes read it; '' for one that is too long to be a wish."""
    text = " ".join(characters.width(question[: ASKED + 1]).split())
    return text if len(text) <= ASKED else ""


def timeline(question: str) -> str | None:
    """Whether a timeline is asked for: the words that name the documents; None if it is not."""
    text = plain(question)
    found = _TIMELINE.match(text) or (
        _TIMELINE_JAPANESE.match(text) if characters.is_japanese(text) else None
    )
    return whole.pointed(_EVENTS.sub("", found["rest"] or "")) if found else None


def wanted(question: str) -> Wish | None:
    """What is to be listed, if every one of something is asked for."""
    text = plain(question).rstrip("。.!?！？")
    japanese = characters.is_japanese(text)
    sought = _SENTENCES_JAPANESE.match(text) if japanese and re.search(_ALL, text) else None
    found = sought or _EVERY.match(text) or (_EVERY_JAPANESE.match(text) if japanese else None)
    if found is None:
        return None
    groups = found.groupdict()
    subject = next(filter(None, (groups.get(f"subject{n}") for n in ("", "2", "3"))), "").strip()
    rest = next(filter(None, (groups.get(f"rest{n}") for n in ("", "2", "3"))), "")
    for kind, names in _SUBJECTS:
        if re.fullmatch(names, subject, re.IGNORECASE):
            return Wish(kind, subject, whole.pointed(rest))
    about = _SENTENCES.fullmatch(subject)
    words = _MENTIONED.sub("", about["words"] if about else subject)
    meant = about or sought or re.search(r"\b(?:every|each)\b", text, re.IGNORECASE)
    return Wish(Subject.WORDS, words, whole.pointed(rest)) if meant and _stems(words) else None


def entries(
    store: DocumentStore, document: Document, wish: Wish, check: Callable[[], None] = lambda: None
) -> Iterator[Entry]:
    """Every place of a document that is to be listed, in order. Of what is told by its form, each once. `check` raises what stops
    it."""
    if wish.kind is Subject.HEADINGS:
        yield from _headings(store, document, check)
        return
    seen: set[str] = set()
    asked = _stems(wish.subject)
    for passage in _passages(store, document):
        check()
        above = set(keywords.bag(passage.context)) if wish.kind is Subject.WORDS else set()
        for start, end in sentences.spans(passage.text):
            said = passage.text[start:end]
            for what, first, last in _found(wish.kind, said, asked, above):
                mark = what or " ".join(said.split())
                if mark not in seen:
                    seen.add(mark)
                    a, b = _around(said, first, last)
                    yield Entry(what, passage.source(start + a, start + b))


def chronology(
    store: DocumentStore, documents: list[Document], check: Callable[[], None] = lambda: None
) -> list[tuple[Document, Entry]]:
    """The sentences that have a date or year, by it; one that has several stands at each. Days behind their month and year.
    `check` raises what stops it."""
    found: dict[tuple[str, str], tuple[Document, Entry]] = {}
    for document in documents:
        for passage in _passages(store, document):
            check()
            for start, end in sentences.spans(passage.text):
                said = passage.text[start:end]
                for dated in _dated(said):
                    when = dated.name.partition(":")[2]
                    a, b = _around(said, dated.start, dated.end)
                    key = when, " ".join(said.split())
                    if key not in found:
                        found[key] = document, Entry(when, passage.source(start + a, start + b))
    return [found[key] for key in sorted(found, key=lambda one: one[0])]


# What stands before a number that is a year: in 1902, since 1945, May 1871, (1990–2000); it may also open a line, or stand before
# what happened: the 2008 crisis. What stands behind one that counts something: 1500 visitors, 2000 people.
_SURELY_YEAR = re.compile(
    r"(?:\b(?:in|since|until|till|during|circa|year|years|early|mid|late|spring|summer|autumn|fall|winter|born|died|copyright|©|Q[1-4]"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?))\s*$",
    re.IGNORECASE,
)
_BEFORE_YEAR = re.compile(
    r"(?:^|[(（–~〜,]|\d-|\b(?:of|by|from|to|and|between|before|after|around|founded|built|established|was|is|the|c\.))\s*$",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"\s+(?:(?:[a-z]+ )?(?:people|men|women|children|visitors|inhabitants|members|students|employees|houses|pages|words|copies|units|items|pieces|seats"
    r"|dollars|euros|pounds|yen|francs|crowns|cents|met(?:er|re)s|kilomet(?:er|re)s|miles|feet|tons?|tonnes|litres|liters|kilos|grams|hours|days|weeks"
    r"|minutes|seconds|times|points|votes|files|lines|bytes|kg|km|m|mm|cm|g|l|ml|W|V|rpm|MB|GB))\b",
    re.IGNORECASE,
)


def _dated(said: str) -> Iterator[dates.Dated]:
    """The dates and years of a sentence, without numbers that only look like years."""
    for dated in dates.find(said):
        if not (dated.name.startswith("year:") and _only_part(said, dated)):
            yield dated


def _only_part(said: str, year: dates.Dated) -> bool:
    """Whether a number of four figures is no year: a count, a price, a page."""
    if not said[year.start : year.end].strip().isdigit():
        return False  # it says that it is one
    if said.strip() == said[year.start : year.end]:
        return True
    before, behind = said[: year.start], said[year.end :]
    if behind.startswith("年") or (_SURELY_YEAR.search(before) and not _COUNTS.match(behind)):
        return False
    return _BEFORE_YEAR.search(before) is None or _COUNTS.match(behind) is not None


def _passages(store: DocumentStore, document: Document) -> list[StoredPassage]:
    """A document's passages by their places."""
    return sorted(store.passages(store.passage_ids(document.id)), key=lambda p: (p.page_id, p.start))


def _found(kind: Subject, said: str, asked: set[str], above: set[str]) -> Iterator[tuple[str, int, int]]:
    """What a sentence has of it, with where: a name of it, '' where the sentence itself is listed."""
    if kind is Subject.WORDS:
        own = set(keywords.bag(said))
        if asked <= own | above and asked & own:
            yield "", 0, len(said)
    elif kind is Subject.DATES:
        for dated in _dated(said):
            yield said[dated.start : dated.end].strip(), dated.start, dated.end
    else:
        for match in _FORMS[kind].finditer(said):
            yield match[0].strip(), match.start(), match.end()


def _around(said: str, first: int, last: int) -> tuple[int, int]:
    """Where to cut a sentence that is too long, so that what is listed stays in it."""
    if len(said) <= LONGEST:
        return 0, len(said)
    start = max(0, min(first - LONGEST // 2, len(said) - LONGEST))
    return start, max(last, min(start + LONGEST, len(said)))


def _headings(store: DocumentStore, document: Document, check: Callable[[], None]) -> Iterator[Entry]:
    for page_id, number, label in store.page_ids(document.id):
        check()
        page = store.page(page_id)
        for block in store.blocks(page_id):
            if block.kind is Kind.HEADING and page is not None:
                text = page.text[block.start : block.end]
                source = Source(
                    document.file, number, text, document.path, page_id, block.start, block.end, label=label
                )
                yield Entry("", source)


def _stems(words: str) -> set[str]:
    """The stems of the words that tell, of what is typed."""
    return {stem(unit) for unit in fulltext.terms(characters.usual(words))}
