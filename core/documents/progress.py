"""How the adding of documents goes, for who looks at it: what is being done, how far it is, how long it will take."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.errors import TsukueError
from core.events import Event
from core.jobs import Job

FILE_COST = 20_000  # opening a file costs as much as so many bytes of it
SURE_SECONDS, SURE_SHARE = 4.0, 0.02  # of the work, before the rest is guessed


class Stage(StrEnum):
    """What is being done with a file."""

    READING = "reading"
    RECOGNISING = "recognising"
    TRANSCRIBING = "transcribing"
    EMBEDDING = "embedding"


@dataclass(frozen=True)
class IngestProgress(Event):
    """Where an addition stands: `done` of `files` are through, and `part` of `parts` (pages read, or passages embedded; 0
    where it is not known) of the file that it is about. `left` is about how many seconds are left, None while nobody knows.
    """

    collection: str
    path: str
    stage: Stage
    done: int
    files: int
    part: int = 0
    parts: int = 0
    left: float | None = None

    @property
    def file(self) -> str:
        """The file's name."""
        return Path(self.path).name


@dataclass(frozen=True)
class FileFailed(Event):
    """A file could not be read; said at once, since the end of an addition may be far."""

    collection: str
    file: str
    error: TsukueError


@dataclass(frozen=True)
class DocumentsChanged(Event):
    """A collection's documents changed."""

    collection: str


class Course:
    """How an addition goes, for who looks at it, and how long it will take."""

    def __init__(self) -> None:
        self.collection = ""
        self.files: list[str] = []
        self.begun = 0  # files whose reading has begun
        self.done = 0  # files that are through
        # By content: the last of the documents with it whose file was looked for, and was there.
        self.still_there: dict[str, int] = {}
        self._sizes: list[int] = []
        self._sums = [0]  # of the sizes of the first files
        self._started = 0.0

    def begin(self, collection: str, files: list[str]) -> None:
        """It is known which files there are."""
        self.collection, self.files, self.begun, self.done = collection, files, 0, 0
        self._places = {file: place for place, file in enumerate(files)}
        self._sizes = [FILE_COST + _size_of(file) for file in files]
        self._sums = [0, *itertools.accumulate(self._sizes)]
        self._started = time.monotonic()

    def check(self, job: Job) -> None:
        """Called between files. Raises Cancelled; may wait."""
        job.check()

    def order(self, file: str) -> int:
        """The place of a file among the others."""
        return self._places.get(file, -1)

    def waiting(self) -> list[str]:
        """The files whose reading has not begun."""
        return self.files[self.begun :]

    def progress(self, stage: Stage, file: str, part: int, parts: int) -> IngestProgress:
        """What there is to tell."""
        return IngestProgress(
            self.collection, file, stage, self.done, len(self.files), part, parts, self._left(part, parts)
        )

    def _left(self, part: int, parts: int) -> float | None:
        """Seconds, by what a byte has cost so far."""
        seconds = time.monotonic() - self._started
        through = float(self._sums[min(self.done, len(self._sizes))])
        if parts and self.done < len(self._sizes):
            through += self._sizes[self.done] * part / parts
        whole = self._sums[-1]
        if seconds < SURE_SECONDS or through < SURE_SHARE * whole:
            return None
        return seconds * (whole - through) / through


def _size_of(file: str) -> int:
    try:
        return Path(file).expanduser().stat().st_size
    except (OSError, ValueError, RuntimeError):  # RuntimeError: ~ of nobody
        return 0
