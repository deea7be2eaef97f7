"""States of conversations on disk: a restart reads nothing again, and a damaged file costs only time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.app import App
from core.engine import local, states
from core.engine.messages import Completion, Generate, LoadModel, Sampling, Turn
from core.engine.states import StateFiles
from core.events import Events
from core.models.library import Library
from core.paths import Home
from core.workers.supervisor import Worker

GREEDY = Sampling(temperature=0)
TURNS = [Turn("user", "Name a colour. " + "Think well about it. " * 40)]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Start an engine whose states go to a folder of the test."""
    started: list[Worker] = []
    model = str(Library(Home(tmp_path)).path_of("smollm2-135m-instruct"))

    def start_it(**options: object) -> Worker:
        worker = Worker(local.spec(), Events())
        started.append(worker)
        folder = str(tmp_path / "states")
        request = LoadModel(model, 2048, state_folder=folder, state_bytes=1 << 30)
        worker.call(
            LoadModel(**{**{f: getattr(request, f) for f in request.__struct_fields__}, **options})
        ).result()
        return worker

    yield start_it
    for worker in started:
        worker.close()


def answer(engine: Worker, conversation: str = "7") -> tuple[str, Completion]:
    call = engine.call(Generate(conversation, TURNS, GREEDY, max_tokens=12))
    return "".join(piece.text for piece in call.items()), call.result()


def test_a_restart_reads_nothing_again(start: Callable[..., Worker], tmp_path: Path) -> None:
    first = start()
    answer(first)
    warm, _ = answer(first)
    first.stop()
    (kept,) = (tmp_path / "states").glob("7.*.kv")
    assert kept.stat().st_mode & 0o777 == 0o600
    text, again = answer(start())
    assert again.timings.cached_tokens == again.timings.prompt_tokens - 1
    assert text == warm


def test_other_settings_do_not_use_it(start: Callable[..., Worker]) -> None:
    first = start()
    answer(first)
    first.stop()
    _, other = answer(start(cache_type="q8_0"))
    assert other.timings.cached_tokens == 0


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "head"])
def test_a_damaged_state_is_read_again_from_the_text(
    start: Callable[..., Worker], tmp_path: Path, damage: str
) -> None:
    first = start()
    warm = answer(first)[0]
    first.stop()
    (kept,) = (tmp_path / "states").glob("*.kv")
    data = bytearray(kept.read_bytes())
    if damage == "cut":
        data = data[:-100]
    elif damage == "flip":
        data[len(data) // 2] ^= 255
    elif damage == "empty":
        data = bytearray()
    else:
        data[15] = ord("{")
    kept.write_bytes(data)
    text, completion = answer(start())
    assert completion.timings.cached_tokens == 0
    assert text == warm
    assert not kept.exists()


def test_the_folder_has_a_limit_and_the_oldest_leaves(tmp_path: Path) -> None:
    import os

    files = StateFiles(tmp_path, "k", 2500)
    for number in range(3):
        assert files.write(str(number), [1, 2, 3], memoryview(bytes(1000)))
        os.utime(tmp_path / f"{number}.k.kv", (number, number))
    assert files.read("0") is None
    assert files.read("2") == ([1, 2, 3], bytes(1000))
    assert not files.write("big", [1], memoryview(bytes(3000)))
    assert not StateFiles(tmp_path, "k", 0).write("3", [1], memoryview(b"x"))
    assert not files.write("../evil", [1], memoryview(b"x"))


def test_a_state_goes_with_its_conversation(home: Home) -> None:
    app = App(home)
    try:
        conversation = app.chat.new_conversation().id
        app.chat.send(conversation, "Say hello. " * 40).wait(120)
        app.engine.worker.stop()
        assert list(home.states.glob(f"{conversation}.*.kv"))
        app.chat.delete(conversation)
        assert not list(home.states.iterdir())
    finally:
        app.close()
    states.forget(home.states, "../..")
