"""A word to the window that is open on a home: to come forward, to take in files, to show the quick window, to do a command's work.

The window listens on a local socket (Qt's QLocalServer, which is a Unix socket, or a named pipe on Windows). Without Qt, so that a
command that only says a word is quick.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from core.paths import Home

SECONDS = 2.0
CHUNK = 1 << 16
LONGEST = 100  # bytes of a path to a socket; systems take 104 or 108


def name(home: Home) -> str:
    """A name for a home's local socket that fits every system's limits."""
    return "tsukue-" + hashlib.sha256(str(home.root.resolve()).encode()).hexdigest()[:16]


def place(home: Home) -> str:
    """Where the window listens: on Unix a path in a folder that nobody else can enter; '' where there is no such folder.

    In a folder that others can write to anybody could listen in the window's place, and be told what commands are told.
    """
    if os.name == "nt":
        return name(home)
    wanted = [os.environ.get("XDG_RUNTIME_DIR"), str(Path(tempfile.gettempdir()) / f"tsukue-{os.getuid()}")]
    for folder in filter(None, wanted):
        with contextlib.suppress(OSError):
            Path(folder).mkdir(mode=0o700, exist_ok=True)
            found = os.lstat(folder)
            own = found.st_uid == os.getuid() and not found.st_mode & 0o077
            path = str(Path(folder) / name(home))
            if stat.S_ISDIR(found.st_mode) and own and len(os.fsencode(path)) < LONGEST:
                return path
    return ""


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

    def wait_for_ever(self) -> None:
        self._socket.settimeout(None)


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

    def wait_for_ever(self) -> None:
        """The window has answered: what comes now may take as long as it takes. Until then it has SECONDS."""
        if isinstance(self._stream, _Socket):
            self._stream.wait_for_ever()

    def close(self) -> None:
        """Hang up."""
        self._stream.close()


def connect(home: Home) -> Line | None:
    """A line to the window that is open on a home; None where none listens."""
    try:
        if not place(home):
            return None
        if os.name == "nt":
            return Line(Path(rf"\\.\pipe\{name(home)}").open("r+b", buffering=0))
        there = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            there.settimeout(SECONDS)
            there.connect(place(home))
        except OSError:
            there.close()
            raise
        return Line(_Socket(there))
    except OSError:
        return None


def send(home: Home, message: Any) -> bool:
    """Say a word; whether a window heard it.

    A list names files to be taken in (an empty one only raises the window); {"quick": true} shows the quick window; {"talk": "dictation"}
    or {"talk": "hands-free"} begins or ends speaking.
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
