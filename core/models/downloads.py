"""The downloads under way: started, paused, resumed and cancelled by the person, several at once.

Each has a working folder below `models/.partial`; what is found there at a start is shown as paused.
Finished models lie in a folder of their own below `models`, with `model.json` beside the files.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.errors import Cancelled
from core.events import Event, Events
from core.jobs import Job, Jobs
from core.models.download import Download, Item, Meter
from core.network import Network

log = logging.getLogger(__name__)

AT_ONCE = 3
STOP_SECONDS = 60.0  # longer than any read from a server waits
TELL_SECONDS = 0.25


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True)
class DownloadChanged(Event):
    """Where a download stands. Sizes in bytes, speed in bytes a second; `total` 0 where it is not known."""

    item: Item
    state: State
    done: int
    total: int
    speed: float = 0.0
    seconds_left: float | None = None
    error: Exception | None = None


class Downloads:
    """All downloads of one home. Any thread may call; news come as `DownloadChanged`."""

    def __init__(
        self,
        models: Path,
        network: Network,
        events: Events,
        jobs: Jobs,
        token: Callable[[str], str] = lambda address: "",
    ) -> None:
        self._models = models
        self._network = network
        self._events = events
        self._jobs = jobs
        self._token = token
        self._slots = threading.Semaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._running: dict[str, Job] = {}
        self._dropped: set[str] = set()
        self._last: dict[str, DownloadChanged] = {}

    def all(self) -> list[DownloadChanged]:
        """What is under way, and what earlier sessions left unfinished (paused), by name."""
        with self._lock:
            known = dict(self._last)
        for folder in self._partial.glob("*") if self._partial.is_dir() else ():
            item = Download.unfinished(folder)
            if item is not None and item.id not in known:
                there = Download(item, folder, self._network).on_disk
                known[item.id] = DownloadChanged(item, State.PAUSED, there, item.size)
        shown = [change for change in known.values() if change.state is not State.DONE]
        return sorted(shown, key=lambda change: change.item.name)

    @property
    def _partial(self) -> Path:
        return self._models / ".partial"

    def start(self, item: Item) -> Job:
        """Begin or resume a download; one that runs goes on. The job's result is the model's folder."""
        with self._lock:
            running = self._running.get(item.id)
            if running is not None and not running.done:
                return running
            self._dropped.discard(item.id)
            job = self._jobs.start(f"download {item.id}", lambda job: self._run(item, job))
            self._running[item.id] = job
            return job

    def pause(self, item: str) -> None:
        """Stop a download; what has arrived is kept."""
        with self._lock:
            job = self._running.get(item)
        if job is not None:
            job.cancel()

    def cancel(self, item: str) -> None:
        """Stop a download and throw away what has arrived."""
        with self._lock:
            self._dropped.add(item)
            job = self._running.get(item)
        if job is not None:
            job.cancel()
            if not job.ended(STOP_SECONDS):
                log.warning("the download %s does not stop; its files are left", item)
                return
        shutil.rmtree(self._partial / item, ignore_errors=True)
        with self._lock:
            self._last.pop(item, None)

    # ------------------------------------------------------------ one download, on its job's thread

    def _tell(self, change: DownloadChanged) -> None:
        with self._lock:
            if change.item.id in self._dropped:
                return
            self._last[change.item.id] = change
        self._events.publish(change)

    def _run(self, item: Item, job: Job) -> Path:
        token = self._token(item.files[0].url)  # of the server that it was begun at, whichever is chosen now
        download = Download(item, self._partial / item.id, self._network, token=token, pause=job.pause)
        self._tell(DownloadChanged(item, State.WAITING, download.on_disk, item.size))
        while not self._slots.acquire(timeout=0.1):
            if job.cancelled:
                self._tell(DownloadChanged(item, State.PAUSED, download.on_disk, item.size))
                raise Cancelled
        try:
            return self._fetch(item, download, job)
        finally:
            self._slots.release()

    def _fetch(self, item: Item, download: Download, job: Job) -> Path:
        meter, told = Meter(item.size), 0.0
        self._tell(DownloadChanged(item, State.RUNNING, download.on_disk, item.size))

        def progress(done: int) -> None:
            nonlocal told
            if time.monotonic() - told < TELL_SECONDS:
                return
            told = time.monotonic()
            speed, left = meter.add(done)
            self._tell(DownloadChanged(item, State.RUNNING, done, item.size, speed, left))

        try:
            target = download.run(self._models / item.id, job.check, progress)
        except Cancelled:
            self._tell(DownloadChanged(item, State.PAUSED, download.on_disk, item.size))
            raise
        except Exception as error:
            self._tell(DownloadChanged(item, State.FAILED, download.on_disk, item.size, error=error))
            raise
        self._tell(DownloadChanged(item, State.DONE, item.size, item.size))
        return target
