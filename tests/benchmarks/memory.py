"""Memory of the processes."""

from __future__ import annotations

from tests.benchmarks.report import STARTER, live, report


def measure_memory(window: object, rest: int) -> None:
    app = window.app  # type: ignore[attr-defined]
    report("memory of the window's process at rest", f"{rest / 1e6:.0f} MB", "printed")
    app.voice.warm_up()
    app.engine.load(STARTER)
    running = [w for w in app.workers if w.pid]  # the subjects before this one have started some
    live(lambda: all(w.memory for w in running))
    live(lambda: app.voice.worker.state.value == "idle" and app.voice.worker.memory > 100_000_000)
    for worker in running:
        report(f"memory of {worker.spec.name}", f"{worker.memory / 1e6:.0f} MB", "printed")
