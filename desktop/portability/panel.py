"""The section of the settings about taking chats in and out."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.i18n import tr


class PortabilityPanel(QWidget):
    """Two buttons and what they are for."""

    import_wanted = Signal()
    export_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        about = QLabel(
            tr(
                "Bring in chats from other programs, or take yours elsewhere. An export as JSON holds everything "
                "and can be imported again."
            )
        )
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        self.import_button = QPushButton(tr("Import chats…"))
        self.import_button.clicked.connect(self.import_wanted)
        self.export_button = QPushButton(tr("Export chats…"))
        self.export_button.clicked.connect(self.export_wanted)
        buttons = QHBoxLayout()
        buttons.addWidget(self.import_button)
        buttons.addWidget(self.export_button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(about)
        layout.addLayout(buttons)
