"""All assistants: those that come with the program, and the person's own, which may take the place of one of them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from core.assistants import files
from core.assistants.model import Assistant
from core.engine.messages import Sampling
from core.errors import N_, AssistantMissing, AssistantUnreadable, FileMissing
from core.events import Event, Events
from core.paths import RESOURCES
from core.prompts import fill
from core.storage.prompts import AssistantStore
from core.text import characters, ids

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AssistantsChanged(Event):
    """An assistant is new, another one, or gone."""


@cache
def built_in() -> tuple[Assistant, ...]:
    """The assistants that come with the program."""
    paths = sorted((RESOURCES / "assistants").glob("*.toml"))
    return tuple(files.read(path.read_text(encoding="utf-8"), path.name, own=False) for path in paths)


class Assistants:
    """Any thread may call. `language`: of the person, for assistants that speak several."""

    def __init__(self, store: AssistantStore, events: Events) -> None:
        self._store = store
        self._events = events
        self.language = "en"

    def all(self) -> list[Assistant]:
        """The person's own first, then those that come with the program and were not replaced."""
        own = []
        for number, definition in self._store.all().items():
            try:
                own.append(files.read(definition, number))
            except AssistantUnreadable:
                log.warning("an assistant of the person's cannot be read", exc_info=True)
        taken = {assistant.id for assistant in own}
        return [*own, *(one for one in built_in() if one.id not in taken)]

    def get(self, name: str) -> Assistant:
        """An assistant by its id or by its name in any language. Raises AssistantMissing."""
        found = self.all()
        wanted = name.casefold().strip().removeprefix("@")
        for one in found:
            if one.id == wanted:
                return one
        for one in found:
            if any(wording.name.casefold() == wanted for wording in one.wordings.values()):
                return one
        raise AssistantMissing(name)

    def save(self, assistant: Assistant) -> None:
        """Keep an assistant of the person's. Raises AssistantUnreadable."""
        definition = files.write(files.check(assistant, assistant.wording("en").name))
        files.read(definition, assistant.id)  # whatever is kept can be read again
        self._store.put(assistant.id, definition)
        self._events.publish(AssistantsChanged())

    def add(self, number: str, definition: str) -> bool:
        """Keep one's text as it was written elsewhere, unless it is here; whether it was kept. Where one of the person's has
        its id and is another, it gets another id. Raises AssistantUnreadable."""
        newcomer = files.read(definition, number)
        if newcomer.id != number:
            raise AssistantUnreadable(number, N_("its id is another"))
        own = [one for one in self.all() if one.own]
        if any(msgspec.structs.replace(one, id=number) == newcomer for one in own):
            return False
        beside = self._beside_own(newcomer)
        self._store.put(beside.id, definition if beside is newcomer else files.write(beside))
        self._events.publish(AssistantsChanged())
        return True

    def remove(self, number: str) -> None:
        """Remove one of the person's; one of the program's that it replaced is there again."""
        self._store.remove(number)
        self._events.publish(AssistantsChanged())

    def take_in(self, path: Path) -> Assistant:
        """Take in a file. Raises AssistantUnreadable, FileMissing."""
        try:
            with path.open("rb") as stream:
                text = stream.read(4 * files.LONGEST + 1).decode()
        except UnicodeDecodeError as error:
            raise AssistantUnreadable(path.name, "UTF-8") from error
        except OSError as error:
            raise FileMissing(path.name) from error
        assistant = self._beside_own(files.read(text, path.name))
        self.save(assistant)
        return assistant

    def _beside_own(self, newcomer: Assistant) -> Assistant:
        """With another id, where one of the person's has its id and is another."""
        own = self._store.all().get(newcomer.id)
        if own is None or own == files.write(newcomer):
            return newcomer
        name = newcomer.wording(self.language).name
        return msgspec.structs.replace(newcomer, id=self.new_id(name))

    def new_id(self, name: str) -> str:
        """An id for a new assistant of this name that no other has."""
        return ids.free(name, "assistant", {one.id for one in self.all()})

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
