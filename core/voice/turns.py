"""Whether somebody has said what they wanted to say: Smart Turn v3.2 (Pipecat, BSD-2) hears it in the voice itself.

The network hears at most the last eight seconds of a turn, in any of 23 languages, English and Japanese among them, and
tells a sentence that has come to its end from one that has only paused. Runs in the voice worker.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

SECONDS = 8


class Turns:
    """`spectrum` makes what the network sees of samples (16 kHz) and a number of seconds (`Whisper.spectrum_of_turn`)."""

    def __init__(self, network: Path, spectrum: Callable[[Samples, int], npt.NDArray[np.float32]]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            str(network), options, providers=["CPUExecutionProvider"]
        )
        self._spectrum = spectrum

    def complete(self, samples: Samples) -> float:
        """How probable it is that the turn that ends with these samples is complete (0 to 1)."""
        spectrum = self._spectrum(samples, SECONDS)
        (found,) = self._session.run(None, {"input_features": spectrum[None]})
        return float(np.asarray(found).reshape(-1)[0])
