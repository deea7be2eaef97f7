"""Speculative decoding with a smaller draft model that has the same vocabulary (see drafts.py)."""

from __future__ import annotations

import time

import llama_cpp.llama_cpp as c

from core.engine.llama.batch import Batch
from core.engine.llama.economy import Economy
from core.engine.llama.model import Model
from core.engine.llama.threads import Threads

CATCHING_UP = 8  # tokens; more than these at once are not what the next guess costs
SLICE = 64  # tokens that it reads to find out how quick it is
# What reading a prompt may cost, which guessing must gain first: seconds that are lent, and a part of the time of writing.
LENT = 0.5
CREDIT = 0.05


class DraftModel:
    """Guesses with a smaller model, greedily. It follows the text in a cache of its own.

    What it has missed of the text (a prompt, another conversation, what was written while it rested) it reads little by
    little, as far as its gains have paid for that: a person must not wait for a model that may not help.
    """

    def __init__(self, model: Model, vocabulary: int, threads: Threads, *, always: bool = False) -> None:
        """`vocabulary`: how many tokens, from the first on, both models know. `threads`: as for the larger model's writing.

        `always`: see Economy.
        """
        self._always = always
        self._economy = Economy(always=always)
        self._model = model
        self._vocabulary = vocabulary
        self._threads = threads
        self._batch = Batch()
        self._tokens: list[int] = []  # what its cache holds
        self._common = 0  # how many of them are known to be the text's
        self._choose = c.llama_sampler_init_greedy()
        self._single = 0.0  # seconds of the larger model for a token, lately
        self._pace: float | None = None  # seconds for a token that is read
        self._credit = LENT
        self._caught_up = 0.0  # seconds that the last guess spent on reading what it had missed

    def begin(self) -> None:
        """See Guesser.begin. What its cache shares with the next text is kept."""
        self._common = 0

    def guess(self, tokens: list[int], token: int, room: int) -> list[int]:
        """See Guesser.guess. None before it has read the prompt; the model's abort flag stops that."""
        self._caught_up = 0.0
        count = min(self._economy.best(), room)
        if count < 1 or len(tokens) + 1 + count > self._model.context_length:
            return []
        if not self._follow(tokens):
            return []
        guesses: list[int] = []
        latest = token
        while len(guesses) < count and self._read([latest]):
            latest = c.llama_sampler_sample(self._choose, self._model.context, -1)
            if latest >= self._vocabulary:
                break
            guesses.append(latest)
        return guesses

    def _follow(self, tokens: list[int]) -> bool:
        """Bring the cache to these tokens; False where that is not paid for, was stopped, or one is unknown to the model."""
        most = min(len(self._tokens), len(tokens))
        while self._common < most and self._tokens[self._common] == tokens[self._common]:
            self._common += 1
        if self._common < len(self._tokens):
            c.llama_memory_seq_rm(self._model.memory, 0, self._common, -1)
            del self._tokens[self._common :]
        if len(tokens) - self._common <= CATCHING_UP:
            return self._common == len(tokens) or self._read(tokens[self._common :])
        started = time.perf_counter()
        while (missed := len(tokens) - len(self._tokens)) and (count := self._affordable(missed)):
            if not self._read(tokens[len(self._tokens) :][:count]):
                return False
            c.llama_synchronize(self._model.context)
            seconds = time.perf_counter() - started - self._caught_up
            self._caught_up += seconds
            self._credit -= seconds
            self._pace = seconds / count
        return not missed

    def _affordable(self, missed: int) -> int:
        """How many of the missed tokens to read now."""
        whole = self._model.batch
        piece = min(SLICE, whole)
        if self._always:
            return min(missed, whole)
        if self._pace is None:
            return min(missed, piece)
        count = min(missed, whole if whole * self._pace <= self._credit else piece)
        return count if count * self._pace <= self._credit else 0

    def _read(self, tokens: list[int]) -> bool:
        if max(tokens) >= self._vocabulary:
            return False
        c.llama_set_n_threads(self._model.context, self._threads.count, self._threads.count)
        if c.llama_decode(self._model.context, self._batch.fill(tokens, len(self._tokens), 0)) != 0:
            c.llama_memory_seq_rm(self._model.memory, 0, len(self._tokens), -1)
            return False
        self._tokens += tokens
        return True

    def single(self, seconds: float) -> None:
        """See Guesser.single."""
        self._economy.single(seconds)
        self._single = seconds
        self._credit += CREDIT * seconds

    def learn(self, guesses: int, accepted: int, seconds: float) -> None:
        """See Guesser.learn."""
        spent = max(0.0, seconds - self._caught_up)
        self._economy.batch(guesses, accepted, spent)
        self._credit += CREDIT * spent + (accepted + 1) * self._single - spent

    def close(self) -> None:
        """See Guesser.close."""
        c.llama_sampler_free(self._choose)
        self._batch.close()
        self._model.close()
