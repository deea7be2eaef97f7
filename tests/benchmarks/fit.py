"""What is said of a model before it runs, beside what is so: memory and speed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.benchmarks.report import BRIGHTER, STARTER, NotTaken, report, taking

ANSWERS, TOKENS = 3, 96  # of each model; the quickest counts


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

    def measure(name: str, file: Path, context: int, kind: str) -> None:
        header = gguf.read_header(file)
        with closing(Worker(local.spec(), Events())) as worker:
            worker.call(AskEngine()).result()
            process = psutil.Process(worker.pid)
            before = process.memory_info().rss
            load = LoadModel(str(file), context, cache_type=kind, speculation="off")
            worker.call(load).result()
            words = context - 64
            count = worker.call(CountTokens([Turn("user", "word " * words)])).result().counts[0]
            words = words * (context - 96) // count
            turn = Turn("user", "word " * words)
            call = worker.call(Generate("fit", [turn], Sampling(temperature=0), max_tokens=4))
            filled = call.result().timings.prompt_tokens
            measured = process.memory_info().rss - before
        predicted = fit.need(file.stat().st_size, header.shape, context, kind).total
        ratios.setdefault(header.architecture, []).append(predicted / measured)
        print(
            f"  {header.architecture} {name} {context} {kind}, {filled} tokens:"
            f" {predicted / 1e6:.0f} / {measured / 1e6:.0f} MB = {predicted / measured:.2f}",
            flush=True,
        )

    for shape in ("", *SHAPES):
        if shape:
            files = [write_random(library.path_of(STARTER), folder / f"{shape}.gguf", shape)]
        for file in files:
            name = shape or file.parent.name
            for context in (1024, 3072):
                for kind in ("f16", "q8_0"):
                    with taking(f"memory of {name}, {context} tokens, {kind}"):
                        measure(name, file, context, kind)
            if shape:
                file.unlink()
    every = [ratio for found in ratios.values() for ratio in found]
    inside = sum(0.9 <= ratio <= 1.1 for ratio in every)
    report(
        f"predicted ÷ measured memory, {len(every)} combinations, {len(ratios)} architectures",
        f"{min(every):.2f} to {max(every):.2f} ({inside} within 0.9 to 1.1)",
        "all within 0.9 to 1.1",
    )


def _models(folder: Path) -> Iterator[tuple[str, Path]]:
    """Two real models, and random ones in real shapes with 8 bits and in the quantisation offered most."""
    from core.models.library import Library
    from core.paths import Home
    from tests.support.gguf_files import SHAPES, write_random
    from tests.support.requantise import in_a_process

    library = Library(Home(folder))
    yield STARTER, library.path_of(STARTER)
    yield BRIGHTER, library.path_of(BRIGHTER)
    for shape in SHAPES:
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            eight = write_random(library.path_of(STARTER), Path(temporary) / "q8_0.gguf", shape)
            yield f"{shape} Q8_0", eight
            four = Path(temporary) / "q4_k_m.gguf"
            in_a_process(eight, four, "Q4_K_M")
            yield f"{shape} Q4_K_M", four


def measure_speed(folder: Path) -> None:
    """Predicted ÷ measured tokens a second of short answers; the machine is measured first, as the window does."""
    from core.app import App
    from core.engine import local
    from core.engine.messages import Generate, LoadModel, Sampling, Turn
    from core.events import Events
    from core.models import fit, gguf, hardware
    from core.paths import Home
    from core.workers.supervisor import Worker

    with closing(App(Home(folder / "measured"))) as app:
        speeds = app.speed.measure()
    print(f"  {speeds}", flush=True)
    ratios = []
    for name, file in _models(folder):
        with taking(f"speed of {name}"):
            header, size = gguf.read_header(file), gguf.size_bytes(file)
            predicted = fit.judge(size, header.shape, 0, hardware.look(), speeds=speeds).tokens_per_second
            if predicted is None:
                raise NotTaken("the machine could not be measured")
            measured = 0.0
            with closing(Worker(local.spec(), Events())) as worker:
                worker.call(LoadModel(str(file), 2048, speculation="off")).result()
                for number in range(ANSWERS):
                    turn = Turn("user", "Tell me a very long story about a desk.")
                    call = Generate(f"s{number}", [turn], Sampling(temperature=0), max_tokens=TOKENS)
                    timings = worker.call(call).result().timings
                    if timings.completion_tokens <= TOKENS // 2:
                        raise NotTaken("an answer ended early")
                    measured = max(measured, timings.tokens_per_second)
            ratios.append(predicted / measured)
            print(
                f"  {name}: {predicted:.1f} / {measured:.1f} tok/s = {predicted / measured:.2f}", flush=True
            )
    report(
        f"predicted ÷ measured speed, {len(ratios)} models of {len(ratios) // 2 + 1} shapes",
        f"{min(ratios):.2f} to {max(ratios):.2f}",
        "near 1",
    )
