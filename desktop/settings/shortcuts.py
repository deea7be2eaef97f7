"""The keys of all commands, each to be changed by pressing others, taken away, or given back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.commands import Command
from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets import layouts
from desktop.widgets.icons import icon

WIDTH, HEIGHT = 560, 560


class KeysField(QKeySequenceEdit):
    """Takes keys by their being pressed: with Ctrl, Alt or the like, or F1 to F35, so that typing stays typing. Escape leaves it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.clearFocus()
            return
        with_others = event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        if not with_others and not Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35:
            if key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
                self.clear()
            return
        super().keyPressEvent(event)


class ShortcutsDialog(QDialog):
    """Every change is kept at once. Keys that another command has are taken from it, and that is said."""

    changed = Signal(object)  # dict[str, str]: what is other than usual now

    def __init__(self, commands: list[Command], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self.resize(WIDTH, HEIGHT)
        self._commands = [command for command in commands if command.id and command.name]
        self._theme = theme
        self.fields: dict[str, KeysField] = {}
        self._back: dict[str, QToolButton] = {}
        grid = QGridLayout()
        grid.setColumnStretch(0, 1)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        for row, command in enumerate(self._commands):
            self._row(grid, row, command)
        said = QLabel(tr("Click a field and press the keys that you want."))
        said.setProperty("role", "muted")
        self.note = QLabel()
        self.note.setProperty("role", "warning")
        self.note.setWordWrap(True)
        self.note.hide()
        usual = QPushButton(tr("Reset all"))
        usual.clicked.connect(self._all_usual)
        close = QPushButton(tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(usual)
        buttons.addStretch()
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(said)
        layout.addWidget(layouts.scrolling(grid), 1)
        layout.addWidget(self.note)
        layout.addLayout(buttons)
        self._refresh()

    def _row(self, grid: QGridLayout, row: int, command: Command) -> None:
        name = QLabel(command.name)
        field = self.fields[command.id] = KeysField(QKeySequence(command.keys))
        field.setMaximumSequenceLength(1)
        field.setClearButtonEnabled(True)
        field.setFixedWidth(190)
        field.setAccessibleName(tr("Keys for {command}", command=command.name))
        inside = field.findChild(QLineEdit)
        if inside is not None:  # Qt's own hint is English
            inside.setPlaceholderText(tr("none"))
        field.keySequenceChanged.connect(partial(self._chosen, command))
        back = self._back[command.id] = QToolButton()
        back.setProperty("role", "plain")
        back.setIcon(icon("close", self._theme.tokens.muted, 12))
        back.setToolTip(tr("As it was: {keys}", keys=_shown(command.usual) or tr("none")))
        back.setAccessibleName(back.toolTip())
        back.clicked.connect(lambda: self.set_keys(command, command.usual))
        grid.addWidget(name, row, 0)
        grid.addWidget(field, row, 1)
        grid.addWidget(back, row, 2)

    def set_keys(self, command: Command, keys: str) -> None:
        """Give a command these keys, in Qt's notation."""
        self.fields[command.id].setKeySequence(QKeySequence(keys))

    def _chosen(self, command: Command, keys: QKeySequence) -> None:
        self.note.hide()
        taken = self._keys(command)
        for other in self._commands:
            if other is not command and taken and self._keys(other) == taken:
                self._quietly(partial(self.set_keys, other, ""))
                self.note.setText(
                    tr("{keys} belonged to “{command}”, which has no keys now.").format(
                        keys=_shown(taken), command=other.name
                    )
                )
                self.note.show()
        self._refresh()
        self.changed.emit(
            {one.id: self._keys(one) for one in self._commands if self._keys(one) != _plain(one.usual)}
        )

    def _quietly(self, change: Callable[[], None]) -> None:
        for field in self.fields.values():
            field.blockSignals(True)
        change()
        for field in self.fields.values():
            field.blockSignals(False)

    def _all_usual(self) -> None:
        def back() -> None:
            for command in self._commands:
                self.set_keys(command, command.usual)

        self._quietly(back)
        self.note.hide()
        self._refresh()
        self.changed.emit({})

    def _keys(self, command: Command) -> str:
        return self.fields[command.id].keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _refresh(self) -> None:
        for command in self._commands:
            other = self._keys(command) != _plain(command.usual)
            back = self._back[command.id]
            policy = back.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            back.setSizePolicy(policy)
            back.setVisible(other)


def _plain(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)


def _shown(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
