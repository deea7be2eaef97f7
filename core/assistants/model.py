"""Assistants as plain data: how somebody to talk with behaves, what they know, and what answers for them."""

from __future__ import annotations

import msgspec

from core.prompts.model import Example

COLOURS = 8  # of the badges


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How tokens are chosen, where it differs from the settings (see Sampling)."""

    temperature: float | None = None
    top_p: float | None = None
    repeat_penalty: float | None = None


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An assistant in one language. `examples` show the model what a good answer is: for this, that."""

    name: str
    about: str = ""
    instructions: str = ""
    examples: list[Example] = []


class Assistant(msgspec.Struct, frozen=True, omit_defaults=True):
    """`icon`: one or two characters for its badge ('' takes the name's first); `colour`: which of COLOURS. `model` and
    `collection`: with which its chats begin ('': as anywhere). `own`: the person made it or took it in."""

    id: str
    wordings: dict[str, Wording]
    icon: str = ""
    colour: int = 0
    model: str = ""
    collection: str = ""
    sampling: Choice = Choice()
    own: bool = False

    @property
    def names(self) -> list[str]:
        """Its names in all languages."""
        return [wording.name for wording in self.wordings.values()]

    def name_in(self, language: str) -> str:
        """Its name in a language, or in the first that there is."""
        return self.wording(language).name

    def wording(self, language: str) -> Wording:
        """The wording for a language, or the first that there is."""
        return self.wordings.get(language) or next(iter(self.wordings.values()))

    def badge(self, language: str) -> str:
        """What stands in its badge."""
        return self.icon or self.wording(language).name[:1]
