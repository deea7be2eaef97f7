"""The chats of an export as rows of a table, each with a box: which of them come in."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from core.portability.importing import Entry, Standing
from desktop.i18n import tr

Index = QModelIndex | QPersistentModelIndex
TITLE, PROJECT, DATE, MESSAGES, STANDING = range(5)
_ROOT = QModelIndex()


class EntriesModel(QAbstractTableModel):
    """`wanted` are the names of the chats whose boxes are ticked; those that are here already have none."""

    changed = Signal()  # which are wanted

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all: list[Entry] = []
        self._rows: list[Entry] = []
        self.wanted: set[str] = set()

    def show_entries(self, entries: list[Entry]) -> None:
        """These can come in; all that is new is ticked."""
        self.beginResetModel()
        self._all = self._rows = sorted(entries, key=lambda entry: -entry.changed)
        self.wanted = {entry.uid for entry in entries if entry.standing is not Standing.HERE}
        self.endResetModel()
        self.changed.emit()

    def filter(self, words: str) -> None:
        """Show only rows in whose title or project these words occur."""
        wanted = words.casefold().split()
        self.beginResetModel()
        self._rows = [
            entry
            for entry in self._all
            if all(word in f"{entry.title} {entry.project}".casefold() for word in wanted)
        ]
        self.endResetModel()

    def tick_all(self, ticked: bool) -> None:
        """Tick the boxes of all rows that are shown, or none of them."""
        names = {entry.uid for entry in self._rows if entry.standing is not Standing.HERE}
        self.wanted = self.wanted | names if ticked else self.wanted - names
        self.dataChanged.emit(self.index(0, TITLE), self.index(max(len(self._rows) - 1, 0), TITLE))
        self.changed.emit()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 5

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and way is Qt.Orientation.Horizontal:
            return (tr("Chat"), tr("Project"), tr("Last changed"), tr("Messages"), tr("State"))[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(entry, index.column())
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == TITLE:
            return entry.title
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == MESSAGES:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == TITLE:
            if entry.standing is Standing.HERE:
                return None
            ticked = entry.uid in self.wanted
            return Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
        return None

    def _text(self, entry: Entry, column: int) -> str:
        match column:
            case 0:
                return entry.title or tr("New chat")
            case 1:
                return entry.project
            case 2:
                return time.strftime("%Y-%m-%d", time.localtime(entry.changed)) if entry.changed else "–"
            case 3:
                return f"{entry.messages:,}"
        return {
            Standing.NEW: tr("new"),
            Standing.GROWN: tr("has new messages"),
            Standing.HERE: tr("already here"),
        }[entry.standing]

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not self.flags(index) & Qt.ItemFlag.ItemIsUserCheckable:
            return False
        entry = self._rows[index.row()]
        if Qt.CheckState(value) is Qt.CheckState.Checked:
            self.wanted.add(entry.uid)
        else:
            self.wanted.discard(entry.uid)
        self.dataChanged.emit(index, index)
        self.changed.emit()
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        here = index.isValid() and self._rows[index.row()].standing is Standing.HERE
        if here:
            return Qt.ItemFlag.ItemIsSelectable
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == TITLE else flags
