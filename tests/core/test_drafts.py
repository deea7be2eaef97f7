"""Guessing ahead: whether it pays, where guesses come from, and that answers stay what they were."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.engine.llama.drafts import Economy, Lookup
from core.models.library import Library
from core.paths import Home

ROOT = Path(__file__).resolve().parents[2]


def teach(economy: Economy, *, slope: float, right: int, of: int = 4, times: int = 20) -> None:
    for _ in range(times):
        economy.single(1.0)
        economy.batch(of, right, 1.0 + slope * of)


def test_where_a_batch_costs_as_much_as_its_tokens_nothing_is_guessed() -> None:
    economy = Economy()
    assert economy.best() == 0, "nothing was timed yet"
    teach(economy, slope=1.0, right=4)
    assert economy.best() == 0


def test_where_a_batch_is_cheap_right_guesses_are_made() -> None:
    economy = Economy()
    teach(economy, slope=0.05, right=4)
    assert economy.best() >= 4
    assert economy.gain(4) > 2


def test_wrong_guesses_are_given_up_and_tried_again_later() -> None:
    economy = Economy()
    teach(economy, slope=0.3, right=0)
    assert economy.best() == 0
    for _ in range(600):
        economy.single(1.0)
    looks = 0
    while (count := economy.best()) > 0:
        looks += 1
        economy.batch(count, 0, 1.0 + 0.3 * count)
    assert looks == 1, "one look is enough to see that nothing has changed"
    for _ in range(1200):
        economy.single(1.0)
    for _ in range(10):
        if count := economy.best():
            economy.batch(count, count, 1.0 + 0.05 * count)
    assert economy.best() > 0, "a text that is quoted now is guessed again"


def test_a_guess_is_what_followed_the_same_words_before() -> None:
    lookup = Lookup(Economy())
    tokens = [1, 2, 3, 4, 5, 6, 9, 9, 2, 3]
    assert lookup.guess(tokens, 4, 3) == [5, 6, 9]
    assert lookup.guess(tokens, 7, 3) == []
    assert lookup.guess([*tokens, 4], 5, 2) == [6, 9]
    lookup.begin()
    assert lookup.guess([1, 2], 3, 3) == []


def test_the_latest_place_counts() -> None:
    lookup = Lookup(Economy())
    assert lookup.guess([1, 2, 7, 7, 1, 2, 8, 8, 1], 2, 1) == [8]


@pytest.fixture(scope="module")
def near_ties(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """What tests/support/near_ties.py says of a few prompts; llama.cpp lives in that process."""
    home = tmp_path_factory.mktemp("home")
    path = Library(Home(home)).path_of("smollm2-135m-instruct")
    command = [sys.executable, "-m", "tests.support.near_ties", str(path), str(home), "6"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("mode", ["lookup", "draft", "restored"])
def test_answers_are_the_same_up_to_near_ties(near_ties: dict[str, dict[str, float]], mode: str) -> None:
    """At the first difference, the logits of the two tokens lie within the tolerance of docs/engine.md."""
    found = near_ties[mode]
    assert found["prompts"] == 6
    assert found["largest"] <= 0.5, found
    if mode != "restored":
        assert found["guessed"] > 30
        assert found["accepted"] > 0


def test_a_copy_of_the_model_in_more_bits_guesses_well(near_ties: dict[str, dict[str, float]]) -> None:
    """It has the same vocabulary and nearly the same mind; no speed is claimed from it."""
    draft = near_ties["draft"]
    assert draft["accepted"] > 0.5 * draft["guessed"]
