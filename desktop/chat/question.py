"""A question on screen: the person's words in a soft bubble, as plain text; it can be asked in other words."""

from __future__ import annotations

from functools import cached_property

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from core.chat.conversation import Message
from desktop.chat.boundary import Boundary
from desktop.chat.hanging import Pictures
from desktop.chat.markdown_view import SHOWN
from desktop.chat.message_widget import MessageWidget
from desktop.chat.text_view import TextView
from desktop.chat.versions import Versions
from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.icons import icon

BUBBLE_WIDTH = 520
BUBBLE_PADDING = (14, 8, 14, 8)


class QuestionWidget(MessageWidget):
    """What the person wrote, as plain text; it can be asked in other words."""

    edit = Signal(int)
    summary = Signal(str)  # what the model reads in the place of the messages above is to be this

    def __init__(
        self, message: Message, theme: Theme, parent: QWidget | None = None, pictures: Pictures | None = None
    ) -> None:
        super().__init__(message, theme, parent, pictures)
        self.bubble = QFrame()
        self.bubble.setObjectName("bubble")
        self.text = TextView(theme)
        self.text.setAccessibleName(tr("Your question"))
        self._inside = QVBoxLayout(self.bubble)
        self._inside.setContentsMargins(*BUBBLE_PADDING)
        self._inside.addWidget(self.text)
        self.edit_button = QToolButton()
        self.edit_button.setProperty("role", "plain")
        self.edit_button.setToolTip(
            tr("Rephrase the question (press Up in an empty message to edit the last one)")
        )
        self.edit_button.setAccessibleName(tr("Rephrase"))
        self.edit_button.clicked.connect(lambda: self.edit.emit(self.message.id))
        self.menu_button = self._make_menu_button()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(14)
        self._layout = QHBoxLayout()
        self._column.addLayout(self._layout)
        self._layout.setSpacing(2)
        self._layout.addStretch(1)
        self._layout.addWidget(self.menu_button)
        self._layout.addWidget(self.edit_button)
        self._layout.addWidget(self.bubble)
        theme.changed.connect(self._paint)
        self._paint()
        self.show_message(message)

    def show_message(self, message: Message) -> None:
        self.message = message
        self._shown = SHOWN
        self.text.reset()
        self.text.setPlainText(message.text[: self._shown])
        self.text.setVisible(bool(message.text) or not message.attached)
        if message.attached:
            self._inside.insertWidget(0, self.hanging)
        if len(message.text) > self._shown:
            self._inside.addWidget(self.more)
            self.more.clicked.connect(self._show_more)

    @property
    def body(self) -> TextView:
        return self.text

    @cached_property
    def versions(self) -> Versions:
        """The arrows between the question's wordings."""
        versions = Versions(self.theme)
        versions.chosen.connect(self.version)
        self._layout.insertWidget(1, versions)
        return versions

    @cached_property
    def boundary(self) -> Boundary:
        """Says that the model reads from here on, and what it has of the messages above."""
        boundary = Boundary()
        boundary.changed.connect(self.summary)
        boundary.resized.connect(self._tell_resized)
        self._column.insertWidget(0, boundary)
        return boundary

    def show_boundary(self, summary: str | None) -> None:
        """Whether the model begins to read here: the summary that it has of what is above, None where it does not."""
        if summary is not None:
            self.boundary.show_summary(summary)
        if "boundary" in vars(self):
            self.boundary.setVisible(summary is not None)
            self._tell_resized()

    def lay_out(self, width: int) -> int:
        document = self.text.document()
        # Unwrapped, a short text tells how much room it wants; a long one wants all that there is.
        document.setTextWidth(-1 if document.characterCount() < 2 * BUBBLE_WIDTH else BUBBLE_WIDTH)
        self.text.setFixedWidth(min(int(document.idealWidth()) + 2, BUBBLE_WIDTH, width - 80))
        self.text.lay_out(self.text.minimumWidth())
        self._inside.activate()
        self._column.activate()
        if "boundary" in vars(self):
            return max(self._column.totalHeightForWidth(width), 1)
        return max(self.sizeHint().height(), 1)

    def _show_more(self) -> None:
        self._shown += SHOWN
        self.text.setPlainText(self.message.text[: self._shown])
        self.more.setVisible(len(self.message.text) > self._shown)
        self._tell_resized()

    def _paint(self) -> None:
        self.menu_button.setIcon(icon("more", self.theme.tokens.muted, 14))
        self.edit_button.setIcon(icon("pencil", self.theme.tokens.muted, 14))

    def show_place(self, versions: tuple[int, ...]) -> None:
        """Show which of the question's wordings this is."""
        if len(versions) > 1:
            self.versions.show_place(self.message.id, versions)
