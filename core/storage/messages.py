"""Message trees on disk. A message is written before it is shown as sent.

An answer is a row from its first moment, in state 'streaming'; its text is saved as it grows. What
a crash left 'streaming' is settled as 'interrupted' at the next start (`settle`).
"""

from __future__ import annotations

import itertools
import json
import logging
import sqlite3
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager

import msgspec

from core.chat.conversation import (
    AnswerDetails,
    Message,
    MessageState,
    Outline,
    Part,
    Role,
    Text,
    Versions,
)
from core.errors import ConversationMissing
from core.storage import substring
from core.storage.database import Database

log = logging.getLogger(__name__)

AT_ONCE = 500  # ids in one statement; SQLite takes 32,766 values

# A message's parts follow one another, so that one pass makes messages of the rows.
_MESSAGES = (
    "SELECT m.*, p.kind, p.text, p.data FROM messages m LEFT JOIN parts p ON p.message = m.id"
    " WHERE m.id IN ({}) ORDER BY m.id, p.number"
)
# From a leaf up to the root.
_UP = (
    "WITH RECURSIVE up (id, parent, depth) AS (SELECT id, parent, 0 FROM messages WHERE id = ? UNION ALL"
    " SELECT m.id, m.parent, up.depth + 1 FROM up JOIN messages m ON m.id = up.parent)"
)


def _part(row: sqlite3.Row) -> Part:
    if row["kind"] == Text.__struct_config__.tag:
        return Text(row["text"])
    values = {**json.loads(row["data"]), "type": row["kind"], "text": row["text"]}
    part: Part = msgspec.convert(values, Part)
    return part


def _columns(part: Part) -> tuple[str, str, str]:
    """A part as kind, text and the JSON of its other fields."""
    values = msgspec.to_builtins(part)
    kind, text = values.pop("type"), values.pop("text", "")
    return kind, text, json.dumps(values, ensure_ascii=False)


def _details(text: str) -> AnswerDetails:
    try:
        return msgspec.json.decode(text, type=AnswerDetails)
    except msgspec.DecodeError:
        log.warning("the details of an answer cannot be read", exc_info=True)
        return AnswerDetails()


def _message(rows: list[sqlite3.Row]) -> Message:
    row = rows[0]
    return Message(
        id=row["id"],
        conversation=row["conversation"],
        parent=row["parent"],
        role=Role(row["role"]),
        parts=tuple(_part(part) for part in rows if part["kind"] is not None),
        prompt=row["prompt"],
        thinking=row["thinking"],
        state=MessageState(row["state"]),
        created=row["created"],
        model=row["model"],
        details=_details(row["details"]),
    )


class MessageStore:
    """Reads and writes the messages of conversations. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def transaction(self) -> AbstractContextManager[None]:
        """Several changes that are written together or not at all."""
        return self._db.transaction()

    def _now(self) -> float:
        """The time for a change: never before the latest that is known, so that a clock set back moves nothing down."""
        row = self._db.row("SELECT max(changed) AS latest FROM conversations")
        latest = row["latest"] if row is not None else None
        return max(time.time(), (latest or 0.0) + 0.001)

    # ------------------------------------------------------------ writing

    def add(
        self,
        conversation: int,
        role: Role,
        text: str | Iterable[Part],
        *,
        parent: int | None,
        prompt: str | None = None,
        state: MessageState = MessageState.DONE,
        model: str = "",
    ) -> Message:
        """Append a message below `parent`; it becomes the leaf that is on screen. Raises ConversationMissing."""
        parts = [Text(text)] if isinstance(text, str) else list(text)
        with self._db.transaction():
            now = self._now()
            if not self._db.write("UPDATE conversations SET changed = ? WHERE id = ?", now, conversation):
                raise ConversationMissing(str(conversation))
            number = self._db.write(
                "INSERT INTO messages (conversation, parent, role, prompt, state, created, model, size)"
                " VALUES (?,?,?,?,?,?,?,?)",
                conversation,
                parent,
                role.value,
                prompt,
                state.value,
                now,
                model,
                sum(len(part.text) for part in parts if isinstance(part, Text)),
            )
            self._db.write_many(
                "INSERT INTO parts (message, number, kind, text, data) VALUES (?,?,?,?,?)",
                [(number, i, *_columns(part)) for i, part in enumerate(parts)],
            )
            self._db.write("UPDATE conversations SET leaf = ? WHERE id = ?", number, conversation)
            message = self.message(number)
            if state is not MessageState.STREAMING:
                self._index(number, message.text)
            return message

    def save_stream(self, number: int, text: str, thinking: str) -> None:
        """Write what an answer has so far."""
        with self._db.transaction():
            self._write_text(number, text)
            self._db.write("UPDATE messages SET thinking = ? WHERE id = ?", thinking, number)

    def save_details(self, number: int, text: str, details: AnswerDetails) -> None:
        """Write what an answer has so far with what is known of it: what a crash leaves can be gone on with."""
        with self._db.transaction():
            self._write_text(number, text)
            self._db.write(
                "UPDATE messages SET details = ? WHERE id = ?",
                msgspec.json.encode(details).decode(),
                number,
            )

    def reopen(self, number: int) -> Message:
        """Let an answer that ended before its end go on. Raises ConversationMissing."""
        self._db.write("UPDATE messages SET state = 'streaming' WHERE id = ?", number)
        return self.message(number)

    def finish(
        self,
        number: int,
        text: str,
        state: MessageState,
        *,
        thinking: str = "",
        details: AnswerDetails | None = None,
    ) -> None:
        """Write an answer's final text and state. Of a message that was purged meanwhile, nothing is kept."""
        with self._db.transaction():
            there = self._db.write(
                "UPDATE messages SET thinking = ?, state = ?, size = ?, details = ? WHERE id = ?",
                thinking,
                state.value,
                len(text),
                msgspec.json.encode(details or AnswerDetails()).decode(),
                number,
            )
            if there:
                self._write_text(number, text)
                self._index(number, text)

    def _write_text(self, number: int, text: str) -> None:
        """An answer's words are its first part."""
        if not self._db.write("UPDATE parts SET text = ? WHERE message = ? AND number = 0", text, number):
            self._db.write(
                "INSERT INTO parts (message, number, kind, text) SELECT id, 0, 'text', ? FROM messages WHERE id = ?",
                text,
                number,
            )

    def set_prompt(self, number: int, prompt: str | None) -> None:
        """Keep what was really sent to the model for a message (the question with its passages)."""
        self._db.write("UPDATE messages SET prompt = ? WHERE id = ?", prompt, number)

    def sign(self, number: int, model: str) -> Message:
        """Write which model an answer is from, where that was not known when it began."""
        self._db.write("UPDATE messages SET model = ? WHERE id = ?", model, number)
        return self.message(number)

    def _index(self, number: int, text: str) -> None:
        self._db.write("DELETE FROM messages_index WHERE rowid = ?", number)
        self._db.write(
            "INSERT INTO messages_index (rowid, text) VALUES (?, ?)", number, substring.search_text(text)
        )

    def settle(self) -> int:
        """Mark answers that a crash cut short; returns how many. Call it once, at the start, as the home's owner."""
        rows = self._db.rows("SELECT id FROM messages WHERE state = 'streaming'")
        for message in self.messages([row["id"] for row in rows]):
            self.finish(
                message.id,
                message.text,
                MessageState.INTERRUPTED,
                thinking=message.thinking,
                details=message.details,
            )
        return len(rows)

    # ------------------------------------------------------------ reading

    def message(self, number: int) -> Message:
        """Raises ConversationMissing."""
        found = self.messages([number])
        if not found:
            raise ConversationMissing(f"message {number}")
        return found[0]

    def messages(self, numbers: list[int]) -> list[Message]:
        """Messages by their ids, in the order of the ids; those that are not there are left out."""
        found = []
        for start in range(0, len(numbers), AT_ONCE):
            some = numbers[start : start + AT_ONCE]
            rows = self._db.rows(_MESSAGES.format(",".join("?" * len(some))), *some)
            try:
                found += [
                    _message(list(group)) for _, group in itertools.groupby(rows, lambda row: row["id"])
                ]
            except (ValueError, KeyError, TypeError, msgspec.ValidationError) as error:
                raise self._db.damaged() from error  # no message was ever written so
        return found

    def outline(self, conversation: int, leaf: int | None = None) -> list[Outline]:
        """What a branch consists of, oldest first: up to `leaf`, or the branch that is on screen."""
        rows = self._db.rows(
            "SELECT id, parent, role, size FROM messages WHERE conversation = ?", conversation
        )
        by_id = {row["id"]: row for row in rows}
        found = []
        number = self._leaf(conversation) if leaf is None else leaf
        while number is not None and number in by_id:
            row = by_id[number]
            try:
                found.append(Outline(number, Role(row["role"]), row["size"]))
            except ValueError as error:
                raise self._db.damaged() from error  # no message was ever written so
            if row["parent"] is not None and row["parent"] >= number:
                raise self._db.damaged()  # an answer is younger than its question: this would go round for ever
            number = row["parent"]
        return found[::-1]

    def branch(self, conversation: int, leaf: int | None = None) -> list[Message]:
        """The messages from the root to `leaf` (default: the branch on screen), oldest first."""
        rows = self._db.rows(
            f"{_UP} SELECT id FROM up ORDER BY depth DESC",
            self._leaf(conversation) if leaf is None else leaf,
        )
        return self.messages([row["id"] for row in rows])  # a child's id is larger than its parent's

    def places(self, conversation: int, words: str) -> list[int]:
        """The message of each place at which the words stand in the branch on screen, from the top."""
        wanted = words.casefold()
        rows = self._db.rows(
            f"{_UP} SELECT p.message, p.text FROM up JOIN parts p ON p.message = up.id"
            " WHERE p.kind = 'text' ORDER BY up.depth DESC, p.number",
            self._leaf(conversation),
        )
        return [row["message"] for row in rows for _ in range(row["text"].casefold().count(wanted))]

    def _leaf(self, conversation: int) -> int | None:
        row = self._db.row("SELECT leaf FROM conversations WHERE id = ?", conversation)
        if row is None:
            raise ConversationMissing(str(conversation))
        return row["leaf"]  # type: ignore[no-any-return]

    def siblings(self, message: Message) -> list[int]:
        """The ids of all messages with the same parent and role (an answer's versions), oldest first."""
        if message.parent is None:
            sql = "SELECT id FROM messages WHERE parent IS NULL AND conversation = ? AND role = ? ORDER BY id"
        else:
            sql = "SELECT id FROM messages WHERE parent = ? AND role = ? ORDER BY id"
        place = message.conversation if message.parent is None else message.parent
        return [row["id"] for row in self._db.rows(sql, place, message.role.value)]

    def versions(self, messages: list[Message]) -> list[Versions]:
        """The versions of each message."""
        return [Versions(message.id, tuple(self.siblings(message))) for message in messages]

    def latest_leaf(self, number: int) -> int:
        """The newest message at the end of the branch that goes through `number`."""
        row = self._db.row(
            "WITH RECURSIVE down (id) AS (SELECT ? UNION ALL"
            " SELECT (SELECT max(m.id) FROM messages m WHERE m.parent = down.id) FROM down WHERE down.id IS NOT NULL)"
            " SELECT max(id) AS id FROM down",  # a child's id is larger than its parent's
            number,
        )
        return int(row["id"]) if row is not None else number
