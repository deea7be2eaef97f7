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
    Stretch,
    Text,
    Versions,
)
from core.errors import ConversationMissing
from core.storage import substring
from core.storage.database import Database

log = logging.getLogger(__name__)

BEGINNING = 120  # characters of a message that a map of branches shows
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


# And from a message down to all that follows it.
_DOWN = (
    "WITH RECURSIVE down (id) AS (SELECT ? UNION ALL"
    " SELECT m.id FROM down JOIN messages m ON m.parent = down.id)"
)


def _part(row: sqlite3.Row) -> Part:
    if row["kind"] == Text.__struct_config__.tag:
        return Text(row["text"])
    values = {**json.loads(row["data"]), "type": row["kind"], "text": row["text"]}
    part: Part = msgspec.convert(values, Part)
    return part


def columns(part: Part) -> tuple[str, str, str]:
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
                [(number, i, *columns(part)) for i, part in enumerate(parts)],
            )
            self._db.write("UPDATE conversations SET leaf = ? WHERE id = ?", number, conversation)
            message = self.message(number)
            if state is not MessageState.STREAMING:
                self._index(number, message.text)
            return message

    def copy(self, message: Message, conversation: int, parent: int | None) -> int:
        """Write a message once more, in another conversation; returns its id there."""
        new = self.add(
            conversation,
            message.role,
            message.parts,
            parent=parent,
            prompt=message.prompt,
            model=message.model,
        )
        if message.role is Role.ASSISTANT:
            self.finish(
                new.id, message.text, message.state, thinking=message.thinking, details=message.details
            )
        return new.id

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

    # ------------------------------------------------------------ deleting

    def hide_message(self, number: int) -> float:
        """Delete a message with all that follows it; returns what `restore_message` wants. It is off the branch on screen
        then, which ends at the newest of its other versions, or where it was. Raises ConversationMissing."""
        message, at = self.message(number), time.time()
        with self._db.transaction():
            self._db.write(
                f"{_DOWN} UPDATE messages SET deleted = ? WHERE id IN (SELECT id FROM down) AND deleted IS NULL",
                number,
                at,
            )
            others = self.siblings(message)
            leaf = self.latest_leaf(others[-1]) if others else message.parent
            shown = self._leaf(message.conversation)
            gone = shown is not None and not self._db.row(
                "SELECT 1 FROM messages WHERE id = ? AND deleted IS NULL", shown
            )
            if gone:
                self._db.write("UPDATE conversations SET leaf = ? WHERE id = ?", leaf, message.conversation)
        return at

    def restore_message(self, number: int, at: float) -> None:
        """Bring back a message that was deleted `at`, and show it. Raises ConversationMissing if it is gone for good."""
        message = self.message(number)
        with self._db.transaction():
            self._db.write(
                f"{_DOWN} UPDATE messages SET deleted = NULL WHERE id IN (SELECT id FROM down) AND deleted = ?",
                number,
                at,
            )
            self._db.write(
                "UPDATE conversations SET leaf = ? WHERE id = ?",
                self.latest_leaf(number),
                message.conversation,
            )

    def deleted_messages(self) -> bool:
        """Whether there are deleted messages that are still to be removed."""
        return self._db.row("SELECT 1 FROM messages WHERE deleted IS NOT NULL LIMIT 1") is not None

    def purge_messages(self, before: float) -> bool:
        """Remove for good some of the messages that were deleted before then; whether there are more."""
        with self._db.transaction():
            # The newest first: no message goes before its answers, so nothing cascades a thousand levels deep.
            last = [
                (row["id"],)
                for row in self._db.rows(
                    "SELECT id FROM messages WHERE deleted < ? ORDER BY +id DESC LIMIT ?", before, AT_ONCE
                )
            ]
            self._db.write_many("DELETE FROM messages_index WHERE rowid = ?", last)
            self._db.write_many("DELETE FROM messages WHERE id = ?", last)
        return len(last) == AT_ONCE

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
            sql = (
                "SELECT id FROM messages WHERE parent IS NULL AND conversation = ? AND role = ?"
                " AND deleted IS NULL ORDER BY id"
            )
        else:
            sql = "SELECT id FROM messages WHERE parent = ? AND role = ? AND deleted IS NULL ORDER BY id"
        place = message.conversation if message.parent is None else message.parent
        return [row["id"] for row in self._db.rows(sql, place, message.role.value)]

    def versions(self, messages: list[Message]) -> list[Versions]:
        """The versions of each message."""
        return [Versions(message.id, tuple(self.siblings(message))) for message in messages]

    def stretches(self, conversation: int) -> list[Stretch]:
        """A conversation's tree: its messages between one fork and the next, each followed by those that leave at its end."""
        rows = self._db.rows(
            "SELECT id, parent, role, deleted FROM messages WHERE conversation = ? ORDER BY id", conversation
        )
        children: dict[int | None, list[int]] = {}
        for row in rows:
            if row["deleted"] is None:
                children.setdefault(row["parent"], []).append(row["id"])
        shown = {entry.id for entry in self.outline(conversation)}
        found: list[tuple[int, int, int, int]] = []  # first message, last, depth, how many
        waiting = [(number, 0) for number in reversed(children.get(None, []))]
        while waiting:
            first, depth = waiting.pop()
            last, count = first, 1
            while len(after := children.get(last, [])) == 1:
                last, count = after[0], count + 1
            found.append((first, last, depth, count))
            waiting += [(number, depth + 1) for number in reversed(after)]
        texts = self._beginnings([first for first, *_ in found])
        return [
            Stretch(first, last, depth, count, *texts.get(first, (Role.USER, "")), last in shown)
            for first, last, depth, count in found
        ]

    def _beginnings(self, numbers: list[int]) -> dict[int, tuple[Role, str]]:
        found = {}
        for start in range(0, len(numbers), AT_ONCE):
            some = numbers[start : start + AT_ONCE]
            rows = self._db.rows(
                "SELECT m.id, m.role, substr(p.text, 1, ?) AS text FROM messages m LEFT JOIN parts p"
                f" ON p.message = m.id AND p.number = 0 WHERE m.id IN ({','.join('?' * len(some))})",
                BEGINNING,
                *some,
            )
            found.update({row["id"]: (Role(row["role"]), row["text"] or "") for row in rows})
        return found

    def latest_leaf(self, number: int) -> int:
        """The newest message at the end of the branch that goes through `number`."""
        row = self._db.row(
            "WITH RECURSIVE down (id) AS (SELECT ? UNION ALL"
            " SELECT (SELECT max(m.id) FROM messages m WHERE m.parent = down.id AND m.deleted IS NULL)"
            " FROM down WHERE down.id IS NOT NULL)"
            " SELECT max(id) AS id FROM down",  # a child's id is larger than its parent's
            number,
        )
        return int(row["id"]) if row is not None else number
