"""The page *Tables*: those that a model has filled or is filling on the left, on the right one of them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.app import App
from core.errors import Cancelled, from_wire
from core.structured import tables
from core.structured.run import Counts, Run, RunRow
from core.structured.runs import RunChanged, RunsChanged
from desktop.desk import Desk
from desktop.error_text import sentence
from desktop.i18n import tr, tr_n
from desktop.tables.new_table import NewTableDialog, Offer
from desktop.tables.table_model import Cell, CellEditor, TableModel
from desktop.tables.words import words
from desktop.widgets.banner import Banner
from desktop.widgets.icons import icon
from desktop.widgets.plain_text import PlainText
from desktop.widgets.saving import ask_where
from desktop.widgets.tips import tip

KINDS = {".xlsx": "Excel", ".csv": "CSV", ".json": "JSON"}
NARROWEST = 360  # pixels
WIDEST, NARROW = 320, 90  # pixels of a column at first
FITTED = 10  # texts that the widths of columns follow while the table begins to fill
OFFERED = 12  # earlier tables whose columns are offered


class TablesPage(QWidget):
    """Shows tables; what is done with them goes through core, off the window's thread."""

    source = Signal(list, int)  # places in documents, and which of them is to be opened

    def __init__(self, app: App, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._app = app
        self._runs = app.runs
        self._desk = desk
        self._all: list[Run] = []
        self._run: Run | None = None
        self._left: float | None = None
        self._in_view: int | None = None  # the table whose rows the view has
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 24, 24, 16)
        layout.setSpacing(14)
        layout.addLayout(self._top())
        self.banner = Banner(desk.theme)
        desk.notify.shown.connect(self.banner.show_message)
        layout.addWidget(self.banner)
        self.list = QListWidget()
        self.list.setProperty("role", "rows")
        self.list.setAccessibleName(tr("Tables"))
        self.list.currentItemChanged.connect(self._choose)
        self.empty = QLabel(
            tr(
                "No tables yet. Have a model read many texts and note the same things of each: what a review is about, what an invoice costs, who wrote a letter."
            )
        )
        self.empty.setProperty("role", "muted")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        splitter = QSplitter()
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.list)
        splitter.addWidget(self._table())
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([210, 640])
        self._parts = QStackedWidget()
        self._parts.addWidget(self.empty)
        self._parts.addWidget(splitter)
        layout.addWidget(self._parts, 1)
        desk.bridge.on(RunsChanged, lambda _: self.refresh())
        desk.bridge.on(RunChanged, self._run_changed)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def minimumSizeHint(self) -> QSize:
        """Narrower than its parts would like: pages lie behind each other, and none may widen the others."""
        return QSize(NARROWEST, 300)

    # ------------------------------------------------------------ parts

    def _top(self) -> QHBoxLayout:
        heading = QLabel(tr("Tables"))
        heading.setProperty("role", "heading")
        about = QLabel(tr("A model reads one text after another and fills a row for each."))
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        self.new_button = QPushButton(tr("New table…"))
        self.new_button.setProperty("role", "primary")
        self.new_button.clicked.connect(lambda: self.new_table())
        said = QVBoxLayout()
        said.addWidget(heading)
        said.addWidget(about)
        top = QHBoxLayout()
        top.addLayout(said, 1)
        top.addWidget(self.new_button, 0, Qt.AlignmentFlag.AlignTop)
        return top

    def _table(self) -> QWidget:
        part = QWidget()
        layout = QVBoxLayout(part)
        layout.setContentsMargins(16, 0, 0, 0)
        layout.setSpacing(10)
        self.name = QLabel()
        self.name.setProperty("role", "name")
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.state = QLabel()
        self.state.setProperty("role", "muted")
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setWordWrap(True)
        self.go_button = QPushButton()
        self.go_button.clicked.connect(self._go)
        self.save_button = QPushButton(tr("Save as…"))
        self.save_button.clicked.connect(self._save)
        self.more = QToolButton()
        self.more.setProperty("role", "plain")
        self.more.setToolTip(tr("More about this table"))
        self.more.setAccessibleName(tr("More about this table"))
        self.more.clicked.connect(lambda: self._menu(self.more.mapToGlobal(QPoint(0, self.more.height()))))
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(self.name)
        said.addWidget(self.state)
        top = QHBoxLayout()
        top.addLayout(said, 1)
        for button in (self.go_button, self.save_button, self.more):
            top.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(top)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        layout.addWidget(self.bar)
        self.model = TableModel(self._desk.theme, self)
        self.model.corrected.connect(self._correct)
        self.view = QTableView()
        self.view.setObjectName("entries")
        self.view.setAccessibleName(tr("Rows"))
        self.view.setModel(self.model)
        self.view.setItemDelegate(CellEditor(self.view))
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setAlternatingRowColors(False)
        self.view.verticalHeader().setDefaultSectionSize(30)
        self.view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.view.horizontalHeader().setStretchLastSection(True)
        self.view.horizontalHeader().setHighlightSections(False)
        self.view.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.view.selectionModel().currentChanged.connect(self._selected)
        self.view.setTabKeyNavigation(False)
        self.text = PlainText()
        self.text.setProperty("role", "field")
        self.text.setReadOnly(True)
        self.text.setAccessibleName(tr("The text of the chosen row"))
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.show_button = QPushButton(tr("Show in the document"))
        self.show_button.clicked.connect(self._show_source)
        self.again_button = QPushButton(tr("Read again"))
        self.again_button.clicked.connect(self._row_again)
        row = QHBoxLayout()
        row.addWidget(self.note, 1)
        row.addWidget(self.show_button)
        row.addWidget(self.again_button)
        self.details = QWidget()
        inside = QVBoxLayout(self.details)
        inside.setContentsMargins(0, 4, 0, 0)
        inside.addLayout(row)
        inside.addWidget(self.text, 1)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.view)
        parts.addWidget(self.details)
        parts.setStretchFactor(0, 3)
        parts.setSizes([420, 150])
        self.details.hide()
        layout.addWidget(parts, 1)
        return part

    def _paint(self) -> None:
        self.more.setIcon(icon("more", self._desk.theme.tokens.muted, 18))

    # ------------------------------------------------------------ what is shown

    def refresh(self) -> None:
        """Show what the store holds."""
        self._desk.reads.ask(self._runs.store.runs, self._show_all, key="tables")

    def _show_all(self, runs: list[Run]) -> None:
        self._all = runs
        shown = self._run.id if self._run is not None else None
        chosen = next((run for run in runs if run.id == shown), runs[0] if runs else None)
        self._parts.setCurrentIndex(1 if runs else 0)
        self.list.blockSignals(True)
        self.list.clear()
        for run in runs:
            item = QListWidgetItem(_listed(run))
            item.setToolTip(tip(run.name))
            item.setData(Qt.ItemDataRole.UserRole, run.id)
            self.list.addItem(item)
            if chosen is not None and run.id == chosen.id:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        if chosen is not None:
            self._open(chosen)
        else:
            self._run = self._in_view = None

    def _choose(self, item: QListWidgetItem | None) -> None:
        run = next((one for one in self._all if item and one.id == item.data(Qt.ItemDataRole.UserRole)), None)
        if run is not None and (self._run is None or run.id != self._run.id):
            self._open(run)

    def open_run(self, run: Run) -> None:
        """Show this table, once it is in the list."""
        self._run = run
        self.refresh()

    def _open(self, run: Run) -> None:
        another = self._in_view != run.id
        self._run = run
        self._left = None if another else self._left
        self._tell(run)
        if another:
            self.details.hide()
        self._desk.reads.ask(
            lambda: self._runs.store.rows(run.id),
            lambda rows: self._show_rows(run, rows, another),
            key="table",
        )

    def _show_rows(self, run: Run, rows: list[RunRow], another: bool) -> None:
        here = self.view.currentIndex()
        place = (here.row(), here.column()) if here.isValid() and not another else None
        self.model.show_table(run, rows)
        self._in_view = run.id
        if another:
            self._fit_columns()
        elif place is not None:
            self.view.setCurrentIndex(self.model.index(*place))

    def _fit_columns(self) -> None:
        for column in range(self.model.columnCount()):
            self.view.resizeColumnToContents(column)
            self.view.setColumnWidth(column, min(max(self.view.columnWidth(column) + 16, NARROW), WIDEST))

    def _run_changed(self, event: RunChanged) -> None:
        run = event.run
        self._all = [run if one.id == run.id else one for one in self._all]
        for number in range(self.list.count()):
            item = self.list.item(number)
            if item.data(Qt.ItemDataRole.UserRole) == run.id:
                item.setText(_listed(run))
        if event.error is not None and not isinstance(event.error, Cancelled):
            self._desk.notify.error(event.error)
        if self._run is None or run.id != self._run.id:
            return
        self._run, self._left = run, event.left
        self._tell(run)
        if event.row is not None and self._in_view == run.id:
            self.model.put(event.row)
            if event.row.number <= FITTED:
                self._fit_columns()
            current = self.model.row_at(self.view.currentIndex())
            if current is not None and current.number == event.row.number:
                self._selected(self.view.currentIndex())

    def _tell(self, run: Run) -> None:
        counts, running = run.counts, self._runs.running(run.id)
        self.name.setText(run.name)
        parts = [
            tr("{done} of {all} texts", done=f"{counts.done + counts.failed:,}", all=f"{counts.all:,}")
            if counts.waiting
            else tr_n("{n} text", "{n} texts", counts.all)
        ]
        if counts.failed:
            parts.append(tr_n("{n} could not be filled", "{n} could not be filled", counts.failed))
        if running and self._left:
            parts.append(_time_left(self._left))
        elif counts.waiting and not running:
            parts.append(tr("stopped"))
        self.state.setText(" · ".join(parts))
        self.bar.setVisible(running)
        self.bar.setRange(0, counts.all)
        self.bar.setValue(counts.done + counts.failed)
        if running:
            self.go_button.setText(tr("Stop"))
        elif counts.waiting:
            self.go_button.setText(tr("Go on"))
        else:
            self.go_button.setText(tr("Try failed ones again"))
        self.go_button.setVisible(running or bool(counts.waiting or counts.failed))

    def _selected(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is None or self._run is None:
            self.details.hide()
            return
        run = self._run
        said = []
        if row.error is not None:
            said.append(sentence(from_wire(row.error.name, row.error.fields)))
        if row.output.of and run.form.several:
            said.append(
                tr(
                    "{failed} of {of} parts could not be filled; the others are here.",
                    failed=row.output.of - row.output.read,
                    of=row.output.of,
                )
            )
        elif row.output.of:
            said.append(
                tr(
                    "Read in part: {read} of {of} passages, those that say most about the columns.",
                    read=row.output.read,
                    of=row.output.of,
                )
            )
        found = self.model.found_at(index)
        if found is not None and not found.there:
            said.append(tr("“?” marks what does not stand in the text that was read."))
        self.note.setText(" ".join(said))
        self.show_button.setVisible(found is not None and found.source is not None)
        self.again_button.setVisible(not self._runs.running(run.id))
        self.details.show()

        def text() -> str:
            given = self._runs.store.input(run.id, row.number)
            if given.document is None:
                return given.text
            pages = self._app.documents.page_ids(given.document)
            found = [self._app.documents.page(page) for page, _, _ in pages[:20]]
            return "\n\n".join(page.text for page in found if page is not None)

        self._desk.reads.ask(text, self.text.setPlainText, key="table text")

    # ------------------------------------------------------------ what can be done

    def new_table(self, like: Run | None = None, collection: str = "") -> None:
        """Ask what a new table is filled with."""
        app = self._app

        def look() -> Offer:
            names = [one.name for one in app.documents.collections()]
            return Offer(names, app.engines.chat_models(), app.runs.store.runs()[:OFFERED])

        def show(offer: Offer) -> None:
            dialog = NewTableDialog(
                app.runs, app.documents, offer, self._desk, self, like=like, collection=collection
            )
            dialog.begun.connect(self._begun)
            dialog.open()

        self._desk.reads.ask(look, show, key="new table")

    def _begun(self, run: Run) -> None:
        self.open_run(run)
        self._start(run.id)

    def _start(self, run: int, *, again: bool = False) -> None:
        self._desk.operations.run("fill a table", lambda _: self._runs.start(run, again=again))

    def _go(self) -> None:
        if self._run is None:
            return
        if self._runs.running(self._run.id):
            self._runs.stop(self._run.id)
        else:
            self._start(self._run.id, again=not self._run.counts.waiting)

    def _row_again(self) -> None:
        row, run = self.model.row_at(self.view.currentIndex()), self._run
        if row is None or run is None:
            return

        number = row.number
        self._desk.operations.run("read a row again", lambda _: self._runs.start(run.id, only=number))

    def _correct(self, cell: Cell, value: object) -> None:
        run = self._run
        if run is not None:
            self._desk.operations.in_order(
                "correct a table",
                lambda _: self._runs.correct(run.id, cell.number, cell.place, cell.column, value),
            )

    def _show_source(self) -> None:
        found = self.model.found_at(self.view.currentIndex())
        if found is not None and found.source is not None:
            self.source.emit([found.source], 0)

    def _save(self) -> None:
        run = self._run
        if run is None:
            return
        target = ask_where(self, run.name, KINDS)
        if target is None:
            return
        said = words()

        def save(_: object) -> None:
            tables.save(self._runs.store.get(run.id), self._runs.store.rows(run.id), target, said)

        self._desk.operations.run(
            "save a table", save, lambda _: self._desk.notify.info(tr("Saved as {file}.", file=target.name))
        )

    def _menu(self, place: QPoint) -> None:
        run = self._run
        if run is None:
            return
        menu = QMenu(self)
        menu.addAction(tr("Rename…"), self._rename)
        menu.addAction(tr("New table with these columns…"), partial(self.new_table, run))
        menu.addAction(tr("Copy the table"), self._copy)
        menu.addSeparator()
        menu.addAction(tr("Remove"), self._remove)
        menu.popup(place)

    def _rename(self) -> None:
        run = self._run
        if run is None:
            return
        name, given = QInputDialog.getText(self, tr("Rename"), tr("New name"), text=run.name)
        if given and name.strip() and name != run.name:
            self._desk.operations.in_order(
                "rename a table", lambda _: self._runs.rename(run.id, name.strip())
            )

    def _copy(self) -> None:
        run = self._run
        if run is None:
            return
        said = words()

        def text() -> str:
            return tables.as_csv(run, self._runs.store.rows(run.id), said, "\t")

        self._desk.reads.ask(text, QApplication.clipboard().setText)

    def _remove(self) -> None:
        run = self._run
        if run is None:
            return

        def removed(_: object) -> None:
            self._desk.notify.info(
                tr("“{name}” was removed.", name=run.name),
                (tr("Undo"), lambda: self._restore(run.id)),
            )

        self._desk.operations.in_order("remove a table", lambda _: self._runs.remove(run.id), removed)

    def _restore(self, run: int) -> None:
        self._desk.operations.in_order("undo", lambda _: self._runs.restore(run))


def _listed(run: Run) -> str:
    counts: Counts = run.counts
    if not counts.waiting:
        return run.name
    return f"{run.name}  ({counts.done + counts.failed}/{counts.all})"


def _time_left(seconds: float) -> str:
    if seconds < 60:
        return tr_n("about {n} second left", "about {n} seconds left", max(round(seconds), 1))
    return tr_n("about {n} minute left", "about {n} minutes left", round(seconds / 60))
