"""The local engine: the window's or command line's side of the engine worker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from core.engine.interface import Answer, EngineLoaded, EngineLoading
from core.engine.messages import (
    CountTokens,
    Forget,
    Generate,
    LoadModel,
    ModelInfo,
    Sampling,
    Turn,
)
from core.errors import N_
from core.events import Events
from core.models.library import Library
from core.settings import SettingsFile
from core.workers.messages import Progress
from core.workers.supervisor import PendingCall, Worker, WorkerSpec

log = logging.getLogger(__name__)

WORKER_NAME = N_("chat engine")


def spec(module: str = "core.engine.llama.worker", **options: object) -> WorkerSpec:
    """The engine's worker; tests name the scripted module instead."""
    return WorkerSpec(WORKER_NAME, module, options=dict(options), idle_seconds=900, nice=5)


class LocalEngine:
    """Loads the model that a request needs, in the worker, and passes requests on. Thread-safe."""

    def __init__(self, worker: Worker, library: Library, settings: SettingsFile, events: Events) -> None:
        self.worker = worker
        self._library = library
        self._settings = settings
        self._events = events
        self._lock = threading.Lock()
        self._loaded: tuple[int | None, str, int, int] | None = None  # pid, path, context, threads
        self._loading: PendingCall | None = None
        self.info: ModelInfo | None = None

    def load(self, model: str) -> ModelInfo:
        """Load a model unless it is loaded. Raises NoModel, ModelMissing, ModelUnreadable, WorkerDied, Cancelled."""
        with self._lock:
            return self._load(model)

    def _load(self, model: str) -> ModelInfo:
        path = self._library.path_of(model)
        values = self._settings.values
        wanted = (self.worker.pid, str(path), values.context_length, values.threads)
        if self._loaded == wanted and wanted[0] is not None and self.info is not None:
            return self.info
        self._loaded = self.info = (
            None  # the worker frees the old model first, whatever becomes of the new one
        )
        request = LoadModel(str(path), context_length=values.context_length, threads=values.threads)
        self._events.publish(EngineLoading(model, 0))
        self._loading = self.worker.call(request, self._progress(model))
        try:
            info: ModelInfo = self._loading.result()
        finally:
            self._loading = None
        self.info = info
        self._loaded = (self.worker.pid, *wanted[1:])
        self._events.publish(EngineLoaded(model, info))
        return info

    def _progress(self, model: str) -> Callable[[Progress], None]:
        return lambda progress: self._events.publish(EngineLoading(model, progress.done))

    def cancel_load(self) -> None:
        """Give up a load under way."""
        loading = self._loading
        if loading is not None:
            loading.cancel()

    def generate(
        self,
        model: str,
        conversation: str,
        turns: list[Turn],
        sampling: Sampling,
        max_tokens: int,
        reserve: int = 1,
        on_read: Callable[[int, int], None] | None = None,
    ) -> Answer:
        """See Engine.generate. The model is loaded first if it is not."""
        with self._lock:  # until the request is in the worker's queue, so that no other model gets in between
            self._load(model)
            return self.worker.call(
                Generate(conversation, turns, sampling, max_tokens, reserve),
                (lambda progress: on_read(progress.done, progress.total)) if on_read else None,
            )

    def count_tokens(self, model: str, texts: list[str]) -> list[int]:
        """See Engine.count_tokens."""
        with self._lock:
            self._load(model)
            call = self.worker.call(CountTokens(texts))
        counts: list[int] = call.result().counts
        return counts

    def forget(self, conversation: str) -> None:
        """See Engine.forget. Nothing is kept while the worker is off."""
        if self.worker.pid is not None:
            self.worker.call(Forget(conversation))

    def name_of(self, model: str) -> str:
        """A model's name for people."""
        return self._library.name_of(model)
