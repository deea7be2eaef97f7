"""Records from the microphone (mono, 16 kHz) for as long as the button is held."""

from __future__ import annotations

import array
import os
import sys
from pathlib import Path

from PySide6.QtCore import QByteArray, QIODevice, QObject, QTimer, Signal

from core.errors import NoMicrophone
from core.voice.messages import SAMPLE_RATE

MAX_SECONDS = 300


def choose_sound_server() -> None:
    """Have Qt use PulseAudio where no PipeWire runs; to be called before Qt Multimedia is first used.

    Qt 6.12 prefers PipeWire wherever its library is, and dies (a null pointer after `pw_context_new`) where its configuration is
    not: a desk with PulseAudio has that library without it as soon as anything else wants it. PipeWire's socket is named as in
    https://docs.pipewire.org/page_man_pipewire_1.html (PIPEWIRE_RUNTIME_DIR, XDG_RUNTIME_DIR, PIPEWIRE_REMOTE).
    """
    if sys.platform != "linux":
        return
    folder = os.environ.get("PIPEWIRE_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR")
    if not folder or not Path(folder, os.environ.get("PIPEWIRE_REMOTE") or "pipewire-0").exists():
        os.environ.setdefault("QT_AUDIO_BACKEND", "pulseaudio")


class Recorder(QObject):
    """Start, stop, and get the samples (16-bit integers, as the voice worker takes them). Qt Multimedia is imported when it is first needed."""

    too_long = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source: object | None = None
        self._device: QIODevice | None = None
        self._data = QByteArray()
        self._limit = QTimer(self, singleShot=True, interval=MAX_SECONDS * 1000)
        self._limit.timeout.connect(self.too_long)

    @property
    def recording(self) -> bool:
        return self._source is not None

    @property
    def seconds(self) -> float:
        """How much was captured so far."""
        return self._data.size() / 2 / SAMPLE_RATE

    def start(self) -> None:
        """Begin to capture from the system's default microphone. Raises NoMicrophone."""
        choose_sound_server()
        from PySide6.QtMultimedia import QAudioFormat, QAudioSource, QMediaDevices, QtAudio

        device = QMediaDevices.defaultAudioInput()
        if device.isNull():
            raise NoMicrophone
        wanted = QAudioFormat()
        wanted.setSampleRate(SAMPLE_RATE)
        wanted.setChannelCount(1)
        wanted.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        source = QAudioSource(device, wanted, self)
        self._data = QByteArray()
        stream = source.start()
        if stream is None or source.error() != QtAudio.Error.NoError:
            source.deleteLater()
            raise NoMicrophone
        self._source, self._device = source, stream
        stream.readyRead.connect(self._read)
        self._limit.start()

    def _read(self) -> None:
        if self._device is not None:
            self._data.append(self._device.readAll())

    def stop(self) -> bytes:
        """End the capture and return the samples; empty if nothing was captured."""
        self._limit.stop()
        if self._source is None:
            return b""
        self._read()
        self._source.stop()  # type: ignore[attr-defined]
        self._source.deleteLater()  # type: ignore[attr-defined]
        self._source = self._device = None
        samples = self._data.data()[: self._data.size() // 2 * 2]
        if sys.byteorder == "big":
            swapped = array.array("h", samples)
            swapped.byteswap()
            return swapped.tobytes()
        return bytes(samples)
