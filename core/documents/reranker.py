"""Reads a question and a passage together and says how well the one answers the other: slower than comparing vectors, and surer.

A sentence-transformers folder of a cross-encoder; it may not contact a hub: folders only, and the worker has no network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import N_, ModelUnreadable

LONGEST = 512  # tokens of a question with a passage; what is longer is cut by the model's tokenizer


class Reranker:
    """A cross-encoder with one output."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelUnreadable, also for a classifier of several classes."""
        import torch
        from sentence_transformers import CrossEncoder

        self._torch = torch
        try:
            self._model: Any = CrossEncoder(
                str(folder), device="cpu", local_files_only=True, trust_remote_code=False, max_length=LONGEST
            )
        except (OSError, ValueError, KeyError, RuntimeError, AttributeError) as error:
            raise ModelUnreadable(str(folder), str(error)) from error
        if self._model.num_labels != 1:
            raise ModelUnreadable(str(folder), N_("this model does not rank passages"))

    def score(self, question: str, passages: list[str], *, threads: int = 1) -> list[float]:
        """How well each passage answers the question, 0 to 1."""
        self._torch.set_num_threads(threads)
        pairs = [(question, passage) for passage in passages]
        values = self._model.predict(
            pairs, activation_fn=self._torch.nn.Sigmoid(), show_progress_bar=False, convert_to_numpy=True
        )
        return [float(value) for value in values]
