"""Guessing ahead: whether it pays, where guesses come from, and that answers stay what they were."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.engine.llama.draft_model import DraftModel
from core.engine.llama.drafts import Lookup
from core.engine.llama.economy import REST, Economy
from core.engine.llama.model import Model, start_backend
from core.engine.messages import LoadModel
from core.models.library import Library
from core.paths import Home

ROOT = Path(__file__).resolve().parents[2]


def teach(economy: Economy, *, slope: float, right: int, of: int = 4, times: int = 40) -> None:
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


def test_each_size_of_a_batch_has_its_own_price() -> None:
    """As on a processor whose kernels take rows by fours: a fifth token costs as much as two (measured)."""
    prices = {0: 1.0, 1: 1.28, 2: 1.63, 3: 1.93, 4: 2.72, 5: 3.12, 6: 3.5, 7: 3.87, 8: 4.33}
    economy = Economy()
    economy.single(1.0)
    for _ in range(100):
        count = economy.best()
        economy.batch(count, round(0.9 * count), prices[count])
    assert economy.best() == 3


def test_wrong_guesses_are_given_up_and_tried_again_later() -> None:
    economy = Economy()
    teach(economy, slope=0.3, right=0)
    assert economy.best() == 0
    for _ in range(REST):
        assert economy.best() == 0
        economy.single(1.0)
    looks = 0
    while (count := economy.best()) > 0:
        looks += 1
        economy.batch(count, 0, 1.0 + 0.3 * count)
    assert looks == 1, "one look is enough to see that nothing has changed"
    for _ in range(2 * REST):
        assert economy.best() == 0
        economy.single(1.0)
    economy.batch(economy.best(), 3, 1.3)
    assert economy.best() >= 3, "a text that is quoted now is guessed again"


@pytest.mark.parametrize("first", [3.0, 8.0, 100.0])
def test_a_batch_that_was_interrupted_does_not_end_guessing(first: float) -> None:
    """Another program takes the core for a moment just while a size is tried for the first time."""
    economy = Economy()
    written, spent, number = 0, 0.0, 0
    while written < 3000:
        if count := economy.best():
            number += 1
            price = first if number == 1 else 1.0 + 0.3 * count
            right = count if number % 10 else 0
            economy.batch(count, right, price)
            written, spent = written + right + 1, spent + price
        else:
            economy.single(1.0)
            written, spent = written + 1, spent + 1.0
    assert written / (spent - first) > 1.5


def test_one_kind_of_guess_may_fail_while_another_pays() -> None:
    economy = Economy((0.7, 0.7))
    for _ in range(40):
        economy.single(1.0)
        economy.batch(3, 0, 1.9, kind=0)
        economy.batch(3, 3, 1.9, kind=1)
    assert economy.best(0) == 0
    assert economy.best(1) >= 3


def look(lookup: Lookup, tokens: list[int], token: int, room: int = 3) -> list[int]:
    return lookup.guess(tokens, token, room)


def test_a_guess_is_what_followed_the_same_words_before() -> None:
    lookup = Lookup(always=True)
    tokens = [1, 2, 3, 4, 5, 6, 9, 9, 2, 3]
    assert look(lookup, tokens, 4) == [5, 6, 9]
    assert look(lookup, tokens, 7) == []
    assert look(lookup, [*tokens, 4], 5, 2) == [6, 9]
    lookup.begin()
    assert look(lookup, [1, 2], 3) == []


def test_the_longest_match_counts_then_the_latest() -> None:
    assert look(Lookup(always=True), [1, 2, 7, 7, 1, 2, 8, 8, 1], 2, 1) == [8]
    longer_but_earlier = [5, 1, 2, 7, 7, 1, 2, 8, 8, 5, 1]
    assert look(Lookup(always=True), longer_but_earlier, 2, 1) == [7]


def test_after_one_known_token_only_what_always_followed_it_is_guessed() -> None:
    always_the_same = [1, 2, 3, 1, 2, 4]
    assert look(Lookup(always=True), always_the_same, 1, 1) == [2]
    assert look(Lookup(always=True), always_the_same, 2, 1) == []
    assert look(Lookup(always=True), [], 2) == []


@pytest.mark.parametrize("seed", range(5))
def test_every_guess_follows_its_token_somewhere(seed: int) -> None:
    rng = random.Random(seed)
    text = [rng.randrange(6) for _ in range(300)]
    lookup = Lookup(always=True)
    for end in range(1, len(text)):
        guesses = look(lookup, text[:end], text[end], 4)
        found = [text[end], *guesses]
        assert not guesses or any(text[at : at + len(found)] == found for at in range(end))


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


# ---------------------------------------------------------------- a smaller model that guesses


@pytest.fixture
def draft(tmp_path: Path) -> Iterator[DraftModel]:
    start_backend()
    path = str(Library(Home(tmp_path)).path_of("smollm2-135m-instruct"))
    model = Model(LoadModel(path, 2048), 2, lambda fraction: True)
    made = DraftModel(model, always=True)
    yield made
    made.close()


def test_reading_the_prompt_is_not_the_price_of_a_guess(draft: DraftModel) -> None:
    learnt: list[float] = []
    draft._economy.batch = lambda guesses, right, seconds: learnt.append(seconds)  # type: ignore[method-assign]
    prompt = draft._model.tokenise(
        "The desk stands by the window and the lamp is on it. " * 30, special=False
    )
    assert draft.guess(prompt, 5, 100)
    reading = draft._caught_up
    assert reading > 0
    draft.learn(3, 0, reading + 2.0)
    assert draft.guess([*prompt, 5], 6, 100)
    draft.learn(3, 0, 2.0)  # the next guess had nothing to catch up with
    assert learnt == pytest.approx([2.0, 2.0])


def test_a_stop_ends_the_reading_of_a_smaller_model_too(draft: DraftModel) -> None:
    prompt = draft._model.tokenise("word " * 1500, special=False)
    draft._model.abort.set()
    assert draft.guess(prompt, 5, 100) == []
    assert draft._tokens == []
    draft._model.abort.clear()
    assert draft.guess(prompt, 5, 100)
