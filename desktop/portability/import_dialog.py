"""Brings in the chats of another program or another home: choose its export, see what would come in, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.errors import TsukueError
from core.portability.importing import Imports, Preview, Report
from desktop.error_text import sentence
from desktop.i18n import tr, tr_n
from desktop.operations import Operations
from desktop.portability.entries import DATE, MESSAGES, PROJECT, STANDING, TITLE, EntriesModel

if TYPE_CHECKING:
    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    from core.jobs import Job

SIZE = (820, 620)


class ImportDialog(QDialog):
    """Choose, look, import, report: each a page of the same dialog."""

    add_folder = Signal(
        str, str
    )  # a folder whose documents another program knew, and the collection's name there
    _counted = Signal(int)  # chats that were looked at, from the job's thread

    def __init__(self, imports: Imports, operations: Operations, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Import chats"))
        self.resize(*SIZE)
        self.setAcceptDrops(True)
        self._imports = imports
        self._operations = operations
        self._path: Path | None = None
        self._job: Job | None = None
        self.pages = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.addWidget(self.pages)
        self.choosing, self.working, self.looking, self.ended = (
            self._choosing(),
            self._working(),
            self._looking(),
            self._done(),
        )
        for page in (self.choosing, self.working, self.looking, self.ended):
            self.pages.addWidget(page)
        self._counted.connect(self._show_count)
        self.finished.connect(self._stop)
        self.file_button.setFocus()

    # ------------------------------------------------------------ pages

    def _choosing(self) -> QWidget:
        page = QWidget()
        about = QLabel(
            tr(
                "Bring in your chats from ChatGPT, Claude, LM Studio, Jan, Open WebUI, GPT4All, Cherry Studio or "
                "another Tsukue. You will see what comes in before anything changes, and what is here already is "
                "not added twice. Nothing is sent anywhere."
            )
        )
        about.setWordWrap(True)
        drop = QFrame()
        drop.setObjectName("well")
        hint = QLabel(tr("Drop an export here, or choose one:"))
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.file_button = QPushButton(tr("Choose a file…"))
        self.file_button.setProperty("role", "primary")
        self.file_button.clicked.connect(self._choose_file)
        self.folder_button = QPushButton(tr("Choose a folder…"))
        self.folder_button.clicked.connect(self._choose_folder)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self.file_button)
        buttons.addWidget(self.folder_button)
        buttons.addStretch()
        inside = QVBoxLayout(drop)
        inside.addStretch()
        inside.addWidget(hint)
        inside.addLayout(buttons)
        inside.addStretch()
        where = QLabel(
            tr(
                "ChatGPT and Claude: Settings → Data controls or Privacy → Export; choose the zip file from the e-mail.\n"
                "Open WebUI: Settings → Chats → Export. Cherry Studio: Settings → Data → Backup.\n"
                "LM Studio: the folder .lmstudio/conversations. Jan: its data folder. GPT4All: the folder nomic.ai/GPT4All."
            )
        )
        where.setProperty("role", "muted")
        where.setWordWrap(True)
        self.problem = QLabel()
        self.problem.setProperty("role", "warning")
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self.problem.hide()
        layout = QVBoxLayout(page)
        layout.setSpacing(14)
        layout.addWidget(about)
        layout.addWidget(drop, 1)
        layout.addWidget(self.problem)
        layout.addWidget(where)
        return page

    def _working(self) -> QWidget:
        page = QWidget()
        self.what = QLabel()
        self.what.setTextFormat(Qt.TextFormat.PlainText)
        self.what.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.what.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        self.stop = QPushButton(tr("Stop"))
        self.stop.clicked.connect(self._stop)
        layout = QVBoxLayout(page)
        layout.addStretch()
        layout.addWidget(self.what)
        layout.addWidget(self.bar)
        layout.addWidget(self.stop, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addStretch()
        return page

    def _looking(self) -> QWidget:
        page = QWidget()
        self.found = QLabel()
        self.found.setTextFormat(Qt.TextFormat.PlainText)
        self.found.setWordWrap(True)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Filter by title or project"))
        self.search.setAccessibleName(tr("Filter by title or project"))
        self.search.setClearButtonEnabled(True)
        self.all = QPushButton(tr("All"))
        self.all.setToolTip(tr("Tick all chats that are shown"))
        self.none = QPushButton(tr("None"))
        self.none.setToolTip(tr("Tick none of the chats that are shown"))
        self.model = EntriesModel(self)
        self.model.changed.connect(self._count_wanted)
        self.search.textChanged.connect(self.model.filter)
        self.all.clicked.connect(lambda: self.model.tick_all(True))
        self.none.clicked.connect(lambda: self.model.tick_all(False))
        self.table = QTableView()
        self.table.setAccessibleName(tr("Chats"))
        self.table.setObjectName("entries")
        self.table.setModel(self.model)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(34)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(TITLE, QHeaderView.ResizeMode.Stretch)
        for column, width in ((PROJECT, 150), (DATE, 120), (MESSAGES, 100), (STANDING, 170)):
            self.table.setColumnWidth(column, width)
        self.problems = self._list(tr("What cannot be read"))
        self.other = QPushButton(tr("Choose another…"))
        self.other.clicked.connect(lambda: self.pages.setCurrentWidget(self.choosing))
        self.take = QPushButton()
        self.take.setProperty("role", "primary")
        self.take.setDefault(True)
        self.take.clicked.connect(self._take)
        tools = QHBoxLayout()
        tools.addWidget(self.search, 1)
        tools.addWidget(self.all)
        tools.addWidget(self.none)
        buttons = QHBoxLayout()
        buttons.addWidget(self.other)
        buttons.addStretch()
        buttons.addWidget(self.take)
        layout = QVBoxLayout(page)
        layout.addWidget(self.found)
        layout.addLayout(tools)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.problems)
        layout.addLayout(buttons)
        return page

    def _done(self) -> QWidget:
        page = QWidget()
        self.outcome = QLabel()
        self.outcome.setProperty("role", "heading")
        self.outcome.setTextFormat(Qt.TextFormat.PlainText)
        self.outcome.setWordWrap(True)
        self.lacking = QLabel(tr("What could not be brought in"))
        self.lacking.setProperty("role", "muted")
        self.lacking.hide()
        self.report = self._list(tr("What could not be brought in"))
        self.report.setMaximumHeight(240)
        self.folders = QVBoxLayout()
        self.close_button = QPushButton(tr("Done"))
        self.close_button.setProperty("role", "primary")
        self.close_button.clicked.connect(self.accept)
        layout = QVBoxLayout(page)
        layout.setSpacing(12)
        layout.addWidget(self.outcome)
        layout.addLayout(self.folders)
        layout.addWidget(self.lacking)
        layout.addWidget(self.report)
        layout.addStretch(1)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)
        return page

    def _list(self, name: str) -> QPlainTextEdit:
        shown = QPlainTextEdit()
        shown.setReadOnly(True)
        shown.setAccessibleName(name)
        shown.setMaximumHeight(110)
        shown.hide()
        return shown

    # ------------------------------------------------------------ choosing

    def _choose_file(self) -> None:
        exports, everything = tr("Exports"), tr("All files")
        file, _ = QFileDialog.getOpenFileName(
            self,
            tr("Choose an export"),
            "",
            f"{exports} (*.zip *.json *.chat *.jsonl);;{everything} (*)",
        )
        if file:
            self.look(Path(file))

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Choose an export"))
        if folder:
            self.look(Path(folder))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        urls = event.mimeData().urls()
        if self.pages.currentWidget() is self.choosing and len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.look(Path(event.mimeData().urls()[0].toLocalFile()))

    def look(self, path: Path) -> None:
        """Show what an export would bring."""
        self._path = path
        self._work(tr("Looking into {name}…", name=path.name))
        imports = self._imports
        self._job = self._operations.run(
            "look into an export",
            lambda job: imports.look(path, job, self._tell),
            self._show_preview,
            self._failed,
        )

    def _work(self, what: str) -> None:
        self._doing = what
        self.what.setText(what)
        self.bar.setRange(0, 0)
        self.problem.hide()
        self.pages.setCurrentWidget(self.working)

    def _tell(self, count: int) -> None:
        if shiboken6.isValid(self):
            self._counted.emit(count)

    def _show_count(self, count: int) -> None:
        counted = tr_n("{n} chat", "{n} chats", count)
        self.what.setText(f"{self._doing}\n{counted}")
        if self.bar.maximum():
            self.bar.setValue(count)

    def _failed(self, error: BaseException) -> bool:
        if not shiboken6.isValid(self):
            return True
        self.pages.setCurrentWidget(self.choosing)
        if isinstance(error, TsukueError) and not self._stopped(error):
            self.problem.setText(sentence(error))
            self.problem.show()
        return isinstance(error, TsukueError)

    def _stopped(self, error: TsukueError) -> bool:
        from core.errors import Cancelled

        return isinstance(error, Cancelled)

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    # ------------------------------------------------------------ what would come in

    def _show_preview(self, preview: Preview) -> None:
        if not shiboken6.isValid(self):
            return
        self._job = None
        self.found.setText(_summary(preview))
        self.search.clear()
        self.model.show_entries(preview.entries)
        self.table.setColumnHidden(PROJECT, not any(entry.project for entry in preview.entries))
        self._show_problems(self.problems, [], preview)
        self.pages.setCurrentWidget(self.looking)
        self.table.setFocus()

    def _count_wanted(self) -> None:
        count = len(self.model.wanted)
        self.take.setText(tr_n("Import {n} chat", "Import {n} chats", count))
        self.take.setEnabled(count > 0 or self.model.rowCount() == 0)

    def _take(self) -> None:
        path, wanted, imports = self._path, set(self.model.wanted), self._imports
        if path is None:
            return
        self._work(tr("Importing from {name}…", name=path.name))
        self.bar.setRange(0, max(self.model.rowCount(), 1))
        self._job = self._operations.run(
            "import chats",
            lambda job: imports.take_in(path, wanted, job, self._tell),
            self._show_report,
            self._failed,
        )

    # ------------------------------------------------------------ what came of it

    def _show_report(self, report: Report) -> None:
        if not shiboken6.isValid(self):
            return
        self._job = None
        said = [tr_n("{n} chat was imported.", "{n} chats were imported.", report.new)]
        if report.grown:
            said.append(tr_n("{n} chat got new messages.", "{n} chats got new messages.", report.grown))
        if report.here:
            said.append(tr_n("{n} was already here.", "{n} were already here.", report.here))
        self.outcome.setText(" ".join(said))
        left_out = [
            tr("“{title}” without: {what}", title=title, what=what) for title, what in report.left_out
        ]
        self._show_problems(self.report, left_out, report)
        self.lacking.setVisible(not self.report.isHidden())
        for collection, folder in report.folders:
            self._offer_folder(collection, folder)
        self.pages.setCurrentWidget(self.ended)
        self.close_button.setFocus()

    def _offer_folder(self, collection: str, folder: str) -> None:
        button = QPushButton(tr("Add the documents in {folder}", folder=folder))
        button.setToolTip(tr("{collection} in the other program", collection=collection))

        def add() -> None:
            button.setEnabled(False)
            self.add_folder.emit(folder, collection)

        button.clicked.connect(add)
        self.folders.addWidget(button)

    def _show_problems(self, shown: QPlainTextEdit, lines: list[str], found: Preview) -> None:
        lines = [*lines, *(sentence(problem) for problem in found.problems)]
        if found.more_problems:
            lines.append(tr_n("and {n} more", "and {n} more", found.more_problems))
        shown.setPlainText("\n".join(lines))
        shown.setVisible(bool(lines))


def _summary(preview: Preview) -> str:
    count = len(preview.entries)
    parts = [tr_n("{n} chat", "{n} chats", count)]
    if preview.projects:
        parts.append(tr_n("{n} project", "{n} projects", len(preview.projects)))
    if preview.assistants:
        parts.append(tr_n("{n} assistant", "{n} assistants", preview.assistants))
    if preview.tables:
        parts.append(tr_n("{n} table", "{n} tables", preview.tables))
    if preview.comparisons:
        parts.append(tr_n("{n} comparison of models", "{n} comparisons of models", preview.comparisons))
    if preview.prompts:
        parts.append(tr_n("{n} prompt", "{n} prompts", preview.prompts))
    if preview.remembered:
        parts.append(tr_n("{n} remembered fact", "{n} remembered facts", preview.remembered))
    return tr("From {program}: {what}", program=preview.program, what=tr(", ").join(parts))
