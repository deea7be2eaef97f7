"""Opens a document in the system's own program, at its page where that program can be told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

# Programs that take a page, by what the system calls them: the options before the file.
_PAGED = {
    "evince": ("--page-index={page}",),
    "org.gnome.Evince": ("--page-index={page}",),
    "okular": ("--page", "{page}"),
    "org.kde.okular": ("--page", "{page}"),
    "zathura": ("--page={page}",),
    "xreader": ("--page-index={page}",),
    "atril": ("--page-index={page}",),
}
SECONDS = 5


def open_at_page(path: str, page: int | None) -> bool:
    """Open a file at a page, if its program can be told; otherwise `open_file` does the rest. Not for the window's thread.

    Raises FileNotFoundError.
    """
    if not Path(path).exists():
        raise FileNotFoundError(path)
    if page and sys.platform.startswith("linux") and path.lower().endswith(".pdf"):
        name = _program("application/pdf")
        options = _PAGED.get(name)
        program = shutil.which(name.rsplit(".", 1)[-1].lower()) if options else None
        if options and program:
            given = [option.format(page=page) for option in options]
            subprocess.Popen([program, *given, path], start_new_session=True)
            return True
    return False


def open_file(path: str) -> None:
    """Open a file, or a folder, as a click on it does."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def _program(kind: str) -> str:
    """What the system opens files of a kind with; '' where it does not say."""
    asked = shutil.which("xdg-mime")
    if asked is None:
        return ""
    try:
        done = subprocess.run(
            [asked, "query", "default", kind], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().removesuffix(".desktop")
