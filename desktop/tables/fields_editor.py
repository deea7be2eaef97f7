"""The columns of a new table: a line each with name, kind, what belongs there or what can be chosen, and whether it is needed."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.structured.fields import Field, Kind
from desktop.i18n import tr
from desktop.tables.words import kinds
from desktop.theme import Theme
from desktop.widgets.icons import icon

_PARTS = re.compile(r"[,、，;；|｜\n]")


class _Line:
    """The widgets of one field."""

    def __init__(self, field: Field, theme: Theme) -> None:
        self.name = QLineEdit(field.name)
        self.name.setPlaceholderText(tr("Name"))
        self.name.setAccessibleName(tr("Name of the column"))
        self.kind = QComboBox()
        self.kind.setAccessibleName(tr("Kind"))
        for kind, text in kinds():
            self.kind.addItem(text, kind)
        self.kind.setCurrentIndex(self.kind.findData(field.kind))
        self.about = QLineEdit(", ".join(field.choices) if field.choices else field.about)
        self.about.setAccessibleName(tr("What belongs there"))
        self.needed = QCheckBox()
        self.needed.setToolTip(tr("Never empty: the model has to decide"))
        self.needed.setAccessibleName(tr("Never empty"))
        self.needed.setChecked(field.needed)
        self.remove = QToolButton()
        self.remove.setProperty("role", "plain")
        self.remove.setIcon(icon("close", theme.tokens.muted, 16))
        self.remove.setToolTip(tr("Remove this column"))
        self.remove.setAccessibleName(tr("Remove this column"))
        self.kind.currentIndexChanged.connect(self._hint)
        self._rest = field.about if field.choices else ""
        self._given = (self.about.text().strip(), field.choices)  # a choice may hold a comma
        self._hint()

    def _hint(self) -> None:
        choice = self.kind.currentData() is Kind.CHOICE
        self.about.setPlaceholderText(
            tr("good, bad, mixed") if choice else tr("What belongs there (optional)")
        )

    @property
    def widgets(self) -> list[QWidget]:
        return [self.name, self.kind, self.about, self.needed, self.remove]

    def field(self) -> Field:
        kind, said = Kind(self.kind.currentData()), self.about.text().strip()
        choices = [one.strip() for one in _PARTS.split(said) if one.strip()] if kind is Kind.CHOICE else []
        if kind is Kind.CHOICE and said == self._given[0]:
            choices = self._given[1]
        about = self._rest if kind is Kind.CHOICE else said
        return Field(self.name.text().strip(), kind, about, choices, self.needed.isChecked())


class FieldsEditor(QWidget):
    """Lines that come and go; `fields` is what they say."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.lines: list[_Line] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 6, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 3)
        self._grid.setColumnStretch(2, 5)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(self._grid)
        inside.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setMinimumHeight(180)
        self._area.setWidget(body)
        self.add = QPushButton(tr("Add a column"))
        self.add.clicked.connect(self._add_empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._area, 1)
        layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        for column, title in enumerate((tr("Column"), tr("Kind"), tr("What belongs there"), tr("Required"))):
            label = QLabel(title)
            label.setProperty("role", "muted")
            self._grid.addWidget(label, 0, column)

    def show_fields(self, fields: list[Field]) -> None:
        """Show these in the place of those that are there; an empty line where there are none."""
        for line in list(self.lines):
            self._remove(line)
        for field in fields or [Field("")]:
            self._add(field)

    @property
    def fields(self) -> list[Field]:
        """The fields, without lines that say nothing."""
        found = [line.field() for line in self.lines]
        return [field for field in found if field.name or field.about or field.choices]

    def _add_empty(self) -> None:
        name = self._add(Field("")).name
        name.show()  # at once: what is not shown yet takes no focus
        name.setFocus()
        QTimer.singleShot(0, name, lambda: self._area.ensureWidgetVisible(name))

    def _add(self, field: Field) -> _Line:
        line = _Line(field, self._theme)
        row = self._grid.rowCount()
        for column, widget in enumerate(line.widgets):
            self._grid.addWidget(widget, row, column)
        line.remove.clicked.connect(lambda: self._remove(line))
        for change in (line.name.textChanged, line.about.textChanged, line.kind.currentIndexChanged):
            change.connect(lambda _: self.changed.emit())
        self.lines.append(line)
        self.changed.emit()
        return line

    def _remove(self, line: _Line) -> None:
        self.lines.remove(line)
        for widget in line.widgets:
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.changed.emit()
