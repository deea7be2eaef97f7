"""A filled table as the view shows it: the name of each text, its values, what was not found there, what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont
from PySide6.QtWidgets import QComboBox, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from core.errors import from_wire
from core.structured import tables
from core.structured.fields import Field, Kind
from core.structured.found import Found
from core.structured.run import RowState, Run, RunRow
from desktop.error_text import sentence
from desktop.i18n import tr
from desktop.tables.words import words
from desktop.theme import Theme
from desktop.widgets.tips import tip

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(frozen=True)
class Cell:
    """Where a cell is: the text's number, the place of its row among that text's (from 0), and the column ('' is the text)."""

    number: int
    place: int
    column: str


class TableModel(QAbstractTableModel):
    """`corrected` tells what the person has written into a cell; whoever hears it has it stored, and `put` shows it."""

    corrected = Signal(object, object)  # a Cell, and its value

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._columns: list[str] = []
        self._fields: dict[str, Field] = {}
        self._lines: list[tuple[RunRow, int]] = []  # a text that has several rows has several lines
        self._start: dict[int, int] = {}  # by the text's number: its first line

    # ------------------------------------------------------------ content

    def show_table(self, run: Run | None, rows: list[RunRow]) -> None:
        """Show a table, or none."""
        self.beginResetModel()
        self._columns = tables.columns(run, rows) if run is not None else []
        self._fields = {field.name: field for field in run.form.fields} if run is not None else {}
        self._lines = [line for row in rows for line in _lines(row)]
        self._number()
        self.endResetModel()

    def put(self, row: RunRow) -> None:
        """Something else came of a text."""
        start = self._start.get(row.number)
        if start is None:
            return
        old = next((n for n, (one, _) in enumerate(self._lines[start:]) if one.number != row.number), None)
        count = len(self._lines) - start if old is None else old
        lines = _lines(row)
        if len(lines) > count:
            self.beginInsertRows(_ROOT, start + count, start + len(lines) - 1)
        elif len(lines) < count:
            self.beginRemoveRows(_ROOT, start + len(lines), start + count - 1)
        self._lines[start : start + count] = lines
        self._number()
        if len(lines) > count:
            self.endInsertRows()
        elif len(lines) < count:
            self.endRemoveRows()
        self.dataChanged.emit(
            self.index(start, 0), self.index(start + len(lines) - 1, self.columnCount() - 1)
        )

    def _number(self) -> None:
        self._start = {}
        for line, (row, _) in enumerate(self._lines):
            self._start.setdefault(row.number, line)

    def row_at(self, index: Index) -> RunRow | None:
        """The text of a line, with what came of it."""
        return self._lines[index.row()][0] if index.isValid() and index.row() < len(self._lines) else None

    def cell_at(self, index: Index) -> Cell:
        """Which cell that is."""
        row, place = self._lines[index.row()]
        return Cell(row.number, place, self._columns[index.column() - 1] if index.column() else "")

    def field_at(self, index: Index) -> Field | None:
        """The field of a column; None of one's own schema, and of the text."""
        return self._fields.get(self._columns[index.column() - 1]) if index.column() else None

    def found_at(self, index: Index) -> Found | None:
        """Whether the value of a cell stands in its text; None where that cannot be told."""
        row, place = self._lines[index.row()]
        if not index.column() or place >= len(row.output.found):
            return None
        return row.output.found[place].get(self._columns[index.column() - 1])

    # ------------------------------------------------------------ as a model

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 1 + len(self._columns)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if way is Qt.Orientation.Vertical:
            return str(section + 1)
        return self._columns[section - 1] if section else tr("Text")

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, place = self._lines[index.row()]
        if not index.column():
            return self._of_text(row, place, role)
        value = self._value(index)
        found = self.found_at(index)
        missing = found is not None and not found.there
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                if role == Qt.ItemDataRole.DisplayRole and row.error is not None and index.column() == 1:
                    return self._problem(row)
                shown = tables.shown(value, words())
                return f"{shown} ?" if missing and role == Qt.ItemDataRole.DisplayRole else shown
            case Qt.ItemDataRole.ForegroundRole:
                if missing or (row.error is not None and index.column() == 1):
                    return QBrush(QColor(self._theme.tokens.warning))
            case Qt.ItemDataRole.FontRole:
                if self._edited(index):
                    font = QFont()
                    font.setBold(True)
                    return font
            case Qt.ItemDataRole.ToolTipRole:
                return tip(self._tip(index, row, missing=missing))
            case Qt.ItemDataRole.SizeHintRole:
                if row.error is not None and index.column() == 1:
                    return QSize(1, 1)  # a sentence does not widen the column
            case Qt.ItemDataRole.TextAlignmentRole:
                if isinstance(value, int | float) and not isinstance(value, bool):
                    return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def _of_text(self, row: RunRow, place: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return row.label if not place else ""
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(row.label)
        if role == Qt.ItemDataRole.ForegroundRole and row.state is RowState.WAITING:
            return QBrush(QColor(self._theme.tokens.muted))
        return None

    def _tip(self, index: Index, row: RunRow, *, missing: bool) -> str:
        if row.error is not None and index.column() == 1:
            return self._problem(row)
        if missing:
            return tr("This does not stand in the text that was read. The model may have made it up.")
        if self._edited(index):
            return tr("You have changed this.")
        return tables.shown(self._value(index), words())

    def _value(self, index: Index) -> Any:
        row, place = self._lines[index.row()]
        rows = row.output.rows
        return rows[place].get(self._columns[index.column() - 1]) if place < len(rows) else None

    def _edited(self, index: Index) -> bool:
        row, place = self._lines[index.row()]
        edited = row.output.edited
        return place < len(edited) and self._columns[index.column() - 1] in edited[place]

    def _problem(self, row: RunRow) -> str:
        return sentence(from_wire(row.error.name, row.error.fields)) if row.error is not None else ""

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        row = self.row_at(index)
        if index.column() and row is not None and row.state is not RowState.WAITING:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """What the person writes; it is shown when it is stored."""
        if role != Qt.ItemDataRole.EditRole or value == self.data(index, Qt.ItemDataRole.EditRole):
            return False
        field = self.field_at(index)
        if field is not None and field.kind is Kind.YES_NO and isinstance(value, str):
            value = {words().yes: True, words().no: False}.get(value)
        self.corrected.emit(self.cell_at(index), value)
        return True


def _lines(row: RunRow) -> list[tuple[RunRow, int]]:
    return [(row, place) for place in range(max(len(row.output.rows), 1))]


class CellEditor(QStyledItemDelegate):
    """Choices, yes and no are chosen; everything else is written."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        model = index.model()
        field = model.field_at(index) if isinstance(model, TableModel) else None
        choices = _choices(field)
        if not choices:
            return super().createEditor(parent, option, index)
        box = QComboBox(parent)
        box.addItems([*choices, *([] if field is not None and field.needed else [""])])
        box.activated.connect(lambda _: self._chosen(box))
        return box

    def _chosen(self, box: QComboBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QComboBox):
            editor.setCurrentText(index.data(Qt.ItemDataRole.EditRole) or "")
        else:
            super().setEditorData(editor, index)


def _choices(field: Field | None) -> list[str]:
    if field is None:
        return []
    if field.kind is Kind.YES_NO:
        return [words().yes, words().no]
    return field.choices
