"""Requests that the voice worker understands."""

from __future__ import annotations

import msgspec

from core.errors import N_
from core.workers.messages import Request, operation

SAMPLE_RATE = 16_000


class Segment(msgspec.Struct, frozen=True):
    """A stretch of speech: seconds from the start, and its text."""

    start: float
    end: float
    text: str


class Transcript(msgspec.Struct, frozen=True):
    """What was said. `text` is empty when there was no speech."""

    text: str
    language: str
    duration_s: float
    seconds: float
    segments: list[Segment]


@operation(doing=N_("loading speech recognition"))
class LoadSpeech(Request):
    """Load a faster-whisper folder unless it is loaded. Raises ModelUnreadable."""

    folder: str


@operation(result=Transcript, doing=N_("recognising speech"))
class Transcribe(Request):
    """Recognise a sound file, or samples: little-endian 16-bit integers, mono, 16 kHz. Raises AudioUnknown, FileMissing."""

    folder: str
    language: str = "auto"
    path: str = ""
    samples: bytes = b""
