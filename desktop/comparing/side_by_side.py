"""One prompt, two or more answers beside each other, and which of them is best."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.comparing.model import Answered, Comparison, Vote
from core.comparing.service import Comparing, ComparisonChanged, ComparisonGrew, hidden
from core.errors import Cancelled, from_wire
from desktop.chat.formulas import Formulas
from desktop.chat.markdown_view import MarkdownView
from desktop.comparing.contestants import Contestants
from desktop.desk import Desk
from desktop.error_text import sentence
from desktop.i18n import tr
from desktop.widgets import layouts
from desktop.widgets.plain_text import PlainText


class _Column(QFrame):
    """An answer as it comes: who, what, and what it took."""

    def __init__(self, desk: Desk, formulas: Formulas) -> None:
        super().__init__()
        self.setObjectName("card")
        self.name = QLabel()
        self.name.setProperty("role", "name")
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setWordWrap(True)
        self.shown = False  # the whole answer is there
        self.view = MarkdownView(desk.theme, formulas=formulas)
        self.view.setAccessibleName(tr("Answer"))
        self._area = QScrollArea()
        self._area.setWidgetResizable(False)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self.view)
        self.view.height_changed.connect(self._fit)
        self.figures = QLabel()
        self.figures.setProperty("role", "muted")
        self.figures.setTextFormat(Qt.TextFormat.PlainText)
        self.figures.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addWidget(self.name)
        layout.addWidget(self._area, 1)
        layout.addWidget(self.figures)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        width = self._area.viewport().width()
        self.view.lay_out(width)
        self.view.resize(width, max(self.view.height(), 1))

    def show_answer(self, answer: Answered, *, figures: bool) -> None:
        """All of it; what it took only where that gives nobody away."""
        if not self.shown:
            self.shown = True
            self.view.set_text(answer.text)
            self._fit()
        if answer.error is not None:
            self.figures.setText(sentence(from_wire(answer.error.name, answer.error.fields)))
        if answer.error is not None or not figures:
            return
        parts = [
            tr(
                "first word after {first} s, {total} s in all",
                first=f"{answer.first_s:.1f}",
                total=f"{answer.total_s:.1f}",
            ),
            tr("{speed} tokens per second", speed=f"{answer.speed:.0f}"),
        ]
        if answer.memory:
            parts.append(tr("{size} MB", size=f"{answer.memory / 1e6:,.0f}"))
        self.figures.setText(" · ".join(parts))


class SideBySide(QWidget):
    """Asks, shows, takes the vote."""

    voted = Signal()

    def __init__(self, comparing: Comparing, desk: Desk, formulas: Formulas) -> None:
        super().__init__()
        self._comparing = comparing
        self._desk = desk
        self._formulas = formulas
        self.comparison: Comparison | None = None
        self._running = False
        self.prompt = PlainText()
        self.prompt.setProperty("role", "field")
        self.prompt.setFixedHeight(72)
        self.prompt.setAccessibleName(tr("What to ask all of them"))
        self.prompt.setPlaceholderText(tr("What to ask all of them"))
        self.prompt.textChanged.connect(self._check)
        self.contestants = Contestants(desk.theme, 2)
        self.contestants.changed.connect(self._check)
        self.blind = QCheckBox(tr("Blind: hide the names until you vote"))
        self.blind.setChecked(True)
        self.ask = QPushButton(tr("Ask all"))
        self.ask.setProperty("role", "primary")
        self.ask.clicked.connect(self._ask)
        row = QHBoxLayout()
        row.addWidget(self.blind)
        row.addStretch()
        row.addWidget(self.ask)
        self.columns: list[_Column] = []
        self._answers = QHBoxLayout()
        self._answers.setSpacing(10)
        self.question = QLabel()
        self.question.setProperty("role", "muted")
        self.question.setTextFormat(Qt.TextFormat.PlainText)
        self.votes = QHBoxLayout()
        self.vote_buttons: list[QPushButton] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.prompt)
        layout.addWidget(self.contestants)
        layout.addLayout(row)
        layout.addLayout(self._answers, 1)
        layout.addWidget(self.question)
        layout.addLayout(self.votes)
        desk.bridge.on(ComparisonGrew, self._grew)
        desk.bridge.on(ComparisonChanged, self._changed)
        self._check()

    def _check(self) -> None:
        ready = bool(self.prompt.toPlainText().strip()) and len(self.contestants.contestants) >= 2
        self.ask.setText(tr("Stop") if self._running else tr("Ask all"))
        self.ask.setEnabled(self._running or ready)

    def _ask(self) -> None:
        if self._running:
            self._comparing.stop()
            return
        text, who, blind = (
            self.prompt.toPlainText().strip(),
            self.contestants.contestants,
            self.blind.isChecked(),
        )
        self._desk.operations.run(
            "compare", lambda _: self._comparing.compare(text, who, blind=blind)[0], self._begun
        )

    def _begun(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self._running = True
        layouts.clear(self._answers)
        self.columns = [_Column(self._desk, self._formulas) for _ in comparison.contestants]
        for column in self.columns:
            self._answers.addWidget(column, 1)
        self._name()
        self._offer_votes([])
        self._check()

    def _name(self) -> None:
        if self.comparison is None:
            return
        shown = hidden(self.comparison)
        for place, (column, contestant) in enumerate(zip(self.columns, shown.contestants, strict=True)):
            label = contestant.label()
            column.name.setText(f"✓ {label}" if self.comparison.vote == place else label)

    def _grew(self, event: ComparisonGrew) -> None:
        if self.comparison is not None and event.comparison == self.comparison.id:
            self.columns[event.place].view.append(event.text)

    def _changed(self, event: ComparisonChanged) -> None:
        if self.comparison is None or event.comparison.id != self.comparison.id:
            return
        self.comparison = event.comparison
        for column, answer in zip(self.columns, event.comparison.answers, strict=True):
            if answer is not None:
                figures = not event.comparison.blind or event.comparison.vote is not None
                column.show_answer(answer, figures=figures)
        self._name()
        if event.ended:
            self._running = False
            if event.error is not None and not isinstance(event.error, Cancelled):
                self._desk.notify.error(event.error)
            self._check()
        answered = [
            answer for answer in event.comparison.answers if answer is not None and answer.error is None
        ]
        voting = not self._running and len(answered) == len(self.columns) and event.comparison.vote is None
        names = [contestant.label() for contestant in hidden(event.comparison).contestants] if voting else []
        self._offer_votes(names)
        if event.comparison.vote is not None:
            self.question.setText(tr("Your vote counts in the ratings."))

    def _offer_votes(self, names: list[str]) -> None:
        layouts.clear(self.votes)
        self.vote_buttons = []
        self.question.setText(tr("Which answer is best?") if names else "")
        choices: list[tuple[str, int | Vote]] = [(name, place) for place, name in enumerate(names)]
        if names:
            choices += [(tr("Equally good"), Vote.TIE), (tr("None is any good"), Vote.BAD)]
        for name, vote in choices:
            button = QPushButton(name)
            button.clicked.connect(partial(self._vote, vote))
            self.votes.addWidget(button)
            self.vote_buttons.append(button)
        self.votes.addStretch()

    def _vote(self, vote: int | Vote) -> None:
        comparison = self.comparison
        if comparison is not None:
            self._desk.operations.in_order(
                "vote", lambda _: self._comparing.vote(comparison.id, vote), lambda _: self.voted.emit()
            )
