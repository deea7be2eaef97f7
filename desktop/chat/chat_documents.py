"""Documents as a chat sees them: added from it, asked in it, prepared again for another search model."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from core.chat.service import ChatService
from core.documents import formats
from core.documents.progress import DocumentsChanged
from core.settings import SettingsFile
from core.storage.collections import ALL, CHATS
from desktop.chat.choices import Choices
from desktop.desk import Desk
from desktop.documents.adding import Adding
from desktop.i18n import tr, tr_n


class ChatDocuments(QObject):
    """Adds files to the documents of the chat that is open (`conversation`; None is a new one)."""

    changed = Signal()

    def __init__(
        self, chat: ChatService, settings: SettingsFile, choices: Choices, adding: Adding, desk: Desk
    ) -> None:
        super().__init__(choices)
        self._chat = chat
        self._settings = settings
        self._choices = choices
        self._adding = adding
        self._operations = desk.operations
        self._notify = desk.notify
        self.conversation: int | None = None
        adding.added.connect(self._added)
        desk.bridge.on(DocumentsChanged, lambda _: self._documents_changed())

    def choose(self, parent: QWidget) -> None:
        """Ask for files to add."""
        patterns = " ".join(f"*{suffix}" for suffix in formats.suffixes())
        readable, everything = tr("Documents"), tr("All files")
        files, _ = QFileDialog.getOpenFileNames(
            parent, tr("Add documents"), "", f"{readable} ({patterns});;{everything} (*)"
        )
        if files:
            self.add(files)

    def add(self, files: list[str], collection: str = "") -> None:
        """Add files to a collection (the chat's own, or a new one named after the first file), and ask it."""
        asked = self._choices.collection
        self._adding.add(files, collection or ("" if asked in (ALL, CHATS) else asked), self.conversation)

    def _added(self, collection: str, conversation: int | None) -> None:
        if conversation == self.conversation:  # the person may have gone to another chat meanwhile
            if self._choices.collection != ALL:
                self._choices.ask_collection(collection)
        elif conversation is not None:

            def ask_it() -> None:
                if self._chat.store.get(conversation).collection != ALL:
                    self._chat.use_collection(conversation, collection)

            self._operations.in_order("choose documents", lambda _: ask_it())

    def _documents_changed(self) -> None:
        self._choices.refresh()
        self.changed.emit()

    def search_model_changed(self, old: str) -> None:
        """Prepare documents for another search model in the background, with a way back; the `old` one answers meanwhile."""
        self._operations.in_order(
            "look what is to be prepared",
            lambda _: self._adding.unprepared(),
            lambda count: self._prepare_again(count, old),
        )

    def _prepare_again(self, documents: int, old: str) -> None:
        if not documents:
            return
        self._adding.resume()

        def undo() -> None:
            self._operations.in_order("undo the search model", lambda _: self._settings.change(embedder=old))

        self._notify.notice(
            tr_n(
                "{n} document is being prepared for the new search model. Until that is done, it is found as before.",
                "{n} documents are being prepared for the new search model. Until that is done, they are found as before.",
                documents,
            ),
            (tr("Undo"), undo),
        )
