"""Requests that the engine worker understands, whether real or scripted."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import msgspec

from core.errors import N_
from core.workers.messages import Request, operation


class Picture(msgspec.Struct, frozen=True):
    """A picture that stands in a text before its character `at`. `path` is a PNG file of ours, named by its hash."""

    path: str
    at: int = 0

    @property
    def name(self) -> str:
        """The hash of its bytes."""
        return PurePath(self.path).name


class Turn(msgspec.Struct, frozen=True):
    """One turn of a prompt: role ('system', 'user', 'assistant'), its text, and the pictures in it, in order."""

    role: str
    text: str
    pictures: tuple[Picture, ...] = ()

    def behind(self, text: str) -> Turn:
        """The same turn with a text in front of its own."""
        moved = (msgspec.structs.replace(picture, at=picture.at + len(text)) for picture in self.pictures)
        return Turn(self.role, text + self.text, tuple(moved))

    def and_then(self, other: Turn, between: str = "\n\n") -> Turn:
        """This turn with what another says behind it."""
        if not self.text or not other.text:
            between = ""
        behind = other.behind(self.text + between)
        return Turn(self.role, behind.text, self.pictures + behind.pictures)


LEAST_RESERVE = 16  # tokens of room for an answer to a question that nearly fills the window


class Sampling(msgspec.Struct, frozen=True):
    """How the next token is chosen. Temperature 0 is greedy; seed -1 is random."""

    temperature: float = 0.7
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    dry_multiplier: float = 0.0  # strength of the penalty for repeated passages; 0 is off
    seed: int = -1


class Adapter(msgspec.Struct, frozen=True):
    """A LoRA adapter that changes a model while it is applied: its file, and how strongly (1 is as trained)."""

    path: str
    scale: float = 1.0


class Timings(msgspec.Struct, frozen=True):
    """Measured in the worker: seconds and token counts. `cached_tokens` of the prompt were not read again."""

    first_token_s: float
    total_s: float
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    guessed_tokens: int = 0  # of the completion, by speculation; whether right or not
    accepted_tokens: int = 0  # of those, the right ones

    @property
    def tokens_per_second(self) -> float:
        """Speed of writing, from the first token to the last; 0 where there is only one."""
        seconds = self.total_s - self.first_token_s
        return (self.completion_tokens - 1) / seconds if seconds > 0 and self.completion_tokens > 1 else 0.0


class ModelInfo(msgspec.Struct, frozen=True):
    """A loaded model."""

    path: str
    description: str
    context_length: int
    parameters: int
    size_bytes: int
    layers: int
    gpu_layers: int
    threads: int  # at most, where the count is found by measuring
    thinking_switch: str = (
        ""  # the template's variable that turns thinking on and off; '' where there is none
    )
    draft: str = ""  # the file of the smaller model that guesses ahead
    cache_type: str = "f16"
    sees: bool = False  # there is a projector, with which it can look at pictures


class Piece(msgspec.Struct, frozen=True):
    """The next piece of an answer: text for the page, or the model's thinking."""

    text: str = ""
    thinking: str = ""


class Completion(msgspec.Struct, frozen=True):
    """How an answer ended: 'stop' (the model), 'length' (the limit), 'context' (the window is full)."""

    finish: str
    timings: Timings
    context_used: int
    looked: bool = False  # a picture was looked at for it


class TokenCounts(msgspec.Struct, frozen=True):
    counts: list[int]


class Device(msgspec.Struct, frozen=True):
    """Something that llama.cpp can compute on. `kind` is 'cpu', 'gpu' (own memory), 'igpu' (shared) or 'accel'."""

    name: str
    description: str
    kind: str
    memory: int
    memory_free: int

    @property
    def graphics(self) -> bool:
        """Whether layers can be moved to it."""
        return self.kind in ("gpu", "igpu")


class EngineInfo(msgspec.Struct, frozen=True):
    """What the native library says of itself and of this machine."""

    system: str
    version: str
    backends: list[str] = msgspec.field(
        default_factory=list
    )  # those that are loaded: cpu, vulkan, cuda, metal
    variant: str = ""  # of the portable build: which processor's code was taken
    devices: list[Device] = msgspec.field(default_factory=list)


@operation(result=ModelInfo, doing=N_("loading the model"))
class LoadModel(Request):
    """Make a GGUF file the current model. The one before stays beside it where memory allows.

    Raises ModelUnreadable, ModelTooLarge.
    """

    path: str
    context_length: int = 8192
    threads: int = 0  # 0: found by measuring
    gpu_layers: int = -1  # -1: all, where the build has a GPU backend
    flash_attention: bool = True  # where the model allows it
    extra_buffers: bool = True  # weights rearranged for the processor
    cache_type: str = "f16"  # of keys and values: f16, q8_0 or q4_0
    state_folder: str = ""  # where states of conversations are kept for the next start; '' keeps none
    state_bytes: int = 0  # how large that folder may become
    speculation: str = "auto"  # guess ahead: 'auto' where it was measured to pay, 'always', 'off'
    # A smaller model's file with the same vocabulary, to guess with; '' for none, None leaves it to room.py.
    draft: str | None = None
    draft_by_hand: bool = False  # the person chose it: it may push another model out of memory
    projector: str = ""  # the file that gives the model eyes; it is loaded when the first picture comes


@operation(item=Piece, result=Completion, doing=N_("reading the question"), then=N_("writing the answer"))
class Generate(Request):
    """Answer the last turn. Raises ContextFull and SchemaUnusable before reading anything, TemplateFailed, Cancelled.

    Turns with pictures are for models with a projector; they also raise PictureGone, PictureUnseen, and what loading raises.

    With `schema` (a JSON schema as text) the answer is JSON that fits it, unless a limit cuts it short. `conversation` names the sequence whose cached tokens may be reused. `begun` is what the answer says already: it goes on behind that.
    """

    conversation: str
    turns: list[Turn]
    sampling: Sampling = Sampling()
    max_tokens: int = 2048
    reserve: int = 1  # the prompt is too long if it leaves less room than this
    schema: str = ""
    adapters: list[Adapter] = msgspec.field(default_factory=list)
    thinking: bool | None = None  # whether to think first, where the template has a switch; None: as it comes
    template_options: dict[str, Any] = msgspec.field(default_factory=dict)
    day: str = (
        ""  # YYYY-MM-DD, what templates that print a date take for today: the same in a whole conversation
    )
    begun: str = ""


@operation(result=TokenCounts, doing=N_("counting tokens"))
class CountTokens(Request):
    """How many tokens each turn's text and pictures have, without any template. Raises PictureGone, and what loading raises."""

    turns: list[Turn]


@operation(doing=N_("freeing memory"))
class Forget(Request):
    """Drop what is cached for a conversation."""

    conversation: str


@operation(result=EngineInfo, doing=N_("checking the computer"))
class AskEngine(Request):
    """What the engine can do here."""
