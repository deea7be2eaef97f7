"""Shows the messages of Notify above the composer: one at a time, closed by hand; information also by time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.icons import icon

INFO_MILLISECONDS = 8000
ACTION_MILLISECONDS = 20_000  # where there is something to decide


class Banner(QFrame):
    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._theme = theme
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setAccessibleName(tr("Message"))
        self.action = QPushButton()
        self.action.clicked.connect(self._act)
        self._function: Callable[[], None] | None = None
        self.close_button = QToolButton()
        self.close_button.setProperty("role", "plain")
        self.close_button.setToolTip(tr("Dismiss"))
        self.close_button.setAccessibleName(tr("Dismiss"))
        self.close_button.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.action)
        layout.addWidget(self.close_button)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.hide)
        theme.changed.connect(self._paint)
        self._paint()
        self.hide()

    def _paint(self) -> None:
        self.close_button.setIcon(icon("close", self._theme.tokens.muted))

    def show_message(self, kind: str, text: str, action: tuple[str, Callable[[], None]] | None) -> None:
        """Show a message in the place of the one before."""
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self.text.setText(text)
        self.action.setVisible(action is not None)
        if action is not None:
            self.action.setText(action[0])
            self._function = action[1]
        self.show()
        self._timer.stop()
        if kind == "info":
            self._timer.start(INFO_MILLISECONDS if action is None else ACTION_MILLISECONDS)

    def _act(self) -> None:
        self.hide()
        if self._function is not None:
            self._function()
