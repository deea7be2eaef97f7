"""Chats of other programs and other homes: what comes in is what was said there, twice is once, and nothing is lost on the way."""

from __future__ import annotations

import datetime
import json
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.app import App
from core.chat.conversation import AnswerDetails, Conversation, Mark, MessageState, Role, Source
from core.chat.draft import Draft
from core.errors import Cancelled, ImportBroken, ImportNewer, ImportOtherForm, ImportUnknown
from core.paths import Home
from core.portability.exporting import Chosen
from core.portability.importing import AT_ONCE, Standing
from core.storage.prompts import PromptStore
from tests.conftest import ROOT
from tests.support import gpt4all_files

EXPORTS = ROOT / "tests/data/exports"
EXPECTED = [
    path
    for path in sorted(EXPORTS.glob("*/EXPECTED*.json"))
    if json.loads(path.read_text(encoding="utf-8"))["conversations"]
]


# Files among these exports that are broken on purpose.
BROKEN = {
    "lm-studio": ("1750800000000.conversation.json",),
    "gpt4all": tuple(
        f"gpt4all-{number}.chat"
        for number in (
            "ae012a6c-e8ee-52a8-b12e-653f4b65822b",
            "510b006d-181d-5bd7-bdc2-d35b0145b5f9",
            "0d0d0ab7-aa6b-59b4-b281-7daae547fbc4",
            "adbe967a-e063-5c23-b14c-59ee9b12348c",
        )
    ),
}


def _name(path: Path) -> str:
    return f"{path.parent.name}{path.stem.removeprefix('EXPECTED')}"


def _plain(text: str) -> str:
    """Words with their blanks run together, and without links that an importer may put in the place of a mark."""
    return re.sub(r"\s+", " ", re.sub(r" ?\(\[[^\]]*\]\([^)]*\)\)", "", text)).strip()


def everything(app: App) -> list[Conversation]:
    """All conversations, archived ones too."""
    store = app.conversations
    return [*store.all(), *store.all(archived=True)]


@pytest.mark.parametrize("expected", EXPECTED, ids=_name)
def test_what_was_said_elsewhere_comes_in(app: App, expected: Path) -> None:
    wanted = json.loads(expected.read_text(encoding="utf-8"))
    export = expected.with_name(f"export{expected.stem.removeprefix('EXPECTED')}")
    preview = app.imports.look(export)
    report = app.imports.take_in(export)
    assert len(preview.entries) == report.new == len(wanted["conversations"])
    assert {problem.fields()["file"] for problem in report.problems} == set(BROKEN.get(_name(expected), ()))
    folders = [(folder["collection"], folder["path"]) for folder in wanted.get("folders", [])]
    assert report.folders == preview.folders == folders
    by_uid = {one.uid.partition(":")[2]: one for one in everything(app)}
    projects = {project.id: project.name for project in app.projects.store.projects()}
    for told in wanted["conversations"]:
        _compare(app, by_uid[told["id"]], told, projects)


def _compare(app: App, found: Conversation, told: dict[str, Any], projects: dict[int, str]) -> None:
    store = app.conversations
    branch = store.branch(found.id)
    if told["title"] is not None and None not in told.get("title_accept", []):
        assert found.title == told["title"]
    assert found.title
    if told["created"] and "created_accept" not in told:
        assert found.created == pytest.approx(
            datetime.datetime.fromisoformat(told["created"]).timestamp(), abs=1
        )
    said = [[message.role.value, _plain(message.text)] for message in branch]
    for place, (role, words) in enumerate(told["shown"]):
        if not words:  # only attachments: their names may stand for words
            said[place][1] = ""
        assert said[place] == [role, _plain(words)]
    assert len(said) == len(told["shown"])
    rows = store._db.rows("SELECT id FROM messages WHERE conversation = ?", found.id)
    assert len(rows) == told["messages"]
    assert (found.archived, found.pinned) == (told["archived"], told["pinned"])
    assert app.projects.store.tags_of(found.id) == sorted(told["tags"])
    thinking = _plain(" ".join(message.thinking for message in branch))
    assert all(_plain(thought) in thinking for thought in told["thinking"])
    assert bool(thinking) == bool(told["thinking"])
    if told["model"]:
        assert told["model"] in {message.model for message in branch} | set(told.get("model_accept", []))
    if told["project"] is not None:
        assert found.project is not None
    elif "project_accept" not in told:
        assert found.project is None
    for fork in told.get("branches", []):
        _compare_fork(app, found, fork)


def _compare_fork(app: App, found: Conversation, fork: dict[str, Any]) -> None:
    store = app.conversations
    rows = store._db.rows("SELECT id FROM messages WHERE conversation = ?", found.id)
    messages = store.messages([row["id"] for row in rows])
    wanted = [_plain(words) for words in fork["alternatives"]]
    first = next(m for m in messages if _plain(m.text) == wanted[0] and m.role.value == fork["role"])
    assert [_plain(m.text) for m in store.messages(store.siblings(first))] == wanted


# ---------------------------------------------------------------- again, and from other homes


def test_what_is_imported_twice_is_there_once_and_what_went_on_grows(app: App, tmp_path: Path) -> None:
    export = tmp_path / "conversations.json"
    chats = json.loads((EXPORTS / "claude/export/conversations.json").read_text(encoding="utf-8"))
    first = app.imports.take_in(_written(export, chats))
    again = app.imports.take_in(export)
    assert (again.new, again.grown, again.here, again.messages) == (0, 0, first.new, 0)
    assert {entry.standing for entry in app.imports.look(export).entries} == {Standing.HERE}
    said = chats[0]["chat_messages"]
    said.append({**said[-1], "uuid": "later", "parent_message_uuid": said[-1]["uuid"], "sender": "human"})
    said[-1]["content"] = [{"type": "text", "text": "And the tap?"}]
    grown = app.imports.take_in(_written(export, chats))
    assert (grown.new, grown.grown, grown.messages) == (0, 1, 1)
    found = next(one for one in everything(app) if one.uid == f"claude:{chats[0]['uuid']}")
    assert app.conversations.branch(found.id)[-1].text == "And the tap?"
    assert app.conversations.search("the tap")[0][0].id == found.id


def test_what_went_on_in_both_places_is_brought_together(app: App, tmp_path: Path) -> None:
    """It has more messages here than there, and still lacks one."""
    export = tmp_path / "conversations.json"
    chats = json.loads((EXPORTS / "claude/export/conversations.json").read_text(encoding="utf-8"))[:1]
    app.imports.take_in(_written(export, chats))
    (found,) = everything(app)
    for text in ("Here?", "And here?"):
        app.conversations.add(found.id, Role.USER, text, parent=app.conversations.get(found.id).leaf)
    said = chats[0]["chat_messages"]
    words = [{"type": "text", "text": "There?"}]
    said.append(
        {
            **said[-1],
            "uuid": "later",
            "parent_message_uuid": said[-1]["uuid"],
            "sender": "human",
            "content": words,
        }
    )
    grown = app.imports.take_in(_written(export, chats))
    assert (grown.new, grown.grown, grown.messages) == (0, 1, 1)
    assert app.imports.take_in(export).here == 1
    assert len(app.conversations.search("here")) == 1
    assert app.conversations.branch(found.id)[-1].text == "There?"


def test_what_was_deleted_comes_in_again(app: App) -> None:
    export = EXPORTS / "claude/export"
    app.imports.take_in(export)
    gone = everything(app)[0]
    app.chat.delete(gone.id)
    assert app.imports.take_in(export).new == 1
    assert gone.title in {one.title for one in everything(app)}


def test_only_what_is_wanted_comes_in(app: App) -> None:
    preview = app.imports.look(EXPORTS / "open-webui/export")
    wanted = {preview.entries[0].uid}
    assert app.imports.take_in(EXPORTS / "open-webui/export", wanted).new == 1
    assert {one.uid for one in everything(app)} == wanted


def test_a_round_trip_through_our_json_loses_nothing(app: App, tmp_path: Path) -> None:
    _fill(app)
    export = tmp_path / "all.json"
    assert app.exports.json(export, Chosen()) == 3
    home = Home(tmp_path / "other")
    other = App(home)
    try:
        report = other.imports.take_in(export)
        assert (report.new, report.prompts, report.remembered, report.problems) == (3, 1, 2, [])
        assert _told(other) == _told(app)
        assert _trees(other) == _trees(app)
        assert other.imports.take_in(export).new == 0
        assert _told(other) == _told(app)
        again = tmp_path / "again.json"
        other.exports.json(again, Chosen())
    finally:
        other.close()
    assert app.imports.take_in(again).new == 0  # and from there home again: it is all here


def _fill(app: App) -> None:
    """Chats with all that a chat can have."""
    store, projects = app.conversations, app.projects
    project = projects.create("House")
    projects.change(project.id, instructions="Be brief.", collection="plans", model="m")
    projects.remember("The roof is slate.", project.id)
    projects.remember("I live in Kobe.")
    definition = (ROOT / "resources/prompts/summarise.toml").read_text(encoding="utf-8")
    app.prompts.add("summarise", definition)
    long = store.create("Roof", "system", model="m", collection="plans", project=project.id)
    question = store.add(long.id, Role.USER, "How *old* is it?", parent=None, prompt="How old?\n\npassages")
    source = Source("roof.pdf", 3, "built in 1901", path="/roof.pdf", page_id=7, start=4, end=17, marker=1)
    details = AnswerDetails(
        outcome="answered",
        citations=[source],
        marks=[Mark(0, 4, 1)],
        timings=None,
        finish="stop",
        thinking_s=2.0,
    )
    first = store.add(
        long.id, Role.ASSISTANT, "", parent=question.id, state=MessageState.STREAMING, model="m"
    )
    store.finish(first.id, "1901.", MessageState.DONE, thinking="Hm.", details=details)
    second = store.add(
        long.id, Role.ASSISTANT, "", parent=question.id, state=MessageState.STREAMING, model="n"
    )
    store.finish(second.id, "Very.", MessageState.STOPPED)
    last = store.add(long.id, Role.USER, "瓦は？", parent=first.id)
    store.change(long.id, pinned=True, context_start=last.id, summary="It is old.")
    projects.store.set_tags(long.id, ["house", "家"])
    store.save_draft(long.id, Draft("not yet"))
    store.enqueue(long.id, "next")
    archived = store.create("", "")
    store.add(archived.id, Role.USER, "old", parent=None)
    store.change(archived.id, archived=True)
    store.create("empty", "")


def _told(app: App) -> dict[str, Any]:
    """What there is besides messages, by names instead of ids."""
    store, projects = app.conversations, app.projects.store
    names = {project.id: project.name for project in projects.projects()}
    chats = {}
    for one in everything(app):
        values = {**vars(one), "tags": projects.tags_of(one.id), "draft": store.draft(one.id)}
        values["project"] = names.get(one.project or 0)
        values["waiting"] = [waiting.text for waiting in store.queued(one.id)]
        for number in ("id", "leaf", "context_start"):
            values.pop(number)
        chats[one.uid] = values
    around = [
        (
            one.name,
            one.instructions,
            one.collection,
            one.model,
            [fact.text for fact in projects.facts(one.id)],
        )
        for one in projects.projects()
    ]
    return {
        "chats": chats,
        "projects": around,
        "facts": [fact.text for fact in projects.facts(None)],
        "prompts": PromptStore(app.database).all(),
    }


def _trees(app: App) -> dict[str, Any]:
    """All messages of each chat, with places in the list for ids, and without what only one home knows (ids of pages)."""
    found = {}
    for one in everything(app):
        rows = app.database.rows("SELECT id FROM messages WHERE conversation = ? ORDER BY id", one.id)
        ids = [row["id"] for row in rows]
        place = {number: index for index, number in enumerate(ids)}
        messages = []
        for message in app.conversations.messages(ids):
            details = msgspec.to_builtins(message.details)
            for source in details.get("citations", []):
                source["page_id"] = 0
            values = {**vars(message), "details": details, "parent": place.get(message.parent or -1)}
            messages.append({k: v for k, v in values.items() if k not in ("id", "conversation")})
        found[one.uid] = (messages, place.get(one.leaf or -1), place.get(one.context_start or -1))
    return found


def _written(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


# ---------------------------------------------------------------- bad input


def test_a_backup_that_only_its_program_reads_says_how_to_make_another(app: App) -> None:
    with pytest.raises(ImportOtherForm, match="Legacy backup"):
        app.imports.look(EXPORTS / "cherry-studio/export-v6")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"[1, 2]",
        b"hello",
        b"\x00" * 100,
        b'{"a": [1,',
        b"%PDF-1.7\n",
        b"[" * 100_000,
        b'"x"',
        b"null",
    ],
    ids=["empty", "object", "list", "numbers", "words", "zeros", "half", "pdf", "nested", "string", "null"],
)
@pytest.mark.parametrize("name", ["conversations.json", "data.json", "chats.zip", "x.chat", "thread.json"])
def test_what_holds_no_chats_is_refused_by_name(app: App, tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises((ImportUnknown, ImportBroken), match=name):
        app.imports.take_in(path)
    assert everything(app) == []


def test_a_file_of_2_gb_of_nothing_is_refused_at_once(app: App, tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    with path.open("wb") as stream:
        stream.truncate(2 << 30)
    with pytest.raises(ImportUnknown):
        app.imports.look(path)


def test_a_half_written_export_gives_what_it_has_and_says_so(app: App, tmp_path: Path) -> None:
    whole = (EXPORTS / "claude/export/conversations.json").read_text(encoding="utf-8")
    path = tmp_path / "conversations.json"
    path.write_text(whole[: len(whole) * 2 // 3], encoding="utf-8")
    report = app.imports.take_in(path)
    assert report.new >= 3
    assert [type(problem) for problem in report.problems] == [ImportBroken]


def test_circles_and_orphans_become_chats_without_losing_words(app: App, tmp_path: Path) -> None:
    def node(key: str, parent: str | None, role: str) -> dict[str, Any]:
        content = {"content_type": "text", "parts": [key]}
        return {"id": key, "parent": parent, "message": {"author": {"role": role}, "content": content}}

    nodes = [
        node("a", "b", "user"),
        node("b", "a", "assistant"),
        node("c", "gone", "user"),
        node("d", "d", "user"),
    ]
    export = _written(
        tmp_path / "x.json", [{"id": "1", "mapping": {one["id"]: one for one in nodes}, "current_node": "b"}]
    )
    assert app.imports.take_in(export).messages == 4
    (found,) = everything(app)
    assert [message.text for message in app.conversations.branch(found.id)] == ["a", "b"]


def test_an_export_of_a_later_version_is_refused(app: App, tmp_path: Path) -> None:
    with pytest.raises(ImportNewer):
        app.imports.take_in(_written(tmp_path / "x.json", {"tsukue": 99, "conversations": []}))


def test_a_zip_is_read_as_it_is(app: App, tmp_path: Path) -> None:
    export = shutil.make_archive(str(tmp_path / "export"), "zip", EXPORTS / "chatgpt/export")
    assert app.imports.take_in(Path(export)).new == 8


def test_a_cancelled_import_keeps_what_came_in_and_goes_on_later(app: App, tmp_path: Path) -> None:
    chats = json.loads((EXPORTS / "claude/export/conversations.json").read_text(encoding="utf-8"))[:2]
    many = [{**chats[number % 2], "uuid": str(number)} for number in range(200)]
    export = _written(tmp_path / "conversations.json", many)
    job = app.jobs.start("import", lambda job: app.imports.take_in(export, None, job, lambda n: job.cancel()))
    with pytest.raises(Cancelled):
        job.wait()
    assert len(everything(app)) == AT_ONCE
    assert app.imports.take_in(export).new == 200 - AT_ONCE


@pytest.mark.parametrize("version", range(gpt4all_files.NEWEST + 1))
def test_gpt4all_is_read_in_each_of_its_formats(app: App, tmp_path: Path, version: int) -> None:
    items = [
        gpt4all_files.Item(
            "Prompt: ", "庭の 🌿 は？", sources=[gpt4all_files.Source("c", "/a", "a.txt", text="x")]
        ),
        gpt4all_files.Item("Response: ", "Mint.\nIt spreads."),
    ]
    chat = gpt4all_files.Chat(1_700_000_000, "an-id", "Mint", "", "model.gguf", items=items)
    gpt4all_files.write_chat(tmp_path / "chats", chat, version)
    assert app.imports.take_in(tmp_path / "chats").new == 1
    (found,) = everything(app)
    assert (found.title, found.created) == ("Mint", 1_700_000_000)
    said = [(one.role.value, one.text) for one in app.conversations.branch(found.id)]
    assert said == [("user", "庭の 🌿 は？"), ("assistant", "Mint.\nIt spreads.")]
