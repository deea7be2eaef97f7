"""What can be done with a message: go on, say it otherwise, delete it and bring it back, branch from it, take it into a new chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.app import App
from core.chat.conversation import MessageState, Role
from core.chat.draft import Draft
from core.chat.events import AnswerPhase, BranchChanged, MessageRemoved, Phase, QueueChanged
from core.engine.messages import Generate, Sampling, Turn
from core.errors import AnswerUnderWay, ConversationMissing
from core.paths import Home
from tests.conftest import until

Script = Callable[..., Path]
STORY = "One upon a time there was a desk that could answer every question."


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    script(
        {"when": "for ever", "say": "and on " * 2000, "seconds_per_piece": 0.05},
        {"when": "story", "say": STORY},
        {"when": "think", "say": "<think>Hm. Well.</think>All right.", "seconds_per_piece": 0.06},
        {"when": "", "say": "All right."},
    )
    app = App(home)
    yield app
    app.close()


def ask(app: App, number: int, *questions: str) -> list[int]:
    """The ids of the branch, after these questions were answered."""
    for question in questions:
        app.chat.send(number, question).wait(30)
    return [message.id for message in app.conversations.branch(number)]


def test_an_answer_that_was_cut_goes_on_where_it_was(app: App) -> None:
    app.settings.change(answer_length=16)
    number, job = app.chat.begin("Tell me a story")
    app.settings.change(answer_length=17)
    answer = job.wait(30)
    app.settings.change(answer_length=2048)
    assert answer.details.finish in ("length", "stop")
    app.conversations.finish(answer.id, " ".join(STORY.split()[:5]) + " ", MessageState.STOPPED)
    went_on = app.chat.go_on(answer.id).wait(30)
    assert went_on.id == answer.id
    assert went_on.text == STORY
    assert went_on.state is MessageState.DONE
    assert app.conversations.message(answer.id).text == STORY
    assert len(app.conversations.branch(number)) == 2


def test_what_an_answer_says_already_is_read_as_the_models_own_words(home: Home, bright_model: str) -> None:
    """With a real model and its template: nothing is said twice."""
    question = Turn("user", "Count from one to ten in words, separated by commas, and nothing else.")
    app = App(home)
    try:
        whole = _write(app, bright_model, Generate("whole", [question], Sampling(temperature=0), 40))
        begun = whole[: whole.lower().index("five")]
        rest = _write(
            app, bright_model, Generate("rest", [question], Sampling(temperature=0), 40, begun=begun)
        )
        assert (begun + rest).replace(" ", "") == whole.replace(" ", "")
    finally:
        app.close()


def _write(app: App, model: str, request: Generate) -> str:
    return "".join(piece.text for piece in app.engine.generate(model, request).items())


def test_an_answer_is_made_again_otherwise_and_says_how(app: App) -> None:
    _number, job = app.chat.begin("Hello")
    first = job.wait(30)
    careful = Sampling(temperature=0.0, seed=7)
    again = app.chat.regenerate(first.id, sampling=careful).wait(30)
    assert again.details.sampling == careful
    assert first.details.sampling == app.chat.sampling()
    assert again.details.context_length > again.details.context_used > 0
    assert app.conversations.siblings(again) == [first.id, again.id]


def test_the_person_says_an_answer_better(app: App) -> None:
    number, job = app.chat.begin("Hello")
    first = job.wait(30)
    changed = heard(app)
    better = app.chat.rewrite(first.id, "Quite **right**.")
    assert [event.conversation for event in changed] == [number]
    branch = app.conversations.branch(number)
    assert [message.id for message in branch][-1] == better.id
    assert (branch[-1].text, branch[-1].model, branch[-1].details.edited) == (
        "Quite **right**.",
        first.model,
        True,
    )
    app.chat.send(number, "And now?").wait(30)  # the model reads the new words
    assert [m.text for m in app.conversations.branch(number)][1] == "Quite **right**."
    assert app.conversations.search("Quite right")


def heard(app: App) -> list[BranchChanged]:
    events: list[BranchChanged] = []
    app.events.listen(BranchChanged, events.append)
    return events


def test_a_message_is_deleted_with_what_followed_and_comes_back(app: App) -> None:
    removed: list[MessageRemoved] = []
    app.events.listen(MessageRemoved, removed.append)
    number, job = app.chat.begin("First")
    job.wait(30)
    ids = ask(app, number, "Second zebra", "Third")
    app.chat.delete_message(ids[2])
    assert [m.id for m in app.conversations.branch(number)] == ids[:2]
    assert [o.id for o in app.conversations.outline(number)] == ids[:2]
    assert not app.conversations.search("zebra")
    assert app.conversations.latest_leaf(ids[0]) == ids[1]
    (event,) = removed
    app.chat.restore_message(event.message, event.at)
    assert [m.id for m in app.conversations.branch(number)] == ids
    assert app.conversations.search("zebra")


def test_of_versions_one_is_deleted_and_the_other_is_shown(app: App) -> None:
    number, job = app.chat.begin("Hello")
    first = job.wait(30)
    second = app.chat.regenerate(first.id).wait(30)
    app.chat.delete_message(second.id)
    assert [m.id for m in app.conversations.branch(number)][-1] == first.id
    assert app.conversations.siblings(first) == [first.id]
    third = app.chat.regenerate(first.id).wait(30)
    app.chat.delete_message(first.id)  # one that is not shown
    assert [m.id for m in app.conversations.branch(number)][-1] == third.id


def test_what_was_deleted_is_gone_at_the_next_start(app: App, home: Home) -> None:
    number, job = app.chat.begin("First")
    job.wait(30)
    ids = ask(app, number, "Second")
    app.chat.delete_message(ids[2])
    app.close()
    again = App(home)
    try:
        until(lambda: not again.conversations.deleted_messages())
        assert [row["id"] for row in again.database.rows("SELECT id FROM messages ORDER BY id")] == ids[:2]
        assert [row["rowid"] for row in again.database.rows("SELECT rowid FROM messages_index")] == ids[:2]
        with pytest.raises(ConversationMissing):
            again.chat.restore_message(ids[2], 1.0)
    finally:
        again.close()


def test_a_branch_from_an_earlier_answer(app: App) -> None:
    number, job = app.chat.begin("First")
    job.wait(30)
    ids = ask(app, number, "Second", "Third")
    app.chat.branch_from(ids[1])
    assert [m.id for m in app.conversations.branch(number)] == ids[:2]
    other = ask(app, number, "Another second")
    assert other[:2] == ids[:2]
    assert app.conversations.siblings(app.conversations.message(ids[2])) == [ids[2], other[2]]
    stretches = app.conversations.stretches(number)
    assert [(s.first, s.last, s.depth, s.count, s.shown) for s in stretches] == [
        (ids[0], ids[1], 0, 2, True),
        (ids[2], ids[5], 1, 4, False),
        (other[2], other[3], 1, 2, True),
    ]
    assert [(s.role, s.text) for s in stretches][1:] == [
        (Role.USER, "Second"),
        (Role.USER, "Another second"),
    ]


def test_a_new_chat_with_what_was_said_so_far(app: App) -> None:
    number, job = app.chat.begin("First")
    job.wait(30)
    ids = ask(app, number, "Second")
    copy = app.chat.copy_from(ids[1])
    assert copy.id != number
    old, new = app.conversations.branch(number)[:2], app.conversations.branch(copy.id)
    assert [(m.role, m.text, m.model, m.details) for m in new] == [
        (m.role, m.text, m.model, m.details) for m in old
    ]
    assert not {m.id for m in new} & set(ids)
    assert app.chat.send(copy.id, "On").wait(30).text == "All right."
    assert [m.id for m in app.conversations.branch(number)] == ids


def test_nothing_is_done_to_a_conversation_that_is_answered(app: App) -> None:
    number, job = app.chat.begin("First")
    first = job.wait(30)
    job = app.chat.send(number, "for ever")
    for attempt in (
        lambda: app.chat.rewrite(first.id, "x"),
        lambda: app.chat.delete_message(first.id),
        lambda: app.chat.branch_from(first.id),
        lambda: app.chat.go_on(first.id),
    ):
        with pytest.raises(AnswerUnderWay):
            attempt()
    app.chat.stop(number)
    job.wait(30)


def test_how_long_it_thought_and_how_far_it_read_are_told(app: App) -> None:
    phases: list[AnswerPhase] = []
    app.events.listen(AnswerPhase, phases.append)
    _number, job = app.chat.begin("think " * 50)
    answer = job.wait(30)
    assert answer.thinking == "Hm. Well."
    assert answer.details.thinking_s >= 0.1
    read = [p for p in phases if p.phase is Phase.READING and p.total]
    assert read[-1].done == read[-1].total >= 50


def test_drafts_are_kept_apart_and_go_with_their_conversation(app: App) -> None:
    number = app.chat.new_conversation("x").id
    app.conversations.save_draft(0, Draft("new"))
    app.conversations.save_draft(number, Draft("half a sent"))
    assert (app.conversations.draft(0).text, app.conversations.draft(number).text) == ("new", "half a sent")
    app.conversations.save_draft(0, Draft())
    assert app.conversations.draft(0) == Draft()
    app.chat.discard(number)
    assert app.database.rows("SELECT * FROM drafts") == []


def test_what_was_asked_before_in_the_order_of_asking(app: App) -> None:
    number, job = app.chat.begin("First")
    job.wait(30)
    ask(app, number, "Second")
    app.chat.begin("Third")[1].wait(30)
    assert app.conversations.questions() == ["First", "Second", "Third"]
    assert app.conversations.questions(limit=2) == ["Second", "Third"]


# ---------------------------------------------------------------- messages that wait, and one that is taken back


def test_messages_wait_their_turn_and_are_sent_one_by_one(app: App) -> None:
    told: list[QueueChanged] = []
    app.events.listen(QueueChanged, told.append)
    number, job = app.chat.begin("think about it")
    for text in ("Second", "Third", "Fourth"):
        app.waiting.add(number, text)
    waiting = app.conversations.queued(number)
    assert [one.text for one in waiting] == ["Second", "Third", "Fourth"]
    app.waiting.change(number, waiting[1].id, "Third, in other words")
    app.waiting.drop(number, waiting[2].id)
    job.wait(30)
    until(lambda: len(app.conversations.branch(number)) == 6 and not app.chat.answering(number))
    asked = [m.text for m in app.conversations.branch(number) if m.role is Role.USER]
    assert asked == ["think about it", "Second", "Third, in other words"]
    assert app.conversations.queued(number) == []
    assert told[-1].waiting == ()


def test_where_nothing_is_under_way_a_message_does_not_wait(app: App) -> None:
    number, job = app.chat.begin("First")
    job.wait(30)
    app.waiting.add(number, "Second")
    until(lambda: len(app.conversations.branch(number)) == 4 and not app.chat.answering(number))
    assert app.conversations.queued(number) == []


def test_after_a_stop_and_a_restart_what_waits_goes_on_waiting(app: App, home: Home) -> None:
    number, job = app.chat.begin("for ever")
    app.waiting.add(number, "Second")
    until(lambda: bool(app.conversations.branch(number)[-1].text))
    app.chat.stop(number)
    job.wait(30)
    app.close()
    again = App(home)
    try:
        assert [one.text for one in again.conversations.queued(number)] == ["Second"]
        assert len(again.conversations.branch(number)) == 2
        sent = again.waiting.send_next(number)
        assert sent is not None
        assert sent.wait(30).text == "All right."
        assert again.waiting.send_next(number) is None
    finally:
        again.close()


def test_a_message_is_taken_back_before_it_is_answered(app: App, script: Script) -> None:
    script({"when": "", "say": "All right."}, load_seconds=20)
    number, _ = app.chat.begin("Oops")
    taken = app.jobs.start("take back", lambda job: app.chat.take_back(number, job))
    assert taken.wait(30) == Draft("Oops")
    assert not app.conversations.any()
    with pytest.raises(ConversationMissing):
        app.conversations.get(number)


def test_a_later_question_is_taken_back_and_an_answer_that_has_begun_is_not(app: App) -> None:
    number, job = app.chat.begin("First")
    job.wait(30)
    before = ask(app, number)
    slow = app.chat.send(number, "for ever")
    until(lambda: bool(app.conversations.branch(number)[-1].text))
    taken = app.jobs.start("take back", lambda job: app.chat.take_back(number, job))
    assert taken.wait(30) == Draft()
    slow.wait(30)
    assert app.conversations.branch(number)[-1].state is MessageState.STOPPED
    app.chat.delete_message(app.conversations.branch(number)[2].id)
    assert ask(app, number) == before


def test_a_question_for_which_others_wait_is_only_stopped(app: App, script: Script) -> None:
    script({"when": "", "say": "All right."}, load_seconds=20)
    number, _ = app.chat.begin("First")
    app.waiting.add(number, "Second")
    taken = app.jobs.start("take back", lambda job: app.chat.take_back(number, job))
    assert taken.wait(30) == Draft()
    assert app.conversations.branch(number)[-1].state is MessageState.STOPPED
    assert [one.text for one in app.conversations.queued(number)] == ["Second"]
