"""Conversations on disk: trees of messages. What is shown as sent is written first.

An answer is a row from its first moment, in state 'streaming'; its text is saved as it grows. What
a crash left 'streaming' is settled as 'interrupted' at the next start (`settle`).
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from core.chat.conversation import Conversation, Message, MessageState, Role
from core.errors import ConversationMissing
from core.storage import fulltext
from core.storage.database import Database


def _message(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        conversation=row["conversation"],
        parent=row["parent"],
        role=Role(row["role"]),
        text=row["text"],
        prompt=row["prompt"],
        thinking=row["thinking"],
        state=MessageState(row["state"]),
        created=row["created"],
        model=row["model"],
        details=json.loads(row["details"]),
    )


def _conversation(row: sqlite3.Row) -> Conversation:
    return Conversation(
        id=row["id"],
        title=row["title"],
        folder=row["folder"],
        pinned=bool(row["pinned"]),
        created=row["created"],
        changed=row["changed"],
        system_prompt=row["system_prompt"],
        collection=row["collection"],
        model=row["model"],
        leaf=row["leaf"],
        context_start=row["context_start"],
    )


class ConversationStore:
    """Reads and writes conversations. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # ------------------------------------------------------------ conversations

    def create(
        self, title: str, system_prompt: str, *, model: str = "", collection: str = ""
    ) -> Conversation:
        """Start an empty conversation."""
        now = time.time()
        number = self._db.write(
            "INSERT INTO conversations (title, created, changed, system_prompt, model, collection) VALUES (?,?,?,?,?,?)",
            title,
            now,
            now,
            system_prompt,
            model,
            collection,
        )
        return self.get(number)

    def get(self, conversation: int) -> Conversation:
        """Raises ConversationMissing."""
        row = self._db.row("SELECT * FROM conversations WHERE id = ?", conversation)
        if row is None:
            raise ConversationMissing(str(conversation))
        return _conversation(row)

    def all(self) -> list[Conversation]:
        """All conversations, the pinned first, then the latest changed."""
        rows = self._db.rows("SELECT * FROM conversations ORDER BY pinned DESC, changed DESC, id DESC")
        return [_conversation(row) for row in rows]

    def change(self, conversation: int, **values: Any) -> None:
        """Set title, folder, pinned, collection, model, leaf or context_start."""
        allowed = {"title", "folder", "pinned", "collection", "model", "leaf", "context_start"}
        if not values.keys() <= allowed:
            raise KeyError(values.keys() - allowed)
        assignments = ", ".join(f"{name} = ?" for name in values)
        self._db.write(f"UPDATE conversations SET {assignments} WHERE id = ?", *values.values(), conversation)

    def delete(self, conversation: int) -> None:
        """Remove a conversation with all its messages."""
        with self._db.transaction():
            self._db.write(
                "DELETE FROM messages_index WHERE rowid IN (SELECT id FROM messages WHERE conversation = ?)",
                conversation,
            )
            self._db.write("DELETE FROM conversations WHERE id = ?", conversation)

    def search(self, text: str, limit: int = 50) -> list[tuple[Conversation, Message]]:
        """Conversations with a message that holds every word of `text`, the best message of each, best first."""
        query = fulltext.query_all(text)
        if not query:
            return []
        rows = self._db.rows(
            "SELECT m.* FROM messages_index i JOIN messages m ON m.id = i.rowid"
            " WHERE messages_index MATCH ? ORDER BY bm25(messages_index), m.id DESC LIMIT ?",
            query,
            limit * 4,
        )
        best: dict[int, Message] = {}
        for row in rows:
            best.setdefault(row["conversation"], _message(row))
        return [(self.get(number), message) for number, message in list(best.items())[:limit]]

    # ------------------------------------------------------------ messages

    def add(
        self,
        conversation: int,
        role: Role,
        text: str,
        *,
        parent: int | None,
        prompt: str | None = None,
        state: MessageState = MessageState.DONE,
        model: str = "",
    ) -> Message:
        """Append a message below `parent`; it becomes the leaf that is on screen."""
        now = time.time()
        with self._db.transaction():
            number = self._db.write(
                "INSERT INTO messages (conversation, parent, role, text, prompt, state, created, model)"
                " VALUES (?,?,?,?,?,?,?,?)",
                conversation,
                parent,
                role.value,
                text,
                prompt,
                state.value,
                now,
                model,
            )
            self._db.write(
                "UPDATE conversations SET leaf = ?, changed = ? WHERE id = ?", number, now, conversation
            )
            if state is not MessageState.STREAMING:
                self._index(number, text)
        return self.message(number)

    def message(self, number: int) -> Message:
        row = self._db.row("SELECT * FROM messages WHERE id = ?", number)
        if row is None:
            raise ConversationMissing(f"message {number}")
        return _message(row)

    def save_stream(self, number: int, text: str, thinking: str) -> None:
        """Write what an answer has so far."""
        self._db.write("UPDATE messages SET text = ?, thinking = ? WHERE id = ?", text, thinking, number)

    def finish(
        self,
        number: int,
        text: str,
        state: MessageState,
        *,
        thinking: str = "",
        details: dict[str, Any] | None = None,
    ) -> None:
        """Write an answer's final text and state."""
        with self._db.transaction():
            self._db.write(
                "UPDATE messages SET text = ?, thinking = ?, state = ?, details = ? WHERE id = ?",
                text,
                thinking,
                state.value,
                json.dumps(details or {}, ensure_ascii=False),
                number,
            )
            self._index(number, text)

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
            "INSERT INTO messages_index (rowid, tokens) VALUES (?, ?)", number, fulltext.tokens(text)
        )

    def branch(self, conversation: int, leaf: int | None = None) -> list[Message]:
        """The messages from the root to `leaf` (default: the branch on screen), oldest first."""
        if leaf is None:
            leaf = self.get(conversation).leaf
        rows = self._db.rows(
            "WITH RECURSIVE up (id, depth) AS (SELECT ?, 0 UNION ALL"
            " SELECT m.parent, up.depth + 1 FROM messages m JOIN up ON m.id = up.id WHERE m.parent IS NOT NULL)"
            " SELECT m.* FROM messages m JOIN up ON m.id = up.id ORDER BY up.depth DESC",
            leaf,
        )
        return [_message(row) for row in rows]

    def siblings(self, message: Message) -> list[int]:
        """The ids of all messages with the same parent and role (an answer's versions), oldest first."""
        rows = self._db.rows(
            "SELECT id FROM messages WHERE conversation = ? AND parent IS ? AND role = ? ORDER BY id",
            message.conversation,
            message.parent,
            message.role.value,
        )
        return [row["id"] for row in rows]

    def latest_leaf(self, number: int) -> int:
        """The newest message at the end of the branch that goes through `number`."""
        while True:
            row = self._db.row("SELECT max(id) AS id FROM messages WHERE parent = ?", number)
            if row is None or row["id"] is None:
                return number
            number = row["id"]

    def settle(self) -> int:
        """Mark answers that a crash cut short; returns how many. Call it once, at the start, as the home's owner."""
        rows = self._db.rows("SELECT id, text, thinking FROM messages WHERE state = 'streaming'")
        for row in rows:
            self.finish(row["id"], row["text"], MessageState.INTERRUPTED, thinking=row["thinking"])
        return len(rows)
