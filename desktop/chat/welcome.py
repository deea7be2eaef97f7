"""The content of an empty chat: an introduction at the first start, a short greeting later."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core.models.hardware import Machine
from core.models.library import LocalModel
from desktop.assistants.choice import AssistantChoice
from desktop.i18n import language, tr
from desktop.models.cards import role_name
from desktop.theme import TEXT_WIDTH
from desktop.widgets import layouts


def _warning(chat: list[LocalModel]) -> str:
    """What is to be expected of the chat models that are here; '' where nothing need be said."""
    if not chat:
        return tr(
            "There is no chat model yet. Choose one under Models, which shows what runs well on this computer."
        )
    if all(model.starter for model in chat):
        return tr(
            "The starter chat model is tiny: it speaks only English and is often wrong. It is there to show how things work. "
            "Document search already works well, in Japanese too. For real work, add a larger model under Models."
        )
    return ""


class Welcome(QWidget):
    start = Signal()
    choose_model = Signal()
    try_sample = Signal()
    import_wanted = Signal()
    keep_elsewhere = Signal()

    def __init__(self, assistants: AssistantChoice) -> None:
        super().__init__()
        self._assistants = assistants
        self._greets = False
        assistants.changed.connect(lambda: self.show_greeting() if self._greets else None)
        self.setObjectName("transcriptBody")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(24, 24, 24, 24)
        self._content: QWidget | None = None
        self._home: Path | None = None

    def offer_place(self, home: Path) -> None:
        """Say at the first start that everything is kept in `home`, and offer another folder."""
        self._home = home

    def _show(self, content: QWidget) -> None:
        self._greets = False
        if self._content is not None:
            self._content.deleteLater()
        layouts.clear(self._layout)
        self._content = content
        content.setMaximumWidth(TEXT_WIDTH - 60)
        row = QHBoxLayout()  # stretches, not an alignment: wrapped labels need their height for this width
        row.addStretch(1)
        row.addWidget(content, 1000)
        row.addStretch(1)
        self._layout.addStretch(2)
        self._layout.addLayout(row)
        self._layout.addStretch(3)

    def show_greeting(self) -> None:
        """The empty state of a new chat: with nobody in particular, or with an assistant."""
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setSpacing(10)
        chosen = self._assistants.chosen
        name = chosen.wording(language()).name if chosen is not None else ""
        heading = QLabel(name or tr("What is on your desk?"))
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setProperty("role", "heading")
        heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(heading)
        row = QHBoxLayout()
        row.setSpacing(6)
        if chosen is not None:
            self._assistants.describe(row)
        else:
            hint = QLabel(
                tr("Ask a question, drop a document here, or hold the microphone button and speak.")
            )
            hint.setProperty("role", "muted")
            hint.setWordWrap(True)
            hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(hint)
            self._assistants.offer(row)
        layout.addLayout(row)
        self._show(content)
        self._greets = True

    def show_first_start(self, machine: Machine, models: list[LocalModel]) -> None:
        """One screen: what is there, what the starter model can and cannot do, a sample to try, and where all is kept."""
        content = QFrame()
        content.setObjectName("card")
        layout = QVBoxLayout(content)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(10)
        heading = QLabel(tr("Welcome to Tsukue"))
        heading.setProperty("role", "heading")
        layout.addWidget(heading)
        promise = QLabel(
            tr("Everything you type, drop, or say stays on this computer. No account, no connection.")
        )
        promise.setWordWrap(True)
        layout.addWidget(promise)
        about = QLabel(
            tr(
                "This computer has {cores} cores and {memory} GB of memory. These models are ready:",
                cores=machine.cores,
                memory=f"{machine.memory / 1e9:.0f}",
            )
        )
        about.setWordWrap(True)
        layout.addWidget(about)
        for role in ("chat", "embedding", "speech"):
            names = [model.name for model in models if model.role == role]
            if role == "embedding":
                names.insert(0, tr("built-in multilingual search"))
            listed = ", ".join(names) or tr("none yet")
            row = QLabel(f"{role_name(role)}  —  {listed}")
            row.setTextFormat(Qt.TextFormat.PlainText)
            row.setProperty("role", "muted")
            row.setWordWrap(True)
            layout.addWidget(row)
        chat = [model for model in models if model.role == "chat"]
        if text := _warning(chat):
            honest = QLabel(text)
            honest.setProperty("role", "warning")
            honest.setWordWrap(True)
            layout.addWidget(honest)
        start = QPushButton(tr("Start chatting") if chat else tr("Choose a model"))
        start.setProperty("role", "primary")
        start.clicked.connect(self.start if chat else self.choose_model)
        sample = QPushButton(tr("Try it with a sample document"))
        sample.clicked.connect(self.try_sample)
        buttons = QHBoxLayout()
        buttons.addWidget(start)
        buttons.addWidget(sample)
        bring = QPushButton(tr("Import your chats…"))
        bring.setProperty("role", "plain")
        bring.setToolTip(
            tr("From ChatGPT, Claude, LM Studio, Jan, Open WebUI, GPT4All, Cherry Studio or Tsukue")
        )
        bring.clicked.connect(self.import_wanted)
        buttons.addWidget(bring)
        buttons.addStretch()
        layout.addSpacing(4)
        layout.addLayout(buttons)
        if self._home is not None:
            layout.addSpacing(4)
            layout.addLayout(self._place(self._home))
        self._show(content)

    def _place(self, home: Path) -> QHBoxLayout:
        """Where everything is kept, which is best chosen before there is anything."""
        place = QLabel(tr("Everything is stored in {folder}.", folder=str(home)))
        place.setTextFormat(Qt.TextFormat.PlainText)
        place.setProperty("role", "muted")
        place.setWordWrap(True)
        other = QPushButton(tr("Choose another folder…"))
        other.setProperty("role", "plain")
        other.clicked.connect(self.keep_elsewhere)
        row = QHBoxLayout()
        row.addWidget(place, 1)
        row.addWidget(other)
        return row
