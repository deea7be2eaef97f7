"""Dictation: what is said into the microphone stands in a text field while it is being said.

The button is held while one speaks, or pressed to begin and pressed to end; a key does the same. Sound that could not be
turned into text is kept, and can be tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from core.errors import MicrophoneSilent, NothingHeard, TsukueError
from core.sound.messages import CAPTURED_RATE
from core.sound.service import Sound
from core.voice.listening import Finished, Listening, Told
from core.voice.messages import Hearing, Partial, Utterance
from core.voice.names import About
from core.voice.service import Voice
from desktop.chat.composer import Composer
from desktop.i18n import tr
from desktop.notify import Notify
from desktop.theme import Theme
from desktop.voice.dictation import Dictation, Field, field_of
from desktop.voice.microphone import Microphone, State

SHORT_PRESS_SECONDS = 0.35  # a shorter press begins; the next one ends
SILENT_SECONDS = 0.5  # of nothing but zeros: it is muted
AGAIN_MILLISECONDS = 150  # until the microphone has closed, for who presses again while it does


@dataclass(eq=False)
class _Spoken:
    """What is said from one press to its end, on its way into a field."""

    listening: Listening
    dictation: Dictation
    heard: bool = False
    explained: bool = False  # the person was told why the microphone closed
    failed: bool = False  # it could not be written; its sound is kept, and can be tried again
    silent: bool = False  # the microphone gave nothing but zeros


class Talking(QObject):
    """From the press of the microphone to its words in a field: the composer's, or the one that has the keyboard.

    One may press again while the words before are still being written: they come in their order."""

    began = Signal()  # somebody begins to speak
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
        about: Callable[[], About] = About,
    ) -> None:
        """`device` says which microphone is wanted, `about` what is spoken about."""
        super().__init__(composer)
        self._voice = voice
        self._composer = composer
        self._notify = notify
        self.theme = theme
        self.device = device
        self.about = about
        self._dictated: list[Utterance] = []  # what was written into the composer since something was sent
        self.microphone = Microphone(sound, self)
        self.microphone.changed.connect(self._microphone_changed)
        self.microphone.lost.connect(self._lost)
        self._under_way: list[_Spoken] = []  # in their order; of those that failed only the last is kept
        self._now: _Spoken | None = None  # the one that the microphone is open for
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
    def dictating(self) -> bool:
        """Whether it is open for dictation, and not for a conversation without hands."""
        return self._now is not None

    @property
    def busy(self) -> bool:
        """Whether something that was said is still to be written."""
        return any(not one.failed for one in self._under_way)

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
            if self._now is None or not self.microphone.ending:
                return
            self.microphone.shut()  # it was about to close; what is said now is another stretch
            QTimer.singleShot(AGAIN_MILLISECONDS, self, lambda: self._begin_again(field))
            return
        self._voice.worker.forgive()
        self.began.emit()
        dictation = Dictation(field or self._composer.text)
        dictation.field.installEventFilter(self)
        about = self.about()
        listening = self._voice.listen(lambda told: self._told.emit(listening, told), about=lambda: about)
        self._now = spoken = _Spoken(listening, dictation)
        self._under_way = [one for one in self._under_way if not one.failed] + [spoken]
        listening.start(CAPTURED_RATE, 1)
        self.microphone.open(self.device(), listening.feed, listening.finish)

    def _begin_again(self, field: Field | None) -> None:
        """The person has pressed again in the moment before it closed; if they still hold, or it is a key, it opens."""
        if not self.recording and (self._latched or self._pressed_at):
            self.begin(field)

    def end(self) -> None:
        """That was all: a moment later the microphone is closed, and the last words are written."""
        self._latched = False
        self.microphone.close()

    def hush(self) -> None:
        """Close the microphone at once; what was said until now is still written."""
        self._latched = False
        self.microphone.shut()

    def cancel(self) -> None:
        """Close the microphone at once; what is not settled is not wanted."""
        self._latched = False
        self.microphone.shut()
        if self._now is not None:
            self._now.listening.cancel()
            self._let_go(self._now)

    def moves(self) -> None:
        """The composer is about to show another chat: what is being said goes along, as a whole."""
        for one in self._under_way:
            if isValid(one.dictation) and one.dictation.field is self._composer.text:
                one.dictation.take_back()

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
        self._composer.set_recording(state is State.OPEN, opening=state is State.OPENING)
        if state is State.CLOSED:
            if self._now is not None:
                self._now.silent = self.microphone.loudest == 0.0 and self.microphone.seconds > SILENT_SECONDS
            self._now = None
            self._composer.set_waiting_for_speech(self.busy)

    def _lost(self, error: TsukueError) -> None:
        self._latched = False
        for one in self._under_way[-1:]:
            one.explained = True
        self._notify.error(error)

    # ------------------------------------------------------------ what was heard

    def _take(self, listening: Listening, told: Told) -> None:
        spoken = next((one for one in self._under_way if one.listening is listening), None)
        if spoken is None or isinstance(told, Hearing):
            return
        if not isValid(spoken.dictation) or not isValid(spoken.dictation.field):
            spoken.dictation = Dictation(self._composer.text)  # the field has gone: nothing said is lost
        if isinstance(told, Partial):
            spoken.dictation.show(told.settled, told.tentative)
            self.spoken.emit()
        elif isinstance(told, Utterance):
            spoken.heard = spoken.heard or bool(told.text)
            spoken.dictation.finish(told.text)
            if told.text and spoken.dictation.field is self._composer.text:
                self._dictated.append(told)
        elif isinstance(told, Finished):
            self._finished(spoken, told)

    def _finished(self, spoken: _Spoken, told: Finished) -> None:
        if told.error is not None:
            if spoken is self._now:
                self.microphone.shut()
            spoken.failed = True
            self._composer.set_waiting_for_speech(self.busy)
            again = (tr("Try again"), lambda: self._again(spoken))
            self._notify.error(told.error, again if spoken.listening.seconds else None)
            return
        composer = spoken.dictation.field is self._composer.text
        self._let_go(spoken)
        if spoken.heard:
            if composer:
                self.written_down.emit()
        elif spoken.explained or spoken.listening.seconds < SHORT_PRESS_SECONDS:
            return  # why nothing came was said, or it was a slip of the finger
        elif spoken.silent:
            self._notify.error(MicrophoneSilent())
        else:
            self._notify.error(NothingHeard())

    def take_dictated(self) -> tuple[str, str]:
        """What was written into the composer since this was asked last, and its language."""
        said, self._dictated = self._dictated, []
        return " ".join(one.text for one in said), said[0].language if said else ""

    def _again(self, spoken: _Spoken) -> None:
        if spoken.failed:
            spoken.failed = False
            if spoken not in self._under_way:
                self._under_way.append(spoken)
            self._composer.set_waiting_for_speech(True)
            spoken.listening.retry()

    def _let_go(self, spoken: _Spoken) -> None:
        if spoken in self._under_way:
            self._under_way.remove(spoken)
        if isValid(spoken.dictation):
            spoken.dictation.stop()
            if isValid(spoken.dictation.field) and not any(
                isValid(one.dictation) and one.dictation.field is spoken.dictation.field
                for one in self._under_way
            ):
                spoken.dictation.field.removeEventFilter(self)
            spoken.dictation.deleteLater()
        if not self.recording:
            self._composer.set_waiting_for_speech(self.busy)
