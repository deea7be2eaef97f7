"""The person's own prompts and assistants on disk, each as the text of its file."""

from __future__ import annotations

import time
from typing import ClassVar

from core.storage.database import Database


class _Definitions:
    """Texts by their ids. Every method is one transaction."""

    table: ClassVar[str]

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> dict[str, str]:
        """The definitions by id."""
        rows = self._db.rows(f"SELECT id, definition FROM {self.table} ORDER BY id")
        return {row["id"]: row["definition"] for row in rows}

    def put(self, number: str, definition: str) -> None:
        """Write one, in the place of the one with its id."""
        self._db.write(
            f"INSERT OR REPLACE INTO {self.table} (id, definition, changed) VALUES (?, ?, ?)",
            number,
            definition,
            time.time(),
        )

    def remove(self, number: str) -> None:
        """Remove one, if it is there."""
        self._db.write(f"DELETE FROM {self.table} WHERE id = ?", number)


class PromptStore(_Definitions):
    """Prompts (docs/prompts.md)."""

    table = "prompts"


class AssistantStore(_Definitions):
    """Assistants (docs/assistants.md)."""

    table = "assistants"
