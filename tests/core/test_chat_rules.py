"""The rules of conversations: one answer at a time, wordings and versions, what is written together, deleting and undoing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.app import App
from core.chat import service as service_module
from core.chat import titles
from core.chat.conversation import AnswerDetails, Image, MessageState, Role, Text, ToolCall, ToolResult
from core.chat.events import (
    AnswerGrew,
    BranchChanged,
    ConversationChanged,
    ConversationRemoved,
    MessageAdded,
)
from core.errors import AnswerUnderWay, ConversationMissing, DiskFull, NoModel
from core.paths import Home
from tests.conftest import until

Script = Callable[..., Path]


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    script(
        {"when": "for ever", "say": "and on " * 2000, "seconds_per_piece": 0.05},
        {"when": "", "say": "All right."},
    )
    app = App(home)
    yield app
    app.close()


def heard(app: App, *kinds: type[Any]) -> list[Any]:
    events: list[Any] = []
    for kind in kinds:
        app.events.listen(kind, events.append)
    return events


def test_one_answer_at_a_time(app: App) -> None:
    grown = heard(app, AnswerGrew)
    number, job = app.chat.begin("for ever")
    until(lambda: grown)
    question = app.conversations.branch(number)[0]
    for attempt in (
        lambda: app.chat.send(number, "and?"),
        lambda: app.chat.edit(question.id, "in other words"),
        lambda: app.chat.regenerate(app.conversations.branch(number)[-1].id),
        lambda: app.chat.show_version(question.id),
    ):
        with pytest.raises(AnswerUnderWay):
            attempt()
    assert len(app.conversations.branch(number)) == 2  # nothing of it was written
    app.chat.stop(number)
    job.wait(30)
    assert app.chat.send(number, "and now?").wait(30).text == "All right."


def test_of_two_that_ask_at_once_one_is_answered(app: App) -> None:
    number = app.chat.new_conversation().id
    errors: list[Exception] = []
    jobs = []
    gate = threading.Barrier(2)

    def ask() -> None:
        gate.wait()
        try:
            jobs.append(app.chat.send(number, "for ever"))
        except AnswerUnderWay as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(jobs), len(errors)) == (1, 1)
    assert len(app.conversations.branch(number)) == 2
    jobs[0].cancel()
    jobs[0].wait(30)


def test_a_conversation_and_its_question_are_written_together_or_not_at_all(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = heard(app, ConversationChanged, MessageAdded)
    with monkeypatch.context() as patch:
        patch.setattr(app.library, "of_role", lambda role: [])
        with pytest.raises(NoModel):
            app.chat.begin("Hello")
    real = app.conversations.add

    def full(conversation: int, role: Role, *more: Any, **named: Any) -> Any:
        if role is Role.ASSISTANT:
            raise DiskFull("somewhere")
        return real(conversation, role, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(app.conversations, "add", full)
        with pytest.raises(DiskFull):
            app.chat.begin("Hello")
    assert list(app.conversations.all()) == []
    assert app.database.rows("SELECT * FROM messages") == []
    assert events == []
    number, job = app.chat.begin("Hello")
    job.wait(30)
    assert app.conversations.get(number).title == "Hello"


def test_a_question_is_asked_in_other_words_beside_the_old_one(app: App) -> None:
    number, job = app.chat.begin("What is a desc?")
    job.wait(30)
    asked = app.conversations.branch(number)[0]
    events = heard(app, BranchChanged, MessageAdded)
    app.chat.edit(asked.id, "What is a desk?").wait(30)
    assert [m.text for m in app.conversations.branch(number)] == ["What is a desk?", "All right."]
    now = app.conversations.branch(number)[0]
    assert app.conversations.siblings(now) == [asked.id, now.id]
    assert isinstance(events[0], BranchChanged)  # before the messages: who shows the branch reads it anew
    app.chat.show_version(asked.id)
    assert app.conversations.branch(number)[0].text == "What is a desc?"


def test_an_edit_that_cannot_be_asked_leaves_the_branch(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    number, job = app.chat.begin("Hello")
    job.wait(30)
    before = [m.id for m in app.conversations.branch(number)]
    monkeypatch.setattr(app.library, "of_role", lambda role: [])
    for attempt in (
        lambda: app.chat.edit(before[0], "Hi"),
        lambda: app.chat.regenerate(before[1]),
        lambda: app.chat.send(number, "More"),
    ):
        with pytest.raises(NoModel):
            attempt()
    assert [m.id for m in app.conversations.branch(number)] == before


def test_pieces_say_where_they_begin_and_what_there_is_so_far(app: App) -> None:
    pieces = heard(app, AnswerGrew)
    number, job = app.chat.begin("for ever")
    until(lambda: len(pieces) > 3)
    so_far = app.chat.so_far(number)
    assert so_far is not None
    text = ""
    for piece in pieces:
        assert piece.start == (len(text), 0)
        text += piece.text
    assert text.startswith(so_far.text) or so_far.text.startswith(text)
    job.cancel()
    assert job.wait(30).text.startswith(so_far.text)
    assert app.chat.so_far(number) is None


# ---------------------------------------------------------------- deleting


def test_what_is_deleted_comes_back_or_goes_for_good(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    number, job = app.chat.begin("The secret plan")
    job.wait(30)
    events = heard(app, ConversationRemoved, ConversationChanged)
    app.chat.delete(number)
    assert list(app.conversations.all()) == []
    assert app.conversations.search("secret") == []
    app.chat.restore(number)
    assert [c.id for c in app.conversations.all()] == [number]
    assert [c.id for c, _ in app.conversations.search("secret")] == [number]
    assert [type(event) for event in events] == [ConversationRemoved, ConversationChanged]
    monkeypatch.setattr(service_module, "UNDO_SECONDS", 0.05)
    app.chat.delete(number)
    until(lambda: app.database.rows("SELECT * FROM conversations") == [])
    for table in ("messages", "parts", "messages_index", "titles_index"):
        assert app.database.rows(f"SELECT * FROM {table}") == [], table
    with pytest.raises(ConversationMissing):
        app.chat.restore(number)


def test_a_chat_deleted_while_it_is_answered_leaves_no_word(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "UNDO_SECONDS", 0.0)
    grown = heard(app, AnswerGrew)
    number, job = app.chat.begin("for ever")
    until(lambda: grown)
    app.chat.delete(number)
    job.wait(30)
    until(lambda: app.database.rows("SELECT * FROM conversations") == [])
    app.conversations.finish(
        job.result.id, "and on", MessageState.DONE
    )  # comes late, of a message that is gone
    for table in ("messages", "parts", "messages_index"):
        assert app.database.rows(f"SELECT * FROM {table}") == [], table


def test_what_was_deleted_before_the_end_goes_at_the_next_start(app: App, home: Home) -> None:
    number, job = app.chat.begin("Hello")
    job.wait(30)
    app.chat.delete(number)
    app.close()
    again = App(home)
    try:
        until(lambda: again.database.rows("SELECT * FROM conversations") == [])
        assert again.database.rows("SELECT * FROM messages") == []
    finally:
        again.close()


def test_a_chat_of_thousands_of_messages_is_removed_a_few_at_a_time(app: App) -> None:
    number = app.chat.new_conversation("long").id
    parent = None
    with app.conversations.transaction():
        for i in range(2500):
            parent = app.conversations.add(number, Role.USER, f"message {i}", parent=parent).id
    app.conversations.hide(number)
    steps = 1
    while app.conversations.purge(number):
        steps += 1
    assert steps == 13
    assert app.database.rows("SELECT * FROM messages") == []
    assert app.database.rows("SELECT * FROM messages_index") == []


def test_a_conversation_that_is_not_deleted_is_not_purged(app: App) -> None:
    number, job = app.chat.begin("Hello")
    job.wait(30)
    assert not app.conversations.purge(number)
    assert len(app.conversations.branch(number)) == 2


# ---------------------------------------------------------------- what is stored


def test_messages_are_made_of_parts(app: App) -> None:
    number = app.chat.new_conversation().id
    parts = [
        Text("Look at this:"),
        Image("ab" * 32, "image/png", "a desk"),
        ToolCall("1", "measure", '{"what": "desk"}'),
        ToolResult("1", "120 cm", failed=False),
        Text("It is 120 cm long."),
    ]
    stored = app.conversations.add(number, Role.ASSISTANT, parts, parent=None)
    assert app.conversations.message(stored.id).parts == tuple(parts)
    assert stored.text == "Look at this:\n\nIt is 120 cm long."
    assert [c.id for c, _ in app.conversations.search("120 cm")] == [number]


def test_projects_and_the_archive(app: App) -> None:
    first, second = app.chat.new_conversation("one").id, app.chat.new_conversation("two").id
    project = app.projects.create("Garden")
    app.chat.move(first, project.id)
    app.chat.archive(second, True)
    assert app.projects.store.projects() == [project]
    assert [c.id for c in app.conversations.page(project=project.id)] == [first]
    assert [c.id for c in app.conversations.all()] == [first]
    assert [c.id for c in app.conversations.all(archived=True)] == [second]
    app.projects.remove(project.id)
    assert app.conversations.get(first).project is None
    app.chat.archive(second, False)
    assert len(list(app.conversations.all())) == 2


def test_a_chat_with_many_hits_hides_no_other(app: App) -> None:
    others = []
    for i in range(5):
        others.append(app.chat.new_conversation(f"chat {i}").id)
        app.conversations.add(others[-1], Role.USER, "One invoice.", parent=None)
    crowded = app.chat.new_conversation("crowded").id
    with app.conversations.transaction():
        for _ in range(400):
            app.conversations.add(crowded, Role.USER, "An invoice again.", parent=None)
    for query in ("invoice", "invoi", "voic", "nvoice again"):
        found = [c.id for c, _ in app.conversations.search(query)]
        assert found[0] == crowded
        assert query == "nvoice again" or sorted(found) == sorted([*others, crowded]), query


def test_a_clock_that_is_set_back_moves_nothing_down(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    old = app.chat.new_conversation("old").id
    app.conversations.add(old, Role.USER, "before", parent=None)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 366 * 86400)
    new = app.chat.new_conversation("new").id
    app.conversations.add(new, Role.USER, "after", parent=None)
    assert [c.id for c in app.conversations.all()] == [new, old]
    app.conversations.add(old, Role.USER, "again", parent=None)
    assert [c.id for c in app.conversations.all()] == [old, new]


def test_a_message_of_five_megabytes(app: App) -> None:
    text = "A very long message. " * 250_000
    number, job = app.chat.begin(text)
    with pytest.raises(Exception, match=r"window|long"):
        job.wait(120)
    asked = app.conversations.branch(number)[0]
    assert asked.text == text
    assert len(app.conversations.get(number).title) <= titles.FIRST
    assert [c.id for c, _ in app.conversations.search("very long mess")] == [number]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("one\n two", "one two"),
        ("x" * 300, "x" * 199 + "…"),
        ("👩‍👩‍👧‍👦" * 2500, "👩‍👩‍👧‍👦" * 28 + "…"),
        ("e\u0301" * 200, "e\u0301" * 99 + "…"),
        ("", ""),
    ],
)
def test_titles_are_short_and_cut_no_emoji_in_two(text: str, title: str) -> None:
    assert titles.clip(text) == title
    assert len(titles.clip(text)) <= titles.LONGEST


@pytest.mark.logs("the details of an answer cannot be read")
def test_details_that_cannot_be_read_cost_only_themselves(app: App) -> None:
    number, job = app.chat.begin("Hello")
    job.wait(30)
    app.database.write("UPDATE messages SET details = '{\"timings\": 7}'")
    assert [m.details for m in app.conversations.branch(number)] == [AnswerDetails(), AnswerDetails()]


# ---------------------------------------------------------------- the same from the command line


@pytest.fixture
def tsukue(script: Script, home: Home, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs the command line in this process, on a home of its own."""
    from core.cli import main

    script(
        {"when": "tidy", "say": "Put it away."},
        {"when": "clean", "say": "Wipe it."},
        {"when": "", "say": "All right."},
    )

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["--home", str(home.root), *arguments])
        return code, capsys.readouterr().out

    return run


def test_versions_and_wordings_from_the_command_line(tsukue: Callable[..., tuple[int, str]]) -> None:
    assert tsukue("chat", "How do I tidy a desk?") == (0, "Put it away.\n")
    assert tsukue("chat", "--conversation", "1", "--regenerate") == (0, "Put it away.\n")
    assert tsukue("chat", "--conversation", "1", "--version", "1") == (0, "Put it away.\n")
    assert tsukue("chat", "--conversation", "1", "--version", "3")[0] == 2
    assert tsukue("chat", "--conversation", "1", "--edit", "How do I clean it?") == (0, "Wipe it.\n")
    shown = tsukue("chats", "show", "1")[1]
    assert "user (2/2)\nHow do I clean it?" in shown
    assert tsukue("chat", "--regenerate")[0] == 2
    assert tsukue("chat", "--conversation", "7", "--regenerate")[0] == 1


def test_conversations_from_the_command_line(tsukue: Callable[..., tuple[int, str]]) -> None:
    tsukue("chat", "First")
    tsukue("chat", "Second")
    tsukue("chats", "rename", "1", "About lamps")
    tsukue("chats", "move", "1", "House")
    tsukue("chats", "archive", "2")
    assert "About lamps" in tsukue("chats", "list")[1]
    assert "Second" not in tsukue("chats", "list")[1]
    assert "Second" in tsukue("chats", "list", "--archived")[1]
    assert '"project": "House"' in tsukue("chats", "list", "--project", "House", "--json")[1]
    assert "About lamps" in tsukue("chats", "search", "amp")[1]
    tsukue("chats", "unarchive", "2")
    tsukue("chats", "delete", "1")
    assert tsukue("chats", "list")[1].count("\n") == 1
    assert tsukue("chats", "delete", "1")[0] == 1


def test_archived_conversations_are_exported_too(
    tsukue: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    tsukue("chat", "First")
    tsukue("chats", "archive", "1")
    assert tsukue("export", "--all", "-o", str(tmp_path / "out"))[0] == 0
    assert (tmp_path / "out/First.md").read_text().startswith("# First")
