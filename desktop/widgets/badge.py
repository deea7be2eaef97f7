"""Round badges with one or two characters, in eight colours that can be told apart in light and dark."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap

# Grounds on which white (and, in dark, nearly black) letters can be read: at least 4.5 to 1 (WCAG 2.2, 1.4.3).
LIGHT = ("#2f6f5e", "#2b5f9e", "#8a4b12", "#7a3f8f", "#a8323e", "#5b6b1f", "#0f6d7c", "#5a5a66")
DARK = ("#7fc7b0", "#8fb8ea", "#e0a66f", "#cf9fe0", "#ef9aa2", "#bccb7a", "#78cddb", "#b9b9c6")


@lru_cache(maxsize=256)
def badge(text: str, colour: int, size: int, *, dark: bool) -> QIcon:
    """A badge `size` pixels wide."""
    grounds = DARK if dark else LIGHT
    result = QIcon()
    for scale in (1, 2):
        pixmap = QPixmap(size * scale, size * scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(grounds[colour % len(grounds)]))
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(0, 0, size * scale, size * scale)
        painter.drawEllipse(whole)
        font = QFont(painter.font())
        font.setPixelSize(round(size * scale * (0.52 if len(text) < 2 else 0.4)))
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor("#1a1a17" if dark else "#ffffff"))
        painter.drawText(whole, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        result.addPixmap(pixmap)
    return result
