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


class Written(msgspec.Struct, frozen=True):
    """More of a recording: what is said next, and up to which second all is written."""

    segments: list[Segment]
    done: float


class Transcribed(msgspec.Struct, frozen=True):
    """A recording is written down: its language ('' where nobody speaks), how long it is, and how long that took."""

    language: str
    duration_s: float
    seconds: float


class Way(msgspec.Struct, frozen=True):
    """How recognition is computed: on 'cpu' or 'cuda', with which numbers (as CTranslate2 calls them), by how many threads."""

    device: str = "cpu"
    numbers: str = "int8"
    threads: int = 0  # 0: as many as the worker has usually


class Pace(msgspec.Struct, frozen=True):
    """Seconds that a model takes one way: until it has heard five seconds of sound, and until it has written two dozen tokens."""

    hear: float
    write: float


class Ways(msgspec.Struct, frozen=True):
    """The ways that this computer offers, as far as is known before they are tried."""

    of: list[Way]


@operation(doing=N_("loading speech recognition"))
class LoadSpeech(Request):
    """Load a faster-whisper folder unless it is loaded. Raises ModelUnreadable."""

    folder: str
    turns: str = ""  # the network that tells the end of a turn; '' where there is none
    way: Way = Way()


@operation(result=Ways, doing=N_("measuring speech recognition"))
class ListWays(Request):
    """Which ways there are to compute."""


@operation(result=Pace, doing=N_("measuring speech recognition"))
class MeasureWay(Request):
    """How fast a model is one way. Raises ModelUnreadable; the process may die of it, where a library is missing."""

    folder: str
    way: Way


@operation(item=Written, result=Transcribed, doing=N_("recognising speech"))
class Transcribe(Request):
    """Write down what is said in a recording, from second `begin` on. `languages`: those that may be spoken in it; empty is any.

    Raises FileMissing, AudioUnknown, AudioDamaged, AudioProtected, NoSoundInside, ModelUnreadable."""

    folder: str
    path: str
    languages: list[str] = msgspec.field(default_factory=list)
    names: list[str] = msgspec.field(default_factory=list)  # that may be said, the likeliest first
    corrections: dict[str, str] = msgspec.field(
        default_factory=dict
    )  # what was heard wrongly before: what was meant
    begin: float = 0.0
    way: Way = Way()


class Numbers(msgspec.Struct, frozen=True):
    """Who says each line: 1 for who speaks first, 2 for the next."""

    of: list[int]


@operation(result=Numbers, doing=N_("telling speakers apart"))
class TellSpeakers(Request):
    """Whose voice each line of a recording is (`lines`: from and to, in seconds). `count`: how many people there are; 0 is as many as
    there seem to be. Raises FileMissing, AudioUnknown, AudioDamaged, AudioProtected, NoSoundInside, ModelUnreadable."""

    network: str
    path: str
    lines: list[tuple[float, float]]
    count: int = 0


# ---------------------------------------------------------------- recordings that are played

PLAYED_RATE = 24_000


class More(msgspec.Struct, frozen=True):
    """Another piece is wanted."""


class PieceOfSound(msgspec.Struct, frozen=True):
    """Sound from second `at` on: 24,000 little-endian 16-bit integers a second, one channel."""

    data: bytes
    at: float


@operation(item=PieceOfSound, feed=More, doing=N_("playing a recording"))
class PlayRecording(Request):
    """The sound of a recording from second `begin` on, a piece each time that one is wanted.

    Raises FileMissing, AudioUnknown, AudioDamaged, AudioProtected, NoSoundInside."""

    path: str
    begin: float = 0.0


# ---------------------------------------------------------------- while somebody speaks


class Sound(msgspec.Struct, frozen=True):
    """What the microphone has captured since the last one: little-endian 16-bit integers, channels interleaved. `names`: what may be
    said from now on, the likeliest first, where that is something else than before."""

    data: bytes
    names: list[str] | None = None


class Hearing(msgspec.Struct, frozen=True, tag="hearing"):
    """How it sounds, some times a second: whether somebody speaks, and the levels of the last moment and of the background, in
    decibels below the loudest that can be captured."""

    speaking: bool
    level: float
    noise: float
    needed: float = 0.0  # the sound before this (seconds from the beginning of the call) is needed no more


class Began(msgspec.Struct, frozen=True, tag="began"):
    """Somebody has begun to speak, `at` seconds after the beginning of the call."""

    utterance: int
    at: float


class Partial(msgspec.Struct, frozen=True, tag="partial"):
    """What was said so far. `settled` only ever grows, and what comes of the utterance begins with it; `tentative` may change."""

    utterance: int
    settled: str
    tentative: str
    language: str


class Utterance(msgspec.Struct, frozen=True, tag="utterance"):
    """A turn is over. `text` is empty where it was no speech after all. `start` and `end` in seconds; the sound before
    `end` is needed no more. `decided` is how long after the last word it was clear that the turn is over."""

    utterance: int
    text: str
    language: str
    start: float
    end: float
    decided: float


Heard = Hearing | Began | Partial | Utterance


@operation(item=Heard, feed=Sound, doing=N_("listening"))  # type: ignore[arg-type]
class Listen(Request):
    """Write down what is fed, while it comes. With `hands_free` turns end by themselves; else all of it is one turn, which the end
    of the feeds ends. Raises ModelUnreadable."""

    folder: str
    turns: str = ""
    languages: list[str] = msgspec.field(default_factory=list)  # those that the person speaks; empty is any
    hands_free: bool = False
    names: list[str] = msgspec.field(default_factory=list)  # that may be said, the likeliest first
    corrections: dict[str, str] = msgspec.field(
        default_factory=dict
    )  # what was heard wrongly before: what was meant
    way: Way = Way()
    rate: int = SAMPLE_RATE
    channels: int = 1
