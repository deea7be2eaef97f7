"""A word to the window that is open on a home: to come forward, to take in files, to show the quick window, to do a command's work.

The window listens on a local socket (Qt's QLocalServer, which is a Unix socket in the folder for temporary files, or a named pipe
on Windows). Without Qt, so that a command that only says a word is quick.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from core.paths import Home

SECONDS = 2.0
CHUNK = 1 << 16


def name(home: Home) -> str:
    """A name for a home's local socket that fits every system's limits."""
    return "tsukue-" + hashlib.sha256(str(home.root.resolve()).encode()).hexdigest()[:16]


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def write(self, data: bytes, /) -> Any: ...

    def close(self) -> None: ...


class _Socket:
    """A socket as a stream."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def read(self, size: int, /) -> bytes:
        return self._socket.recv(size)

    def write(self, data: bytes, /) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()


class Line:
    """A connection to the window on which messages go both ways, a line of JSON each."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self._waiting = b""

    def send(self, message: Any) -> None:
        """Say something. Raises OSError."""
        self._stream.write(json.dumps(message).encode() + b"\n")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        """What the window says next, until it hangs up. Where waiting for it is interrupted, it can be gone on with."""
        while b"\n" not in self._waiting:
            try:
                data = self._stream.read(CHUNK)
            except OSError as error:
                raise StopIteration from error
            if not data:
                raise StopIteration
            self._waiting += data
        line, _, self._waiting = self._waiting.partition(b"\n")
        try:
            message = json.loads(line)
        except ValueError as error:
            raise StopIteration from error
        return message if isinstance(message, dict) else {}

    def close(self) -> None:
        """Hang up."""
        self._stream.close()


def connect(home: Home) -> Line | None:
    """A line to the window that is open on a home; None where none listens."""
    try:
        if os.name == "nt":
            return Line(Path(rf"\\.\pipe\{name(home)}").open("r+b", buffering=0))
        folder = os.environ.get("TMPDIR") or tempfile.gettempdir()
        there = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            there.settimeout(SECONDS)
            there.connect(str(Path(folder) / name(home)))
            there.settimeout(None)
        except OSError:
            there.close()
            raise
        return Line(_Socket(there))
    except OSError:
        return None


def send(home: Home, message: Any) -> bool:
    """Say a word; whether a window heard it.

    A list names files to be taken in (an empty one only raises the window); {"quick": true} shows the quick window.
    """
    line = connect(home)
    if line is None:
        return False
    try:
        line.send(message)
        return True
    except OSError:
        return False
    finally:
        line.close()
