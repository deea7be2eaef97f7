"""Whether a speech model keeps up with somebody who speaks on this machine: how long it would take is reckoned from how long a model
that is here was measured to take, by how many more numbers it multiplies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.errors import N_
from core.models import catalogue
from core.models.catalogue import Entry, SpeechShape
from core.models.fit import Fit, Verdict, of_helper
from core.models.hardware import Machine

# What was measured (`core.voice.whisper.Whisper.pace`): five seconds, and three of silence behind them, are heard; two dozen tokens are
# written, five ways at once.
SECONDS_HEARD = 5
_POSITIONS = 8 * 50
_PASSES = 24 * 5
# Of the time that somebody speaks. In less than this the text is there a second after they have said a sentence.
PLEASANT_SHARE = 0.25
# While one speaks it is written several times; at more than this it is always behind.
FOLLOWS_SHARE = 0.5


@dataclass(frozen=True)
class Measured:
    """A model that was measured here: seconds to hear, and to write, what `SECONDS_HEARD` hold."""

    model: str  # its id in the library
    hear: float
    write: float
    device: str = "cpu"  # or 'cuda'


def is_here(entry: Entry, models: Iterable[str]) -> bool:
    """Whether a speech model of the catalogue is among models of the library (their ids): a starter model has its name without a maker's,
    one that was downloaded that of its repository."""
    names = (entry.id, entry.id.removeprefix("faster-"), entry.repository.replace("/", "--").lower())
    return any(model.lower() in names for model in models)


def shape_of(model: str) -> SpeechShape | None:
    """The shape of a model of the library, where it is one of the catalogue's, or one of those for English alone."""
    for entry in catalogue.entries():
        if entry.speech is not None and is_here(entry, (model, model.removesuffix("-en"))):
            return entry.speech
    return None


def known(measured: Sequence[Measured]) -> bool:
    """Whether these tell how long other models take."""
    return any(shape_of(one.model) is not None for one in measured)


def _hearing(shape: SpeechShape) -> float:
    """Multiplications of the encoder: a layer has four square matrices for attention and two of four times that size."""
    return 12 * shape.width**2 * shape.encoder_layers * _POSITIONS


def _writing(shape: SpeechShape) -> float:
    """And of the decoder, whose layers also look at what was heard, and which compares each token with all words."""
    heard = 2 * shape.width**2 * shape.decoder_layers * _POSITIONS
    token = 14 * shape.width**2 * shape.decoder_layers + shape.width * shape.vocabulary
    return heard + token * _PASSES


def seconds(shape: SpeechShape, measured: Sequence[Measured]) -> float | None:
    """How long a model of this shape takes for `SECONDS_HEARD` of speech, by the largest one that was measured; None if none was."""
    shapes = [(found, one) for one in measured if (found := shape_of(one.model)) is not None]
    if not shapes:
        return None
    like, one = max(shapes, key=lambda pair: _hearing(pair[0]))
    return one.hear * _hearing(shape) / _hearing(like) + one.write * _writing(shape) / _writing(like)


def judge(entry: Entry, machine: Machine, measured: Sequence[Measured]) -> Fit:
    """The verdict on a speech model of the catalogue: memory, and whether it follows somebody who speaks."""
    found = of_helper(entry.size, machine)
    taken = seconds(entry.speech, measured) if entry.speech is not None else None
    if found.verdict is Verdict.NOT or taken is None:
        return found
    values = {**found.values, "seconds": f"{taken:.1f}" if taken < 10 else f"{taken:.0f}"}
    # On a graphics card only what has room there is as quick as that.
    room = (
        machine.gpu_free if any(one.device == "cuda" for one in measured) and machine.devices else entry.size
    )
    quick = taken <= PLEASANT_SHARE * SECONDS_HEARD and entry.size <= room
    if taken > FOLLOWS_SHARE * SECONDS_HEARD:
        reason = N_(
            "Five seconds of speech take it about {seconds} s here: good for recordings, too slow to follow you while you speak."
        )
        return replace(found, verdict=Verdict.SLOW, reason=reason, values=values, quick=False)
    reason = N_("It needs {need} GB; five seconds of speech take it about {seconds} s here.")
    return replace(found, reason=reason, values=values, quick=quick)
