"""Adding documents: from the files that a person gives to what is said at the end, with a strip that shows how far it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
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

from core.documents.ingest import FailedFile, Ingest, IngestProgress, IngestReport
from core.jobs import Job
from core.storage.documents import DocumentStore
from desktop.bridge import Bridge
from desktop.error_text import sentence
from desktop.i18n import tr, tr_n
from desktop.notify import Notify
from desktop.operations import Operations

SAID = 3  # failed files that are told in the banner; more are listed on demand


class AddingStrip(QFrame):
    """A quiet strip above the composer: which file, how far, and a way to stop."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.label = QLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        self.cancel = QPushButton(tr("Stop"))
        self.cancel.setToolTip(tr("Stop adding; what is finished stays"))
        self.cancel.clicked.connect(self.cancelled)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.addWidget(self.label)
        layout.addWidget(self.bar, 1)
        layout.addWidget(self.cancel)
        self.hide()

    def show_progress(self, progress: IngestProgress) -> None:
        """One step of an addition."""
        if progress.passages:
            self.label.setText(tr("Preparing {file}", file=progress.file))
            share = progress.embedded / progress.passages
        else:
            self.label.setText(tr("Reading {file}", file=progress.file))
            share = 0.0
        self.bar.setRange(0, 1000)
        self.bar.setValue(int(1000 * (progress.done + share) / max(progress.files, 1)))
        self.show()


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
    """Adds files to a collection, one addition at a time."""

    added = Signal(str, object)  # a collection that can be asked now, and the conversation it was added for

    def __init__(
        self,
        ingest: Ingest,
        store: DocumentStore,
        operations: Operations,
        notify: Notify,
        bridge: Bridge,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._ingest = ingest
        self._store = store
        self._operations = operations
        self._notify = notify
        self._window = window
        self._jobs: list[Job] = []
        self.strip = AddingStrip()
        self.strip.cancelled.connect(self.stop)
        bridge.on(IngestProgress, self.strip.show_progress)

    def add(self, files: list[str], collection: str, conversation: int | None) -> None:
        """Add files to a collection ('' makes a new one, named after the first file) for a conversation."""
        if any(not job.done for job in self._jobs):
            self._notify.info(
                tr("Documents are being added already. Wait until they are ready, then add these.")
            )
            return

        def add(job: Job) -> tuple[str, IngestReport]:
            name = collection or self._new_name(files[0])
            report = self._ingest.add(files, name, job)
            if not _good(report) and not self._store.documents(name):
                self._store.remove_collection(name)
            return name, report

        self._run("add documents", add, lambda done: self._ended(done[0], done[1], conversation))

    def resume(self) -> None:
        """Go on with what an earlier session did not finish."""
        self._run("finish adding", self._ingest.resume, lambda _: None)

    def stop(self) -> None:
        """Stop adding; what is finished stays."""
        for job in self._jobs:
            job.cancel()

    def _run(self, name: str, function: Callable[[Job], object], success: Callable[..., None]) -> None:
        def ended(result: object) -> None:
            self.strip.hide()
            success(result)

        def failed(_: BaseException) -> bool:
            self.strip.hide()
            return False

        self._jobs = [job for job in self._jobs if not job.done]
        self._jobs.append(self._operations.run(name, function, ended, failed))

    def _new_name(self, file: str) -> str:
        names = {collection.name for collection in self._store.collections()}
        base = Path(file).stem or "documents"
        return next(
            name for i in range(1, len(names) + 2) if (name := base if i == 1 else f"{base} {i}") not in names
        )

    def _ended(self, name: str, report: IngestReport, conversation: int | None) -> None:
        good = _good(report)
        if good:
            self.added.emit(name, conversation)
        if report.cancelled:
            self._notify.info(tr("Adding was stopped. What was finished stays; add the file again to go on."))
        elif good and not report.failed:
            self._notify.info(
                tr_n("{n} document is ready. Ask about it.", "{n} documents are ready. Ask about them.", good)
            )
        if report.failed:
            self._tell_failed(report.failed)

    def _tell_failed(self, failed: list[FailedFile]) -> None:
        """Every failed file has its sentence: in the banner while they are few, in a list where they are many."""
        if len(failed) == 1:
            self._notify.error(failed[0].error)
            return
        lines = [sentence(one.error) for one in failed[:SAID]]
        more = len(failed) - len(lines)
        if more:
            lines.append(tr_n("{n} more file was not added.", "{n} more files were not added.", more))
        self._notify.failures(
            "\n".join(lines),
            [one.error for one in failed],
            (tr("Show all"), lambda: FailedFiles(failed, self._window).open()) if more else None,
        )


def _good(report: IngestReport) -> int:
    return report.added + report.replaced + report.unchanged
