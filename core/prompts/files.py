"""Prompts as files: TOML with a table for each language. docs/prompts.md shows the format."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import msgspec

from core.errors import N_, PromptUnreadable
from core.prompts import fill
from core.prompts.model import Prompt, Wording
from core.prompts.shelf import LONGEST

TEXT = 50_000  # of one text
VARIABLES, STEPS, EXAMPLES = 30, 20, 500
LANGUAGES = ("en", "ja")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def read(text: str, name: str, *, own: bool = True) -> Prompt:
    """The prompt in a file's text; `name` is the file's, for errors. Raises PromptUnreadable."""
    if len(text) > LONGEST:
        raise PromptUnreadable(name, N_("it is too long"))
    try:
        told = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PromptUnreadable(name, str(error)) from error
    number = told.get("id", "")
    if not isinstance(number, str) or not _ID.fullmatch(number):
        raise PromptUnreadable(
            name, N_("its id is missing, or is more than small letters, digits and dashes")
        )
    try:
        wordings = {
            language: msgspec.convert(told[language], Wording) for language in LANGUAGES if language in told
        }
    except msgspec.ValidationError as error:
        raise PromptUnreadable(name, str(error)) from error
    if not wordings:
        raise PromptUnreadable(name, N_("it has no text in any language ([en] or [ja])"))
    for wording in wordings.values():
        _check(wording, name)
    category = told.get("category", "")
    return Prompt(number, category if isinstance(category, str) else "", wordings, own)


def _check(wording: Wording, name: str) -> None:
    if not wording.name.strip() or not any(text.strip() for text in wording.texts):
        raise PromptUnreadable(name, N_("it has no name or no text"))
    too_many = (
        len(wording.variables) > VARIABLES or len(wording.steps) > STEPS or len(wording.examples) > EXAMPLES
    )
    if too_many or any(len(text) > TEXT for text in wording.texts):
        raise PromptUnreadable(name, N_("it is too long"))
    steps = len(wording.texts)
    for place, text in enumerate(wording.texts):
        for variable in fill.names(text):
            later = fill.step_of(variable)
            if later is not None and not 1 <= later <= place:
                raise PromptUnreadable(name, N_("a step refers to itself or to a later one"))
            if variable == fill.OUTPUT and (place == 0 or steps == 1):
                raise PromptUnreadable(name, N_("its first step has no output before it"))
    for variable, declared in wording.variables.items():
        if declared.kind == "choice" and not declared.choices:
            raise PromptUnreadable(name, N_("a choice has nothing to choose from"))
        if not fill.NAME.fullmatch(variable):
            raise PromptUnreadable(name, N_("the name of a variable is more than letters, digits and _"))


def write(prompt: Prompt) -> str:
    """A prompt as a file's text."""
    import tomlkit

    document = tomlkit.document()
    document["id"] = prompt.id
    if prompt.category:
        document["category"] = prompt.category
    for language, wording in prompt.wordings.items():
        document[language] = as_table(msgspec.to_builtins(wording))
    return tomlkit.dumps(document)


def as_table(values: dict[str, Any]) -> Any:
    """Values as a table of TOML, long texts over several lines."""
    import tomlkit

    table = tomlkit.table()
    for name, value in values.items():
        several = isinstance(value, str) and "\n" in value
        table[name] = tomlkit.string(value, multiline=True) if several else value
    return table
