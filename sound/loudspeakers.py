"""The loudspeakers: sound is played piece after piece, and it is known what is heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QIODevice, QObject, QTimer
from PySide6.QtMultimedia import QAudioFormat, QAudioSink, QMediaDevices, QtAudio

from core.sound.messages import CannotPlay, Play, Played, SoundEvent
from core.voice.channels import Samples

BUFFER_SECONDS = 0.12  # handed over ahead: little, since it is heard after a stop
STEP_MILLISECONDS = 20
RATES = (48_000, 44_100)


class Loudspeakers(QObject):
    """`tell` gets what happens; `heard` every sample that is handed to the system, with its rate, in the moment it is."""

    def __init__(self, tell: Callable[[SoundEvent], None], heard: Callable[[Samples, int], None]) -> None:
        super().__init__()
        self._tell = tell
        self._heard = heard
        self._sink: QAudioSink | None = None
        self._stream: QIODevice | None = None
        self._rate, self._channels = RATES[0], 2
        self._waiting: deque[tuple[Samples, int]] = (
            deque()
        )  # at the sink's rate, and the mark of its end (0: none)
        self._ends: deque[tuple[int, int]] = deque()  # frames handed over when a mark is, and the mark
        self._handed = 0
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
        if self._sink is None and not self._paused and not self._open():
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

    def pause(self, paused: bool) -> None:
        """Hold the sound where it is, or let it go on.

        What was handed over and not heard yet is taken back and handed over again: a system that is asked to wait plays it later,
        when what takes the echo out of the microphone does not expect it any more."""
        if paused == self._paused:
            return
        self._paused = paused
        if paused and self._sink is not None:
            played = self._played()
            unheard = self._recent[len(self._recent) - (self._handed - played) :]
            if len(unheard):
                self._waiting.appendleft((unheard, 0))
            self._ends = deque((end - played, mark) for end, mark in self._ends)
            self._step.stop()
            self._close()
        elif not paused and not self._waiting:
            while self._ends:
                self._tell(Played(self._ends.popleft()[1], bool(self._ends)))
        elif not paused:
            rate = self._rate
            if not self._open():
                self._tell(CannotPlay())
                return
            if rate != self._rate:
                import soxr

                self._waiting = deque(
                    (soxr.resample(samples, rate, self._rate).astype(np.float32), mark)
                    for samples, mark in self._waiting
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
        self._sink, self._stream, self._handed = sink, stream, 0
        return True

    def _close(self) -> None:
        sink, self._sink, self._stream = self._sink, None, None
        if sink is not None:
            sink.reset()
            sink.deleteLater()

    def _write(self) -> None:
        sink, stream = self._sink, self._stream
        if sink is None or stream is None or self._paused:
            return
        if sink.state() == QtAudio.State.StoppedState:
            self.silence()
            self._tell(CannotPlay())
            return
        room = sink.bytesFree() // (2 * self._channels)
        while self._waiting and room > 0:
            samples, mark = self._waiting.popleft()
            now, later = samples[:room], samples[room:]
            frames = np.repeat((np.clip(now, -1, 1) * 32767).astype("<i2")[:, None], self._channels, axis=1)
            stream.write(frames.tobytes())
            self._heard(now, self._rate)
            self._handed += len(now)
            self._recent = np.concatenate([self._recent, now])[-sink.bufferSize() :]
            room -= len(now)
            if len(later):
                self._waiting.appendleft((later, mark))
            elif mark:
                self._ends.append((self._handed, mark))
        played = self._played()
        while self._ends and played >= self._ends[0][0]:
            _, mark = self._ends.popleft()
            self._tell(Played(mark, bool(self._waiting or self._ends)))
        if not self._waiting and not self._ends and played >= self._handed:
            self._step.stop()
            self._close()
