"""Which engine answers: this computer's, or the server that the person has configured. Models are told apart by id."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from core.engine import thinking
from core.engine.interface import Answer, Engine
from core.engine.local import LocalEngine
from core.engine.messages import Generate, ModelInfo, Turn
from core.engine.remote import MODEL, RemoteEngine
from core.errors import N_, ModelMissing, ModelUnreadable, TsukueError, WorkerDied
from core.jobs import Job
from core.models import gguf
from core.models.library import Library


@functools.lru_cache(maxsize=64)
def _thinking_switch(path: Path, size: int, changed: int) -> str:
    """The variable by which a model file's template turns thinking on and off. Read once for each version."""
    try:
        return thinking.switch_of(gguf.chat_template(path))
    except (ModelMissing, ModelUnreadable):
        return ""  # loading it will say what is wrong


class Engines:
    """An Engine that passes each request on, and knows which chat models there are."""

    def __init__(self, local: LocalEngine, remote: RemoteEngine, library: Library) -> None:
        self.local = local
        self.remote = remote
        self._library = library

    def chat_models(self) -> list[tuple[str, str]]:
        """Ids and names of all models that can chat; the server's last."""
        models = [(model.id, model.name) for model in self._library.of_role("chat")]
        return models + ([(MODEL, self.remote.name_of(MODEL))] if self.remote.configured else [])

    def that_see(self) -> list[tuple[str, str]]:
        """Ids and names of those that can look at pictures."""
        return [(model, name) for model, name in self.chat_models() if self.sees(model)]

    def choose(self, wanted: str, *, strict: bool = False) -> str:
        """The wanted chat model if it can be used, else another, which is told (see Library.choose).

        Raises NoModel; if `strict`, ModelMissing or ModelGone instead of taking another.
        """
        if wanted == MODEL and self.remote.configured:
            return MODEL
        if strict:
            if wanted == MODEL:
                raise ModelMissing(wanted)
            self._library.path_of(wanted)
        why_not = N_("no server is entered in the settings") if wanted == MODEL else ""
        return self._library.choose("chat", wanted, why_not)

    def elsewhere(self, model: str) -> str:
        """The server that this model's conversations are sent to; '' if they stay here."""
        return self.remote.host if model == MODEL and self.remote.configured else ""

    def may_think(self, model: str) -> bool:
        """Whether this model can be told to think first or to answer at once. Reads its file's header the first time."""
        if model == MODEL:
            return False
        try:
            path = self._library.path_of(model)
            about = path.stat()
        except (ModelMissing, OSError):
            return False
        return bool(_thinking_switch(path, about.st_size, about.st_mtime_ns))

    def _of(self, model: str) -> Engine:
        return self.remote if model == MODEL else self.local

    # ------------------------------------------------------------ Engine

    def load(self, model: str, job: Job | None = None) -> ModelInfo:
        """See Engine.load."""
        return self._of(model).load(model, job)

    def generate(
        self,
        model: str,
        request: Generate,
        on_read: Callable[[int, int], None] | None = None,
        job: Job | None = None,
    ) -> Answer:
        """See Engine.generate."""
        return self._of(model).generate(model, request, on_read, job)

    def step_down(self, model: str, error: WorkerDied) -> bool:
        """See Engine.step_down."""
        return self._of(model).step_down(model, error)

    def count_tokens(self, model: str, turns: list[Turn], job: Job | None = None) -> list[int]:
        """See Engine.count_tokens."""
        return self._of(model).count_tokens(model, turns, job)

    def lose_eyes(self, model: str, error: TsukueError) -> bool:
        """See Engine.lose_eyes."""
        return self._of(model).lose_eyes(model, error)

    def sees(self, model: str) -> bool:
        """See Engine.sees."""
        return self._of(model).sees(model)

    def forget(self, conversation: str) -> None:
        """See Engine.forget."""
        self.local.forget(conversation)

    def name_of(self, model: str) -> str:
        """See Engine.name_of."""
        return self._of(model).name_of(model)

    def writes(self, model: str, language: str) -> bool:
        """See Engine.writes."""
        return self._of(model).writes(model, language)
