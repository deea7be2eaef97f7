"""llama.cpp's sampler chain: how the next token is chosen from the model's logits."""

from __future__ import annotations

import contextlib
import ctypes
import random
from collections.abc import Iterator

import llama_cpp.llama_cpp as c
from llama_cpp.llama_grammar import json_schema_to_gbnf

from core.engine.llama.model import Model
from core.engine.messages import Sampling
from core.errors import N_, SchemaUnusable

PENALTY_TOKENS = 64  # how far back the repetition of tokens counts
# "Don't repeat yourself" (p-e-w, llama.cpp pull request 9702): the values its author proposes.
DRY_BASE, DRY_ALLOWED = 1.75, 2
DRY_BREAKERS = ("\n", ":", '"', "*")


def grammar(model: Model, schema: str) -> c.llama_sampler_p:
    """A sampler that lets only JSON of this schema through. Raises SchemaUnusable; nothing is ever fetched."""
    try:
        rules = json_schema_to_gbnf(schema)
    except (
        Exception
    ) as error:  # the converter has no errors of its own: whatever a schema trips over comes out
        raise SchemaUnusable(str(error)[:200] or N_("it is not a JSON schema")) from error
    part = c.llama_sampler_init_grammar(model.vocab, rules.encode(), b"root")
    if not part:
        raise SchemaUnusable(N_("llama.cpp refused its grammar"))
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
