"""A Markdown text that grows while it is shown: what is rendered stays as it is, only the open end is rendered again.

A long text is rendered a piece at a time, so that the window stays free, and of a very long one only the beginning is
shown until the person asks for more. Nothing is ever fetched: images and other resources named by a text are not loaded.
"""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import (
    QColor,
    QFont,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import QWidget

from desktop.chat.markdown_blocks import Cut, cuts, with_fence
from desktop.chat.text_view import TextView
from desktop.theme import Theme

_FEATURES = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
LINE_HEIGHT = 118.0  # per cent
PIECE = 1500  # characters rendered in one turn of the event loop
SHOWN = 30_000  # characters of a text that are shown at first, and with each wish for more


class MarkdownView(TextView):
    """`append` while streaming, `set_text` for a whole text."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._rest = QTimer(self, singleShot=True, interval=0)
        self._rest.timeout.connect(self._render_piece)
        theme.changed.connect(self._recolour)
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._rest.stop()
        self._markdown = ""
        self._limit = SHOWN  # characters that are shown
        # What is rendered for good: characters of the Markdown, the code block that goes on, position in the document.
        self._frozen, self._frozen_position = Cut(0), 0
        self.rendered = 0  # characters that were rendered, to see that nothing is rendered twice

    def text(self) -> str:
        """The Markdown as it came."""
        return self._markdown

    @property
    def hidden_characters(self) -> int:
        """How much of the text is not shown until the person asks for it."""
        return max(len(self._markdown) - self._limit, 0)

    @property
    def complete(self) -> bool:
        """Whether all that is to be shown is rendered."""
        return not self._rest.isActive()

    def show_more(self) -> None:
        """Show the next part of a very long text."""
        self._limit += SHOWN
        self._render_piece()

    def set_text(self, markdown: str) -> None:
        """Show a whole text. What it has in common with the one before, up to a block's end, stays as it is."""
        if markdown == self._markdown and self._frozen.end:
            self._render_piece()
            return
        if not (self._frozen.end and markdown.startswith(self._markdown[: self._frozen.end])):
            self._frozen, self._frozen_position = Cut(0), 0
        self._markdown = markdown
        self._render_piece()

    def append(self, more: str) -> None:
        """Add to a growing text; only its open end is laid out again."""
        self._markdown += more
        self._render_piece()

    def _render_piece(self) -> None:
        """Render the next finished blocks; the open end once there is nothing before it."""
        rest = self._markdown[self._frozen.end : self._limit]
        places = cuts(rest, self._frozen.fence)
        piece = next((cut for cut in places if cut.end >= PIECE), places[-1] if places else None)
        if piece is not None and rest[: piece.end].strip():
            self._render_end(with_fence(rest[: piece.end], self._frozen.fence))
            self._frozen = Cut(self._frozen.end + piece.end, piece.fence)
            cursor = QTextCursor(self.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            self._frozen_position = cursor.position()
            rest = rest[piece.end :]
            if len(rest) > PIECE:
                self._rest.start()
                return
        self._rest.stop()
        self._render_end(with_fence(rest, self._frozen.fence))

    def _render_end(self, markdown: str) -> None:
        """Put `markdown` in the place of everything behind the frozen part."""
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.setPosition(self._frozen_position)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        if cursor.hasSelection():
            cursor.removeSelectedText()
        start = cursor.position()
        first = start + 1 if start > 0 else 0  # the block before the cut is frozen
        if markdown.strip():
            self.rendered += len(markdown)
            if start > 0:
                cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
            cursor.insertMarkdown(markdown.strip("\n"), _FEATURES)
            self._style(first)
        cursor.endEditBlock()
        self._tell()
        if markdown.strip():
            self._tidy(first)  # tables are known as such only when the edit has ended

    def _tidy(self, start: int) -> None:
        """Take out the empty lines that the importer leaves where it was not given an empty document.

        Before a list, a table or code that begins an insertion, and in the first cell of a table (Qt 6.12).
        """
        block = self.document().findBlock(start)
        if block.length() == 1 and block.textList() is None and block.next().isValid():
            cursor = QTextCursor(block)
            if cursor.currentTable() is None and not _is_code(block.blockFormat()):
                cursor.deleteChar()
        for table in self._tables(start):
            self._style_table(table)
            cell = table.cellAt(0, 0)
            first, last = cell.firstCursorPosition(), cell.lastCursorPosition()
            if first.block().length() == 1 and first.blockNumber() != last.blockNumber():
                first.deleteChar()
                first.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
                heading = QTextCharFormat()
                heading.setFontWeight(QFont.Weight.Bold)
                first.mergeCharFormat(heading)

    def _tables(self, start: int) -> list[QTextTable]:
        frames = self.document().rootFrame().childFrames()
        return [f for f in frames if isinstance(f, QTextTable) and f.lastPosition() >= start]

    # ------------------------------------------------------------ appearance

    def _style(self, start: int) -> None:
        """Line height, code background, citation tabs and table lines for what was just inserted."""
        block = self.document().findBlock(start)
        while block.isValid():
            self._style_block(block)
            block = block.next()

    def _style_table(self, table: QTextTable) -> None:
        format_ = table.format()
        format_.setBorderCollapse(True)
        format_.setBorder(1)
        format_.setBorderBrush(QColor(self._theme.tokens.line))
        format_.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        format_.setCellPadding(5)
        format_.setCellSpacing(0)
        format_.setTopMargin(2)
        format_.setBottomMargin(10)
        table.setFormat(format_)

    def _style_block(self, block: QTextBlock) -> None:
        cursor = QTextCursor(block)
        format_ = block.blockFormat()
        code = _is_code(format_)
        height = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        format_.setLineHeight(100.0 if code else LINE_HEIGHT, height)
        if code:
            follows, goes_on = (_is_code(b.blockFormat()) for b in (block.previous(), block.next()))
            format_.setBackground(QColor(self._theme.tokens.panel))
            format_.setTopMargin(0 if follows else 6)
            format_.setBottomMargin(0 if goes_on else 12)
        elif cursor.currentTable() is None:
            format_.setBottomMargin(8 if block.textList() is None else 2)
            format_.setTopMargin(0)
        cursor.setBlockFormat(format_)
        iterator = block.begin()
        while not iterator.atEnd():
            fragment = iterator.fragment()
            style = self.link_format(fragment.charFormat().anchorHref())
            if style is not None:
                part = QTextCursor(self.document())
                part.setPosition(fragment.position())
                part.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
                part.mergeCharFormat(style)
            iterator += 1

    def link_format(self, href: str) -> QTextCharFormat | None:
        """How a link of the program's own looks; None for what is none."""
        return None

    def _recolour(self) -> None:
        if self._markdown:
            text, self._markdown = self._markdown, ""
            self._frozen, self._frozen_position = Cut(0), 0
            self.set_text(text)


def _is_code(format_: QTextBlockFormat) -> bool:
    kinds = (QTextBlockFormat.Property.BlockCodeLanguage, QTextBlockFormat.Property.BlockCodeFence)
    return any(format_.hasProperty(kind) for kind in kinds)
