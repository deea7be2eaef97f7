"""Whether a model fits this machine, and how: memory predicted from its shape, speed from a measurement.

Memory is weights + cache + buffers. The weights are a file mapped into memory; all of it is touched by every
token, so all of it counts. The cache's cells follow llama.cpp (src/llama-kv-cache*.cpp). Buffers are what the
vocabulary takes in memory and what one batch's layers take while they are computed; their two factors were
fitted to measurements (docs/engine.md). Buffers that llama.cpp reserves but does not touch here (logits for a
whole batch) do not count. Writing a token reads every
active weight once, so its speed is the memory's bandwidth over the active bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.errors import N_
from core.models.catalogue import Entry, File, Shape
from core.models.hardware import Machine

BATCH = 512  # tokens read at once, as the engine does
CELLS = 256  # the cache's size is a multiple of this
PROCESS_BYTES = 50_000_000  # the worker itself: Python and libraries, before a model is loaded
BYTES_PER_WORD = 500  # of the vocabulary: texts, merges and their indexes
LAYER_FACTOR = 1.3  # on the widths that are alive at once: two feed-forward and six embedding rows a token
USUAL_VOCABULARY = 150_000
LIBRARY_BYTES = 500_000_000  # torch or CTranslate2 with its buffers
# Bytes of one value in the cache.
CACHE_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
# What must stay free for everything else on the machine.
SPARE = 1_000_000_000
# Below this many tokens a second an answer is slower than reading aloud.
COMFORTABLE = 5.0
SMALLEST_CONTEXT = 2048
DEFAULT_CONTEXT = 8192


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

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.buffers


@dataclass(frozen=True)
class Fit:
    """The verdict on one file. `reason` is English (translate it where it is shown) with fields `values`."""

    verdict: Verdict
    context: int
    gpu_layers: int | None  # None: not predicted; the engine offloads all that the build can
    need: Need
    tokens_per_second: float | None
    reason: str
    values: dict[str, str]

    @property
    def sentence(self) -> str:
        """The reason with its values, in English."""
        return self.reason.format(**self.values)


def _padded(cells: int) -> int:
    return -(-cells // CELLS) * CELLS


def cache_bytes(shape: Shape, context: int, kind: str = "f16") -> int:
    """Keys and values for `context` tokens.

    Layers with a window keep the window and one batch, the others the whole context; layers that share another's
    cache or have none (hybrids) cost nothing.
    """
    layers = (shape.attention_layers or shape.layers) - (shape.kv_shared_layers or 0)
    whole = _padded(context)
    width = 2 * shape.kv_heads * shape.head_width * CACHE_BYTES[kind]
    if not shape.sliding_window or not shape.global_every:
        return int(layers * whole * width)
    far = layers // shape.global_every
    near = layers - far
    far_width = (
        2
        * (shape.global_kv_heads or shape.kv_heads)
        * (shape.global_head_width or shape.head_width)
        * CACHE_BYTES[kind]
    )
    window = min(whole, _padded(shape.sliding_window + BATCH))
    return int(far * whole * far_width + near * window * width)


def buffer_bytes(size: int, shape: Shape | None) -> int:
    """The vocabulary in memory and one batch's layers. Widths that are not known are guessed from the size."""
    layers = shape.layers if shape else 32
    # A layer has about twelve times width squared parameters, of about half a byte each.
    width = (shape and shape.embedding) or int((2 * size / (12 * layers)) ** 0.5)
    inner = (shape and shape.feed_forward) or 4 * width
    words = (shape and shape.vocabulary) or USUAL_VOCABULARY
    return int(words * BYTES_PER_WORD + LAYER_FACTOR * BATCH * 4 * (2 * inner + 6 * width))


def need(size: int, shape: Shape | None, context: int, kind: str = "f16") -> Need:
    """Memory for a model file of `size` bytes. Without a shape, the cache is taken as a tenth of the weights."""
    cache = cache_bytes(shape, context, kind) if shape else size // 10
    return Need(size, cache, buffer_bytes(size, shape))


def judge(
    size: int,
    shape: Shape | None,
    trained: int,
    machine: Machine,
    *,
    active_share: float = 1.0,
    bandwidth: float | None = None,
    context: int = DEFAULT_CONTEXT,
) -> Fit:
    """Whether a model of `size` bytes runs here, with the largest context up to `context` that fits.

    `trained` is the longest context the model knows, `active_share` the part of its weights that a token uses
    (mixtures of experts), `bandwidth` the bytes a second this machine was measured to read.
    """
    room = machine.memory_free - SPARE - PROCESS_BYTES
    wanted = min(context, trained or context)
    speed = bandwidth / (size * active_share) if bandwidth else None
    values = {"free": _gb(machine.memory_free), "speed": f"{speed:.0f}" if speed and speed >= 1 else "1"}
    tried = wanted
    while tried > SMALLEST_CONTEXT and need(size, shape, tried).total > room:
        tried //= 2
    found = need(size, shape, tried)
    values |= {"need": _gb(found.total), "context": str(tried)}
    if found.total > room:
        reason = N_("It needs {need} GB and {free} GB are free.")
        if found.total <= machine.memory - SPARE:
            reason = N_("It needs {need} GB and {free} GB are free. With other programs closed it would fit.")
        return Fit(Verdict.NOT, tried, None, found, speed, reason, values)
    if speed is not None and speed < COMFORTABLE:
        reason = N_("It fits into memory, but writes only about {speed} tokens a second here.")
        return Fit(Verdict.SLOW, tried, None, found, speed, reason, values)
    if tried < wanted:
        reason = N_("It fits with a context of {context} tokens.")
    elif speed is not None:
        reason = N_("It needs {need} GB and writes about {speed} tokens a second.")
    else:
        reason = N_("It needs {need} GB of {free} GB that are free.")
    return Fit(Verdict.FITS, tried, None, found, speed, reason, values)


def of_entry(entry: Entry, file: File | None, machine: Machine, bandwidth: float | None = None) -> Fit:
    """The verdict on a catalogue entry, in one of its quantisations (None: the first)."""
    size = file.size_bytes if file else entry.size
    if entry.role != "chat":
        return _of_helper(size, machine)
    share = 1.0
    if entry.active_parameters and entry.parameters:
        share = entry.active_parameters / entry.parameters
    return judge(
        size,
        entry.shape,
        entry.context or 0,
        machine,
        active_share=share,
        bandwidth=bandwidth,
    )


def _of_helper(size: int, machine: Machine) -> Fit:
    """Models that read whole texts (search, speech): weights and the library that runs them, no cache."""
    found = Need(size, 0, LIBRARY_BYTES)
    values = {"need": _gb(found.total), "free": _gb(machine.memory_free)}
    if found.total > machine.memory_free - SPARE:
        reason = N_("It needs {need} GB and {free} GB are free.")
        return Fit(Verdict.NOT, 0, None, found, None, reason, values)
    return Fit(
        Verdict.FITS, 0, None, found, None, N_("It needs {need} GB of {free} GB that are free."), values
    )


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f}"
