"""A Markdown text that grows while it is shown: finished blocks are frozen, only the open one is rendered again.

Nothing is ever fetched: images and other resources named by a text are not loaded.
"""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument, QTextTable
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QWidget

from desktop.theme import Theme

_FEATURES = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")
LINE_HEIGHT = 118.0  # per cent


def split_open_block(text: str) -> tuple[str, str]:
    """A Markdown text as (finished blocks, the block that may still grow). Code fences are never cut."""
    cut = offset = 0
    fence = ""
    for line in text.splitlines(keepends=True):
        offset += len(line)
        match = _FENCE.match(line)
        if match and not fence:
            fence = match[1]
        elif fence and match and match[1][0] == fence[0] and len(match[1]) >= len(fence):
            fence = ""
        if not line.strip() and not fence and line.endswith("\n"):
            cut = offset
    return text[:cut], text[cut:]


class MarkdownView(QTextBrowser):
    """As tall as its text. `append` while streaming, `set_text` for a finished text."""

    link = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._markdown = ""
        self._frozen = 0  # characters of the Markdown that are rendered for good
        self._frozen_position = 0  # where the open block begins in the document
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setOpenLinks(False)
        self.document().setDocumentMargin(0)
        self.document().setUndoRedoEnabled(False)
        self.document().documentLayout().documentSizeChanged.connect(lambda _: self._fit())
        self.anchorClicked.connect(lambda url: self.link.emit(url.toString()))
        theme.changed.connect(self._recolour)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        return None  # a text must not make the program fetch anything

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def text(self) -> str:
        """The Markdown as it came."""
        return self._markdown

    def set_text(self, markdown: str) -> None:
        """Show a whole text."""
        self._markdown = markdown
        self._frozen = self._frozen_position = 0
        self.document().clear()
        self._render_open(markdown)

    def append(self, more: str) -> None:
        """Add to a growing text; only its last block is laid out again."""
        self._markdown += more
        finished, open_block = split_open_block(self._markdown[self._frozen :])
        if finished.strip():
            self._render_open(finished)
            self._frozen += len(finished)
            cursor = QTextCursor(self.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            self._frozen_position = cursor.position()
        self._render_open(open_block)

    def _render_open(self, markdown: str) -> None:
        """Put `markdown` in the place of everything behind the frozen part."""
        document = self.document()
        cursor = QTextCursor(document)
        cursor.beginEditBlock()
        cursor.setPosition(self._frozen_position)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        start = cursor.position()
        if markdown.strip():
            if start > 0:
                cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
            cursor.insertMarkdown(markdown.strip("\n"), _FEATURES)
        self._style(start + 1 if start > 0 else 0)  # the block before the cut is frozen
        cursor.endEditBlock()

    def _style(self, start: int) -> None:
        """Line height, code background, citation tabs and table lines for what was just inserted."""
        tokens = self._theme.tokens
        document = self.document()
        block = document.findBlock(start)
        while block.isValid():
            format_ = block.blockFormat()
            format_.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            cursor = QTextCursor(block)
            if cursor.currentTable() is None and not format_.hasProperty(
                QTextBlockFormat.Property.BlockCodeLanguage
            ):
                format_.setBottomMargin(8 if block.textList() is None else 2)
                format_.setTopMargin(0)
            elif format_.hasProperty(QTextBlockFormat.Property.BlockCodeLanguage):
                format_.setBackground(QColor(tokens.panel))
            cursor.setBlockFormat(format_)
            iterator = block.begin()
            while not iterator.atEnd():
                fragment = iterator.fragment()
                href = fragment.charFormat().anchorHref()
                if href.startswith("tsukue:"):
                    style = QTextCharFormat()
                    warned = href.startswith("tsukue:unsupported")
                    style.setForeground(QColor(tokens.warning if warned else tokens.accent))
                    style.setBackground(QColor(tokens.panel if warned else tokens.soft_accent))
                    style.setFontUnderline(False)
                    style.setFontWeight(600)
                    style.setProperty(QTextCharFormat.Property.FontPixelSize, 12)
                    part = QTextCursor(document)
                    part.setPosition(fragment.position())
                    part.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
                    part.mergeCharFormat(style)
                iterator += 1
            block = block.next()
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable) and frame.lastPosition() >= start:
                table = frame.format()
                table.setBorder(0)
                table.setCellPadding(5)
                table.setCellSpacing(0)
                frame.setFormat(table)

    def _recolour(self) -> None:
        if self._markdown:
            self.set_text(self._markdown)

    def _fit(self) -> None:
        height = int(self.document().size().height()) + 2
        if height != self.height():
            self.setFixedHeight(height)
