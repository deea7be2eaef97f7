"""Logging: one rotating file per home, no document text, no message text. With `verbose` also on stderr."""

from __future__ import annotations

import contextlib
import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from core.paths import Home, private

_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
_ERRORS = "backslashreplace"  # names of files need not be text


class _LogFile(RotatingFileHandler):
    """A log that cannot be written (a full disk) disturbs nothing else; what fails for the same reason says so itself."""

    def __init__(self, home: Home) -> None:
        super().__init__(
            path(home), maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=True, errors=_ERRORS
        )
        self.setFormatter(logging.Formatter(_FORMAT))

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: logging would print a traceback on stderr, over the program's own output."""

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what could not be written is still in the buffer
            super().close()


def path(home: Home) -> Path:
    """The log file of a home."""
    return home.logs / "tsukue.log"


def start(home: Home, *, verbose: bool = False) -> None:
    """Write the log of this process to `logs/tsukue.log` in `home` (1 MB, three old ones kept)."""
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(_LogFile(home))
    if verbose:
        root.addHandler(logging.StreamHandler(sys.stderr))
    for noisy in ("filelock", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger(__name__).info("started")
    if path(home).exists():  # it could not be made on a full disk
        private(path(home))


def stop() -> None:
    """Close and remove the handlers that `start` added."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, RotatingFileHandler) or type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
            handler.close()


def write_error(home: Home, text: str, error: BaseException) -> Path:
    """Write an error with its traceback to the log, also before `start` or after `stop`; returns the file.

    Raises OSError.
    """
    record = logging.LogRecord(
        __name__, logging.ERROR, "", 0, text, (), (type(error), error, error.__traceback__)
    )
    with path(home).open("a", encoding="utf-8", errors=_ERRORS) as out:
        private(path(home))
        out.write(logging.Formatter(_FORMAT).format(record) + "\n")
    return path(home)
