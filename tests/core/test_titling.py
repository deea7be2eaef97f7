"""The model names a new chat after its first answer, and gives way to the person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.app import App
from core.chat.titling import clean
from core.paths import Home
from tests.conftest import until

Script = Callable[..., Path]


def start(script: Script, home: Home, *answers: dict[str, object], parameters: int = 2_000_000_000) -> App:
    script(*answers, {"when": "", "say": "It is blue."}, parameters=parameters)
    return App(home)


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    app = start(
        script,
        home,
        {"when": "Write a title", "say": 'Title: "The blue desk."\n\nmore'},
        {"when": "題名を付けて", "say": "「青い机」"},
    )
    yield app
    app.close()


def title(app: App, number: int) -> str:
    return app.conversations.get(number).title


@pytest.mark.parametrize(
    ("question", "named"), [("What colour is it?", "The blue desk"), ("机は何色ですか。", "青い机")]
)
def test_a_chat_is_named_in_its_language(app: App, question: str, named: str) -> None:
    number, job = app.chat.begin(question)
    job.wait(30)
    until(lambda: title(app, number) == named)
    app.chat.send(number, "And now?").wait(30)
    assert len(app.conversations.branch(number)) == 4  # what was asked for the title is no part of the chat
    assert title(app, number) == named


def test_what_the_person_has_named_stays(app: App, script: Script) -> None:
    number = app.chat.new_conversation("Mine").id
    app.chat.send(number, "What colour is it?").wait(30)
    first, job = app.chat.begin("What colour?")
    job.wait(30)
    until(lambda: title(app, first) == "The blue desk")
    assert title(app, number) == "Mine"


def test_off_means_off_and_small_models_name_nothing(script: Script, home: Home) -> None:
    app = start(script, home, {"when": "Write a title", "say": "Named"}, parameters=100_000_000)
    try:
        number, job = app.chat.begin("What colour is it?")
        job.wait(30)
    finally:
        app.close()
    app = start(script, home, {"when": "Write a title", "say": "Named"})
    try:
        app.settings.change(titles=False)
        other, job = app.chat.begin("What colour is it?")
        job.wait(30)
        app.jobs.close(5)
        assert title(app, number) == title(app, other) == "What colour is it?"
    finally:
        app.close()


def test_a_title_is_not_waited_for(script: Script, home: Home) -> None:
    app = start(script, home, {"when": "Write a title", "say": "word " * 500, "seconds_per_piece": 0.2})
    try:
        number, job = app.chat.begin("What colour is it?")
        job.wait(30)
        assert app.chat.send(number, "And now?").wait(15).text == "It is blue."
        assert title(app, number) == "What colour is it?"
    finally:
        app.close()


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ('"A desk."', "A desk"),
        ("**A desk**\nbecause", "A desk"),
        ("\n\n題名：青い机\n", "青い机"),
        ("", ""),
        ("…" * 100, "…" * 47 + "…"),
    ],
)
def test_a_models_words_become_a_title(said: str, named: str) -> None:
    assert clean(said) == named
