"""A conversation without hands: speak, be answered aloud, speak again; speaking while it reads stops it."""

from __future__ import annotations

import difflib
import time
from collections import deque

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from core.chat.events import AnswerEnded
from core.errors import TsukueError
from core.sound.messages import CAPTURED_RATE
from core.voice.listening import Finished, Listening, Told
from core.voice.messages import Began, Partial, Utterance
from core.voice.phantoms import plain
from core.voice.service import Voice
from desktop.chat.composer import Composer
from desktop.chat.outgoing import Outgoing
from desktop.notify import Notify
from desktop.voice.dictation import Dictation
from desktop.voice.hands_free_strip import HandsFreeStrip, Now
from desktop.voice.microphone import State
from desktop.voice.reading import Reading
from desktop.voice.talking import Talking

ECHO_SECONDS = 8.0  # what was read aloud so long ago may still come back as an echo
ECHO_LIKENESS = 0.72  # of what was heard to what was read
GOES_ON_SECONDS = 2.0  # after a message was sent: who speaks again had not finished
SEND_MILLISECONDS = 250  # between looks at whether a message that waits can be sent


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
        self._dictation: Dictation | None = None
        self._speaking = False  # the person, by the last news
        self._read: deque[tuple[float, str]] = deque(maxlen=12)  # sentences read aloud, and when
        self.strip = HandsFreeStrip(talking.theme)
        self.strip.stopped.connect(self.stop)
        self._told.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._microphone.changed.connect(self._microphone_changed)
        self._microphone.lost.connect(self._lost)
        self._sent_at = 0.0  # when a message was sent last
        self._heard_answer = False  # something of its answer was read
        reading.sentence.connect(self._reads)
        reading.began.connect(self._show)
        reading.ended.connect(self._show)
        outgoing.said.connect(lambda *_: self._show())

    @property
    def active(self) -> bool:
        """Whether it listens."""
        return self._listening is not None

    def toggle(self) -> None:
        """Begin, or end."""
        if self.active:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Open the microphone, and answer whatever is said."""
        if self.active or self._talking.recording:
            return
        self._voice.worker.forgive()
        self._dictation = Dictation(self._composer.text)
        self._listening = listening = self._voice.listen(
            lambda told: self._told.emit(listening, told), hands_free=True
        )
        listening.start(CAPTURED_RATE, 1)
        self._microphone.open(self._talking.device(), listening.feed, listening.finish, cancel_echo=True)
        self._show()
        self.changed.emit(True)

    def stop(self) -> None:
        """Close the microphone and be silent."""
        listening, self._listening = self._listening, None
        if listening is None:
            return
        listening.cancel()
        self._microphone.shut()
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
            self.stop()
        elif self.active:
            self._show()

    def _lost(self, error: TsukueError) -> None:
        if self.active:
            self.stop()  # Talking says why

    def _take(self, listening: Listening, told: Told) -> None:
        if listening is not self._listening or self._dictation is None:
            return
        if isinstance(told, Began):
            self._speaking = True
            if time.monotonic() - self._sent_at < GOES_ON_SECONDS and not self._heard_answer:
                self._outgoing.stop()  # they had not finished: what they said comes back, and goes on
            self._reading.stop()  # what one begins to say over it is kept
            self._show()
        elif isinstance(told, Partial):
            if not self._echoes(told.settled + told.tentative):
                self._dictation.show(told.settled, told.tentative)
        elif isinstance(told, Utterance):
            self._speaking = False
            if told.text and not self._echoes(told.text):
                self._dictation.finish(told.text)
                self._send()
            else:
                self._dictation.stop()
            self._show()
        elif isinstance(told, Finished):
            self.stop()
            if told.error is not None:
                self._notify.error(told.error)

    def _reads(self, text: str) -> None:
        self._heard_answer = True
        self._read.append((time.monotonic(), text))

    def _echoes(self, text: str) -> bool:
        """Whether this is what was just read aloud, come back."""
        heard = plain(text)
        recent = [plain(words) for at, words in self._read if time.monotonic() - at < ECHO_SECONDS]
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
        if self._outgoing.busy:
            QTimer.singleShot(SEND_MILLISECONDS, self, self._send)
            return
        self._outgoing.send(text)
        self._sent_at, self._heard_answer = time.monotonic(), False

    def answered(self, event: AnswerEnded) -> None:
        """An answer is whole."""
        self._show()

    def _show(self) -> None:
        if not self.active:
            return
        if self._microphone.state is not State.OPEN:
            now = Now.OPENING
        elif self._speaking:
            now = Now.HEARING
        elif self._reading.active:
            now = Now.READING
        elif self._composer.answering:
            now = Now.THINKING
        else:
            now = Now.LISTENING
        self.strip.show_now(now)
