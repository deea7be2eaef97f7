"""A home that version 0.1 wrote, opened by today's program: everything is there, as version 0.1 itself read it.

tests/data/home-0.1 holds the database and what version 0.1 read from it; its make.py says how they were made.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from core.chat.conversation import AnswerDetails, MessageState, Text
from core.documents import keywords
from core.errors import DiskFull
from core.paths import Home
from core.storage.conversations import ConversationStore
from core.storage.database import Database, migrations
from core.storage.documents import DocumentStore
from core.storage.projects import ProjectStore
from tests.conftest import ROOT

OLD = ROOT / "tests/data/home-0.1"
UNDER_WAY = (20, 21)  # the last question, and the answer that was being written when the process died


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """What version 0.1 read, before the last conversation was begun."""
    return json.loads((OLD / "expected.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    home.database.write_bytes(gzip.decompress((OLD / "tsukue.db.gz").read_bytes()))
    database = Database(home)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> ConversationStore:
    return ConversationStore(database)


@pytest.fixture
def documents(database: Database) -> DocumentStore:
    return DocumentStore(database)


def test_the_file_is_of_today_and_the_old_one_is_kept(home: Home, database: Database) -> None:
    newest = migrations()[-1][0]
    assert database.row("PRAGMA user_version")[0] == newest  # type: ignore[index]
    assert database.check()
    assert database.rows("PRAGMA foreign_key_check") == []
    (kept,) = home.backups.iterdir()
    assert kept.name.endswith(f"-before-version-{newest}.db")
    connection = sqlite3.connect(kept)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM messages").fetchone() == (UNDER_WAY[1],)
    connection.close()


def test_half_a_backup_of_a_start_that_was_killed_is_removed(home: Home) -> None:
    home.database.write_bytes(gzip.decompress((OLD / "tsukue.db.gz").read_bytes()))
    for ending in (".part", ".part-journal"):
        (home.backups / f"tsukue-20260101-000000-before-version-2{ending}").write_bytes(b"half")
    whole = home.backups / "tsukue-20260101-000000-by-hand.db"
    whole.write_bytes(b"whole")
    Database(home).close()
    assert [path.suffix for path in home.backups.iterdir()] == [".db", ".db"]
    assert whole.exists()


def test_every_conversation_is_there(store: ConversationStore, expected: dict[str, Any]) -> None:
    projects = {project.id: project.name for project in ProjectStore(store._db).projects()}
    same = (
        "title",
        "pinned",
        "created",
        "changed",
        "system_prompt",
        "collection",
        "model",
        "leaf",
        "context_start",
    )
    for old in expected["conversations"]:
        new = store.get(old["id"])
        assert {name: getattr(new, name) for name in same} == {name: old[name] for name in same}
        assert projects.get(new.project, "") == old["folder"]  # type: ignore[arg-type]
        assert not new.archived
        assert new.deleted is None
    assert sorted(projects.values()) == ["Work", "日本語"]
    listed = [row.id for row in store.all()]
    assert listed[0] == 1, "the pinned one is the first"
    assert [n for n in listed if n != 7] == [old["id"] for old in expected["conversations"]]


def test_every_message_is_there(store: ConversationStore, expected: dict[str, Any]) -> None:
    assert len(expected["messages"]) == UNDER_WAY[0] - 1
    for number, old in expected["messages"].items():
        new = store.message(int(number))
        assert new.parts == (Text(old["text"]),)
        same = ("conversation", "parent", "role", "text", "prompt", "thinking", "state", "created", "model")
        assert {name: getattr(new, name) for name in same} == {name: old[name] for name in same}


def test_the_messages_say_what_they_said_then(store: ConversationStore) -> None:
    assert "| oak | 40 |" in store.message(2).text
    assert store.message(7).text == "古机\n引き出しの奥の\n春の文"
    assert store.message(7).thinking.strip() == "季語が必要です。"
    assert store.message(11).state is MessageState.STOPPED
    assert store.message(13).state is MessageState.FAILED
    error = store.message(13).details.error
    assert error is not None
    assert error.name == "WorkerDied"
    assert "28 days" in (store.message(14).prompt or "")


def test_every_detail_of_an_answer_is_there(store: ConversationStore, expected: dict[str, Any]) -> None:
    """Each field that version 0.1 wrote has the same value; what it did not know has its default."""
    seen: set[str] = set()
    for number, old in expected["messages"].items():
        new = msgspec.to_builtins(store.message(int(number)).details)
        without_defaults = {
            name: value for name, value in old["details"].items() if value not in (0.0, "", [], None)
        }
        seen |= without_defaults.keys()
        assert _shorter(new, without_defaults) == without_defaults
    assert seen >= {"timings", "quotation", "citations", "passages", "marks", "outcome", "finish", "error"}
    assert seen <= set(AnswerDetails.__struct_fields__)


def _shorter(new: Any, old: Any) -> Any:
    """The fields of `new` that `old` has too, all the way down."""
    if isinstance(old, dict):
        return {name: _shorter(new.get(name), value) for name, value in old.items()}
    if isinstance(old, list):
        fields = bool(old) and not isinstance(old[0], dict | list)  # those of a mark, in order
        assert len(new) == len(old) or (fields and not any(new[len(old) :]))
        return [_shorter(a, b) for a, b in zip(new, old, strict=False)]
    return new


def test_branches_and_versions_are_the_same(store: ConversationStore, expected: dict[str, Any]) -> None:
    for number, branch in expected["branches"].items():
        assert [message.id for message in store.branch(int(number))] == branch
    for number, versions in expected["versions"].items():
        assert store.siblings(store.message(int(number))) == versions
    assert store.siblings(store.message(3)) == [2, 3]
    assert store.siblings(store.message(8)) == [6, 8]


def test_whatever_was_found_is_found(store: ConversationStore, expected: dict[str, Any]) -> None:
    for words, old in expected["search"].items():
        assert old, f"version 0.1 found {words}"
        assert {conversation.id for conversation, _ in store.search(words)} >= set(old)
    assert [conversation.id for conversation, _ in store.search("引き出しの奥")] == [2]
    assert [conversation.id for conversation, _ in store.search("rawer")] == [1], "pieces of words are new"
    assert [conversation.id for conversation, _ in store.search("was stopped")] == [3], "so are titles"


def test_an_answer_that_was_under_way_is_settled_and_found(store: ConversationStore) -> None:
    question, answer = UNDER_WAY
    text = store.message(answer).text
    assert text.startswith("Once there was a desk.")
    assert store.message(answer).state is MessageState.STREAMING
    assert store.settle() == 1
    assert store.message(answer).state is MessageState.INTERRUPTED
    assert store.message(answer).text == text
    assert [message.id for message in store.branch(7)] == [question, answer]
    assert 7 in [conversation.id for conversation, _ in store.search("once there was")]


def test_documents_are_there_and_can_be_searched(
    database: Database, documents: DocumentStore, expected: dict[str, Any]
) -> None:
    stored = [vars(document) for document in documents.documents("Papers")]
    assert [{key: one[key] for key in expected["documents"][0]} for one in stored] == expected["documents"]
    assert [(one["format"], one["reader"], one["notes"], one["gone"]) for one in stored] == [
        ("", 0, (), None)
    ] * len(stored)
    assert all(document["passages"] > 0 for document in expected["documents"])
    ids = [int(number) for number in expected["passages"]]
    new = {"header": "", "label": "", "moments": None}
    assert [vars(passage) for passage in documents.passages(ids)] == [
        expected["passages"][str(n)] | new for n in ids
    ]
    collection = documents.collection("Papers")
    assert documents.count_passages(collection) == len(ids)
    (info,) = documents.collections()
    assert info.passages == len(ids)
    for question, words in (("How much paid leave is there?", "28 days"), ("保証期間は？", "24か月")):
        units = keywords.weights(documents, question)
        found = keywords.search(documents, [collection], units, 3)
        assert any(words in passage.text for passage in documents.passages(found))


def test_vectors_are_the_same(documents: DocumentStore, expected: dict[str, Any]) -> None:
    stored = documents.vectors(documents.collection("Papers"), "use-multilingual", after=0, limit=1000)
    digests = {str(number): hashlib.sha256(vector).hexdigest() for number, vector in stored}
    assert digests == expected["vectors"]


def test_the_conversations_can_be_gone_on_with(store: ConversationStore) -> None:
    """Ids go on where version 0.1 stopped; none is given again."""
    row = store.get(2)
    question = store.add(2, store.message(8).role, "もう一つ。", parent=row.leaf)
    assert question.id == UNDER_WAY[1] + 1
    assert [message.id for message in store.branch(2)] == [8, 9, question.id]
    assert store.create("", "").id == 8


def test_a_disk_that_fills_up_in_the_midst_changes_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.database.write_bytes(gzip.decompress((OLD / "tsukue.db.gz").read_bytes()))
    real = Database._connect

    def nearly_full(database: Database) -> sqlite3.Connection:
        connection = real(database)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 4}")  # SQLite then answers as on a full disk
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(Database, "_connect", nearly_full)
        with pytest.raises(DiskFull):
            Database(home)
    connection = sqlite3.connect(home.database)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM messages WHERE text <> ''").fetchone()[0] > 0
    connection.close()
    database = Database(home)
    assert database.check()
    assert database.row("PRAGMA user_version")[0] == migrations()[-1][0]  # type: ignore[index]
    database.close()
