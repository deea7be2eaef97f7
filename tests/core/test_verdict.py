"""A model's own word that the documents do not answer: what says so, and what becomes of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.app import App
from core.chat.conversation import Message, MessageState
from core.documents import verdict
from core.jobs import Job
from core.paths import Home

Script = Callable[..., Path]
Ask = Callable[..., Message]
CORPUS = Path(__file__).parents[1] / "data" / "corpus"
SAID = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "noes.jsonl").read_text(encoding="utf-8").splitlines()
]
QUESTION = "How long is the warranty of the heating base?"
NO = "The passages do not say who pays for the repair."


@pytest.mark.parametrize(("half", "least", "most"), [(0, 0.9, 0.0), (1, 0.7, 0.06)], ids=["tuned on", "kept"])
def test_noes_are_told_from_answers(half: int, least: float, most: float) -> None:
    """280 texts by somebody who had not seen the patterns, which were made with every other one."""
    said = SAID[half::2]
    assert len(said) == 140
    noes = [one["answer"] for one in said if one["no"]]
    answers = [one["answer"] for one in said if not one["no"]]
    assert sum(map(verdict.says_no, noes)) >= least * len(noes)
    mistaken = [text for text in answers if verdict.says_no(text)]
    assert len(mistaken) <= most * len(answers), mistaken


def test_long_texts_are_no_trouble() -> None:
    assert not verdict.says_no("The passages and " * 20_000 + "the gate.")
    assert not verdict.says_no("資料の記載は" * 20_000)


@pytest.fixture
def ask(home: Home, script: Script) -> Iterator[Ask]:
    """Asks a model that says one thing, of so many parameters, about the handbook of a kettle."""
    apps: list[App] = []

    def said(say: str, parameters: float = 0, others: bool = False) -> Message:
        script({"when": "", "say": say}, parameters=int(parameters))
        app = App(home)
        apps.append(app)
        app.ingest.add([str(CORPUS / "kettle-en.pdf")], "kettle", Job(0, "add"))
        if others:
            app.ingest.add([str(CORPUS / "kettle-en.pdf")], "other", Job(0, "add"))
        conversation = app.chat.new_conversation(collection="kettle").id
        return app.chat.send(conversation, QUESTION).wait()

    yield said
    for app in apps:
        app.close()


@pytest.mark.parametrize(
    ("parameters", "outcome"), [(7e9, "not found"), (0, "not found"), (5e8, "quotation")]
)
def test_the_word_of_a_model_that_reads_well_counts(ask: Ask, parameters: float, outcome: str) -> None:
    """A server does not say how large its model is (0); a small model's no is right hardly more often than wrong."""
    answer = ask(NO, parameters)
    assert (answer.state, answer.text, answer.details.outcome) == (MessageState.DONE, NO, outcome)
    assert answer.details.citations == [] if outcome == "not found" else answer.details.citations
    assert answer.details.marks == []  # it is no statement that a document could support
    assert bool(answer.details.nearest) == (outcome == "not found")
    assert bool(answer.details.extracts) == (outcome == "quotation")


def test_a_no_leads_on_to_other_collections(ask: Ask) -> None:
    assert ask(NO, others=True).details.elsewhere == ["other"]


def test_what_the_document_does_say_is_an_answer(ask: Ask) -> None:
    answer = ask(f"The heating base has a warranty of 36 months. {NO}")
    assert answer.details.outcome == "answered"
    assert [m.marker for m in answer.details.marks] == [1]  # and none for what it does not say
