"""Writes spoken words into a text field, the way an input method does: settled words are text, the others a preview."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QInputMethodEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

Field = QLineEdit | QPlainTextEdit | QTextEdit

_OPENING = "([{“‘「『（"


def field_of(widget: QWidget | None) -> Field | None:
    """The widget, if a person can write into it."""
    if isinstance(widget, QLineEdit):
        secret = widget.echoMode() != QLineEdit.EchoMode.Normal
        return None if widget.isReadOnly() or secret or not widget.isEnabled() else widget
    if isinstance(widget, QPlainTextEdit | QTextEdit):
        return None if widget.isReadOnly() or not widget.isEnabled() else widget
    return None


class Dictation(QObject):
    """One utterance after another, into one field, at its cursor."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.field = field
        self._written = ""  # of the utterance that is under way
        self._begun = False  # something of it is in the field

    def show(self, settled: str, tentative: str) -> None:
        """What was said so far of an utterance; `settled` begins with what it was before."""
        self._write(settled, tentative)

    def finish(self, text: str) -> None:
        """All of the utterance."""
        self._write(text, "")
        self._written = ""

    def stop(self) -> None:
        """Nothing more comes: what is not settled goes."""
        self._write(self._written, "")
        self._written = ""

    def take_back(self) -> None:
        """Take what was settled of the utterance under way out of the field: it will be written elsewhere, as a whole."""
        if not self._written or not isValid(self.field):
            return
        self._write(self._written, "")  # without a preview
        if isinstance(self.field, QLineEdit):
            before = self.field.text()[: self.field.cursorPosition()]
            if before.endswith(self._written):
                self.field.setSelection(len(before) - len(self._written), len(self._written))
                self.field.del_()
        else:
            cursor = self.field.textCursor()
            end = cursor.position()
            cursor.setPosition(max(end - len(self._written), 0))
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            if cursor.selectedText() == self._written:
                cursor.removeSelectedText()
        self._written = ""

    def _keep_selected(self) -> None:
        """Who selects words while speaking wants to read or copy them: Qt's input method would replace them."""
        if isinstance(self.field, QLineEdit):
            if self.field.hasSelectedText():
                self.field.end(False)
        elif self.field.textCursor().hasSelection():
            cursor = self.field.textCursor()
            cursor.movePosition(QTextCursor.MoveOperation.End)
            self.field.setTextCursor(cursor)

    def _write(self, settled: str, tentative: str) -> None:
        if not isValid(self.field):
            return
        if self._begun:
            self._keep_selected()
        self._begun = bool(settled or tentative)
        new = settled[len(self._written) :] if settled.startswith(self._written) else ""
        if not self._written:
            between = self._between(settled + tentative)
            if new:
                new = between + new
            elif tentative:
                tentative = between + tentative
        self._written = settled
        shape = QTextCharFormat()
        shape.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
        attributes = []
        if tentative:
            attributes.append(
                QInputMethodEvent.Attribute(
                    QInputMethodEvent.AttributeType.TextFormat, 0, len(tentative), shape
                )
            )
        event = QInputMethodEvent(tentative, attributes)
        if new:
            event.setCommitString(new)
        QApplication.sendEvent(self.field, event)

    def _between(self, text: str) -> str:
        """A blank, where words of this kind are parted by one."""
        before = self._before()
        if not text or not before or before.isspace() or before in _OPENING:
            return ""
        wide = ord(before) > 0x2E80 or ord(text[0]) > 0x2E80
        return "" if wide else " "

    def _before(self) -> str:
        """The character in front of the cursor."""
        if isinstance(self.field, QLineEdit):
            start = self.field.selectionStart()
            at = start if start >= 0 else self.field.cursorPosition()
            return self.field.text()[at - 1 : at] if at > 0 else ""
        cursor = self.field.textCursor()
        at = cursor.selectionStart()
        return str(self.field.document().characterAt(at - 1)) if at > 0 else ""
