"""One widget for each message: the person's words in a soft bubble, the answer as text on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.chat.conversation import Message, MessageState
from core.chat.service import Phase
from core.errors import from_wire
from desktop.chat.markdown_view import MarkdownView
from desktop.chat.versions import Versions
from desktop.error_text import sentence
from desktop.i18n import tr, tr_n
from desktop.theme import Theme
from desktop.widgets.icons import icon

if TYPE_CHECKING:
    from core.documents.answer import Evidence


def phase_text(phase: Phase, percent: int = 0) -> str:
    """What is happening before an answer's first word."""
    if phase is Phase.READING and 0 < percent < 100:
        return tr("Reading… {percent} %", percent=percent)
    return {
        Phase.LOADING: tr("Loading the model…"),
        Phase.SEARCHING: tr("Searching the documents…"),
        Phase.READING: tr("Reading…"),
        Phase.WRITING: "",
    }[phase]


class QuestionWidget(QWidget):
    """What the person wrote, as plain text; it can be asked in other words."""

    edit = Signal(int)
    version = Signal(int)  # show this sibling

    def __init__(self, message: Message, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message = message
        self._theme = theme
        bubble = QFrame()
        bubble.setObjectName("bubble")
        self.text = QLabel(message.text)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setAccessibleName(tr("You wrote"))
        inside = QVBoxLayout(bubble)
        inside.setContentsMargins(14, 8, 14, 8)
        inside.addWidget(self.text)
        width = (
            self.text.fontMetrics()
            .boundingRect(0, 0, 520, 10000, Qt.TextFlag.TextWordWrap, message.text)
            .width()
        )
        self.text.setMinimumWidth(min(width + 4, 520))
        self.text.setMaximumWidth(520)
        self.edit_button = QToolButton()
        self.edit_button.setProperty("role", "plain")
        self.edit_button.setToolTip(tr("Ask in other words (Up in an empty message edits the last one)"))
        self.edit_button.setAccessibleName(tr("Ask in other words"))
        self.edit_button.clicked.connect(lambda: self.edit.emit(self.message.id))
        self.versions = Versions(theme)
        self.versions.chosen.connect(self.version)
        beside = QHBoxLayout()
        beside.setSpacing(2)
        beside.addWidget(self.versions)
        beside.addWidget(self.edit_button)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addStretch()
        layout.addLayout(beside)
        layout.addWidget(bubble)
        theme.changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        self.edit_button.setIcon(icon("pencil", self._theme.tokens.muted, 14))

    def show_place(self, siblings: list[int]) -> None:
        """Show which of the question's wordings this is."""
        self.versions.show_place(self.message.id, siblings)


class AnswerWidget(QWidget):
    """An answer: phase or text, thinking, quotation, note, and a quiet line of actions."""

    regenerate = Signal(int)
    version = Signal(int)  # show this sibling
    source = Signal(object, int)  # all sources (dicts) and which to open
    retry = Signal(int)

    def __init__(self, message: Message, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message = message
        self._sources: list[dict[str, Any]] = []
        self.phase = QLabel()
        self.phase.setProperty("role", "muted")
        self.thinking_button = QPushButton(tr("Thinking"))
        self.thinking_button.setProperty("role", "plain")
        self.thinking_button.setCheckable(True)
        self.thinking_button.setToolTip(tr("Show what the model thought before answering"))
        self.thinking = QLabel()
        self.thinking.setProperty("role", "muted")
        self.thinking.setTextFormat(Qt.TextFormat.PlainText)
        self.thinking.setWordWrap(True)
        self.thinking_button.toggled.connect(self.thinking.setVisible)
        self.view = MarkdownView(theme)
        self.view.setAccessibleName(tr("Answer"))
        self.view.link.connect(self._follow)
        self.quotation = _Quotation()
        self.quotation.opened.connect(lambda: self.source.emit(self._quotation_source, 0))
        self._quotation_source: list[dict[str, Any]] = []
        self.note = QLabel()
        self.note.setProperty("role", "warning")
        self.note.setWordWrap(True)
        self.actions_row = QWidget()
        self._copy = self._button(tr("Copy"), tr("Copy the answer"))
        self._copy.clicked.connect(self._copy_text)
        self._again = self._button(tr("Regenerate"), tr("Answer the same question again"))
        self._again.clicked.connect(lambda: self.regenerate.emit(self.message.id))
        self.versions = Versions(theme)
        self.versions.chosen.connect(self.version)
        self._figures = QLabel()
        self._figures.setProperty("role", "muted")
        row = QHBoxLayout(self.actions_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for part in (self._copy, self._again, self.versions):
            row.addWidget(part)
        row.addStretch()
        row.addWidget(self._figures)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for widget in (
            self.quotation,
            self.phase,
            self.thinking_button,
            self.thinking,
            self.view,
            self.note,
            self.actions_row,
        ):
            layout.addWidget(
                widget,
                0,
                Qt.AlignmentFlag.AlignLeft if widget is self.thinking_button else Qt.AlignmentFlag(0),
            )
        for widget in (
            self.quotation,
            self.phase,
            self.thinking_button,
            self.thinking,
            self.note,
            self.actions_row,
        ):
            widget.hide()
        if message.state is MessageState.STREAMING:
            self.view.set_text(message.text)
        else:
            self.finish(message, [])

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("role", "plain")
        button.setToolTip(tip)
        return button

    # ------------------------------------------------------------ while it streams

    def show_phase(self, phase: Phase, percent: int = 0) -> None:
        self.phase.setText(phase_text(phase, percent))
        self.phase.setVisible(phase is not Phase.WRITING)

    def show_evidence(self, evidence: Evidence) -> None:
        """The best sentence at once, before the model has written anything."""
        if evidence.fits and evidence.quotation is not None:
            self._show_quotation(evidence.quotation.details())

    def _show_quotation(self, details: dict[str, Any]) -> None:
        self._quotation_source = [details]
        self.quotation.show_source(details)
        self.quotation.show()

    def grow(self, text: str, thinking: str) -> None:
        """Add what has come since the last time."""
        self.phase.hide()
        if thinking:
            self.thinking_button.show()
            self.thinking.setText(self.thinking.text() + thinking)
        if text:
            self.view.append(text)

    # ------------------------------------------------------------ when it has ended

    def finish(self, message: Message, siblings: list[int]) -> None:
        """Show the final answer: checked sentences with their sources, the others marked."""
        self.message = message
        details = message.details
        self.phase.hide()
        self._sources = details.get("citations", [])
        outcome = details.get("outcome")
        marks = details.get("marks", [])
        if message.thinking:
            self.thinking_button.show()
            self.thinking.setText(message.thinking)
        self.view.set_text(_with_markers(message.text, marks))
        self.view.setVisible(bool(message.text.strip()))
        quotation = details.get("quotation")
        if quotation and (outcome == "quotation" or not message.text):
            self._show_quotation(quotation)
        elif outcome == "answered":
            self.quotation.hide()
        self._show_note(message, outcome, marks)
        self._show_figures(details)
        self.versions.show_place(message.id, siblings)
        self._again.setEnabled(message.parent is not None)
        self._copy.setEnabled(bool(message.text))
        self.actions_row.show()

    def _show_note(self, message: Message, outcome: str | None, marks: list[Any]) -> None:
        texts = []
        if message.state is MessageState.STOPPED:
            texts.append(tr("You stopped this answer."))
        elif message.state is MessageState.INTERRUPTED:
            texts.append(
                tr("This answer was cut short when the program ended. Regenerate it to have it whole.")
            )
        elif message.state is MessageState.FAILED:
            error = message.details.get("error", {})
            texts.append(sentence(from_wire(error.get("name", ""), error.get("fields", {}))))
        if outcome == "not found":
            texts.append(
                tr(
                    "Your documents do not seem to say anything about this. Ask in other words, or add another document."
                )
            )
        elif outcome == "quotation":
            texts.append(tr("The documents do not support this answer. What they do say is quoted above."))
        elif outcome == "answered" and any(mark[2] is None for mark in marks):
            texts.append(tr("Sentences marked with ? were not found in the documents."))
        if message.details.get("finish") == "length":
            texts.append(
                tr("The answer reached its longest length. Ask to go on, or raise the limit in the settings.")
            )
        elif message.details.get("finish") == "context":
            texts.append(tr("The model's window is full, so the answer ends here."))
        if message.details.get("left_out"):
            count = int(message.details["left_out"])
            texts.append(
                tr_n(
                    "The conversation had outgrown the model's window: {n} earlier message is no longer read.",
                    "The conversation had outgrown the model's window: {n} earlier messages are no longer read.",
                    count,
                )
            )
        self.note.setText("\n".join(texts))
        self.note.setVisible(bool(texts))

    def _show_figures(self, details: dict[str, Any]) -> None:
        timings = details.get("timings")
        if not timings:
            self._figures.clear()
            return
        seconds = timings["total_s"] - timings["first_token_s"]
        speed = (timings["completion_tokens"] - 1) / seconds if seconds > 0 else 0.0
        self._figures.setText(f"{timings['first_token_s']:.1f} s · {speed:.0f} tok/s")
        self._figures.setToolTip(
            tr(
                "First word after {first} s, {speed} tokens a second; {cached} of {prompt} tokens of the prompt were already read",
                first=f"{timings['first_token_s']:.1f}",
                speed=f"{speed:.0f}",
                cached=timings["cached_tokens"],
                prompt=timings["prompt_tokens"],
            )
        )

    def _copy_text(self) -> None:
        QApplication.clipboard().setText(self.message.text)

    def _follow(self, link: str) -> None:
        if link.startswith("tsukue:cite/"):
            marker = int(link.rsplit("/", 1)[1])
            self.source.emit(self._sources, marker - 1)


def _with_markers(text: str, marks: list[Any]) -> str:
    """The Markdown with a small tab behind each checked sentence."""
    for _, end, marker in sorted(marks, key=lambda mark: -mark[1]):
        tab = (
            f"[\u2009{marker}\u2009](tsukue:cite/{marker})"
            if marker is not None
            else "[\u2009?\u2009](tsukue:unsupported)"
        )
        text = f"{text[:end]}\u2009{tab}{text[end:]}"
    return text


class _Quotation(QFrame):
    """The best sentence with its place; a click opens it."""

    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("quotation")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.place = QPushButton()
        self.place.setProperty("role", "chip")
        self.place.setProperty("active", "true")
        self.place.setToolTip(tr("Open the document at this passage"))
        self.place.clicked.connect(self.opened)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(self.text)
        layout.addWidget(self.place, 0, Qt.AlignmentFlag.AlignLeft)

    def show_source(self, details: dict[str, Any]) -> None:
        self.text.setText(tr("“{text}”", text=details["text"]))
        self.place.setText(place_text(details))


def place_text(details: dict[str, Any]) -> str:
    """A source's file and page in a few words."""
    name = str(details["file"]).replace("\\", "/").rsplit("/", 1)[-1]
    return tr("{file} · p. {page}", file=name, page=details["page"]) if details["page"] else name
