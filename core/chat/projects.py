"""Projects, and what is remembered in them: what both front ends do with them, told as events.

What a project says, and what is remembered, becomes part of a conversation's instruction when it begins, and stays so: a
prompt that changes is read again from its beginning. Changes count for conversations that begin after them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.chat import titles
from core.chat.conversation import Fact, Project
from core.events import Event, Events
from core.storage.projects import ProjectStore

if TYPE_CHECKING:
    from core.settings import SettingsFile

REMEMBERED = "What the person wants you to keep in mind:"
CHARACTERS_PER_TOKEN = 2  # on the careful side: Japanese has about one and a half, English four
TAG_LENGTH = 40  # characters
FACT_LENGTH = 500  # characters of one


@dataclass(frozen=True)
class ProjectsChanged(Event):
    """Projects are others now, or what one of them says."""


@dataclass(frozen=True)
class MemoryChanged(Event):
    """Something else is remembered now, in a project or everywhere (None)."""

    project: int | None


class Projects:
    """Any thread may call."""

    def __init__(self, store: ProjectStore, settings: SettingsFile, events: Events) -> None:
        self.store = store
        self._settings = settings
        self._events = events

    def create(self, name: str) -> Project:
        """Make a project. Raises ProjectNameTaken."""
        project = self.store.create(titles.clip(name))
        self._events.publish(ProjectsChanged())
        return project

    def change(self, project: int, **values: Any) -> Project:
        """Set its name, instructions, collection or model. Raises ProjectMissing, ProjectNameTaken."""
        if "name" in values:
            values["name"] = titles.clip(values["name"])
        changed = self.store.change(project, **values)
        self._events.publish(ProjectsChanged())
        return changed

    def save(self, project: int | None, values: dict[str, str], lines: list[str]) -> Project:
        """Make (None) or change a project with all that is remembered in it, a line each, in one step.

        Raises ProjectMissing, ProjectNameTaken; then nothing is changed."""
        saved = self.store.save(project, values | {"name": titles.clip(values["name"])}, _facts(lines))
        self._events.publish(ProjectsChanged())
        self._events.publish(MemoryChanged(saved.id))
        return saved

    def remove(self, project: int) -> None:
        """Remove a project; its conversations stay, in none."""
        self.store.remove(project)
        self._events.publish(ProjectsChanged())

    # ------------------------------------------------------------ tags

    def tag(self, conversation: int, text: str) -> list[str]:
        """Give a conversation exactly the tags in a text, parted by commas (also Japanese ones) or '#'; returns them."""
        tags = [" ".join(part.split())[:TAG_LENGTH] for part in re.split("[,、，#＃\n]", text)]
        kept = list(dict.fromkeys(tag for tag in tags if tag))
        self.store.set_tags(conversation, kept)
        return kept

    # ------------------------------------------------------------ memory

    def remember(self, text: str, project: int | None = None) -> Fact | None:
        """Remember something, in a project or everywhere; None where it is remembered already, or nothing is said."""
        text = " ".join(text.split())[:FACT_LENGTH]
        if not text or any(fact.text.casefold() == text.casefold() for fact in self.store.facts(project)):
            return None
        fact = self.store.add_fact(project, text)
        self._events.publish(MemoryChanged(project))
        return fact

    def change_fact(self, fact: Fact, text: str) -> None:
        """Put what is remembered in other words; '' forgets it."""
        self.store.change_fact(fact.id, " ".join(text.split())[:FACT_LENGTH])
        self._events.publish(MemoryChanged(fact.project))

    def set_facts(self, project: int | None, lines: list[str]) -> None:
        """Let exactly these lines be remembered; what stays the same stays as it was."""
        self.store.set_facts(project, _facts(lines))
        self._events.publish(MemoryChanged(project))

    def instruction(self, standing: str, project: int | None) -> str:
        """What a conversation that begins now is told: the standing instruction, the project's, and what is remembered."""
        told = [standing]
        if project is not None:
            told.append(self.store.get(project).instructions)
        told.append(self.memory(project))
        return "\n\n".join(part.strip() for part in told if part.strip())

    def memory(self, project: int | None) -> str:
        """What is remembered everywhere and in this project, the newest first while there is room; '' where it is off."""
        values = self._settings.values
        if not values.memory:
            return ""
        facts = [*self.store.facts(None), *(self.store.facts(project) if project is not None else [])]
        room, kept = values.memory_length * CHARACTERS_PER_TOKEN, list[Fact]()
        for fact in sorted(facts, key=lambda fact: -fact.id):
            room -= len(fact.text)
            if room < 0:
                break
            kept.append(fact)
        lines = [f"- {fact.text}" for fact in sorted(kept, key=lambda fact: fact.id)]
        return "\n".join([REMEMBERED, *lines]) if lines else ""


def _facts(lines: list[str]) -> list[str]:
    return [line for line in (" ".join(one.split())[:FACT_LENGTH] for one in lines) if line]
