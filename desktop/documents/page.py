"""The page *Documents*: collections on the left; on the right the files of one, what became of each, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QMessageBox,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from core.documents.additions import AdditionEnded, AdditionsChanged
from core.documents.later import LaterEnded
from core.documents.progress import DocumentsChanged, FileFailed, IngestProgress
from core.documents.readers import encodings
from core.documents.service import Documents
from core.documents.watching import Watching
from core.settings import SettingChanged, Settings
from core.storage.collections import CollectionInfo, WatchedFolder
from core.storage.documents import DocumentStore
from desktop.bridge import Bridge
from desktop.documents.adding import Adding, AddingStrip
from desktop.documents.details import Details
from desktop.documents.files_model import FileRow, FilesModel, Filter
from desktop.documents.recordings import Recordings
from desktop.i18n import tr, tr_n
from desktop.notify import Notify
from desktop.operations import Operations
from desktop.reads import Reads
from desktop.theme import Theme
from desktop.widgets.banner import Banner
from desktop.widgets.icons import icon

TEXTS = frozenset({"text", "markdown", "csv", "subtitles", "code", "json"})  # whose encoding can be chosen
NARROWEST = 360  # pixels
SOON = 300  # milliseconds in which changes are gathered
WHILE_WORKING = 2_000  # milliseconds between two looks while files are read


@dataclass(frozen=True)
class _Content:
    """What is read for the page at once."""

    collections: list[CollectionInfo]
    chosen: str
    rows: list[FileRow]
    watched: list[WatchedFolder]
    size: int


class DocumentsPage(QWidget):
    """Shows collections and their files."""

    add_to = Signal(str, bool)  # a collection ('' is a new one), and whether a folder is wanted
    ask = Signal(str)
    tabulate = Signal(str)  # a collection whose documents are to become rows
    ask_file = Signal(str, str)  # a collection, and the name of the file in it that is meant

    def __init__(
        self,
        store: DocumentStore,
        documents: Documents,
        watching: Watching,
        recordings: Recordings,
        adding: Adding,
        bridge: Bridge,
        reads: Reads,
        operations: Operations,
        notify: Notify,
        theme: Theme,
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self._store = store
        self._documents = documents
        self._watching = watching
        self._adding = adding
        self._reads = reads
        self._operations = operations
        self._theme = theme
        self._collections: list[CollectionInfo] = []
        self._watched: list[WatchedFolder] = []
        self.details = Details(store, recordings, reads, theme)
        self._chosen = ""
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self.refresh)
        self._now_and_then = QTimer(self, singleShot=True, interval=WHILE_WORKING)
        self._now_and_then.timeout.connect(self.refresh)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 24, 24, 16)
        layout.setSpacing(14)
        layout.addLayout(self._top())
        self.banner = Banner(theme)
        notify.shown.connect(self.banner.show_message)
        bridge.on(SettingChanged, self._setting_changed)
        layout.addWidget(self.banner)
        self.strip = AddingStrip()
        self.strip.cancelled.connect(adding.stop)
        self.strip.paused.connect(adding.pause)
        layout.addWidget(self.strip)
        self.list = QListWidget()
        self.list.setProperty("role", "rows")
        self.list.setAccessibleName(tr("Collections"))
        self.list.currentItemChanged.connect(self._choose)
        self.model = FilesModel(theme, self)
        self._parts = QStackedWidget()
        self.empty = QLabel(tr("No documents yet. Drop a file anywhere in this window, or add one here."))
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        splitter = QSplitter()
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.list)
        splitter.addWidget(self._collection())
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([210, 640])
        self._parts.addWidget(self.empty)
        self._parts.addWidget(splitter)
        layout.addWidget(self._parts, 1)
        for kind in (DocumentsChanged, AdditionEnded, FileFailed):
            bridge.on(kind, lambda _: self._soon.start() if not self._soon.isActive() else None)
        bridge.on(IngestProgress, self._progressed)
        bridge.on(AdditionsChanged, self._line_changed)
        bridge.on(LaterEnded, lambda _: self._rest())
        theme.changed.connect(self._paint)
        self._paint()

    def minimumSizeHint(self) -> QSize:
        """Narrower than its parts would like: pages lie behind each other, and none may widen the others."""
        return QSize(NARROWEST, 300)

    # ------------------------------------------------------------ parts

    def _top(self) -> QHBoxLayout:
        heading = QLabel(tr("Documents"))
        heading.setProperty("role", "heading")
        self.about = QLabel()
        self.about.setProperty("role", "muted")
        self.about.setWordWrap(True)
        self._tell_place()
        self.add_button = QPushButton(tr("Add documents…"))
        self.add_button.setProperty("role", "primary")
        self.add_button.clicked.connect(lambda: self.add_to.emit("", False))
        self.folder_button = QPushButton(tr("Add a folder…"))
        self.folder_button.clicked.connect(lambda: self.add_to.emit("", True))
        top = QHBoxLayout()
        words = QVBoxLayout()
        words.addWidget(heading)
        words.addWidget(self.about)
        top.addLayout(words, 1)
        top.addWidget(self.folder_button, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignTop)
        return top

    def _tell_place(self) -> None:
        """What of the documents leaves this computer."""
        if host := self._documents.vector_server:
            text = tr(
                "Files are read from where they are, and their text stays on this computer. Not offline: {host} holds what search by meaning compares.",
                host=host,
            )
        else:
            text = tr("Files are read from where they are. Their text stays on this computer.")
        self.about.setText(text)

    def _setting_changed(self, event: SettingChanged) -> None:
        if event.name == Settings.vector_server.name:
            self._tell_place()

    def _collection(self) -> QWidget:
        part = QWidget()
        layout = QVBoxLayout(part)
        layout.setContentsMargins(16, 0, 0, 0)
        layout.setSpacing(10)
        self.name = QLabel()
        self.name.setProperty("role", "name")
        self.counts = QLabel()
        self.counts.setProperty("role", "muted")
        self.counts.setWordWrap(True)
        ask = QPushButton(tr("Ask about it"))
        ask.clicked.connect(lambda: self.ask.emit(self._chosen))
        add = QPushButton(tr("Add…"))
        add.clicked.connect(lambda: self.add_to.emit(self._chosen, False))
        self.more = QToolButton()
        self.more.setProperty("role", "plain")
        self.more.setToolTip(tr("More about this collection"))
        self.more.setAccessibleName(tr("More about this collection"))
        self.more.clicked.connect(lambda: self._menu(self.more.mapToGlobal(QPoint(0, self.more.height()))))
        top = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.name)
        words.addWidget(self.counts)
        top.addLayout(words, 1)
        for button in (ask, add, self.more):
            top.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(top)
        self.watched = QLabel()
        self.watched.setProperty("role", "muted")
        self.watched.setWordWrap(True)
        layout.addWidget(self.watched)
        row = QHBoxLayout()
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search by name"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(tr("Search by name"))
        self.filter = QComboBox()
        self.filter.setAccessibleName(tr("Which files"))
        for kind in Filter:
            self.filter.addItem("", kind)
        self.search.textChanged.connect(self._narrow)
        self.filter.currentIndexChanged.connect(self._narrow)
        row.addWidget(self.search, 1)
        row.addWidget(self.filter)
        layout.addLayout(row)
        self.files = QTreeView()
        self.files.setObjectName("files")
        self.files.setAccessibleName(tr("Files"))
        self.files.setModel(self.model)
        self.files.setRootIsDecorated(False)
        self.files.setUniformRowHeights(True)
        self.files.setAllColumnsShowFocus(True)
        self.files.setSelectionMode(QTreeView.SelectionMode.SingleSelection)
        self.files.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.files.customContextMenuRequested.connect(self._file_menu)
        self.files.doubleClicked.connect(lambda _: self.details.show_text())
        header = self.files.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 210), (2, 110)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
        self.files.selectionModel().currentRowChanged.connect(self._selected)
        layout.addWidget(self.files, 1)
        self.details.remove.connect(self._remove)
        self.details.again.connect(self._again)
        self.details.unlock.connect(self._unlock)
        self.details.resume.connect(self._adding.resume)
        self.details.hide()
        layout.addWidget(self.details)
        return part

    def _paint(self) -> None:
        self.more.setIcon(icon("more", self._theme.tokens.muted, 18))

    # ------------------------------------------------------------ content

    def refresh(self) -> None:
        """Show what the store holds."""
        chosen = self._chosen

        def read() -> _Content:
            collections = self._store.collections()
            names = [c.name for c in collections]
            name = chosen if chosen in names else (names[0] if names else "")
            if not name:
                return _Content(collections, "", [], [], 0)
            documents = self._store.documents(name)
            known = {d.path for d in documents}
            rows = [FileRow(d.path, document=d) for d in documents]
            rows += [FileRow(f.path, failure=f) for f in self._store.failures(name) if f.path not in known]
            waiting = [p for p in self._adding.waiting(name) if p not in known]
            rows += [FileRow(path) for path in waiting]
            rows.sort(key=lambda row: row.path)
            watched = [w for w in self._store.watched() if w.collection == name]
            return _Content(collections, name, rows, watched, self._store.collection_size(name))

        self._reads.ask(read, self._show, key=self)

    def _show(self, content: _Content) -> None:
        self._collections, self._chosen = content.collections, content.chosen
        self._parts.setCurrentIndex(1 if content.collections else 0)
        self.list.blockSignals(True)
        self.list.clear()
        for collection in content.collections:
            item = QListWidgetItem(collection.name)
            item.setToolTip(collection.name)
            self.list.addItem(item)
            if collection.name == content.chosen:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        chosen = next((c for c in content.collections if c.name == content.chosen), None)
        if chosen is None:
            return
        self.name.setText(chosen.name)
        parts = [
            tr_n("{n} document", "{n} documents", chosen.documents),
            tr_n("{n} passage", "{n} passages", chosen.passages),
            tr("{size} MB", size=f"{content.size / 1_000_000:.1f}"),
        ]
        if chosen.failed:
            parts.append(tr_n("{n} file was not read", "{n} files were not read", chosen.failed))
        self.counts.setText(" · ".join(parts))
        lines = [
            tr("Watched, but not there just now: {folder}", folder=folder.path)
            if folder.lost is not None
            else tr("Watched: {folder}", folder=folder.path)
            for folder in content.watched
        ]
        self.watched.setText("\n".join(lines))
        self.watched.setVisible(bool(lines))
        self._watched = content.watched
        current = self.model.row(self.files.currentIndex())
        self.model.show(content.rows)
        self._count_filters()
        if current is not None and (number := self.model.number_of(current.path)) >= 0:
            self.files.setCurrentIndex(self.model.index(number, 0))
        else:
            self.details.hide()

    def _count_filters(self) -> None:
        names = {
            Filter.ALL: tr("All files"),
            Filter.READY: tr("Ready"),
            Filter.PARTLY: tr("Read in part"),
            Filter.FAILED: tr("Not read"),
            Filter.GONE: tr("Changed or gone"),
            Filter.WORKING: tr("Under way"),
        }
        for number, kind in enumerate(Filter):
            self.filter.setItemText(number, f"{names[kind]} ({self.model.count(kind)})")

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.text() != self._chosen:
            self._chosen = item.text()
            self.details.hide()
            self.refresh()

    def _narrow(self) -> None:
        kind = self.filter.currentData()
        self.model.narrow(Filter(kind) if kind else Filter.ALL, self.search.text())
        self.details.hide()

    def _selected(self, index: QModelIndex) -> None:
        row = self.model.row(index)
        if row is None:
            self.details.hide()
        else:
            self.details.show_file(row)

    def _progressed(self, progress: IngestProgress) -> None:
        self.strip.show_progress(progress)
        if progress.collection in ("", self._chosen):
            self.model.set_progress(progress)
        if self.isVisible() and not self._now_and_then.isActive():
            self._now_and_then.start()

    def _rest(self) -> None:
        """Nothing is being recognised any more."""
        self.strip.rest(self._adding.busy)
        if not self._adding.busy:
            self.model.set_progress(None)

    def _line_changed(self, event: AdditionsChanged) -> None:
        self.strip.follow(event)
        if event.running is None:
            self.model.set_progress(None)
        if not self._soon.isActive():
            self._soon.start()

    # ------------------------------------------------------------ what can be done

    def _menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction(tr("Rename…"), self._rename)
        others = [c.name for c in self._collections if c.name != self._chosen]
        merge = menu.addMenu(tr("Merge into"))
        for other in others:
            merge.addAction(other, partial(self._merge, other))
        merge.setEnabled(bool(others))
        menu.addAction(tr("Watch a folder…"), self._watch)
        for folder in self._watched:
            menu.addAction(
                tr("Stop watching {folder}", folder=Path(folder.path).name),
                partial(self._run, partial(self._watching.unwatch, folder.path, folder.collection)),
            )
        menu.addSeparator()
        menu.addAction(tr("Try again what was not read"), lambda: self._again(""))
        menu.addAction(
            tr("Forget what was not read"), lambda: self._run(lambda: self._documents.dismiss(self._chosen))
        )
        menu.addSeparator()
        menu.addAction(tr("Fill a table from it…"), lambda: self.tabulate.emit(self._chosen))
        menu.addAction(tr("Check how well it is found…"), self._check)
        menu.addAction(tr("Export as one file…"), self._export)
        menu.addAction(tr("Import a file…"), self._import)
        menu.addSeparator()
        menu.addAction(tr("Remove…"), self._confirm)
        menu.popup(place)

    def _file_menu(self, place: QPoint) -> None:
        row = self.model.row(self.files.indexAt(place))
        if row is None:
            return
        menu = QMenu(self)
        if row.document is not None:
            if row.document.passages:
                name = row.document.name
                menu.addAction(tr("Ask about this file"), lambda: self.ask_file.emit(self._chosen, name))
            menu.addAction(tr("Show what was read"), self.details.show_text)
            move = menu.addMenu(tr("Move to"))
            others = [c.name for c in self._collections if c.name != self._chosen]
            for other in others:
                move.addAction(
                    other,
                    partial(self._run, partial(self._documents.move, self._chosen, row.path, other)),
                )
            move.setEnabled(bool(others))
            if row.document.format in TEXTS:
                self._encodings(menu.addMenu(tr("Encoding")), row)
        menu.addAction(tr("Read again"), lambda: self._again(row.path))
        menu.addAction(tr("Remove"), lambda: self._remove(row.path))
        menu.popup(self.files.viewport().mapToGlobal(place))

    def _encodings(self, menu: QMenu, row: FileRow) -> None:
        """The encodings that a text can be read in; a tick is at the one that was chosen."""
        assert row.document is not None
        for name, encoding in ((tr("Found by itself"), ""), *encodings.CHOICES.items()):
            action = menu.addAction(
                name,
                partial(self._run, partial(self._documents.read_in, self._chosen, row.path, encoding)),
            )
            action.setCheckable(True)
            action.setChecked(encoding == row.document.encoding)

    def _run(self, function: Callable[[], Any]) -> None:
        self._operations.run("change documents", lambda job: function(), lambda _: self.refresh())

    def _check(self) -> None:
        from desktop.documents.check_dialog import CheckDialog

        check = partial(self._documents.check, self._chosen)
        CheckDialog(self._chosen, check, self._operations, self._theme, self).open()

    def _rename(self) -> None:
        old = self._chosen
        name, given = QInputDialog.getText(self, tr("Rename"), tr("New name"), text=old)
        name = name.strip()
        if given and name and name != old:
            self._chosen = name
            self._run(lambda: self._documents.rename(old, name))

    def _merge(self, other: str) -> None:
        old, self._chosen = self._chosen, other
        self._run(lambda: self._documents.merge(old, other))

    def _watch(self) -> None:
        from PySide6.QtWidgets import QFileDialog

        folder = QFileDialog.getExistingDirectory(self, tr("Watch a folder"))
        if folder:
            self._run(lambda: self._watching.watch(folder, self._chosen))

    def _export(self) -> None:
        from PySide6.QtWidgets import QFileDialog

        from core.documents import transfer

        kind = tr("Tsukue collection") + f" (*{transfer.SUFFIX})"
        path, _ = QFileDialog.getSaveFileName(
            self, tr("Export as one file"), f"{self._chosen}{transfer.SUFFIX}", kind
        )
        if path:
            self._run(lambda: self._documents.export(self._chosen, Path(path)))

    def _import(self) -> None:
        from PySide6.QtWidgets import QFileDialog

        from core.documents import transfer

        kind = tr("Tsukue collection") + f" (*{transfer.SUFFIX})"
        path, _ = QFileDialog.getOpenFileName(self, tr("Import a file"), "", kind)
        if path:
            self._run(lambda: self._documents.import_file(Path(path)))

    def _again(self, path: str) -> None:
        name = self._chosen
        self._run(lambda: self._documents.read_again(name, path) if path else self._documents.retry(name))

    def _unlock(self, path: str, password: str) -> None:
        name = self._chosen
        self._run(lambda: self._documents.unlock(name, path, password))

    def _remove(self, path: str) -> None:
        name = self._chosen
        self.details.hide()
        self._run(lambda: self._documents.remove(name, path))

    def _confirm(self) -> None:
        name = self._chosen
        answer = QMessageBox.question(
            self,
            tr("Remove"),
            tr("Remove “{name}” from Tsukue? The files themselves stay where they are.", name=name),
        )
        if answer == QMessageBox.StandardButton.Yes:
            self._run(lambda: self._documents.remove(name))
