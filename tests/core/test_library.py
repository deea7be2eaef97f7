"""The library of models on this computer, and what other programs have."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from gguf import GGUFWriter

from core.app import App
from core.errors import (
    Cancelled,
    ModelGone,
    ModelMissing,
    ModelUnreadable,
    NoModel,
    PlaceNotWritable,
    PlaceTaken,
)
from core.events import Events
from core.models import discover, gguf
from core.models.library import Library, ModelStoodIn
from core.paths import ROOT, Home
from tests.conftest import until
from tests.support.gguf_files import finish, split, write_adapter

# ---------------------------------------------------------------- library


def test_a_model_is_used_where_it_lies_and_removed_again(home: Home, tmp_path: Path) -> None:
    library = Library(home)
    home.create()
    source = library.path_of("smollm2-135m-instruct")
    theirs = tmp_path / "theirs.gguf"
    theirs.symlink_to(source)
    added = library.add(theirs)
    assert (added.id, added.role, added.path.is_symlink()) == ("theirs", "chat", True)
    assert library.choose("chat") == "smollm2-135m-instruct", "what is new does not answer unasked"
    assert library.choose("chat", "theirs") == "theirs"
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
        ("LM Studio", "Big-Q4_0"),
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
    (gone,) = (model for model in library.listed() if model.lacks)
    assert (gone.id, gone.place) == ("owner--model", tmp_path / "other/owner--model/model.gguf")
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


def test_a_place_that_cannot_be_moved_to_is_named(home: Home, tmp_path: Path) -> None:
    """It is the person's folder and not the program's own: the sentence must not speak of --home."""
    library = Library(home)
    folder = _fetched(home, library)
    (tmp_path / "disk/owner--model").mkdir(parents=True)
    with pytest.raises(PlaceTaken, match="already exists"):
        library.move("owner--model", tmp_path / "disk")
    (tmp_path / "a file").write_text("no folder")
    with pytest.raises(PlaceNotWritable, match="a file cannot be written to"):
        library.move("owner--model", tmp_path / "a file")
    assert library.find("owner--model").path == folder / "model.gguf"


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


# ---------------------------------------------------------------- split models, and what cannot chat


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The starter model in three files, as another program might hold it."""
    folder = tmp_path_factory.mktemp("theirs")
    model = Library(Home(folder)).path_of("smollm2-135m-instruct")
    return split(model, folder, "Big-Q4_1", 100)


def test_a_split_model_is_used_in_place(home: Home, parts: list[Path]) -> None:
    """The link bears the person's name; llama.cpp looks for the other parts beside what it leads to."""
    assert len(parts) > 1
    app = App(home)
    try:
        added = app.library.add(parts[0], "My big one")
        assert added.id == "My_big_one"
        assert added.size_bytes == sum(part.stat().st_size for part in parts)
        info = app.engine.load(added.id)
        assert info.layers == 30
        conversation = app.chat.new_conversation()
        answer = app.chat.send(conversation.id, "Say hello.", model=added.id).wait(120)
        assert answer.text
    finally:
        app.close()
    assert Library(home).remove("My_big_one") == 0
    assert all(part.exists() for part in parts)


def test_all_files_of_a_split_model_dropped_together_are_one_model(home: Home, parts: list[Path]) -> None:
    library = Library(home)
    assert len({library.add(part).id for part in reversed(parts)}) == 1
    (own,) = (model for model in library.all() if not model.starter)
    assert own.size_bytes == sum(part.stat().st_size for part in parts)


def test_where_links_are_for_administrators_the_files_get_second_names(
    home: Home, parts: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1, "not allowed")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    added = Library(home).add(parts[0])
    assert added.size_bytes == sum(part.stat().st_size for part in parts)
    assert gguf.check(added.path).architecture == "llama"
    assert all(path.stat().st_nlink == 2 for path in gguf.parts(added.path))


def test_the_parts_of_a_model_in_the_folder_are_one_model(
    home: Home, tmp_path: Path, parts: list[Path]
) -> None:
    total = sum(part.stat().st_size for part in parts)
    for part in parts:
        shutil.copy(part, home.models)
    library = Library(home)
    (own,) = (model for model in library.all() if not model.starter)
    assert own.size_bytes == total
    moved = library.move(own.id, tmp_path / "disk")
    assert len(gguf.parts(moved.path)) == len(parts)
    assert not list(home.models.glob("*.gguf"))
    assert library.remove(moved.id) == total
    for part in parts:
        shutil.copy(part, home.models)
    (own,) = (model for model in library.all() if not model.starter)
    assert library.remove(own.id) == total
    assert not list(home.models.glob("*.gguf"))


def test_a_split_model_without_one_of_its_parts_is_refused(
    tmp_path: Path, home: Home, parts: list[Path]
) -> None:
    for part in parts[:-1]:
        shutil.copy(part, tmp_path)
    with pytest.raises(ModelUnreadable, match="part of it is missing"):
        Library(home).add(tmp_path / parts[0].name)
    (tmp_path / parts[-1].name).write_bytes(parts[-1].read_bytes()[:-1000])
    with pytest.raises(ModelUnreadable, match="incomplete"):
        Library(home).add(tmp_path / parts[0].name)


def test_split_models_of_other_programs_are_one_each(
    home: Home, tmp_path: Path, parts: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's cache names its files by links to blobs; only the links have the parts' names."""
    cache = tmp_path / ".cache/huggingface/hub/models--x--y"
    (cache / "blobs").mkdir(parents=True)
    (cache / "snapshots/1").mkdir(parents=True)
    for number, part in enumerate(parts):
        (cache / "blobs" / str(number)).write_bytes(part.read_bytes())
        (cache / "snapshots/1" / part.name).symlink_to(f"../../blobs/{number}")
    for name in ("HF_HOME", "OLLAMA_MODELS"):
        monkeypatch.delenv(name, raising=False)
    (found,) = discover.find(tmp_path)
    assert (found.name, found.size_bytes) == ("Big-Q4_1", sum(part.stat().st_size for part in parts))
    added = Library(home).add(found.path)
    assert gguf.check(added.path).architecture == "llama"
    (cache / "snapshots/1" / parts[1].name).unlink()
    assert discover.find(tmp_path) == []


@pytest.mark.parametrize(
    ("architecture", "kind", "pooling", "role"),
    [
        ("nomic-bert", "", 0, "embedding"),
        ("qwen3", "model", 3, "embedding"),
        ("bert", "model", 4, "reranker"),
        ("qwen3", "model", 4, "reranker"),
        ("clip", "mmproj", 0, "other"),
        ("clip", "", 0, "other"),
    ],
)
def test_what_cannot_chat_is_no_chat_model(
    home: Home, tmp_path: Path, architecture: str, kind: str, pooling: int, role: str
) -> None:
    library = Library(home)
    for folder in (tmp_path, home.models):
        writer = GGUFWriter(str(folder / "encoder.gguf"), arch=architecture)
        if kind:
            writer.add_type(kind)
        writer.add_tags(["feature-extraction"])
        if pooling:
            writer.add_uint32(f"{architecture}.pooling_type", pooling)
        finish(writer)
    assert library.find("encoder").role == role
    if role == "other":
        with pytest.raises(ModelUnreadable, match="cannot be used alone"):
            library.add(tmp_path / "encoder.gguf")
    else:
        library.add(tmp_path / "encoder.gguf", "mine")
        assert library.find("mine").role == role
    assert library.choose("chat") == "smollm2-135m-instruct"


# ---------------------------------------------------------------- models whose files have gone


def gone(library: Library) -> dict[str, str]:
    """The models of the list that cannot be used, and why."""
    return {model.id: model.lacks for model in library.listed() if model.lacks}


def _linked(home: Home, tmp_path: Path, parts: list[Path]) -> Path:
    (tmp_path / "theirs.gguf").symlink_to(Library(home).path_of("smollm2-135m-instruct"))
    (home.models / "theirs.gguf").symlink_to(tmp_path / "theirs.gguf")
    return tmp_path / "theirs.gguf"


def _moved_folder(home: Home, tmp_path: Path, parts: list[Path]) -> Path:
    library = Library(home)
    _fetched(home, library)
    library.move("owner--model", tmp_path / "disk")
    return tmp_path / "disk/owner--model"


def _folder_without_its_file(home: Home, tmp_path: Path, parts: list[Path]) -> Path:
    return _fetched(home, Library(home)) / "model.gguf"


def _own_parts(home: Home, tmp_path: Path, parts: list[Path]) -> Path:
    for part in parts:
        shutil.copy(part, home.models)
    return home.models / parts[1].name


def _own_parts_first(home: Home, tmp_path: Path, parts: list[Path]) -> Path:
    return _own_parts(home, tmp_path, parts).with_name(parts[0].name)


def _linked_parts(home: Home, tmp_path: Path, parts: list[Path]) -> Path:
    (tmp_path / "theirs").mkdir()
    for part in parts:
        shutil.copy(part, tmp_path / "theirs")
    Library(home).add(tmp_path / "theirs" / parts[0].name, "big")
    return tmp_path / "theirs" / parts[-1].name


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_linked, "its file is missing"),
        (_moved_folder, "its file is missing"),
        (_folder_without_its_file, "its file is missing"),
        (_own_parts, "part of it is missing"),
        (_own_parts_first, "part of it is missing"),
        (_linked_parts, "part of it is missing"),
    ],
)
def test_a_model_whose_file_has_gone_is_listed_as_such_and_can_be_removed(
    home: Home, tmp_path: Path, parts: list[Path], make: Callable[..., Path], reason: str
) -> None:
    taken = make(home, tmp_path, parts)
    bystander = tmp_path / "bystander"
    bystander.write_text("not the library's")
    told: list[ModelStoodIn] = []
    events = Events()
    events.listen(ModelStoodIn, told.append)
    library = Library(home, events=events)
    assert gone(library) == {}
    taken.rename(tmp_path / "taken away")
    library = Library(home, events=events)
    (found,) = gone(library)
    assert gone(library) == {found: reason}
    assert library.choose("chat", found) == "smollm2-135m-instruct"
    assert library.choose("chat", found) == "smollm2-135m-instruct"
    (event,) = told
    assert (event.reason, event.chosen) == (reason, "SmolLM2 135M")
    assert [model.id for model in library.of_role("chat")] == ["smollm2-135m-instruct"]
    for use in (library.path_of, library.find, lambda model: library.move(model, tmp_path / "x")):
        with pytest.raises(ModelGone, match=reason):
            use(found)
    assert library.rename(found, "Mine").name == "Mine"
    library.remove(found)
    assert gone(library) == {}
    assert (tmp_path / "taken away").exists()
    assert bystander.exists()
    assert not [path for path in home.models.iterdir() if not path.name.startswith(".")]


def test_removing_a_folder_that_was_moved_and_has_gone_deletes_nothing_beside_it(
    home: Home, tmp_path: Path
) -> None:
    """A model that is a folder and not a file: where it was, other things lie."""
    library = Library(home)
    folder = home.models / "desk--finder"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"x")
    (folder / "model.json").write_text(json.dumps({"name": "Finder", "role": "embedding"}))
    library.move("desk--finder", tmp_path / "disk")
    (tmp_path / "disk/other things").mkdir()
    shutil.rmtree(tmp_path / "disk/desk--finder")
    assert gone(library) == {"desk--finder": "its file is missing"}
    assert library.remove("desk--finder") == 0
    assert (tmp_path / "disk/other things").is_dir()


def test_links_in_a_circle_are_no_model(home: Home) -> None:
    (home.models / "a.gguf").symlink_to("b.gguf")
    (home.models / "b.gguf").symlink_to("a.gguf")
    library = Library(home)
    assert set(gone(library)) == {"a", "b"}
    library.remove("a")
    library.remove("b")


NOBODY = 65534
CLOSED = """
import os, sys
from pathlib import Path
from core.models.library import Library
from core.paths import Home
home, closed, nobody = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
if os.geteuid() == 0:
    os.seteuid(nobody)
library = Library(Home(home), starter=home / "none")
for model in library.listed():
    print(model.id, model.lacks)
    library.remove(model.id)
assert library.listed() == []
for use in (library.path_of, lambda path: library.add(Path(path)), lambda path: library.choose("chat", path)):
    try:
        use(str(closed / "x.gguf"))
    except Exception as error:
        print(type(error).__name__)
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has other doors")
def test_files_that_may_not_be_read_are_said(tmp_path: Path) -> None:
    """In a process of nobody's, where the tests are root's; the folders above are opened for it meanwhile."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        home, closed = folder / "home", folder / "closed"
        (home / "models").mkdir(parents=True)
        closed.mkdir()
        (closed / "x.gguf").write_bytes(b"GGUF")
        (home / "models/door.gguf").symlink_to(closed / "x.gguf")
        (home / "models/shut.gguf").write_bytes(b"GGUF")
        (home / "models/shut.gguf").chmod(0)
        for path in (folder, home, home / "models"):
            path.chmod(0o777)
        closed.chmod(0)
        try:
            command = [sys.executable, "-c", CLOSED, str(home), str(closed), str(NOBODY)]
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        finally:
            closed.chmod(0o700)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "door you do not have permission to read its file",
        "shut you do not have permission to read its file",
        "ModelMissing",
        "ModelUnreadable",
        "NoModel",
    ]


def test_what_was_chosen_and_is_unknown_or_of_another_kind_is_told(home: Home, tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    events = Events()
    events.listen(ModelStoodIn, lambda event: told.append((event.wanted, event.reason)))
    library = Library(home, events=events)
    library.add(
        write_adapter(library.path_of("smollm2-135m-instruct"), tmp_path / "style.gguf", strength=0.1)
    )
    for wanted in ("", "never-there", "style", "smollm2-135m-instruct", "SmolLM2 135M"):
        assert library.choose("chat", wanted) == "smollm2-135m-instruct"
    assert told == [
        ("never-there", "it is no longer on this computer"),
        ("style", "it is a model for something else"),
    ]


def test_without_the_starter_the_model_that_was_there_first_answers(home: Home, tmp_path: Path) -> None:
    """Whatever a new one is called."""
    model = Library(home).path_of("smollm2-135m-instruct")
    library = Library(home, starter=tmp_path / "none")
    with pytest.raises(NoModel):
        library.choose("chat")
    (home.models / "zebra.gguf").symlink_to(model)
    assert library.choose("chat") == "zebra"
    until(lambda: time.time() > (home.models / "zebra.gguf").lstat().st_ctime + 0.05)
    (home.models / "aardvark.gguf").symlink_to(model)
    assert library.choose("chat") == "zebra"
    assert library.choose("chat", "aardvark") == "aardvark"


# ---------------------------------------------------------------- what a start looks at


@pytest.mark.parametrize("chunk", [8, 9, 64, 1000, 1 << 20])
def test_the_template_is_found_without_reading_the_vocabulary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(gguf, "_CHUNK", chunk)
    for name, words in (("small", 3), ("large", 5000)):
        path = tmp_path / f"{name}.gguf"
        writer = GGUFWriter(str(path), arch="llama")
        writer.add_token_list([f"word {n}" + "x" * (n % 300) for n in range(words)])
        writer.add_token_merges([f"a {n}" for n in range(words)])
        writer.add_token_scores([0.5] * words)
        writer.add_chat_template("{{ messages }}")
        writer.add_context_length(512)
        finish(writer)
        assert gguf.chat_template(path) == "{{ messages }}"
        header = gguf.read_header(path)
        assert (header.chat_template, header.number("context_length")) == ("{{ messages }}", 512)
        assert header.lengths["tokenizer.ggml.merges"] == words


def test_a_vocabulary_that_is_cut_off_is_an_error_wherever_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    writer = GGUFWriter(str(path), arch="llama")
    writer.add_token_merges([f"a {n}" for n in range(2000)])
    writer.add_chat_template("{{ messages }}")
    finish(writer)
    whole = path.read_bytes()
    for cut in range(40, whole.index(b"{{ messages"), 997):
        path.write_bytes(whole[:cut])
        with pytest.raises(ModelUnreadable):
            gguf.chat_template(path)
