"""Claude's export: `conversations.json`, or one conversation alone.

Messages hang on one another by `parent_message_uuid` (older exports: they follow one another). The words are the blocks of text,
not the field `text`, which mixes thinking and placeholders into them. What a person attached as text goes on being read by the
model, with the message; pictures and other files are not in the export.
"""

from __future__ import annotations

from typing import Any

from core.chat.conversation import Role, Text
from core.portability.attachments import attach
from core.portability.chats import Chat, Turn, seconds
from core.portability.sources import Source
from core.portability.trees import Node, messages

PROGRAM = "Claude"
_ROLES = {"human": Role.USER, "assistant": Role.ASSISTANT}


def recognises(value: Any) -> bool:
    """Whether the first thing in a file is of a conversation of Claude."""
    return isinstance(value, dict) and ("chat_messages" in value)


def context(source: Source) -> None:
    """Nothing besides conversations is needed."""


def chat(value: dict[str, Any], _: None) -> Chat | None:
    """A conversation; None for what is no conversation."""
    said = value.get("chat_messages")
    if not isinstance(said, list):
        return None
    project = value.get("project")
    chat = Chat(
        uid=f"claude:{value.get('uuid')}",
        title=str(value.get("name") or ""),
        created=seconds(value.get("created_at")),
        changed=seconds(value.get("updated_at")),
        pinned=value.get("is_starred") is True,
        project=str(project.get("name") or "") if isinstance(project, dict) else "",
    )
    nodes, before = [], None
    for number, message in enumerate(said):
        if not isinstance(message, dict) or message.get("sender") not in _ROLES:
            continue
        key = str(message.get("uuid") or number)
        parent = message.get("parent_message_uuid", before)
        nodes.append(Node(key, parent if isinstance(parent, str) else None, _turn(message, chat)))
        before = key
    shown = value.get("current_leaf_message_uuid")
    chat.turns, chat.shown = messages(nodes, shown if isinstance(shown, str) else None)
    for turn in chat.turns:
        if turn.role is Role.ASSISTANT:
            turn.model = str(value.get("model") or "")
    return chat


def _turn(message: dict[str, Any], chat: Chat) -> Turn | None:
    blocks = [block for block in message.get("content") or [] if isinstance(block, dict)]
    text = _joined(blocks, "text")
    if not blocks:  # older exports
        text = str(message.get("text") or "").strip()
    attached = [one for one in message.get("attachments") or [] if isinstance(one, dict)]
    files = [
        one
        for one in [*(message.get("files") or []), *(message.get("files_v2") or [])]
        if isinstance(one, dict)
    ]
    turn = Turn("", _ROLES[message["sender"]], [], created=seconds(message.get("created_at")))
    if text:
        turn.parts = [Text(text)]
    attach(
        turn,
        chat,
        [(_name(one), one.get("extracted_content")) for one in attached]
        + [(_name(one), None) for one in files],
    )
    turn.thinking = _joined(blocks, "thinking")
    return turn if turn.parts or turn.thinking else None


def _name(file: dict[str, Any]) -> str:
    return str(file.get("file_name") or file.get("file_uuid"))


def _joined(blocks: list[dict[str, Any]], kind: str) -> str:
    found = [block.get(kind) for block in blocks if block.get("type") == kind]
    return "\n\n".join(one.strip() for one in found if isinstance(one, str) and one.strip())
