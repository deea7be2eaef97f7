"""Adds the documents that a person drops or chooses, with a progress strip and a summary at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.documents import notes
from core.documents.additions import AdditionEnded, Additions, AdditionsChanged
from core.documents.ingest import FailedFile, IngestReport
from core.documents.later import Later, LaterEnded
from core.documents.progress import IngestProgress, Stage
from desktop.bridge import Bridge
from desktop.error_text import sentence
from desktop.i18n import tr, tr_n
from desktop.notify import Notify
from desktop.operations import Operations

SAID = 3  # failed files that are told in the banner; more are listed on demand


class AddingStrip(QFrame):
    """A quiet strip above the composer: which file, how far, and a way to stop."""

    cancelled = Signal()
    paused = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._text, self._waiting, self._paused = "", 0, False
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        self.pause = QPushButton(tr("Pause"))
        self.pause.setToolTip(tr("Wait after this file; goes on where it was, also tomorrow"))
        self.pause.clicked.connect(lambda: self.paused.emit(not self._paused))
        self.cancel = QPushButton(tr("Stop"))
        self.cancel.setToolTip(tr("Stop adding; what is done is kept"))
        self.cancel.clicked.connect(self.cancelled)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.addWidget(self.label)
        layout.addWidget(self.bar, 1)
        layout.addWidget(self.pause)
        layout.addWidget(self.cancel)
        self.hide()

    def set_paused(self, paused: bool) -> None:
        """Whether everything waits."""
        self._paused = paused
        self.pause.setText(tr("Continue") if paused else tr("Pause"))
        self._show_text()

    def follow(self, event: AdditionsChanged) -> None:
        """The line has changed."""
        self.set_paused(event.paused)
        self.show_waiting(len(event.waiting))
        if event.running is None and not (event.paused and event.waiting):
            self.hide()
        elif event.paused:
            self.show()

    def rest(self, adding: bool) -> None:
        """Recognition has ended; nothing is left to be shown unless something is being added."""
        if not adding:
            self.hide()

    def show_waiting(self, waiting: int) -> None:
        """How many additions wait behind this one."""
        self._waiting = waiting
        self._show_text()

    def _show_text(self) -> None:
        behind = tr_n("{n} more waiting", "{n} more waiting", self._waiting) if self._waiting else ""
        text = tr("Paused") if self._paused else self._text
        self.label.setText(" · ".join(part for part in (text, behind) if part))

    def show_progress(self, progress: IngestProgress) -> None:
        """One step of an addition."""
        self._text = " · ".join(filter(None, (stage_text(progress), left_text(progress.left))))
        if progress.files > 1:
            self._text = f"{min(progress.done + 1, progress.files)}/{progress.files} · {self._text}"
        share = progress.part / progress.parts if progress.parts else 0.0
        self._show_text()
        self.bar.setRange(0, 1000)
        self.bar.setValue(int(1000 * min((progress.done + share) / max(progress.files, 1), 1)))
        self.show()


def stage_text(progress: IngestProgress) -> str:
    """What is being done with a file, in a few words."""
    values = {"file": progress.file, "n": progress.part, "total": progress.parts}
    if progress.stage is Stage.EMBEDDING:
        return tr("Preparing {file}", **values)
    if progress.stage is Stage.RECOGNISING:
        return tr("Recognising the text of {file}, page {n} of {total}", **values)
    if progress.stage is Stage.TRANSCRIBING:
        return tr("Writing down what is said in {file}, minute {n} of {total}", **values)
    if progress.parts:
        return tr("Reading {file}, page {n} of {total}", **values)
    return tr("Reading {file}", **values)


def state_text(progress: IngestProgress) -> str:
    """What is being done with a file, without its name."""
    values = {"n": progress.part, "total": progress.parts}
    if progress.stage is Stage.EMBEDDING:
        return tr("preparing {n} of {total}", **values) if progress.parts else tr("preparing")
    if progress.stage is Stage.RECOGNISING:
        return tr("recognising page {n} of {total}", **values)
    if progress.stage is Stage.TRANSCRIBING:
        return tr("writing down minute {n} of {total}", **values)
    return tr("reading page {n} of {total}", **values) if progress.parts else tr("reading")


def left_text(seconds: float | None) -> str:
    """About how long it will take; '' where nobody knows."""
    if seconds is None:
        return ""
    if seconds < 60:
        return tr("less than a minute left")
    if seconds < 3600:
        return tr_n("about {n} minute left", "about {n} minutes left", round(seconds / 60))
    return tr_n("about {n} hour left", "about {n} hours left", round(seconds / 3600))


class FailedFiles(QDialog):
    """Every file that could not be added, each with its sentence."""

    def __init__(self, failed: list[FailedFile], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Files that were not added"))
        self.resize(640, 360)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Files that were not added"))
        self.list.setWordWrap(True)
        self.list.addItems([sentence(one.error) for one in failed])
        layout = QVBoxLayout(self)
        layout.addWidget(self.list)


class Adding(QObject):
    """Gives files to core's line of additions, and tells what came of each."""

    added = Signal(str, object)  # a collection that can be asked now, and the conversation it was added for

    def __init__(
        self,
        additions: Additions,
        later: Sequence[Later],
        operations: Operations,
        notify: Notify,
        bridge: Bridge,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._later = later
        self._operations = operations
        self._additions = additions
        self._notify = notify
        self._window = window
        self._for: dict[int, int | None] = {}  # the conversation of an addition, by its number
        self.strip = AddingStrip()
        self.strip.cancelled.connect(self.stop)
        self.strip.paused.connect(self.pause)
        bridge.on(IngestProgress, self.strip.show_progress)
        bridge.on(AdditionsChanged, self._line_changed)
        bridge.on(AdditionEnded, self._ended)
        bridge.on(LaterEnded, lambda _: self.strip.rest(self.busy))

    def add(self, files: list[str], collection: str, conversation: int | None) -> None:
        """Add files to a collection ('' makes a new one, named after the first file) for a conversation.

        Where something is being added already, they wait their turn.
        """
        addition = self._additions.add(files, collection)
        self._for[addition.number] = conversation

    def resume(self) -> None:
        """Go on with what an earlier session did not finish."""
        self._additions.resume()

    def unprepared(self) -> int:
        """How many documents the search model in use has not seen; reads the database."""
        return self._additions.unprepared()

    def stop(self) -> None:
        """Stop everything that is added; what is done stays."""
        self._additions.cancel_all()
        for one in self._later:
            one.stop()

    @property
    def busy(self) -> bool:
        """Whether something is being added, or waits to be."""
        return bool(self._additions.line)

    def waiting(self, collection: str) -> list[str]:
        """The absolute paths of files whose turn in a collection has not come; from any thread."""
        return [
            str(Path(file).absolute())
            for addition in self._additions.line
            if addition.collection == collection
            for file in addition.course.waiting()
        ]

    def pause(self, paused: bool) -> None:
        """Let everything wait, or go on."""
        self._operations.in_order("pause", lambda job: self._additions.pause(paused))

    def _line_changed(self, event: AdditionsChanged) -> None:
        self.strip.follow(event)

    def _ended(self, event: AdditionEnded) -> None:
        addition, report = event.addition, event.report
        conversation = self._for.pop(addition.number, None)
        if event.error is not None:
            self._notify.error(event.error)
        if report is None or (addition.resuming and not report.failed):
            return
        if report.good and not addition.resuming:
            self.added.emit(addition.collection, conversation)
        remarks = _remarks(report)
        if report.cancelled:
            self._notify.info(tr("Adding was stopped. What is done is kept; add the file again to continue."))
        elif report.good and not report.failed and not remarks:
            self._notify.info(
                tr_n(
                    "{n} document is ready. Ask about it.",
                    "{n} documents are ready. Ask about them.",
                    report.good,
                )
            )
        if report.failed:
            self._tell_failed(report.failed, remarks)
        elif remarks:
            self._notify.notice("\n".join(remarks))

    def _tell_failed(self, failed: list[FailedFile], remarks: list[str]) -> None:
        """Every failed file has its sentence: in the banner while they are few, in a list where they are many."""
        if len(failed) == 1 and not remarks:
            self._notify.error(failed[0].error)
            return
        lines = [sentence(one.error) for one in failed[:SAID]]
        more = len(failed) - len(lines)
        if more:
            lines.append(tr_n("{n} more file was not added.", "{n} more files were not added.", more))
        self._notify.failures(
            "\n".join([*lines, *remarks]),
            [one.error for one in failed],
            (tr("Show all"), lambda: FailedFiles(failed, self._window).open()) if more else None,
        )


def _remarks(report: IngestReport) -> list[str]:
    """What else there is to say of an addition: files that are gone, and what was not read of others."""
    lines = [
        tr("{file} is not there any more and answers no longer.", file=Path(file).name)
        for file in report.gone
    ]
    for one in report.partly:
        name = Path(one.file).name
        lines += [": ".join((name, notes.sentence(note, tr))) for note in one.notes]
    more = len(lines) - SAID
    if more > 0:
        lines = [*lines[:SAID], tr_n("There is {n} more remark.", "There are {n} more remarks.", more)]
    return lines
