"""From files to searchable passages: read, cut, store, embed; each file apart, each step resumable.

A file is known by its absolute path and its content's SHA-256: the same file twice does nothing, a
changed one replaces its passages. Text is stored in one transaction before it is embedded, and
vectors batch by batch, so a kill at any moment loses one batch; `resume` goes on from there.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.documents import formats, passages
from core.documents.folders import expand
from core.documents.index import BATCH, Index
from core.documents.messages import ReadDocument, ReadSummary
from core.documents.model import Note, Page
from core.errors import (
    N_,
    Cancelled,
    FileEmpty,
    FileMissing,
    ParserDied,
    ParseTooSlow,
    TsukueError,
    WorkerDied,
    WorkerFault,
)
from core.events import Event, Events
from core.jobs import Job
from core.storage.documents import Document, DocumentStore
from core.workers.supervisor import Worker, WorkerSpec

log = logging.getLogger(__name__)

PARSER_NAME = N_("document reader")
SECONDS_PER_FILE = 600
PARSER_MEMORY = 3_000_000_000  # address space in bytes


def parser_spec() -> WorkerSpec:
    """The parser worker: little memory, gone soon after its work."""
    return WorkerSpec(
        PARSER_NAME, "core.documents.parser", idle_seconds=60, memory_limit=PARSER_MEMORY, nice=8
    )


@dataclass(frozen=True)
class IngestProgress(Event):
    """Where an addition stands: file `done` of `files`, and passages of the current file embedded so far."""

    collection: str
    file: str
    done: int
    files: int
    embedded: int
    passages: int


@dataclass(frozen=True)
class DocumentsChanged(Event):
    """A collection's documents changed."""

    collection: str


@dataclass(frozen=True)
class FailedFile:
    file: str
    error: TsukueError


@dataclass(frozen=True)
class PartlyRead:
    """A file that can be asked, and what of it was not read."""

    file: str
    notes: tuple[Note, ...]


@dataclass
class IngestReport:
    """What an addition did. Counts are of files; `passages` are the new ones."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    taken: list[str] = field(default_factory=list)  # those that can be asked now, whole or in part
    moved: list[str] = field(default_factory=list)  # known under another name before
    gone: list[str] = field(
        default_factory=list
    )  # were in a folder that was added again, and are not any more
    partly: list[PartlyRead] = field(default_factory=list)
    failed: list[FailedFile] = field(default_factory=list)
    passages: int = 0
    seconds: float = 0.0
    cancelled: bool = False

    @property
    def good(self) -> int:
        """How many files can be asked now."""
        return self.added + self.replaced + self.unchanged


class Ingest:
    """Adds and removes documents."""

    def __init__(self, store: DocumentStore, index: Index, parser: Worker, events: Events, own: Path) -> None:
        """`own` is the program's folder, which nobody means who adds a folder around it."""
        self._store = store
        self._index = index
        self.parser = parser
        self._events = events
        self._own = own
        self.seconds_per_file = SECONDS_PER_FILE

    def add(self, paths: Iterable[str], collection: str, job: Job) -> IngestReport:
        """Add files and folders. A file that fails is reported and the others go on."""
        started = time.monotonic()
        report = IngestReport()
        paths = list(paths)
        found = expand(paths, self._own)
        files = found.files
        report.failed += [FailedFile(file, error) for file, error in found.left_out]
        self._store.collection(collection, create=True)
        self._look_for_gone(paths, collection, report)
        for number, file in enumerate(files):
            self._tell(collection, file, number, len(files), 0, 0)
            try:
                self._add_file(file, collection, job, report, (number, len(files)))
                report.taken.append(file)
            except Cancelled:
                report.cancelled = True
                break
            except TsukueError as error:
                log.warning("a file was not added: %s", type(error).__name__)
                report.failed.append(FailedFile(file, error))
            except Exception as error:
                log.exception("a file was not added")
                report.failed.append(FailedFile(file, WorkerFault("Tsukue", type(error).__name__)))
        report.seconds = time.monotonic() - started
        self._events.publish(DocumentsChanged(collection))
        return report

    def _tell(self, collection: str, file: str, done: int, files: int, embedded: int, total: int) -> None:
        self._events.publish(IngestProgress(collection, Path(file).name, done, files, embedded, total))

    def _add_file(
        self, file: str, collection: str, job: Job, report: IngestReport, place: tuple[int, int]
    ) -> None:
        job.check()
        path = Path(file).expanduser().absolute()
        try:
            str(path).encode()
        except UnicodeEncodeError:  # a name that is no text cannot be stored or sent
            raise FileMissing(path.name.encode("utf-8", "replace").decode()) from None
        if not path.is_file():
            raise FileMissing(path.name)
        formats.check_size(path, formats.tell(path))
        try:
            with path.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise FileMissing(path.name) from error
        old = self._store.find(collection, str(path)) or self._moved(collection, file, path, sha256, report)
        if old is not None and old.sha256 == sha256 and not self._outdated(old):
            if old.file != file:
                self._store.rename(old.id, file)
            if old.gone is not None:
                self._store.set_gone(old.id, gone=False)
            if old.notes:
                report.partly.append(PartlyRead(file, old.notes))
            if old.state == "ready" and not self._store.count_without_vectors(old.id, self._index.embedder):
                report.unchanged += 1
                return
            document = old.id  # read before, but a kill came before its last vector
        else:
            document, notes = self._read_and_store(collection, file, path, sha256, job)
            if notes:
                report.partly.append(PartlyRead(file, notes))
        report.passages += self._embed(collection, document, file, job, place)
        if old is None or document == old.id:
            report.added += 1
        else:
            report.replaced += 1

    def _read_and_store(
        self, collection: str, file: str, path: Path, sha256: str, job: Job
    ) -> tuple[int, tuple[Note, ...]]:
        """Read a file and store its pages and passages in the place of older ones. Returns its id, and what was not read."""
        pages, summary = self.read(path, job)
        cut = list(zip(pages, passages.split(pages), strict=True))
        if not any(found for _, found in cut):
            raise FileEmpty(path.name)
        document, gone = self._store.put(
            collection,
            file,
            str(path),
            sha256,
            path.stat().st_size,
            cut,
            format=summary.format,
            reader=summary.version,
            notes=summary.notes,
        )
        self._index.remove(self._store.collection(collection), gone)
        return document, tuple(summary.notes)

    @staticmethod
    def _outdated(document: Document) -> bool:
        """Whether a better reader has come since a document was read."""
        known = formats.BY_KEY.get(document.format)
        return known is None or document.reader < known.version

    def _moved(
        self, collection: str, file: str, path: Path, sha256: str, report: IngestReport
    ) -> Document | None:
        """The document that this file was before it got another name: its old file is not there any more."""
        for document in self._store.same_content(collection, sha256):
            if not Path(document.path).exists():
                self._store.move(document.id, file, str(path))
                report.moved.append(file)
                return self._store.find(collection, str(path))
        return None

    def _look_for_gone(self, paths: list[str], collection: str, report: IngestReport) -> None:
        """Files that were added from a folder that is added again, and are not in it any more, answer no longer."""
        for given in paths:
            folder = Path(given).expanduser().absolute()
            if not folder.is_dir():
                continue
            for document in self._store.below(collection, str(folder)):
                if document.gone is None and not Path(document.path).exists():
                    self._store.set_gone(document.id, gone=True)
                    report.gone.append(document.file)

    def read(self, path: Path, job: Job) -> tuple[list[Page], ReadSummary]:
        """A file's pages, read in the parser worker, and what was not read. Raises the typed errors for files."""
        call = self.parser.call(ReadDocument(str(path)))
        job.on_cancel(call.cancel)
        try:
            summary: ReadSummary = call.result(timeout=self.seconds_per_file)
            return list(call.items()), summary
        except TimeoutError as error:
            self.parser.kill()
            with contextlib.suppress(TsukueError):
                call.result()  # until the process is gone: the next file must not be given to it
            self.parser.forgive()
            raise ParseTooSlow(path.name, self.seconds_per_file) from error
        except WorkerDied as error:
            self.parser.forgive()  # the file's fault; the next file gets a fresh reader
            raise ParserDied(path.name, error.cause) from error

    def _embed(self, collection: str, document: int, file: str, job: Job, place: tuple[int, int]) -> int:
        number = self._store.collection(collection)
        total = self._store.count_without_vectors(document, self._index.embedder)
        done = 0
        while batch := self._store.without_vectors(document, self._index.embedder, BATCH):
            job.check()
            self._index.embed(number, batch, job)
            done += len(batch)
            self._tell(collection, file, *place, done, total)
        self._store.set_ready(document)
        return done

    def resume(self, job: Job) -> IngestReport:
        """Go on where a kill or a cancel stopped, and embed what the embedder in use has not seen yet.

        The vectors of another embedder stay: it can be chosen again without a wait.
        """
        started = time.monotonic()
        report = IngestReport()
        documents = self._store.unfinished(self._index.embedder)
        for number, document in enumerate(documents):
            place = number, len(documents)
            try:
                report.passages += self._embed(document.collection, document.id, document.file, job, place)
            except Cancelled:
                report.cancelled = True
                break
            report.added += 1
            self._events.publish(DocumentsChanged(document.collection))
        if not report.cancelled:
            self._read_again(job, report)
        report.seconds = time.monotonic() - started
        return report

    def _read_again(self, job: Job, report: IngestReport) -> None:
        """Read what an older reader has read, where its file is still the same. Quotations are found again by their words."""
        outdated = self._store.outdated({key: known.version for key, known in formats.BY_KEY.items()})
        for number, old in enumerate(outdated):
            path = Path(old.path)
            try:
                job.check()
                with path.open("rb") as stream:
                    if hashlib.file_digest(stream, "sha256").hexdigest() != old.sha256:
                        continue  # another text than the one that was added: the person adds it again
                self._tell(old.collection, old.file, number, len(outdated), 0, 0)
                document, _ = self._read_and_store(old.collection, old.file, path, old.sha256, job)
                report.passages += self._embed(
                    old.collection, document, old.file, job, (number, len(outdated))
                )
                report.replaced += 1
                self._events.publish(DocumentsChanged(old.collection))
            except Cancelled:
                report.cancelled = True
                return
            except (OSError, TsukueError) as error:  # what was read before stays
                log.info("a document was not read again: %s", type(error).__name__)

    def remove(self, collection: str, file: str | None = None) -> int:
        """Remove one document (by the path given, the absolute one, or the name) or a whole collection.

        Returns the count of documents removed. Raises CollectionMissing, FileMissing.
        """
        number = self._store.collection(collection)
        documents = self._store.documents(collection)
        if file is None:
            self._store.remove_collection(collection)
            self._index.drop(number)
            self._events.publish(DocumentsChanged(collection))
            return len(documents)
        absolute = str(Path(file).expanduser().absolute())
        chosen = [d for d in documents if file in (d.file, Path(d.path).name) or d.path == absolute]
        if not chosen:
            raise FileMissing(file)
        for document in chosen:
            self._index.remove(number, self._store.remove(document.id))
        self._events.publish(DocumentsChanged(collection))
        return len(chosen)
