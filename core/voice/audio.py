"""Decodes audio files into the samples that speech recognition expects: mono, 16 kHz, float32. Runs in the voice worker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import AudioUnknown, FileMissing
from core.voice.channels import mono
from core.voice.messages import SAMPLE_RATE

Samples = npt.NDArray[np.float32]


def read(path: Path) -> Samples:
    """Read WAV, FLAC, Ogg or MP3 (what libsndfile knows). Raises FileMissing, AudioUnknown."""
    import soundfile

    if not path.is_file():
        raise FileMissing(path.name)
    try:
        data, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        raise AudioUnknown(path.name) from error
    return resample(mono(data, int(rate)), int(rate))


def resample(samples: Samples, rate: int) -> Samples:
    """Bring mono samples from `rate` to 16 kHz, without what lies above 8 kHz (libsoxr, "high quality")."""
    if rate == SAMPLE_RATE:
        return samples
    import soxr

    result: Samples = soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32)
    return result
