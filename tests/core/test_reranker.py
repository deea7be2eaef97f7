"""A reranker that the person has: it orders what the search has found, can be taken away again, and a folder that is none is told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.app import App
from core.documents import retrieve
from core.documents.cross_encoders import Reranker
from core.documents.search_models import SearchModelFailed
from core.errors import ModelUnreadable
from core.models.library import Library
from core.paths import Home
from core.settings import Settings
from tests.support import cross_encoder

LINES = [
    "The gate of the park closes at eight in the evening.",
    "The gate of the farm is painted green every spring.",
    "In winter the gate is opened by the warden at nine.",
    "A new gate costs four hundred crowns with its hinges.",
]
QUESTION = "When does the gate close?"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One home for the module: the last test breaks its model."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.create()
    return home


@pytest.fixture(scope="module")
def encoder(home: Home) -> Path:
    found = Library(home).find(cross_encoder.ENCODER)
    assert found is not None
    return found.path


@pytest.fixture(scope="module")
def reranker(home: Home, encoder: Path) -> str:
    return cross_encoder.make(home.models, encoder)


@pytest.fixture(scope="module")
def added(reranker: str, home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("papers")
    for number, line in enumerate(LINES):
        (folder / f"{number}.txt").write_text(line)
    app = App(home)
    app.additions.add([str(folder / f"{n}.txt") for n in range(len(LINES))], "c").wait(60)
    yield app
    app.close()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """`added` keeps its workers for the whole module."""


def found(app: App) -> list[str]:
    return [f.passage.text for f in retrieve.search(app.documents, app.index, "c", QUESTION, 4)]


def test_what_it_ranks_first_is_first(added: App, home: Home, reranker: str) -> None:
    own = {f.passage.text: f.score for f in retrieve.search(added.documents, added.index, "c", QUESTION, 4)}
    assert (reranker, reranker) in added.settings.offered(Settings.reranker)
    added.settings.change(reranker=reranker)
    scores = Reranker(home.models / reranker).score(QUESTION, LINES)
    assert max(scores) - min(scores) > 0.3
    both = {line: own[line] + retrieve.RERANKED * score for line, score in zip(LINES, scores, strict=True)}
    assert found(added) == sorted(LINES, key=lambda line: -both[line])
    assert found(added) != list(own)
    evidence = added.answerer.find("c", QUESTION)
    assert evidence.quotation is not None
    assert evidence.quotation.text == found(added)[0]
    added.settings.change(reranker="")
    assert found(added) == list(own)


def test_whether_it_answers_at_all_is_told_without_it(added: App, reranker: str) -> None:
    """The honest no was fitted without a reranker."""
    for question in (QUESTION, "Who won the football match?"):
        before = retrieve.find(added.documents, added.index, "c", question, 8)
        added.settings.change(reranker=reranker)
        after = retrieve.find(added.documents, added.index, "c", question, 8)
        added.settings.change(reranker="")
        assert (after.nearest, after.margin, after.unknown) == (before.nearest, before.margin, before.unknown)


@pytest.mark.logs("a model could not be asked")
def test_a_model_that_does_not_rank_is_told(
    added: App, home: Home, encoder: Path, reranker: str, tmp_path: Path
) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(str(encoder), num_labels=3)
    model.save_pretrained(str(tmp_path / "classes"))
    AutoTokenizer.from_pretrained(str(encoder)).save_pretrained(str(tmp_path / "classes"))
    with pytest.raises(ModelUnreadable):
        Reranker(tmp_path / "classes")
    with pytest.raises(ModelUnreadable):
        Reranker(tmp_path / "nothing")
    told: list[SearchModelFailed] = []
    added.events.listen(SearchModelFailed, told.append)
    added.settings.change(reranker=reranker)
    added.index.worker.stop()
    (home.models / reranker / "config.json").write_text("{")
    own = found(added)  # told, and done without
    assert len(own) == len(LINES)
    assert found(added) == own
    assert [(event.role, type(event.error)) for event in told] == [("reranker", ModelUnreadable)]
    # One that has gone from the disk is not used.
    shutil.rmtree(home.models / reranker)
    assert len(found(added)) == len(LINES)
