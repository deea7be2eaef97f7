"""Whom a new chat is with: offered on the empty chat, and named above a chat that has begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from core.assistants.library import AssistantsChanged
from core.assistants.model import Assistant
from desktop.i18n import language, tr
from desktop.widgets.badge import badge
from desktop.widgets.tips import tip

if TYPE_CHECKING:
    from core.app import App
    from desktop.desk import Desk

OFFERED = 5  # on the empty chat, beside the way to all others
BADGE = 20  # pixels


class AssistantChoice(QObject):
    """`chosen` is the assistant of the new chat, None for nobody in particular."""

    changed = Signal()
    talk = Signal(str)  # a chat with this assistant is wanted

    def __init__(self, app: App, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._app = app
        self._desk = desk
        self._parent = parent
        app.assistants.language = language()
        self.all: list[Assistant] = []
        self.chosen: Assistant | None = None
        desk.bridge.on(AssistantsChanged, lambda _: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """Read who there is."""
        self._desk.reads.ask(self._app.assistants.all, self._show, key="assistants")

    def _show(self, found: list[Assistant]) -> None:
        self.all = found
        if self.chosen is not None:
            self.chosen = self.named(self.chosen.id)
        self.changed.emit()

    def named(self, number: str) -> Assistant | None:
        """The assistant with this id, if it is still there."""
        return next((one for one in self.all if one.id == number), None)

    def choose(self, number: str) -> None:
        """Let the new chat be with this one; '' with nobody in particular."""
        self.chosen = self.named(number) if number else None
        self.changed.emit()

    def icon_button(self, one: Assistant) -> QPushButton:
        """A button that chooses an assistant."""
        wording = one.wording(language())
        button = QPushButton(f" {wording.name}")
        button.setProperty("role", "chip")
        button.setIcon(badge(one.badge(language()), one.colour, BADGE, dark=self._desk.theme.dark))
        button.setIconSize(QSize(BADGE, BADGE))
        button.setToolTip(tip(wording.about))
        button.clicked.connect(lambda: self.choose(one.id))
        return button

    def offer(self, row: QHBoxLayout) -> None:
        """Fill a row with those that can be chosen, the person's own first, and the way to all."""
        row.addStretch()
        for one in self.all[:OFFERED]:
            row.addWidget(self.icon_button(one))
        more = QPushButton(tr("Assistants…"))
        more.setProperty("role", "plain")
        more.setToolTip(tr("All assistants: to be chosen, changed, made"))
        more.clicked.connect(self.open)
        row.addWidget(more)
        row.addStretch()

    def describe(self, row: QHBoxLayout) -> None:
        """Fill a row with who was chosen, and the way back."""
        if self.chosen is None:
            return
        about = QLabel(self.chosen.wording(language()).about)
        about.setProperty("role", "muted")
        about.setTextFormat(Qt.TextFormat.PlainText)
        back = QPushButton(tr("Nobody in particular"))
        back.setProperty("role", "plain")
        back.clicked.connect(lambda: self.choose(""))
        row.addStretch()
        row.addWidget(about)
        row.addWidget(back)
        row.addStretch()

    def open(self) -> None:
        """Show all assistants."""
        app = self._app

        def look() -> tuple[list[str], list[tuple[str, str]]]:
            return [one.name for one in app.documents.collections()], app.engines.chat_models()

        def show(found: tuple[list[str], list[tuple[str, str]]]) -> None:
            from desktop.assistants.dialog import AssistantsDialog, Offer

            dialog = AssistantsDialog(app.assistants, Offer(*found), self._desk, self._parent)
            dialog.talk.connect(self.talk)
            dialog.open()

        self._desk.reads.ask(look, show, key="assistants offer")
