"""The made-up home of ten years (tests/support/ten_years.py) is what the benches take it for."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from core.storage.conversations import ConversationStore
from core.storage.database import Database, migrations
from tests.support import content, ten_years
from tests.support.old_database import Size

SIZE = Size(conversations=60, messages=700, longest=80, documents=7, passages=90)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSUKUE_CACHE", str(tmp_path / "cache"))


def count(path: Path, sql: str) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute(sql).fetchone()[0])
    finally:
        connection.close()


def test_it_has_as_many_of_everything_as_asked(tmp_path: Path) -> None:
    home = ten_years.old_home(tmp_path / "home", SIZE)
    for table in ("conversations", "messages", "documents", "passages"):
        assert count(home.database, f"SELECT count(*) FROM {table}") == getattr(SIZE, table)
    assert count(home.database, "SELECT count(*) FROM vectors") == SIZE.passages
    long = ten_years.longest(home)
    assert count(home.database, f"SELECT count(*) FROM messages WHERE conversation = {long}") == SIZE.longest
    assert count(home.database, "SELECT count(*) FROM conversations WHERE leaf IS NULL") == 0
    assert count(home.database, "SELECT count(*) FROM messages WHERE parent >= id") == 0
    assert count(home.database, "PRAGMA user_version") == 1


def test_the_long_conversation_is_a_single_branch(tmp_path: Path) -> None:
    home = ten_years.home(tmp_path / "home", SIZE)
    database = Database(home)
    assert len(ConversationStore(database).branch(ten_years.longest(home))) == SIZE.longest
    database.close()


def test_it_is_the_same_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = content.digests(ten_years.old_home(tmp_path / "a", SIZE).database)
    monkeypatch.setenv("TSUKUE_CACHE", str(tmp_path / "another"))
    assert content.digests(ten_years.old_home(tmp_path / "b", SIZE).database) == first


def test_migrated_it_holds_the_same(tmp_path: Path) -> None:
    old = ten_years.old_home(tmp_path / "old", SIZE)
    new = ten_years.home(tmp_path / "new", SIZE)
    assert count(new.database, "PRAGMA user_version") == migrations()[-1][0]
    assert content.digests(new.database) == content.digests(old.database)
    assert content.faults(new.database) == []
