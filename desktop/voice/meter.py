"""Shows that the microphone is open, how loud it is, and for how long."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.i18n import tr
from desktop.theme import Theme
from desktop.voice.microphone import Microphone, State

BARS = 9
FALL = 0.75  # of the level before, a step
STEP_MILLISECONDS = 60
QUIET, LOUD = -55.0, -6.0  # decibels: where the lowest and the highest bar stand


class Meter(QWidget):
    """As many bars as it is loud, and the time; nothing where the microphone is closed."""

    def __init__(self, microphone: Microphone, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._microphone = microphone
        self._theme = theme
        self._level = 0.0
        self._clock = QTimer(self, interval=STEP_MILLISECONDS)
        self._clock.timeout.connect(self._fall)
        self.setFixedSize(self.sizeHint())
        microphone.changed.connect(self._changed)
        microphone.level.connect(self._rise)
        theme.changed.connect(self.update)
        self._changed(microphone.state)

    def sizeHint(self) -> QSize:
        return QSize(BARS * 5 + 44, 32)

    def _changed(self, state: State) -> None:
        self._level = 0.0
        if state is State.CLOSED:
            self._clock.stop()
        else:
            self._clock.start()
        words = tr("The microphone is open") if state is State.OPEN else tr("The microphone is being opened")
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setVisible(state is not State.CLOSED)

    def _rise(self, peak: float) -> None:
        from math import log10

        decibels = 20 * log10(max(peak, 1e-5))
        self._level = max(self._level, min(max((decibels - QUIET) / (LOUD - QUIET), 0.0), 1.0))

    def _fall(self) -> None:
        self.update()
        self._level *= FALL

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        opened = self._microphone.state is State.OPEN
        for bar in range(BARS):
            lit = opened and self._level * BARS > bar
            tall = 5 + 11 * (bar + 1) / BARS
            painter.setBrush(QColor(tokens.accent if lit else tokens.line))
            painter.drawRoundedRect(QRectF(2 + bar * 5, middle - tall / 2, 3, tall), 1.5, 1.5)
        painter.setPen(QColor(tokens.muted))
        seconds = int(self._microphone.seconds)
        time = f"{seconds // 60}:{seconds % 60:02d}" if opened else "…"
        box = self.rect().adjusted(BARS * 5 + 6, 0, 0, 0)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, time)
