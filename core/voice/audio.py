"""Sound files as speech recognition takes them: one channel, 16 kHz, float32. Runs in a worker.

FFmpeg (`libav.py`) reads all kinds, videos too. Where it is not (without Qt, or with one that holds another FFmpeg), libsndfile
reads WAV, FLAC, Ogg and MP3, though it cuts some of the last short.
"""

from __future__ import annotations

from collections.abc import Callable
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
    """The sound of a file. `progress` gets the seconds that were read, and may raise to stop.

    Raises FileMissing, AudioUnknown (no sound file), NoSoundInside (a video without sound), AudioProtected, AudioDamaged."""
    if not path.is_file():
        raise FileMissing(path.name)
    try:
        return _by_ffmpeg(path, progress)
    except libav.MediaError as error:
        samples = _by_libsndfile(path) if error.why in ("missing", "unknown") else None
        if samples is not None:
            return samples
        raise _refusal(path, error.why) from error


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


def _by_ffmpeg(path: Path, progress: Callable[[float], None]) -> Samples:
    found: list[Samples] = []
    mixer: Mixer | None = None
    channels = 0
    seconds = 0.0
    with libav.Media(path, SAMPLE_RATE) as media:
        for chunk in media.chunks():
            if mixer is None or channels != chunk.frames.shape[1]:
                channels = chunk.frames.shape[1]
                mixer = Mixer(channels, SAMPLE_RATE)
            found.append(mixer.mix(chunk.frames))
            seconds += len(chunk.frames) / SAMPLE_RATE
            progress(seconds)
            if seconds > LONGEST_SECONDS:
                break
    return np.concatenate(found) if found else np.zeros(0, np.float32)


def resample(samples: Samples, rate: int) -> Samples:
    """Bring mono samples from `rate` to 16 kHz, without what lies above 8 kHz (libsoxr, "high quality")."""
    if rate == SAMPLE_RATE:
        return samples
    import soxr

    result: Samples = soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32)
    return result
