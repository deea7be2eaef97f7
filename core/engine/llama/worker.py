"""The engine's worker: one model, answers one request after another."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import llama_cpp
import llama_cpp.llama_cpp as c

from core.engine.llama.generate import Generator
from core.engine.llama.model import Model, start_backend
from core.engine.llama.sequences import Sequences
from core.engine.messages import (
    AskEngine,
    Completion,
    CountTokens,
    EngineInfo,
    Forget,
    Generate,
    LoadModel,
    ModelInfo,
    Piece,
    TokenCounts,
)
from core.engine.states import StateFiles, key
from core.engine.thinking import CLOSE, OPEN, ThinkingSplitter
from core.errors import NoModel
from core.workers.messages import Leaving, Request
from core.workers.process import Context, Handler

SECONDS_BETWEEN_PIECES = 0.1


class _Stream:
    """Sends an answer's text in pieces, not more often than an eye can follow.

    Each message wakes the window's process, which on a machine with few cores costs the engine a
    measurable part of its speed (bench: 0.95 of the bare loop with a message a token).
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._answer = self._thinking = ""
        self._sent = 0.0

    def send(self, answer: str, thinking: str) -> None:
        """Add to the stream."""
        self._answer += answer
        self._thinking += thinking
        if time.monotonic() - self._sent >= SECONDS_BETWEEN_PIECES:
            self.flush()

    def flush(self) -> None:
        """Send what has gathered."""
        if self._answer or self._thinking:
            self._context.item(Piece(self._answer, self._thinking))
            self._answer = self._thinking = ""
            self._sent = time.monotonic()


class Engine:
    """State of the worker: the loaded model and what hangs on it."""

    def __init__(self) -> None:
        start_backend()
        self._model: Model | None = None
        self._sequences: Sequences | None = None
        self._generator: Generator | None = None

    def _loaded(self) -> tuple[Model, Sequences, Generator]:
        if self._model is None or self._sequences is None or self._generator is None:
            raise NoModel("chat")
        return self._model, self._sequences, self._generator

    def load(self, request: LoadModel, context: Context) -> ModelInfo:
        self._unload()
        last = -1

        def progress(fraction: float) -> bool:
            nonlocal last
            if int(fraction * 100) != last:
                last = int(fraction * 100)
                context.progress(last, 100)
            return not context.cancelled

        self._model = Model(request, progress)
        self._sequences = Sequences(self._model, _files(request))
        self._generator = Generator(self._model, self._sequences)
        return self._model.info()

    def leave(self) -> None:
        """The process leaves by itself: what was read is kept for the next one."""
        if self._sequences is not None:
            self._sequences.keep()

    def _unload(self) -> None:
        self.leave()
        if self._generator is not None:
            self._generator.close()
        if self._model is not None:
            self._model.close()
        self._model = self._sequences = self._generator = None

    def generate(self, request: Generate, context: Context) -> Completion:
        model, _, generator = self._loaded()
        pieces = model.template.pieces(request.turns, request.template_options)
        # Some templates open the thinking themselves; its mark then never appears in the output.
        ending = pieces[-1].rstrip()
        splitter = ThinkingSplitter(open_at_start=ending.endswith(OPEN) and not ending.endswith(CLOSE))

        stream = _Stream(context)

        model.abort.clear()
        context.on_cancel(model.abort.set)
        try:
            completion = generator.run(
                request.conversation,
                model.tokenise_prompt(pieces),
                request.sampling,
                request.max_tokens,
                request.reserve,
                lambda text: stream.send(*splitter.feed(text)),
                context.progress,
                lambda: context.cancelled,
                request.schema,
            )
        finally:
            context.on_cancel(None)
            model.abort.clear()
            stream.send(*splitter.end())
            stream.flush()
        return completion

    def count(self, request: CountTokens, context: Context) -> TokenCounts:
        model, _, _ = self._loaded()
        return TokenCounts([len(model.tokenise(text, special=False)) for text in request.texts])

    def forget(self, request: Forget, context: Context) -> None:
        if self._sequences is not None:
            self._sequences.forget(request.conversation)

    def describe(self, request: AskEngine, context: Context) -> EngineInfo:
        system = c.llama_print_system_info().decode(errors="replace").strip()
        return EngineInfo(system, bool(c.llama_supports_gpu_offload()), llama_cpp.__version__)


def _files(request: LoadModel) -> StateFiles:
    """Where this model's states lie. They depend on the file, the build and what the cache is made of."""
    path = Path(request.path).resolve()
    about = path.stat()
    depends = key(
        path,
        about.st_size,
        about.st_mtime_ns,
        llama_cpp.__version__,
        request.cache_type,
        request.flash_attention,
    )
    return StateFiles(Path(request.state_folder), depends, request.state_bytes if request.state_folder else 0)


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    engine = Engine()
    return {
        LoadModel: engine.load,
        Generate: engine.generate,
        CountTokens: engine.count,
        Forget: engine.forget,
        AskEngine: engine.describe,
        Leaving: lambda request, context: engine.leave(),
    }
