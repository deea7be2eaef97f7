"""The controls of the settings: one for each kind of setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from core.settings.kinds import Choice, Integer, Model, Number, Setting, Switch, Text
from desktop.i18n import tr
from desktop.widgets.plain_text import PlainText

TEXT_MARGINS = (8, 0, 8, 0)  # style sheets do not reach a number field's inner line
LINES_HEIGHT = 84

Show = Callable[[Any], None]  # shows a value, without telling that it has changed


class Lines(PlainText):
    """A text of several lines, taken when it is left."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        super().__init__()
        self._changed = changed
        self.setProperty("role", "field")
        self.setFixedHeight(LINES_HEIGHT)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:  # its own menu
            self._changed(self.toPlainText())


class _Wheel(QObject):
    """Scrolling past a field must not change it."""

    def eventFilter(self, field: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Wheel and isinstance(field, QWidget) and not field.hasFocus():
            event.ignore()
            return True
        return False


def make(setting: Setting[Any], changed: Callable[[Any], None]) -> tuple[QWidget, Show]:
    """A control for a setting, which calls `changed` with each new value, and what shows a value in it."""
    if isinstance(setting, Switch):
        control, show = _switch(changed)
    elif isinstance(setting, Integer):
        control, show = _integer(setting, changed)
    elif isinstance(setting, Number):
        control, show = _number(setting, changed)
    elif isinstance(setting, Choice):
        control, show = _choice([(key, _word(text)) for key, text in setting.choices.items()], changed)
    elif isinstance(setting, Model):
        control, show = _choice([], changed)
    else:
        assert isinstance(setting, Text)
        control, show = _lines(setting, changed) if setting.lines else _line(setting, changed)
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if isinstance(control, QSpinBox | QDoubleSpinBox | QComboBox):
        control.installEventFilter(_Wheel(control))
    return control, show


def _word(text: str) -> str:
    value = text
    return tr(value)


def _switch(changed: Callable[[bool], None]) -> tuple[QWidget, Show]:
    check = QCheckBox()
    check.toggled.connect(changed)

    def show(value: Any) -> None:
        with QSignalBlocker(check):
            check.setChecked(value)

    return check, show


def _integer(setting: Integer, changed: Callable[[int], None]) -> tuple[QWidget, Show]:
    number = QSpinBox()
    number.lineEdit().setTextMargins(*TEXT_MARGINS)
    number.setKeyboardTracking(False)  # a number is taken when it is whole
    number.setRange(setting.low, setting.high)
    number.setSingleStep(setting.step)
    number.setSpecialValueText(_word(setting.lowest))
    if setting.unit:
        number.setSuffix(f" {_word(setting.unit)}")
    number.valueChanged.connect(changed)

    def show(value: Any) -> None:
        with QSignalBlocker(number):
            number.setValue(value)

    return number, show


def _number(setting: Number, changed: Callable[[float], None]) -> tuple[QWidget, Show]:
    number = QDoubleSpinBox()
    number.lineEdit().setTextMargins(*TEXT_MARGINS)
    number.setKeyboardTracking(False)
    number.setRange(setting.low, setting.high)
    number.setSingleStep(setting.step)
    number.setSpecialValueText(_word(setting.lowest))
    number.valueChanged.connect(lambda value: changed(round(value, number.decimals())))

    def show(value: Any) -> None:
        with QSignalBlocker(number):
            number.setValue(value)

    return number, show


def _choice(choices: list[tuple[str, str]], changed: Callable[[str], None]) -> tuple[QWidget, Show]:
    box = QComboBox()
    box.setMinimumContentsLength(8)  # a long name must not make the row wider than the dialog
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    for key, text in choices:
        box.addItem(text, key)
    box.activated.connect(lambda: changed(box.currentData()))

    def show(value: Any) -> None:
        with QSignalBlocker(box):
            if box.findData(value) < 0:
                box.addItem(value, value)  # a model that is not there, or not yet listed
            box.setCurrentIndex(box.findData(value))

    return box, show


def _line(setting: Text, changed: Callable[[str], None]) -> tuple[QWidget, Show]:
    line = QLineEdit()
    line.setMaxLength(setting.longest)
    line.setPlaceholderText(_word(setting.empty))
    line.editingFinished.connect(lambda: changed(line.text().strip()))

    def show(value: Any) -> None:
        if line.text() != value:
            line.setText(value)
            line.setCursorPosition(0)

    return line, show


def _lines(setting: Text, changed: Callable[[str], None]) -> tuple[QWidget, Show]:
    field = Lines(changed)
    field.setPlaceholderText(_word(setting.empty))

    def show(value: Any) -> None:
        if field.toPlainText() != value:
            field.setPlainText(value)

    return field, show
