"""Our own JSON: everything of conversations, projects, what is remembered, one's own prompts and assistants, tables, and
models compared.

One object: `tsukue` (the version of this layout), `made`, `projects`, `remembered`, `prompts`, `assistants`, `tables`, `comparisons`, `evaluations`,
and at the end `conversations`
with each `Chat` on a line of its own. docs/portability.md describes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

import msgspec

from core.chat.conversation import AnswerDetails, Source
from core.errors import N_, FormUnusable, ImportBroken, ImportNewer
from core.portability.chats import (
    Around,
    Chat,
    SavedComparison,
    SavedEvaluation,
    SavedProject,
    SavedPrompt,
    SavedTable,
)
from core.portability.stream import elements
from core.structured import fields
from core.structured.found import Found

VERSION = 1


def write(stream: IO[str], around: Around, chats: Iterable[Chat], made: str) -> int:
    """Write an export; returns how many conversations. Raises OSError."""
    head = {
        "tsukue": VERSION,
        "made": made,
        "projects": msgspec.to_builtins(around.projects),
        "remembered": around.remembered,
        "prompts": msgspec.to_builtins(around.prompts),
        "assistants": msgspec.to_builtins(around.assistants),
        "tables": msgspec.to_builtins(around.tables),
        "comparisons": msgspec.to_builtins(around.comparisons),
        "evaluations": msgspec.to_builtins(around.evaluations),
    }
    stream.write(json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "conversations": [')
    count = 0
    for chat in chats:
        stream.write(("," if count else "") + "\n" + msgspec.json.encode(chat).decode())
        count += 1
    stream.write("\n]}\n")
    return count


def is_ours(key: str, value: Any) -> bool:
    """Whether a file that begins with this is one."""
    return key == "tsukue" and isinstance(value, int)


def read(stream: IO[bytes], name: str, around: Around) -> Iterator[Chat | ImportBroken]:
    """The conversations of an export one by one, and an error for each that makes no sense; fills `around` on the way.

    Raises ImportBroken, ImportNewer.
    """
    version = 0
    for key, value in elements(stream, name):
        try:
            match key:
                case "tsukue":
                    version = msgspec.convert(value, int)
                    if version > VERSION:
                        raise ImportNewer(name)
                case "projects":
                    around.projects.append(msgspec.convert(value, SavedProject))
                case "remembered":
                    around.remembered.append(msgspec.convert(value, str))
                case "prompts":
                    around.prompts.append(msgspec.convert(value, SavedPrompt))
                case "assistants":
                    around.assistants.append(msgspec.convert(value, SavedPrompt))
                case "tables":
                    around.tables.append(_without_places(msgspec.convert(value, SavedTable)))
                case "comparisons":
                    around.comparisons.append(msgspec.convert(value, SavedComparison))
                case "evaluations":
                    around.evaluations.append(msgspec.convert(value, SavedEvaluation))
                case "conversations":
                    if not version:
                        raise ImportBroken(name, N_("no export of Tsukue"))
                    yield _at_home_nowhere(msgspec.convert(value, Chat))
        except (msgspec.ValidationError, RecursionError) as error:
            yield ImportBroken(name, str(error)[:120])


def _at_home_nowhere(chat: Chat) -> Chat:
    """The chat without what only its first home knows: ids of pages and documents. Sources are found again by their words."""
    for turn in chat.turns:
        turn.details = _without_ids(turn.details, len(turn.text))
    return chat


def _without_places(table: SavedTable) -> SavedTable:
    """The table without places in documents, whose ids are its first home's."""
    for row in table.rows:
        found = [{name: Found(one.there) for name, one in marks.items()} for marks in row.output.found]
        row.output = msgspec.structs.replace(row.output, found=found)
    return table


def _sound(form: str) -> str:
    """A form that can be used, or ''."""
    try:
        return form and fields.write(fields.read(form))
    except FormUnusable:
        return ""


def _without_ids(details: AnswerDetails, length: int) -> AnswerDetails:
    def plain(source: Source) -> Source:
        return msgspec.structs.replace(source, page_id=0)

    return msgspec.structs.replace(
        details,
        form=_sound(details.form),
        quotation=plain(details.quotation) if details.quotation is not None else None,
        citations=[plain(source) for source in details.citations],
        extracts=[msgspec.structs.replace(one, source=plain(one.source)) for one in details.extracts],
        nearest=[plain(source) for source in details.nearest],
        otherwise=[plain(source) for source in details.otherwise],
        links=[
            msgspec.structs.replace(link, source=plain(link.source))
            for link in details.links
            if 0 <= link.start <= link.end <= length
        ],
        marks=[
            mark
            for mark in details.marks
            if 0 <= mark.start <= mark.end <= length
            and (mark.marker is None or 0 < mark.marker <= len(details.citations))
        ],
        whole=details.whole if details.whole is not None and details.whole.finished else None,
    )
