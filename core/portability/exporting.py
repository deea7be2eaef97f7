"""Writes chats into files that people and other programs can read: one, those of a project, or all.

Each file appears when it is whole. As Markdown and HTML the branch on screen is written, a file a chat; as JSON everything, in
one file that `tsukue import` takes in again (ours.py).
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

from core.chat.conversation import Conversation, Image, Message
from core.errors import PictureGone
from core.files import save, writing
from core.portability import ours
from core.portability.chats import (
    Around,
    Chat,
    SavedComparison,
    SavedEvaluation,
    SavedProject,
    SavedPrompt,
    SavedRow,
    SavedTable,
    SavedVerdict,
)

if TYPE_CHECKING:
    from core.chat.formulas import Drawing, Formulas
    from core.comparing.model import Comparison, Evaluation
    from core.jobs import Job
    from core.storage.comparisons import ComparisonStore
    from core.storage.conversations import ConversationStore
    from core.storage.exchange import ExchangeStore
    from core.storage.pictures import Pictures
    from core.storage.projects import ProjectStore
    from core.storage.prompts import AssistantStore, PromptStore
    from core.storage.runs import RunStore
    from core.structured.run import Run

NAME_LENGTH = 80  # characters of a file's name: in Japanese 240 bytes, of the 255 that file systems take
# Names that Windows gives to devices, and characters that some file system refuses.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')


class Form(StrEnum):
    """What a chat is written as; its value ends the file's name."""

    MARKDOWN = "md"
    HTML = "html"
    PDF = "pdf"  # only the window can write it
    JSON = "json"


@dataclass(frozen=True)
class Chosen:
    """Which chats: some by their ids, or those of a project, or all (nothing given). Archived ones are among them."""

    conversations: tuple[int, ...] = ()
    project: int | None = None


Page = Callable[[Conversation, list[Message]], bytes]  # writes a branch in some form


class Exports:
    """Any thread may call."""

    def __init__(
        self,
        conversations: ConversationStore,
        exchange: ExchangeStore,
        projects: ProjectStore,
        kept: tuple[PromptStore, AssistantStore, RunStore, ComparisonStore],
        formulas: Formulas,
        pictures: Pictures,
    ) -> None:
        self._conversations = conversations
        self._exchange = exchange
        self._projects = projects
        self._prompts, self._assistants, self._runs, self._comparisons = kept
        self._formulas = formulas
        self._pictures = pictures

    def one(self, conversation: int, path: Path, form: Form, page: Page | None = None) -> None:
        """Write a chat into a file. `page` writes forms that core does not know. Raises ConversationMissing, HomeNotWritable,
        DiskFull."""
        if form is Form.JSON:
            self.json(path, Chosen((conversation,)))
        else:
            row = self._conversations.get(conversation)
            self._save(row, path, form, page)

    def page(self, conversation: int, form: Form) -> str:
        """A chat as text, in any form but PDF. Raises ConversationMissing."""
        if form is Form.JSON:
            text = io.StringIO()
            self._write_json(text, Chosen((conversation,)), None)
            return text.getvalue()
        return self._page(self._conversations.get(conversation), form, None).decode()

    def many(self, chosen: Chosen, folder: Path, form: Form, job: Job, page: Page | None = None) -> int:
        """Write each chat into a file in `folder`, those of projects in folders of their own; returns how many.

        A file that is there under the same name is replaced. Raises Cancelled, HomeNotWritable, DiskFull.
        """
        names = {project.id: file_name(project.name) for project in self._projects.projects()}
        taken: set[Path] = set()
        count = 0
        for row in self.chosen(chosen):
            job.check()
            place = folder / names[row.project] if row.project in names else folder
            with writing(place):
                place.mkdir(parents=True, exist_ok=True)
            path = _free(
                place,
                file_name(row.title or time.strftime("%Y-%m-%d", time.localtime(row.created))),
                form,
                taken,
            )
            self._save(row, path, form, page)
            count += 1
        return count

    def json(self, path: Path, chosen: Chosen, job: Job | None = None) -> int:
        """Write chats with all their branches into one file; of all chats, also all projects, prompts and what is remembered.
        Returns how many. Raises Cancelled, HomeNotWritable, DiskFull."""
        path = path.resolve()  # a link stays one
        if path.exists() and not path.is_file():  # a device, a pipe
            with writing(path), path.open("w", encoding="utf-8") as stream:
                return self._write_json(stream, chosen, job)
        part = path.with_name(f".{path.name}.part")
        with writing(path):
            try:
                with part.open("w", encoding="utf-8") as stream:
                    count = self._write_json(stream, chosen, job)
                part.replace(path)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    part.unlink()
        return count

    def _write_json(self, stream: IO[str], chosen: Chosen, job: Job | None) -> int:
        projects = {project.id: project for project in self._projects.projects()}
        everything = chosen == Chosen()
        wanted = set(projects) if everything else {chosen.project}
        if chosen.conversations:
            wanted = {self._conversations.get(number).project for number in chosen.conversations}
        around = Around(
            projects=[
                SavedProject(
                    project.name,
                    project.instructions,
                    project.collection,
                    project.model,
                    [fact.text for fact in self._projects.facts(number)],
                )
                for number, project in projects.items()
                if number in wanted
            ]
        )
        if everything:
            around.remembered = [fact.text for fact in self._projects.facts(None)]
            around.prompts = [SavedPrompt(name, text) for name, text in self._prompts.all().items()]
            around.assistants = [SavedPrompt(name, text) for name, text in self._assistants.all().items()]
            around.tables = [self._table(run) for run in reversed(self._runs.runs())]
            around.comparisons = [_comparison(one) for one in reversed(self._comparisons.comparisons())]
            around.evaluations = [_evaluation(one) for one in reversed(self._comparisons.evaluations())]

        def chats() -> Iterator[Chat]:
            for row in self.chosen(chosen):
                if job is not None:
                    job.check()
                name = projects[row.project].name if row.project in projects else ""
                yield self._exchange.chat(row, name)

        return ours.write(stream, around, chats(), time.strftime("%Y-%m-%dT%H:%M:%S%z"))

    def _table(self, run: Run) -> SavedTable:
        rows = [
            SavedRow(row.label, given.text, row.state, row.output, row.error)
            for row, given in zip(self._runs.rows(run.id), self._runs.inputs(run.id), strict=True)
        ]
        return SavedTable(run.name, run.form, run.created, run.model, run.collection, rows)

    def chosen(self, chosen: Chosen) -> Iterator[Conversation]:
        """The chats that are meant, read one by one. Raises ConversationMissing."""
        if chosen.conversations:
            yield from (self._conversations.get(number) for number in chosen.conversations)
            return
        for row in itertools.chain(self._conversations.all(), self._conversations.all(archived=True)):
            if chosen.project is None or row.project == chosen.project:
                yield row

    def _save(self, row: Conversation, path: Path, form: Form, page: Page | None) -> None:
        """Write a chat; the pictures of one in Markdown lie in a folder beside it."""
        folder = path.with_name(f"{path.stem} pictures")
        save(path, self._page(row, form, page, folder if form is Form.MARKDOWN else None))

    def _page(self, row: Conversation, form: Form, page: Page | None, folder: Path | None = None) -> bytes:
        branch = self._conversations.branch(row.id)
        if page is not None:
            return page(row, branch)
        if form is Form.HTML:
            from core.portability import html

            return html.page(row, branch, self.draw, picture=self.picture).encode()
        from core.portability import markdown

        return markdown.markdown(row, branch, lambda part: self._placed(part, folder)).encode()

    def _placed(self, part: Image, folder: Path | None) -> str:
        """Put a picture into a folder; its place as the file beside that folder names it. '' where it is gone."""
        data = self.picture(part.sha256) if folder is not None else None
        if data is None or folder is None:
            return ""
        with writing(folder):
            folder.mkdir(exist_ok=True)
        name = f"{part.sha256[:12]}.{part.media_type.rpartition('/')[2]}"
        save(folder / name, data)
        return quote(f"{folder.name}/{name}")

    def picture(self, sha256: str) -> bytes | None:
        """A picture's bytes; None where it is gone."""
        with contextlib.suppress(PictureGone):
            return self._pictures.read(sha256)
        return None

    def draw(self, source: str, display: bool) -> Drawing | None:
        """A formula's drawing for a page; None where it cannot be drawn."""
        return self._formulas.draw(source, display=display)


def _comparison(one: Comparison) -> SavedComparison:
    vote = None if one.vote is None else str(one.vote)
    return SavedComparison(one.prompt, one.created, one.contestants, one.answers, one.blind, vote)


def _evaluation(one: Evaluation) -> SavedEvaluation:
    verdicts = [
        SavedVerdict(*where, outcome) for where, outcome in sorted(one.outcomes.items(), key=lambda e: e[0])
    ]
    return SavedEvaluation(one.name, one.created, one.questions, one.contestants, one.judge, verdicts)


def file_name(title: str) -> str:
    """A title as a file's or folder's name on any system, without its ending."""
    name = _REFUSED.sub(" ", unicodedata.normalize("NFC", title))
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cf", "Cs", "Cn", "Co"))
    name = " ".join(name.split())[:NAME_LENGTH].strip(" .")
    return f"_{name}" if _DEVICES.fullmatch(name) else name or "chat"


def _free(folder: Path, name: str, form: Form, taken: set[Path]) -> Path:
    """A place in `folder` that none of this export's files has; file systems may not tell capitals apart."""
    for number in itertools.count(1):
        path = folder / f"{name}{f' ({number})' if number > 1 else ''}.{form.value}"
        key = folder / path.name.casefold()
        if key not in taken:
            taken.add(key)
            return path
    raise AssertionError
