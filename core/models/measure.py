"""How fast this machine reads memory while it computes: measured once with a real model, then learnt from answers.

Writing a token reads every active weight once, so tokens a second times those bytes is the bandwidth that
models have here. A small model understates it a little (the work beside the weights is a larger part), and so does
a busy machine; an answer that was written quicker than what is known corrects it.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from core.engine.interface import EngineAnswered
from core.engine.messages import Generate, LoadModel, Sampling, Turn
from core.errors import ModelMissing, ModelUnreadable, TsukueError
from core.models import gguf
from core.models.fit import Bandwidth
from core.models.hardware import processor_name

if TYPE_CHECKING:
    from core.app import App
    from core.models.library import LocalModel

log = logging.getLogger(__name__)

FILE = "machine.json"
TOKENS = 96
REPEATS = 3
TELLING = 48  # tokens, without those guessed right; a shorter answer's speed says little


def known(app: App) -> Bandwidth | None:
    """What was measured on this processor with these graphics devices; None if nothing was."""
    try:
        kept = json.loads((app.home.root / FILE).read_text(encoding="utf-8"))
        if kept["machine"] != _machine(app):
            return None
        return Bandwidth(float(kept["processor"]), float(kept["graphics"]) if kept["graphics"] else None)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _machine(app: App) -> list[object]:
    """What a measurement holds for."""
    return [processor_name(), os.cpu_count(), *(device.description for device in app.engine.record.devices)]


def measure(app: App) -> Bandwidth | None:
    """Measure with the smallest chat model that is here, and keep the result; some seconds. None if it fails."""
    models = sorted(app.library.of_role("chat"), key=lambda model: model.size_bytes)
    if not models:
        return None
    processor = _measure(app, models[0], gpu_layers=0)
    graphics = _measure(app, models[0], gpu_layers=-1) if app.engine.record.devices else None
    if processor is None:
        return None
    found = Bandwidth(processor, graphics)
    _keep(app, found)
    return found


def learn(app: App, answered: EngineAnswered) -> None:
    """Take the speed of an answer for this machine's, where it says something and is better than what is known."""
    info, timings = answered.info, answered.timings
    before = known(app)
    # A right guess needs no reading of the weights of its own.
    passes = timings.completion_tokens - 1 - timings.accepted_tokens
    if before is None or passes < TELLING:
        return
    if 0 < info.gpu_layers < info.layers:  # processor and graphics device took turns: neither's own speed
        return
    speed = passes / (timings.total_s - timings.first_token_s) * info.size_bytes
    side = "graphics" if info.gpu_layers else "processor"
    if speed > (getattr(before, side) or 0.0) and _is_dense(info.path):
        _keep(app, replace(before, **{side: speed}))


def _is_dense(path: str) -> bool:
    """Whether each token reads all of a model; of a mixture of experts, how much is known only roughly."""
    try:
        return not gguf.read_header(path).number("expert_count")
    except (ModelMissing, ModelUnreadable):  # a server's model, or a file that has gone meanwhile
        return False


def _keep(app: App, found: Bandwidth) -> None:
    kept = {"machine": _machine(app), "processor": found.processor, "graphics": found.graphics}
    half = app.home.root / f".{FILE}"
    half.write_text(json.dumps(kept), encoding="utf-8")
    half.replace(app.home.root / FILE)


def _measure(app: App, model: LocalModel, gpu_layers: int) -> float | None:
    """Bytes of weights a second, the best of several short answers."""
    from core.app import self_test_worker

    worker = self_test_worker(app.home, app.events)
    greedy = Sampling(temperature=0)
    speeds = []
    try:
        load = LoadModel(str(model.path), 1024, gpu_layers=gpu_layers, speculation="off")
        worker.call(load).result()
        for number in range(REPEATS):
            turn = Turn("user", "Tell me a very long story about a desk.")
            timings = worker.call(Generate(f"m{number}", [turn], greedy, max_tokens=TOKENS)).result().timings
            speeds.append(timings.tokens_per_second)
    except TsukueError:
        log.warning("the machine could not be measured", exc_info=True)
        return None
    finally:
        worker.close()
    return float(max(speeds) * model.size_bytes) or None
