"""What fills the model's context: opened from the meter in the status line."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from core.chat.context import Filling
from desktop.i18n import tr

WIDTH = 460  # pixels


def rows(filling: Filling) -> list[tuple[str, int]]:
    """The parts that are there, with their tokens."""
    parts = [
        (tr("Instructions"), filling.instructions),
        (tr("Summary of earlier messages"), filling.summary),
        (tr("Messages"), filling.history),
        (tr("Documents and files"), filling.documents),
        (tr("Room for the answer"), filling.answer),
    ]
    return [(name, tokens) for name, tokens in parts if tokens]


class ContextPanel(QDialog):
    """Each part as a bar."""

    def __init__(self, filling: Filling, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("What the model reads"))
        about = QLabel(
            tr(
                "The model reads at most {n} tokens at a time. This is what its next answer begins with:",
                n=f"{filling.length:,}",
            )
        )
        about.setWordWrap(True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(6)
        found = rows(filling)
        free = max(filling.length - sum(tokens for _, tokens in found), 0)
        for row, (name, tokens) in enumerate([*found, (tr("Free"), free)]):
            bar = QProgressBar()
            bar.setTextVisible(False)
            bar.setRange(0, max(filling.length, 1))
            bar.setValue(min(tokens, filling.length))
            bar.setAccessibleName(name)
            count = QLabel(f"{tokens:,}")
            count.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(QLabel(name), row, 0)
            grid.addWidget(bar, row, 1)
            grid.addWidget(count, row, 2)
        grid.setColumnStretch(1, 1)
        note = QLabel(
            tr(
                "When a chat outgrows this, the setting “When a chat outgrows the context” decides what happens."
            )
        )
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addLayout(grid)
        layout.addWidget(note)
        layout.addWidget(buttons)
        self.ensurePolished()
        # A dialog asks its lines for their height before they are broken.
        self.setFixedSize(WIDTH, layout.totalHeightForWidth(WIDTH))
