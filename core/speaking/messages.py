"""Requests that the speech worker understands."""

from __future__ import annotations

import msgspec

from core.errors import N_
from core.workers.messages import Request, operation

RATE = 24_000  # samples a second that the voice speaks with


class Spoken(msgspec.Struct, frozen=True):
    """Sound: little-endian 16-bit integers, one channel, and how many a second."""

    data: bytes
    rate: int


@operation(doing=N_("loading a voice"))
class LoadVoice(Request):
    """Have the voices ready. Raises ModelUnreadable."""

    folder: str
    more: str = ""  # a folder with further voices


@operation(item=Spoken, doing=N_("speaking"))
class Say(Request):
    """Say a sentence ('en' or 'ja'), part by part. With `soon` the first part is short: somebody waits for it. Raises ModelUnreadable."""

    folder: str
    text: str
    language: str
    voice: str = ""  # '' is the usual one of the language
    speed: float = 1.0
    more: str = ""  # as of LoadVoice
    soon: bool = False
