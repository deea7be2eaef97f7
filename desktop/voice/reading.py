"""Reads answers aloud: from the button of each, and by themselves where the person wishes; the sentence that is heard is marked."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QTextCharFormat

from core.chat.conversation import Message, MessageState, Role, Source
from core.chat.events import AnswerEnded, AnswerGrew, MessageAdded
from core.errors import NoModel
from core.speaking.aloud import Aloud, Progress
from core.speaking.answers import of_answer
from core.speaking.service import Speaking
from core.speaking.spoken import Sentence, of_text
from desktop.chat.answer_notes import note_texts
from desktop.chat.transcript import Transcript
from desktop.i18n import language, tr
from desktop.notify import Notify
from desktop.theme import Theme
from desktop.voice.reading_strip import ReadingStrip


class Reading(QObject):
    """One thing is read at a time; what comes later takes its place."""

    began = Signal()
    ended = Signal()
    sentence = Signal(str)  # this begins to be heard
    _told = Signal(object, object)

    def __init__(self, speaking: Speaking, transcript: Transcript, notify: Notify, theme: Theme) -> None:
        super().__init__(transcript)
        self._speaking = speaking
        self._transcript = transcript
        self._notify = notify
        self._theme = theme
        self._aloud: Aloud | None = None
        self._message: int | None = None  # that is read; None for anything else
        self._growing: dict[int, str] = {}  # the text so far of answers that are being written
        self._expects: int | None = None  # the conversation whose next answer is to be read
        self._unasked = False  # it is read since the person wishes it of all answers
        self._marked: int | None = None
        self._held = False  # whatever is read, or begins to be, waits
        self.by_system = False  # by the system's own voice, while which nothing is heard of the person
        self._read_once: set[int] = set()  # answers under way that were read as expected
        self.strip = ReadingStrip(theme)
        self.strip.paused.connect(self._pause)
        self.strip.stepped.connect(self._step)
        self.strip.stopped.connect(self.stop)
        self._told.connect(self._progress, Qt.ConnectionType.QueuedConnection)

    @property
    def active(self) -> bool:
        """Whether something is read, or held."""
        return self._aloud is not None

    # ------------------------------------------------------------ what is read

    def read(self, message: Message) -> None:
        """Read this answer from its beginning; if it is being read, stop."""
        if self._message == message.id and self.active:
            self.stop()
            return
        self._begin(message.id)
        self._unasked = False
        if message.state is MessageState.STREAMING:
            self._give(message.id)
        else:
            self._give_all(message)

    def read_text(self, text: str) -> None:
        """Read any text, such as that of a document."""
        self._begin(None)
        if self._aloud is not None:
            self._aloud.read(of_text(text, language()))

    def expect(self, conversation: int) -> None:
        """Read the next answer of this conversation, as soon as its first sentence is written."""
        last = self._transcript.last_answer
        new = last is not None and last.id not in self._read_once
        if new and last is not None and last.conversation == conversation and last.id in self._growing:
            self._read_once.add(last.id)
            self._begin(last.id)
            self._give(last.id)  # it is quicker than the news that the question was sent
        else:
            self._expects = conversation

    def forget(self) -> None:
        """Be silent, and do not read the answer that is coming either."""
        self._expects = None
        self.stop()

    def _begin(self, message: int | None) -> None:
        self.stop()
        self._message, self._unasked, self.by_system = message, True, False
        self._aloud = aloud = self._speaking.aloud(lambda progress: self._told.emit(aloud, progress))
        if self._held:
            aloud.pause(True)
        self.strip.begin()
        self.began.emit()

    def _give(self, message: int) -> None:
        """What is written so far; its last sentence may not be whole."""
        if self._aloud is not None and not self._documents():
            sentences = of_answer(self._growing.get(message, ""), usual=language())
            self._aloud.read(sentences[:-1], whole=False)

    def _give_all(self, message: Message) -> None:
        if self._aloud is not None:
            self._aloud.read(sentences_of(message))

    # ------------------------------------------------------------ while it is written

    def added(self, event: MessageAdded) -> None:
        """A message has come; an answer that is expected is read."""
        message = event.message
        if message.role is Role.ASSISTANT and message.state is MessageState.STREAMING:
            self._growing[message.id] = message.text
            self._due(message.conversation, message.id)

    def _due(self, conversation: int, message: int) -> None:
        """This may be the answer that is expected."""
        if conversation == self._expects and message not in self._read_once:
            self._expects = None
            self._read_once.add(message)
            self._begin(message)

    def grew(self, event: AnswerGrew) -> None:
        """An answer has grown."""
        if event.message in self._growing:
            self._due(event.conversation, event.message)
            self._growing[event.message] = self._growing[event.message][: event.start[0]] + event.text
        if event.message == self._message and event.text:
            self._give(event.message)

    def finished(self, event: AnswerEnded) -> None:
        """An answer is whole."""
        if self._growing.pop(event.message.id, None) is not None:
            self._due(event.message.conversation, event.message.id)
        self._read_once.discard(event.message.id)
        if event.message.id == self._message and self._aloud is not None:
            self._give_all(event.message)

    def _documents(self) -> bool:
        """Whether the answer is one about documents: what they say is read first, and it is checked when it is whole."""
        message = self._transcript.message(self._message) if self._message is not None else None
        widget = self._transcript.answer(message.id) if message is not None else None
        return widget is not None and "quotation" in vars(widget)

    # ------------------------------------------------------------ controls

    def _pause(self, paused: bool) -> None:
        if self._aloud is not None:
            self._aloud.pause(paused)

    def hold(self, held: bool) -> None:
        """Hold whatever is read, or begins to be, until it is clear whether somebody speaks; or let it go on."""
        if held != self._held:
            self._held = held
            self._pause(held)

    def _step(self, sentences: int) -> None:
        if self._aloud is not None:
            self._aloud.step(sentences)

    def stop(self) -> None:
        """Be silent."""
        aloud, self._aloud = self._aloud, None
        if aloud is not None:
            aloud.stop()
            self._over()

    def _over(self) -> None:
        self._mark(None)
        self._message = None
        self.strip.hide()
        self.ended.emit()

    def _progress(self, aloud: Aloud, progress: Progress) -> None:
        if aloud is not self._aloud:
            return
        if progress.over:
            self._aloud = None
            self._over()
            if progress.error is not None and not (self._unasked and isinstance(progress.error, NoModel)):
                self._notify.error(progress.error)
            return
        sentences = aloud.sentences
        self.by_system = progress.by_system
        if 0 <= progress.index < len(sentences):
            self.sentence.emit(sentences[progress.index].text)
            self.strip.show_sentence(sentences[progress.index].text)
            self._mark(sentences[progress.index])

    def _mark(self, sentence: Sentence | None) -> None:
        """Show in the answer which sentence is heard."""
        if self._marked is not None:
            widget = self._transcript.widget_of(self._marked)
            if widget is not None:
                widget.body.set_highlights([])
            self._marked = None
        if sentence is None or not sentence.shown or self._message is None:
            return
        widget = self._transcript.widget_of(self._message)
        if widget is None:
            return
        cursor = widget.body.document().find(sentence.shown)
        if cursor.isNull():
            cursor = widget.body.document().find(sentence.shown[:40].strip())
        if not cursor.isNull():
            style = QTextCharFormat()
            style.setBackground(QColor(self._theme.tokens.highlight))
            widget.body.set_highlights([(cursor, style)])
            self._marked = self._message


def sentences_of(message: Message) -> list[Sentence]:
    """What is said of an answer that is whole: the quotation first, then the answer, then what one should know of it."""
    extracts = message.details.extracts
    quotation: Source | None = extracts[0].source if extracts else None
    notes = note_texts(message) if message.details.outcome and message.details.outcome != "answered" else []
    if not message.text.strip() and not notes and quotation is None:
        notes = [tr("There is nothing to read.")]
    return of_answer(message.text, quotation, notes, language())
