"""The events of a chat. The last one for an answer is always `AnswerEnded`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from core.chat.conversation import Conversation, Message, Queued
from core.events import Event

if TYPE_CHECKING:
    from core.documents.answer import Evidence


class Phase(StrEnum):
    """Where an answer stands before its first word."""

    WAITING = "waiting"  # for another conversation's answer
    LOADING = "loading"
    SEARCHING = "searching"
    READING = "reading"
    WRITING = "writing"
    SUMMARISING = "summarising"  # what no longer fits is put in short
    PARTS = "parts"  # whole documents are read, part by part


@dataclass(frozen=True)
class ConversationChanged(Event):
    """A conversation is new, or its row has changed: title, place in the list, model, documents."""

    conversation: Conversation


@dataclass(frozen=True)
class ConversationRemoved(Event):
    """A conversation was deleted; for a while it can be brought back."""

    conversation: Conversation


@dataclass(frozen=True)
class ConversationDiscarded(Event):
    """A conversation is gone for good: what was asked in it was taken back."""

    conversation: int


@dataclass(frozen=True)
class MessageRemoved(Event):
    """A message and what followed it were deleted; `at` is what `ChatService.restore_message` wants."""

    conversation: int
    message: int
    at: float


@dataclass(frozen=True)
class BranchChanged(Event):
    """Another branch of a conversation is the one on screen."""

    conversation: int


@dataclass(frozen=True)
class MessageAdded(Event):
    """A question or a (still empty) answer is on disk; `versions` are the ids of all in its place."""

    message: Message
    versions: tuple[int, ...] = ()


@dataclass(frozen=True)
class QueueChanged(Event):
    """Other messages wait in a conversation now."""

    conversation: int
    waiting: tuple[Queued, ...]


@dataclass(frozen=True)
class AnswerPhase(Event):
    """Where an answer stands. While the prompt is read: `done` of `total` new tokens.

    Of whole documents: part `part` (from 1) of `of`. `left`: about how many seconds it will take, where that is known.
    """

    conversation: int
    message: int
    phase: Phase
    done: int = 0
    total: int = 0
    part: int = 0
    of: int = 0
    left: float | None = None


@dataclass(frozen=True)
class EvidenceFound(Event):
    """The documents were searched: the passages and the best sentence, before any answer."""

    conversation: int
    message: int
    evidence: Evidence


@dataclass(frozen=True)
class AnswerGrew(Event):
    """The next piece of an answer; it begins at character `start[0]` of its text and `start[1]` of its thinking."""

    conversation: int
    message: int
    text: str
    thinking: str
    start: tuple[int, int]


@dataclass(frozen=True)
class ContextTrimmed(Event):
    """The window was full: `left_out` old messages are no longer sent to the model, but `summary` in their place."""

    conversation: int
    left_out: int
    summary: str = ""


@dataclass(frozen=True)
class AnswerEnded(Event):
    """An answer is final and on disk. `error` says why it failed, if it did."""

    message: Message
    error: Exception | None
    context_used: int = 0
    context_length: int = 0


@dataclass(frozen=True)
class MemoryProposed(Event):
    """What later chats could know of a conversation that was left, for the person to accept; in its project, or everywhere."""

    conversation: int
    project: int | None
    facts: tuple[str, ...]


@dataclass(frozen=True)
class ChatsImported(Event):
    """Conversations have come in, many at once: lists are to be read again."""
