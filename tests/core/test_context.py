"""A chat that outgrows the model's context: older messages are summarised in the open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.app import App
from core.chat import context, prompt
from core.chat.events import AnswerPhase, ContextTrimmed, ConversationChanged, Phase
from core.paths import Home

Script = Callable[..., Path]
NOTES = "The desk is blue. It costs 90 euros."


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    script(
        {"when": "write down what matters", "say": NOTES},
        {"when": "書き留めて", "say": "机は青い。"},
        {"when": "", "say": "All right."},
        context=220,
    )
    app = App(home)
    app.settings.change(answer_length=16)
    yield app
    app.close()


def fill(app: App, questions: str = "question {n} about the desk " + "word " * 12, rounds: int = 12) -> int:
    """A conversation that has outgrown the context at least once."""
    number = app.chat.new_conversation(system="Be brief.").id
    for n in range(rounds):
        app.chat.send(number, questions.format(n=n)).wait(30)
    return number


def heard(app: App, kind: type[Any]) -> list[Any]:
    events: list[Any] = []
    app.events.listen(kind, events.append)
    return events


def test_older_messages_are_summarised_and_the_summary_is_read(app: App) -> None:
    trimmed, phases, changed = (
        heard(app, ContextTrimmed),
        heard(app, AnswerPhase),
        heard(app, ConversationChanged),
    )
    number = fill(app)
    row = app.conversations.get(number)
    assert trimmed
    assert {event.summary for event in trimmed} == {NOTES}
    assert row.summary == NOTES
    assert any(event.conversation.summary == NOTES for event in changed)
    assert Phase.SUMMARISING in {event.phase for event in phases}
    branch = app.conversations.branch(number)
    assert len(branch) == 24  # nothing is lost, and no question of ours is among what was said
    assert any(message.details.summarised for message in branch)
    turns = prompt.turns(row, branch)
    assert turns[0].text == f"Be brief.\n\n{prompt.NOTES}\n{NOTES}"
    assert turns[1].text == next(m.text for m in branch if m.id == row.context_start)


def test_a_summary_is_changed_and_taken_back(app: App) -> None:
    number = fill(app)
    app.chat.change_summary(number, "The desk is red.")
    row, branch = app.conversations.get(number), app.conversations.branch(number)
    assert "The desk is red." in prompt.turns(row, branch)[0].text
    app.chat.change_summary(number, "")
    row = app.conversations.get(number)
    assert prompt.turns(row, branch)[0].text == "Be brief."
    assert row.context_start is not None


def test_on_another_branch_a_summary_does_not_count(app: App) -> None:
    number = fill(app)
    first = app.conversations.branch(number)[1]
    app.chat.branch_from(first.id)
    row, branch = app.conversations.get(number), app.conversations.branch(number)
    assert prompt.turns(row, branch)[0].text == "Be brief."


def test_who_wants_none_gets_none(app: App) -> None:
    app.settings.change(when_full="left out")
    trimmed = heard(app, ContextTrimmed)
    number = fill(app)
    assert trimmed
    assert app.conversations.get(number).summary == ""
    assert not any(m.details.summarised for m in app.conversations.branch(number))


def test_a_japanese_chat_is_summarised_in_japanese(app: App) -> None:
    number = fill(app, "{n} 番目の質問です。机の色は何ですか。 " + "言葉 " * 14)
    assert app.conversations.get(number).summary == "机は青い。"


def test_a_stop_while_it_summarises_is_a_stop(app: App, script: Script) -> None:
    number = fill(app, rounds=7)
    script(
        {"when": "write down what matters", "say": "on and " * 500, "seconds_per_piece": 0.1},
        {"when": "", "say": "All right."},
        context=160,
    )
    app.engine.worker.stop()
    phases = heard(app, AnswerPhase)
    job = app.chat.send(number, "And now? " + "word " * 12)
    while not job.ended(0.01):
        if phases and phases[-1].phase is Phase.SUMMARISING:
            app.chat.stop(number)
    assert app.conversations.branch(number)[-1].state.value == "stopped"
    assert app.conversations.get(number).context_start is None  # nothing has left


@pytest.mark.parametrize(
    ("size", "notes", "most"), [(8000, NOTES, 0.25), (8000, "", 0.5), (5000, NOTES, 0.5)]
)
def test_beside_a_summary_less_of_a_large_context_stays(
    app: App, script: Script, home: Home, size: int, notes: str, most: float
) -> None:
    app.close()
    script({"when": "write down what matters", "say": notes}, {"when": "", "say": "All right."}, context=size)
    again = App(home)
    try:
        again.settings.change(answer_length=16)
        trimmed = heard(again, ContextTrimmed)
        number = again.chat.new_conversation(system="Be brief.").id
        while not trimmed:
            again.chat.send(number, "about the desk " + "word " * 300).wait(30)
        start = again.conversations.get(number).context_start
        branch = again.conversations.branch(number)[:-1]  # without the answer
        kept = branch[[message.id for message in branch].index(start or 0) :]
        words = sum(len(message.text.split()) + 8 for message in kept)
        assert words <= size * most
        assert words + 340 > size * most  # and not less than needs be
    finally:
        again.close()


def test_what_fills_the_context_is_told(app: App) -> None:
    number = fill(app)
    parts = context.look(app.conversations, app.chat.sight, number, app.settings.values)
    assert parts.length == 220
    assert (parts.instructions, parts.summary) == (2, len(f"{prompt.NOTES}\n{NOTES}".split()))
    assert parts.history > 30
    assert parts.answer == 16
    assert parts.documents == 0
    used = parts.instructions + parts.summary + parts.history + parts.documents
    assert used <= 220
