"""Repairs a rescued database: dangling references and the indexes."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from core.chat import titles
from core.storage import fulltext, substring


@dataclass(frozen=True)
class Known:
    """What an index still knows of a message."""

    conversation: int
    parent: int | None = None
    role: str = "user"


def mend(
    new: sqlite3.Connection, known: dict[int, Known], check: Callable[[], None] = lambda: None
) -> dict[str, int]:
    """Mend what lost rows left behind; returns how many rows are known to be lost, by table."""
    lost = {"messages": _messages(new, known), "conversations": _conversations(new)}
    check()
    lost["documents"] = _documents(new)
    _references(new)
    return {table: count for table, count in lost.items() if count}


def _messages(new: sqlite3.Connection, known: dict[int, Known]) -> int:
    """Make messages again whose words are there; returns how many are gone with their words."""
    there = {number for (number,) in new.execute("SELECT id FROM messages")}
    speaking = {number for (number,) in new.execute("SELECT DISTINCT message FROM parts")}
    # Words of which not even the conversation is known go into one of their own.
    homeless = sorted(speaking - there - known.keys())
    if homeless:
        (own,) = new.execute("SELECT coalesce(max(id), 0) + 1 FROM conversations").fetchone()
        (own,) = new.execute(
            "SELECT max(?, coalesce(max(conversation), 0) + 1) FROM messages", (own,)
        ).fetchone()
        own = max([own, *(k.conversation + 1 for k in known.values())])
        known = known | {number: Known(own) for number in homeless}
    for number in sorted(speaking - there):
        of = known[number]
        new.execute(
            "INSERT INTO messages (id, conversation, parent, role, state, created) VALUES (?, ?, ?, ?, 'done',"
            " coalesce((SELECT max(created) FROM messages WHERE conversation = ?2 AND id < ?1),"
            " (SELECT created FROM conversations WHERE id = ?2), 0))",
            (number, of.conversation, of.parent, of.role),
        )
    return len(known.keys() - there - speaking)


def _conversations(new: sqlite3.Connection) -> int:
    gone = new.execute(
        "SELECT conversation, min(id), max(created) FROM messages"
        " WHERE conversation NOT IN (SELECT id FROM conversations) GROUP BY conversation"
    ).fetchall()
    for number, first, changed in gone:
        row = new.execute("SELECT text FROM parts WHERE message = ? ORDER BY number", (first,)).fetchone()
        new.execute(
            "INSERT INTO conversations (id, title, created, changed, system_prompt) VALUES (?, ?, ?, ?, '')",
            (
                number,
                titles.of(row[0]) if row is not None and row[0].strip() else f"#{number}",
                changed,
                changed,
            ),
        )
    return len(gone)


def _documents(new: sqlite3.Connection) -> int:
    """Make documents and collections again of which something is left; returns how many documents were gone."""
    gone = new.execute(
        "SELECT document, count(*) FROM pages WHERE document NOT IN (SELECT id FROM documents) GROUP BY document"
    ).fetchall()
    if gone:
        new.execute("INSERT OR IGNORE INTO collections (name, created) VALUES ('#', 0)")
        (collection,) = new.execute("SELECT id FROM collections WHERE name = '#'").fetchone()
        new.executemany(
            "INSERT INTO documents (id, collection, file, path, sha256, size, pages, state, added)"
            " VALUES (?1, ?3, '#' || ?1, '#' || ?1, '', 0, ?2, 'embedding', 0)",
            [(number, pages, collection) for number, pages in gone],
        )
    new.execute(
        "INSERT INTO collections (id, name, created) SELECT DISTINCT collection, '#' || collection, 0"
        " FROM documents WHERE collection NOT IN (SELECT id FROM collections)"
    )
    return len(gone)


def _references(new: sqlite3.Connection) -> None:
    for statement in (
        # A message follows the one before it where its own parent is gone.
        "UPDATE messages SET parent = (SELECT max(m.id) FROM messages m WHERE m.conversation = messages.conversation"
        " AND m.id < messages.id) WHERE parent NOT IN (SELECT id FROM messages) OR parent >= id",
        "UPDATE conversations SET leaf = (SELECT max(id) FROM messages WHERE conversation = conversations.id)"
        " WHERE leaf IS NULL OR leaf NOT IN (SELECT id FROM messages WHERE conversation = conversations.id)",
        "UPDATE conversations SET context_start = NULL WHERE context_start NOT IN (SELECT id FROM messages)",
        "UPDATE conversations SET project = NULL WHERE project NOT IN (SELECT id FROM projects)",
        "UPDATE conversations SET uid = lower(hex(randomblob(16))) WHERE uid = ''",
        "DELETE FROM tags WHERE conversation NOT IN (SELECT id FROM conversations)",
        "DELETE FROM passages WHERE page NOT IN (SELECT id FROM pages) OR document NOT IN (SELECT id FROM documents)",
        "DELETE FROM vectors WHERE passage NOT IN (SELECT id FROM passages)",
        # What is not complete is read again when the person adds its file again.
        "UPDATE documents SET sha256 = '' WHERE passages <> (SELECT count(*) FROM passages WHERE document = documents.id)"
        " OR pages > (SELECT count(*) FROM pages WHERE document = documents.id)",
        "UPDATE documents SET passages = (SELECT count(*) FROM passages WHERE document = documents.id)",
        # The next start goes on with the vectors that are missing.
        "UPDATE documents SET state = 'embedding' WHERE id IN (SELECT document FROM passages"
        " WHERE id NOT IN (SELECT passage FROM vectors))",
    ):
        new.execute(statement)
    for table, row, _, _ in new.execute("PRAGMA foreign_key_check").fetchall():
        new.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (row,))


def index(new: sqlite3.Connection, check: Callable[[], None] = lambda: None) -> None:
    """Build the full-text indexes anew."""
    for table in ("messages_index", "titles_index", "passages_index"):
        new.execute(f"DELETE FROM {table}")
    new.execute("INSERT INTO titles_index (rowid, text) SELECT id, search_text(title) FROM conversations")
    words = new.execute(
        "SELECT p.message, p.text FROM parts p JOIN messages m ON m.id = p.message"
        " WHERE p.kind = 'text' AND m.state <> 'streaming' ORDER BY p.message, p.number"
    )
    number, texts = None, []
    for message, text in itertools.chain(words, [(None, "")]):
        if message != number and number is not None:
            check()
            _add(new, "messages_index", "text", number, substring.search_text("\n\n".join(texts)))
            texts = []
        number = message
        texts.append(text)
    passages = new.execute(
        "SELECT s.id, s.section || ' ' || s.header || ' ' || substr(p.text, s.start + 1, s.\"end\" - s.start)"
        " FROM passages s JOIN pages p ON p.id = s.page"
    )
    for number, text in passages:
        check()
        _add(new, "passages_index", "tokens", number, fulltext.tokens(text))


def _add(new: sqlite3.Connection, table: str, column: str, number: int, text: str) -> None:
    new.execute(f"INSERT INTO {table} (rowid, {column}) VALUES (?, ?)", (number, text))
