"""Assistants: who there is on the left, on the right one of them to be read and changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.assistants import files
from core.assistants.library import Assistants, AssistantsChanged
from core.assistants.model import COLOURS, Assistant, Choice, Wording
from core.errors import TsukueError
from core.files import save as save_file
from core.storage.collections import ALL
from desktop.desk import Desk
from desktop.error_text import sentence
from desktop.i18n import language, tr
from desktop.widgets import layouts
from desktop.widgets.badge import badge
from desktop.widgets.examples_editor import ExamplesEditor
from desktop.widgets.plain_text import PlainText

BADGE = 28  # pixels
AS_USUAL = -0.05  # the value of a spin box that stands for "as in the settings"


@dataclass(frozen=True)
class Offer:
    """What an assistant can be given: collections by name, models by id and name."""

    collections: list[str]
    models: list[tuple[str, str]]


class AssistantsDialog(QDialog):
    """Changes are kept by the button; one of the program's that is changed becomes one's own."""

    talk = Signal(str)  # a chat with this assistant is wanted

    def __init__(self, assistants: Assistants, offer: Offer, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Assistants"))
        self.resize(880, 640)
        self._assistants = assistants
        self._desk = desk
        self._all: list[Assistant] = []
        self._shown: Assistant | None = None  # None: a new one
        self.list = QListWidget()
        self.list.setProperty("role", "rows")
        self.list.setIconSize(QSize(BADGE, BADGE))
        self.list.setAccessibleName(tr("Assistants"))
        self.list.currentItemChanged.connect(self._choose)
        self.new_button = QPushButton(tr("New assistant"))
        self.new_button.setAutoDefault(False)
        self.new_button.clicked.connect(lambda: self._show(None))
        take_in = QPushButton(tr("Import…"))
        take_in.setAutoDefault(False)
        take_in.clicked.connect(self._import)
        self.take_in = take_in
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addWidget(self.new_button)
        left.addWidget(take_in)
        columns = QHBoxLayout()
        columns.addLayout(left, 2)
        columns.addLayout(self._editor(offer), 5)
        layout = QVBoxLayout(self)
        layout.addLayout(columns, 1)
        layout.addLayout(self._buttons())
        leave = desk.bridge.on(AssistantsChanged, lambda _: self.refresh())
        self.finished.connect(lambda _: leave())
        self.refresh()

    # ------------------------------------------------------------ parts

    def _editor(self, offer: Offer) -> QVBoxLayout:
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
        self.instructions.setTabChangesFocus(True)
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
        self.temperature = self._spin(2.0)
        self.top_p = self._spin(1.0)
        self.repeat = self._spin(2.0)
        numbers = QGridLayout()
        numbers.setVerticalSpacing(2)
        for column, (text, spin) in enumerate(
            (
                (tr("Temperature"), self.temperature),
                (tr("Top-p"), self.top_p),
                (tr("Repeat penalty"), self.repeat),
            )
        ):
            spin.setAccessibleName(text)
            label = QLabel(text)
            label.setProperty("role", "muted")
            label.setBuddy(spin)
            numbers.addWidget(label, 0, column)
            numbers.addWidget(spin, 1, column)
        self.examples = ExamplesEditor(self._desk.theme)
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
        self.problem = QLabel()
        self.problem.setProperty("role", "warning")
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.name.textChanged.connect(self._paint)
        self.icon_text.textChanged.connect(self._paint)
        self.name.textChanged.connect(lambda text: self.save_button.setEnabled(bool(text.strip())))
        right = QVBoxLayout()
        right.addWidget(layouts.scrolling(form), 1)
        right.addWidget(self.problem)
        return right

    def _spin(self, highest: float) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setRange(AS_USUAL, highest)
        spin.setSingleStep(0.05)
        spin.setSpecialValueText(tr("usual"))
        return spin

    def _buttons(self) -> QHBoxLayout:
        self.export_button = QPushButton(tr("Export…"))
        self.export_button.clicked.connect(self._export)
        self.remove_button = QPushButton(tr("Remove"))
        self.remove_button.clicked.connect(self._remove)
        self.talk_button = QPushButton(tr("Talk"))
        self.talk_button.setToolTip(tr("Begin a chat with this assistant"))
        self.talk_button.clicked.connect(self._talk)
        self.save_button = QPushButton(tr("Save"))
        self.save_button.setProperty("role", "primary")
        self.save_button.clicked.connect(self._save)
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.reject)
        row = QHBoxLayout()
        for button in (self.export_button, self.remove_button):
            row.addWidget(button)
        row.addStretch()
        for button in (close, self.talk_button, self.save_button):
            row.addWidget(button)
        for button in (self.export_button, self.remove_button, self.talk_button, self.save_button, close):
            button.setAutoDefault(False)
        return row

    # ------------------------------------------------------------ who is shown

    def refresh(self) -> None:
        """Show who there is."""
        self._desk.reads.ask(self._assistants.all, self._show_all, key="assistants of the dialog")

    def _show_all(self, found: list[Assistant]) -> None:
        shown = self._shown.id if self._shown is not None else None
        first = not self._all
        self._all = found
        self.list.blockSignals(True)
        self.list.clear()
        dark = self._desk.theme.dark
        for one in found:
            item = QListWidgetItem(
                badge(one.badge(language()), one.colour, BADGE, dark=dark), one.wording(language()).name
            )
            item.setData(Qt.ItemDataRole.UserRole, one.id)
            self.list.addItem(item)
            if one.id == shown:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        current = next((one for one in found if one.id == shown), None)
        if current is not None or first or shown is not None:
            self._show(current or (found[0] if found else None))

    def _choose(self, item: QListWidgetItem | None) -> None:
        wanted = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        self._show(next((one for one in self._all if one.id == wanted), None))

    def _show(self, assistant: Assistant | None) -> None:
        self._shown = assistant
        wording = assistant.wording(language()) if assistant is not None else Wording("")
        choice = assistant.sampling if assistant is not None else Choice()
        self.name.setText(wording.name)
        self.icon_text.setText(assistant.icon if assistant is not None else "")
        self.colours.button(
            assistant.colour if assistant is not None else len(self._all) % COLOURS
        ).setChecked(True)
        self.about.setText(wording.about)
        self.instructions.setPlainText(wording.instructions)
        self.examples.show_examples(wording.examples)
        self._select(self.model, assistant.model if assistant is not None else "")
        self._select(self.documents, assistant.collection if assistant is not None else "")
        for spin, value in (
            (self.temperature, choice.temperature),
            (self.top_p, choice.top_p),
            (self.repeat, choice.repeat_penalty),
        ):
            spin.setValue(AS_USUAL if value is None else value)
        own = assistant is not None and assistant.own
        self.remove_button.setEnabled(own)
        self.export_button.setEnabled(assistant is not None)
        self.talk_button.setEnabled(assistant is not None)
        self.save_button.setEnabled(bool(wording.name))
        self._say("")
        self._paint()
        if assistant is None:
            self.list.setCurrentRow(-1)
            self.name.setFocus()
        else:
            self.list.blockSignals(True)
            for row in range(self.list.count()):
                if self.list.item(row).data(Qt.ItemDataRole.UserRole) == assistant.id:
                    self.list.setCurrentRow(row)
            self.list.blockSignals(False)

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
            self.colours.button(number).setIcon(badge(text, number, 20, dark=self._desk.theme.dark))

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    # ------------------------------------------------------------ what is done

    def assistant(self) -> Assistant:
        """What the fields say."""
        wording = Wording(
            self.name.text().strip(),
            self.about.text().strip(),
            self.instructions.toPlainText().strip(),
            self.examples.examples,
        )

        def value(spin: QDoubleSpinBox) -> float | None:
            return None if spin.value() < 0 else round(spin.value(), 2)

        choice = Choice(value(self.temperature), value(self.top_p), value(self.repeat))
        shown = self._shown
        values = {
            "icon": self.icon_text.text().strip(),
            "colour": self.colours.checkedId(),
            "model": self.model.currentData(),
            "collection": self.documents.currentData(),
            "sampling": choice,
            "own": True,
        }
        if shown is None:
            return Assistant(self._assistants.new_id(wording.name), {language(): wording}, **values)
        return msgspec.structs.replace(shown, wordings={**shown.wordings, language(): wording}, **values)

    def _save(self) -> None:
        if not self.name.text().strip():
            return

        def save(_: object) -> Assistant:
            assistant = self.assistant()
            self._assistants.save(assistant)
            return assistant

        def saved(assistant: Assistant) -> None:
            self._shown = assistant
            self._say("")
            self.refresh()

        self._desk.operations.in_order("save an assistant", save, saved, self._failed)

    def _failed(self, error: BaseException) -> bool:
        if isinstance(error, TsukueError):
            self._say(sentence(error))
        return isinstance(error, TsukueError)

    def _talk(self) -> None:
        if self._shown is not None:
            self.talk.emit(self._shown.id)
            self.accept()

    def _remove(self) -> None:
        shown = self._shown
        if shown is None:
            return
        definition = files.write(shown)

        def undo() -> None:
            self._desk.operations.in_order("undo", lambda _: self._assistants.add(shown.id, definition))

        def removed(_: object) -> None:
            self._shown = None
            self._all = []
            self.refresh()
            name = shown.wording(language()).name
            self._desk.notify.info(tr("“{name}” was removed.", name=name), (tr("Undo"), undo))

        self._desk.operations.in_order(
            "remove an assistant", lambda _: self._assistants.remove(shown.id), removed, self._failed
        )

    def _import(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, tr("Import assistants"), "", "TOML (*.toml)")

        def take_in(_: object) -> Assistant:
            return [self._assistants.take_in(Path(path)) for path in paths][-1]

        def taken(assistant: Assistant) -> None:
            self._shown = assistant
            self.refresh()

        if paths:
            self._desk.operations.in_order("import assistants", take_in, taken, self._failed)

    def _export(self) -> None:
        shown = self._shown
        if shown is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, tr("Export"), f"{shown.id}.toml", "TOML (*.toml)")
        if path:
            self._desk.operations.in_order(
                "export an assistant", lambda _: save_file(Path(path), files.write(shown)), None, self._failed
            )
