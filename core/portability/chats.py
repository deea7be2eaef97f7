"""A chat on its way between homes and programs: plain data, which every reader yields and all else uses.

Messages refer to one another by keys, which mean nothing outside their chat. Nothing here is trusted: `ordered` brings what a
stranger's file says into a tree.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
from dataclasses import dataclass, field

import msgspec

from core.chat.conversation import (
    AnswerDetails,
    Attached,
    File,
    Image,
    MessageState,
    Part,
    Problem,
    Role,
    Text,
)
from core.comparing.model import Answered, Contestant, Outcome, Question
from core.structured.fields import Form
from core.structured.run import Output, RowState

LATEST = 4_102_444_800.0  # the year 2100: whatever says later counts in something smaller than seconds


class Turn(msgspec.Struct, omit_defaults=True):
    """One message. `parent`: the key of the one before it; None: it is the first."""

    key: str
    role: Role
    parts: list[Part]
    parent: str | None = None
    thinking: str = ""
    created: float = 0.0  # seconds since 1970; 0: not known
    model: str = ""
    state: MessageState = MessageState.DONE
    prompt: str | None = None
    details: AnswerDetails = msgspec.field(default_factory=AnswerDetails)

    @property
    def text(self) -> str:
        """Its words."""
        return "\n\n".join(part.text for part in self.parts if isinstance(part, Text) and part.text)

    @property
    def attached(self) -> list[Attached]:
        """What hangs on it."""
        return [part for part in self.parts if isinstance(part, File | Image)]


class Unsent(msgspec.Struct, omit_defaults=True):
    """A message that is not sent: it is being written, or waits."""

    text: str = ""
    attached: list[Attached] = []


class Chat(msgspec.Struct, omit_defaults=True):
    """A conversation. `uid` is what it is known by wherever it goes; `shown` the last message of the branch on screen.

    `context_start` is the first message that the model still reads, `summary` what it reads in the place of those before.
    `left_out` says what its reader could not take in, a few words each; our own file has none.
    """

    uid: str
    title: str = ""
    created: float = 0.0
    changed: float = 0.0
    turns: list[Turn] = []
    shown: str | None = None
    project: str = ""
    pinned: bool = False
    archived: bool = False
    tags: list[str] = []
    collection: str = ""
    model: str = ""
    assistant: str = ""
    system_prompt: str = ""
    context_start: str | None = None
    summary: str = ""
    draft: Unsent = msgspec.field(default_factory=Unsent)
    waiting: list[Unsent] = []
    pictures: dict[str, bytes] = {}  # of its messages, by the SHA-256 of their bytes
    left_out: list[str] = []

    def keep_picture(self, data: bytes) -> str:
        """Have a picture that a message shows; returns its hash."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.pictures[sha256] = data
        return sha256


class SavedProject(msgspec.Struct, omit_defaults=True):
    """A project by its name, with what is remembered in it."""

    name: str
    instructions: str = ""
    collection: str = ""
    model: str = ""
    remembered: list[str] = []


class SavedPrompt(msgspec.Struct):
    """A prompt or an assistant of the person's: its id and its file's text (docs/prompts.md, docs/assistants.md)."""

    id: str
    definition: str


class SavedRow(msgspec.Struct, omit_defaults=True):
    """A text of a table, and what came of it. A document is known by its name only: its place is its first home's."""

    label: str
    text: str = ""
    state: RowState = RowState.WAITING
    output: Output = Output()
    error: Problem | None = None


class SavedTable(msgspec.Struct, omit_defaults=True):
    """A table that a model fills (docs/tables.md). `made`: seconds since 1970, by which with its name it is known."""

    name: str
    form: Form
    made: float
    model: str = ""
    collection: str = ""
    rows: list[SavedRow] = []


class SavedComparison(msgspec.Struct, omit_defaults=True):
    """One prompt with the answers of several (docs/comparing.md). `made`: by which it is known."""

    prompt: str
    made: float
    contestants: list[Contestant]
    answers: list[Answered | None]
    blind: bool = False
    vote: str | None = None  # a place, 'tie' or 'bad'


class SavedVerdict(msgspec.Struct, omit_defaults=True):
    """What came of a question: by whom (the place of the contestant) and of which."""

    contestant: int
    question: int
    outcome: Outcome


class SavedEvaluation(msgspec.Struct, omit_defaults=True):
    """A set of questions with what came of them. `made`: by which it is known."""

    name: str
    made: float
    questions: list[Question]
    contestants: list[Contestant]
    judge: str = ""
    verdicts: list[SavedVerdict] = []


@dataclass
class Around:
    """What an export holds besides conversations. `folders`: collections of another program, and the folders they watch."""

    projects: list[SavedProject] = field(default_factory=list)
    remembered: list[str] = field(default_factory=list)
    prompts: list[SavedPrompt] = field(default_factory=list)
    assistants: list[SavedPrompt] = field(default_factory=list)
    tables: list[SavedTable] = field(default_factory=list)
    comparisons: list[SavedComparison] = field(default_factory=list)
    evaluations: list[SavedEvaluation] = field(default_factory=list)
    folders: list[tuple[str, str]] = field(default_factory=list)


def text_turn(key: str, role: Role, text: str, parent: str | None, **values: object) -> Turn:
    """A message of words."""
    return Turn(key, role, [Text(text)], parent, **values)  # type: ignore[arg-type]


def ordered(turns: list[Turn]) -> list[Turn]:
    """The messages such that each comes after its parent, otherwise in the order given.

    One whose parent is not there is a first message; a key that comes twice counts once; what goes round in a circle is cut
    where it closes.
    """
    by_key: dict[str, Turn] = {}
    for turn in turns:
        by_key.setdefault(turn.key, turn)
    done: dict[str, Turn] = {}
    for turn in by_key.values():
        above: list[Turn] = []
        seen: set[str] = set()
        here: Turn | None = turn
        while here is not None and here.key not in done:
            if here.key in seen:  # a circle: its first message that was met begins it
                here.parent = None
                break
            seen.add(here.key)
            above.append(here)
            if here.parent is not None and here.parent not in by_key:
                here.parent = None
            here = by_key[here.parent] if here.parent is not None else None
        done.update((one.key, one) for one in reversed(above) if one.key not in done)
    return _parents_first(done)


def _parents_first(turns: dict[str, Turn]) -> list[Turn]:
    """A walk by parents, without recursion: branches may be ten thousands deep."""
    placed: dict[str, Turn] = {}
    for turn in turns.values():
        above = [turn]
        while (parent := above[-1].parent) is not None and parent not in placed:
            above.append(turns[parent])
        for one in reversed(above):
            placed.setdefault(one.key, one)
    return list(placed.values())


def seconds(value: object) -> float:
    """A time as other programs write it (seconds or less since 1970, or ISO 8601) in seconds; 0 where it says nothing."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)
    if isinstance(value, str):
        with contextlib.suppress(ValueError, OverflowError):
            moment = datetime.datetime.fromisoformat(value.strip())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=datetime.UTC)
            return max(moment.timestamp(), 0.0)
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e20:
        return 0.0
    number = float(value)
    while number > LATEST:
        number /= 1000
    return number
