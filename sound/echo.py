"""Takes out of what the microphone captures what the loudspeakers play (WebRTC's echo canceller, by pywebrtc-audio).

What is played is paired with what is captured by counting samples: both run by clocks of their own, but hardly apart, and
the canceller finds the delay between them by itself as long as the sound is handed over before its echo can come.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.sound.messages import CAPTURED_RATE
from core.voice.channels import Samples

BLOCK = 320  # samples: the canceller fills blocks that are no multiple of 10 ms with zeros


class Echo:
    """`played` gets what is handed to the loudspeakers, `clean` what was captured. Does nothing until it is begun with `cancel`."""

    def __init__(self) -> None:
        self._processor: Any = None
        self._captured = np.zeros(0, np.float32)
        self._played = np.zeros(0, np.float32)
        self._resampler: tuple[int, Any] | None = None

    def begin(self, cancel: bool) -> None:
        """The microphone is about to open."""
        self._captured = np.zeros(0, np.float32)
        if not cancel:
            self._processor = None
        elif self._processor is None:
            from pywebrtc_audio import AudioProcessor

            self._processor = AudioProcessor(
                sample_rate=CAPTURED_RATE,
                echo_cancellation=True,
                noise_suppression=True,
                ns_level=1,
                auto_gain_control=False,
            )

    def played(self, samples: Samples, rate: int) -> None:
        """These are being handed to the loudspeakers."""
        if self._processor is None:
            return
        if self._resampler is None or self._resampler[0] != rate:
            import soxr

            self._resampler = (
                rate,
                soxr.ResampleStream(rate, CAPTURED_RATE, 1, dtype="float32", quality="QQ"),
            )
        self._played = np.concatenate([self._played, self._resampler[1].resample_chunk(samples)])

    def clean(self, samples: Samples) -> Samples:
        """What was captured, without what was played; up to a block of it waits for the next call."""
        if self._processor is None:
            return samples
        self._captured = np.concatenate([self._captured, samples])
        done = []
        while len(self._captured) >= BLOCK:
            block, self._captured = self._captured[:BLOCK], self._captured[BLOCK:]
            far = self._played[:BLOCK]
            self._played = self._played[BLOCK:]
            if len(far) < BLOCK:
                far = np.pad(far, (0, BLOCK - len(far)))
            done.append(np.asarray(self._processor.process(block, far), np.float32))
        return np.concatenate(done) if done else np.zeros(0, np.float32)
