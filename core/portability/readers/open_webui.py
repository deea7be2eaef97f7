"""Open WebUI's export of chats: a list of them or one, with the tree in `chat.history`, or (older) only a list of messages.

Thinking, calls of tools and code that was run stand in an answer's text as `<details type=…>`; thinking becomes the answer's
thinking, the others stay behind. Of folders there is only the id.
"""

from __future__ import annotations

import html
import re
from typing import Any

from core.chat.conversation import Role, Text
from core.portability import thoughts
from core.portability.attachments import attach
from core.portability.chats import Chat, Turn, seconds
from core.portability.sources import Source
from core.portability.trees import Node, messages

PROGRAM = "Open WebUI"
_DETAILS = re.compile(
    r'<details type="(reasoning|tool_calls|code_interpreter)"[^>]*>\s*(?:<summary>.*?</summary>)?(.*?)</details>\n?',
    re.DOTALL,
)
_QUOTE = re.compile(r"^> ?", re.MULTILINE)
_UNTITLED = "New Chat"  # what it calls a chat without a title


def recognises(value: Any) -> bool:
    """Whether the first thing in a file is of a chat of Open WebUI."""
    if not isinstance(value, dict):
        return False
    inside = value.get("chat")
    if isinstance(inside, dict):
        return "messages" in inside or "history" in inside
    return "models" in value and ("messages" in value or "history" in value)


def context(source: Source) -> None:
    """Nothing besides chats is needed."""


def chat(value: dict[str, Any], _: None) -> Chat | None:
    """A chat; None for what is none."""
    inside = value["chat"] if isinstance(value.get("chat"), dict) else value
    history = inside.get("history")
    known = history.get("messages") if isinstance(history, dict) else None
    told = value["meta"] if isinstance(value.get("meta"), dict) else {}
    if told.get("internal") is True:
        return None
    title = str(value.get("title") or inside.get("title") or "")
    folder = value.get("folder_id")
    chat = Chat(
        uid=f"open-webui:{value.get('id') or inside.get('id')}",
        title=title if title != _UNTITLED else "",
        created=seconds(value.get("created_at") or value.get("timestamp") or inside.get("timestamp")),
        changed=seconds(value.get("updated_at")),
        project=f"{PROGRAM} ({folder[:8]})" if isinstance(folder, str) and folder else "",
        pinned=value.get("pinned") is True,
        archived=value.get("archived") is True,
        tags=_tags(told.get("tags") or inside.get("tags")),
        system_prompt=str((inside.get("params") or {}).get("system") or inside.get("system") or ""),
    )
    nodes, before = [], None
    if isinstance(known, dict) and known:
        entries = [
            (key, message, message.get("parentId"))
            for key, message in known.items()
            if isinstance(message, dict)
        ]
    else:
        entries = []
        for number, message in enumerate(inside.get("messages") or []):
            if isinstance(message, dict):
                entries.append((str(number), message, before))
                before = str(number)
    for key, message, parent in entries:
        if message.get("role") == "system" and not chat.system_prompt:
            chat.system_prompt = _content(message.get("content"))[0]
        nodes.append(Node(key, parent if isinstance(parent, str) else None, _turn(message, chat)))
    shown = history.get("currentId") if isinstance(history, dict) else before
    models = [model for model in inside.get("models") or [] if isinstance(model, str)]
    if len(models) == 1:  # the oldest answers do not say who wrote them
        for node in nodes:
            if node.turn is not None and node.turn.role is Role.ASSISTANT and not node.turn.model:
                node.turn.model = models[0]
    chat.turns, chat.shown = messages(nodes, shown if isinstance(shown, str) else None)
    return chat


def _tags(tags: Any) -> list[str]:
    found = [tag.get("name") if isinstance(tag, dict) else tag for tag in tags or []]
    return list(dict.fromkeys(tag for tag in found if isinstance(tag, str) and tag))


def _turn(message: dict[str, Any], chat: Chat) -> Turn | None:
    role = message.get("role")
    if role not in ("user", "assistant"):
        return None
    text, pictures = _content(message.get("content"))
    turn = Turn(
        "", Role(role), [], created=seconds(message.get("timestamp")), model=str(message.get("model") or "")
    )
    if role == "assistant":
        text, turn.thinking = _thoughts(text)
        if not text and isinstance(message.get("output"), list):
            text, thought = _output(message["output"])
            turn.thinking = turn.thinking or thought
    if text:
        turn.parts = [Text(text)]
    files = [_file(file) for file in message.get("files") or [] if isinstance(file, dict)]
    attach(turn, chat, [*files, *(("image", address) for address in pictures)])
    return turn if turn.parts or turn.thinking else None


def _content(content: Any) -> tuple[str, list[str]]:
    """A message's words, and the addresses of pictures in it."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else "", []
    parts = [part for part in content if isinstance(part, dict)]
    texts = [part.get("text") for part in parts if part.get("type") == "text"]
    pictures = [part.get("image_url") for part in parts if part.get("type") == "image_url"]
    addresses = [one.get("url") if isinstance(one, dict) else one for one in pictures]
    return (
        "\n\n".join(text for text in texts if isinstance(text, str)),
        [one if isinstance(one, str) else "" for one in addresses],
    )


def _thoughts(text: str) -> tuple[str, str]:
    """An answer's words and its thinking."""
    found = []

    def take(detail: re.Match[str]) -> str:
        if detail[1] == "reasoning":
            found.append(_QUOTE.sub("", html.unescape(detail[2]).strip()).strip())
        return ""

    text = _DETAILS.sub(take, text)
    words, raw = thoughts.split(text)
    return words, "\n\n".join(filter(None, [*found, raw]))


def _output(items: list[Any]) -> tuple[str, str]:
    """Words and thinking of an answer that the newest versions keep as the items of an API."""
    words: dict[str, list[str]] = {"message": [], "reasoning": []}
    for item in items:
        if isinstance(item, dict) and item.get("type") in words:
            for part in [*(item.get("content") or []), *(item.get("summary") or [])]:
                if isinstance(part, dict) and isinstance(part.get("text"), str):
                    words[item["type"]].append(part["text"])
    return "\n\n".join(words["message"]).strip(), "\n\n".join(words["reasoning"]).strip()


def _file(file: dict[str, Any]) -> tuple[str, str | bytes | None]:
    """An attachment's name, and its text or picture where the export has it."""
    inside = file["file"] if isinstance(file.get("file"), dict) else {}
    name = file.get("name") or inside.get("filename") or file.get("type") or "file"
    content = inside["data"].get("content") if isinstance(inside.get("data"), dict) else ""
    address = file.get("url")
    if isinstance(address, str) and address.startswith("data:"):
        return str(name), address
    return str(name), content if isinstance(content, str) else ""
