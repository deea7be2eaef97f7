"""Messages that wait for the answer before them: a line each above the composer, to change, take out or send."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from core.chat.conversation import Queued
from desktop.i18n import tr, tr_n
from desktop.theme import Theme
from desktop.widgets import layouts
from desktop.widgets.icons import icon
from desktop.widgets.tips import tip

SHOWN = 4  # of the messages that wait; the others are counted


class QueueStrip(QFrame):
    """Hidden where nothing waits."""

    changed = Signal(object)  # this one (a Queued) is to be written anew: it goes back into the composer
    dropped = Signal(int)
    send = Signal()  # the first of them, now

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._theme = theme
        self._waiting: Sequence[Queued] = ()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self._said = QLabel()
        self._said.setProperty("role", "muted")
        self.send_button = QPushButton(tr("Send now"))
        self.send_button.setProperty("role", "plain")
        self.send_button.setToolTip(tr("Send the first of these messages now"))
        self.send_button.clicked.connect(self.send)
        head = QHBoxLayout()
        head.addWidget(self._said, 1)
        head.addWidget(self.send_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 6, 8, 6)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addLayout(self._rows)
        theme.changed.connect(self._fill)
        self.hide()

    def show_waiting(self, waiting: Sequence[Queued]) -> None:
        """These wait, in this order."""
        self._waiting = waiting
        self._fill()
        self.setVisible(bool(waiting))

    def set_answering(self, answering: bool) -> None:
        """While an answer is under way nothing can be sent by hand."""
        self.send_button.setVisible(not answering)
        self._said.setText(
            tr("Sent when the answer is finished:") if answering else tr("Waiting to be sent:")
        )

    def _fill(self) -> None:
        layouts.clear(self._rows)
        for one in self._waiting[:SHOWN]:
            self._rows.addWidget(self._row(one))
        more = len(self._waiting) - SHOWN
        if more > 0:
            label = QLabel(tr_n("and {n} more", "and {n} more", more))
            label.setProperty("role", "muted")
            self._rows.addWidget(label)

    def _row(self, one: Queued) -> QWidget:
        row = QWidget()
        named = ", ".join(part.name or tr("Picture") for part in one.attached)
        text = " ".join(f"{one.text} [{named}]".split()) if named else " ".join(one.text.split())
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setText(QFontMetrics(label.font()).elidedText(text, Qt.TextElideMode.ElideRight, 480))
        label.setToolTip(tip(one.text))
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(label, 1)
        layout.addWidget(self._tool("pencil", tr("Change this message"), partial(self.changed.emit, one)))
        layout.addWidget(
            self._tool("close", tr("Do not send this message"), partial(self.dropped.emit, one.id))
        )
        return row

    def _tool(self, name: str, tip: str, function: object) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "plain")
        button.setIcon(icon(name, self._theme.tokens.muted, 14))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda: function())  # type: ignore[operator]
        return button
