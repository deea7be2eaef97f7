"""How soon an answer begins, when what it needs was read before; and how soon it stops."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from tests.benchmarks.report import BRIGHTER, STARTER, report

STOPS = 10


def measure_first_token(app: object) -> None:
    from core.engine.messages import Forget, Generate, Sampling, Turn

    app.engine.load(STARTER)  # type: ignore[attr-defined]
    worker = app.engine.worker  # type: ignore[attr-defined]
    turns: list[Turn] = [Turn("system", "Be brief.")]
    greedy = Sampling(temperature=0)

    def run() -> object:
        call = worker.call(Generate("bench", turns, greedy, max_tokens=8))
        text = "".join(piece.text for piece in call.items())
        return text, call.result().timings

    words = "The desk stands by the window and the lamp is on it. "
    for number in range(5):
        turns.append(Turn("user", f"Part {number}. " + words * (55 if number < 4 else 2)))
        text, warm = run()  # type: ignore[misc]
        if number < 4:
            turns.append(Turn("assistant", text))
    worker.call(Forget("bench")).result()
    _, cold = run()  # type: ignore[misc]
    report(
        f"first token, fifth turn of {cold.prompt_tokens} tokens ÷ cold",
        f"{warm.first_token_s / cold.first_token_s:.3f} ({warm.first_token_s:.2f} s / {cold.first_token_s:.2f} s)",
        "at most 0.10",
    )
    worker.call(Generate("other", [Turn("user", words * 20)], greedy, max_tokens=4)).result()
    turns += [Turn("assistant", text), Turn("user", "And then?")]
    _, switched = run()  # type: ignore[misc]
    turns += [Turn("assistant", "Then nothing."), Turn("user", "And now?")]
    app.engine.worker.stop()  # type: ignore[attr-defined]
    app.engine.load(STARTER)  # type: ignore[attr-defined]
    _, restarted = run()  # type: ignore[misc]
    for name, timings, aim in (
        ("switched-to conversation", switched, "at most 0.20"),
        ("after a restart of the engine", restarted, "at most 0.25"),
    ):
        report(
            f"first token, {name} ÷ cold",
            f"{timings.first_token_s / cold.first_token_s:.3f} ({timings.first_token_s:.2f} s, {timings.cached_tokens} kept)",
            aim,
        )


def measure_stops(app: Any) -> None:
    """How long a stop takes, at ten moments of reading a prompt and of writing an answer: the longest of each."""
    from core.engine.messages import Generate, Sampling, Turn
    from core.errors import Cancelled

    question = Turn("user", "The desk stands by the window. " * 250 + "Tell me a very long story about it.")
    for model in (STARTER, BRIGHTER):
        app.engine.load(model)
        took: dict[str, list[float]] = {"reading the prompt": [], "writing": []}
        for number in range(2 * STOPS):
            writing = number >= STOPS
            turn = Turn("user", "Tell me a very long story.") if writing else question
            call = app.engine.worker.call(
                Generate(f"stop-{model}-{number}", [turn], Sampling(seed=number), max_tokens=2000)
            )
            if writing:
                next(call.items())
            time.sleep(0.03 + 0.05 * (number % STOPS))  # moments that fall anywhere in a slice
            begun = time.perf_counter()
            call.cancel()
            with contextlib.suppress(Cancelled):
                call.result()
                raise RuntimeError("it had ended before it was stopped")
            took["writing" if writing else "reading the prompt"].append(time.perf_counter() - begun)
        for phase, seconds in took.items():
            measure = f"stop while {phase}, the longest of {STOPS}, {model}"
            report(measure, f"{max(seconds) * 1000:.0f} ms", "below 100 ms")
