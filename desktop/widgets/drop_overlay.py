"""What is shown while files are dragged over the window: where to drop them for what."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from desktop.i18n import tr

MARGIN = 24
LOWER = 0.38  # of the height: where the message is written


class DropOverlay(QFrame):
    """Two places: the upper one adds documents and asks them, the lower one attaches to the message."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("dropGround")
        self.documents = _place(
            tr("Drop to ask about it"), tr("It is added to your documents; answers name their pages.")
        )
        self.message = _place(
            tr("Drop to attach it to your message"),
            tr("The model reads all of it with this message. For short files and pictures."),
        )
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(14)
        inside.addWidget(self.documents, round((1 - LOWER) * 100))
        inside.addWidget(self.message, round(LOWER * 100))
        self.hide()

    def appear(self, attachable: bool) -> None:
        """Cover the window; `attachable`: there is a message to attach to."""
        self.message.setVisible(attachable)
        self.fit()
        self.over(QPoint())  # until it is known where
        self.raise_()
        self.show()

    def fit(self) -> None:
        """Be as large as the window."""
        self.setGeometry(self.window().rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN))

    def over(self, position: QPoint) -> None:
        """What is dragged is here, in the window."""
        attach = self.attaches(position)
        for place, chosen in ((self.message, attach), (self.documents, not attach)):
            if place.property("chosen") != chosen:
                place.setProperty("chosen", chosen)
                place.style().unpolish(place)
                place.style().polish(place)

    def attaches(self, position: QPoint) -> bool:
        """Whether what is dropped here, in the window, is to hang on the message."""
        return not self.message.isHidden() and position.y() - MARGIN >= self.height() * (1 - LOWER)


def _place(title: str, about: str) -> QFrame:
    place = QFrame()
    place.setObjectName("drop")
    heading, words = QLabel(title), QLabel(about)
    heading.setProperty("role", "heading")
    words.setProperty("role", "muted")
    layout = QVBoxLayout(place)
    layout.addStretch()
    for label in (heading, words):
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setWordWrap(True)
        layout.addWidget(label)
    layout.addStretch()
    return place
