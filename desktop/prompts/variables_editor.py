"""What the form of a prompt asks: a line for each variable that stands in its texts, found while they are written."""

from __future__ import annotations

import re

from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from core.prompts import fill
from core.prompts.model import Kind, Variable, Wording
from desktop.i18n import tr
from desktop.widgets import layouts

_PARTS = re.compile(r"[,、，;；|｜\n]")


def kinds() -> list[tuple[Kind, str]]:
    """The kinds of variables as they are offered."""
    return [
        (Kind.LINE, tr("A line")),
        (Kind.LINES, tr("A text")),
        (Kind.CHOICE, tr("One of a few")),
        (Kind.NUMBER, tr("Number")),
        (Kind.SWITCH, tr("Yes or no")),
    ]


class VariablesEditor(QWidget):
    """`variables` are those of the texts that were shown last, with what was said of them."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Variable] = {}
        self._names: list[str] = []
        self.fields: dict[str, tuple[QLineEdit, QComboBox, QLineEdit, QCheckBox]] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 3)
        self._grid.setColumnStretch(3, 3)
        self.hint = QLabel(tr("Write {{topic}} in a text, and the form asks for it."))
        self.hint.setProperty("role", "muted")
        self.hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.hint)
        layout.addLayout(self._grid)

    def show_variables(self, variables: dict[str, Variable], texts: list[str]) -> None:
        """Begin with these, for these texts."""
        self._known, self._names, self.fields = dict(variables), [], {}
        self.follow(texts)

    def follow(self, texts: list[str]) -> None:
        """The texts are others now: variables that came have a line, those that went none, and are not forgotten."""
        self._known |= self.variables
        asked = fill.asked(Wording("", steps=texts, variables=self._known))
        if list(asked) == self._names:
            return
        self._names = list(asked)
        layouts.clear(self._grid)
        self.fields = {}
        self.hint.setVisible(not asked)
        for row, (name, variable) in enumerate(asked.items()):
            label = QLineEdit(variable.label if variable.label != name else "")
            label.setPlaceholderText(tr("What the form says"))
            label.setAccessibleName(tr("What the form says for {name}", name=name))
            kind = QComboBox()
            kind.setAccessibleName(tr("Kind of {name}", name=name))
            for one, text in kinds():
                kind.addItem(text, one)
            kind.setCurrentIndex(kind.findData(variable.kind))
            more = QLineEdit(", ".join(variable.choices) or variable.default)
            more.setCursorPosition(0)  # its beginning is seen
            more.setPlaceholderText(tr("Default; or what can be chosen, with commas"))
            more.setAccessibleName(tr("Default or choices of {name}", name=name))
            optional = QCheckBox(tr("optional"))
            optional.setChecked(variable.optional)
            self.fields[name] = (label, kind, more, optional)
            for column, widget in enumerate((QLabel(f"{{{{{name}}}}}"), label, kind, more, optional)):
                self._grid.addWidget(widget, row, column)

    @property
    def variables(self) -> dict[str, Variable]:
        """What the lines say."""
        found = {}
        for name, (label, kind, more, optional) in self.fields.items():
            chosen, said = Kind(kind.currentData()), more.text().strip()
            choices = [one.strip() for one in _PARTS.split(said) if one.strip()]
            known = self._known.get(name)
            if known is not None and said == ", ".join(known.choices).strip():
                choices = known.choices  # as they were: one may hold a comma, or be empty
            several = chosen in (Kind.CHOICE, Kind.SWITCH)
            before = self._known[name].default if name in self._known else ""
            first = before if before in choices else next(iter(choices), "")
            found[name] = Variable(
                chosen,
                label.text().strip() or name,
                (first if chosen is Kind.CHOICE else before) if several else said,
                choices if several else [],
                optional.isChecked(),
            )
        return found
