"""Sets of questions with expected answers: put to models, counted, looked at one by one, overruled, exported."""

from __future__ import annotations

from pathlib import Path

import shiboken6
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.comparing import files, rules
from core.comparing.model import Evaluation, Outcome, Rule
from core.comparing.service import Comparing, EvaluationChanged, scores
from core.errors import Cancelled, FileMissing, from_wire
from desktop.comparing.contestants import Contestants, Offer
from desktop.comparing.plot import Plot, Point
from desktop.desk import Desk
from desktop.error_text import sentence
from desktop.i18n import tr, tr_n
from desktop.widgets.plain_text import PlainText
from desktop.widgets.problem import Problem, buttons
from desktop.widgets.saving import ask_where
from desktop.widgets.tips import tip

SOON, WHILE_RUNNING = 200, 1_000  # milliseconds in which changes are gathered


class NewSet(QDialog):
    """Asks for the file, the contestants and the judge."""

    def __init__(self, comparing: Comparing, offer: Offer, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Put questions to models"))
        self.resize(640, 0)
        self._comparing = comparing
        self._desk = desk
        self.file = QLineEdit()
        self.file.setPlaceholderText(tr("Questions with expected answers: JSON or CSV"))
        self.file.setAccessibleName(tr("File of the questions"))
        self.file.textChanged.connect(lambda _: self._check())
        choose = QPushButton(tr("Choose…"))
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        self.choose = choose
        row = QHBoxLayout()
        row.addWidget(self.file, 1)
        row.addWidget(choose)
        self.contestants = Contestants(desk.theme, 1)
        self.contestants.offer(offer)
        self.contestants.changed.connect(self._check)
        self.judge = QComboBox()
        self.judge.addItem(tr("Nobody: what only a judge can tell is not judged"), "")
        for number, name in offer.models:
            self.judge.addItem(name, number)
        self.judge.setAccessibleName(tr("Judge"))
        form = QFormLayout()
        form.setVerticalSpacing(10)
        form.addRow(tr("Questions"), row)
        form.addRow(tr("Models"), self.contestants)
        form.addRow(tr("Judge"), self.judge)
        self.problem = Problem()
        row_below, self.begin = buttons(self, tr("Begin"), self._begin)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addLayout(row_below)
        self._check()

    def _check(self) -> None:
        self.begin.setEnabled(bool(self.file.text().strip()) and bool(self.contestants.contestants))

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Choose questions"), "", "JSON, CSV (*.json *.csv)")
        if path:
            self.file.setText(path)

    def _begin(self) -> None:
        path, who, judge = (
            Path(self.file.text().strip()),
            self.contestants.contestants,
            self.judge.currentData(),
        )

        def begin(_: object) -> None:
            try:
                text = path.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                raise FileMissing(path.name) from error
            there = self._comparing.evaluate(path.stem, rules.read(text, path.name), who, judge)
            self._comparing.start(there.id)

        def failed(error: BaseException) -> bool:
            if not shiboken6.isValid(self):
                return False
            self._check()
            return self.problem.say_error(error)

        self.begin.setEnabled(False)  # once is enough
        self._desk.operations.run(
            "begin an evaluation", begin, lambda _: self.accept() if shiboken6.isValid(self) else None, failed
        )


class QuestionSets(QWidget):
    """Shows evaluations, and one of them whole."""

    def __init__(self, comparing: Comparing, desk: Desk) -> None:
        super().__init__()
        self._comparing = comparing
        self._desk = desk
        self._all: list[Evaluation] = []
        self._shown: Evaluation | None = None
        self._offer = Offer([], [])
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self.refresh)
        self.list = QListWidget()
        self.list.setProperty("role", "rows")
        self.list.setAccessibleName(tr("Question sets"))
        self.list.currentItemChanged.connect(self._choose)
        self.new_button = QPushButton(tr("Put questions to models…"))
        self.new_button.clicked.connect(self.new_set)
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addWidget(self.new_button)
        self.state = QLabel()
        self.state.setProperty("role", "muted")
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setWordWrap(True)
        self.go_button = QPushButton()
        self.go_button.clicked.connect(self._go)
        self.export_button = QPushButton(tr("Export…"))
        self.export_button.clicked.connect(self._export)
        self.remove_button = QPushButton(tr("Remove"))
        self.remove_button.clicked.connect(self._remove)
        top = QHBoxLayout()
        top.addWidget(self.state, 1)
        for button in (self.go_button, self.export_button, self.remove_button):
            top.addWidget(button)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        self.plot = Plot(desk.theme, (0.0, 1.0))
        self.plot.setAccessibleName(tr("Share of right answers"))
        self.table = QTableWidget()
        self.table.setObjectName("entries")
        self.table.setAccessibleName(tr("Answers"))
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.currentCellChanged.connect(self._selected)
        self.answer = PlainText()
        self.answer.setProperty("role", "field")
        self.answer.setReadOnly(True)
        self.answer.setFixedHeight(110)
        self.answer.setAccessibleName(tr("The chosen answer"))
        self.verdict = QLabel()
        self.verdict.setProperty("role", "muted")
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setWordWrap(True)
        self.right_button = QPushButton(tr("It is right"))
        self.right_button.clicked.connect(lambda: self._overrule(right=True))
        self.wrong_button = QPushButton(tr("It is wrong"))
        self.wrong_button.clicked.connect(lambda: self._overrule(right=False))
        below = QHBoxLayout()
        below.addWidget(self.verdict, 1)
        below.addWidget(self.right_button)
        below.addWidget(self.wrong_button)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addLayout(top)
        right.addWidget(self.bar)
        right.addWidget(self.plot)
        right.addWidget(self.table, 1)
        right.addLayout(below)
        right.addWidget(self.answer)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addLayout(left, 1)
        layout.addLayout(right, 3)
        desk.bridge.on(EvaluationChanged, self._changed)

    def offer(self, offer: Offer) -> None:
        """These can be put questions."""
        self._offer = offer

    def new_set(self) -> None:
        """Ask which questions are put to whom."""
        NewSet(self._comparing, self._offer, self._desk, self).open()

    # ------------------------------------------------------------ what is shown

    def refresh(self) -> None:
        """Show what the store holds."""
        self._desk.reads.ask(self._comparing.store.evaluations, self._show_all, key=self)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _changed(self, event: EvaluationChanged) -> None:
        if event.error is not None and not isinstance(event.error, Cancelled):
            self._desk.notify.error(event.error)
        if self.isVisible() and not self._soon.isActive():
            self._soon.start(WHILE_RUNNING if event.running else SOON)

    def _show_all(self, found: list[Evaluation]) -> None:
        newest = found[0].id if found and (not self._all or found[0].id != self._all[0].id) else None
        shown = newest or (self._shown.id if self._shown is not None else None)
        self._all = found
        self.list.blockSignals(True)
        self.list.clear()
        for one in found:
            item = QListWidgetItem(f"{one.name}  ({len(one.outcomes)}/{one.all})")
            item.setData(Qt.ItemDataRole.UserRole, one.id)
            self.list.addItem(item)
            if one.id == shown:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        self._show(next((one for one in found if one.id == shown), found[0] if found else None))

    def _choose(self, item: QListWidgetItem | None) -> None:
        wanted = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        self._show(next((one for one in self._all if one.id == wanted), None))

    def _show(self, one: Evaluation | None) -> None:
        another = one is None or self._shown is None or self._shown.id != one.id
        self._shown = one
        for widget in (
            self.go_button,
            self.export_button,
            self.remove_button,
            self.bar,
            self.table,
            self.plot,
        ):
            widget.setVisible(one is not None)
        if one is None:
            self.state.setText(
                tr(
                    "No questions yet. A file of questions with expected answers shows which model suits your own work."
                )
            )
            self._tell(None)
            return
        running = self._comparing.running(one.id)
        found = scores(one)
        open_ = one.all - sum(score.judged + score.failed for score in found)
        parts = [tr_n("{n} question", "{n} questions", len(one.questions))]
        if open_ and not running:
            parts.append(tr_n("{n} not judged", "{n} not judged", open_))
        if one.judge:
            parts.append(tr("judged by {model}, a model: its word is an opinion", model=one.judge))
        self.state.setText(" · ".join(parts))
        self.go_button.setText(tr("Stop") if running else tr("Go on"))
        failed = any(outcome.answer.error is not None for outcome in one.outcomes.values())
        unjudged = bool(one.judge) and any(
            outcome.right is None and one.questions[number].rule is Rule.JUDGE
            for (_, number), outcome in one.outcomes.items()
        )
        self.go_button.setVisible(running or len(one.outcomes) < one.all or failed or unjudged)
        self.bar.setVisible(running)
        self.bar.setRange(0, one.all)
        self.bar.setValue(len(one.outcomes))
        self.plot.show_points(
            [
                Point(
                    score.contestant.label(),
                    score.share,
                    score.low,
                    score.high,
                    tr("{right} of {of} right", right=score.right, of=score.judged),
                )
                for score in found
            ]
        )
        self._fill(one, another=another)

    def _fill(self, one: Evaluation, *, another: bool) -> None:
        place = (self.table.currentRow(), self.table.currentColumn()) if not another else (-1, -1)
        self.table.blockSignals(True)
        self.table.setRowCount(len(one.questions))
        self.table.setColumnCount(2 + len(one.contestants))
        labels = [contestant.label() for contestant in one.contestants]
        self.table.setHorizontalHeaderLabels([tr("Question"), tr("Expected"), *labels])
        for row, question in enumerate(one.questions):
            expected = question.expected if isinstance(question.expected, str) else "JSON"
            for column, text in enumerate((question.question, expected)):
                item = QTableWidgetItem(" ".join(text.split()))
                item.setToolTip(tip(text))
                self.table.setItem(row, column, item)
            for number in range(len(one.contestants)):
                self.table.setItem(row, 2 + number, self._mark(one.outcomes.get((number, row))))
        if another:
            self.table.setColumnWidth(0, 300)
            self.table.setColumnWidth(1, 120)
            for column in range(2, self.table.columnCount()):
                self.table.setColumnWidth(column, 190)
        self.table.blockSignals(False)
        if place[0] >= 0:
            self.table.setCurrentCell(*place)
        self._tell(self._outcome())

    def _mark(self, outcome: Outcome | None) -> QTableWidgetItem:
        if outcome is None:
            return QTableWidgetItem("")
        text = {True: "✓", False: "✗", None: "–"}[outcome.right]
        item = QTableWidgetItem(f"{text}  {' '.join(outcome.answer.text.split())[:60]}")
        if outcome.right is False or outcome.answer.error is not None:
            item.setForeground(QColor(self._desk.theme.tokens.warning))
        return item

    def _outcome(self) -> Outcome | None:
        one, row, column = self._shown, self.table.currentRow(), self.table.currentColumn() - 2
        return one.outcomes.get((column, row)) if one is not None and column >= 0 else None

    def _selected(self, *_: int) -> None:
        self._tell(self._outcome())

    def _tell(self, outcome: Outcome | None) -> None:
        for widget in (self.answer, self.verdict, self.right_button, self.wrong_button):
            widget.setVisible(outcome is not None)
        if outcome is None:
            return
        error = outcome.answer.error
        text = sentence(from_wire(error.name, error.fields)) if error is not None else outcome.answer.text
        if text != self.answer.toPlainText():  # whoever reads it stays where they are
            self.answer.setPlainText(text)
        said = {True: tr("right"), False: tr("wrong"), None: tr("not judged")}[outcome.right]
        why = tr("as you said") if outcome.why == "person" else outcome.why
        self.verdict.setText(f"{said} – {why}" if why else said)

    # ------------------------------------------------------------ what is done

    def _go(self) -> None:
        one = self._shown
        if one is None:
            return
        if self._comparing.running(one.id):
            self._comparing.stop_evaluation(one.id)
        else:
            self._desk.operations.run("go on with an evaluation", lambda _: self._comparing.start(one.id))

    def _overrule(self, *, right: bool) -> None:
        one, row, column = self._shown, self.table.currentRow(), self.table.currentColumn() - 2
        if one is not None and (column, row) in one.outcomes:
            self._desk.operations.in_order(
                "overrule", lambda _: self._comparing.overrule(one.id, column, row, right)
            )

    def _export(self) -> None:
        one = self._shown
        if one is None:
            return
        path = ask_where(self, one.name, {".csv": "CSV", ".json": "JSON"})
        if path is not None:
            self._desk.operations.run(
                "export an evaluation",
                lambda _: files.save_evaluation(self._comparing.store.evaluation(one.id), path),
                lambda _: self._desk.notify.info(tr("Saved as {file}.", file=path.name)),
            )

    def _remove(self) -> None:
        one = self._shown
        if one is None:
            return

        def undo() -> None:
            self._desk.operations.in_order("undo", lambda _: self._comparing.restore(one.id))

        self._desk.operations.in_order(
            "remove an evaluation",
            lambda _: self._comparing.remove(one.id),
            lambda _: self._desk.notify.info(tr("“{name}” was removed.", name=one.name), (tr("Undo"), undo)),
        )
