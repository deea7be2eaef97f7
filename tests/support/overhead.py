"""What our generation loop adds to llama.cpp's own time for a token, early and late in a long answer.

    python -m tests.support.overhead MODEL

The time inside llama_decode and the sampler is taken by wrapping them; what remains of each step is ours. Prints
seconds a token around the 200th and the 4,000th token, and the whole of a token.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as c

from core.engine.llama.drafts import Lookup
from core.engine.llama.generate import Generator
from core.engine.llama.model import Model, start_backend
from core.engine.llama.sequences import Sequences
from core.engine.llama.threads import FixedThreads
from core.engine.messages import LoadModel, Sampling, Turn
from core.engine.states import StateFiles

TOKENS = 4100
WINDOW = 100  # tokens around each place


def main() -> None:
    inside = 0.0

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal inside
            begun = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                inside += time.perf_counter() - begun

        return call

    start_backend()
    model = Model(LoadModel(sys.argv[1], 8192), 1, lambda fraction: True)
    c.llama_decode, c.llama_sampler_sample = timed(c.llama_decode), timed(c.llama_sampler_sample)
    one = FixedThreads(1)
    model.ends = lambda token: False  # type: ignore[method-assign] - it shall go on
    sequences = Sequences(model, StateFiles(Path(), "x", 0))
    generator = Generator(model, sequences, one, one, [Lookup()])
    steps: list[tuple[float, float]] = []
    last = [time.perf_counter(), 0.0]

    def cancelled() -> bool:
        now = time.perf_counter()
        steps.append((now - last[0], inside - last[1]))
        last[:] = [now, inside]
        return False

    prompt = model.tokenise_prompt(model.template.pieces([Turn("user", "Tell me a very long story.")], {}))
    settings = Sampling(temperature=0.9, seed=1)
    generator.run("o", prompt, settings, TOKENS, 1, lambda text: None, lambda a, b: None, cancelled)
    ours = [whole - theirs for whole, theirs in steps]
    found = {
        place: statistics.median(ours[int(place) - WINDOW : int(place) + WINDOW]) for place in ("200", "4000")
    }
    print(json.dumps({**found, "token": statistics.median(whole for whole, _ in steps)}))


if __name__ == "__main__":
    main()
