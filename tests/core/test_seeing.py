"""Pictures on their way from a message to a model that sees them: found projectors, what is sent, and what a blind model gets."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as Pictures

from core.app import App
from core.chat import context, prompt
from core.chat.conversation import Attached, Image, Message
from core.engine.interface import EngineEyesUnused
from core.engine.messages import Picture, Turn
from core.engine.remote import MODEL
from core.errors import AttachmentTooLong, ProjectorUnsuitable
from core.models import discover, projectors
from core.models.adjustments import Adjustments
from core.models.download import RemoteFile
from core.models.hub import offers
from core.models.library import Library
from core.paths import RESOURCES, Home
from core.structured.fields import Field, Form, write
from tests.core.test_cli import tsukue
from tests.support import eyes
from tests.support.gguf_files import with_number
from tests.support.remote import Server

STARTER = "smollm2-135m-instruct"
QUESTION = "Name the colour."


@pytest.fixture(scope="module")
def projector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eyes")
    return eyes.that_tell_colours(Library(Home(folder)).path_of(STARTER), folder / "mmproj-colours.gguf")


@pytest.fixture
def app(home: Home, projector: Path) -> Iterator[App]:
    """With the starter model twice: as it is, and as `seeing` with eyes."""
    app = App(home)
    app.library.add(app.library.path_of(STARTER), "seeing", projector)
    yield app
    app.close()


def red(folder: Path, colour: str = "#ff0000") -> Path:
    path = folder / "photo.png"
    Pictures.new("RGB", (400, 400), colour).save(path)
    return path


def take(app: App, path: Path) -> Attached:
    found: Attached = app.jobs.start("take", lambda job: app.attaching.take(path, job)).wait(120)
    return found


def ask(app: App, model: str, *attached: Attached, text: str = QUESTION) -> Message:
    app.settings.change(chat_model=model, temperature=0.0, answer_length=64)
    _, job = app.chat.begin(text, attached=list(attached))
    found: Message = job.wait(120)
    return found


# ---------------------------------------------------------------- what is sent


def test_a_model_with_eyes_says_what_the_picture_shows_and_one_without_cannot(
    app: App, tmp_path: Path
) -> None:
    for colour, pixels in (("red", "#ff0000"), ("green", "#00ff00"), ("blue", "#0000ff")):
        picture = take(app, red(tmp_path, pixels))
        assert colour in ask(app, "seeing", picture).text.lower()
    assert "red" not in ask(app, STARTER, take(app, red(tmp_path))).text.lower()


def test_the_context_counts_what_is_seen(app: App, tmp_path: Path) -> None:
    picture = take(app, red(tmp_path))
    seen, blind = (
        app.jobs.start(
            "size", lambda job, m=model: app.attaching.size([picture], m, app.settings.values, job)
        ).wait(120)[0]
        for model in ("seeing", STARTER)
    )
    assert (seen.sees, blind.sees) == (True, False)
    assert seen.tokens - blind.tokens in range(4, 8)
    answer = ask(app, "seeing", picture)
    filling = context.look(app.conversations, app.chat.sight, answer.conversation, app.settings.values)
    assert filling.documents >= seen.tokens
    app.settings.change(chat_model=STARTER)
    app.chat.use_model(answer.conversation, STARTER)
    other = context.look(app.conversations, app.chat.sight, answer.conversation, app.settings.values)
    assert filling.documents - other.documents in range(4, 8)


def test_a_picture_that_has_gone_is_read_as_its_text(app: App, tmp_path: Path) -> None:
    picture = take(app, red(tmp_path))
    assert isinstance(picture, Image)
    app.pictures.path(picture.sha256).unlink()
    turn = prompt.shown(picture, app.chat.sight.of("seeing"))
    assert (turn.pictures, turn.text) == ((), "--- photo.png (a picture) ---\n--- end of photo.png ---")
    assert ask(app, "seeing", picture).text


def test_a_damaged_picture_is_read_as_its_text_and_blocks_no_chat(app: App, tmp_path: Path) -> None:
    picture = take(app, red(tmp_path))
    assert isinstance(picture, Image)
    answer = ask(app, "seeing", picture)
    kept = app.pictures.path(picture.sha256)
    kept.write_bytes(kept.read_bytes()[:60])
    app.engine.worker.stop()  # nothing that it has seen is in a cache
    for path in app.home.states.glob("*"):
        path.unlink()
    job = app.chat.send(answer.conversation, "Never mind. Say yes.")
    assert job.wait(120).text
    (size,) = app.jobs.start(
        "size", lambda job: app.attaching.size([picture], "seeing", app.settings.values, job)
    ).wait(120)
    assert size.tokens


@pytest.mark.logs(r"the projector .* is left alone", r"the chat engine process ended while .* \(SIG")
def test_eyes_at_which_the_engine_dies_cost_the_model_nothing(app: App, tmp_path: Path) -> None:
    """No safer settings, no second death: the picture is answered by its text, and the person is told once."""
    broken = eyes.without_patches(tmp_path / "mmproj-broken.gguf", app.library.path_of(STARTER))
    told: list[EngineEyesUnused] = []
    app.events.listen(EngineEyesUnused, told.append)
    app.models.adjust(app.library.find(STARTER), Adjustments(projector=str(broken)))
    picture = take(app, red(tmp_path))
    assert app.engine.sees(STARTER)
    assert ask(app, STARTER, picture).text
    assert ask(app, STARTER, picture).text
    assert [event.name for event in told] == ["mmproj-broken.gguf"]
    assert not app.engine.sees(STARTER)
    assert app.engine.ladder.remembered() == {}
    (size,) = app.jobs.start(
        "size", lambda job: app.attaching.size([picture], STARTER, app.settings.values, job)
    ).wait(120)
    assert not size.sees
    wishes = Adjustments(projector=str(broken), context_length=4096)
    app.models.adjust(app.library.find(STARTER), wishes)  # something else: nothing is forgiven
    assert not app.engine.sees(STARTER)
    app.models.adjust(app.library.find(STARTER), Adjustments())
    app.models.adjust(app.library.find(STARTER), Adjustments(projector=str(broken)))  # the person insists
    assert app.engine.sees(STARTER)


@pytest.mark.logs(r"the projector .* is left alone", r"the chat engine process ended while .* \(SIG")
def test_a_question_that_waits_behind_such_eyes_is_answered_as_if_nothing_were(
    app: App, tmp_path: Path
) -> None:
    """The process dies while a chip is counted: what stood in line behind it is begun again, and blamed for nothing."""
    broken = eyes.without_patches(tmp_path / "mmproj-broken.gguf", app.library.path_of(STARTER))
    app.models.adjust(app.library.find(STARTER), Adjustments(projector=str(broken)))
    picture = take(app, red(tmp_path))
    app.settings.change(chat_model=STARTER, temperature=0.0, answer_length=64)
    app.engine.load(STARTER)
    counting = app.jobs.start(
        "size", lambda job: app.attaching.size([picture], STARTER, app.settings.values, job)
    )
    _, answering = app.chat.begin("Say yes.")
    assert answering.wait(120).text
    assert not counting.wait(120)[0].sees
    assert app.engine.ladder.remembered() == {}


@pytest.mark.logs(r"the projector .* is left alone")
def test_eyes_that_are_refused_while_a_chip_is_counted_are_left_alone(app: App, tmp_path: Path) -> None:
    wrong = eyes.of_random_weights(tmp_path / "mmproj-wrong.gguf", 64)
    app.engine.adjustments.set(STARTER, Adjustments(projector=str(wrong)))  # as of an older version
    picture = take(app, red(tmp_path))
    pid = app.engine.worker.pid
    (size,) = app.jobs.start(
        "size", lambda job: app.attaching.size([picture], STARTER, app.settings.values, job)
    ).wait(120)
    assert not size.sees
    assert app.engine.worker.pid is not None
    assert pid in (None, app.engine.worker.pid)


def test_a_table_is_filled_from_what_is_seen(app: App, tmp_path: Path) -> None:
    """In what is written for the model with the form, the picture stands behind its name."""
    picture = take(app, red(tmp_path))
    form = Form([Field("colour", about="the colour")], "Which colour is it?")
    app.settings.change(chat_model="seeing", temperature=0.0)
    number, job = app.chat.begin("Which colour is the picture?", attached=[picture], form=write(form))
    job.wait(120)
    question = app.conversations.branch(number)[0]
    assert question.prompt is not None
    turn = prompt.sent(question, app.chat.sight.of("seeing"))
    head = "--- photo.png (a picture) ---\n"
    assert [turn.text[: one.at] for one in turn.pictures] == [head]
    assert turn.text == question.prompt
    assert prompt.sent(question).text == question.prompt


def test_turns_that_are_joined_keep_their_pictures_in_place() -> None:
    one = Turn("user", "a b", (Picture("one", 2),))
    two = Turn("user", "c", (Picture("two", 0), Picture("three", 1)))
    both = one.and_then(two)
    assert both.text == "a b\n\nc"
    assert [(picture.path, picture.at) for picture in both.pictures] == [("one", 2), ("two", 5), ("three", 6)]
    assert Turn("user", "").and_then(two) == two


def test_pages_of_a_scan_hang_on_a_message_as_pictures(app: App, tmp_path: Path) -> None:
    scan = tmp_path / "scan.tiff"
    pages = [Pictures.new("RGB", (300, 400), colour) for colour in ("#ff0000", "#0000ff")]
    pages[0].save(scan, save_all=True, append_images=pages[1:])
    found = app.jobs.start("pages", lambda job: app.attaching.pages(scan, job)).wait(120)
    assert [one.name for one in found] == ["scan.tiff, 1", "scan.tiff, 2"]
    assert len({one.sha256 for one in found}) == 2
    manual = RESOURCES / "samples/tea-kettle-manual.en.pdf"
    of_pdf = app.jobs.start("pages", lambda job: app.attaching.pages(manual, job)).wait(120)
    assert all("kettle" in one.text.lower() for one in of_pdf[:1])
    many = tmp_path / "many.tiff"
    pages[0].save(many, save_all=True, append_images=pages * 10)
    with pytest.raises(AttachmentTooLong):
        app.jobs.start("pages", lambda job: app.attaching.pages(many, job)).wait(120)


# ---------------------------------------------------------------- a server that sees


def test_a_server_gets_pictures_only_where_its_model_sees(app: App, tmp_path: Path) -> None:
    picture = take(app, red(tmp_path))
    assert isinstance(picture, Image)
    with Server() as server:
        app.settings.change(remote_url=server.url)
        ask(app, MODEL, picture)
        blind = server.asked[-1]["messages"][-1]["content"]
        app.settings.change(remote_sees=True)
        ask(app, MODEL, picture)
        parts = server.asked[-1]["messages"][-1]["content"]
    assert isinstance(blind, str)
    assert [part["type"] for part in parts] == ["text", "image_url", "text"]
    address = parts[1]["image_url"]["url"]
    assert address.startswith("data:image/png;base64,")
    assert base64.b64decode(address.split(",", 1)[1]) == app.pictures.read(picture.sha256)
    assert QUESTION in parts[2]["text"]


# ---------------------------------------------------------------- projectors


def test_a_projector_is_found_beside_its_model_and_fits_no_other(
    app: App, projector: Path, tmp_path: Path
) -> None:
    model = app.library.path_of(STARTER)

    def put(name: str, source: Path) -> Path:
        return Path(shutil.copy(source, tmp_path / name))

    own = put("Desk-135M-Instruct-Q4_K_M.gguf", model)
    put("mmproj-F16.gguf", projector)
    assert projectors.of(own) == tmp_path / "mmproj-F16.gguf"  # the only model here
    put("Other-135M-Q8_0.gguf", model)
    assert projectors.of(own) is None  # whose is it?
    put("Desk-135M-Instruct.mmproj-Q8_0.gguf", projector)
    put("mmproj-Desk-135M-Instruct-f16.gguf", projector)
    found = projectors.of(own)
    assert found is not None
    assert found.name == "mmproj-Desk-135M-Instruct-f16.gguf"
    assert projectors.of(tmp_path / "Other-135M-Q8_0.gguf") is None
    llava = eyes.that_tell_colours(model, tmp_path / "mmproj-llava.gguf", said=768)
    assert projectors.fits(llava, own)  # its matrices say what its number does not
    llava.unlink()
    alone = tmp_path / "alone"
    alone.mkdir()
    only = Path(shutil.copy(model, alone / "Qwen-7B-Instruct-Q4_K_M.gguf"))
    shutil.copy(projector, alone / "mmproj-Qwen-VL-7B-Instruct-f16.gguf")
    assert projectors.of(only) is None  # it names another model
    (alone / "model.json").write_text("{}")
    assert projectors.of(only) is not None  # but came with this one
    wide = eyes.of_random_weights(tmp_path / "mmproj-wide.gguf", 64)
    for file in (wide, model, tmp_path / "nothing.gguf"):
        assert not projectors.fits(file, own)
    assert not projectors.fits(projector, projector)


def test_the_hand_chooses_and_takes_away_eyes(app: App, projector: Path, tmp_path: Path) -> None:
    starter = app.library.find(STARTER)
    assert not app.engine.sees(STARTER)
    app.models.adjust(starter, Adjustments(projector=str(projector)))
    assert app.models.sees(starter)
    with pytest.raises(ProjectorUnsuitable):
        app.models.adjust(
            starter, Adjustments(projector=str(eyes.of_random_weights(tmp_path / "mmproj.gguf", 64)))
        )
    assert app.models.sees(starter)
    seeing = app.library.find("seeing")
    app.models.adjust(seeing, Adjustments(projector=""))
    assert not app.models.sees(seeing)
    assert app.engines.that_see() == [(STARTER, starter.name)]


@pytest.mark.logs(r"the projector .* of smollm2-135m-instruct is not there any more")
def test_eyes_that_have_gone_are_said_once(app: App, projector: Path, tmp_path: Path) -> None:
    gone = Path(shutil.copy(projector, tmp_path / "mmproj-gone.gguf"))
    app.models.adjust(app.library.find(STARTER), Adjustments(projector=str(gone)))
    gone.unlink()
    assert not app.engine.sees(STARTER)
    assert ask(app, STARTER, take(app, red(tmp_path))).text


def test_a_link_of_ours_is_no_model_and_goes_with_it(app: App) -> None:
    link = app.home.models / f"seeing{projectors.LINK}"
    assert link.is_symlink()
    assert [model.id for model in app.library.all() if "mmproj" in model.id] == []
    app.library.remove("seeing")
    assert not link.exists()


def test_a_repository_s_projector_comes_with_each_of_its_models() -> None:
    names = ["m-Q4_K_M.gguf", "m-Q8_0.gguf", "mmproj-m-Q8_0.gguf", "mmproj-m-F16.gguf", "mmproj-m-F32.gguf"]
    found = offers([RemoteFile(name, "", 100) for name in names])
    assert [([file.name for file in one.files], one.sees, one.size) for one in found] == [
        (["m-Q4_K_M.gguf", "mmproj-m-F16.gguf"], True, 200),
        (["m-Q8_0.gguf", "mmproj-m-F16.gguf"], True, 200),
    ]
    assert not offers([RemoteFile("m.gguf", "")])[0].sees


def test_ollama_s_and_the_cache_s_models_bring_their_eyes(
    app: App, projector: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "HF_HOME", "OLLAMA_MODELS"):
        monkeypatch.delenv(name, raising=False)
    model = app.library.path_of(STARTER)
    blobs = tmp_path / ".ollama/models/blobs"
    blobs.mkdir(parents=True)
    digests = {"model": "a" * 64, "projector": "b" * 64}
    for kind, source in (("model", model), ("projector", projector)):
        (blobs / f"sha256-{digests[kind]}").symlink_to(source)
    manifest = tmp_path / ".ollama/models/manifests/registry.ollama.ai/library/see/1b"
    manifest.parent.mkdir(parents=True)
    layers = [
        {"mediaType": f"application/vnd.ollama.image.{kind}", "digest": f"sha256:{digest}"}
        for kind, digest in digests.items()
    ]
    manifest.write_text(json.dumps({"layers": layers}))
    cache = tmp_path / ".cache/huggingface/hub/models--x--y"
    snapshot = cache / "snapshots/1"
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir()
    # Another file than Ollama's, or it would be the same model found twice.
    other = with_number(model, cache / "blobs/m", "smollm.other", 1)
    (snapshot / "cached-Q8_0.gguf").symlink_to(other)
    (cache / "blobs/p").write_bytes(projector.read_bytes())
    (snapshot / "mmproj-cached-F16.gguf").symlink_to(cache / "blobs/p")
    found = {one.name: one for one in discover.find(tmp_path)}
    assert set(found) == {"see-1b", "cached-Q8_0"}
    for one in found.values():
        added = app.library.add(one.path, one.name, one.projector)
        assert app.models.sees(added), one.name


# ---------------------------------------------------------------- the command line


def test_a_picture_is_attached_on_the_command_line(home: Home, projector: Path, tmp_path: Path) -> None:
    Library(home).add(Library(home).path_of(STARTER), "seeing", projector)
    tsukue(home, "settings", "set", "temperature", "0")
    picture, note = str(red(tmp_path)), tmp_path / "note.txt"
    note.write_text("The kettle is on the stove.", encoding="utf-8")
    code, (seen,), said = tsukue(home, "chat", QUESTION, "--attach", picture, "--model", "seeing", "--json")
    assert (code, said) == (0, "")
    assert "red" in seen["answer"]
    code, (blind,), said = tsukue(
        home, "chat", QUESTION, "--attach", picture, "--attach", str(note), "--json"
    )
    assert code == 0
    assert "cannot see pictures" in said
    app = App(home)
    try:
        question = app.conversations.branch(blind["conversation"])[0]
        assert [one.name for one in question.attached] == ["photo.png", "note.txt"]
    finally:
        app.close()
    code, _, said = tsukue(home, "chat", QUESTION, "--attach", str(tmp_path / "none.png"))
    assert code == 1
    assert "none.png" in said


def test_eyes_are_chosen_on_the_command_line(home: Home, projector: Path, tmp_path: Path) -> None:
    code, (kept,), _ = tsukue(home, "models", "adjust", STARTER, "--projector", str(projector), "--json")
    assert (code, kept["projector"]) == (0, str(projector))
    wrong = str(eyes.of_random_weights(tmp_path / "mmproj-wrong.gguf", 64))
    code, _, said = tsukue(home, "models", "adjust", STARTER, "--projector", wrong)
    assert code == 1
    assert "does not fit" in said
    code, (kept,), _ = tsukue(home, "models", "adjust", STARTER, "--projector", "none", "--json")
    assert (code, kept["projector"]) == (0, "")
