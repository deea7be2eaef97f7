"""What all tests share: a home of their own, real models, and nothing left behind."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.app import SCRIPT_VARIABLE, App
from core.models.library import Library
from core.network import Network
from core.paths import Home

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests/data"
CORPUS = DATA / "corpus"
os.environ["PYTHONPATH"] = str(ROOT)  # workers that tests write themselves are imported from here
os.environ.pop("TSUKUE_HOME", None)

if os.environ.get("TSUKUE_TEST_WITHOUT_QT"):

    class _NoQt:
        """Makes PySide6 unimportable, to prove that core does not need it."""

        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name.split(".")[0] in ("PySide6", "shiboken6"):
                raise ImportError(f"{name} is made unimportable in this run")

    sys.meta_path.insert(0, _NoQt())  # type: ignore[arg-type]


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait for a condition; its value is returned. Fails when it does not come true in time."""
    deadline = time.monotonic() + seconds
    tick = threading.Event()
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        tick.wait(0.02)
    return value


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """A test that leaves a thread or a process running fails."""
    threads = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 5
    while True:
        left = [
            t.name
            for t in threading.enumerate()
            if t not in threads and not t.name.startswith(("Dummy", "QThread"))
        ]
        children = [p for p in psutil.Process().children() if "core.workers.process" in " ".join(_command(p))]
        if not left and not children:
            return
        if time.monotonic() > deadline:
            pytest.fail(f"left behind: threads {left}, processes {children}")
        time.sleep(0.02)  # polling for an end, bounded by the deadline


class _Unexpected(logging.Handler):
    """Keeps what the program logs as a warning or an error."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.entries: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.split(".")[0] in ("core", "desktop", "sound"):
            told = f"{record.levelname} {record.name}: {record.getMessage()}"
            trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
            self.entries.append((told, trace))


@pytest.fixture(autouse=True)
def nothing_unexpected_in_the_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test fails when the program logs a warning or an error that `@pytest.mark.logs("pattern", ...)` does not name.

    A listener that raises is such an error: whoever publishes an event only logs it. A pattern that nothing matches is
    no failure, since much of what is logged depends on the machine.
    """
    allowed = [pattern for mark in request.node.iter_markers("logs") for pattern in mark.args]
    handler = _Unexpected()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    left = [entry for entry in handler.entries if not any(re.search(p, entry[0]) for p in allowed)]
    if left:
        pytest.fail("unexpected in the log:\n" + "\n".join(told + "\n" + trace for told, trace in left))


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() if process.status() != psutil.STATUS_ZOMBIE else []
    except psutil.Error:
        return []


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home, created."""
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write down what the engine will answer; the App then uses the scripted engine in a real worker."""

    def write(*answers: dict[str, Any], **settings: Any) -> Path:
        path = tmp_path / "script.json"
        path.write_text(json.dumps({"answers": list(answers), **settings}), encoding="utf-8")
        monkeypatch.setenv(SCRIPT_VARIABLE, str(path))
        return path

    return write


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """A network guard of this process with its ledger; at the end one that lets nothing through."""
    network = Network(tmp_path / "network.jsonl")
    network.install()
    yield network
    Network(None).install()


@pytest.fixture
def app(home: Home) -> Iterator[App]:
    """The whole core on an empty home, with the real workers (or the scripted engine, if `script` came first)."""
    app = App(home)
    yield app
    app.close()


@pytest.fixture
def bright_model(home: Home) -> str:
    """The brighter test model; tests that need it are skipped where its packages could not be had."""
    model = "qwen2.5-coder-0.5b-instruct"
    if all(m.id != model for m in Library(home).all(with_test_models=True)):
        pytest.skip("the test model's packages could not be had; `make test` tries to fetch them again")
    return model
