"""The section of the settings about the program's version: looks for a new one when the button is pressed.

A new version's package is downloaded, verified (core/updates.py) and given to the system's own installer. Nothing is installed here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import shiboken6
from PySide6.QtCore import QLocale, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from core.errors import Cancelled
from core.jobs import Job
from core.updates import PAGE, Package, Release, Updates
from desktop import i18n
from desktop.error_text import sentence
from desktop.i18n import tr
from desktop.operations import Operations

BY_HAND = ("run", "AppImage")  # forms that the system has no installer for: their folder is shown


class UpdatesPanel(QWidget):
    """The version, and what is known of a newer one."""

    _grew = Signal(int)  # bytes that have arrived, from the job's thread

    def __init__(self, updates: Updates, operations: Operations) -> None:
        super().__init__()
        self._updates = updates
        self._operations = operations
        self._release: Release | None = None
        self._package: Package | None = None
        self._file: Path | None = None
        self._job: Job | None = None
        version = QLabel(tr("You are using Tsukue {version}.", version=updates.version()))
        about = QLabel(
            tr(
                "Tsukue never checks for updates on its own. When you do, it makes one connection, "
                "which appears in the list of connections, and trusts only what its makers have signed."
            )
        )
        about.setProperty("role", "muted")
        self.said = QLabel()
        self.notes = QLabel()
        self.notes.setProperty("role", "muted")
        for label in (version, about, self.said, self.notes):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.notes.setTextFormat(Qt.TextFormat.MarkdownText)  # signed, so it may
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Download progress"))
        self._grew.connect(self._show_grown)
        self.look = QPushButton(tr("Check for updates"))
        self.look.clicked.connect(self._look)
        self.next = QPushButton()  # whatever is to be done with what was found
        self.next.setProperty("role", "primary")
        self.next.clicked.connect(self._go_on)
        buttons = QHBoxLayout()
        buttons.addWidget(self.look)
        buttons.addWidget(self.next)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        for widget in (version, about, self.said, self.notes, self.bar):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        self._show()

    def _show(self) -> None:
        """What the buttons offer, and what is said, by what is known."""
        release, package = self._release, self._package
        self.said.setVisible(bool(self.said.text()))
        self.notes.setText(release.notes.strip() if release else "")
        self.notes.setVisible(bool(release))
        self.bar.setVisible(self._job is not None)
        self.look.setVisible(release is None)
        self.next.setVisible(release is not None)
        if self._job is not None:
            self.next.setText(tr("Pause"))
        elif self._file is not None:
            self.next.setText(tr("Open folder") if self._by_hand else tr("Install…"))
        elif package is not None:
            size = QLocale(i18n.language()).formattedDataSize(
                package.size, 0, QLocale.DataSizeFormat.DataSizeSIFormat
            )
            self.next.setText(tr("Download ({size})", size=size))
        else:
            self.next.setText(tr("Open download page"))

    @property
    def _by_hand(self) -> bool:
        return self._package is not None and self._package.form in BY_HAND

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self._show()

    # ------------------------------------------------------------ looking

    def _look(self) -> None:
        self.look.setEnabled(False)
        self._say(tr("Checking…"))

        def look(job: Job) -> tuple[Release, Package | None] | None:
            release = self._updates.look()
            return (release, self._updates.package(release)) if release else None

        self._run("check for updates", look, self._found, self._not_found)

    def _not_found(self, error: BaseException) -> None:
        self.look.setEnabled(True)
        self._say(sentence(error))

    def _run(
        self,
        name: str,
        function: Callable[[Job], Any],
        success: Callable[[Any], None],
        failure: Callable[[BaseException], None],
    ) -> Job:
        """Run it, and go on here if the section is still there: another language makes a new one."""

        def succeeded(result: Any) -> None:
            if shiboken6.isValid(self):
                success(result)

        def failed(error: BaseException) -> bool:
            if shiboken6.isValid(self):
                failure(error)  # said here: the window's messages are behind this dialog
            return True

        return self._operations.run(name, function, succeeded, failed)

    def _found(self, found: tuple[Release, Package | None] | None) -> None:
        self.look.setEnabled(True)
        if found is None:
            self._say(tr("Tsukue is up to date."))
            return
        self._release, self._package = found
        self._say(tr("Tsukue {version} is available.", version=self._release.version))

    # ------------------------------------------------------------ fetching, and handing over

    def _go_on(self) -> None:
        if self._job is not None:
            self._job.cancel()
        elif self._file is not None:
            place = self._file.parent if self._by_hand else self._file
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(place)))
        elif self._package is not None:
            self._fetch()
        else:
            QDesktopServices.openUrl(QUrl(PAGE))

    def _fetch(self) -> None:
        assert self._release
        assert self._package
        release, package = self._release, self._package
        self.bar.setRange(0, max(package.size >> 10, 1))

        def grew(done: int) -> None:
            with contextlib.suppress(RuntimeError):  # the section has gone; the download goes on
                self._grew.emit(done)

        self._job = self._run(
            "update download",
            lambda job: self._updates.fetch(release, package, job, grew),
            self._fetched,
            self._not_fetched,
        )
        self._say(tr("Downloading Tsukue {version}…", version=release.version))

    def _show_grown(self, done: int) -> None:
        self.bar.setValue(done >> 10)  # kilobytes: an int of Qt's ends at 2 GB

    def _fetched(self, file: Path) -> None:
        self._job, self._file = None, file
        self._say(
            tr(
                "{file} has been downloaded and verified. Close Tsukue, then install it. Your chats and documents stay.",
                file=file.name,
            )
        )

    def _not_fetched(self, error: BaseException) -> None:
        self._job = None
        stopped = isinstance(error, Cancelled)
        self._say(tr("The download is paused; what has arrived is kept.") if stopped else sentence(error))
