"""Kokoro's voices: phonemes to sound. Runs in the speech worker.

Kokoro-82M (Apache-2.0), as an ONNX model in eight bits: 24 kHz, at most 510 phonemes at once. Measured on two cores: 0.3 s of
work for a second of speech; the arena is shrunk after each run, or the memory of the longest sentence would be kept.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import ModelUnreadable
from core.speaking.messages import RATE

MOST_PHONEMES = 510
_AUDIBLE = 0.01
_AROUND = int(0.03 * RATE)  # kept before the first and after the last audible sample

Samples = npt.NDArray[np.float32]


class Kokoro:
    """`folder` holds `model.onnx`, `vocab.json` and `voices.npz`; `more` further voices, as NAME.bin each. Raises ModelUnreadable."""

    def __init__(self, folder: Path, threads: int, more: Path | None = None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        self._run = onnxruntime.RunOptions()
        self._run.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
            vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
            with np.load(folder / "voices.npz") as voices:
                self._voices = {
                    name: np.asarray(voices[name], np.float32).reshape(-1, 256) for name in voices.files
                }
            for file in sorted(more.glob("*.bin")) if more is not None else ():
                self._voices[file.stem] = np.fromfile(file, "<f4").reshape(-1, 256)
        except Exception as error:  # onnxruntime has no class of its own for a file that it cannot read
            raise ModelUnreadable(str(folder), str(error)) from error
        self._numbers: dict[str, int] = vocabulary["vocab"]

    @property
    def voices(self) -> list[str]:
        """Their names; the second letter says whether it is a woman's or a man's, the first which language it was made for."""
        return sorted(self._voices)

    def say(self, phonemes: str, voice: str, speed: float) -> Samples:
        """The sound of at most 510 phonemes (more are dropped), without silence around it. `speed` 1 is as the voice speaks."""
        numbers = [self._numbers[one] for one in phonemes if one in self._numbers][:MOST_PHONEMES]
        if not numbers:
            return np.zeros(0, np.float32)
        style = self._voices[voice][min(len(numbers), MOST_PHONEMES) - 1][None]
        (sound,) = self._session.run(
            None,
            {
                "tokens": np.array([[0, *numbers, 0]], np.int64),
                "style": style,
                "speed": np.array([speed], np.float32),
            },
            self._run,
        )
        sound = np.asarray(sound, np.float32).reshape(-1)
        audible = np.flatnonzero(np.abs(sound) > _AUDIBLE)
        if not len(audible):
            return sound[:0]
        return sound[max(int(audible[0]) - _AROUND, 0) : int(audible[-1]) + _AROUND]
