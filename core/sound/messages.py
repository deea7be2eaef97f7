"""Requests that the sound worker understands.

Sound is little-endian 16-bit integers, one channel. What the microphone gives has 16,000 samples a second, whatever the device does.
"""

from __future__ import annotations

import msgspec

from core.errors import N_
from core.workers.messages import Request, operation

CAPTURED_RATE = 16_000

# ---------------------------------------------------------------- what it is told


class ListDevices(msgspec.Struct, frozen=True, tag="list"):
    """Say which microphones there are (`Devices`), now and whenever that changes."""


class OpenMicrophone(msgspec.Struct, frozen=True, tag="open"):
    """Capture from this device ('' or one that has gone: the system's choice). With `cancel_echo` what is played is taken out of
    what is captured."""

    device: str = ""
    cancel_echo: bool = False


class CloseMicrophone(msgspec.Struct, frozen=True, tag="close"):
    """Close it after so many more seconds."""

    after: float = 0.0


class Play(msgspec.Struct, frozen=True, tag="play"):
    """Sound to be played after what is being played. `mark` comes back in `Played` when its last sample was handed over."""

    data: bytes
    rate: int
    mark: int


class SayWords(msgspec.Struct, frozen=True, tag="say"):
    """Have the system's own voice say this after what is being played; `Played` comes when it has."""

    text: str
    language: str
    speed: float
    mark: int


class ListVoices(msgspec.Struct, frozen=True, tag="voices"):
    """Say which languages the system has voices for (`Voices`)."""


class Pause(msgspec.Struct, frozen=True, tag="pause"):
    """Stop the sound, or let it go on."""

    paused: bool


class Silence(msgspec.Struct, frozen=True, tag="silence"):
    """Stop what is played at once, and forget what waits."""


Command = ListDevices | OpenMicrophone | CloseMicrophone | Play | SayWords | ListVoices | Pause | Silence

# ---------------------------------------------------------------- what it tells


class Device(msgspec.Struct, frozen=True):
    """A microphone: an id that stays, and what the system calls it."""

    id: str
    name: str


class Devices(msgspec.Struct, frozen=True, tag="devices"):
    """The microphones that there are."""

    found: list[Device]


class Voices(msgspec.Struct, frozen=True, tag="voices"):
    """The languages that the system's own voices speak."""

    languages: list[str]


class Opening(msgspec.Struct, frozen=True, tag="opening"):
    """The microphone has been asked for."""


class Captured(msgspec.Struct, frozen=True, tag="captured"):
    """Sound from the microphone; the first one means that it is open. `peak` is the highest sample (0 to 1)."""

    data: bytes
    peak: float
    levels: list[
        tuple[float, float, float]
    ] = []  # see core/sound/likeness.py; of `data`, where echo is cancelled


class Closed(msgspec.Struct, frozen=True, tag="closed"):
    """The microphone is closed; everything that it captured has been told. `reason`: why, where nobody asked for it ('missing',
    'forbidden', 'lost'; else '')."""

    reason: str = ""


class Played(msgspec.Struct, frozen=True, tag="played"):
    """The sound with this mark is over; `waiting` is whether more follows."""

    mark: int
    waiting: bool


class CannotPlay(msgspec.Struct, frozen=True, tag="cannot play"):
    """There are no loudspeakers; what was to be played is forgotten."""


class CannotSay(msgspec.Struct, frozen=True, tag="cannot say"):
    """The system's own voice does not speak; what was to be played is forgotten."""


SoundEvent = Devices | Voices | Opening | Captured | Closed | Played | CannotPlay | CannotSay


@operation(item=SoundEvent, feed=Command, doing=N_("using microphone and loudspeakers"))  # type: ignore[arg-type]
class UseSound(Request):
    """Do what is fed, until the feeds end."""
