"""What is remembered everywhere: offered when a message asks for it, and shown to be read and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget

from core.chat import remembering
from core.chat.events import MemoryProposed
from desktop.i18n import tr, tr_n
from desktop.widgets import layouts
from desktop.widgets.plain_text import PlainText
from desktop.widgets.tick import Tick

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.chat.service import ChatService
    from core.settings import SettingsFile
    from desktop.chat.outgoing import Outgoing
    from desktop.desk import Desk

SHOWN = 80  # characters of a fact in the banner


class MemoryDialog(QDialog):
    """A line for each thing that new chats are told, in whatever project."""

    saved = Signal(list)

    def __init__(self, facts: list[str], on: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("What is remembered"))
        self.resize(560, 380)
        about = QLabel(
            tr("New chats are told this, one line for each thing. Each project can have more of its own.")
            if on
            else tr("Memory is switched off in the settings, so chats are told nothing of this.")
        )
        about.setProperty("role", "muted" if on else "warning")
        about.setWordWrap(True)
        self.lines = PlainText()
        self.lines.setProperty("role", "field")
        self.lines.setAccessibleName(tr("What is remembered"))
        self.lines.setPlaceholderText(tr("For example: I am left-handed."))
        self.lines.setPlainText("\n".join(facts))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save_button = QPushButton(tr("Save"))
        self.save_button.setProperty("role", "primary")
        self.save_button.setDefault(True)
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self._save)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(about)
        layout.addWidget(self.lines, 1)
        layout.addWidget(buttons)

    def _save(self) -> None:
        self.saved.emit(self.lines.toPlainText().splitlines())
        self.accept()


class ProposalsDialog(QDialog):
    """What later chats could know of one that was left: the person picks."""

    accepted_facts = Signal(list)

    def __init__(self, facts: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("What later chats could know"))
        self.resize(520, 320)
        about = QLabel(tr("You said this in the chat before. What is ticked is told to new chats."))
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        ticks = [Tick(fact) for fact in facts]
        self.boxes = [tick.box for tick in ticks]
        self._facts = list(facts)
        buttons = QDialogButtonBox()
        nothing = buttons.addButton(tr("Nothing of it"), QDialogButtonBox.ButtonRole.RejectRole)
        nothing.clicked.connect(self.reject)
        self.remember_button = QPushButton(tr("Remember"))
        self.remember_button.setProperty("role", "primary")
        self.remember_button.setDefault(True)
        self.remember_button.clicked.connect(self._remember)
        buttons.addButton(self.remember_button, QDialogButtonBox.ButtonRole.ActionRole)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        inside = QVBoxLayout()
        for tick in ticks:
            tick.box.setChecked(True)
            inside.addWidget(tick)
        inside.addStretch()
        layout.addWidget(about)
        layout.addWidget(layouts.scrolling(inside), 1)
        layout.addWidget(buttons)

    def _remember(self) -> None:
        self.accepted_facts.emit(
            [fact for fact, box in zip(self._facts, self.boxes, strict=True) if box.isChecked()]
        )
        self.accept()


class Memory(QObject):
    """Offers to remember what a message asks to be remembered, and what the model proposes of a chat that was left; only the
    person's click does it."""

    def __init__(self, chat: ChatService, settings: SettingsFile, outgoing: Outgoing, desk: Desk) -> None:
        super().__init__(outgoing)
        self._projects = chat.projects
        self._store = chat.store
        self._settings = settings
        self._outgoing = outgoing
        self._desk = desk
        outgoing.said.connect(self._said)
        desk.bridge.on(MemoryProposed, self._proposed)

    def _proposed(self, event: MemoryProposed) -> None:
        facts = event.facts
        if len(facts) == 1:
            self._offer(facts[0], lambda: self._remember_all(event.project, [facts[0]]))
            return
        self._desk.notify.notice(
            tr_n(
                "The chat before says {n} thing that new chats could know.",
                "The chat before says {n} things that new chats could know.",
                len(facts),
            ),
            (tr("Look at them"), lambda: self._pick(event)),
        )

    def _pick(self, event: MemoryProposed) -> None:
        composer = self._outgoing.parent()
        assert isinstance(composer, QWidget)
        dialog = ProposalsDialog(event.facts, composer.window())
        dialog.accepted_facts.connect(lambda facts: self._remember_all(event.project, facts))
        dialog.open()

    def _remember_all(self, project: int | None, facts: list[str]) -> None:
        def remember() -> None:
            for fact in facts:
                self._projects.remember(fact, project)

        if facts:
            self._desk.operations.in_order("remember", lambda _: remember())

    def _offer(self, fact: str, accept: Callable[[], None]) -> None:
        shown = fact if len(fact) <= SHOWN else f"{fact[:SHOWN]}…"
        self._desk.notify.notice(tr("Tell new chats too: “{fact}”?", fact=shown), (tr("Remember it"), accept))

    def _said(self, conversation: int, text: str) -> None:
        fact = remembering.wish(text) if self._settings.values.memory else ""
        if fact:
            self._offer(fact, lambda: self._remember(conversation, fact))

    def _remember(self, conversation: int, fact: str) -> None:
        self._desk.operations.in_order(
            "remember", lambda _: self._projects.remember(fact, self._store.get(conversation).project)
        )

    def open(self, parent: QWidget) -> None:
        """Show what is remembered everywhere."""
        projects = self._projects

        def show(facts: list[str]) -> None:
            dialog = MemoryDialog(facts, self._settings.values.memory, parent)
            dialog.saved.connect(
                lambda lines: self._desk.operations.in_order(
                    "change what is remembered", lambda _: projects.set_facts(None, lines)
                )
            )
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self._desk.reads.ask(lambda: [fact.text for fact in projects.store.facts(None)], show, key="memory")
