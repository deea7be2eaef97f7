"""Backups: which are made and kept, whatever the clock and the disk do; restoring one, killed at any moment."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.app import App
from core.chat.conversation import Role
from core.errors import (
    BackupUnusable,
    Cancelled,
    DamageFound,
    DatabaseBusy,
    DatabaseDamaged,
    DiskFull,
    FileMissing,
    NoBackup,
    NoRoomForBackup,
    NothingToBackUp,
    TsukueError,
)
from core.events import Events
from core.jobs import Job, Jobs
from core.paths import Home
from core.storage import backup, restore
from core.storage import database as database_module
from core.storage.backups import BackupMissed, Backups
from core.storage.conversations import ConversationStore
from core.storage.database import Database
from core.storage.pages import PageFile
from tests.conftest import ROOT
from tests.support.databases import dump, fill, read_everything

# What this is about is told in the log too.
pytestmark = pytest.mark.logs(
    "the database was (replaced|rescued)",
    "today's backup was not made",
    "the database is damaged",
    "a backup cannot be used",
    "the request to restore a backup cannot be read",
    "filling it again",
)

KNOWN = restore.newest_version()


def chat(home: Home, text: str) -> int:
    """A conversation with one message."""
    database = Database(home)
    store = ConversationStore(database)
    conversation = store.create(text, "").id
    store.add(conversation, Role.USER, text, parent=None)
    database.close()
    return conversation


def titles(home: Home) -> set[str]:
    database = Database(home)
    found = {c.title for c in ConversationStore(database).all()}
    database.close()
    return found


def at(home: Home, made: datetime, reason: str = backup.DAILY) -> Path:
    """A backup that was made then."""
    path = home.backups / f"tsukue-{made:%Y%m%d-%H%M%S}-{reason}.db"
    shutil.copyfile(home.database, path)
    return path


def daily(home: Home) -> tuple[Path | None, list[TsukueError]]:
    """What a start does, and what it tells."""
    events, told = Events(), []
    events.listen(BackupMissed, lambda missed: told.append(missed.error))
    return Backups(home, events).daily(Job(1, "daily backup")), told


def names(home: Home) -> list[str]:
    return sorted(path.name for path in home.backups.iterdir())


# ---------------------------------------------------------------- which are made, which are kept


def test_two_starts_on_one_day_make_one(home: Home) -> None:
    chat(home, "kept")
    first, told = daily(home)
    assert first is not None
    assert backup.verify(first, KNOWN) == backup.Content(KNOWN, 1, 1)
    assert (daily(home), told) == ((None, []), [])
    assert names(home) == [first.name]
    assert first.stat().st_mode & 0o077 == 0


def test_seven_days_and_four_weeks_are_kept(home: Home) -> None:
    chat(home, "x")
    today = datetime.now().replace(hour=9, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=n) for n in range(1, 80)]
    for day in days:
        at(home, day)
    asked, replaced = at(home, days[-1], backup.ASKED), at(home, days[-1], backup.REPLACED)
    before = [at(home, day, f"{backup.BEFORE}{n}") for n, day in enumerate(days[:5])]
    made, _ = daily(home)
    assert made is not None
    kept = backup.found(home.backups)
    dailies = [b for b in kept if b.reason == backup.DAILY]
    assert dailies[0].path == made
    assert [b.made.date() for b in dailies[1:7]] == [day.date() for day in days[:6]]
    weekly = dailies[7:]
    assert len({b.made.isocalendar()[:2] for b in weekly}) == len(weekly) == 4
    assert {asked, replaced} <= {b.path for b in kept}
    assert {b.path for b in kept if b.reason.startswith(backup.BEFORE)} == set(before[:3])


def test_day_by_day_there_are_always_backups_of_the_last_weeks(home: Home) -> None:
    """The rule keeps what it needs later: what is deleted today is not missed in three weeks."""
    kept: list[backup.Backup] = []
    start = datetime(2026, 1, 1, 9)
    for n in range(120):
        day = start + timedelta(days=n)
        kept.append(backup.Backup(Path(f"{n}"), day, backup.DAILY, 1))
        leaving = backup.superfluous(kept)
        kept = [b for b in kept if b not in leaving]
        if n > 40:
            ages = sorted((day - b.made).days for b in kept)
            assert ages[:7] == list(range(7))
            assert len(ages) == 11
            assert 22 <= ages[-1] <= 28


@pytest.mark.parametrize("years", [-1, 1, 30])
def test_a_clock_that_jumps_loses_nothing_and_stops_nothing(home: Home, years: int) -> None:
    chat(home, "x")
    elsewhere = [datetime.now() + timedelta(days=365 * years + n) for n in range(9)]
    for moment in elsewhere:
        at(home, moment)
    made, told = daily(home)
    assert (made is not None, told) == (True, [])
    kept = backup.found(home.backups)
    assert kept[0].path == made, "the newest is the one of today, whatever others are dated"
    assert sum(b.made.date() != datetime.now().date() for b in kept) >= 7
    newest = backup.newest_good(home.backups, KNOWN)
    assert newest is not None
    assert newest.path == made


def test_the_only_backup_before_a_migration_stays(home: Home) -> None:
    chat(home, "x")
    old = at(home, datetime.now() - timedelta(days=3000), f"{backup.BEFORE}2")
    daily(home)
    assert old.exists()


def test_what_a_kill_left_is_removed_and_another_process_is_left_alone(home: Home) -> None:
    chat(home, "x")
    (home.backups / "tsukue-20260101-000000-daily.db.part").write_bytes(b"half")
    (home.backups / "tsukue-20260101-000000-daily.db.part-journal").write_bytes(b"half")
    abandoned = home.backups / "tsukue-20260101-000000-asked.db.part"
    abandoned.write_bytes(b"half")
    os.utime(abandoned, (1, 1))
    (home.backups / "tsukue-20260102-000000-asked.db.part").write_bytes(b"being written")
    made, _ = daily(home)
    assert made is not None
    assert names(home) == ["tsukue-20260102-000000-asked.db.part", made.name]


# ---------------------------------------------------------------- while the program is used


def test_writers_are_not_held_up_and_the_backup_ends(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes between any two steps: SQLite would begin anew each time without a snapshot."""
    monkeypatch.setattr(backup, "PAGES", 2)
    fill(home, conversations=4, documents=1)
    database = Database(home)
    store = ConversationStore(database)
    steps, before = [], len(store.ids())

    def write() -> None:
        steps.append(store.create(f"during {len(steps)}", "").id)

    path = backup.make(home.database, home.backups, backup.ASKED, check=write)
    assert len(steps) > 10
    assert backup.verify(path, KNOWN).conversations == before, "one moment's content"
    assert len(store.ids()) == before + len(steps)
    database.close()


@pytest.mark.parametrize("at_step", [1, 3])
def test_a_cancelled_backup_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch, at_step: int) -> None:
    monkeypatch.setattr(backup, "PAGES", 8)
    fill(home, conversations=4, documents=1)
    count = 0

    def check() -> None:
        nonlocal count
        count += 1
        if count >= at_step:
            raise Cancelled

    with pytest.raises(Cancelled):
        backup.make(home.database, home.backups, backup.ASKED, check=check)
    assert names(home) == []


def test_quitting_ends_a_backup(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "PAGES", 1)
    fill(home, conversations=4, documents=1)
    copying = threading.Event()
    monkeypatch.setattr(backup.time, "sleep", lambda seconds: copying.set())
    jobs = Jobs()
    job = jobs.start("daily backup", Backups(home, Events()).daily)
    assert copying.wait(30)
    jobs.close()
    assert isinstance(job.error, Cancelled) or job.result is not None
    assert not [name for name in names(home) if name.endswith(".part")]


def test_a_locked_database_is_backed_up_all_the_same(home: Home) -> None:
    chat(home, "kept")
    with locked(home):  # in WAL mode readers do not wait for who writes
        made, told = daily(home)
    assert (made is not None, told) == (True, [])


def test_there_is_nothing_to_back_up(home: Home) -> None:
    with pytest.raises(NothingToBackUp):
        backup.make(home.database, home.backups, backup.ASKED)


@contextlib.contextmanager
def locked(home: Home) -> Iterator[None]:
    """Another program holds the database."""
    connection = sqlite3.connect(home.database, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


# ---------------------------------------------------------------- the disk


def test_without_room_it_is_told_once_until_it_works_again(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    chat(home, "x")
    real = shutil.disk_usage(home.root)
    monkeypatch.setattr(backup.shutil, "disk_usage", lambda path: real._replace(free=1_000_000))
    made, told = daily(home)
    assert made is None
    assert [type(error) for error in told] == [NoRoomForBackup]
    assert "today's backup was not made" in caplog.text
    assert daily(home) == (None, [])
    with pytest.raises(NoRoomForBackup):
        Backups(home, Events()).make()
    monkeypatch.undo()
    assert daily(home)[0] is not None
    for path in home.backups.glob("*.db"):
        path.unlink()
    monkeypatch.setattr(backup.shutil, "disk_usage", lambda path: real._replace(free=1_000_000))
    assert len(daily(home)[1]) == 1, "it had worked meanwhile, so it is told again"


def test_a_disk_that_fills_up_meanwhile_is_a_sentence(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can make a small disk")
    try:
        home = Home(disk / "home")
        home.create()
        fill(home, conversations=20, turns=6)
        size = home.database.stat().st_size
        (disk / "filler").write_bytes(bytes(max(0, shutil.disk_usage(disk).free - size // 2)))
        before = home.database.read_bytes()
        for _ in range(2):
            with pytest.raises(DiskFull) as full:
                backup.make(home.database, home.backups, backup.ASKED)
            assert str(home.backups) in full.value.path
            assert names(home) == []
        good = tmp_path / "good.db"
        backup.copy(home.database, good)
        with pytest.raises(DiskFull):
            restore.restore(home, good)
        assert home.database.read_bytes() == before
        assert names(home) == []
        assert not home.staging.exists()
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


POWERLESS = """
import sys
from pathlib import Path
from core.errors import HomeNotWritable
from core.paths import Home
from core.storage import backup
home = Home(Path(sys.argv[1]))
try:
    backup.make(home.database, home.backups, backup.ASKED)
except HomeNotWritable as error:
    print(error)
"""


def test_a_read_only_backups_folder_is_a_sentence(home: Home) -> None:
    chat(home, "x")
    home.backups.chmod(0o500)
    # Root may write anywhere, unless it gives that capability away first.
    powerless = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*powerless, sys.executable, "-c", POWERLESS, str(home.root)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    home.backups.chmod(0o700)
    assert done.stderr == ""
    assert done.stdout.startswith("Tsukue cannot write to its folder")
    assert names(home) == []


# ---------------------------------------------------------------- restoring


def test_a_backup_takes_the_place_of_the_database_which_is_kept(home: Home) -> None:
    chat(home, "old")
    made = backup.make(home.database, home.backups, backup.ASKED)
    chat(home, "new")
    (home.vectors / "of-another-time").write_text("x")
    done = restore.restore(home, made)
    assert done.content.conversations == 1
    assert titles(home) == {"old"}
    assert list(home.vectors.iterdir()) == [], "what Chroma held may have the same count of other vectors"
    assert done.kept is not None
    assert not done.kept.samefile(home.database)
    restore.restore(home, done.kept)
    assert titles(home) == {"old", "new"}


def test_what_was_committed_but_not_folded_in_is_kept(home: Home) -> None:
    """The write-ahead log of a program that was killed belongs to the database that is replaced, not to the new one."""
    chat(home, "old")
    made = backup.make(home.database, home.backups, backup.ASKED)
    leave_a_log(home, "only in the log")
    done = restore.restore(home, made)
    assert titles(home) == {"old"}
    assert done.kept is not None
    restore.restore(home, done.kept)
    assert titles(home) == {"old", "only in the log"}


def leave_a_log(home: Home, title: str) -> None:
    """Write a conversation and die before SQLite folds it in."""
    writer = (
        "import os,sys; from pathlib import Path; from core.paths import Home;"
        "from core.storage.database import Database; from core.storage.conversations import ConversationStore;"
        "ConversationStore(Database(Home(Path(sys.argv[1])))).create(sys.argv[2], ''); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", writer, str(home.root), title], cwd=ROOT)
    assert home.database.with_name("tsukue.db-wal").stat().st_size > 0


def test_a_damaged_database_is_kept_with_its_log(home: Home) -> None:
    chat(home, "old")
    made = backup.make(home.database, home.backups, backup.ASKED)
    leave_a_log(home, "only in the log")
    wal = home.database.with_name("tsukue.db-wal").read_bytes()
    home.database.write_bytes(b"nothing" * 1000)
    with pytest.raises(DatabaseDamaged):
        Database(home)
    home.database.with_name("tsukue.db-wal").write_bytes(wal)
    done = restore.restore(home, made)
    assert titles(home) == {"old"}
    assert done.kept is not None
    assert done.kept.read_bytes() == b"nothing" * 1000
    assert done.kept.with_name(done.kept.name + "-wal").read_bytes() == wal


def test_an_older_backup_is_brought_up_to_date(home: Home) -> None:
    with contextlib.closing(sqlite3.connect(home.database, isolation_level=None)) as connection:
        database_module.migrate(connection, 1)
        connection.execute(
            "INSERT INTO conversations (title, folder, created, changed, system_prompt) VALUES ('v1', 'f', 1, 1, '')"
        )
        connection.execute(
            "INSERT INTO messages (conversation, role, text, state, created) VALUES (1, 'user', 'hello', 'done', 1)"
        )
    old = home.backups / "tsukue-20250101-000000-asked.db"
    home.database.rename(old)
    chat(home, "new")
    assert restore.restore(home, old).content.version == 1
    database = Database(home)
    assert [m.text for m in ConversationStore(database).branch(1, 1)] == ["hello"]
    database.close()


@pytest.mark.parametrize("bad", ["text", "empty", "other", "newer", "damaged", "missing"])
def test_what_is_no_backup_is_refused_and_nothing_changes(home: Home, tmp_path: Path, bad: str) -> None:
    chat(home, "mine")
    file = tmp_path / "file.db"
    backup.copy(home.database, file)
    if bad == "text":
        file.write_text("not at all " * 1000)
    elif bad == "empty":
        file.write_bytes(b"")
    elif bad == "missing":
        file.unlink()
    elif bad == "damaged":
        data = bytearray(file.read_bytes())
        data[4096 * 3 : 4096 * 5] = bytes(8192)
        file.write_bytes(data)
    else:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
            if bad == "newer":
                connection.execute("PRAGMA user_version = 99")
            else:
                connection.execute("DROP TABLE passages")
    before = {
        path: path.read_bytes() for path in home.root.rglob("*") if path.is_file() and path.name != ".lock"
    }
    with pytest.raises((BackupUnusable, FileMissing)) as refused:
        restore.restore(home, file)
    assert str(file) in str(refused.value)
    after = {
        path: path.read_bytes() for path in home.root.rglob("*") if path.is_file() and path.name != ".lock"
    }
    assert after == before
    assert titles(home) == {"mine"}


def test_a_database_in_use_is_not_replaced(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    chat(home, "mine")
    made = backup.make(home.database, home.backups, backup.ASKED)
    monkeypatch.setattr(restore, "BUSY_SECONDS", 0.1)
    with locked(home), pytest.raises(DatabaseBusy):
        restore.restore(home, made)
    assert names(home) == [made.name]
    assert titles(home) == {"mine"}


def test_the_latest_is_the_newest_that_is_good(home: Home) -> None:
    chat(home, "mine")
    with pytest.raises(NoBackup):
        restore.restore_latest(home)
    good = at(home, datetime(2026, 1, 1))
    at(home, datetime(2026, 1, 2)).write_bytes(b"bad")
    at(home, datetime(2026, 1, 3), backup.REPLACED)
    assert restore.restore_latest(home).source == good


def test_documents_are_found_as_they_were(home: Home, tmp_path: Path) -> None:
    """Chroma holds as many vectors as before, but of another document: its count does not tell."""
    for name, words in (("a", "The kettle has a warranty of two years."), ("b", "Trains leave at nine.")):
        (tmp_path / f"{name}.txt").write_text(words)
    app = App(home)
    app.ingest.add([str(tmp_path / "a.txt")], "desk", Job(1, "add"))
    made = app.backups.make()
    app.document_service.remove("desk", "a.txt")
    app.ingest.add([str(tmp_path / "b.txt")], "desk", Job(1, "add"))
    app.close()
    home.states.mkdir()
    (home.states / "7.of-a-conversation-that-is-gone.kv").write_bytes(b"")
    restore.restore(home, made)
    app = App(home)
    try:
        collection = app.documents.collection("desk")
        ((number, similarity),) = app.index.nearest(collection, "How long is the warranty?", 5)
        (passage,) = app.documents.passages([number])
        assert passage.text == "The kettle has a warranty of two years."
        assert similarity > 0.3
        assert list(home.states.iterdir()) == []
    finally:
        app.close()


RESTORER = """
import sys
from pathlib import Path
from core.paths import Home
from core.storage import restore
home = Home(Path(sys.argv[1]))
print("begun", flush=True)
while True:
    for file in sys.argv[2:]:
        restore.restore(home, Path(file))
"""


def test_kill_9_leaves_the_old_or_the_new(home: Home, tmp_path: Path) -> None:
    fill(home, conversations=3, documents=1)
    truths = []
    files = []
    for name in ("a", "b"):
        chat(home, name)
        files.append(backup.make(home.database, tmp_path, backup.ASKED))
        truths.append(dump(home.database))
    chance = random.Random(3)
    for _ in range(20):
        process = subprocess.Popen(
            [sys.executable, "-c", RESTORER, str(home.root), *map(str, files)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert process.stdout is not None
        process.stdout.readline()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 0.25))
        process.kill()
        process.wait()
        process.stdout.close()
        assert home.database.exists()
        database = Database(home)
        assert database.check()
        database.close()
        assert dump(home.database) in truths
    backup.tidy(home.backups, home.database)
    for kept in backup.found(home.backups):
        assert not kept.path.samefile(home.database)
        backup.verify(kept.path, KNOWN)
    home.staging.mkdir(exist_ok=True)
    assert restore.at_start(home) is None
    assert not home.staging.exists()
    restore.restore(home, files[0])
    assert dump(home.database) == truths[0]


# ---------------------------------------------------------------- damage


def damage(home: Home, table: str) -> None:
    """Overwrite the first page of a table."""
    with contextlib.closing(sqlite3.connect(home.database)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    with home.database.open("rb+") as stream:
        stream.seek((page - 1) * 4096)
        stream.write(b"\xff" * 4096)


def test_silent_damage_is_found_by_the_daily_backup(home: Home) -> None:
    fill(home, conversations=4, documents=1)
    good, _ = daily(home)
    assert good is not None
    good.rename(good.with_name("tsukue-20260101-000000-daily.db"))
    damage(home, "vectors")
    database = Database(home)  # nobody looked there
    database.close()
    for _ in range(2):
        made, told = daily(home)
        assert made is None
        assert [type(error) for error in told] == [DamageFound], "told each time"
    assert names(home) == [".told", "tsukue-20260101-000000-daily.db"]
    with pytest.raises(DatabaseDamaged):
        restore.at_start(home)
    restore.restore_latest(home)
    assert restore.at_start(home) is None
    assert read_everything(home)


def test_damage_found_while_running_makes_the_next_start_look(home: Home) -> None:
    fill(home, conversations=4, documents=1)
    damage(home, "messages")
    database = Database(home)
    with pytest.raises(DamageFound) as found:
        ConversationStore(database).branch(1)
    assert "Close Tsukue and open it again" in str(found.value)
    database.close()
    with pytest.raises(DatabaseDamaged) as at_start:
        restore.at_start(home)
    assert not isinstance(at_start.value, DamageFound)
    assert "tsukue restore --salvage" in str(at_start.value)


def test_what_was_deleted_is_nowhere_in_the_file(home: Home) -> None:
    chat(home, "a secret")
    database = Database(home)
    store = ConversationStore(database)
    words = "of which nothing stays " * 500
    conversation = store.create("t", "").id
    store.add(conversation, Role.USER, words, parent=None)
    store.hide(conversation)
    while store.purge(conversation):
        pass
    database.close()
    assert b"nothing stays" not in home.database.read_bytes()


def test_a_statement_that_is_wrong_stays_a_bug(home: Home) -> None:
    database = Database(home)
    with pytest.raises(sqlite3.OperationalError):
        database.rows("SELECT nothing FROM conversations")
    database.close()
    assert not home.damage_mark.exists()


def test_a_request_is_honoured_once(home: Home) -> None:
    chat(home, "old")
    made = backup.make(home.database, home.backups, backup.ASKED)
    chat(home, "new")
    restore.request(home, made)
    done = restore.at_start(home)
    assert isinstance(done, restore.Restored)
    assert titles(home) == {"old"}
    chat(home, "newer")
    assert restore.at_start(home) is None
    restore.request(home, home.root / "nowhere.db")
    assert isinstance(restore.at_start(home), FileMissing)
    home.restore_request.write_text("[")
    assert isinstance(restore.at_start(home), BackupUnusable)
    assert restore.at_start(home) is None
    assert titles(home) == {"old", "newer"}


def test_what_is_only_in_the_log_is_rescued(home: Home, tmp_path: Path) -> None:
    chat(home, "old")
    leave_a_log(home, "only in the log")
    data = bytearray(home.database.read_bytes())
    data[:100] = bytes(100)
    home.database.write_bytes(data)
    done = restore.rescue(home)
    assert titles(home) == {"old", "only in the log"}
    assert done.kept.read_bytes()[:100] == bytes(100)


def test_an_older_database_is_rescued_too(home: Home) -> None:
    with contextlib.closing(sqlite3.connect(home.database, isolation_level=None)) as connection:
        database_module.migrate(connection, 1)
        connection.execute("BEGIN")
        for n in range(1, 200):
            connection.execute(
                "INSERT INTO conversations (title, created, changed, system_prompt) VALUES (?, 1, ?, '')",
                (f"title {n}", n),
            )
            connection.execute(
                "INSERT INTO messages (conversation, role, text, state, created) VALUES (?, 'user', ?, 'done', 1)",
                (n, f"words {n} " * 40),
            )
        connection.execute("COMMIT")
    damage(home, "conversations")
    done = restore.rescue(home)
    assert done.report.found["messages"] == 199
    assert done.report.found["conversations"] == 199
    database = Database(home)
    assert ConversationStore(database).message(77).text == "words 77 " * 40
    assert ConversationStore(database).search("words 77")
    database.close()


def test_messages_whose_rows_are_gone_are_made_again_from_the_index(home: Home) -> None:
    fill(home, conversations=10, turns=8, documents=0)
    before = dump(home.database)
    with contextlib.closing(sqlite3.connect(home.database)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'").fetchone()
    with contextlib.closing(PageFile(home.database)) as file:
        leaf = file.tree(root, set()).leaves[1]
    with home.database.open("rb+") as stream:
        stream.seek((leaf - 1) * 4096)
        stream.write(bytes(4096))
    restore.rescue(home)
    after = dump(home.database)
    assert after["parts"] == before["parts"]
    assert {key: row[1:4] for key, row in after["messages"].items()} == {
        key: row[1:4] for key, row in before["messages"].items()
    }, "conversation, parent and role of each"


# ---------------------------------------------------------------- the command line


def tsukue(home: Home, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-P", "-m", "core.cli", "--home", str(home.root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_the_command_line_backs_up_lists_and_restores(home: Home, tmp_path: Path) -> None:
    chat(home, "old")
    with home.owned():  # the window is open
        code, out, _ = tsukue(home, "backup")
        made = Path(out.strip())
        assert (code, made.parent) == (0, home.backups)
        file = tmp_path / "mine.db"
        assert json.loads(tsukue(home, "backup", "-o", str(file), "--json")[1])["file"] == str(file)
        code, _, said = tsukue(home, "backup", "-o", str(home.database))
        assert (code, "already exists" in said) == (1, True)
        code, _, said = tsukue(home, "restore", "--latest")
        assert (code, "already open" in said) == (1, True)
    chat(home, "new")
    at(home, datetime(2026, 1, 1)).write_bytes(b"bad")
    good, bad = json.loads(tsukue(home, "backup", "--list", "--json")[1])
    assert (good["good"], good["conversations"], good["messages"]) == (True, 1, 1)
    assert (bad["good"], bad["why"]) == (False, "it is not a database")
    assert "NOT USABLE" in tsukue(home, "backup", "--list")[1]
    code, out, _ = tsukue(home, "restore", str(file))
    assert (code, "1 chats, 1 messages" in out) == (0, True)
    assert titles(home) == {"old"}
    code, _, said = tsukue(home, "restore", str(tmp_path / "none.db"))
    assert (code, "was not found" in said) == (1, True)
    assert tsukue(home, "restore")[0] == 2
    assert tsukue(home, "restore", "x", "--latest")[0] == 2


def test_the_command_line_names_the_way_out_of_damage(home: Home) -> None:
    fill(home, conversations=6, documents=1)
    database = home.database.read_bytes()
    home.database.write_bytes(bytes(100) + database[100:])
    code, _, said = tsukue(home, "export", "1")
    assert code == 1
    assert "tsukue restore --latest" in said
    assert "tsukue restore --salvage" in said
    report = json.loads(tsukue(home, "restore", "--salvage", "--json")[1])
    assert report["found"]["conversations"] == 4  # of six, two were deleted
    assert Path(report["kept"]).exists()
    assert tsukue(home, "export", "1")[0] == 0
