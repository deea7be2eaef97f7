"""What the window shows while the program loads: the composer, already in its final place."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.chat.composer import Composer
from desktop.theme import TEXT_WIDTH

SIDEBAR_WIDTH = 264
STATUS_HEIGHT = 28
# Around the composer: left, top, right, bottom.
COMPOSER_MARGINS = (24, 0, 24, 14)


class Opening(QWidget):
    """An empty sidebar, an empty middle with the composer, an empty status line."""

    def __init__(self, composer: Composer) -> None:
        super().__init__()
        self.submitted = False  # Enter was pressed before there was anybody to send to
        composer.send.connect(self._submit)
        middle = QWidget()
        middle.setObjectName("middle")
        inside = QVBoxLayout(middle)
        inside.setContentsMargins(*COMPOSER_MARGINS)
        self._said = QLabel()
        self._said.setProperty("role", "muted")
        self._said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside.addStretch()
        inside.addWidget(self._said)
        inside.addStretch()
        inside.addLayout(centred(composer))
        columns = QHBoxLayout()
        columns.setSpacing(1)
        columns.addWidget(_blank("sidebar", width=SIDEBAR_WIDTH))
        columns.addWidget(middle, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(columns, 1)
        layout.addWidget(_blank("status", height=STATUS_HEIGHT))

    def say(self, text: str) -> None:
        """Say what takes so long."""
        self._said.setText(text)

    def _submit(self) -> None:
        self.submitted = True


def centred(widget: QWidget) -> QHBoxLayout:
    """A row that keeps `widget` in the middle, no wider than lines of text should be."""
    widget.setMaximumWidth(TEXT_WIDTH - 48)
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(widget, 1000)
    row.addStretch(1)
    return row


def _blank(name: str, *, width: int = 0, height: int = 0) -> QFrame:
    blank = QFrame()
    blank.setObjectName(name)
    blank.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    if width:
        blank.setFixedWidth(width)
    if height:
        blank.setFixedHeight(height)
    return blank
