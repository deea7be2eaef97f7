"""What a project's new chats begin with: name, instructions, documents, model, and what is remembered in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.chat.conversation import Fact, Project
from core.storage.collections import ALL
from desktop.i18n import tr
from desktop.widgets.plain_text import PlainText


@dataclass(frozen=True)
class Offer:
    """What a project can be given: collections by name, models by id and name; and what is remembered in it."""

    collections: list[str]
    models: list[tuple[str, str]]
    facts: list[Fact] = field(default_factory=list)


class ProjectDialog(QDialog):
    """Edits a project, or names a new one."""

    saved = Signal(dict, list)  # the project's values; the lines of what is remembered

    def __init__(self, project: Project | None, offer: Offer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Project settings") if project is not None else tr("New project"))
        self.resize(560, 0)
        about = QLabel(
            tr(
                "New chats in this project begin with what you choose here. Chats that exist stay as they are."
            )
        )
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        self.name = QLineEdit(project.name if project is not None else "")
        self.name.setPlaceholderText(tr("Name of the project"))
        self.instructions = self._text(project.instructions if project is not None else "")
        self.instructions.setPlaceholderText(
            tr("For example: You help me renovate a house. Answer briefly, with prices.")
        )
        self.documents = QComboBox()
        for value, name in [
            ("", tr("No documents")),
            (ALL, tr("All documents")),
            *((c, c) for c in offer.collections),
        ]:
            self.documents.addItem(name, value)
        self.model = QComboBox()
        for value, name in [("", tr("Same as other chats")), *offer.models]:
            self.model.addItem(name, value)
        if project is not None:
            self._select(self.documents, project.collection)
            self._select(self.model, project.model)
        self.memory = self._text("\n".join(fact.text for fact in offer.facts))
        self.memory.setPlaceholderText(tr("One line for each thing to remember"))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setVerticalSpacing(10)
        for label, widget in (
            (tr("Name"), self.name),
            (tr("Instructions"), self.instructions),
            (tr("Documents"), self.documents),
            (tr("Model"), self.model),
            (tr("Remember"), self.memory),
        ):
            widget.setAccessibleName(label)
            form.addRow(label, widget)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save_button = QPushButton(tr("Save") if project is not None else tr("Create"))
        self.save_button.setProperty("role", "primary")
        self.save_button.setDefault(True)
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self._save)
        buttons.rejected.connect(self.reject)
        self.name.textChanged.connect(self._check)
        self.problem = QLabel()
        self.problem.setProperty("role", "warning")
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self.problem.hide()
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(about)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addWidget(buttons)
        self._check()
        # Words that need a second line would take it from the room between the fields.
        self.resize(self.width(), layout.totalHeightForWidth(self.width()))
        self.name.setFocus()

    def say(self, problem: str) -> None:
        """What stands in the way of saving; what was written stays."""
        self.problem.setText(problem)
        self.problem.show()

    def _text(self, text: str) -> PlainText:
        field_ = PlainText()
        field_.setProperty("role", "field")
        field_.setPlainText(text)
        field_.setFixedHeight(92)
        return field_

    def _select(self, box: QComboBox, value: str) -> None:
        """What is not there any more is still what was chosen."""
        place = box.findData(value, Qt.ItemDataRole.UserRole)
        if place < 0:
            box.addItem(value, value)
            place = box.count() - 1
        box.setCurrentIndex(place)

    def _check(self) -> None:
        self.save_button.setEnabled(bool(self.name.text().strip()))

    def _save(self) -> None:
        if not self.name.text().strip():
            return
        values = {
            "name": self.name.text().strip(),
            "instructions": self.instructions.toPlainText().strip(),
            "collection": self.documents.currentData(),
            "model": self.model.currentData(),
        }
        lines = [line.strip() for line in self.memory.toPlainText().splitlines() if line.strip()]
        self.saved.emit(values, lines)  # whoever saves it closes this, or says what stands in the way
