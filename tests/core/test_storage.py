"""The database: migrations with backups, refusals, trees of messages, search, and what a crash leaves."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.chat.conversation import MessageState, Role
from core.errors import (
    ConversationMissing,
    DatabaseBusy,
    DatabaseDamaged,
    HomeBusy,
    HomeNotWritable,
    NewerDatabase,
)
from core.paths import Home
from core.storage import database as database_module
from core.storage import fulltext
from core.storage.conversations import ConversationStore
from core.storage.database import Database

NEXT = database_module.migrations()[-1][0] + 1


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    database = Database(home)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> ConversationStore:
    return ConversationStore(database)


def test_it_is_durable_by_its_settings(database: Database) -> None:
    assert database.row("PRAGMA journal_mode")[0] == "wal"  # type: ignore[index]
    assert database.row("PRAGMA synchronous")[0] == 2  # type: ignore[index]  # FULL
    assert database.check()


def test_files_are_for_their_owner_only(home: Home, database: Database) -> None:
    assert home.database.stat().st_mode & 0o077 == 0
    assert home.root.stat().st_mode & 0o077 == 0


def test_a_file_from_a_newer_program_is_refused_and_unchanged(home: Home) -> None:
    Database(home).close()
    connection = sqlite3.connect(home.database)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = home.database.read_bytes()
    with pytest.raises(NewerDatabase) as refused:
        Database(home)
    assert (refused.value.found, refused.value.known) == (99, database_module.migrations()[-1][0])
    assert home.database.read_bytes() == before


def test_a_migration_is_preceded_by_a_dated_backup(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(home)
    kept = ConversationStore(database).create("kept", "").id
    database.close()
    second = tmp_path / f"{NEXT:04}_more.sql"
    second.write_text("CREATE TABLE more (x INTEGER) STRICT;")
    files = database_module.migrations()
    monkeypatch.setattr(database_module, "migrations", lambda: [*files, (NEXT, second)])
    database = Database(home)
    assert database.rows("SELECT * FROM more") == []
    database.close()
    (copy,) = home.backups.glob(f"tsukue-20*-before-version-{NEXT}.db")
    connection = sqlite3.connect(copy)
    assert connection.execute("SELECT id FROM conversations").fetchall() == [(kept,)]
    assert connection.execute("PRAGMA user_version").fetchone() == (NEXT - 1,)
    connection.close()


def test_a_failing_migration_changes_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database(home).close()
    bad = tmp_path / f"{NEXT:04}_bad.sql"
    bad.write_text("CREATE TABLE half (x INTEGER) STRICT; SELECT * FROM nowhere;")
    files = database_module.migrations()
    monkeypatch.setattr(database_module, "migrations", lambda: [*files, (NEXT, bad)])
    with pytest.raises(sqlite3.OperationalError):
        Database(home)
    monkeypatch.setattr(database_module, "migrations", lambda: files)
    database = Database(home)
    assert database.rows("SELECT name FROM sqlite_master WHERE name = 'half'") == []
    database.close()


def test_a_damaged_file_is_refused_by_name(home: Home) -> None:
    home.database.write_bytes(b"this is no database, only a text that is long enough" * 100)
    with pytest.raises(DatabaseDamaged):
        Database(home)


@pytest.mark.parametrize("inside", ["", "home"])
def test_a_read_only_home_is_refused(tmp_path: Path, inside: str) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    # Root may write anywhere, unless it gives that capability away first.
    powerless = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    command = [sys.executable, "-P", "-m", "core.cli", "--home", str(folder / inside), "chat", "Hello."]
    done = subprocess.run([*powerless, *command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("tsukue: Tsukue cannot write to its folder")
    assert "Permission denied" in line


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeNotWritable):
        Home(tmp_path / "file").create()


def test_regenerated_answers_are_siblings(store: ConversationStore) -> None:
    conversation = store.create("t", "").id
    question = store.add(conversation, Role.USER, "q", parent=None)
    first = store.add(conversation, Role.ASSISTANT, "one", parent=question.id)
    follow_up = store.add(conversation, Role.USER, "more", parent=first.id)
    second = store.add(conversation, Role.ASSISTANT, "two", parent=question.id)
    assert [m.text for m in store.branch(conversation)] == ["q", "two"]
    assert store.siblings(second) == [first.id, second.id]
    assert store.latest_leaf(first.id) == follow_up.id
    assert [m.text for m in store.branch(conversation, follow_up.id)] == ["q", "one", "more"]


def test_answers_cut_short_are_settled(store: ConversationStore) -> None:
    conversation = store.create("t", "").id
    answer = store.add(conversation, Role.ASSISTANT, "", parent=None, state=MessageState.STREAMING)
    store.save_stream(answer.id, "half an answ", "")
    assert store.settle() == 1
    settled = store.message(answer.id)
    assert (settled.text, settled.state) == ("half an answ", MessageState.INTERRUPTED)
    assert store.settle() == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("東京", True),
        ("学習", True),
        ("機械学習", True),
        ("都", True),
        ("京学", False),
        ("Warranty", True),
        ("warr", True),
        ("arrant", True),
        ("wa", True),
        ("rranty", True),
        ("warranties", False),
        ("ＷＡＲＲＡＮＴＹ", True),
        ("東京 warranty", True),
        ("大阪", False),
        ("", False),
        ('"); DROP', False),
    ],
)
def test_search_finds_words_of_two_characters(store: ConversationStore, query: str, found: bool) -> None:
    conversation = store.create("t", "").id
    store.add(conversation, Role.USER, "東京都で機械学習の warranty を調べた", parent=None)
    assert [c.id for c, _ in store.search(query)] == ([conversation] if found else [])


def test_deleting_a_conversation_removes_it_from_the_search(store: ConversationStore) -> None:
    conversation = store.create("t", "").id
    store.add(conversation, Role.USER, "秘密の計画", parent=None)
    store.hide(conversation)
    assert store.search("秘密") == []
    while store.purge(conversation):
        pass
    with pytest.raises(ConversationMissing):
        store.get(conversation)
    assert store._db.rows("SELECT * FROM messages_index") == []
    assert store._db.rows("SELECT * FROM titles_index") == []


def test_single_kanji_between_kana_are_found() -> None:
    assert "酢" in fulltext.terms("酢を使ってもよいですか")
    assert "酢" in fulltext.tokens("酢は使わないでください").split()


WRITER = """
import sys
from core.paths import Home
from core.storage.database import Database
from core.storage.conversations import ConversationStore
from core.chat.conversation import Role
from pathlib import Path
store = ConversationStore(Database(Home(Path(sys.argv[1]))))
conversation = store.create("t", "").id
parent = None
for number in range(100000):
    parent = store.add(conversation, Role.USER, f"message {number}", parent=parent).id
    print(number, flush=True)
"""


def test_what_was_reported_as_written_survives_kill_9(home: Home) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home.root)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    reported = [int(writer.stdout.readline()) for _ in range(25)][-1]
    writer.kill()
    reported = max([reported, *(int(line) for line in writer.stdout.read().splitlines() if line.isdigit())])
    writer.wait()
    writer.stdout.close()
    database = Database(home)
    texts = [m.text for m in ConversationStore(database).branch(1)]
    database.close()
    assert texts[: reported + 1] == [f"message {n}" for n in range(reported + 1)]


def test_a_database_that_another_program_holds_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.1)
    database = Database(home)
    store = ConversationStore(database)
    number = store.create("mine", "").id
    other = sqlite3.connect(home.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy) as raised:
        store.add(number, Role.USER, "more", parent=None)
    assert raised.value.path == str(home.database)
    assert store.branch(number) == []  # reading goes on meanwhile
    other.execute("ROLLBACK")
    other.close()
    store.add(number, Role.USER, "more", parent=None)
    assert [m.text for m in store.branch(number)] == ["more"]
    database.close()


def test_readers_do_not_wait_for_a_long_transaction(database: Database, store: ConversationStore) -> None:
    number = store.create("t", "").id
    store.add(number, Role.USER, "before", parent=None)
    seen: list[list[str]] = []
    with store.transaction():
        store.add(number, Role.USER, "not yet", parent=None)
        reader = threading.Thread(
            target=lambda: seen.append([c.title for c, _ in store.search("yet")] or ["none"])
        )
        reader.start()
        reader.join(20)
        assert seen == [["none"]], "what is not committed is not seen, and nobody waits for it"
        assert [c.id for c, _ in store.search("yet")] == [number]  # by who writes it, it is
    assert [c.id for c, _ in store.search("yet")] == [number]


def test_whoever_does_not_own_the_home_takes_its_lock_for_a_migration(home: Home) -> None:
    lock = home.lock()
    try:
        with pytest.raises(HomeBusy):
            Database(home, owned=False)  # it would make the tables
    finally:
        lock.release()
    Database(home, owned=False).close()
    lock = home.lock()
    try:
        Database(home, owned=False).close()  # up to date: nothing is written
    finally:
        lock.release()
