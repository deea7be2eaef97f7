"""Where a Markdown text can be cut, so that its pieces rendered one after another look like the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"^(?:[-*+]|\d{1,9}[.)])\s")
LONG = 1500  # characters of a code block or a list after which it is cut between its lines or items


@dataclass(frozen=True)
class Cut:
    """A place between two blocks: `end` characters into the text; `fence` opens the code block that goes on behind it."""

    end: int
    fence: str = ""


def cuts(text: str, fence: str = "") -> list[Cut]:
    """All places at which `text` can be cut; `fence` is the line that opened the code block it begins in, if it does.

    Blocks end at empty lines outside of code. A long code block is also cut between its lines (the piece behind begins
    with `fence` again), a long list between its items.
    """
    found: list[Cut] = []
    offset = last = 0
    in_list = False
    for line in text.splitlines(keepends=True):
        match = _FENCE.match(line)
        if _ITEM.match(line) and not fence:
            if in_list and offset - last >= LONG:
                found.append(Cut(offset))
                last = offset
            in_list = True
        offset += len(line)
        whole = line.endswith("\n")
        if match and not fence:
            fence = line.rstrip("\n")
            in_list = False
        elif match and _closes(match[1], fence):
            fence = ""
        elif fence and whole and not fence[:1].isspace() and offset - last >= LONG:
            found.append(Cut(offset, fence))
            last = offset
        if whole and not line.strip() and not fence:
            found.append(Cut(offset))
            last = offset
            in_list = False
    return found


def _closes(marks: str, fence: str) -> bool:
    opened = _FENCE.match(fence)
    return opened is not None and marks[0] == opened[1][0] and len(marks) >= len(opened[1])


def with_fence(text: str, fence: str) -> str:
    """A piece that begins inside a code block, as a text that can be rendered by itself."""
    if not fence:
        return text
    first, _, rest = text.partition("\n")
    match = _FENCE.match(first)
    if match and _closes(match[1], fence):  # the block has ended with the piece before
        return rest
    return f"{fence}\n{text}"
