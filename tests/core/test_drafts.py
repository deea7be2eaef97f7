"""Guessing ahead: whether it pays, where guesses come from, and that answers stay what they were."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from core.app import App
from core.engine.interface import EngineDraftUnused
from core.engine.llama.draft_model import SLICE, DraftModel
from core.engine.llama.drafts import Lookup
from core.engine.llama.economy import REST, Economy
from core.engine.llama.model import Model, start_backend
from core.engine.llama.threads import FixedThreads
from core.engine.messages import Device, LoadModel
from core.engine.room import fitting
from core.models import draft_models, fit, gguf
from core.models.adjustments import Adjustments
from core.models.hardware import Machine
from core.models.library import Library
from core.paths import Home
from tests.support.gguf_files import Shape, write_random

ROOT = Path(__file__).resolve().parents[2]
STARTER = "smollm2-135m-instruct"
WORDS = 49_152  # SmolLM2's vocabulary


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
    made = DraftModel(model, WORDS, FixedThreads(2), always=True)
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


def test_a_prompt_is_read_as_far_as_guessing_has_paid_for_it(draft: DraftModel) -> None:
    """Nobody waits for a model that may not help."""
    patient = DraftModel(draft._model, WORDS, FixedThreads(2))
    patient._credit = 0.0
    prompt = draft._model.tokenise("word " * 1500, special=False)
    patient.single(0.001)
    assert patient.guess(prompt, 5, 100) == []
    assert len(patient._tokens) == SLICE, "that is how it finds out its speed"
    assert patient._credit < 0
    patient.single(0.001)
    assert patient.guess(prompt, 5, 100) == []
    assert len(patient._tokens) == SLICE
    while not patient.guess(prompt, 5, 100):
        patient.single(0.2)
    assert patient._tokens[: len(prompt)] == prompt
    before = patient._credit
    patient.learn(3, 3, patient._caught_up + 0.1)
    assert patient._credit > before + 0.6, "four tokens of 0.2 s came in 0.1 s"


def test_a_stop_ends_the_reading_of_a_smaller_model_too(draft: DraftModel) -> None:
    prompt = draft._model.tokenise("word " * 1500, special=False)
    draft._model.abort.set()
    assert draft.guess(prompt, 5, 100) == []
    assert draft._tokens == []
    draft._model.abort.clear()
    assert draft.guess(prompt, 5, 100)


# ---------------------------------------------------------------- which model of the library may guess


def tiny(folder: Path, words: int, name: str = "tiny") -> Path:
    """A model of one layer and random weights with SmolLM2's words, padded or cut to so many."""
    starter = Library(Home(folder)).path_of(STARTER)
    return write_random(starter, folder / f"{name}.gguf", Shape("qwen3", 1, 32, 1, 1, 32, 32, words))


@pytest.mark.parametrize(("more", "same"), [(0, True), (64, True), (-64, True), (129, False)])
def test_vocabularies_of_one_family_may_be_padded(tmp_path: Path, more: int, same: bool) -> None:
    starter = Library(Home(tmp_path)).path_of(STARTER)
    other = tiny(tmp_path, WORDS + more)
    assert draft_models.same_vocabulary(starter, other) is same
    assert draft_models.same_vocabulary(other, starter) is same


def test_one_word_that_differs_makes_another_vocabulary(tmp_path: Path, bright_model: str) -> None:
    library = Library(Home(tmp_path))
    starter = library.path_of(STARTER)
    word = b"\xc4\xa0window"  # " window", as byte-pair vocabularies write it
    data = tiny(tmp_path, WORDS).read_bytes()
    at = data.index(len(word).to_bytes(8, "little") + word)
    other = tmp_path / "other.gguf"
    other.write_bytes(data[: at + 8] + b"\xc4\xa0widnow" + data[at + 8 + len(word) :])
    assert len(gguf.words(other)) == WORDS
    assert not draft_models.same_vocabulary(starter, other)
    assert not draft_models.same_vocabulary(starter, library.path_of(bright_model))
    assert not draft_models.same_vocabulary(starter, tmp_path / "none.gguf")


def test_what_only_one_model_knows_is_neither_guessed_nor_read(tmp_path: Path) -> None:
    start_backend()
    padded = Model(LoadModel(str(tiny(tmp_path, WORDS + 64)), 512), 1, lambda fraction: True)
    plain = Model(LoadModel(str(Library(Home(tmp_path)).path_of(STARTER)), 512), 1, lambda fraction: True)
    assert padded.shared_vocabulary(plain) == plain.shared_vocabulary(padded) == WORDS
    draft = DraftModel(padded, 20, FixedThreads(1), always=True)  # nearly everything is foreign
    assert draft.guess([18, 19], 18, 4) == [] or max(draft.guess([18, 19], 18, 4)) < 20
    assert draft.guess([18, 19, 400], 18, 4) == []
    assert draft.guess([18, 19], 400, 4) == []
    draft.close()
    draft = DraftModel(plain, WORDS, FixedThreads(1), always=True)
    assert draft.guess([18, WORDS + 3], 19, 4) == []
    assert draft.guess([18, 19], WORDS + 3, 4) == []
    assert len(draft.guess([18, 19], 30, 4)) == 4
    draft.close()


MACHINE = Machine("Linux", "a processor", 4, 16_000_000_000, 8_000_000_000, (), ())


def test_a_small_model_guesses_where_there_is_room(tmp_path: Path) -> None:
    path = str(Library(Home(tmp_path)).path_of(STARTER))
    small = tiny(tmp_path, WORDS)

    def chosen(machine: Machine, **asked: object) -> str | None:
        wanted = LoadModel(path, 4096, **asked)  # type: ignore[arg-type]
        return fitting(wanted, machine, 0, shorten=True, smaller=lambda room: [small]).request.draft

    need = fit.need(Path(path).stat().st_size, gguf.read_header(path).shape, 4096).total
    assert chosen(MACHINE) == str(small)
    assert chosen(MACHINE, draft="") == ""
    assert chosen(MACHINE, draft=path) == path
    assert chosen(MACHINE, speculation="off") == ""
    spare = fit.SPARE + fit.PROCESS_BYTES
    assert chosen(replace(MACHINE, memory_free=need + spare + 1_000_000)) == ""
    assert chosen(replace(MACHINE, memory_free=need + spare - 1_000_000)) == "", "the context is shortened"
    card = Device("Vulkan0", "a card", "gpu", 8_000_000_000, 8_000_000_000)
    assert chosen(replace(MACHINE, devices=(card,))) == str(small)
    full = msgspec.structs.replace(card, memory_free=need + fit.GPU_SPARE + 1_000_000)
    assert chosen(replace(MACHINE, devices=(full,))) == ""
    assert chosen(replace(MACHINE, devices=(card,)), gpu_layers=3) == ""


def test_the_librarys_small_model_guesses_by_itself_until_it_is_refused(home: Home) -> None:
    small = tiny(home.models, WORDS + 64)
    app = App(home)
    try:
        assert [m.id for m in draft_models.candidates(app.library, app.library.path_of(STARTER))] == ["tiny"]
        assert app.engine.load(STARTER).draft == str(small)
        conversation = app.chat.new_conversation().id
        assert app.chat.send(conversation, "What is a desk?", model=STARTER).wait(120).text
        app.engine.adjustments.set(STARTER, Adjustments(draft=""))
        assert app.engine.load(STARTER).draft == ""
        app.engine.adjustments.set(STARTER, Adjustments())
        assert app.engine.load(STARTER).draft == str(small)
        app.settings.change(speculation=False)
        assert app.engine.load(STARTER).draft == ""
    finally:
        app.close()


@pytest.mark.logs("the draft model gone is not there any more")
@pytest.mark.logs("the draft gone of .* is not there any more")
def test_where_the_chosen_model_is_gone_nothing_was_chosen(home: Home) -> None:
    """Another that is taken in its place must not push a second model out of memory."""
    app = App(home)
    try:
        app.engine.adjustments.set(STARTER, Adjustments(draft="gone"))
        request = app.engine.request(STARTER)
        assert (request.draft, request.draft_by_hand) == (None, False)
    finally:
        app.close()


def test_a_model_that_cannot_guess_is_named(home: Home, bright_model: str) -> None:
    app = App(home)
    unused: list[str] = []
    app.events.listen(EngineDraftUnused, lambda event: unused.append(event.path))
    try:
        app.engine.adjustments.set(STARTER, Adjustments(draft=bright_model))
        assert app.engine.load(STARTER).draft == ""
        assert unused == [str(app.library.path_of(bright_model))]
    finally:
        app.close()
