"""The texts of a prompt: one, or the steps of a chain, each of which may use what the one before wrote."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.icons import icon
from desktop.widgets.plain_text import PlainText

HIGH = 110  # pixels of a text


class StepsEditor(QWidget):
    """`texts` is what its fields say."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.steps: list[tuple[PlainText, QLabel, QToolButton, QWidget]] = []
        self.add = QPushButton(tr("Add a step"))
        self.add.setAutoDefault(False)
        self.add.setToolTip(tr("It is asked when the one before was answered; {{output}} is what that wrote"))
        self.add.clicked.connect(self._add_step)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._rows)
        layout.addLayout(row)

    def show_texts(self, texts: list[str]) -> None:
        """Show these in the place of those that are there."""
        for step in list(self.steps):
            self._remove(step)
        for text in texts or [""]:
            self._add(text)

    @property
    def texts(self) -> list[str]:
        """The texts, without empty ones."""
        found = [text.toPlainText().strip() for text, *_ in self.steps]
        return [text for text in found if text]

    def _add_step(self) -> None:
        text = self._add("{{output}}")
        text.show()  # at once: what is not shown yet takes no focus
        QTimer.singleShot(0, text, text.setFocus)

    def _add(self, said: str) -> PlainText:
        text = PlainText()
        text.setProperty("role", "field")
        text.setPlainText(said)
        text.setFixedHeight(HIGH)
        text.setAccessibleName(tr("Text"))
        text.setPlaceholderText(tr("For example: Explain {{topic}} to a child."))
        text.textChanged.connect(self.changed)
        number = QLabel()
        number.setProperty("role", "muted")
        remove = QToolButton()
        remove.setProperty("role", "plain")
        remove.setIcon(icon("close", self._theme.tokens.muted, 16))
        remove.setToolTip(tr("Remove this step"))
        remove.setAccessibleName(tr("Remove this step"))
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for widget, stretch in ((number, 0), (text, 1), (remove, 0)):
            row.addWidget(widget, stretch)
        step = (text, number, remove, body)
        remove.clicked.connect(lambda: self._remove(step))
        self.steps.append(step)
        self._rows.addWidget(body)
        self._count()
        return text

    def _remove(self, step: tuple[PlainText, QLabel, QToolButton, QWidget]) -> None:
        self.steps.remove(step)
        body = step[3]
        self._rows.removeWidget(body)
        body.hide()
        body.deleteLater()
        self._count()

    def _count(self) -> None:
        several = len(self.steps) > 1
        for place, (_, number, remove, _) in enumerate(self.steps, 1):
            number.setText(f"{place}.")
            number.setVisible(several)
            remove.setVisible(several)
        self.changed.emit()
