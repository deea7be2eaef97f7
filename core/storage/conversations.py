"""Conversations on disk: their rows, lists of them, search, and how they are deleted.

A deleted conversation is hidden at once and can be brought back for a while; `purge` then removes its rows a few at a
time, so that nobody waits for a long transaction. Their messages are read and written by core/storage/messages.py.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from core.chat.conversation import Attached, Conversation, Image, Message, Queued
from core.chat.draft import Draft
from core.errors import ConversationMissing
from core.storage import substring
from core.storage.database import Database
from core.storage.messages import MessageStore

log = logging.getLogger(__name__)

STANDINGS = (
    "SELECT c.id, c.uid, c.title, c.changed, c.leaf, coalesce(m.state, '') AS state, coalesce(m.size, 0) AS size"
    " FROM conversations c LEFT JOIN messages m ON m.id = c.leaf WHERE c.deleted IS NULL ORDER BY c.id"
)
PURGED_AT_ONCE = 200  # messages in one transaction


@dataclass(frozen=True)
class Place:
    """Where a page of the list ends; the next one begins behind it."""

    pinned: bool
    changed: float
    id: int


@dataclass(frozen=True)
class Standing:
    """What tells whether a conversation has changed."""

    id: int
    uid: str
    title: str
    changed: float
    leaf: int | None  # the last message on screen, with its state and its length
    state: str
    size: int


def _conversation(row: sqlite3.Row) -> Conversation:
    values = dict(row)
    return Conversation(**values | {"pinned": bool(values["pinned"]), "archived": bool(values["archived"])})


class ConversationStore(MessageStore):
    """Reads and writes conversations and their messages. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)

    # ------------------------------------------------------------ one conversation

    def create(
        self,
        title: str,
        system_prompt: str,
        *,
        model: str = "",
        collection: str = "",
        project: int | None = None,
        assistant: str = "",
    ) -> Conversation:
        """Start an empty conversation."""
        with self._db.transaction():
            now = self._now()
            number = self._db.write(
                "INSERT INTO conversations (title, created, changed, system_prompt, model, collection, project, assistant, uid)"
                " VALUES (?,?,?,?,?,?,?,?,?)",
                title,
                now,
                now,
                system_prompt,
                model,
                collection,
                project,
                assistant,
                secrets.token_hex(16),
            )
            self._index_title(number, title)
            return self.get(number)

    def get(self, conversation: int) -> Conversation:
        """One that was deleted is there until it is purged. Raises ConversationMissing."""
        row = self._db.row("SELECT * FROM conversations WHERE id = ?", conversation)
        if row is None:
            raise ConversationMissing(str(conversation))
        return _conversation(row)

    def change(self, conversation: int, **values: Any) -> Conversation:
        """Set title, project, pinned, archived, collection, model, leaf, context_start or summary. Raises ConversationMissing."""
        allowed = {
            "title",
            "project",
            "pinned",
            "archived",
            "collection",
            "model",
            "leaf",
            "context_start",
            "summary",
        }
        if not values.keys() <= allowed:
            raise KeyError(values.keys() - allowed)
        assignments = ", ".join(f"{name} = ?" for name in values)
        with self._db.transaction():
            self._db.write(
                f"UPDATE conversations SET {assignments} WHERE id = ?", *values.values(), conversation
            )
            if "title" in values:
                self._index_title(conversation, values["title"])
            return self.get(conversation)

    def _index_title(self, conversation: int, title: str) -> None:
        self._db.write("DELETE FROM titles_index WHERE rowid = ?", conversation)
        self._db.write(
            "INSERT INTO titles_index (rowid, text) VALUES (?, ?)", conversation, substring.search_text(title)
        )

    # ------------------------------------------------------------ lists

    def page(
        self,
        after: Place | None = None,
        limit: int = 100,
        *,
        archived: bool = False,
        project: int | None = None,
    ) -> list[Conversation]:
        """The next conversations behind `after`: the pinned first, then the latest changed."""
        where = "deleted IS NULL AND archived = ?"
        values: list[Any] = [int(archived)]
        if project is not None:
            where += " AND project = ?"
            values.append(project)
        if after is not None:
            where += " AND (pinned, changed, id) < (?, ?, ?)"
            values += [int(after.pinned), after.changed, after.id]
        rows = self._db.rows(
            f"SELECT * FROM conversations WHERE {where} ORDER BY pinned DESC, changed DESC, id DESC LIMIT ?",
            *values,
            limit,
        )
        return [_conversation(row) for row in rows]

    def all(self, *, archived: bool = False) -> Iterator[Conversation]:
        """All conversations in the order of `page`, read page by page."""
        after = None
        while found := self.page(after, archived=archived):
            yield from found
            after = place_of(found[-1])

    def ids(self) -> list[int]:
        """The ids of all conversations, deleted ones that are not purged yet too."""
        return [row["id"] for row in self._db.rows("SELECT id FROM conversations")]

    def any(self) -> bool:
        """Whether there is a conversation, archived or not."""
        row = self._db.row("SELECT 1 FROM conversations WHERE deleted IS NULL LIMIT 1")
        return row is not None

    def search(self, text: str, limit: int = 50) -> list[tuple[Conversation, Message | None]]:
        """Conversations with a message or a title in which every word of `text` occurs, as a piece of a word too.

        Those found by their title come first (with None), then those with the newest message (with that message).
        """
        query = substring.query(text)
        if not query:
            return []
        titled = self._db.rows(
            "SELECT c.* FROM titles_index i JOIN conversations c ON c.id = i.rowid"
            " WHERE titles_index MATCH ? AND c.deleted IS NULL ORDER BY i.rowid DESC LIMIT ?",
            query,
            limit,
        )
        found: dict[int, int | None] = {row["id"]: None for row in titled}
        hits = self._db.each(
            "SELECT m.id, m.conversation FROM messages_index i JOIN messages m ON m.id = i.rowid"
            " JOIN conversations c ON c.id = m.conversation"
            " WHERE messages_index MATCH ? AND c.deleted IS NULL AND m.deleted IS NULL ORDER BY i.rowid DESC",
            query,
        )
        with contextlib.closing(hits):
            for hit in hits:
                if len(found) >= limit:
                    break
                found.setdefault(hit["conversation"], hit["id"])
        messages = {m.id: m for m in self.messages([n for n in found.values() if n is not None])}
        return [(self.get(number), messages[m] if m is not None else None) for number, m in found.items()]

    def tagged(self, tag: str, limit: int = 200) -> list[Conversation]:
        """The conversations with this tag, archived ones too, the latest changed first."""
        rows = self._db.rows(
            "SELECT c.* FROM tags t JOIN conversations c ON c.id = t.conversation"
            " WHERE t.tag = ? AND c.deleted IS NULL ORDER BY c.changed DESC LIMIT ?",
            tag,
            limit,
        )
        return [_conversation(row) for row in rows]

    # ------------------------------------------------------------ deleting

    def hide(self, conversation: int) -> None:
        """Delete a conversation: no list and no search shows it any more, and `purge` may remove it."""
        self._db.write("UPDATE conversations SET deleted = ? WHERE id = ?", time.time(), conversation)

    def restore(self, conversation: int) -> Conversation:
        """Bring a deleted conversation back. Raises ConversationMissing if it was purged."""
        self._db.write("UPDATE conversations SET deleted = NULL WHERE id = ?", conversation)
        return self.get(conversation)

    def deleted(self) -> list[int]:
        """The conversations that are hidden and not yet purged, the longest hidden first."""
        rows = self._db.rows("SELECT id FROM conversations WHERE deleted IS NOT NULL ORDER BY deleted")
        return [row["id"] for row in rows]

    def purge(self, conversation: int) -> bool:
        """Remove some of what is left of a deleted conversation; whether there is more. One not deleted is left alone."""
        with self._db.transaction():
            row = self._db.row("SELECT deleted FROM conversations WHERE id = ?", conversation)
            if row is None or row["deleted"] is None:
                return False
            # The newest first: no message goes before its answers, so nothing cascades a thousand levels deep.
            last = [
                (found["id"],)
                for found in self._db.rows(
                    "SELECT id FROM messages WHERE conversation = ? ORDER BY id DESC LIMIT ?",
                    conversation,
                    PURGED_AT_ONCE,
                )
            ]
            self._db.write_many("DELETE FROM messages_index WHERE rowid = ?", last)
            self._db.write_many("DELETE FROM messages WHERE id = ?", last)
            if len(last) == PURGED_AT_ONCE:
                return True
            self._db.write("DELETE FROM titles_index WHERE rowid = ?", conversation)
            self._db.write("DELETE FROM drafts WHERE conversation = ?", conversation)
            self._db.write("DELETE FROM conversations WHERE id = ?", conversation)
            return False

    # ------------------------------------------------------------ messages that wait

    def enqueue(self, conversation: int, text: str, attached: Sequence[Attached] = ()) -> int:
        """Let a message wait behind those that wait there already; returns its id. Raises ConversationMissing."""
        self.get(conversation)
        return self._db.write(
            "INSERT INTO queued (conversation, text, attached) VALUES (?, ?, ?)",
            conversation,
            text,
            _kept(attached),
        )

    def queued(self, conversation: int) -> list[Queued]:
        """The messages that wait there, in the order in which they are sent."""
        rows = self._db.rows(
            "SELECT id, text, attached FROM queued WHERE conversation = ? ORDER BY id", conversation
        )
        return [Queued(row["id"], row["text"], _attached(row["attached"])) for row in rows]

    def change_queued(self, number: int, text: str) -> None:
        """Put a message that waits in other words."""
        self._db.write("UPDATE queued SET text = ? WHERE id = ?", text, number)

    def drop_queued(self, number: int) -> None:
        """Take out a message that waits."""
        self._db.write("DELETE FROM queued WHERE id = ?", number)

    # ------------------------------------------------------------ drafts

    def draft(self, conversation: int) -> Draft:
        """What was being written there and is not sent; of a new conversation: 0."""
        row = self._db.row("SELECT text, attached FROM drafts WHERE conversation = ?", conversation)
        return Draft(row["text"], _attached(row["attached"])) if row is not None else Draft()

    def save_draft(self, conversation: int, draft: Draft) -> None:
        """Keep what is being written; nothing forgets it."""
        if draft:
            self._db.write(
                "INSERT OR REPLACE INTO drafts (conversation, text, attached, changed) VALUES (?, ?, ?, ?)",
                conversation,
                draft.text,
                _kept(draft.attached),
                time.time(),
            )
        else:
            self._db.write("DELETE FROM drafts WHERE conversation = ?", conversation)

    def standings(self) -> list[Standing]:
        """How each conversation stands that is not deleted."""
        rows = self._db.rows(STANDINGS)
        return [Standing(**dict(row)) for row in rows]

    def pictures(self) -> set[str]:
        """The hashes of all pictures that hang on messages, also on those that wait or are being written."""
        rows = self._db.rows("SELECT data FROM parts WHERE kind = 'image'")
        found = {json.loads(row["data"])["sha256"] for row in rows}
        for row in self._db.rows(
            "SELECT attached FROM drafts WHERE attached <> '[]' UNION ALL"
            " SELECT attached FROM queued WHERE attached <> '[]'"
        ):
            found |= {one.sha256 for one in _attached(row["attached"]) if isinstance(one, Image)}
        return found

    def questions(self, limit: int = 100) -> list[str]:
        """What the person asked last, in whatever conversation, in the order of asking."""
        rows = self._db.rows(
            "SELECT id FROM messages WHERE role = 'user' AND deleted IS NULL ORDER BY id DESC LIMIT ?",
            limit,
        )
        return [message.text for message in self.messages([row["id"] for row in rows])]


def place_of(conversation: Conversation) -> Place:
    """Where a conversation stands in the list."""
    return Place(conversation.pinned, conversation.changed, conversation.id)


def _kept(attached: Sequence[Attached]) -> str:
    return msgspec.json.encode(list(attached)).decode()


def _attached(text: str) -> tuple[Attached, ...]:
    try:
        return msgspec.json.decode(text, type=tuple[Attached, ...])
    except msgspec.DecodeError:
        log.warning("what hangs on a message cannot be read", exc_info=True)
        return ()
