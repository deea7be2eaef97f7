"""The loudspeakers: sound is played piece after piece, and it is known what is heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QIODevice, QObject, QTimer
from PySide6.QtMultimedia import QAudioFormat, QAudioSink, QMediaDevices, QtAudio

from core.sound.messages import CannotPlay, CannotSay, Play, Played, SayWords, SoundEvent
from core.voice.channels import Samples
from sound.system_voice import SystemVoice

BUFFER_SECONDS = 0.12  # handed over ahead: little, since it is heard after a stop
STEP_MILLISECONDS = 20
LINGER_SECONDS = 2.0  # after the last sound: between sentences the stream stays, and with it the echo's delay
LINGER_AHEAD_SECONDS = 0.04  # of silence that is handed over ahead: it delays what is played next
RATES = (48_000, 44_100)


class Loudspeakers(QObject):
    """`tell` gets what happens; `heard` every sample that is handed to the system, with its rate, in the moment it is; `anew` is called
    where what is handed over from now on may take another time to be heard, `unknown` when something begins to be heard that nobody has
    the sound of, and when it ends."""

    def __init__(
        self,
        tell: Callable[[SoundEvent], None],
        heard: Callable[[Samples, int], None],
        anew: Callable[[], None],
        unknown: Callable[[bool], None],
    ) -> None:
        super().__init__()
        self._tell = tell
        self._heard = heard
        self._anew = anew
        self._unknown = unknown
        self.voice = SystemVoice()
        self._says = 0  # the mark of what the system's voice says; 0: it says nothing
        self._sink: QAudioSink | None = None
        self._stream: QIODevice | None = None
        self._rate, self._channels = RATES[0], 2
        # At the sink's rate, or words for the system's voice; and the mark of its end (0: none).
        self._waiting: deque[tuple[Samples | SayWords, int]] = deque()
        self._ends: deque[tuple[int, int]] = deque()  # frames handed over when a mark is, and the mark
        self._handed = 0
        self._lingered = 0  # frames of silence handed over since the last sound
        self._recent: Samples = np.zeros(0, np.float32)  # what was handed over last
        self._paused = False
        self._resampler: tuple[int, Any] | None = None
        self._step = QTimer(self, interval=STEP_MILLISECONDS)
        self._step.timeout.connect(self._write)

    @property
    def playing(self) -> bool:
        """Whether something is heard, or waits to be."""
        return self._step.isActive()

    def play(self, piece: Play) -> None:
        """Play this after what is being played."""
        says = self._says or any(isinstance(one, SayWords) for one, _ in self._waiting)
        if self._sink is None and not self._paused and not says and not self._open():
            self._tell(CannotPlay())
            return
        samples = np.frombuffer(piece.data, "<i2").astype(np.float32) / np.float32(32768)
        if piece.rate != self._rate:
            import soxr

            samples = soxr.resample(samples, piece.rate, self._rate).astype(np.float32)
        self._waiting.append((samples, piece.mark))
        if not self._paused:
            self._write()
            self._step.start()

    def say(self, words: SayWords) -> None:
        """Have the system's voice say this after what is being played."""
        self._waiting.append((words, words.mark))
        if not self._paused:
            self._write()
            self._step.start()

    def pause(self, paused: bool) -> None:
        """Hold the sound where it is, or let it go on.

        What was handed over and not heard yet is taken back and handed over again: a system that is asked to wait plays it later,
        when what takes the echo out of the microphone does not expect it any more."""
        if paused == self._paused:
            return
        self._paused = paused
        if self._says:
            self.voice.pause(paused)
            self._unknown(not paused)
        if paused and self._sink is not None:
            played = self._played()
            unheard = self._recent[len(self._recent) - (self._handed - played) :]
            if len(unheard):
                self._waiting.appendleft((unheard, 0))
            self._ends = deque((end - played, mark) for end, mark in self._ends)
            self._step.stop()
            self._close()
        elif not paused and (self._says or (self._waiting and isinstance(self._waiting[0][0], SayWords))):
            self._write()
            self._step.start()
        elif not paused and not self._waiting:
            while self._ends:
                self._tell(Played(self._ends.popleft()[1], bool(self._ends)))
        elif not paused:
            self._go_on()

    def _go_on(self) -> None:
        """Open the loudspeakers for what waits already."""
        rate = self._rate
        if not self._open():
            self.silence()
            self._tell(CannotPlay())
            return
        if rate != self._rate:
            import soxr

            self._waiting = deque(
                (
                    one
                    if isinstance(one, SayWords)
                    else soxr.resample(one, rate, self._rate).astype(np.float32),
                    mark,
                )
                for one, mark in self._waiting
            )
        self._write()
        self._step.start()

    def _played(self) -> int:
        """Frames that were heard of those that were handed over."""
        if self._sink is None:
            return self._handed
        held = (self._sink.bufferSize() - self._sink.bytesFree()) // (2 * self._channels)
        return min(max(self._handed - held, 0), self._handed)

    def silence(self) -> None:
        """Stop at once."""
        self._waiting.clear()
        self._ends.clear()
        self._step.stop()
        self._paused = False
        if self._says:
            self.voice.stop()
            self._says = 0
            self._unknown(False)
        self._close()

    def _open(self) -> bool:
        device = QMediaDevices.defaultAudioOutput()
        if device.isNull():
            return False
        form = QAudioFormat()
        form.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        form.setChannelCount(2)
        for rate in (*RATES, device.preferredFormat().sampleRate()):
            form.setSampleRate(rate)
            if device.isFormatSupported(form):
                break
        else:
            form = QAudioFormat(device.preferredFormat())
            form.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        self._rate, self._channels = form.sampleRate(), form.channelCount()
        sink = QAudioSink(device, form, self)
        sink.setBufferSize(int(BUFFER_SECONDS * self._rate) * form.bytesPerFrame())
        stream = sink.start()
        if stream is None or sink.error() not in (QtAudio.Error.NoError, QtAudio.Error.UnderrunError):
            sink.deleteLater()
            return False
        self._sink, self._stream, self._handed, self._lingered = sink, stream, 0, 0
        self._anew()
        return True

    def _close(self) -> None:
        sink, self._sink, self._stream = self._sink, None, None
        if sink is not None:
            sink.reset()
            sink.deleteLater()

    def _write(self) -> None:
        if self._paused or self._saying():
            return
        if self._sink is None and self._waiting:
            self._go_on()
            return
        sink, stream = self._sink, self._stream
        if sink is None or stream is None:
            self._step.stop()
            return
        if sink.state() == QtAudio.State.StoppedState:
            self.silence()
            self._tell(CannotPlay())
            return
        room = sink.bytesFree() // (2 * self._channels)
        while self._waiting and room > 0:
            samples, mark = self._waiting[0]
            if isinstance(samples, SayWords):
                break  # when all before it was heard
            self._waiting.popleft()
            now, later = samples[:room], samples[room:]
            self._hand_over(sink, stream, now)
            self._lingered = 0
            room -= len(now)
            if len(later):
                self._waiting.appendleft((later, mark))
            elif mark:
                self._ends.append((self._handed, mark))
        played = self._played()
        while self._ends and played >= self._ends[0][0]:
            _, mark = self._ends.popleft()
            self._tell(Played(mark, bool(self._waiting or self._ends)))
        if not self._waiting:
            self._linger(sink, stream)

    def _saying(self) -> bool:
        """Whether the system's voice has the word; it gets it when what was before is heard."""
        if self._says:
            if self.voice.speaking:
                return True
            if self.voice.failed:
                self._cannot_say()
                return True
            mark, self._says = self._says, 0
            self._unknown(False)
            self._tell(Played(mark, bool(self._waiting)))
        if not self._waiting or not isinstance(self._waiting[0][0], SayWords):
            return False
        if self._sink is not None and (self._ends or self._played() < self._handed):
            return False
        self._close()
        words, mark = self._waiting.popleft()
        assert isinstance(words, SayWords)
        self._says = mark
        self._unknown(True)
        if not self.voice.say(words.text, words.language, words.speed):
            self._cannot_say()
        return True

    def _cannot_say(self) -> None:
        self.silence()
        self._tell(CannotSay())

    def _hand_over(self, sink: QAudioSink, stream: QIODevice, samples: Samples) -> None:
        frames = np.repeat((np.clip(samples, -1, 1) * 32767).astype("<i2")[:, None], self._channels, axis=1)
        stream.write(frames.tobytes())
        self._heard(samples, self._rate)
        self._handed += len(samples)
        self._recent = np.concatenate([self._recent, samples])[-sink.bufferSize() :]

    def _linger(self, sink: QAudioSink, stream: QIODevice) -> None:
        """Nothing waits: be silent for a while, then close."""
        if not self._ends and self._lingered >= LINGER_SECONDS * self._rate:
            self._step.stop()
            self._close()
            return
        missing = int(LINGER_AHEAD_SECONDS * self._rate) - (self._handed - self._played())
        if missing > 0:
            self._hand_over(sink, stream, np.zeros(missing, np.float32))
            self._lingered += missing
