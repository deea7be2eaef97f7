"""Dictation: what is said into the microphone stands in a text field while it is being said.

The button is held while one speaks, or pressed to begin and pressed to end; a key does the same. Sound that could not be
turned into text is kept, and can be tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from core.errors import MicrophoneSilent, NothingHeard, TsukueError
from core.sound.messages import CAPTURED_RATE
from core.sound.service import Sound
from core.voice.listening import Finished, Listening, Told
from core.voice.messages import Hearing, Partial, Utterance
from core.voice.service import Voice
from desktop.chat.composer import Composer
from desktop.i18n import tr
from desktop.notify import Notify
from desktop.theme import Theme
from desktop.voice.dictation import Dictation, Field, field_of
from desktop.voice.microphone import Microphone, State

SHORT_PRESS_SECONDS = 0.35  # a shorter press begins; the next one ends


class Talking(QObject):
    """From the press of the microphone to its words in a field: the composer's, or the one that has the keyboard."""

    written_down = Signal()  # the words are in the composer
    spoken = Signal()  # more words are there, or other ones
    _told = Signal(object, object)

    def __init__(
        self,
        voice: Voice,
        sound: Sound,
        composer: Composer,
        notify: Notify,
        theme: Theme,
        device: Callable[[], str],
    ) -> None:
        """`device` says which microphone is wanted."""
        super().__init__(composer)
        self._voice = voice
        self._composer = composer
        self._notify = notify
        self.theme = theme
        self.device = device
        self.microphone = Microphone(sound, self)
        self.microphone.changed.connect(self._microphone_changed)
        self.microphone.lost.connect(self._lost)
        self._listening: Listening | None = None
        self._dictation: Dictation | None = None
        self._heard = False
        self._explained = False  # the person was told why the microphone closed
        self._pressed_at = 0.0
        self._latched = False  # it was begun by a short press or a key, and ends with the next
        self._told.connect(self._take, Qt.ConnectionType.QueuedConnection)
        composer.talk_pressed.connect(self._pressed)
        composer.talk_released.connect(self._released)

    # ------------------------------------------------------------ how it begins and ends

    @property
    def recording(self) -> bool:
        """Whether the microphone is open, or about to be."""
        return self.microphone.state is not State.CLOSED

    @property
    def busy(self) -> bool:
        """Whether something that was said is still to be written."""
        return self._listening is not None

    def toggle(self) -> None:
        """Begin or end speaking, by keyboard: into the field that has the keyboard, else into the composer."""
        if self.recording and not self.microphone.ending:
            self.end()
        else:
            self._latched = True
            self.begin(field_of(QApplication.focusWidget()))

    def _pressed(self) -> None:
        if self.recording and self._latched:
            self._latched = False
            self._pressed_at = 0.0
            self.end()
            return
        self._pressed_at = time.monotonic()
        self._latched = False
        self.begin()

    def _released(self) -> None:
        if not self._pressed_at:
            return
        if time.monotonic() - self._pressed_at < SHORT_PRESS_SECONDS:
            self._latched = self.recording
        else:
            self.end()
        self._pressed_at = 0.0

    def begin(self, field: Field | None = None) -> None:
        """Listen until `end`."""
        if self.recording:
            return  # perhaps it is still closing; pressed again, it opens
        self._voice.worker.forgive()
        self._release_field()
        self._dictation = Dictation(field or self._composer.text)
        self._dictation.field.installEventFilter(self)
        self._heard = self._explained = False
        self._listening = listening = self._voice.listen(lambda told: self._told.emit(listening, told))
        listening.start(CAPTURED_RATE, 1)
        self.microphone.open(self.device(), listening.feed, listening.finish)

    def end(self) -> None:
        """That was all: a moment later the microphone is closed, and the last words are written."""
        self._latched = False
        self.microphone.close()

    def cancel(self) -> None:
        """Close the microphone at once; what is not settled is not wanted."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
        self._latched = False
        self.microphone.shut()
        self._release_field()
        self._composer.set_waiting_for_speech(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter ends speaking, Escape gives up, in the field that is spoken into."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self.recording:
            if event.key() == Qt.Key.Key_Escape:
                self.cancel()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
                self.end()
                return True
        return super().eventFilter(watched, event)

    # ------------------------------------------------------------ the microphone

    def _microphone_changed(self, state: State) -> None:
        self._composer.set_recording(state is not State.CLOSED)
        if state is State.CLOSED:
            self._composer.set_waiting_for_speech(self.busy)

    def _lost(self, error: TsukueError) -> None:
        self._latched = False
        self._explained = True
        self._notify.error(error)

    # ------------------------------------------------------------ what was heard

    def _take(self, listening: Listening, told: Told) -> None:
        if listening is not self._listening or self._dictation is None:
            return
        if isinstance(told, Hearing):
            return
        if isinstance(told, Partial):
            self._dictation.show(told.settled, told.tentative)
            self.spoken.emit()
        elif isinstance(told, Utterance):
            self._heard = self._heard or bool(told.text)
            self._dictation.finish(told.text)
        elif isinstance(told, Finished):
            self._finished(listening, told)

    def _finished(self, listening: Listening, told: Finished) -> None:
        self._composer.set_waiting_for_speech(False)
        self.microphone.shut()
        if told.error is not None:
            self._notify.error(told.error, (tr("Try again"), lambda: self._again(listening)))
            return
        composer = self._dictation is not None and self._dictation.field is self._composer.text
        self._listening = None
        self._release_field()
        if self._heard:
            if composer:
                self.written_down.emit()
        elif self._explained:
            return  # why nothing came was said
        elif self.microphone.loudest == 0.0:
            self._notify.error(MicrophoneSilent())
        else:
            self._notify.error(NothingHeard())

    def _again(self, listening: Listening) -> None:
        if listening is self._listening:
            self._composer.set_waiting_for_speech(True)
            listening.retry()

    def _release_field(self) -> None:
        if self._dictation is not None:
            self._dictation.stop()
            self._dictation.field.removeEventFilter(self)
            self._dictation.deleteLater()
            self._dictation = None
