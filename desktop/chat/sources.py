"""Places in documents beside an answer: the quotation, and what comes nearest where nothing answers."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from core.chat.conversation import Source
from core.documents import formats
from desktop.i18n import tr


class Quotation(QFrame):
    """The best sentence with its place; a click opens it."""

    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("quotation")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.place = QPushButton()
        self.place.setProperty("role", "chip")
        self.place.setProperty("active", "true")
        self.place.setToolTip(tr("Open the document at this passage"))
        self.place.clicked.connect(self.opened)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(self.text)
        layout.addWidget(self.place, 0, Qt.AlignmentFlag.AlignLeft)

    def lay_out(self, width: int) -> None:
        """Be as high as the sentence needs at this width."""
        layout = self.layout()
        assert layout is not None
        self.setFixedHeight(layout.totalHeightForWidth(width))

    def show_source(self, source: Source) -> None:
        self.text.setText(tr("“{text}”", text=source.text))
        self.place.setText(place_text(source))


class _OneLine(QLabel):
    """As much of a text as there is room for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._whole = text
        self.setProperty("role", "muted")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width()))


class Nearest(QWidget):
    """Places with a few of their words; a click opens one."""

    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.places: list[QPushButton] = []
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)

    def show_sources(self, sources: list[Source]) -> None:
        """Show these, in place of those before."""
        while item := self._rows.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.places = []
        self.setVisible(bool(sources))
        if not sources:
            return
        title = QLabel(tr("What comes nearest"))
        title.setProperty("role", "muted")
        self._rows.addWidget(title)
        for number, source in enumerate(sources):
            self._rows.addWidget(self._row(number, source))

    def _row(self, number: int, source: Source) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        place = QPushButton(place_text(source))
        place.setProperty("role", "chip")
        place.setToolTip(tr("Open the document at this passage"))
        place.clicked.connect(lambda: self.opened.emit(number))
        words = " ".join(source.text.split())
        said = _OneLine(words)
        line.addWidget(place)
        line.addWidget(said, 1)
        self.places.append(place)
        return row


def place_text(source: Source) -> str:
    """A source's file and page in a few words."""
    name = source.file.replace("\\", "/").rsplit("/", 1)[-1]
    if source.label and formats.unit_of(name) != "page":
        return tr("{file} · {place}", file=name, place=source.label)
    if not source.page:
        return name
    match formats.unit_of(name):
        case "slide":
            return tr("{file} · slide {page}", file=name, page=source.page)
        case "sheet":
            return tr("{file} · sheet {page}", file=name, page=source.page)
        case "chapter":
            return tr("{file} · part {page}", file=name, page=source.page)
        case _:
            return tr("{file} · p. {page}", file=name, page=source.page)
