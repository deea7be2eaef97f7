"""What leaves the composer: a message is sent, waits its turn, or is taken back; and what was asked before comes again.

The field is emptied only when a message is on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from core.chat.conversation import Queued
from core.chat.draft import Draft
from core.chat.events import ConversationDiscarded, QueueChanged
from core.jobs import Job

if TYPE_CHECKING:
    from core.chat.service import ChatService
    from core.chat.waiting import WaitingMessages
    from desktop.bridge import Bridge
    from desktop.chat.choices import Choices
    from desktop.chat.composer import Composer
    from desktop.chat.drafts import Drafts
    from desktop.chat.queue_strip import QueueStrip
    from desktop.operations import Operations
    from desktop.reads import Reads


class Outgoing(QObject):
    """Sends for the conversation that `show` names."""

    waits_for_files = Signal()  # a message was to be sent while what hangs on it is still being read
    begun = Signal(int)  # this conversation has begun with the message
    sent = Signal()
    said = Signal(int, str)  # in this conversation this was sent
    gone = Signal()  # the conversation that was open was taken back as a whole

    def __init__(
        self,
        chat: ChatService,
        waiting: WaitingMessages,
        composer: Composer,
        choices: Choices,
        drafts: Drafts,
        strip: QueueStrip,
        bridge: Bridge,
        reads: Reads,
        operations: Operations,
    ) -> None:
        super().__init__(composer)
        self._chat = chat
        self._waiting = waiting
        self._composer = composer
        self._choices = choices
        self._drafts = drafts
        self._strip = strip
        self._reads = reads
        self._operations = operations
        self._conversation: int | None = None
        self.project: int | None = None  # that a new conversation belongs to
        self.assistant = ""  # whom a new conversation is with
        self.form = ""  # what answers are to be, as JSON (docs/tables.md); '' for words
        self._history: list[str] = []
        self._place = 0  # in the history, counted from its end; 0 is what is being written
        self._written = ""  # before one went through the history
        self.busy = False  # a message is on its way to the disk
        composer.send.connect(self.send)
        composer.stop.connect(self.stop)
        composer.through_history.connect(self.go_through_history)
        strip.changed.connect(self._change_waiting)
        strip.dropped.connect(self._drop_waiting)
        strip.send.connect(self.send_next)
        bridge.on(QueueChanged, self._queue_changed)
        bridge.on(ConversationDiscarded, self._discarded)

    def show(self, conversation: int | None) -> None:
        """Another conversation is on screen; None is a new one."""
        self._conversation = conversation
        self._place = 0
        self._strip.show_waiting(())
        if conversation is not None:
            self._reads.ask(
                lambda: self._chat.store.queued(conversation),
                lambda waiting: self._queue_changed(QueueChanged(conversation, tuple(waiting))),
                key=self,
            )

    # ------------------------------------------------------------ sending

    def send(self, text: str) -> None:
        """Send a message; while an answer is under way it waits for that."""
        attached = self._composer.strip.parts
        if self.busy or not (text or attached):
            return
        if self._composer.strip.reading:
            self.waits_for_files.emit()
            return
        self.busy = True
        self._place = 0
        conversation, collection, project = self._conversation, self._choices.collection, self.project
        assistant, form = self.assistant, self.form
        # It may be another than the project's or the assistant's.
        model = self._choices.model if project is not None or assistant else ""
        editing, answer = self._composer.editing, self._composer.editing_answer
        waits = self._composer.answering and editing is None

        def send(_: Job) -> int:
            if editing is not None and answer:
                self._chat.rewrite(editing, text)
            elif editing is not None:
                self._chat.edit(editing, text, form=form, attached=attached)
            elif conversation is None:
                begun, _job = self._chat.begin(
                    text,
                    collection=collection,
                    project=project,
                    model=model,
                    assistant=assistant,
                    form=form,
                    attached=attached,
                )
                return begun
            elif waits and not form:
                self._waiting.add(conversation, text, attached)
            else:
                self._chat.send(conversation, text, form=form, attached=attached)
            return conversation or 0

        def sent(number: int) -> None:
            self.busy = False
            self._composer.sent(text, attached)
            if conversation is None:
                self._drafts.begun(number)
                if self._conversation is None:
                    self.begun.emit(number)
            self.sent.emit()
            if not answer:
                self.said.emit(number, text)

        def failed(_: BaseException) -> bool:
            self.busy = False
            return False

        self._operations.in_order("send", send, sent, failed)

    def stop(self) -> None:
        """Stop the answer under way; where there is nothing of it yet, the question comes back to be written anew."""
        conversation = self._conversation
        if conversation is not None:
            self._operations.run(
                "take back", lambda job: self._chat.take_back(conversation, job), self._came_back
            )

    def leave(self) -> None:
        """Stop the answer under way, and leave the question with what there is of it."""
        conversation = self._conversation
        if conversation is not None:
            self._operations.run("stop an answer", lambda job: self._chat.stop(conversation))

    def _came_back(self, draft: Draft) -> None:
        if not draft:
            return
        written = self._composer.draft  # what is being written, or said, meanwhile goes behind it
        words = " ".join(filter(None, (draft.text.strip(), written.text.strip()))) if written else draft.text
        self._composer.set_draft(Draft(words, (*draft.attached, *written.attached)))
        self._composer.setFocus()

    def _discarded(self, event: ConversationDiscarded) -> None:
        if event.conversation == self._conversation:
            self.gone.emit()

    def where(self) -> dict[str, Any]:
        """What `Chains.run` is told of the conversation that is on screen, or of a new one."""
        if self._conversation is not None:
            return {"conversation": self._conversation}
        model = self._choices.model if self.project is not None or self.assistant else ""
        return {
            "collection": self._choices.collection,
            "project": self.project,
            "model": model,
            "assistant": self.assistant,
        }

    def begun_elsewhere(self, conversation: int) -> None:
        """A chain has begun this conversation; it is shown where the new chat was."""
        if self._conversation is None:
            self.begun.emit(conversation)

    # ------------------------------------------------------------ messages that wait

    def send_next(self) -> None:
        """Send the message that has waited longest."""
        conversation = self._conversation
        if conversation is not None:
            self._operations.in_order("send what waits", lambda _: self._waiting.send_next(conversation))

    def _queue_changed(self, event: QueueChanged) -> None:
        if event.conversation == self._conversation:
            self._strip.show_waiting(event.waiting)

    def _change_waiting(self, one: Queued) -> None:
        """Back into the composer, before what is being written there."""
        written = self._composer.draft
        words = "\n\n".join(filter(None, (one.text, written.text.strip())))
        self._composer.set_draft(Draft(words, (*one.attached, *written.attached)))
        self._composer.setFocus()
        self._drop_waiting(one.id)

    def _drop_waiting(self, number: int) -> None:
        conversation = self._conversation
        if conversation is not None:
            self._operations.in_order("change what waits", lambda _: self._waiting.drop(conversation, number))

    # ------------------------------------------------------------ what was asked before

    def go_through_history(self, step: int) -> None:
        """Put what was asked before (-1), or after that (1), into the field; the end is what was being written."""
        if self._composer.editing is not None:
            return
        if self._place == 0:
            if step > 0:
                return
            self._written = self._composer.text.toPlainText()
            self._reads.ask(self._chat.store.questions, self._begin_history, key="history")
        else:
            self._go(self._place - step)

    def _begin_history(self, questions: list[str]) -> None:
        self._history = list(dict.fromkeys(reversed(questions)))  # the newest first, each once
        self._go(1)

    def _go(self, place: int) -> None:
        if 0 <= place <= len(self._history):
            self._place = place
            self._composer.set_words(self._history[place - 1] if place else self._written)
