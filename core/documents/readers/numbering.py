"""What stands before the paragraphs of a Word document without being written in them: numbers of lists and headings, and
which styles are headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from core.documents.readers.packages import attribute, local

_HEADING = re.compile(r"(?i)^heading (\d)")
_IROHA = "いろはにほへとちりぬるをわかよたれそつねならむうゐのおくやまけふこえてあさきゆめみしゑひもせす"
_AIUEO = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_DIGITS = "〇一二三四五六七八九"


@dataclass(frozen=True)
class Style:
    """A paragraph style: its name, its level as a heading (0: none, 1: a title, 2: the highest heading), its list."""

    name: str
    level: int
    list: str | None
    list_level: int


@dataclass(frozen=True)
class Label:
    """What stands before a paragraph of a list ('' for a bullet), and how deep it is (from 0)."""

    text: str
    level: int


def child(element: Any, name: str) -> Any:
    """The first child of this name; None without one, or without an element."""
    if element is None:
        return None
    return next((c for c in element if local(c) == name), None)


def value(element: Any, name: str) -> str | None:
    """The value of a child of this name."""
    found = child(element, name)
    return attribute(found, "val") if found is not None else None


class Styles:
    """The paragraph styles of a document, each with what it takes over from others."""

    def __init__(self, part: Any) -> None:
        self._elements: dict[str, Any] = {}
        self._default = ""
        self._made: dict[str, Style] = {}
        for element in part if part is not None else ():
            if local(element) == "style" and attribute(element, "type", "paragraph") == "paragraph":
                number = attribute(element, "styleId")
                self._elements[number] = element
                if attribute(element, "default") in ("1", "true"):
                    self._default = number

    def of(self, properties: Any) -> Style | None:
        """The style of a paragraph with these properties."""
        return self._style(value(properties, "pStyle") or self._default)

    def _style(self, number: str) -> Style | None:
        if number not in self._elements:
            return None
        if number not in self._made:
            self._made[number] = self._make(number)
        return self._made[number]

    def _make(self, number: str) -> Style:
        name, level, numbers, depth = "", -1, None, 0
        seen: set[str] = set()
        while number in self._elements and number not in seen:
            seen.add(number)
            element = self._elements[number]
            own = value(element, "name") or ""
            name = name or own
            properties = child(element, "pPr")
            outline = value(properties, "outlineLvl")
            heading = _HEADING.match(own)
            if level < 0 and outline is not None and outline.isdecimal():
                level = int(outline) + 2 if int(outline) < 9 else 0
            elif level < 0 and (heading or own.lower() == "title"):
                level = int(heading[1]) + 1 if heading else 1
            listed = child(properties, "numPr")
            if numbers is None and listed is not None:
                numbers = value(listed, "numId")
                depth = _number(value(listed, "ilvl"))
            number = value(element, "basedOn") or ""
        return Style(name, max(level, 0), numbers, depth)


@dataclass(frozen=True)
class _Level:
    format: str
    text: str
    start: int


class Numbering:
    """Counts the lists of a document as its paragraphs are read."""

    def __init__(self, part: Any) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}  # by list
        self._shared: dict[
            str, str
        ] = {}  # lists that go on counting one another: by list, what they count in
        self._counts: dict[str, dict[int, int]] = {}
        abstract: dict[str, Any] = {}
        for element in part if part is not None else ():
            if local(element) == "abstractNum":
                abstract[attribute(element, "abstractNumId")] = element
        for element in part if part is not None else ():
            if local(element) == "num":
                number = attribute(element, "numId")
                base = value(element, "abstractNumId") or ""
                levels = _levels(abstract.get(base))
                restarted = False
                for override in element:
                    if local(override) == "lvlOverride":
                        depth = _number(attribute(override, "ilvl"))
                        levels |= _levels(override)
                        start = value(override, "startOverride")
                        if start is not None and depth in levels:
                            old = levels[depth]
                            levels[depth] = _Level(old.format, old.text, _number(start, 1))
                            restarted = True
                self._levels[number] = levels
                self._shared[number] = f"list {number}" if restarted else f"base {base}"

    def label(self, properties: Any, style: Style | None) -> Label | None:
        """What stands before the next paragraph, which has these properties; None where it is in no list."""
        listed = child(properties, "numPr")
        number = value(listed, "numId")
        depth = _number(value(listed, "ilvl"), style.list_level if style is not None else 0)
        if number is None and style is not None:
            number = style.list
        if number is None or number == "0" or number not in self._levels:
            return None
        levels = self._levels[number]
        level = levels.get(depth)
        if level is None:
            return None
        counts = self._counts.setdefault(self._shared[number], {})
        counts[depth] = counts[depth] + 1 if depth in counts else level.start
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]
        if level.format in ("bullet", "none"):
            return Label("", depth)

        def one(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            other = levels.get(place, level)
            return _written(counts.get(place, other.start), other.format)

        return Label(re.sub(r"%(\d)", one, level.text).strip(), depth)


def _levels(element: Any) -> dict[int, _Level]:
    found = {}
    for entry in element if element is not None else ():
        if local(entry) == "lvl":
            found[_number(attribute(entry, "ilvl"))] = _Level(
                value(entry, "numFmt") or "decimal",
                value(entry, "lvlText") or "",
                _number(value(entry, "start"), 1),
            )
    return found


def _number(text: str | None, default: int = 0) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 7 else default


def _written(count: int, kind: str) -> str:
    """A number as a list's format has it."""
    if count < 1:
        return str(count)
    match kind:
        case "lowerLetter" | "upperLetter":
            text = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
            return text.upper() if kind == "upperLetter" else text
        case "lowerRoman" | "upperRoman":
            return _roman(count) if kind == "upperRoman" else _roman(count).lower()
        case "decimalZero":
            return f"{count:02}"
        case "decimalFullWidth" | "decimalFullWidth2":
            return str(count).translate({ord("0") + i: chr(ord("０") + i) for i in range(10)})
        case "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" if count <= 20:
            return chr(ord("①") + count - 1)
        case (
            "japaneseCounting"
            | "chineseCounting"
            | "japaneseLegal"
            | "chineseCountingThousand"
            | "taiwaneseCountingThousand"
        ):
            return _counted(count)
        case "ideographDigital" | "japaneseDigitalTenThousand" | "taiwaneseCounting":
            return "".join(_DIGITS[int(digit)] for digit in str(count))
        case "aiueo" | "aiueoFullWidth":
            return _AIUEO[(count - 1) % len(_AIUEO)]
        case "iroha" | "irohaFullWidth":
            return _IROHA[(count - 1) % len(_IROHA)]
    return str(count)


def _roman(count: int) -> str:
    text = ""
    for amount, letters in ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
                            (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):  # fmt: skip
        text += letters * (count // amount)
        count %= amount
    return text


def _counted(count: int) -> str:
    """In Chinese numerals, as far as lists go: 二十三."""
    if count >= 100:
        return "".join(_DIGITS[int(digit)] for digit in str(count))
    tens, ones = divmod(count, 10)
    text = ("" if tens == 1 else _DIGITS[tens]) + "十" if tens else ""
    return text + (_DIGITS[ones] if ones else "")
