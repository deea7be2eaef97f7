"""Sound files as speech recognition takes them: one channel, 16 kHz, float32. Runs in a worker.

FFmpeg (`libav.py`) reads all kinds, videos too. Where it is not (without Qt, or with one that holds another FFmpeg), libsndfile
reads WAV, FLAC, Ogg and MP3, though it cuts some of the last short.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.errors import AudioDamaged, AudioProtected, AudioUnknown, FileMissing, NoSoundInside, TsukueError
from core.voice import containers, libav
from core.voice.channels import Mixer, Samples, mono
from core.voice.messages import SAMPLE_RATE

LONGEST_SECONDS = (
    24 * 3600
)  # what a header promises is believed up to here; memory for more would not be there


def read(path: Path) -> Samples:
    """The sound of a whole file. Raises as `chunks`."""
    found = list(chunks(path))
    return np.concatenate(found) if found else np.zeros(0, np.float32)


def chunks(path: Path, begin: float = 0.0, rate: int = SAMPLE_RATE) -> Iterator[Samples]:
    """The sound of a file from second `begin` on, a second or more at a time, `rate` samples a second.

    Raises FileMissing, AudioUnknown (no sound file), NoSoundInside (a video without sound), AudioProtected, AudioDamaged."""
    if not path.is_file():
        raise FileMissing(path.name)
    try:
        yield from _by_ffmpeg(path, begin, rate)
    except libav.MediaError as error:
        samples = _by_libsndfile(path) if error.why in ("missing", "unknown") else None
        if samples is None:
            raise _refusal(path, error.why) from error
        yield resample(samples[int(begin * SAMPLE_RATE) :], SAMPLE_RATE, rate)


def seconds(path: Path) -> float:
    """How long a recording is: as its file says, if it begins with sound, else by listening to all of it. Raises as `chunks`."""
    sound = chunks(path)
    first = next(sound, np.zeros(0, np.float32))
    try:
        with libav.Media(path, SAMPLE_RATE) as media:
            said = media.duration
    except libav.MediaError:
        said = 0.0
    if 0 < said <= LONGEST_SECONDS:
        sound.close()  # type: ignore[attr-defined]  # a generator
        return said
    return sum(map(len, sound), len(first)) / SAMPLE_RATE


def _by_libsndfile(path: Path) -> Samples | None:
    import soundfile

    try:
        data, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, ValueError, MemoryError):
        return None
    return resample(mono(data, int(rate)), int(rate))


def _refusal(path: Path, why: str) -> TsukueError:
    with path.open("rb") as file:
        what = containers.name(file.read(containers.HEAD))
    match why:
        case "silent":
            return NoSoundInside(path.name)
        case "protected":
            return AudioProtected(path.name)
        case "damaged":
            return AudioDamaged(path.name, what or path.suffix.lstrip(".").upper())
        case _:
            return AudioDamaged(path.name, what) if what else AudioUnknown(path.name)


def _by_ffmpeg(path: Path, begin: float, rate: int) -> Iterator[Samples]:
    mixer: Mixer | None = None
    channels = 0
    seconds = 0.0
    with libav.Media(path, rate) as media:
        for chunk in media.chunks(begin):
            if mixer is None or channels != chunk.frames.shape[1]:
                channels = chunk.frames.shape[1]
                mixer = Mixer(channels, rate)
            yield mixer.mix(chunk.frames)
            seconds += len(chunk.frames) / rate
            if seconds > LONGEST_SECONDS:
                break


def resample(samples: Samples, rate: int, wanted: int = SAMPLE_RATE) -> Samples:
    """Bring mono samples from `rate` to another, without what lies above half of that (libsoxr, "high quality")."""
    if rate == wanted:
        return samples
    import soxr

    result: Samples = soxr.resample(samples, rate, wanted).astype(np.float32)
    return result
