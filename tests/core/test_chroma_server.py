"""A Chroma server that holds the vectors: a real one on this machine, which vanishes, stalls, comes back, and is emptied."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from core.app import App
from core.documents import chroma_server, retrieve
from core.documents.index import VectorServerLost
from core.errors import VectorServerUnusable
from core.jobs import Job
from tests.support.chroma_process import ChromaProcess
from tests.support.loopback import Loopback

LINES = [
    "The gate of the park closes at eight in the evening.",
    "Bananas are rich in potassium.",
    "The lift stops on the third floor.",
    "図書館は月曜日に休みます。",
]
QUESTION = "When does the gate close?"
AWAY = r"The vector server .* cannot be used"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChromaProcess]:
    process = ChromaProcess(tmp_path / "chroma")
    (tmp_path / "chroma").mkdir()
    process.start()
    yield process
    process.stop()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that failed is asked again at once, and need not be waited for long."""
    monkeypatch.setattr(chroma_server, "PATIENCE", 0.0)
    monkeypatch.setattr(chroma_server, "SECONDS", 0.5)


def add(app: App, folder: Path, lines: dict[str, str]) -> None:
    paths = []
    for name, line in lines.items():
        (folder / name).write_text(line)
        paths.append(str(folder / name))
    assert app.ingest.add(paths, "c", Job(0, "test")).added == len(lines)


@pytest.fixture
def shared(app: App, server: ChromaProcess, tmp_path: Path, impatient: None) -> App:
    """A core with four documents whose vectors the server holds."""
    app.settings.change(vector_server=server.address)
    add(app, tmp_path, {f"{n}.txt": line for n, line in enumerate(LINES)})
    return app


def found(app: App) -> list[str]:
    return [f.passage.text for f in retrieve.search(app.documents, app.index, "c", QUESTION, 4)]


def held(app: App) -> tuple[int, int]:
    """How many vectors the server has, and the worker of this computer."""
    name = app.index._name(app.documents.collection("c"))
    return app.index.server.count(name), app.index._local.count(name)


def lost(app: App) -> list[VectorServerLost]:
    told: list[VectorServerLost] = []
    app.events.listen(VectorServerLost, told.append)
    return told


def test_the_server_searches_and_answers_are_the_same(shared: App, tmp_path: Path) -> None:
    assert held(shared) == (len(LINES), 0)
    there = {
        f.passage.text: f.score for f in retrieve.search(shared.documents, shared.index, "c", QUESTION, 4)
    }
    number = shared.documents.collection("c")
    some = shared.documents.passage_ids(shared.documents.documents("c")[1].id)
    within = shared.index.nearest(number, QUESTION, 5, within=[*some, 99_999], also=[*some, 88_888])
    assert [one for one, _ in within] == some
    shared.settings.change(vector_server="")
    here = {
        f.passage.text: f.score for f in retrieve.search(shared.documents, shared.index, "c", QUESTION, 4)
    }
    assert here == pytest.approx(there, abs=1e-3)
    assert shared.index.nearest(number, QUESTION, 5, within=some) == [
        (one, pytest.approx(value, abs=1e-3)) for one, value in within
    ]


def test_every_connection_is_in_the_ledger_and_carries_no_text(shared: App, server: ChromaProcess) -> None:
    found(shared)
    asked = {(entry.host, entry.purpose) for entry in shared.network.entries()}
    assert asked == {("127.0.0.1", chroma_server.PURPOSE)}
    data = b"".join(f.read_bytes() for f in server.folder.rglob("*") if f.is_file())
    assert b"potassium" not in data
    assert b"0.txt" not in data


@pytest.mark.logs(AWAY)
def test_connections_turned_off_leave_this_computer_searching(shared: App) -> None:
    told = lost(shared)
    shared.settings.change(network=False)
    assert found(shared)[0] == LINES[0]
    assert len(told) == 1


@pytest.mark.logs(AWAY)
def test_a_server_that_vanishes_is_stood_in_for_and_filled_when_it_is_back(
    shared: App, server: ChromaProcess, tmp_path: Path
) -> None:
    told, before = lost(shared), found(shared)
    server.stop()
    assert found(shared) == before
    assert [event.error.host for event in told] == [server.address]
    add(shared, tmp_path, {"new.txt": "The gate of the farm closes at nine."})
    old = shared.documents.documents("c")[0].id
    shared.index.hide(
        shared.documents.collection("c"), old
    )  # one more and one less: the number tells nothing
    assert "The gate of the farm closes at nine." in found(shared)
    server.start()
    shared.index.show(shared.documents.collection("c"), old)
    assert "The gate of the farm closes at nine." in found(shared)
    assert held(shared)[0] == len(LINES) + 1
    nearest = shared.index.server.find(
        shared.index._name(1), shared.index.models.question(shared.index.embedder, QUESTION), 9
    )
    assert len(nearest) == len(LINES) + 1


@pytest.mark.logs(AWAY)
def test_what_it_missed_is_remembered_over_a_restart(
    shared: App, server: ChromaProcess, tmp_path: Path
) -> None:
    found(shared)
    server.stop()
    number = shared.documents.collection("c")
    passages = shared.documents.passage_ids(shared.documents.documents("c")[0].id)
    shared.index.remove(number, passages)
    kept = json.loads((shared.home.root / "vector-server.json").read_text())
    assert kept["missed"] == [shared.index._name(number)]
    server.start()
    shared.index.check(number)
    assert json.loads((shared.home.root / "vector-server.json").read_text())["missed"] == []


@pytest.mark.logs(AWAY)
def test_a_server_that_stalls_costs_a_moment_and_no_answer(shared: App, server: ChromaProcess) -> None:
    told, before = lost(shared), found(shared)
    server.stall()
    try:
        assert found(shared) == before
    finally:
        server.go_on()
    assert len(told) == 1
    assert found(shared) == before
    assert held(shared)[0] == len(LINES)


@pytest.mark.logs(AWAY)
def test_a_server_that_failed_is_left_alone_for_a_while(
    shared: App, server: ChromaProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma_server, "PATIENCE", 1000.0)
    server.stop()
    found(shared)
    attempts = shared.network.connections
    assert found(shared)[0] == LINES[0]
    assert shared.network.connections == attempts
    server.start()
    shared.settings.change(vector_server=f"http://{server.address}/")  # the person did something about it
    assert found(shared)[0] == LINES[0]
    assert shared.network.connections > attempts


@pytest.mark.logs(AWAY)
def test_a_server_that_was_emptied_is_filled_again(
    shared: App, server: ChromaProcess, tmp_path: Path
) -> None:
    before = found(shared)
    server.stop()
    shutil.rmtree(tmp_path / "chroma")
    (tmp_path / "chroma").mkdir()
    server.start()
    assert found(shared) == before  # of this computer's
    assert found(shared) == before
    assert held(shared)[0] == len(LINES)


def test_what_changes_while_no_server_is_named_is_sent_when_one_is_again(
    shared: App, server: ChromaProcess, tmp_path: Path
) -> None:
    number = shared.documents.collection("c")
    shared.settings.change(vector_server="")
    shared.index.hide(number, shared.documents.documents("c")[1].id)
    shared.settings.change(vector_server=server.address)
    assert shared.index.server.missed(shared.index._name(number))
    shared.index.check(number)
    assert not shared.index.server.missed(shared.index._name(number))
    assert held(shared)[0] == len(LINES)


def test_two_homes_share_a_server_without_meeting(shared: App, server: ChromaProcess, tmp_path: Path) -> None:
    name = shared.index._name(1)
    other = chroma_server.ChromaServer(shared.network, shared.settings, tmp_path / "other.json")
    assert other.count(name) == 0
    other.drop_all("collection-")
    assert held(shared)[0] == len(LINES)


def test_a_deleted_collection_is_gone_there_too(shared: App) -> None:
    shared.index.drop(shared.documents.collection("c"))
    assert [name for name in shared.index.server._names() if name.startswith("tsukue-")] == []


# ---------------------------------------------------------------- servers that are none


ANSWERS: list[tuple[str, bytes, int]] = [
    ("no JSON", b"<html>", 200),
    ("another shape", b"[1, 2]", 200),
    ("an id that is none", json.dumps({"id": "../../x"}).encode(), 200),
    ("an error", b"{}", 500),
    ("no entry", b"{}", 401),
    ("led elsewhere", b"", 302),
    ("nothing", b"", 200),
]


@pytest.mark.logs(AWAY)
@pytest.mark.parametrize(("what", "body", "status"), ANSWERS, ids=[what for what, _, _ in ANSWERS])
def test_what_is_no_chroma_server_is_stood_in_for(
    app: App, tmp_path: Path, impatient: None, what: str, body: bytes, status: int
) -> None:
    class Answers(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            pass

    with Loopback(Answers) as there:
        told = lost(app)
        app.settings.change(vector_server=there.url)
        add(app, tmp_path, {"a.txt": LINES[0]})
        assert found(app) == [LINES[0]]
        assert told
        assert isinstance(told[0].error, VectorServerUnusable)


@pytest.mark.parametrize("damaged", ["", "[]", '{"home": 3}', '{"missed": 1, "home": "x"}'])
def test_a_damaged_memory_begins_anew(app: App, damaged: str) -> None:
    path = app.home.root / "vector-server.json"
    path.write_text(damaged)
    assert app.index.server.missed("collection-1-x") is False
    app.index.server.note("collection-1-x", missed=True)
    assert app.index.server.missed("collection-1-x") is True
