"""Plain text as somebody typed it: lines that were only wrapped go on, items and headings are told by how they are set.

A text that was filled to a width ends its lines wherever the next word did not fit. There a line's end means nothing, and a
sentence, or a Japanese word, goes on below. Everywhere else it was meant: in a poem, an address, a table of figures. What is
in doubt stays as it was typed.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from core.documents.model import Kind, Writer
from core.documents.readers.hyphens import Hyphens
from core.text.characters import JAPANESE

NARROW = 40  # columns; what was wrapped is wider
REPEATED = 4  # times: a line that stands alone as often, but for its numbers, is a running head
FILLED = 0.5  # of the width: a line this long that ends in mid-sentence goes on
LONG = 400  # columns; nobody wraps at so many
SAMPLE = 4000  # lines that are looked at for the width
TITLE = 70  # columns of a line that is a heading

_WIDE = f"{JAPANESE}\u3000-\u303f\uff01-\uff60"
_ENDS_WIDE = re.compile(f"[{_WIDE}]$")
_BEGINS_WIDE = re.compile(f"[{_WIDE}]")
_LETTER = re.compile(f"[{JAPANESE}]")
_NO_BEGINNING = "、。，．,.」』）)】〉》］]！？!?ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ・：；"
_SENTENCE_END = re.compile(r"[。！？!?：:；;」』）)】.…]$")
_GAP = re.compile(
    r"(?<=[^\s.!?:;,。、])(?:\t\s*|[ \u3000]{3,})(?=\S)|(?<=\S)\s*\|\s*(?=\S)"
)  # between the columns of a table
_SPACES = re.compile(r"(?<=\S) {2,}(?=\S)")  # lines that were filled out on both sides have them
_TERM = re.compile(r"(?:\S+(?: \S+){0,5}?)(?:\t\s*|[ \u3000]{2,})(?=\S)")  # what a hanging line was set below
_RUNNING = re.compile(r"\S {5,}\S|^ {20,}\S.*\d|\[Page \d+\]")
_DIGITS = re.compile(r"\d+")
_RULE = re.compile(r"\s*(?:[-=_*~#^＝─━―‐─]\s?){3,}$")
_BULLET = re.compile(
    r"(?P<mark>[-–*+•・‣◦▪■□●○◆◇※★☆]|\(?(?P<number>\d{1,3})[.)）]|（\d{1,3}）|[\u2460-\u2473]|\[\d{1,3}\]|\(?[a-z][.)])(?:[ \t\u3000]+|(?<=[・■□●○◆◇※★☆\u2460-\u2473）]))(?=\S)"
)
_QUOTE = re.compile(r"(?:[>|＞] ?)+")
_NUMBERED = re.compile(
    r"(?:(?:chapter|section|part|appendix)\s+)?(\d{1,2}(?:\.\d{1,2}){0,3})\.?[ \t\u3000]+\S|第[\d〇一二三四五六七八九十百]+[章節部編][ \t\u3000]*\S",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:[^\W\d]{1,10}|[A-Z][\w ]{0,20})[：:]")  # 場所：市民会館
_CAPITALS = re.compile(r"[A-Z][A-Z0-9 ,&/'’()\-]{2,}$")


def width(line: str) -> int:
    """Columns that a line takes on a terminal: two for each wide character."""
    if len(line) > LONG:
        return len(line)
    if "\t" in line:
        line = _expanded(line)
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def _expanded(line: str) -> str:
    """A line with spaces for its tabs, which go to every eighth column."""
    parts = line.split("\t")
    said = parts[0]
    for part in parts[1:]:
        said += " " * (8 - width(said) % 8) + part
    return said


def write(text: str, page: Writer) -> None:
    """Write a text without any marks of its own to a page."""
    for kind, piece, level in pieces(text):
        page.add(kind, piece, level)


def pieces(text: str) -> Iterator[tuple[Kind, str, int]]:
    """Blocks of a text in order: kind, text, and level. Lines that were only wrapped are one."""
    lines = list(_without_running_heads([line.rstrip() for line in text.split("\n")]))
    flow = Flow(lines)
    paragraph: list[str] = []
    ranks: list[str] = []  # the characters that headings are underlined with, the highest first
    for number, line in enumerate(lines):
        if line and not (len(line) <= LONG and _RULE.match(line)):
            paragraph.append(line)
            continue
        title = paragraph[-1] if paragraph and line and _underlines(paragraph[-1], line) else None
        if title is not None:
            paragraph.pop()
        yield from _paragraph(paragraph, flow, _next(lines, number))
        paragraph = []
        if title is not None:
            mark = line.strip()[0]
            if mark not in ranks:
                ranks.append(mark)
            yield Kind.HEADING, " ".join(title.split()), ranks.index(mark) + 1
    yield from _paragraph(paragraph, flow, "")


def _without_running_heads(lines: list[str]) -> Iterator[str]:
    """The lines of a text that was set in pages, without what stands at the top and bottom of each."""

    def alone(i: int) -> bool:
        """Whether a line has none beside it, or only another running head."""
        return not (i and lines[i - 1] and not found[i - 1]) and not (
            i + 1 < len(lines) and lines[i + 1] and not found[i + 1]
        )

    found = [len(line) <= LONG and bool(_RUNNING.search(line)) for line in lines]
    counts = Counter(_DIGITS.sub("0", line) for i, line in enumerate(lines) if found[i] and alone(i))
    heads = {line for line, count in counts.items() if count >= REPEATED}
    if not heads:
        yield from lines
        return
    last = ""
    blank = 0  # lines since the last one that has text
    cut = False  # whether a page ended there
    for i, line in enumerate(lines):
        if not line:
            blank += 1
        elif found[i] and alone(i) and _DIGITS.sub("0", line) in heads:
            cut = True
        else:
            goes_on = cut and not _SENTENCE_END.search(last) and line.lstrip()[:1].islower()
            yield from [""] * (0 if goes_on else blank)
            yield line
            last, blank, cut = line, 0, False


def _next(lines: list[str], number: int) -> str:
    return next((line for line in lines[number : number + 4] if line), "")


def _underlines(title: str, rule: str) -> bool:
    """Whether a rule belongs to the line above it, and does not only part two things."""
    said, drawn = width(title.strip()), width(rule.strip())
    return (
        " " not in rule.strip()
        and len(set(rule.strip())) == 1
        and 0.6 * said <= drawn <= 1.5 * said + 8
        and said <= TITLE
    )


def _paragraph(lines: list[str], flow: Flow, following: str) -> Iterator[tuple[Kind, str, int]]:
    if not lines:
        return
    if len(lines) == 1:
        level = _title(lines[0], following)
        if level:
            yield Kind.HEADING, " ".join(lines[0].split()), level
            return
    elif (
        _CAPITALS.match(lines[0]) and _indent(lines[1]) > 0
    ):  # NAME, and below it, farther in, what is said of it
        yield Kind.HEADING, lines[0], 1
        lines = lines[1:]
    rows: list[str] = []
    for is_item, joined in flow.join(lines):
        if not is_item:
            rows.append(joined)
            continue
        if rows:
            yield Kind.PARAGRAPH, "\n".join(rows), 0
            rows = []
        yield Kind.ITEM, joined.strip(), 1
    if rows:
        quoted = all(_QUOTE.match(row.lstrip()) for row in rows)
        yield Kind.QUOTATION if quoted else Kind.PARAGRAPH, "\n".join(rows), 0


def _title(line: str, following: str) -> int:
    """The level of a line that stands alone, if it is a heading; otherwise 0."""
    said = line.strip()
    if width(said) > TITLE or not following:
        return 0
    match = _NUMBERED.match(said)
    ends = _SENTENCE_END.search(said)
    if ends is not None and not (match and ends[0] in "?？"):
        return 0
    if match is not None:
        other = _NUMBERED.match(following.strip())
        # An item of a list with room between, rather: the next one follows at once.
        if other is not None and match[1] and other[1] and match[1].count(".") == other[1].count("."):
            return 0
        return 1 + (match[1] or "").count(".")
    return 1 if _CAPITALS.match(said) and sum(c.isalpha() for c in said) >= 4 else 0


def _indent(line: str) -> int:
    return width(line[: len(line) - len(line.lstrip())])


class Flow:
    """Joins the lines of one text's paragraphs."""

    def __init__(self, lines: list[str]) -> None:
        inner = [line for line, below in itertools.pairwise(lines[:SAMPLE]) if line and below]
        widths = sorted(width(line) for line in inner)
        self._usual = widths[int(0.9 * (len(widths) - 1))] if widths else 0
        self._hyphens: Hyphens | None = None
        self._lines = lines

    def joined(self, paragraph: str) -> str:
        """A paragraph with the lines that were meant."""
        return "\n".join(line for _, line in self.join(paragraph.split("\n")))

    def join(self, lines: list[str]) -> Iterator[tuple[bool, str]]:
        """The lines of a paragraph as they were before they were wrapped, each with whether it is an item of a list."""
        widths = [width(line) for line in lines]
        widest = max(widths)
        if len(lines) == 2 and self._usual <= LONG:
            widest = max(widest, int(0.85 * self._usual))
        lines = _dedented(lines)
        # Verse, or a list: each line begins with a capital, which tells nothing about the width.
        begins = [line.lstrip()[:1] for line in lines]
        verse = len(lines) > 2 and sum(c.isupper() for c in begins) > 0.7 * len(lines)
        parts, first, item = [lines[0]], lines[0], bool(_BULLET.match(lines[0].lstrip()))
        for i in range(1, len(lines)):
            above, line = lines[i - 1], lines[i]
            bullet = _begins_item(line, above, item)
            if not bullet and self._goes_on(above, line, widths[i - 1], widest, first, item, verse):
                self._put(parts, above, line)
                continue
            yield item, "".join(parts)
            parts, first, item = [line], line, bullet
        yield item, "".join(parts)

    def _goes_on(
        self, above: str, line: str, filled: int, widest: int, first: str, item: bool, verse: bool
    ) -> bool:
        """Whether a line is the end of the one above, which was `filled` to so many columns of `widest`; `first` is where the
        two begin."""
        if not NARROW <= widest <= LONG or _GAP.search(line.lstrip()):
            return False
        if _LABEL.match(first.lstrip()) and _LABEL.match(line.lstrip()):
            return False
        other = _quote(line)
        farther = _indent(line) - _indent(above)
        hangs = above is first and farther > 1 and _hangs(first, line)
        if not hangs:
            if _GAP.search(above.lstrip()) and not _hangs(first, line):
                return False
            if _quote(above).count(">") != other.count(">") and not _hangs(first, line):
                return False
            # Farther in: the first line of a paragraph, unless it hangs below an item's mark.
            if (farther > 1 and not (item and above is first)) or (farther < -1 and above is not first):
                return False
        begun = line.lstrip()[len(other) :]
        if not begun:
            return False
        wide = bool(_ENDS_WIDE.search(above)) and bool(_BEGINS_WIDE.match(begun))
        if wide:
            # The next character did not fit; marks may not begin a line, and took one with them, or hang over its end.
            if filled + 2 * (1 + sum(c in _NO_BEGINNING for c in begun[:3])) > widest - 2:
                return True
            # Broken by hand where it read well: prose ends its lines with a mark, or goes on.
            return (
                filled >= FILLED * widest and not _SENTENCE_END.search(above) and bool(_LETTER.match(begun))
            )
        if not verse and filled + 1 + width(begun.split(None, 1)[0]) > widest:
            return True
        return filled >= FILLED * widest and not _SENTENCE_END.search(above) and begun[0].islower()

    def _put(self, parts: list[str], above: str, line: str) -> None:
        """Put a line behind the one above, which `parts` ends with."""
        below = line.lstrip()[len(_quote(line)) :]
        if not _GAP.search(above.lstrip()):
            parts[-1], below = _SPACES.sub(" ", parts[-1]), _SPACES.sub(" ", below)
        if _ENDS_WIDE.search(above) and _BEGINS_WIDE.match(below):
            pass
        elif above.endswith("-") and above[-2:-1].isalpha() and below[:1].isalpha():
            if not self._stays(above[:-1], below):
                parts[-1] = parts[-1][:-1]
        else:
            parts.append(" ")
        parts.append(below)

    def _stays(self, before: str, after: str) -> bool:
        if self._hyphens is None:
            self._hyphens = Hyphens()
            for line in self._lines:
                self._hyphens.learn(line.removesuffix("-"))
        return self._hyphens.stays(before, after)


def _dedented(lines: list[str]) -> list[str]:
    """The lines of a paragraph without the margin that all of them have."""
    if any("\t" in line for line in lines):
        lines = [_expanded(line) if len(line) <= LONG else line for line in lines]
    margin = min(len(line) - len(line.lstrip(" ")) for line in lines)
    return [line[margin:] for line in lines]


def _hangs(first: str, line: str) -> bool:
    """Whether a line was set below the text that follows a mark or a term at the beginning of `first`."""
    said = first.lstrip()
    match = _QUOTE.match(said) or _BULLET.match(said) or _TERM.match(said)
    return match is not None and abs(_indent(line) - _indent(first) - width(match[0])) <= 1


def _quote(line: str) -> str:
    match = _QUOTE.match(line.lstrip())
    return match[0] if match else ""


def _begins_item(line: str, above: str, in_item: bool) -> bool:
    """Whether a line is an item of its own, and not a number or a dash to which a sentence came by chance."""
    match = _BULLET.match(line.lstrip())
    if match is None:
        return False
    return in_item or bool(_SENTENCE_END.search(above)) or match["mark"] in "•・‣◦▪■□●○◆◇※★☆"
