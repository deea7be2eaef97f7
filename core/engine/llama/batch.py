"""A llama.cpp batch: tokens that are evaluated together."""

from __future__ import annotations

import llama_cpp.llama_cpp as c

from core.engine.llama.model import BATCH


class Batch:
    """Allocated once, filled many times. All its tokens belong to one sequence and follow one another."""

    def __init__(self) -> None:
        self._batch = c.llama_batch_init(BATCH, 0, 1)

    def fill(self, tokens: list[int], position: int, sequence: int, *, every: bool = False) -> c.llama_batch:
        """Put tokens in, the first at `position`. The last one gets logits; with `every`, all do."""
        batch = self._batch
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i] = token
            batch.pos[i] = position + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = every
        batch.logits[len(tokens) - 1] = True
        return batch

    def close(self) -> None:
        c.llama_batch_free(self._batch)
