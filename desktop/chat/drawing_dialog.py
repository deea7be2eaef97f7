"""A drawing that an answer holds as SVG: drawn by Qt from its harmless parts, on a thread, and saved as a picture or as it is."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QBuffer, QByteArray, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QPainter, QPixmap
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core import files
from core.text import svg
from desktop.i18n import tr
from desktop.operations import Operations
from desktop.widgets import layouts, png
from desktop.widgets.saving import ask_where

SIZE = QSize(720, 600)
SIDE = 1600  # pixels of the longer side of a picture that is saved


def draw(text: str, side: int) -> QImage | None:
    """A harmless drawing on white, its longer side so many pixels; None where Qt cannot draw it. On any thread."""
    buffer = QBuffer()
    buffer.setData(text.encode())
    reader = QImageReader(buffer, QByteArray(b"svg"))  # which, unlike QSvgRenderer, lets other threads run
    size = reader.size()
    if not text or size.isEmpty():
        return None
    reader.setScaledSize(size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)))
    drawn = reader.read()
    if drawn.isNull():
        return None
    image = QImage(drawn.size(), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.drawImage(0, 0, drawn)
    painter.end()
    return image


class DrawingDialog(QDialog):
    """One drawing."""

    def __init__(self, source: str, operations: Operations, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Drawing"))
        self.resize(SIZE)
        self._operations = operations
        self._text = ""
        self._image: QImage | None = None
        self.picture = QLabel(tr("Being drawn…"))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setWordWrap(True)
        inside = QVBoxLayout()
        inside.addWidget(self.picture)
        self.save_button = QPushButton(tr("Save…"))
        self.save_button.setEnabled(False)
        self.save_button.clicked.connect(self._save)
        close = QPushButton(tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.save_button)
        buttons.addStretch()
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.addWidget(layouts.scrolling(inside), 1)
        layout.addLayout(buttons)

        def work(_: object) -> tuple[str, QImage | None]:
            text = svg.harmless(source)
            return text, draw(text, SIDE)

        operations.run("draw", work, self._show)

    def _show(self, drawn: tuple[str, QImage | None]) -> None:
        if not shiboken6.isValid(self):
            return  # it was closed meanwhile
        self._text, self._image = drawn
        if self._image is None:
            self.picture.setText(tr("This is no drawing that can be shown. It stays as code."))
            return
        ratio = self.devicePixelRatioF()
        fitting = (SIZE - QSize(90, 130)) * ratio
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        pixmap = QPixmap.fromImage(self._image.scaled(fitting, keep, smooth))
        pixmap.setDevicePixelRatio(ratio)
        self.picture.setPixmap(pixmap)
        self.picture.setAccessibleName(tr("Drawing"))
        self.save_button.setEnabled(True)

    def _save(self) -> None:
        where = ask_where(self, tr("Drawing"), {".png": tr("Picture (PNG)"), ".svg": tr("Drawing (SVG)")})
        image, text = self._image, self._text
        if where is None or image is None:
            return

        def save(_: object) -> None:
            files.save(where, text if where.suffix == ".svg" else png.encode(image))

        self._operations.run("save a drawing", save)
