"""The right panel: a source opened at its place, the passage highlighted.

Pages come as pixels and rectangles from core's `Pages`, sheets as a table with its row marked, everything else as clean text.
The document's kind says which (core/documents/formats.py), not its name. Where the file has gone, its text is still here; where
the document was removed, the quotation is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QImage,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
    QTextCursor,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QStackedWidget,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.chat.conversation import Source
from core.documents import formats
from core.documents.messages import PageImage
from core.documents.model import Block
from core.documents.pages import Pages
from core.errors import TsukueError
from core.jobs import Job
from core.storage.documents import DocumentStore, Place, StoredPage
from desktop.chat.sources import place_text
from desktop.documents import document_text, system_viewer
from desktop.documents.recordings import Recordings, Transcript, rows_of
from desktop.documents.sheet_view import SheetView
from desktop.error_text import sentence
from desktop.i18n import tr
from desktop.operations import Operations
from desktop.theme import Theme
from desktop.widgets.icons import icon

HIGHLIGHT = QColor("#ffe58a")  # on the white of a page, in light and dark alike
ZOOMS = (0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0)
FOUND = 500  # places that a search in a document goes through
NARROW, LEAST = 100, 52  # pixels for the name of a place
READ_CHARACTERS = 300_000  # that are read aloud in one go: some six hours


@dataclass(frozen=True)
class _Shown:
    """What is needed to show a place: the page it is on, what that consists of, and where it stands there."""

    page: StoredPage
    blocks: list[Block]
    place: Place | None
    image: PageImage | None
    trouble: BaseException | None = None  # why the page could not be drawn
    recording: Transcript | None = None  # where it is one


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
    read_aloud = Signal(str)  # what stands in the document from the place that is shown on

    def __init__(
        self,
        store: DocumentStore,
        pages: Pages,
        recordings: Recordings,
        operations: Operations,
        theme: Theme,
    ) -> None:
        super().__init__()
        self.setObjectName("sourcePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(300)
        self._store = store
        self._pages = pages
        self._recordings = recordings
        self._operations = operations
        self._theme = theme
        self._sources: list[Source] = []
        self._current = 0
        self._place_text = ""
        self._highlighted = ""
        self._shown: _Shown | None = None
        self._zoom = ZOOMS.index(1.0)
        self._found: list[Place] = []
        self._hit = -1
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
        self.sheet = SheetView(theme)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.message.setContentsMargins(18, 18, 18, 18)
        self.message.setProperty("role", "muted")
        self.stack = QStackedWidget()
        self.transcript = recordings.view()
        self.transcript.corrected.connect(self._again)
        for widget in (self.page_area, self.text, self.sheet, self.transcript, self.message):
            self.stack.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(header)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self._tools())
        for keys, function in (
            (QKeySequence.StandardKey.Find, self._begin_search),
            (QKeySequence.StandardKey.ZoomIn, lambda: self._set_zoom(self._zoom + 1)),
            (QKeySequence.StandardKey.ZoomOut, lambda: self._set_zoom(self._zoom - 1)),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(function)
        theme.changed.connect(self._paint)
        self._paint()

    def _tools(self) -> QWidget:
        """Below the source: search in the document, size, copying and the way to the file."""
        bar = QWidget()
        bar.setObjectName("sourceTools")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(4)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search in this document"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(tr("Search in this document"))
        self.search.returnPressed.connect(lambda: self._search(1))
        self.search.textChanged.connect(self._search_changed)
        self.hits = QLabel()
        self.hits.setProperty("role", "muted")
        row.addWidget(self.search, 1)
        row.addWidget(self.hits)
        self.smaller = self._button(row, "minus", tr("Smaller (Ctrl+-)"))
        self.larger = self._button(row, "plus", tr("Larger (Ctrl++)"))
        self.speak = self._button(row, "speaker", tr("Read aloud from here"))
        self.speak.clicked.connect(self._read_aloud)
        self.copy = self._button(row, "copy", tr("Copy with its source"))
        self.outside = self._button(row, "open", tr("Open in another program"))
        self.smaller.clicked.connect(lambda: self._set_zoom(self._zoom - 1))
        self.larger.clicked.connect(lambda: self._set_zoom(self._zoom + 1))
        self.copy.clicked.connect(self._copy)
        self.outside.clicked.connect(self._open_outside)
        return bar

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
        self._found, self._hit = [], -1
        self.hits.clear()
        self._show(source)

    def _show_place(self) -> None:
        room = self.width() - self.title.sizeHint().width() - 205
        # Where there is hardly any, the page or second says more than the file's name.
        where = Qt.TextElideMode.ElideMiddle if room >= NARROW else Qt.TextElideMode.ElideLeft
        self.place.setText(self.place.fontMetrics().elidedText(self._place_text, where, max(room, LEAST)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_place()

    def _show(self, source: Source, at: Place | None = None) -> None:
        """Show a source's place, or another place `at` of its document."""
        ratio = self.devicePixelRatioF()
        width = int(max(self.width() - 44, 280) * ratio * ZOOMS[self._zoom])
        self.message.setText(tr("Opening the source…"))
        if at is None:
            self.stack.setCurrentWidget(self.message)

        def read(job: Job) -> _Shown | None:
            place = at or self._locate(source)
            page = self._store.page(place.page_id) if place is not None else None
            if page is None or place is None:
                return None
            blocks = self._store.blocks(page.id)
            if formats.viewer_of(page.format, page.path) == "recording" and page.moments:
                found = self._recordings.read(page.document)
                return _Shown(page, blocks, place, None, recording=found)
            if formats.viewer_of(page.format, page.path) != "page" or page.number is None:
                return _Shown(page, blocks, place, None)
            boxes = self._store.boxes(place.page_id, place.start, place.end)
            try:
                image = self._pages.draw(page.path, page.number, width, boxes=boxes, job=job)
            except TsukueError as error:  # the file has moved or cannot be drawn: its text is still here
                job.check()
                return _Shown(page, blocks, place, None, error)
            return _Shown(page, blocks, place, image)

        self._open("open a source", read, lambda shown: self._fill(source, shown, ratio))

    def _fill(self, source: Source, shown: _Shown | None, ratio: float) -> None:
        self._shown = shown
        for button in (self.smaller, self.larger, self.search, self.outside, self.speak):
            button.setEnabled(shown is not None)
        if shown is None or shown.place is None:
            self._highlighted = ""
            said = tr("This document is no longer in the collection.")
            self.message.setText(f"{said}\n\n“{source.text}”")
            self.stack.setCurrentWidget(self.message)
            return
        place = shown.place
        self._highlighted = shown.page.text[place.start : place.end]
        if shown.trouble is not None:
            self.place.setToolTip(sentence(shown.trouble))
        if shown.image is not None:
            self.page.show_page(shown.image, ratio)
            self.stack.setCurrentWidget(self.page_area)
            QTimer.singleShot(0, self._to_highlight)
            return
        if shown.recording is not None:
            rows = rows_of(shown.recording.lines, shown.page, place)
            self._recordings.fill(self.transcript, shown.recording, rows)
            self.stack.setCurrentWidget(self.transcript)
            return
        kind = formats.viewer_of(shown.page.format, shown.page.path)
        if kind == "sheet" and any(b.rows and b.start <= place.start <= b.end for b in shown.blocks):
            self.sheet.show_page(shown.page.text, shown.blocks, (place.start, place.end))
            self.stack.setCurrentWidget(self.sheet)
            return
        self._fill_text(shown)

    def _again(self) -> None:
        """A line was corrected: the same place, whatever stands there now."""
        if self._shown is not None and self._sources:
            self._show(self._sources[self._current], self._shown.place)

    def _fill_text(self, shown: _Shown) -> None:
        assert shown.place is not None
        marked = shown.place.start, shown.place.end
        document = self.text.document()
        start = document_text.fill(document, shown.page.text, shown.blocks, marked, self._theme.tokens)
        cursor = QTextCursor(document)
        cursor.setPosition(max(start, 0))
        self.text.setTextCursor(cursor)
        self.stack.setCurrentWidget(self.text)
        QTimer.singleShot(0, self._to_text)

    def _to_text(self) -> None:
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.value() + self.text.cursorRect().top() - 120)

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

    # ------------------------------------------------------------ tools

    def _set_zoom(self, zoom: int) -> None:
        zoom = min(max(zoom, 0), len(ZOOMS) - 1)
        if zoom == self._zoom or self._shown is None:
            return
        self._zoom = zoom
        size = round(14 * ZOOMS[zoom])
        for widget in (self.text, self.sheet, self.transcript.list):
            font = widget.font()
            font.setPixelSize(size)
            widget.setFont(font)
            widget.setStyleSheet(f"font-size: {size}px")
        if self._shown.image is not None:
            self._show(self._sources[self._current], self._shown.place)

    def _begin_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _search_changed(self) -> None:
        self._found, self._hit = [], -1
        self.hits.clear()

    def _search(self, step: int) -> None:
        """Go to the next place of the words in the whole document."""
        words, shown = self.search.text(), self._shown
        if not words.strip() or shown is None:
            return
        if self._found:
            self._go_to_hit((self._hit + step) % len(self._found))
            return

        def found(places: list[Place]) -> None:
            self._found = places
            if not places:
                self.hits.setText(tr("not found"))
                return
            here = shown.page.id
            self._go_to_hit(next((i for i, p in enumerate(places) if p.page_id >= here), 0))

        self._open(
            "search in a document",
            lambda job: self._store.words_in(shown.page.document, words, FOUND),
            found,
        )

    def _go_to_hit(self, hit: int) -> None:
        self._hit = hit
        self.hits.setText(tr("{n}/{total}", n=hit + 1, total=len(self._found)))
        self._show(self._sources[self._current], self._found[hit])

    def _copy(self) -> None:
        """The quotation with where it stands, to be pasted elsewhere."""
        source = self._sources[self._current]
        QGuiApplication.clipboard().setText(f"“{source.text}” ({place_text(source)})")
        self.hits.setText(tr("copied"))

    def _read_aloud(self) -> None:
        """The document from the highlighted words on; what is behind this page is read from the database."""
        shown = self._shown
        if shown is None or shown.place is None:
            return
        page, start = shown.page, shown.place.start

        def read(job: Job) -> str:
            texts = [page.text[start:]]
            size = len(texts[0])
            later = [number for number, *_ in self._store.page_ids(page.document) if number > page.id]
            for number in later:
                job.check()
                found = self._store.page(number)
                if found is None or size > READ_CHARACTERS:
                    break
                texts.append(found.text)
                size += len(found.text)
            return "\n".join(texts)

        self._operations.run("read aloud", read, self.read_aloud.emit)

    def _open_outside(self) -> None:
        shown = self._shown
        if shown is None:
            return

        def failed(error: BaseException) -> bool:
            self.hits.setText(tr("the file is not there"))
            return isinstance(error, OSError)

        path, number = shown.page.path, shown.page.number
        self._operations.run(
            "open a file",
            lambda job: system_viewer.open_at_page(path, number),
            lambda opened: None if opened else system_viewer.open_file(path),
            failed,
        )

    def highlighted_text(self) -> str:
        """The text that is highlighted in a text source (for tests and screen readers)."""
        return self._highlighted
