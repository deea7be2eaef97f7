"""A quiet strip above the composer while documents are added: which file, how far, and a way to stop."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from core.documents.ingest import IngestProgress
from desktop.i18n import tr


class AddingStrip(QFrame):
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
