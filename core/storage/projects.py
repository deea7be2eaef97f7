"""Projects on disk, with what is to be remembered in each and everywhere, and the tags of conversations."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from core.chat.conversation import Fact, Project
from core.errors import ProjectMissing, ProjectNameTaken
from core.storage.database import Database

_COLUMNS = "id, name, instructions, collection, model"


class ProjectStore:
    """Reads and writes projects, facts and tags. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def projects(self) -> list[Project]:
        """All projects by name."""
        return [_project(row) for row in self._db.rows(f"SELECT {_COLUMNS} FROM projects ORDER BY name")]

    def get(self, project: int) -> Project:
        """Raises ProjectMissing."""
        row = self._db.row(f"SELECT {_COLUMNS} FROM projects WHERE id = ?", project)
        if row is None:
            raise ProjectMissing(str(project))
        return _project(row)

    def named(self, name: str) -> Project | None:
        """The project of this name, if there is one."""
        row = self._db.row(f"SELECT {_COLUMNS} FROM projects WHERE name = ?", name)
        return _project(row) if row is not None else None

    def create(self, name: str) -> Project:
        """Make a project. Raises ProjectNameTaken."""
        with self._db.transaction():
            if self.named(name) is not None:
                raise ProjectNameTaken(name)
            return self.get(
                self._db.write("INSERT INTO projects (name, created) VALUES (?, ?)", name, time.time())
            )

    def change(self, project: int, **values: Any) -> Project:
        """Set name, instructions, collection or model. Raises ProjectMissing, ProjectNameTaken."""
        if not values.keys() <= {"name", "instructions", "collection", "model"}:
            raise KeyError(values.keys())
        with self._db.transaction():
            old = self.get(project)
            if "name" in values and values["name"] != old.name and self.named(values["name"]) is not None:
                raise ProjectNameTaken(values["name"])
            assignments = ", ".join(f"{name} = ?" for name in values)
            self._db.write(f"UPDATE projects SET {assignments} WHERE id = ?", *values.values(), project)
            return self.get(project)

    def save(self, project: int | None, values: dict[str, str], facts: list[str]) -> Project:
        """Make (None) or change a project together with all that is remembered in it.

        Raises ProjectMissing, ProjectNameTaken; then nothing is changed."""
        with self._db.transaction():
            number = self.create(values["name"]).id if project is None else project
            changed = self.change(number, **values)
            self.set_facts(number, facts)
            return changed

    def remove(self, project: int) -> None:
        """Remove a project and what is remembered in it; its conversations stay, in none."""
        self._db.write("DELETE FROM projects WHERE id = ?", project)

    # ------------------------------------------------------------ what is remembered

    def facts(self, project: int | None) -> list[Fact]:
        """What is remembered in a project, or everywhere (None), in the order of its coming."""
        rows = self._db.rows("SELECT id, project, text FROM facts WHERE project IS ? ORDER BY id", project)
        return [Fact(**dict(row)) for row in rows]

    def add_fact(self, project: int | None, text: str) -> Fact:
        """Remember something."""
        number = self._db.write(
            "INSERT INTO facts (project, text, created) VALUES (?, ?, ?)", project, text, time.time()
        )
        return Fact(number, project, text)

    def change_fact(self, fact: int, text: str) -> None:
        """Put what is remembered in other words; '' forgets it."""
        if text:
            self._db.write("UPDATE facts SET text = ? WHERE id = ?", text, fact)
        else:
            self._db.write("DELETE FROM facts WHERE id = ?", fact)

    def set_facts(self, project: int | None, texts: list[str]) -> None:
        """Let exactly these be remembered; what stays the same stays as it was."""
        with self._db.transaction():
            known = {fact.text: fact for fact in self.facts(project)}
            for fact in known.values():
                if fact.text not in texts:
                    self.change_fact(fact.id, "")
            for text in dict.fromkeys(texts):
                if text not in known:
                    self.add_fact(project, text)

    # ------------------------------------------------------------ tags

    def tags(self) -> list[str]:
        """All tags that are in use."""
        return [row["tag"] for row in self._db.rows("SELECT DISTINCT tag FROM tags ORDER BY tag")]

    def tags_of(self, conversation: int) -> list[str]:
        """The tags of a conversation."""
        rows = self._db.rows("SELECT tag FROM tags WHERE conversation = ? ORDER BY tag", conversation)
        return [row["tag"] for row in rows]

    def set_tags(self, conversation: int, tags: list[str]) -> None:
        """Let a conversation have these tags and no others."""
        with self._db.transaction():
            self._db.write("DELETE FROM tags WHERE conversation = ?", conversation)
            self._db.write_many(
                "INSERT INTO tags (conversation, tag) VALUES (?, ?)",
                [(conversation, tag) for tag in dict.fromkeys(tags)],
            )


def _project(row: sqlite3.Row) -> Project:
    return Project(**dict(row))
