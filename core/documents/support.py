"""Decides whether a passage supports a statement by comparing the two, never by asking a model.

A statement is supported when some stretch of the passage (a sentence, or two neighbours) has all its
numbers and dates, all its names, enough of its other content, the same polarity (no "not" that the other
lacks), and the shared names and numbers in the same order. Each test refuses a kind of error that small
models make: altered numbers, swapped names, negations, inventions. Tuned on one half of
tests/data/support_pairs.jsonl; `make bench` prints the confusion table of the other half.

Limits, known: paraphrases with few shared words count as unsupported, a passive that turns the order of
two names round does too, and synonyms are not known. An answer then stays marked, which is the safe side.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from core.storage.fulltext import STOP_WORDS
from core.text import characters, sentences
from core.text.stems import stem

CONTENT_NEEDED = {"latin": 0.7, "japanese": 0.72}  # shares of a statement's content; tuned on the first half
SHORT, NEEDED_IF_SHORT = 5, 0.8  # of a few words, hardly one may be missing
FRAGMENT, ASKED_NEEDED = 4, 0.5  # fewer content units than this: half of the question's must be there too
_KANJI_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")}
_KANJI_UNITS = {"十": 10, "百": 100, "千": 1000}
_KANJI_NUMBER = re.compile(
    "[〇一二三四五六七八九十百千万]+(?=[年月日時分秒円人名個件回度歳社台本枚階章条項点割%％週か間])"
)
_ENGLISH_NUMBERS = {
    word: i
    for i, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
}
_MONTHS = {
    name: i
    for i, name in enumerate(
        [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
        start=1,
    )
}
_MONTH = "|".join(name[:3] + f"(?:{name[3:]})?" for name in _MONTHS)
_DATES = [
    (re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月(?:\s*(\d{1,2})\s*日)?"), (1, 2, 3)),
    (re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b"), (1, 2, 3)),
    (re.compile(rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})\b", re.I), (3, 1, 2)),
    (
        re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\.?,?\s+(\d{{4}})\b", re.I),
        (3, 2, 1),
    ),
]
_NUMBER = re.compile(rf"(?<![\w.])\d+(?:[.,]\d+)*|(?<=[A-Za-z{characters.JAPANESE}])\d+(?:[.,]\d+)*")
_NAME = re.compile(
    r"\b(?:[A-Z][\w’'-]*[A-Za-z0-9]|[A-Z]{2,}\d*)\b|[\u30a1-\u30fa\u30fc]{2,}|\b[a-z]+[0-9]+\b"
)
_NEGATIONS = {
    "latin": re.compile(
        r"\b(?:not|no|never|none|neither|nor|without|cannot|except|excluded?|excluding|unless|nothing|nobody|hardly"
        r"|prohibited|forbidden|unable|refused?|rejected|lacks?|fails?|failed)\b|n[’']t\b",
        re.I,
    ),
    "japanese": re.compile(
        r"ない(?!し)|なかっ|ません|なく(?:な|て|、)|ず[、にはと]|ずに|せず|未(?=[一-鿿])|不(?=[一-鿿])|無(?=[一-鿿])|非(?=[一-鿿])|禁止|除[きくい]|除外|対象外|できぬ|なし(?:[。、で]|$)"
    ),
}
# Words that carry no fact; they may be missing from the passage.
_FILLER = STOP_WORDS | frozenset(
    [
        "also",
        "according",
        "document",
        "documents",
        "passage",
        "text",
        "states",
        "state",
        "stated",
        "says",
        "said",
        "mentions",
        "mentioned",
        "based",
        "answer",
        "however",
        "therefore",
        "thus",
        "has",
        "its",
        "per",
        "within",
        "called",
        "named",
        "given",
        "provided",
        "following",
        "means",
        "mean",
    ]
)
_JAPANESE_FILLER = re.compile(
    "資料|文書|記載|説明|によると|によれば|質問|回答|以下|通り|という|こと|もの|ため|場合|です|ます|である|された|れます|について|として"
)


_UNITS = re.compile(f"[\u3005\u30a1-\u30ff{characters.HAN}]+")  # without 〇, a digit here


@dataclass(frozen=True)
class Support:
    """Where a passage supports a statement: character range in the passage, and the share of content found."""

    start: int
    end: int
    share: float


def _kanji_number(text: str) -> int:
    total = part = digit = 0
    for character in text:
        if character in _KANJI_DIGITS:
            digit = digit * 10 + _KANJI_DIGITS[character]
        elif character == "万":
            total, part, digit = total + (part + digit or 1) * 10000, 0, 0
        else:
            part, digit = part + (digit or 1) * _KANJI_UNITS[character], 0
    return total + part + digit


def _normal(text: str) -> str:
    """Width, number words and digit grouping made equal; dates become one token like d2025-03-31."""
    text = characters.width(text)
    text = _KANJI_NUMBER.sub(lambda m: str(_kanji_number(m[0])), text)
    text = re.sub(r"(?<=\d)[,，](?=\d{3}(?!\d))", "", text)
    text = re.sub(
        r"(\d+(?:\.\d+)?)\s*万",
        lambda m: f"{float(m[1]) * 10000:g}" if float(m[1]) < 100 else str(int(float(m[1]) * 10000)),
        text,
    )
    for pattern, order in _DATES:
        text = pattern.sub(lambda m, order=order: _date(m, order), text)  # type: ignore[misc]
    return re.sub(
        r"\b[A-Za-z]+(?:-[a-z]+)?\b",
        lambda m: str(number) if (number := _english_number(m[0])) is not None else m[0],
        text,
    )


def _english_number(word: str) -> int | None:
    parts = word.lower().split("-")
    if not all(part in _ENGLISH_NUMBERS for part in parts) or (len(parts) == 1 and parts[0] in ("second",)):
        return None
    return sum(_ENGLISH_NUMBERS[part] for part in parts)


def _date(match: re.Match[str], order: tuple[int, int, int]) -> str:
    year, month, day = (match[i] for i in order)
    number = (
        month
        if month.isdigit()
        else next(i for name, i in _MONTHS.items() if name.startswith(month.lower()[:3]))
    )
    return f" d{int(year)}-{int(number):02d}" + (f"-{int(day):02d} " if day else " ")


def _numbers(text: str) -> list[str]:
    """Numbers and dates of a normalised text, in order."""
    found = re.findall(r"d\d{4}-\d\d(?:-\d\d)?|" + _NUMBER.pattern, text)
    return [
        n.rstrip(".,")
        if n.startswith("d")
        else f"{float(n.replace(',', '.')):g}"
        if n.count(".") + n.count(",") <= 1
        else n
        for n in found
    ]


def _names(text: str, whole: str) -> list[str]:
    """Names in order, lower case: capitalised words (not a text's first, unless `whole` has it elsewhere), katakana words."""
    found = []
    for match in _NAME.finditer(text):
        name = match[0]
        if (
            name.lower() in STOP_WORDS | {"i", "yes", "however", "therefore", "according"}
            or name.lower() in _MONTHS
        ):
            continue
        first = not text[: match.start()].strip(" \"“‘'([*-•")
        plain = first and name.isalpha() and not name.isupper() and name[0].isascii()
        # A first word is a name only if the passage writes it so in mid-sentence.
        if plain and not re.search(rf"(?<=[a-z,;:] ){re.escape(name)}\b", whole):
            continue
        found.append(re.sub(r"[’']s$", "", name).lower())
    return found


def content(text: str) -> list[str]:
    """What carries the content of a text, in order: stems of words, pairs of kanji or katakana."""
    return _content(_normal(text))


def _content(text: str) -> list[str]:
    """`content` of a normalised text: English words that carry meaning, and verbs' kanji too."""
    units = [stem(w) for w in re.findall(r"[a-z][a-z'’-]+", text.lower()) if w not in _FILLER]
    for run in _UNITS.findall(_JAPANESE_FILLER.sub(" ", text)):
        units += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
    return units


def _in_order(statement: list[str], passage: list[str]) -> bool:
    """Whether the names and numbers that both have follow one another in the same order."""
    shared = [x for x in dict.fromkeys(statement) if x in passage]
    if len(shared) < 2:
        return True
    position = -1
    for name in shared:
        later = [i for i, other in enumerate(passage) if other == name and i > position]
        if not later:
            return False
        position = later[0]
    return True


def _negative(text: str) -> bool:
    return any(pattern.search(text) for pattern in _NEGATIONS.values())


def is_statement(sentence: str) -> bool:
    """Whether a sentence claims something that a document could support (a greeting or a question does not)."""
    text = sentence.strip()
    if text.endswith(("?", "？", ":", "：")):
        return False
    return bool(_content(_normal(text)) or _numbers(_normal(text)))


def find(statement: str, passage: str, *, question: str = "") -> Support | None:
    """The best stretch of `passage` that supports `statement`, or None.

    A fragment such as "12 months." says nothing by itself: with `question` given, the stretch must
    then also be about what was asked.
    """
    claim = _Claim(statement, passage, question)
    spans = sentences.spans(passage)
    singles = [claim.examine(start, end) for start, end in spans]
    best = max((s for s in singles if s.supports), key=lambda s: s.share, default=None)
    if best is None:
        # Two neighbours together, but not where one of them alone speaks of the same thing with other
        # numbers, names or polarity: that sentence contradicts, and its neighbour must not lend it a number.
        for one, two in itertools.pairwise(singles):
            if one.contradicts or two.contradicts:
                continue
            pair = claim.examine(one.start, two.end)
            if pair.supports and (best is None or pair.share > best.share):
                best = pair
    return Support(best.start, best.end, best.share) if best is not None else None


@dataclass(frozen=True)
class _Window:
    """How a stretch of the passage compares with the claim."""

    start: int
    end: int
    share: float
    enough: bool
    agrees: bool
    on_topic: bool

    @property
    def supports(self) -> bool:
        return self.enough and self.agrees and self.on_topic

    @property
    def contradicts(self) -> bool:
        return self.enough and self.on_topic and not self.agrees


class _Claim:
    """A statement taken apart, to be compared with stretches of one passage."""

    def __init__(self, statement: str, passage: str, question: str) -> None:
        self._passage = passage
        self._text = _normal(statement)
        self._known = f"{passage}\n{self._text}"  # where a capitalised first word may be seen to be a name
        self._numbers = _numbers(self._text)
        self._names = _names(self._text, self._known)
        self._content = _content(self._text)
        japanese = characters.count_japanese(self._text) * 3 > len(self._text)
        self._needed = CONTENT_NEEDED["japanese" if japanese else "latin"]
        if len(self._content) <= SHORT:
            self._needed = NEEDED_IF_SHORT
        # What a Japanese sentence is about stands before its first は or が, and must be there.
        topic = re.match("(.{2,20}?)[はが]", self._text) if japanese else None
        self._topic = _content(topic[1]) if topic else []
        self._asked = _content(_normal(question)) if len(self._content) < FRAGMENT else []
        self._negative = _negative(self._text)
        self._order = _ordered(self._text, self._known)

    def examine(self, start: int, end: int) -> _Window:
        raw = self._passage[start:end]
        window = _normal(raw)
        units = set(_content(window))
        share = sum(unit in units for unit in self._content) / len(self._content) if self._content else 1.0
        numbers, low = _numbers(window), window.lower()
        agrees = (
            all(number in numbers for number in self._numbers)
            and all(name in low for name in self._names)
            and _negative_like(self._text, self._negative, raw) == self._negative
            and _in_order(self._order, _ordered(window, self._known))
        )
        on_topic = all(unit in units for unit in self._topic)
        asked = sum(unit in units for unit in self._asked) >= ASKED_NEEDED * len(self._asked)
        return _Window(start, end, share, share >= self._needed, agrees, on_topic and asked)


def _negative_like(claim: str, negative: bool, window: str) -> bool:
    """The polarity of a window; of two sentences, that of the one nearer to the claim counts."""
    parts = sentences.split(window)
    if len(parts) == 1:
        return _negative(_normal(window))
    units = set(_content(claim)) | set(_numbers(claim))
    nearest = max(
        parts, key=lambda part: len(units & (set(_content(_normal(part))) | set(_numbers(_normal(part)))))
    )
    return _negative(_normal(nearest))


def _ordered(text: str, whole: str) -> list[str]:
    """Names and numbers of a text together, in the order they stand; Japanese personal names by their kanji."""
    found: list[tuple[int, str]] = []
    for name in dict.fromkeys(_names(text, whole)):
        found += [(m.start(), name) for m in re.finditer(re.escape(name), text.lower())]
    for pattern in (r"d\d{4}-\d\d(?:-\d\d)?", _NUMBER.pattern):
        found += [(m.start(), m[0]) for m in re.finditer(pattern, text)]
    found += [
        (m.start(), m[1])
        for m in re.finditer(
            f"([{characters.HAN_COMMON}]{{1,4}})(?:さん|氏|様|部長|課長|社長|係長|先生|教授|博士|社|市|県|部|課|駅)",
            text,
        )
    ]
    return [name for _, name in sorted(set(found))]
