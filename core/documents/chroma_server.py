"""Vectors on a Chroma server that the person has named, for collections that outgrow this computer.

Core speaks the server's HTTP interface itself, through core/network.py and its ledger: the documents worker has no sockets, and
only the worker imports chromadb. Only vectors and numbers are sent, no text; but who has the vectors can guess at the texts.
The server is not trusted: what it sends is checked and bounded in time and size.
Interface: version 2 of Chroma's HTTP API (docs.trychroma.com, reference of the server; chromadb 1.5 answers it).
"""

from __future__ import annotations

import json
import math
import struct
import threading
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core import files, secrets
from core.documents.messages import Vectors
from core.errors import N_, NetworkRefused, VectorServerUnusable
from core.jobs import Job
from core.network import Network, words_of
from core.settings import SettingsFile

PURPOSE = "vector server"
BATCH = 500  # vectors in one request: about five megabytes of JSON
SECONDS = 5.0  # it may be silent for so long; somebody waits
PATIENCE = 30.0  # seconds in which a server that failed is left alone
LONGEST = 64 << 20  # bytes of one answer
MISSING, REFUSED = 404, (401, 403)
SPACE = "/api/v2/tenants/default_tenant/databases/default_database"


class ChromaServer:
    """The configured server as a VectorIndex. Thread-safe. Every method raises VectorServerUnusable."""

    def __init__(self, network: Network, settings: SettingsFile, memory: Path) -> None:
        """`memory`: a file that keeps what indexes are called there, and which of them missed a change."""
        self._network = network
        self._settings = settings
        self._memory = memory
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], str] = {}  # ids of indexes by server and name
        self._until = 0.0  # on the monotonic clock: it failed, and is left alone until then
        self._failed: VectorServerUnusable | None = None
        self.failures = 0  # so far; whoever has checked an index before the latest one checks it again

    # ------------------------------------------------------------ whether it is asked

    @property
    def configured(self) -> bool:
        """Whether the person has named a server."""
        return bool(self._settings.values.vector_server.strip())

    @property
    def used(self) -> bool:
        """Whether any server has ever been used."""
        return self._memory.exists()

    @property
    def host(self) -> str:
        """The server's name for people, without a password that the address may hold."""
        return secrets.host_of(self._base)

    @property
    def resting(self) -> bool:
        """Whether it failed lately, so that asking it again would only cost time."""
        return time.monotonic() < self._until

    @property
    def _base(self) -> str:
        address = self._settings.values.vector_server.strip().rstrip("/")
        return address if "://" in address else f"http://{address}"

    def forget(self, _: object = None) -> None:
        """The address or the token has changed: what was known holds no more."""
        with self._lock:
            self._known.clear()
            self._until = 0.0
            self._failed = None
            self.failures += 1

    # ------------------------------------------------------------ what it missed

    def _remembered(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._memory.read_text(encoding="utf-8"))
            return {"home": str(kept["home"]), "missed": [str(one) for one in kept["missed"]]}
        except (OSError, ValueError, KeyError, TypeError):
            return {"home": uuid.uuid4().hex[:12], "missed": []}

    def missed(self, index: str) -> bool:
        """Whether an index there lacks a change that was made while the server was away."""
        return index in self._remembered()["missed"]

    def note(self, index: str, *, missed: bool) -> None:
        """Remember that an index has missed a change, or is whole again. Raises HomeNotWritable, DiskFull."""
        with self._lock:
            kept = self._remembered()
            if (index in kept["missed"]) == missed and self._memory.exists():
                return
            others = [one for one in kept["missed"] if one != index]
            files.write_json(self._memory, {**kept, "missed": others + [index] * missed})

    def _name(self, index: str) -> str:
        """What an index is called there: several homes may share a server, and each counts its collections from one."""
        with self._lock:
            kept = self._remembered()
            if not self._memory.exists():
                files.write_json(self._memory, kept)
        return f"tsukue-{kept['home']}-{index}"

    # ------------------------------------------------------------ VectorIndex

    def store(self, index: str, ids: list[int], vectors: Vectors, job: Job | None = None) -> None:
        size = vectors.dimension * 2
        for start in range(0, len(ids), BATCH):
            if job is not None:
                job.check()
            part = ids[start : start + BATCH]
            rows = [
                struct.unpack(f"<{vectors.dimension}e", vectors.data[i * size : (i + 1) * size])
                for i in range(start, start + len(part))
            ]
            self._of(index, "upsert", {"ids": [str(i) for i in part], "embeddings": rows})

    def remove(self, index: str, ids: list[int]) -> None:
        for start in range(0, len(ids), BATCH):
            self._of(index, "delete", {"ids": [str(i) for i in ids[start : start + BATCH]]})

    def drop(self, index: str) -> None:
        self._delete(self._name(index))

    def drop_all(self, prefix: str) -> None:
        begins = self._name(prefix)
        for name in self._names():
            if name.startswith(begins):
                self._delete(name)

    def count(self, index: str) -> int:
        found = self._of(index, "count")
        if not isinstance(found, int) or found < 0:
            raise self._broken()
        return found

    def find(
        self,
        index: str,
        vector: Vectors,
        limit: int,
        also: tuple[int, ...] = (),
        within: tuple[int, ...] | None = None,
        job: Job | None = None,
    ) -> list[tuple[int, float]]:
        question = struct.unpack(f"<{vector.dimension}e", vector.data)
        hits: dict[int, float] = {}
        body: dict[str, Any] = {"query_embeddings": [question], "n_results": limit, "include": ["distances"]}
        if within is None:
            hits |= self._nearest(index, body)
        else:
            for start in range(0, len(within), BATCH):
                if job is not None:
                    job.check()
                part = [str(i) for i in within[start : start + BATCH]]
                there = self._of(index, "get", {"ids": part, "include": []})  # others are an error to it
                if isinstance(there, dict) and (held := there.get("ids")):
                    hits |= self._nearest(index, {**body, "ids": held, "n_results": min(limit, len(held))})
        best = sorted(hits.items(), key=lambda hit: (-hit[1], hit[0]))[:limit]
        near = dict(best)
        return best + self._similarities(index, question, [i for i in also if i not in near])

    def _nearest(self, index: str, body: dict[str, Any]) -> dict[int, float]:
        found = self._of(index, "query", body)
        try:
            ids, distances = found["ids"][0], found["distances"][0]
            return {int(i): _finite(1.0 - d) for i, d in zip(ids, distances, strict=True)}
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise self._broken() from error

    def _similarities(
        self, index: str, question: tuple[float, ...], ids: list[int]
    ) -> list[tuple[int, float]]:
        if not ids:
            return []
        found = self._of(index, "get", {"ids": [str(i) for i in ids], "include": ["embeddings"]})
        try:
            return [
                (int(i), _dot(question, row))
                for i, row in zip(found["ids"], found["embeddings"], strict=True)
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise self._broken() from error

    # ------------------------------------------------------------ requests

    def _id(self, index: str) -> str:
        name = self._name(index)
        key = self._base, name
        if key not in self._known:
            body = {"name": name, "get_or_create": True, "configuration": {"hnsw": {"space": "cosine"}}}
            found = self._ask("POST", "/collections", body)
            try:
                self._known[key] = str(uuid.UUID(found["id"]))  # it becomes part of an address
            except (KeyError, TypeError, ValueError) as error:
                raise self._broken() from error
        return self._known[key]

    def _of(self, index: str, act: str, body: dict[str, Any] | None = None) -> Any:
        """What the server says to a request for one index, which is made if there is none."""
        method = "GET" if body is None else "POST"
        found = self._ask(method, f"/collections/{self._id(index)}/{act}", body, missing=True)
        if found is None:  # made anew since: the next check fills it
            self._known.pop((self._base, self._name(index)), None)
            self.failures += 1
            raise VectorServerUnusable(self.host, N_("it has lost its vectors; they are sent again"))
        return found

    def _delete(self, name: str) -> None:
        self._known.pop((self._base, name), None)
        self._ask("DELETE", f"/collections/{quote(name, safe='')}", missing=True)

    def _names(self) -> list[str]:
        names: list[str] = []
        while True:
            found = self._ask("GET", f"/collections?limit={BATCH}&offset={len(names)}")
            try:
                page = [str(one["name"]) for one in found]
            except (KeyError, TypeError) as error:
                raise self._broken() from error
            names += page
            if len(page) < BATCH:
                return names

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, missing: bool = False
    ) -> Any:
        """The decoded answer; None where `missing` is expected and the server has no such thing."""
        if self._failed is not None and self.resting:
            raise self._failed
        try:
            return self._send(method, path, body, missing)
        except VectorServerUnusable as error:
            self._failed = error
            self._until = time.monotonic() + PATIENCE
            self.failures += 1
            raise

    def _send(self, method: str, path: str, body: dict[str, Any] | None, missing: bool) -> Any:
        import httpx2

        headers = {"Accept-Encoding": "identity"}
        token = secrets.get(self._settings, secrets.VECTORS, self._base)
        if token and secrets.may_travel_to(self._base, in_house=True):
            headers |= {"Authorization": f"Bearer {token}", "X-Chroma-Token": token}
        data = bytearray()
        started = time.monotonic()
        try:
            with (
                self._network.client(PURPOSE, read_seconds=SECONDS, follow_redirects=False) as client,
                client.stream(method, self._base + SPACE + path, json=body, headers=headers) as answer,
            ):
                for part in answer.iter_raw():
                    data += part
                    if len(data) > LONGEST or time.monotonic() - started > 4 * SECONDS:
                        raise VectorServerUnusable(self.host, N_("its answer does not end"))
                status = answer.status_code
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise VectorServerUnusable(self.host, words_of(error)) from error
        except NetworkRefused as error:
            raise VectorServerUnusable(self.host, error.reason) from error
        if status == MISSING and missing:
            return None
        if status in REFUSED:
            raise VectorServerUnusable(self.host, N_("it wants another access token"))
        if not 200 <= status < 300:
            raise VectorServerUnusable(self.host, f"HTTP {status}")
        try:
            return json.loads(data) if data else {}
        except ValueError as error:
            raise self._broken() from error

    def _broken(self) -> VectorServerUnusable:
        return VectorServerUnusable(self.host, N_("it does not answer as a Chroma server does"))


def _dot(one: tuple[float, ...], other: list[float]) -> float:
    return _finite(sum(a * b for a, b in zip(one, other, strict=True)))


def _finite(value: Any) -> float:
    """A similarity. Raises ValueError for what is no number."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number
