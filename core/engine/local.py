"""The local engine: the window's or command line's side of the engine worker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from core.engine import states
from core.engine.interface import (
    Answer,
    EngineContextShortened,
    EngineLoaded,
    EngineLoading,
    EngineSteppedDown,
)
from core.engine.ladder import Ladder, is_crash
from core.engine.messages import (
    AskEngine,
    CountTokens,
    Forget,
    Generate,
    LoadModel,
    ModelInfo,
    Sampling,
    Turn,
)
from core.errors import N_, ModelTooLarge, WorkerDied
from core.events import Events
from core.models.library import Library
from core.settings import SettingsFile
from core.workers.messages import Progress
from core.workers.supervisor import PendingCall, Worker, WorkerSpec

log = logging.getLogger(__name__)

SMALLEST_CONTEXT = 2048
WORKER_NAME = N_("chat engine")


def spec(module: str = "core.engine.llama.worker", **options: object) -> WorkerSpec:
    """The engine's worker; tests name the scripted module instead."""
    return WorkerSpec(WORKER_NAME, module, options=dict(options), idle_seconds=900, nice=5)


class LocalEngine:
    """Loads the model that a request needs, in the worker, and passes requests on. Thread-safe."""

    def __init__(
        self,
        worker: Worker,
        library: Library,
        settings: SettingsFile,
        events: Events,
        ladder: Ladder,
        state_folder: Path | None = None,
    ) -> None:
        """Conversations' states are kept in `state_folder` between starts; None keeps none."""
        self.worker = worker
        self._states = state_folder
        self.ladder = ladder
        self._library = library
        self._settings = settings
        self._events = events
        self._lock = threading.Lock()
        self._loaded: tuple[int | None, LoadModel] | None = None  # the worker's pid, and what was asked for
        self._loading: PendingCall | None = None
        self._gpu: bool | None = None
        self.info: ModelInfo | None = None

    def load(self, model: str) -> ModelInfo:
        """Load a model unless it is loaded. Raises NoModel, ModelMissing, ModelUnreadable, WorkerDied, Cancelled."""
        with self._lock:
            return self._load(model)

    def _load(self, model: str) -> ModelInfo:
        path = self._library.path_of(model)
        values = self._settings.values
        usual = LoadModel(
            str(path),
            context_length=values.context_length,
            threads=values.threads,
            state_folder=str(self._states) if self._states else "",
            state_bytes=values.state_megabytes << 20,
        )
        pid = self.worker.pid
        if pid is not None and self.info is not None and self._loaded == (pid, self._with_ladder(usual)):
            return self.info
        # The worker frees the old model first, whatever becomes of the new one.
        self._loaded = self.info = self._gpu = None
        self.info = info = self._try(model, usual)
        self._loaded = (self.worker.pid, self._with_ladder(usual))
        self._events.publish(EngineLoaded(model, info))
        return info

    def _with_ladder(self, usual: LoadModel) -> LoadModel:
        """The request with what the model's rung changes."""
        return msgspec.structs.replace(usual, **self.ladder.changes(_key(usual.path)))

    def _try(self, model: str, usual: LoadModel) -> ModelInfo:
        """Load, walking down the ladder after crashes, and halving the context where memory is short."""
        while True:
            request = self._with_ladder(usual)
            self._events.publish(EngineLoading(model, 0))
            self._loading = self.worker.call(request, self._progress(model))
            try:
                info: ModelInfo = self._loading.result()
            except WorkerDied as error:
                if not self.step_down(model, error):
                    raise
            except ModelTooLarge:
                if usual.context_length <= SMALLEST_CONTEXT:
                    raise
                usual = msgspec.structs.replace(usual, context_length=usual.context_length // 2)
                self._events.publish(EngineContextShortened(model, usual.context_length))
            else:
                return info
            finally:
                self._loading = None

    def step_down(self, model: str, error: WorkerDied) -> bool:
        """See Engine.step_down. Only a crash of native code is answered so, and only while rungs are left."""
        if not is_crash(error.cause):
            return False
        gpu = self.info.gpu_layers > 0 if self.info is not None else self._has_gpu()
        rung = self.ladder.step_down(_key(str(self._library.path_of(model))), error.cause, gpu=gpu)
        if rung is None:
            return False
        log.warning("the engine crashed (%s): going on %s", error.cause, rung.name)
        self.worker.forgive()  # the ladder bounds the tries
        self._loaded = self.info = None
        self._events.publish(EngineSteppedDown(model, error.cause, rung.name))
        return True

    def _has_gpu(self) -> bool:
        """Whether the build could use a graphics card; False where not even that can be asked."""
        if self._gpu is None:
            try:
                self._gpu = bool(self.worker.call(AskEngine()).result().gpu)
            except WorkerDied:
                self._gpu = False
        return self._gpu

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
        schema: str = "",
    ) -> Answer:
        """See Engine.generate. The model is loaded first if it is not."""
        with self._lock:  # until the request is in the worker's queue, so that no other model gets in between
            self._load(model)
            return self.worker.call(
                Generate(conversation, turns, sampling, max_tokens, reserve, schema),
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
        """See Engine.forget; what lies on disk goes too."""
        if self._states is not None:
            states.forget(self._states, conversation)
        if self.worker.pid is not None:
            self.worker.call(Forget(conversation))

    def name_of(self, model: str) -> str:
        """A model's name for people."""
        return self._library.name_of(model)


def _key(path: str) -> str:
    """What a rung is remembered for: this file with this build of the engine."""
    try:
        build = version("llama-cpp-python")
    except PackageNotFoundError:
        build = "?"
    return f"{build} {Path(path).parent.name}/{Path(path).name}"
