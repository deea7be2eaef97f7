"""Conversations as plain data: filled by storage, read by the window and the prompt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import msgspec

from core.engine.messages import Sampling, Timings


class Role(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"


class MessageState(StrEnum):
    """Where a message stands. Only an answer can be anything but DONE."""

    DONE = "done"
    STREAMING = "streaming"
    STOPPED = "stopped"  # by the person
    INTERRUPTED = "interrupted"  # by a crash of the program or the machine
    FAILED = "failed"  # by an error, which `details.error` names


# ---------------------------------------------------------------- what a message is made of


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Words: Markdown in an answer, as typed in a question."""

    text: str


class Image(msgspec.Struct, frozen=True, tag="image"):
    """A picture, kept by the hash of its bytes (core/storage/pictures.py); `text` is what was read in it."""

    sha256: str
    media_type: str
    text: str = ""
    name: str = ""
    width: int = 0  # pixels; 0: not known
    height: int = 0


class File(msgspec.Struct, frozen=True, tag="file"):
    """A file that hangs on a message: `text` is what was read of it, which the model gets; the file itself stays where it is."""

    name: str
    text: str
    partial: bool = False  # not all of it could be read
    scanned: bool = False  # pages of it are pictures, whose text was recognised


class ToolCall(msgspec.Struct, frozen=True, tag="call"):
    """The model asks for a tool: `call` tells calls apart, `arguments` is JSON."""

    call: str
    name: str
    arguments: str


class ToolResult(msgspec.Struct, frozen=True, tag="result"):
    """What the tool of a `call` gave back."""

    call: str
    text: str
    failed: bool = False


Attached = File | Image
Part = Text | Image | File | ToolCall | ToolResult


# ---------------------------------------------------------------- how an answer came about


CHAT = "chat:"  # how the path of a document begins that is a past chat (see past.py); its uid follows


class Source(msgspec.Struct, frozen=True):
    """A stretch of a document: characters `start` to `end` of the text of one of its pages."""

    file: str  # as the person gave it
    page: int | None  # from 1; None where the format has none
    text: str
    path: str = ""  # absolute
    page_id: int = 0
    start: int = 0
    end: int = 0
    marker: int = 0  # the number in the answer; 0 where it has none
    label: str = ""  # the page's own name: a sheet's, a chapter's, that of a file within the file

    @property
    def chat(self) -> str:
        """The uid of the past chat that it is of; '' where it is of a file."""
        return self.path.removeprefix(CHAT) if self.path.startswith(CHAT) else ""


class Extract(msgspec.Struct, frozen=True):
    """A sentence of a document with the ones before and after it, '' where they do not belong to it."""

    source: Source
    before: str = ""
    after: str = ""


class ShownPassage(msgspec.Struct, frozen=True):
    """A passage that was found for the question."""

    file: str
    page: int | None
    section: str
    text: str
    score: float


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A sentence of the answer (characters start..end): the number of its source, or None if unsupported.

    `implied`: an entailment model says that the source implies it; else the source says it, in nearly its words.
    """

    start: int
    end: int
    marker: int | None
    implied: bool = False


class Link(msgspec.Struct, frozen=True):
    """Characters start..end of an answer that name a place: a page in a summary."""

    start: int
    end: int
    source: Source


class Task(StrEnum):
    """What is done with whole documents."""

    SUMMARY = "summary"
    DIFFERENCES = "differences"
    TIMELINE = "timeline"
    LISTING = "listing"
    QUESTIONS = "questions"


class Whole(msgspec.Struct, frozen=True):
    """How far whole documents have been read: `done` of `of` parts. Of a summary: `longest`, how long a part may be (in units
    of documents/passages.size); `written`: a model writes, else they are quoted; `cut`: how they were cut, to see whether
    they still are."""

    documents: list[int]
    done: int
    of: int
    longest: float = 0.0
    written: bool = False
    cut: str = ""
    task: Task = Task.SUMMARY

    @property
    def finished(self) -> bool:
        """Whether all of it was read."""
        return self.done >= self.of


class Problem(msgspec.Struct, frozen=True):
    """An error of core/errors.py by its name and fields."""

    name: str = ""
    fields: dict[str, Any] = {}


class AnswerDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an answer was made, and what was found in checking it. Kept as JSON; fields only ever get added."""

    timings: Timings | None = None
    load_s: float = 0.0
    retrieval_s: float = 0.0
    finish: str = ""  # 'stop', 'length' or 'context': see Completion
    outcome: str = ""  # of a question about documents: 'answered', 'quotation' or 'not found'
    quotation: Source | None = None
    citations: list[Source] = []
    passages: list[ShownPassage] = []
    marks: list[Mark] = []
    links: list[Link] = []  # pages that a summary names
    whole: Whole | None = None  # of a summary: how far it has come
    error: Problem | None = None
    form: str = ""  # what was wanted as a table: JSON (docs/tables.md)
    past: bool = False  # past chats were asked
    thinking_s: float = 0.0  # from the first word of the thinking to the first of the answer
    sampling: Sampling | None = None  # how its tokens were chosen
    context_used: int = 0
    context_length: int = 0
    edited: bool = False  # the person has changed the words
    left_out: int = 0  # old messages that left the model's window with this answer
    summarised: bool = False  # a summary was put in their place
    words_only: int = 0  # passages that could be found by their words only: the embedder had not seen them
    missing: list[str] = []  # of a question that was not found: its words that the nearest passages lack
    extracts: list[
        Extract
    ] = []  # where no model's answer stands: what the documents say, the quotation first
    nearest: list[Source] = []  # of a question that was not found: what comes nearest
    otherwise: list[Source] = []  # sentences of other documents that contradict the quotation
    elsewhere: list[str] = []  # of a question that was not found: other collections that seem to answer it
    unspoken: str = (
        ""  # the question's language, where the model cannot write it: only the quotation is given
    )


@dataclass(frozen=True)
class Message:
    """One message of a tree. `prompt` is what the model was sent where it differs from the parts."""

    id: int
    conversation: int
    parent: int | None
    role: Role
    parts: tuple[Part, ...]
    prompt: str | None = None
    thinking: str = ""
    state: MessageState = MessageState.DONE
    created: float = 0.0
    model: str = ""
    details: AnswerDetails = field(default_factory=AnswerDetails)

    @property
    def can_go_on(self) -> bool:
        """Whether this is an answer that ended before its end, and can go on."""
        details = self.details
        if details.whole is not None:
            return not details.whole.finished
        if details.form:  # half a table cannot be gone on with
            return False
        cut = self.state in (MessageState.STOPPED, MessageState.INTERRUPTED) or details.finish == "length"
        return cut and bool(self.text) and not details.outcome

    @property
    def text(self) -> str:
        """The message's words, without pictures and tools."""
        return "\n\n".join(part.text for part in self.parts if isinstance(part, Text) and part.text)

    @property
    def attached(self) -> tuple[Attached, ...]:
        """The files and pictures that hang on it."""
        return tuple(part for part in self.parts if isinstance(part, File | Image))

    def with_text(self, text: str, **values: Any) -> Message:
        """The same message with this text as its only words, and other values changed."""
        others = tuple(part for part in self.parts if not isinstance(part, Text))
        return replace(self, parts=(Text(text), *others), **values)


@dataclass(frozen=True)
class Outline:
    """What a transcript must know of a message before it shows it; `size` is its length in characters."""

    id: int
    role: Role
    size: int


@dataclass(frozen=True)
class Versions:
    """The ids of all messages that share a message's place (answers to one question, wordings of one), oldest first."""

    of: int
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Queued:
    """A message that waits until the answer before it is there."""

    id: int
    text: str
    attached: tuple[Attached, ...] = ()


@dataclass(frozen=True)
class Stretch:
    """A part of a conversation's tree without a fork: its first and last message, `depth` forks from the beginning.

    `text` is the beginning of its first message; `shown`: its end is on the branch on screen.
    """

    first: int
    last: int
    depth: int
    count: int
    role: Role
    text: str
    shown: bool


@dataclass(frozen=True)
class Project:
    """Conversations that belong together, and what new ones of it begin with: instructions, documents and model ('': as
    anywhere)."""

    id: int
    name: str
    instructions: str = ""
    collection: str = ""
    model: str = ""


@dataclass(frozen=True)
class Fact:
    """What the person wants remembered: in one project, or everywhere (None)."""

    id: int
    project: int | None
    text: str


@dataclass(frozen=True)
class Conversation:
    """A conversation's own row; its messages are read apart. `leaf` ends the branch on screen.

    `context_start` is the first message that the model still reads (None: all), and `summary` what it reads in the place of
    those before ('': nothing). `assistant`: whom it is with, by its id ('': nobody in particular). `uid` is what it is known by wherever it is taken.
    """

    id: int
    title: str
    project: int | None
    pinned: bool
    archived: bool
    created: float
    changed: float
    deleted: float | None
    system_prompt: str
    collection: str
    model: str
    leaf: int | None
    context_start: int | None
    summary: str = ""
    assistant: str = ""
    uid: str = ""
