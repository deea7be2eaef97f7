"""Where a Markdown text can be cut, so that its pieces rendered one after another look like the whole."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_FENCE = re.compile(r"^\s{0,3}(`{3,}(?=[^`\n]*$)|~{3,})", re.MULTILINE)
_CLOSING = re.compile(r"^\s{0,3}(`{3,}|~{3,})\s*$")
_ITEM = re.compile(r"^(?:[-*+]|\d{1,9}[.)])\s")
_RULE = re.compile(r"^\s{0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")  # below a table's header
LONG = 1500  # characters of a code block, a table or a list after which it is cut between its lines or items
LONGEST = 2 * LONG  # of anything else


@dataclass(frozen=True)
class Cut:
    """A place between two blocks: `end` characters into the text.

    `opening` are the lines that opened the code block or the table that goes on behind it.
    """

    end: int
    opening: str = ""


def cuts(text: str, opening: str = "") -> list[Cut]:
    """All places at which `text` can be cut; `opening` is that of the code block or table it begins in, if it does.

    Blocks end at empty lines outside of code. Long code is also cut between its lines and a long table between its rows (the
    piece behind begins with `opening` again), a long list between its items, and whatever else is too long where it can be.
    """
    found: list[Cut] = []
    offset = last = 0
    in_list = False
    empty = 0  # behind the empty lines after a list
    fence = opening if _FENCE.match(opening) else ""
    table = opening if opening and not fence else ""
    before = ""
    for line in re.split(r"(?<=\n)", text):  # as Markdown has lines; str.splitlines knows many more ends
        match = _FENCE.match(line)
        if empty and line.strip():  # a list goes on behind an empty line with what is indented
            if not (in_list and (line[:1].isspace() or _ITEM.match(line))):
                found.append(Cut(empty))
                last, in_list = empty, False
            empty = 0
        if _ITEM.match(line) and not fence:
            if in_list and offset - last >= LONG:
                found.append(Cut(offset))
                last = offset
            in_list = True
        if not fence and not table and "|" in before and _RULE.match(line):
            table = before + line.rstrip("\n")
        elif table and "|" not in line:
            table = ""
        if len(line) > LONGEST and not table:
            inside = offset
            while len(line) - (inside - offset) > LONG:
                inside += _end_of_words(line[inside - offset : inside - offset + LONG])
                found.append(Cut(inside, fence))
            last = inside
        offset += len(line)
        whole = line.endswith("\n")
        if match and not fence:
            fence, table, in_list = line.rstrip("\n"), "", False
        elif _closes(line, fence):
            fence = ""
        elif whole and offset - last >= LONG and ((fence and not fence[:1].isspace()) or table):
            found.append(Cut(offset, fence or table))
            last = offset
        if whole and not fence and not table:
            if in_list and not line.strip():
                empty = offset
            elif not line.strip() or offset - last >= LONGEST:
                found.append(Cut(offset))
                last, in_list = offset, False
        before = line
    return found


def _end_of_words(text: str) -> int:
    """Where to cut the beginning of a line that is too long: behind a space or a sentence, if there is one."""
    for end in range(len(text), len(text) // 2, -1):
        if text[end - 1].isspace() or text[end - 1] in "。、":
            return end
    end = len(text) - 1
    while end > len(text) // 2 and (unicodedata.combining(text[end]) or "\u200d" in text[end - 1 : end + 1]):
        end -= 1
    return end


def _closes(line: str, fence: str) -> bool:
    opened, closing = _FENCE.match(fence), _CLOSING.match(line)
    return bool(opened and closing and closing[1][0] == opened[1][0] and len(closing[1]) >= len(opened[1]))


def reopened(text: str, opening: str) -> tuple[str, bool]:
    """A piece as a text that can be rendered by itself, and whether it begins with code that goes on.

    A table that goes on begins again with its header, as on the next page of a book.
    """
    if not opening:
        return text, False
    first, _, rest = text.partition("\n")
    if not _FENCE.match(opening):
        return f"{opening}\n{text}" if "|" in first else text, False
    if _closes(first, opening):  # the block has ended with the piece before
        return rest, False
    return f"{opening}\n{text}", True
