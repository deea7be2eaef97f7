"""The person's own prompts on disk, each as the text of its file."""

from __future__ import annotations

import time

from core.storage.database import Database


class PromptStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> dict[str, str]:
        """The definitions by id."""
        rows = self._db.rows("SELECT id, definition FROM prompts ORDER BY id")
        return {row["id"]: row["definition"] for row in rows}

    def put(self, number: str, definition: str) -> None:
        """Write a prompt, in the place of the one with its id."""
        self._db.write(
            "INSERT OR REPLACE INTO prompts (id, definition, changed) VALUES (?, ?, ?)",
            number,
            definition,
            time.time(),
        )

    def remove(self, number: str) -> None:
        """Remove a prompt, if it is there."""
        self._db.write("DELETE FROM prompts WHERE id = ?", number)
