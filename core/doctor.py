"""Looks the program and the machine over: what is here, does the engine work, is the storage sound."""

from __future__ import annotations

import math
import time
from typing import Any

import msgspec

from core.app import App, self_test_worker, version
from core.engine.messages import AskEngine, Generate, LoadModel, Sampling, Turn
from core.errors import TsukueError
from core.models import hardware

SELF_TEST_WORDS = 400  # a prompt of several hundred tokens: the length at which broken builds crash


def examine(app: App) -> dict[str, Any]:
    """Everything `tsukue doctor` reports. The engine's self-test runs in a process of its own, which may die."""
    machine = hardware.look()
    return {
        "version": version(),
        "machine": {
            "system": machine.system,
            "processor": machine.processor,
            "cores": machine.cores,
            "memory_bytes": machine.memory,
            "memory_free_bytes": machine.memory_free,
        },
        "engine": _engine(app),
        "models": [
            {"id": m.id, "name": m.name, "role": m.role, "size_bytes": m.size_bytes, "path": str(m.path)}
            for m in app.library.all()
        ],
        "storage": {
            "ok": app.database.check(),
            "path": str(app.home.database),
            "bytes": app.home.database.stat().st_size,
        },
        "network": {
            "connections": sum(not e.refused for e in app.network.entries()),
            "refused": sum(e.refused for e in app.network.entries()),
        },
    }


def _engine(app: App) -> dict[str, Any]:
    worker = self_test_worker(app.home, app.events)
    report: dict[str, Any] = {"backend": "", "self_test": {"ok": False}, "settings": {}}
    try:
        engine = worker.call(AskEngine()).result()
        report["backend"] = f"{'gpu' if engine.gpu else 'cpu'} (llama-cpp-python {engine.version})"
        report["system"] = engine.system
        model = app.library.choose("chat", app.settings.values.chat_model)
        started = time.perf_counter()
        info = worker.call(LoadModel(str(app.library.path_of(model)), context_length=2048)).result()
        loaded = time.perf_counter()
        prompt = "Count these words. " + " ".join(f"word{i % 10}" for i in range(SELF_TEST_WORDS))
        call = worker.call(
            Generate("self-test", [Turn("user", prompt)], Sampling(temperature=0), max_tokens=16)
        )
        text = "".join(piece.text for piece in call.items())
        timings = call.result().timings
        report["self_test"] = {
            "ok": timings.completion_tokens > 0 and not math.isnan(timings.total_s),
            "model": model,
            "load_s": round(loaded - started, 2),
            "prompt_tokens": timings.prompt_tokens,
            "prompt_tokens_per_s": round(timings.prompt_tokens / max(timings.first_token_s, 1e-9), 1),
            "tokens_per_s": round(timings.tokens_per_second, 1),
            "characters": len(text),
        }
        report["settings"] = {
            "threads": info.threads,
            "gpu_layers": info.gpu_layers,
            "isolation": worker.isolation,
            "safer_settings": app.engine.ladder.remembered(),
        }
    except TsukueError as error:
        report["self_test"] = {"ok": False, "error": str(error), **msgspec.to_builtins(error.fields())}
    finally:
        worker.close()
    return report
