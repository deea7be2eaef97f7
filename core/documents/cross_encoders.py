"""Models that read two texts together: how well a passage answers a question, and whether a text implies a statement.

Slower than comparing vectors, and surer. Folders of sentence-transformers' cross-encoders; they may not contact a hub: folders
only, and the worker has no network.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.errors import N_, ModelUnreadable, NeedsFullPackage

LONGEST = 512  # tokens of two texts; what is longer is cut by the model's tokenizer


class _CrossEncoder:
    def __init__(self, folder: Path) -> None:
        """Raises ModelUnreadable, NeedsFullPackage."""
        try:
            import torch
            from sentence_transformers import CrossEncoder
        except ModuleNotFoundError as error:
            raise NeedsFullPackage(folder.name) from error

        self._torch = torch
        try:
            self._model: Any = CrossEncoder(
                str(folder), device="cpu", local_files_only=True, trust_remote_code=False, max_length=LONGEST
            )
        except Exception as error:  # safetensors, tokenizers and torch each raise their own
            raise ModelUnreadable(str(folder), str(error)) from error

    def _predict(self, pairs: list[tuple[str, str]], activation: Any, threads: int) -> Any:
        self._torch.set_num_threads(threads)
        return self._model.predict(
            pairs, activation_fn=activation, show_progress_bar=False, convert_to_numpy=True
        )


class Reranker(_CrossEncoder):
    """A cross-encoder with one output."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelUnreadable, also for a classifier of several classes."""
        super().__init__(folder)
        if self._model.num_labels != 1:
            raise ModelUnreadable(str(folder), N_("this model does not rank passages"))

    def score(self, question: str, passages: list[str], *, threads: int = 1) -> list[float]:
        """How well each passage answers the question, 0 to 1."""
        pairs = [(question, passage) for passage in passages]
        return [float(value) for value in self._predict(pairs, self._torch.nn.Sigmoid(), threads)]


class EntailmentModel(_CrossEncoder):
    """A classifier of natural language inference: entailment, and one or two other classes."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelUnreadable, also where no class says that it is entailment."""
        self._label = entailment_label(folder)
        super().__init__(folder)

    def entails(self, premises: list[str], statement: str, *, threads: int = 1) -> list[float]:
        """How surely each premise implies the statement, 0 to 1."""
        pairs = [(premise, statement) for premise in premises]
        values = self._predict(pairs, self._torch.nn.Softmax(dim=-1), threads)
        return [float(row[self._label]) for row in values]


def entailment_label(folder: Path) -> int:
    """Which of a classifier's classes is entailment: every family numbers them in its own way. Raises ModelUnreadable."""
    try:
        labels = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("id2label") or {}
        return next(int(number) for number, name in labels.items() if str(name).lower() == "entailment")
    except (OSError, ValueError, AttributeError, StopIteration) as error:
        raise ModelUnreadable(str(folder), N_("this model does not tell what a text implies")) from error
