"""The microphone: every sample from its first to its last, whatever the device's rate and channels, as one channel at 16 kHz."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication, QIODevice, QObject, Qt, QTimer
from PySide6.QtMultimedia import QAudioFormat, QAudioSource, QMediaDevices, QtAudio

from core.sound.likeness import Levels
from core.sound.messages import CAPTURED_RATE, Captured, Closed, Device, Devices, Opening, SoundEvent
from core.voice.channels import Mixer, Samples

BUFFER_SECONDS = 0.5  # Qt drops what it has no room for: with 40 ms every second piece was lost
MOST_CHANNELS = 8
# Between looks at what has come (the buffer above holds it if need be): soon after something was loud, and else seldom, since
# each look wakes three processes. A word that breaks the silence is told that much later, and nothing after it.
LOUD_SECONDS, QUIET_SECONDS = 0.02, 0.09
LOUD_DB = 8.0  # above the softest that was
STAYS_LOUD_SECONDS = 4.0  # longer than any pause in which somebody goes on
FLOOR_RISES_DB = 1.0  # in a second, where nothing is as soft any more
SOFTEST_DB = -60.0
LOOK_MILLISECONDS = 200  # between looks at whether the device is still there
GONE_SECONDS = 1.2  # without a sample, even of silence
STOOD_STILL_SECONDS = 1.0  # between looks: they do not come so late otherwise
SLOW_SECONDS = 8.0  # until the first: a headset that has to wake up


class Microphone(QObject):
    """`tell` gets what happens; `clean` may change what was captured (16 kHz, one channel) before it is told, and adds how loud it
    was."""

    def __init__(
        self,
        tell: Callable[[SoundEvent], None],
        clean: Callable[[Samples], tuple[Samples, list[Levels]]],
    ) -> None:
        super().__init__()
        self._tell = tell
        self._clean = clean
        self._source: QAudioSource | None = None
        self._stream: QIODevice | None = None
        self._asking = False
        self._used = ""  # the device's id
        self._came, self._began = 0.0, False  # when sound came last; whether any has
        self._looked = 0.0
        self._floor, self._loud_until = 0.0, 0.0
        self._mixer = Mixer(1, CAPTURED_RATE)
        self._resampler: Any = None
        self._channels = 1
        self._tail = QTimer(self, singleShot=True)
        self._tail.timeout.connect(self.shut)
        # PySide6 6.12 cannot pass on `stateChanged`, whose argument it does not know.
        self._look = QTimer(self, interval=LOOK_MILLISECONDS)
        self._look.timeout.connect(self._look_at_it)
        self._devices = QMediaDevices(self)
        self._devices.audioInputsChanged.connect(self.list_devices)
        self._listed = False

    @property
    def open(self) -> bool:
        """Whether it captures, or is about to."""
        return self._source is not None or self._asking

    @property
    def wait(self) -> float:
        """Seconds until what has come is to be looked at again."""
        return LOUD_SECONDS if time.monotonic() < self._loud_until else QUIET_SECONDS

    def list_devices(self) -> None:
        """Tell which there are."""
        if self._listed or self.sender() is None:
            self._listed = True
            found = [Device(_id(device), device.description()) for device in self._devices.audioInputs()]
            self._tell(Devices(found))

    # ------------------------------------------------------------ opening

    def start(self, wanted: str) -> None:
        """Begin to capture; where the system asks the person first, when they have agreed."""
        self._tail.stop()
        if self.open:
            return
        self._tell(Opening())
        application = QCoreApplication.instance()
        permission = _permission()
        if application is None or permission is None:
            self._begin(wanted)
            return
        status = application.checkPermission(permission)
        if status == Qt.PermissionStatus.Undetermined:
            self._asking = True
            application.requestPermission(permission, self, lambda answer: self._answered(answer, wanted))
        elif status == Qt.PermissionStatus.Denied:
            self._tell(Closed("forbidden"))
        else:
            self._begin(wanted)

    def _answered(self, permission: Any, wanted: str) -> None:
        if not self._asking:
            return  # let go while the system asked
        self._asking = False
        if permission.status() == Qt.PermissionStatus.Granted:
            self._begin(wanted)
        else:
            self._tell(Closed("forbidden"))

    def _begin(self, wanted: str) -> None:
        device = next(
            (found for found in self._devices.audioInputs() if wanted and _id(found) == wanted),
            self._devices.defaultAudioInput(),
        )
        if device.isNull():
            self._tell(Closed("missing"))
            return
        form = QAudioFormat(device.preferredFormat())
        form.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        form.setChannelCount(max(1, min(form.channelCount(), MOST_CHANNELS)))
        form.setSampleRate(CAPTURED_RATE)
        if not device.isFormatSupported(form):
            form.setSampleRate(device.preferredFormat().sampleRate() or CAPTURED_RATE)
        rate, self._channels = form.sampleRate(), form.channelCount()
        self._mixer = Mixer(self._channels, rate)
        self._resampler = None
        if rate != CAPTURED_RATE:
            import soxr

            self._resampler = soxr.ResampleStream(rate, CAPTURED_RATE, 1, dtype="float32")
        source = QAudioSource(device, form, self)
        source.setBufferSize(int(BUFFER_SECONDS * rate) * form.bytesPerFrame())
        stream = source.start()
        if stream is None or source.error() != QtAudio.Error.NoError:
            source.deleteLater()
            self._tell(Closed("missing"))
            return
        self._source, self._stream, self._used = source, stream, _id(device)
        self._came, self._began = time.monotonic(), False
        self._looked = self._came
        self._floor, self._loud_until = 0.0, self._came + STAYS_LOUD_SECONDS
        stream.readyRead.connect(self._read)
        self._look.start()

    # ------------------------------------------------------------ capturing and closing

    def _read(self) -> None:
        if self._stream is None:
            return
        data = bytes(self._stream.readAll().data())
        frames = np.frombuffer(data[: len(data) // (2 * self._channels) * 2 * self._channels], "<i2")
        if not len(frames):
            return
        passed = time.monotonic() - self._came
        self._came, self._began = time.monotonic(), True
        peak = float(np.abs(frames.astype(np.int32)).max()) / 32768
        self._note_how_loud(20 * float(np.log10(peak + 1e-6)), passed)
        mixed = self._mixer.mix(frames.reshape(-1, self._channels).astype(np.float32) / np.float32(32768))
        self._pass_on(self._resampler.resample_chunk(mixed) if self._resampler is not None else mixed, peak)

    def _note_how_loud(self, level: float, passed: float) -> None:
        self._floor = max(min(level, self._floor + FLOOR_RISES_DB * passed), SOFTEST_DB)
        if level > self._floor + LOUD_DB:
            self._loud_until = self._came + STAYS_LOUD_SECONDS

    def _pass_on(self, samples: Samples, peak: float) -> None:
        samples, levels = self._clean(samples)
        if len(samples):
            data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
            self._tell(Captured(data, round(peak, 4), levels))

    def _look_at_it(self) -> None:
        """A device that has gone is told by nobody: no sound comes any more, or that of another one."""
        self._read()
        now = time.monotonic()
        if now - self._looked > STOOD_STILL_SECONDS:
            self._came = now  # this process, or the whole computer, stood still: what waits has not come yet
        self._looked = now
        waited = now - self._came
        there = any(_id(device) == self._used for device in self._devices.audioInputs())
        gone = not there or waited > (GONE_SECONDS if self._began else SLOW_SECONDS)
        if self._source is not None and (gone or self._source.state() == QtAudio.State.StoppedState):
            self._let_go("lost")

    def stop(self, after: float) -> None:
        """Close it after so many more seconds."""
        if after > 0 and self._source is not None:
            self._tail.start(int(after * 1000))
        else:
            self.shut()

    def shut(self) -> None:
        """Close it now."""
        if self.open:
            self._let_go("")

    def _let_go(self, reason: str) -> None:
        self._tail.stop()
        self._look.stop()
        self._read()
        source, self._source, self._stream, self._asking = self._source, None, None, False
        if source is not None:
            source.stop()
            source.deleteLater()
        if self._resampler is not None:
            self._pass_on(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True), 0.0)
        self._tell(Closed(reason))


def _id(device: Any) -> str:
    return bytes(device.id().data()).decode(errors="replace")


def _permission() -> Any:
    """What the system is to be asked for; None where it has no such thing."""
    try:
        from PySide6.QtCore import QMicrophonePermission
    except ImportError:
        return None
    return QMicrophonePermission()
