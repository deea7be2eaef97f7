"""The messages of a conversation, top to bottom, in a column that stays readable; streamed text is gathered
and painted at a fixed pace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from core.chat.conversation import Message, Role
from core.chat.service import Phase
from desktop.chat.message_widgets import AnswerWidget, QuestionWidget
from desktop.i18n import tr
from desktop.theme import TEXT_WIDTH, Theme
from desktop.widgets import layouts

if TYPE_CHECKING:
    from core.documents.answer import Evidence

PAINT_MILLISECONDS = 200


class Transcript(QScrollArea):
    """Shows one branch of one conversation."""

    regenerate = Signal(int)
    edit = Signal(int)
    version = Signal(int)
    source = Signal(object, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transcript")
        self.setAccessibleName(tr("Conversation"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._theme = theme
        self._body = QWidget()
        self._body.setObjectName("transcriptBody")
        self._column = QWidget(self._body)
        self._column.setMaximumWidth(TEXT_WIDTH)
        self._layout = QVBoxLayout(self._column)
        self._layout.setContentsMargins(24, 20, 24, 20)
        self._layout.setSpacing(20)
        self._layout.addStretch()
        self._outer = QVBoxLayout(self._body)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.addWidget(self._column)
        self.setWidget(self._body)
        self._answers: dict[int, AnswerWidget] = {}
        self._questions: dict[int, QuestionWidget] = {}
        self._shown: set[int] = set()
        self._pending: dict[int, tuple[str, str]] = {}
        self._painter = QTimer(self, interval=PAINT_MILLISECONDS)
        self._painter.timeout.connect(self.flush)
        self._follow = True
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(lambda _low, high: bar.setValue(high) if self._follow else None)
        bar.valueChanged.connect(self._scrolled)

    def _scrolled(self, value: int) -> None:
        # While new text comes, the view stays at the end unless the person has scrolled away from it.
        self._follow = value >= self.verticalScrollBar().maximum() - 40

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        width = min(self.viewport().width(), TEXT_WIDTH)
        self._column.setFixedWidth(width)
        left = max((self.viewport().width() - width) // 2, 0)
        self._outer.setContentsMargins(left, 0, 0, 0)

    # ------------------------------------------------------------ content

    def clear(self) -> None:
        self._pending.clear()
        self._painter.stop()
        self._answers.clear()
        self._questions.clear()
        self._shown.clear()
        layouts.clear(self._layout, keep_last=1)

    def show_branch(self, branch: list[Message], siblings: dict[int, list[int]]) -> None:
        """Show these messages; `siblings` has the versions of each."""
        self.clear()
        for message in branch:
            self.add(message)
            if message.id not in siblings:
                continue
            if message.role is Role.ASSISTANT:
                self._answers[message.id].finish(message, siblings[message.id])
            else:
                self._questions[message.id].show_place(siblings[message.id])
        self._follow = True
        QTimer.singleShot(0, self._to_end)

    def _to_end(self) -> None:
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def add(self, message: Message) -> None:
        """Append a message, unless it is shown already."""
        if message.id in self._shown:
            return
        self._shown.add(message.id)
        widget: QWidget
        if message.role is Role.USER:
            widget = QuestionWidget(message, self._theme)
            widget.edit.connect(self.edit)
            widget.version.connect(self.version)
            self._questions[message.id] = widget
        else:
            widget = AnswerWidget(message, self._theme)
            widget.regenerate.connect(self.regenerate)
            widget.version.connect(self.version)
            widget.source.connect(self.source)
            self._answers[message.id] = widget
        self._layout.insertWidget(self._layout.count() - 1, widget)
        self._follow = True

    def show_place(self, question: int, siblings: list[int]) -> None:
        """A question has been asked in other words."""
        if question in self._questions:
            self._questions[question].show_place(siblings)

    @property
    def last_question(self) -> Message | None:
        """The question that was asked last, if there is one."""
        return next((widget.message for widget in reversed(self._questions.values())), None)

    def answer(self, message: int) -> AnswerWidget | None:
        """The widget of an answer, if it is shown."""
        return self._answers.get(message)

    # ------------------------------------------------------------ streaming

    def show_phase(self, message: int, phase: Phase, percent: int) -> None:
        if (widget := self.answer(message)) is not None:
            widget.show_phase(phase, percent)

    def show_evidence(self, message: int, evidence: Evidence) -> None:
        if (widget := self.answer(message)) is not None:
            widget.show_evidence(evidence)

    def grow(self, message: int, text: str, thinking: str) -> None:
        """Gather the next piece; the first is painted at once, the others with the next tick."""
        old = self._pending.get(message, ("", ""))
        self._pending[message] = (old[0] + text, old[1] + thinking)
        if not self._painter.isActive():
            self.flush()
            self._painter.start()

    def flush(self) -> None:
        """Paint what has gathered."""
        pending, self._pending = self._pending, {}
        if not pending:
            self._painter.stop()
        for number, (text, thinking) in pending.items():
            if (widget := self.answer(number)) is not None:
                widget.grow(text, thinking)

    def finish(self, message: Message, siblings: list[int]) -> None:
        """An answer has ended."""
        self._pending.pop(message.id, None)
        if (widget := self.answer(message.id)) is not None:
            widget.finish(message, siblings)
