"""A sheet as a table: its rows with the names of their columns, one of them marked."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from core.documents.model import Block, Row
from desktop.i18n import tr
from desktop.theme import Theme

Index = QModelIndex | QPersistentModelIndex
WIDEST = 320  # pixels of a column at first


class _Rows(QAbstractTableModel):
    """The rows of a page's tables; nothing is copied, cells are cut out of the page's text when they are shown."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self._rows: list[Row] = []
        self._names: list[str] = []
        self._columns = 0
        self._marked = range(0)

    def show(self, text: str, rows: list[Row], marked: tuple[int, int] | None) -> None:
        self.beginResetModel()
        headers = [row for row in rows if row.header]
        self._text, self._rows = text, [row for row in rows if not row.header] or rows
        self._names = (
            [text[a:b] for a, b in headers[0].cells] if headers and headers[0] not in self._rows else []
        )
        self._columns = max((len(row.cells) for row in rows), default=0)
        lit = [
            i for i, row in enumerate(self._rows) if marked and row.start < marked[1] and row.end > marked[0]
        ]
        self._marked = range(lit[0], lit[-1] + 1) if lit else range(0)
        self.endResetModel()

    @property
    def first_marked(self) -> int:
        """The first marked row, -1 without."""
        return self._marked.start if self._marked else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._columns

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            if index.column() >= len(row.cells):
                return ""
            start, end = row.cells[index.column()]
            return self._text[start:end]
        if role == Qt.ItemDataRole.BackgroundRole and index.row() in self._marked:
            return QBrush(QColor(self._theme.tokens.highlight))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation is Qt.Orientation.Vertical:
            return str(section + 1)
        return self._names[section] if section < len(self._names) else ""


class SheetView(QTableView):
    """Shows the tables of a page that consists of them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Sheet"))
        self.setObjectName("sheet")
        self._rows = _Rows(theme, self)
        self.setModel(self._rows)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setDefaultSectionSize(28)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setResizeContentsPrecision(60)

    def show_page(self, text: str, blocks: list[Block], marked: tuple[int, int] | None) -> None:
        """Show a page's rows, the marked one in the middle."""
        self._rows.show(text, [row for block in blocks for row in block.rows], marked)
        self.resizeColumnsToContents()
        for column in range(self._rows.columnCount()):
            if self.columnWidth(column) > WIDEST:
                self.setColumnWidth(column, WIDEST)
        if self._rows.first_marked >= 0:
            self.scrollTo(
                self._rows.index(self._rows.first_marked, 0), QTableView.ScrollHint.PositionAtCenter
            )

    def marked_row(self) -> int:
        """The row that is marked, from 0; -1 without."""
        return self._rows.first_marked
