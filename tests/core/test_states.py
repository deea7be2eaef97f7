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
    warm, told = answer(first)
    first.stop()
    (kept,) = (tmp_path / "states").glob("7.*.kv")
    assert kept.stat().st_mode & 0o777 == 0o600
    # 30 layers of 3 heads of 64, keys and values: in 8 bits a little over half of what 16 take.
    in_16_bits = 2 * 30 * 3 * 64 * 2 * (told.timings.prompt_tokens + told.timings.completion_tokens - 1)
    assert 0.5 < kept.stat().st_size / in_16_bits < 0.56
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
        assert files.write(str(number), [1, 2, 3], [bytes(400), bytes(600)])
        os.utime(tmp_path / f"{number}.k.kv", (number, number))
    assert files.read("0") is None
    assert files.read("2") == ([1, 2, 3], bytes(1000))
    assert not files.write("big", [1], [bytes(3000)])
    assert not StateFiles(tmp_path, "k", 0).write("3", [1], [b"x"])
    assert not files.write("../evil", [1], [b"x"])


def test_states_that_are_kept_together_leave_in_the_order_of_use(tmp_path: Path) -> None:
    """The latest is written first; an older one neither drives it out nor is kept if there is no room beside it."""
    files = StateFiles(tmp_path, "k", 2500)
    assert files.write("earlier", [1], [bytes(1000)], newer=9)
    (tmp_path / "dead.k.half").write_bytes(bytes(5000))
    assert files.write("latest", [1], [bytes(1000)])
    assert files.write("before", [1], [bytes(1000)], newer=1)
    assert not files.write("long ago", [1], [bytes(1000)], newer=2)
    assert not files.write("longago", [1], [bytes(1000)], newer=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["before.k.kv", "latest.k.kv"]


def test_half_a_state_goes_with_its_conversation_too(tmp_path: Path) -> None:
    for name in ("7.k.kv", "7.k.half", "77.k.kv"):
        (tmp_path / name).write_bytes(b"x")
    states.forget(tmp_path, "7")
    assert [path.name for path in tmp_path.iterdir()] == ["77.k.kv"]


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
