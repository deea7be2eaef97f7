"""Dates and years however they are written: 平成三十一年四月三十日 is 2019-04-30, and April 30, 2019.

A search has to find one by the other. Each has a name of its own that nobody types: day:2019-04-30, day:2019-04, year:2019.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from core.text import characters, figures

_NUMBER = "[\\d〇一二三四五六七八九十百千]"
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH = "(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + r")\.?"
_WRITTEN = re.compile(
    rf"(?<![A-Za-z0-9_.,/-])(?:明治|大正|昭和|平成|令和)?\s?(?:元|{_NUMBER}{{1,7}})\s?年(?:\s?{_NUMBER}{{1,3}}\s?月(?:\s?{_NUMBER}{{1,3}}\s?日)?)?"
    r"|(?<![\d/.-])\d{1,2}\.\d{1,2}\.\d{4}(?![\d.])"
    r"|(?<![\d/.-])\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?![\d/-])|(?<![\d/.-])\d{4}-(?:0\d|1[0-2])(?![\d/-])"
    rf"|(?<![\w.])\d{{1,2}}(?:st|nd|rd|th)? {_MONTH} \d{{4}}(?!\d)|\b{_MONTH} (?:\d{{1,2}}(?:st|nd|rd|th)?,? )?\d{{4}}(?!\d)"
    r"|(?<![A-Za-z0-9_.,/-])(?:1[5-9]|20)\d\d(?![A-Za-z0-9_/-]|[.,]\d)",
    re.IGNORECASE,
)
FIRST, LAST = 1000, 2100  # years that are taken for one; an era has less than a hundred
_NAME = re.compile(r"day:(\d{4})-(\d\d)(?:-(\d\d))?")
_DAY = re.compile(r"d(\d{4})-(\d\d)(?:-(\d\d))?")
_EUROPEAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_MONTH_ALONE = re.compile(r"([A-Za-z]{3})[a-z]*\.? (\d{4})")
_YEAR = re.compile(r"(\d{4})年?")
# The first day of each; the law of 1979 names them, and the day on which the next one began is its own.
_ERAS = (
    ("明治", date(1868, 1, 25)),
    ("大正", date(1912, 7, 30)),
    ("昭和", date(1926, 12, 25)),
    ("平成", date(1989, 1, 8)),
    ("令和", date(2019, 5, 1)),
)


@dataclass(frozen=True)
class Dated:
    """Characters start..end of a text with the date that they are, as a name: d2019-04-30, d2019-04 or y2019."""

    start: int
    end: int
    name: str


def find(text: str) -> Iterator[Dated]:
    """The dates and years of a text, in order."""
    for match in _WRITTEN.finditer(text):
        written = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", characters.width(match[0]))
        if re.fullmatch(r"\d{4}-\d\d", written):
            written = f"d{written}"
        if (parts := _EUROPEAN.fullmatch(written)) is not None:
            written = f"{parts[3]}-{parts[2]}-{parts[1]}"
        written = re.sub(r"(?<=\d{4})[/.](\d{1,2})[/.](?=\d)", r"-\1-", written)
        said = figures.plain(written).strip()
        day, year = _DAY.fullmatch(said), _YEAR.fullmatch(said)
        if day is not None and _is_day(day):
            yield Dated(match.start(), match.end(), f"day:{said[1:]}")
        elif year is not None and FIRST <= int(year[1]) <= LAST:
            yield Dated(match.start(), match.end(), f"year:{year[1]}")
        elif (month := _MONTH_ALONE.fullmatch(said)) is not None:
            number = next(i for i, name in enumerate(_MONTHS, 1) if name.lower().startswith(month[1].lower()))
            if FIRST <= int(month[2]) <= LAST:
                yield Dated(match.start(), match.end(), f"day:{month[2]}-{number:02d}")


def names(text: str) -> Iterator[str]:
    """What a text can be found by: its dates, the months and years that these are in, and its years."""
    for dated in find(text):
        yield dated.name
        day = _NAME.fullmatch(dated.name)
        if day is not None:
            yield f"year:{day[1]}"
            if day[3]:
                yield f"day:{day[1]}-{day[2]}"


def notations(name: str) -> list[str]:
    """The ways in which a date or year is usually written."""
    day = _NAME.fullmatch(name)
    if day is None:
        year = int(name.removeprefix("year:"))
        eras = [era for end in (date(year, 1, 1), date(year, 12, 31)) for era in _eras(end)]
        return list(dict.fromkeys([str(year), *(form for era in eras for form in _years(*era))]))
    year, month = int(day[1]), int(day[2])
    if not day[3]:
        eras = [era for end in (date(year, month, 1), date(year, month, 28)) for era in _eras(end)]
        found = [f"{year}年{month}月", f"{year}-{month:02d}", f"{_MONTHS[month - 1]} {year}"]
        found += [f"{form}{n}月" for era in eras for form in _years(*era) for n in (month, _kanji(month))]
        return list(dict.fromkeys(found))
    number = int(day[3])
    long, short = _MONTHS[month - 1], _MONTHS[month - 1][:3]
    found = [f"{year}年{month}月{number}日", f"{_digits(year)}年{_kanji(month)}月{_kanji(number)}日"]
    found += [f"{year}-{month:02d}-{number:02d}", f"{year}-{month}-{number}"]
    found += [f"{number}.{month}.{year}", f"{number:02d}.{month:02d}.{year}"]
    for name_ in (long, short):
        found += [f"{name_} {number} {year}", f"{number} {name_} {year}"]
    for era in _eras(date(year, month, number)):
        for form in _years(*era):
            found += [f"{form}{month}月{number}日", f"{form}{_kanji(month)}月{_kanji(number)}日"]
    return list(dict.fromkeys(found))


def said(when: str, language: str) -> str:
    """A date (2019-04-30, 2019-04 or 2019) in words of a language: 2019年4月30日, 30 April 2019."""
    year, *rest = (int(part) for part in when.split("-"))
    if language == "ja":
        return f"{year}年" + "".join(f"{n}{unit}" for n, unit in zip(rest, "月日", strict=False))
    return " ".join([*map(str, rest[1:]), *(_MONTHS[n - 1] for n in rest[:1]), str(year)])


def _is_day(match: re.Match[str]) -> bool:
    try:
        return FIRST <= int(match[1]) <= LAST and bool(date(int(match[1]), int(match[2]), int(match[3] or 1)))
    except ValueError:
        return False


def _eras(day: date) -> list[tuple[str, int]]:
    """The era of a day with its year."""
    found = [(era, day.year - first.year + 1) for era, first in _ERAS if first <= day]
    return found[-1:]


def _years(era: str, number: int) -> list[str]:
    """A year of an era as it is written: 平成31年, 平成三十一年; the first one also 元年."""
    return [f"{era}{form}年" for form in (number, _kanji(number), *(["元"] if number == 1 else []))]


def _kanji(number: int) -> str:
    """A number to 99 in kanji: 三十一."""
    tens, ones = divmod(number, 10)
    digits = "〇一二三四五六七八九"
    return ("" if tens == 0 else "十" if tens == 1 else f"{digits[tens]}十") + (digits[ones] if ones else "")


def _digits(number: int) -> str:
    """A year digit by digit: 二〇一九."""
    return "".join("〇一二三四五六七八九"[int(digit)] for digit in str(number))
