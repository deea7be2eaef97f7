"""What later chats should know is proposed when a chat was left: only what the person said, only by a large model, only once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.app import App
from core.chat.events import MemoryProposed
from core.paths import Home
from tests.conftest import until

Script = Callable[..., Path]
SAID = (
    "I am allergic to hazelnuts, and my daughter Saki starts school in April. What can I bake for her class?"
)
Start = Callable[..., tuple[App, list[MemoryProposed]]]


@pytest.fixture
def start(script: Script, home: Home) -> Iterator[Start]:
    apps: list[App] = []

    def begin(
        named: object, *, parameters: int = 7_000_000_000, seconds_per_piece: float = 0.0, **settings: object
    ) -> tuple[App, list[MemoryProposed]]:
        written = named if isinstance(named, str) else json.dumps({"facts": named}, ensure_ascii=False)
        script(
            {"when": "what I said in a chat", "say": written, "seconds_per_piece": seconds_per_piece},
            {"when": "私が言ったこと", "say": written},
            {"when": "", "say": "A lemon cake."},
            parameters=parameters,
        )
        app = App(home)
        app.settings.change(titles=False, **settings)
        told: list[MemoryProposed] = []
        app.events.listen(MemoryProposed, told.append)
        apps.append(app)
        return app, told

    yield begin
    for app in apps:
        app.close()


def leave(app: App, *said: str, project: int | None = None) -> int:
    """A chat in which this was said, and which was left then."""
    number, job = app.chat.begin(said[0], project=project)
    job.wait(30)
    for text in said[1:]:
        app.chat.send(number, text).wait(30)
    app.chat.proposing.left(number)
    job = app.chat.proposing._job
    if job is not None:
        job.ended(30)
    return number


def test_what_was_said_is_proposed_and_what_was_not_is_not(start: Start) -> None:
    app, told = start(
        ["I am allergic to hazelnuts.", "I live in Osaka.", "My daughter Saki starts school in May."]
    )
    number = leave(app, SAID)
    (event,) = told
    assert (event.conversation, event.project) == (number, None)
    assert event.facts == ("I am allergic to hazelnuts.",)
    assert app.projects.store.facts(None) == []  # nothing is remembered yet


def test_in_japanese(start: Start) -> None:
    app, told = start(["私は左利きです。", "娘は小学生です。"])
    leave(
        app,
        "私は左利きです。使いやすいはさみを探しています。おすすめを教えてください。値段は三千円くらいまででお願いします。",
    )
    assert [event.facts for event in told] == [("私は左利きです。",)]


def test_what_is_remembered_already_is_not_proposed(start: Start) -> None:
    app, told = start(["I am allergic to hazelnuts."])
    app.projects.remember("I am allergic to hazelnuts.")
    leave(app, SAID)
    assert told == []


def test_each_message_is_looked_at_once(start: Start) -> None:
    app, told = start(["I am allergic to hazelnuts."])
    number = leave(app, SAID)
    app.chat.proposing.left(number)  # nothing was said since
    assert len(told) == 1
    app.chat.send(number, "And how long does it keep in the fridge, in a closed box?").wait(30)
    app.chat.proposing.left(number)
    job = app.chat.proposing._job
    assert job is not None
    job.ended(30)
    assert len(told) == 1  # the new message does not say so


def test_it_belongs_to_the_project(start: Start) -> None:
    app, told = start(["I am allergic to hazelnuts."])
    project = app.projects.create("Baking").id
    leave(app, SAID, project=project)
    assert [event.project for event in told] == [project]


@pytest.mark.parametrize(
    ("parameters", "settings"),
    [(1_000_000_000, {}), (7_000_000_000, {"memory_offers": False}), (7_000_000_000, {"memory": False})],
)
def test_a_small_model_is_not_asked_and_off_means_off(
    start: Start, parameters: int, settings: dict[str, bool]
) -> None:
    app, told = start(["I am allergic to hazelnuts."], parameters=parameters, **settings)
    leave(app, SAID)
    assert told == []
    assert app.chat.proposing._job is None


@pytest.mark.parametrize(
    "written", ["", "none", "[1, 2]", '{"facts": "all"}', '{"facts": [1, null, ""]}', "{"]
)
def test_what_makes_no_sense_proposes_nothing(start: Start, written: str) -> None:
    app, told = start(written)
    leave(app, SAID)
    assert told == []


def test_a_question_goes_first_and_the_chat_is_looked_at_later(start: Start) -> None:
    app, told = start(["I am allergic to hazelnuts."], seconds_per_piece=0.5)
    number, job = app.chat.begin(SAID)
    job.wait(30)
    app.chat.proposing.left(number)
    under_way = app.chat.proposing._job
    assert under_way is not None
    _, other = app.chat.begin("Something else")
    other.wait(30)
    assert under_way.ended(30)
    assert under_way.cancelled
    assert told == []
    app.chat.proposing.left(number)
    until(lambda: [event.facts for event in told] == [("I am allergic to hazelnuts.",)], 30)
