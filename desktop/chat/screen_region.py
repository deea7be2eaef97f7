"""A part of the screen for a message: the screen is shown darkened, and a part of it is chosen by mouse or keys.

Where the system gives no program the screen (Wayland), the desktop's portal asks the person itself (core/portal.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import shiboken6
from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QCursor,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QScreen,
)
from PySide6.QtWidgets import QWidget

from core.errors import PortalRefused, ScreenUnseen
from core.jobs import Job
from core.portal import Portal
from desktop.i18n import tr
from desktop.operations import Operations

GONE = 300  # milliseconds that a desktop takes to show what was behind a window
STEP = 20  # pixels that an arrow key moves
SMALLEST = 4  # pixels of a side; less is a click
_DARK = QColor(0, 0, 0, 120)


class ScreenRegion(QWidget):
    """The screen as it was, darkened but for what is chosen. It closes by itself."""

    chosen = Signal(QImage)
    given_up = Signal()

    def __init__(self, picture: QPixmap, screen: QScreen) -> None:
        super().__init__(None, Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Choose a part of the screen"))
        self.setAccessibleName(tr("Choose a part of the screen"))
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setGeometry(screen.geometry())
        self._picture = picture
        self._from: QPoint | None = None  # where the mouse was pressed
        self._ended = False
        self.region = QRect()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawPixmap(self.rect(), self._picture)
        painter.fillRect(self.rect(), _DARK)
        if not self.region.isEmpty():
            painter.drawPixmap(self.region, self._picture, self._in_picture(self.region))
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRect(self.region)
        words = tr("Drag over the part the model should see. Enter takes it, Esc cancels.")
        font = painter.font()
        font.setPixelSize(round(painter.fontInfo().pixelSize() * 1.15))
        painter.setFont(font)
        room = painter.fontMetrics().boundingRect(words).adjusted(-18, -10, 18, 10)
        room.moveCenter(QPoint(self.rect().center().x(), 60))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(20, 20, 20, 230))
        painter.drawRoundedRect(room, 10, 10)
        painter.setPen(QColor("white"))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)

    def _in_picture(self, region: QRect) -> QRect:
        """A part of this widget in the picture's own pixels, of which a fine screen has more."""
        wide = self._picture.width() / max(self.width(), 1)
        high = self._picture.height() / max(self.height(), 1)
        left, top = round(region.left() * wide), round(region.top() * high)
        return QRect(left, top, round(region.width() * wide), round(region.height() * high))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._from = event.position().toPoint()
            self.region = QRect()
            self.update()
        else:
            self.close()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is not None:
            self._choose(QRect(self._from, event.position().toPoint()).normalized())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._from is not None and min(self.region.width(), self.region.height()) >= SMALLEST:
            self._take()
        self._from = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key is Qt.Key.Key_Escape:
            self.close()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        elif key in _ARROWS:
            self._move(_ARROWS[key] * STEP, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def _move(self, by: QPoint, grow: bool) -> None:
        """Move what is chosen, or its lower right corner; at first half of the screen is chosen."""
        if self.region.isEmpty():
            region = QRect(0, 0, self.width() // 2, self.height() // 2)
            region.moveCenter(self.rect().center())
        elif grow:
            region = QRect(self.region.topLeft(), self.region.bottomRight() + by)
        else:
            region = self.region.translated(by)
        if min(region.width(), region.height()) >= SMALLEST:
            self._choose(region)

    def _choose(self, region: QRect) -> None:
        self.region = region & self.rect()
        self.update()

    def closeEvent(self, event: QCloseEvent) -> None:
        """However it is closed, whoever waits is told."""
        if not self._ended:
            self._ended = True
            self.given_up.emit()
        super().closeEvent(event)

    def _take(self) -> None:
        """Take what is chosen, or the whole screen."""
        self._ended = True
        part = self._in_picture(self.region) if not self.region.isEmpty() else self._picture.rect()
        self.chosen.emit(self._picture.copy(part).toImage())
        self.close()


_ARROWS = {
    Qt.Key.Key_Left: QPoint(-1, 0),
    Qt.Key.Key_Right: QPoint(1, 0),
    Qt.Key.Key_Up: QPoint(0, -1),
    Qt.Key.Key_Down: QPoint(0, 1),
}


def take(
    window: QWidget,
    operations: Operations,
    then: Callable[[QImage], None],
    file: Callable[[Path], None],
    failed: Callable[[BaseException], None],
) -> None:
    """Have the person choose a part of the screen, with the window out of the way.

    `then` gets the part; where the desktop made a `file` of it, that is given instead. Nothing comes where the person gives up.
    """
    # A program that Wayland shows as one of X11's sees a black screen.
    if QGuiApplication.platformName() == "wayland" or os.environ.get("WAYLAND_DISPLAY"):

        def ask(job: Job) -> Path | None:
            with closing(Portal(job)) as portal:
                try:
                    return portal.screenshot()
                except PortalRefused:  # the person has closed the desktop's own window
                    return None

        operations.run("ask for the screen", ask, lambda path: file(path) if path else None)
        return
    screen = QGuiApplication.screenAt(QCursor.pos()) or window.screen()
    shown = window.isVisible()
    window.hide()

    def back(*_: object) -> None:
        if shiboken6.isValid(window) and shown:
            window.show()
            window.activateWindow()

    def grab() -> None:
        picture = screen.grabWindow(0) if shiboken6.isValid(screen) else QPixmap()  # it may be unplugged
        if picture.isNull():
            back()
            failed(ScreenUnseen())
            return
        region = ScreenRegion(picture, screen)
        held = [region]  # it has no parent: the window is hidden
        region.destroyed.connect(held.clear)
        region.chosen.connect(back)
        region.chosen.connect(then)
        region.given_up.connect(back)
        region.show()
        region.activateWindow()
        region.raise_()

    QTimer.singleShot(GONE, window, grab)
