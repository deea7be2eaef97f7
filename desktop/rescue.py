"""A damaged database at the start: open the newest backup, or rescue what can be read. The damaged file is always kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from core.errors import DatabaseDamaged, TsukueError
from core.jobs import Job, Jobs
from core.paths import Home
from core.storage import backup, restore
from core.storage.backup import Backup
from core.storage.restore import Rescued, Restored
from desktop import i18n
from desktop.error_text import sentence
from desktop.i18n import tr, tr_n
from desktop.notify import Notify

WIDTH = 640


class RescueDialog(QDialog):
    """Offers what helps against damage. `done_with` is what was put in the database's place, None to quit."""

    _ended = Signal(object, object)

    def __init__(self, home: Home, error: DatabaseDamaged, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Tsukue")
        self.done_with: Restored | Rescued | None = None
        self._home = home
        self._jobs = Jobs()
        self._working = False
        self._newest: Backup | None = None
        self._ended.connect(self._tell, Qt.ConnectionType.QueuedConnection)

        heading = QLabel(tr("Your chats cannot be opened"))
        heading.setProperty("role", "name")
        value = error.reason  # marked for the translators where it was raised
        about = QLabel(
            tr(
                "{path} cannot be opened: {reason}. This can come from a failing disk, or from copying the file while Tsukue was open. "
                "Whatever you choose, the damaged file is kept in the backups folder.",
                path=str(home.database),
                reason=tr(value),
            )
        )
        about.setTextFormat(Qt.TextFormat.PlainText)
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setProperty("role", "muted")
        for label in (about, self.said):
            label.setWordWrap(True)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.restore = QPushButton(tr("Open the newest backup"))
        self.restore.setProperty("role", "primary")
        self.restore.clicked.connect(self._restore)
        self.salvage = QPushButton(tr("Rescue what can be read"))
        self.salvage.clicked.connect(self._salvage)
        self.quit = QPushButton(tr("Quit"))
        self.quit.clicked.connect(self.reject)

        buttons = QHBoxLayout()
        buttons.addWidget(self.quit)
        buttons.addStretch(1)
        buttons.addWidget(self.salvage)
        buttons.addWidget(self.restore)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        for widget in (heading, about, self.said, self.busy):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        self.setMinimumWidth(WIDTH)
        self._work(
            tr("Looking for an intact backup…"),
            lambda job: backup.newest_good(home.backups, restore.newest_version()),
            self._found,
        )

    # ------------------------------------------------------------ work, on threads of its own

    def _work(self, words: str, function: Callable[[Job], Any], then: Callable[[Any], None]) -> None:
        self._working = True
        self._show(words)
        self._jobs.start("rescue", function, lambda job: self._ended.emit(job, then))

    def _tell(self, job: Job, then: Callable[[Any], None]) -> None:
        self._working = False
        if job.error is not None:
            self._show(sentence(job.error))
        else:
            then(job.result)

    def _show(self, words: str) -> None:
        self.said.setText(words)
        self.said.setVisible(bool(words))
        self.busy.setVisible(self._working)
        self.salvage.setEnabled(not self._working)
        self.quit.setEnabled(not self._working)
        self.restore.setEnabled(not self._working and self._newest is not None)
        self.adjustSize()

    def _found(self, newest: Backup | None) -> None:
        self._newest = newest
        if newest is None:
            self._show(tr("No backup can be opened."))
        else:
            self.restore.setText(tr("Open the newest backup ({date})", date=moment(newest)))
            self._show(tr("Anything newer than the backup exists only in the damaged file."))

    def _restore(self) -> None:
        newest = self._newest
        assert newest is not None

        def restore_it(job: Job) -> Restored:
            with self._home.owned():
                return restore.restore(self._home, newest.path)

        self._work(tr("Opening the backup…"), restore_it, self._finish)

    def _salvage(self) -> None:
        def rescue_it(job: Job) -> Rescued:
            with self._home.owned():
                return restore.rescue(self._home, job.check)

        self._work(tr("Reading what can be read… This may take a few minutes."), rescue_it, self._finish)

    def _finish(self, result: Restored | Rescued) -> None:
        self.done_with = result
        self.accept()

    def reject(self) -> None:
        if not self._working:  # a database is never left half replaced, and nobody waits for long
            super().reject()

    def done(self, result: int) -> None:
        self._jobs.close()
        super().done(result)


def moment(one: Backup) -> str:
    """When a backup was made, as the person writes dates."""
    when = QDateTime.fromSecsSinceEpoch(int(one.made.timestamp()))
    return QLocale(i18n.language()).toString(when, QLocale.FormatType.ShortFormat)


def tell(done: Restored | Rescued | TsukueError, notify: Notify) -> None:
    """Say what was put in the database's place before the window was filled, or why nothing was."""
    if isinstance(done, TsukueError):
        notify.error(done)
    elif isinstance(done, Restored):
        notify.notice(
            tr(
                "The backup {file} is now open. Your previous data is kept in the backups folder.",
                file=done.source.name,
            )
        )
    else:
        found, lost = done.report.found, sum(done.report.lost.values())
        words = [
            tr(
                "Rescued: {conversations} chats with {messages} messages, and {documents} documents.",
                conversations=found["conversations"],
                messages=found["messages"],
                documents=found["documents"],
            )
        ]
        if lost:
            words.append(tr_n("{n} entry could not be read.", "{n} entries could not be read.", lost))
        words.append(tr("The damaged file is kept in the backups folder as {file}.", file=done.kept.name))
        notify.notice(" ".join(words))
