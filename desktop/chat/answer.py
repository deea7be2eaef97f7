"""An answer on screen: text on the page, with what few answers have (thinking, quotations, notes) where it is needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core.chat.conversation import Extract, Message, MessageState, Source
from core.chat.events import AnswerPhase, Phase
from core.engine.messages import Timings
from core.text import local_pictures
from desktop.chat.answer_notes import note_texts, phase_text
from desktop.chat.answer_table import shown_table
from desktop.chat.answer_text import SCHEME, AnswerText, with_tabs
from desktop.chat.hanging import Pictures
from desktop.chat.markdown_writer import PICTURE_SCHEME
from desktop.chat.message_widget import MessageWidget
from desktop.chat.sources import Elsewhere, Nearest, Quotation, place_text, quoted
from desktop.chat.text_view import TextView
from desktop.chat.versions import Versions
from desktop.i18n import tr, tr_n
from desktop.theme import Theme
from desktop.widgets.icons import icon

if TYPE_CHECKING:
    from core.documents.answer import Evidence
    from desktop.chat.formulas import Formulas


class AnswerWidget(MessageWidget):
    """An answer: phase or text, thinking, quotation, note, and a quiet line of actions."""

    regenerate = Signal(int)
    read_aloud = Signal(object)  # a Message
    source = Signal(object, int)  # all sources and which to open
    models = Signal()  # another model is to be chosen
    resume = Signal(int)
    drawing = Signal(str)  # code of it is to be shown as what it draws
    web = Signal(str)  # an address that it names was clicked
    picture = Signal(str)  # a picture on this computer that it names was clicked; its path
    ask_elsewhere = Signal(int, str)  # answer again from another collection; from none where it is ''

    def __init__(
        self,
        message: Message,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        formulas: Formulas | None = None,
        pictures: Pictures | None = None,
    ) -> None:
        super().__init__(message, theme, parent, pictures)
        self._sources: list[Source] = []
        self._quoted: list[Source] = []
        self._places: dict[QWidget, int] = {}  # of the parts that are there, from top to bottom
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self.view = AnswerText(theme, formulas=formulas)
        self.view.setAccessibleName(tr("Answer"))
        self.view.link.connect(self._follow)
        self.view.drawing.connect(self.drawing)
        self.view.height_changed.connect(self._tell_resized)
        self._put(self.view, 5)
        self._put(self.actions_row, 10)
        self.actions_row.hide()
        theme.changed.connect(self._paint)
        self._paint()
        self.show_message(message)

    def show_message(self, message: Message) -> None:
        self.message = message
        self._quoted = []
        self.view.reset()
        if message.attached:  # a picture that another program's model has drawn
            self._put(self.hanging, 6)
        if message.state is MessageState.STREAMING:
            self.view.show()
            self.actions_row.hide()
            self.grow(message.text, message.thinking)
        else:
            self.finish(message)

    def _paint(self) -> None:
        self.menu_button.setIcon(icon("more", self.theme.tokens.muted, 14))

    # ------------------------------------------------------------ parts, made when they are needed

    def _put(self, widget: QWidget, place: int) -> None:
        """Add a part; `place` says where it stands among the others."""
        before = sum(other < place for other in self._places.values())
        self._layout.insertWidget(before, widget)
        self._places[widget] = place

    @cached_property
    def quotation(self) -> Quotation:
        """What the documents say."""
        quotation = Quotation(self.theme)
        quotation.opened.connect(lambda number: self.source.emit(self._quoted, number))
        self._put(quotation, 1)
        quotation.hide()
        return quotation

    @cached_property
    def phase(self) -> QLabel:
        """What happens before the first word."""
        phase = QLabel()
        phase.setProperty("role", "muted")
        phase.setTextFormat(Qt.TextFormat.PlainText)
        self._put(phase, 2)
        return phase

    @cached_property
    def progress(self) -> QLabel:
        """How far whole documents have been read, below what there is of it."""
        progress = QLabel()
        progress.setProperty("role", "muted")
        progress.setTextFormat(Qt.TextFormat.PlainText)
        self._put(progress, 6)
        return progress

    @cached_property
    def go_on(self) -> QPushButton:
        """Goes on with what was stopped or cut short."""
        button = self._offer(tr("Continue"), tr("Go on where it was; what is there stays"))
        button.clicked.connect(lambda: self.resume.emit(self.message.id))
        return button

    @cached_property
    def thinking_button(self) -> QPushButton:
        """Shows and hides what the model thought."""
        button = QPushButton(tr("Thinking"))
        button.setProperty("role", "plain")
        button.setCheckable(True)
        button.setToolTip(tr("Show what the model thought before answering"))
        button.toggled.connect(self._show_thinking)
        self._put(button, 3)
        self._layout.setAlignment(button, Qt.AlignmentFlag.AlignLeft)
        return button

    @cached_property
    def thinking(self) -> TextView:
        """What the model thought."""
        view = TextView(self.theme, muted=True)
        view.setAccessibleName(tr("Thinking"))
        view.hide()
        view.height_changed.connect(self._tell_resized)
        self._put(view, 4)
        return view

    @cached_property
    def note(self) -> QLabel:
        """What the person should know of this answer."""
        note = QLabel()
        note.setProperty("role", "warning")
        note.setTextFormat(Qt.TextFormat.PlainText)
        note.setWordWrap(True)
        note.hide()
        self._put(note, 7)
        return note

    @cached_property
    def nearest(self) -> Nearest:
        """What comes nearest where nothing answers."""
        nearest = Nearest(tr("What comes nearest"))
        nearest.opened.connect(lambda number: self.source.emit(self.message.details.nearest, number))
        self._put(nearest, 8)
        return nearest

    @cached_property
    def otherwise(self) -> Nearest:
        """Other documents that say something else."""
        otherwise = Nearest(tr("Another document says otherwise"))
        otherwise.opened.connect(lambda number: self.source.emit(self.message.details.otherwise, number))
        self._put(otherwise, 8)
        return otherwise

    @cached_property
    def elsewhere(self) -> Elsewhere:
        """Where an answer may come from that these documents do not have."""
        elsewhere = Elsewhere()
        elsewhere.collection.connect(lambda name: self.ask_elsewhere.emit(self.message.id, name))
        elsewhere.alone.connect(lambda: self.ask_elsewhere.emit(self.message.id, ""))
        self._put(elsewhere, 9)
        return elsewhere

    @cached_property
    def choose(self) -> QPushButton:
        """Leads to a model that can write the language."""
        button = self._offer(tr("Choose a model…"), tr("Show the models that can be used or downloaded"))
        button.clicked.connect(self.models)
        return button

    @cached_property
    def actions_row(self) -> QWidget:
        """Copy, again, versions, and how quick it was."""
        row = QWidget()
        self._copy = self._button(tr("Copy"), tr("Copy the answer"))
        self._copy.clicked.connect(self._copy_text)
        self._again = self._button(tr("Regenerate"), tr("Answer the same question again"))
        self._again.clicked.connect(lambda: self.regenerate.emit(self.message.id))
        self._aloud = self._button(tr("Read aloud"), tr("Read this answer aloud, or stop"))
        self._aloud.clicked.connect(lambda: self.read_aloud.emit(self.message))
        self.menu_button = self._make_menu_button()
        self._figures = QLabel()
        self._figures.setProperty("role", "muted")
        self._actions = QHBoxLayout(row)
        self._actions.setContentsMargins(0, 0, 0, 0)
        self._actions.setSpacing(8)
        self._actions.addWidget(self._copy)
        self._actions.addWidget(self._again)
        self._actions.addWidget(self._aloud)
        self._actions.addWidget(self.menu_button)
        self._actions.addStretch()
        self._actions.addWidget(self._figures)
        return row

    @cached_property
    def versions(self) -> Versions:
        """The arrows between the answers to one question."""
        versions = Versions(self.theme)
        versions.chosen.connect(self.version)
        self._actions.insertWidget(3, versions)
        return versions

    def _offer(self, text: str, tip: str) -> QPushButton:
        """A button of its own below the answer, for what the person may want next."""
        button = self._button(text, tip)
        button.setProperty("role", "")
        self._put(button, 8)
        self._layout.setAlignment(button, Qt.AlignmentFlag.AlignLeft)
        return button

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("role", "plain")
        button.setToolTip(tip)
        return button

    # ------------------------------------------------------------ layout

    @property
    def body(self) -> TextView:
        return self.view

    def lay_out(self, width: int) -> int:
        self.view.lay_out(width)
        if "thinking" in vars(self) and self.thinking.isVisibleTo(self):
            self.thinking.lay_out(width)
        if "quotation" in vars(self):
            self.quotation.lay_out(width)
        self._layout.activate()
        if self._layout.hasHeightForWidth():
            return max(self._layout.totalHeightForWidth(width), 1)
        return max(self._layout.totalSizeHint().height(), 1)

    # ------------------------------------------------------------ while it streams

    def show_phase(self, event: AnswerPhase) -> None:
        """Where the answer stands before its first word, and a summary between its parts."""
        if event.phase is Phase.PARTS:
            if "phase" in vars(self):
                self.phase.hide()
            self.progress.setText(phase_text(event))
            self.progress.show()
            self._tell_resized()
            return
        shown = event.phase is not Phase.WRITING and not self.view.text()
        if shown or "phase" in vars(self):
            self.phase.setText(phase_text(event))
            if self.phase.isVisibleTo(self) != shown:
                self.phase.setVisible(shown)
            self._tell_resized()

    def show_evidence(self, evidence: Evidence) -> None:
        """The best sentence at once, before the model has written anything."""
        if evidence.fits and evidence.quotation is not None:
            self._show_quotation([Extract(evidence.quotation.source())])

    def _show_quotation(self, extracts: list[Extract]) -> None:
        self._quoted = [extract.source for extract in extracts]
        self.quotation.show_extracts(extracts)
        self.quotation.show()
        self._tell_resized()

    def grow(self, text: str, thinking: str) -> None:
        """Add what has come since the last time."""
        if "phase" in vars(self) and (text or thinking):
            self.phase.hide()
        if thinking:
            self.thinking_button.show()
            self.thinking.append_plain(thinking)
        if text:
            self.view.append(text)
            self._offer_more()

    def _show_thinking(self, shown: bool) -> None:
        self.thinking.setVisible(shown)
        self._tell_resized()

    def _offer_more(self) -> None:
        there = "more" in vars(self)
        if not self.view.hidden_characters and not there:
            return
        if not there:
            self._put(self.more, 6)
            self._layout.setAlignment(self.more, Qt.AlignmentFlag.AlignLeft)
            self.more.clicked.connect(self._show_more)
        self.more.setVisible(self.view.hidden_characters > 0)

    def _show_more(self) -> None:
        self.view.show_more()
        self._offer_more()
        self._tell_resized()

    # ------------------------------------------------------------ when it has ended

    def finish(self, message: Message) -> None:
        """Show the final answer: checked sentences with their sources, the others marked."""
        self.message = message
        details = message.details
        for there in {"phase", "progress"} & vars(self).keys():
            getattr(self, there).hide()
        self._sources = details.citations
        outcome, marks = details.outcome, details.marks
        if message.thinking:
            seconds = round(details.thinking_s)
            self.thinking_button.setText(
                tr_n("Thought for {n} second", "Thought for {n} seconds", seconds)
                if seconds
                else tr("Thinking")
            )
            self.thinking_button.show()
            if self.thinking.toPlainText() != message.thinking:
                self.thinking.setPlainText(message.thinking)
        self.view.set_text(
            shown_table(message) if details.form else with_tabs(message.text, marks, details.links)
        )
        self.view.setVisible(bool(message.text.strip()))
        self._offer_more()
        quotation = details.quotation
        if quotation and (outcome == "quotation" or not message.text):
            self._show_quotation(details.extracts or [Extract(quotation)])
        elif outcome in ("answered", "not found") and "quotation" in vars(
            self
        ):  # shown before the model wrote
            self.quotation.hide()
        self._show_note(message)
        unfinished = message.can_go_on
        if unfinished or "go_on" in vars(self):
            self.go_on.setVisible(unfinished)
        if details.nearest or "nearest" in vars(self):
            self.nearest.show_sources(details.nearest)
        if details.otherwise or "otherwise" in vars(self):
            self.otherwise.show_sources(details.otherwise)
        if details.unspoken or "choose" in vars(self):
            self.choose.setVisible(bool(details.unspoken))
        if outcome == "not found" or "elsewhere" in vars(self):
            self.elsewhere.offer(details.elsewhere, model=outcome == "not found" and bool(message.model))
        self._show_figures(details.timings)
        self._again.setEnabled(message.parent is not None)
        self._copy.setEnabled(bool(message.text or self._quoted))
        self.actions_row.show()
        self._tell_resized()

    def show_place(self, versions: tuple[int, ...]) -> None:
        """Show which of the answers to its question this is."""
        if len(versions) > 1:
            self.versions.show_place(self.message.id, versions)

    def _show_note(self, message: Message) -> None:
        texts = note_texts(message)
        if texts or "note" in vars(self):
            self.note.setText("\n".join(texts))
            self.note.setVisible(bool(texts))

    def _show_figures(self, timings: Timings | None) -> None:
        if timings is None:
            self._figures.clear()
            self._figures.setToolTip("")
            return
        speed = timings.tokens_per_second
        self._figures.setText(f"{timings.first_token_s:.1f} s · {speed:.0f} tok/s")
        self._figures.setToolTip(
            tr(
                "First word after {first} s, {speed} tokens per second; {cached} of {prompt} prompt tokens were already read",
                first=f"{timings.first_token_s:.1f}",
                speed=f"{speed:.0f}",
                cached=timings.cached_tokens,
                prompt=timings.prompt_tokens,
            )
        )

    def _copy_text(self) -> None:
        """As it is shown, where all of it is; the menu has the Markdown."""
        whole = self.view.complete and not self.view.hidden_characters and not self.message.details.marks
        shown = self.view.toPlainText() if whole else self.message.text
        QApplication.clipboard().setText(shown or self._quoted_text())

    def _quoted_text(self) -> str:
        """What is quoted, with its places."""
        said = (f"{quoted(Extract(source))} ({place_text(source)})" for source in self._quoted)
        return "\n".join(said)

    def _follow(self, link: str) -> None:
        scheme, _, place = link.partition(":")
        kind, _, number = place.partition("/")
        if scheme.casefold() in ("http", "https", "mailto"):
            self.web.emit(link)
        if scheme == PICTURE_SCHEME and (path := local_pictures.path_of(place)):
            self.picture.emit(path)
        if scheme != SCHEME or not number.isdecimal():
            return
        if kind == "cite":
            self.source.emit(self._sources, int(number) - 1)
        elif kind == "place":
            self.source.emit([link.source for link in self.message.details.links], int(number))
