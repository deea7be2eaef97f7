"""All prompts: those that come with the program, and the person's own, which may take the place of one of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from core.errors import PromptMissing, PromptUnreadable
from core.events import Event, Events
from core.paths import RESOURCES
from core.prompts import files, fill
from core.prompts.model import Example, Prompt, Wording
from core.prompts.shelf import Shelf
from core.storage.prompts import PromptStore

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


class Prompts(Shelf[Prompt]):
    """Any thread may call. `nearest` orders texts by how near they are in meaning to another."""

    kind, sign = "prompt", "/"
    changed, missing, unreadable = PromptsChanged, PromptMissing, PromptUnreadable

    def __init__(
        self,
        store: PromptStore,
        events: Events,
        nearest: Callable[[str, Sequence[str]], list[int]] | None = None,
    ) -> None:
        super().__init__(store, events)
        self._nearest = nearest

    def built_in(self) -> tuple[Prompt, ...]:
        return built_in()

    def read(self, text: str, name: str) -> Prompt:
        return files.read(text, name)

    def write(self, entry: Prompt) -> str:
        return files.write(entry)

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
