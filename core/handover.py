"""A word to the window that is open on a home: to come forward, to take in files, to show the quick window.

The window listens on a local socket (Qt's QLocalServer, which is a Unix socket in the folder for temporary files, or a named pipe
on Windows). Without Qt, so that a command that only says a word is quick.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
from pathlib import Path
from typing import Any

from core.paths import Home

SECONDS = 2.0


def name(home: Home) -> str:
    """A name for a home's local socket that fits every system's limits."""
    return "tsukue-" + hashlib.sha256(str(home.root.resolve()).encode()).hexdigest()[:16]


def send(home: Home, message: Any) -> bool:
    """Say a word, as JSON; whether a window heard it.

    A list names files to be taken in (an empty one only raises the window); {"quick": true} shows the quick window.
    """
    data = json.dumps(message).encode()
    try:
        if os.name == "nt":
            with Path(rf"\\.\pipe\{name(home)}").open("r+b", buffering=0) as pipe:
                pipe.write(data)
            return True
        folder = os.environ.get("TMPDIR") or tempfile.gettempdir()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as there:
            there.settimeout(SECONDS)
            there.connect(str(Path(folder) / name(home)))
            there.sendall(data)
        return True
    except OSError:
        return False
