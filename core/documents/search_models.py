"""The models that documents are searched with: which there are, which worker runs each, and what they say.

Embedders make vectors of texts; a reranker and an entailment model read two texts together. Those that are GGUF files run in a
worker of their own, all others in the documents worker. A worker that dies is tried once more. Without its embedder nothing
can be searched by meaning; a reranker or an entailment model that fails is told, and done without.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.documents import calibration
from core.documents.messages import (
    STARTER_EMBEDDER,
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
from core.errors import N_, Cancelled, TsukueError, WorkerDied
from core.events import Event, Events
from core.jobs import Job
from core.models.library import Library
from core.paths import Home
from core.settings import SettingsFile
from core.workers.messages import Request
from core.workers.supervisor import Worker, WorkerSpec

log = logging.getLogger(__name__)

WORKER_NAME = N_("document search")
GGUF_NAME = N_("GGUF search models")
THREADS = max(1, min(4, os.cpu_count() or 1))  # of a search; more gain nothing on texts of this length
# What a worker is told of the models that there are: by option, the role that they have in the library.
_ROLES = {"models": "embedding", "rerankers": "reranker", "entailment": "entailment"}


@dataclass(frozen=True)
class SearchModelFailed(Event):
    """A reranker or an entailment model (`role`) could not be asked, and what it is for is done without it. Told once for each
    failure."""

    role: str
    error: TsukueError


def folders(library: Library, role: str = "embedding") -> dict[str, str]:
    """Where the models are that the person has, embedders or those of another role."""
    return {model.id: str(model.path) for model in library.of_role(role)}


def _options(library: Library) -> dict[str, Any]:
    return {**{option: folders(library, role) for option, role in _ROLES.items()}, "threads": THREADS}


def spec(home: Home, library: Library) -> WorkerSpec:
    """The documents worker of a home."""
    options = {"vectors": str(home.vectors), **_options(library)}
    return WorkerSpec(WORKER_NAME, "core.documents.worker", options=options, idle_seconds=600, nice=8)


def gguf_spec(library: Library) -> WorkerSpec:
    """The worker for search models that are GGUF files."""
    return WorkerSpec(
        GGUF_NAME, "core.documents.gguf_worker", options=_options(library), idle_seconds=600, nice=8
    )


class SearchModels:
    """Asks the worker that can run a model; any thread may call."""

    def __init__(self, worker: Worker, gguf: Worker, settings: SettingsFile, events: Events) -> None:
        self.worker = worker
        self.gguf = gguf
        self._settings = settings
        self._events = events
        self._told: dict[str, str] = {}  # by role, the failure that was told last
        self._scales: dict[str, dict[str, calibration.Scale]] = {}

    # ------------------------------------------------------------ which there are

    @property
    def embedder(self) -> str:
        """The embedder in use."""
        return self._settings.values.embedder or STARTER_EMBEDDER

    @property
    def embedders(self) -> set[str]:
        """All that are there."""
        return {STARTER_EMBEDDER, *self._known("models")}

    @property
    def reranker(self) -> str:
        """The model that ranks passages by reading them with the question; '' where the person wants none, or it has gone."""
        return self._there("rerankers", self._settings.values.reranker)

    @property
    def entailment(self) -> str:
        """The model that tells whether a text implies a statement; '' where the person wants none, or it has gone."""
        return self._there("entailment", self._settings.values.entailment_model)

    def learn(self, library: Library) -> None:
        """Models may have come since the workers were started: one that needs to know them is started again."""
        for worker in (self.worker, self.gguf):
            new = False
            for option, role in _ROLES.items():
                known: dict[str, str] = worker.spec.options[option]
                found = folders(library, role)
                new = new or not found.items() <= known.items()
                known.update(found)
            if new:
                worker.stop()

    def _known(self, option: str) -> dict[str, str]:
        known: dict[str, str] = self.worker.spec.options[option]
        return known

    def _there(self, option: str, model: str) -> str:
        folder = self._known(option).get(model, "")
        return model if folder and Path(folder).exists() else ""

    # ------------------------------------------------------------ what embedders say; each raises ModelUnreadable, WorkerDied

    def passages(self, embedder: str, texts: list[str], job: Job) -> Vectors:
        """Vectors of passages, in the background."""
        vectors = self._ask(EncodePassages(embedder, texts), embedder, "models", job)
        assert isinstance(vectors, Vectors)
        return vectors

    def question(self, embedder: str, question: str, job: Job | None = None) -> Vectors:
        """The vector of a question."""
        vector = self._ask(EncodeQuestion(embedder, question), embedder, "models", job)
        assert isinstance(vector, Vectors)
        return vector

    def compare(
        self, question: str, texts: list[str], job: Job | None = None, *, embedder: str = ""
    ) -> list[float]:
        """Cosine similarity of a question to each text, by the embedder in use unless another is given."""
        if not texts:
            return []
        embedder = embedder or self.embedder
        values = self._ask(Compare(embedder, question, texts), embedder, "models", job)
        assert isinstance(values, Similarities)
        return self.scaled(embedder, list(values.values))

    def scaled(self, embedder: str, values: list[float]) -> list[float]:
        """Similarities of an embedder on the starter's scale."""
        if embedder == STARTER_EMBEDDER or not values:
            return values
        for name in (STARTER_EMBEDDER, embedder):
            if name not in self._scales:
                found = self._ask(MeasureScale(name), name, "models")
                assert isinstance(found, Scales)
                self._scales[name] = found.languages
        return calibration.onto(self._scales[STARTER_EMBEDDER], self._scales[embedder], values)

    # ------------------------------------------------------------ what models say that can be done without

    def rerank(self, question: str, texts: list[str], job: Job | None = None) -> list[float] | None:
        """How well each text answers a question, 0 to 1, by the reranker; None where it cannot be asked. Raises Cancelled."""
        model = self.reranker
        return self._scores(Rerank(model, question, texts), model, "rerankers", job)

    def entails(self, premises: list[str], statement: str) -> list[float] | None:
        """How surely each premise implies a statement, 0 to 1, by the entailment model; None where it cannot be asked."""
        model = self.entailment
        return self._scores(Entail(model, premises, statement), model, "entailment")

    def _scores(
        self, request: Request, model: str, option: str, job: Job | None = None
    ) -> list[float] | None:
        role = _ROLES[option]
        try:
            values = self._ask(request, model, option, job)
        except Cancelled:
            raise
        except TsukueError as error:
            if self._told.get(role) != str(error):
                log.warning("a model could not be asked (%s): %s", role, error)
                self._events.publish(SearchModelFailed(role, error))
            self._told[role] = str(error)
            return None
        self._told.pop(role, None)
        assert isinstance(values, Similarities)
        return list(values.values)

    def _ask(self, request: Request, model: str, option: str, job: Job | None = None) -> object:
        gguf = self._known(option).get(model, "").endswith(".gguf")
        return call(self.gguf if gguf else self.worker, request, job)


def call(worker: Worker, request: Request, job: Job | None = None) -> object:
    """What a worker answers; one that dies is asked once more. Raises WorkerDied, and what the request does."""
    for attempt in (1, 2):
        asked = worker.call(request)
        leave = job.on_cancel(asked.cancel) if job is not None else None
        try:
            return asked.result()
        except WorkerDied:
            if attempt == 2:
                raise
            log.warning("trying %s once more", type(request).__name__)
        finally:
            if leave is not None:
                leave()  # a job embeds many batches, and would keep the text of each
    raise AssertionError
