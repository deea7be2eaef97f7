"""The downloads in progress at the bottom of the models page: progress, speed, time left; pause, resume, cancel."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from core.models.downloads import DownloadChanged, State
from desktop.error_text import sentence
from desktop.i18n import tr
from desktop.models.cards import size_text


def progress_text(change: DownloadChanged) -> str:
    """Where a download stands, in a few words."""
    if change.state is State.FAILED and change.error is not None:
        return sentence(change.error)
    if change.state is State.PAUSED:
        return tr("Paused at {done} of {total}", done=size_text(change.done), total=size_text(change.total))
    if change.state is State.WAITING:
        return tr("Waiting its turn")
    if change.seconds_left is None:
        return tr("{done} of {total}", done=size_text(change.done), total=size_text(change.total))
    return tr(
        "{done} of {total}, {speed} MB/s, {left} left",
        done=size_text(change.done),
        total=size_text(change.total),
        speed=f"{change.speed / 1e6:.1f}",
        left=time_text(change.seconds_left),
    )


def time_text(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 90:
        return tr("{n} s", n=round(seconds))
    if seconds < 5400:
        return tr("{n} min", n=round(seconds / 60))
    return tr("{n} h", n=f"{seconds / 3600:.1f}")


class _Row(QWidget):
    def __init__(self, strip: DownloadStrip, change: DownloadChanged) -> None:
        super().__init__()
        self.item = change.item
        name = QLabel(change.item.name)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(tr("Progress"))
        self.text = QLabel()
        self.text.setProperty("role", "muted")
        self.text.setWordWrap(True)
        self.pause = QPushButton(tr("Pause"))
        self.pause.setToolTip(tr("Pause; what has been downloaded is kept"))
        self.pause.clicked.connect(lambda: strip.paused.emit(self.item.id))
        self.resume = QPushButton(tr("Resume"))
        self.resume.setProperty("role", "primary")
        self.resume.clicked.connect(lambda: strip.resumed.emit(self.item))
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setToolTip(tr("Cancel and delete what has been downloaded"))
        self.cancel.clicked.connect(lambda: strip.cancelled.emit(self.item.id))
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(name)
        line.addWidget(self.bar, 1)
        for button in (self.pause, self.resume, self.cancel):
            button.setAccessibleName(f"{button.text()}: {change.item.name}")
            line.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self.text)
        self.show_change(change)

    def show_change(self, change: DownloadChanged) -> None:
        running = change.state in (State.RUNNING, State.WAITING)
        self.bar.setValue(1000 * change.done // change.total if change.total else 0)
        self.text.setText(progress_text(change))
        self.pause.setVisible(running)
        self.resume.setVisible(not running)


class DownloadStrip(QFrame):
    """A row for each download that is not done."""

    paused = Signal(str)
    resumed = Signal(object)
    cancelled = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._rows: dict[str, _Row] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(14, 10, 10, 10)
        self._layout.setSpacing(10)
        self.hide()

    def show_all(self, changes: list[DownloadChanged]) -> None:
        """Show these downloads and no others."""
        for item in set(self._rows) - {change.item.id for change in changes}:
            self._drop(item)
        for change in changes:
            self.show_change(change)

    def show_change(self, change: DownloadChanged) -> None:
        """One download has moved on."""
        if change.state is State.DONE:
            self._drop(change.item.id)
        elif change.item.id in self._rows:
            self._rows[change.item.id].show_change(change)
        else:
            row = self._rows[change.item.id] = _Row(self, change)
            self._layout.addWidget(row)
        self.setVisible(bool(self._rows))

    def row(self, item: str) -> _Row | None:
        """The row of a download, if it is shown."""
        return self._rows.get(item)

    def _drop(self, item: str) -> None:
        row = self._rows.pop(item, None)
        if row is not None:
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.setVisible(bool(self._rows))
