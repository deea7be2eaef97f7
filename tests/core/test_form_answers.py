"""Answers in a chat that are wanted as tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.app import App
from core.errors import FormUnusable
from core.jobs import Job
from core.paths import Home
from core.structured import fields
from core.structured.fields import Form

Script = Callable[..., Path]
WANTED = fields.write(Form(fields.parse("product, mood: (good|bad)!")))
TOASTER = json.dumps({"product": "toaster", "mood": "good"})


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    script({"when": "fields as JSON", "say": TOASTER}, {"when": "", "say": "In words."})
    app = App(home)
    yield app
    app.close()


def test_a_table_is_asked_for_and_stays_one_when_it_is_asked_again(app: App) -> None:
    number, job = app.chat.begin("A lovely toaster.", form=WANTED)
    answer = job.wait(30)
    assert answer.text == TOASTER
    assert answer.details.form == WANTED
    assert answer.details.sampling.temperature == 0.0
    question = app.conversations.branch(number)[0]
    assert question.text == "A lovely toaster."  # as it was written
    assert question.prompt is not None
    assert "mood (one of: good, bad)" in question.prompt
    again = app.chat.regenerate(answer.id).wait(30)
    assert (again.text, again.details.form) == (TOASTER, WANTED)
    words = app.chat.send(number, "And in words?").wait(30)
    assert (words.text, words.details.form) == ("In words.", "")
    edited = app.chat.edit(question.id, "A toaster.", form=WANTED).wait(30)
    assert edited.details.form == WANTED


def test_documents_are_not_asked_for_it(app: App, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The toaster has a warranty of two years.", encoding="utf-8")
    app.ingest.add([str(tmp_path / "a.txt")], "papers", Job(0, "add"))
    _, job = app.chat.begin("A lovely toaster.", collection="papers", form=WANTED)
    answer = job.wait(30)
    assert answer.text == TOASTER
    assert answer.details.outcome == ""


def test_a_form_that_is_none_writes_nothing(app: App) -> None:
    with pytest.raises(FormUnusable):
        app.chat.begin("Hello", form="{")
    number, job = app.chat.begin("Hello")
    job.wait(30)
    with pytest.raises(FormUnusable):
        app.chat.send(number, "More", form='{"fields": []}')
    assert len(app.conversations.branch(number)) == 2
