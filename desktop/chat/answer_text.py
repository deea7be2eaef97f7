"""The text of an answer: Markdown with a small tab behind each sentence that was checked, and pages that open."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from PySide6.QtGui import QColor, QTextCharFormat

from core.chat.conversation import Link, Mark
from desktop.chat.markdown_view import MarkdownView

# Links of this scheme are ours alone: a text that a model wrote cannot know it, and so cannot pass for checked.
SCHEME = f"tsukue-{secrets.token_hex(8)}"


class AnswerText(MarkdownView):
    """Markdown with the tabs of checked sentences."""

    def link_format(self, href: str) -> QTextCharFormat | None:
        if not href.startswith(SCHEME):
            return None
        if ":place/" in href:
            return None  # as any link
        tokens = self._theme.tokens
        warned = href.endswith("unsupported")
        style = QTextCharFormat()
        style.setForeground(QColor(tokens.warning if warned else tokens.accent))
        style.setBackground(QColor(tokens.panel if warned else tokens.soft_accent))
        style.setFontUnderline(False)
        style.setFontWeight(600)
        style.setProperty(QTextCharFormat.Property.FontPixelSize, 12)
        return style


def with_tabs(text: str, marks: list[Mark], links: Sequence[Link] = ()) -> str:
    """The Markdown with a small tab behind each checked sentence, and pages that can be opened."""
    changes = [(mark.end, mark.end, _tab(mark)) for mark in marks]
    changes += [
        (link.start, link.end, f"[{text[link.start : link.end]}]({SCHEME}:place/{number})")
        for number, link in enumerate(links)
    ]
    for start, end, put in sorted(changes, reverse=True):
        text = f"{text[:start]}{put}{text[end:]}"
    return text


def _tab(mark: Mark) -> str:
    if mark.marker is None:
        return f"\u202f[\u202f?\u2009]({SCHEME}:unsupported)"
    near = "≈" if mark.implied else ""
    return f"\u202f[\u202f{near}{mark.marker}\u2009]({SCHEME}:cite/{mark.marker})"
