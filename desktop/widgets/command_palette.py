"""The command palette: type a few letters of what is wanted, Enter does it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.text.characters import normalise
from desktop.commands import Command
from desktop.i18n import tr

WIDTH, ROWS, ROW = 520, 10, 36  # pixels, but for the rows
_TOP = 90  # pixels below the window's upper edge


class CommandPalette(QDialog):
    """Lists commands whose names have all the words, those that begin with them first."""

    def __init__(self, commands: list[Command], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowFlags(Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self._commands = [command for command in commands if command.name]
        self.words = QLineEdit()
        self.words.setPlaceholderText(tr("What would you like to do?"))
        self.words.setAccessibleName(tr("Search commands"))
        self.words.textChanged.connect(self._fill)
        self.words.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("popup")
        self.list.setAccessibleName(tr("Commands"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._run)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.addWidget(self.words)
        layout.addWidget(self.list)
        self._fill("")
        self.setFixedWidth(WIDTH)
        corner = parent.mapToGlobal(parent.rect().topLeft())
        self.move(corner.x() + (parent.width() - WIDTH) // 2, corner.y() + _TOP)
        self.words.setFocus()

    def _fill(self, text: str) -> None:
        words = normalise(text).split()
        names = [(normalise(command.name), command) for command in self._commands]
        found = [(name, command) for name, command in names if all(word in name for word in words)]
        found.sort(key=lambda entry: not entry[0].startswith(words[0]) if words else False)
        self.list.clear()
        for _, command in found:
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, command)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, command.name)
            self.list.addItem(item)
            item.setSizeHint(QSize(0, ROW))
            self.list.setItemWidget(item, _row(command))
        if not found:
            nothing = QListWidgetItem(tr("No command has these words."))
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        self.list.setCurrentRow(0)
        self.list.setFixedHeight(min(max(len(found), 1), ROWS) * ROW + 12)
        self.adjustSize()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            count = max(self.list.count(), 1)
            match event.key():
                case Qt.Key.Key_Down:
                    self.list.setCurrentRow((self.list.currentRow() + 1) % count)
                    return True
                case Qt.Key.Key_Up:
                    self.list.setCurrentRow((self.list.currentRow() - 1) % count)
                    return True
                case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                    self._run(self.list.currentItem())
                    return True
        return super().eventFilter(watched, event)

    def _run(self, item: QListWidgetItem | None) -> None:
        command = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if command is not None:
            self.close()  # before: what it opens stands before the window, not before this
            command.run()


def _row(command: Command) -> QWidget:
    row = QWidget()
    row.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    name = QLabel(command.name)
    name.setTextFormat(Qt.TextFormat.PlainText)
    keys = QLabel(QKeySequence(command.keys).toString(QKeySequence.SequenceFormat.NativeText))
    keys.setProperty("role", "muted")
    layout = QHBoxLayout(row)
    layout.setContentsMargins(8, 0, 8, 0)
    layout.addWidget(name, 1)
    layout.addWidget(keys)
    return row
