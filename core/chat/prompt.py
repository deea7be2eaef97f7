"""Turns a branch of messages into the turns sent to the model, and decides what to drop when the context is full.

A prompt stays the same from turn to turn: the standing instruction never changes within a conversation and
holds no clock, history only grows, passages stay where they were sent. So the engine's cache holds.
"""

from __future__ import annotations

from collections.abc import Callable

from core.chat.conversation import Conversation, Message, Role
from core.engine.messages import Turn
from core.errors import PromptTooLong

DEFAULT_SYSTEM = "You are a helpful assistant. Answer in the language of the question."
TURN_OVERHEAD = 8  # tokens that a template puts around a turn; measured: 5 (ChatML) to 8


def turns(conversation: Conversation, branch: list[Message]) -> list[Turn]:
    """The turns for a branch whose last message is the question."""
    found = [Turn("system", conversation.system_prompt)] if conversation.system_prompt else []
    for message in window(conversation, branch):
        text = message.prompt if message.prompt is not None else message.text
        if not text:
            continue  # an answer that failed before its first word
        if found and found[-1].role == message.role.value:
            found[-1] = Turn(message.role.value, f"{found[-1].text}\n\n{text}")
        else:
            found.append(Turn(message.role.value, text))
    return found


def window(conversation: Conversation, branch: list[Message]) -> list[Message]:
    """The part of a branch that is still sent to the model."""
    for i, message in enumerate(branch):
        if message.id == conversation.context_start:
            return branch[i:]
    return branch


def new_start(
    conversation: Conversation, branch: list[Message], available: int, count: Callable[[list[str]], list[int]]
) -> tuple[int, int]:
    """Where the window must begin so that about half of the context is free again.

    Returns (id of the first message that stays, how many messages leave). The oldest leave together,
    in one block, so that the cache is lost once and not at every turn. Raises PromptTooLong when the
    question alone does not fit.
    """
    messages = window(conversation, branch)
    texts = [message.prompt if message.prompt is not None else message.text for message in messages]
    counts = [tokens + TURN_OVERHEAD for tokens in count([conversation.system_prompt, *texts])]
    system, sizes = counts[0], counts[1:]
    questions = [i for i, message in enumerate(messages) if message.role is Role.USER]
    for i in questions[1:]:
        if system + sum(sizes[i:]) <= available // 2:
            return messages[i].id, i
    last = questions[-1]
    if last == 0:
        raise PromptTooLong(system + sum(sizes), available)
    return messages[last].id, last
