"""The right panel: a source opened at its page, the passage highlighted.

PDF pages come as pixels and rectangles from core's `Pages`; other formats are shown as text.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.chat.conversation import Source
from core.documents.messages import PageImage
from core.documents.pages import Pages
from core.jobs import Job
from core.storage.documents import DocumentStore, Place
from desktop.chat.message_widgets import place_text
from desktop.error_text import sentence
from desktop.i18n import tr
from desktop.operations import Operations
from desktop.theme import Theme
from desktop.widgets.icons import icon

HIGHLIGHT = QColor("#ffe58a")  # on the white of a page, in light and dark alike


class PageView(QWidget):
    """One page's pixels with its highlight, multiplied onto the page like a marker pen."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._ratio = 1.0
        self.rectangles: list[QRectF] = []
        self.setAccessibleName(tr("Page"))

    def show_page(self, page: PageImage, ratio: float) -> None:
        """Show a drawn page; `ratio` is device pixels per pixel."""
        image = QImage(page.pixels, page.width, page.height, page.stride, QImage.Format.Format_RGB32)
        self._image = image.copy()  # the bytes belong to the message
        self._image.setDevicePixelRatio(ratio)
        self._ratio = ratio
        self.rectangles = [
            QRectF(x / ratio, y / ratio, w / ratio, h / ratio) for x, y, w, h in page.rectangles
        ]
        self.setFixedSize(QSize(int(page.width / ratio), int(page.height / ratio)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        painter = QPainter(self)
        painter.drawImage(0, 0, self._image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
        for rectangle in self.rectangles:
            painter.fillRect(rectangle.adjusted(-1, -1, 1, 1), HIGHLIGHT)
        painter.end()


class SourceView(QWidget):
    """Shows one source of an answer; the arrows go through the others."""

    closed = Signal()

    def __init__(self, store: DocumentStore, pages: Pages, operations: Operations, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("sourcePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(300)
        self._store = store
        self._pages = pages
        self._operations = operations
        self._theme = theme
        self._sources: list[Source] = []
        self._current = 0
        self._place_text = ""
        self._highlighted = ""
        self._opening: Job | None = None  # what is on its way; another one's result is dropped

        self.title = QLabel()
        self.title.setObjectName("title")
        self.place = QLabel()
        self.place.setProperty("role", "chip")
        self._buttons: list[tuple[QToolButton, str]] = []
        header = QWidget()
        header.setObjectName("sourceHeader")
        header.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        header.setFixedHeight(52)
        row = QHBoxLayout(header)
        row.setContentsMargins(16, 0, 8, 0)
        row.addWidget(self.title)
        row.addWidget(self.place, 1, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        self.previous = self._button(row, "previous", tr("Previous source"))
        self.next = self._button(row, "next", tr("Next source"))
        self.close_button = self._button(row, "close", tr("Close the source (Esc)"))
        self.previous.clicked.connect(lambda: self._go(self._current - 1))
        self.next.clicked.connect(lambda: self._go(self._current + 1))
        self.close_button.clicked.connect(self.closed)

        self.page = PageView()
        holder = QWidget()
        center = QHBoxLayout(holder)
        center.setContentsMargins(14, 14, 14, 14)
        center.addStretch()
        center.addWidget(self.page, 0, Qt.AlignmentFlag.AlignTop)
        center.addStretch()
        self.page_area = QScrollArea()
        self.page_area.setWidgetResizable(True)
        self.page_area.setWidget(holder)
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.text.setAccessibleName(tr("Text of the document"))
        self.text.document().setDocumentMargin(18)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.message.setContentsMargins(18, 18, 18, 18)
        self.message.setProperty("role", "muted")
        self.stack = QStackedWidget()
        for widget in (self.page_area, self.text, self.message):
            self.stack.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(header)
        layout.addWidget(self.stack, 1)
        theme.changed.connect(self._paint)
        self._paint()

    def _button(self, row: QHBoxLayout, symbol: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "plain")
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        row.addWidget(button)
        self._buttons.append((button, symbol))
        return button

    def _paint(self) -> None:
        for button, symbol in self._buttons:
            button.setIcon(icon(symbol, self._theme.tokens.muted, 16))

    def open(self, sources: list[Source], number: int) -> None:
        """Show source `number` (from 0) of these."""
        self._sources = sources
        self._go(number)

    def _go(self, number: int) -> None:
        if not 0 <= number < len(self._sources):
            return
        self._current = number
        source = self._sources[number]
        self.title.setText(tr("Source {n}/{total}", n=number + 1, total=len(self._sources)))
        self._place_text = place_text(source)
        self._show_place()
        self.place.setToolTip(source.path)
        self.previous.setEnabled(number > 0)
        self.next.setEnabled(number < len(self._sources) - 1)
        if self._opening is not None:
            self._opening.cancel()
        if source.page and Path(source.path).suffix.lower() == ".pdf":
            self._show_page(source, source.page)
        else:
            self._show_text(source)

    def _show_place(self) -> None:
        room = self.width() - self.title.sizeHint().width() - 205
        self.place.setText(
            self.place.fontMetrics().elidedText(self._place_text, Qt.TextElideMode.ElideMiddle, max(room, 80))
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_place()

    def _show_page(self, source: Source, page: int) -> None:
        ratio = self.devicePixelRatioF()
        width = int(max(self.width() - 44, 280) * ratio)
        self.message.setText(tr("Opening the page…"))
        self.stack.setCurrentWidget(self.message)

        def draw(job: Job) -> PageImage:
            place = self._locate(source)
            boxes = self._store.boxes(place.page_id, place.start, place.end) if place is not None else []
            return self._pages.draw(source.path, page, width, boxes=boxes, job=job)

        def show(image: PageImage) -> None:
            self.page.show_page(image, ratio)
            self.stack.setCurrentWidget(self.page_area)
            QTimer.singleShot(0, self._to_highlight)

        def fail(error: BaseException) -> None:
            self._show_text(source)  # the file has moved or cannot be drawn: its text is still here
            self.place.setToolTip(sentence(error))

        self._open("draw a page", draw, show, fail)

    def _open(
        self,
        name: str,
        function: Callable[[Job], Any],
        show: Callable[[Any], None],
        fail: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Run `function`; `show` its result, or `fail`, unless another source was opened meanwhile."""

        def succeeded(result: Any) -> None:
            if job is self._opening:
                show(result)

        def failed(error: BaseException) -> bool:
            if job is not self._opening:
                return True
            if fail is not None:
                fail(error)
            return fail is not None

        job = self._opening = self._operations.run(name, function, succeeded, failed)

    def _to_highlight(self) -> None:
        if self.page.rectangles:
            top = self.page.rectangles[0].top()
            self.page_area.verticalScrollBar().setValue(max(int(top) - 120, 0))

    def _locate(self, source: Source) -> Place | None:
        return self._store.locate(
            source.page_id, source.start, source.end, source.path, source.page, source.text
        )

    def _show_text(self, source: Source) -> None:
        def read(_: Job) -> tuple[str, Place | None]:
            place = self._locate(source)
            return self._store.page_text(place.page_id) if place is not None else "", place

        self._open("read a page's text", read, lambda found: self._fill_text(*found))

    def _fill_text(self, text: str, place: Place | None) -> None:
        self._highlighted = text[place.start : place.end] if place is not None else ""
        if not text or place is None:
            self.message.setText(tr("This document is no longer in the collection."))
            self.stack.setCurrentWidget(self.message)
            return
        self.text.setPlainText(text)
        cursor = QTextCursor(self.text.document())
        # Qt counts in UTF-16; offsets are in characters.
        start = len(text[: place.start].encode("utf-16-le")) // 2
        length = len(text[place.start : place.end].encode("utf-16-le")) // 2
        cursor.setPosition(start)
        cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
        style = QTextCharFormat()
        style.setBackground(QColor(self._theme.tokens.highlight))
        cursor.mergeCharFormat(style)
        cursor.setPosition(start)
        self.text.setTextCursor(cursor)
        self.stack.setCurrentWidget(self.text)
        self.text.ensureCursorVisible()

    def highlighted_text(self) -> str:
        """The text that is highlighted in a text source (for tests and screen readers)."""
        return self._highlighted
