"""Begins a table: what is read, which columns, by which model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.documents import whole
from core.jobs import Job
from core.storage.documents import DocumentStore
from core.structured import inputs
from core.structured.fields import Form
from core.structured.run import Input, Run
from core.structured.runs import Runs
from desktop.desk import Desk
from desktop.i18n import tr, tr_n
from desktop.tables.form_editor import FormEditor
from desktop.widgets.plain_text import PlainText
from desktop.widgets.problem import Problem, buttons

LINES, SHEET, FILES, COLLECTION = range(4)


@dataclass(frozen=True)
class Offer:
    """What can be chosen: collections, models as (id, name), and tables whose columns can be taken."""

    collections: list[str]
    models: list[tuple[str, str]]
    tables: list[Run]


class NewTableDialog(QDialog):
    """`begun` tells the table that was written down; whoever hears it starts it."""

    begun = Signal(object)

    def __init__(
        self,
        runs: Runs,
        documents: DocumentStore,
        offer: Offer,
        desk: Desk,
        parent: QWidget,
        *,
        like: Run | None = None,
        collection: str = "",
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("New table"))
        self.resize(820, 660)
        self._runs = runs
        self._documents = documents
        self._desk = desk
        self._jobs: list[Job] = []
        self._busy = False  # a table is being begun

        self.source = QComboBox()
        self.source.setAccessibleName(tr("What is read"))
        for text in (
            tr("Lines: each is a text of its own"),
            tr("A sheet: each row is a text"),
            tr("Files: each is a text"),
            tr("Documents of a collection"),
        ):
            self.source.addItem(text)
        self.sources = QStackedWidget()
        for page in (self._lines(), self._sheet(), self._files(), self._collections(offer, collection)):
            self.sources.addWidget(page)
        self.source.currentIndexChanged.connect(self.sources.setCurrentIndex)
        self.source.currentIndexChanged.connect(lambda _: self._check())

        self.form_editor = FormEditor(desk.theme, offer.tables)
        self.form_editor.changed.connect(self._check)
        self.begin, self.fields = self.form_editor.begin, self.form_editor.fields
        self.schema, self.own_schema = self.form_editor.schema, self.form_editor.own_schema
        self.model = QComboBox()
        self.model.setAccessibleName(tr("Model"))
        self.model.addItem(tr("As in chats"), "")
        for number, name in offer.models:
            self.model.addItem(name, number)
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name"))
        self.name.setPlaceholderText(tr("Name of the table (optional)"))

        rows = QFormLayout()
        rows.setSpacing(10)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow(tr("Read"), self.source)
        rows.addRow("", self.sources)
        self.form_editor.add_to(rows)
        rows.addRow(tr("Model"), self.model)
        rows.addRow(tr("Name"), self.name)
        self.problem = Problem()
        row_below, self.fill = buttons(self, tr("Fill the table"), self._fill)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(rows, 1)
        layout.addWidget(self.problem)
        layout.addLayout(row_below)
        if like is not None:
            self.form_editor.show_form(like.form)
        elif collection:
            self.source.setCurrentIndex(COLLECTION)
        self._check()
        self.finished.connect(self._stop)

    def _stop(self) -> None:
        for job in self._jobs:
            job.cancel()

    # ------------------------------------------------------------ what is read

    def _lines(self) -> QWidget:
        self.lines = PlainText()
        self.lines.setProperty("role", "field")
        self.lines.setAccessibleName(tr("Lines"))
        self.lines.setPlaceholderText(tr("Write or paste the texts here, one on each line."))
        self.lines.setMinimumHeight(84)
        self.lines.textChanged.connect(self._check)
        return self.lines

    def _sheet(self) -> QWidget:
        self.sheet = QLineEdit()
        self.sheet.setAccessibleName(tr("File of the sheet"))
        self.sheet.setPlaceholderText(tr("CSV, XLSX, ODS …"))
        self.sheet.editingFinished.connect(self._read_columns)
        self.sheet.textChanged.connect(self._check)
        self.choose_sheet = QPushButton(tr("Choose…"))
        self.choose_sheet.setAutoDefault(False)
        self.choose_sheet.clicked.connect(self._choose_sheet)
        self.column = QComboBox()
        self.column.setAccessibleName(tr("Which column is read"))
        self.column.addItem(tr("All columns"), "")
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(self.sheet, 1)
        row.addWidget(self.choose_sheet)
        layout.addLayout(row)
        layout.addWidget(self.column)
        layout.addStretch()
        return page

    def _files(self) -> QWidget:
        self.files = QListWidget()
        self.files.setAccessibleName(tr("Files"))
        self.files.setMinimumHeight(84)
        add = QPushButton(tr("Add files…"))
        add.setAutoDefault(False)
        add.clicked.connect(self._add_files)
        remove = QPushButton(tr("Remove"))
        remove.setAutoDefault(False)
        remove.clicked.connect(self._remove_file)
        page = QWidget()
        layout = QHBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.files, 1)
        column = QVBoxLayout()
        column.addWidget(add)
        column.addWidget(remove)
        column.addStretch()
        layout.addLayout(column)
        return page

    def _collections(self, offer: Offer, chosen: str) -> QWidget:
        self.collection = QComboBox()
        self.collection.setAccessibleName(tr("Collection"))
        self.collection.addItems(offer.collections)
        if chosen in offer.collections:
            self.collection.setCurrentText(chosen)
        about = QLabel(
            tr(
                "Each document becomes a row. Of a long one the passages that say most about your columns are read."
            )
            if offer.collections
            else tr("There are no documents yet. Add some under Documents, or choose files.")
        )
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.collection)
        layout.addWidget(about)
        layout.addStretch()
        return page

    def _choose_sheet(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Choose a sheet"))
        if path:
            self.sheet.setText(path)
            self._read_columns()

    def _read_columns(self) -> None:
        path = self.sheet.text().strip()
        if not path:
            return

        def show(names: list[str]) -> None:
            kept = self.column.currentData()
            self.column.clear()
            self.column.addItem(tr("All columns"), "")
            for name in names:
                if name:
                    self.column.addItem(name, name)
            self.column.setCurrentIndex(max(self.column.findData(kept), 0))
            self.problem.say("")

        self._run(lambda job: inputs.columns(Path(path), self._reader(job)), show)

    def _add_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, tr("Choose files"))
        self.files.addItems(paths)
        self._check()

    def _remove_file(self) -> None:
        for item in self.files.selectedItems():
            self.files.takeItem(self.files.row(item))
        self._check()

    # ------------------------------------------------------------ which columns

    def form(self) -> Form:
        """What is wanted, as far as it is said."""
        return self.form_editor.form()

    # ------------------------------------------------------------ beginning

    def _check(self) -> None:
        """What is still missing keeps the button grey."""
        if not hasattr(self, "fill"):
            return
        given = {
            LINES: bool(self.lines.toPlainText().strip()),
            SHEET: bool(self.sheet.text().strip()),
            FILES: self.files.count() > 0,
            COLLECTION: bool(self.collection.currentText()),
        }[self.source.currentIndex()]
        form = self.form()
        self.fill.setEnabled(given and not self._busy and bool(form.schema or form.fields))

    def _reader(self, job: Job) -> inputs.Read:
        return lambda path: self._runs.pages(path, job)

    def _inputs(self) -> Callable[[Job], list[Input]]:
        """What reads what was chosen, on another thread."""
        match self.source.currentIndex():
            case 0:
                text = self.lines.toPlainText()
                return lambda job: inputs.lines(text)
            case 1:
                sheet, column = Path(self.sheet.text().strip()), self.column.currentData() or ""
                return lambda job: inputs.sheet(sheet, self._reader(job), column)
            case 2:
                paths = [Path(self.files.item(row).text()) for row in range(self.files.count())]
                return lambda job: [one for path in paths for one in inputs.file(path, self._reader(job))]
        name = self.collection.currentText()
        return lambda job: inputs.documents(whole.readable(self._documents, name))

    def _default_name(self, form: Form) -> str:
        match self.source.currentIndex():
            case 1:
                return Path(self.sheet.text().strip()).name
            case 2:
                count = self.files.count()
                return (
                    tr_n("{n} file", "{n} files", count)
                    if count > 1
                    else Path(self.files.item(0).text()).name
                )
            case 3:
                return self.collection.currentText()
        return (
            self.begin.currentText() if self.begin.currentIndex() else ", ".join(f.name for f in form.fields)
        )

    def _fill(self) -> None:
        form, read, model = self.form(), self._inputs(), self.model.currentData()
        name = self.name.text().strip() or self._default_name(form)
        collection = self.collection.currentText() if self.source.currentIndex() == COLLECTION else ""

        def create(job: Job) -> Run:
            return self._runs.create(name, form, read(job), model=model, collection=collection)

        def begun(run: Run) -> None:
            self.begun.emit(run)
            self.accept()

        self._busy = True
        self._check()
        self._run(create, begun)

    def _run(self, work: Callable[[Job], object], then: Callable[..., None]) -> None:
        def failed(error: BaseException) -> bool:
            if not shiboken6.isValid(self):  # it was closed meanwhile
                return True
            self._busy = False
            self._check()
            return self.problem.say_error(error)

        def done(result: object) -> None:
            if shiboken6.isValid(self):
                then(result)

        self._jobs.append(self._desk.operations.run("begin a table", work, done, failed))
