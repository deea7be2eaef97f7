"""Who is compared: a line each with model, temperature and assistant, which come and go."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.comparing.model import Contestant
from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.icons import icon
from desktop.widgets.usual_spin import UsualSpin

MOST = 6


@dataclass(frozen=True)
class Offer:
    """What can be chosen: models and assistants as (id, name)."""

    models: list[tuple[str, str]]
    assistants: list[tuple[str, str]]


@dataclass(frozen=True)
class _Line:
    body: QWidget
    model: QComboBox
    temperature: UsualSpin
    assistant: QComboBox
    remove: QToolButton


class Contestants(QWidget):
    """`contestants` is what the lines say; there are `least` of them at least."""

    changed = Signal()

    def __init__(self, theme: Theme, least: int) -> None:
        super().__init__()
        self._theme = theme
        self._least = least
        self._offer = Offer([], [])
        self.lines: list[_Line] = []
        self.add = QPushButton(tr("Add another"))
        self.add.setAutoDefault(False)
        self.add.clicked.connect(lambda: self._add())
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._rows)
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addStretch()
        layout.addLayout(row)

    def offer(self, offer: Offer) -> None:
        """These can be chosen from now on; what was chosen stays, if it is there."""
        self._offer = offer
        for line in self.lines:
            self._fill(line.model, offer.models)
            self._fill(line.assistant, [("", tr("No assistant")), *offer.assistants])
        while len(self.lines) < self._least:
            self._add()
        self.changed.emit()

    @property
    def contestants(self) -> list[Contestant]:
        """Those that are chosen."""
        return [
            Contestant(
                line.model.currentData(),
                line.model.currentText(),
                line.temperature.chosen,
                line.assistant.currentData() or "",
            )
            for line in self.lines
            if line.model.currentData()
        ]

    def _fill(self, box: QComboBox, entries: list[tuple[str, str]]) -> None:
        kept = box.currentData()
        box.clear()
        for number, name in entries:
            box.addItem(name, number)
        box.setCurrentIndex(max(box.findData(kept), 0))

    def _add(self) -> None:
        model, assistant = QComboBox(), QComboBox()
        model.setAccessibleName(tr("Model"))
        assistant.setAccessibleName(tr("Assistant"))
        temperature = UsualSpin(tr("Temperature"), 2.0)
        remove = QToolButton()
        remove.setProperty("role", "plain")
        remove.setIcon(icon("close", self._theme.tokens.muted, 16))
        remove.setToolTip(tr("Remove"))
        remove.setAccessibleName(tr("Remove"))
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for widget, stretch in ((model, 4), (temperature, 2), (assistant, 3), (remove, 0)):
            row.addWidget(widget, stretch)
        line = _Line(body, model, temperature, assistant, remove)
        self.lines.append(line)
        self._fill(model, self._offer.models)
        self._fill(assistant, [("", tr("No assistant")), *self._offer.assistants])
        model.setCurrentIndex((len(self.lines) - 1) % max(len(self._offer.models), 1))
        remove.clicked.connect(lambda: self._remove(line))
        for change in (model.currentIndexChanged, assistant.currentIndexChanged, temperature.valueChanged):
            change.connect(lambda _: self.changed.emit())
        self._rows.addWidget(body)
        self._bound()

    def _remove(self, line: _Line) -> None:
        self.lines.remove(line)
        self._rows.removeWidget(line.body)
        line.body.hide()
        line.body.deleteLater()
        self._bound()

    def _bound(self) -> None:
        for line in self.lines:
            line.remove.setEnabled(len(self.lines) > self._least)
        self.add.setEnabled(len(self.lines) < MOST)
        self.changed.emit()
