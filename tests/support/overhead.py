"""What our generation loop adds to llama.cpp's own time for a token, early and late in a long answer.

    python -m tests.support.overhead MODEL

The time inside llama_decode and the sampler is taken by wrapping them; what remains of each step is ours. Prints
seconds a token around the 200th and the 4,000th token, and the whole of a token.

A long answer's attention reads so many megabytes for each token that our code and data leave the processor's caches
meanwhile. What that alone costs is seen around the 200th token of a second answer, with the caches emptied after each.
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
import numpy as np

from core.engine.llama.cells import Prompt
from core.engine.llama.drafts import Lookup
from core.engine.llama.generate import Generator
from core.engine.llama.model import Model, start_backend
from core.engine.llama.sequences import Sequences
from core.engine.llama.threads import FixedThreads
from core.engine.messages import LoadModel, Sampling, Turn
from core.engine.states import StateFiles

PLACES = (200, 4000)
WINDOW = 100  # tokens around each place
DECODED = 0.001  # seconds in llama.cpp that a token took at least, unless it had been guessed
EMPTYING = 480_000_000  # bytes that are read to empty the caches: several times the largest


class Clock:
    """Seconds in llama.cpp, and what each step took besides."""

    def __init__(self) -> None:
        self.inside = 0.0
        self._last = (time.perf_counter(), 0.0)
        self.steps: list[tuple[float, float]] = []  # seconds of each token, and of those in llama.cpp

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function; the time in it counts as inside."""

        def call(*arguments: Any) -> Any:
            begun = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.inside += time.perf_counter() - begun

        return call

    def step(self) -> bool:
        """A token was written. False: the answer is not cancelled."""
        now = time.perf_counter()
        whole, theirs = now - self._last[0], self.inside - self._last[1]
        self.steps.append((whole, theirs))
        self._last = (now, self.inside)
        return False

    def around(self, place: int) -> float:
        """Our seconds for a token there. Those that had been guessed before are left out: they cost nearly nothing."""
        steps = self.steps[place - WINDOW : place + WINDOW]
        return statistics.median(whole - theirs for whole, theirs in steps if theirs > DECODED)


def write(path: str, tokens: int, *, emptying: bool = False) -> Clock:
    """Write an answer of so many tokens, with the caches emptied after each if wanted."""
    clock, decode, sample = Clock(), c.llama_decode, c.llama_sampler_sample
    much = np.ones(EMPTYING // 8 if emptying else 1)

    def decode_and_empty(*arguments: Any) -> Any:
        code = decode(*arguments)
        much.sum()
        return code

    model = Model(LoadModel(path, 8192), 1, lambda fraction: True)
    model.ends = lambda token: False  # type: ignore[method-assign] - it shall go on
    c.llama_decode = clock.timed(decode_and_empty)
    c.llama_sampler_sample = clock.timed(sample)
    one = FixedThreads(1)
    generator = Generator(model, Sequences(model, StateFiles(Path(), "x", 0)), one, one, [Lookup()])
    prompt = model.tokenise_prompt(model.template.pieces([Turn("user", "Tell me a very long story.")], {}))
    settings = Sampling(temperature=0.9, seed=1)
    generator.run("o", Prompt(prompt), settings, tokens, 1, lambda text: None, lambda a, b: None, clock.step)
    c.llama_decode, c.llama_sampler_sample = decode, sample
    generator.close()
    model.close()
    return clock


def main() -> None:
    start_backend()
    long = write(sys.argv[1], PLACES[1] + WINDOW)
    cold = write(sys.argv[1], PLACES[0] + WINDOW, emptying=True)
    found = {str(place): long.around(place) for place in PLACES}
    found["cold"] = cold.around(PLACES[0])
    print(json.dumps({**found, "token": statistics.median(whole for whole, _ in long.steps)}))


if __name__ == "__main__":
    main()
