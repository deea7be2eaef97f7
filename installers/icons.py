"""The program's icon in the sizes and formats that systems want, drawn from resources/icons/tsukue.svg."""

from __future__ import annotations

import functools
import io

import frozen
from PIL import Image


@functools.cache
def png(size: int) -> bytes:
    """A square PNG of `size` pixels."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    picture = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(str(frozen.ROOT / "resources/icons/tsukue.svg")).render(painter)
    painter.end()
    written = QByteArray()
    buffer = QBuffer(written)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(written.data())


def _several(sizes: list[int], kind: str) -> bytes:
    pictures = [Image.open(io.BytesIO(png(size))) for size in sizes]
    written = io.BytesIO()
    pictures[-1].save(written, kind, sizes=[(size, size) for size in sizes], append_images=pictures[:-1])
    return written.getvalue()


def ico() -> bytes:
    """Windows' icon."""
    return _several([16, 24, 32, 48, 64, 128, 256], "ICO")


def icns() -> bytes:
    """macOS' icon."""
    return _several([16, 32, 64, 128, 256, 512, 1024], "ICNS")
