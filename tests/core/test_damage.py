"""A damaged database: told as such, never a traceback; what its sound pages hold is rescued."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from core.chat.draft import Draft
from core.errors import DatabaseDamaged, NewerDatabase, NothingToRescue
from core.paths import Home
from core.storage import backup, restore, salvage
from core.storage.conversations import ConversationStore
from core.storage.database import Database
from core.storage.documents import DocumentStore
from core.storage.pages import PageFile
from core.storage.projects import ProjectStore
from core.storage.prompts import PromptStore
from core.storage.runs import RunStore
from core.structured.fields import Field, Form
from core.structured.run import Counts, Input, Output
from tests.support.databases import TABLES, dump, fill, read_everything

PAGE = 4096
Damage = Callable[[bytearray], None]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("sound"))
    home.create()
    fill(home, conversations=25, documents=4)
    return home


def flipped(page: int, chance: random.Random) -> Damage:
    def damage(data: bytearray) -> None:
        data[page * PAGE + chance.randrange(PAGE)] ^= 1 << chance.randrange(8)

    return damage


def zeroed(page: int) -> Damage:
    def damage(data: bytearray) -> None:
        data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)

    return damage


def truncated(length: int) -> Damage:
    def damage(data: bytearray) -> None:
        del data[length:]

    return damage


def noise(start: int, length: int, chance: random.Random) -> Damage:
    def damage(data: bytearray) -> None:
        data[start : start + length] = chance.randbytes(length)

    return damage


def cases(size: int) -> list[tuple[str, Damage]]:
    chance = random.Random(20261126)
    pages = size // PAGE
    found = [(f"bit in page {p}", flipped(p, chance)) for p in chance.sample(range(pages), 50)]
    found += [(f"page {p} zeroed", zeroed(p)) for p in chance.sample(range(pages), 25)]
    found += [(f"page {p} of noise", noise(p * PAGE, PAGE, chance)) for p in chance.sample(range(pages), 10)]
    found += [(f"cut at {n}", truncated(n)) for n in sorted(chance.sample(range(1, size), 50))]
    found += [
        ("no magic", noise(0, 16, chance)),
        ("no head", noise(0, 100, chance)),
        ("first page", zeroed(0)),
    ]
    return found


@pytest.mark.logs(
    "the database is damaged",
    "the database was rescued",
    "the details of an answer cannot be read",
    "is damaged",
)
def test_each_damage_is_survived(sound: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    original = sound.database.read_bytes()
    truth, rows = read_everything(sound), dump(sound.database)
    where = pages_of_rows(sound.database)
    deleted = set(range(max(rows["messages"]))) - rows["messages"].keys()
    assert len(deleted) > 10
    free = free_pages(sound.database)
    outcomes = {"as before": 0, "damage told": 0, "told by the backup": 0, "not visible to SQLite": 0}
    kept, of = Counter[str](), Counter[str]()  # messages and their words, by the kind of damage
    for number, (name, damage) in enumerate(cases(len(original))):
        home = Home(tmp_path / str(number))
        home.create()
        data = bytearray(original)
        damage(data)
        home.database.write_bytes(data)
        outcomes[opened(home, truth, name)] += 1

        home.database.write_bytes(data)
        for helper in restore.HELPERS:
            home.database.with_name(home.database.name + helper).unlink(missing_ok=True)
        touched = {
            n
            for n in range(len(original) // PAGE)
            if original[n * PAGE : (n + 1) * PAGE] != data[n * PAGE : (n + 1) * PAGE]
        }
        rescued = tmp_path / f"{number}.db"
        try:
            salvage.salvage(home.database, rescued)
        except NothingToRescue:
            assert not any(places.isdisjoint(touched) for t in where.values() for places in t.values()), name
            got = {table: {} for table in TABLES}
        else:
            with contextlib.closing(sqlite3.connect(rescued)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), name
                assert connection.execute("PRAGMA foreign_key_check").fetchall() == [], name
            got = dump(rescued)
        for table in TABLES:
            whole = {key for key, places in where[table].items() if places.isdisjoint(touched)}
            missing = whole - got[table].keys()
            if table in ("passages", "vectors"):  # of no use without the page or passage that they are of
                missing -= orphaned(table, missing, rows, got)
            assert not missing, (name, table, sorted(missing)[:5])
            if table == "messages" and free_pages(home.database) == free:
                assert got[table].keys().isdisjoint(deleted), (name, "what was deleted is back")
            if table == "parts":
                assert all(got[table][key] == rows[table][key] for key in whole), name
            if table in ("messages", "parts"):
                kept[kind(name)] += len(got[table].keys() & rows[table].keys())
                of[kind(name)] += len(rows[table])
        shutil.rmtree(home.root)
        rescued.unlink()
    rescued_share = {name: f"{kept[name] / of[name]:.1%}" for name in of}
    with capsys.disabled():
        sys.stdout.write(
            f"\n{sum(outcomes.values())} damages: {outcomes}; messages rescued: {rescued_share}\n"
        )
    assert outcomes["damage told"] > 20
    assert kept["bit"] > 0.99 * of["bit"]
    assert kept["page"] > 0.95 * of["page"]
    assert kept["head"] > 0.95 * of["head"]


def kind(name: str) -> str:
    return {"bit": "bit", "page": "page", "cut": "cut"}.get(name.split()[0], "head")


def free_pages(database: Path) -> set[int]:
    with contextlib.closing(PageFile(database)) as file:
        return file.free()


def opened(home: Home, truth: list[object], name: str) -> str:
    """How opening and reading a damaged database ends."""
    try:
        seen = read_everything(home)
    except (DatabaseDamaged, NewerDatabase):
        return "damage told"
    if seen == truth:
        return "as before"
    with contextlib.closing(sqlite3.connect(home.database)) as connection:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found == "ok":
        return "not visible to SQLite"
    with pytest.raises(DatabaseDamaged):
        backup.make(home.database, home.backups, backup.DAILY)
    assert backup.found(home.backups) == [], name
    return "told by the backup"


def orphaned(table: str, missing: set, rows: dict, got: dict) -> set:  # type: ignore[type-arg]
    if table == "passages":
        return {key for key in missing if rows["passages"][key][2] not in got["pages"]}
    return {key for key in missing if key[0] not in got["passages"]}


def pages_of_rows(database: Path) -> dict[str, dict[object, set[int]]]:
    """For each row the pages (from 0) that hold it: its leaf and its overflow pages."""
    with contextlib.closing(PageFile(database)) as file:
        return _pages_of_rows(database, file)


def _pages_of_rows(database: Path, file: PageFile) -> dict[str, dict[object, set[int]]]:
    found: dict[str, dict[object, set[int]]] = {table: {} for table in TABLES}
    with contextlib.closing(sqlite3.connect(database)) as connection:
        roots = dict(
            connection.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'").fetchall()
        )
    read = file.page
    for table in TABLES:
        tree = file.tree(roots[table], set())
        for leaf in tree.leaves + (tree.inner if table == "vectors" else []):
            seen: set[int] = set()
            # Every page that reading a row asks for belongs to it.
            file.page = lambda n, seen=seen: (seen.add(n - 1), read(n))[1]  # type: ignore[method-assign,misc]
            rows = file.rows(leaf)
            while True:
                row = next(rows, None)
                if row is None:
                    break
                found[table][tuple(row.values[:2]) if table == "vectors" else row.rowid] = set(seen)
                seen.clear()
                seen.add(leaf - 1)
            file.page = read  # type: ignore[method-assign]
    assert found["messages"]
    return found


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE messages SET role = 'usgr' WHERE id = (SELECT max(id) FROM messages)",
        "UPDATE messages SET parent = id WHERE id = (SELECT max(id) FROM messages)",  # goes round for ever
        "UPDATE documents SET notes = '{{'",
        "UPDATE pages SET blocks = x'c1', lines = x'c1'",
    ],
)
def test_what_was_never_written_so_is_told_as_damage(sound: Home, tmp_path: Path, change: str) -> None:
    home = Home(tmp_path)
    home.create()
    shutil.copy(sound.database, home.database)
    with contextlib.closing(sqlite3.connect(home.database)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(change)
        connection.execute(
            "UPDATE conversations SET leaf = (SELECT max(id) FROM messages), deleted = NULL"
            " WHERE id = (SELECT conversation FROM messages ORDER BY id DESC LIMIT 1)"
        )
        connection.commit()
    database = Database(home)
    try:
        conversations, documents = ConversationStore(database), DocumentStore(database)
        row = database.row("SELECT conversation FROM messages ORDER BY id DESC LIMIT 1")
        assert row is not None
        with pytest.raises(DatabaseDamaged):  # noqa: PT012 - whichever of them reads it
            conversations.outline(row["conversation"])
            for collection in documents.collections():
                documents.documents(collection.name)
            documents.blocks(1)
            documents.boxes(1, 0, 5)
    finally:
        database.close()


def test_what_is_around_chats_is_rescued_too(tmp_path: Path) -> None:
    """Projects with what is remembered, tags, own prompts, drafts, messages that wait, and tables."""
    home = Home(tmp_path)
    home.create()
    database = Database(home)
    store, projects, prompts = ConversationStore(database), ProjectStore(database), PromptStore(database)
    project = projects.create("House")
    projects.change(project.id, instructions="Be brief.")
    projects.add_fact(project.id, "The roof is slate.")
    projects.add_fact(None, "I live in Kobe.")
    one = store.create("Roof", "", project=project.id)
    projects.set_tags(one.id, ["家", "house"])
    prompts.put("mine", 'id = "mine"')
    runs = RunStore(database)
    table = runs.create("Roofs", Form([Field("colour")]), "", "", [Input("one", "one"), Input("two", "two")])
    runs.put(table.id, 1, Output([{"colour": "grey"}]))
    store.save_draft(one.id, Draft("not yet"))
    store.enqueue(one.id, "next")
    database.close()
    data = bytearray(home.database.read_bytes())
    data[24:28] = b"\xff" * 4  # the file is told as damaged; its pages are sound
    home.database.write_bytes(data)
    rescued = tmp_path / "rescued.db"
    salvage.salvage(home.database, rescued)
    rescued.replace(home.database)
    database = Database(home)
    try:
        store, projects = ConversationStore(database), ProjectStore(database)
        runs = RunStore(database)
        assert runs.get(table.id).counts == Counts(done=1, waiting=1)
        assert runs.row(table.id, 1).output.rows == [{"colour": "grey"}]
        assert [(p.name, p.instructions) for p in projects.projects()] == [("House", "Be brief.")]
        assert [fact.text for fact in (*projects.facts(project.id), *projects.facts(None))] == [
            "The roof is slate.",
            "I live in Kobe.",
        ]
        assert projects.tags_of(one.id) == ["house", "家"]
        assert PromptStore(database).all() == {"mine": 'id = "mine"'}
        assert store.get(one.id).uid == one.uid
        assert store.draft(one.id).text == "not yet"
        assert [waiting.text for waiting in store.queued(one.id)] == ["next"]
    finally:
        database.close()
