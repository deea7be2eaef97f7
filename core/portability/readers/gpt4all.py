"""GPT4All's chats: `gpt4all-<id>.chat`, written by Qt's QDataStream in thirteen formats, and the folders of its LocalDocs.

Big-endian. The layout is that of gpt4all-chat's chat.cpp, chatmodel.h and chatllm.cpp, tags 2.4 to 3.10. Every length is checked
against what is left of the file.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import tempfile
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.chat.conversation import Role, Text
from core.errors import N_, ImportBroken, TsukueError
from core.portability import thoughts
from core.portability.attachments import attach
from core.portability.chats import Around, Chat, Turn, seconds
from core.portability.sources import Source

PROGRAM = "GPT4All"
MAGIC = 0xF5D553CC
NEWEST = 12
LARGEST = 2 << 30  # bytes of a chat: until 3.4 the model's state is in it
DEEPEST = 20  # parts within parts
_STRING = 10  # QVariant's number for a QString
_NULL = 0xFFFFFFFF
_UNTITLED = "New Chat"
# What SQLite raises for a file that is none; its own words may be no UTF-8.
_NO_DATABASE = (sqlite3.Error, UnicodeDecodeError)
_CUT = N_("it ends too early")


def is_one(source: Source) -> bool:
    """Whether there are chats of GPT4All: files that begin as they do."""
    for name in source.named(".chat"):
        with contextlib.suppress(ImportBroken), source.open(name) as stream:
            if stream.read(4) == MAGIC.to_bytes(4, "big") or name.rpartition("/")[2].startswith("gpt4all-"):
                return True
    return False


def read(source: Source, around: Around) -> Iterator[Chat | TsukueError]:
    """The chats, and the folders that LocalDocs knows."""
    around.folders += _folders(source)
    for name in source.named(".chat"):
        short = name.rpartition("/")[2]
        try:
            chat = _chat(_Stream(source.read(name, LARGEST), short), short)
        except ImportBroken as error:
            yield error
        else:
            if chat.turns:
                yield chat


class _Stream:
    """Reads the values of a QDataStream one after another. Raises ImportBroken where there are not enough bytes."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self._at, self.name = memoryview(data), 0, name

    def take(self, size: int) -> bytes:
        """The next bytes."""
        if size < 0 or size > len(self._data) - self._at:
            raise ImportBroken(self.name, _CUT)
        self._at += size
        return bytes(self._data[self._at - size : self._at])

    def skip(self, size: int) -> None:
        """Pass over bytes."""
        if size < 0 or size > len(self._data) - self._at:
            raise ImportBroken(self.name, _CUT)
        self._at += size

    def number(self, form: str) -> int:
        """The next number, in struct's notation: i, I, q, Q, or B."""
        return int(struct.unpack(f">{form}", self.take(struct.calcsize(f">{form}")))[0])

    def flag(self) -> bool:
        """A bool."""
        return bool(self.number("B"))

    def data(self) -> bytes:
        """A QByteArray; b'' where it is null."""
        size = self.number("I")
        return b"" if size == _NULL else self.take(size)

    def text(self) -> str:
        """A QString; '' where it is null."""
        size = self.number("I")
        return "" if size == _NULL else self.take(size).decode("utf-16-be", "replace")

    def count(self, form: str) -> range:
        """A number of things that follow, each of at least a byte."""
        number = self.number(form)
        if not 0 <= number <= len(self._data) - self._at:
            raise ImportBroken(self.name, _CUT)
        return range(number)


@dataclass
class _Item:
    label: str
    value: str
    files: list[tuple[str, bytes]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    thinking: list[str] = field(default_factory=list)


def _chat(stream: _Stream, name: str) -> Chat:
    first = stream.take(4)
    version = stream.number("i") if first == MAGIC.to_bytes(4, "big") else 0
    if version > NEWEST or version < 0:
        raise ImportBroken(name, N_("it is of a later version"))
    created = stream.number("q") if version else int.from_bytes(first + stream.take(4), "big")
    number, generated, typed, model = (stream.text() for _ in range(4))
    for _ in stream.count("I") if version >= 3 else ():
        stream.text()  # collections of LocalDocs, whose folders are offered to be added again
    _pass_state(stream, version)
    chat = Chat(
        uid=f"gpt4all:{number or name.removeprefix('gpt4all-').removesuffix('.chat')}",
        title=typed or (generated if generated != _UNTITLED else ""),
        created=seconds(created),
    )
    before: str | None = None
    for place in stream.count("i"):
        item = _item(stream, version)
        turn = _turn(item, place, chat, model)
        if turn is not None:
            turn.key, turn.parent = str(place), before
            chat.turns.append(turn)
            before = turn.key
    chat.shown = before
    return chat


def _pass_state(stream: _Stream, version: int) -> None:
    """Go past the model's state, which was in the file until 3.4."""
    if version > 10:
        return
    kept = stream.flag() if version >= 6 else True
    if version >= 2:
        stream.skip(8)
    stream.text()
    stream.text()
    stream.skip(4)
    if not kept:
        return
    stream.skip(4 if version <= 3 else 0)
    stream.skip(4)
    if version >= 7:
        stream.skip(4)
    if version <= 8:
        stream.skip(4 * stream.number("Q"))
    stream.skip(4 * stream.number("Q"))
    size = stream.number("I")
    stream.skip(0 if size == _NULL else size)


def _item(stream: _Stream, version: int) -> _Item:
    if version <= 11:
        stream.skip(4)
    item = _Item(stream.text(), stream.text())
    if version <= 9:
        stream.text()  # the question once more
    stream.text()  # a better answer, for the program's makers
    stream.skip(4)  # current, stopped, liked, disliked
    if version >= 11 and item.label == "Response: ":
        stream.skip(1)  # whether it is an error
    if 3 <= version <= 7:
        stream.text()
        for _ in stream.count("I"):
            stream.text()
    if version >= 8:
        for _ in stream.count("q"):
            for _ in range(7):
                stream.text()
            stream.skip(12)
    if version >= 10:
        item.files = [(stream.data().decode("utf-8", "replace"), stream.data()) for _ in stream.count("q")]
    if version >= 12:
        for _ in stream.count("q"):
            _part(stream, item, 0)
    return item


def _part(stream: _Stream, item: _Item, depth: int) -> None:
    """A part of an answer: text, thinking, or a call of a tool, and what is in it."""
    if depth > DEEPEST:
        raise ImportBroken(stream.name, N_("nested too deep"))
    label, value = stream.text(), stream.text()
    if label == "Text: ":
        item.texts.append(value)
    elif label == "Think: ":
        item.thinking.append(value)
        stream.skip(4)  # how long, in ms
    elif label == "ToolCall: ":
        stream.text()
        for _ in stream.count("q"):
            stream.text()
            stream.skip(4)
            _variant(stream)
        stream.text()
        stream.skip(4)
        stream.text()
    for _ in stream.count("q"):
        _part(stream, item, depth + 1)


def _variant(stream: _Stream) -> None:
    if stream.number("I") != _STRING:
        raise ImportBroken(stream.name, N_("it holds something that is not known"))
    stream.skip(1)
    stream.text()


def _turn(item: _Item, place: int, chat: Chat, model: str) -> Turn | None:
    if item.label == "System: ":
        return None
    asked = item.label == "Prompt: " or (item.label != "Response: " and place % 2 == 0)
    if asked:
        turn = Turn("", Role.USER, [Text(item.value.strip())] if item.value.strip() else [])
        attach(turn, chat, [(_name(url), data) for url, data in item.files])
        return turn if turn.parts else None
    said, thought = thoughts.split("".join([*item.texts, item.value]) if item.texts else item.value)
    thinking = [thoughts.split(one) for one in item.thinking]
    turn = Turn(
        "",
        Role.ASSISTANT,
        [Text(said)] if said else [],
        thinking="\n\n".join(filter(None, [*(inside or plain for plain, inside in thinking), thought])),
        model=model,
    )
    return turn if turn.parts or turn.thinking else None


def _name(url: str) -> str:
    return urllib.parse.unquote(url).rpartition("/")[2]


# ---------------------------------------------------------------- LocalDocs


def _folders(source: Source) -> list[tuple[str, str]]:
    """Collections and their folders, of the newest of its databases that has any."""
    names = sorted(name for name in source.named(".db") if name.rpartition("/")[2].startswith("localdocs_v"))
    for name in reversed(names):
        with tempfile.TemporaryDirectory() as folder, contextlib.suppress(*_NO_DATABASE, ImportBroken):
            copy = Path(folder, "localdocs.db")
            copy.write_bytes(source.read(name, LARGEST))
            with contextlib.closing(sqlite3.connect(copy)) as database:
                database.text_factory = lambda data: data.decode("utf-8", "replace")
                found = [(str(collection), str(path)) for collection, path in _pairs(database)]
                if found:
                    return found
    return []


def _pairs(database: sqlite3.Connection) -> list[tuple[str, str]]:
    try:
        return database.execute(
            "SELECT c.name, f.path FROM collection_items i JOIN collections c ON c.id = i.collection_id"
            " JOIN folders f ON f.id = i.folder_id ORDER BY c.id, f.id"
        ).fetchall()
    except _NO_DATABASE:  # until 2.8
        return database.execute(
            "SELECT c.collection_name, f.folder_path FROM collections c JOIN folders f ON f.id = c.folder_id"
        ).fetchall()
