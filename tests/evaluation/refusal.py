"""Fits the numbers of core/documents/refusal.py: `python -m tests.evaluation.refusal`.

What the search tells of itself is gathered for the questions to tune on and to choose by of the evaluation, and for the small
corpus of the tests, answerable and not; a logistic regression weighs it. Printed beside the numbers: how many answerable
questions are refused, and how many of the others are, at several thresholds, and each set judged by numbers that were fitted
on the others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from core.app import App
from core.documents import retrieve
from core.documents.answer import QUOTED_FROM
from core.documents.retrieve import Found
from core.jobs import Job
from core.paths import Home
from tests.benchmarks.report import ROOT, read_lines
from tests.evaluation import answers

DATA = ROOT / "tests" / "data"
NAMES = ("nearest", "meaning", "margin", "lacks", "unknown")


def features(found: Found) -> list[float]:
    """What is weighed, in the order of NAMES."""
    quotation = found.quotation
    if quotation is None:
        return [0.0] * len(NAMES)
    return [
        found.nearest,
        max(quotation.meaning, 0.0),
        found.margin,
        float(quotation.lacks),
        found.unknown,
    ]


def gathered() -> Iterator[tuple[str, list[float], bool]]:
    """The set, what the search tells, and whether there is an answer, for each question."""
    app = answers.opened()
    try:
        for part in ("tune", "choose"):
            for question in answers.questions(part):
                searched = " ".join([*question.earlier[-1:], question.text])
                found = retrieve.find(app.documents, app.index, answers.COLLECTION, searched, QUOTED_FROM)
                yield part, features(found), question.answerable
    finally:
        app.close()
    with tempfile.TemporaryDirectory() as home:
        app = App(Home(Path(home)))
        try:
            files = [str(path) for path in sorted((DATA / "corpus").glob("*.pdf"))]
            app.ingest.add(files, "corpus", Job(0, "evaluation"))
            for name in ("questions", "questions_held_out"):
                for line in read_lines(DATA / f"{name}.jsonl"):
                    found = retrieve.find(app.documents, app.index, "corpus", line["question"], QUOTED_FROM)
                    yield name, features(found), line["file"] is not None
        finally:
            app.close()


def fitted(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """The weights, and the intercept, of a regression in which both answers count alike."""
    scale = x.std(axis=0) + 1e-9
    model = LogisticRegression(C=0.3, class_weight="balanced", max_iter=1000).fit(x / scale, y)
    return model.coef_[0] / scale, float(model.intercept_[0])


def main() -> None:
    """The command."""
    rows = list(gathered())
    x = np.array([row[1] for row in rows])
    y = np.array([row[2] for row in rows])
    sets = np.array([row[0] for row in rows])
    weights, constant = fitted(x, y)
    print(*(f"{name} {weight:.2f}" for name, weight in zip(NAMES, weights, strict=True)), sep=", ")
    print(f"constant {constant:.2f}")
    values = x @ weights
    for share in (0.05, 0.08, 0.1, 0.12, 0.15, 0.2):
        threshold = float(np.quantile(values[y], share))
        said = [
            f"{name}: {(values[y & (sets == name)] < threshold).mean():.2f} / {(values[~y & (sets == name)] < threshold).mean():.2f}"
            for name in dict.fromkeys(sets)
        ]
        print(f"threshold {threshold:.2f}, refused though it is there / where it is not: {'; '.join(said)}")
    for name in dict.fromkeys(sets):
        others, _ = fitted(x[sets != name], y[sets != name])
        threshold = float(np.quantile((x @ others)[y & (sets != name)], 0.1))
        mine = (x @ others)[sets == name] < threshold
        there = y[sets == name]
        print(f"{name} by the others: {mine[there].mean():.2f} / {mine[~there].mean():.2f}")
    np.savez(answers.FOLDER / "refusal.npz", x=x, y=y, sets=sets)


if __name__ == "__main__":
    main()
