"""Makes one channel of many: what was said must survive, in whichever channel it stands.

A blind mean loses speech: two channels of opposite phase cancel each other, a channel of hum drowns the other one, and the
same sound twice with a delay becomes a comb filter. So channels are turned to the loudest one's phase, and those that add
nothing are left out; channels that say different things (two people, a microphone each) are all kept.

Sums of products are einsum's, not BLAS's (`@`), whose threads go on turning after each: a third of a core while nobody speaks.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

OPPOSITE = -0.3  # correlation with the loudest channel below which a channel is turned over
FAVOUR = 1.0  # energy by which another channel has to be louder
ALIKE = 0.9  # correlation above which two channels are the same, at the same moment
SAME = 0.5  # and above which they carry the same sound, perhaps at different moments
SILENT = 1e-4  # of the loudest channel's energy (-40 dB): nothing stands in this channel
STEADY_DB, LIVELY_DB = 6.0, 12.0  # how far loud and quiet moments lie apart: hum and hiss, and speech
FRAME_SECONDS = 0.03
LONGEST_DELAY_SECONDS = 0.03  # ten metres of air
AT_ONCE_SECONDS = 0.0002
EXCERPT_SECONDS = 60  # enough to know a recording's channels by


def mono(frames: Samples, rate: int) -> Samples:
    """One channel of `frames` (n × channels), judged by the whole of them."""
    if frames.shape[1] == 1:
        return np.ascontiguousarray(frames[:, 0])
    return np.asarray(np.einsum("nc,c->n", frames, weights(frames, rate)), np.float32)


def weights(frames: Samples, rate: int, before: Samples | None = None) -> Samples:
    """What each channel adds: their sum is one channel as loud as the mean of those that are kept. A channel that was kept
    `before` stays the one that others are compared with, unless another is clearly louder."""
    excerpt = _liveliest(frames, EXCERPT_SECONDS * rate).astype(np.float64)
    energy = np.einsum("nc,nc->c", excerpt, excerpt)
    loudest = int((energy if before is None else energy * (1 + FAVOUR * (before != 0))).argmax())
    kept = np.zeros(frames.shape[1], np.float32)
    if not energy[loudest] > 0:
        kept[:] = 1.0 / len(kept)
        return kept
    lively = _liveliness(excerpt, rate)
    if lively[loudest] < STEADY_DB and lively.max() >= LIVELY_DB:
        loudest = int(np.where(lively >= LIVELY_DB, energy, 0).argmax())
    for channel in range(len(kept)):
        if energy[channel] < SILENT * energy[loudest]:
            continue
        if lively[channel] < STEADY_DB and lively[loudest] >= LIVELY_DB:
            continue
        product = float(np.einsum("n,n->", excerpt[:, channel], excerpt[:, loudest]))
        together = product / float(np.sqrt(energy[channel] * energy[loudest]))
        if abs(together) < ALIKE and _delayed(excerpt[:, channel], excerpt[:, loudest], rate):
            continue
        kept[channel] = -1.0 if together < OPPOSITE else 1.0
    return kept / np.float32(np.abs(kept).sum())


def _liveliest(frames: Samples, length: int) -> Samples:
    """At most `length` frames: the stretch with the most energy."""
    if len(frames) <= length:
        return frames
    starts = range(0, len(frames) - length + 1, max(length // 2, 1))
    best = max(starts, key=lambda start: float(np.square(frames[start : start + length : 16]).sum()))
    return frames[best : best + length]


def _liveliness(frames: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    """How far the loud and the quiet moments of each channel lie apart, in decibels."""
    size = max(int(FRAME_SECONDS * rate), 1)
    count = len(frames) // size
    if count < 4:
        return np.full(frames.shape[1], LIVELY_DB)
    blocks = np.square(frames[: count * size]).reshape(count, size, -1).mean(axis=1)
    levels = 10 * np.log10(blocks + 1e-12)
    return np.asarray(np.percentile(levels, 95, axis=0) - np.percentile(levels, 20, axis=0))


def _delayed(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64], rate: int) -> bool:
    """Whether both are the same sound, some milliseconds apart."""
    length = min(len(one), 10 * rate)
    size = 1 << (2 * length - 1).bit_length()
    spectrum = np.fft.rfft(one[:length], size) * np.conj(np.fft.rfft(other[:length], size))
    across = np.fft.irfft(spectrum, size)
    reach = int(LONGEST_DELAY_SECONDS * rate)
    near = np.abs(np.concatenate([across[-reach:], across[: reach + 1]]))
    both = float(np.sqrt(np.square(one[:length]).sum() * np.square(other[:length]).sum()))
    best = int(near.argmax())
    return both > 0 and abs(best - reach) > rate * AT_ONCE_SECONDS and float(near[best]) / both > SAME


class Mixer:
    """The same for sound that is still coming: the channels are judged by the last seconds, soon where something sounds and else
    seldom, and weights change smoothly."""

    REMEMBERED_SECONDS = 3.0
    JUDGED_EVERY = 0.3  # seconds
    SOUNDS = 4.0  # times the energy of the softest stretch (6 dB)

    def __init__(self, channels: int, rate: int) -> None:
        self._rate = rate
        self._fresh = 0  # frames of the stretch that comes
        self._judged = False
        self._waited = 0  # stretches since the channels were judged
        self._energies: deque[float] = deque(maxlen=round(self.REMEMBERED_SECONDS / self.JUDGED_EVERY))
        self._recent = np.zeros((0, channels), np.float32)
        self._weights = np.full(channels, 1.0 / channels, np.float32)

    def mix(self, frames: Samples) -> Samples:
        """One channel of these frames (n × channels)."""
        if frames.shape[1] == 1:
            return np.ascontiguousarray(frames[:, 0])
        keep = int(self.REMEMBERED_SECONDS * self._rate)
        self._recent = np.concatenate([self._recent, frames])[-keep:]
        before = self._weights
        self._fresh += len(frames)
        if not self._judged or self._due():
            self._judged, self._waited = bool(self._recent.any()), 0
            self._weights = weights(self._recent, self._rate, before)
        if np.allclose(before, self._weights):
            return np.asarray(np.einsum("nc,c->n", frames, self._weights), np.float32)
        fade = np.linspace(0.0, 1.0, len(frames), dtype=np.float32)[:, None]
        return np.asarray((frames * (before * (1 - fade) + self._weights * fade)).sum(axis=1), np.float32)

    def _due(self) -> bool:
        """Whether a stretch is full, and something sounds in it or the channels were last judged long ago."""
        if self._fresh < self.JUDGED_EVERY * self._rate:
            return False
        fresh = self._recent[-self._fresh :]
        self._fresh = 0
        self._waited += 1
        self._energies.append(float(np.square(fresh).mean(axis=0).max()))
        return self._energies[-1] > self.SOUNDS * min(self._energies) or self._waited >= len(self._energies)
