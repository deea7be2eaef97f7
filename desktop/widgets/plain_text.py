"""A plain text field whose hint gives way to what an input method composes (Qt's paints one over the other), and changes at once."""

from __future__ import annotations

from PySide6.QtGui import QFocusEvent, QInputMethodEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget


class PlainText(QPlainTextEdit):
    """`composing`: whether an input method has text here that is not yet decided."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)  # or a keyboard would be caught in it
        self.composing = False
        self._hint = ""

    def setPlaceholderText(self, text: str) -> None:
        self._hint = text
        super().setPlaceholderText("" if self.composing else text)
        self.viewport().update()  # Qt leaves the old one on the screen but for where the cursor blinks

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._compose(bool(event.preeditString()))
        super().inputMethodEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._compose(False)

    def _compose(self, composing: bool) -> None:
        if composing != self.composing:
            self.composing = composing
            self.setPlaceholderText(self._hint)
