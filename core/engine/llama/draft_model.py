"""Guessing ahead with a smaller model that has the same vocabulary (see drafts.py)."""

from __future__ import annotations

import time

import llama_cpp.llama_cpp as c

from core.engine.llama.batch import Batch
from core.engine.llama.economy import Economy
from core.engine.llama.model import BATCH, Model

CATCHING_UP = 8  # tokens; more than these at once are not what the next guess costs


class DraftModel:
    """Guesses with a smaller model, greedily. It follows the text in a cache of its own."""

    def __init__(self, model: Model, *, always: bool = False) -> None:
        """`always`: see Economy."""
        self._economy = Economy(always=always)
        self._model = model
        self._batch = Batch()
        self._tokens: list[int] = []  # what its cache holds
        self._choose = c.llama_sampler_init_greedy()
        self._caught_up = 0.0  # seconds that the last guess spent on reading what it had missed

    def begin(self) -> None:
        """See Guesser.begin. What its cache shares with the next text is kept."""

    def guess(self, tokens: list[int], token: int, room: int) -> list[int]:
        """See Guesser.guess. The first one reads the prompt; the model's abort flag stops that."""
        self._caught_up = 0.0
        count = min(self._economy.best(), room)
        if count < 1 or len(tokens) + 1 + count > self._model.context_length:
            return []
        self._follow(tokens)
        guesses: list[int] = []
        latest = token
        for _ in range(count):
            if not self._read([latest]):
                break
            latest = c.llama_sampler_sample(self._choose, self._model.context, -1)
            guesses.append(latest)
        return guesses

    def _follow(self, tokens: list[int]) -> None:
        """Bring the cache to exactly these tokens."""
        known = min(len(self._tokens), len(tokens))
        if self._tokens[:known] != tokens[:known]:
            known = next(i for i in range(known) if self._tokens[i] != tokens[i])
        if known < len(self._tokens):
            c.llama_memory_seq_rm(self._model.memory, 0, known, -1)
            del self._tokens[known:]
        started = time.perf_counter()
        for start in range(known, len(tokens), BATCH):
            if not self._read(tokens[start : start + BATCH]):
                return
        if len(tokens) - known > CATCHING_UP:
            self._caught_up = time.perf_counter() - started

    def _read(self, tokens: list[int]) -> bool:
        if c.llama_decode(self._model.context, self._batch.fill(tokens, len(self._tokens), 0)) != 0:
            c.llama_memory_seq_rm(self._model.memory, 0, len(self._tokens), -1)
            return False
        self._tokens += tokens
        return True

    def single(self, seconds: float) -> None:
        """See Guesser.single."""
        self._economy.single(seconds)

    def learn(self, guesses: int, accepted: int, seconds: float) -> None:
        """See Guesser.learn."""
        self._economy.batch(guesses, accepted, max(0.0, seconds - self._caught_up))

    def close(self) -> None:
        """See Guesser.close."""
        c.llama_sampler_free(self._choose)
        self._batch.close()
        self._model.close()
