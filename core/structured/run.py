"""A table that a model fills, as plain data: what is wanted, and of each text what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from core.chat.conversation import Problem
from core.structured.fields import Form
from core.structured.found import Found, Row


class RowState(StrEnum):
    """Where a text stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Input:
    """A text to be read, or a document (by its id) in its place. `label` is what it is known by."""

    label: str
    text: str = ""
    document: int | None = None


class Output(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a text: rows of values, where each was found, and how much of a long document was read (passages of how
    many; where several rows are wanted, parts that could be filled; 0 of 0: all of it). `edited`: columns that the person has changed, of each row."""

    rows: list[Row] = []
    found: list[dict[str, Found]] = []
    read: int = 0
    of: int = 0
    edited: list[list[str]] = []
    seconds: float = 0.0
    tokens: int = 0


@dataclass(frozen=True)
class RunRow:
    """A text of a run, with its number from 1."""

    number: int
    label: str
    state: RowState
    output: Output
    error: Problem | None = None


@dataclass(frozen=True)
class Counts:
    """How many texts of a run are done, have failed and wait."""

    done: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def all(self) -> int:
        return self.done + self.failed + self.waiting


@dataclass(frozen=True)
class Run:
    """What is wanted of some texts, by which model ('': whichever is chosen), and how far it is."""

    id: int
    name: str
    form: Form
    model: str
    collection: str
    created: float
    changed: float
    counts: Counts


# A text of a table that was filled elsewhere, with what came of it there.
Saved = tuple[Input, RowState, Output, Problem | None]
