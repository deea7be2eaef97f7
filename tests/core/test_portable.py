"""The portable build, where `make wheels` has made one: the variant that fits, and Vulkan when a device works.

A graphics card is Mesa's software device here (lavapipe), which is hundreds of times slower than the processor, and
whose version in Debian 12 crashes on batches of a few tokens: so nothing is guessed ahead on it.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import doctor
from core.app import App
from core.engine import local
from core.engine.interface import EngineDevicesGone
from core.engine.messages import AskEngine, Generate, LoadModel, Sampling, Turn
from core.events import Events
from core.models.library import Library
from core.paths import Home, cache_folder
from core.workers.supervisor import Worker
from tests.conftest import ROOT

LAVAPIPE = Path("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")
WHEELS = sorted(cache_folder().glob("wheels/portable-*/llama_cpp_python-*.whl"), key=os.path.getmtime)
pytestmark = pytest.mark.skipif(not WHEELS, reason="there is no portable build; `make wheels` makes one")
needs_lavapipe = pytest.mark.skipif(
    not LAVAPIPE.exists(),
    reason="there is no software device; `apt-get install mesa-vulkan-drivers` brings it",
)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest portable wheel, unpacked."""
    folder = tmp_path_factory.mktemp("portable")
    with zipfile.ZipFile(WHEELS[-1]) as wheel:
        wheel.extractall(folder)
    return folder


@pytest.fixture(autouse=True)
def in_its_place(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers import this build instead of the installed one; no graphics device unless a test says so."""
    monkeypatch.setenv("PYTHONPATH", f"{build}{os.pathsep}{ROOT}")
    monkeypatch.setenv("VK_DRIVER_FILES", "/nowhere.json")


@pytest.fixture
def with_device(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (build / "llama_cpp/lib/libggml-vulkan.so").exists():
        pytest.skip("this portable build has no Vulkan; `make wheels` says what it misses")
    monkeypatch.setenv("VK_DRIVER_FILES", str(LAVAPIPE))
    monkeypatch.setenv("GGML_VK_VISIBLE_DEVICES", "0")


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(local.spec(), Events())
    yield worker
    worker.close()


def answer(worker: Worker, words: int = 0, tokens: int = 12) -> str:
    turn = Turn("user", "These are words. " * words + "What is a desk used for?")
    call = worker.call(Generate("x", [turn], Sampling(temperature=0), max_tokens=tokens))
    return "".join(piece.text for piece in call.items())


def test_a_variant_is_chosen_and_answers(worker: Worker, home: Home) -> None:
    said = worker.call(AskEngine()).result()
    assert said.variant in ("x64", "haswell", "icelake", "alderlake", "zen4")
    assert not any(device.graphics for device in said.devices)
    worker.call(LoadModel(str(Library(home).path_of("smollm2-135m-instruct")), 2048)).result()
    assert answer(worker, words=150).strip(), "a long prompt is where builds with AMX die"


def test_no_variant_has_amx(build: Path) -> None:
    assert [p.name for p in build.glob("llama_cpp/lib/libggml-cpu-*.so")]
    assert not list(build.glob("llama_cpp/lib/*sapphirerapids*"))


def test_the_doctor_says_which_variant_and_why(home: Home) -> None:
    app = App(home)
    try:
        engine = doctor.examine(app)["engine"]
    finally:
        app.close()
    assert engine["self_test"]["ok"]
    assert engine["variant"] in engine["variant_reason"]
    assert "cpu" in engine["backend"]


@needs_lavapipe
def test_layers_are_offloaded_where_a_device_works(worker: Worker, home: Home, with_device: None) -> None:
    path = str(Library(home).path_of("smollm2-135m-instruct"))
    said = worker.call(AskEngine()).result()
    assert [device.kind for device in said.devices if "llvmpipe" in device.description] == ["gpu"]
    assert worker.call(LoadModel(path, 512, speculation="off")).result().gpu_layers == 30
    there = answer(worker, tokens=6)
    assert worker.call(LoadModel(path, 512, gpu_layers=0, speculation="off")).result().gpu_layers == 0
    assert there[:12] == answer(worker, tokens=6)[:12]


@needs_lavapipe
def test_without_the_device_the_next_start_computes_here_and_says_so(
    home: Home, with_device: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App(home)
    model = app.library.choose("chat")
    assert app.engine.load(model).gpu_layers == 30
    app.close()

    monkeypatch.setenv("VK_DRIVER_FILES", "/nowhere.json")
    again = App(home)
    gone: list[tuple[str, ...]] = []
    again.events.listen(EngineDevicesGone, lambda event: gone.append(event.descriptions))
    try:
        assert again.engine.load(model).gpu_layers == 0
        assert len(gone) == 1
        assert "llvmpipe" in gone[0][0]
        conversation = again.chat.new_conversation().id
        again.settings.change(answer_length=8)
        assert again.chat.send(conversation, "What is a desk?").wait(60).text.strip()
    finally:
        again.close()
