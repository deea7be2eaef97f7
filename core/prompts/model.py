"""Prompts as plain data: a text with variables that a form fills, in one language or several."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What is asked for a variable."""

    LINE = "line"
    LINES = "lines"
    CHOICE = "choice"
    NUMBER = "number"
    SWITCH = "switch"


class Variable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A place in a prompt that the person fills. `choices`: of a choice; of a switch, its words for on and off."""

    kind: Kind = Kind.LINE
    label: str = ""
    default: str = ""
    choices: list[str] = []
    optional: bool = False


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wanted, shown: for this, that."""

    input: str
    output: str


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A prompt in one language. With `steps` it is a chain: {{output}} is what the step before wrote, {{step1}} what the first did.

    Of `examples`, the `shots` nearest to {{text}} are shown to the model (all, where there are no more).
    """

    name: str
    text: str = ""
    about: str = ""
    variables: dict[str, Variable] = {}
    steps: list[str] = []
    examples: list[Example] = []
    shots: int = 4

    @property
    def texts(self) -> list[str]:
        """The texts that are sent, one after another."""
        return self.steps or [self.text]


class Prompt(msgspec.Struct, frozen=True):
    """A prompt; `wordings` by language ('en', 'ja'). `own`: the person wrote it or took it in."""

    id: str
    category: str
    wordings: dict[str, Wording]
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
