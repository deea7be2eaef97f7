"""Which conversation's tokens lie in the cache, so that a follow-up reads only what is new.

A conversation has a sequence number; its cached tokens are known exactly. When cells run short, the
sequences used longest ago leave. Models whose cache cannot be cut (recurrent, sliding window) are
read again from the start: `llama_memory_seq_rm` says so by returning False.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import llama_cpp.llama_cpp as c

from core.engine.llama.model import Model


@dataclass
class Sequence:
    """One conversation's place in the cache: its number and the tokens there, in order."""

    number: int
    conversation: str = ""
    tokens: list[int] = field(default_factory=list)
    used: int = 0


class Sequences:
    """The sequences of one model's context."""

    def __init__(self, model: Model, count: int) -> None:
        self._model = model
        self._all = [Sequence(number) for number in range(count)]
        self._clock = 0

    def take(self, conversation: str) -> Sequence:
        """The sequence of a conversation, or the one that was unused longest, emptied."""
        self._clock += 1
        for sequence in self._all:
            if sequence.conversation == conversation:
                break
        else:
            sequence = min(self._all, key=lambda s: s.used)
            self._empty(sequence)
            sequence.conversation = conversation
        sequence.used = self._clock
        return sequence

    def forget(self, conversation: str) -> None:
        """Free a conversation's cells."""
        for sequence in self._all:
            if sequence.conversation == conversation:
                self._empty(sequence)

    def keep_common(self, sequence: Sequence, prompt: list[int]) -> int:
        """Cut the sequence back to what it shares with `prompt`; returns how many tokens need no reading.

        At least the last token of the prompt is always read, for its logits.
        """
        common = 0
        for old, new in zip(sequence.tokens, prompt, strict=False):
            if old != new:
                break
            common += 1
        common = min(common, len(prompt) - 1)
        return self.cut(sequence, common)

    def cut(self, sequence: Sequence, length: int) -> int:
        """Keep the first `length` tokens, or none where the model's cache cannot be cut; returns how many."""
        if length < len(sequence.tokens) and not c.llama_memory_seq_rm(
            self._model.memory, sequence.number, length, -1
        ):
            self._clear(sequence)
            return 0
        del sequence.tokens[length:]
        return len(sequence.tokens)

    def drop_unknown(self, sequence: Sequence) -> None:
        """Remove cells beyond the known tokens: what a stopped decode may have written."""
        if not c.llama_memory_seq_rm(self._model.memory, sequence.number, len(sequence.tokens), -1):
            self._clear(sequence)

    def make_room(self, sequence: Sequence, cells: int) -> None:
        """Empty other sequences, the longest unused first, until `cells` more fit (or none is left)."""
        while sum(len(s.tokens) for s in self._all) + cells > self._model.context_length:
            if not self.drop_oldest(sequence):
                return

    def drop_oldest(self, keep: Sequence) -> bool:
        """Empty the sequence that was unused longest, `keep` apart; False if there is none."""
        others = [s for s in self._all if s is not keep and s.tokens]
        if not others:
            return False
        self._empty(min(others, key=lambda s: s.used))
        return True

    def _clear(self, sequence: Sequence) -> None:
        c.llama_memory_seq_rm(self._model.memory, sequence.number, -1, -1)
        sequence.tokens.clear()

    def _empty(self, sequence: Sequence) -> None:
        self._clear(sequence)
        sequence.conversation = ""
        sequence.used = 0
