"""Takes out of what the microphone captures what the loudspeakers play (WebRTC's echo canceller, by pywebrtc-audio).

What is played is paired with what is captured by counting samples: both run by clocks of their own, but hardly apart, and
the canceller finds the delay between them by itself as long as the sound is handed over before its echo can come.

Until it is seen to work in this room, and wherever it does not, nothing is heard while something is played ("half-duplex"):
an assistant that answers itself is worse than one that has to be interrupted with a key.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from core.sound.likeness import STEP_SECONDS, Levels
from core.sound.messages import CAPTURED_RATE
from core.voice.channels import Samples

BLOCK_SECONDS = STEP_SECONDS
BLOCK = int(
    BLOCK_SECONDS * CAPTURED_RATE
)  # the canceller fills blocks that are no multiple of 10 ms with zeros
LEARNING_SECONDS = 2.5  # of played sound, until the canceller has learnt the room
AGAIN_SECONDS = 1.0  # and until it is known that it still fits, after the loudspeakers were begun anew: their delay is another then
PROVEN_DB = 12.0  # by which it makes the echo softer, where it works
FAINT_DB = -52.0  # what is captured while something is played is no louder than this: headphones
REMEMBERED = int(4 / BLOCK_SECONDS)  # blocks with sound that it is judged by
ECHO_SECONDS = 0.4  # after the last of what was played, for which its echo may last
SILENT_DB = -60.0
MOST_WAITING = 2 * CAPTURED_RATE


def _decibels(samples: Samples) -> float:
    return float(10 * np.log10(np.square(samples).mean() + 1e-10))


class Echo:
    """`played` gets what is handed to the loudspeakers, `clean` what was captured. Does nothing until it is begun with `cancel`."""

    def __init__(self) -> None:
        self._processor: Any = None
        self._captured = np.zeros(0, np.float32)
        self._played = np.zeros(0, np.float32)
        self._resampler: tuple[int, Any] | None = None
        self._heard = 0.0  # seconds of sound that were played
        self._since = ECHO_SECONDS  # seconds since something was played
        self._gains: deque[float] = deque(maxlen=REMEMBERED)
        self._levels: deque[float] = deque(maxlen=REMEMBERED)
        self._unknown = False

    def begin(self, cancel: bool) -> None:
        """The microphone is about to open: another room, perhaps."""
        self._captured = np.zeros(0, np.float32)
        self._played = np.zeros(0, np.float32)
        self._heard, self._since = 0.0, ECHO_SECONDS
        self._gains.clear()
        self._levels.clear()
        self._processor = None
        if cancel:
            from pywebrtc_audio import AudioProcessor

            self._processor = AudioProcessor(
                sample_rate=CAPTURED_RATE,
                echo_cancellation=True,
                noise_suppression=True,
                ns_level=1,
                auto_gain_control=False,
            )

    def anew(self) -> None:
        """The loudspeakers begin anew: what they play comes sooner or later than before."""
        self._gains.clear()

    def unknown(self, plays: bool) -> None:
        """Something is heard of which there is no sound here: as long as it is, nothing is heard of the person."""
        self._unknown = plays

    def played(self, samples: Samples, rate: int) -> None:
        """These are being handed to the loudspeakers."""
        if self._processor is None:
            return
        if self._resampler is None or self._resampler[0] != rate:
            import soxr

            self._resampler = (
                rate,
                soxr.ResampleStream(rate, CAPTURED_RATE, 1, dtype="float32", quality="LQ"),
            )
        far = self._resampler[1].resample_chunk(samples)
        self._played = np.concatenate([self._played, far])[-MOST_WAITING:]

    @property
    def trusted(self) -> bool:
        """Whether what is left can be the person's voice while something is played."""
        if not self._levels:
            return False
        if float(np.percentile(self._levels, 75)) < FAINT_DB:
            return True
        if self._heard < LEARNING_SECONDS or len(self._gains) < AGAIN_SECONDS / BLOCK_SECONDS:
            return False
        return float(np.percentile(self._gains, 70)) >= PROVEN_DB

    def clean(self, samples: Samples) -> tuple[Samples, list[Levels]]:
        """What was captured, without what was played, and its levels; up to a block of it waits for the next call."""
        if self._processor is None:
            return samples, []
        self._captured = np.concatenate([self._captured, samples])
        done: list[Samples] = []
        levels: list[Levels] = []
        while len(self._captured) >= BLOCK:
            block, self._captured = self._captured[:BLOCK], self._captured[BLOCK:]
            far, self._played = self._played[:BLOCK], self._played[BLOCK:]
            if len(far) < BLOCK:
                far = np.pad(far, (0, BLOCK - len(far)))
            near = np.asarray(self._processor.process(block, far), np.float32)
            levels.append((round(_decibels(block), 1), round(_decibels(far), 1), round(_decibels(near), 1)))
            done.append(self._judged(block, far, near))
        return (np.concatenate(done) if done else np.zeros(0, np.float32)), levels

    def _judged(self, block: Samples, far: Samples, near: Samples) -> Samples:
        if self._unknown:
            self._since = 0.0
            return np.zeros_like(near)
        if _decibels(far) > SILENT_DB:
            self._since = 0.0
            self._heard += BLOCK_SECONDS
            self._gains.append(_decibels(block) - _decibels(near))
            self._levels.append(_decibels(block))
        else:
            self._since += BLOCK_SECONDS
        if self._since < ECHO_SECONDS and not self.trusted:
            return np.zeros_like(near)
        return near
