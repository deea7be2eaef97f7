"""Places in documents beside an answer: the quotation, and what comes nearest where nothing answers."""

from __future__ import annotations

import html
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from core.chat.conversation import Extract, Role, Source
from core.documents import formats
from core.text import characters
from desktop.i18n import tr
from desktop.theme import Theme


class Quotation(QFrame):
    """What the documents say: one sentence, or a few with what stands around them, each with its place; a click opens it."""

    opened = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("quotation")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self._extracts: list[Extract] = []
        self.texts: list[QLabel] = []
        self.places: list[QPushButton] = []
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(16, 12, 16, 12)
        self._rows.setSpacing(8)
        theme.changed.connect(self._paint)

    def lay_out(self, width: int) -> None:
        """Be as high as the sentences need at this width."""
        self.setFixedHeight(self._rows.totalHeightForWidth(width))

    def show_extracts(self, extracts: list[Extract]) -> None:
        """Show these, in place of those before."""
        if extracts == self._extracts:
            return
        self._extracts = extracts
        _empty(self._rows)
        self.texts, self.places = [], []
        for number, extract in enumerate(extracts):
            if number:
                self._rows.addSpacing(8)
            text = QLabel()
            text.setWordWrap(True)
            text.setTextFormat(Qt.TextFormat.RichText)
            place = QPushButton(place_text(extract.source))
            place.setProperty("role", "chip")
            place.setProperty("active", "true")
            place.setToolTip(tr("Open the document at this passage"))
            place.clicked.connect(partial(self.opened.emit, number))
            self.texts.append(text)
            self.places.append(place)
            self._rows.addWidget(text)
            self._rows.addWidget(place, 0, Qt.AlignmentFlag.AlignLeft)
            text.show()  # the layout shows them later; until then they would have no height
            place.show()
        self._paint()

    def _paint(self) -> None:
        """The sentences in full colour, what stands around them behind it."""
        muted = self._theme.tokens.muted
        for extract, label in zip(self._extracts, self.texts, strict=True):
            said = [
                f'<span style="color: {muted}">{_html(extract.before)}</span>' if extract.before else "",
                _html(extract.source.text if extract.before or extract.after else quoted(extract)),
                f'<span style="color: {muted}">{_html(extract.after)}</span>' if extract.after else "",
            ]
            label.setText(_between(extract).join(filter(None, said)))
            label.setAccessibleName(quoted(extract))


def quoted(extract: Extract) -> str:
    """The sentence of an extract as plain text, in the quotation marks of the window's language."""
    return tr("“{text}”", text=extract.source.text)


def _between(extract: Extract) -> str:
    """What stands between two sentences: nothing in Japanese."""
    return "" if characters.is_japanese(extract.source.text) else " "


def _html(text: str) -> str:
    return html.escape(text.strip()).replace("\n", "<br>")


def _empty(rows: QVBoxLayout) -> None:
    while item := rows.takeAt(0):
        widget = item.widget()
        if widget is not None:
            widget.deleteLater()


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

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.places: list[QPushButton] = []
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)

    def show_sources(self, sources: list[Source]) -> None:
        """Show these, in place of those before."""
        _empty(self._rows)
        self.places = []
        self.setVisible(bool(sources))
        if not sources:
            return
        title = QLabel(self._title)
        title.setProperty("role", "muted")
        for row in (title, *(self._row(number, source) for number, source in enumerate(sources))):
            self._rows.addWidget(row)
            row.show()  # at once: a layout shows what it is given a turn later, and has no height for it until then

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


class Elsewhere(QWidget):
    """Where else an answer may come from: other collections that seem to have one, or the model by itself."""

    collection = Signal(str)
    alone = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.buttons: list[QPushButton] = []
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 4, 0, 0)
        self._rows.setSpacing(6)

    def offer(self, collections: list[str], *, model: bool) -> None:
        """Offer these collections, and the model, if there is one, in place of what was offered before."""
        _empty(self._rows)
        self.buttons = []
        for name in collections:
            button = QPushButton(tr("Look in “{name}”, which seems to have it", name=name))
            button.setToolTip(tr("Ask these documents from now on"))
            button.clicked.connect(partial(self.collection.emit, name))
            self.buttons.append(button)
        if model:
            button = QPushButton(tr("Answer without documents"))
            button.setToolTip(tr("The model answers from what it has learned; nothing of it is checked"))
            button.clicked.connect(self.alone)
            self.buttons.append(button)
        for button in self.buttons:
            self._rows.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            button.show()  # see Nearest
        self.setVisible(bool(self.buttons))


def place_text(source: Source) -> str:
    """A source's file and page in a few words; of a past chat its title, and who said it."""
    if source.chat:
        who = tr("you") if source.label == Role.USER else tr("an answer")
        return tr("“{title}” · {who}").format(title=source.file, who=who)
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
