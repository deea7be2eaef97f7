"""From files to searchable passages: read, cut, store, embed; each file apart, each step resumable.

A file is known by its absolute path and its content's SHA-256: the same file twice does nothing, a
changed one replaces its passages. Text is stored in one transaction before it is embedded, and
vectors batch by batch, so a kill at any moment loses one batch; `resume` goes on from there.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.documents import formats, notes, passages
from core.documents.embedding import Embeddable, Embedding
from core.documents.folders import expand
from core.documents.index import Index
from core.documents.messages import ReadDocument, ReadSummary
from core.documents.model import Note, Page
from core.documents.progress import Course, DocumentsChanged, FileFailed, Stage
from core.errors import (
    N_,
    Cancelled,
    FileChanging,
    FileEmpty,
    FileMissing,
    FileScanned,
    FileWithoutLetters,
    NameUnusable,
    NoModel,
    ParserDied,
    ParseTooSlow,
    TsukueError,
    WorkerDied,
    WorkerFault,
)
from core.events import Events
from core.jobs import Job
from core.storage.documents import Document, DocumentStore, Draft, draft
from core.workers.supervisor import Worker, WorkerSpec

log = logging.getLogger(__name__)

PARSER_NAME = N_("document reader")
PATIENCE = 300  # seconds without a page, until a file is given up
TRIES = 3  # to read a file that is written meanwhile
CLOCK_SECONDS = 2.0  # a file that was changed so shortly before it was read may have been changed again with the same time
PARSER_MEMORY = 3_000_000_000  # address space in bytes


def parser_spec() -> WorkerSpec:
    """The parser worker: little memory, gone soon after its work."""
    return WorkerSpec(
        PARSER_NAME, "core.documents.parser", idle_seconds=60, memory_limit=PARSER_MEMORY, nice=8
    )


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
    """Reads files into the store, and has them embedded."""

    def __init__(self, store: DocumentStore, index: Index, parser: Worker, events: Events, own: Path) -> None:
        """`own` is the program's folder, which nobody means who adds a folder around it."""
        self._store = store
        self._index = index
        self.parser = parser
        self._events = events
        self._own = own
        self.patience: float = PATIENCE
        self._passwords: dict[
            str, str
        ] = {}  # of files, by their absolute path, until they are read; never on disk
        self.recognises = False  # whether the text of pictures can be recognised later
        self.transcribes: Callable[[], bool] = lambda: False  # whether what is said can be written down later

    def add(
        self, paths: Iterable[str], collection: str, job: Job, course: Course | None = None
    ) -> IngestReport:
        """Add files and folders. A file that fails is reported and the others go on. `course` sees how it goes."""
        started = time.monotonic()
        report = IngestReport()
        paths = list(paths)
        course = course or Course()
        found = expand(paths, self._own)
        self._store.collection(collection, create=True)
        for file, error in found.left_out:
            self._fail(collection, file, error, report)
        self._look_for_gone(paths, collection, report)
        self._store.take_again(collection, (str(Path(file).expanduser().absolute()) for file in found.files))
        course.begin(collection, found.files)
        addition = _Adding(self, collection, job, report, course)
        addition.run()
        report.seconds = time.monotonic() - started
        self._events.publish(DocumentsChanged(collection))
        return report

    def _tell(self, course: Course, stage: Stage, file: str, done: int = 0, total: int = 0) -> None:
        self._events.publish(course.progress(stage, file, done, total))

    def _fail(self, collection: str, file: str, error: TsukueError, report: IngestReport) -> None:
        report.failed.append(FailedFile(file, error))
        self._store.add_failure(collection, str(Path(file).expanduser().absolute()), file, error)

    def _take(
        self, file: str, collection: str, job: Job, report: IngestReport, course: Course
    ) -> tuple[int, str] | None:
        """Read a file and store it, unless it is known as it is; its id and what happened, where it is still to be embedded."""
        job.check()
        path = Path(file).expanduser().absolute()
        try:
            str(path).encode()
        except UnicodeEncodeError:  # a name that is no text cannot be stored or sent
            raise NameUnusable(path.name.encode("utf-8", "replace").decode()) from None
        try:
            before = path.stat()
        except (OSError, ValueError) as error:
            raise FileMissing(path.name) from error
        if not stat.S_ISREG(before.st_mode):
            raise FileMissing(path.name)
        old = self._store.find(collection, str(path))
        if old is not None and self._same(old, before) and not self._outdated(old):
            sha256 = old.sha256
        else:
            formats.check_size(path, formats.tell(path))
            sha256 = _hash(path)
        old = old or self._moved(collection, file, path, sha256, report, course)
        if old is not None and old.sha256 == sha256 and not self._outdated(old):
            if old.file != file:
                self._store.rename(old.id, file)
            if not self._same(old, before) or old.gone or old.changed or old.removed:
                self._store.set_seen(old.id, before.st_size, before.st_mtime)
                if old.gone is not None or old.removed is not None:
                    self._index.show(self._store.collection(collection), old.id)
            if old.notes:
                report.partly.append(PartlyRead(file, old.notes))
            if old.state == "ready" and not self._store.count_without_vectors(old.id, self._index.embedder):
                report.unchanged += 1
                return None
            return old.id, "added"  # read before, but a kill came before its last vector
        for _ in range(TRIES):
            document, said = self._read_and_store(collection, file, path, sha256, job, course)
            after = path.stat()
            if (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns):
                break
            before, sha256 = after, _hash(path)  # it was written while it was read: once more
        else:
            raise FileChanging(path.name)
        if said:
            report.partly.append(PartlyRead(file, said))
        return document, "added" if old is None else "replaced"

    @staticmethod
    def _same(old: Document, found: os.stat_result) -> bool:
        """Whether a file is surely the one that was read: by its size and time, unless it was read in the moment of its change."""
        return (
            old.modified == found.st_mtime
            and old.size == found.st_size
            and old.added - found.st_mtime > CLOCK_SECONDS
        )

    def _read_and_store(
        self, collection: str, file: str, path: Path, sha256: str, job: Job, course: Course
    ) -> tuple[int, tuple[Note, ...]]:
        """Read a file and store its pages and passages in the place of older ones. Returns its id, and what was not read."""
        modified = path.stat().st_mtime
        splitter = passages.Splitter()
        drafts: list[Draft] = []

        def keep(page: Page) -> None:
            drafts.append(draft(page, list(splitter.page(page))))
            if page.of > 1:
                self._tell(course, Stage.READING, file, len(drafts), page.of)

        old = self._store.find(collection, str(path))
        summary = self.read(path, job, keep, encoding=old.encoding if old is not None else "")
        said = summary.notes
        pictures = any(one.picture for one in drafts)
        if summary.format == formats.RECORDING.key:  # its minutes wait, and its reader has said so
            if not self.transcribes():
                raise NoModel("speech")
        elif self.recognises and pictures:
            said = notes.waiting(said)
        else:
            drafts = [replace(one, picture=0) for one in drafts]
        if not any(one.passages or one.picture for one in drafts):
            raise _nothing(path.name, summary.notes, pictures)
        document, gone = self._store.put(
            collection,
            file,
            str(path),
            sha256,
            path.stat().st_size,
            drafts,
            format=summary.format,
            reader=summary.version,
            notes=said,
            modified=modified,
        )
        self._index.remove(self._store.collection(collection), gone)
        return document, tuple(said)

    @staticmethod
    def _outdated(document: Document) -> bool:
        """Whether a better reader has come since a document was read."""
        known = formats.BY_KEY.get(document.format)
        return known is None or document.reader < known.version

    def _moved(
        self, collection: str, file: str, path: Path, sha256: str, report: IngestReport, course: Course
    ) -> Document | None:
        """The document that this file was before it got another name: its old file is not there any more.

        Of many files with one content each is looked for once in an addition, or ten thousand would be, for each of them.
        """
        after = course.still_there.get(sha256, 0)
        for document in self._store.same_content(collection, sha256, after=after):
            if not Path(document.path).exists():
                self._store.move(document.id, file, str(path))
                if document.gone is not None:
                    self._index.show(self._store.collection(collection), document.id)
                report.moved.append(file)
                return self._store.find(collection, str(path))
            course.still_there[sha256] = document.id
        return None

    def _look_for_gone(self, paths: list[str], collection: str, report: IngestReport) -> None:
        """Files that were added from a folder that is added again, and are not in it any more, answer no longer."""
        for given in paths:
            folder = Path(given).expanduser().absolute()
            if not folder.is_dir():
                continue
            for document in self._store.below(collection, str(folder)):
                if document.gone is None and not Path(document.path).exists():
                    self.set_gone(document)
                    report.gone.append(document.file)

    def read(
        self,
        path: Path,
        job: Job,
        keep: Callable[[Page], None],
        *,
        encoding: str = "",
        parser: Worker | None = None,
    ) -> ReadSummary:
        """Read a file in the parser worker (or in another such `parser`); `keep` gets its pages one by one. Returns what was not
        read. Where `keep` raises, the reading ends.

        Raises the typed errors for files.
        """
        parser = parser or self.parser
        call = parser.call(ReadDocument(str(path), self._passwords.pop(str(path), ""), encoding))
        leave = job.on_cancel(call.cancel)
        try:
            for page in call.items(self.patience):
                keep(page)
            summary: ReadSummary = call.result()
            return summary
        except TimeoutError as error:
            parser.kill()
            with contextlib.suppress(TsukueError):
                call.result()  # until the process is gone: the next file must not be given to it
            parser.forgive()
            raise ParseTooSlow(path.name, int(self.patience)) from error
        except WorkerDied as error:
            parser.forgive()  # the file's fault; the next file gets a fresh reader
            raise ParserDied(path.name, error.cause) from error
        except BaseException:  # whatever `keep` raised: nobody takes the pages that are still to come
            call.cancel()
            raise
        finally:
            leave()

    def unprepared(self) -> int:
        """How many documents are not finished, or not embedded by the embedder in use."""
        return len(self._store.unfinished(self._index.embedder))

    def resume(self, job: Job, course: Course | None = None) -> IngestReport:
        """Go on where a kill or a cancel stopped, embed what the embedder in use has not seen yet, and read again what an
        older reader has read.

        The vectors of another embedder stay: it can be chosen again without a wait.
        """
        started = time.monotonic()
        report = IngestReport()
        course = course or Course()
        documents = self._store.unfinished(self._index.embedder)
        course.begin("", [document.path for document in documents])
        self._embed_all([Embeddable(d.id, d.collection, d.file) for d in documents], job, report, course)
        if not report.cancelled:
            self._read_again(job, report, course)
        report.seconds = time.monotonic() - started
        return report

    def _embed_all(self, ones: list[Embeddable], job: Job, report: IngestReport, course: Course) -> None:
        embedding = Embedding(self._store, self._index, job, lambda one: self._embedded(one, course))
        with embedding.running():
            for one in ones:
                try:
                    course.check(job)
                    embedding.put(one)
                except Cancelled:
                    break
        report.cancelled = job.cancelled
        for one in ones:
            report.passages += one.embedded
            if one.error is not None:
                raise one.error
            report.added += one.ready
        for collection in {one.collection for one in ones}:
            self._events.publish(DocumentsChanged(collection))

    def _embedded(self, one: Embeddable, course: Course) -> None:
        course.done += one.ready or one.error is not None
        self._tell(course, Stage.EMBEDDING, one.file, one.embedded, one.passages)

    def _read_again(self, job: Job, report: IngestReport, course: Course) -> None:
        """Read what an older reader has read, where its file is still the same. Quotations are found again by their words."""
        outdated = self._store.outdated({key: known.version for key, known in formats.BY_KEY.items()})
        course.begin("", [old.path for old in outdated])
        for old in outdated:
            path = Path(old.path)
            try:
                course.check(job)
                if _hash(path) != old.sha256:
                    self._store.set_changed(old.id, changed=True)
                    continue  # another text than the one that was added: the person adds it again
                self._tell(course, Stage.READING, old.file)
                document, _ = self._read_and_store(old.collection, old.file, path, old.sha256, job, course)
                one = Embeddable(document, old.collection, old.file)
                self._embed_all([one], job, IngestReport(), course)
                report.passages += one.embedded
                report.replaced += one.ready
            except Cancelled:
                report.cancelled = True
                return
            except (OSError, TsukueError) as error:  # what was read before stays
                log.info("a document was not read again: %s", type(error).__name__)

    def open_with(self, path: str, password: str) -> None:
        """The password for the next reading of a file (its absolute path). It is kept nowhere else, and forgotten then."""
        self._passwords[path] = password

    def set_gone(self, document: Document) -> None:
        """A document's file is missing: it answers no longer, until the file is there again."""
        self._store.set_gone(document.id, gone=True)
        self._index.hide(self._store.collection(document.collection), document.id)


class _Adding:
    """One addition under way: files are read and stored one after another, and embedded beside that."""

    def __init__(
        self, ingest: Ingest, collection: str, job: Job, report: IngestReport, course: Course
    ) -> None:
        self._ingest = ingest
        self._store = ingest._store
        self._collection = collection
        self._job = job
        self._report = report
        self._course = course
        self._failed_before = {failure.path for failure in self._store.failures(collection)}
        self._under_way: list[tuple[str, str, Embeddable]] = []  # file, what happened, and its way through

    def run(self) -> None:
        embedding = Embedding(
            self._store, self._ingest._index, self._job, lambda one: self._ingest._embedded(one, self._course)
        )
        with embedding.running():
            for file in self._course.files:
                try:
                    self._one(file, embedding)
                except Cancelled:
                    break
        self._report.cancelled = self._job.cancelled
        for file, happened, one in self._under_way:
            self._report.passages += one.embedded
            if one.error is not None:
                self._ingest._fail(self._collection, file, one.error, self._report)
            elif one.ready:
                self._count(file, happened)
        self._report.taken.sort(key=self._course.order)

    def _one(self, file: str, embedding: Embedding) -> None:
        self._course.check(self._job)
        self._course.begun += 1
        self._ingest._tell(self._course, Stage.READING, file)
        try:
            taken = self._ingest._take(file, self._collection, self._job, self._report, self._course)
            if taken is None:
                self._course.done += 1
                self._count(file, "")
                return
            document, happened = taken
            one = Embeddable(document, self._collection, file)
            self._under_way.append((file, happened, one))
            embedding.put(one)
        except Cancelled:
            raise
        except OSError:  # gone, or no longer to be opened, since it was looked at
            log.warning("a file was not added: it vanished")
            self._failed(file, FileMissing(Path(file).name))
        except TsukueError as error:
            log.warning("a file was not added: %s", type(error).__name__)
            self._failed(file, error)
        except Exception as error:
            log.exception("a file was not added")
            self._failed(file, WorkerFault("Tsukue", type(error).__name__))

    def _failed(self, file: str, error: TsukueError) -> None:
        self._course.done += 1
        self._ingest._fail(self._collection, file, error, self._report)
        self._ingest._events.publish(FileFailed(self._collection, file, error))

    def _count(self, file: str, happened: str) -> None:
        self._report.taken.append(file)
        self._report.added += happened == "added"
        self._report.replaced += happened == "replaced"
        path = str(Path(file).expanduser().absolute())
        if path in self._failed_before:
            self._store.forget_failure(self._collection, path)


def _nothing(name: str, said: list[Note], pictures: bool) -> TsukueError:
    """Why there is no text in a file; `pictures`: there would be some to recognise it in."""
    codes = {note.code.removesuffix("-many") for note in said}
    if "letters" in codes:
        return FileWithoutLetters(name)
    return FileScanned(name) if pictures or "pictures" in codes else FileEmpty(name)


def _hash(path: Path) -> str:
    """The content's SHA-256. Raises FileMissing."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise FileMissing(path.name) from error
