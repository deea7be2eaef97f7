"""Memory of the processes, and of models beside what was predicted."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.report import BRIGHTER, STARTER, live, report


def measure_memory(window: object, rest: int) -> None:
    app = window.app  # type: ignore[attr-defined]
    report("memory of the window's process at rest", f"{rest / 1e6:.0f} MB", "printed")
    app.voice.warm_up()
    app.engine.load(STARTER)
    live(lambda: all(w.memory for w in app.workers))
    live(lambda: app.voice.worker.state.value == "idle" and app.voice.worker.memory > 100_000_000)
    for worker in app.workers:
        report(f"memory of {worker.spec.name}", f"{worker.memory / 1e6:.0f} MB", "printed")


def measure_fit(folder: Path) -> None:
    """Predicted ÷ measured memory: resident after a prompt that fills the context, minus before loading.

    Mapped files count with the pages that were touched, which is all of them. Two models are real, the others have random
    weights in the shapes of real ones.
    """
    import psutil

    from core.engine import local
    from core.engine.messages import AskEngine, CountTokens, Generate, LoadModel, Sampling, Turn
    from core.events import Events
    from core.models import fit, gguf
    from core.models.library import Library
    from core.paths import Home
    from core.workers.supervisor import Worker
    from tests.support.gguf_files import SHAPES, write_random

    library = Library(Home(folder))
    files = [library.path_of(STARTER), library.path_of(BRIGHTER)]
    ratios: dict[str, list[float]] = {}
    for shape in ("", *SHAPES):
        if shape:
            files = [write_random(library.path_of(STARTER), folder / f"{shape}.gguf", shape)]
        for file in files:
            header = gguf.read_header(file)
            for context in (1024, 3072):
                for kind in ("f16", "q8_0"):
                    worker = Worker(local.spec(), Events())
                    worker.call(AskEngine()).result()
                    process = psutil.Process(worker.pid)
                    before = process.memory_info().rss
                    load = LoadModel(str(file), context, cache_type=kind, speculation="off")
                    worker.call(load).result()
                    words = context - 64
                    count = worker.call(CountTokens(["word " * words])).result().counts[0]
                    words = words * (context - 96) // count
                    turn = Turn("user", "word " * words)
                    call = worker.call(Generate("fit", [turn], Sampling(temperature=0), max_tokens=4))
                    filled = call.result().timings.prompt_tokens
                    measured = process.memory_info().rss - before
                    worker.close()
                    predicted = fit.need(file.stat().st_size, header.shape, context, kind).total
                    ratios.setdefault(header.architecture, []).append(predicted / measured)
                    print(
                        f"  {header.architecture} {shape or file.parent.name} {context} {kind}, {filled} tokens:"
                        f" {predicted / 1e6:.0f} / {measured / 1e6:.0f} MB = {predicted / measured:.2f}",
                        flush=True,
                    )
            if shape:
                file.unlink()
    every = [ratio for found in ratios.values() for ratio in found]
    inside = sum(0.9 <= ratio <= 1.1 for ratio in every)
    report(
        f"predicted ÷ measured memory, {len(every)} combinations, {len(ratios)} architectures",
        f"{min(every):.2f} to {max(every):.2f} ({inside} within 0.9 to 1.1)",
        "all within 0.9 to 1.1",
    )
