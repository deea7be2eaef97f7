"""The form that fills a prompt: a field for each of its variables."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.prompts import fill
from core.prompts.model import Kind, Variable, Wording
from desktop.i18n import tr, tr_n
from desktop.widgets.plain_text import PlainText

LINES_HIGH = 140  # pixels


class PromptForm(QDialog):
    """What is filled in is sent, or put into the composer to be changed first."""

    filled = Signal(dict, bool)  # the values by name; whether it is sent at once

    def __init__(self, wording: Wording, text: str = "", parent: QWidget | None = None) -> None:
        """`text` is what the person has written already: the value of the variable `text`."""
        super().__init__(parent)
        self.wording = wording
        self.setWindowTitle(wording.name)
        self.resize(600, 0)
        self._values: dict[str, Callable[[], str]] = {}
        self.fields: dict[str, QWidget] = {}
        about = QLabel(wording.about)
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setVerticalSpacing(10)
        for name, variable in fill.asked(wording).items():
            field = self._field(name, variable, text if name == fill.TEXT else "")
            field.setAccessibleName(variable.label or name)
            self.fields[name] = field
            form.addRow(variable.label or name, field)
        steps = len(wording.texts)
        self.note = QLabel(tr_n("{n} step, one after the other.", "{n} steps, one after the other.", steps))
        self.note.setProperty("role", "muted")
        self.note.setVisible(steps > 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.put_button = QPushButton(tr("Edit first"))
        self.put_button.setToolTip(tr("Put the text into your message, to change it before you send it"))
        self.put_button.clicked.connect(lambda: self._finish(send=False))
        if steps == 1:
            buttons.addButton(self.put_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.send_button = QPushButton(tr("Send"))
        self.send_button.setProperty("role", "primary")
        self.send_button.setDefault(True)
        buttons.addButton(self.send_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(lambda: self._finish(send=True))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        if wording.about:
            layout.addWidget(about)
        layout.addLayout(form)
        layout.addWidget(self.note)
        layout.addWidget(buttons)
        self._check()
        # An explanation of two lines would take the second from the room between the fields.
        self.resize(self.width(), layout.totalHeightForWidth(self.width()))
        if self.fields:
            next(iter(self.fields.values())).setFocus()

    def _field(self, name: str, variable: Variable, value: str) -> QWidget:
        start = value or variable.default
        field: QWidget
        if variable.kind is Kind.LINES:
            lines = PlainText()
            lines.setProperty("role", "field")
            lines.setFixedHeight(LINES_HIGH)
            lines.setPlainText(start)
            lines.textChanged.connect(self._check)
            self._values[name], field = lines.toPlainText, lines
        elif variable.kind is Kind.CHOICE:
            box = QComboBox()
            box.setEditable(True)  # what is offered is a beginning
            box.addItems(variable.choices)
            box.setCurrentText(start)
            box.currentTextChanged.connect(self._check)
            self._values[name], field = box.currentText, box
        elif variable.kind is Kind.NUMBER:
            number = QSpinBox()
            number.setRange(0, 1_000_000)
            number.setValue(int(start) if start.isdecimal() else 0)
            self._values[name], field = number.text, number
        elif variable.kind is Kind.SWITCH:
            on, off = (
                (*variable.choices, tr("yes"), tr("no"))[:2]
                if len(variable.choices) != 1
                else (variable.choices[0], "")
            )
            switch = QCheckBox()
            switch.setChecked(start in (on, "true"))
            self._values[name], field = (lambda: on if switch.isChecked() else off), switch
        else:
            line = QLineEdit(start)
            line.textChanged.connect(self._check)
            self._values[name], field = line.text, line
        return field

    @property
    def values(self) -> dict[str, str]:
        """What is filled in."""
        return {name: value() for name, value in self._values.items()}

    def _check(self) -> None:
        if not hasattr(self, "send_button"):
            return
        whole = not fill.missing(self.wording, self.values)
        self.send_button.setEnabled(whole)
        self.put_button.setEnabled(whole)

    def _finish(self, *, send: bool) -> None:
        if fill.missing(self.wording, self.values):
            return
        self.filled.emit(self.values, send)
        self.accept()
