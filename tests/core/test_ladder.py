"""Crashes of native code are answered with safer settings, bounded, remembered and undone by hand."""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core import doctor
from core.app import App
from core.chat.conversation import MessageState
from core.chat.events import AnswerGrew
from core.engine.interface import (
    EngineContextShortened,
    EngineDevicesGone,
    EngineDraftUnused,
    EngineHelperGone,
    EngineLayersReduced,
    EngineSteppedDown,
)
from core.engine.ladder import RUNGS, Ladder, is_crash
from core.engine.messages import Adapter, LoadModel
from core.errors import DiskFull, ModelCrashed, ModelTooLarge, WorkerDied
from core.models import gguf, hardware
from core.models.adjustments import Adjustments, AdjustmentsFile
from core.models.hardware import Machine
from core.paths import Home
from core.workers.supervisor import WorkerChanged
from tests.conftest import until

# What this module is about: processes that end, and what follows.
pytestmark = pytest.mark.logs("process ended while", "the engine crashed")

ANSWERS = [{"when": "", "say": "one two three four"}]


@pytest.fixture
def open_app(home: Home, script: Callable[..., Path]) -> Iterator[Callable[..., App]]:
    opened: list[App] = []

    def open_it(**crash: Any) -> App:
        script(*ANSWERS, crash=crash)
        app = App(home)
        opened.append(app)
        return app

    yield open_it
    for app in opened:
        app.close()


def ask(app: App, text: str = "Go.") -> Any:
    conversation = app.chat.new_conversation().id
    return app.chat.send(conversation, text).wait(60)


def steps(app: App) -> list[str]:
    """The names of the rungs taken, as they are taken."""
    taken: list[str] = []
    app.events.listen(EngineSteppedDown, lambda event: taken.append(event.rung))
    return taken


def starts_of(app: App) -> list[int]:
    """The processes of the engine's worker, as they begin."""
    pids: list[int] = []

    def note(event: WorkerChanged) -> None:
        if event.worker == app.engine.worker.spec.name and event.pid and event.pid not in pids:
            pids.append(event.pid)

    app.events.listen(WorkerChanged, note)
    return pids


def test_a_crash_at_load_ends_in_a_working_chat(open_app: Callable[..., App], home: Home) -> None:
    app = open_app(at="load", flash_attention=True)
    taken = steps(app)
    assert ask(app).text == "one two three four"
    assert taken == ["without flash attention"]
    assert list(app.engine.ladder.remembered().values()) == [taken]
    app.close()

    again = open_app(at="load", flash_attention=True)
    taken = steps(again)
    assert ask(again).text == "one two three four"
    assert taken == [], "what was learnt is not learnt again by another crash"
    again.engine.ladder.reset()
    assert json.loads((home.root / "engine.json").read_text()) == {}
    assert again.engine.ladder.remembered() == {}


def test_undoing_takes_effect_with_the_next_question(open_app: Callable[..., App]) -> None:
    app = open_app(at="load", flash_attention=True)
    ask(app)
    taken = steps(app)
    ask(app)
    assert taken == [], "the loaded model is used again"
    app.engine.ladder.reset()
    ask(app)
    assert taken == ["without flash attention"], "the usual settings were tried again at once"


def test_too_little_memory_shortens_the_context_and_says_so(home: Home, script: Callable[..., Path]) -> None:
    script(*ANSWERS, memory_for=3000)
    app = App(home)
    said: list[int] = []
    app.events.listen(EngineContextShortened, lambda event: said.append(event.length))
    try:
        assert ask(app).text == "one two three four"
        assert said == [4096, 2048]
        ask(app)
        assert said == [4096, 2048], "the shorter context is used again, not found again"
    finally:
        app.close()


def shortened(app: App) -> list[int]:
    """The contexts that were tried instead of what was wanted, as they are tried."""
    said: list[int] = []
    app.events.listen(EngineContextShortened, lambda event: said.append(event.length))
    return said


def test_the_context_that_fits_is_used_unless_another_was_chosen_by_hand(
    open_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The starter model with 8,192 tokens needs 1.4 GB beside what must stay free, with 4,096 it needs 1.3."""
    tight = Machine("Linux", "x", 2, 4_000_000_000, 1_290_000_000)
    monkeypatch.setattr(hardware, "look", lambda devices=(): tight)
    monkeypatch.setattr(hardware, "own_memory", lambda pid: 0)
    app = open_app()
    said = shortened(app)
    ask(app)
    assert said == [4096]
    ask(app)
    assert said == [4096], "it is found once"
    app.engine.adjustments.set(app.library.choose("chat"), Adjustments(context_length=8192))
    ask(app)
    assert said == [4096]


def test_a_kill_for_want_of_memory_is_answered_with_half_the_context(
    open_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    count = itertools.count()
    monkeypatch.setattr(hardware, "kills_for_memory", lambda: next(count))
    app = open_app(at="load", context_length=8192, signal="SIGKILL")
    said = shortened(app)
    assert ask(app).text == "one two three four"
    assert said == [4096]
    assert app.engine.ladder.remembered() == {}


def test_a_kill_for_want_of_memory_leaves_the_layers_on_the_card(
    home: Home, script: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taking them off it would need more of the memory that is short."""
    count = itertools.count()
    monkeypatch.setattr(hardware, "kills_for_memory", lambda: next(count))
    crash = {"at": "load", "context_length": 8192, "signal": "SIGKILL"}
    script(*ANSWERS, devices=[CARD], crash=crash)
    app = App(home)
    said = shortened(app)
    try:
        ask(app)
        assert said == [4096]
        assert app.engine.info is not None
        assert app.engine.info.gpu_layers == app.engine.info.layers
    finally:
        app.close()


def test_for_want_of_memory_the_model_that_guesses_ahead_leaves_first(
    open_app: Callable[..., App], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = itertools.count()
    monkeypatch.setattr(hardware, "kills_for_memory", lambda: next(count))
    small = home.models / "small.gguf"
    small.write_bytes(b"the scripted engine does not read it")
    app = open_app(at="load", draft=str(small), signal="SIGKILL")
    unused: list[str] = []
    app.events.listen(EngineDraftUnused, lambda event: unused.append(event.path))
    said = shortened(app)
    app.engine.adjustments.set("smollm2-135m-instruct", Adjustments(draft="small"))
    app.engine.load("smollm2-135m-instruct")
    assert said == []
    assert unused == [str(small)], "so it was asked for, and killed"


def test_a_context_is_never_halved_below_the_smallest(
    open_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    tight = Machine("Linux", "x", 2, 4_000_000_000, 1_100_000_000)
    monkeypatch.setattr(hardware, "look", lambda devices=(): tight)
    monkeypatch.setattr(hardware, "own_memory", lambda pid: 0)
    app = open_app()
    app.settings.change(context_length=3000)
    said = shortened(app)
    ask(app)
    assert said == [2048]


def test_where_no_context_is_small_enough_it_is_said_after_a_few_kills(
    open_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    count = itertools.count()
    monkeypatch.setattr(hardware, "kills_for_memory", lambda: next(count))
    app = open_app(at="load", signal="SIGKILL")
    said = shortened(app)
    with pytest.raises(ModelTooLarge):
        ask(app)
    assert said == [4096, 2048]


def test_the_system_counts_its_kills() -> None:
    assert hardware.kills_for_memory() >= 0
    assert hardware.own_memory(os.getpid()) > 1_000_000
    assert hardware.own_memory(None) == 0


def test_a_crash_at_the_first_prompt_ends_in_a_working_chat(open_app: Callable[..., App]) -> None:
    app = open_app(at="prompt", extra_buffers=True, signal="SIGABRT")
    taken = steps(app)
    answer = ask(app)
    assert (answer.text, answer.state) == ("one two three four", MessageState.DONE)
    assert taken == ["without flash attention", "without repacked weights"]


def test_a_crash_in_mid_answer_is_said_and_the_next_try_works(open_app: Callable[..., App]) -> None:
    app = open_app(at="answer", flash_attention=True)
    app.settings.change(speculation=False)
    taken = steps(app)
    conversation = app.chat.new_conversation().id
    with pytest.raises(WorkerDied):
        app.chat.send(conversation, "Go.").wait(60)
    broken = app.conversations.branch(conversation)[-1]
    assert broken.state is MessageState.FAILED
    assert broken.text.startswith("one two")
    assert taken == ["without flash attention"]
    assert app.chat.regenerate(broken.id).wait(60).text == "one two three four"


def test_a_crash_while_writing_is_first_put_down_to_guessing(open_app: Callable[..., App]) -> None:
    app = open_app(at="answer", speculation="auto")
    taken = steps(app)
    conversation = app.chat.new_conversation().id
    with pytest.raises(WorkerDied):
        app.chat.send(conversation, "Go.").wait(60)
    assert taken == ["without speculative decoding"]
    broken = app.conversations.branch(conversation)[-1]
    assert app.chat.regenerate(broken.id).wait(60).text == "one two three four"


def test_a_smaller_model_that_crashes_at_load_is_left_out(open_app: Callable[..., App], home: Home) -> None:
    small = home.models / "small.gguf"
    small.write_bytes(b"the scripted engine does not read it")
    app = open_app(at="load", draft=str(small))
    taken = steps(app)
    model = "smollm2-135m-instruct"
    app.engine.adjustments.set(model, Adjustments(draft="small"))
    conversation = app.chat.new_conversation().id
    assert app.chat.send(conversation, "Go.", model=model).wait(60).text == "one two three four"
    assert taken == ["without speculative decoding"]


def test_a_model_that_nothing_helps_is_named_after_two_starts(open_app: Callable[..., App]) -> None:
    app = open_app(at="load")
    taken, starts = steps(app), starts_of(app)
    with pytest.raises(ModelCrashed, match=r"SmolLM2.*SIGSEGV") as died:
        ask(app)
    assert died.value.cause == "SIGSEGV"
    assert taken == []
    assert app.engine.ladder.remembered() == {}, "a faulty file is nothing against the settings"
    assert len(starts) == 2
    with pytest.raises(ModelCrashed):
        ask(app)
    assert len(starts) == 4, "the next question tries again"


def test_the_self_test_names_a_model_that_nothing_helps(open_app: Callable[..., App]) -> None:
    app = open_app(at="load")
    taken = steps(app)
    report = doctor.examine(app)["engine"]["self_test"]
    assert "while loading SmolLM2" in report["error"]
    assert taken == []


def test_a_crash_at_every_prompt_ends_in_one_sentence(open_app: Callable[..., App]) -> None:
    app = open_app(at="prompt")
    app.settings.change(speculation=False)
    taken = steps(app)
    with pytest.raises(WorkerDied) as died:
        ask(app)
    assert died.value.cause == "SIGSEGV"
    assert taken == [rung.name for rung in RUNGS[1:] if not rung.for_gpu and not rung.for_guesses]


def test_a_kill_at_loading_names_the_model(open_app: Callable[..., App]) -> None:
    app = open_app(at="load", signal="SIGTERM")
    with pytest.raises(ModelCrashed, match=r"SmolLM2.*told to stop.*SIGTERM"):
        ask(app)


@pytest.mark.logs("could not be kept")
def test_where_nothing_can_be_written_the_engine_works_all_the_same(
    open_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safer settings, devices and speeds serve only the next start; what the person asks for raises."""

    def full(path: Path, content: object) -> None:
        raise DiskFull(str(path))

    app = open_app(at="load", flash_attention=True)
    monkeypatch.setattr("core.files.write", full)
    assert doctor.check_if_new(app) is not None
    assert ask(app).text == "one two three four"
    assert list(app.engine.ladder.remembered().values()) == [["without flash attention"]]
    assert app.engine.record.tested
    with pytest.raises(DiskFull):
        app.engine.adjustments.set("m", Adjustments(thinking=False))
    assert app.engine.adjustments.get("m") == Adjustments(), "what was not kept does not hold"
    with pytest.raises(DiskFull):
        app.library.rename("smollm2-135m-instruct", "Mine")


def test_a_kill_is_no_crash(open_app: Callable[..., App]) -> None:
    app = open_app(at="prompt", signal="SIGKILL")
    taken = steps(app)
    with pytest.raises(WorkerDied) as died:
        ask(app)
    assert died.value.cause == "SIGKILL"
    assert taken == []
    assert not is_crash("SIGKILL")


def test_rungs_change_what_a_load_asks_for() -> None:
    fields = set(LoadModel.__struct_fields__)
    for rung in RUNGS:
        assert rung.changes.keys() <= fields


def test_a_damaged_memory_is_forgotten(tmp_path: Path) -> None:
    for text in (
        "",
        "[]",
        '{"a": 3}',
        '{"a": {"taken": [99]}}',
        '{"a": {"taken": "x"}}',
        '{"a": {"taken": []}}',
    ):
        (tmp_path / "engine.json").write_text(text)
        assert Ladder(tmp_path / "engine.json").remembered() == {}
    ladder = Ladder(tmp_path / "engine.json")
    assert ladder.step_down("m", "SIGSEGV", gpu=True, guesses=False) == RUNGS[2]
    assert Ladder(tmp_path / "engine.json").changes("m") == {"gpu_layers": 0}
    assert ladder.step_down("m", "SIGSEGV", gpu=True, guesses=True) == RUNGS[1]
    assert Ladder(tmp_path / "engine.json").changes("m") == {"gpu_layers": 0, "speculation": "off"}


def test_layers_that_do_not_fit_the_card_are_halved_and_it_is_said(
    home: Home, script: Callable[..., Path]
) -> None:
    script(*ANSWERS, devices=[CARD], layers_for=10)
    app = App(home)
    said: list[tuple[int, int]] = []
    app.events.listen(EngineLayersReduced, lambda event: said.append((event.layers, event.total)))
    try:
        ask(app)
        total = app.engine.info and gguf.read_header(app.engine.info.path).number("block_count")
        assert said == [(total // 2, total), (total // 4, total // 2)]
        assert app.engine.info.gpu_layers == total // 4 <= 10
        ask(app)
        assert len(said) == 2, "what there is room for is not found again"
    finally:
        app.close()


CARD = {"name": "Vulkan0", "description": "A card", "kind": "gpu", "memory": 8 << 30, "memory_free": 8 << 30}


def test_a_card_that_has_gone_is_missed_at_the_next_start(home: Home, script: Callable[..., Path]) -> None:
    script(*ANSWERS, devices=[CARD])
    app = App(home)
    ask(app)
    assert app.engine.info is not None
    assert app.engine.info.gpu_layers > 0
    app.close()

    script(*ANSWERS)
    again = App(home)
    gone: list[tuple[str, ...]] = []
    again.events.listen(EngineDevicesGone, lambda event: gone.append(event.descriptions))
    try:
        assert ask(again).text == "one two three four"
        assert again.engine.info is not None
        assert again.engine.info.gpu_layers == 0
        ask(again)
        assert gone == [("A card",)]
    finally:
        again.close()


def test_what_was_set_by_hand_for_a_model_is_asked_for(home: Home, script: Callable[..., Path]) -> None:
    script(*ANSWERS, devices=[CARD])
    app = App(home)
    model = app.library.choose("chat")
    try:
        ask(app)
        app.engine.adjustments.set(model, Adjustments(context_length=3000, gpu_layers=2, cache_type="q8_0"))
        ask(app)
        assert app.engine.info is not None
        assert app.engine.info.gpu_layers == 2
        asked = app.engine.request(model)
        assert (asked.context_length, asked.cache_type) == (3000, "q8_0")
        app.engine.adjustments.set(model, Adjustments())
        ask(app)
        assert app.engine.info.gpu_layers > 2
    finally:
        app.close()


def test_the_self_test_walks_the_ladder_before_anybody_asks(open_app: Callable[..., App]) -> None:
    app = open_app(at="prompt", flash_attention=True)
    taken = steps(app)
    assert not app.engine.record.tested
    report = doctor.check_if_new(app)
    assert report is not None
    assert report.ok
    assert taken == ["without flash attention"]
    assert app.engine.record.tested
    assert doctor.check_if_new(app) is None, "once is enough"
    assert ask(app).text == "one two three four"
    assert taken == ["without flash attention"]


def test_a_change_of_the_engine_asks_for_another_test(
    open_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app(at="never")
    doctor.check_if_new(app)
    monkeypatch.setattr("core.engine.record.build", lambda: "another")
    assert not app.engine.record.tested


@pytest.mark.parametrize("text", ["", "[]", '{"m": 3}', '{"m": {"cache_type": 7}}'])
@pytest.mark.logs("the adjustments of models cannot be read")
def test_damaged_adjustments_are_forgotten(tmp_path: Path, text: str) -> None:
    (tmp_path / "models.json").write_text(text)
    kept = AdjustmentsFile(tmp_path / "models.json")
    assert kept.get("m") == Adjustments()
    kept.set("m", Adjustments(thinking=False, adapters=(Adapter("/a.gguf", 0.5),)))
    again = AdjustmentsFile(tmp_path / "models.json")
    assert again.get("m").adapters[0].scale == 0.5
    assert again.get("m").thinking is False
    again.set("m", Adjustments())
    assert AdjustmentsFile(tmp_path / "models.json").get("m") == Adjustments()


@pytest.mark.logs("the engine died when it was asked for its devices")
def test_a_driver_that_crashes_when_it_is_looked_for_is_avoided(open_app: Callable[..., App]) -> None:
    """Looking for devices dies; the model loads without any, and nothing is remembered against it."""
    app = open_app(at="ask")
    assert ask(app).text == "one two three four"
    assert app.engine.ladder.remembered() == {}


@pytest.mark.logs("the engine died when it was asked for its devices")
def test_where_looking_for_devices_crashes_too_the_card_is_left_first(
    open_app: Callable[..., App],
) -> None:
    app = open_app(at="ask+load", gpu_layers=-1)
    taken = steps(app)
    assert ask(app).text == "one two three four"
    assert taken == ["without the graphics card"]


def test_a_model_without_the_card_does_not_hide_it_from_the_next(
    home: Home, script: Callable[..., Path]
) -> None:
    script(*ANSWERS, devices=[CARD])
    app = App(home)
    gone: list[EngineDevicesGone] = []
    app.events.listen(EngineDevicesGone, gone.append)
    model = app.library.choose("chat")
    other = app.library.add(app.library.path_of(model), "other").id
    try:
        app.engine.load(other)
        app.engine.worker.stop()
        app.engine.adjustments.set(model, Adjustments(gpu_layers=0))
        assert app.engine.load(model).gpu_layers == 0
        assert app.engine.load(other).gpu_layers > 0
        assert gone == []
        assert app.engine.record.devices
    finally:
        app.close()


def test_the_cards_are_known_before_the_first_question(home: Home, script: Callable[..., Path]) -> None:
    """What would fit is asked before anything was loaded: by the self-test, and when the machine is measured."""
    script(*ANSWERS, devices=[CARD])
    for number, look in enumerate((doctor.check_if_new, lambda app: app.speed.measure())):
        app = App(Home(home.root / str(number)))
        try:
            look(app)
            assert [device.description for device in app.engine.record.devices] == ["A card"]
        finally:
            app.close()


def test_an_answer_without_the_card_is_not_cut_short_by_a_model_that_wants_it(
    home: Home, script: Callable[..., Path]
) -> None:
    script({"when": "", "say": "one two three four five six", "seconds_per_piece": 0.2}, devices=[CARD])
    app = App(home)
    model = app.library.choose("chat")
    other = app.library.add(app.library.path_of(model), "other").id
    try:
        app.engine.load(other)
        app.engine.worker.stop()
        app.engine.adjustments.set(model, Adjustments(gpu_layers=0))
        grown = threading.Event()
        app.events.listen(AnswerGrew, lambda event: grown.set())
        job = app.chat.send(app.chat.new_conversation().id, "Go.", model=model)
        assert grown.wait(30)
        assert app.engine.load(other).gpu_layers > 0
        assert job.wait(30).state is MessageState.DONE
        assert job.wait().text == "one two three four five six"
    finally:
        app.close()


def test_who_waits_for_the_card_until_an_answer_ends_can_be_stopped(
    home: Home, script: Callable[..., Path]
) -> None:
    script({"when": "", "say": "word " * 1000, "seconds_per_piece": 0.2}, devices=[CARD])
    app = App(home)
    model = app.library.choose("chat")
    other = app.library.add(app.library.path_of(model), "other").id
    try:
        app.engine.load(other)
        app.engine.worker.stop()
        app.engine.adjustments.set(model, Adjustments(gpu_layers=0))
        grown = threading.Event()
        app.events.listen(AnswerGrew, lambda event: grown.set())
        writing = app.chat.send(app.chat.new_conversation().id, "Go.", model=model)
        assert grown.wait(30)
        second = app.chat.new_conversation().id
        waiting = app.chat.send(second, "And you.", model=other)
        until(lambda: app.engine._lock.locked())
        app.chat.stop(second)
        assert waiting.wait(30).state is MessageState.STOPPED
        assert not writing.done
        writing.cancel()
        writing.wait(30)
    finally:
        app.close()


@pytest.mark.logs("the adapter .* is not there any more", "the draft .* is not there any more")
def test_what_was_chosen_by_hand_and_has_gone_is_left_out_and_said(
    home: Home, script: Callable[..., Path]
) -> None:
    script(*ANSWERS)
    app = App(home)
    try:
        wishes = Adjustments(adapters=(Adapter("/gone.gguf"),), draft="gone")
        model = app.library.choose("chat")
        app.engine.adjustments.set(model, wishes)
        told: list[EngineHelperGone] = []
        app.events.listen(EngineHelperGone, told.append)
        assert ask(app).text == "one two three four"
        assert ask(app).text == "one two three four"
        assert told == [
            EngineHelperGone(model, "draft", "gone"),
            EngineHelperGone(model, "adapter", "/gone.gguf"),
        ], "each is said, once"
    finally:
        app.close()


@pytest.mark.logs("the engine could not be tested")
def test_a_test_that_fails_for_other_reasons_is_quiet_and_comes_again(
    home: Home, script: Callable[..., Path]
) -> None:
    script(*ANSWERS, memory_for=100)
    app = App(home)
    try:
        assert doctor.check_if_new(app) is None
        assert not app.engine.record.tested
    finally:
        app.close()


@pytest.mark.logs("the engine could not be tested")
def test_closing_does_not_wait_for_the_engines_test(home: Home, script: Callable[..., Path]) -> None:
    script(*ANSWERS, load_seconds=600)
    app = App(home)
    job = app.jobs.start("test", lambda job: doctor.check_if_new(app, job))
    until(psutil.Process().children)
    job.cancel()
    assert job.ended(20)
    app.close()
