"""The list of conversations: read page by page, changed row by row, in the store's order whatever happens."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from core.chat.conversation import Conversation
from core.paths import Home
from core.storage.conversations import ConversationStore
from core.storage.database import Database
from desktop.chat.conversation_model import PAGE, ConversationModel, Mark, Role
from desktop.notify import Notify
from desktop.reads import Reads

DAY = 86400.0


@pytest.fixture
def store(home: Home) -> Iterator[ConversationStore]:
    database = Database(home)
    yield ConversationStore(database)
    database.close()


@pytest.fixture
def model(qtbot: QtBot, store: ConversationStore) -> Iterator[ConversationModel]:
    reads = Reads(Notify())
    model = ConversationModel(store, reads)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    yield model
    tester.deleteLater()
    reads.close()


def make(store: ConversationStore, title: str, days_ago: float) -> Conversation:
    conversation = store.create(title, "")
    store._db.write(
        "UPDATE conversations SET changed = ? WHERE id = ?", time.time() - days_ago * DAY, conversation.id
    )
    return store.get(conversation.id)


def rows(model: ConversationModel) -> list[str]:
    return [str(model.index(row).data()) for row in range(model.rowCount())]


def read_all(qtbot: QtBot, model: ConversationModel) -> None:
    with qtbot.waitSignal(model.shown):
        model.refresh()
    while model._more:
        model.fetchMore()  # nothing happens where a page is on its way
        qtbot.waitUntil(lambda: not model._reading)


def test_groups_have_headings(qtbot: QtBot, store: ConversationStore, model: ConversationModel) -> None:
    for title, days in (("now", 0), ("lately", 3), ("long ago", 400)):
        make(store, title, days)
    pinned = make(store, "kept", 700)
    store.change(pinned.id, pinned=1)
    read_all(qtbot, model)
    assert rows(model) == ["Pinned", "kept", "Today", "now", "Last 7 days", "lately", "Earlier", "long ago"]


def test_pages_come_when_they_are_wanted(
    qtbot: QtBot, store: ConversationStore, model: ConversationModel
) -> None:
    with store.transaction():
        for number in range(2 * PAGE + 20):
            make(store, f"chat {number}", 10 + number)
    with qtbot.waitSignal(model.shown):
        model.refresh()
    assert PAGE + 1 <= model.rowCount() < 2 * PAGE + 21
    read_all(qtbot, model)
    assert model.rowCount() == 2 * PAGE + 21
    titles = rows(model)[1:]
    assert titles == [f"chat {number}" for number in range(2 * PAGE + 20)]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_changes_the_rows_are_those_of_the_store(
    qtbot: QtBot, store: ConversationStore, model: ConversationModel, seed: int
) -> None:
    """Random changes, told one by one; in the end the list is what reading it anew would give."""
    chance = random.Random(seed)
    there = [make(store, f"chat {n}", chance.choice([0, 0, 1, 3, 30, 400])).id for n in range(12)]
    read_all(qtbot, model)
    for step in range(60):
        what = chance.choice(["new", "touch", "rename", "pin", "archive", "delete"])
        if what == "new" or not there:
            there.append(make(store, f"new {step}", chance.choice([0, 2, 50])).id)
            model.put(store.get(there[-1]))
            continue
        number = chance.choice(there)
        if what == "delete":
            there.remove(number)
            store.hide(number)
            model.remove(number)
            continue
        if what == "touch":
            ago = chance.choice([0, 0, 5, 100])
            store._db.write(
                "UPDATE conversations SET changed = ? WHERE id = ?", time.time() - ago * DAY, number
            )
        change = {
            "touch": {"model": "another"},
            "rename": {"title": f"renamed {step}"},
            "pin": {"pinned": chance.randint(0, 1)},
            "archive": {"archived": chance.randint(0, 1)},
        }[what]
        model.put(store.change(number, **change))
    told = rows(model)
    for conversation in store.all():
        assert model.row_of(conversation.id).data(Role.CONVERSATION) == conversation
    read_all(qtbot, model)
    assert told == rows(model)


def test_marks_come_and_go(qtbot: QtBot, store: ConversationStore, model: ConversationModel) -> None:
    number = make(store, "a chat", 0).id
    read_all(qtbot, model)
    for mark in (Mark.ANSWERING, Mark.UNSEEN, Mark.NONE):
        with qtbot.waitSignal(model.dataChanged):
            model.set_mark(number, mark)
        assert model.row_of(number).data(Role.MARK) == mark


def test_a_title_that_is_not_there_is_said(
    qtbot: QtBot, store: ConversationStore, model: ConversationModel
) -> None:
    make(store, "a chat", 0)
    model.filter = "nowhere"
    read_all(qtbot, model)
    assert rows(model) == ["No matches"]
    model.filter = "cha"
    read_all(qtbot, model)
    assert rows(model) == ["a chat"]


def test_the_change_of_the_day_moves_headings(
    qtbot: QtBot, store: ConversationStore, model: ConversationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datetime

    from desktop.chat import conversation_model

    make(store, "written before midnight", 0)
    read_all(qtbot, model)
    assert rows(model) == ["Today", "written before midnight"]

    class Tomorrow(datetime.date):
        @classmethod
        def today(cls) -> datetime.date:
            return datetime.date.fromtimestamp(time.time() + DAY)

    monkeypatch.setattr(conversation_model.datetime, "date", Tomorrow)
    model.put(make(store, "written after midnight", -1))
    assert rows(model) == ["Today", "written after midnight", "Yesterday", "written before midnight"]
