"""Messages that a person writes while an answer is under way: each is sent when the one before it has been answered.

They wait on disk. After an answer that was stopped or failed, and after a restart, they go on waiting until the person sends them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.chat.conversation import Attached, MessageState
from core.chat.events import AnswerEnded, QueueChanged
from core.errors import AnswerUnderWay, ConversationMissing, TsukueError
from core.jobs import Job, Jobs

if TYPE_CHECKING:
    from core.chat.service import ChatService

log = logging.getLogger(__name__)


class WaitingMessages:
    """The queues of all conversations. Any thread may call."""

    def __init__(self, chat: ChatService, jobs: Jobs) -> None:
        self._chat = chat
        self._store = chat.store
        self._jobs = jobs
        self._lock = threading.Lock()
        chat.events.listen(AnswerEnded, self._answered)

    def add(self, conversation: int, text: str, attached: Sequence[Attached] = ()) -> None:
        """Let a message wait; where nothing is under way any more, it is sent. Raises as `ChatService.send`."""
        with self._lock:
            self._store.enqueue(conversation, text, attached)
        self._tell(conversation)
        if not self._chat.answering(conversation):
            self.send_next(conversation)

    def change(self, conversation: int, number: int, text: str) -> None:
        """Put a message that waits in other words."""
        with self._lock:
            self._store.change_queued(number, text)
        self._tell(conversation)

    def drop(self, conversation: int, number: int) -> None:
        """Take out a message that waits."""
        with self._lock:
            self._store.drop_queued(number)
        self._tell(conversation)

    def send_next(self, conversation: int) -> Job | None:
        """Send the message that has waited longest; None where none does. Raises as `ChatService.send`; it waits on then."""
        with self._lock:
            waiting = self._store.queued(conversation)
            if not waiting:
                return None
            job = self._chat.send(conversation, waiting[0].text, attached=waiting[0].attached)
            self._store.drop_queued(waiting[0].id)  # last: whatever happens in between, it is not lost
        self._tell(conversation)
        return job

    def _answered(self, event: AnswerEnded) -> None:
        if event.message.state is MessageState.DONE and event.error is None:
            number = event.message.conversation
            self._jobs.start("send what waits", lambda _: self._go_on(number))

    def _go_on(self, conversation: int) -> None:
        try:
            self.send_next(conversation)
        except ConversationMissing:
            pass  # deleted meanwhile
        except AnswerUnderWay:
            pass  # somebody asked again meanwhile; the end of that answer sends it
        except TsukueError:
            log.warning("a message that waits could not be sent", exc_info=True)

    def _tell(self, conversation: int) -> None:
        self._chat.events.publish(QueueChanged(conversation, tuple(self._store.queued(conversation))))
