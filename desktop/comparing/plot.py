"""A plot of values with their bounds: a dot, a line from bound to bound, names on the left, figures on the right."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop.theme import Theme

ROW, NAMES, FIGURES = 34, 0.34, 0.24  # pixels; shares of the width


@dataclass(frozen=True)
class Point:
    """A line of the plot."""

    name: str
    value: float
    low: float
    high: float
    figure: str


class Plot(QWidget):
    """`span`: where the axis begins and ends; None takes it from the points."""

    def __init__(self, theme: Theme, span: tuple[float, float] | None = None) -> None:
        super().__init__()
        self._theme = theme
        self._span = span
        self.points: list[Point] = []
        theme.changed.connect(self.update)

    def show_points(self, points: list[Point]) -> None:
        """Draw these."""
        self.points = points
        self.setAccessibleDescription("; ".join(f"{point.name}: {point.figure}" for point in points))
        self.setMinimumHeight(ROW * max(len(points), 1))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, ROW * max(len(self.points), 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.points:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = self._theme.tokens
        low = self._span[0] if self._span else min(point.low for point in self.points)
        high = self._span[1] if self._span else max(point.high for point in self.points)
        width = self.width()
        left, room = width * NAMES, width * (1 - NAMES - FIGURES) - 24
        metrics = painter.fontMetrics()

        def at(value: float) -> float:
            return left + 12 + room * (value - low) / (high - low or 1)

        for number, point in enumerate(self.points):
            middle = ROW * (number + 0.5)
            painter.setPen(QColor(tokens.text))
            name = metrics.elidedText(point.name, Qt.TextElideMode.ElideMiddle, round(left - 8))
            painter.drawText(QRectF(0, middle - ROW / 2, left, ROW), Qt.AlignmentFlag.AlignVCenter, name)
            painter.setPen(QPen(QColor(tokens.line), 1))
            painter.drawLine(QPointF(left + 12, middle), QPointF(left + 12 + room, middle))
            pen = QPen(QColor(tokens.accent), 3)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(QPointF(at(point.low), middle), QPointF(at(point.high), middle))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent))
            painter.drawEllipse(QPointF(at(point.value), middle), 5, 5)
            painter.setPen(QColor(tokens.muted))
            figures = QRectF(width * (1 - FIGURES), middle - ROW / 2, width * FIGURES, ROW)
            painter.drawText(
                figures, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, point.figure
            )
        painter.end()
