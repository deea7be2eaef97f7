"""Takes in chats of other programs and of other homes: first a look at what would come in, then the import, then what came of it.

A chat is known by its `uid`, so what is imported twice is there once, and one that has gone on since gets what is new in it.
Every fifty chats are written together: what is cut short is taken up by importing again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core.chat import titles
from core.chat.conversation import File, Image, Part, Text
from core.chat.events import ChatsImported
from core.comparing.model import Evaluation, Vote
from core.errors import (
    AssistantUnreadable,
    Cancelled,
    DiskFull,
    FormUnusable,
    HomeNotWritable,
    ImportUnknown,
    PictureGone,
    PromptUnreadable,
    TsukueError,
)
from core.events import Events
from core.portability import readers
from core.portability.chats import (
    Around,
    Chat,
    SavedComparison,
    SavedEvaluation,
    SavedPrompt,
    SavedTable,
    Turn,
    ordered,
)
from core.portability.sources import Source
from core.structured.run import Input

if TYPE_CHECKING:
    from core.assistants.library import Assistants
    from core.chat.projects import Projects
    from core.jobs import Job
    from core.prompts.library import Prompts
    from core.settings import SettingsFile
    from core.storage.comparisons import ComparisonStore
    from core.storage.exchange import ExchangeStore
    from core.structured.runs import Runs

AT_ONCE = 50  # chats in one transaction: others wait for the disk some 30 ms at most
PICTURED = 64 << 20  # bytes of pictures that are in memory together, but for one chat that has more
PROBLEMS = 100  # that are told one by one


class Standing(StrEnum):
    """What of a chat is here already."""

    NEW = "new"
    GROWN = "grown"  # it is here without some of its messages
    HERE = "here"


@dataclass(frozen=True)
class Entry:
    """A chat that could come in."""

    uid: str
    title: str
    project: str
    changed: float
    messages: int
    standing: Standing


@dataclass
class Preview:
    """What an export holds: its program, its chats in the order of their coming, what else there is, what cannot be read."""

    program: str
    entries: list[Entry] = field(default_factory=list)
    projects: list[str] = field(default_factory=list)
    prompts: int = 0
    assistants: int = 0
    tables: int = 0
    comparisons: int = 0  # also sets of questions
    remembered: int = 0
    folders: list[tuple[str, str]] = field(default_factory=list)  # GPT4All's LocalDocs: collection, folder
    problems: list[TsukueError] = field(default_factory=list)
    more_problems: int = 0

    def problem(self, error: TsukueError) -> None:
        """One more that cannot be read."""
        if len(self.problems) < PROBLEMS:
            self.problems.append(error)
        else:
            self.more_problems += 1


@dataclass
class Report(Preview):
    """What came of an import. `left_out`: of which chat what could not be taken in."""

    new: int = 0
    grown: int = 0
    here: int = 0
    messages: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)


Progress = Callable[[int], None]  # how many chats were looked at


class Imports:
    """Any thread may call; one import at a time."""

    def __init__(
        self,
        exchange: ExchangeStore,
        projects: Projects,
        kept: tuple[Prompts, Assistants, Runs, ComparisonStore],
        settings: SettingsFile,
        events: Events,
        keep_picture: Callable[[bytes, Job | None], Image],
    ) -> None:
        """`keep_picture` stores a picture and tells what it is now; it raises the typed errors for files."""
        self._keep_picture = keep_picture
        self._exchange = exchange
        self._projects = projects
        self._prompts, self._assistants, self._runs, self._comparisons = kept
        self._settings = settings
        self._events = events

    def look(self, path: Path, job: Job | None = None, progress: Progress = lambda _: None) -> Preview:
        """What an export would bring. Raises ImportUnknown, ImportBroken, ImportNewer, FileMissing, Cancelled."""
        with _opened(path) as (program, found, around):
            preview = Preview(program)
            for chats in _lots(_without_pictures(self._each(found, preview, job)), AT_ONCE):
                for chat, standing, _ in self._compared(chats):
                    changed = chat.changed or max((turn.created for turn in chat.turns), default=0.0)
                    preview.entries.append(
                        Entry(chat.uid, chat.title, chat.project, changed, len(chat.turns), standing)
                    )
                progress(len(preview.entries))
            preview.prompts = len(around.prompts)
            preview.assistants = len(around.assistants)
            preview.tables = len(around.tables)
            preview.comparisons = len(around.comparisons) + len(around.evaluations)
            preview.remembered = len(around.remembered) + sum(len(p.remembered) for p in around.projects)
            preview.folders = list(around.folders)
            named = [project.name for project in around.projects]
            preview.projects = list(
                dict.fromkeys([*named, *(e.project for e in preview.entries if e.project)])
            )
        return preview

    def take_in(
        self,
        path: Path,
        wanted: set[str] | None = None,
        job: Job | None = None,
        progress: Progress = lambda _: None,
    ) -> Report:
        """Import the chats with these names (None: all), and of our own exports what is around them.

        Raises as `look`, and DiskFull; whatever came in before stays.
        """
        with _opened(path) as (program, found, around):
            report = Report(program)
            projects = {project.name: project.id for project in self._projects.store.projects()}
            looked_at = 0
            try:
                for chats in _lots(self._each(found, report, job), AT_ONCE):
                    looked_at += len(chats)
                    self._around(around, projects, report)
                    chosen = [chat for chat in chats if wanted is None or chat.uid in wanted]
                    compared = list(self._compared(chosen))
                    for chat, standing, known in compared:  # drawn before anybody has to wait for the disk
                        if standing is Standing.NEW:
                            self._keep_pictures(chat, chat.turns, job)
                        elif standing is Standing.GROWN:
                            self._keep_pictures(chat, self._exchange.missing(known, chat), job)
                    with self._exchange.transaction():
                        new = []
                        for chat, standing, known in compared:
                            if standing is Standing.NEW:
                                new.append((chat, self._prepared(chat, projects, report)))
                            else:
                                self._merge(chat, standing, known, report)
                        self._exchange.add(new)
                    progress(looked_at)
                self._around(around, projects, report)
            finally:
                if report.new or report.grown:
                    self._events.publish(ChatsImported())
        return report

    # ------------------------------------------------------------ one by one

    def _each(self, found: Iterable[Chat | TsukueError], preview: Preview, job: Job | None) -> Iterator[Chat]:
        """The chats; what is no chat becomes a problem. A name that comes twice counts once."""
        seen: set[str] = set()
        for chat in found:
            if job is not None:
                job.check()
            if isinstance(chat, TsukueError):
                preview.problem(chat)
            elif chat.uid not in seen and (chat.turns or preview.program == readers.OURS):
                seen.add(chat.uid)
                chat.turns = ordered(chat.turns)
                _mend_texts(chat)
                if preview.program != readers.OURS:
                    chat.title = titles.clip(chat.title) or titles.of(_first_words(chat))
                yield chat

    def _compared(self, chats: list[Chat]) -> Iterator[tuple[Chat, Standing, int]]:
        known = self._exchange.known([chat.uid for chat in chats])
        for chat in chats:
            number = known.get(chat.uid, 0)
            if not number:
                yield chat, Standing.NEW, 0
            elif self._exchange.missing(number, chat):
                yield chat, Standing.GROWN, number
            else:
                yield chat, Standing.HERE, number

    def _prepared(self, chat: Chat, projects: dict[str, int], report: Report) -> int | None:
        """Make a chat that is new ready to be written; returns its project."""
        project = self._project(chat.project, projects, report)
        if report.program != readers.OURS:
            chat.system_prompt = self._projects.instruction(
                chat.system_prompt or self._settings.values.system_prompt, project
            )
        report.new += 1
        report.messages += len(chat.turns)
        report.left_out += [(chat.title, what) for what in chat.left_out]
        return project

    def _merge(self, chat: Chat, standing: Standing, known: int, report: Report) -> None:
        if standing is Standing.HERE:
            report.here += 1
            return
        report.grown += 1
        report.messages += self._exchange.merge(known, chat)
        report.left_out += [(chat.title, what) for what in chat.left_out]

    def _keep_pictures(self, chat: Chat, turns: list[Turn], job: Job | None) -> None:
        """Keep the pictures of messages, drawn anew; those that cannot be are left out."""
        known: dict[str, Image] = {}
        unsent: list[list[Any]] = [chat.draft.attached, *(one.attached for one in chat.waiting)]
        for parts in (*unsent, *(turn.parts for turn in turns)):
            for place, part in reversed(list(enumerate(parts))):
                if not isinstance(part, Image):
                    continue
                if job is not None:
                    job.check()
                try:
                    if part.sha256 not in known:
                        data = chat.pictures.get(part.sha256)
                        if data is None:
                            raise PictureGone()
                        known[part.sha256] = self._keep_picture(data, job)
                    parts[place] = msgspec.structs.replace(known[part.sha256], text=part.text, name=part.name)
                except (DiskFull, HomeNotWritable, Cancelled):
                    raise
                except TsukueError:
                    chat.left_out.append(part.name or "image")
                    parts[place : place + 1] = [File(part.name or "image", part.text)] if part.text else []

    def _project(self, name: str, projects: dict[str, int], report: Report) -> int | None:
        name = titles.clip(name)
        if not name:
            return None
        if name not in projects:
            projects[name] = self._projects.create(name).id
            report.projects.append(name)
        return projects[name]

    def _around(self, around: Around, projects: dict[str, int], report: Report) -> None:
        """Projects, prompts, assistants, tables and what is remembered, as far as they have been read; what is here already stays as it is."""
        while around.projects:
            saved = around.projects.pop(0)
            new = titles.clip(saved.name) not in projects
            project = self._project(saved.name, projects, report)
            if project is None:
                continue
            if new:
                self._projects.change(
                    project,
                    instructions=saved.instructions,
                    collection=saved.collection,
                    model=saved.model,
                )
            report.remembered += sum(
                self._projects.remember(text, project) is not None for text in saved.remembered
            )
        while around.remembered:
            report.remembered += self._projects.remember(around.remembered.pop(0)) is not None
        while around.prompts:
            report.prompts += self._own(self._prompts.add, around.prompts.pop(0), report)
        while around.assistants:
            report.assistants += self._own(self._assistants.add, around.assistants.pop(0), report)
        while around.tables:
            self._table(around.tables.pop(0), report)
        while around.comparisons:
            report.comparisons += self._comparison(around.comparisons.pop(0))
        while around.evaluations:
            report.comparisons += self._evaluation(around.evaluations.pop(0))
        report.folders += around.folders
        around.folders.clear()

    def _own(self, add: Callable[[str, str], bool], saved: SavedPrompt, report: Report) -> bool:
        """A prompt or an assistant; whether it is new here."""
        try:
            return add(saved.id, saved.definition)
        except (PromptUnreadable, AssistantUnreadable) as error:
            report.problem(error)
            return False

    def _table(self, saved: SavedTable, report: Report) -> None:
        rows = [
            (
                Input(row.label, row.text),
                row.state,
                row.output,
                row.error if row.error and row.error.name else None,
            )
            for row in saved.rows
        ]
        try:
            report.tables += self._runs.take_in(
                saved.name, saved.form, saved.model, saved.collection, saved.made, rows
            )
        except FormUnusable as error:
            report.problem(error)

    def _comparison(self, saved: SavedComparison) -> bool:
        count = len(saved.contestants)
        answers = (saved.answers + [None] * count)[:count]
        votes = {str(place) for place in range(count)} | {vote.value for vote in Vote}
        return self._comparisons.take_in(
            saved.prompt,
            saved.made,
            list(zip(saved.contestants, answers, strict=True)),
            blind=saved.blind,
            vote=saved.vote if saved.vote in votes else None,
        )

    def _evaluation(self, saved: SavedEvaluation) -> bool:
        outcomes = {
            (one.contestant, one.question): one.outcome
            for one in saved.verdicts
            if 0 <= one.contestant < len(saved.contestants) and 0 <= one.question < len(saved.questions)
        }
        there = Evaluation(
            0, saved.name, saved.questions, saved.contestants, saved.judge, saved.made, outcomes
        )
        return self._comparisons.take_in_evaluation(there)


def _mend_texts(chat: Chat) -> None:
    """Halves of characters, which JSON can hold and nothing can store, become the sign for what is not known."""
    for holder in (chat, *chat.turns):
        for name in (
            "uid",
            "title",
            "project",
            "model",
            "collection",
            "system_prompt",
            "thinking",
            "prompt",
            "summary",
        ):
            value = getattr(holder, name, None)
            if isinstance(value, str) and not value.isascii():
                setattr(holder, name, _whole(value))
    for turn in chat.turns:
        turn.parts = [_mended(part) for part in turn.parts]
    chat.tags = [_whole(tag) for tag in chat.tags]


def _mended(part: Part) -> Part:
    match part:
        case Text():
            return Text(_whole(part.text))
        case File():
            return File(_whole(part.name), _whole(part.text))
        case Image():
            return msgspec.structs.replace(part, name=_whole(part.name), text=_whole(part.text))
    return part


def _whole(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _first_words(chat: Chat) -> str:
    return next((turn.text for turn in chat.turns if turn.text.strip()), "")


def _without_pictures(chats: Iterator[Chat]) -> Iterator[Chat]:
    for chat in chats:
        chat.pictures.clear()
        yield chat


def _lots(chats: Iterator[Chat], size: int) -> Iterator[list[Chat]]:
    """So many chats together, fewer where their pictures are large."""
    lot: list[Chat] = []
    room = PICTURED
    for chat in chats:
        lot.append(chat)
        room -= sum(map(len, chat.pictures.values()))
        if len(lot) == size or room < 0:
            yield lot
            lot, room = [], PICTURED
    if lot:
        yield lot


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[str, Iterator[Chat | TsukueError], Around]]:
    """The program that wrote an export, its chats, and what is around them."""
    source = Source(path)
    try:
        reader = readers.tell(source)
        if reader is None:
            raise ImportUnknown(source.name)
        around = Around()
        yield reader.program, reader.read(source, around), around
    finally:
        source.close()
