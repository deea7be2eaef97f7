"""Tracks which conversation's tokens are in the cache, so that a follow-up evaluates only what is new.

One conversation is live: it has the cache to itself. When another one is taken, the state of the one
before is copied out into ordinary memory ("parked") and copied back when its turn comes, in a small part
of the time that reading its tokens again would take. When the process leaves, what is live or parked goes to
disk (core/engine/states.py). Several conversations side by side in the cache were
tried first: attention then runs over everybody's cells, and a thousand foreign tokens cost the starter
model 6 % of its speed (docs/measures.md).

Models whose cache cannot be cut back (recurrent, sliding window) are read again from the start:
`llama_memory_seq_rm` says so by returning False.
"""

from __future__ import annotations

import ctypes
import time
from collections import OrderedDict
from dataclasses import dataclass, field

import llama_cpp.llama_cpp as c
import psutil

from core.engine.llama.cells import begins, takes_position
from core.engine.llama.model import Model
from core.engine.llama.packing import pack, unpack
from core.engine.states import StateFiles

LIVE = 0  # the sequence number of the live conversation
# All parked states together; the one that was unused longest leaves first. So much of the memory that is free, but
# at least and at most so many bytes.
PARKED_SHARE, PARKED_LEAST, PARKED_MOST = 1 / 8, 256 << 20, 2 << 30
WORTH_PARKING = 64  # tokens; fewer are read again faster than they are kept


@dataclass
class Sequence:
    """The live conversation: its name and the tokens (and cells of pictures, see cells.py) that lie in the cache for it, in order."""

    conversation: str = ""
    tokens: list[int] = field(default_factory=list)
    used: int = 0  # when it was taken last, in nanoseconds
    stays: int = 0  # cells that take no position

    @property
    def position(self) -> int:
        """Where what comes next stands for the model."""
        return len(self.tokens) - self.stays

    def add(self, tokens: list[int]) -> None:
        """These lie in the cache now, behind the others."""
        self.tokens += tokens
        if tokens and min(tokens) < 0:
            self.stays += sum(not takes_position(token) for token in tokens)

    def cut(self, length: int) -> None:
        """No more than so many of them lie there now."""
        if self.stays:
            self.stays -= sum(not takes_position(token) for token in self.tokens[length:])
        del self.tokens[length:]


@dataclass(frozen=True)
class _Parked:
    tokens: list[int]
    state: ctypes.Array[ctypes.c_uint8]
    used: int


class Sequences:
    """The conversations of one model's context: one live, others parked."""

    def __init__(self, model: Model, files: StateFiles) -> None:
        self._model = model
        self._files = files
        self._live = Sequence()
        self._parked: OrderedDict[str, _Parked] = OrderedDict()  # the one parked longest ago is first

    def take(self, conversation: str) -> Sequence:
        """Make a conversation the live one, with what is known of it, and return it."""
        live = self._live
        if live.conversation != conversation:
            self._park()
            live.conversation = conversation
            self._restore()
        live.used = time.time_ns()
        return live

    def forget(self, conversation: str) -> None:
        """Free what is kept in memory for a conversation."""
        self._parked.pop(conversation, None)
        if self._live.conversation == conversation:
            self._clear()
            self._live.conversation = ""

    def keep_common(self, prompt: list[int]) -> int:
        """Cut the live sequence back to what it shares with `prompt`; returns how many tokens need no reading.

        At least the last token of the prompt is always read, for its logits, and no picture in parts.
        """
        common = 0
        for old, new in zip(self._live.tokens, prompt, strict=False):
            if old != new:
                break
            common += 1
        common = min(common, len(prompt) - 1)
        while common and any(
            common < len(tokens) and tokens[common] < 0 and not begins(tokens[common])
            for tokens in (prompt, self._live.tokens)
        ):
            common -= 1
        self.cut(common)
        return len(self._live.tokens)

    def cut(self, length: int) -> None:
        """Cut the live sequence back to its first `length` tokens."""
        if length < len(self._live.tokens):
            self._live.cut(length)
            self.drop_unknown()

    def change_files(self, files: StateFiles) -> None:
        """What the model computes has changed (an adapter): put away what is known, and know only what `files` has."""
        self.keep()
        self._files = files
        self._live.conversation = ""

    def drop_unknown(self) -> None:
        """Remove cells beyond the known tokens: what a stopped decode may have written."""
        if not c.llama_memory_seq_rm(self._model.memory, LIVE, self._live.position, -1):
            self._clear()

    def _clear(self) -> None:
        c.llama_memory_seq_rm(self._model.memory, LIVE, -1, -1)
        self._live.cut(0)

    # ------------------------------------------------------------ parking

    def _park(self) -> None:
        """Copy the live conversation's state out, if it is worth it, and empty the cache."""
        live = self._live
        if live.conversation and len(live.tokens) >= WORTH_PARKING:
            size = c.llama_state_seq_get_size(self._model.context, LIVE)
            state = (ctypes.c_uint8 * size)()
            if c.llama_state_seq_get_data(self._model.context, state, size, LIVE) == size:
                self._parked[live.conversation] = _Parked(list(live.tokens), state, live.used)
        self._clear()
        limit = min(max(PARKED_LEAST, psutil.virtual_memory().available * PARKED_SHARE), PARKED_MOST)
        while sum(len(parked.state) for parked in self._parked.values()) > limit:
            conversation, oldest = self._parked.popitem(last=False)
            self._write(conversation, oldest)

    def keep(self) -> None:
        """Put everything that is live or parked on disk: the process leaves, or another model comes.

        The latest first, for a process that is too slow to leave is ended.
        """
        self._park()
        for conversation, parked in reversed(self._parked.items()):
            self._write(conversation, parked)
        self._parked.clear()

    def _write(self, conversation: str, parked: _Parked) -> None:
        self._files.write(conversation, parked.tokens, pack(memoryview(parked.state).cast("B")), parked.used)

    def _restore(self) -> None:
        """Copy the live conversation's parked state back, if there is one in memory or on disk."""
        parked = self._parked.pop(self._live.conversation, None)
        if parked is None:
            kept = self._files.read(self._live.conversation)
            if kept is None or len(kept[0]) > self._model.context_length:
                return
            state = unpack(kept[1])
            parked = _Parked(kept[0], (ctypes.c_uint8 * len(state)).from_buffer_copy(state), 0)
        size = len(parked.state)
        if c.llama_state_seq_set_data(self._model.context, parked.state, size, LIVE) == size:
            self._live.add(parked.tokens)
        else:
            self._clear()
