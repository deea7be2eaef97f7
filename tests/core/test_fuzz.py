"""A sample of the seeded fuzzers; the whole by hand: `python -m tests.fuzz.gguf 500`, `python -m tests.fuzz.documents 2000`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import documents, gguf, imports


@pytest.mark.logs("process ended while")
def test_mutated_models_are_refused_or_answer() -> None:
    outcomes = gguf.fuzz(20)
    assert sum(outcomes.values()) == 20
    assert {kind for kind, _ in outcomes} >= {"header", "lengths", "cut"}
    for kind, outcome in outcomes:
        if kind in ("cut", "counts"):
            assert outcome == "ModelUnreadable", (kind, outcome)


def test_damaged_documents_of_every_kind_are_read_or_refused_by_name() -> None:
    outcomes = documents.run(300, seed=7)
    assert sum(outcomes.values()) == 300
    assert len({outcome.split()[0] for outcome in outcomes}) == 13
    assert any(outcome.endswith("FileDamaged") for outcome in outcomes)


def test_exports_with_harm_come_in_or_are_refused_by_name(tmp_path: Path) -> None:
    came, refused = imports.run(120, seed=3, folder=tmp_path)
    assert came > 20
    assert refused > 0
