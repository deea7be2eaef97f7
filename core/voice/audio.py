"""Sound files as speech recognition takes them: one channel, 16 kHz, float32. Runs in a worker.

FFmpeg (`libav.py`) reads all kinds, videos too. Where it is not (without Qt, or with one that holds another FFmpeg), libsndfile
reads WAV, FLAC, Ogg and MP3, though it cuts some of the last short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from core.errors import AudioDamaged, AudioProtected, AudioUnknown, FileMissing, NoSoundInside, TsukueError
from core.voice import libav
from core.voice.channels import Mixer, Samples, mono
from core.voice.messages import SAMPLE_RATE

LONGEST_SECONDS = (
    24 * 3600
)  # what a header promises is believed up to here; memory for more would not be there

# What a file is by its first bytes, whatever it is called; as people say it.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftyp", "MP4"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska/WebM"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA/WMV"),
    (8, b"AVI ", "AVI"),
    (8, b"WAVE", "WAV"),
    (0, b"fLaC", "FLAC"),
    (0, b"OggS", "Ogg"),
    (0, b"ID3", "MP3"),
    (0, b"FORM", "AIFF"),
    (0, b"#!AMR", "AMR"),
    (0, b"caff", "CAF"),
    (0, b"FLV", "FLV"),
    (0, b"MThd", "MIDI"),
    (0, b"%PDF", "PDF"),
    (0, b"PK\x03\x04", "ZIP"),
)


def kind(path: Path) -> str:
    """What the file is by its content ('MP4'); '' where nothing tells."""
    with path.open("rb") as file:
        head = file.read(16)
    return next((name for at, mark, name in _SIGNATURES if head[at : at + len(mark)] == mark), "")


def read(path: Path, progress: Callable[[float], None] = lambda _: None) -> Samples:
    """The sound of a whole file. `progress` gets the seconds that were read, and may raise to stop. Raises as `chunks`."""
    found: list[Samples] = []
    seconds = 0.0
    for chunk in chunks(path):
        found.append(chunk)
        seconds += len(chunk) / SAMPLE_RATE
        progress(seconds)
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
    what = kind(path)
    match why:
        case "silent":
            return NoSoundInside(path.name)
        case "protected":
            return AudioProtected(path.name)
        case "damaged":
            return AudioDamaged(path.name, what or path.suffix.lstrip(".").upper())
        case _:
            heard = what and what not in ("PDF", "ZIP", "MIDI")
            return AudioDamaged(path.name, what) if heard else AudioUnknown(path.name)


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
