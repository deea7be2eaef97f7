"""Past chats as a source: what was said is found, quoted with its chat and message, checked like documents, and kept up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.app import App
from core.chat.conversation import CHAT, Message, MessageState, Role
from core.errors import CollectionExists, CollectionMissing
from core.paths import Home
from core.portability.exporting import Chosen
from core.storage.collections import ALL, CHATS
from tests.conftest import until

Script = Callable[..., Path]
SAID = [
    (
        "The dentist",
        "My dentist appointment is on the 14th of March at 9:40.",
        "Noted. Bring your insurance card.",
    ),
    ("Curry", "How much cumin for four people?", "Use **two teaspoons** of cumin and one of turmeric."),
    ("担任の先生", "娘の担任は森下先生です。", "わかりました。面談の準備をお手伝いします。"),
    ("Backups", "How do I copy a folder over ssh?", "```\nrsync -a --delete photos/ nas:/photos/\n```"),
]


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    script(
        {"when": "dentist", "say": "Your dentist appointment is on the 14th of March at 9:40."},
        {"when": "", "say": "I cannot say."},
    )
    app = App(home)
    for title, question, answer in SAID:
        chat(app, title, question, answer)
    yield app
    app.close()


def chat(app: App, title: str, *said: str) -> int:
    """A conversation in which this was said, question and answer in turn."""
    row = app.conversations.create(title, "")
    parent = None
    for number, text in enumerate(said):
        role = Role.ASSISTANT if number % 2 else Role.USER
        parent = app.conversations.add(row.id, role, text, parent=parent).id
    return row.id


def ask(app: App, question: str, *, quote: bool = False) -> Message:
    """Ask past chats in a new chat, which is prepared for it as a whole."""
    app.jobs.start("prepare", app.past.prepare).wait(60).wait(120)
    number = app.chat.new_conversation(collection=CHATS).id
    answer: Message = app.chat.send(number, question, quote=quote).wait(120)
    return answer


def test_an_answer_comes_from_what_was_said_and_leads_back_to_it(app: App) -> None:
    answer = ask(app, "When is my dentist appointment?")
    details = answer.details
    assert (details.outcome, details.past) == ("answered", True)
    assert details.quotation is not None
    source = details.citations[0]
    assert (source.file, source.label) == ("The dentist", "user")
    uid = source.chat
    number = app.exchange.known([uid])[uid]
    assert app.conversations.get(number).title == "The dentist"
    said = app.conversations.message(source.page or 0)
    assert said.conversation == number
    assert source.text in said.text


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How much cumin goes into the curry?", "two teaspoons of cumin"),
        ("娘の担任の先生は誰？", "森下先生"),
        ("Which command copies a folder over ssh?", "rsync -a --delete"),
    ],
)
def test_questions_and_answers_lists_and_code_are_found(app: App, question: str, words: str) -> None:
    quotation = ask(app, question, quote=True).details.quotation
    assert quotation is not None
    assert words in quotation.text


def test_what_was_never_said_is_an_honest_no(app: App) -> None:
    details = ask(app, "What is the boiling point of tungsten?").details
    assert (details.outcome, details.past, details.elsewhere) == ("not found", True, [])


def test_what_is_said_later_is_found_and_what_is_gone_is_not(app: App) -> None:
    assert ask(app, "When is my dentist appointment?").details.outcome == "answered"
    later = chat(app, "The plumber", "The plumber comes on Friday at noon.", "Good.")
    found = ask(app, "When does the plumber come?", quote=True).details.quotation
    assert found is not None
    assert "Friday at noon" in found.text
    app.chat.discard(later)
    until(lambda: not [d for d in app.documents.documents(CHATS) if d.file == "The plumber"])
    assert ask(app, "When does the plumber come?", quote=True).details.outcome == "not found"


def test_a_chat_that_goes_on_is_read_again(app: App) -> None:
    number = app.exchange.known([app.conversations.all().__next__().uid]).popitem()[1]
    before = {d.file: d.id for d in documents(app)}
    question = app.conversations.add(
        number, Role.USER, "The wifi password is heron-42.", parent=app.conversations.get(number).leaf
    )
    app.conversations.add(number, Role.ASSISTANT, "Noted.", parent=question.id)
    found = ask(app, "What is the wifi password?", quote=True).details.quotation
    assert found is not None
    assert (found.text, found.page) == ("The wifi password is heron-42.", question.id)
    after = {d.file: d.id for d in documents(app)}
    assert len([file for file in before if after.get(file) == before[file]]) == len(SAID) - 1


def documents(app: App) -> list:  # type: ignore[type-arg]
    app.jobs.start("prepare", app.past.prepare).wait(60).wait(120)
    return app.documents.documents(CHATS)


def test_a_chat_does_not_quote_itself(app: App) -> None:
    app.jobs.start("prepare", app.past.prepare).wait(60).wait(120)
    number = app.chat.new_conversation(collection=CHATS).id
    app.chat.send(number, "Remind me: is the boat's name Kittiwake?").wait(60)
    answer = app.chat.send(number, "What is the name of the boat Kittiwake?").wait(60)
    assert answer.details.outcome == "not found"


def test_a_hidden_chat_is_not_asked_and_comes_back_with_undo(app: App) -> None:
    (row,) = (one for one in app.conversations.all() if one.title == "Curry")
    app.chat.delete(row.id)
    assert ask(app, "How much cumin goes into the curry?", quote=True).details.outcome == "not found"
    app.chat.restore(row.id)
    assert ask(app, "How much cumin goes into the curry?", quote=True).details.quotation is not None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("When is it? It is on Friday.", "It is on Friday."),
        ("how do I copy a folder over ssh", ""),
        ("明日は何時ですか。会議は三時です。", "会議は三時です。"),
        ("Write an invitation for 3 May at 15:00.", "Write an invitation for 3 May at 15:00."),
        ("鍵はどこだっけ", ""),
    ],
)
def test_a_question_is_no_answer(app: App, said: str, kept: str) -> None:
    chat(app, "This one", said, "")
    (document,) = (one for one in documents(app) if one.file == "This one") if kept else (None,)
    if document is not None:
        page = app.documents.page(app.documents.page_ids(document.id)[0][0])
        assert page is not None
        assert page.text == kept
    else:
        assert all(not app.documents.page_ids(d.id) for d in documents(app) if d.file == "This one")


def test_they_are_no_part_of_the_documents(app: App) -> None:
    documents(app)
    assert app.documents.collections() == []
    app.documents.collection("Lease", create=True)
    assert len(app.documents.asked(ALL)) == 1
    assert app.documents.unfinished(app.index.embedder) == []
    assert app.documents.files() == []
    assert app.documents.outdated({"pdf": 99}) == []
    for name in (CHATS, ALL):
        with pytest.raises(CollectionExists):
            app.documents.rename_collection("Lease", name)
    with pytest.raises(CollectionExists):
        app.documents.collection(ALL, create=True)


def test_nothing_is_read_before_they_are_asked(app: App) -> None:
    assert not app.past.wanted
    app.past.begin()
    assert not app.documents.has_collection(CHATS)


def test_a_restart_goes_on_and_reads_what_changed(app: App, home: Home) -> None:
    documents(app)
    chat(app, "The plumber", "The plumber comes on Friday at noon.", "Good.")
    app.close()
    again = App(home)
    try:
        until(lambda: "The plumber" in [d.file for d in again.documents.documents(CHATS)], 30)
        until(lambda: not again.documents.lacking(CHATS, again.index.embedder), 60)
    finally:
        again.close()


def test_sources_lead_to_the_same_chat_in_another_home(app: App, tmp_path: Path) -> None:
    answer = ask(app, "When is my dentist appointment?")
    assert answer.details.citations
    out = tmp_path / "all.json"
    app.exports.json(out, Chosen())
    home = Home(tmp_path / "other")
    home.create()
    other = App(home)
    try:
        other.imports.take_in(out)
        found = [
            m for c in other.conversations.all() for m in other.conversations.branch(c.id) if m.details.past
        ]
        uid = found[0].details.citations[0].chat
        number = other.exchange.known([uid])[uid]
        assert other.conversations.get(number).title == "The dentist"
    finally:
        other.close()


def test_enormous_and_broken_markdown_is_read(app: App) -> None:
    chat(app, "Odd", "> " * 5000 + "deep", "[" * 3000 + "\n```\nnever closed heron-77 " + "x" * 60_000)
    found = ask(app, "What about heron-77?", quote=True).details
    assert found.outcome in ("answered", "quotation", "not found")
    assert [d.file for d in documents(app) if d.path.startswith(CHAT)]


def test_an_answer_that_was_streaming_is_read_when_it_is_there(app: App) -> None:
    row = app.conversations.create("The boat", "")
    question = app.conversations.add(row.id, Role.USER, "Tell me of the boat", parent=None)
    answer = app.conversations.add(
        row.id, Role.ASSISTANT, "", parent=question.id, state=MessageState.STREAMING
    )
    documents(app)
    app.conversations.finish(answer.id, "The boat is called Kittiwake.", MessageState.DONE)
    found = ask(app, "What is the boat called?", quote=True).details.quotation
    assert found is not None
    assert found.text == "The boat is called Kittiwake."


def test_nobody_but_the_program_changes_them(app: App) -> None:
    documents(app)
    with pytest.raises(CollectionExists):
        app.documents.collection(CHATS, create=True)
    for change in (
        lambda: app.documents.rename_collection(CHATS, "mine"),
        lambda: app.documents.hide_collection(CHATS),
        lambda: app.documents.follow_merge(CHATS, "mine"),
    ):
        with pytest.raises(CollectionMissing):
            change()


def test_two_readings_at_once_read_each_chat_once(app: App) -> None:
    jobs = [app.jobs.start("prepare", app.past.prepare) for _ in range(3)]
    for job in jobs:
        job.wait(60).wait(120)
    first = {d.path: d.id for d in app.documents.documents(CHATS)}
    assert len(first) == len(SAID)
    assert {d.path: d.id for d in documents(app)} == first
