"""Every number and day that a text states, however it writes them: 1万2千円 and $1.2 million, Sept 5, 2024 and R6.5.3.

Made to look whether a value that a model gave stands in a text: what can be read in two ways counts in both. The check of answers
(core/documents/support.py) reads numbers with their units and is stricter (core/text/figures.py).
"""

from __future__ import annotations

import contextlib
import re
from datetime import date
from decimal import Decimal, InvalidOperation

from core.text import characters, dates, figures

# ---------------------------------------------------------------- numbers

_FIGURES = re.compile(r"(?<![\d.,])\d[\d.,'’\u00a0\u202f ]*\d|\d")
_GROUPED = re.compile(r"\d{1,3}(?:([.,'’\u00a0\u202f ])\d{3})(?:\1\d{3})*(?:[.,]\d{1,2})?")
_POINT = re.compile(r"(?<!\d)\.(\d+)")
_FRACTION = re.compile(r"(\d+)?\s*(\d+)⁄(\d+)")
_SCALED = re.compile(r"(\d+(?:[.,]\d+)?)\s*(thousand|million|billion|trillion|mn|bn|k)\b", re.IGNORECASE)
_SCALES = {"thousand": 10**3, "k": 10**3, "million": 10**6, "mn": 10**6, "billion": 10**9, "bn": 10**9,
           "trillion": 10**12}  # fmt: skip
_EXPONENT = re.compile(r"\d+(?:\.\d+)?[eE][-+]?\d{1,3}")
_HALF_HOUR = re.compile(r"(\d+)時間半")
_KANJI = re.compile(
    r"[〇一二三四五六七八九\d][\d,.]*[十百千万億兆][〇一二三四五六七八九十百千万億兆\d,.]*|[十百千万億兆〇一二三四五六七八九]+"
)
_DIGITS = {kanji: str(number) for number, kanji in enumerate("〇一二三四五六七八九")}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "億": 10**8, "兆": 10**12}
_ONES = {
    word: number
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
    )
}  # fmt: skip
_TENS = {
    word: 10 * number
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
_HUNDREDS = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_WORD = re.compile(r"[A-Za-z]+")


def numbers(text: str) -> set[str]:
    """The numbers of a text without signs and units, each as digits with a point (12.5)."""
    text = characters.width(text)
    found = {number.value for number in figures.numbers(figures.plain(text))}
    for match in _FIGURES.finditer(text):
        found |= _readings(match[0])
    found |= {_plain(f"0.{match[1]}") for match in _POINT.finditer(text)}
    for match in _FRACTION.finditer(text):
        if int(match[3]):
            found.add(_plain(str(Decimal(match[1] or 0) + Decimal(match[2]) / Decimal(match[3]))))
    for match in _SCALED.finditer(text):
        found.add(_plain(str(Decimal(match[1].replace(",", ".")) * _SCALES[match[2].lower()])))
    found |= {_plain(match[0]) for match in _EXPONENT.finditer(text)}
    found |= {f"{match[1]}.5" for match in _HALF_HOUR.finditer(text)}
    found |= {
        _plain(str(value)) for match in _KANJI.finditer(text) if (value := _kanji(match[0])) is not None
    }
    found |= {str(number) for number in _in_words(text)}
    for day in days(text):
        found |= {str(int(part)) for part in day.split("-")}
    return found


def as_number(value: float) -> str:
    """A value as `numbers` writes it."""
    return _plain(str(abs(value)))


def _plain(digits: str) -> str:
    try:
        return format(Decimal(digits).normalize(), "f").lstrip("-")
    except InvalidOperation:
        return digits


def _readings(written: str) -> set[str]:
    """What figures with points, commas, quotes or spaces among them can mean."""
    found = set()
    parts = re.split(r"[\s\u00a0\u202f]", written)
    for part in [written, *parts]:
        part = part.strip(".,'’ \u00a0\u202f")
        if re.fullmatch(r"\d+", part):
            found.add(_plain(part))
        elif _GROUPED.fullmatch(part):
            whole, point, rest = part, "", ""
            if re.search(r"[.,]\d{1,2}$", part):
                whole, point, rest = re.split(r"([.,])(?=\d{1,2}$)", part)
            found.add(_plain(re.sub(r"\D", "", whole) + (f".{rest}" if point else "")))
            if re.fullmatch(r"\d+[.,]\d{3}", part):  # 1.234 may be a little more than one
                found.add(_plain(part.replace(",", ".")))
            if "," in part:
                found |= {_plain(one) for one in part.split(",") if one.isdecimal()}
        elif re.fullmatch(r"\d+[.,]\d+", part):
            found.add(_plain(part.replace(",", ".")))
        elif re.fullmatch(r"\d+(?:,\d+)+", part):  # a list
            found |= {_plain(one) for one in part.split(",")}
    return found


def _kanji(written: str) -> Decimal | None:
    """1万2千, 百二十, 3億: the parts of a number with their units."""
    total, section, figure = Decimal(0), Decimal(0), ""
    for character in written.replace(",", ""):
        if character in _DIGITS or character.isdecimal() or character == ".":
            figure += _DIGITS.get(character, character)
            continue
        try:
            number = Decimal(figure) if figure else None
        except InvalidOperation:
            return None
        figure = ""
        if character in _SMALL:
            section += (1 if number is None else number) * _SMALL[character]
        else:
            section += number or 0
            total += (section or 1) * _LARGE[character]
            section = Decimal(0)
    with contextlib.suppress(InvalidOperation):
        return total + section + (Decimal(figure) if figure else 0)
    return None


def _in_words(text: str) -> set[int]:
    """Two hundred and five, twenty-five, a dozen."""
    found: set[int] = set()
    total = part = 0
    open_ = False
    for match in _WORD.finditer(text):
        word = match[0].casefold()
        if word in _ONES:
            part, open_ = part + _ONES[word], True
        elif word in _TENS:
            part, open_ = part + _TENS[word], True
        elif word in _HUNDREDS and (open_ or word != "hundred"):
            if not open_:
                continue
            if word == "hundred":
                part = max(part, 1) * 100
            else:
                total, part = total + max(part, 1) * _HUNDREDS[word], 0
        elif word == "dozen":
            found.add(12)
        elif word != "and" and open_:
            found.add(total + part)
            total, part, open_ = 0, 0, False
    if open_:
        found.add(total + part)
    return found


# ---------------------------------------------------------------- days

_MONTHS = {name[:3]: number for name, number in figures.MONTHS.items()}
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAYS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_MONTH}[\s-]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s*(?P<year>\d{{4}})(?!\d)",
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?[\s-]*(?:of\s+)?{_MONTH}\s*,?[\s-]*(?P<year>\d{{4}})(?!\d)",
        r"(?<!\d)(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<year>(?:1[5-9]|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?!\d)",
        r"(?<!\d)(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})(?!\d)",
        r"(?<!\d)(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[-/.](?P<year>\d{4})(?!\d)",
    )
]
_SHORT_ERA = re.compile(
    r"(?<![A-Za-z])(?P<era>[MTSHR])\s?(?P<year>\d{1,2})[./年-](?P<month>\d{1,2})[./月-](?P<day>\d{1,2})(?!\d)"
)
_ERAS = {"M": 1868, "T": 1912, "S": 1926, "H": 1989, "R": 2019}
_ASIDE = re.compile(r"[(（]\d{4}年?[)）]")
_DASHES = re.compile("[‐‑‒–—−－]")


def days(text: str) -> set[str]:
    """The days of a text as YYYY-MM-DD, also years and months alone (YYYY, YYYY-MM)."""
    plain = _ASIDE.sub("", " ".join(_DASHES.sub("-", characters.width(text)).split()))
    found = {name.partition(":")[2] for name in dates.names(plain)}
    for pattern in _DAYS:
        for match in pattern.finditer(plain):
            month = match["month"].casefold()[:3]
            found |= _day(int(match["year"]), _MONTHS.get(month) or int(month), int(match["day"]))
    for match in _SHORT_ERA.finditer(plain):
        year = _ERAS[match["era"]] + int(match["year"]) - 1
        found |= _day(year, int(match["month"]), int(match["day"]))
    return found


def _day(year: int, month: int, day: int) -> set[str]:
    try:
        return {date(year, month, day).isoformat()}
    except ValueError:
        return set()
