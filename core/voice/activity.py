"""Where somebody speaks: Silero's voice activity network, frame by frame. Runs in the voice worker.

The network travels in faster-whisper's package (MIT). Its own wrapper reads whole recordings only; here the network's state
is kept from one piece to the next.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

FRAME = 512  # samples at 16 kHz (32 ms): what the network takes at a time
FRAME_SECONDS = FRAME / 16_000
SPEECH = 0.5  # a frame of which this is as probable, or more, is one of speech
_CONTEXT = 64  # samples before a frame that it sees again
_STATE = 128

Samples = npt.NDArray[np.float32]


class Activity:
    """How probable it is that a frame holds speech. Keeps its state between calls; `reset` forgets it.

    Quiet microphones are raised to the level that the network was trained on: it hears nothing in speech at -50 dB.
    """

    AIM = 0.25  # a peak of speech as the network likes it
    MOST_GAIN = 30.0
    FORGET = 0.9995  # of the loudest peak, a frame: half of it in 45 s

    def __init__(self, network: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            str(network), options, providers=["CPUExecutionProvider"]
        )
        self.reset()

    def reset(self) -> None:
        """Begin with other sound."""
        self._h = np.zeros((1, 1, _STATE), np.float32)
        self._c = np.zeros((1, 1, _STATE), np.float32)
        self._before = np.zeros(_CONTEXT, np.float32)
        self._peak = 0.0

    def probabilities(self, samples: Samples) -> npt.NDArray[np.float32]:
        """One number a frame; `samples` are whole frames that follow those of the last call."""
        frames = samples.reshape(-1, FRAME)
        if not len(frames):
            return np.zeros(0, np.float32)
        gains = np.empty((len(frames), 1), np.float32)
        for index, peak in enumerate(np.abs(frames).max(axis=1)):
            self._peak = max(self._peak * self.FORGET, float(peak))
            gains[index] = min(max(self.AIM / max(self._peak, 1e-6), 1.0), self.MOST_GAIN)
        whole = np.concatenate([self._before, samples])
        starts = np.arange(len(frames))[:, None] * FRAME
        windows = whole[starts + np.arange(_CONTEXT + FRAME)] * gains
        self._before = samples[-_CONTEXT:].copy()
        found, self._h, self._c = self._session.run(None, {"input": windows, "h": self._h, "c": self._c})
        return np.asarray(found, np.float32).reshape(-1)
