"""llama.cpp's sampler chain: how the next token is chosen from the model's logits."""

from __future__ import annotations

import ctypes
import math
import random

import llama_cpp.llama_cpp as c

from core.engine.llama import grammar
from core.engine.llama.model import Model
from core.engine.messages import Sampling
from core.errors import N_, SchemaUnusable

PENALTY_TOKENS = 64  # how far back the repetition of tokens counts
# "Don't repeat yourself" (p-e-w, llama.cpp pull request 9702): the values its author proposes.
DRY_BASE, DRY_ALLOWED = 1.75, 2
DRY_BREAKERS = ("\n", ":", '"', "*")


class Sampler:
    """Chooses tokens one after another for one answer; with a schema, only ones that JSON of it may go on with.

    To see which of 150,000 tokens a grammar lets through takes longer than a small model needs for one. So where nothing but
    the logits decides, the token is chosen first and only that one is shown to the grammar; if it is refused, all are.
    """

    def __init__(self, model: Model, settings: Sampling, schema: str = "") -> None:
        """Raises SchemaUnusable."""
        self._grammar = _grammar(model, schema) if schema else None
        self._chain = _chain(model, settings, self._grammar)
        remembers = settings.repeat_penalty != 1.0 or settings.dry_multiplier > 0
        # Penalties count the tokens that they have seen, so one that is refused must not be tried with them.
        self._free = _chain(model, settings) if self._grammar is not None and not remembers else None

    def sample(self, context: c.llama_context_p, place: int) -> int:
        """The next token, by the logits at a place of the last batch (-1: its last)."""
        if self._free is not None:
            token: int = c.llama_sampler_sample(self._free, context, place)
            if self._lets(token):
                c.llama_sampler_accept(self._grammar, token)
                return token
        chosen: int = c.llama_sampler_sample(self._chain, context, place)
        return chosen

    def _lets(self, token: int) -> bool:
        one = (c.llama_token_data * 1)(c.llama_token_data(token, 1.0, 0.0))
        candidates = c.llama_token_data_array(one, 1, -1, False)
        c.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
        return bool(one[0].logit != -math.inf)

    def close(self) -> None:
        """Free what llama.cpp holds."""
        c.llama_sampler_free(self._chain)  # with the grammar, which is a part of it
        if self._free is not None:
            c.llama_sampler_free(self._free)


def _grammar(model: Model, schema: str) -> c.llama_sampler_p:
    part = c.llama_sampler_init_grammar(model.vocab, grammar.of(schema).encode(), b"root")
    if not part:
        raise SchemaUnusable(N_("llama.cpp refused its grammar"))
    return part


def _chain(model: Model, settings: Sampling, first: c.llama_sampler_p | None = None) -> c.llama_sampler_p:
    chain = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())
    if first is not None:  # before anything cuts the candidates down to ones that it would refuse
        c.llama_sampler_chain_add(chain, first)
    _add_samplers(chain, model, settings)
    return chain


def _add_samplers(chain: c.llama_sampler_p, model: Model, settings: Sampling) -> None:
    def add(part: c.llama_sampler_p) -> None:
        c.llama_sampler_chain_add(chain, part)

    penalised = settings.repeat_penalty != 1.0
    dry = settings.dry_multiplier > 0
    greedy = settings.temperature <= 0
    if not greedy or penalised or dry:  # penalties search the candidates, so they come after the cut to a few
        add(c.llama_sampler_init_top_k(settings.top_k))
    if penalised:
        size = c.llama_vocab_n_tokens(model.vocab)
        add(c.llama_sampler_init_penalties(size, PENALTY_TOKENS, settings.repeat_penalty, 0.0, 0.0))
    if dry:
        breakers = (ctypes.c_char_p * len(DRY_BREAKERS))(*(text.encode() for text in DRY_BREAKERS))
        add(
            c.llama_sampler_init_dry(
                model.vocab,
                settings.dry_multiplier,
                DRY_BASE,
                DRY_ALLOWED,
                model.context_length,  # -1 for 'all' means none here (llama.cpp of 0.3.36)
                breakers,
                len(DRY_BREAKERS),
            )
        )
    if greedy:
        add(c.llama_sampler_init_greedy())
        return
    add(c.llama_sampler_init_top_p(settings.top_p, 1))
    add(c.llama_sampler_init_min_p(settings.min_p, 1))
    add(c.llama_sampler_init_temp(settings.temperature))
    add(c.llama_sampler_init_dist(settings.seed if settings.seed >= 0 else random.getrandbits(32)))
