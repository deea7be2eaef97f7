"""How fast this machine reads memory while it computes, measured once with a real model and kept.

Writing a token reads every weight once, so tokens a second times the model's bytes is the bandwidth that
models have here. A small model understates it a little (the work beside the weights is a larger part),
so predictions are on the careful side.
"""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

from core.engine.messages import Generate, LoadModel, Sampling, Turn
from core.errors import TsukueError
from core.models.hardware import look

if TYPE_CHECKING:
    from core.app import App

log = logging.getLogger(__name__)

FILE = "machine.json"
TOKENS = 96
REPEATS = 3


def known(app: App) -> float | None:
    """The bandwidth in bytes a second that was measured on this processor; None if none was."""
    try:
        kept = json.loads((app.home.root / FILE).read_text(encoding="utf-8"))
        same = kept["processor"] == look().processor and kept["cores"] == os.cpu_count()
        return float(kept["bytes_per_second"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def measure(app: App) -> float | None:
    """Measure with the smallest chat model that is here, and keep the result; some seconds. None if it fails."""
    from core.app import self_test_worker

    models = sorted(app.library.of_role("chat"), key=lambda model: model.size_bytes)
    if not models:
        return None
    model = models[0]
    worker = self_test_worker(app.home, app.events)
    greedy = Sampling(temperature=0)
    speeds = []
    try:
        worker.call(LoadModel(str(model.path), context_length=1024)).result()
        for number in range(REPEATS):
            turn = Turn("user", "Tell me a very long story about a desk.")
            timings = worker.call(Generate(f"m{number}", [turn], greedy, max_tokens=TOKENS)).result().timings
            speeds.append(timings.tokens_per_second)
    except TsukueError:
        log.warning("the machine could not be measured", exc_info=True)
        return None
    finally:
        worker.close()
    bandwidth = float(max(speeds) * model.size_bytes)
    machine = look()
    kept = {"processor": machine.processor, "cores": machine.cores, "bytes_per_second": bandwidth}
    (app.home.root / FILE).write_text(json.dumps(kept), encoding="utf-8")
    return bandwidth
