"""What stands in the way of a dialog's button, said in the dialog; and the row of its buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton

from core.errors import TsukueError
from desktop.error_text import sentence
from desktop.i18n import tr


class Problem(QLabel):
    """Is there only while it says something."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "warning")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.hide()

    def say(self, text: str) -> None:
        """Say this; '' says nothing."""
        self.setText(text)
        self.setVisible(bool(text))

    def say_error(self, error: BaseException) -> bool:
        """Say what people are told of an error; whether it is one that they are told."""
        told = isinstance(error, TsukueError)
        if told:
            self.say(sentence(error))
        return told


def buttons(dialog: QDialog, text: str, act: Callable[[], None]) -> tuple[QHBoxLayout, QPushButton]:
    """The row of a dialog's buttons: Cancel, and one that does what the dialog is for."""
    cancel = QPushButton(tr("Cancel"))
    cancel.clicked.connect(dialog.reject)
    go = QPushButton(text)
    go.setProperty("role", "primary")
    go.setDefault(True)
    go.clicked.connect(lambda _=False: act())
    row = QHBoxLayout()
    row.addStretch()
    row.addWidget(cancel)
    row.addWidget(go)
    return row, go
