"""Formulas inside of texts: each is one character of the document, drawn when its typesetting is there.

Until then, and so that nothing moves twice, it shows its source in the room that the source takes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QRect, QRectF, QSizeF, Signal
from PySide6.QtGui import (
    QFont,
    QFontInfo,
    QFontMetricsF,
    QPainter,
    QPyTextObject,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtSvg import QSvgRenderer

from core.chat.formulas import INK, PIXELS
from desktop.theme import Theme

if TYPE_CHECKING:
    from core.chat.formulas import Drawing
    from desktop.reads import Reads

KIND = QTextFormat.ObjectTypes.UserObject.value + 1
_SOURCE = QTextFormat.Property.UserProperty + 10
_DISPLAY = QTextFormat.Property.UserProperty + 11
OBJECT = "\ufffc"
KEPT = 500  # drawings
EDGE = 2.0  # pixels left and right of a formula in a line


def formula_format(source: str, *, display: bool) -> QTextCharFormat:
    """The format of the character that stands for a formula."""
    format_ = QTextCharFormat()
    format_.setObjectType(KIND)
    format_.setProperty(_SOURCE, " ".join(source.split()))
    format_.setProperty(_DISPLAY, display)
    # The middle of the object is put at half the height of an x above the line; `_Shape` reaches equally far both ways.
    format_.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
    return format_


def source_of(format_: QTextFormat) -> str | None:
    """The TeX of a formula's character, in dollars; None of any other."""
    if format_.objectType() != KIND:
        return None
    marks = "$$" if format_.property(_DISPLAY) else "$"
    return f"{marks}{format_.property(_SOURCE)}{marks}"


class Formulas(QObject):
    """The drawings that are here; asks for those that are not, and says when one is."""

    settled = Signal(str, bool, bool)  # source, display: it is drawn now, or (last) cannot be

    def __init__(
        self, draw: Callable[..., Drawing | None], reads: Reads, theme: Theme, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._draw = draw
        self._reads = reads
        self.theme = theme
        self._drawings: dict[tuple[str, bool], Drawing | None] = {}
        self._renderers: dict[tuple[str, bool, str], QSvgRenderer] = {}
        self._asked: set[tuple[str, bool]] = set()
        self.objects = _Objects(self)

    def hopeless(self, source: str, *, display: bool) -> bool:
        """Whether it is known that a formula cannot be drawn."""
        key = (" ".join(source.split()), display)
        return key in self._drawings and self._drawings[key] is None

    def drawing(self, source: str, *, display: bool) -> Drawing | None:
        """A formula's drawing, if it is here; it is asked for otherwise."""
        key = (source, display)
        if key not in self._drawings and key not in self._asked:
            self._asked.add(key)
            self._reads.ask(
                lambda: self._draw(source, display=display), lambda drawn: self._settle(key, drawn)
            )
        return self._drawings.get(key)

    def _settle(self, key: tuple[str, bool], drawn: Drawing | None) -> None:
        self._asked.discard(key)
        if len(self._drawings) >= KEPT:
            self._drawings.clear()
            self._renderers.clear()
        self._drawings[key] = drawn
        self.settled.emit(*key, drawn is None)

    def renderer(self, source: str, *, display: bool) -> QSvgRenderer | None:
        """Paints a formula in the colour of the text."""
        drawing = self._drawings.get((source, display))
        if drawing is None:
            return None
        ink = self.theme.tokens.text
        key = (source, display, ink)
        if key not in self._renderers:
            self._renderers[key] = QSvgRenderer(QByteArray(drawing.svg.replace(INK.encode(), ink.encode())))
        return self._renderers[key]


class _Objects(QPyTextObject):
    """Tells a text document how large a formula is, and paints it."""

    def __init__(self, formulas: Formulas) -> None:
        super().__init__(formulas)
        self._formulas = formulas

    def intrinsicSize(self, document: QTextDocument, position: int, format_: QTextFormat) -> QSizeF:
        source, display = str(format_.property(_SOURCE)), bool(format_.property(_DISPLAY))
        drawing = self._formulas.drawing(source, display=display)
        if drawing is None:
            metrics = QFontMetricsF(_font(document))
            width = min(metrics.horizontalAdvance(source), _room(document))
            return QSizeF(width + 2 * EDGE, metrics.height())
        scale = _scale(document, drawing)
        reach = _reach(document, drawing, scale)
        return QSizeF(drawing.width * scale + 2 * EDGE, 2 * reach)

    def drawObject(
        self,
        painter: QPainter,
        rect: QRectF | QRect,
        document: QTextDocument,
        position: int,
        format_: QTextFormat,
    ) -> None:
        source, display = str(format_.property(_SOURCE)), bool(format_.property(_DISPLAY))
        drawing = self._formulas.drawing(source, display=display)
        renderer = self._formulas.renderer(source, display=display)
        if drawing is None or renderer is None:
            painter.setFont(_font(document))
            painter.setPen(self._formulas.theme.tokens.muted)
            painter.drawText(QRectF(rect).adjusted(EDGE, 0, 0, 0), source)
            return
        scale = _scale(document, drawing)
        axis = QRectF(rect).center().y()
        line = axis + _half_x(document)
        top = line - (drawing.height - drawing.below) * scale
        renderer.render(
            painter, QRectF(rect.left() + EDGE, top, drawing.width * scale, drawing.height * scale)
        )


def _font(document: QTextDocument) -> QFont:
    return document.defaultFont()


def _room(document: QTextDocument) -> float:
    return max(document.textWidth() - 4 * EDGE, 40.0) if document.textWidth() > 0 else 600.0


def _half_x(document: QTextDocument) -> float:
    return QFontMetricsF(_font(document)).xHeight() / 2


def _scale(document: QTextDocument, drawing: Drawing) -> float:
    """Letters as high as the text's, unless the formula is wider than the page."""
    natural = QFontInfo(_font(document)).pixelSize() * 1.1 / PIXELS  # STIX is smaller than interface fonts
    return min(natural, _room(document) / max(drawing.width, 1.0))


def _reach(document: QTextDocument, drawing: Drawing, scale: float) -> float:
    """How far a drawing reaches from the middle of the line, up or down, whichever is more."""
    half = _half_x(document)
    above = (drawing.height - drawing.below) * scale - half
    below = drawing.below * scale + half
    return max(above, below)
