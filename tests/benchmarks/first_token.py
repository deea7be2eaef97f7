"""How soon an answer begins, when what it needs was read before; and how soon it stops."""

from __future__ import annotations

import contextlib
import threading
import time

from tests.benchmarks.report import STARTER, report


def measure_first_token(app: object) -> None:
    from core.engine.messages import Forget, Generate, Sampling, Turn
    from core.errors import Cancelled

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
    reading = threading.Event()
    turn = Turn("user", words * 250)
    call = worker.call(Generate("stop", [turn], greedy, max_tokens=4), lambda progress: reading.set())
    reading.wait(60)  # the first slice is read, others follow
    begun = time.perf_counter()
    call.cancel()
    with contextlib.suppress(Cancelled):
        call.result()
    report("stop while reading the prompt", f"{(time.perf_counter() - begun) * 1000:.0f} ms", "below 100 ms")
