"""The only door to a network.

Whoever in core needs a connection takes an HTTP client for a purpose from `Network.client`, or asks
`Network.allow(purpose)` and makes the connection inside that block. Everything else is refused: an audit hook (PEP 578) in this process watches every socket
that Python opens, and writes each connection and each refusal to the ledger, a line of JSON each.
Worker processes have no network at all (core/workers/isolation.py).

Local sockets (AF_UNIX) are not a network. The switch `Network.enabled = False` refuses all.
"""

from __future__ import annotations

import contextlib
import contextvars
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import N_, NetworkRefused

if TYPE_CHECKING:
    import httpx2


def words_of(error: BaseException) -> str:
    """What a failed connection's error says, in at most a line; some say nothing."""
    return " ".join(str(error).split())[:200] or N_("the connection failed")


_purpose: contextvars.ContextVar[str | None] = contextvars.ContextVar("network_purpose", default=None)
_WATCHED = {
    "socket.connect",
    "socket.sendto",
    "socket.sendmsg",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "socket.getnameinfo",
}


@dataclass(frozen=True)
class LedgerEntry:
    """One attempted connection: when (Unix seconds), to what, what for, and whether it was refused."""

    time: float
    host: str
    purpose: str
    refused: bool


class Network:
    """The ledger and the switch. One per process; `install` makes it the guard of that process."""

    def __init__(self, ledger: Path | None) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._inside = threading.local()
        self.enabled = True
        self.connections = 0
        self.refused = 0

    @contextlib.contextmanager
    def allow(self, purpose: str) -> Iterator[None]:
        """Connections made in this block are for `purpose` and are let through if the switch allows."""
        token = _purpose.set(purpose)
        try:
            yield
        finally:
            _purpose.reset(token)

    def client(
        self, purpose: str, *, read_seconds: float = 30.0, follow_redirects: bool = True
    ) -> httpx2.Client:
        """An HTTP client whose connections are for `purpose`. Proxies of the environment are used.

        `read_seconds` is how long a server may be silent before the read fails.
        """
        import httpx2  # slow to import, rarely needed

        network = self

        class Client(httpx2.Client):
            def send(self, *arguments: Any, **options: Any) -> httpx2.Response:
                with network.allow(purpose):
                    return super().send(*arguments, **options)

        return Client(timeout=httpx2.Timeout(15.0, read=read_seconds), follow_redirects=follow_redirects)

    def switch(self, enabled: bool) -> None:
        """Let connections through that were asked for, or none at all."""
        self.enabled = enabled

    def install(self) -> None:
        """Watch this process. An audit hook cannot be removed, so a process has one guard at a time."""
        global _guard
        if _guard is None:
            sys.addaudithook(_hook)
        _guard = self

    def entries(self) -> list[LedgerEntry]:
        """The ledger, oldest first; lines that a crash cut short are left out."""
        if self._ledger is None or not self._ledger.exists():
            return []
        entries = []
        for line in self._ledger.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError, TypeError):
                entries.append(LedgerEntry(**json.loads(line)))
        return entries

    def check(self, host: str) -> None:
        """Count and write down an attempt to reach `host`; raises NetworkRefused unless it is allowed."""
        if getattr(self._inside, "busy", False):
            return  # the ledger's own work
        purpose = _purpose.get()
        refused = purpose is None or not self.enabled
        self._inside.busy = True
        try:
            with self._lock:
                if refused:
                    self.refused += 1
                else:
                    self.connections += 1
                if self._ledger is not None:
                    entry = {
                        "time": time.time(),
                        "host": host,
                        "purpose": purpose or "not asked for",
                        "refused": refused,
                    }
                    with self._ledger.open("a", encoding="utf-8") as out:
                        out.write(json.dumps(entry) + "\n")
        finally:
            self._inside.busy = False
        if refused:
            raise NetworkRefused(
                host, N_("connections are turned off") if purpose else N_("you did not start it")
            )


_guard: Network | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _WATCHED or _guard is None:
        return
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        _guard.check(str(arguments[0]))
        return
    if event == "socket.getnameinfo":
        _guard.check(str(arguments[0][0]))
        return
    sock, address = arguments[0], arguments[1]
    if address is None:  # sendmsg on a connected socket: that connection was checked
        return
    family = getattr(sock, "family", None)
    if family in (socket.AF_INET, socket.AF_INET6):
        _guard.check(str(address[0]) if isinstance(address, tuple) else str(address))
