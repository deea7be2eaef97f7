"""Every statement on a filled database has a bounded plan: no large table is read from end to end unless that is meant."""

from __future__ import annotations

import inspect
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.chat.conversation import AnswerDetails, MessageState, Role
from core.chat.draft import Draft
from core.comparing.model import Answered, Contestant, Outcome, Question
from core.documents import transfer
from core.documents.model import Page
from core.documents.passages import Passage
from core.errors import FileMissing
from core.portability.chats import Chat, text_turn
from core.storage.collections import ALL, RENAMED
from core.storage.comparisons import ComparisonStore
from core.storage.conversations import STANDINGS, ConversationStore, place_of
from core.storage.database import Database
from core.storage.documents import COUNTED, FILES, NAMED, UNFINISHED, DocumentStore, draft
from core.storage.exchange import ExchangeStore
from core.storage.pictures import Pictures
from core.storage.projects import ProjectStore
from core.storage.prompts import AssistantStore, PromptStore
from core.storage.runs import RunStore
from core.structured.fields import Field, Form
from core.structured.run import Input, Output
from tests.support import ten_years

LARGE = {"conversations", "messages", "parts", "documents", "pages", "passages", "vectors"}
# Meant to read all of a table, each with its reason.
MEANT = {
    "SELECT 1 FROM conversations WHERE deleted IS NULL LIMIT 1": "it ends with the first row",
    COUNTED: "once, at the start, and when the embedder was changed: a number of each document, not its text",
    UNFINISHED: "only where something is: each document is asked whether it lacks a vector",
    RENAMED: "a person renames or merges a collection: each conversation, not what was said in it",
    FILES: "every few minutes, in the background: each document's file is looked at",
    "SELECT id FROM messages WHERE role = 'user' AND deleted IS NULL ORDER BY id DESC LIMIT ?": (
        "from the newest on until there are enough: every second message is one"
    ),
    "SELECT data FROM parts WHERE kind = 'image'": "once, at the start: only those that are pictures, by their own index",
    NAMED: "while somebody names a file with @: the names of all",
    STANDINGS: "when past chats are asked: each conversation, not what was said in it",
    "SELECT id FROM conversations": "once, at the start: which states of the engine still have a conversation",
}
# Indexes of a few rows: answers under way, conversations that wait to be purged.
FEW = (
    "messages_unfinished",
    "messages_deleted",
    "conversations_deleted",
    "documents_removed",
    "pages_to_recognise",
)
TABLE = re.compile(
    r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+(?!WHERE|JOIN|ON|SET|ORDER|LEFT|VALUES|LIMIT)(\w+))?"
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    home = ten_years.home(tmp_path_factory.mktemp("filled"), ten_years.FULL.scaled(0.01))
    database = Database(home)
    yield database
    database.close()


def _public(store: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(store, inspect.isfunction) if not name.startswith("_")}


def _use_conversations(store: ConversationStore) -> set[str]:
    """Call everything that the store offers; returns the names."""
    first = next(iter(store.all()))
    calls: dict[str, Any] = {
        "create": lambda: store.create("a title", "", project=project.id),
        "get": lambda: store.get(first.id),
        "change": lambda: store.change(first.id, title="another"),
        "page": lambda: [
            store.page(),
            store.page(place_of(first)),
            store.page(place_of(first), project=project.id),
            store.page(archived=True),
        ],
        "all": lambda: list(store.all()),
        "ids": store.ids,
        "any": store.any,
        "tagged": lambda: store.tagged("work"),
        "search": lambda: [store.search("de"), store.search("東京 desk")],
        "hide": lambda: store.hide(conversation.id),
        "restore": lambda: store.restore(conversation.id),
        "deleted": store.deleted,
        "purge": lambda: [store.hide(conversation.id), store.purge(conversation.id)],
        "add": lambda: store.add(conversation.id, Role.USER, "words", parent=question.id),
        "save_stream": lambda: store.save_stream(answer.id, "half", "a thought"),
        "save_details": lambda: store.save_details(answer.id, "half", AnswerDetails()),
        "finish": lambda: store.finish(answer.id, "whole", MessageState.DONE),
        "reopen": lambda: store.reopen(answer.id),
        "set_prompt": lambda: store.set_prompt(question.id, "with passages"),
        "sign": lambda: store.sign(answer.id, "a model"),
        "settle": store.settle,
        "message": lambda: store.message(question.id),
        "messages": lambda: store.messages([question.id, answer.id]),
        "outline": lambda: store.outline(conversation.id),
        "branch": lambda: store.branch(conversation.id),
        "places": lambda: store.places(conversation.id, "words"),
        "siblings": lambda: [store.siblings(question), store.siblings(answer)],
        "versions": lambda: store.versions([question, answer]),
        "latest_leaf": lambda: store.latest_leaf(question.id),
        "enqueue": lambda: store.enqueue(conversation.id, "and then"),
        "queued": lambda: store.queued(conversation.id),
        "change_queued": lambda: store.change_queued(1, "or then"),
        "copy": lambda: store.copy(store.message(question.id), first.id, None),
        "stretches": lambda: store.stretches(conversation.id),
        "standings": store.standings,
        "drop_queued": lambda: store.drop_queued(1),
        "pictures": store.pictures,
        "draft": lambda: store.draft(conversation.id),
        "save_draft": lambda: [
            store.save_draft(first.id, Draft("half")),
            store.save_draft(first.id, Draft()),
        ],
        "questions": store.questions,
        "hide_message": lambda: hidden.append(store.hide_message(answer.id)),
        "restore_message": lambda: store.restore_message(answer.id, hidden[0]),
        "deleted_messages": store.deleted_messages,
        "purge_messages": lambda: store.purge_messages(hidden[0]),
        "transaction": lambda: None,
    }
    hidden: list[float] = []
    project = ProjectStore(store._db).create("a project")
    conversation = store.create("used", "")
    question = store.add(conversation.id, Role.USER, "What is a desk?", parent=None)
    answer = store.add(conversation.id, Role.ASSISTANT, "", parent=question.id, state=MessageState.STREAMING)
    for name in sorted(calls, key=lambda name: name in ("hide", "restore", "deleted", "purge")):
        calls[name]()
    return set(calls)


def _empty_transfer() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(transfer.CREATE)
    return connection


def _use_projects(store: ProjectStore) -> set[str]:
    project = store.create("garden").id
    fact = store.add_fact(project, "The gate is blue.").id
    calls: dict[str, Any] = {
        "projects": store.projects,
        "get": lambda: store.get(project),
        "named": lambda: store.named("garden"),
        "create": lambda: store.create("house"),
        "change": lambda: store.change(project, instructions="Be brief."),
        "facts": lambda: [store.facts(project), store.facts(None)],
        "add_fact": lambda: store.add_fact(None, "I am left-handed."),
        "change_fact": lambda: [store.change_fact(fact, "It is red."), store.change_fact(fact, "")],
        "set_facts": lambda: store.set_facts(None, ["I am right-handed."]),
        "save": lambda: store.save(project, {"instructions": "Be short."}, ["The gate is red."]),
        "tags": store.tags,
        "tags_of": lambda: store.tags_of(1),
        "set_tags": lambda: store.set_tags(1, ["work"]),
        "remove": lambda: store.remove(project),
    }
    for call in calls.values():
        call()
    return set(calls)


def _use_runs(store: RunStore) -> set[str]:
    run = store.create("T", Form([Field("a")]), "", "", [Input("one", "one")]).id
    calls: dict[str, Any] = {
        "create": lambda: store.create("U", Form([Field("a")]), "", "", []),
        "runs": store.runs,
        "known": lambda: store.known("T", 0.0),
        "take_in": lambda: store.take_in("T", Form([Field("a")]), "", "", 0.0, []),
        "get": lambda: store.get(run),
        "rename": lambda: store.rename(run, "V"),
        "set_model": lambda: store.set_model(run, "m"),
        "rows": lambda: store.rows(run, after=0, limit=10),
        "row": lambda: store.row(run, 1),
        "next": lambda: store.next(run),
        "input": lambda: store.input(run, 1),
        "inputs": lambda: store.inputs(run),
        "put": lambda: store.put(run, 1, Output()),
        "again": lambda: [store.again(run), store.again(run, 1)],
        "hide": lambda: store.hide(run),
        "purge": lambda: store.purge(0.0),
    }
    for call in calls.values():
        call()
    return set(calls)


def _use_comparisons(store: ComparisonStore) -> set[str]:
    two = [Contestant("a"), Contestant("b")]
    comparison = store.create("Which?", two, blind=True).id
    evaluation = store.begin("Q", [Question("Why?")], two, "").id
    calls: dict[str, Any] = {
        "create": lambda: store.create("Which?", two, blind=False),
        "get": lambda: store.get(comparison),
        "comparisons": lambda: store.comparisons(10),
        "put": lambda: store.put(comparison, 0, two[0], Answered("x")),
        "vote": lambda: store.vote(comparison, 0),
        "begin": lambda: store.begin("Q", [Question("Why?")], two, ""),
        "evaluation": lambda: store.evaluation(evaluation),
        "evaluations": store.evaluations,
        "name_contestants": lambda: store.name_contestants(evaluation, two),
        "judge_by": lambda: store.judge_by(evaluation, "m"),
        "decide": lambda: store.decide(evaluation, 0, 0, Outcome(Answered("x"), right=True)),
        "take_in": lambda: store.take_in("?", 1.0, [(two[0], None)], blind=False, vote=None),
        "take_in_evaluation": lambda: store.take_in_evaluation(store.evaluation(evaluation)),
        "hide": lambda: store.hide(evaluation),
        "purge": lambda: store.purge(0.0),
        "remove": lambda: store.remove(comparison),
    }
    for call in calls.values():
        call()
    return set(calls)


def _use_prompts(store: PromptStore | AssistantStore) -> set[str]:
    store.put("mine", 'id = "mine"')
    store.all()
    store.remove("mine")
    return {"put", "all", "remove"}


def _use_exchange(store: ExchangeStore, conversations: ConversationStore) -> set[str]:
    turn = text_turn("a", Role.USER, "What is a desk?", None)
    longer = [turn, text_turn("b", Role.ASSISTANT, "Furniture.", "a")]
    with store.transaction():
        store.add([(Chat("elsewhere", turns=[turn]), None)])
    number = store.known(["elsewhere", "nowhere"])["elsewhere"]
    assert len(store.missing(number, Chat("elsewhere", turns=longer))) == 1
    assert store.merge(number, Chat("elsewhere", turns=longer)) == 1
    assert len(store.chat(conversations.get(number)).turns) == 2
    return {"transaction", "add", "known", "missing", "merge", "chat"}


def _use_documents(store: DocumentStore) -> set[str]:
    name = store.collections()[0].name
    number = store.collection(name)
    text = "The gate closes at eight."
    page = draft(Page(1, text), [Passage(0, len(text), "")])
    document, _ = store.put(name, "gate.txt", "/gate.txt", "0" * 64, 25, [page])
    found = store.without_vectors(document, "another", 10)
    hidden: list[int] = []
    calls: dict[str, Any] = {
        "collection": lambda: store.collection("new one", create=True),
        "collections": store.collections,
        "has_collection": lambda: store.has_collection(name),
        "collection_size": lambda: store.collection_size(name),
        "rename_collection": lambda: store.rename_collection("new one", "newer"),
        "hide_collection": lambda: hidden.append(store.hide_collection("newer")),
        "hidden_collections": store.hidden_collections,
        "restore_collection": lambda: store.restore_collection(hidden[0]),
        "follow_merge": lambda: store.follow_merge("newer", name),
        "delete_collection": lambda: store.delete_collection(hidden[0]),
        "give_back_room": store.give_back_room,
        "add_wish": lambda: store.add_wish("", ("/gate.txt",)),
        "name_wish": lambda: store.name_wish(1, name),
        "wishes": store.wishes,
        "end_wish": lambda: store.end_wish(1),
        "pause": lambda: store.pause(False),
        "paused": store.paused,
        "add_failure": lambda: store.add_failure(name, "/bad.txt", "bad.txt", FileMissing("bad.txt")),
        "failures": lambda: store.failures(name),
        "forget_failure": lambda: store.forget_failure(name, "/bad.txt"),
        "forget_failures": lambda: store.forget_failures(name),
        "watch": lambda: store.watch(name, "/folder"),
        "watched": store.watched,
        "set_lost": lambda: store.set_lost(1, True),
        "unwatch": lambda: store.unwatch(name, "/folder"),
        "leave_out": lambda: store.leave_out(name, "/folder/a.txt"),
        "left_out": lambda: store.left_out(name),
        "take_again": lambda: store.take_again(name, ["/folder/a.txt"]),
        "pictures": lambda: store.pictures(document),
        "to_recognise": store.to_recognise,
        "recognised": lambda: store.recognised(document),
        "put_recognised": lambda: store.put_recognised(document, 1, page),
        "correct": lambda: store.correct(1, page),
        "set_notes": lambda: store.set_notes(document, []),
        "set_changed": lambda: store.set_changed(document, changed=False),
        "set_seen": lambda: store.set_seen(document, 25, 1.0),
        "files": store.files,
        "set_encoding": lambda: store.set_encoding(document, "cp932"),
        "forget_reading": lambda: store.forget_reading(document),
        "copy_collection": lambda: store.copy_collection(number, _empty_transfer()),
        "document": lambda: store.document(document),
        "give": lambda: [
            store.collection("other", create=True),
            store.give(document, "other"),
            store.give(document, name),
        ],
        "hide": lambda: [store.hide(document), store.hide(document, hidden=False)],
        "hidden": store.hidden,
        "passage_ids": lambda: store.passage_ids(document),
        "vectors_of": lambda: store.vectors_of(document, "another"),
        "page_ids": lambda: store.page_ids(document),
        "page": lambda: store.page(1),
        "words_in": lambda: store.words_in(document, "gate", 5),
        "chats": store.chats,
        "persons": lambda: store.persons(name),
        "named": lambda: store.named(["lease"], 5),
        "marks": lambda: store.marks(name),
        "lacking": lambda: store.lacking(name, "an embedder"),
        "documents": lambda: [store.documents(name), store.documents(name, after="/a", limit=5)],
        "count_documents": lambda: store.count_documents(name),
        "unfinished": lambda: store.unfinished("another"),
        "find": lambda: store.find(name, "/gate.txt"),
        "put": lambda: store.put(name, "gate.txt", "/gate.txt", "1" * 64, 25, [page]),
        "rename": lambda: store.rename(document, "gate.txt"),
        "move": lambda: store.move(document, "gate.txt", "/gates.txt"),
        "set_gone": lambda: store.set_gone(document, gone=False),
        "same_content": lambda: store.same_content(name, "0" * 64),
        "below": lambda: store.below(name, "/home"),
        "outdated": lambda: store.outdated({"text": 2}),
        "blocks": lambda: store.blocks(1),
        "boxes": lambda: store.boxes(1, 0, 5),
        "locate": lambda: [store.locate(1, 0, 3, "/gate.txt", 1, words) for words in ("The", "eight")],
        "set_ready": lambda: store.set_ready(document),
        "remove": lambda: store.remove(document),
        "passages": lambda: store.passages([one.id for one in found]),
        "count_passages": lambda: store.count_passages(number),
        "match": lambda: [store.match([number], '"gate"', 5), store.match([number], '"gate"', 5, [document])],
        "state_of": lambda: store.state_of(number),
        "sample": lambda: store.sample([number], 10),
        "file_names": lambda: store.file_names([number], 10),
        "passages_of": lambda: store.passages_of([document]),
        "asked": lambda: [store.asked(name), store.asked(ALL)],
        "asked_documents": lambda: [store.asked_documents(name), store.asked_documents(ALL)],
        "frequency": lambda: store.frequency('"gate"'),
        "count_all": lambda: store.count_all(),
        "without_vectors": lambda: store.without_vectors(document, "another", 10),
        "count_without_vectors": lambda: store.count_without_vectors(document, "another"),
        "put_vectors": lambda: store.put_vectors("another", [(found[0].id, b"\0\0")]),
        "embedders": lambda: store.embedders(number),
        "count_vectors": lambda: store.count_vectors(number, "another"),
        "vectors": lambda: store.vectors(number, "another", after=0, limit=5),
    }
    for call in calls.values():
        call()
    return set(calls)


def _scans(database: Database, sql: str) -> list[str]:
    """The steps of a statement's plan that read a large table from end to end."""
    names = {}
    for table, alias in TABLE.findall(sql):
        names[table] = table
        names[alias or table] = table
    marks = max(map(int, re.findall(r"\?(\d)", sql)), default=sql.count("?"))
    values = [None] * marks
    found = []
    for row in database._connection.execute(f"EXPLAIN QUERY PLAN {sql}", values):
        step = row["detail"]
        match = re.match(r"SCAN (\w+)", step)
        if step.endswith(FEW):
            continue
        if (match and names.get(match[1], match[1]) in LARGE) or (
            match and re.search(r"VIRTUAL TABLE INDEX 0:(?![=M])", step)
        ):
            found.append(step)
    return found


def test_no_statement_reads_a_large_table_from_end_to_end(database: Database, tmp_path: Path) -> None:
    statements: set[str] = set()
    database.guard = statements.add
    used = _use_conversations(ConversationStore(database))
    assert used == _public(ConversationStore), "a method of the store is not tried here"
    used = _use_projects(ProjectStore(database))
    assert used == _public(ProjectStore), "a method of the store is not tried here"
    used = _use_prompts(PromptStore(database))
    assert used == _public(PromptStore), "a method of the store is not tried here"
    assert _use_prompts(AssistantStore(database)) == _public(AssistantStore)
    used = _use_comparisons(ComparisonStore(database))
    assert used == _public(ComparisonStore), "a method of the store is not tried here"
    used = _use_runs(RunStore(database))
    assert used == _public(RunStore), "a method of the store is not tried here"
    conversations = ConversationStore(database)
    used = _use_exchange(
        ExchangeStore(database, conversations, ProjectStore(database), Pictures(tmp_path / "pictures")),
        conversations,
    )
    assert used == _public(ExchangeStore), "a method of the store is not tried here"
    used = _use_documents(DocumentStore(database))
    assert used == _public(DocumentStore), "a method of the store is not tried here"
    database.guard = None
    kinds = ("SELECT", "WITH", "UPDATE", "DELETE", "INSERT")
    wrong = {
        sql: scans
        for sql in sorted(statements)
        if sql.lstrip().upper().startswith(kinds) and sql not in MEANT and (scans := _scans(database, sql))
    }
    assert wrong == {}


def test_a_page_of_the_list_is_read_in_its_order(database: Database) -> None:
    statements: set[str] = set()
    database.guard = statements.add
    store = ConversationStore(database)
    first = store.page(limit=1)[0]
    project = ProjectStore(database).create("another project").id
    for archived in (False, True):
        for wanted in (None, project):
            store.page(archived=archived, project=wanted)
            store.page(place_of(first), archived=archived, project=wanted)
    database.guard = None
    for sql in statements:
        if sql.startswith("SELECT * FROM conversations"):
            plan = [
                row["detail"]
                for row in database._connection.execute(f"EXPLAIN QUERY PLAN {sql}", [0] * sql.count("?"))
            ]
            assert not any("TEMP B-TREE" in step for step in plan), (sql, plan)


def test_pages_follow_one_another_without_gap_or_double(database: Database) -> None:
    store = ConversationStore(database)
    everything = [c.id for c in store.all()]
    assert len(everything) == len(set(everything))
    in_pages: list[int] = []
    after = None
    while page := store.page(after, limit=7):
        in_pages += [c.id for c in page]
        after = place_of(page[-1])
    assert in_pages == everything
    rows = database.rows("SELECT * FROM conversations WHERE deleted IS NULL AND archived = 0")
    order = sorted(rows, key=lambda row: (-row["pinned"], -row["changed"], -row["id"]))
    assert everything == [row["id"] for row in order]


def test_the_whole_file_is_read_by_the_stores_only() -> None:
    """A new statement belongs into a store, where the test above sees it."""
    root = Path(__file__).resolve().parents[2]
    elsewhere = [
        str(path.relative_to(root))
        for folder in ("core", "desktop", "sound")
        for path in (root / folder).rglob("*.py")
        if path.parent.name != "storage"
        and re.search(r"\.(rows|row|each|write_many)\(\s*f?[\"']", path.read_text())
    ]
    assert elsewhere == []
