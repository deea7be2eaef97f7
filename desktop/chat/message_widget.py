"""What a message on screen is, be it a question (question.py) or an answer (answer.py).

Messages come onto the screen and leave it as the transcript scrolls, so a widget can show one after another, and what few
messages need (thinking, quotation, note, versions) is made only where it is needed.
"""

from __future__ import annotations

from functools import cached_property

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from core.chat.conversation import Message
from desktop.chat.hanging import HangingParts, Pictures
from desktop.chat.text_view import TextView
from desktop.i18n import tr
from desktop.theme import Theme

# Parts that are made where a message needs them, by the names of the properties that make them.
_SELDOM = {
    "more",
    "versions",
    "quotation",
    "phase",
    "thinking_button",
    "thinking",
    "note",
    "nearest",
    "otherwise",
    "choose",
    "elsewhere",
    "progress",
    "go_on",
    "boundary",
    "hanging",
}


class MessageWidget(QWidget):
    """What questions and answers share."""

    version = Signal(int)  # show this sibling
    resized = Signal(int)  # the height of the message with this id is another now
    menu = Signal(int, QPoint)  # what can be done with it is to be shown at this point of the screen
    attachment = Signal(object)  # a file or a picture that hangs on it is to be shown

    def __init__(
        self, message: Message, theme: Theme, parent: QWidget | None = None, pictures: Pictures | None = None
    ) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self.message = message
        self.theme = theme

    def show_message(self, message: Message) -> None:
        """Show another message in the place of the one before; only where `reusable`."""
        raise NotImplementedError

    def _tell_resized(self) -> None:
        self.resized.emit(self.message.id)

    @property
    def reusable(self) -> bool:
        """Whether this has no more parts than every message has, so that it can show any other."""
        return not _SELDOM & vars(self).keys()

    @property
    def body(self) -> TextView:
        """The message's own text, which can be selected."""
        raise NotImplementedError

    def lay_out(self, width: int) -> int:
        """Take this width; returns the height that is needed then."""
        raise NotImplementedError

    def _make_menu_button(self) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "plain")
        button.setToolTip(tr("More actions"))
        button.setAccessibleName(tr("More actions"))

        def show() -> None:
            self.menu.emit(self.message.id, button.mapToGlobal(button.rect().bottomLeft()))

        button.clicked.connect(show)
        return button

    @cached_property
    def hanging(self) -> HangingParts:
        """What hangs on it."""
        hanging = HangingParts(self.message.attached, self.theme, self._pictures, self)
        hanging.opened.connect(self.attachment)
        return hanging

    @cached_property
    def more(self) -> QPushButton:
        """Asks for the next part of a very long text."""
        button = QPushButton(tr("Show more of this message"))
        button.setProperty("role", "plain")
        return button
