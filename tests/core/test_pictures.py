"""Models with eyes: what a picture shows reaches the model, is looked at once, and can be stopped; eyes that do not fit are refused."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as Pictures

from core.engine import local
from core.engine.llama import cells
from core.engine.messages import Completion, CountTokens, Generate, LoadModel, Picture, Sampling, Turn
from core.engine.template import PICTURE, ChatTemplate
from core.errors import (
    Cancelled,
    ContextFull,
    EyesUnusable,
    PictureGone,
    TemplateFailed,
)
from core.events import Events
from core.models.library import Library
from core.paths import Home
from core.workers.supervisor import Worker
from tests.support import eyes

GREEDY = Sampling(temperature=0)
BEFORE, AFTER = "The picture shows this colour:", ". Which colour is it? Answer with one word."
COLOURS = {"red": "#ff0000", "green": "#00ff00", "blue": "#0000ff"}


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Library(Home(tmp_path_factory.mktemp("home"))).path_of("smollm2-135m-instruct")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def engine(starter: Path, folder: Path) -> Iterator[Worker]:
    """The starter model with eyes that tell three colours."""
    projector = eyes.that_tell_colours(starter, folder / "mmproj.gguf")
    worker = Worker(local.spec(), Events())
    info = worker.call(LoadModel(str(starter), 2048, projector=str(projector))).result()
    assert info.sees
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def qwen(starter: Path, folder: Path) -> Iterator[tuple[Worker, LoadModel]]:
    """A model of random weights in Qwen's shape, whose positions have several dimensions; its states are kept on disk."""
    model, projector = eyes.qwen_with_eyes(starter, folder)
    states = str(folder / "states")
    load = LoadModel(str(model), 4096, projector=str(projector), state_folder=states, state_bytes=1 << 30)
    worker = Worker(local.spec(), Events())
    worker.call(load).result()
    yield worker, load
    worker.close()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """The engines stay for the whole module; tests/end_to_end looks for leftovers."""


def picture(folder: Path, colour: str, size: tuple[int, int] = (200, 200)) -> Picture:
    path = folder / f"{colour.strip('#')}-{size[0]}x{size[1]}"
    Pictures.new("RGB", size, COLOURS.get(colour, colour)).save(path, format="PNG")
    return Picture(str(path))


def about(seen: Picture, before: str = BEFORE, after: str = AFTER) -> Turn:
    return Turn("user", before + after, (Picture(seen.path, len(before)),))


def answer(engine: Worker, conversation: str, *turns: Turn, tokens: int = 12) -> tuple[str, Completion]:
    call = engine.call(Generate(conversation, list(turns), GREEDY, max_tokens=tokens))
    return "".join(piece.text for piece in call.items()), call.result()


# ---------------------------------------------------------------- what is seen


@pytest.mark.parametrize("colour", COLOURS)
def test_the_model_says_what_the_picture_shows(engine: Worker, folder: Path, colour: str) -> None:
    assert colour in answer(engine, "colours", about(picture(folder, colour)))[0]


def test_two_pictures_of_one_size_in_one_place_are_two(engine: Worker, folder: Path) -> None:
    """The words in front of them are read once, the pictures each by itself."""
    first, _ = answer(engine, "same", about(picture(folder, "red")))
    second, completion = answer(engine, "same", about(picture(folder, "green")))
    assert ("red" in first, "green" in second) == (True, True)
    assert 0 < completion.timings.cached_tokens < completion.timings.prompt_tokens - 4


def test_a_follow_up_looks_at_no_picture_again(engine: Worker, folder: Path) -> None:
    question = about(picture(folder, "blue"))
    said, first = answer(engine, "follow", question)
    more = [question, Turn("assistant", said), Turn("user", "And what colour did you say it was?")]
    _, second = answer(engine, "follow", *more)
    assert second.timings.cached_tokens >= first.timings.prompt_tokens
    both = [*more[:2], about(picture(folder, "red"))]
    text, third = answer(engine, "follow", *both)
    assert third.timings.cached_tokens >= first.timings.prompt_tokens
    assert text == answer(engine, "fresh", *both)[0]


def test_it_is_counted_as_it_is_read(engine: Worker, folder: Path) -> None:
    seen = about(picture(folder, "red"))
    counts = engine.call(CountTokens([seen, Turn("user", seen.text)])).result().counts
    assert counts[0] - counts[1] == 4  # two by two patches
    one = answer(engine, "count", seen)[1].timings.prompt_tokens
    none = answer(engine, "count", Turn("user", seen.text))[1].timings.prompt_tokens
    assert one - none in range(4, 7)  # and the word that it stands in is cut in two


# ---------------------------------------------------------------- positions of several dimensions


def test_the_state_of_a_talk_with_pictures_stays_what_it_is(
    qwen: tuple[Worker, LoadModel], folder: Path
) -> None:
    """In the cache, beside another talk, and on disk over a restart: never looked at again, and nothing changes."""
    worker, load = qwen
    turns = [
        about(picture(folder, "purple", (900, 300))),
        Turn("assistant", "Some colour."),
        about(picture(folder, "orange", (300, 900)), "And this: ", ""),
    ]
    fresh, first = answer(worker, "1", *turns, tokens=24)
    assert first.timings.prompt_tokens > 200
    again, second = answer(worker, "1", *turns, tokens=24)
    assert (again, second.timings.cached_tokens) == (fresh, first.timings.prompt_tokens - 1)
    answer(worker, "2", Turn("user", "Something else. " * 30))
    parked, third = answer(worker, "1", *turns, tokens=24)
    assert (parked, third.timings.cached_tokens) == (fresh, first.timings.prompt_tokens - 1)
    other, _ = answer(worker, "3", *turns, tokens=24)
    assert other == fresh
    worker.stop()
    worker.call(load).result()
    kept, fourth = answer(worker, "1", *turns, tokens=24)
    assert fourth.timings.cached_tokens == first.timings.prompt_tokens - 1
    assert kept == fresh


def test_a_stop_while_it_looks_leaves_nothing_behind(starter: Path, folder: Path) -> None:
    """Each time at another shade, since a picture that was looked at is remembered, and at any moment."""
    projector = eyes.that_tell_colours(starter, folder / "mmproj-slow.gguf", side=20, layers=24)
    worker = Worker(local.spec(), Events())
    chance, stopped = random.Random(7), 0
    try:
        worker.call(LoadModel(str(starter), 2048, projector=str(projector))).result()
        _, first = answer(worker, "whole", about(picture(folder, "#fe0000")))
        for number in range(8):
            name, shade = (("red", f"#ff00{number:02x}"), ("green", f"#00ff{number:02x}"))[number % 2]
            turn = about(picture(folder, shade))
            call = worker.call(Generate(f"stopped-{number}", [turn], GREEDY, max_tokens=12))
            timer = threading.Timer(chance.uniform(0, first.timings.first_token_s), call.cancel)
            timer.start()
            try:
                list(call.items())
            except Cancelled:
                stopped += 1
            timer.join()
            text, completion = answer(worker, f"stopped-{number}", turn)
            assert completion.timings.prompt_tokens > 20 * 20
            assert name in text
    finally:
        worker.close()
    assert stopped


# ---------------------------------------------------------------- what goes wrong


def test_a_picture_that_is_gone_or_no_png_is_said(engine: Worker, folder: Path) -> None:
    broken = folder / "broken"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    words = folder / "words"
    words.write_text("not a picture")
    for path in (folder / "missing", broken, words, folder):
        with pytest.raises(PictureGone):
            answer(engine, "gone", about(Picture(str(path))))
    assert "red" in answer(engine, "gone", about(picture(folder, "red")))[0]


def test_pictures_that_are_too_much_are_said_before_any_is_looked_at(engine: Worker, folder: Path) -> None:
    many = Turn("user", "x" * 600, tuple(Picture(picture(folder, "red").path, n) for n in range(600)))
    with pytest.raises(ContextFull) as raised:
        answer(engine, "many", many)
    assert raised.value.needed > 2400


def test_eyes_of_another_model_are_refused_and_the_engine_goes_on(starter: Path, tmp_path: Path) -> None:
    wrong = eyes.of_random_weights(tmp_path / "mmproj-wrong.gguf", 64)
    half = tmp_path / "mmproj-half.gguf"
    half.write_bytes(wrong.read_bytes()[:-5000])
    worker = Worker(local.spec(), Events())
    try:
        for projector in (wrong, half, starter):
            worker.call(LoadModel(str(starter), 1024, projector=str(projector))).result()
            with pytest.raises(EyesUnusable) as raised:
                answer(worker, "wrong", about(picture(tmp_path, "red")))
            assert projector.name in str(raised.value)
            assert answer(worker, "wrong", Turn("user", "Say yes."))[0]
    finally:
        worker.close()


def test_no_message_can_pass_for_a_picture() -> None:
    """Neither in words that name its mark, nor in a template that loses, doubles or ends with pictures."""
    plain = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    turn = Turn("user", f"a{PICTURE}b", (Picture("x", 1),))
    text = "".join(ChatTemplate(plain, bos="", eos="", control=[]).pieces([turn], {}))
    assert text == f"user: a{PICTURE}b\n"
    for source in (
        "{% for m in messages %}{{ m.content | upper | replace('\ufdd1', '') }}{% endfor %}",
        "{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}",
    ):
        with pytest.raises(TemplateFailed):
            ChatTemplate(source, bos="", eos="", control=[]).pieces([turn], {})


def test_a_system_turn_in_front_moves_the_pictures() -> None:
    refuses = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}"
        "{{ m.content }}{% endfor %}"
    )
    turns = [Turn("system", "Be brief."), Turn("user", "Look: here", (Picture("x", 6),))]
    text = "".join(ChatTemplate(refuses, bos="", eos="", control=[]).pieces(turns, {}))
    assert text == f"Be brief.\n\nLook: {PICTURE}here"


def test_a_finer_cut_of_a_picture_shares_nothing_with_a_coarser_one() -> None:
    """A longer context lets a picture have more vectors: those of the shorter one are not its beginning."""
    coarse, fine = cells.cells("one", 64, 64), cells.cells("one", 100, 100)
    assert coarse[0] != fine[0]
    assert cells.cells("one", 64, 8)[0] != coarse[0]


def test_cells_tell_pictures_and_places_apart() -> None:
    one = cells.cells("one", 100, 10)
    assert one == cells.cells("one", 100, 10)
    assert len(set(one) | set(cells.cells("two", 100, 10))) == 200
    assert sum(map(cells.takes_position, one)) == 10
    assert [place for place, cell in enumerate(one) if cells.begins(cell)] == [0]
    assert all(-(1 << 31) <= cell < 0 for cell in one)
    assert all(map(cells.takes_position, range(10)))
