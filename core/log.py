"""Logging: one rotating file per home, no document text, no message text. Warnings also go to stderr."""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler

from core.paths import Home, private


def start(home: Home, *, verbose: bool = False) -> None:
    """Write the log of this process to `logs/tsukue.log` in `home` (1 MB, three old ones kept)."""
    path = home.logs / "tsukue.log"
    file = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=True)
    file.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(file)
    if verbose:
        root.addHandler(logging.StreamHandler(sys.stderr))
    for noisy in ("filelock", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger(__name__).info("started")
    private(path)


def stop() -> None:
    """Close and remove the handlers that `start` added."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, RotatingFileHandler) or type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
            handler.close()
