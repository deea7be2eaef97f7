"""What is known of one file: where it is, what was not read of it and why, and what was read."""

from __future__ import annotations

import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from core.documents import formats, notes
from core.documents.model import Block
from core.errors import FileEncrypted
from core.storage.documents import DocumentStore, StoredPage
from desktop.documents import document_text, system_viewer
from desktop.documents.files_model import FileRow
from desktop.documents.recordings import Recordings
from desktop.i18n import tr, tr_n
from desktop.reads import Reads
from desktop.theme import Theme


class Details(QFrame):
    """A card below the list, for the file that is selected."""

    remove = Signal(str)
    again = Signal(str)
    unlock = Signal(str, str)  # a file and its password
    resume = Signal()

    def __init__(self, store: DocumentStore, recordings: Recordings, reads: Reads, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("card")
        self._store = store
        self._recordings = recordings
        self._reads = reads
        self._theme = theme
        self._row: FileRow | None = None
        self.title = QLabel()
        self.title.setProperty("role", "name")
        self.about = QLabel()
        self.about.setProperty("role", "muted")
        self.remarks = QLabel()
        for label in (self.title, self.about, self.remarks):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text_button = QPushButton(tr("Show what was read"))
        self.text_button.clicked.connect(self.show_text)
        self.resume_button = QPushButton(tr("Go on writing it down"))
        self.resume_button.clicked.connect(self.resume)
        self.open_button = QPushButton(tr("Open the file"))
        self.open_button.clicked.connect(
            lambda: system_viewer.open_file(self._row.path) if self._row is not None else None
        )
        self.again_button = QPushButton(tr("Read again"))
        self.again_button.clicked.connect(lambda: self._row and self.again.emit(self._row.path))
        self.unlock_button = QPushButton(tr("Enter the password…"))
        self.unlock_button.clicked.connect(self._ask_password)
        self.remove_button = QPushButton(tr("Remove"))
        self.remove_button.clicked.connect(lambda: self._row and self.remove.emit(self._row.path))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(6)
        for label in (self.title, self.about, self.remarks):
            layout.addWidget(label)
        row = QHBoxLayout()
        for button in (
            self.text_button,
            self.resume_button,
            self.open_button,
            self.again_button,
            self.unlock_button,
        ):
            row.addWidget(button)
        row.addStretch()
        row.addWidget(self.remove_button)
        layout.addLayout(row)

    def show_file(self, row: FileRow) -> None:
        """Tell about this file."""
        self._row = row
        self.title.setText(row.name)
        self.about.setText(" · ".join(_about(row)) + "\n" + row.path)
        said = [row.why] if row.why else []
        document = row.document
        if document is not None:
            said += [notes.sentence(note, tr) for note in document.notes]
            if document.gone is not None:
                said.append(
                    tr("The file is not there any more. What was read of it is kept, but answers no longer.")
                )
            elif document.changed is not None:
                said.append(
                    tr("The file has changed since it was read. Read it again to ask about what it says now.")
                )
        self.remarks.setText("\n".join(said))
        self.remarks.setVisible(bool(said))
        self.text_button.setEnabled(document is not None)
        recording = document is not None and document.format == formats.RECORDING.key
        self.text_button.setText(tr("Show what is said") if recording else tr("Show what was read"))
        self.resume_button.setVisible(recording and document is not None and document.recognising > 0)
        locked = row.failure is not None and isinstance(row.failure.error, FileEncrypted)
        self.unlock_button.setVisible(locked and row.name.lower().endswith(".pdf"))
        self.again_button.setVisible(document is None or document.gone is None)
        self.show()

    def _ask_password(self) -> None:
        if self._row is None:
            return
        path = self._row.path
        said = tr("The password of {file}. It is used once and not kept.", file=self._row.name)
        password, given = QInputDialog.getText(
            self, tr("Enter the password"), said, QLineEdit.EchoMode.Password
        )
        if given and password:
            self.unlock.emit(path, password)

    def show_text(self) -> None:
        """Show what was read of the file, page by page."""
        if self._row is None or self._row.document is None:
            return
        if self._row.document.format == formats.RECORDING.key:
            self._recordings.open(self._row.document.id, self._row.name, self.window())
        else:
            dialog = ReadText(self._store, self._reads, self._theme, self._row, self.window())
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()


def _about(row: FileRow) -> list[str]:
    document = row.document
    if document is None:
        return [row.state(None)]
    known = formats.BY_KEY.get(document.format)
    size = document.size / 1000
    return [
        *([tr(known.name)] if known is not None else []),
        tr("{size} kB", size=f"{size:,.0f}") if size < 1000 else tr("{size} MB", size=f"{size / 1000:.1f}"),
        row.size,
        *([tr_n("{n} passage", "{n} passages", document.passages)] if document.pages else []),
        tr("read on {date}", date=f"{datetime.datetime.fromtimestamp(document.added):%Y-%m-%d %H:%M}"),
    ]


class ReadText(QDialog):
    """What Tsukue read of a file: its pages on the left, the text of one on the right."""

    def __init__(
        self, store: DocumentStore, reads: Reads, theme: Theme, row: FileRow, parent: QWidget
    ) -> None:
        super().__init__(parent)
        assert row.document is not None
        self._store = store
        self._reads = reads
        self._theme = theme
        self._document = row.document.id
        self.setWindowTitle(tr("What was read of {file}", file=row.name))
        self.resize(860, 640)
        self.pages = QListWidget()
        self.pages.setAccessibleName(tr("Pages"))
        self.pages.setProperty("role", "rows")
        self.pages.setMaximumWidth(240)
        self.pages.currentRowChanged.connect(self._show_page)
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.text.setAccessibleName(tr("Text of the document"))
        self.text.document().setDocumentMargin(18)
        self._ids: list[int] = []
        splitter = QSplitter()
        splitter.addWidget(self.pages)
        splitter.addWidget(self.text)
        splitter.setStretchFactor(1, 1)
        layout = QVBoxLayout(self)
        layout.addWidget(splitter)
        reads.ask(lambda: store.page_ids(self._document), self._fill, key=self)

    def _fill(self, pages: list[tuple[int, int | None, str]]) -> None:
        self._ids = [number for number, _, _ in pages]
        for place, (_, number, label) in enumerate(pages, start=1):
            self.pages.addItem(label or (str(number) if number is not None else str(place)))
        self.pages.setVisible(len(pages) > 1)
        if pages:
            self.pages.setCurrentRow(0)

    def _show_page(self, place: int) -> None:
        if not 0 <= place < len(self._ids):
            return
        number = self._ids[place]

        def read() -> tuple[StoredPage | None, list[Block]]:
            return self._store.page(number), self._store.blocks(number)

        def show(found: tuple[StoredPage | None, list[Block]]) -> None:
            page, blocks = found
            if page is None:
                return
            text = page.text or tr("Nothing was read of this page.")
            document_text.fill(self.text.document(), text, blocks, None, self._theme.tokens)
            self.text.moveCursor(QTextCursor.MoveOperation.Start)

        self._reads.ask(read, show, key=self.text)
