"""Whether a model fits this machine, and how: memory predicted from its shape, speed from a measurement.

Memory is weights + cache + buffers. The weights are a file mapped into memory; all of it is touched by every
token, so all of it counts. The cache's cells follow llama.cpp (src/llama-kv-cache*.cpp). Buffers are what the
vocabulary takes in memory and what one batch's layers take while they are computed; their two factors were
fitted to measurements (docs/engine.md). Buffers that llama.cpp reserves but does not touch here (logits for a
whole batch) do not count. Writing a token reads every
active weight once, so its speed is the memory's bandwidth over the active bytes.

Where there is a graphics card, as many layers go there as its free memory holds, with their part of the cache;
the rest is computed by the processor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.errors import N_
from core.models.catalogue import Entry, File, Shape
from core.models.hardware import Machine

BATCH = 512  # tokens read at once, as the engine does
CELLS = 256  # the cache's size is a multiple of this
PROCESS_BYTES = 50_000_000  # the worker itself: Python and libraries, before a model is loaded
BYTES_PER_WORD = 124  # of the vocabulary: its text and index
BYTES_PER_MERGE = 376  # of a byte-pair vocabulary, which has about as many of them as words
LAYER_FACTOR = 1.3  # on the widths that are alive at once: two feed-forward and six embedding rows a token
USUAL_VOCABULARY = 150_000
USUAL_LAYERS = 32
LIBRARY_BYTES = 500_000_000  # torch or CTranslate2 with its buffers
# Bytes of one value in the cache.
CACHE_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
# What must stay free for everything else on the machine.
SPARE = 1_000_000_000
# Below this many tokens a second an answer is slower than reading aloud.
COMFORTABLE = 5.0
# Twice as quick as people read: 238 words a minute (Brysbaert 2019), at about 1.3 tokens a word.
PLEASANT = 10.0
# Of the memory that is free; the rest is for what else the person does.
MODEST_SHARE = 2 / 3
# What must stay free on a graphics card: the screen is on it, too.
GPU_SPARE = 500_000_000
SMALLEST_CONTEXT = 2048
DEFAULT_CONTEXT = 8192


@dataclass(frozen=True)
class Pace:
    """What writing a token costs."""

    bandwidth: float  # bytes of weights a second
    per_layer: float = 0.0  # seconds that a layer takes beside reading its weights

    def seconds(self, size: float, layers: float) -> float:
        """For a token of a model of `size` active bytes in so many layers, early in a conversation."""
        return size / self.bandwidth + layers * self.per_layer


@dataclass(frozen=True)
class Speeds:
    """What was measured on this machine: the processor alone, and the graphics device if there is one."""

    processor: Pace | None
    graphics: Pace | None = None


class Verdict(StrEnum):
    FITS = "fits"
    SLOW = "slow"
    NOT = "will not fit"


@dataclass(frozen=True)
class Need:
    """Predicted memory in bytes."""

    weights: int
    cache: int
    buffers: int
    beside: int = 0  # for a smaller model that guesses ahead

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.buffers + self.beside


@dataclass(frozen=True)
class Fit:
    """The verdict on one file. `reason` is English (translate it where it is shown) with fields `values`."""

    verdict: Verdict
    context: int
    gpu_layers: int  # how many of the model's layers go to the graphics card; 0 where there is none
    need: Need
    tokens_per_second: float | None
    reason: str
    values: dict[str, str]
    quick: bool = True  # than people read, or speak; also where that is not known

    @property
    def sentence(self) -> str:
        """The reason with its values, in English."""
        return self.reason.format(**self.values)


def _padded(cells: int) -> int:
    return -(-cells // CELLS) * CELLS


def cache_bytes(shape: Shape, context: int, kind: str = "f16") -> int:
    """Keys and values for `context` tokens.

    Layers that share another's cache or have none (hybrids) cost nothing. Layers with a window keep the whole context
    too, though they see only a part: otherwise nothing could be cut back, and each follow-up would read everything
    again (llama.cpp's `swa_full`, its library's default).
    """
    layers = (shape.attention_layers or shape.layers) - (shape.kv_shared_layers or 0)
    near_width = shape.kv_heads * shape.head_width
    far_width = (shape.global_kv_heads or shape.kv_heads) * (shape.global_head_width or shape.head_width)
    far = layers // shape.global_every if shape.global_every else 0
    values = (layers - far) * near_width + far * far_width
    return int(2 * values * _padded(context) * CACHE_BYTES[kind])


def buffer_bytes(size: int, shape: Shape | None) -> int:
    """The vocabulary in memory and one batch's layers. Widths that are not known are guessed from the size."""
    layers = shape.layers if shape else USUAL_LAYERS
    # A layer has about twelve times width squared parameters, of about half a byte each.
    width = (shape and shape.embedding) or int((2 * size / (12 * layers)) ** 0.5)
    inner = (shape and shape.feed_forward) or 4 * width
    words = (shape and shape.vocabulary) or USUAL_VOCABULARY
    merges = words if shape is None or shape.merges is None else shape.merges
    vocabulary = words * BYTES_PER_WORD + merges * BYTES_PER_MERGE
    return int(vocabulary + LAYER_FACTOR * BATCH * 4 * (2 * inner + 6 * width))


def need(size: int, shape: Shape | None, context: int, kind: str = "f16", beside: int = 0) -> Need:
    """Memory for a model file of `size` bytes. Without a shape, the cache is taken as a tenth of the weights.

    `beside` are the bytes that a model which guesses ahead for it needs.
    """
    cache = cache_bytes(shape, context, kind) if shape else size // 10
    return Need(size, cache, buffer_bytes(size, shape), beside)


def layers_on_gpu(found: Need, shape: Shape | None, machine: Machine) -> int:
    """How many layers the graphics devices have room for; 0 without any.

    A device that shares the machine's memory takes all: there is nothing to move.
    """
    layers = shape.layers if shape else USUAL_LAYERS
    if any(device.kind == "igpu" for device in machine.devices) and not machine.gpu_free:
        return layers
    room = machine.gpu_free - GPU_SPARE - found.buffers - found.beside
    each = (found.weights + found.cache) / (layers + 1)  # the output is about another layer
    return max(0, min(layers, int(room / each) - 1 if room < each * (layers + 1) else layers))


def judge(
    size: int,
    shape: Shape | None,
    trained: int,
    machine: Machine,
    *,
    active_share: float = 1.0,
    speeds: Speeds | None = None,
    context: int = DEFAULT_CONTEXT,
    cache_type: str = "f16",
    gpu_layers: int | None = None,
    shrink: bool = True,
    beside: int = 0,
) -> Fit:
    """Whether a model of `size` bytes runs here, with the largest context up to `context` that fits.

    `trained` is the longest context the model knows, `active_share` the part of its weights that a token uses
    (mixtures of experts), `speeds` what this machine was measured to be capable of. `gpu_layers` None moves as
    many to the graphics card as fit. With `shrink` false, the context is the person's wish and stays.
    `beside`: see need.
    """
    room = machine.memory_free - SPARE - PROCESS_BYTES
    wanted = min(context, trained or context)
    tried = wanted
    while True:
        found = need(size, shape, tried, cache_type, beside)
        layers = layers_on_gpu(found, shape, machine) if gpu_layers is None else gpu_layers
        share = _share(layers, shape, machine)
        # What stays in the machine's own memory.
        here = found.total - (int(share * (found.weights + found.cache)) if machine.gpu_free else 0)
        if here <= room or tried <= SMALLEST_CONTEXT or not shrink:
            break
        tried = max(SMALLEST_CONTEXT, tried // 2)
    speed = _speed(size * active_share, shape, share, speeds)
    values = {
        "free": _gb(machine.memory_free),
        "speed": f"{speed:.0f}" if speed and speed >= 1 else "1",
        "need": _gb(found.total),
        "context": str(tried),
        "layers": str(layers),
    }
    if here > room:
        reason = N_("It needs {need} GB, but only {free} GB is free.")
        if here <= machine.memory - SPARE:
            reason = N_("It needs {need} GB, but only {free} GB is free. Closing other apps would make room.")
        return Fit(Verdict.NOT, tried, layers, found, speed, reason, values)
    if speed is not None and speed < COMFORTABLE:
        reason = N_("It fits in memory, but writes only about {speed} tokens per second here.")
        return Fit(Verdict.SLOW, tried, layers, found, speed, reason, values, quick=False)
    if tried < wanted:
        reason = N_("It fits with a context of {context} tokens.")
    elif 0 < share < 1:
        reason = N_("It fits, with {layers} of its layers on the graphics card.")
    elif speed is not None:
        reason = N_("It needs {need} GB and writes about {speed} tokens per second.")
    else:
        reason = N_("It needs {need} GB of the {free} GB that is free.")
    quick = speed is None or speed >= PLEASANT
    return Fit(Verdict.FITS, tried, layers, found, speed, reason, values, quick)


def _share(layers: int, shape: Shape | None, machine: Machine) -> float:
    """The part of a model that so many layers on the graphics device are."""
    if not machine.devices:
        return 0.0
    return min(1.0, layers / (shape.layers if shape else USUAL_LAYERS))


def _speed(active: float, shape: Shape | None, share: float, speeds: Speeds | None) -> float | None:
    """Tokens a second: processor and graphics device take turns at each token."""
    if speeds is None or not active:
        return None
    layers = shape.layers if shape else USUAL_LAYERS
    seconds = 0.0
    for part, pace in ((1 - share, speeds.processor), (share, speeds.graphics)):
        if part > 0:
            if pace is None:
                return None
            seconds += pace.seconds(part * active, part * layers)
    return 1 / seconds


def is_pleasant(found: Fit, machine: Machine) -> bool:
    """Whether it fits, writes quicker than people read (where that is known), and leaves room for other programs."""
    modest = found.need.total <= MODEST_SHARE * (machine.memory_free + machine.gpu_free)
    return found.verdict is Verdict.FITS and found.quick and modest


def best_first(
    judged: Iterable[tuple[Entry, Fit]], machine: Machine, *, japanese: bool = False
) -> list[tuple[Entry, Fit]]:
    """In the order in which to recommend them: pleasant ones, those that fit, slow ones, the rest; large before small.

    With `japanese`, models that are good at it come before others among the pleasant ones; without, those that know English.
    """
    verdicts = list(Verdict)

    def rank(pair: tuple[Entry, Fit]) -> tuple[object, ...]:
        entry, found = pair
        pleasant = is_pleasant(found, machine)
        at_home = entry.japanese == "good" if japanese else {"en", "multilingual"} & set(entry.languages)
        foreign = pleasant and not at_home
        return verdicts.index(found.verdict), not pleasant, foreign, -(entry.parameters or 0)

    return sorted(judged, key=rank)


def of_entry(entry: Entry, file: File | None, machine: Machine, speeds: Speeds | None = None) -> Fit:
    """The verdict on a catalogue entry, in one of its quantisations (None: the first)."""
    size = file.size_bytes if file else entry.size
    if entry.role != "chat":
        return of_helper(size, machine)
    share = 1.0
    if entry.active_parameters and entry.parameters:
        share = entry.active_parameters / entry.parameters
    return judge(
        size,
        entry.shape,
        entry.context or 0,
        machine,
        active_share=share,
        speeds=speeds,
    )


def of_helper(size: int, machine: Machine) -> Fit:
    """Models that read whole texts (search, speech): weights and the library that runs them, no cache."""
    found = Need(size, 0, LIBRARY_BYTES)
    values = {"need": _gb(found.total), "free": _gb(machine.memory_free)}
    if found.total > machine.memory_free - SPARE:
        reason = N_("It needs {need} GB, but only {free} GB is free.")
        return Fit(Verdict.NOT, 0, 0, found, None, reason, values)
    return Fit(
        Verdict.FITS, 0, 0, found, None, N_("It needs {need} GB of the {free} GB that is free."), values
    )


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f}"
