"""States of conversations on disk: a restart reads nothing again, and a damaged file costs only time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.app import App
from core.engine import local, states
from core.engine.messages import Completion, Forget, Generate, LoadModel, Sampling, Turn
from core.engine.states import StateFiles
from core.events import Events
from core.models.library import Library
from core.paths import Home
from core.workers.supervisor import Worker

SECOND = 1_000_000_000
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


def test_the_time_of_a_state_is_that_of_its_conversations_last_use(
    start: Callable[..., Worker], tmp_path: Path
) -> None:
    """Of two models in memory, the one in use is put away first; the other's conversation is not newer for that."""
    copy = tmp_path / "copy.gguf"
    shutil.copy(Library(Home(tmp_path)).path_of("smollm2-135m-instruct"), copy)
    engine = start()
    answer(engine, "earlier")
    folder = str(tmp_path / "states")
    engine.call(LoadModel(str(copy), 2048, state_folder=folder, state_bytes=1 << 30)).result()
    answer(engine, "later")
    engine.stop(30)
    (earlier,), (later,) = ((tmp_path / "states").glob(f"{name}.*.kv") for name in ("earlier", "later"))
    assert earlier.stat().st_mtime_ns < later.stat().st_mtime_ns


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
    files = StateFiles(tmp_path, "k", 2500)
    for number in range(3):
        assert files.write(str(number), [1, 2, 3], [bytes(400), bytes(600)], number * SECOND)
    assert files.read("0") is None
    assert files.read("2") == ([1, 2, 3], bytes(1000))
    assert not files.write("big", [1], [bytes(3000)], 9 * SECOND)
    assert not StateFiles(tmp_path, "k", 0).write("3", [1], [b"x"], 9 * SECOND)
    assert not files.write("../evil", [1], [b"x"], 9 * SECOND)


def test_states_leave_in_the_order_in_which_their_conversations_were_used(tmp_path: Path) -> None:
    """The latest is written first; an older one neither drives it out nor costs another its place in vain."""
    files = StateFiles(tmp_path, "k", 4000)
    assert files.write("earlier", [1], [bytes(1000)], 1 * SECOND)
    assert files.write("latest", [1], [bytes(1000)], 9 * SECOND)
    assert files.write("before", [1], [bytes(1400)], 8 * SECOND)
    assert not files.write("between", [1], [bytes(2000)], 5 * SECOND)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["before.k.kv", "earlier.k.kv", "latest.k.kv"]
    assert files.write("small", [1], [bytes(900)], 5 * SECOND)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["before.k.kv", "latest.k.kv", "small.k.kv"]


def test_halves_of_processes_that_have_gone_are_swept_away(tmp_path: Path) -> None:
    for name in ("dead.k.half", "living.k.half"):
        (tmp_path / name).write_bytes(bytes(5000))
    os.utime(tmp_path / "dead.k.half", (1, 1))
    assert StateFiles(tmp_path, "k", 2500).write("1", [1], [b"x"], SECOND)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.k.kv", "living.k.half"]


def test_half_a_state_goes_with_its_conversation_too(tmp_path: Path) -> None:
    for name in ("7.k.kv", "7.k.half", "77.k.kv"):
        (tmp_path / name).write_bytes(b"x")
    states.forget(tmp_path, "7")
    assert [path.name for path in tmp_path.iterdir()] == ["77.k.kv"]


def test_states_of_conversations_that_have_gone_are_swept_away_at_the_start(home: Home) -> None:
    home.states.mkdir()
    app = App(home)
    kept = app.chat.new_conversation().id
    app.close()
    for name in (f"{kept}.k.kv", "77.k.kv", "77.k.half", "other.k.kv"):
        (home.states / name).write_bytes(b"x")
    App(home).close()
    assert {path.name for path in home.states.iterdir()} == {f"{kept}.k.kv", "other.k.kv"}


def test_what_was_written_after_the_other_side_deleted_it_goes_too(
    start: Callable[..., Worker], tmp_path: Path
) -> None:
    engine = start()
    answer(engine)
    late = tmp_path / "states/7.other.kv"
    late.parent.mkdir(exist_ok=True)
    late.write_bytes(b"x")
    engine.call(Forget("7")).result()
    assert not late.exists()


def test_a_state_goes_with_its_conversation(home: Home) -> None:
    app = App(home)
    try:
        conversation = app.chat.new_conversation().id
        app.chat.send(conversation, "Say hello. " * 40).wait(120)
        app.engine.worker.stop()
        assert list(home.states.glob(f"{conversation}.*.kv"))
        app.chat.discard(conversation)
        assert not list(home.states.iterdir())
    finally:
        app.close()
    states.forget(home.states, "../..")
