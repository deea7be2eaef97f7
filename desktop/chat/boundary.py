"""Where the model begins to read: what it gets of the messages before, to read, change and take back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.i18n import tr
from desktop.widgets.plain_text import PlainText


class Boundary(QFrame):
    """A line across the transcript, above the first message that the model still reads."""

    changed = Signal(str)  # the summary is to be this; '' takes it back
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("boundary")
        self._said = QLabel()
        self._said.setProperty("role", "muted")
        self._said.setWordWrap(True)
        self.read_button = QPushButton(tr("Read"))
        self.read_button.setProperty("role", "plain")
        self.read_button.setCheckable(True)
        self.read_button.setToolTip(tr("Show what the model reads in place of the earlier messages"))
        self.read_button.toggled.connect(self._show_text)
        self.edit_button = QPushButton(tr("Change…"))
        self.edit_button.setProperty("role", "plain")
        self.edit_button.setToolTip(tr("Change the summary, or take it back"))
        self.edit_button.clicked.connect(self._edit)
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.hide()
        head = QHBoxLayout()
        head.addWidget(self._said, 1)
        head.addWidget(self.read_button)
        head.addWidget(self.edit_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 6)
        layout.addLayout(head)
        layout.addWidget(self.text)

    def show_summary(self, summary: str) -> None:
        """'' where the messages before are only left out."""
        self.summary = summary
        self._said.setText(
            tr("From here on the model reads every message. It has a summary of those above.")
            if summary
            else tr("From here on the model reads every message. It no longer reads those above.")
        )
        self.text.setText(summary)
        self.read_button.setVisible(bool(summary))
        self.edit_button.setText(tr("Change…") if summary else tr("Add a note…"))
        if not summary:
            self.read_button.setChecked(False)

    def _show_text(self, shown: bool) -> None:
        self.text.setVisible(shown)
        self.read_button.setText(tr("Hide") if shown else tr("Read"))
        self.resized.emit()

    def _edit(self) -> None:
        dialog = SummaryDialog(self.summary, self)
        dialog.saved.connect(self.changed)
        dialog.open()


class SummaryDialog(QDialog):
    """The summary as a text that can be changed."""

    saved = Signal(str)

    def __init__(self, summary: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Summary of the earlier messages"))
        self.resize(560, 320)
        about = QLabel(
            tr(
                "The model reads this in place of the messages that no longer fit its context. Correct what is wrong, add what is missing."
            )
        )
        about.setWordWrap(True)
        self.text = PlainText()
        self.text.setProperty("role", "field")
        self.text.setPlainText(summary)
        self.text.setAccessibleName(tr("Summary"))
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.take_back = buttons.addButton(tr("Take back"), QDialogButtonBox.ButtonRole.DestructiveRole)
        self.take_back.setToolTip(tr("Leave the earlier messages out, without a summary"))
        self.take_back.setVisible(bool(summary))
        self.take_back.clicked.connect(lambda: self._save(""))
        buttons.accepted.connect(lambda: self._save(self.text.toPlainText()))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addWidget(self.text, 1)
        layout.addWidget(buttons)

    def _save(self, text: str) -> None:
        self.saved.emit(text)
        self.accept()
