"""The models page: what is on this computer, and what each can do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.models.hardware import look
from core.models.library import Library, LocalModel
from desktop.i18n import tr
from desktop.widgets import layouts

# What this version uses. The starter pack's voice waits for the version that reads aloud.
ROLES = ("chat", "embedding", "speech")


def role_name(role: str) -> str:
    return {"chat": tr("Chat"), "embedding": tr("Document search"), "speech": tr("Speech to text")}[role]


def language_names(languages: list[str]) -> str:
    names = {"en": tr("English"), "ja": tr("Japanese"), "multilingual": tr("many languages")}
    return ", ".join(names.get(code, code) for code in languages)


def describe(model: LocalModel) -> str:
    """What a model is good for, honestly."""
    if model.id == "smollm2-135m-instruct":
        return tr("Starts at once. A very small model for trying things out: English only, and often wrong.")
    if model.role == "embedding":
        return tr("Finds passages in English documents. The multilingual finder is built in.")
    if model.id == "whisper-tiny-en":
        return tr("Writes down spoken English. Fast.")
    if model.role == "speech":
        return tr("Writes down what you say, in many languages. Weak at Japanese.")
    return tr("Added by you.")


class ModelsPage(QWidget):
    chat_with = Signal(str)

    def __init__(self, library: Library) -> None:
        super().__init__()
        self.setObjectName("page")
        self._library = library
        heading = QLabel(tr("Models"))
        heading.setProperty("role", "heading")
        machine = look()
        about = QLabel(
            tr(
                "This computer: {cores} cores, {memory} GB memory ({free} GB free).",
                cores=machine.cores,
                memory=f"{machine.memory / 1e9:.0f}",
                free=f"{machine.memory_free / 1e9:.1f}",
            )
        )
        about.setProperty("role", "muted")
        self._where = QLabel()
        self._where.setProperty("role", "muted")
        self._where.setWordWrap(True)
        self._where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._body = QWidget()
        self._grid = QGridLayout(self._body)
        self._grid.setContentsMargins(0, 0, 8, 0)
        self._grid.setSpacing(14)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self._body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 24, 24, 16)
        layout.setSpacing(8)
        layout.addWidget(heading)
        layout.addWidget(about)
        layout.addWidget(scroll, 1)
        layout.addWidget(self._where)

    def refresh(self, folder: str) -> None:
        """Show what is on the disk; `folder` is where a person can put models of their own."""
        self._where.setText(
            tr("To use a model of your own, put its .gguf file into {folder}.", folder=folder)
        )
        layouts.clear(self._grid)
        shown = [model for model in self._library.all() if model.role in ROLES]
        for number, model in enumerate(shown):
            self._grid.addWidget(self._card(model), number // 2, number % 2)
        self._grid.setRowStretch(self._grid.rowCount(), 1)

    def _card(self, model: LocalModel) -> QWidget:
        card = QFrame()
        card.setObjectName("card")
        name = QLabel(model.name)
        name.setProperty("role", "name")
        badge = QLabel(tr("on this computer"))
        badge.setProperty("role", "chip")
        top = QHBoxLayout()
        top.addWidget(name)
        top.addStretch()
        top.addWidget(badge)
        parts = [
            role_name(model.role),
            language_names(model.languages),
            model.licence,
            f"{model.size_bytes / 1e6:.0f} MB",
        ]
        meta = QLabel(" · ".join(part for part in parts if part))
        meta.setProperty("role", "muted")
        text = QLabel(describe(model))
        text.setWordWrap(True)
        layout = QVBoxLayout(card)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(meta)
        layout.addWidget(text)
        layout.addStretch()
        if model.role == "chat":
            button = QPushButton(tr("Chat"))
            button.setProperty("role", "primary")
            button.clicked.connect(lambda: self.chat_with.emit(model.id))
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return card
