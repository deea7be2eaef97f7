"""Numbers, dates, times, prices and signs in English, written out as one says them."""

from __future__ import annotations

import re
from collections.abc import Callable

_ONES = [
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
]
_TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
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
_CURRENCIES = {
    "$": ("dollar", "cent"),
    "€": ("euro", "cent"),
    "£": ("pound", "penny"),
    "¥": ("yen", ""),
    "￥": ("yen", ""),
}
_UNITS = {
    "km/h": ("kilometre per hour", "kilometres per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "m/s": ("metre per second", "metres per second"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "kW": ("kilowatt", "kilowatts"),
    "MW": ("megawatt", "megawatts"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "g": ("gram", "grams"),
    "km": ("kilometre", "kilometres"),
    "cm": ("centimetre", "centimetres"),
    "mm": ("millimetre", "millimetres"),
    "m": ("metre", "metres"),
    "ft": ("foot", "feet"),
    "in": ("inch", "inches"),
    "lb": ("pound", "pounds"),
    "lbs": ("pounds", "pounds"),
    "oz": ("ounce", "ounces"),
    "ml": ("millilitre", "millilitres"),
    "mL": ("millilitre", "millilitres"),
    "L": ("litre", "litres"),
    "l": ("litre", "litres"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "W": ("watt", "watts"),
    "V": ("volt", "volts"),
    "ms": ("millisecond", "milliseconds"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "℃": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
    "%": ("percent", "percent"),
}
_SHORT = {
    "Dr.": "Doctor",
    "Mr.": "Mister",
    "Mrs.": "Missus",
    "Ms.": "Miz",
    "Prof.": "Professor",
    "St.": "Saint",
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "et cetera",
    "vs.": "versus",
    "approx.": "approximately",
    "Inc.": "Incorporated",
    "Ltd.": "Limited",
    "Co.": "Company",
    "No.": "number",
    "p.": "page",
    "pp.": "pages",
    "Fig.": "figure",
    "a.m.": "a m",
    "p.m.": "p m",
}


def cardinal(number: int) -> str:
    """21 is twenty-one."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    for scale, name in _SCALES:
        if number >= scale:
            rest = number % scale
            more = f" {cardinal(rest)}" if rest else ""
            return f"{cardinal(number // scale)} {name}{more}"
    if number >= 100:
        rest = number % 100
        return f"{_ONES[number // 100]} hundred" + (f" {cardinal(rest)}" if rest else "")
    if number >= 20:
        return _TENS[number // 10] + (f" {_ONES[number % 10]}" if number % 10 else "")
    return _ONES[number]


def ordinal(number: int) -> str:
    """21 is twenty-first."""
    first, _, last = cardinal(number).rpartition(" ")
    last = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return f"{first} {last}".strip()


def year(number: int) -> str:
    """1984 is nineteen eighty-four."""
    if 2000 <= number <= 2009 or number < 1000 or number > 2999:
        return cardinal(number)
    high, low = divmod(number, 100)
    if low == 0:
        return f"{cardinal(high)} hundred" if high % 10 else cardinal(number)
    return f"{cardinal(high)} {'oh ' if low < 10 else ''}{cardinal(low)}"


def _plain(text: str) -> str:
    """A number as it stands, with its decimals digit by digit."""
    whole, _, part = text.replace(",", "").partition(".")
    said = cardinal(int(whole or 0))
    return said + (" point " + " ".join(_ONES[int(digit)] for digit in part) if part else "")


def _digits(text: str) -> str:
    return " ".join(_ONES[int(digit)] for digit in text if digit.isdigit())


def _money(match: re.Match[str]) -> str:
    one, small = _CURRENCIES[match[1]]
    amount, scale = match[2].replace(",", ""), match[3]
    many = one if one == "yen" else f"{one}s"
    if scale:
        word = {"k": "thousand", "K": "thousand", "M": "million", "m": "million", "B": "billion"}.get(
            scale, scale
        )
        return f"{_plain(amount)} {word} {many}"
    whole, _, part = amount.partition(".")
    said = f"{cardinal(int(whole))} {one if int(whole) == 1 else many}"
    if len(part) == 2 and small and int(part):
        cents = int(part)
        said += (
            f" and {cardinal(cents)} {small if cents == 1 else 'pence' if small == 'penny' else small + 's'}"
        )
    return said


def _clock(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    if minute == 0:
        said = (
            cardinal(hour)
            if match[3]
            else f"{cardinal(hour)} o'clock"
            if hour <= 12
            else f"{cardinal(hour)} hundred"
        )
    else:
        said = f"{cardinal(hour)} {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    half = (match[3] or "").replace(".", "").lower()
    return f"{said} {' '.join(half)}".strip()


def _iso(match: re.Match[str]) -> str:
    month = _MONTHS[int(match[2]) - 1] if 1 <= int(match[2]) <= 12 else match[2]
    return f"{month} {ordinal(int(match[3]))}, {year(int(match[1]))}"


def _unit(match: re.Match[str]) -> str:
    one, many = _UNITS[match[2]]
    return f"{match[1]} {one if match[1] == '1' else many}"


def _fraction(match: re.Match[str]) -> str:
    above, below = int(match[1]), int(match[2])
    if not 1 < below <= 100 or above >= below:
        return f"{match[1]} over {match[2]}"
    name = "half" if below == 2 else "quarter" if below == 4 else ordinal(below)
    return f"{cardinal(above)} {name if above == 1 else 'halves' if below == 2 else name + 's'}"


_MONTH = "|".join(month for month in _MONTHS) + "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec"
_FULL = {month[:3]: month for month in _MONTHS} | {"Sept": "September"}
_N = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"

_RULES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"(?<=[a-z] )St\.(?=\s*(?:$|[a-z,]))", "Street"),
    (r"\b[Vv](?:er\.?\s?)?(?=\d+\.)", "version "),
    (r"\bFY\s?(?=(?:19|20)\d\d)", "F Y "),
    (r"(?<=\d)\s+(?=\d{1,2}/\d{1,3}(?![\w/]))", " and "),
    (r"(?<!\w)(?:" + "|".join(re.escape(s) for s in _SHORT) + r")(?=\s|$|,|\))", lambda m: _SHORT[m[0]]),
    (r"https?://(?:www\.)?([\w.-]+)\S*", lambda m: m[1].rstrip(".").replace(".", " dot ")),
    (r"([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)", lambda m: f"{m[1]} at {m[2]}".replace(".", " dot ")),
    (r"(?<![\d-])(\d{4})-(\d{2})-(\d{2})(?![\d-])", _iso),
    (r"(?<!\d)(\d{1,2}):(\d{2})\s*([ap]\.?m\.?)?(?!\d)", _clock),
    (r"(?<![\d:])(\d{1,2})\s*([ap]m)\b", lambda m: f"{cardinal(int(m[1]))} {' '.join(m[2])}"),
    (
        rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)",
        lambda m: f"{_FULL.get(m[1], m[1])} {ordinal(int(m[2]))}",
    ),
    (rf"\b(\d{{1,2}})\s+({_MONTH})\b", lambda m: f"the {ordinal(int(m[1]))} of {_FULL.get(m[2], m[2])}"),
    (rf"([$€£¥￥])\s?({_N})\s?(k|K|M|m|B|million|billion|trillion|thousand)?\b", _money),
    (
        rf"(?<![\w.])({_N})\s?({'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})(?![\w/])",
        _unit,
    ),
    (
        r"\+?\(?\d{1,4}\)?(?:[-\s]\d{2,4}){2,}",
        lambda m: ", ".join(_digits(p) for p in re.split(r"\D+", m[0]) if p),
    ),
    (r"(?<![\w.])\d{3}-\d{4}(?!\d)", lambda m: ", ".join(_digits(part) for part in m[0].split("-"))),
    (r"(?<![\w./])(\d{1,3})/(\d{1,3})(?![\w/])", _fraction),
    (r"\b(\d+)(?:st|nd|rd|th)\b", lambda m: ordinal(int(m[1]))),
    (r"(?<=\d)\s?[–—-]\s?(?=[\d$€£])", " to "),
    (
        r"\b(\d{3}0)s\b",
        lambda m: re.sub(r"y$", "ies", year(int(m[1]))) if int(m[1]) % 100 else year(int(m[1])) + "s",
    ),
    (r"(?<![\w.,])(1[1-9]\d\d|20\d\d)(?![\w,]|\.\d)", lambda m: year(int(m[1]))),
    (r"\d+(?:\.\d+){2,}", lambda m: " point ".join(cardinal(int(part)) for part in m[0].split("."))),
    (r"(?<![\w.])[-−](?=\d)", "minus "),
    (r"(?<!\d)0\d+(?![\d.])", lambda m: _digits(m[0])),
    (_N, lambda m: f" {_plain(m[0])} "),
    (r"\s*&\s*", " and "),
    (r"\s*=\s*", " equals "),
    (r"(?<=\w)\s*\+\s*(?=\w)", " plus "),
    (r"\s*[×✕]\s*", " times "),
    (r"\s*÷\s*", " divided by "),
    (r"#(?=\w)", "hashtag "),
    (r"(?<=\w)/(?=\w)", " slash "),
    (r"%", " percent"),
    (r"[→⇒]", ", "),
    (r"_", " "),
)
_COMPILED = [(re.compile(pattern), replace) for pattern, replace in _RULES]


def written_out(text: str) -> str:
    """The text with numbers and signs in words."""
    for pattern, replace in _COMPILED:
        text = pattern.sub(replace, text)
    return re.sub(r" {2,}", " ", text).strip()
