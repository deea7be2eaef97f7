"""What fills the model's context in a conversation, in tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.chat import prompt
from core.chat.sight import Sight
from core.engine.messages import Turn
from core.errors import NoModel
from core.jobs import Job
from core.storage.conversations import ConversationStore

if TYPE_CHECKING:
    from core.settings import Settings


@dataclass(frozen=True)
class Filling:
    """Tokens of each part, without what a template puts around them; `length` is the context's own (0: not known yet)."""

    instructions: int
    summary: int
    history: int
    documents: int  # passages, files and pictures that were sent with questions, and are still read
    answer: int  # kept free for the next one
    length: int


def look(
    store: ConversationStore,
    sight: Sight,
    conversation: int,
    values: Settings,
    job: Job | None = None,
) -> Filling:
    """What the next answer in a conversation reads. The model that will answer is loaded for it, if it is not.

    Raises ConversationMissing, NoModel and what loading raises.
    """
    engines = sight.engines
    row, branch = store.get(conversation), store.branch(conversation)
    model = engines.choose(row.model or values.chat_model)
    if not model:
        raise NoModel("chat")
    shown = prompt.window(row, branch)
    said = [message.text for message in shown]
    texts = [row.system_prompt, prompt.notes(row, branch), *said]
    info = engines.load(model, job)
    plain = [Turn("", text) for text in texts]
    counts, _ = sight.count(
        model, lambda look: [*plain, *(prompt.sent(message, look) for message in shown)], job
    )
    words, sent = sum(counts[2 : 2 + len(said)]), sum(counts[2 + len(said) :])
    length = info.context_length
    return Filling(
        counts[0] if row.system_prompt else 0,
        counts[1] if texts[1] else 0,
        words,
        max(sent - words, 0),
        min(values.answer_length, length),
        length,
    )
