"""Cherry Studio's backups: `data.json` (0.9 to 1.7, and its "legacy backup"), and the database of 2.x.

Messages of a topic follow one another; several answers to one question name it (`askId`), and `foldSelected` says which of them is
on screen. Their words stand in blocks, or (older) in the message itself. An assistant becomes a project; keys and settings,
which every backup holds, are not looked at. Later 1.x make backups of a browser's raw storage, which only that program reads.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.chat.conversation import Role, Text
from core.errors import N_, ImportBroken, ImportOtherForm, TsukueError
from core.portability.attachments import attach, from_source
from core.portability.chats import Around, Chat, SavedProject, Turn, seconds
from core.portability.sources import Source
from core.portability.stream import Readable, whole
from core.portability.trees import Node, messages

PROGRAM = "Cherry Studio"
_DATA, _DATABASE = "data.json", "cherrystudio.sqlite"
LARGEST = 2 << 30  # bytes of the database


def is_one(source: Source) -> bool:
    """Whether this is such a backup."""
    names = {name.rpartition("/")[2] for name in source.files}
    if _DATABASE in names:
        return True
    if "metadata.json" in names and any("IndexedDB/" in name for name in source.files):
        return True
    for name in source.called(_DATA):
        with contextlib.suppress(ImportBroken), source.open(name) as stream:
            head = stream.read(4096)
            return b'"localStorage"' in head or b'"indexedDB"' in head
    head = _packed_head(source)
    return b'"localStorage"' in head or b'"indexedDB"' in head


def _packed_head(source: Source) -> bytes:
    """How the JSON of a `.bak` file begins, which is the older form of a backup: packed by gzip. b'' for all else."""
    if len(source.files) != 1:
        return b""
    try:
        with source.open(source.files[0]) as stream:
            if stream.read(2) != b"\x1f\x8b":
                return b""
        with source.open(source.files[0]) as stream, gzip.open(stream) as unpacked:
            return unpacked.read(4096)
    except (ImportBroken, OSError, EOFError, zlib.error):
        return b""


class _Bounded:
    """A stream that ends with an error where it unpacks to more than any backup holds."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._left = LARGEST

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises ImportBroken."""
        try:
            data = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise ImportBroken("data.json", str(error)[:80]) from error
        self._left -= len(data)
        if self._left < 0:
            raise ImportBroken("data.json", N_("too large"))
        return data


def read(source: Source, around: Around) -> Iterator[Chat | TsukueError]:
    """The topics of a backup. Raises ImportBroken, ImportOtherForm."""
    for name in source.called(_DATABASE):
        yield from _database(source, name, around)
        return
    for name in source.called(_DATA):
        with source.open(name) as stream:
            data = whole(stream, name)
        yield from _topics(data, around, source)
        return
    if _packed_head(source):
        with source.open(source.files[0]) as stream, gzip.open(stream) as unpacked:
            data = whole(_Bounded(unpacked), source.name)
        yield from _topics(data, around, source)
        return
    raise ImportOtherForm(source.name, PROGRAM, N_("There, choose Settings → Data → Legacy backup."))


# ---------------------------------------------------------------- data.json


def _topics(data: dict[str, Any], around: Around, source: Source) -> Iterator[Chat | TsukueError]:
    known, assistants = _known(data)
    around.projects += [
        SavedProject(str(one.get("name")), instructions=str(one.get("prompt") or ""))
        for one in assistants
        if one.get("name") and one.get("id") != "default"
    ]
    tables = data.get("indexedDB")
    if isinstance(tables, list):  # version 1
        topics = [entry.get("value") for entry in tables if isinstance(entry, dict)]
        blocks: dict[str, dict[str, Any]] = {}
    else:
        topics = (tables or {}).get("topics") or []
        blocks = {
            str(block.get("id")): block
            for block in (tables or {}).get("message_blocks") or []
            if isinstance(block, dict)
        }
    for topic in topics:
        if isinstance(topic, dict) and topic.get("messages"):
            number = str(topic.get("id"))
            told, assistant = known.get(number, ({}, {}))
            try:
                yield _chat(number, told, assistant, topic["messages"], blocks, source)
            except (TypeError, ValueError, AttributeError) as error:
                yield ImportBroken(number, str(error)[:80])


def _known(
    data: dict[str, Any],
) -> tuple[dict[str, tuple[dict[str, Any], dict[str, Any]]], list[dict[str, Any]]]:
    """What is told of each topic, with its assistant, by the topic's id; and all assistants."""
    stored = str((data.get("localStorage") or {}).get("persist:cherry-studio"))
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    assistants: list[dict[str, Any]] = []
    with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
        part = json.loads(json.loads(stored)["assistants"])
        assistants = [
            one
            for one in [part.get("defaultAssistant"), *(part.get("assistants") or [])]
            if isinstance(one, dict)
        ]
        for assistant in assistants:
            for topic in assistant.get("topics") or []:
                found.setdefault(str(topic.get("id")), (topic, assistant))
    return found, assistants


def _chat(
    number: str,
    told: dict[str, Any],
    assistant: dict[str, Any],
    said: list[Any],
    blocks: dict[str, dict[str, Any]],
    source: Source,
) -> Chat:
    own = assistant.get("id") not in (None, "default")
    chat = Chat(
        uid=f"cherry-studio:{number}",
        title=str(told.get("name") or ""),
        created=seconds(told.get("createdAt")),
        changed=seconds(told.get("updatedAt")),
        pinned=told.get("pinned") is True,
        project=str(assistant.get("name") or "") if own else "",
        system_prompt=str(told.get("prompt") or (assistant.get("prompt") if own else "") or ""),
    )
    nodes: list[Node] = []
    before: str | None = None  # what the next message hangs from
    group: tuple[str | None, str | None] = (
        None,
        None,
    )  # the question that is being answered, and what its answers hang from
    for message in said:
        if not isinstance(message, dict) or message.get("type") == "clear":
            continue
        turn = _turn(message, blocks, chat, source)
        if turn is None:
            continue
        key, asked = str(message.get("id")), message.get("askId")
        if turn.role is Role.ASSISTANT and asked and asked == group[0]:
            nodes.append(Node(key, group[1], turn))
            if message.get("foldSelected") is True or not turn.parts:
                before = key
            continue
        nodes.append(Node(key, before, turn))
        if turn.role is Role.ASSISTANT and asked:
            group = (str(asked), before)
        before = key
    chat.turns, chat.shown = messages(nodes, before)
    return chat


def _turn(
    message: dict[str, Any], blocks: dict[str, dict[str, Any]], chat: Chat, source: Source
) -> Turn | None:
    role = message.get("role")
    if role not in ("user", "assistant"):
        return None
    model = message["model"].get("id") if isinstance(message.get("model"), dict) else ""
    turn = Turn(
        "",
        Role(role),
        [],
        created=seconds(message.get("createdAt")),
        model=str(model or message.get("modelId") or ""),
    )
    words, thoughts, files = [], [], list(message.get("files") or [])
    if isinstance(message.get("blocks"), list):
        for number in message["blocks"]:
            block = blocks.get(str(number), {})
            content = block.get("content")
            match block.get("type"):
                case "main_text" if isinstance(content, str):
                    words.append(content.strip())
                case "code" if isinstance(content, str):
                    words.append(f"```{block.get('language') or ''}\n{content}\n```")
                case "thinking" if isinstance(content, str):
                    thoughts.append(content.strip())
                case "image" | "file" | "video":
                    files.append(block.get("file") or {"name": block["type"], "url": block.get("url")})
    else:
        content, thought = message.get("content"), message.get("reasoning_content")
        words.append(content.strip() if isinstance(content, str) else "")
        thoughts.append(thought.strip() if isinstance(thought, str) else "")
    text = "\n\n".join(filter(None, words))
    turn.parts, turn.thinking = [Text(text)] if text else [], "\n\n".join(filter(None, thoughts))
    attach(turn, chat, [_file(file, source) for file in files if isinstance(file, dict)])
    return turn if turn.parts or turn.thinking else None


def _file(file: dict[str, Any], source: Source) -> tuple[str, str | bytes | None]:
    """An attachment by the name that the person knows, with its bytes where the backup has them (Data/Files)."""
    name = str(file.get("origin_name") or file.get("name"))
    address = file.get("url")
    if isinstance(address, str) and address.startswith("data:"):
        return name, address
    return name, from_source(source, f"{file.get('id')}{file.get('ext') or ''}", str(file.get("name") or ""))


# ---------------------------------------------------------------- the database of 2.x


def _database(source: Source, name: str, around: Around) -> Iterator[Chat | TsukueError]:
    """Read from a copy: SQLite wants a file, and writes beside it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, _DATABASE)
        with source.open(name) as stream, copy.open("wb") as out:
            while data := stream.read(1 << 20):
                out.write(data)
                if out.tell() > LARGEST:
                    raise ImportBroken(_DATABASE, N_("too large"))
        try:
            with contextlib.closing(sqlite3.connect(copy)) as database:
                database.row_factory = sqlite3.Row
                database.text_factory = lambda data: data.decode("utf-8", "replace")
                yield from _rows(database, around)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise ImportBroken(_DATABASE, str(error)[:80]) from error


def _rows(database: sqlite3.Connection, around: Around) -> Iterator[Chat | TsukueError]:
    assistants = {
        row["id"]: row
        for row in database.execute("SELECT id, name, prompt FROM assistant WHERE deleted_at IS NULL")
    }
    around.projects += [
        SavedProject(row["name"], instructions=row["prompt"]) for row in assistants.values() if row["name"]
    ]
    pinned = {row[0] for row in database.execute("SELECT entity_id FROM pin WHERE entity_type = 'topic'")}
    topics = database.execute(
        "SELECT id, name, assistant_id, active_node_id, created_at, updated_at FROM topic WHERE deleted_at IS NULL"
    ).fetchall()
    for topic in topics:
        assistant = assistants.get(topic["assistant_id"])
        chat = Chat(
            uid=f"cherry-studio:{topic['id']}",
            title=str(topic["name"] or ""),
            created=seconds(topic["created_at"]),
            changed=seconds(topic["updated_at"]),
            pinned=topic["id"] in pinned,
            project=str(assistant["name"]) if assistant is not None else "",
            system_prompt=str(assistant["prompt"]) if assistant is not None else "",
        )
        nodes = [
            Node(row["id"], row["parent_id"], _row_turn(row, chat))
            for row in database.execute(
                "SELECT id, parent_id, role, data, model_id, created_at FROM message WHERE topic_id = ?"
                " AND deleted_at IS NULL ORDER BY created_at, id",
                (topic["id"],),
            )
        ]
        chat.turns, chat.shown = messages(nodes, topic["active_node_id"])
        if chat.turns:
            yield chat


def _row_turn(row: sqlite3.Row, chat: Chat) -> Turn | None:
    if row["role"] not in ("user", "assistant"):
        return None
    try:
        parts = json.loads(row["data"]).get("parts") or []
    except (ValueError, AttributeError, RecursionError, TypeError):
        return None
    words, thoughts = [], []
    for part in parts:
        inside = part.get("data") if isinstance(part, dict) else None
        match part.get("type") if isinstance(part, dict) else "":
            case "text":
                words.append(str(part.get("text") or "").strip())
            case "reasoning":
                thoughts.append(str(part.get("text") or "").strip())
            case "data-code" if isinstance(inside, dict):
                words.append(f"```{inside.get('language') or ''}\n{inside.get('content') or ''}\n```")
            case "file":
                chat.left_out.append(str(part.get("filename") or "file"))
    text = "\n\n".join(filter(None, words))
    turn = Turn(
        "",
        Role(row["role"]),
        [Text(text)] if text else [],
        thinking="\n\n".join(filter(None, thoughts)),
        created=seconds(row["created_at"]),
        model=str(row["model_id"] or "").rpartition("::")[2],
    )
    return turn if turn.parts or turn.thinking else None
