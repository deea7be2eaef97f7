"""The files of a collection as rows of a table: those that were read, those that could not be, those that wait."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QWidget

from core.documents import formats, notes
from core.documents.progress import IngestProgress
from core.errors import HiddenLeftOut, LinkLeadsOut
from core.storage.collections import Failure
from core.storage.documents import Document
from desktop.error_text import sentence
from desktop.i18n import tr, tr_n
from desktop.theme import Theme

Index = QModelIndex | QPersistentModelIndex


class Filter(StrEnum):
    """Which files are shown."""

    ALL = "all"
    READY = "ready"
    PARTLY = "partly"
    FAILED = "failed"
    GONE = "gone"
    WORKING = "working"


@dataclass(frozen=True)
class FileRow:
    """A file of a collection: a document, one that could not be read, or one that waits."""

    path: str
    document: Document | None = None
    failure: Failure | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return Path(self.path.replace("\\", "/")).name

    @property
    def kind(self) -> Filter:
        """What there is to say first."""
        document = self.document
        if document is None:
            return Filter.FAILED if self.failure is not None else Filter.WORKING
        if document.gone is not None or document.changed is not None:
            return Filter.GONE
        if document.state != "ready" or document.recognising:
            return Filter.WORKING
        return Filter.PARTLY if notes.lacks(document.notes) else Filter.READY

    def state(self, progress: IngestProgress | None) -> str:
        """What there is to say of it, in a few words."""
        from desktop.documents.adding import state_text

        if progress is not None and progress.path == self.path:
            return state_text(progress)
        document = self.document
        if document is None:
            return self._refusal() if self.failure is not None else tr("waiting")
        if document.gone is not None:
            return tr("its file is gone; it answers no longer")
        if document.changed is not None:
            return tr("its file has changed since")
        if document.state != "ready":
            return tr("not finished")
        if document.recognising:
            return tr_n(
                "{n} page still to be recognised", "{n} pages still to be recognised", document.recognising
            )
        return tr("read in part") if notes.lacks(document.notes) else tr("ready")

    def _refusal(self) -> str:
        match self.failure.error if self.failure is not None else None:
            case HiddenLeftOut():  # the row is that of its folder, which was read
                return tr("hidden files left out")
            case LinkLeadsOut():
                return tr("not followed")
            case _:
                return tr("not read")

    @property
    def size(self) -> str:
        """How long it is, in its own units."""
        document = self.document
        if document is None:
            return ""
        known = formats.BY_KEY.get(document.format)
        match (known.unit if known is not None else "page") if document.pages else "":
            case "minute":
                return tr_n("{n} minute", "{n} minutes", document.pages)
            case "page":
                return tr_n("{n} page", "{n} pages", document.pages)
            case "slide":
                return tr_n("{n} slide", "{n} slides", document.pages)
            case "sheet":
                return tr_n("{n} sheet", "{n} sheets", document.pages)
            case "chapter":
                return tr_n("{n} part", "{n} parts", document.pages)
            case _:
                return tr_n("{n} passage", "{n} passages", document.passages)

    @property
    def why(self) -> str:
        """Why it could not be read; '' where it could."""
        return sentence(self.failure.error) if self.failure is not None else ""


class FilesModel(QAbstractTableModel):
    """Rows in the order of their paths; what a filter or a search leaves out is not there."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._all: list[FileRow] = []
        self._rows: list[FileRow] = []
        self._filter = Filter.ALL
        self._words = ""
        self._progress: IngestProgress | None = None

    def show(self, rows: list[FileRow]) -> None:
        """These files, in place of those before."""
        self._all = rows
        self._choose()

    def narrow(self, kind: Filter, words: str) -> None:
        """Show only files of this kind, with these words in their path."""
        self._filter, self._words = kind, words.strip().casefold()
        self._choose()

    def _choose(self) -> None:
        self.beginResetModel()
        self._rows = [
            row
            for row in self._all
            if (self._filter is Filter.ALL or row.kind is self._filter)
            and (not self._words or self._words in row.path.casefold())
        ]
        self.endResetModel()

    def count(self, kind: Filter) -> int:
        """How many files of the collection are of a kind."""
        return len(self._all) if kind is Filter.ALL else sum(row.kind is kind for row in self._all)

    def set_progress(self, progress: IngestProgress | None) -> None:
        """What is being done just now."""
        before, self._progress = self._progress, progress
        paths = {p.path for p in (before, progress) if p is not None}
        for number, row in enumerate(self._rows):
            if row.path in paths:
                self.dataChanged.emit(self.index(number, 1), self.index(number, 1))

    def row(self, index: Index) -> FileRow | None:
        """The file at an index."""
        return self._rows[index.row()] if index.isValid() and index.row() < len(self._rows) else None

    def number_of(self, path: str) -> int:
        """The row of a file, -1 where it is not shown."""
        return next((i for i, row in enumerate(self._rows) if row.path == path), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.name, row.state(self._progress), row.size)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.why or row.path
        if role == Qt.ItemDataRole.ForegroundRole and index.column():
            tokens = self._theme.tokens
            bad = row.kind in (Filter.FAILED, Filter.GONE)
            return QBrush(QColor(tokens.warning if bad and index.column() == 1 else tokens.muted))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return (tr("File"), tr("State"), tr("Size"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None
