"""Above the composer during a conversation without hands: what it does now, and how to end it."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.icons import icon


class Now(Enum):
    """What a conversation does."""

    OPENING = "opening"
    LISTENING = "listening"
    HEARING = "hearing"
    THINKING = "thinking"
    READING = "reading"
    READING_DEAF = "reading, while nothing is heard"


class HandsFreeStrip(QFrame):
    """Hidden where there is none."""

    stopped = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._theme = theme
        self._icon = QLabel()
        self.now = QLabel()
        self.now.setWordWrap(True)
        self.stop = QPushButton(tr("End the conversation"))
        self.stop.setProperty("role", "plain")
        self.stop.setToolTip(tr("Close the microphone"))
        self.stop.clicked.connect(self.stopped)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 6, 8, 6)
        layout.addWidget(self._icon)
        layout.addSpacing(8)
        layout.addWidget(self.now, 1)
        layout.addWidget(self.stop)
        theme.changed.connect(self._paint)
        self._paint()
        self.hide()

    def show_now(self, now: Now) -> None:
        """Say what it does."""
        words = {
            Now.OPENING: tr("The microphone is being opened…"),
            Now.LISTENING: tr("Listening. Ask something."),
            Now.HEARING: tr("You are speaking…"),
            Now.THINKING: tr("Answering…"),
            Now.READING: tr("Reading aloud. Speak to interrupt."),
            Now.READING_DEAF: tr("Reading aloud. Press Esc to interrupt."),
        }[now]
        self.now.setText(words)
        self.now.setAccessibleName(words)
        self.show()

    def _paint(self) -> None:
        self._icon.setPixmap(icon("conversation", self._theme.tokens.accent).pixmap(18, 18))
