"""ChatGPT's export: `conversations.json`, or `conversations-000.json` and on, or one conversation alone.

A conversation is a tree of nodes (`mapping`); `current_node` ends the branch on screen. Words are what people and the model said
to each other: parts of text and transcripts of speech. What it says to its tools, what they gave back and what is hidden in
ChatGPT too stays behind; thoughts become the thinking of the answer that follows them. Of a project there is only its id.
"""

from __future__ import annotations

import re
from typing import Any

from core.chat.conversation import Role, Text
from core.portability.attachments import attach, from_source
from core.portability.chats import Chat, Turn, seconds
from core.portability.sources import Source
from core.portability.trees import Node, messages

PROGRAM = "ChatGPT"
_PROJECT = "g-p-"  # begins the id of a project; other ids are of custom GPTs
_ASSET = re.compile(r"file[-_][0-9A-Za-z]+")  # how the name of a picture or a file in the archive begins
_MARK = re.compile(
    "\ue200[^\ue201]*\ue201|[\ue200-\ue2ff]"
)  # where a source was cited, for ChatGPT's own page
_SILENT = {  # content without words of the conversation
    "user_editable_context",
    "model_editable_context",
    "reasoning_recap",
    "code",  # what the model tells its tools, whatever it says that it is meant for
    "system_error",
    "execution_output",
    "tether_browsing_display",
    "tether_quote",
    "sonic_webpage",
}


def recognises(value: Any) -> bool:
    """Whether the first thing in a file is of a conversation of ChatGPT."""
    return isinstance(value, dict) and isinstance(value.get("mapping"), dict)


def context(source: Source) -> Assets:
    """The pictures and files beside the conversations."""
    return Assets(source)


class Assets:
    """The files of an export by the ids with which their names begin."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names: dict[str, str] = {}
        for file in source.files:
            name = file.rpartition("/")[2]
            if found := _ASSET.match(name):
                self._names.setdefault(found[0], name)

    def get(self, number: Any) -> bytes | None:
        """The bytes of one, by its id or an address that ends with it; None where it is not there."""
        found = _ASSET.match(str(number).rpartition("/")[2])
        return from_source(self._source, self._names.get(found[0], "")) if found else None


def chat(value: dict[str, Any], assets: Assets) -> Chat | None:
    """A conversation; None for what is no conversation."""
    mapping = value.get("mapping")
    if not isinstance(mapping, dict):
        return None
    chat = Chat(uid="")
    nodes = []
    for key, node in mapping.items():
        if isinstance(node, dict):
            parent = node.get("parent")
            turn = _turn(node.get("message"), chat, assets)
            nodes.append(Node(key, parent if isinstance(parent, str) else None, turn))
    shown = value.get("current_node")
    chat.turns, chat.shown = messages(nodes, shown if isinstance(shown, str) else None, join=True)
    number = value.get("conversation_id") or value.get("id") or (nodes[0].key if nodes else "")
    chat.uid = f"chatgpt:{number}"
    chat.title = str(value.get("title") or "")
    chat.created, chat.changed = seconds(value.get("create_time")), seconds(value.get("update_time"))
    template = value.get("gizmo_id") or value.get("conversation_template_id")
    if isinstance(template, str) and template.startswith(_PROJECT):
        chat.project = f"{PROGRAM} ({template.removeprefix(_PROJECT)[:8]})"
    chat.archived = value.get("is_archived") is True
    chat.pinned = value.get("is_starred") is True or bool(value.get("pinned_time"))
    return chat


def _turn(message: Any, chat: Chat, assets: Assets) -> Turn | None:
    if not isinstance(message, dict):
        return None
    author, content, told = (message.get(key) or {} for key in ("author", "content", "metadata"))
    role = author.get("role")
    hidden = told.get("is_visually_hidden_from_conversation") or told.get("is_user_system_message")
    # What a tool drew is the answer, or a part of it.
    if role == "tool" and not hidden and (drawn := _pictures(content)):
        turn = Turn("", Role.ASSISTANT, [], created=seconds(message.get("create_time")))
        attach(turn, chat, [(name.rpartition("/")[2], assets.get(name)) for name in drawn])
        return turn if turn.attached else None
    if role not in ("user", "assistant") or hidden or message.get("recipient", "all") != "all":
        return None
    turn = Turn(
        "",
        Role(role),
        [],
        created=seconds(message.get("create_time")),
        model=str(told.get("model_slug") or ""),
    )
    kind = content.get("content_type")
    if kind == "thoughts":
        thoughts = [one.get("content") for one in content.get("thoughts") or [] if isinstance(one, dict)]
        turn.thinking = "\n\n".join(one for one in thoughts if isinstance(one, str) and one)
    elif kind not in _SILENT:
        turn.parts = _words(_with_sources(_text(content, chat), told))
    hangs = {
        str(one.get("id")): str(one.get("name") or one.get("id"))
        for one in told.get("attachments") or []
        if isinstance(one, dict)
    }
    for pointer in _pictures(content):
        hangs.setdefault(pointer.rpartition("/")[2], pointer.rpartition("/")[2])
    attach(turn, chat, [(name, assets.get(number)) for number, name in hangs.items()])
    return turn if turn.parts or turn.thinking else None


def _words(text: str) -> list[Any]:
    return [Text(text)] if text.strip() else []


def _text(content: dict[str, Any], chat: Chat) -> str:
    parts = content.get("parts")
    if not isinstance(parts, list):
        chat.left_out.append(str(content.get("content_type")))
        text = content.get("text")
        return text if isinstance(text, str) else ""
    texts = []
    for part in parts:
        if isinstance(part, dict):
            part = part.get("text") if part.get("content_type") == "audio_transcription" else None
        if isinstance(part, str) and part:
            texts.append(part)
    return "\n\n".join(texts)


def _pictures(content: dict[str, Any]) -> list[str]:
    """The addresses of pictures among a message's parts."""
    parts = content.get("parts")
    found = (
        [part.get("asset_pointer") for part in parts if isinstance(part, dict)]
        if isinstance(parts, list)
        else []
    )
    return [pointer for pointer in found if isinstance(pointer, str)]


def _with_sources(text: str, told: dict[str, Any]) -> str:
    """The text with links where ChatGPT cites a page, and without its own marks."""
    for reference in told.get("content_references") or []:
        if isinstance(reference, dict):
            mark, link = reference.get("matched_text"), reference.get("alt")
            if isinstance(mark, str) and mark and isinstance(link, str) and "\ue200" in mark:
                text = text.replace(mark, f" {link}" if link else "")
    return _MARK.sub("", text)
