"""Handles unexpected errors in the window's process: logs them, shows one sentence, and keeps the window running."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
from types import TracebackType
from typing import IO

from core.paths import Home
from desktop.notify import Notify

log = logging.getLogger(__name__)


def watch(home: Home, notify: Notify) -> IO[str] | None:
    """Catch what nobody caught. Returns the file that a native crash would be written to; keep it open.

    None where that file cannot be opened (a full disk): a native crash is then not written down.
    """

    def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.error("unexpected error", exc_info=(kind, error, trace))
        notify.error(error)

    def caught_in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            log.error("unexpected error in %s", arguments.thread, exc_info=arguments.exc_value)

    sys.excepthook = caught
    threading.excepthook = caught_in_thread
    try:
        crashes = (home.logs / "crash.log").open("a", encoding="utf-8")
    except OSError as error:
        log.warning("a native crash could not be written down: %s", error)
        return None
    faulthandler.enable(crashes)
    return crashes
