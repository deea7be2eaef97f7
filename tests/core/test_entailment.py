"""An entailment model that the person has: sentences in other words get their source, and nothing else does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.app import App
from core.documents import entailment, support
from core.documents.answer import Evidence
from core.documents.cross_encoders import EntailmentModel, Reranker, entailment_label
from core.documents.embedder import SentenceTransformerEmbedder
from core.documents.onnx_models import OnnxModel
from core.documents.search_models import SearchModelFailed
from core.errors import ModelUnreadable
from core.models.library import Library
from core.paths import Home
from core.settings import Settings
from core.storage.documents import StoredPassage
from tests.support import cross_encoder, onnx_encoders

GATE = "The gate of the park closes at eight in the evening."
PAINT = "The gate of the farm is painted green every spring."
QUESTION = "When does the gate of the park close?"
REWORDED = "Visitors cannot enter the park after eight."
BESIDE = "Visitors love the green colour of the lawn."
# What the model knows. It is sure of the last one too, which has another number: that is not left to it.
PAIRS = [
    (GATE, REWORDED, "entailment"),
    (PAINT, REWORDED, "neutral"),
    (f"{GATE} {PAINT}", REWORDED, "entailment"),
    (GATE, BESIDE, "neutral"),
    (PAINT, BESIDE, "neutral"),
    (f"{GATE} {PAINT}", BESIDE, "neutral"),
    (GATE, "Visitors cannot enter the park after nine.", "entailment"),
    (GATE, f"{QUESTION} Never.", "contradiction"),
    (PAINT, f"{QUESTION} Never.", "neutral"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("home"))
    home.create()
    return home


@pytest.fixture(scope="module")
def encoder(home: Home) -> Path:
    return Library(home).find(cross_encoder.ENCODER).path


@pytest.fixture(scope="module")
def model(home: Home, encoder: Path) -> str:
    return cross_encoder.make_entailment(home.models, encoder, PAIRS)


@pytest.fixture(scope="module")
def app(home: Home, model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    file = tmp_path_factory.mktemp("papers") / "park.txt"
    file.write_text(f"{GATE} {PAINT}")
    app = App(home)
    app.additions.add([str(file)], "c").wait(60)
    yield app
    app.close()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """`app` keeps its workers for the whole module."""


def evidence(app: App) -> Evidence:
    found = app.answerer.find("c", QUESTION)
    assert found.fits
    return found


def test_a_sentence_in_other_words_gets_its_source(app: App, model: str) -> None:
    assert [m.marker for m in app.answerer.judge(evidence(app), REWORDED).marks] == [None]
    app.settings.change(entailment_model=model)
    judged = app.answerer.judge(evidence(app), f"{REWORDED} {BESIDE}")
    assert judged.outcome == "answered"
    assert [(m.marker, m.implied) for m in judged.marks] == [(1, True), (None, False)]
    assert [c.text for c in judged.citations] == [GATE]  # the shortest stretch that says it
    # What stands there in its own words is told by them.
    own = app.answerer.judge(evidence(app), "The gate of the park closes at eight in the evening.")
    assert [(m.marker, m.implied) for m in own.marks] == [(1, False)]
    app.settings.change(entailment_model="")
    assert [m.marker for m in app.answerer.judge(evidence(app), REWORDED).marks] == [None]


def test_numbers_are_not_left_to_it(app: App, home: Home, model: str) -> None:
    false = PAIRS[6][1]
    assert EntailmentModel(home.models / model).entails([GATE], false)[0] > entailment.SURE
    app.settings.change(entailment_model=model)
    assert [m.marker for m in app.answerer.judge(evidence(app), false).marks] == [None]
    app.settings.change(entailment_model="")


@pytest.mark.parametrize(
    ("statement", "place", "may"),
    [
        ("It costs 5 g.", "The dose is 5 mg.", False),
        ("It costs 5 mg.", "The dose is 5 mg.", True),
        ("18歳以上の人が入れます。", "十八歳未満は入場できない。", False),
        ("18歳以上の人が入れます。", "入場は18歳以上に限る。", True),
        ("He wrote “Kokoro”.", "He wrote a novel.", False),
    ],
)
def test_what_no_model_is_trusted_with(statement: str, place: str, may: bool) -> None:
    assert support.may_hold(statement, support.stated(place)[0]) == may


def test_an_answer_of_one_word_is_read_with_its_question() -> None:
    asked: list[tuple[list[str], str]] = []

    def entails(premises: list[str], statement: str) -> list[float]:
        asked.append((premises, statement))
        return [0.0] * len(premises)

    passage = StoredPassage(1, 1, "park.txt", "park.txt", None, 1, 0, "", GATE)
    assert (
        entailment.find("Never.", QUESTION, [(passage, support.stated(GATE, "Park\nRules"))], entails) is None
    )
    assert asked == [([f"Park › Rules\n{GATE}"], f"{QUESTION} Never.")]


def test_it_is_asked_once_about_a_sentence(app: App, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app.settings.change(entailment_model=model)
    asked: list[str] = []
    ask = app.search_models.entails
    monkeypatch.setattr(app.search_models, "entails", lambda p, s: asked.append(s) or ask(p, s))
    found = evidence(app)
    for _ in range(2):
        app.answerer.judge(found, f"{REWORDED} {BESIDE}")
    assert asked == [REWORDED, BESIDE]
    app.settings.change(entailment_model="")


def test_an_onnx_folder_says_the_same(home: Home, model: str) -> None:
    onnx = onnx_encoders.write(home.models / model, home.models / "entailment-onnx", role="entailment")
    premises = [p for p, _, _ in PAIRS] * 3
    theirs = EntailmentModel(home.models / model).entails(premises, REWORDED)
    assert OnnxModel(onnx, pairs=True).entails(premises, REWORDED) == pytest.approx(theirs, abs=1e-3)
    with pytest.raises(ModelUnreadable):
        OnnxModel(onnx, pairs=True).score(QUESTION, [GATE])


def test_models_that_tell_nothing_of_the_kind_are_told(
    home: Home, encoder: Path, model: str, tmp_path: Path
) -> None:
    ranks = cross_encoder.make(tmp_path, encoder)
    for folder in (tmp_path / ranks, encoder, tmp_path / "nothing"):
        with pytest.raises(ModelUnreadable):
            EntailmentModel(folder)
    with pytest.raises(ModelUnreadable):
        Reranker(home.models / model)


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "config.json"])
@pytest.mark.parametrize("kind", [EntailmentModel, Reranker, SentenceTransformerEmbedder])
@pytest.mark.parametrize("content", ["nothing", "{}"])
def test_a_folder_with_a_broken_file_is_unreadable(
    home: Home, encoder: Path, model: str, tmp_path: Path, file: str, kind: type, content: str
) -> None:
    """Not a fault of the program, whatever the libraries make of it."""
    source = encoder if kind is SentenceTransformerEmbedder else home.models / model
    folder = shutil.copytree(source, tmp_path / "copy")
    (folder / file).write_text(content)
    with pytest.raises(ModelUnreadable):
        kind(folder)


@pytest.mark.parametrize(
    ("labels", "number"),
    [
        ('{"0": "entailment", "1": "neutral", "2": "contradiction"}', 0),
        ('{"0": "contradiction", "1": "ENTAILMENT", "2": "neutral"}', 1),
        ('{"0": "not_entailment", "1": "entailment"}', 1),
    ],
)
def test_every_order_of_the_labels_is_understood(tmp_path: Path, labels: str, number: int) -> None:
    (tmp_path / "config.json").write_text(f'{{"id2label": {labels}}}')
    assert entailment_label(tmp_path) == number


@pytest.mark.logs("a model could not be asked")
def test_one_that_breaks_leaves_the_answer(app: App, home: Home, model: str) -> None:
    """The last test of the module: it breaks the model."""
    assert (model, model) in app.settings.offered(Settings.entailment_model)
    app.settings.change(entailment_model=model)
    told: list[SearchModelFailed] = []
    app.events.listen(SearchModelFailed, told.append)
    app.index.worker.stop()
    (home.models / model / "model.safetensors").write_bytes(b"nothing")
    for _ in range(2):
        judged = app.answerer.judge(evidence(app), f"{REWORDED} {GATE}")
        assert [(m.marker, m.implied) for m in judged.marks] == [(None, False), (1, False)]
    assert len(told) == 1
    assert (told[0].role, type(told[0].error)) == ("entailment", ModelUnreadable)
    # One that has gone from the disk is not asked.
    shutil.rmtree(home.models / model)
    assert app.answerer.entails is None
