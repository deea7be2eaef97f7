"""Writes GPT4All chat files (`gpt4all-<id>.chat`) of every format version, without Qt.

The bytes are those of a big-endian QDataStream (stream version Qt_6_2).  Only
`struct` is used.  Versions: 0 (no header, before 2.4.4 or so) to 12 (GPT4All 3.6 to 3.10).
The names of the fields below are this module's own.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

MAGIC = 0xF5D553CC
NEWEST = 12


@dataclass
class Source:
    """One place in a LocalDocs file that was given to the model."""

    collection: str
    path: str
    file: str
    title: str = ""
    author: str = ""
    date: str = ""
    text: str = ""
    page: int = -1
    line_from: int = -1
    line_to: int = -1


@dataclass
class Attachment:
    """A file the person attached to a prompt (its whole bytes are in the chat file)."""

    path: str
    content: bytes


@dataclass
class ToolCall:
    """What the code interpreter was given and gave back (version 12)."""

    name: str = ""
    params: list[tuple[str, int, str]] = field(default_factory=list)
    result: str = ""
    error: int = 0
    error_text: str = ""


@dataclass
class Item:
    """One line of the chat: a prompt or a response; in version 12 also the parts of a response.

    `label` is the word that GPT4All itself stores: "Prompt: ", "Response: ", "Text: ",
    "Think: ", "ToolCall: ", "ToolResponse: ", "System: ".
    """

    label: str
    value: str | None
    number: int = 0
    prompt: str = ""
    new_response: str | None = None
    current: bool = False
    stopped: bool = False
    thumbs_up: bool = False
    thumbs_down: bool = False
    is_error: bool = False
    sources: list[Source] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    parts: list[Item] = field(default_factory=list)
    tool_call: ToolCall | None = None
    thinking_time: int = 0


@dataclass
class Chat:
    """One conversation."""

    created: int
    id: str | None
    name: str | None
    user_name: str | None = None
    model: str | None = ""
    collections: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    model_type: int = 1
    with_state: bool = False
    last_response: str = ""


def bool_bytes(value: bool) -> bytes:
    """bool: one byte, 0 or 1."""
    return b"\1" if value else b"\0"


def int32(value: int) -> bytes:
    """int / qint32: four bytes, big-endian, signed."""
    return struct.pack(">i", value)


def uint32(value: int) -> bytes:
    """quint32: four bytes, big-endian."""
    return struct.pack(">I", value)


def int64(value: int) -> bytes:
    """qint64 / qsizetype / quint64 of small numbers: eight bytes, big-endian."""
    return struct.pack(">q", value)


def string(value: str | None) -> bytes:
    """QString: quint32 length in BYTES, then UTF-16BE; None is the null string (length 0xFFFFFFFF)."""
    if value is None:
        return uint32(0xFFFFFFFF)
    raw = value.encode("utf-16-be")
    return uint32(len(raw)) + raw


def byte_array(value: bytes | None) -> bytes:
    """QByteArray: quint32 length, then the bytes; None is the null array (length 0xFFFFFFFF)."""
    if value is None:
        return uint32(0xFFFFFFFF)
    return uint32(len(value)) + value


def string_list(values: Sequence[str]) -> bytes:
    """QList<QString>: quint32 count, then the strings."""
    return uint32(len(values)) + b"".join(string(value) for value in values)


def file_url(path: str) -> bytes:
    """QUrl: written as a QByteArray of its percent-encoded form."""
    lead = "" if path.startswith("/") else "/"
    return byte_array(("file://" + lead + quote(path, safe="/:!$&'()*+,;=@~")).encode("ascii"))


def text_variant(value: str) -> bytes:
    """QVariant that holds a QString: quint32 type 10, one byte "is null", the string."""
    return uint32(10) + b"\0" + string(value)


def header(version: int) -> bytes:
    """quint32 magic and qint32 version; version 0 had neither."""
    return b"" if version < 1 else uint32(MAGIC) + int32(version)


def model_state(chat: Chat, version: int) -> bytes:
    """What versions below 11 keep of the model's state between the chat's head and its lines."""
    if version >= 11:
        return b""
    out = b""
    keeps_state = chat.with_state if version >= 6 else True
    if version >= 6:
        out += bool_bytes(keeps_state)
    if version >= 2:
        out += int32(chat.model_type) + int32(0)
    out += string(chat.last_response) + string("") + uint32(len(chat.last_response))
    if not keeps_state:
        return out
    if version < 4:
        out += int32(0)
    out += int32(7)
    if version >= 7:
        out += uint32(2048)
    if version < 9:
        out += int64(3) + struct.pack("<3f", 0.5, -1.25, 8.0)
    out += int64(5) + struct.pack("<5i", 1, 529, 17, 3, 2)
    state = b"\0\0\0\x40" + bytes(range(64))
    return out + byte_array(state)


def source_bytes(source: Source) -> bytes:
    """One source of versions 8 and up."""
    texts = (
        source.collection,
        source.path,
        source.file,
        source.title,
        source.author,
        source.date,
        source.text,
    )
    numbers = (source.page, source.line_from, source.line_to)
    return b"".join(string(text) for text in texts) + b"".join(int32(number) for number in numbers)


def old_references(sources: Sequence[Source]) -> bytes:
    """The references of versions 3 to 7: one string with a line for each, and their excerpts."""
    lines: list[str] = []
    for number, source in enumerate(sources, 1):
        line = f"{number}. "
        if source.title:
            line += f'"{source.title}". '
        if source.author:
            line += f"By {source.author}. "
        if source.date:
            line += f"Date: {source.date}. "
        line += f"In {source.file}. "
        if source.page != -1:
            line += f"Page {source.page}. "
        if source.line_from != -1:
            line += f"Lines {source.line_from}"
            if source.line_to != -1:
                line += f"-{source.line_to}"
            line += ". "
        lines.append(line + f"[Context](context://{number})")
    return string("\n".join(lines)) + string_list([source.text for source in sources])


def part_bytes(part: Item) -> bytes:
    """A part of a response (version 12): label, value, what the kind adds, its own parts."""
    out = string(part.label) + string(part.value)
    if part.label == "ToolCall: ":
        call = part.tool_call or ToolCall()
        out += string(call.name) + int64(len(call.params))
        for name, kind, value in call.params:
            out += string(name) + int32(kind) + text_variant(value)
        out += string(call.result) + int32(call.error) + string(call.error_text)
    elif part.label == "Think: ":
        out += int32(part.thinking_time)
    return out + int64(len(part.parts)) + b"".join(part_bytes(inner) for inner in part.parts)


def item_bytes(item: Item, version: int) -> bytes:
    """One line of the chat."""
    out = b"" if version >= 12 else int32(item.number)
    out += string(item.label) + string(item.value)
    if version < 10:
        out += string(item.prompt)
    out += string(item.new_response)
    out += bool_bytes(item.current) + bool_bytes(item.stopped)
    out += bool_bytes(item.thumbs_up) + bool_bytes(item.thumbs_down)
    if version >= 11 and item.label == "Response: ":
        out += bool_bytes(item.is_error)
    if version >= 8:
        out += int64(len(item.sources)) + b"".join(source_bytes(source) for source in item.sources)
    elif version >= 3:
        out += old_references(item.sources)
    if version >= 10:
        out += int64(len(item.attachments))
        for attachment in item.attachments:
            out += file_url(attachment.path) + byte_array(attachment.content)
    if version >= 12:
        out += int64(len(item.parts)) + b"".join(part_bytes(part) for part in item.parts)
    return out


def chat_bytes(chat: Chat, version: int = NEWEST) -> bytes:
    """A whole chat file."""
    out = header(version) + int64(chat.created)
    out += string(chat.id) + string(chat.name) + string(chat.user_name) + string(chat.model)
    if version >= 3:
        out += string_list(chat.collections)
    out += model_state(chat, version)
    return out + int32(len(chat.items)) + b"".join(item_bytes(item, version) for item in chat.items)


def write_chat(folder: Path, chat: Chat, version: int = NEWEST, stem: str | None = None) -> Path:
    """Writes `gpt4all-<id>.chat` into the folder and gives its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"gpt4all-{stem or chat.id}.chat"
    path.write_bytes(chat_bytes(chat, version))
    return path
