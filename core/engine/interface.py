"""The interface that chat and documents use for any engine: the local worker or a remote server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from core.engine.messages import Completion, Generate, ModelInfo, Piece, Timings, Turn
from core.errors import TsukueError, WorkerDied
from core.events import Event
from core.jobs import Job


@dataclass(frozen=True)
class EngineLoading(Event):
    """A model is being loaded; `percent` goes from 0 to 100."""

    model: str
    percent: int


@dataclass(frozen=True)
class EngineLoaded(Event):
    """A model is ready."""

    model: str
    info: ModelInfo


@dataclass(frozen=True)
class EngineContextShortened(Event):
    """There was no memory for the context that was wanted: `length` tokens are tried instead."""

    model: str
    length: int


@dataclass(frozen=True)
class EngineLayersReduced(Event):
    """The graphics card has room for `layers` of the `total` that were to be computed there."""

    model: str
    layers: int
    total: int


@dataclass(frozen=True)
class EngineDraftUnused(Event):
    """The smaller model that was chosen to guess ahead (`path`) does not: answers come without it."""

    model: str
    path: str


@dataclass(frozen=True)
class EngineHelperGone(Event):
    """A file that was chosen by hand for a model is not there: answers come without it. Told once for each.

    `kind` is 'draft' for a smaller model that guesses ahead (`name` is its name), 'adapter' or 'projector' (its file).
    """

    model: str
    kind: str
    name: str


@dataclass(frozen=True)
class EngineEyesUnused(Event):
    """A model's projector (its file's `name`) cannot be used, and is left alone: `reason` (English; translate where shown)."""

    model: str
    name: str
    reason: str


@dataclass(frozen=True)
class EngineDevicesGone(Event):
    """Graphics devices that the engine saw at its last start are not there now."""

    descriptions: tuple[str, ...]


@dataclass(frozen=True)
class EngineSteppedDown(Event):
    """The engine crashed (`cause`) and goes on with safer settings: `rung` says which."""

    model: str
    cause: str
    rung: str


@dataclass(frozen=True)
class EngineAnswered(Event):
    """A loaded model has written an answer to its end, so quickly."""

    info: ModelInfo
    timings: Timings


class Answer(Protocol):
    """An answer under way."""

    def items(self) -> Iterator[Piece]:
        """The pieces as they come. Raises what ended the answer early."""

    def result(self, timeout: float | None = None) -> Completion:
        """How it ended."""

    def cancel(self) -> None:
        """Stop it; `items` then raises Cancelled."""


class Engine(Protocol):
    """Turns a list of turns into an answer."""

    def load(self, model: str, job: Job | None = None) -> ModelInfo:
        """Make a model (its id in the library, or a file's path) ready. Raises its typed errors.

        Once `job` is cancelled, nothing more is loaded or waited for on its account: Cancelled.
        """

    def generate(
        self,
        model: str,
        request: Generate,
        on_read: Callable[[int, int], None] | None = None,
        job: Job | None = None,
    ) -> Answer:
        """Start an answer to the request's last turn; load the model first if it is not there any more.

        `on_read` is told how many of the prompt's new tokens were read, and of how many; on another thread. `job` is
        for the loading, as in `load`.
        """

    def step_down(self, model: str, error: WorkerDied) -> bool:
        """After a crash: choose safer settings for the model; whether another try makes sense."""

    def count_tokens(self, model: str, turns: list[Turn], job: Job | None = None) -> list[int]:
        """How many tokens each turn's text and pictures have. For `job`, see `load`."""

    def lose_eyes(self, model: str, error: TsukueError) -> bool:
        """After a request with pictures failed: go on without eyes where they are at fault; whether another try makes sense."""

    def sees(self, model: str) -> bool:
        """Whether a model can look at pictures, as far as is known without loading it."""

    def forget(self, conversation: str) -> None:
        """Free what is kept for a conversation."""

    def name_of(self, model: str) -> str:
        """A model's name for people."""

    def writes(self, model: str, language: str) -> bool:
        """Whether a model can write a language (a code such as ja), as far as is known."""
