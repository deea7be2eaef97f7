"""A read-only text as tall as its content, painted by itself.

A QTextBrowser is six widgets, each of which the style sheet goes through: a transcript made of them stutters. This is
one, and leaves selecting to whoever lays several of them out (desktop/chat/selection.py).
"""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QContextMenuEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from desktop.theme import Theme


class Selecting(Protocol):
    """Whoever selects in texts: told of the mouse in one of them, at a position of the text."""

    def press(self, view: TextView, event: QMouseEvent) -> None: ...
    def move(self, view: TextView, event: QMouseEvent) -> None: ...
    def release(self, view: TextView, event: QMouseEvent) -> None: ...
    def menu(self, view: TextView, point: QPoint) -> None: ...


class _Document(QTextDocument):
    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        return None  # a text must not make the program fetch anything


class TextView(QWidget):
    """Plain text, until a subclass renders it otherwise. `select` and `set_highlights` colour parts of it."""

    height_changed = Signal()
    link = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, muted: bool = False) -> None:
        super().__init__(parent)
        self._theme = theme
        self._muted = muted
        self.selecting: Selecting | None = None
        self._pressed_link = ""
        self._selection: tuple[int, int] = (0, 0)
        self._highlights: list[tuple[QTextCursor, QTextCharFormat]] = []
        self._document = _Document(self)
        self._document.setUndoRedoEnabled(False)
        self._document.setDocumentMargin(0)
        self._document.setDefaultFont(QApplication.font())
        self._document.documentLayout().documentSizeChanged.connect(lambda _: self._fit())
        self._document.documentLayout().update.connect(lambda *_: self.update())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.IBeamCursor)

    # ------------------------------------------------------------ content

    def document(self) -> QTextDocument:
        """What is shown."""
        return self._document

    def reset(self) -> None:
        """Show nothing, as at first."""
        self._selection, self._highlights, self._pressed_link = (0, 0), [], ""
        if not self._document.isEmpty():
            self._document.clear()

    def setPlainText(self, text: str) -> None:
        """Show a text as it is."""
        self._document.setPlainText(text)
        self._selection = (0, 0)
        self._tell()

    def append_plain(self, text: str) -> None:
        """Add to a plain text."""
        cursor = QTextCursor(self._document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)
        self._tell()

    def toPlainText(self) -> str:
        """What is shown, without its looks."""
        return self._document.toPlainText()

    def _tell(self) -> None:
        """Screen readers read the description."""
        self.setAccessibleDescription(self.toPlainText()[:10_000])

    # ------------------------------------------------------------ size

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def lay_out(self, width: int) -> None:
        """Take this width at once, also while hidden."""
        if self.width() != width:
            self.resize(width, self.height())
        if self._document.textWidth() != width:
            self._document.setTextWidth(width)
        self._fit()

    def _fit(self) -> None:
        height = int(self._document.size().height()) + 2
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)
            self.height_changed.emit()

    # ------------------------------------------------------------ painting

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        context = QAbstractTextDocumentLayout.PaintContext()
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Text, QColor(tokens.muted if self._muted else tokens.text))
        context.palette = palette
        context.clip = QRectF(event.rect())
        marked = list(self._highlights)
        if self._selection[0] != self._selection[1]:
            chosen = QTextCharFormat()
            chosen.setBackground(QColor(tokens.accent))
            chosen.setForeground(QColor(tokens.on_accent))
            marked.append((self._cursor(*self._selection), chosen))
        selections = []
        for cursor, style in marked:
            selection = QAbstractTextDocumentLayout.Selection()
            selection.cursor = cursor
            selection.format = style
            selections.append(selection)
        context.selections = selections
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        painter.save()
        self.paint_behind(painter, context.clip)
        painter.restore()
        self._document.documentLayout().draw(painter, context)

    def paint_behind(self, painter: QPainter, clip: QRectF) -> None:
        """Paint what stands behind the text."""

    def set_highlights(self, highlights: list[tuple[QTextCursor, QTextCharFormat]]) -> None:
        """Show parts of the text in other colours."""
        self._highlights = highlights
        self.update()

    # ------------------------------------------------------------ places and selection

    @property
    def length(self) -> int:
        """Positions in the text, as Qt counts."""
        return self._document.characterCount() - 1

    def position_at(self, point: QPoint) -> int:
        """The position in the text nearest to a point of this widget."""
        fuzzy = Qt.HitTestAccuracy.FuzzyHit
        return max(self._document.documentLayout().hitTest(QPointF(point), fuzzy), 0)

    def top_of(self, cursor: QTextCursor) -> int:
        """How many pixels from the top a place stands."""
        block = cursor.block()
        layout = block.layout()
        top = self._document.documentLayout().blockBoundingRect(block).top()
        line = layout.lineForTextPosition(cursor.position() - block.position())
        return int(top + (line.y() if line.isValid() else 0))

    def select(self, start: int, end: int) -> None:
        """Colour from one position to another as selected; the same twice selects nothing."""
        wanted = (min(start, self.length), min(end, self.length))
        if wanted != self._selection:
            self._selection = wanted
            self.update()

    @property
    def selection(self) -> tuple[int, int]:
        """The positions between which the text is selected."""
        return self._selection

    def word_at(self, position: int) -> tuple[int, int]:
        """Where the word at a position begins and ends."""
        return self._around(position, QTextCursor.SelectionType.WordUnderCursor)

    def paragraph_at(self, position: int) -> tuple[int, int]:
        """Where the paragraph at a position begins and ends."""
        return self._around(position, QTextCursor.SelectionType.BlockUnderCursor)

    def _around(self, position: int, kind: QTextCursor.SelectionType) -> tuple[int, int]:
        cursor = self._cursor(position, position)
        cursor.select(kind)
        return cursor.selectionStart(), cursor.selectionEnd()

    def _cursor(self, start: int, end: int) -> QTextCursor:
        cursor = QTextCursor(self._document)
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def selected_text(self) -> str:
        """The selected part as plain text."""
        text = self._cursor(*self._selection).selectedText()
        return (
            text.replace("\u2029", "\n").replace("\u2028", "\n").replace("\ufdd0", "").replace("\ufdd1", "")
        )

    # ------------------------------------------------------------ the mouse

    def _link_at(self, event: QMouseEvent) -> str:
        return self._document.documentLayout().anchorAt(event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_link = self._link_at(event)
            if self.selecting is not None:
                self.selecting.press(self, event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            if self.selecting is not None:
                self.selecting.move(self, event)
        else:
            over = bool(self._link_at(event))
            self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.IBeamCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.selecting is not None:
            self.selecting.release(self, event)
        link, self._pressed_link = self._pressed_link, ""
        nothing = self._selection[0] == self._selection[1]
        if link and nothing and link == self._link_at(event):
            self.link.emit(link)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.selecting is not None:
            self.selecting.menu(self, event.globalPos())
