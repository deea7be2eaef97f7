"""The operations of a worker that makes vectors of texts: of passages, of questions, and comparisons of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from core.documents import calibration
from core.documents.embedder import Embedder, Matrix
from core.documents.messages import (
    Compare,
    EncodePassages,
    EncodeQuestion,
    Entail,
    MeasureScale,
    Rerank,
    Scales,
    Similarities,
    Vectors,
)
from core.errors import N_, ModelUnreadable
from core.workers.messages import Request
from core.workers.process import Context, Handler


class Ranker(Protocol):
    """What scores passages for a question, 0 to 1."""

    def score(self, question: str, passages: list[str], *, threads: int = 1) -> list[float]: ...


class Entailer(Protocol):
    """What tells how surely premises imply a statement, 0 to 1."""

    def entails(self, premises: list[str], statement: str, *, threads: int = 1) -> list[float]: ...


class Encoding:
    """Loads models when they are first asked for. `options`: `models` ({embedder name: path}), `rerankers` and `entailment` (the same of
    those), `threads` for what is waited for; what is embedded in the background has one."""

    def __init__(
        self,
        options: dict[str, Any],
        embedder: Callable[[str, str | None], Embedder],
        reranker: Callable[[str], Ranker],
        entailment: Callable[[str], Entailer] | None = None,
    ) -> None:
        """`embedder` loads a model by name and path, `reranker` and `entailment` by path; all raise ModelUnreadable."""
        self._options = options
        self._load_embedder = embedder
        self._load_reranker = reranker
        self._load_entailment = entailment
        self._embedders: dict[str, Embedder] = {}
        self._rerankers: dict[str, Ranker] = {}
        self._entailers: dict[str, Entailer] = {}
        # Whose vector is kept: a search and a comparison both need it.
        self._question: tuple[str, str] | None = None
        self._question_vector: Matrix | None = None

    def _embedder(self, name: str) -> Embedder:
        if name not in self._embedders:
            self._embedders[name] = self._load_embedder(name, self._options["models"].get(name))
        return self._embedders[name]

    def _embed_question(self, embedder: str, question: str) -> Matrix:
        if self._question_vector is None or self._question != (embedder, question):
            self._question_vector = self._embedder(embedder).encode(
                [question], question=True, threads=self._options["threads"]
            )
            self._question = embedder, question
        return self._question_vector

    def passages(self, request: EncodePassages, context: Context) -> Vectors:
        return _packed(self._embedder(request.embedder).encode(request.texts, question=False))

    def question(self, request: EncodeQuestion, context: Context) -> Vectors:
        return _packed(self._embed_question(request.embedder, request.question))

    def compare(self, request: Compare, context: Context) -> Similarities:
        question = self._embed_question(request.embedder, request.question)[0]
        texts = self._embedder(request.embedder).encode(
            request.texts, question=False, threads=self._options["threads"]
        )
        return Similarities([float(value) for value in texts @ question])

    def scale(self, request: MeasureScale, context: Context) -> Scales:
        return Scales(calibration.measure(self._embedder(request.embedder)))

    def rerank(self, request: Rerank, context: Context) -> Similarities:
        if request.model not in self._rerankers:
            self._rerankers[request.model] = self._load_reranker(self._path("rerankers", request.model))
        reranker = self._rerankers[request.model]
        return Similarities(reranker.score(request.question, request.texts, threads=self._options["threads"]))

    def entail(self, request: Entail, context: Context) -> Similarities:
        if request.model not in self._entailers:
            assert self._load_entailment is not None
            self._entailers[request.model] = self._load_entailment(self._path("entailment", request.model))
        entailer = self._entailers[request.model]
        return Similarities(
            entailer.entails(request.premises, request.statement, threads=self._options["threads"])
        )

    def _path(self, option: str, model: str) -> str:
        path: str | None = self._options[option].get(model)
        if path is None:
            raise ModelUnreadable(model, N_("no such model"))
        return path

    def operations(self) -> dict[type[Request], Handler]:
        mine: dict[type[Request], Handler] = {Entail: self.entail} if self._load_entailment else {}
        return mine | {
            EncodePassages: self.passages,
            EncodeQuestion: self.question,
            Compare: self.compare,
            MeasureScale: self.scale,
            Rerank: self.rerank,
        }


def _packed(matrix: Matrix) -> Vectors:
    half = np.ascontiguousarray(matrix, dtype="<f2")
    return Vectors(half.shape[1], half.tobytes())
