"""What is done with documents that are there: removed and brought back, moved, renamed, merged, looked after.

Whatever is removed is hidden at once and gone for good a while later, or at the next start: text, search units, vectors and
the room they took. Adding is core/documents/additions.py's, searching core/documents/retrieve.py's.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents import transfer
from core.documents.additions import Addition, Additions
from core.documents.index import Index
from core.documents.ingest import Ingest
from core.documents.progress import DocumentsChanged
from core.errors import FileMissing, TsukueError
from core.events import Event, Events
from core.jobs import Job, Jobs
from core.storage.documents import Document, DocumentStore

if TYPE_CHECKING:
    from core.documents.checkup import Report

log = logging.getLogger(__name__)

UNDO_SECONDS = 60.0
GIVE_BACK = 1000  # passages that must have gone before Chroma's files are made anew


@dataclass(frozen=True)
class Removed:
    """What was hidden, and can be brought back: documents by id, and a whole collection by its id (0 where there is none)."""

    collection: str
    documents: tuple[int, ...]
    whole: int = 0


@dataclass(frozen=True)
class DocumentsRemoved(Event):
    """Something was removed, and can be brought back for a while."""

    removed: Removed


@dataclass(frozen=True)
class CollectionRenamed(Event):
    """A collection has another name, or is part of another one now."""

    old: str
    new: str


class Documents:
    """Looks after collections and documents."""

    def __init__(
        self,
        store: DocumentStore,
        index: Index,
        ingest: Ingest,
        additions: Additions,
        jobs: Jobs,
        events: Events,
    ) -> None:
        self._store = store
        self._index = index
        self._ingest = ingest
        self._additions = additions
        self._jobs = jobs
        self._events = events
        self._later: set[threading.Timer] = set()
        self._lock = threading.Lock()

    # ------------------------------------------------------------ removing

    def remove(self, collection: str, file: str | None = None) -> Removed:
        """Remove a document (by the path given, the absolute one, or the name) or a whole collection; `restore` brings it back.

        Raises CollectionMissing, FileMissing.
        """
        number = self._store.collection(collection)
        documents = self._store.documents(collection)
        if file is None:
            self._stop_adding(collection)
            self._store.hide_collection(collection)
            removed = Removed(collection, tuple(d.id for d in documents), number)
        else:
            chosen = find(documents, file)
            if not chosen:
                raise FileMissing(file)
            watched = [f.path for f in self._store.watched() if f.collection == collection]
            for document in chosen:
                if any(Path(document.path).is_relative_to(folder) for folder in watched):
                    self._store.leave_out(collection, document.path)
                self._store.hide(document.id)
                self._index.hide(number, document.id)
            removed = Removed(collection, tuple(d.id for d in chosen))
        self._events.publish(DocumentsChanged(collection))
        self._events.publish(DocumentsRemoved(removed))
        self._purge_later()
        return removed

    def _stop_adding(self, collection: str) -> None:
        for addition in self._additions.line:
            if addition.collection == collection:
                addition.cancel()

    def restore(self, removed: Removed) -> str:
        """Bring back what was removed, as far as it is not gone for good; returns the name of its collection."""
        if removed.whole:
            name = self._store.restore_collection(removed.whole)
            self._events.publish(DocumentsChanged(name))
            return name
        for number in removed.documents:
            document = self._store.document(number)
            if document is not None and document.removed is not None:
                self._store.hide(number, hidden=False)
                self._store.take_again(removed.collection, [document.path])
                if document.gone is None:
                    self._index.show(self._store.collection(removed.collection), number)
        self._events.publish(DocumentsChanged(removed.collection))
        return removed.collection

    def _purge_later(self) -> None:
        def purge() -> None:
            with self._lock:
                self._later.discard(timer)
            self._jobs.start("remove documents", self._purge_quietly)

        timer = threading.Timer(UNDO_SECONDS, purge)
        timer.daemon = True
        with self._lock:
            self._later.add(timer)
        timer.start()

    def _purge_quietly(self, job: Job) -> None:
        try:
            self.purge(job, older=UNDO_SECONDS)
        except TsukueError:
            log.warning("removed documents will be gone after the next start", exc_info=True)

    def purge(self, job: Job, *, older: float = 0.0) -> int:
        """Remove for good what was removed at least `older` seconds ago, and give its room back. Returns how many documents."""
        gone = self._store.hidden(older)
        passages = 0
        for document in gone:
            job.check()
            passages += document.passages
            self._store.remove(document.id)
        for number in self._store.hidden_collections(older):
            job.check()
            self._index.drop(number)
            self._store.delete_collection(number)
        if gone:
            self._store.give_back_room()
        if passages >= GIVE_BACK:
            self._index.give_back_room()
        return len(gone)

    # ------------------------------------------------------------ moving

    def rename(self, collection: str, new: str) -> None:
        """Give a collection another name. Raises CollectionMissing, CollectionExists."""
        self._store.rename_collection(collection, new)
        self._events.publish(CollectionRenamed(collection, new))
        self._events.publish(DocumentsChanged(new))

    def move(self, collection: str, file: str, to: str) -> int:
        """Make a document part of another collection, which is made where there is none. Returns how many were moved.

        Raises CollectionMissing, FileMissing.
        """
        source = self._store.collection(collection)
        chosen = find(self._store.documents(collection), file)
        if not chosen:
            raise FileMissing(file)
        target = self._store.collection(to, create=True)
        if source == target:
            return 0
        for document in chosen:
            self._give(document, source, target, to)
        for name in (collection, to):
            self._events.publish(DocumentsChanged(name))
        return len(chosen)

    def merge(self, collection: str, into: str) -> int:
        """Make all documents of a collection part of another, and forget the first. Returns how many. Raises CollectionMissing."""
        source, target = self._store.collection(collection), self._store.collection(into)
        if source == target:
            return 0
        documents = self._store.documents(collection)
        for document in documents:
            self._give(document, source, target, into)
        self._store.follow_merge(collection, into)
        self._store.hide_collection(collection)
        self._events.publish(CollectionRenamed(collection, into))
        self._events.publish(DocumentsChanged(into))
        return len(documents)

    def _give(self, document: Document, source: int, target: int, to: str) -> None:
        self._index.hide(source, document.id)
        self._index.remove(target, self._store.give(document.id, to))
        if document.gone is None:
            self._index.show(target, document.id)

    # ------------------------------------------------------------ out and in

    @property
    def vector_server(self) -> str:
        """The host that searches by meaning instead of this computer; '' where none does."""
        return self._index.server.host if self._index.server.configured else ""

    def export(self, collection: str, path: Path) -> int:
        """Write a collection as one file; returns how many documents. Raises CollectionMissing, and the errors of the disk."""
        return transfer.write(self._store, collection, path)

    def import_file(self, path: Path) -> str:
        """Make a collection of an exported file; returns its name, another one where that is taken. Raises ImportUnusable."""
        name, documents = transfer.read(path)
        base, counter = name, 2
        while self._store.has_collection(name):
            name, counter = f"{base} {counter}", counter + 1
        number = self._store.collection(name, create=True)
        try:
            for place, one in enumerate(documents):
                self._take_in(name, place, one)
        except TsukueError:
            for document in self._store.documents(name):
                self._store.remove(document.id)
            self._store.delete_collection(number)
            raise
        self._events.publish(DocumentsChanged(name))
        self._additions.resume()  # embeds what came without vectors of the embedder in use
        return name

    def _take_in(self, collection: str, place: int, one: transfer.Incoming) -> None:
        file = Path(one.file.replace("\\", "/")).name or str(place)
        document, _ = self._store.put(
            collection,
            file,
            f"{transfer.SUFFIX}/{collection}/{place}/{file}",  # there is no file: only unlike all others
            one.sha256,
            one.size,
            one.pages,
            format=one.format,
            reader=one.reader,
            notes=one.notes,
            origin="import",
        )
        ids = self._store.passage_ids(document)
        for embedder, vectors in one.vectors.items():
            rows = [(i, v) for i, v in zip(ids, vectors, strict=False) if v is not None]
            self._store.put_vectors(embedder, rows)
        if not self._store.count_without_vectors(document, self._index.embedder):
            self._store.set_ready(document)
            self._index.show(self._store.collection(collection), document)

    # ------------------------------------------------------------ looking after

    def retry(self, collection: str) -> Addition | None:
        """Try again what could not be read, and read again what has changed; None where there is nothing."""
        files = [failure.file for failure in self._store.failures(collection)]
        files += [d.file for d in self._store.documents(collection) if d.changed is not None]
        return self._additions.add(files, collection) if files else None

    def read_again(self, collection: str, file: str) -> Addition:
        """Read one file again, whether it has changed or not. Raises CollectionMissing."""
        for document in find(self._store.documents(collection), file):
            self._store.forget_reading(document.id)
        return self._additions.add([file], collection)

    def read_in(self, collection: str, file: str, encoding: str) -> Addition:
        """Read a text again in an encoding that the person has chosen (a value of encodings.CHOICES; '' finds it again).

        Raises CollectionMissing.
        """
        for document in find(self._store.documents(collection), file):
            self._store.set_encoding(document.id, encoding)
        return self.read_again(collection, file)

    def unlock(self, collection: str, file: str, password: str) -> Addition:
        """Read a protected PDF with its password, which is not kept: what was read of it is, as of any file."""
        self._ingest.open_with(str(Path(file).expanduser().absolute()), password)
        return self._additions.add([file], collection)

    def dismiss(self, collection: str) -> None:
        """Hear no more of what could not be read."""
        self._store.forget_failures(collection)
        self._events.publish(DocumentsChanged(collection))

    def check(
        self, collection: str, job: Job, tell: Callable[[int, int], None] = lambda done, of: None
    ) -> Report:
        """Test how well a collection's own sentences are found, without a model. See core/documents/checkup.py."""
        from core.documents.checkup import Checkup

        return Checkup(self._store, self._index).run(collection, job, tell=tell)

    def look(self, job: Job) -> None:
        """See which files have changed, have gone and have come back since they were read. Costs a look at each."""
        lost = [str(Path(folder.path)) for folder in self._store.watched() if not Path(folder.path).is_dir()]
        changed: set[str] = set()
        for document in self._store.files():
            job.check()
            path = Path(document.path)
            if any(path.is_relative_to(folder) for folder in lost):
                continue  # on a drive that is not there just now: what was read of it still answers
            try:
                found = path.stat()
            except (FileNotFoundError, NotADirectoryError):
                if document.gone is None and path.anchor and _drive_there(path):
                    self._ingest.set_gone(document)
                    changed.add(document.collection)
                continue
            except OSError:
                continue  # it may be there, and nobody may look
            if document.gone is not None:
                self._store.set_gone(document.id, gone=False)
                self._index.show(self._store.collection(document.collection), document.id)
                changed.add(document.collection)
            other = document.modified is not None and (found.st_mtime, found.st_size) != (
                document.modified,
                document.size,
            )
            if other != (document.changed is not None):
                self._store.set_changed(document.id, changed=other)
                changed.add(document.collection)
        for collection in sorted(changed):
            self._events.publish(DocumentsChanged(collection))

    def close(self) -> None:
        """Leave what was removed for the next start."""
        with self._lock:
            timers, self._later = list(self._later), set()
        for timer in timers:
            timer.cancel()


def find(documents: list[Document], file: str) -> list[Document]:
    """The documents that a person means by a file: by the path that was given, the absolute one, or the name."""
    absolute = str(Path(file).expanduser().absolute())
    return [d for d in documents if file in (d.file, Path(d.path).name) or d.path == absolute]


def _drive_there(path: Path) -> bool:
    """Whether the disk that a file was on is there: something of its path below the first folder is."""
    parents = list(path.parents)
    return len(parents) < 3 or any(parent.exists() for parent in parents[:-2])
