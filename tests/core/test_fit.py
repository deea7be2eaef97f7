"""The catalogue, whether a model fits, and how fast this machine is taken to be."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.app import App
from core.engine.interface import EngineAnswered
from core.engine.messages import Device, Generate, LoadModel, ModelInfo, Sampling, Timings, Turn
from core.errors import Cancelled
from core.models import catalogue, fit, gguf, measure, yardstick
from core.models.catalogue import Shape
from core.models.fit import Pace, Speeds, Verdict
from core.models.hardware import Machine
from core.models.library import Library
from core.paths import Home
from tests.conftest import until

LAPTOP = Machine("Linux", "x", 8, 16_000_000_000, 10_000_000_000)


# ---------------------------------------------------------------- catalogue


def test_the_catalogue_keeps_its_schema_and_names_its_sources() -> None:
    entries = catalogue.entries()
    assert len({entry.id for entry in entries}) == len(entries) >= 40
    for entry in entries:
        assert entry.role in catalogue.ROLES
        assert entry.repository.count("/") == 1
        assert {"repository", "files", "licence"} <= entry.sources.keys(), entry.id
        assert entry.purpose["en"]
        assert any(ord(letter) > 0x3000 for letter in entry.purpose["ja"])
        assert entry.japanese in ("good", "fair", "weak", "none")
        for file in entry.files:
            assert file.size_bytes > 50_000_000
            assert file.sha256 is None or len(bytes.fromhex(file.sha256)) == 32
        if entry.role == "chat":
            assert entry.files, entry.id
            assert entry.shape, entry.id
            assert entry.context, entry.id
    sizes = [entry.parameters or 0 for entry in entries if entry.role == "chat"]
    assert min(sizes) < 1e9
    assert max(sizes) >= 70e9
    assert {entry.role for entry in entries} == set(catalogue.ROLES)


def test_a_broken_catalogue_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"format": 1, "models": [{"id": "x"}]}')
    with pytest.raises(Exception, match="missing required field"):
        catalogue.read(tmp_path / "c.json")


# ---------------------------------------------------------------- fit


def test_the_cache_of_plain_models_is_exact() -> None:
    """llama.cpp says 180.00 MiB for SmolLM2 135M (30 layers, 3 heads of 64) at 8,192 tokens in f16."""
    smollm = catalogue.Shape(layers=30, kv_heads=3, head_width=64)
    assert fit.cache_bytes(smollm, 8192) == 180 << 20
    assert fit.cache_bytes(smollm, 8192, "q8_0") == int((180 << 20) * 34 / 64)


def test_hybrids_and_shared_layers_need_less_and_windows_do_not() -> None:
    plain = fit.cache_bytes(catalogue.Shape(30, 8, 128), 32768)
    assert fit.cache_bytes(catalogue.Shape(30, 8, 128, attention_layers=6), 32768) * 5 == plain
    assert fit.cache_bytes(catalogue.Shape(30, 8, 128, kv_shared_layers=15), 32768) * 2 == plain
    window = catalogue.Shape(30, 8, 128, sliding_window=1024, global_every=6)
    assert fit.cache_bytes(window, 32768) == plain
    wider = catalogue.Shape(
        30, 8, 128, sliding_window=1024, global_every=6, global_kv_heads=4, global_head_width=512
    )
    assert fit.cache_bytes(wider, 32768) == plain // 6 * 5 + plain // 6 * 2


def test_verdicts_have_their_reasons() -> None:
    shape = catalogue.Shape(36, 8, 128)
    small = fit.judge(2_500_000_000, shape, 40960, LAPTOP, speeds=Speeds(Pace(40e9)))
    assert (small.verdict, small.context) == (Verdict.FITS, 8192)
    assert "about 16 tokens" in small.sentence
    slow = fit.judge(2_500_000_000, shape, 40960, LAPTOP, speeds=Speeds(Pace(5e9)))
    assert slow.verdict is Verdict.SLOW
    large = fit.judge(40_000_000_000, shape, 40960, LAPTOP, speeds=Speeds(Pace(40e9)))
    assert large.verdict is Verdict.NOT
    crowded = fit.judge(11_000_000_000, shape, 40960, LAPTOP)
    assert crowded.verdict is Verdict.NOT
    assert "would make room" in crowded.sentence
    tight = fit.judge(7_000_000_000, shape, 262144, LAPTOP, context=65536)
    assert tight.verdict is Verdict.FITS
    assert 2048 <= tight.context < 65536
    assert tight.need.total <= LAPTOP.memory_free - fit.SPARE


def test_a_model_that_guesses_ahead_needs_room_too() -> None:
    shape = Shape(32, 8, 128)
    alone = fit.judge(5_000_000_000, shape, 32768, LAPTOP)
    both = fit.judge(5_000_000_000, shape, 32768, LAPTOP, beside=4_000_000_000)
    assert both.need.total == alone.need.total + 4_000_000_000 or both.context < alone.context
    assert alone.verdict is fit.Verdict.FITS
    assert both.verdict is fit.Verdict.NOT


def test_what_is_pleasant_is_recommended_first() -> None:
    """On a laptop with 10 GB free that reads 40 GB a second: not what barely fits, and not what is slow."""
    entries = [entry for entry in catalogue.entries() if entry.role == "chat"]
    speeds = Speeds(Pace(40e9, 0.0001))
    judged = [(entry, fit.of_entry(entry, None, LAPTOP, speeds)) for entry in reversed(entries)]
    for japanese in (False, True):
        ordered = fit.best_first(judged, LAPTOP, japanese=japanese)
        best, found = ordered[0]
        assert fit.is_pleasant(found, LAPTOP)
        assert found.need.total < 6_700_000_000
        assert (found.tokens_per_second or 0) >= 10
        rivals = [
            e for e, f in judged if fit.is_pleasant(f, LAPTOP) and (e.japanese == "good" or not japanese)
        ]
        assert best.parameters == max(entry.parameters or 0 for entry in rivals)
        assert best in rivals
        verdicts = [found.verdict for _, found in ordered]
        assert verdicts == sorted(verdicts, key=list(Verdict).index)
        assert len(ordered) == len(entries)


def test_a_mixture_of_experts_is_as_fast_as_its_active_part() -> None:
    entry = catalogue.find("qwen3-30b-a3b-instruct-2507")
    assert entry is not None
    big = Machine("Linux", "x", 8, 64_000_000_000, 60_000_000_000)
    found = fit.of_entry(entry, None, big, speeds=Speeds(Pace(40e9)))
    assert found.tokens_per_second is not None
    assert found.tokens_per_second > 10


def test_a_files_header_tells_the_active_part_of_a_mixture() -> None:
    """Qwen3 30B-A3B: 30.5 B parameters, of which 3.3 B are active (its model card)."""
    values = {
        "general.architecture": "qwen3moe",
        "qwen3moe.block_count": 48,
        "qwen3moe.embedding_length": 2048,
        "qwen3moe.attention.head_count": 32,
        "qwen3moe.attention.head_count_kv": 4,
        "qwen3moe.attention.key_length": 128,
        "qwen3moe.expert_count": 128,
        "qwen3moe.expert_used_count": 8,
        "qwen3moe.expert_feed_forward_length": 768,
    }
    mixture = gguf.Header(3, 579, values, {"tokenizer.ggml.tokens": 151_936})
    assert mixture.active_share == pytest.approx(3.3 / 30.5, abs=0.02)
    # Mixtral 8x7B: 46.7 B parameters, 12.9 B active; its experts are as wide as the header says of all layers.
    values = {
        "general.architecture": "llama",
        "llama.block_count": 32,
        "llama.embedding_length": 4096,
        "llama.feed_forward_length": 14336,
        "llama.attention.head_count": 32,
        "llama.attention.head_count_kv": 8,
        "llama.expert_count": 8,
        "llama.expert_used_count": 2,
    }
    older = gguf.Header(3, 995, values, {"tokenizer.ggml.tokens": 32_000})
    assert older.active_share == pytest.approx(12.9 / 46.7, abs=0.01)
    dense = gguf.Header(3, 399, {**values, "llama.expert_count": 0}, {})
    assert dense.active_share == 1.0


CARD = Device("Vulkan0", "A card", "gpu", 8_000_000_000, 7_000_000_000)
WITH_CARD = Machine("Linux", "x", 8, 16_000_000_000, 10_000_000_000, devices=(CARD,))


def test_as_many_layers_go_to_the_card_as_it_holds() -> None:
    shape = catalogue.Shape(36, 8, 128)
    whole = fit.judge(2_500_000_000, shape, 40960, WITH_CARD, speeds=Speeds(Pace(20e9), Pace(300e9)))
    assert whole.gpu_layers == 36
    assert whole.tokens_per_second == pytest.approx(120)
    part = fit.judge(12_000_000_000, shape, 40960, WITH_CARD, speeds=Speeds(Pace(20e9), Pace(300e9)))
    assert part.verdict is Verdict.SLOW or part.verdict is Verdict.FITS
    assert 5 < part.gpu_layers < 30
    alone = fit.judge(12_000_000_000, shape, 40960, LAPTOP, speeds=Speeds(Pace(20e9)))
    assert alone.verdict is Verdict.NOT, "without the card there is no room for it"
    assert alone.gpu_layers == 0
    by_hand = fit.judge(2_500_000_000, shape, 40960, WITH_CARD, gpu_layers=5)
    assert by_hand.gpu_layers == 5
    unmeasured = fit.judge(2_500_000_000, shape, 40960, WITH_CARD, speeds=Speeds(Pace(20e9)))
    assert unmeasured.tokens_per_second is None, "the card was never measured"


def test_what_goes_to_the_card_never_exceeds_it() -> None:
    shape = catalogue.Shape(36, 8, 128)
    for size in range(500_000_000, 40_000_000_000, 700_000_000):
        found = fit.need(size, shape, 8192)
        layers = fit.layers_on_gpu(found, shape, WITH_CARD)
        there = (found.weights + found.cache) * layers / 37 + found.buffers
        assert 0 <= layers <= 36
        assert layers == 0 or there <= CARD.memory_free


def test_a_header_gives_the_shape(tmp_path: Path) -> None:
    header = gguf.read_header(Library(Home(tmp_path)).path_of("smollm2-135m-instruct"))
    assert header.shape == catalogue.Shape(
        30, 3, 64, embedding=576, feed_forward=1536, vocabulary=49152, merges=48900
    )


# ---------------------------------------------------------------- this machine's speed


SIZE = 500_000_000


def _answered(
    app: App, speed: float, *, tokens: int = 200, guessed: int = 0, gpu_layers: int = 0, size: int = SIZE
) -> None:
    """An answer of a model with 30 layers, at `speed` tokens a second."""
    path = str(app.library.path_of("smollm2-135m-instruct"))
    info = ModelInfo(path, "", 8192, 0, size, 30, gpu_layers, 1)
    timings = Timings(1.0, 1.0 + (tokens - 1) / speed, 50, 0, tokens, guessed, guessed)
    app.events.publish(EngineAnswered(info, timings))


def _know(app: App, pace: Pace) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.speed, "_pace", lambda *_: pace)
        app.speed.measure()


def test_two_models_tell_bytes_from_layers() -> None:
    truth = Pace(40e9, 0.0001)
    small, large = (98e6, 30, truth.seconds(98e6, 30)), (274e6, 8, truth.seconds(274e6, 8))
    for pair in ((small, large), (large, small)):
        found = measure.solve(*pair)
        assert found.bandwidth == pytest.approx(40e9)
        assert found.per_layer == pytest.approx(0.0001)
    # Noise may say nonsense: then the larger model's bytes alone tell.
    for nonsense in ((98e6, 30, 0.001), (98e6, 30, 0.1)):
        assert measure.solve(nonsense, large) == Pace(274e6 / large[2])
    assert measure.solve(large, large) == Pace(274e6 / large[2])


def test_the_yardstick_is_a_sound_model_that_writes_on(app: App, tmp_path: Path) -> None:
    file = tmp_path / "yardstick.gguf"
    yardstick.write(file)
    header = gguf.check(file)
    assert header.number("block_count") == yardstick.LAYERS
    assert gguf.size_bytes(file) == pytest.approx(yardstick.BYTES, rel=0.01)
    app.engine.worker.call(LoadModel(str(file), 1024, speculation="off")).result()
    call = app.engine.worker.call(
        Generate("y", [Turn("user", "Tell me a story.")], Sampling(temperature=0), max_tokens=200)
    )
    assert call.result().timings.completion_tokens == 200, "it must not end early"


def test_the_machine_is_measured_with_real_models(app: App) -> None:
    found = app.speed.measure()
    assert found is not None
    assert found.processor is not None
    assert found.graphics is None
    assert found.processor.bandwidth > 1e8
    assert 0 <= found.processor.per_layer < 0.1
    assert app.speed.known() == found
    assert not (app.home.root / measure.YARDSTICK).exists()


def test_a_file_that_is_no_model_does_not_keep_the_machine_from_being_measured(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    (app.home.models / "broken.gguf").write_text("<html>not found</html>")
    measured: list[Path] = []
    monkeypatch.setattr(app.speed, "_pace", lambda small, *_: measured.append(small) or Pace(1e9))
    assert app.speed.measure() is not None
    assert measured == [app.library.path_of("smollm2-135m-instruct")]


def test_closing_does_not_wait_for_the_measurement(script: Callable[..., Path], home: Home) -> None:
    script({"when": "", "say": "…"}, load_seconds=600)
    app = App(home)
    job = app.jobs.start("measure", lambda job: app.speed.measure(job))
    until(psutil.Process().children)
    job.cancel()
    assert job.ended(20)
    assert isinstance(job.error, Cancelled)
    assert not (home.root / measure.YARDSTICK).exists()
    app.close()


@pytest.mark.logs("process ended while", "the graphics device could not be measured")
def test_a_card_that_crashes_leaves_the_processor_measured(script: Callable[..., Path], home: Home) -> None:
    card = {
        "name": "Vulkan0",
        "description": "A card",
        "kind": "gpu",
        "memory": 8 << 30,
        "memory_free": 8 << 30,
    }
    script({"when": "", "say": "one two three"}, devices=[card], crash={"at": "load", "gpu_layers": -1})
    app = App(home)
    try:
        found = app.speed.measure()
        assert found is not None
        assert found.processor is not None
        assert found.graphics is None
        assert app.speed.known() == found
    finally:
        app.close()


@pytest.mark.logs("the machine could not be measured")
def test_a_full_disk_leaves_the_speed_unknown(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(target: Path) -> None:
        target.write_bytes(b"a part of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(yardstick, "write", full)
    assert app.speed.measure() is None
    assert not (app.home.root / measure.YARDSTICK).exists()


def test_a_quicker_answer_corrects_what_was_measured_on_a_busy_machine(app: App) -> None:
    size = SIZE
    _answered(app, 90)
    assert app.speed.known() is None, "the first measurement is not left out for a single answer"
    _know(app, Pace(20 * size, 1 / 600))  # 1/20 s for the bytes and as much for 30 layers: 10 tokens a second
    _answered(app, 90)
    learnt = Speeds(Pace(pytest.approx(180 * size), pytest.approx(1 / 5400)))
    assert app.speed.known() == learnt
    for less in (
        {"speed": 20},
        {"speed": 500, "tokens": 8},
        {"speed": 150, "guessed": 100},
        {"speed": 500, "gpu_layers": 7},
        {"speed": 500, "size": 98_000_000},  # it may lie in the processor's cache
    ):
        _answered(app, **less)
        assert app.speed.known() == learnt, less
    _answered(app, 900, gpu_layers=30)
    assert app.speed.known() == replace(learnt, graphics=Pace(pytest.approx(900 * size)))


def test_a_real_answer_is_learnt_from(app: App, bright_model: str) -> None:
    _know(app, Pace(1.0))
    app.settings.change(temperature=0.0, repeat_penalty=1.0, answer_length=200, speculation=False)
    conversation = app.chat.new_conversation()
    question = "Tell me a very long story about a desk."
    app.chat.send(conversation.id, question, model=bright_model).wait(300)
    learnt = app.speed.known()
    assert learnt is not None
    assert learnt.processor is not None
    assert learnt.processor.bandwidth > 1e8


def test_what_an_older_version_measured_is_measured_again(app: App) -> None:
    _know(app, Pace(40e9))
    file = app.home.root / measure.FILE
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({**kept, "processor": 40e9}))
    assert app.speed.known() is None
