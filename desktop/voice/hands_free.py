"""A conversation without hands: speak, be answered aloud, speak again; speaking while it reads stops it."""

from __future__ import annotations

import difflib
import time
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from core.chat.events import AnswerEnded
from core.errors import TsukueError
from core.sound.messages import CAPTURED_RATE
from core.voice.interruptions import only_stops
from core.voice.listening import Finished, Listening, Told
from core.voice.messages import Began, Partial, Utterance
from core.voice.names import About
from core.voice.phantoms import plain
from core.voice.service import Voice
from desktop.chat.composer import Composer
from desktop.chat.outgoing import Outgoing
from desktop.i18n import tr
from desktop.notify import Notify
from desktop.voice.dictation import Dictation
from desktop.voice.hands_free_strip import HandsFreeStrip, Now
from desktop.voice.microphone import State
from desktop.voice.reading import Reading
from desktop.voice.talking import Talking

ECHO_SECONDS = 4.0  # what was read aloud so long before somebody seems to speak may be what is heard
ECHO_LATE_SECONDS = 0.8  # after the last sound, until somebody is known to speak: it may be the room's
ECHO_LIKENESS = 0.72  # of what was heard to what was read
WORDS = 2  # characters that were understood: then somebody does speak
SEND_MILLISECONDS = 250  # between looks at whether a message that waits can be sent


@dataclass
class _Heard:
    """A sentence that was read aloud, and when."""

    began: float
    text: str
    ended: float | None = None


@dataclass(frozen=True)
class _Over:
    """What was under way when somebody began to speak: something was read aloud; an answer was read, or written. And when that was."""

    reading: bool = False
    answer: bool = False
    at: float = 0.0


class HandsFree(QObject):
    """Begun and ended by `toggle`; while it is on, the microphone is open, and shown to be."""

    changed = Signal(bool)
    _told = Signal(object, object)

    def __init__(
        self,
        voice: Voice,
        talking: Talking,
        reading: Reading,
        outgoing: Outgoing,
        composer: Composer,
        notify: Notify,
    ) -> None:
        super().__init__(composer)
        self._voice = voice
        self._talking = talking
        self._microphone = talking.microphone
        self._reading = reading
        self._outgoing = outgoing
        self._composer = composer
        self._notify = notify
        self._listening: Listening | None = None
        self._about = About()
        self._dictation: Dictation | None = None
        self._speaking = False  # the person, by the last news
        self._over: dict[int, _Over] = {}  # of what they say, by its number, until it is judged
        self._heard_at = 0.0  # when they began last, in seconds since the microphone was opened
        self._interrupted = True  # what was under way when they began has been stopped
        self._winding_down = False  # the microphone has closed by itself; what was said is still written
        self._failed = False  # it could not be; its sound is kept, and can be tried again
        self._read: deque[_Heard] = deque(maxlen=12)
        self.strip = HandsFreeStrip(talking.theme)
        self.strip.stopped.connect(self.stop)
        self._told.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._microphone.changed.connect(self._microphone_changed)
        self._microphone.lost.connect(self._lost)
        reading.sentence.connect(self._reads)
        reading.began.connect(self._show)
        reading.ended.connect(self._reading_ended)
        outgoing.said.connect(lambda *_: self._show())

    @property
    def active(self) -> bool:
        """Whether it listens."""
        return self._listening is not None and not self._winding_down

    def toggle(self) -> None:
        """Begin, or end."""
        if self.active:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Open the microphone, and answer whatever is said."""
        if self._failed:
            self.stop()  # who begins anew does not try again what could not be written
        if self._listening is not None or self._talking.recording or self._talking.busy:
            return
        self._winding_down = self._speaking = False
        self._interrupted = True
        self._over.clear()
        self._voice.worker.forgive()
        self._dictation = Dictation(self._composer.text)
        self._about = self._talking.about()
        self._listening = listening = self._voice.listen(
            lambda told: self._told.emit(listening, told), hands_free=True, about=lambda: self._about
        )
        listening.start(CAPTURED_RATE, 1)
        self._microphone.open(self._talking.device(), listening.feed, listening.finish, cancel_echo=True)
        if self.active:  # else it could not be opened, and that was told
            self._show()
            self.changed.emit(True)

    def stop(self) -> None:
        """Close the microphone and be silent."""
        listening, self._listening = self._listening, None
        if listening is None:
            return
        listening.cancel()
        self._speaking = self._failed = False
        self._microphone.shut()
        self._reading.hold(False)
        self._reading.stop()
        if self._dictation is not None:
            self._dictation.stop()
            self._dictation.deleteLater()
            self._dictation = None
        self.strip.hide()
        self.changed.emit(False)

    # ------------------------------------------------------------ what is heard

    def _microphone_changed(self, state: State) -> None:
        if state is State.CLOSED and self.active:
            self._wind_down()
        elif self.active:
            self._show()

    def _lost(self, error: TsukueError) -> None:
        self._wind_down()  # Talking says why

    def hush(self) -> None:
        """Close the microphone and be silent; what was said until now is still written, but not sent."""
        if self.active:
            self._microphone.shut()
            self._wind_down()

    def _wind_down(self) -> None:
        """The microphone is closed; the last words come into the field."""
        if not self.active:
            return
        self._winding_down = True
        self._reading.hold(False)
        self._reading.stop()
        self.strip.hide()
        self.changed.emit(False)

    def moves(self) -> None:
        """The composer is about to show another chat: what is being said goes along, as a whole."""
        if self._dictation is not None:
            self._dictation.take_back()

    def _take(self, listening: Listening, told: Told) -> None:
        if listening is not self._listening or self._dictation is None:
            return
        if isinstance(told, Began):
            self._begins(told)
        elif isinstance(told, Partial):
            said = told.settled + told.tentative
            over = self._over.get(told.utterance, _Over())
            if self._are_theirs(said, self._heard_at, self._microphone.seconds, over):
                if len(plain(said)) >= WORDS and not self._silences(
                    said, over
                ):  # what is read is held anyway
                    self._interrupt()
                self._dictation.show(told.settled, told.tentative)
        elif isinstance(told, Utterance):
            self._speaking = False
            over = self._over.pop(told.utterance, _Over())
            theirs = bool(told.text) and self._are_theirs(told.text, told.start, told.end, over)
            if theirs and not self._silences(told.text, over):
                self._interrupt()
                self._dictation.finish(told.text)
                if not self._winding_down:
                    self._send()
            else:
                if theirs:
                    self._be_silent()
                self._dictation.take_back()
                self._dictation.stop()
            self._reading.hold(False)  # it was nobody: it is read on
            self._show()
        elif isinstance(told, Finished):
            if told.error is not None:
                self._failed = True
                self._wind_down()
                self._microphone.shut()
                self._notify.error(told.error, (tr("Try again"), lambda: self._again(listening)))
            else:
                self.stop()

    def _again(self, listening: Listening) -> None:
        if listening is self._listening and self._failed:
            self._failed = False
            listening.retry()

    def _begins(self, began: Began) -> None:
        """Somebody seems to speak. Whatever is read is held until it is clear that they do: a door, or a cough, ends nothing."""
        now = time.monotonic()
        last = self._read[-1] if self._read else None
        over = last is not None and now - (last.ended or now) < ECHO_LATE_SECONDS
        answer = over or self._reading.active or self._composer.answering
        self._over[began.utterance] = _Over(over, answer, now)
        self._heard_at = began.at
        self._speaking, self._interrupted = True, False
        self._reading.hold(True)
        self._show()

    def _interrupt(self) -> None:
        """They do speak: what was read is not wanted any more, nor the answer that is being written."""
        if self._interrupted:
            return
        self._interrupted = True
        self._reading.stop()
        self._reading.hold(False)
        if self._composer.answering:
            # Who speaks again at once had not finished: what they said comes back, and goes on.
            self._outgoing.stop()

    def _be_silent(self) -> None:
        """What is read is not wanted any more, nor more of the answer; there is no other question either."""
        self._interrupted = True
        self._reading.forget()
        self._reading.hold(False)
        if self._composer.answering:
            self._outgoing.leave()

    def _reads(self, text: str) -> None:
        self._close_last()
        self._read.append(_Heard(time.monotonic(), text))
        self._show()

    def _reading_ended(self) -> None:
        self._close_last()
        self._show()

    def _close_last(self) -> None:
        if self._read and self._read[-1].ended is None:
            self._read[-1].ended = time.monotonic()

    @staticmethod
    def _silences(text: str, over: _Over) -> bool:
        """Whether they only want what is read, or written, to stop: that is no question."""
        return over.answer and only_stops(text)

    def _are_theirs(self, text: str, start: float, end: float, over: _Over) -> bool:
        """Whether this, heard between two seconds, was said by somebody, and is not what was being read aloud, come back: no louder than
        an echo, or with its words. What is said in a silence is nobody's echo, whatever it repeats; "Stop!" is over too soon to tell its
        loudness, and believed."""
        if self._was_read(text, over):
            return False
        return self._silences(text, over) or not self._microphone.echoes(start, end)

    def _was_read(self, text: str, over: _Over) -> bool:
        if not over.reading:
            return False
        heard = plain(text)
        recent = [plain(one.text) for one in self._read if (one.ended or over.at) >= over.at - ECHO_SECONDS]
        if len(heard) < 4 or not recent:
            return False
        said = "".join(recent)
        matched = sum(
            block.size
            for block in difflib.SequenceMatcher(None, heard, said, autojunk=False).get_matching_blocks()
            if block.size > 2
        )
        return matched / len(heard) > ECHO_LIKENESS

    def _send(self) -> None:
        """Send what was said, as soon as a message can be sent; what is said meanwhile goes along."""
        if not self.active:
            return
        text = self._composer.text.toPlainText().strip()
        if not text:
            return
        # Not while an answer that was interrupted is being stopped, nor while a file is being read: it would wait in the queue.
        if self._outgoing.busy or self._composer.answering or self._composer.strip.reading or self._speaking:
            QTimer.singleShot(SEND_MILLISECONDS, self, self._send)
            return
        self._outgoing.send(text)

    def answered(self, event: AnswerEnded) -> None:
        """An answer is whole. What it names is likely to be said next."""
        if self._listening is not None:
            self._about = self._talking.about()
            self._listening.renew()
        self._show()

    def _show(self) -> None:
        if not self.active:
            return
        if self._microphone.state is not State.OPEN:
            now = Now.OPENING
        elif self._speaking:
            now = Now.HEARING
        elif self._reading.active:
            now = Now.READING_DEAF if self._reading.by_system else Now.READING
        elif self._composer.answering:
            now = Now.THINKING
        else:
            now = Now.LISTENING
        self.strip.show_now(now)
