"""The documents page: collections, their contents, adding and removing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.documents import notes
from core.storage.documents import CollectionInfo, Document, DocumentStore
from desktop.i18n import tr, tr_n
from desktop.reads import Reads
from desktop.widgets import layouts


def _state(document: Document) -> str:
    """What there is to say of a document, in a few words."""
    if document.gone is not None:
        return tr("its file is gone; it answers no longer")
    if document.state != "ready":
        return tr("not finished")
    size = (
        tr_n("{n} page", "{n} pages", document.pages)
        if document.pages
        else tr_n("{n} passage", "{n} passages", document.passages)
    )
    return " · ".join((size, tr("read in part"))) if document.notes else size


class DocumentsPage(QWidget):
    add_to = Signal(str)  # '' asks for a new collection
    ask = Signal(str)
    remove = Signal(str, str)  # collection, path; '' is the whole collection

    def __init__(self, store: DocumentStore, reads: Reads) -> None:
        super().__init__()
        self.setObjectName("page")
        self._store = store
        self._reads = reads
        heading = QLabel(tr("Documents"))
        heading.setProperty("role", "heading")
        about = QLabel(tr("Files are read from where they are. Their text stays on this computer."))
        about.setProperty("role", "muted")
        add = QPushButton(tr("Add documents…"))
        add.setProperty("role", "primary")
        add.clicked.connect(lambda: self.add_to.emit(""))
        top = QHBoxLayout()
        words = QVBoxLayout()
        words.addWidget(heading)
        words.addWidget(about)
        top.addLayout(words, 1)
        top.addWidget(add, 0, Qt.AlignmentFlag.AlignTop)
        self._body = QWidget()
        self._list = QVBoxLayout(self._body)
        self._list.setContentsMargins(0, 0, 8, 0)
        self._list.setSpacing(14)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self._body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 24, 24, 16)
        layout.setSpacing(16)
        layout.addLayout(top)
        layout.addWidget(scroll, 1)

    def refresh(self) -> None:
        """Show what the store holds."""
        self._reads.ask(
            lambda: [(c, self._store.documents(c.name)) for c in self._store.collections()],
            self._show,
            key=self,
        )

    def _show(self, collections: list[tuple[CollectionInfo, list[Document]]]) -> None:
        layouts.clear(self._list)
        for collection, documents in collections:
            self._list.addWidget(self._card(collection, documents))
        if not collections:
            empty = QLabel(tr("No documents yet. Drop a file anywhere in this window, or add one here."))
            empty.setProperty("role", "muted")
            self._list.addWidget(empty)
        self._list.addStretch()

    def _card(self, collection: CollectionInfo, documents: list[Document]) -> QWidget:
        card = QFrame()
        card.setObjectName("card")
        name = QLabel(collection.name)
        name.setProperty("role", "name")
        counts = QLabel(
            tr_n("{n} document", "{n} documents", collection.documents)
            + " · "
            + tr_n("{n} passage", "{n} passages", collection.passages)
        )
        counts.setProperty("role", "muted")
        ask = QPushButton(tr("Ask about it"))
        ask.clicked.connect(lambda: self.ask.emit(collection.name))
        add = QPushButton(tr("Add…"))
        add.clicked.connect(lambda: self.add_to.emit(collection.name))
        remove = QPushButton(tr("Remove…"))
        remove.clicked.connect(lambda: self._confirm(collection.name))
        top = QHBoxLayout()
        top.addWidget(name)
        top.addWidget(counts)
        top.addStretch()
        for button in (ask, add, remove):
            top.addWidget(button)
        layout = QVBoxLayout(card)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.addLayout(top)
        for document in documents:
            row = QHBoxLayout()
            file = QLabel(document.path.replace("\\", "/").rsplit("/", 1)[-1])
            file.setToolTip(document.path)
            about = QLabel(_state(document))
            about.setProperty("role", "muted")
            about.setToolTip("\n".join(notes.sentence(note, tr) for note in document.notes))
            away = QPushButton(tr("Remove"))
            away.setProperty("role", "plain")
            away.setAccessibleName(tr("Remove {file}", file=file.text()))
            away.clicked.connect(lambda _=False, path=document.path: self.remove.emit(collection.name, path))
            row.addWidget(file)
            row.addWidget(about)
            row.addStretch()
            row.addWidget(away)
            layout.addLayout(row)
        return card

    def _confirm(self, name: str) -> None:
        answer = QMessageBox.question(
            self,
            tr("Remove"),
            tr("Remove “{name}” from Tsukue? The files themselves stay where they are.", name=name),
        )
        if answer == QMessageBox.StandardButton.Yes:
            self.remove.emit(name, "")
