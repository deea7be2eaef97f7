"""Jan's chats: `threads/<id>/thread.json` with `messages.jsonl` beside it, in its data folder, from 0.4 to 0.8.

Since 0.8 messages name their parent and the version that is on screen; before, a thread is a line. Thinking stands in parts of its
own, or as marks in the text. `created` is overwritten whenever a thread is renamed, so the first message counts too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from core.chat.conversation import Role, Text
from core.errors import ImportBroken, TsukueError
from core.portability import thoughts
from core.portability.attachments import attach
from core.portability.chats import Around, Chat, Turn, seconds
from core.portability.readers.shape import STRANGE
from core.portability.sources import Source
from core.portability.trees import Node, messages

PROGRAM = "Jan"
_THREAD = "thread.json"
LARGEST = 256 << 20  # bytes of the messages of a thread
_UNTITLED = ("New Thread", "Temporary Chat")
_ATTACHED = re.compile(r"\s*\[ATTACHED_FILES\]\n(.*?)\n?\[/ATTACHED_FILES\]\s*\Z", re.DOTALL)
_NAME = re.compile(r"\bname: (.*?), (?:type|size|chunks|mode): ")


def is_one(source: Source) -> bool:
    """Whether these are threads of Jan."""
    return any(f"{_folder(name)}messages.jsonl" in source.files for name in source.called(_THREAD))


def _folder(name: str) -> str:
    return name[: -len(_THREAD)]


def read(source: Source, around: Around) -> Iterator[Chat | TsukueError]:
    """The threads, one by one."""
    for name in source.called(_THREAD):
        folder = _folder(name)
        said = f"{folder}messages.jsonl"
        if said not in source.files:
            continue
        try:
            thread = json.loads(source.read(name, 1 << 20))
            yield _chat(thread, folder.rstrip("/").rpartition("/")[2], source, said)
        except ImportBroken as error:
            yield error
        except STRANGE as error:
            yield ImportBroken(name, str(error)[:80])


def _chat(thread: dict[str, Any], folder: str, source: Source, said: str) -> Chat:
    told = thread["metadata"] if isinstance(thread.get("metadata"), dict) else {}
    title = str(thread.get("title") or "")
    project = told["project"].get("name") if isinstance(told.get("project"), dict) else ""
    assistants = [one for one in thread.get("assistants") or [] if isinstance(one, dict)]
    chat = Chat(
        uid=f"jan:{thread.get('id') or folder}",
        title="" if title in _UNTITLED else title,
        changed=seconds(thread.get("updated")),
        pinned=told.get("is_favorite") is True or thread.get("isFavorite") is True,
        project=str(project or ""),
        system_prompt=str(assistants[0].get("instructions") or "") if assistants else "",
    )
    model = _model(thread, assistants)
    lines = [line for line in (_json(line) for line in _lines(source, said)) if isinstance(line, dict)]
    nodes, before = [], None
    branched = any(isinstance(one.get("metadata"), dict) and "parentId" in one["metadata"] for one in lines)
    for number, line in enumerate(lines):
        key = str(line.get("id") or number)
        about = line["metadata"] if isinstance(line.get("metadata"), dict) else {}
        parent = about.get("parentId") if branched else before
        turn = _turn(line, about, chat, model)
        nodes.append(Node(key, parent if isinstance(parent, str) else None, turn))
        before = key
    if branched:
        _mend(nodes, lines)
    times = [node.turn.created for node in nodes if node.turn is not None and node.turn.created]
    chat.created = min(filter(None, (seconds(thread.get("created")), *times)), default=0.0)
    chat.turns, chat.shown = messages(nodes, _shown(nodes, lines, told) if branched else before)
    return chat


def _lines(source: Source, name: str) -> list[str]:
    return source.read(name, LARGEST).decode("utf-8", "replace").splitlines()


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None  # a line that was cut off when the program died; the others stand


def _model(thread: dict[str, Any], assistants: list[dict[str, Any]]) -> str:
    for place in [*assistants[:1], thread]:
        model = place.get("model")
        if isinstance(model, dict) and isinstance(model.get("id"), str) and model["id"] != "*":
            return str(model["id"])
    return ""


def _mend(nodes: list[Node], lines: list[dict[str, Any]]) -> None:
    """Early versions of 0.8 left answers without a parent, and hung the next question on the question before: as the program
    itself does, such an answer goes under the question before it, and that question under the answer."""
    question: Node | None = None
    for node, line in zip(nodes, lines, strict=True):
        if line.get("role") == "user":
            question = node
        elif line.get("role") == "assistant" and node.parent is None and question is not None:
            node.parent = question.key
            for other, told in zip(nodes, lines, strict=True):
                if other.parent == question.key and told.get("role") == "user":
                    other.parent = node.key


def _shown(nodes: list[Node], lines: list[dict[str, Any]], told: dict[str, Any]) -> str | None:
    """The end of the branch on screen: down from the chosen root by the chosen children, or the newest."""
    children: dict[str | None, list[str]] = {}
    for node in nodes:
        children.setdefault(node.parent, []).append(node.key)
    time = {node.key: node.turn.created if node.turn is not None else 0.0 for node in nodes}
    chosen = {
        node.key: line["metadata"].get("activeChildId")
        for node, line in zip(nodes, lines, strict=True)
        if isinstance(line.get("metadata"), dict)
    }
    here: str | None = None
    wanted: Any = told.get("activeRootId")
    seen: set[str | None] = set()
    while (after := children.get(here)) and here not in seen:
        seen.add(here)
        here = wanted if wanted in after else max(after, key=lambda key: time[key])
        wanted = chosen.get(here)
    return here


def _turn(line: dict[str, Any], told: dict[str, Any], chat: Chat, model: str) -> Turn | None:
    role = line.get("role")
    if role not in ("user", "assistant"):
        return None
    words, thinking = [], []
    files: list[tuple[str, str | bytes | None]] = []
    content = line.get("content")
    parts: list[Any] = (
        content if isinstance(content, list) else [{"type": "text", "text": {"value": content}}]
    )
    for part in parts:
        if not isinstance(part, dict):
            continue
        text = part["text"].get("value") if isinstance(part.get("text"), dict) else part.get("text")
        text = text if isinstance(text, str) else ""
        kind = part.get("type")
        if kind in ("text", "image", "pdf"):
            words.append(text)
        if kind == "reasoning":
            thinking.append(text.strip())
        elif kind in ("image", "image_url", "pdf", "audio", "video"):
            shown = part.get("image_url")
            address = shown.get("url") if isinstance(shown, dict) else shown
            content = address if isinstance(address, str) and address.startswith("data:") else None
            files.append((str(part.get("name") or kind.removesuffix("_url")), content))
    said, thought = (
        thoughts.split("\n\n".join(filter(None, words))) if role == "assistant" else ("\n\n".join(words), "")
    )
    said, names = _attached(said)
    inline = {
        str(one.get("name")): str(one.get("content") or "")
        for one in told.get("inline_file_contents") or []
        if isinstance(one, dict)
    }
    files += [(name, inline.get(name)) for name in names] + [
        (n, c) for n, c in inline.items() if n not in names
    ]
    turn = Turn(
        "",
        Role(role),
        [Text(said)] if said else [],
        thinking="\n\n".join(filter(None, [*thinking, thought])),
        created=seconds(line.get("created_at")),
        model=model if role == "assistant" else "",
    )
    attach(turn, chat, files)
    return turn if turn.parts or turn.thinking else None


def _attached(text: str) -> tuple[str, list[str]]:
    """The words without the block that the program puts behind them, and the names of files in it."""
    found = _ATTACHED.search(text)
    if found is None:
        return text.strip(), []
    return text[: found.start()].strip(), _NAME.findall(found[1])
