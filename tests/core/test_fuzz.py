"""A sample of the seeded fuzzers; the whole by hand: `python -m tests.fuzz.gguf 500`."""

from __future__ import annotations

import pytest

from tests.fuzz import gguf


@pytest.mark.logs("process ended while")
def test_mutated_models_are_refused_or_answer() -> None:
    outcomes = gguf.fuzz(20)
    assert sum(outcomes.values()) == 20
    assert {kind for kind, _ in outcomes} >= {"header", "lengths", "cut"}
    for kind, outcome in outcomes:
        if kind in ("cut", "counts"):
            assert outcome == "ModelUnreadable", (kind, outcome)
