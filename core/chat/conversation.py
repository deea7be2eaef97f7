"""Conversations as plain data; the storage fills them, the window and the prompt read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"


class MessageState(StrEnum):
    """Where a message stands. Only an answer can be anything but DONE."""

    DONE = "done"
    STREAMING = "streaming"
    STOPPED = "stopped"  # by the person
    INTERRUPTED = "interrupted"  # by a crash of the program or the machine
    FAILED = "failed"  # by an error, which `details['error']` names


@dataclass(frozen=True)
class Message:
    """One message of a tree. `prompt` is what the model was sent where it differs from `text`."""

    id: int
    conversation: int
    parent: int | None
    role: Role
    text: str
    prompt: str | None = None
    thinking: str = ""
    state: MessageState = MessageState.DONE
    created: float = 0.0
    model: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Conversation:
    """A conversation's own row; its messages are read apart. `leaf` ends the branch on screen."""

    id: int
    title: str
    folder: str
    pinned: bool
    created: float
    changed: float
    system_prompt: str
    collection: str
    model: str
    leaf: int | None
    context_start: int | None
