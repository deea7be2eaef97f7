"""What tests of the core share: workers of the kind that tests/support/workers.py offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.events import Events
from core.paths import Home
from core.workers.supervisor import Worker, WorkerSpec

Make = Callable[..., Worker]


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def make(home: Home, events: Events) -> Iterator[Make]:
    """Makes workers; the arguments are changes of their WorkerSpec. They are closed at the end."""
    made: list[Worker] = []

    def build(module: str = "tests.support.workers", **changes: Any) -> Worker:
        worker = Worker(WorkerSpec("test", module, **changes), events, home.logs)
        made.append(worker)
        return worker

    yield build
    for worker in made:
        worker.close()
