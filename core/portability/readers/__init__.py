"""Which program wrote an export, and how it is read. A module each; all yield `Chat`s, and an error for what is none.

What a program itself does not show as said (scaffolding of prompts, calls of tools, hidden messages) does not come in; its
module says what does. docs/portability.md lists it for people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.errors import TsukueError
from core.portability.chats import Around, Chat
from core.portability.readers import gpt4all, jan, json_lists, lm_studio
from core.portability.sources import Source

OURS = json_lists.OURS


@dataclass(frozen=True)
class Reader:
    """A program's name, and how to read its export."""

    program: str
    read: Callable[[Source, Around], Iterator[Chat | TsukueError]]


def tell(source: Source) -> Reader | None:
    """How this is read: None where no program's chats are in it. Raises ImportBroken."""
    for module in (gpt4all, lm_studio, jan):
        if module.is_one(source):
            return Reader(module.PROGRAM, module.read)
    found = json_lists.tell(source)
    return Reader(found, json_lists.read) if found else None
