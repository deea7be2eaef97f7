"""The list of conversations as it is painted: rows of one height, of which only those on the screen are looked at.

A QListView asks its model for every row whenever one comes or goes, which at 20,000 rows stops the window for a tenth of
a second. Here a row's place is its number times its height. It stays a QListView for what else that gives: keys, selection
and what screen readers are told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
)
from PySide6.QtGui import QColor, QCursor, QFont, QPainter, QRegion
from PySide6.QtWidgets import QAbstractItemView, QListView

from desktop.chat.conversation_model import ConversationModel, Mark, Role
from desktop.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

Index = QModelIndex | QPersistentModelIndex
ROW, TALL = 38, 56  # pixels; with the words that a search has found


class ConversationList(QListView):
    """Headings and conversations; a click or Enter opens one."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._row = ROW
        self.setObjectName("conversations")
        self.setMouseTracking(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QListView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        theme.changed.connect(self.viewport().update)

    # ------------------------------------------------------------ where rows are

    def _rows(self) -> int:
        model = self.model()
        return model.rowCount() if model is not None else 0

    def reset(self) -> None:
        """Other rows, which may have another height."""
        model = self.model()
        self._row = TALL if isinstance(model, ConversationModel) and model.has_excerpts else ROW
        super().reset()

    def doItemsLayout(self) -> None:
        QAbstractItemView.doItemsLayout(self)  # QListView's own would go through all rows

    def updateGeometries(self) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setSingleStep(self._row)
        bar.setPageStep(height)
        bar.setRange(0, max(self._rows() * self._row - height, 0))
        QAbstractItemView.updateGeometries(self)

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(0, dy)

    def visualRect(self, index: Index) -> QRect:
        if not index.isValid():
            return QRect()
        top = index.row() * self._row - self.verticalOffset()
        return QRect(0, top, self.viewport().width(), self._row)

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = (point.y() + self.verticalOffset()) // self._row
        return self.model().index(row, 0) if 0 <= row < self._rows() else QModelIndex()

    def scrollTo(self, index: Index, hint: QListView.ScrollHint = QListView.ScrollHint.EnsureVisible) -> None:
        """Bring a row onto the screen, by no more than is needed unless a hint says where."""
        if not index.isValid():
            return
        bar, top, view = self.verticalScrollBar(), index.row() * self._row, self.viewport().height()
        highest, lowest = (
            top + self._row - view,
            top,
        )  # how far the view may be scrolled with all of it there
        if hint is QListView.ScrollHint.PositionAtTop:
            bar.setValue(lowest)
        elif hint is QListView.ScrollHint.PositionAtBottom:
            bar.setValue(highest)
        elif hint is QListView.ScrollHint.PositionAtCenter:
            bar.setValue((highest + lowest) // 2)
        else:
            bar.setValue(min(max(bar.value(), highest), lowest))

    # ------------------------------------------------------------ keys and selection

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """The conversation that a key leads to; headings are passed over."""
        actions, last = QAbstractItemView.CursorAction, self._rows() - 1
        row, page = self.currentIndex().row(), max(self.viewport().height() // self._row, 1)
        target, step = {
            actions.MoveHome: (0, 1),
            actions.MoveEnd: (last, -1),
            actions.MovePageUp: (row - page, 1),
            actions.MovePageDown: (row + page, -1),
            actions.MoveUp: (row - 1, -1),
            actions.MovePrevious: (row - 1, -1),
            actions.MoveDown: (row + 1, 1),
            actions.MoveNext: (row + 1, 1),
        }.get(action, (row, 1))
        target = min(max(target, 0), last)
        while 0 <= target <= last:
            index = self.model().index(target, 0)
            if index.flags() & Qt.ItemFlag.ItemIsEnabled:
                return index
            target += step
        return self.currentIndex()

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Select the row in the middle of a rectangle; one is all that is ever selected."""
        index = self.indexAt(rect.center())
        self.selectionModel().select(QItemSelection(index, index), command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        for number in range(selection.count()):
            chosen = selection.at(number)
            first, last = self.visualRect(chosen.topLeft()), self.visualRect(chosen.bottomRight())
            region += first.united(last).intersected(self.viewport().rect())
        return region

    # ------------------------------------------------------------ painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        viewport = self.viewport()
        pointer = viewport.mapFromGlobal(QCursor.pos()) if viewport.underMouse() else QPoint(-1, -1)
        hovered, selected = self.indexAt(pointer), self.selectionModel()
        offset = self.verticalOffset()
        first = max((event.rect().top() + offset) // self._row, 0)
        last = min((event.rect().bottom() + offset) // self._row, self._rows() - 1)
        for row in range(first, last + 1):
            index = self.model().index(row, 0)
            chosen = selected is not None and selected.isSelected(index)
            self._paint_row(painter, index, chosen=chosen, hovered=index == hovered)

    def _paint_row(self, painter: QPainter, index: QModelIndex, *, chosen: bool, hovered: bool) -> None:
        """A quiet heading, or a title: on a card when chosen, with a dot for a mark."""
        tokens = self._theme.tokens
        rectangle = self.visualRect(index)
        heading, mark = index.data(Role.GROUP), index.data(Role.MARK)
        if not heading and (chosen or hovered):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.card if chosen else tokens.line))
            painter.drawRoundedRect(rectangle.adjusted(0, 2, 0, -2), 8, 8)
        font = QFont(self.font())
        font.setPixelSize(12 if heading else 14)
        font.setWeight(QFont.Weight.DemiBold if mark == Mark.UNSEEN else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(tokens.muted if heading else tokens.text))
        inner = rectangle.adjusted(10, 12 if heading else 0, -26 if mark else -10, 0)
        found = str(index.data(Role.EXCERPT) or "") if self._row == TALL else ""
        if found:
            self._paint_found(painter, inner, found, font)
            inner.setBottom(inner.top() + 32)
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        if mark:
            dot = QRect(rectangle.right() - 18, rectangle.center().y() - 3, 8, 8)
            colour = QColor(tokens.accent)
            painter.setPen(colour)
            painter.setBrush(colour if mark == Mark.UNSEEN else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(dot)

    def _paint_found(self, painter: QPainter, inner: QRect, found: str, font: QFont) -> None:
        """The words that a search has found, below the title."""
        small = QFont(font)
        small.setPixelSize(12)
        small.setWeight(QFont.Weight.Normal)
        painter.save()
        painter.setFont(small)
        painter.setPen(QColor(self._theme.tokens.muted))
        text = painter.fontMetrics().elidedText(found, Qt.TextElideMode.ElideRight, inner.width())
        line = inner.adjusted(0, 26, 0, -6)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()
