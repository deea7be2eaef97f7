"""All assistants: those that come with the program, and the person's own, which may take the place of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import msgspec

from core.assistants import files
from core.assistants.model import Assistant
from core.engine.messages import Sampling
from core.errors import AssistantMissing, AssistantUnreadable
from core.events import Event, Events
from core.paths import RESOURCES
from core.prompts import fill
from core.prompts.shelf import Shelf
from core.storage.prompts import AssistantStore
from core.text import characters


@dataclass(frozen=True)
class AssistantsChanged(Event):
    """An assistant is new, another one, or gone."""


@cache
def built_in() -> tuple[Assistant, ...]:
    """The assistants that come with the program."""
    paths = sorted((RESOURCES / "assistants").glob("*.toml"))
    return tuple(files.read(path.read_text(encoding="utf-8"), path.name, own=False) for path in paths)


class Assistants(Shelf[Assistant]):
    """Any thread may call. `language`: of the person, for assistants that speak several."""

    kind, sign = "assistant", "@"
    changed, missing, unreadable = AssistantsChanged, AssistantMissing, AssistantUnreadable

    def __init__(self, store: AssistantStore, events: Events) -> None:
        super().__init__(store, events)
        self.language = "en"

    def built_in(self) -> tuple[Assistant, ...]:
        return built_in()

    def read(self, text: str, name: str) -> Assistant:
        return files.read(text, name)

    def write(self, entry: Assistant) -> str:
        return files.write(entry)

    # ------------------------------------------------------------ in a conversation

    def instruction(self, name: str) -> str:
        """What its chats are told from their beginning: the instructions, and examples of good answers. Raises
        AssistantMissing."""
        wording = self.get(name).wording(self.language)
        japanese = characters.is_japanese(wording.instructions)
        return fill.with_examples(
            wording.instructions.strip(), wording.examples, japanese=japanese, behind=True
        )

    def sampling(self, name: str, usual: Sampling) -> Sampling:
        """How tokens are chosen for it: what it says, else as usual, also where it is not there any more."""
        try:
            said = msgspec.structs.asdict(self.get(name).sampling)
        except AssistantMissing:
            return usual
        return msgspec.structs.replace(
            usual, **{key: value for key, value in said.items() if value is not None}
        )
