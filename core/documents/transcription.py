"""Writes down what is said in recordings, minute by minute, after everything else that was added (see `later.py`).

A page is a minute: it has the sentences that begin in it. What is written can be asked while the rest is still being written, and
a recording that was stopped, or killed, goes on behind its last sentence.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.documents import notes, passages, speakers, transcripts
from core.documents.formats import RECORDING
from core.documents.index import Index
from core.documents.later import Later
from core.documents.model import MINUTE, Note
from core.documents.progress import Course, DocumentsChanged, Stage
from core.documents.speakers import Speakers
from core.documents.transcripts import Line
from core.errors import (
    Cancelled,
    FileMissing,
    NothingSaid,
    TsukueError,
    WorkerDied,
    WorkerKeepsDying,
)
from core.events import Events
from core.jobs import Job, Jobs
from core.models.library import Library
from core.storage.documents import Document, DocumentStore, draft
from core.voice.messages import Written
from core.voice.names import About
from core.voice.service import Voice

log = logging.getLogger(__name__)

EVERY = 5  # minutes of a recording, after which what was written can be found by meaning
TRIES = 2  # worker processes for one recording that makes no way


class Transcription(Later):
    """Goes through the minutes of recordings."""

    JOB = "transcribe recordings"

    def __init__(
        self,
        voice: Voice,
        speakers: Speakers,
        library: Library,
        store: DocumentStore,
        index: Index,
        hold: Callable[[Job], None],
        jobs: Jobs,
        events: Events,
    ) -> None:
        super().__init__(store, index, hold, jobs, events)
        self._voice = voice
        self._speakers = speakers
        self._library = library

    @property
    def possible(self) -> bool:
        """Whether there is a model that writes down what is said."""
        return bool(self._library.of_role("speech"))

    def mine(self, document: Document) -> bool:
        """It is a recording."""
        return document.format == RECORDING.key

    def text(self, path: Path, job: Job) -> str:
        """What is said in a recording, a paragraph a line with its time before it. Raises as `Voice.file`; NothingSaid."""
        lines = [Line(one.start, one.end, one.text) for one in self._voice.file(str(path), job=job).segments]
        if not lines:
            raise NothingSaid(path.name)
        try:
            who = speakers.numbers(self._voice, str(path), lines, job)
        except Cancelled:
            raise
        except TsukueError as error:  # what is said is worth having also where nobody knows by whom
            log.warning("speakers were not told apart: %s", type(error).__name__)
            who = [""] * len(lines)
        return transcripts.with_times(
            replace(line, speaker=speaker) for line, speaker in zip(lines, who, strict=True)
        )

    def _document(self, document: Document, job: Job) -> None:
        failed = 0
        while (left := self._store.pictures(document.id)) and self.still_there(document):
            try:
                _Writing(self, document, left, job).run()
            except (WorkerDied, WorkerKeepsDying) as error:
                job.check()
                self._voice.files.forgive()
                failed = 0 if len(self._store.pictures(document.id)) < len(left) else failed + 1
                if failed >= TRIES:
                    self._failed(document, error)
                    return
            except FileMissing as error:  # it went in this moment: it waits for it
                raise Cancelled from error
            except Cancelled:
                raise
            except TsukueError as error:
                self._failed(document, error)
                return
        if not self.still_there(document):
            return
        if self._speakers.possible:
            self._tell_speakers(document, job)
        self.embed(document, job)
        if not self._store.passage_ids(document.id):
            self.give_up(document, NothingSaid(Path(document.path).name))
            return
        self._store.set_notes(document.id, _notes(document.notes))
        self._events.publish(DocumentsChanged(document.collection))

    def _tell_speakers(self, document: Document, job: Job) -> None:
        """What is said is worth having also where nobody knows by whom; the person can have it told again."""
        try:
            self._speakers.tell(document.id, job, afresh=False)
        except Cancelled:
            raise
        except TsukueError as error:
            log.warning("speakers were not told apart: %s", type(error).__name__)

    def _failed(self, document: Document, error: TsukueError) -> None:
        """What was written stays; where it is nothing, the file is listed with the reason."""
        log.warning("a recording was not written down to its end: %s", type(error).__name__)
        if not self._store.passage_ids(document.id):
            self.give_up(document, error)
            return
        numbers = [number for _, number in self._store.pictures(document.id)]
        for page_id, number in self._store.pictures(document.id):
            self._store.put_recognised(document.id, page_id, draft(transcripts.page(number, []), []))
        minutes = {"minutes": notes.page_ranges(numbers)}
        self._store.set_notes(document.id, [*_notes(document.notes), Note("minutes", minutes)])
        self._events.publish(DocumentsChanged(document.collection))


class _Writing:
    """One run through what is left of a recording."""

    def __init__(
        self, owner: Transcription, document: Document, left: list[tuple[int, int]], job: Job
    ) -> None:
        self._owner = owner
        self._store = owner._store
        self._document = document
        self._left = left
        self._job = job
        self._lines: list[Line] = []
        self._splitter = passages.Splitter()
        self._since = 0
        self._course = Course()

    def run(self) -> None:
        first = self._left[0][1]
        before = transcripts.read(self._store, self._document.id, upto=first - 1)
        begin = max([(first - 1) * MINUTE, *(line.end for line in before[-1:])])
        self._course.begin(self._document.collection, [self._document.path])
        self._tell(begin)
        about = About(collection=self._document.collection)
        self._owner._voice.file(self._document.path, job=self._job, begin=begin, about=about, told=self._take)
        self._keep(float("inf"))

    def _tell(self, seconds: float) -> None:
        last = self._left[-1][1] if self._left else 1
        self._owner._events.publish(
            self._course.progress(
                Stage.TRANSCRIBING,
                self._document.path,
                min(int(seconds / MINUTE) + 1, last),
                max(last, self._document.pages),
            )
        )

    def _take(self, written: Written) -> None:
        self._owner._hold(self._job)
        self._lines += [Line(one.start, one.end, one.text) for one in written.segments]
        self._tell(written.done)
        self._keep(written.done)

    def _keep(self, done: float) -> None:
        """Store the minutes before second `done`; the last one has whatever comes behind it."""
        while self._left:
            page_id, number = self._left[0]
            end = number * MINUTE if len(self._left) > 1 else float("inf")
            if done < end:
                return
            here = [line for line in self._lines if line.start < end]
            self._lines = self._lines[len(here) :]
            page = transcripts.page(number, here)
            self._store.put_recognised(
                self._document.id, page_id, draft(page, list(self._splitter.page(page)))
            )
            self._left.pop(0)
            self._since += 1
            if self._since >= EVERY and self._left:
                self._since = 0
                self._owner.embed(self._document, self._job)


def _notes(before: tuple[Note, ...]) -> list[Note]:
    """What there is to say of a recording that is written down, in the place of that it is being."""
    kept = [note for note in before if note.code not in ("transcribing", "transcribed", "minutes")]
    return [*kept, Note("transcribed")]
