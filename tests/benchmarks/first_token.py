"""How soon an answer begins, when what it needs was read before; and how soon it stops."""

from __future__ import annotations

import time
from typing import Any

from tests.benchmarks.report import BRIGHTER, STARTER, NotTaken, report, taking

STOPS = 10
TRIES = 5  # at each moment, where an answer has ended before it


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
    for model in (STARTER, BRIGHTER):
        for writing in (False, True):
            phase = "writing" if writing else "reading the prompt"
            measure = f"stop while {phase}, the longest of {STOPS}, {model}"
            with taking(measure):
                app.engine.load(model)
                took = [_stop(app, f"{model}-{writing}-{number}", writing, number) for number in range(STOPS)]
                report(measure, f"{max(took) * 1000:.0f} ms", "below 100 ms")


def _stop(app: Any, name: str, writing: bool, number: int) -> float:
    """Seconds until a stop at the moment `number` is done. An answer that ended before it is asked for again."""
    from core.engine.messages import Generate, Sampling, Turn
    from core.errors import Cancelled

    for attempt in range(TRIES):
        # Each try reads or writes twice as much: where other work delays us, there is still something to stop.
        text = "The desk stands by the window. " * (250 if not writing else 1) * 2**attempt
        if not writing and attempt >= 2:
            text = text[: 7500 * 4]  # what the context holds
        turn = Turn("user", f"{text}Tell me a very long story about it.")
        sampling = Sampling(seed=number + STOPS * attempt)
        call = app.engine.worker.call(Generate(f"stop-{name}-{attempt}", [turn], sampling, max_tokens=2000))
        if writing and next(iter(call.items()), None) is None:
            continue
        time.sleep(0.03 + 0.05 * number)  # moments that fall anywhere in a slice
        begun = time.perf_counter()
        call.cancel()
        try:
            call.result()
        except Cancelled:
            return time.perf_counter() - begun
    raise NotTaken(f"{TRIES} answers had ended before they were stopped")
