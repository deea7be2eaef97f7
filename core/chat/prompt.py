"""Turns a branch of messages into the turns sent to the model, and decides what to drop when the context is full.

A prompt stays the same from turn to turn: the standing instruction never changes within a conversation and
holds no clock, history only grows, passages stay where they were sent. So the engine's cache holds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from core.chat.conversation import Attached, Conversation, File, Image, Message, Role
from core.engine.messages import Picture, Turn
from core.errors import PictureGone, PromptTooLong

# Where a picture's file is; raises PictureGone. For models with eyes; others have None.
Look = Callable[[Image], str]
DEFAULT_SYSTEM = "You are a helpful assistant. Answer in the language of the question."
NOTES = "Notes on the conversation so far:"
SUMMARISE = (
    "Before we go on: write down what matters of our conversation so far, in at most eight short sentences. Keep facts, names,"
    " numbers, decisions, what I want, and what is still open. Write nothing but these notes."
)
SUMMARISE_JAPANESE = (
    "続ける前に、ここまでの会話で大切なことを八つ以内の短い文で書き留めてください。事実、名前、数字、決めたこと、私の希望、"
    "まだ残っていることを残し、書き留めた文だけを書いてください。"
)
SUMMARY_TOKENS = 320
LEFT = 0.5  # of the context that the last messages may fill when old ones leave
# And where a summary takes their place, in a context of so many tokens or more: what stays is read once more before the answer.
LEFT_BESIDE_SUMMARY, LARGE = 0.25, 6000
TURN_OVERHEAD = 8  # tokens that a template puts around a turn; measured: 5 (ChatML) to 8


def turns(conversation: Conversation, branch: list[Message], look: Look | None = None) -> list[Turn]:
    """The turns for a branch whose last message is the question."""
    instruction = "\n\n".join(filter(None, (conversation.system_prompt, notes(conversation, branch))))
    found = [Turn("system", instruction)] if instruction else []
    for message in window(conversation, branch):
        turn = sent(message, look)
        if not turn.text:
            continue  # an answer that failed before its first word
        if found and found[-1].role == turn.role:
            found[-1] = found[-1].and_then(turn)
        else:
            found.append(turn)
    return found


def shown(attached: Attached, look: Look | None = None, role: str = Role.USER.value) -> Turn:
    """What the model reads, or sees, of a file or a picture that hangs on a message."""
    if isinstance(attached, File):
        return Turn(role, f"--- {attached.name} ---\n{attached.text}\n--- end of {attached.name} ---")
    name = attached.name or "picture"
    seen = _seen(attached, look)
    first = _head(attached)
    read = f"Text in the picture:\n{attached.text}\n" if attached.text else ""
    if seen:
        read = f"\n{read}"
    pictures = tuple(Picture(path, len(first)) for path in seen)
    return Turn(role, f"{first}{read}--- end of {name} ---", pictures)


def _seen(image: Image, look: Look | None) -> list[str]:
    """The file of a picture that the model sees, if it does."""
    if look is None:
        return []
    try:
        return [look(image)]
    except PictureGone:  # its text is still here
        return []


def asked(message: Message, look: Look | None = None) -> Turn:
    """What a message says to the model where nothing else was written for it: what hangs on it, then its words."""
    said = [shown(attached, look) for attached in message.attached]
    role = message.role.value
    return reduce(Turn.and_then, [Turn(role, ""), *said, Turn(role, message.text)])


def sent(message: Message, look: Look | None = None) -> Turn:
    """What the model is sent of a message."""
    if message.prompt is None:
        return asked(message, look)
    # What was written for it names the pictures; each stands behind its name, or else in front of everything.
    place, pictures = 0, []
    for image in message.attached:
        if isinstance(image, Image):
            head = _head(image)
            found = message.prompt.find(head, place)
            place = found + len(head) if found >= 0 else place
            pictures += [Picture(path, place) for path in _seen(image, look)]
    return Turn(message.role.value, message.prompt, tuple(pictures))


def _head(image: Image) -> str:
    return f"--- {image.name or 'picture'} (a picture) ---\n"


def notes(conversation: Conversation, branch: list[Message]) -> str:
    """What is read in the place of the messages of this branch that are left out."""
    left_out = any(message.id == conversation.context_start for message in branch)
    return f"{NOTES}\n{conversation.summary}" if conversation.summary and left_out else ""


def summary_turns(
    conversation: Conversation, branch: list[Message], japanese: bool, look: Look | None = None
) -> list[Turn]:
    """The turns that ask for a summary of a branch: what the engine has read of it already stays as it is."""
    return [*turns(conversation, branch, look), Turn("user", SUMMARISE_JAPANESE if japanese else SUMMARISE)]


def window(conversation: Conversation, branch: list[Message]) -> list[Message]:
    """The part of a branch that is still sent to the model."""
    for i, message in enumerate(branch):
        if message.id == conversation.context_start:
            return branch[i:]
    return branch


def new_start(
    conversation: Conversation,
    branch: list[Message],
    available: int,
    count: Callable[[list[Turn]], list[int]],
    share: float = LEFT,
    look: Look | None = None,
) -> tuple[int, int]:
    """Where the window must begin so that no more than a share of the context is filled.

    Returns (id of the first message that stays, how many messages leave). The oldest leave together,
    in one block, so that the cache is lost once and not at every turn. Raises PromptTooLong when the
    question alone does not fit.
    """
    messages = window(conversation, branch)
    said = [sent(message, look) for message in messages]
    first = Turn("system", f"{conversation.system_prompt}\n\n{notes(conversation, branch)}")
    counts = [tokens + TURN_OVERHEAD for tokens in count([first, *said])]
    system, sizes = counts[0], counts[1:]
    questions = [i for i, message in enumerate(messages) if message.role is Role.USER]
    for i in questions[1:]:
        if system + sum(sizes[i:]) <= available * share:
            return messages[i].id, i
    last = questions[-1]
    if last == 0:
        raise PromptTooLong(system + sum(sizes), available)
    return messages[last].id, last
