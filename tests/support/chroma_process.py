"""A real Chroma server on this machine, as `chroma run` starts it: it can vanish, stall and come back with what it had."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2

from tests.support.loopback import free_port, unguarded

SECONDS = 60.0  # until it listens


class ChromaProcess:
    """One server with its folder; `start` it, and `stop` it at last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin, or come back; returns when it answers."""
        command = [
            Path(sys.executable).parent / "chroma",
            "run",
            "--path",
            self.folder,
            "--port",
            str(self.port),
        ]
        with (self.folder.parent / "chroma.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder.parent,
                env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
            )
        until = time.monotonic() + SECONDS
        while True:
            try:
                with unguarded():
                    httpx2.get(f"http://{self.address}/api/v2/heartbeat").raise_for_status()
                return
            except httpx2.HTTPError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.05)  # between two looks; the loop ends when it answers

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def stall(self) -> None:
        """Say nothing more, with every connection open."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Vanish; nothing happens if it has."""
        if self._process is not None and self._process.poll() is None:
            self._signal(signal.SIGKILL)
            self._process.wait()
