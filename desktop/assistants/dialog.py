"""Assistants: who there is on the left, on the right one of them to be read and changed."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QWidget,
)

from core.assistants import files
from core.assistants.library import Assistants
from core.assistants.model import COLOURS, Assistant, Choice, Wording
from core.storage.collections import ALL
from desktop.desk import Desk
from desktop.i18n import language, tr
from desktop.widgets.badge import badge
from desktop.widgets.examples_editor import ExamplesEditor
from desktop.widgets.library_dialog import BADGE, LibraryDialog
from desktop.widgets.plain_text import PlainText
from desktop.widgets.usual_spin import UsualSpin


@dataclass(frozen=True)
class Offer:
    """What an assistant can be given: collections by name, models by id and name."""

    collections: list[str]
    models: list[tuple[str, str]]


class AssistantsDialog(LibraryDialog[Assistant]):
    """Changes are kept by the button; one of the program's that is changed becomes one's own."""

    talk = Signal(str)  # a chat with this assistant is wanted

    def __init__(self, assistants: Assistants, offer: Offer, desk: Desk, parent: QWidget) -> None:
        self._offer = offer
        talk = (tr("Talk"), tr("Begin a chat with this assistant"))
        super().__init__(assistants, desk, parent, tr("Assistants"), tr("New assistant"), talk)

    def icon(self, entry: Assistant) -> QIcon:
        return badge(entry.badge(language()), entry.colour, BADGE, dark=self.desk.theme.dark)

    def use(self, entry: Assistant) -> None:
        self.talk.emit(entry.id)
        self.accept()

    # ------------------------------------------------------------ fields

    def fields(self) -> QFormLayout:
        offer = self._offer
        self.name = QLineEdit()
        self.name.setMaxLength(files.NAME)
        self.icon_text = QLineEdit()
        self.icon_text.setMaxLength(2)
        self.icon_text.setFixedWidth(58)
        self.icon_text.setPlaceholderText(tr("A"))
        self.icon_text.setToolTip(tr("One or two characters; empty takes the first of the name"))
        self.icon_text.setAccessibleName(tr("Characters of the badge"))
        self.colours = QButtonGroup(self)
        look = QHBoxLayout()
        look.setSpacing(4)
        look.addWidget(self.icon_text)
        for number in range(COLOURS):
            button = QToolButton()
            button.setProperty("role", "plain")
            button.setCheckable(True)
            button.setIconSize(QSize(20, 20))
            button.setAccessibleName(tr("Colour {n}", n=number + 1))
            self.colours.addButton(button, number)
            look.addWidget(button)
        look.addStretch()
        self.about = QLineEdit()
        self.about.setPlaceholderText(tr("What it is for, in a sentence"))
        self.instructions = PlainText()
        self.instructions.setProperty("role", "field")
        self.instructions.setMinimumHeight(120)
        self.instructions.setPlaceholderText(
            tr("Who it is, what it does with what you write, and how it should answer.")
        )
        self.model = QComboBox()
        for value, text in [("", tr("Same as other chats")), *offer.models]:
            self.model.addItem(text, value)
        self.documents = QComboBox()
        for value, text in [
            ("", tr("No documents")),
            (ALL, tr("All documents")),
            *((c, c) for c in offer.collections),
        ]:
            self.documents.addItem(text, value)
        self.temperature = UsualSpin(tr("Temperature"), 2.0)
        self.top_p = UsualSpin(tr("Top-p"), 1.0)
        self.repeat = UsualSpin(tr("Repeat penalty"), 2.0)
        numbers = QGridLayout()
        numbers.setVerticalSpacing(2)
        for column, (text, spin) in enumerate(
            (
                (tr("Temperature"), self.temperature),
                (tr("Top-p"), self.top_p),
                (tr("Repeat penalty"), self.repeat),
            )
        ):
            label = QLabel(text)
            label.setProperty("role", "muted")
            label.setBuddy(spin)
            numbers.addWidget(label, 0, column)
            numbers.addWidget(spin, 1, column)
        self.examples = ExamplesEditor(self.desk.theme)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setVerticalSpacing(10)
        for text, widget in (
            (tr("Name"), self.name),
            (tr("Badge"), look),
            (tr("About"), self.about),
            (tr("Instructions"), self.instructions),
            (tr("Examples"), self.examples),
            (tr("Model"), self.model),
            (tr("Documents"), self.documents),
            (tr("Choice of words"), numbers),
        ):
            if isinstance(widget, QWidget):
                widget.setAccessibleName(text)
            form.addRow(text, widget)
        self.name.textChanged.connect(self._paint)
        self.icon_text.textChanged.connect(self._paint)
        self.name.textChanged.connect(lambda _: self.check())
        return form

    def _select(self, box: QComboBox, value: str) -> None:
        """What is not there any more is still what was chosen."""
        place = box.findData(value)
        if place < 0:
            box.addItem(value, value)
            place = box.count() - 1
        box.setCurrentIndex(place)

    def _paint(self) -> None:
        text = self.icon_text.text().strip() or self.name.text().strip()[:1] or "A"
        for number in range(COLOURS):
            self.colours.button(number).setIcon(badge(text, number, 20, dark=self.desk.theme.dark))

    def fill(self, entry: Assistant | None) -> None:
        wording = entry.wording(language()) if entry is not None else Wording("")
        choice = entry.sampling if entry is not None else Choice()
        self.name.setText(wording.name)
        self.icon_text.setText(entry.icon if entry is not None else "")
        colour = entry.colour if entry is not None else len(self._all) % COLOURS
        self.colours.button(colour).setChecked(True)
        self.about.setText(wording.about)
        self.instructions.setPlainText(wording.instructions)
        self.examples.show_examples(wording.examples)
        self._select(self.model, entry.model if entry is not None else "")
        self._select(self.documents, entry.collection if entry is not None else "")
        for spin, value in (
            (self.temperature, choice.temperature),
            (self.top_p, choice.top_p),
            (self.repeat, choice.repeat_penalty),
        ):
            spin.choose(value)
        self._paint()
        if entry is None:
            self.name.setFocus()

    def complete(self) -> bool:
        return bool(self.name.text().strip())

    def entry(self) -> Assistant:
        """What the fields say."""
        wording = Wording(
            self.name.text().strip(),
            self.about.text().strip(),
            self.instructions.toPlainText().strip(),
            self.examples.examples,
        )

        choice = Choice(self.temperature.chosen, self.top_p.chosen, self.repeat.chosen)
        shown = self.shown
        values = {
            "icon": self.icon_text.text().strip(),
            "colour": self.colours.checkedId(),
            "model": self.model.currentData(),
            "collection": self.documents.currentData(),
            "sampling": choice,
            "own": True,
        }
        if shown is None:
            return Assistant("", {language(): wording}, **values)
        return msgspec.structs.replace(shown, wordings={**shown.wordings, language(): wording}, **values)
