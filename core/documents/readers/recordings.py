"""Recordings as documents: each minute is a page whose words are still to be written down (core/documents/transcription.py)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from core.documents.model import MINUTE, Note, Page
from core.voice import audio


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """A page for each minute, without text. Where the file does not say how long it is, it is listened to, which tells also whether
    it can be.

    Raises AudioUnknown, AudioDamaged, AudioProtected, NoSoundInside, FileMissing."""
    minutes = max(math.ceil(audio.seconds(path) / MINUTE), 1)
    notes.append(Note("transcribing"))
    for number in range(1, minutes + 1):
        yield Page(number, "", picture=True, of=minutes)
