"""A hub on loopback that speaks the real API over HTTP, and misbehaves on request.

Search (`/api/models`), a model's page (`/api/models/REPO`), its card and its files
(`/REPO/resolve/REVISION/FILE`, which redirects to an address that expires, as the hub's storage does).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.loopback import Loopback

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Faults:
    """What goes wrong, each so many times (-1: always)."""

    breaks: int = 0  # the connection is cut at a random byte
    wrong_bytes: int = 0
    statuses: list[int] = field(default_factory=list)  # answered in turn, before anything else
    retry_after: str = "0"
    no_ranges: bool = False
    another_part: bool = False  # whatever is asked for, a part of another file comes
    expired: int = 0  # storage addresses that answer 403
    stall_seconds: float = 0.0  # one answer stops in the middle for so long
    bytes_per_second: int = 0  # for one connection; 0 is unlimited


@dataclass
class Repository:
    """One model: its files by name, and what its page says."""

    files: dict[str, bytes]
    tags: list[str] = field(default_factory=list)
    licence: str = "apache-2.0"
    pipeline: str = "text-generation"
    downloads: int = 10
    gated: bool = False
    parameters: float = 1.0  # in billions
    card: str = "# A model\n\nIt says *hello*."


class Hub(Loopback):
    """The server; `url` is its address. Close it, or use it as a context."""

    def __init__(self, seed: int = 1) -> None:
        self.repositories: dict[str, Repository] = {}
        self.faults = Faults()
        self.requests: list[str] = []
        self.counts: Counter[str] = Counter()
        self.asked = 0  # bytes of file content, each answer counted whole as it begins: what a client that
        # leaves has been sent is known only later
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._versions: Counter[str] = Counter()
        hub = self

        class Handler(_Handler):
            def __init__(self, *arguments: Any) -> None:
                self.hub = hub
                super().__init__(*arguments)

        super().__init__(Handler)

    def change(self, repository: str, name: str, data: bytes) -> None:
        """Put another file under the same name."""
        self.repositories[repository].files[name] = data
        self._versions[f"{repository}/{name}"] += 1

    def take(self, fault: str) -> bool:
        """Whether this fault happens now; counts it down."""
        with self._lock:
            left = getattr(self.faults, fault)
            if left > 0:
                setattr(self.faults, fault, left - 1)
            if left:
                self.counts[fault] += 1
            return bool(left)

    def cut(self, length: int, whole: int) -> int:
        """Where a broken connection ends: somewhere in the next twentieth of the file, never at its end."""
        with self._lock:
            return self._random.randrange(max(1, min(length, whole // 20)))

    def tag(self, repository: str, name: str) -> str:
        return f'"{hashlib.sha256(self.repositories[repository].files[name]).hexdigest()[:32]}"'

    # ------------------------------------------------------------ the API's answers

    def info(self, name: str, *, full: bool) -> dict[str, Any]:
        """A model as `/api/models` describes it."""
        repository = self.repositories[name]
        endings = {file.rsplit(".", 1)[-1] for file in repository.files}
        formats = sorted(endings & {"gguf", "safetensors"})
        files = []
        for file, data in repository.files.items():
            entry: dict[str, Any] = {"rfilename": file}
            if full:
                entry["size"] = len(data)
                entry["blobId"] = hashlib.sha1(data).hexdigest()
                if file.endswith((".gguf", ".bin", ".safetensors")):
                    sha256 = hashlib.sha256(data).hexdigest()
                    entry["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 134}
            files.append(entry)
        return {
            "_id": "1",
            "id": name,
            "modelId": name,
            "author": name.split("/")[0],
            "sha": COMMIT,
            "lastModified": "2026-05-01T00:00:00.000Z",
            "createdAt": "2026-04-01T00:00:00.000Z",
            "private": False,
            "disabled": False,
            "gated": "manual" if repository.gated else False,
            "downloads": repository.downloads,
            "likes": 3,
            "library_name": "gguf",
            "pipeline_tag": repository.pipeline,
            "tags": [*repository.tags, f"license:{repository.licence}", *formats],
            "cardData": {"license": repository.licence},
            "siblings": files,
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the other side may leave as it likes
            super().handle()

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        hub = self.hub
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        hub.requests.append(path)
        if hub.faults.statuses:
            code = hub.faults.statuses.pop(0)
            self._send(code, b"no", {"Retry-After": hub.faults.retry_after}, body=body)
        elif path == "/api/models":
            self._search(parse_qs(parts.query), body=body)
        elif path.startswith("/api/models/"):
            self._model(path.removeprefix("/api/models/"), body=body)
        elif "/resolve/" in path:
            self._resolve(path, body=body)
        elif path.startswith("/storage/"):
            self._storage(path, body=body)
        else:
            self._send(404, b"{}", body=body)

    def _search(self, query: dict[str, list[str]], *, body: bool) -> None:
        words = " ".join(query.get("search", [""])).lower().split()
        filters = [value for values in query.get("filter", []) for value in values.split(",")]
        filters += query.get("pipeline_tag", [])
        found = []
        for name in self.hub.repositories:
            info = self.hub.info(name, full=True)
            tags = [*info["tags"], info["pipeline_tag"]]
            most = float(query.get("num_parameters", ["max:1e9B"])[0].removeprefix("max:").removesuffix("B"))
            small = self.hub.repositories[name].parameters <= most
            if small and all(word in name.lower() for word in words) and all(f in tags for f in filters):
                found.append(info)
        found.sort(key=lambda info: -info["downloads"])
        limit = int(query.get("limit", ["100"])[0])
        self._json(found[:limit], body=body)

    def _model(self, rest: str, *, body: bool) -> None:
        name = "/".join(rest.split("/")[:2])
        if name not in self.hub.repositories:
            self._send(404, b'{"error":"Repository not found"}', {"X-Error-Code": "RepoNotFound"}, body=body)
            return
        self._json(self.hub.info(name, full=True), body=body)

    def _resolve(self, path: str, *, body: bool) -> None:
        name, _, rest = path.strip("/").partition("/resolve/")
        _, _, file = rest.partition("/")
        repository = self.hub.repositories.get(name)
        if repository is None or (file not in repository.files and file != "README.md"):
            self._send(404, b"Entry not found", {"X-Error-Code": "EntryNotFound"}, body=body)
            return
        if repository.gated and "Authorization" not in self.headers:
            self._send(401, b"gated", {"X-Error-Code": "GatedRepo"}, body=body)
            return
        if file == "README.md":
            headers = {"ETag": '"card"', "X-Repo-Commit": COMMIT}
            self._send(200, repository.card.encode(), headers, body=body)
            return
        data = repository.files[file]
        headers = {
            "Location": f"{self.hub.url}/storage/{name}/{file}?expires={time.time() + 60:.0f}",
            "X-Linked-Size": str(len(data)),
            "X-Linked-ETag": f'"{hashlib.sha256(data).hexdigest()}"',
            "X-Repo-Commit": COMMIT,
        }
        self._send(302, b"", headers, body=body)

    def _storage(self, path: str, *, body: bool) -> None:
        hub = self.hub
        owner, model, file = path.removeprefix("/storage/").split("/", 2)
        name = f"{owner}/{model}"
        if hub.take("expired"):
            self._send(403, b"expired", body=body)
            return
        data, tag = hub.repositories[name].files[file], hub.tag(name, file)
        if hub.faults.another_part:
            self._send(206, b"x" * 100, {"Content-Range": "bytes 0-99/100"}, body=body)
            return
        start, code = 0, 200
        headers = {"ETag": tag, "Accept-Ranges": "bytes"}
        wanted = self.headers.get("Range")
        if wanted and not hub.faults.no_ranges and self.headers.get("If-Range", tag) == tag:
            start, code = int(wanted.removeprefix("bytes=").rstrip("-")), 206
            if start >= len(data):
                headers["Content-Range"] = f"bytes */{len(data)}"
                self._send(416, b"", headers, body=body)
                return
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        whole, data = len(data), data[start:]
        if hub.take("wrong_bytes"):
            middle = len(data) // 2
            data = data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :]
        end = hub.cut(len(data), whole) if hub.take("breaks") else len(data)
        self.send_response(code)
        for key, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            hub.asked += end
            self._stream(data, end)

    def _stream(self, data: bytes, end: int) -> None:
        hub = self.hub
        begun, sent = time.monotonic(), 0
        view = memoryview(data)
        try:
            while sent < end and not hub.closing.is_set():
                step = min(1 << 18, end - sent)
                self.wfile.write(view[sent : sent + step])
                sent += step
                if hub.faults.stall_seconds and sent >= end // 2:
                    seconds, hub.faults.stall_seconds = hub.faults.stall_seconds, 0.0
                    hub.closing.wait(seconds)
                if hub.faults.bytes_per_second:
                    ahead = sent / hub.faults.bytes_per_second - (time.monotonic() - begun)
                    if ahead > 0:
                        hub.closing.wait(ahead)
            self.wfile.flush()
        except OSError:  # the other side has gone
            self.close_connection = True
        if end < len(data):
            self.close_connection = True

    def _json(self, value: Any, *, body: bool) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"}, body=body)

    def _send(
        self, code: int, data: bytes, headers: dict[str, str] | None = None, *, body: bool = True
    ) -> None:
        self.send_response(code)
        for key, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(data)
