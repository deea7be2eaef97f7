"""LM Studio's chats, which are files in folders: `conversations/**/<time>.conversation.json`.

A message has versions, of which one is on screen; the list goes on after it whatever version that is. Words are the text parts of
blocks; what was really sent (`preprocessed`), calls of tools and states are not. The folder is the project.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from core.chat.conversation import Role, Text
from core.errors import ImportBroken, TsukueError
from core.portability import thoughts
from core.portability.attachments import attach
from core.portability.chats import Around, Chat, Turn, seconds
from core.portability.readers.shape import STRANGE
from core.portability.sources import Source

PROGRAM = "LM Studio"
_ENDING = ".conversation.json"
LARGEST = 64 << 20  # bytes of a conversation, and of an attached file
_UNTITLED = "Untitled"


def is_one(source: Source) -> bool:
    """Whether these are chats of LM Studio."""
    return bool(source.named(_ENDING))


def read(source: Source, around: Around) -> Iterator[Chat | TsukueError]:
    """The chats, file by file."""
    for name in source.named(_ENDING):
        try:
            value = json.loads(source.read(name, LARGEST))
            yield _chat(name, value, source)
        except ImportBroken as error:
            yield error
        except STRANGE as error:
            yield ImportBroken(name.rpartition("/")[2], str(error)[:80])


def _chat(name: str, value: dict[str, Any], source: Source) -> Chat:
    below = name[: -len(_ENDING)]
    below = below.rpartition("conversations/")[2] if "conversations/" in below else below
    folder, _, file = below.rpartition("/")
    title = str(value.get("name") or "")
    chat = Chat(
        uid=f"lm-studio:{below}",
        title="" if title.partition(" - ")[0] == _UNTITLED else title,
        created=seconds(value.get("createdAt")) or seconds(file),
        changed=max(seconds(value.get("userLastMessagedAt")), seconds(value.get("assistantLastMessagedAt"))),
        pinned=value.get("pinned") is True,
        project=folder,
        system_prompt=_system(value),
    )
    used = value["lastUsedModel"].get("identifier") if isinstance(value.get("lastUsedModel"), dict) else ""
    before: str | None = None
    for number, message in enumerate(value.get("messages") or []):
        versions = message.get("versions") if isinstance(message, dict) else None
        if not isinstance(versions, list):
            continue
        chosen = message.get("currentlySelected")
        if not isinstance(chosen, int) or not 0 <= chosen < len(versions):
            chosen = len(versions) - 1
        shown: str | None = None
        for version, content in enumerate(versions):
            turn = _turn(content, chat, source, str(used or "")) if isinstance(content, dict) else None
            if turn is None:
                continue
            turn.key, turn.parent = f"{number}.{version}", before
            chat.turns.append(turn)
            if version == chosen or shown is None:
                shown = turn.key
        before = shown or before
    chat.shown = before
    return chat


def _system(value: dict[str, Any]) -> str:
    own = value.get("perChatPredictionConfig")
    for field in (own.get("fields") or []) if isinstance(own, dict) else []:
        if isinstance(field, dict) and field.get("key") == "llm.prediction.systemPrompt":
            return str(field.get("value") or "")
    return str(value.get("systemPrompt") or "")


def _turn(version: dict[str, Any], chat: Chat, source: Source, model: str) -> Turn | None:
    if version.get("type") == "singleStep" and version.get("role") in ("user", "assistant"):
        role = Role(version["role"])
        content = version.get("content")
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        turn = Turn("", role, _words(_text(parts)), model=model if role is Role.ASSISTANT else "")
        files = [part for part in parts if isinstance(part, dict) and part.get("type") == "file"]
        attach(turn, chat, [_file(part, source) for part in files])
    elif version.get("type") == "multiStep":
        turn = _answer(version, model)
    else:
        return None
    return turn if turn.parts or turn.thinking else None


def _answer(version: dict[str, Any], model: str) -> Turn:
    words, thinking, created, by = [], [], 0.0, ""
    for step in version.get("steps") or []:
        if (
            not isinstance(step, dict)
            or step.get("type") != "contentBlock"
            or step.get("roleOverride") == "tool"
        ):
            continue
        text = _text(step.get("content") or [])
        created = created or seconds(str(step.get("stepIdentifier") or "").partition("-")[0])
        if isinstance(step.get("genInfo"), dict):
            by = str(step["genInfo"].get("identifier") or step["genInfo"].get("indexedModelIdentifier") or by)
        style = step["style"].get("type") if isinstance(step.get("style"), dict) else ""
        if style == "thinking":
            thinking.append(text.strip())
        else:
            said, thought = thoughts.split(text)
            words.append(said)
            thinking.append(thought)
    sender = version["senderInfo"].get("senderName") if isinstance(version.get("senderInfo"), dict) else ""
    return Turn(
        "",
        Role.ASSISTANT,
        _words("\n\n".join(filter(None, words))),
        thinking="\n\n".join(filter(None, thinking)),
        created=created,
        model=by or str(sender or "") or model,
    )


def _text(parts: list[Any]) -> str:
    """The words of one block, whose parts follow one another without anything between."""
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    return "".join(text for text in texts if isinstance(text, str))


def _words(text: str) -> list[Any]:
    return [Text(text.strip())] if text.strip() else []


def _file(part: dict[str, Any], source: Source) -> tuple[str, bytes | None]:
    """An attached file by the name that the person knows, with its bytes where they are there."""
    number = str(part.get("fileIdentifier") or part.get("identifier") or "")
    name = str(part.get("name") or number)
    places = source.called(number)
    for told in source.called(f"{number}.metadata.json"):
        try:
            name = str(json.loads(source.read(told, LARGEST)).get("originalName") or name)
        except (ImportBroken, *STRANGE):
            break
    try:
        return name, source.read(places[0], LARGEST) if places else None
    except ImportBroken:
        return name, None
