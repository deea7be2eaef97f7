"""Restarts Tsukue, for what can only be done while nothing is open."""

from __future__ import annotations

import os

from PySide6.QtWidgets import QApplication

from core import launcher

_PROPERTY = "restart"


def ask() -> None:
    """Close all windows; desktop/app.py opens Tsukue again when everything is taken down."""
    application = QApplication.instance()
    if isinstance(application, QApplication):
        application.setProperty(_PROPERTY, True)
        application.closeAllWindows()


def asked() -> bool:
    """Whether Tsukue is to open again."""
    application = QApplication.instance()
    return application is not None and bool(application.property(_PROPERTY))


def now(home: str | None) -> None:
    """Start Tsukue anew with the same home, in the place of this process where the system can do that."""
    command = launcher.window(*(["--home", home] if home else []))
    if os.name == "posix":
        os.execv(command[0], command)
    import subprocess  # slow to import, and this module is part of the first paint

    subprocess.Popen(command)
