"""The catalogue, the fit, the library and the service of downloads."""

from __future__ import annotations

import json
import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.app import App
from core.engine.messages import Device
from core.errors import Cancelled, ModelMissing, ModelUnreadable
from core.models import catalogue, discover, fit, gguf, hub
from core.models.download import Item, RemoteFile
from core.models.downloads import DownloadChanged, State
from core.models.fit import Bandwidth, Verdict
from core.models.hardware import Machine
from core.models.library import Library
from core.paths import Home
from tests.support.gguf_files import write_adapter
from tests.support.hub import Hub, Repository

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
    small = fit.judge(2_500_000_000, shape, 40960, LAPTOP, bandwidth=Bandwidth(40e9))
    assert (small.verdict, small.context) == (Verdict.FITS, 8192)
    assert "about 16 tokens" in small.sentence
    slow = fit.judge(2_500_000_000, shape, 40960, LAPTOP, bandwidth=Bandwidth(5e9))
    assert slow.verdict is Verdict.SLOW
    large = fit.judge(40_000_000_000, shape, 40960, LAPTOP, bandwidth=Bandwidth(40e9))
    assert large.verdict is Verdict.NOT
    crowded = fit.judge(11_000_000_000, shape, 40960, LAPTOP)
    assert crowded.verdict is Verdict.NOT
    assert "closed it would fit" in crowded.sentence
    tight = fit.judge(7_000_000_000, shape, 262144, LAPTOP, context=65536)
    assert tight.verdict is Verdict.FITS
    assert 2048 <= tight.context < 65536
    assert tight.need.total <= LAPTOP.memory_free - fit.SPARE


def test_a_mixture_of_experts_is_as_fast_as_its_active_part() -> None:
    entry = catalogue.find("qwen3-30b-a3b-instruct-2507")
    assert entry is not None
    big = Machine("Linux", "x", 8, 64_000_000_000, 60_000_000_000)
    found = fit.of_entry(entry, None, big, bandwidth=Bandwidth(40e9))
    assert found.tokens_per_second is not None
    assert found.tokens_per_second > 10


CARD = Device("Vulkan0", "A card", "gpu", 8_000_000_000, 7_000_000_000)
WITH_CARD = Machine("Linux", "x", 8, 16_000_000_000, 10_000_000_000, devices=(CARD,))


def test_as_many_layers_go_to_the_card_as_it_holds() -> None:
    shape = catalogue.Shape(36, 8, 128)
    whole = fit.judge(2_500_000_000, shape, 40960, WITH_CARD, bandwidth=Bandwidth(20e9, 300e9))
    assert whole.gpu_layers == 36
    assert whole.tokens_per_second == pytest.approx(120)
    part = fit.judge(12_000_000_000, shape, 40960, WITH_CARD, bandwidth=Bandwidth(20e9, 300e9))
    assert part.verdict is Verdict.SLOW or part.verdict is Verdict.FITS
    assert 5 < part.gpu_layers < 30
    alone = fit.judge(12_000_000_000, shape, 40960, LAPTOP, bandwidth=Bandwidth(20e9))
    assert alone.verdict is Verdict.NOT, "without the card there is no room for it"
    assert alone.gpu_layers == 0
    by_hand = fit.judge(2_500_000_000, shape, 40960, WITH_CARD, gpu_layers=5)
    assert by_hand.gpu_layers == 5
    unmeasured = fit.judge(2_500_000_000, shape, 40960, WITH_CARD, bandwidth=Bandwidth(20e9))
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


# ---------------------------------------------------------------- library


def test_a_model_is_used_where_it_lies_and_removed_again(home: Home, tmp_path: Path) -> None:
    library = Library(home)
    home.create()
    source = library.path_of("smollm2-135m-instruct")
    theirs = tmp_path / "theirs.gguf"
    theirs.symlink_to(source)
    added = library.add(theirs)
    assert (added.id, added.role, added.path.is_symlink()) == ("theirs", "chat", True)
    assert library.choose("chat") == "theirs"
    assert library.remove("theirs") == 0
    assert source.exists()
    with pytest.raises(ModelMissing):
        library.remove("theirs")
    with pytest.raises(ModelMissing):
        library.remove("smollm2-135m-instruct")
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\xff" * 100)
    with pytest.raises(ModelUnreadable):
        library.add(tmp_path / "bad.gguf")


def test_two_files_of_one_name_are_two_models(home: Home, tmp_path: Path) -> None:
    library = Library(home)
    home.create()
    source = library.path_of("smollm2-135m-instruct")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "model.gguf").write_bytes(source.read_bytes())
    first, second = (library.add(tmp_path / folder / "model.gguf") for folder in ("a", "b"))
    assert (first.id, second.id) == ("model", "model-2")
    assert second.path.resolve() == tmp_path / "b" / "model.gguf"
    assert library.add(tmp_path / "a" / "model.gguf").id == "model"


def test_a_folder_without_its_description_is_no_model(home: Home) -> None:
    home.create()
    folder = home.models / "half"
    folder.mkdir()
    (folder / "half.gguf").write_bytes(b"GGUF")
    (home.models / ".partial" / "other").mkdir(parents=True)
    (home.models / ".partial" / "other" / "model.json").write_text("{}")
    assert [m.id for m in Library(home).all() if not m.starter] == []
    (folder / "model.json").write_text(json.dumps({"name": "Half", "role": "chat", "file": "half.gguf"}))
    (model,) = (m for m in Library(home).all() if not m.starter)
    assert (model.id, model.name) == ("half", "Half")
    assert Library(home).remove("half") > 0
    assert not folder.exists()


# ---------------------------------------------------------------- other programs' models


def test_models_of_other_programs_are_found_once_each(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "HF_HOME", "OLLAMA_MODELS", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    person = tmp_path / "person"
    source = Library(home).path_of("smollm2-135m-instruct")

    def put(place: str) -> Path:
        path = person / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"GGUF" + place.encode())
        return path

    put(".lmstudio/models/maker/model/Studio-Q4_K_M.gguf")
    put(".lmstudio/models/maker/model/mmproj-F16.gguf")
    put(".local/share/nomic.ai/GPT4All/All-Q4_0.gguf")
    put(".local/share/Jan/data/llamacpp/models/jan/model.gguf")
    put(".lmstudio/models/a/b/Big-Q4_0-00001-of-00002.gguf")
    put(".lmstudio/models/a/b/Big-Q4_0-00002-of-00002.gguf")
    blob = put(".cache/huggingface/hub/models--x--y/blobs/abc")
    snapshot = person / ".cache/huggingface/hub/models--x--y/snapshots/1/Hub-Q8_0.gguf"
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(blob)
    digest = "a" * 64
    manifest = person / ".ollama/models/manifests/registry.ollama.ai/library/llama9/1b"
    manifest.parent.mkdir(parents=True)
    layers = [
        {"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:" + "b" * 64},
        {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"},
    ]
    manifest.write_text(json.dumps({"layers": layers}))
    (manifest.parent / "broken").write_text("{")
    ollama = person / ".ollama/models/blobs" / f"sha256-{digest}"
    ollama.parent.mkdir(parents=True)
    ollama.symlink_to(source)

    found = {(f.program, f.name) for f in discover.find(person)}
    assert found == {
        ("LM Studio", "Studio-Q4_K_M"),
        ("LM Studio", "Big-Q4_0-00001-of-00002"),
        ("GPT4All", "All-Q4_0"),
        ("Jan", "model"),
        ("Hugging Face", "Hub-Q8_0"),
        ("Ollama", "llama9-1b"),
    }
    (theirs,) = (f for f in discover.find(person) if f.program == "Ollama")
    home.create()
    assert Library(home).add(theirs.path, theirs.name).id == "llama9-1b"
    assert Library(home).path_of("llama9-1b").resolve() == source


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert discover.find(tmp_path) == []


# ---------------------------------------------------------------- downloads, as a service

REPO = "desk/a-GGUF"
DATA = {f"m{n}-Q4_0.gguf": random.Random(n).randbytes(400_000) for n in range(5)}


@pytest.fixture
def server() -> Iterator[Hub]:
    with Hub() as server:
        server.repositories[REPO] = Repository(dict(DATA), ["en"])
        yield server


@pytest.fixture
def app(home: Home) -> Iterator[App]:
    app = App(home)
    yield app
    app.close()


def items(server: Hub) -> list[Item]:
    return [
        Item(
            name.removesuffix(".gguf"),
            name,
            (RemoteFile(name, f"{server.url}/{REPO}/resolve/main/{name}", len(data)),),
            {"role": "chat", "file": name},
        )
        for name, data in DATA.items()
    ]


def test_several_downloads_run_at_once_and_all_arrive(app: App, server: Hub) -> None:
    changes: list[DownloadChanged] = []
    app.events.listen(DownloadChanged, changes.append)
    jobs = [app.downloads.start(item) for item in items(server)]
    assert app.downloads.start(items(server)[0]) is jobs[0]
    for job in jobs:
        job.wait(60)
    assert {m.name for m in app.library.all() if not m.starter} == set(DATA)
    assert app.downloads.all() == []
    assert {c.item.id for c in changes if c.state is State.DONE} == {i.id for i in items(server)}


def test_pause_keeps_and_cancel_throws_away(app: App, server: Hub) -> None:
    server.faults.bytes_per_second = 400_000
    item = items(server)[0]
    moved = threading.Event()
    app.events.listen(DownloadChanged, lambda c: moved.set() if c.done > 0 else None)
    job = app.downloads.start(item)
    assert moved.wait(30)
    app.downloads.pause(item.id)
    with pytest.raises(Cancelled):
        job.wait(30)
    (paused,) = app.downloads.all()
    assert paused.state is State.PAUSED
    assert 0 < paused.done < len(DATA[item.name])

    server.faults.bytes_per_second = 0
    sent = server.sent
    app.downloads.start(item).wait(30)
    assert server.sent - sent == len(DATA[item.name]) - paused.done
    app.library.remove(item.id)

    server.faults.bytes_per_second = 400_000
    moved.clear()
    app.downloads.start(item)
    assert moved.wait(30)
    app.downloads.cancel(item.id)
    assert app.downloads.all() == []
    assert not (app.home.models / ".partial" / item.id).exists()


def test_what_an_earlier_session_left_is_shown_as_paused(home: Home, server: Hub) -> None:
    server.faults.bytes_per_second = 400_000
    item = items(server)[0]
    moved = threading.Event()
    first = App(home)
    first.events.listen(DownloadChanged, lambda c: moved.set() if c.done > 0 else None)
    first.downloads.start(item)
    assert moved.wait(30)
    first.close()
    second = App(home)
    try:
        (left,) = second.downloads.all()
        assert (left.item, left.state) == (item, State.PAUSED)
        server.faults.bytes_per_second = 0
        second.downloads.start(left.item).wait(30)
        assert (home.models / item.id / item.name).read_bytes() == DATA[item.name]
    finally:
        second.close()


def test_the_usual_quantisation_is_chosen() -> None:
    found = hub.Found("a/b", 0, 0, "", (), "", False, "")
    files = [RemoteFile(f"x-{q}.gguf", "", size) for q, size in (("Q2_K", 1), ("Q4_K_M", 2), ("Q8_0", 3))]
    page = hub.Page(found, "main", "", hub.offers(files))
    assert hub.choose(page).quantisation == "Q4_K_M"  # type: ignore[union-attr]
    assert hub.choose(page, "q8_0").quantisation == "Q8_0"  # type: ignore[union-attr]
    assert hub.choose(page, "x-Q2_K.gguf").quantisation == "Q2_K"  # type: ignore[union-attr]
    assert hub.choose(page, "Q6_K") is None


def test_a_model_is_called_by_another_name_and_keeps_its_id(home: Home) -> None:
    library = Library(home)
    home.create()
    own = library.find("smollm2-135m-instruct").name
    renamed = library.rename("smollm2-135m-instruct", "  My  little\n one ")
    assert (renamed.id, renamed.name) == ("smollm2-135m-instruct", "My little one")
    assert Library(home).find("My little one").id == renamed.id
    assert library.rename(renamed.id, "").name == own


def _fetched(home: Home, library: Library) -> Path:
    """A model as a download leaves it; returns its folder."""
    home.create()
    folder = home.models / "owner--model"
    folder.mkdir()
    data = library.path_of("smollm2-135m-instruct").read_bytes()
    (folder / "model.gguf").write_bytes(data)
    (folder / "model.json").write_text(json.dumps({"name": "Model", "role": "chat", "file": "model.gguf"}))
    return folder


def test_a_model_moves_to_another_disk_and_back_and_is_removed_there(home: Home, tmp_path: Path) -> None:
    library = Library(home)
    folder = _fetched(home, library)
    size = library.find("owner--model").size_bytes
    seen: list[tuple[int, int]] = []
    moved = library.move("owner--model", tmp_path / "disk", progress=lambda *step: seen.append(step))
    assert moved.path == tmp_path / "disk/owner--model/model.gguf"
    assert moved.size_bytes >= seen[-1][0] == seen[-1][1] > 90_000_000
    assert [p.name for p in folder.iterdir()] == ["model.json"]
    assert gguf.read_header(library.path_of("owner--model")).architecture == "llama"
    library.move("owner--model", tmp_path / "other")
    assert not (tmp_path / "disk/owner--model").exists()
    (tmp_path / "other").rename(tmp_path / "unplugged")
    assert "owner--model" not in [model.id for model in library.all()]
    (tmp_path / "unplugged").rename(tmp_path / "other")
    assert library.remove("owner--model") >= size - 1000
    assert not (tmp_path / "other/owner--model").exists()
    assert not folder.exists()


def test_a_file_of_ones_own_moves_too(home: Home, tmp_path: Path) -> None:
    library = Library(home)
    home.create()
    shutil.copy(library.path_of("smollm2-135m-instruct"), home.models / "mine.gguf")
    begun = home.models / ".partial/another"  # a download that has just begun
    begun.mkdir(parents=True)
    moved = library.move("mine", tmp_path / "disk")
    assert begun.is_dir()
    assert (moved.id, moved.role) == ("mine", "chat")
    assert moved.path.exists()
    assert not (home.models / "mine.gguf").exists()


def test_a_move_that_is_stopped_leaves_everything_as_it_was(home: Home, tmp_path: Path) -> None:
    library = Library(home)
    folder = _fetched(home, library)

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        library.move("owner--model", tmp_path / "disk", stop)
    assert not (tmp_path / "disk/owner--model").exists()
    assert library.find("owner--model").path == folder / "model.gguf"
    with pytest.raises(ModelMissing):
        library.move("smollm2-135m-instruct", tmp_path / "disk")


def test_adapters_are_told_from_models(home: Home, tmp_path: Path) -> None:
    library = Library(home)
    home.create()
    model = library.path_of("smollm2-135m-instruct")
    library.add(write_adapter(model, tmp_path / "style.gguf", strength=0.1))
    assert [m.id for m in library.of_role("adapter")] == ["style"]
    assert library.choose("chat") == "smollm2-135m-instruct"


def test_a_model_that_is_a_folder_moves_whole_and_is_removed(home: Home, tmp_path: Path) -> None:
    library = Library(home)
    home.create()
    folder = home.models / "desk--finder"
    (folder / "1_Pooling").mkdir(parents=True)
    for name in ("model.safetensors", "1_Pooling/config.json"):
        (folder / name).write_bytes(b"x" * 100)
    (folder / "model.json").write_text(json.dumps({"name": "Finder", "role": "embedding"}))
    for place in ("disk", "other"):
        moved = library.move("desk--finder", tmp_path / place)
        assert moved.path == tmp_path / place / "desk--finder"
        assert (moved.path / "1_Pooling/config.json").read_bytes() == b"x" * 100
    assert [p.name for p in folder.iterdir()] == ["model.json"]
    assert not (tmp_path / "disk/desk--finder").exists()
    assert library.remove("desk--finder") == 200
    assert library.all()[0].starter
    assert not (tmp_path / "other/desk--finder").exists()


def test_a_fetched_folder_is_removed_where_it_lies(home: Home) -> None:
    library = Library(home)
    home.create()
    folder = home.models / "desk--whisper"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"x" * 100)
    (folder / "model.json").write_text(json.dumps({"name": "Whisper", "role": "speech"}))
    assert library.remove("desk--whisper") >= 100
    assert not folder.exists()


def test_a_move_that_a_crash_has_ended_can_be_made_again(home: Home, tmp_path: Path) -> None:
    library = Library(home)
    _fetched(home, library)
    (tmp_path / "disk/.owner--model.half").mkdir(parents=True)
    (tmp_path / "disk/.owner--model.half/model.gguf").write_bytes(b"half")
    assert library.move("owner--model", tmp_path / "disk").path.stat().st_size > 90_000_000
    assert sorted(p.name for p in (tmp_path / "disk").iterdir()) == ["owner--model"]


def test_an_id_is_meant_before_anothers_name(home: Home) -> None:
    library = Library(home)
    folder = _fetched(home, library)
    (folder / "model.json").write_text(json.dumps({"name": "mine", "role": "chat", "file": "model.gguf"}))
    (home.models / "mine.gguf").symlink_to(library.path_of("smollm2-135m-instruct"))
    assert library.find("mine").path.is_symlink()
    assert library.remove("mine") == 0
    assert folder.exists()


def test_only_a_model_of_the_role_is_chosen(home: Home, tmp_path: Path) -> None:
    library = Library(home)
    home.create()
    model = library.path_of("smollm2-135m-instruct")
    library.add(write_adapter(model, tmp_path / "style.gguf", strength=0.1))
    assert library.choose("chat", "style") == "smollm2-135m-instruct"
