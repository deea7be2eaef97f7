"""Search models that are GGUF files: the same vectors as their folders give, in a worker of their own, chosen like any other."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from core.app import App
from core.documents import profiles, retrieve
from core.documents.cross_encoders import Reranker
from core.documents.embedder import SentenceTransformerEmbedder
from core.engine.llama.encoder import Encoder
from core.engine.llama.model import start_backend
from core.errors import ModelUnreadable
from core.jobs import Job
from core.models.library import Library
from core.paths import Home
from core.settings import Settings
from tests.support import cross_encoder, gguf_encoders

LINES = [
    "The gate of the park closes at eight in the evening.",
    "Bananas are rich in potassium.",
    "The lift stops on the third floor.",
    "A new gate costs four hundred crowns with its hinges.",
]
QUESTION = "When does the gate close?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import tqdm

    tqdm.tqdm.monitor_interval = 0  # a thread that would outlive the test
    home = Home(tmp_path_factory.mktemp("home"))
    return Library(home).find(cross_encoder.ENCODER).path


@pytest.fixture(scope="module")
def file(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gguf_encoders.write(folder, tmp_path_factory.mktemp("gguf") / "minilm-f32.gguf")


@pytest.fixture(scope="module")
def ranking(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A reranker as a folder and as a file."""
    models = tmp_path_factory.mktemp("rerankers")
    made = models / cross_encoder.make(models, folder)
    return made, gguf_encoders.write(made, models / "drawn.gguf")


@pytest.fixture(scope="module", autouse=True)
def backend() -> None:
    start_backend(graphics=False)


# ---------------------------------------------------------------- the engine


def test_the_vectors_are_those_of_the_folder(folder: Path, file: Path) -> None:
    texts = [*LINES, "3.5 mg of Paracetamol (N-acetyl)", "日本語の文です。", "", "x " * 200]
    ours = Encoder(file).encode(texts * 3, threads=2)  # more than are computed at once
    theirs = SentenceTransformerEmbedder(folder).encode(texts, question=False)
    likeness = (ours * np.tile(theirs, (3, 1))).sum(axis=1)
    assert likeness.min() > 0.999


def test_a_long_text_is_cut_and_the_next_ones_are_as_they_were(file: Path) -> None:
    encoder = Encoder(file)
    alone = encoder.encode(["The gate closes."])
    among = encoder.encode(["word " * 20_000, "The gate closes.", "gate " * encoder.longest])
    assert among.shape == (3, encoder.dimension)
    assert float(alone[0] @ among[1]) == pytest.approx(1.0, abs=1e-4)


def test_a_reranker_scores_as_its_folder_does(ranking: tuple[Path, Path]) -> None:
    made, written = ranking
    ours, theirs = Encoder(written, ranks=True).score(QUESTION, LINES), Reranker(made).score(QUESTION, LINES)
    # llama.cpp does not tell the two texts apart by their token types, so the numbers are not quite the same.
    assert ours == pytest.approx(theirs, abs=0.05)
    assert max(ours) - min(ours) > 0.05
    assert Encoder(written, ranks=True).score("gate " * 3000, ["word " * 3000])[0] == pytest.approx(
        0.5, abs=0.5
    )


def test_what_is_of_another_kind_or_damaged_is_refused(
    file: Path, ranking: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(ModelUnreadable):
        Encoder(file, ranks=True)
    with pytest.raises(ModelUnreadable):
        Encoder(ranking[1])
    (tmp_path / "cut.gguf").write_bytes(file.read_bytes()[:-5000])
    with pytest.raises(ModelUnreadable):
        Encoder(tmp_path / "cut.gguf")


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("multilingual-e5-small-q8_0.gguf", "query: "),
        ("multilingual_E5_Small", "query: "),
        ("ruri-v3-30m", "検索クエリ: "),
        ("nomic-embed-text-v1.5.Q8_0.gguf", "search_query: "),
        ("embeddinggemma-300m", "task: search result | query: "),
        ("bge-m3-Q4_K_M.gguf", ""),
        ("all-minilm-l6-v2", ""),
        ("core52-e55", ""),
    ],
)
def test_each_family_gets_the_words_that_it_was_taught(name: str, question: str) -> None:
    assert profiles.of(name).question == question


# ---------------------------------------------------------------- the program


@pytest.fixture
def ready(app: App, file: Path, ranking: tuple[Path, Path], tmp_path: Path) -> App:
    """A core with four documents, embedded by the GGUF file."""
    app.library.add(file)
    app.library.add(ranking[1])
    assert (file.stem, file.stem) in app.settings.offered(Settings.embedder)
    assert ("drawn", "drawn") in app.settings.offered(Settings.reranker)
    assert file.stem not in [model for model, _ in app.settings.offered(Settings.chat_model)]
    app.settings.change(embedder=file.stem)
    for number, line in enumerate(LINES):
        (tmp_path / f"{number}.txt").write_text(line)
    paths = [str(tmp_path / f"{n}.txt") for n in range(len(LINES))]
    assert app.ingest.add(paths, "c", Job(0, "test")).added == len(LINES)
    return app


def found(app: App) -> list[str]:
    return [f.passage.text for f in retrieve.search(app.documents, app.index, "c", QUESTION, 4)]


def test_documents_are_found_by_it(ready: App, file: Path) -> None:
    number = ready.documents.collection("c")
    assert ready.index.answering(number) == (file.stem, 0)
    assert ready.documents.embedders(number) == {file.stem: len(LINES)}
    assert found(ready)[0] == LINES[0]
    # Its similarities are on the starter's scale, for which everything was fitted.
    values = ready.index.models.compare("It rains.", ["It rains.", "The court dismissed the appeal."])
    assert values[0] > 0.6 > 0.35 > values[1]
    evidence = ready.answerer.find("c", QUESTION)
    assert evidence.quotation is not None
    assert evidence.quotation.text == LINES[0]


@pytest.mark.logs(r"process ended .*SIGKILL", "trying EncodeQuestion once more")
def test_its_death_costs_one_more_try(ready: App) -> None:
    before = found(ready)
    pid = ready.index.models.gguf.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert found(ready) == before
    assert ready.index.models.gguf.pid != pid
    assert ready.index.worker.pid is not None  # Chroma's worker is another


def test_a_gguf_reranker_orders_what_is_found(ready: App, ranking: tuple[Path, Path]) -> None:
    own = {f.passage.text: f.score for f in retrieve.search(ready.documents, ready.index, "c", QUESTION, 4)}
    ready.settings.change(reranker="drawn")
    scores = Encoder(ranking[1], ranks=True).score(QUESTION, LINES)
    both = {line: own[line] + retrieve.RERANKED * score for line, score in zip(LINES, scores, strict=True)}
    assert found(ready) == sorted(LINES, key=lambda line: -both[line])


def test_one_whose_file_has_gone_is_told_and_the_starter_answers(ready: App, file: Path) -> None:
    (ready.home.models / f"{file.stem}.gguf").unlink()
    ready.index.models.gguf.stop()
    assert file.stem not in [model for model, _ in ready.settings.offered(Settings.embedder)]
    ready.settings.change(embedder="use-multilingual")
    ready.additions.resume().wait(60)
    assert found(ready)[0] == LINES[0]
