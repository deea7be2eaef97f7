"""What kind of answer a question asks for, and whether a sentence holds one.

A sentence that has all the words of "How many seats does the hall have?" and no number answers nothing. Told by patterns, in
English and Japanese: a kind that is not recognised is none, and costs nothing.
"""

from __future__ import annotations

import re
from enum import Enum

from core.text import characters


class Kind(Enum):
    """What is asked for."""

    NUMBER = "number"
    TIME = "time"
    PERSON = "person"
    REASON = "reason"
    MEANING = "meaning"


# Kinds of which it is seen whether a sentence has one; a reason or a meaning can be given in words of any kind.
TELLING = frozenset({Kind.NUMBER, Kind.TIME, Kind.PERSON})

_MEASURED = (
    "percentage|percent|proportion|share|number|fraction|amount|size|price|cost|speed|voltage|temperature|ratio|score|value"
    "|version|port|weight|age|population|distance|height|length|width|depth|rate|limit|latitude|longitude|frequency|half-life"
)
_COUNTERS = (
    "人|回|％|%|パーセント|個|本|件|円|万|億|秒|分|時間|日間|日以内|か月|ヶ月|カ月|年間|年以|歳|才|点|文字|作品|話|倍|m\\b|km"
    "|キロ|メートル|度|つ|枚|冊|章|条|階|台|種類|通り|桁|バイト|番|割|以上|以下|ボルト|ヘルツ|名|社|曲|行|字"
)
_ASKED = {
    Kind.NUMBER: re.compile(
        r"\bhow (?:many|much|long|old|tall|far|high|wide|deep|heavy|often|big|large|fast|late|early|strong)\b"
        rf"|\b(?:what|which) (?:\w+ )?(?:{_MEASURED})\b"
        r"|\b(?:what|how much) (?:does|do|did|will|would|is) [^?]*\b(?:cost|weigh|measure|charge)"
        rf"|何(?:{_COUNTERS})|いくつ|いくら|どのくらい|どれくらい|どれほど|どれだけ|割合|番号は|緯度|経度|いつまで",
        re.IGNORECASE,
    ),
    Kind.TIME: re.compile(
        r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|time|century)\b"
        r"|いつ|何年(?!間|以)|何月|何日(?!間|以)|何時(?!間)|何世紀|年代|日付|年は",
        re.IGNORECASE,
    ),
    Kind.PERSON: re.compile(r"\bwho(?:se|m)?\b|誰|だれ|どなた|何者", re.IGNORECASE),
    Kind.REASON: re.compile(r"\bwhy\b|\bwhat reason|なぜ|何故|どうして|なんで|理由|わけは", re.IGNORECASE),
    Kind.MEANING: re.compile(
        r"\bwhat (?:is|are|was) (?:an? |the )?[\w-]+(?: [\w-]+)?\?|\bmeant by\b|\bmean(?:ing)?\b|\bdefin|\bcounts as\b"
        r"|とは|って(?:何|なに|どう|どんな)|どういう|どんな(?:人|もの|こと)|意味|何を指す|何の(?:こと|略)",
        re.IGNORECASE,
    ),
}
_HELD = {
    Kind.NUMBER: re.compile(
        r"\d+(?:[.,:/]\d+)*|[〇一二三四五六七八九十百千万]+(?=[年月日時分秒円人名個件回度歳才社台本枚階章条項点割倍つ万億])"
        r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|hundred|thousand"
        r"|million|half|twice|once|dozen)\b",
        re.IGNORECASE,
    ),
    Kind.TIME: re.compile(
        r"\b(?:1\d|20)\d\d\b|\d+年|\d+月|世紀|\b\d+(?:st|nd|rd|th) century|\b[AB]\.?[CD]\.?(?=\W|$)"
        r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\d{1,2}:\d\d|\d+時|明治|大正|昭和|平成|令和"
        r"|[〇一二三四五六七八九十百千]+[年月日時]|[月火水木金土日]曜|day\b|morning|evening|晩|朝",
        re.IGNORECASE,
    ),
    Kind.PERSON: re.compile(
        r"(?<=[\w,;:)] )[A-Z][\w'’-]+|[ァ-ヶー]{2,}・[ァ-ヶー]{2,}|\w(?:氏|さん|博士|教授|先生|殿|卿|王|子爵|社)"
    ),
    Kind.REASON: re.compile(
        r"\b(?:because|since|so that|due to|therefore|in order|as|otherwise|would|thus)\b"
        r"|\bto (?:avoid|prevent|allow|keep|make)\b|ため|ので|から|ゆえ|理由|よって|おかげ|せい|ように",
        re.IGNORECASE,
    ),
    Kind.MEANING: re.compile(
        r"\b(?:is|are|was|means?|refers?|called|known as|defined|stands for|i\.e\.)\b"
        r"|とは|という|呼[びばん]|のこと|を指|である|です|意味|をいう|いいます",
        re.IGNORECASE,
    ),
}


# Words that only say what is measured: "3 crowns" is what a dog costs without the word.
_MEASURES = re.compile(
    rf"\b(?:{_MEASURED}|costs?|weighs?|measures?|charges?d?|long|old|tall|far|high|wide|deep|heavy|often|big|large|fast)\b"
    r"|値段|料金|価格|費用|金額|重さ|長さ|高さ|幅|深さ|広さ|大きさ|年齢|人数|数|割合|温度|速度",
    re.IGNORECASE,
)


def measures(question: str) -> list[str]:
    """The words of a question that only say what of something is measured."""
    return [match[0] for match in _MEASURES.finditer(characters.width(question))]


def kinds(question: str) -> frozenset[Kind]:
    """What a question asks for; nothing where that is not told by its words."""
    text = characters.width(question)
    return frozenset(kind for kind, pattern in _ASKED.items() if pattern.search(text))


def holds(kind: Kind, text: str, question: str) -> bool:
    """Whether a text holds what is asked for; a number, time or name that the question says itself is none."""
    text, question = characters.width(text), characters.width(question)
    pattern = _HELD[kind]
    if kind in TELLING:
        said = {match[0].lower() for match in pattern.finditer(question)}
        return any(match[0].lower() not in said for match in pattern.finditer(text))
    return pattern.search(text) is not None


def answered(question: str, text: str) -> bool:
    """Whether a text holds the number, time or name that a question asks for, one of them where it asks for several."""
    wanted = kinds(question) & TELLING
    return any(holds(kind, text, question) for kind in wanted)
