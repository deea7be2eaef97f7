"""A server on loopback for tests: it listens in the program's own process, past the program's guard."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import core.network


@contextmanager
def unguarded() -> Iterator[None]:
    """What is bound in this block is the test's, not the program's."""
    guard, core.network._guard = core.network._guard, None
    try:
        yield
    finally:
        core.network._guard = guard


def free_port() -> int:
    """A port that nobody listens on now."""
    with unguarded(), socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Loopback:
    """`url` is its address; `closing` is set when it ends. Close it, or use it as a context."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self.closing = threading.Event()
        with unguarded():
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
