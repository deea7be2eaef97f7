"""What a home holds, table by table, as digests that are the same before and after a migration. Plain SQL, no code of ours."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

# What version 0.1 kept. `vectors` and the rest have the same form in all versions so far.
_SAME = {
    "collections": "SELECT id, name, created FROM collections ORDER BY id",
    "documents": "SELECT id, collection, file, path, sha256, size, pages, state, added FROM documents ORDER BY id",
    "pages": "SELECT id, document, number, text FROM pages ORDER BY id",
    "passages": 'SELECT id, document, page, start, "end", section FROM passages ORDER BY id',
    "vectors": "SELECT passage, embedder, vector FROM vectors ORDER BY passage, embedder",
}
_OLD = {
    "conversations": "SELECT id, title, folder, pinned, created, changed, system_prompt, collection, model, leaf,"
    " context_start FROM conversations ORDER BY id",
    "messages": "SELECT id, conversation, parent, role, text, prompt, thinking, state, created, model, details"
    " FROM messages ORDER BY id",
}
_NEW = {
    "conversations": "SELECT c.id, title, coalesce(p.name, ''), pinned, c.created, changed, system_prompt, c.collection,"
    " c.model, leaf, context_start FROM conversations c LEFT JOIN projects p ON p.id = c.project ORDER BY c.id",
    "messages": "SELECT m.id, conversation, parent, role, (SELECT group_concat(p.text, '') FROM parts p"
    " WHERE p.message = m.id), prompt, thinking, state, created, model, details FROM messages m ORDER BY m.id",
}


def digests(path: Path) -> dict[str, str]:
    """A digest of each table's content, for a database of any version."""
    connection = sqlite3.connect(path)
    try:
        tables = (_OLD if version(connection) == 1 else _NEW) | _SAME
        found = {}
        for table, sql in tables.items():
            digest = hashlib.sha256()
            for row in connection.execute(sql):
                digest.update(repr(row).encode())
            found[table] = digest.hexdigest()
        return found
    finally:
        connection.close()


def version(connection: sqlite3.Connection) -> int:
    """The version of an open database."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def faults(path: Path) -> list[str]:
    """What SQLite finds wrong with a database of today, its indexes for searching included."""
    connection = sqlite3.connect(path, isolation_level=None)
    found = []
    try:
        found += [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        found += [str(row) for row in connection.execute("PRAGMA foreign_key_check")]
        for index, table in (("messages_index", "messages"), ("titles_index", "conversations")):
            connection.execute(f"INSERT INTO {index} ({index}) VALUES ('integrity-check')")
            missing = connection.execute(
                f"SELECT count(*) FROM {table} WHERE id NOT IN (SELECT rowid FROM {index})"
                + (" AND state <> 'streaming'" if table == "messages" else "")
            ).fetchone()[0]
            if missing:
                found.append(f"{missing} rows of {table} are not in {index}")
    except sqlite3.DatabaseError as error:
        found.append(str(error))
    finally:
        connection.close()
    return found
