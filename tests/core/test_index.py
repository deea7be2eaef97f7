"""Vectors: what is kept in SQLite and in the index agrees, whatever embedder is chosen and whatever is lost."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.app import App
from core.chat.conversation import AnswerDetails
from core.documents import calibration, retrieve
from core.documents import index as documents_index
from core.documents.encoding import Encoding
from core.documents.messages import (
    STARTER_EMBEDDER,
    Compare,
    CountVectors,
    EncodePassages,
    EncodeQuestion,
    FindNearest,
    StoreVectors,
)
from core.jobs import Job
from core.paths import Home
from core.storage.database import Database
from core.storage.documents import DocumentStore
from tests.core.test_console import tsukue

OTHER = "all-minilm-l6-v2"
TEXT = "The gate closes at eight.\n\nBananas are rich in potassium."


@pytest.fixture
def added(app: App, tmp_path: Path) -> App:
    """A core with two documents in the collection c."""
    for name, text in (("a.txt", TEXT), ("b.txt", "The lift stops on the third floor.")):
        (tmp_path / name).write_text(text)
    assert app.ingest.add([str(tmp_path / "a.txt"), str(tmp_path / "b.txt")], "c", Job(0, "test")).added == 2
    return app


def requests(app: App, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is sent to the documents worker from now on."""
    sent: list[Any] = []
    call = app.index.worker.call

    def record(request: Any, *arguments: Any) -> Any:
        sent.append(request)
        return call(request, *arguments)

    monkeypatch.setattr(app.index.worker, "call", record)
    return sent


# ---------------------------------------------------------------- another embedder


def test_the_old_embedder_answers_until_the_new_one_has_seen_everything(added: App, tmp_path: Path) -> None:
    number = added.documents.collection("c")
    assert added.index.answering(number) == (STARTER_EMBEDDER, 0)
    before = retrieve.search(added.documents, added.index, "c", "fruit", 5)
    added.settings.change(embedder=OTHER)
    assert added.index.missing(number) == 2
    assert added.ingest.unprepared() == 2
    assert added.index.answering(number) == (STARTER_EMBEDDER, 0)
    assert retrieve.search(added.documents, added.index, "c", "fruit", 5) == before
    assert added.answerer.find("c", "When does the gate close?").words_only == 0

    # What comes meanwhile is prepared for the new one, and found by its words until that has seen the rest.
    (tmp_path / "c.txt").write_text("The bakery sells rye bread.")
    assert added.ingest.add([str(tmp_path / "c.txt")], "c", Job(0, "test")).added == 1
    assert added.index.answering(number) == (STARTER_EMBEDDER, 1)
    found = retrieve.search(added.documents, added.index, "c", "rye bread", 5)
    assert (found[0].passage.file[-5:], found[0].similarity) == ("c.txt", None)
    evidence = added.answerer.find("c", "When does the gate close?")
    assert evidence.words_only == 1
    assert evidence.details(AnswerDetails()).words_only == 1

    report = added.ingest.resume(Job(0, "test"))
    assert (report.added, report.passages, report.failed) == (2, 2, [])
    assert added.ingest.unprepared() == 0
    assert added.index.answering(number) == (OTHER, 0)
    assert added.ingest.resume(Job(0, "test")).added == 0
    found = retrieve.search(added.documents, added.index, "c", "fruit", 5)
    assert found[0].similarity is not None
    assert [f.similarity for f in found] != [f.similarity for f in before]

    added.settings.change(
        embedder=STARTER_EMBEDDER
    )  # its vectors are still there, but for what came meanwhile
    assert added.index.answering(number) == (OTHER, 0)
    assert added.ingest.resume(Job(0, "test")).added == 1
    assert added.index.answering(number) == (STARTER_EMBEDDER, 0)


@pytest.mark.logs("filling it again")
def test_what_no_embedder_that_is_there_has_seen_is_found_by_words(added: App) -> None:
    number = added.documents.collection("c")
    added.database.write("UPDATE vectors SET embedder = 'gone'")  # made by a model that was removed since
    assert added.index.answering(number) == (STARTER_EMBEDDER, 2)
    found = retrieve.search(added.documents, added.index, "c", "gate", 5)
    assert [(f.passage.file[-5:], f.similarity) for f in found] == [("a.txt", None)]


def test_similarities_of_another_embedder_are_on_the_starters_scale(added: App) -> None:
    """The weights of search and refusal were fitted on that."""
    texts = list(calibration.ENGLISH[1:])
    means = []
    for embedder in (STARTER_EMBEDDER, OTHER):
        values = added.index.models.compare(calibration.ENGLISH[0], texts, embedder=embedder)
        assert all(-1 <= value <= 1 for value in values)
        means.append(sum(values) / len(values))
        same = added.index.models.compare("It rains.", ["It rains."], embedder=embedder)[0]
        assert same > 0.5
    assert abs(means[0] - means[1]) < 0.1


def test_scales_are_moved_onto_one_another() -> None:
    narrow, wide = (0.75, 0.05), (0.1, 0.1)
    moved = calibration.onto({"en": wide}, {"en": narrow}, [0.75, 0.8, 1.0])
    assert moved == pytest.approx([0.1, 0.2, 0.6], abs=1e-5)
    blind = {"en": narrow, "ja": (0.99, 0.001)}  # to which all of Japanese is the same
    starter = {"en": wide, "ja": (0.2, 0.1)}
    assert calibration.onto(starter, blind, [0.8]) == pytest.approx([0.2], abs=1e-5)


def test_an_embedder_that_came_since_the_start_is_known(added: App) -> None:
    added.index.models.compare("Is it open?", ["It is open."])
    known = added.index.worker.spec.options["models"]
    folder = known.pop(OTHER)  # as if it had been downloaded just now
    added.settings.change(embedder=OTHER)
    assert known[OTHER] == folder
    assert added.index.models.compare("Is it open?", ["It is open."])[0] > 0.3


def test_embedding_again_goes_on_after_it_was_stopped(added: App) -> None:
    added.settings.change(embedder=OTHER)
    job = Job(0, "test")
    job.cancel()
    assert added.ingest.resume(job).cancelled
    assert added.index.missing(added.documents.collection("c")) == 2
    assert added.ingest.resume(Job(0, "test")).added == 2


@pytest.mark.logs("filling it again")
def test_an_index_of_another_embedder_that_missed_a_removal_is_filled_again(
    added: App, tmp_path: Path
) -> None:
    added.settings.change(embedder=OTHER)
    added.ingest.resume(Job(0, "test"))
    added.index.check(added.documents.collection("c"))
    added.settings.change(embedder=STARTER_EMBEDDER)
    added.document_service.remove("c", str(tmp_path / "a.txt"))
    added.settings.change(embedder=OTHER)
    added.index.worker.stop()  # a new life of the worker: the index is looked at again
    found = retrieve.search(added.documents, added.index, "c", "anything", 5)
    assert [f.passage.file[-5:] for f in found] == ["b.txt"]
    count = added.index.worker.call(CountVectors(f"collection-1-{OTHER}")).result()
    assert count.count == 1


def test_a_removed_collection_leaves_no_index_of_any_embedder(added: App) -> None:
    added.settings.change(embedder=OTHER)
    added.ingest.resume(Job(0, "test"))
    assert len(added.document_service.remove("c").documents) == 2
    assert added.document_service.purge(Job(0, "test")) == 2
    for name in (f"collection-1-{OTHER}", "collection-1-use-multilingual"):
        assert added.index.worker.call(CountVectors(name)).result().count == 0


def test_the_command_line_says_what_is_found_by_words_only(home: Home, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    assert tsukue(home, "docs", "add", str(tmp_path / "a.txt"), "-c", "c")[0] == 0
    code, out, errors = tsukue(home, "docs", "search", "gate", "-c", "c", "--json")
    assert (code, errors, json.loads(out).keys()) == (0, "", {"id", "query", "passages", "seconds"})
    home.settings.write_text(f'embedder = "{OTHER}"\n')
    code, out, errors = tsukue(home, "docs", "search", "gate", "-c", "c", "--json")
    assert (code, errors, "words_only" in json.loads(out)) == (0, "", False)  # the old one still answers
    (tmp_path / "b.txt").write_text("The lift stops on the third floor.")
    connection = sqlite3.connect(home.database)
    with contextlib.closing(connection), connection:
        connection.execute("DELETE FROM vectors")
    code, out, errors = tsukue(home, "docs", "search", "gate", "-c", "c", "--json")
    assert (code, json.loads(out)["words_only"], len(json.loads(out)["passages"])) == (0, 1, 1)
    assert errors.startswith("tsukue: 1 passage is not embedded yet and was searched by words only")
    _, out, _ = tsukue(home, "docs", "status", "-c", "c", "--json")
    assert len(json.loads(out)["unfinished"]) == 1
    (tmp_path / "a.txt").unlink()  # its text is in the database
    code, out, _ = tsukue(home, "docs", "finish", "--json")
    assert (code, json.loads(out)["finished"], json.loads(out)["passages"]) == (0, 1, 1)
    code, out, _ = tsukue(home, "docs", "status", "-c", "c")
    assert (code, out) == (0, "1 documents, 0 pages, 1 passages; 0 not finished\n")
    code, out, errors = tsukue(home, "docs", "search", "gate", "-c", "c", "--json")
    assert (code, errors, "words_only" in json.loads(out)) == (0, "", False)


# ---------------------------------------------------------------- what is sent


def test_passages_travel_once_and_the_question_is_embedded_once(
    added: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = requests(added, monkeypatch)
    (tmp_path / "c.txt").write_text("The shop opens at nine.")
    added.ingest.add([str(tmp_path / "c.txt")], "c", Job(0, "test"))
    assert [type(r) for r in sent] == [EncodePassages, StoreVectors]
    sent.clear()
    added.answerer.find("c", "When does the gate close?")
    assert [type(r) for r in sent if not isinstance(r, CountVectors)] == [
        EncodeQuestion,
        FindNearest,
        Compare,
    ]


def test_a_question_is_embedded_once_for_search_and_comparison() -> None:
    embedded: list[tuple[str, bool]] = []

    class Counting:
        dimension = 2

        def encode(self, texts: list[str], *, question: bool, threads: int = 1) -> Any:
            embedded.extend((text, question) for text in texts)
            return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)

    encoders = {"a": Counting(), "b": Counting()}
    worker = Encoding({"models": {}, "threads": 1}, lambda name, path: encoders[name], lambda path: None)  # type: ignore[arg-type,return-value]
    context: Any = None

    def question(embedder: str, text: str) -> float:
        data = worker.question(EncodeQuestion(embedder, text), context).data
        return float(np.frombuffer(data, "<f2")[0])

    assert question("a", "when?") == 5
    assert worker.compare(Compare("a", "when?", ["text"]), context).values == [21.0]
    assert question("b", "when?") == 5  # another embedder, another vector
    assert question("b", "where?") == 6
    assert embedded == [("when?", True), ("text", False), ("when?", True), ("where?", True)]


@pytest.mark.logs("filling it again")
def test_a_large_index_is_filled_again_in_several_messages(
    added: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents_index, "REFILL", 3)
    text = "\n".join(f"Paragraph {n} speaks about item {n * 7} at some length. " * 12 for n in range(8))
    (tmp_path / "long.txt").write_text(text)
    added.ingest.add([str(tmp_path / "long.txt")], "c", Job(0, "test"))
    number = added.documents.collection("c")
    vectors = added.documents.count_vectors(number, added.index.embedder)
    assert vectors == added.documents.count_passages(number) > 6
    added.index.drop(number)
    added.index.worker.stop()
    sent = requests(added, monkeypatch)
    added.index.check(number)
    stored = [r.ids for r in sent if isinstance(r, StoreVectors)]
    assert [len(ids) for ids in stored] == [3] * (vectors // 3) + [vectors % 3] * bool(vectors % 3)
    assert len({i for ids in stored for i in ids}) == vectors
    assert added.index.worker.call(CountVectors("collection-1-use-multilingual")).result().count == vectors


# ---------------------------------------------------------------- the store


@pytest.fixture
def store(home: Home) -> Iterator[DocumentStore]:
    """Two collections of 40 documents with three passages each, all but one with vectors."""
    database = Database(home)
    store = DocumentStore(database)
    for name in ("c", "d"):
        number = store.collection(name, create=True)
        for i in range(40):
            values = (number, f"f{i}", f"/{name}/{i:03}", "x", 1, 1, 3, "ready", 0.0)
            document = database.write(
                "INSERT INTO documents (collection, file, path, sha256, size, pages, passages, state, added)"
                " VALUES (?,?,?,?,?,?,?,?,?)",
                *values,
            )
            page = database.write("INSERT INTO pages (document, number, text) VALUES (?,1,'text')", document)
            for _ in range(3):
                passage = database.write(
                    'INSERT INTO passages (document, page, start, "end") VALUES (?,?,0,4)', document, page
                )
                store.put_vectors("e", [(passage, bytes([i, number]))])
    yield store
    database.close()


def plan(store: DocumentStore, method: str, *arguments: Any) -> str:
    """SQLite's plan for the last query of a method."""
    asked: list[str] = []
    store._db.guard = asked.append
    getattr(store, method)(*arguments)
    store._db.guard = None
    values = [None] * asked[-1].count("?")
    return "\n".join(row["detail"] for row in store._db.rows(f"EXPLAIN QUERY PLAN {asked[-1]}", *values))


def test_a_document_is_found_by_its_path_without_reading_the_others(store: DocumentStore) -> None:
    found = store.find("c", "/c/007")
    assert found is not None
    assert (found.file, found.collection, found.passages) == ("f7", "c", 3)
    assert store.find("c", "/d/007") is None
    assert "(collection=? AND path=?)" in plan(store, "find", "c", "/c/007")


def test_documents_come_in_pages(store: DocumentStore) -> None:
    paths = [d.path for d in store.documents("c")]
    assert paths == [f"/c/{i:03}" for i in range(40)]
    assert [d.path for d in store.documents("c", limit=15)] == paths[:15]
    assert [d.path for d in store.documents("c", after="/c/014", limit=15)] == paths[15:30]
    assert store.documents("c", after="/c/039", limit=15) == []
    assert store.count_documents("c") == 40
    assert "(collection=? AND path>?)" in plan(store, "documents", "c")


def test_vectors_are_counted_where_they_lie(store: DocumentStore) -> None:
    number = store.collection("c")
    assert store.count_vectors(number, "e") == 120
    assert store.count_vectors(number, "other") == 0
    assert "SCAN" not in plan(store, "count_vectors", number, "e")


def test_vectors_come_in_pages_of_their_collection(store: DocumentStore) -> None:
    number = store.collection("d")
    seen: list[tuple[int, bytes]] = []
    while page := store.vectors(number, "e", after=seen[-1][0] if seen else 0, limit=50):
        assert len(page) <= 50
        seen += page
    assert len(seen) == 120
    assert [i for i, _ in seen] == sorted({i for i, _ in seen})
    assert {vector[1] for _, vector in seen} == {number}


def test_what_lacks_vectors_is_named(store: DocumentStore) -> None:
    assert store.unfinished("e") == []
    assert len(store.unfinished("other")) == 80
    first = store.documents("c")[0]
    store._db.write("DELETE FROM vectors WHERE passage = (SELECT min(id) FROM passages)")
    store._db.write("UPDATE documents SET state = 'embedding' WHERE path = '/d/003'")
    assert [d.path for d in store.unfinished("e")] == [first.path, "/d/003"]


# ---------------------------------------------------------------- the disk


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("error returned from database: (code: 13) database or disk is full", "DiskFull"),
        ("error returned from database: (code: 778) disk I/O error", "HomeNotWritable"),
        ("error returned from database: (code: 8) attempt to write a readonly database", "HomeNotWritable"),
        ("Error creating hnsw segment: No space left on device (os error 28)", "DiskFull"),
        ("Permission denied (os error 13)", "HomeNotWritable"),
        ("error returned from database: (code: 1) no such table", "InternalError"),
        ("something else", "InternalError"),
    ],
)
def test_what_the_disk_did_to_the_index_is_told_as_such(tmp_path: Path, said: str, error: str) -> None:
    """In a process of its own, as in the worker: chromadb is imported there alone."""
    program = """if True:
        import sys
        from pathlib import Path
        from chromadb.errors import InternalError
        from core.documents.vectors import VectorStore
        store = VectorStore(Path(sys.argv[1]))
        def fail(*_, **__):
            raise InternalError(sys.argv[2])
        store._client.get_or_create_collection = fail
        try:
            store.count("i")
        except Exception as error:
            print(type(error).__name__)
    """
    command = [sys.executable, "-c", program, str(tmp_path), said]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == error, done.stderr


def test_a_first_search_beside_an_addition_loses_no_vectors(
    added: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks at the index in the moment in which vectors are there and SQLite has not got them yet."""
    number = added.documents.collection("c")
    kept = added.documents.put_vectors
    looking: list[threading.Thread] = []

    def slowly(*given: Any) -> None:
        added.index._checked.clear()  # as at the first search of a session
        looking.append(threading.Thread(target=added.index.check, args=(number,)))
        looking[0].start()
        looking[0].join(1.0)
        kept(*given)

    monkeypatch.setattr(added.documents, "put_vectors", slowly)
    (tmp_path / "c.txt").write_text("The bakery sells rye bread.")
    assert added.ingest.add([str(tmp_path / "c.txt")], "c", Job(0, "test")).added == 1
    looking[0].join()
    passage = added.documents.passage_ids(added.documents.documents("c")[-1].id)[0]
    assert passage in [one for one, _ in added.index.nearest(number, "rye bread", 5)]
