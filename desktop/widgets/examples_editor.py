"""Examples of what is wanted, for this that: two texts side by side for each, which come and go."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from core.prompts.model import Example
from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.icons import icon
from desktop.widgets.plain_text import PlainText

HIGH = 58  # pixels of a text


class ExamplesEditor(QWidget):
    """`examples` is what its lines say."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.lines: list[tuple[PlainText, PlainText, QWidget]] = []
        self.add = QPushButton(tr("Add an example"))
        self.add.setAutoDefault(False)
        self.add.clicked.connect(self._add_empty)
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

    def show_examples(self, examples: list[Example]) -> None:
        """Show these in the place of those that are there."""
        for line in list(self.lines):
            self._remove(line)
        for example in examples:
            self._add(example)

    @property
    def examples(self) -> list[Example]:
        """The examples, without lines that say nothing."""
        found = [
            Example(one.toPlainText().strip(), other.toPlainText().strip()) for one, other, _ in self.lines
        ]
        return [example for example in found if example.input or example.output]

    def _text(self, text: str, name: str) -> PlainText:
        field = PlainText()
        field.setProperty("role", "field")
        field.setPlainText(text)
        field.setPlaceholderText(name)
        field.setAccessibleName(name)
        field.setFixedHeight(HIGH)
        field.textChanged.connect(self.changed)
        return field

    def _add_empty(self) -> None:
        first = self._add(Example("", ""))
        first.show()  # at once: what is not shown yet takes no focus
        QTimer.singleShot(0, first, first.setFocus)

    def _add(self, example: Example) -> PlainText:
        first = self._text(example.input, tr("When this is said"))
        second = self._text(example.output, tr("This is a good answer"))
        remove = QToolButton()
        remove.setProperty("role", "plain")
        remove.setIcon(icon("close", self._theme.tokens.muted, 16))
        remove.setToolTip(tr("Remove this example"))
        remove.setAccessibleName(tr("Remove this example"))
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for widget, stretch in ((first, 1), (second, 1), (remove, 0)):
            row.addWidget(widget, stretch)
        line = (first, second, body)
        remove.clicked.connect(lambda: self._remove(line))
        self.lines.append(line)
        self._rows.addWidget(body)
        self.changed.emit()
        return first

    def _remove(self, line: tuple[PlainText, PlainText, QWidget]) -> None:
        self.lines.remove(line)
        self._rows.removeWidget(line[2])
        line[2].hide()
        line[2].deleteLater()
        self.changed.emit()
