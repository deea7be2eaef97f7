"""Fetches model files so that nothing is lost and nothing half passes for whole.

A file is read in ranges. What has arrived lies in `<name>.part` beside `download.json`, so a stop, a
crash or a break costs only what was not yet written. `If-Range` with the server's own tag makes a file
that changed meanwhile start again instead of becoming a mixture. The SHA-256 is computed while the bytes
arrive (what lay there before is read once more from disk) and compared before the file gets its name. An
item, which may be several files of a split model, appears in the library in one step, when it is whole.

Ranges and If-Range: RFC 9110, sections 13.1.5 and 14. The hub's answers: `X-Linked-Size` and redirects
to storage whose addresses expire, so every new connection begins at the hub's own address.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import files, secrets
from core.errors import (
    N_,
    DownloadDamaged,
    HubBusy,
    HubMissing,
    HubRefused,
    HubUnreachable,
    NoRoom,
)
from core.network import words_of

if TYPE_CHECKING:
    import httpx2

    from core.network import Network

CHUNK = 1 << 20  # bytes
FRUITLESS_TRIES = 6  # connections in a row that brought nothing new
LONGEST_WAIT = 60.0  # seconds; a server that asks for more is asked again later, by the person
SPARE = 64 << 20  # bytes that must stay free on the disk
LOOK_AGAIN_BYTES = 256 << 20  # how often the free space is looked at during a download
_ANOTHER_PART = N_("the server sent the wrong part of the file")
_SAFE = re.compile(r"[A-Za-z0-9][\w.+-]{0,199}")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)$")


@dataclass(frozen=True)
class RemoteFile:
    """One file to fetch. `size` in bytes and `sha256` (hex) as the hub states them, where it does."""

    name: str
    url: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Item:
    """One model to fetch: a file, or all files of a split one. `about` is kept beside it as model.json.

    Raises ValueError for an id or a file name that could lead out of its folder.
    """

    id: str
    name: str
    files: tuple[RemoteFile, ...]
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Names come from a stranger's repository, and folders are replaced by them.
        for name in (self.id, *(part for file in self.files for part in file.name.split("/"))):
            if not _SAFE.fullmatch(name):
                raise ValueError(f"{name!r} cannot name a file or a folder")

    @property
    def size(self) -> int:
        """Bytes in all, as far as they are known."""
        return sum(file.size or 0 for file in self.files)


@dataclass
class Traffic:
    """What one fetch cost. More bytes received than the item has were fetched more than once."""

    received: int = 0
    connections: int = 0
    refetched: list[str] = field(default_factory=list)  # why files were begun anew: 'changed', 'damaged'


# Told after each chunk: bytes of the item that lie on disk.
Progress = Callable[[int], None]


class Download:
    """The fetching of one item into `folder` (its working folder, kept until the item is whole)."""

    def __init__(
        self,
        item: Item,
        folder: Path,
        network: Network,
        *,
        token: str = "",
        purpose: str = "model download",
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`purpose` is what the ledger says; `pause` waits between tries, in seconds; it may raise to give up."""
        self.item = item
        self.folder = folder
        self.traffic = Traffic()
        self._network = network
        self._token = token
        self._purpose = purpose
        self._pause = pause
        self._tags: dict[str, str] = {}

    @staticmethod
    def unfinished(folder: Path) -> Item | None:
        """The item that an earlier session began in `folder`; None where nothing of it can be read."""
        try:
            state = json.loads((folder / "download.json").read_text(encoding="utf-8"))
            item = state["item"]
            return Item(
                item["id"], item["name"], tuple(RemoteFile(**f) for f in item["files"]), item["about"]
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def on_disk(self) -> int:
        """Bytes of the item that lie in the working folder."""
        total = 0
        for file in self.item.files:
            for path in (self.folder / file.name, self._part(file)):
                with contextlib.suppress(OSError):
                    total += path.stat().st_size
                    break
        return total

    def run(self, target: Path, check: Callable[[], None], progress: Progress) -> Path:
        """Fetch what is missing, verify it, and move it to the folder `target`; returns `target`.

        `check` raises to stop (what has arrived stays). Raises NoRoom, DiskFull, NetworkRefused,
        HubUnreachable, HubBusy, HubRefused, HubMissing, DownloadDamaged, HomeNotWritable.
        """
        with files.writing(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._read_state()
            self._drop_others()
            self._write_state()
            self._need_room(self.item.size - self.on_disk)
            for file in self.item.files:
                self._fetch(file, check, progress)
            about = {"id": self.item.id, "name": self.item.name, **self.item.about}
            files.write_json(self.folder / "model.json", about)
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            self.folder.replace(target)
            (target / "download.json").unlink(missing_ok=True)  # until here it says what lies in the folder
            files.flush_folder(target.parent)
        return target

    # ------------------------------------------------------------ state beside the files

    def _part(self, file: RemoteFile) -> Path:
        return self.folder / f"{file.name}.part"

    def _read_state(self) -> None:
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            state = json.loads((self.folder / "download.json").read_text(encoding="utf-8"))
            self._tags = {str(name): str(tag) for name, tag in state["tags"].items()}

    def _drop_others(self) -> None:
        """Throw away what arrived of another version of the item: a set must not become a mixture of two."""
        earlier = self.unfinished(self.folder)
        known = {file.name: file for file in earlier.files} if earlier else {}
        for file in self.item.files:
            before = known.get(file.name)
            if before is None and file.sha256:  # nothing says what it is, but its checksum can
                if (self.folder / file.name).exists():
                    (self.folder / file.name).replace(self._part(file))
                continue
            if before == file or (
                file.sha256 and before and (before.sha256, before.size) == (file.sha256, file.size)
            ):
                continue
            for path in (self.folder / file.name, self._part(file)):
                if path.exists():
                    path.unlink()
                    self.traffic.refetched.append("changed")
            self._tags.pop(file.name, None)

    def _write_state(self) -> None:
        files.write_json(self.folder / "download.json", {"item": asdict(self.item), "tags": self._tags})

    def _need_room(self, needed: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if needed + SPARE > free:
            raise NoRoom(self.item.name, (needed + SPARE) >> 20, free >> 20, str(self.folder))

    # ------------------------------------------------------------ one file

    def _fetch(self, file: RemoteFile, check: Callable[[], None], progress: Progress) -> None:
        """Bring one file under its final name in the working folder, verified."""
        if (self.folder / file.name).exists():  # it got its name after it was verified
            return
        part = self._part(file)
        part.parent.mkdir(parents=True, exist_ok=True)
        for attempt in (1, 2):
            digest = self._bytes(file, part, check, progress)
            if file.sha256 is None or digest == file.sha256:
                part.replace(self.folder / file.name)
                return
            part.unlink()
            self.traffic.refetched.append("damaged")
            self._tags.pop(file.name, None)
            if attempt == 2:
                raise DownloadDamaged(file.name)

    def _bytes(self, file: RemoteFile, part: Path, check: Callable[[], None], progress: Progress) -> str:
        """Fetch until the part is whole; returns its SHA-256."""
        digest = hashlib.sha256()
        have = 0
        if part.exists():
            with part.open("rb") as stream:
                while data := stream.read(CHUNK):
                    digest.update(data)
                    have += len(data)
                    check()
        if file.size is not None and have > file.size:
            digest, have = self._begin_again(part, "changed")
        before = self.on_disk - have
        fruitless, furthest = 0, have
        with self._network.client(self._purpose) as client:
            while file.size is None or have < file.size:
                check()
                try:
                    with self._open(client, file, have) as response:
                        action = self._judge(response, file, have)
                        if action == "whole":
                            break
                        if action == "restart":
                            digest, have = self._begin_again(part, "changed")
                            if response.status_code != 200:  # what it sends does not begin at the beginning
                                raise _Retry(_ANOTHER_PART, 0)
                        tag = response.headers.get("etag", "")
                        if tag != self._tags.get(file.name):
                            self._tags[file.name] = tag
                            self._write_state()
                        total = _total(response, have)
                        with part.open("ab") as out:
                            looked = have
                            for data in response.iter_raw():  # as it comes: a break then loses nothing
                                out.write(data)
                                digest.update(data)
                                have += len(data)
                                self.traffic.received += len(data)
                                progress(before + have)
                                check()
                                if have - looked >= LOOK_AGAIN_BYTES:
                                    looked = have
                                    self._need_room((total or have) - have)
                            out.flush()
                            os.fsync(out.fileno())
                    if total is None or have >= total:
                        break
                    reason = N_("the connection was cut")
                except _transport_errors() as error:
                    have = part.stat().st_size if part.exists() else 0
                    reason = words_of(error)
                except _Retry as retry:
                    reason = retry.reason
                    self._pause(retry.seconds)
                fruitless = 0 if have > furthest else fruitless + 1
                furthest = max(furthest, have)
                if fruitless >= FRUITLESS_TRIES:
                    raise HubUnreachable(_host(file.url), reason)
                if fruitless:
                    self._pause(min(0.5 * 2**fruitless, LONGEST_WAIT))
        return digest.hexdigest()

    def _begin_again(self, part: Path, why: str) -> tuple[Any, int]:
        part.unlink(missing_ok=True)
        self.traffic.refetched.append(why)
        return hashlib.sha256(), 0

    def _open(
        self, client: httpx2.Client, file: RemoteFile, have: int
    ) -> contextlib.AbstractContextManager[httpx2.Response]:
        headers = {"Accept-Encoding": "identity"}
        if self._token and secrets.may_travel_to(file.url):
            headers["Authorization"] = f"Bearer {self._token}"  # not passed on to another host by a redirect
        tag = self._tags.get(file.name, "")
        if have:
            headers["Range"] = f"bytes={have}-"
            if tag.startswith('"'):  # a weak tag must not be used here (RFC 9110, 13.1.5)
                headers["If-Range"] = tag
        self.traffic.connections += 1
        return client.stream("GET", file.url, headers=headers)

    def _judge(self, response: httpx2.Response, file: RemoteFile, have: int) -> str:
        """What an answer means: 'append', 'restart' or 'whole'; raises what is final, or _Retry."""
        code, host = response.status_code, _host(file.url)
        by_hub = not response.history  # and not by the storage that it redirects to
        if code == 206:
            match = _CONTENT_RANGE.match(response.headers.get("content-range", ""))
            if match is None or int(match[1]) != have:
                raise _Retry(_ANOTHER_PART, 0)
            whole = match[3]
            if file.size is not None and whole != "*" and int(whole) != file.size:
                return "restart"
            return "append"
        if code == 200:
            return "restart" if have else "append"
        if code == 416 and have:
            return "whole" if file.size == have else "restart"
        if code in (401, 403) and by_hub:
            raise HubRefused(self.item.name)
        if code in (404, 410) and by_hub:
            raise HubMissing(file.name, host)
        if code == 429:
            seconds = _retry_after(response)
            if seconds > LONGEST_WAIT:
                raise HubBusy(host, int(seconds))
            raise _Retry(N_("the server is busy"), seconds)
        # Storage whose address has expired answers 403; servers in trouble 5xx. Ask the hub again.
        raise _Retry(f"HTTP {code}", min(_retry_after(response), LONGEST_WAIT))


class _Retry(Exception):
    """Ask again after `seconds`."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds


def _transport_errors() -> type[Exception]:
    import httpx2

    return httpx2.TransportError


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).netloc


def _retry_after(response: httpx2.Response) -> float:
    """Seconds that the server asks to wait; 0 where it does not say. A date counts as half a minute."""
    value = response.headers.get("retry-after", "")
    if not value:
        return 0.0
    return float(value) if value.replace(".", "", 1).isdigit() else 30.0


def _total(response: httpx2.Response, have: int) -> int | None:
    """The file's size in bytes, by this answer."""
    match = _CONTENT_RANGE.match(response.headers.get("content-range", ""))
    if match is not None and match[3] != "*":
        return int(match[3])
    length = response.headers.get("content-length", "")
    return have + int(length) if length.isdigit() else None


class Meter:
    """Speed and time left, over the last seconds; thread-safe."""

    WINDOW = 8.0  # seconds

    def __init__(self, total: int) -> None:
        self._total = total
        self._lock = threading.Lock()
        self._seen: list[tuple[float, int]] = []

    def add(self, done: int) -> tuple[float, float | None]:
        """Note that `done` bytes are there; returns (bytes per second, seconds left if that can be said)."""
        now = time.monotonic()
        with self._lock:
            self._seen.append((now, done))
            while len(self._seen) > 2 and now - self._seen[0][0] > self.WINDOW:
                self._seen.pop(0)
            (then, before), (latest, there) = self._seen[0], self._seen[-1]
        speed = (there - before) / (latest - then) if latest > then else 0.0
        left = (self._total - done) / speed if speed > 0 and self._total else None
        return speed, left
