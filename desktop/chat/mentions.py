"""@ in the composer: names collections and files to ask, and chats to send along, while one types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QTextCursor

from core.chat import mentions
from core.chat.mentions import Kind, Mention
from core.documents import scope
from core.text.characters import utf16_length
from desktop.chat.completion import CompletionList, Row
from desktop.i18n import language, tr

if TYPE_CHECKING:
    from core.storage.conversations import ConversationStore
    from core.storage.documents import DocumentStore
    from desktop.chat.attachments import Attachments
    from desktop.chat.choices import Choices
    from desktop.chat.composer import Composer
    from desktop.reads import Reads

# Before the cursor: @ at the beginning of a word, and what follows it. An address of e-mail is none.
_AT = re.compile(r"(?:^|[\s「『（(、。，])[@＠]([^\n@＠]{0,40})$")


class Mentions(QObject):
    """Listens to the composer's text."""

    chat_wanted = Signal(int)

    def __init__(
        self,
        documents: DocumentStore,
        conversations: ConversationStore,
        composer: Composer,
        choices: Choices,
        attachments: Attachments,
        reads: Reads,
    ) -> None:
        super().__init__(composer)
        self._documents = documents
        self._conversations = conversations
        self._composer = composer
        self._choices = choices
        self._attachments = attachments
        self._reads = reads
        self._left = -1  # where the @ stands whose list was closed: it does not come back for that
        self.list = CompletionList(composer, tr("What can be named"))
        self.list.chosen.connect(self._choose)
        self.list.left.connect(self._leave)
        composer.text.textChanged.connect(self._look)
        composer.text.cursorPositionChanged.connect(self._look)

    def _written(self) -> str | None:
        """What stands behind the @ before the cursor; None where there is none."""
        cursor = self._composer.text.textCursor()
        block = cursor.block().text()[: cursor.positionInBlock()]
        found = _AT.search(block) if not self._composer.text.composing else None
        return found[1] if found is not None else None

    def _look(self) -> None:
        if self._composer.text.composing:  # what is there will be another in a moment
            if self.list.shown:
                self.list.popup.hide()
            return
        written = self._written()
        if written is None:
            self._left = -1
        if written is None or self._left == self._place(written):
            self._reads.forget("mentions")
            if self.list.shown:
                self.list.popup.hide()
            return
        self._reads.ask(
            lambda: mentions.find(written.strip(), self._documents, self._conversations),
            self._show,
            key="mentions",
        )

    def _show(self, found: list[Mention]) -> None:
        written = self._written()
        if written is None or self._left == self._place(written):
            return
        words = written.casefold().split()
        rows = [_row(one) for one in found]
        self.list.show_rows([row for row in rows if all(word in row.text.casefold() for word in words)])

    def _place(self, written: str) -> int:
        """Where the @ stands."""
        return self._composer.text.textCursor().position() - utf16_length(written)

    def _leave(self) -> None:
        written = self._written()
        self._left = self._place(written) if written is not None else -1

    def _choose(self, one: Mention) -> None:
        written = self._written()
        if written is not None:
            cursor = self._composer.text.textCursor()
            cursor.movePosition(
                QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, utf16_length(written) + 1
            )
            narrowed = scope.of_file(one.name, japanese=language() == "ja") if one.kind is Kind.FILE else ""
            cursor.insertText(f"{narrowed} " if narrowed else "")
        if one.kind is Kind.CHAT:
            store = self._conversations
            self._attachments.add_part(one.name, lambda _: mentions.chat_as_file(one.chat, store))
        else:
            self._choices.ask_collection(one.collection)
        self._composer.setFocus()


def _row(one: Mention) -> Row:
    match one.kind:
        case Kind.EVERYTHING:
            return Row(tr("All documents"), one, tr("Ask all documents"))
        case Kind.PAST:
            return Row(tr("Past chats"), one, tr("Ask past chats"))
        case Kind.COLLECTION:
            return Row(tr("Documents: {name}", name=one.name), one, tr("Ask these documents from now on"))
        case Kind.FILE:
            tip = tr("Ask this file of “{name}”", name=one.collection)
            return Row(tr("File: {name}", name=one.name), one, tip)
    return Row(tr("Chat: {name}", name=one.name), one, tr("Send what was said there with this message"))
