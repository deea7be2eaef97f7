"""Logging: one rotating file per home, no document text, no message text; with `verbose` also to stderr.

A log that cannot be written (a full disk) is given up quietly: the program goes on, one line on stderr says so, and no
traceback ever reaches the person's terminal.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO, cast

from core.paths import Home

MAX_BYTES = 1_000_000
_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def path(home: Home) -> Path:
    """The log file of a home."""
    return home.logs / "tsukue.log"


class LogFile(RotatingFileHandler):
    """A rotating file (1 MB, `old` earlier ones kept as `.1`, `.2` …), readable by its owner only."""

    def __init__(self, path: Path, old: int = 3) -> None:
        super().__init__(
            path, maxBytes=MAX_BYTES, backupCount=old, encoding="utf-8", errors="backslashreplace", delay=True
        )
        self._failed = False

    def _open(self) -> io.TextIOWrapper:
        def private(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        return cast(
            io.TextIOWrapper,
            open(self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=private),
        )

    def handleError(self, record: logging.LogRecord) -> None:
        """Go on without the log; said once. It is tried again with the next record."""
        error = sys.exc_info()[1]
        if not isinstance(
            error, OSError
        ):  # a mistake in the record itself: what it was is kept, as far as it goes
            mistake = f"{record.levelname} {record.name}: {record.msg!r} ({type(error).__name__})\n"
            with contextlib.suppress(OSError, ValueError):
                stream = self.stream or self._open()
                self.stream = stream
                stream.write(mistake)
            return
        self._drop_stream()
        if not self._failed:
            self._failed = True
            reason = error.strerror or type(error).__name__
            _say(f"The log {self.baseFilename} cannot be written ({reason}). Tsukue goes on without it.")

    def close(self) -> None:
        """Close the file; what could not be written is lost."""
        with contextlib.suppress(OSError):
            super().close()

    def _drop_stream(self) -> None:
        """Forget the open file, with what it could not write."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.close()


class _Terminal(logging.StreamHandler[TextIO]):
    """Records on stderr; one that cannot be shown is left out."""

    def handleError(self, record: logging.LogRecord) -> None:
        return


def _say(text: str) -> None:
    if sys.stderr is not None:  # a frozen program with a window may have none
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text + "\n")


def start(home: Home, *, verbose: bool = False) -> None:
    """Write the log of this process to `logs/tsukue.log` in `home`."""
    file = LogFile(path(home))
    file.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(file)
    if verbose and sys.stderr is not None:
        root.addHandler(_Terminal(sys.stderr))
    for noisy in ("filelock", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger(__name__).info("started")


def stop() -> None:
    """Close and remove the handlers that `start` added. What is logged later goes nowhere, not to the terminal."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, (LogFile, _Terminal)):
            root.removeHandler(handler)
            handler.close()
    if not any(isinstance(handler, logging.NullHandler) for handler in root.handlers):
        root.addHandler(logging.NullHandler())


def write_error(home: Home, text: str, error: BaseException) -> Path:
    """Write an error with its traceback to the log, also before `start` or after `stop`; returns the file.

    Raises OSError.
    """
    record = logging.LogRecord(
        __name__, logging.ERROR, "", 0, text, (), (type(error), error, error.__traceback__)
    )
    line = logging.Formatter(_FORMAT).format(record) + "\n"
    descriptor = os.open(path(home), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as out:
        out.write(line)
    return path(home)
