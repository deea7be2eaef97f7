"""What was being written in each conversation is there again when one comes back to it, also after a kill."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from core.chat.draft import Draft

if TYPE_CHECKING:
    from core.jobs import Job
    from core.storage.conversations import ConversationStore
    from desktop.chat.composer import Composer
    from desktop.operations import Operations
    from desktop.reads import Reads

KEEP_MILLISECONDS = 500  # after the last key
NEW = 0  # the conversation that is not there yet


class Drafts(QObject):
    """Keeps the composer's text on disk while it is written, and changes it with the conversation."""

    def __init__(
        self, store: ConversationStore, composer: Composer, reads: Reads, operations: Operations
    ) -> None:
        super().__init__(composer)
        self._store = store
        self._composer = composer
        self._reads = reads
        self._operations = operations
        self._conversation = NEW
        self._known: dict[int, Draft] = {}  # of conversations that were open in this session
        self._unkept: dict[int, Draft] = {}
        self._lock = threading.Lock()
        self._timer = QTimer(self, singleShot=True, interval=KEEP_MILLISECONDS)
        self._timer.timeout.connect(self.keep)
        composer.text.textChanged.connect(self._changed)
        composer.attached_changed.connect(self._changed)

    def begin(self) -> None:
        """Bring back what was being written in the new chat when the program ended."""
        self._load(NEW)

    def switch(self, conversation: int | None) -> None:
        """Another conversation is on screen; None is a new one."""
        number = conversation or NEW
        if number == self._conversation:
            return
        self._note()
        self.keep()
        self._conversation = number
        self._composer.set_draft(self._known.get(number, Draft()), stay=False)
        if number not in self._known:
            self._load(number)

    def begun(self, conversation: int) -> None:
        """The new chat has become this conversation; what was typed meanwhile stays where it is."""
        self._known[NEW] = Draft()
        self._unkept[NEW] = Draft()
        self._conversation = conversation
        self._note()
        self.keep()

    def _load(self, number: int) -> None:
        self._reads.ask(lambda: self._store.draft(number), lambda draft: self._show(number, draft), key=self)

    def _show(self, number: int, draft: Draft) -> None:
        composer = self._composer
        if draft and number == self._conversation and not composer.draft and not composer.strip.entries:
            self._composer.set_draft(draft)

    def _changed(self) -> None:
        self._note()
        self._timer.start()

    def _note(self) -> None:
        draft = self._composer.draft
        if self._known.get(self._conversation, Draft()) != draft:
            self._known[self._conversation] = draft
            with self._lock:
                self._unkept[self._conversation] = draft

    def keep(self) -> None:
        """Write what is not on disk yet; the latest of each conversation wins, however the jobs come."""
        self._timer.stop()
        if self._unkept:
            self._operations.run("keep a draft", self._write)

    def _write(self, job: Job) -> None:
        with self._lock:
            unkept, self._unkept = self._unkept, {}
            for number, draft in unkept.items():
                self._store.save_draft(number, draft)
