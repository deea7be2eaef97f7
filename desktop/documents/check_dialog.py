"""The check of a collection: how often its own sentences are found, as bars, and what would help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.documents.checkup import SUGGESTIONS, Report, Share
from core.jobs import Job
from desktop.i18n import tr
from desktop.operations import Operations
from desktop.theme import Theme

Run = Callable[[Job, Callable[[int, int], None]], Report]
LISTED = 12  # of what was not found, or is badly readable


class CheckDialog(QDialog):
    """Asks, shows how far it is, then what was found. Closing it ends the check."""

    _told = Signal(int, int)

    def __init__(self, name: str, run: Run, operations: Operations, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle(tr("Check “{name}”", name=name))
        self.resize(620, 520)
        self.headline = QLabel(tr("Questions made of your own documents are searched…"))
        self.headline.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setAccessibleName(tr("Check"))
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 0)
        self._body = QVBoxLayout()
        self._body.setSpacing(10)
        self._body.setContentsMargins(0, 0, 0, 0)
        inside = QWidget()
        inside.setLayout(self._body)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(self.headline)
        layout.addWidget(self.progress)
        layout.addWidget(scroll, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        job = operations.run(
            "check a collection", lambda job: run(job, self._told.emit), self._show, self._failed
        )
        self.finished.connect(lambda _: job.cancel())

    def _tell(self, done: int, of: int) -> None:
        self.progress.setRange(0, of)
        self.progress.setValue(done)

    def _failed(self, error: BaseException) -> bool:
        self.reject()
        return False  # it is told as any other

    def _show(self, report: Report) -> None:
        self.progress.hide()
        if not report.all.asked:
            self.headline.setText(tr("There is too little text here to ask about."))
            return
        self.headline.setText(
            tr(
                "{found} of {asked} questions found their place among the first five passages.",
                found=report.all.found,
                asked=report.all.asked,
            )
        )
        rows: list[tuple[str, Share]] = [(tr("All"), report.all)]
        if len(report.kinds) > 1:
            names = {"text": tr("Sentences"), "table": tr("Rows of tables"), "scan": tr("Scans")}
            rows += [(name, report.kinds[kind]) for kind, name in names.items() if kind in report.kinds]
        if len(report.by_language) > 1:
            spoken = {"en": tr("English"), "ja": tr("Japanese")}
            rows += [(spoken[one], share) for one, share in report.by_language.items() if one in spoken]
        self._body.addWidget(self._bars(rows))
        legend = _text(tr("Dark: in the first place. Light: among the first five."))
        legend.setProperty("role", "muted")
        self._body.addWidget(legend)
        self._body.addWidget(
            _text(
                tr(
                    "Found in {middle} ms, the slowest in {slow} ms.",
                    middle=round(report.middle_ms),
                    slow=round(report.slow_ms),
                )
            )
        )
        for key in report.suggestions:
            advice = _text(tr(SUGGESTIONS[key]))
            advice.setProperty("role", "muted" if key == "fine" else "warning")
            self._body.addWidget(advice)
        missed = [f"{one.question}  –  {_place(one.file, one.page)}" for one in report.not_found]
        self._list(tr("Not found"), missed)
        self._list(tr("Badly readable"), [_place(one.file, one.page) for one in report.unreadable])
        self._body.addStretch(1)

    def _bars(self, rows: list[tuple[str, Share]]) -> QWidget:
        widget = QWidget()
        grid = QGridLayout(widget)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        grid.setHorizontalSpacing(12)
        for row, (name, share) in enumerate(rows):
            count = tr("{found} of {asked}", found=share.found, asked=share.asked)
            bar = Bar(share, self._theme)
            bar.setAccessibleName(f"{name}: {count}")
            grid.addWidget(QLabel(name), row, 0)
            grid.addWidget(bar, row, 1)
            grid.addWidget(QLabel(count), row, 2)
        return widget

    def _list(self, title: str, lines: list[str]) -> None:
        if not lines:
            return
        heading = QLabel(title)
        heading.setProperty("role", "name")
        self._body.addWidget(heading)
        more = [tr("and {n} more", n=len(lines) - LISTED)] if len(lines) > LISTED else []
        for line in [*lines[:LISTED], *more]:
            self._body.addWidget(_text(line))


class Bar(QWidget):
    """A share as a bar: in full colour what was found first, lighter what was among the first five."""

    def __init__(self, share: Share, theme: Theme) -> None:
        super().__init__()
        self._share = share
        self._theme = theme
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        of = max(self._share.asked, 1)
        found = QColor(tokens.accent)
        found.setAlphaF(0.45)
        for color, part in (
            (QColor(tokens.line), 1.0),
            (found, self._share.found / of),
            (QColor(tokens.accent), self._share.first / of),
        ):
            if part:
                painter.setBrush(color)
                area = QRectF(0, (self.height() - 12) / 2, self.width() * part, 12)
                painter.drawRoundedRect(area, 3, 3)
        painter.end()


def _text(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _place(file: str, page: int | None) -> str:
    name = Path(file).name
    return tr("{file} · p. {page}", file=name, page=page) if page else name
