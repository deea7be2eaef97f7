"""Checks the program and the computer: what is installed, whether the engine works, whether the storage is intact."""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from core.app import App, self_test_worker, version
from core.engine.messages import AskEngine
from core.engine.self_test import Report
from core.errors import TsukueError
from core.jobs import Job
from core.models import hardware
from core.voice.messages import Way

log = logging.getLogger(__name__)


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
            "features": list(machine.features),
        },
        "engine": _engine(app),
        "speech": _speech(app),
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


def check_if_new(app: App, job: Job | None = None) -> Report | None:
    """Try the engine out if its build, the processor or the graphics drivers have changed since it passed; None if not.

    Crashes walk down the ladder, so that the person's first question does not have to. Other failures are only
    logged; the next start tests again. Cancelling `job` ends the test's process.
    """
    if app.engine.record.tested:
        return None
    worker = self_test_worker(app.home, app.events)
    if job is not None:
        job.on_cancel(worker.close)
    try:
        return app.engine.test(app.library.choose("chat", app.settings.values.chat_model), worker)
    except TsukueError:
        # Whatever it is, it is said when the person loads the model; nobody asked for this test.
        log.warning("the engine could not be tested", exc_info=True)
        return None
    finally:
        worker.close()


def _engine(app: App) -> dict[str, Any]:
    worker = self_test_worker(app.home, app.events)
    report: dict[str, Any] = {"backend": "", "self_test": {"ok": False}, "settings": {}}
    try:
        engine = worker.call(AskEngine()).result()
        report["backend"] = f"{'+'.join(engine.backends)} (llama-cpp-python {engine.version})"
        report["system"] = engine.system
        report["variant"] = engine.variant
        report["variant_reason"] = _variant_reason(engine.variant)
        report["devices"] = msgspec.to_builtins(engine.devices)
        model = app.library.choose("chat", app.settings.values.chat_model)
        tested = app.engine.test(model, worker)
        report["self_test"] = {"model": model, **msgspec.to_builtins(tested)}
        info = report["self_test"].pop("info")
        values = app.settings.values
        report["settings"] = {
            "threads": values.threads or f"found by measuring, at most {info['threads']}",
            "gpu_layers": info["gpu_layers"],
            "layers": info["layers"],
            "cache_type": info["cache_type"],
            "speculation": values.speculation,
            "isolation": worker.isolation,
            "safer_settings": app.engine.ladder.remembered(),
        }
    except TsukueError as error:
        report["self_test"] = {"ok": False, "error": str(error), **msgspec.to_builtins(error.fields())}
    finally:
        worker.close()
    return report


def _speech(app: App) -> dict[str, Any]:
    """How fast speech recognition is, each way that works here, and which of them is taken."""
    try:
        model, found = app.voice.find_out()
    except TsukueError as error:
        return {"ok": False, "error": str(error), **msgspec.to_builtins(error.fields())}
    return {
        "ok": True,
        "model": model,
        "computed_by": _named(found.way),
        "seconds": {_named(way): round(pace.hear + pace.write, 3) for way, pace in found.paces},
    }


def _named(way: Way) -> str:
    threads = f", {way.threads} threads" if way.threads else ""
    return f"{way.device}, {way.numbers}{threads}"


def _variant_reason(variant: str) -> str:
    if not variant:
        return "compiled for this processor"
    return f"of the variants in this portable build, the best that the processor can run: {variant}"
