"""What will hang on the message that is being written: a chip for each file and picture, with its size in tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.elided import ElidedLabel
from desktop.widgets.icons import icon

if TYPE_CHECKING:
    from core.chat.attaching import Size
    from core.chat.conversation import Attached

CHIP = 250  # pixels
THUMBNAIL = 34


@dataclass(eq=False)
class Hanging:
    """A file or a picture of the message that is being written; `part` is None while it is read."""

    name: str
    part: Attached | None = None
    size: Size | None = None  # None: not counted yet, or there is no model to count with
    picture: bool = False
    path: str = ""  # '' for what was pasted, or comes from an earlier message
    thumbnail: QImage | None = field(default=None, repr=False)
    drawing: bool = False  # its pages are being drawn, which will take its place

    @property
    def partial(self) -> bool:
        """Whether not all of it could be read."""
        return bool(getattr(self.part, "partial", False))

    @property
    def scanned(self) -> bool:
        """Whether pages of it are pictures."""
        return bool(getattr(self.part, "scanned", False))

    @property
    def unseen(self) -> bool:
        """Whether it is a picture, and the model that will answer does not see it."""
        return self.picture and self.size is not None and not self.size.sees

    @property
    def too_large(self) -> bool:
        """Whether the model cannot read it at once."""
        return self.size is not None and not self.size.fits


class AttachmentStrip(QWidget):
    """Hidden where nothing hangs on the message. Others change `entries`, then call `refresh`."""

    removed = Signal(object)  # a Hanging
    ask = Signal(object)  # a Hanging that is too large is to be asked about instead
    eyes_wanted = Signal(object, object)  # a picture that is not seen, and the button that was pressed
    pages_wanted = Signal(object)  # the pages of a Hanging are to be sent as pictures
    shown_wanted = Signal(object)  # a Hanging is to be looked at

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.entries: list[Hanging] = []
        self._chips: dict[Hanging, _Chip] = {}
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 4)
        self._grid.setSpacing(6)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(self._grid)
        row.addStretch()
        theme.changed.connect(self.refresh)
        self.hide()

    @property
    def parts(self) -> tuple[Attached, ...]:
        """What hangs on the message, as far as it has been read."""
        return tuple(one.part for one in self.entries if one.part is not None)

    @property
    def reading(self) -> bool:
        """Whether something is still being read."""
        return any(one.part is None or one.drawing for one in self.entries)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def refresh(self) -> None:
        """Show the entries as they are now. A chip stays the same widget while its entry is there: it may be in use."""
        for one in [one for one in self._chips if one not in self.entries]:
            chip = self._chips.pop(one)
            self._grid.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        for one in self.entries:
            if one not in self._chips:
                chip = self._chips[one] = _Chip(one, self._theme, self)
                chip.away.clicked.connect(lambda _=False, one=one: self.removed.emit(one))
                chip.look.clicked.connect(lambda _=False, one=one: self.shown_wanted.emit(one))
                chip.ask.clicked.connect(lambda _=False, one=one: self.ask.emit(one))
                chip.eyes.clicked.connect(
                    lambda _=False, one=one, eyes=chip.eyes: self.eyes_wanted.emit(one, eyes)
                )
                chip.pages.clicked.connect(lambda _=False, one=one: self.pages_wanted.emit(one))
            self._chips[one].refresh()
        self._arrange()
        self.setVisible(bool(self.entries))

    def _arrange(self) -> None:
        columns = max(self.width() // (CHIP + 6), 1)
        for place, one in enumerate(self.entries):
            if one in self._chips:
                self._grid.addWidget(self._chips[one], *divmod(place, columns), Qt.AlignmentFlag.AlignTop)


class _Chip(QFrame):
    """One file or picture."""

    def __init__(self, one: Hanging, theme: Theme, parent: QWidget) -> None:
        # Each part has its parent from the first moment: what a layout without one holds belongs to Python, which then takes
        # part in its end.
        super().__init__(parent)
        self._one = one
        self._theme = theme
        self.setObjectName("attachment")
        self.setFixedWidth(CHIP)
        self.look = QToolButton(self)
        self.look.setProperty("role", "plain")
        self.look.setFixedSize(THUMBNAIL + 4, THUMBNAIL + 4)
        self.look.setToolTip(tr("Show what the model reads of it"))
        self.look.setAccessibleName(tr("Show {name}", name=one.name))
        self._said = QLabel(self)
        self.ask = QPushButton(tr("Ask about it"), self)
        self.ask.setProperty("role", "link")
        self.ask.setToolTip(
            tr("Add it to your documents; answers then come from its pages that fit the question")
        )
        self.eyes = QPushButton(tr("Use a model that sees it…"), self)
        self.eyes.setProperty("role", "link")
        self.eyes.setToolTip(tr("This model gets only the text that was recognised in the picture"))
        self.pages = QPushButton(tr("Send its pages as pictures"), self)
        self.pages.setProperty("role", "link")
        self.pages.setToolTip(tr("The model then sees the scanned pages besides reading their text"))
        self.away = QToolButton(self)
        self.away.setProperty("role", "plain")
        self.away.setToolTip(tr("Do not send it with this message"))
        self.away.setAccessibleName(tr("Remove {name}", name=one.name))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(ElidedLabel(one.name, self))
        words.addWidget(self._said)
        for link in (self.ask, self.eyes, self.pages):
            words.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 4, 4)
        row.setSpacing(6)
        row.addWidget(self.look)
        row.addLayout(words, 1)
        row.addWidget(self.away, 0, Qt.AlignmentFlag.AlignTop)

    def refresh(self) -> None:
        """Show the entry as it is now."""
        one, muted = self._one, self._theme.tokens.muted
        if one.thumbnail is not None:
            self.look.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
            self.look.setIcon(QIcon(QPixmap.fromImage(one.thumbnail)))
        else:
            self.look.setIconSize(QSize(20, 20))
            self.look.setIcon(icon("picture" if one.picture else "document", muted, 20))
        self.look.setEnabled(one.part is not None)
        self.away.setIcon(icon("close", muted, 12))
        self._said.setText(_said(one))
        part = tr("Some of this file could not be read, pictures for example.") if one.partial else ""
        self._said.setToolTip(part)
        self.ask.setVisible(one.too_large and bool(one.path))
        self.eyes.setVisible(one.unseen)
        sees = one.size is not None and one.size.sees
        self.pages.setVisible(one.scanned and bool(one.path) and sees and not one.drawing)
        for widget, name, value in (
            (self, "large", "true" if one.too_large else "false"),
            (self._said, "role", "large" if one.too_large else "small"),
        ):
            if widget.property(name) != value:
                widget.setProperty(name, value)
                widget.style().unpolish(widget)
                widget.style().polish(widget)


def _said(one: Hanging) -> str:
    if one.part is None or one.drawing:
        return tr("Being read…")
    if one.size is None:
        return ""
    if one.unseen and not one.part.text:
        return tr("The model cannot see it")
    if one.too_large:
        return tr("{n} tokens, too long", n=f"{one.size.tokens:,}")
    if one.partial:
        return tr("{n} tokens, read in part", n=f"{one.size.tokens:,}")
    kind = tr("Only its text: {n} tokens") if one.unseen else tr("{n} tokens")
    return kind.format(n=f"{one.size.tokens:,}")
