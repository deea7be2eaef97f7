"""The worker for search models that are GGUF files: llama.cpp, apart from Chroma and from the engine that writes answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.documents import profiles
from core.documents.embedder import Matrix
from core.documents.encoding import Encoding, Ranker
from core.engine.llama.encoder import Encoder
from core.engine.llama.model import start_backend
from core.errors import N_, ModelUnreadable
from core.workers.messages import Request
from core.workers.process import Handler


class GgufEmbedder:
    """A GGUF file that makes vectors, with the words that its family wants in front of questions and passages."""

    def __init__(self, name: str, path: Path) -> None:
        """Raises ModelUnreadable, ModelMissing, ModelTooLarge."""
        self._encoder = Encoder(path)
        self.dimension = self._encoder.dimension
        own = profiles.of(path.name)
        self._profile = own if own != profiles.Profile() else profiles.of(name)

    def encode(self, texts: list[str], *, question: bool, threads: int = 1) -> Matrix:
        prefix = self._profile.question if question else self._profile.passage
        return self._encoder.encode([prefix + text for text in texts], threads=threads)


def _embedder(name: str, path: str | None) -> GgufEmbedder:
    if path is None:
        raise ModelUnreadable(name, N_("no such embedding model"))
    return GgufEmbedder(name, Path(path))


def _reranker(path: str) -> Ranker:
    return Encoder(Path(path), ranks=True)


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    start_backend(graphics=False)
    return Encoding(options, _embedder, _reranker).operations()
