"""A page of a document as clean text: headings, lists, tables and code as what they are, a place in it marked."""

from __future__ import annotations

from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontDatabase,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextLength,
    QTextTableFormat,
)

from core.documents.model import Block, Kind
from desktop.theme import Tokens

ROWS = 60  # of a table that are laid out; of a longer one those around the place
_SIZES = {1: 19, 2: 17, 3: 15}


def fill(
    document: QTextDocument, text: str, blocks: list[Block], marked: tuple[int, int] | None, tokens: Tokens
) -> int:
    """Show a page's text; characters marked[0]..marked[1] of it are highlighted. Returns where they stand, -1 without."""
    document.clear()
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    writer = _Writer(cursor, text, marked, tokens)
    for block in blocks or [Block(Kind.PARAGRAPH, 0, len(text))]:
        writer.block(block)
    cursor.endEditBlock()
    return writer.place


class _Writer:
    def __init__(
        self, cursor: QTextCursor, text: str, marked: tuple[int, int] | None, tokens: Tokens
    ) -> None:
        self._cursor = cursor
        self._text = text
        self._marked = marked
        self._tokens = tokens
        self._first = True
        self.place = -1

    def block(self, block: Block) -> None:
        """Write one block."""
        if block.rows:
            self._table(block)
            return
        shape, style = QTextBlockFormat(), QTextCharFormat()
        shape.setBottomMargin(8)
        if block.kind is Kind.HEADING:
            style.setFontWeight(QFont.Weight.DemiBold)
            size = _SIZES.get(block.level, 14)
            style.setProperty(QTextCharFormat.Property.FontPixelSize, size)
            shape.setTopMargin(10)
            shape.setHeadingLevel(min(block.level, 6))
        elif block.kind is Kind.ITEM:
            shape.setLeftMargin(18 * max(block.level, 1))
            shape.setTextIndent(-12)
            shape.setBottomMargin(4)
        elif block.kind is Kind.CODE:
            style.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
            style.setProperty(QTextCharFormat.Property.FontPixelSize, 13)
            shape.setBackground(QBrush(QColor(self._tokens.panel)))
            shape.setBottomMargin(0)
        elif block.kind in (Kind.FOOTNOTE, Kind.NOTE, Kind.CAPTION):
            style.setProperty(QTextCharFormat.Property.FontPixelSize, 12)
            style.setForeground(QBrush(QColor(self._tokens.muted)))
        elif block.kind is Kind.QUOTATION:
            shape.setLeftMargin(18)
            style.setForeground(QBrush(QColor(self._tokens.muted)))
        start = block.start
        for line in self._text[block.start : block.end].split("\n"):
            self._begin(shape, style)
            self._say(start, start + len(line), style)
            start += len(line) + 1

    def _begin(self, shape: QTextBlockFormat, style: QTextCharFormat) -> None:
        if self._first:
            self._cursor.setBlockFormat(shape)
            self._cursor.setBlockCharFormat(style)
            self._first = False
        else:
            self._cursor.insertBlock(shape, style)

    def _say(self, start: int, end: int, style: QTextCharFormat) -> None:
        """Characters start..end, the marked ones highlighted."""
        first, last = self._marked or (0, 0)
        first, last = max(first, start), min(last, end)
        if first >= last:
            self._cursor.insertText(self._text[start:end], style)
            return
        lit = QTextCharFormat(style)
        lit.setBackground(QBrush(QColor(self._tokens.highlight)))
        self._cursor.insertText(self._text[start:first], style)
        if self.place < 0:
            self.place = self._cursor.position()
        self._cursor.insertText(self._text[first:last], lit)
        self._cursor.insertText(self._text[last:end], style)

    def _table(self, block: Block) -> None:
        rows = block.rows
        left_out = 0
        if len(rows) > ROWS:
            first = self._marked[0] if self._marked else block.start
            place = next((i for i, row in enumerate(rows) if row.end >= first), 0)
            begin = max(min(place - ROWS // 2, len(rows) - ROWS), 0)
            headers = [row for row in rows[:begin] if row.header]
            left_out = len(rows) - ROWS - len(headers)
            rows = [*headers, *rows[begin : begin + ROWS]]
        shape = QTextTableFormat()
        shape.setBorder(1)
        shape.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        shape.setBorderBrush(QBrush(QColor(self._tokens.line)))
        shape.setBorderCollapse(True)
        shape.setCellPadding(5)
        shape.setTopMargin(4)
        shape.setBottomMargin(10)
        shape.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        columns = max(len(row.cells) for row in rows)
        table = self._cursor.insertTable(len(rows), max(columns, 1), shape)
        self._first = False
        outside = QTextCursor(self._cursor)
        for number, row in enumerate(rows):
            style = QTextCharFormat()
            style.setProperty(QTextCharFormat.Property.FontPixelSize, 13)
            if row.header:
                style.setFontWeight(QFont.Weight.DemiBold)
            for column, (start, end) in enumerate(row.cells):
                self._cursor = table.cellAt(number, column).firstCursorPosition()
                self._say(start, end, style)
        self._cursor = outside
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        if left_out:
            said = QTextCharFormat()
            said.setForeground(QBrush(QColor(self._tokens.muted)))
            self._cursor.insertText("…", said)
