"""All prompts: those that come with the program, and the person's own, which may take the place of one of them."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from core.errors import N_, FileMissing, PromptMissing, PromptUnreadable
from core.events import Event, Events
from core.paths import RESOURCES
from core.prompts import files, fill
from core.prompts.model import Example, Prompt, Wording
from core.storage.prompts import PromptStore
from core.text import ids

log = logging.getLogger(__name__)
# The order of categories in lists; others follow.
CATEGORIES = ("understand", "language", "write", "extract", "think", "work", "learn", "code")


@dataclass(frozen=True)
class PromptsChanged(Event):
    """A prompt is new, another one, or gone."""


@cache
def built_in() -> tuple[Prompt, ...]:
    """The prompts that come with the program, in the order in which they are shown."""
    found = [
        files.read(path.read_text(encoding="utf-8"), path.name, own=False)
        for path in sorted((RESOURCES / "prompts").glob("*.toml"))
    ]
    return tuple(sorted(found, key=lambda prompt: (_rank(prompt), prompt.id)))


def _rank(prompt: Prompt) -> int:
    return CATEGORIES.index(prompt.category) if prompt.category in CATEGORIES else len(CATEGORIES)


class Prompts:
    """Any thread may call. `nearest` orders texts by how near they are in meaning to another."""

    def __init__(
        self,
        store: PromptStore,
        events: Events,
        nearest: Callable[[str, Sequence[str]], list[int]] | None = None,
    ) -> None:
        self._store = store
        self._events = events
        self._nearest = nearest

    def all(self) -> list[Prompt]:
        """The person's own first, then those that come with the program and were not replaced."""
        own = []
        for number, definition in self._store.all().items():
            try:
                own.append(files.read(definition, number))
            except PromptUnreadable:
                log.warning("a prompt of the person's cannot be read", exc_info=True)
        taken = {prompt.id for prompt in own}
        return [*own, *(prompt for prompt in built_in() if prompt.id not in taken)]

    def get(self, name: str) -> Prompt:
        """A prompt by its id or by its name in any language. Raises PromptMissing."""
        prompts = self.all()
        wanted = name.casefold().strip().removeprefix("/")
        for prompt in prompts:
            if prompt.id == wanted:
                return prompt
        for prompt in prompts:
            if any(wording.name.casefold() == wanted for wording in prompt.wordings.values()):
                return prompt
        raise PromptMissing(name)

    def search(self, words: str, language: str) -> list[Prompt]:
        """Prompts in whose id, name or description the words occur; those whose name begins with them first."""
        wanted = unicodedata.normalize("NFKC", words).casefold().strip()
        found: list[tuple[int, Prompt]] = []
        for prompt in self.all():
            wording = prompt.wording(language)
            name = unicodedata.normalize("NFKC", wording.name).casefold()
            if name.startswith(wanted) or prompt.id.startswith(wanted):
                found.append((0, prompt))
            elif wanted in f"{name} {prompt.id} {wording.about}".casefold():
                found.append((1, prompt))
        return [prompt for _, prompt in sorted(found, key=lambda entry: entry[0])]

    def save(self, prompt: Prompt) -> None:
        """Keep a prompt of the person's. Raises PromptUnreadable."""
        definition = files.write(prompt)
        files.read(definition, prompt.id)  # whatever is kept can be read again
        self._store.put(prompt.id, definition)
        self._events.publish(PromptsChanged())

    def add(self, number: str, definition: str) -> bool:
        """Keep a prompt's text as it was written elsewhere, unless it is here; whether it was kept. Where one of the person's has
        its id and is another, it gets another id. Raises PromptUnreadable."""
        newcomer = files.read(definition, number)
        if newcomer.id != number:
            raise PromptUnreadable(number, N_("its id is another"))
        own = [one for one in self.all() if one.own]
        if any(msgspec.structs.replace(one, id=number) == newcomer for one in own):
            return False
        beside = self._beside_own(newcomer)
        self._store.put(beside.id, definition if beside is newcomer else files.write(beside))
        self._events.publish(PromptsChanged())
        return True

    def remove(self, number: str) -> None:
        """Remove one of the person's; one of the program's that it replaced is there again."""
        self._store.remove(number)
        self._events.publish(PromptsChanged())

    def take_in(self, path: Path) -> Prompt:
        """Take in a file. Raises PromptUnreadable, FileMissing."""
        try:
            with path.open("rb") as stream:
                text = stream.read(4 * files.LONGEST + 1).decode()
        except UnicodeDecodeError as error:
            raise PromptUnreadable(path.name, "UTF-8") from error
        except OSError as error:
            raise FileMissing(path.name) from error
        prompt = self._beside_own(files.read(text, path.name))
        self.save(prompt)
        return prompt

    def _beside_own(self, newcomer: Prompt) -> Prompt:
        """With another id, where one of the person's has its id and is another."""
        own = self._store.all().get(newcomer.id)
        if own is None or own == files.write(newcomer):
            return newcomer
        return msgspec.structs.replace(newcomer, id=self.own_id(newcomer.wording("en").name))

    def own_id(self, name: str) -> str:
        """An id for a new prompt of this name that no other has."""
        return ids.free(name, "prompt", {prompt.id for prompt in self.all()})

    # ------------------------------------------------------------ filling

    def text(
        self,
        wording: Wording,
        values: dict[str, str],
        *,
        outputs: list[str] | None = None,
        step: int = 0,
        japanese: bool = False,
    ) -> str:
        """What is sent for a step: its text with the values, and the examples that are nearest. Raises PromptIncomplete."""
        text = fill.fill(wording, values, outputs, step)
        if step:
            return text
        return fill.with_examples(text, self.examples(wording, values), japanese=japanese)

    def examples(self, wording: Wording, values: dict[str, str]) -> list[Example]:
        """The examples that are shown: the nearest in meaning to what is asked, where there are more than wanted."""
        few = wording.examples[: wording.shots]
        asked = values.get(fill.TEXT, "").strip()
        if len(wording.examples) <= wording.shots or self._nearest is None or not asked:
            return few
        order = self._nearest(asked, [example.input for example in wording.examples])
        chosen = sorted(order[: wording.shots])
        return [wording.examples[number] for number in chosen]
