"""A sound server of a test's own: a virtual microphone that can be spoken into, loudspeakers that can be listened to, and a
look from outside at whether anybody listens."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

RATE = 16_000
SINK_SECONDS = 0.5  # what a sink may still hold
Samples = npt.NDArray[np.float32]


class Sound:
    """A running PulseAudio. `speak` plays into the microphone, `watch` is what other programs see."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server. Without `norewinds` its sinks work in strides of two seconds, which no device does."""
        from tests.conftest import until

        socket = self._folder / "pulse" / "native"
        socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [
                "pulseaudio",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "-n",
                "--use-pid-file=no",
                "-L",
                f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
                "-L",
                "module-null-sink sink_name=mic rate=48000 norewinds=1",
                "-L",
                "module-null-sink sink_name=speakers rate=48000 norewinds=1",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**self._environment, "HOME": str(self._folder)},
        )
        until(lambda: self._answers(), 30)
        self.plug_in()
        self._run("pactl", "set-default-sink", "speakers")

    def _answers(self) -> bool:
        return subprocess.run(["pactl", "info"], env=self._environment, capture_output=True).returncode == 0

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Kill it, and start another."""
        self.stop()
        self.start()

    def plug_in(self) -> None:
        """There is a microphone, the system's own choice."""
        self._run(
            "pactl",
            "load-module",
            "module-remap-source",
            "master=mic.monitor",
            "source_name=virtmic",
            "source_properties=device.description=VirtualMic",
        )
        self._run("pactl", "set-default-source", "virtmic")

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=True)
        return done.stdout

    def start_speaking(self, path: Path) -> subprocess.Popen[bytes]:
        """Play a sound file into the microphone; the process ends when it is over."""
        return subprocess.Popen(["paplay", "--device=mic", str(path)], env=self._environment)

    def speak(self, path: Path) -> None:
        """Play it, and wait for its end."""
        assert self.start_speaking(path).wait(120) == 0

    def listeners(self) -> int:
        """How many streams are being captured from a microphone, as the sound server tells anybody."""
        streams = self._run("pactl", "list", "short", "source-outputs").splitlines()
        return sum("protocol-native" in stream for stream in streams)  # the virtual microphone is one itself

    def fail(self) -> None:
        """The microphone delivers nothing any more, as a headset does whose battery is empty. (Where a device is unplugged,
        PulseAudio moves the stream to another one, and it goes on.)"""
        self._run("pactl", "suspend-source", "virtmic", "1")

    def wake(self) -> None:
        """It delivers sound again."""
        self._run("pactl", "suspend-source", "virtmic", "0")

    def pull_out(self) -> None:
        """The microphone is gone."""
        self._run("pactl", "unload-module", "module-remap-source")

    def echo(self, delay: int = 60, percent: int = 60) -> None:
        """From now on the microphone hears the loudspeakers, so many milliseconds later and so loud."""
        self._run(
            "pactl",
            "load-module",
            "module-loopback",
            "source=speakers.monitor",
            "sink=mic",
            f"latency_msec={delay}",
        )
        inputs = self._run("pactl", "list", "short", "sink-inputs").splitlines()
        number = next(line.split()[0] for line in inputs if "module-loopback" in line)
        self._run("pactl", "set-sink-input-volume", number, f"{percent}%")

    def mute(self, muted: bool) -> None:
        self._run("pactl", "set-source-mute", "virtmic", "1" if muted else "0")

    @contextmanager
    def recorded(self, device: str, path: Path) -> Iterator[None]:
        """Meanwhile write what comes out of a sink (`speakers`) into a file: 16 kHz, mono."""
        recorder = subprocess.Popen(
            [
                "parecord",
                f"--device={device}.monitor",
                "--rate=16000",
                "--channels=1",
                "--file-format=wav",
                str(path),
            ],
            env=self._environment,
        )
        from tests.conftest import until

        until(lambda: path.exists() and path.stat().st_size > 1000, 10)
        try:
            yield
            time.sleep(SINK_SECONDS)
        finally:
            recorder.terminate()
            recorder.wait()


@contextmanager
def server(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Sound]:
    """PulseAudio in `folder`, which this process's programs find: a microphone ('virtmic') and loudspeakers ('speakers')."""
    for program in ("pulseaudio", "pactl", "paplay", "parecord"):
        assert shutil.which(program), "make test installs PulseAudio"
    runtime = folder / "pulse"
    runtime.mkdir(mode=0o700)
    patch.setenv("PULSE_RUNTIME_PATH", str(runtime))
    patch.setenv("PULSE_SERVER", f"unix:{runtime}/native")
    patch.setenv("PULSE_COOKIE", str(folder / "cookie"))
    sound = Sound(folder, dict(os.environ))
    sound.start()
    try:
        yield sound
    finally:
        sound.stop()


def espeak(path: Path, words: str, *options: str) -> Path:
    """These words in espeak-ng's voice."""
    assert shutil.which("espeak-ng"), "make test installs espeak-ng"
    subprocess.run(["espeak-ng", *options, "-w", str(path), words], check=True)
    return path


def samples(path: Path) -> Samples:
    """A sound file as the recogniser takes it: 16 kHz, mono."""
    import soundfile
    import soxr

    data, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(data.mean(axis=1), rate, RATE), np.float32)


def pcm(sound: Samples) -> bytes:
    """As the microphone gives it: little-endian 16-bit integers."""
    return bytes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
