"""Switches between the versions of a message: the answers to a question, or its wordings."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.icons import icon


class Versions(QWidget):
    """Two arrows around "2/3". Hidden where there is only one version."""

    chosen = Signal(int)  # the id of the message to show

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.previous, self.next = QToolButton(), QToolButton()
        self.label = QLabel()
        self.label.setProperty("role", "muted")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for button, text in ((self.previous, tr("Previous version")), (self.next, tr("Next version"))):
            button.setProperty("role", "plain")
            button.setToolTip(text)
            button.setAccessibleName(text)
            button.clicked.connect(lambda _=False, button=button: self.chosen.emit(button.property("target")))
        layout.addWidget(self.previous)
        layout.addWidget(self.label)
        layout.addWidget(self.next)
        theme.changed.connect(self._paint)
        self._paint()
        self.hide()

    def _paint(self) -> None:
        self.previous.setIcon(icon("previous", self._theme.tokens.muted, 14))
        self.next.setIcon(icon("next", self._theme.tokens.muted, 14))

    def show_place(self, message: int, siblings: Sequence[int]) -> None:
        """Show which of `siblings` (message ids, oldest first) `message` is."""
        several = len(siblings) > 1
        self.setVisible(several)
        if not several:
            return
        place = siblings.index(message)
        self.label.setText(f"{place + 1}/{len(siblings)}")
        for button, target in ((self.previous, place - 1), (self.next, place + 1)):
            button.setEnabled(0 <= target < len(siblings))
            button.setProperty("target", siblings[target] if 0 <= target < len(siblings) else 0)
