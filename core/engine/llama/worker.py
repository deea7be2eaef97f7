"""The engine worker: serves the requests of core/engine/messages.py with llama.cpp.

`core/engine/llama/` is the only place that imports llama_cpp.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llama_cpp
import llama_cpp.llama_cpp as c
import msgspec
import psutil

from core.engine import states, thinking
from core.engine.llama import devices
from core.engine.llama.cells import Prompt
from core.engine.llama.draft_model import DraftModel
from core.engine.llama.drafts import Guesser, Lookup
from core.engine.llama.generate import Generator
from core.engine.llama.model import Model, start_backend
from core.engine.llama.sequences import Sequences
from core.engine.llama.threads import FixedThreads, FreeCores, ThreadGovernor, Threads
from core.engine.messages import (
    Adapter,
    AskEngine,
    Completion,
    CountTokens,
    EngineInfo,
    Forget,
    Generate,
    LoadModel,
    ModelInfo,
    Picture,
    Piece,
    TokenCounts,
    Turn,
)
from core.engine.states import StateFiles, file_version, key
from core.engine.thinking import ThinkingSplitter
from core.errors import N_, EyesUnusable, ModelTooLarge, NoModel, TsukueError
from core.models import gguf
from core.models.hardware import default_threads
from core.workers.messages import Leaving, Request
from core.workers.process import Context, Handler

if TYPE_CHECKING:  # it loads libmtmd
    from core.engine.llama.pictures import Eyes

log = logging.getLogger(__name__)

SECONDS_BETWEEN_PIECES = 0.1
RESIDENT = 2  # models that may be in memory at once
SPARE = 1_000_000_000  # bytes that must stay free beside a second model


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
            self._send()

    def write(self, answer: str, thinking: str) -> None:
        """What the model has written. The first time something is sent in any case, for it says that writing has begun."""
        self.send(answer, thinking)
        if not self._sent:
            self._send()

    def _send(self) -> None:
        self._context.item(Piece(self._answer, self._thinking))
        self._answer = self._thinking = ""
        self._sent = time.monotonic()


class _Resident:
    """A model in memory with what hangs on it."""

    def __init__(
        self,
        request: LoadModel,
        model: Model,
        draft: tuple[Model, int] | None,
        reading: Threads,
        writing: Threads,
    ) -> None:
        """`draft` is a smaller model that guesses for `model`, and the number of tokens that both know."""
        self.request = request
        self.version = _versions(request)
        self.model = model
        self.draft = request.draft or "" if draft is not None else ""
        self._aborts = [model.abort] + ([draft[0].abort] if draft is not None else [])
        self.sequences = Sequences(model, _files(request, ()))
        guessers: list[Guesser] = []
        always = request.speculation == "always"
        if request.speculation != "off" and model.can_be_cut:
            guessers.append(Lookup(always=always))
            if draft is not None:
                guessers.append(DraftModel(*draft, writing, always=always))
        self.generator = Generator(model, self.sequences, reading, writing, guessers)
        self._eyes: Eyes | None = None

    @property
    def eyes(self) -> Eyes:
        """What looks at pictures; loaded now if it is not. Raises EyesUnusable, Cancelled."""
        if self._eyes is None:
            if not self.request.projector:  # it was taken away since the prompt was made
                raise EyesUnusable("", N_("there is none"))
            from core.engine.llama.pictures import Eyes

            graphics = self.request.gpu_layers != 0 and bool(devices.graphics())
            flash = self.request.flash_attention
            self._eyes = Eyes(self.model, self.request.projector, graphics=graphics, flash_attention=flash)
        return self._eyes

    def prompt(self, pieces: list[str], pictures: list[Picture]) -> Prompt:
        """Tokens of a rendered prompt. Raises what looking at pictures raises."""
        return self.eyes.prompt(pieces, pictures) if pictures else Prompt(self.model.tokenise_prompt(pieces))

    @property
    def looks(self) -> int:
        """How many pictures were looked at."""
        return self._eyes.looks if self._eyes is not None else 0

    def count(self, turn: Turn) -> int:
        """Tokens of a turn's text and pictures."""
        words = len(self.model.tokenise(turn.text, special=False))
        return words + sum(self.eyes.count(picture) for picture in turn.pictures)

    def info(self) -> ModelInfo:
        return msgspec.structs.replace(self.model.info(), draft=self.draft, sees=bool(self.request.projector))

    def apply(self, adapters: list[Adapter]) -> None:
        """See Model.apply; what was computed with other adapters is put away."""
        if self.model.apply(adapters):
            self.sequences.change_files(_files(self.request, tuple(adapters)))

    def abort(self) -> None:
        """Stop what is being computed, by the draft model too."""
        for flag in self._aborts:
            flag.set()

    def clear_aborts(self) -> None:
        for flag in self._aborts:
            flag.clear()

    def close(self) -> None:
        self.sequences.keep()
        self.generator.close()
        if self._eyes is not None:
            self._eyes.close()
        self.model.close()


class Engine:
    """State of the worker: the models in memory, the current one last."""

    def __init__(self) -> None:
        self._started = False
        self._residents: list[_Resident] = []
        cores = os.cpu_count() or 1
        free = FreeCores()
        free.watch()
        # Reading a prompt gains from every core; how many are good for writing is found out.
        self._reading = ThreadGovernor(cores, cores, steps=1, free=free)
        start = min(psutil.cpu_count(logical=False) or cores, default_threads())
        self._writing = ThreadGovernor(cores, start, free=free)

    def _start(self, *, graphics: bool = True) -> None:
        if not self._started:
            self._started = True
            start_backend(graphics=graphics)

    def _current(self) -> _Resident:
        if not self._residents:
            raise NoModel("chat")
        return self._residents[-1]

    def load(self, request: LoadModel, context: Context) -> ModelInfo:
        self._start(graphics=request.gpu_layers != 0)
        for resident in self._residents:
            if resident.request == request and resident.version == _versions(request):
                self._residents.remove(resident)
                self._residents.append(resident)
                return resident.info()
        # The same file with other settings makes no sense twice.
        self._unload([r for r in self._residents if r.request.path == request.path])
        asked = request
        while self._residents and not self._room_beside(request):
            alone = msgspec.structs.replace(request, draft="")
            if request.draft and not request.draft_by_hand and self._room_beside(alone):
                request = alone
            else:
                self._unload(self._residents[:1])
        last = -1

        def progress(fraction: float) -> bool:
            nonlocal last
            if int(fraction * 100) != last:
                last = int(fraction * 100)
                context.progress(last, 100)
            return not context.cancelled

        if request.threads:
            reading: Threads = FixedThreads(request.threads)
            writing: Threads = FixedThreads(request.threads)
            most = request.threads
        else:
            reading, writing, most = self._reading, self._writing, os.cpu_count() or 1
        try:
            model = Model(request, most, progress)
        except ModelTooLarge:
            if not self._residents:
                raise
            self._unload(list(self._residents))
            model = Model(request, most, progress)
        self._residents.append(_Resident(asked, model, self._draft(request, model), reading, writing))
        return self._current().info()

    def _room_beside(self, request: LoadModel) -> bool:
        """Whether a second model may come without pressing on what else runs here."""
        if len(self._residents) >= RESIDENT:
            return False
        size = sum(
            Path(path).stat().st_size
            for path in (request.path, request.draft, request.projector)
            if path and gguf.is_there(Path(path))
        )
        # Weights and about a quarter for cache and buffers: core/models/fit.py knows better, from the header.
        need = size * 1.25 + SPARE
        cards = [device for device in devices.graphics() if device.kind == "gpu"]
        if cards and request.gpu_layers != 0 and need > sum(card.memory_free for card in cards):
            return False
        return need < psutil.virtual_memory().available

    def _draft(self, request: LoadModel, model: Model) -> tuple[Model, int] | None:
        """The smaller model that guesses ahead, and the number of tokens that both know.

        One that cannot is left out, and the answer is the same without.
        """
        if not request.draft or request.speculation == "off" or not model.can_be_cut:
            return None
        wanted = msgspec.structs.replace(
            request, path=request.draft, context_length=model.context_length, projector=""
        )
        try:
            draft = Model(wanted, model.threads, lambda fraction: True)
        except TsukueError:
            log.warning("the draft model cannot be loaded", exc_info=True)
            return None
        words = draft.shared_vocabulary(model) if draft.can_be_cut else 0
        if words:
            return draft, words
        log.warning("the draft model has another vocabulary, or cannot take back what it read")
        draft.close()
        return None

    def _unload(self, residents: list[_Resident]) -> None:
        for resident in residents:
            self._residents.remove(resident)
            resident.close()

    def leave(self) -> None:
        """The process leaves by itself: what was read is kept for the next one."""
        for resident in reversed(self._residents):  # the one in use first
            resident.sequences.keep()

    def generate(self, request: Generate, context: Context) -> Completion:
        current = self._current()
        model = current.model
        current.apply(request.adapters)
        wishes = thinking.options(model.thinking_switch, request.thinking)
        options = {**wishes, **request.template_options}
        pieces = model.template.pieces(request.turns, options, request.day)
        # Some templates open the thinking themselves; its mark then never appears in the output. A schema leaves no
        # room for thinking: the first word already belongs to the answer.
        ending, marks = pieces[-1].rstrip(), model.thinking
        opened = ending.endswith(marks.open) and not ending.endswith(marks.close)
        if request.begun:
            pieces += model.template.begun(request.begun, after=marks.close if opened else "")
        splitter = ThinkingSplitter(marks, open_at_start=opened and not request.schema and not request.begun)

        stream = _Stream(context)

        looks = current.looks
        current.clear_aborts()
        context.on_cancel(current.abort)
        try:
            completion = current.generator.run(
                request.conversation,
                current.prompt(pieces, [picture for turn in request.turns for picture in turn.pictures]),
                request.sampling,
                request.max_tokens,
                request.reserve,
                lambda text: stream.write(*splitter.feed(text)),
                context.progress,
                lambda: context.cancelled,
                request.schema,
            )
        finally:
            context.on_cancel(None)
            current.clear_aborts()
            stream.send(*splitter.end())
            stream.flush()
        return msgspec.structs.replace(completion, looked=current.looks > looks)

    def count(self, request: CountTokens, context: Context) -> TokenCounts:
        current = self._current()
        current.clear_aborts()
        context.on_cancel(current.abort)
        try:
            return TokenCounts([current.count(turn) for turn in request.turns])
        finally:
            context.on_cancel(None)
            current.clear_aborts()

    def forget(self, request: Forget, context: Context) -> None:
        for resident in self._residents:
            resident.sequences.forget(request.conversation)
            if resident.request.state_folder:  # it may have been written after the other side deleted it
                states.forget(Path(resident.request.state_folder), request.conversation)

    def describe(self, request: AskEngine, context: Context) -> EngineInfo:
        self._start()
        system = c.llama_print_system_info().decode(errors="replace").strip()
        return EngineInfo(
            system,
            llama_cpp.__version__,
            devices.backends(),
            devices.variant(),
            devices.devices(),
        )


def _versions(request: LoadModel) -> tuple[tuple[int, int], ...]:
    """Of its files: others under the same names are another model."""
    return file_version(request.path), file_version(request.projector) if request.projector else (0, 0)


def _files(request: LoadModel, adapters: tuple[Adapter, ...]) -> StateFiles:
    """Where this model's states lie. They depend on the file, the build and what the cache is made of."""
    path = Path(request.path).resolve()
    depends = key(
        path,
        *file_version(path),
        llama_cpp.__version__,
        request.cache_type,
        request.flash_attention,
        adapters,
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
