"""Dictation: records the microphone and inserts the recognised text at the cursor."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from core.errors import TsukueError
from core.voice.messages import Transcript
from core.voice.service import Voice
from desktop.chat.composer import Composer
from desktop.i18n import tr
from desktop.notify import Notify
from desktop.operations import Operations
from desktop.voice.recorder import Recorder

SHORT_PRESS_SECONDS = 0.35  # a shorter press of the microphone only says how to use it


class Talking(QObject):
    """From the press of the microphone to its words in the composer."""

    written_down = Signal()  # the words are in the composer

    def __init__(self, voice: Voice, composer: Composer, operations: Operations, notify: Notify) -> None:
        super().__init__(composer)
        self._voice = voice
        self._composer = composer
        self._operations = operations
        self._notify = notify
        self.recorder = Recorder(self)
        self.recorder.too_long.connect(self.end)
        composer.talk_pressed.connect(self.begin)
        composer.talk_released.connect(self.end)

    def toggle(self) -> None:
        """Begin or end speaking, by keyboard."""
        if self.recorder.recording:
            self.end()
        else:
            self.begin()

    def begin(self) -> None:
        """Capture the microphone until `end`."""
        if self.recorder.recording:
            return
        try:
            self.recorder.start()
        except TsukueError as error:
            self._notify.error(error)
            return
        self._composer.set_recording(True)
        self._voice.worker.forgive()
        self._operations.run("warm up", lambda _: self._voice.warm_up(), failure=self._cannot)

    def _cannot(self, error: BaseException) -> bool:
        """Nothing could write down what is said: the recording ends at once, and the reason is shown."""
        self.recorder.stop()
        self._composer.set_recording(False)
        return False

    def end(self) -> None:
        """Write down what was said since `begin`."""
        if not self.recorder.recording:
            return
        seconds = self.recorder.seconds
        samples = self.recorder.stop()
        self._composer.set_recording(False)
        if seconds < SHORT_PRESS_SECONDS:
            self._notify.info(
                tr(
                    "Hold the microphone button while you speak, or press Ctrl+Space to start and again to stop."
                )
            )
            return
        self._composer.set_waiting_for_speech(True)
        self._operations.run(
            "recognise speech",
            lambda job: self._voice.samples(samples, job),
            self._heard,
            self._not_heard,
        )

    def _heard(self, transcript: Transcript) -> None:
        self._composer.set_waiting_for_speech(False)
        self._composer.insert(transcript.text)
        self.written_down.emit()

    def _not_heard(self, error: BaseException) -> bool:
        self._composer.set_waiting_for_speech(False)
        return False
