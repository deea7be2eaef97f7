"""Numbers, their units and dates of a text, written in one way.

Half a million is 500000 whether it stands as 50万, 五十万, 500,000 or in full width; 31 March 2025 is 2025年3月31日; 5 km is
5キロメートル and not 5 m. Only what is told by its form: nothing is converted or computed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from core.text import characters

_KANJI_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")}
_KANJI_UNITS = {"十": 10, "百": 100, "千": 1000}
_KANJI_NUMBER = re.compile(
    r"(?<!\d)[〇一二三四五六七八九十百千万]+(?=[年月日時分秒円人名個件回度歳社台本枚階章条項点割%％週か間キメグリセミボワヘトポペド])"
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
MONTHS = {
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
_MONTH = "|".join(name[:3] + f"(?:{name[3:]})?" for name in MONTHS)
_DATES = [
    (re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月(?:\s*(\d{1,2})\s*日)?"), (1, 2, 3)),
    (re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b"), (1, 2, 3)),
    (re.compile(rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})\b", re.I), (3, 1, 2)),
    (
        re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\.?,?\s+(\d{{4}})\b", re.I),
        (3, 2, 1),
    ),
]

# Ways to write a unit; what is not here is its own.
_UNITS = {
    way: unit
    for unit, ways in {
        "%": "percent pct ％ パーセント",
        "mm": "millimeter millimeters millimetre millimetres ミリ ミリメートル",
        "cm": "centimeter centimeters centimetre centimetres センチ センチメートル",
        "m": "meter meters metre metres メートル",
        "km": "kilometer kilometers kilometre kilometres キロ キロメートル",
        "mg": "milligram milligrams ミリグラム",
        "g": "gram grams グラム",
        "kg": "kilogram kilograms キログラム",
        "l": "liter liters litre litres リットル",
        "s": "sec secs second seconds 秒間",
        "秒": "",
        "min": "mins minute minutes 分間",
        "分": "",
        "h": "hr hrs hour hours",
        "時間": "",
        "day": "days",
        "日": "日間",
        "week": "weeks",
        "週": "週間",
        "month": "months",
        "か月": "か月間",
        "year": "years",
        "年": "年間",
        "v": "volt volts ボルト",
        "mv": "millivolt millivolts",
        "amp": "ampere amperes amps アンペア",
        "w": "watt watts ワット",
        "kw": "kilowatt kilowatts キロワット",
        "hz": "hertz ヘルツ",
        "khz": "kilohertz キロヘルツ",
        "mhz": "megahertz メガヘルツ",
        "ghz": "gigahertz",
        "byte": "bytes バイト",
        "bit": "bits ビット",
        "°c": "℃ °C",
        "degree": "degrees",
        "inch": "inches インチ",
        "foot": "feet ft フィート",
        "mile": "miles マイル",
        "point": "points ポイント",
        "time": "times",
        "$": "dollar dollars ドル",
        "€": "euro euros ユーロ",
        "£": "pound pounds ポンド",
        "円": "yen",
        "歳": "才",
        "か所": "",
        "か国": "",
    }.items()
    for way in [unit, *ways.split()]
} | {
    unit: unit
    for unit in [
        "am",
        "pm",
        "t",
        "ml",
        "hm",
        "nm",
        "µm",
        "um",
        "ms",
        "µs",
        "us",
        "ns",
        "ma",
        "mah",
        "gw",
        "k",
        "ci",
        "mci",
        "µci",
        "ppm",
        "kb",
        "mb",
        "gb",
        "tb",
        "kib",
        "mib",
        "gib",
        "px",
        "dpi",
        "rpm",
        "db",
        "¥",
        "°",
        "月",
        "時",
        "人",
        "名",
        "個",
        "本",
        "枚",
        "回",
        "度",
        "台",
        "件",
        "点",
        "倍",
        "割",
        "つ",
        "文字",
        "行",
        "字",
        "話",
        "作品",
        "番",
        "章",
        "条",
        "項",
        "階",
        "席",
        "社",
        "曲",
        "種類",
        "桁",
        "冊",
        "杯",
        "匹",
        "頭",
        "羽",
        "軒",
        "億",
        "世紀",
        "代",
    ]
}
_LONGEST_UNIT = 8  # characters: キロメートル and the like
_WITH_UNIT = re.compile(
    r"(?P<date>d\d{4}-\d\d(?:-\d\d)?)"
    r"|(?P<money>[$€£¥])?(?P<value>\d+(?:[.,]\d+)*)[ \u00a0]?"
    rf"(?P<unit>%|％|°\s?C\b|℃|°|[$€£¥]|[A-Za-zµμ]+|[ァ-ヶー]+月?|か?[{characters.HAN}]+|つ)?"
)
_ERAS = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019}  # the year that is their first
_ERA = re.compile(rf"({'|'.join(_ERAS)})\s*(元|\d{{1,2}})(?=\s*年)")
_HALF_DAY = re.compile(r"(?<=\d)\s*([ap])\.?\s?m\b\.?", re.IGNORECASE)
_COUNTED = re.compile(r"(?<=\d)[ヶヵカケ箇個ｹ](?=[月所国年])")
_ONE = re.compile(
    rf"\bone(?=[ -](?:{'|'.join(unit for unit in _UNITS if unit.isascii() and len(unit) > 2)})\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Number:
    """A number or a date (`d2025-03-31`) of a text, with its unit if it has one that is known, and where it stands."""

    value: str
    unit: str | None
    start: int


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


def plain(text: str) -> str:
    """Width, number words and digit grouping made equal; dates become one token like d2025-03-31."""
    text = characters.width(text)
    text = _KANJI_NUMBER.sub(lambda m: str(_kanji_number(m[0])), text)
    text = _HALF_DAY.sub(r" \1m", text)
    text = _COUNTED.sub("か", text)
    text = re.sub(r"(?<=\d)[,，](?=\d{3}(?!\d))", "", text)
    text = re.sub(
        r"(\d+(?:\.\d+)?)\s*万", lambda m: format(Decimal(m[1]) * 10000, "f").removesuffix(".0"), text
    )
    text = _ERA.sub(lambda m: str(_ERAS[m[1]] - 1 + (1 if m[2] == "元" else int(m[2]))), text)
    for pattern, order in _DATES:
        text = pattern.sub(lambda m, order=order: _date(m, order), text)  # type: ignore[misc]
    text = _ONE.sub("1", text)
    return re.sub(
        r"\b[A-Za-z]+(?:-[a-z]+)?\b",
        lambda m: str(number) if (number := _english_number(m[0])) is not None else m[0],
        text,
    )


def _english_number(word: str) -> int | None:
    if word.lower() == "one":  # "one of them" is no number; before a unit it was made one
        return None
    parts = word.lower().split("-")
    if not all(part in _ENGLISH_NUMBERS for part in parts) or (len(parts) == 1 and parts[0] in ("second",)):
        return None
    return sum(_ENGLISH_NUMBERS[part] for part in parts)


def _date(match: re.Match[str], order: tuple[int, int, int]) -> str:
    year, month, day = (match[i] for i in order)
    number = (
        month
        if month.isdigit()
        else next(i for name, i in MONTHS.items() if name.startswith(month.lower()[:3]))
    )
    return f" d{int(year)}-{int(number):02d}" + (f"-{int(day):02d} " if day else " ")


def numbers(text: str) -> list[Number]:
    """Numbers and dates of a text that `plain` has gone over, in order."""
    found = []
    for match in _WITH_UNIT.finditer(text):
        if match["date"]:
            found.append(Number(match["date"], None, match.start()))
        else:
            unit = match["money"] or _unit(match["unit"] or "")
            found.append(Number(_value(match["value"]), unit, match.start("value")))
    return found


def _value(digits: str) -> str:
    digits = digits.rstrip(".,")
    if digits.count(".") + digits.count(",") > 1:  # a version, an address
        return digits
    return format(Decimal(digits.replace(",", ".")).normalize(), "f")


def _unit(word: str) -> str | None:
    """The unit that a word begins with: all of an English one, the longest known of a Japanese one."""
    word = word.replace(" ", "").lower()
    if not word or word.isascii():
        return _UNITS.get(word)
    for length in range(min(len(word), _LONGEST_UNIT), 0, -1):
        if word[:length] in _UNITS:
            return _UNITS[word[:length]]
    return None
