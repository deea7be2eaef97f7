"""Tables that a model fills: begun, stopped, gone on with, corrected. What both front ends do with them, told as events.

Each text is read and answered by itself, greedily and by a grammar, behind one instruction that is read once. What came of it
is on disk before the next: a run that was stopped or killed goes on where it was. A text that cannot be read, or whose answer
is not what was wanted, is an error of its row and stops nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from core.chat import beside, parts, titles
from core.chat.conversation import Problem
from core.documents.messages import ReadSummary
from core.documents.model import Page
from core.engine.engines import Engines
from core.engine.ladder import RUNGS
from core.engine.messages import Completion, Generate, Sampling, Turn
from core.errors import (
    AnswerCutShort,
    AnswerNotJson,
    ColumnMissing,
    ContextFull,
    NothingToFill,
    PromptTooLong,
    TsukueError,
    WorkerDied,
)
from core.events import Event, Events
from core.jobs import Job, Jobs
from core.settings import SettingsFile
from core.storage.runs import RunStore
from core.structured import fields, tables, values
from core.structured.fields import Form
from core.structured.found import Checker, Found, Row
from core.structured.reading import Piece, Reader
from core.structured.run import Input, Output, Run, RunRow, Saved

log = logging.getLogger(__name__)

UNDO_SECONDS = 60.0  # a table that was removed can be brought back at least so long
SMALLER = 0.8  # how much of the room a text is given that did not fit by its size
TRIES = 4
REPETITION = 0.8  # strength of the penalty (DRY) for an answer that goes round in circles; its author's value
ROOM = 512  # tokens of room for an answer, without which less of a text is read
# What is a text's own fault; whatever else is raised ends the run, which can go on later.
OF_ONE_TEXT = (AnswerCutShort, AnswerNotJson, ContextFull, NothingToFill, PromptTooLong)


@dataclass(frozen=True)
class RunsChanged(Event):
    """A table is new, has another name, or is gone."""


@dataclass(frozen=True)
class RunChanged(Event):
    """Something came of a text of a run, or the person changed it; None where it began, ended or stopped (`error` says why).

    `left`: about how many seconds the rest takes, None where that is not known.
    """

    run: Run
    row: RunRow | None = None
    left: float | None = None
    error: BaseException | None = None


class Runs:
    """Any thread may call."""

    def __init__(
        self,
        store: RunStore,
        engine: Engines,
        settings: SettingsFile,
        reader: Callable[[], Reader],
        read_file: Callable[[Path, Job, Callable[[Page], None]], ReadSummary],
        jobs: Jobs,
        events: Events,
    ) -> None:
        self.store = store
        self._engine = engine
        self._settings = settings
        self._reader = reader
        self._read_file = read_file
        self._jobs = jobs
        self._events = events
        self._lock = threading.Lock()
        self._running: dict[int, Job] = {}

    # ------------------------------------------------------------ what there is

    def create(
        self, name: str, form: Form, inputs: list[Input], *, model: str = "", collection: str = ""
    ) -> Run:
        """Write down a table to be filled. Raises FormUnusable, NothingToFill."""
        form = fields.check(form)
        if not inputs:
            raise NothingToFill()
        run = self.store.create(titles.clip(name), form, model, collection, inputs)
        self._events.publish(RunsChanged())
        return run

    def take_in(
        self, name: str, form: Form, model: str, collection: str, created: float, rows: list[Saved]
    ) -> bool:
        """Write down a table that was filled elsewhere, unless it is here; whether it is new. Raises FormUnusable."""
        form, name = fields.check(form), titles.clip(name)
        if self.store.known(name, created):
            return False
        self.store.take_in(name, form, model, collection, created, rows)
        self._events.publish(RunsChanged())
        return True

    def rename(self, run: int, name: str) -> Run:
        """Give it another name. Raises TableMissing."""
        renamed = self.store.rename(run, titles.clip(name))
        self._events.publish(RunsChanged())
        return renamed

    def remove(self, run: int) -> None:
        """Stop and remove a table; `restore` brings it back for a minute at least."""
        self.stop(run)
        self.purge()
        self.store.hide(run)
        self._events.publish(RunsChanged())

    def purge(self, seconds: float = UNDO_SECONDS) -> None:
        """Remove for good what was removed so long ago."""
        self.store.purge(time.time() - seconds)

    def restore(self, run: int) -> None:
        """Bring a removed table back."""
        self.store.hide(run, hidden=False)
        self._events.publish(RunsChanged())

    def correct(self, run: int, number: int, place: int, column: str, value: Any) -> RunRow:
        """Put the person's value into a cell (row `place`, from 0, of a text's). Raises TableMissing, ColumnMissing,
        ValueUnfit."""
        kept = self.store.get(run)
        row = self.store.row(run, number)
        names = tables.columns(kept, [row])
        if column not in names:
            raise ColumnMissing(kept.name, column, ", ".join(names))
        rows = [dict(one) for one in row.output.rows] or [dict.fromkeys(names)]
        rows[place][column] = values.fitting(kept.form, column, value, rows[place].get(column))
        edited = [list(one) for one in row.output.edited]
        edited += [[] for _ in rows[len(edited) :]]
        edited[place] = list(dict.fromkeys([*edited[place], column]))
        found = [dict(one) for one in row.output.found]
        found += [{} for _ in rows[len(found) :]]
        found[place].pop(column, None)
        self.store.put(
            run, number, msgspec.structs.replace(row.output, rows=rows, edited=edited, found=found)
        )
        changed = self.store.row(run, number)
        self._events.publish(RunChanged(self.store.get(run), changed))
        return changed

    def pages(self, path: Path, job: Job) -> list[Page]:
        """A file as its reader gives it. Raises the typed errors for files."""
        found: list[Page] = []
        self._read_file(path.expanduser().absolute(), job, found.append)
        return found

    # ------------------------------------------------------------ filling

    def running(self, run: int) -> bool:
        """Whether it is being filled."""
        job = self._running.get(run)
        return job is not None and not job.done

    def stop(self, run: int) -> None:
        """Stop filling it; what is there stays."""
        job = self._running.get(run)
        if job is not None:
            job.cancel()

    def start(self, run: int, *, again: bool = False, only: int | None = None, model: str = "") -> Job:
        """Fill what waits, `again` also what failed, `only` this one text once more; by another model where one is named.

        Once only: a run that is under way goes on as it is. The job's result is the Run. Raises TableMissing, NoModel, ModelMissing, ModelGone."""
        with self._lock:
            if self.running(run):
                return self._running[run]
            kept = self.store.get(run)
            chosen = (
                self._engine.choose(model, strict=True)
                if model
                else self._engine.choose(kept.model or self._settings.values.chat_model)
            )
            if model:
                self.store.set_model(run, model)
            if again:
                self.store.again(run)
            if only is not None:
                self.store.again(run, only)
            self._running[run] = job = self._jobs.start(
                f"fill table {run}", lambda job: self._fill(run, chosen, only, job), self._ended(run)
            )
        self._events.publish(RunChanged(self.store.get(run)))
        return job

    def _ended(self, run: int) -> Callable[[Job], None]:
        def ended(job: Job) -> None:
            try:
                kept = self.store.get(run)
            except TsukueError:  # it was removed
                return
            self._events.publish(RunChanged(kept, error=job.error))

        return ended

    def _fill(self, run: int, model: str, only: int | None, job: Job) -> Run:
        kept = self.store.get(run)
        name = f"run-{run}"
        context = self._engine.load(model, job).context_length
        instruction = fields.instruction(kept.form)
        longest = min(parts.longest(context), context * parts.CONTEXT)
        length = self._settings.values.answer_length
        length = min(length, fields.most_tokens(kept.form) or length)
        reserve = min(length, ROOM, context // 4)
        maker = _Maker(self._engine, model, name, kept.form, instruction, (length, reserve))
        started, done, of = time.monotonic(), 0, 1 if only is not None else kept.counts.waiting
        try:
            while (number := self._next(run, only, done)) is not None:
                job.check()
                given = self.store.input(run, number)
                problem = None
                try:
                    output = self._one(maker, kept.form, given, longest, job)
                except OF_ONE_TEXT as error:
                    output = self.store.row(run, number).output  # what there was of it before, if there was
                    problem = Problem(type(error).__name__, error.fields())
                self.store.put(run, number, output, problem)
                done += 1
                left = parts.left(started, done, of)
                self._events.publish(RunChanged(self.store.get(run), self.store.row(run, number), left))
        finally:
            self._engine.forget(name)
        return self.store.get(run)

    def _next(self, run: int, only: int | None, done: int) -> int | None:
        if only is None:
            return self.store.next(run)
        return only if not done else None

    def _one(self, maker: _Maker, form: Form, given: Input, longest: float, job: Job) -> Output:
        began = time.monotonic()
        needed = available = 0
        for _ in range(TRIES):
            reading = self._reader().prepare(form, given, longest, job)
            try:
                made = self._parts(maker, form, reading.parts, job)
                break
            except ContextFull as error:  # sizes are guesses: with less of the text it is tried again
                needed, available = error.needed, error.available
                longest *= SMALLER * available / max(needed, 1)
        else:
            raise PromptTooLong(needed, available)
        rows: list[Row] = []
        found: list[dict[str, Found]] = []
        tokens = 0
        for part, own, completion in made:
            rows += own
            found += Checker(part.text, part.passages).check(form, own)
            tokens += completion.timings.completion_tokens
        read, of = reading.read, reading.of
        if len(made) < len(reading.parts):  # of many parts, those that could be read
            read, of = len(made), len(reading.parts)
        return Output(rows, found, read, of, [], round(time.monotonic() - began, 2), tokens)

    def _parts(
        self, maker: _Maker, form: Form, parts: list[Piece], job: Job
    ) -> list[tuple[Piece, list[Row], Completion]]:
        """What is made of the parts of a text. One that fails leaves the others; the only one, or all, fail as the text does."""
        made, failure = [], None
        for part in parts:
            try:
                text, completion = maker.make(part.text, job)
                made.append((part, values.read(form, text), completion))
            except (AnswerCutShort, AnswerNotJson) as error:
                failure = error
        if failure is not None and not made:
            raise failure
        return made


class _Maker:
    """Has a model write JSON for one text after another."""

    def __init__(
        self, engine: Engines, model: str, name: str, form: Form, instruction: str, length: tuple[int, int]
    ) -> None:
        """`length`: how many tokens an answer may have, and for how many there must be room."""
        self._engine = engine
        self._model = model
        self._name = name
        self._schema = fields.schema(form)
        self._system = Turn("system", instruction)
        self._length = length

    def make(self, text: str, job: Job) -> tuple[str, Completion]:
        """What it writes. One that goes round in circles is asked once more, with repetition held against it.

        Raises AnswerCutShort, ContextFull, and what generating raises.
        """
        for repetition in (0.0, REPETITION):
            written, completion = self._write(text, repetition, job)
            if completion.finish == "stop":
                return written, completion
        raise AnswerCutShort(completion.timings.completion_tokens)

    def _write(self, text: str, repetition: float, job: Job) -> tuple[str, Completion]:
        request = Generate(
            self._name,
            [self._system, Turn("user", text)],
            Sampling(temperature=0.0, dry_multiplier=repetition),
            *self._length,
            self._schema,
            thinking=False,
        )
        for _ in range(1 + len(RUNGS)):
            try:
                return beside.write(self._engine, self._model, request, job)
            except WorkerDied as error:
                if not self._engine.step_down(self._model, error):
                    raise
                self._engine.load(self._model, job)
        raise PromptTooLong(0, 0)
