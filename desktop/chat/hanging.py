"""What hangs on a message that is shown: a line for each file, a small view of each picture; a click shows it whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import shiboken6
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from core.chat.conversation import Attached, Image
from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.icons import icon
from desktop.widgets.tips import tip

WIDTH = 260
PICTURE = QSize(240, 150)  # at most; the room is there before the picture is, so that nothing jumps
# Reads a picture by its hash, scaled to a longer side; what it finds, or None, is told on the window's thread.
Pictures = Callable[[str, int, Callable[[QImage | None], None]], None]


class HangingParts(QWidget):
    """The files and pictures of one message."""

    opened = Signal(object)  # one of them is to be shown

    def __init__(
        self,
        parts: Sequence[Attached],
        theme: Theme,
        pictures: Pictures | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._files: list[QToolButton] = []
        self.setFixedWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        for part in parts:
            button = self._button(part)
            layout.addWidget(button)
            if not isinstance(part, Image):
                self._files.append(button)
            elif pictures is not None:
                side = int(PICTURE.width() * self.devicePixelRatioF())
                pictures(part.sha256, side, partial(_show, button, self.devicePixelRatioF()))
        theme.changed.connect(self._paint)
        self._paint()

    def _button(self, part: Attached) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("role", "plain")
        name = part.name or tr("Picture")
        button.setAccessibleName(tr("Show {name}", name=name))
        button.clicked.connect(partial(self.opened.emit, part))
        button.setFixedWidth(WIDTH)
        if isinstance(part, Image):
            room = QSize(part.width, part.height) if part.width and part.height else PICTURE
            if room != room.boundedTo(PICTURE):
                room = room.scaled(PICTURE, Qt.AspectRatioMode.KeepAspectRatio)
            button.setIconSize(room)
            button.setFixedHeight(room.height() + 12)
            button.setToolTip(tip(name))
        else:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(18, 18))
            shown = button.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, WIDTH - 50)
            button.setText(shown)
            button.setToolTip(tip(name) if shown != name else tr("Show what the model reads of it"))
        return button

    def _paint(self) -> None:
        for button in self._files:
            button.setIcon(icon("document", self._theme.tokens.muted, 18))


def _show(button: QToolButton, ratio: float, image: QImage | None) -> None:
    if not shiboken6.isValid(button):
        return  # the message has been scrolled away
    if image is None:
        button.setText(tr("The picture is no longer there."))
        return
    if image.height() > PICTURE.height() * ratio:
        image = image.scaledToHeight(
            int(PICTURE.height() * ratio), Qt.TransformationMode.SmoothTransformation
        )
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(ratio)
    button.setIcon(QIcon(pixmap))
