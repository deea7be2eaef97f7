"""The generation loop: read what is new of a prompt, then token after token until the model is done.

Time is linear in the length of the answer: each token's bytes go through an incremental decoder once.
"""

from __future__ import annotations

import codecs
import contextlib
import random
import time
from collections.abc import Callable, Iterator

import llama_cpp.llama_cpp as c
from llama_cpp.llama_grammar import json_schema_to_gbnf

from core.engine.llama.model import BATCH, Model
from core.engine.llama.sequences import LIVE, Sequence, Sequences
from core.engine.messages import Completion, Sampling, Timings
from core.errors import Cancelled, ContextFull, SchemaUnusable, WorkerFault

PENALTY_TOKENS = 64  # how far back repetition counts
_NO_SLOT, _ABORTED = 1, 2  # what llama_decode returns besides 0


class Batch:
    """A llama.cpp batch, allocated once. All its tokens belong to one sequence and follow one another."""

    def __init__(self) -> None:
        self._batch = c.llama_batch_init(BATCH, 0, 1)

    def fill(self, tokens: list[int], position: int, sequence: int) -> c.llama_batch:
        """Put tokens in; only the last one gets logits."""
        batch = self._batch
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i] = token
            batch.pos[i] = position + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = False
        batch.logits[len(tokens) - 1] = True
        return batch

    def close(self) -> None:
        c.llama_batch_free(self._batch)


def grammar(model: Model, schema: str) -> c.llama_sampler_p:
    """A sampler that lets only JSON of this schema through. Raises SchemaUnusable; nothing is ever fetched."""
    try:
        rules = json_schema_to_gbnf(schema)
    except (
        Exception
    ) as error:  # the converter has no errors of its own: whatever a schema trips over comes out
        raise SchemaUnusable(str(error)[:200] or type(error).__name__) from error
    part = c.llama_sampler_init_grammar(model.vocab, rules.encode(), b"root")
    if not part:
        raise SchemaUnusable("llama.cpp refused its grammar")
    return part


@contextlib.contextmanager
def sampler(model: Model, settings: Sampling, schema: str = "") -> Iterator[c.llama_sampler_p]:
    """llama.cpp's sampler chain for these settings, freed at the end of the block. Raises SchemaUnusable."""
    first = grammar(model, schema) if schema else None
    chain = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())
    try:
        if first is not None:  # before anything cuts the candidates down to ones that it would refuse
            c.llama_sampler_chain_add(chain, first)
        _add_samplers(chain, model, settings)
        yield chain
    finally:
        c.llama_sampler_free(chain)


def _add_samplers(chain: c.llama_sampler_p, model: Model, settings: Sampling) -> None:
    def add(part: c.llama_sampler_p) -> None:
        c.llama_sampler_chain_add(chain, part)

    penalised = settings.repeat_penalty != 1.0
    greedy = settings.temperature <= 0
    if not greedy or penalised:  # penalties search the candidates, so they come after the cut to a few
        add(c.llama_sampler_init_top_k(settings.top_k))
    if penalised:
        size = c.llama_vocab_n_tokens(model.vocab)
        add(c.llama_sampler_init_penalties(size, PENALTY_TOKENS, settings.repeat_penalty, 0.0, 0.0))
    if greedy:
        add(c.llama_sampler_init_greedy())
        return
    add(c.llama_sampler_init_top_p(settings.top_p, 1))
    add(c.llama_sampler_init_min_p(settings.min_p, 1))
    add(c.llama_sampler_init_temp(settings.temperature))
    add(c.llama_sampler_init_dist(settings.seed if settings.seed >= 0 else random.getrandbits(32)))


class Generator:
    """Runs prompts on one model."""

    def __init__(self, model: Model, sequences: Sequences) -> None:
        self._model = model
        self._sequences = sequences
        self._batch = Batch()

    def close(self) -> None:
        self._batch.close()

    def run(
        self,
        conversation: str,
        prompt: list[int],
        settings: Sampling,
        max_tokens: int,
        reserve: int,
        emit: Callable[[str], None],
        on_read: Callable[[int, int], None],
        cancelled: Callable[[], bool],
        schema: str = "",
    ) -> Completion:
        """Write the answer to `emit`, piece by piece (whole characters).

        `on_read` is told how many of the prompt's new tokens were read, and of how many, after each slice.
        `reserve` is the room for the answer below which the prompt counts as too long.
        Raises ContextFull and SchemaUnusable before anything is read, Cancelled.
        """
        started = time.perf_counter()
        room = self._model.context_length
        if len(prompt) + max(reserve, 1) > room:
            raise ContextFull(len(prompt) + reserve, room)
        with sampler(self._model, settings, schema) as chain:
            return self._answer(chain, started, conversation, prompt, max_tokens, emit, on_read, cancelled)

    def _answer(
        self,
        chain: c.llama_sampler_p,
        started: float,
        conversation: str,
        prompt: list[int],
        max_tokens: int,
        emit: Callable[[str], None],
        on_read: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> Completion:
        room = self._model.context_length
        sequence = self._sequences.take(conversation)
        cached = self._sequences.keep_common(prompt)
        self._read(sequence, prompt[cached:], on_read, cancelled)

        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        finish, written, first = "length", 0, 0.0
        while True:
            token = c.llama_sampler_sample(chain, self._model.context, -1)
            written += 1
            first = first or time.perf_counter() - started
            if self._model.ends(token):
                finish = "stop"
                break
            text = decoder.decode(self._model.bytes_of(token))
            if text:
                emit(text)
            if written >= max_tokens:
                break
            if len(sequence.tokens) + 1 >= room:
                finish = "context"
                break
            if cancelled():
                raise Cancelled
            self._decode(sequence, [token])
        # A character that a limit has cut in half is left in the decoder: half of it is nothing to read.
        total = time.perf_counter() - started
        timings = Timings(first, total, len(prompt), cached, written)
        return Completion(finish, timings, len(sequence.tokens))

    def _read(
        self,
        sequence: Sequence,
        tokens: list[int],
        on_read: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> None:
        """Read a prompt in slices. After a stop the cache holds the slices that were read whole."""
        for start in range(0, len(tokens), BATCH):
            if cancelled():
                raise Cancelled
            self._decode(sequence, tokens[start : start + BATCH])
            on_read(min(start + BATCH, len(tokens)), len(tokens))

    def _decode(self, sequence: Sequence, tokens: list[int]) -> None:
        batch = self._batch.fill(tokens, len(sequence.tokens), LIVE)
        code = c.llama_decode(self._model.context, batch)
        if code == 0:
            sequence.tokens += tokens
            return
        self._sequences.drop_unknown()
        if code == _ABORTED:
            raise Cancelled
        if code == _NO_SLOT:
            raise ContextFull(len(sequence.tokens) + len(tokens), self._model.context_length)
        raise WorkerFault("?", f"llama_decode returned {code}")
