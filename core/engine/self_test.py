"""Tests the engine in a process that may crash: loads a model, reads a long prompt and writes a few words.

Broken builds, drivers and processor features show at the first prompt of several hundred tokens, if they
do. Run at the first start and after every change of engine or driver, so that it is not the person's question
that crashes.
"""

from __future__ import annotations

import math
import time

import msgspec

from core.engine.messages import Generate, LoadModel, ModelInfo, Sampling, Turn
from core.workers.supervisor import Worker

WORDS = 400  # a prompt of several hundred tokens
FEW_WORDS = 10  # enough to see whether a model works with an engine that does
CONTEXT = 2048


class Report(msgspec.Struct, frozen=True):
    """What the test measured. `ok` says that it wrote something, in finite time."""

    ok: bool
    load_s: float
    prompt_tokens: int
    prompt_tokens_per_s: float
    tokens_per_s: float
    info: ModelInfo


def run(worker: Worker, request: LoadModel, words: int = WORDS) -> Report:
    """Test with this model and these settings, but a small context and a prompt of so many words.

    Raises WorkerDied and what loading raises.
    """
    started = time.perf_counter()
    wanted = msgspec.structs.replace(request, context_length=CONTEXT, state_folder="", draft="")
    info: ModelInfo = worker.call(wanted).result()
    loaded = time.perf_counter()
    prompt = "Count these words. " + " ".join(f"word{i % 10}" for i in range(words))
    call = worker.call(Generate("self-test", [Turn("user", prompt)], Sampling(temperature=0), max_tokens=16))
    for _ in call.items():
        pass
    timings = call.result().timings
    return Report(
        ok=timings.completion_tokens > 0 and not math.isnan(timings.total_s),
        load_s=round(loaded - started, 2),
        prompt_tokens=timings.prompt_tokens,
        prompt_tokens_per_s=round(timings.prompt_tokens / max(timings.first_token_s, 1e-9), 1),
        tokens_per_s=round(timings.tokens_per_second, 1),
        info=info,
    )
