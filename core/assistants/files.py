"""Assistants as files: TOML with a table for each language. docs/assistants.md shows the format."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import msgspec

from core.assistants.model import COLOURS, Assistant, Choice
from core.errors import N_, AssistantUnreadable
from core.prompts.files import as_table
from core.prompts.shelf import LONGEST

INSTRUCTIONS, NAME, EXAMPLES = 20_000, 60, 50
LANGUAGES = ("en", "ja")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def read(text: str, name: str, *, own: bool = True) -> Assistant:
    """The assistant in a file's text; `name` is the file's, for errors. Raises AssistantUnreadable."""
    if len(text) > LONGEST:
        raise AssistantUnreadable(name, N_("it is too long"))
    try:
        told = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise AssistantUnreadable(name, str(error)) from error
    try:
        found = msgspec.convert(
            {**told, "wordings": {key: told[key] for key in LANGUAGES if key in told}}, Assistant
        )
    except msgspec.ValidationError as error:
        raise AssistantUnreadable(name, str(error)) from error
    return check(msgspec.structs.replace(found, own=own), name)


def check(assistant: Assistant, name: str) -> Assistant:
    """The assistant, if it is one. Raises AssistantUnreadable."""
    if not _ID.fullmatch(assistant.id):
        raise AssistantUnreadable(
            name, N_("its id is missing, or is more than small letters, digits and dashes")
        )
    if not assistant.wordings:
        raise AssistantUnreadable(name, N_("it has no text in any language ([en] or [ja])"))
    for wording in assistant.wordings.values():
        if not wording.name.strip():
            raise AssistantUnreadable(name, N_("it has no name"))
        texts = [wording.instructions, *(one.input + one.output for one in wording.examples)]
        if (
            len(wording.name) > NAME
            or len(wording.examples) > EXAMPLES
            or max(map(len, texts)) > INSTRUCTIONS
        ):
            raise AssistantUnreadable(name, N_("it is too long"))
    choice = assistant.sampling
    ranges = ((choice.temperature, 0.0, 2.0), (choice.top_p, 0.0, 1.0), (choice.repeat_penalty, 0.5, 2.0))
    if any(value is not None and not low <= value <= high for value, low, high in ranges):
        raise AssistantUnreadable(name, N_("a value of its sampling is out of bounds"))
    if len(assistant.icon) > 8 or not 0 <= assistant.colour < COLOURS:
        raise AssistantUnreadable(name, N_("its icon or colour is none"))
    return assistant


def write(assistant: Assistant) -> str:
    """An assistant as a file's text."""
    import tomlkit

    document = tomlkit.document()
    document["id"] = assistant.id
    plain: dict[str, Any] = msgspec.to_builtins(assistant)
    for name in ("icon", "colour", "model", "collection"):
        if plain.get(name):
            document[name] = plain[name]
    if assistant.sampling != Choice():
        document["sampling"] = as_table(msgspec.to_builtins(assistant.sampling))
    for language, wording in assistant.wordings.items():
        document[language] = as_table(msgspec.to_builtins(wording))
    return tomlkit.dumps(document)
