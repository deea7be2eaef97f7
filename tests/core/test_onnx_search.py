"""Search models that are folders with an ONNX file: the same vectors and scores as torch gives, chosen like any other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.app import App
from core.documents import onnx_models, retrieve
from core.documents.cross_encoders import Reranker
from core.documents.embedder import SentenceTransformerEmbedder, load
from core.documents.onnx_models import OnnxModel
from core.errors import ModelUnreadable
from core.jobs import Job
from core.models.library import Library
from core.paths import Home
from core.settings import Settings
from tests.support import cross_encoder, onnx_encoders

LINES = [
    "The gate of the park closes at eight in the evening.",
    "Bananas are rich in potassium.",
    "A new gate costs four hundred crowns with its hinges.",
]
QUESTION = "When does the gate close?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import tqdm

    tqdm.tqdm.monitor_interval = 0  # a thread that would outlive the test
    return Library(Home(tmp_path_factory.mktemp("home"))).find(cross_encoder.ENCODER).path


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models: an encoder and a reranker, and the reranker's weights for torch."""
    models = tmp_path_factory.mktemp("models")
    cross_encoder.make(models, folder)
    onnx_encoders.write(folder, models / "minilm-onnx")
    onnx_encoders.write(
        models / "drawn-reranker", models / "ranker-onnx", inside="model.onnx", role="reranker"
    )
    return models


def test_the_vectors_are_those_of_torch(folder: Path, made: Path) -> None:
    texts = [*LINES, "日本語の文です。", "", "word " * 2000] * 4  # more than are computed at once
    model = load("minilm-onnx", str(made / "minilm-onnx"))
    assert isinstance(model, OnnxModel)
    ours = model.encode(texts, question=False, threads=2)
    theirs = SentenceTransformerEmbedder(folder).encode(texts, question=False)
    assert model.dimension == ours.shape[1] == theirs.shape[1]
    assert (ours * theirs).sum(axis=1).min() > 0.9999


def test_the_scores_are_those_of_torch(made: Path) -> None:
    ours = OnnxModel(made / "ranker-onnx", pairs=True).score(QUESTION, LINES * 7)
    assert ours == pytest.approx(Reranker(made / "drawn-reranker").score(QUESTION, LINES * 7), abs=1e-4)


@pytest.mark.parametrize("pooling", ["cls", "lasttoken", "mean"])
@pytest.mark.parametrize("new", [True, False], ids=["one word", "a switch for each"])
def test_the_folder_says_how_tokens_become_one_vector(
    made: Path, tmp_path: Path, pooling: str, new: bool
) -> None:
    copy = shutil.copytree(made / "minilm-onnx", tmp_path / "copy")
    settings = {"pooling_mode": pooling} if new else {f"pooling_mode_{pooling}_token": True}
    (copy / "1_Pooling" / "config.json").write_text(json.dumps(settings))
    model = OnnxModel(copy)
    states, mask = model._run([LINES[0], "word " * 30], 1)
    first = {"cls": states[0, 0], "lasttoken": states[0, int(mask[0].sum()) - 1]}
    wanted = first.get(pooling, (states[0] * mask[0][:, None]).sum(axis=0))
    vector = model.encode([LINES[0], "word " * 30], question=False)[0]
    assert float(vector @ wanted / np.linalg.norm(wanted)) == pytest.approx(1.0, abs=1e-5)


def test_what_stands_in_front_is_the_folders_or_its_familys(made: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(made / "minilm-onnx", tmp_path / "copy")
    plain = OnnxModel(copy)
    family = OnnxModel(copy, "multilingual-e5-small")
    assert (family.encode(["gate"], question=True) == plain.encode(["query: gate"], question=True)).all()
    (copy / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"query": "ask: "}}))
    own = OnnxModel(copy, "multilingual-e5-small")
    assert (own.encode(["gate"], question=True) == plain.encode(["ask: gate"], question=True)).all()
    assert (own.encode(["gate"], question=False) == plain.encode(["gate"], question=False)).all()


def test_what_is_of_another_kind_or_damaged_is_refused(made: Path, folder: Path, tmp_path: Path) -> None:
    assert onnx_models.file_of(folder) is None  # torch's weights are there
    for what in ({"pairs": True}, {}):
        with pytest.raises(ModelUnreadable):
            OnnxModel(made / ("minilm-onnx" if what else "ranker-onnx"), **what)
    copy = shutil.copytree(made / "minilm-onnx", tmp_path / "copy")
    (copy / "onnx" / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelUnreadable):
        OnnxModel(copy)
    (copy / "tokenizer.json").unlink()
    with pytest.raises(ModelUnreadable):
        OnnxModel(copy)


def test_the_program_finds_and_ranks_with_them(app: App, made: Path, tmp_path: Path) -> None:
    for name in ("minilm-onnx", "ranker-onnx"):
        shutil.copytree(made / name, app.home.models / name)
    assert ("minilm-onnx", "minilm-onnx") in app.settings.offered(Settings.embedder)
    app.settings.change(embedder="minilm-onnx")
    paths = []
    for number, line in enumerate(LINES):
        (tmp_path / f"{number}.txt").write_text(line)
        paths.append(str(tmp_path / f"{number}.txt"))
    assert app.ingest.add(paths, "c", Job(0, "test")).added == len(LINES)
    own = {f.passage.text: f.score for f in retrieve.search(app.documents, app.index, "c", QUESTION, 3)}
    assert next(iter(own)) == LINES[0]
    app.settings.change(reranker="ranker-onnx")
    scores = OnnxModel(made / "ranker-onnx", pairs=True).score(QUESTION, LINES)
    both = {line: own[line] + retrieve.RERANKED * score for line, score in zip(LINES, scores, strict=True)}
    found = [f.passage.text for f in retrieve.search(app.documents, app.index, "c", QUESTION, 3)]
    assert found == sorted(LINES, key=lambda line: -both[line])
