"""Plain text as a part of Markdown, such that none of it is read as Markdown."""

from __future__ import annotations

import re

_INLINE = re.compile(r"[\\`*\[\]<~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_OPENS = re.compile(r"^(?:[-+>#]|\d{1,9}(?=[.)](?:\s|$)))")


def literal(text: str) -> str:
    """A text in one line, for the inside of a line."""
    return _INLINE.sub(lambda found: f"\\{found[0]}", " ".join(text.split()))


def literal_line(text: str) -> str:
    """A text in one line, for the beginning of a line or an item too: it opens no list, heading or quote."""
    line = literal(text)
    opens = _OPENS.match(line)
    if opens is None:
        return line
    return f"{opens[0]}\\{line[opens.end() :]}" if opens[0].isdigit() else f"\\{line}"
