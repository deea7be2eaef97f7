"""Watched folders: what is new or changed in them is read, what has gone answers no longer; and all files are looked after.

A look at names, sizes and times every few seconds, in place of the system's notices: those do not come from network drives,
and come thousandfold while a folder is being copied. A file is taken when two looks have found it the same.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from core.documents.additions import Addition, Additions
from core.documents.folders import expand
from core.documents.ingest import Ingest
from core.documents.progress import DocumentsChanged
from core.documents.service import Documents
from core.errors import Cancelled, FileMissing, TsukueError
from core.events import Events
from core.jobs import Job, Jobs
from core.storage.collections import WatchedFolder
from core.storage.documents import DocumentStore

log = logging.getLogger(__name__)

SECONDS = 10.0  # between two looks
LOOKS = 30  # of them pass between two looks at the files that lie elsewhere


class Watching:
    """Looks into watched folders, as a job that ends with the program."""

    def __init__(
        self,
        store: DocumentStore,
        documents: Documents,
        ingest: Ingest,
        additions: Additions,
        jobs: Jobs,
        events: Events,
        own: Path,
    ) -> None:
        self._store = store
        self._documents = documents
        self._ingest = ingest
        self._additions = additions
        self._jobs = jobs
        self._events = events
        self._own = own
        self._seen: dict[
            int, dict[str, tuple[int, int]]
        ] = {}  # by folder: each file's size and time at the last look
        self._asked: dict[str, tuple[int, int]] = {}  # what was given to the additions already
        self._wake = threading.Event()
        self._job: Job | None = None
        self.seconds = SECONDS

    def start(self) -> None:
        """Begin to look, in the background."""
        if self._job is None:
            self._job = self._jobs.start("watch folders", self._run)

    def watch(self, folder: str, collection: str) -> Addition:
        """Take what is in a folder now and later. Raises FileMissing."""
        path = Path(folder).expanduser().absolute()
        if not path.is_dir():
            raise FileMissing(path.name)
        self._store.collection(collection, create=True)
        self._store.watch(collection, str(path))
        self._events.publish(DocumentsChanged(collection))
        return self._additions.add([str(path)], collection)

    def unwatch(self, folder: str, collection: str) -> None:
        """Watch a folder no longer. What was read of it stays."""
        self._store.unwatch(collection, folder)
        self._events.publish(DocumentsChanged(collection))

    def _run(self, job: Job) -> None:
        job.on_cancel(self._wake.set)
        count = 0
        while not job.cancelled:
            try:
                for folder in self._store.watched():
                    job.check()
                    self.look(folder)
                if count % LOOKS == 0:
                    self._documents.look(job)
            except Cancelled:
                pass  # the program is closing, or the process was stopped in mid-call: the next look sees it again
            except (TsukueError, OSError) as error:  # a folder that nobody may look into, for example
                if job.cancelled:
                    return
                log.warning("watched folders could not be looked at: %s", type(error).__name__)
            count += 1
            self._wake.wait(self.seconds)

    def look(self, folder: WatchedFolder) -> None:
        """One look into a folder: give what is new or other to the additions, and see what has gone."""
        top = Path(folder.path)
        there = top.is_dir()
        if there == (folder.lost is not None):
            self._store.set_lost(folder.id, not there)
            self._events.publish(DocumentsChanged(folder.collection))
        if not there:
            self._seen.pop(folder.id, None)
            return
        known = {d.path: d for d in self._store.below(folder.collection, folder.path)}
        failed = {failure.path: failure.at for failure in self._store.failures(folder.collection)}
        found: dict[str, tuple[int, int]] = {}
        for file in expand([folder.path], self._own).files:
            try:
                stat = Path(file).stat()
            except OSError:
                continue  # gone in this moment
            found[file] = stat.st_size, stat.st_mtime_ns
        before = self._seen.get(folder.id, found)
        self._seen[folder.id] = found
        left_out = self._store.left_out(folder.collection)
        new = []
        for file, mark in found.items():
            document = known.get(file)
            read = document is not None and document.gone is None and document.modified == mark[1] / 1e9
            told = file in failed and mark[1] / 1e9 <= failed[file]  # it failed, and is what it was
            asked = self._asked.get(file) == mark
            if not (read or told or asked or file in left_out) and before.get(file) == mark:
                new.append(file)
                self._asked[file] = mark
        for path, document in known.items():
            if path not in found and document.gone is None and not Path(path).exists():
                self._ingest.set_gone(document)  # under another name it is known again
        if new:
            self._additions.add(new, folder.collection)
