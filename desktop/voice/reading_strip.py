"""Above the composer while something is read aloud: which sentence, pause, back, on, stop."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.elided import ElidedLabel
from desktop.widgets.icons import icon


class ReadingStrip(QFrame):
    """Hidden where nothing is read."""

    paused = Signal(bool)
    stepped = Signal(int)
    stopped = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._theme = theme
        self._held = False
        self._icon = QLabel()
        self.sentence = ElidedLabel("")
        self.sentence.setProperty("role", "muted")
        self.back = self._button(tr("Back a sentence"))
        self.back.clicked.connect(lambda: self.stepped.emit(-1))
        self.hold = self._button(tr("Pause"))
        self.hold.clicked.connect(self._toggle)
        self.on = self._button(tr("Next sentence"))
        self.on.clicked.connect(lambda: self.stepped.emit(1))
        self.stop = self._button(tr("Stop reading aloud"))
        self.stop.clicked.connect(self.stopped)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 4, 8, 4)
        layout.setSpacing(2)
        layout.addWidget(self._icon)
        layout.addSpacing(8)
        layout.addWidget(self.sentence, 1)
        for button in (self.back, self.hold, self.on, self.stop):
            layout.addWidget(button)
        theme.changed.connect(self._paint)
        self._paint()
        self.hide()

    def _button(self, words: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "plain")
        button.setFixedSize(30, 30)
        button.setToolTip(words)
        button.setAccessibleName(words)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def begin(self) -> None:
        """Something is about to be read."""
        self._held = False
        self.sentence.show_text(tr("Getting ready to read aloud…"))
        self._paint()
        self.show()

    def show_sentence(self, text: str) -> None:
        """This is heard now, or as soon as it goes on."""
        self.sentence.show_text(text)
        self._paint()

    def _toggle(self) -> None:
        self._held = not self._held
        self._paint()
        self.paused.emit(self._held)

    def _paint(self) -> None:
        tokens = self._theme.tokens
        self._icon.setPixmap(icon("speaker", tokens.accent).pixmap(18, 18))
        self.back.setIcon(icon("previous", tokens.muted))
        self.on.setIcon(icon("next", tokens.muted))
        self.hold.setIcon(icon("play" if self._held else "pause", tokens.muted))
        words = tr("Go on reading") if self._held else tr("Pause")
        self.hold.setToolTip(words)
        self.hold.setAccessibleName(words)
        self.stop.setIcon(icon("stop", tokens.muted))
