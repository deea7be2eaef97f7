"""The chat service, with the scripted engine in a real worker process: exact text, real faults."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.app import App
from core.chat.conversation import MessageState, Problem, Role
from core.chat.events import AnswerEnded, AnswerGrew, ContextTrimmed, MessageAdded
from core.engine.interface import EngineLoading
from core.engine.messages import Generate
from core.errors import DiskFull, HomeBusy, ModelMissing, PromptTooLong, WorkerDied
from core.paths import Home
from core.portability.markdown import markdown
from tests.conftest import until

Script = Callable[..., Path]


@pytest.fixture
def app(script: Script, home: Home) -> Any:
    script(
        {
            "when": "slow",
            "say": "one two three four five six seven eight nine ten",
            "seconds_per_piece": 0.15,
        },
        {"when": "for ever", "say": "and on " * 2000, "seconds_per_piece": 0.15},
        {"when": "die", "say": "half of this answer is lost", "fail": "SIGSEGV"},
        {"when": "think", "say": "<think>let me see</think>forty-two"},
        {"when": "", "say": "All right."},
        context=120,
    )
    app = App(home)
    yield app
    app.close()


def test_a_question_is_answered_and_kept(app: App) -> None:
    events: list[Any] = []
    app.events.listen(MessageAdded, events.append)
    app.events.listen(AnswerGrew, events.append)
    app.events.listen(AnswerEnded, events.append)
    conversation = app.chat.new_conversation()
    answer = app.chat.send(conversation.id, "Hello there, desk").wait()
    assert (answer.text, answer.state) == ("All right.", MessageState.DONE)
    assert app.conversations.get(conversation.id).title == "Hello there, desk"
    assert [type(e) for e in events[:2]] == [MessageAdded, MessageAdded]
    assert "".join(e.text for e in events if isinstance(e, AnswerGrew)) == "All right."
    assert isinstance(events[-1], AnswerEnded)
    assert answer.details.timings.completion_tokens == 2


def test_who_hears_of_the_end_finds_it_ended(app: App) -> None:
    """A chat that is opened at that moment must not wait for an end that has been told already."""
    conversation = app.chat.new_conversation().id
    found: list[Any] = []

    def look(event: AnswerEnded) -> None:
        chat = app.chat
        found.append((chat.answering(conversation), chat.so_far(conversation), chat.under_way()))

    app.events.listen(AnswerEnded, look)
    app.chat.send(conversation, "Hello there, desk").wait()
    assert found == [(False, None, [])]


def test_thinking_is_kept_apart(app: App) -> None:
    answer = app.chat.send(app.chat.new_conversation().id, "think").wait()
    assert (answer.text, answer.thinking) == ("forty-two", "let me see")


def test_a_stop_while_another_conversation_is_answered_ends_only_its_own(app: App) -> None:
    first, second = app.chat.new_conversation().id, app.chat.new_conversation().id
    grown = threading.Event()
    app.events.listen(AnswerGrew, lambda event: grown.set())
    writing = app.chat.send(first, "for ever")
    assert grown.wait(30)
    waiting = app.chat.send(second, "Hello")
    app.chat.stop(second)
    assert waiting.wait(30).state is MessageState.STOPPED
    assert not writing.done, "it did not wait for its turn"
    app.chat.stop(first)
    assert writing.wait(30).state is MessageState.STOPPED


@pytest.mark.logs("some jobs are still at work")
def test_a_stop_while_another_conversations_model_is_loaded_ends_only_its_own(
    script: Script, home: Home
) -> None:
    script({"when": "", "say": "All right."}, load_seconds=600)
    app = App(home)
    try:
        loading = threading.Event()
        app.events.listen(EngineLoading, lambda event: loading.set())
        number = app.chat.new_conversation().id
        first = app.chat.send(number, "Hello")
        assert loading.wait(30)
        second = app.chat.new_conversation().id
        waiting = app.chat.send(second, "Hello")
        app.chat.stop(second)
        assert waiting.wait(30).state is MessageState.STOPPED
        assert not first.done
    finally:
        app.close()


def test_the_day_that_templates_print_stays_that_of_the_conversations_beginning(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = []
    real = app.engine.generate

    def generate(model: str, request: Generate, *more: Any) -> Any:
        days.append(request.day)
        return real(model, request, *more)

    monkeypatch.setattr(app.engine, "generate", generate)
    conversation = app.chat.new_conversation()
    app.database.write("UPDATE conversations SET created = ? WHERE id = ?", 1767225600.0, conversation.id)
    for _ in range(2):
        app.chat.send(conversation.id, "Hello").wait()
    assert days == [date.fromtimestamp(1767225600.0).isoformat()] * 2


def test_a_stopped_answer_keeps_what_it_has(app: App) -> None:
    conversation = app.chat.new_conversation().id
    grown: list[str] = []
    app.events.listen(AnswerGrew, lambda e: grown.append(e.text))
    job = app.chat.send(conversation, "slow")
    until(lambda: len(grown) >= 2)
    app.chat.stop(conversation)
    answer = job.wait(20)
    assert answer.state is MessageState.STOPPED
    assert answer.text.startswith("one two")
    assert "ten" not in answer.text


@pytest.mark.logs("process ended while", "the engine crashed")
def test_the_engines_death_fails_this_answer_and_the_next_one_works(app: App) -> None:
    conversation = app.chat.new_conversation().id
    with pytest.raises(WorkerDied) as died:
        app.chat.send(conversation, "die").wait()
    assert (died.value.cause, died.value.doing) == ("SIGSEGV", "writing the answer")
    failed = app.conversations.branch(conversation)[-1]
    assert failed.state is MessageState.FAILED
    assert failed.text.startswith("half of")
    assert failed.details.error.name == "WorkerDied"
    assert app.chat.send(conversation, "and now?").wait().text == "All right."


@pytest.mark.logs("process ended while")
def test_the_unfinished_answer_on_disk_is_close_behind(app: App) -> None:
    conversation = app.chat.new_conversation().id
    grown: list[str] = []
    app.events.listen(AnswerGrew, lambda e: grown.append(e.text))
    job = app.chat.send(conversation, "slow")
    until(lambda: len(grown) >= 6)
    on_disk = app.conversations.branch(conversation)[-1]
    assert on_disk.state is MessageState.STREAMING
    assert len(on_disk.text.split()) >= 2
    os.kill(app.engine.worker.pid or 0, signal.SIGKILL)
    with pytest.raises(WorkerDied):
        job.wait()


def test_regenerating_adds_a_sibling(app: App) -> None:
    conversation = app.chat.new_conversation().id
    first = app.chat.send(conversation, "hi").wait()
    second = app.chat.regenerate(first.id).wait()
    assert app.conversations.siblings(second) == [first.id, second.id]
    assert [m.id for m in app.conversations.branch(conversation)][-1] == second.id


def test_old_turns_leave_in_one_block_and_it_is_said(app: App) -> None:
    trimmed: list[ContextTrimmed] = []
    app.events.listen(ContextTrimmed, trimmed.append)
    conversation = app.chat.new_conversation(system="Be brief.").id
    for number in range(12):
        app.chat.send(conversation, f"question {number} " + "word " * 10).wait()
    assert trimmed
    assert all(event.left_out >= 2 for event in trimmed)
    row = app.conversations.get(conversation)
    assert row.context_start is not None
    assert len(app.conversations.branch(conversation)) == 24  # nothing is lost from the conversation
    assert len(trimmed) < 5  # in blocks, not at every turn


def test_a_question_larger_than_the_window_is_refused_in_words(app: App) -> None:
    conversation = app.chat.new_conversation().id
    with pytest.raises(PromptTooLong):
        app.chat.send(conversation, "word " * 300).wait()
    assert app.conversations.branch(conversation)[0].text.startswith("word")
    assert app.chat.send(conversation, "short").wait().text == "All right."


def test_follow_ups_reuse_what_was_read(app: App) -> None:
    conversation = app.chat.new_conversation().id
    app.chat.send(conversation, "first question").wait()
    timings = app.chat.send(conversation, "second question").wait().details.timings
    assert timings.cached_tokens >= timings.prompt_tokens - 4


def test_a_second_program_on_the_same_home_is_told(app: App, home: Home) -> None:
    with pytest.raises(HomeBusy):
        App(home)


def test_export_is_markdown_with_who_said_what(app: App) -> None:
    conversation = app.chat.new_conversation().id
    app.chat.send(conversation, "Hello **you**").wait()
    text = markdown(app.conversations.get(conversation), app.conversations.branch(conversation))
    assert text.startswith("# Hello **you**\n")
    assert "## You\n\nHello **you**\n\n## SmolLM2 135M\n\nAll right." in text


@pytest.mark.logs("had been cut short")
def test_answers_interrupted_by_a_crash_are_settled_at_the_next_start(app: App, home: Home) -> None:
    conversation = app.chat.new_conversation().id
    app.conversations.add(conversation, Role.ASSISTANT, "half", parent=None, state=MessageState.STREAMING)
    app.close()
    again = App(home)
    try:
        assert again.conversations.branch(conversation)[-1].state is MessageState.INTERRUPTED
    finally:
        again.close()


def test_a_model_asked_for_by_name_is_not_replaced(app: App) -> None:
    conversation = app.chat.new_conversation().id
    with pytest.raises(ModelMissing):
        app.chat.send(conversation, "hi", model="nothere.gguf")
    assert (
        app.conversations.branch(conversation, 0) == []
    )  # nothing was stored: the text is still with the person


def test_a_broken_link_among_the_models_is_left_out(app: App, home: Home) -> None:
    (home.models / "gone.gguf").symlink_to("/nowhere/model.gguf")
    assert all(model.id != "gone" for model in app.library.all())


@pytest.mark.logs("an answer could not be stored", "an answer failed", "the job .* failed")
def test_an_answer_always_ends_whatever_breaks(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk while an answer comes, at its end alone, and a bug in the midst of one."""
    ended: list[AnswerEnded] = []
    app.events.listen(AnswerEnded, ended.append)
    conversation = app.chat.new_conversation().id

    def full(*_: Any, **__: Any) -> None:
        raise DiskFull("somewhere")

    with monkeypatch.context() as patch:
        patch.setattr(app.conversations, "save_stream", full)
        patch.setattr(app.conversations, "finish", full)
        with pytest.raises(DiskFull):
            app.chat.send(conversation, "hi").wait()
    assert ended[-1].message.state is MessageState.FAILED
    with monkeypatch.context() as patch:
        patch.setattr(app.conversations, "finish", full)
        with pytest.raises(DiskFull):
            app.chat.send(conversation, "hi").wait()
    assert ended[-1].message.state is MessageState.FAILED
    assert ended[-1].message.details.error == Problem("DiskFull", {"path": "somewhere"})
    assert isinstance(ended[-1].error, DiskFull)
    with monkeypatch.context() as patch:
        patch.setattr(app.engine, "generate", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            app.chat.send(conversation, "hi").wait()
    assert ended[-1].message.details.error.name == "WorkerFault"
    assert app.chat.send(conversation, "hi").wait().text == "All right."


def test_a_load_is_stopped_with_its_answer(script: Script, home: Home) -> None:
    script({"when": "", "say": "Late."}, load_seconds=30)
    app = App(home)
    try:
        conversation = app.chat.new_conversation().id
        phases: list[Any] = []
        app.events.listen(EngineLoading, phases.append)
        job = app.chat.send(conversation, "hi")
        until(lambda: any(e.percent > 0 for e in phases))
        app.chat.stop(conversation)
        assert job.wait(20).state is MessageState.STOPPED
    finally:
        app.close()
