"""A conversation as a PDF: the page that core writes as HTML, set on A4 by Qt. Runs on a job's thread; nothing is shown."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from core.chat.conversation import Conversation, Message
from core.portability import html

MARGIN = 0.0  # millimetres; QTextDocument keeps two centimetres of its own, with the page number in them
DOTS = 150  # an inch: what Qt lays out with; letters and formulas are outlines
# What Qt's rich text knows of CSS; the page's own style is for browsers.
STYLE = """
body { font-size: 10.5pt; color: #1d1d1f; } h1 { font-size: 16pt; }
.h3 { font-size: 13pt; font-weight: 600; margin-top: 12px; } .h4, .h5, .h6 { font-size: 11.5pt; font-weight: 600; margin-top: 10px; }
.made, .who, .sources, figcaption, details { color: #6b6b70; font-size: 9pt; } .who { font-weight: 600; margin-top: 14px; }
.question { background-color: #f1f3f5; white-space: pre-wrap; } blockquote { color: #55565a; margin-left: 20px; }
pre { background-color: #f6f7f8; font-size: 9pt; white-space: pre-wrap; } code { font-family: monospace; }
table { border-collapse: collapse; } th, td { border: 1px solid #d5d8dc; padding: 3px 6px; } a { color: #2457c5; }
"""
# Qt gives headings sizes of its own, whatever the style says.
_HEADING = re.compile("<(/?)h([3-6])>")


def page(
    font: QFont, draw: html.Draw | None, picture: Callable[[str], bytes | None] = lambda _: None
) -> html.Written:
    """Writes conversations in this typeface, with drawings of formulas."""

    def write(conversation: Conversation, branch: list[Message]) -> bytes:
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QPdfWriter(buffer)
        writer.setResolution(DOTS)
        writer.setTitle(conversation.title)
        writer.setCreator("Tsukue")
        writer.setPageLayout(
            QPageLayout(
                QPageSize(QPageSize.PageSizeId.A4),
                QPageLayout.Orientation.Portrait,
                QMarginsF(MARGIN, MARGIN, MARGIN, MARGIN),
                QPageLayout.Unit.Millimeter,
            )
        )
        document = QTextDocument()
        document.setDefaultFont(font)
        page = html.page(conversation, branch, draw, style=STYLE, picture=picture, paged=True)
        document.setHtml(_HEADING.sub(lambda tag: "</p>" if tag[1] else f'<p class="h{tag[2]}">', page))
        document.print_(writer)
        writer.deleteLater()
        buffer.close()
        return bytes(data.data())

    return write
