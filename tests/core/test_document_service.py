"""What is done with documents that are there: removed and brought back, moved, merged, exported, watched; and work that waits."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from core.app import App
from core.documents import retrieve, service
from core.documents.messages import EncodePassages
from core.documents.model import Page
from core.documents.passages import Passage
from core.documents.progress import IngestProgress, Stage
from core.errors import (
    Cancelled,
    CollectionExists,
    CollectionMissing,
    DiskFull,
    FileEncrypted,
    FileMissing,
    ImportUnusable,
)
from core.jobs import Job
from core.paths import Home
from core.storage.documents import draft
from core.workers.messages import Request
from tests.conftest import ROOT, until

JOB = Job(0, "test")
SCANS = ROOT / "tests" / "data" / "scans"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    for name, words in (
        ("gate.txt", "The gate closes at eight."),
        ("shop.txt", "The shop opens at nine."),
        ("駅.txt", "始発は五時十二分です。"),
    ):
        (folder / name).write_text(words)
    return folder


def add(app: App, *paths: Path, collection: str = "c") -> Any:
    return app.additions.add([str(path) for path in paths], collection).wait(60)


def found(app: App, question: str, collection: str = "c") -> list[str]:
    hits = retrieve.search(app.documents, app.index, collection, question, 5)
    return [Path(f.passage.path).name for f in hits]


def older(path: Path) -> Path:
    """As if it had been written a while ago: what was changed in this moment may change again unseen."""
    os.utime(path, (time.time() - 100, time.time() - 100))
    return path


# ---------------------------------------------------------------- what is asked for


def test_what_was_asked_for_goes_on_after_the_end_of_the_program(home: Home, files: Path) -> None:
    app = App(home)
    app.additions.pause(True)
    addition = app.additions.add([str(files)], "c")
    until(lambda: len(app.documents.wishes()) == 1)
    app.close()
    assert addition.wait(0).cancelled
    again = App(home)
    try:
        assert again.additions.paused  # also tomorrow
        first = again.additions.resume()
        until(lambda: len(again.additions.line) == 2)
        assert not again.documents.has_collection("c")
        again.additions.pause(False)
        first.wait(60)
        until(lambda: not again.additions.line, 60)
        assert again.documents.count_documents("c") == 3
        assert again.documents.wishes() == []
    finally:
        again.close()


def test_what_is_done_is_forgotten_while_it_stands_in_the_line(
    home: Home, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever sees an empty line could find it still asked for, and take it up a second time."""
    app = App(home)
    lines: list[int] = []
    end = app.documents.end_wish

    def end_wish(wish: int) -> None:
        lines.append(len(app.additions.line))
        end(wish)

    monkeypatch.setattr(app.documents, "end_wish", end_wish)
    try:
        add(app, files)
        assert lines == [1]
        assert app.documents.wishes() == []
    finally:
        app.close()


def test_what_is_taken_back_does_not_come_again(home: Home, files: Path) -> None:
    app = App(home)
    app.additions.pause(True)
    addition = app.additions.add([str(files)], "c")
    until(lambda: len(app.documents.wishes()) == 1)
    addition.cancel()
    assert addition.wait(30).cancelled
    assert app.documents.wishes() == []
    app.close()


@pytest.mark.logs("a file was not added")
def test_a_file_that_fails_is_remembered_until_it_is_read(app: App, files: Path) -> None:
    bad = files / "bad.pdf"
    bad.write_bytes(b"%PDF-1.4 nothing")
    report = add(app, files)
    assert report.added == 3
    (failure,) = app.documents.failures("c")
    assert (failure.path, str(failure.error)) == (str(bad), str(report.failed[0].error))
    assert app.documents.collections()[0].failed == 1
    bad.write_bytes((Path(__file__).parent.parent / "data/corpus/kettle-en.pdf").read_bytes())
    retried = app.document_service.retry("c")
    assert retried is not None
    assert retried.wait(60).added == 1
    assert app.documents.failures("c") == []
    assert app.document_service.retry("c") is None


def test_short_files_share_a_batch_and_progress_is_told(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        (tmp_path / f"{number:02}.txt").write_text(f"Gate {number} closes at {number}.")
    batches: list[int] = []
    call = app.index.worker.call

    def count(request: Request, *more: Any) -> Any:
        if isinstance(request, EncodePassages):
            batches.append(len(request.texts))
        return call(request, *more)

    monkeypatch.setattr(app.index.worker, "call", count)
    told: list[IngestProgress] = []
    app.events.listen(IngestProgress, told.append)
    report = add(app, tmp_path)
    assert report.added == 40
    assert sum(batches) == 40
    assert len(batches) < 20  # not one for each file
    assert {p.stage for p in told} == {Stage.READING, Stage.EMBEDDING}
    assert max(p.done for p in told) == 40


def test_pages_are_counted_while_a_long_file_is_read(app: App) -> None:
    told: list[IngestProgress] = []
    app.events.listen(IngestProgress, told.append)
    add(app, Path(__file__).parent.parent / "data/corpus/kettle-en.pdf")
    read = [(p.part, p.parts) for p in told if p.stage is Stage.READING and p.parts]
    assert read == [(n, read[0][1]) for n in range(1, read[0][1] + 1)]


@pytest.mark.logs("a file was not added")
def test_a_protected_pdf_is_read_with_its_password_which_is_not_kept(app: App, tmp_path: Path) -> None:
    path = tmp_path / "secret.pdf"
    canvas = Canvas(str(path), encrypt=StandardEncryption("the-word-7913", canPrint=0))
    canvas.drawString(72, 700, "The vault opens at five.")
    canvas.save()
    assert type(add(app, path).failed[0].error) is FileEncrypted
    report = app.document_service.unlock("c", str(path), "wrong").wait(60)
    assert type(report.failed[0].error) is FileEncrypted
    assert app.document_service.unlock("c", str(path), "the-word-7913").wait(60).added == 1
    assert found(app, "vault") == ["secret.pdf"]
    assert app.documents.failures("c") == []
    app.database.row("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = b"".join(file.read_bytes() for file in app.home.root.rglob("*") if file.is_file())
    assert b"the-word-7913" not in kept


def test_a_text_is_read_in_the_encoding_that_was_chosen_also_later(app: App, tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_bytes("Größe: 5 m".encode("cp1252"))
    add(app, path)
    app.document_service.read_in("c", str(path), "cp1251").wait(60)
    (document,) = app.documents.documents("c")
    assert document.encoding == "cp1251"
    assert app.documents.page(app.documents.page_ids(document.id)[0][0]).text == "GrцЯe: 5 m"  # type: ignore[union-attr]
    older(path).write_bytes("Höhe: 6 m".encode("cp1252"))
    app.document_service.read_again("c", str(path)).wait(60)
    (document,) = app.documents.documents("c")
    assert app.documents.page(app.documents.page_ids(document.id)[0][0]).text == "Hцhe: 6 m"  # type: ignore[union-attr]
    app.document_service.read_in("c", str(path), "").wait(60)
    (document,) = app.documents.documents("c")
    assert app.documents.page(app.documents.page_ids(document.id)[0][0]).text == "Höhe: 6 m"  # type: ignore[union-attr]


@pytest.mark.logs("failed")
def test_an_addition_that_cannot_be_written_down_does_not_hold_up_the_others(
    app: App, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = app.documents.add_wish

    def full(collection: str, given: tuple[str, ...]) -> int:
        raise DiskFull("here")

    monkeypatch.setattr(app.documents, "add_wish", full)
    with pytest.raises(DiskFull):
        add(app, files, collection="a")
    monkeypatch.setattr(app.documents, "add_wish", keep)
    assert add(app, files, collection="b").added == 3
    assert app.additions.line == []


@pytest.mark.logs("documents were not embedded")
@pytest.mark.parametrize("error", [DiskFull("here"), RuntimeError("anything")])
def test_what_goes_wrong_while_embedding_is_the_files_and_nobody_waits_for_ever(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    for number in range(3):  # more than may be ahead of the embedding
        text = "\n\n".join(f"Row {number} {n} of the list says {n * 7919}. " * 20 for n in range(300))
        (tmp_path / f"{number}.txt").write_text(text)

    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(app.documents, "without_vectors", fail)
    report = add(app, tmp_path)
    assert len(report.failed) == 3
    assert report.added == 0


@pytest.mark.logs("a file was not added")
def test_a_file_that_is_asked_to_be_read_again_keeps_its_size(app: App, files: Path) -> None:
    add(app, files / "gate.txt")
    (before,) = app.documents.documents("c")
    (files / "gate.txt").unlink()
    app.document_service.read_again("c", str(files / "gate.txt")).wait(60)
    (after,) = app.documents.documents("c")  # its text is kept, although its file is not there to be read
    assert (after.id, after.size) == (before.id, before.size)


# ---------------------------------------------------------------- pictures


def scans(folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(SCANS / "notice.png", folder)
    return folder / "notice.png"


def test_a_page_is_recognised_once_and_waits_while_its_file_is_away(app: App, tmp_path: Path) -> None:
    path = scans(tmp_path / "scans")
    app.additions.pause(True)  # holds recognition up too
    addition = app.additions.add([str(path)], "c")
    app.additions.then = lambda: None
    app.additions.pause(False)
    addition.wait(60)
    (document,) = app.documents.documents("c")
    assert document.recognising == 1
    path.rename(path.with_name("away.png"))
    job = app.recognition.start()
    assert job is not None
    job.wait(120)
    (document,) = app.documents.documents("c")
    assert document.recognising == 1  # nothing is given up
    path.with_name("away.png").rename(path)
    job = app.recognition.start()
    assert job is not None
    job.wait(120)
    (document,) = app.documents.documents("c")
    assert (document.recognising, document.passages) == (0, 1)
    assert found(app, "When is the reading room closed?") == ["notice.png"]
    ((page_id, _, _),) = app.documents.page_ids(document.id)
    app.documents.put_recognised(document.id, page_id, draft(Page(1, "twice"), [Passage(0, 5, "")]))
    assert len(app.documents.passage_ids(document.id)) == 1


# ---------------------------------------------------------------- removing


def test_a_removed_document_can_be_brought_back_for_a_while(app: App, files: Path) -> None:
    add(app, files)
    removed = app.document_service.remove("c", "gate.txt")
    assert "gate.txt" not in found(app, "When does the gate close?")
    assert app.documents.count_documents("c") == 2
    assert app.document_service.restore(removed) == "c"
    assert found(app, "When does the gate close?")[0] == "gate.txt"
    assert app.index.missing(app.documents.collection("c")) == 0


def test_a_removed_collection_comes_back_under_a_free_name(app: App, files: Path) -> None:
    add(app, files)
    removed = app.document_service.remove("c")
    with pytest.raises(CollectionMissing):
        app.documents.documents("c")
    add(app, files / "shop.txt")  # another of this name, meanwhile
    assert app.document_service.restore(removed) == "c 2"
    assert found(app, "gate", "c 2")[0] == "gate.txt"
    assert [c.documents for c in app.documents.collections()] == [1, 3]


def test_what_is_removed_for_good_gives_its_room_back(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "GIVE_BACK", 100)
    (tmp_path / "long.txt").write_text(
        "\n\n".join(f"Row {n} of the list says {n * 7919}. " * 40 for n in range(500))
    )
    (tmp_path / "gate.txt").write_text("The gate closes at eight.")
    add(app, tmp_path)
    app.database.row("PRAGMA wal_checkpoint(TRUNCATE)")
    before = app.home.database.stat().st_size
    app.document_service.remove("c", "long.txt")
    assert app.document_service.purge(JOB) == 1
    app.database.write("PRAGMA wal_checkpoint(TRUNCATE)")
    assert app.home.database.stat().st_size < before / 2
    assert b"7919" not in app.home.database.read_bytes()
    assert found(app, "gate") == ["gate.txt"]
    assert app.document_service.purge(JOB) == 0


def test_a_removal_is_finished_at_the_next_start(home: Home, files: Path) -> None:
    app = App(home)
    add(app, files)
    app.document_service.remove("c")
    app.close()
    again = App(home)
    try:
        until(lambda: again.database.row("SELECT 1 FROM documents") is None)
        until(lambda: again.database.row("SELECT 1 FROM collections") is None)
    finally:
        again.close()


# ---------------------------------------------------------------- moving


def test_renaming_merging_and_moving_take_conversations_along(app: App, files: Path) -> None:
    add(app, files / "gate.txt", collection="a")
    add(app, files / "shop.txt", files / "gate.txt", collection="b")
    chat = app.chat.new_conversation(collection="a")
    with pytest.raises(CollectionExists):
        app.document_service.rename("a", "b")
    app.document_service.rename("a", "Office")
    assert app.conversations.get(chat.id).collection == "Office"
    assert app.document_service.move("b", "shop.txt", "Office") == 1
    assert found(app, "shop", "Office")[0] == "shop.txt"
    assert "shop.txt" not in found(app, "shop", "b")
    with pytest.raises(FileMissing):
        app.document_service.move("b", "nothing.txt", "Office")
    assert app.document_service.merge("Office", "b") == 2
    assert sorted(Path(d.path).name for d in app.documents.documents("b")) == ["gate.txt", "shop.txt"]
    assert app.conversations.get(chat.id).collection == "b"
    assert found(app, "When does the gate close?", "b")[0] == "gate.txt"
    assert [c.name for c in app.documents.collections()] == ["b"]


def test_a_collection_goes_out_and_comes_in_as_one_file(
    app: App, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(Path(__file__).parent.parent / "data/corpus/kettle-en.pdf", files)
    add(app, files)
    path = tmp_path / "c.tsukue"
    assert app.document_service.export("c", path) == 4
    calls: list[str] = []
    call = app.index.worker.call
    monkeypatch.setattr(
        app.index.worker, "call", lambda r, *more: (calls.append(type(r).__name__), call(r, *more))[1]
    )
    name = app.document_service.import_file(path)
    assert name == "c 2"
    until(lambda: not app.additions.line)
    assert "EncodePassages" not in calls  # vectors came along
    for question in ("When does the gate close?", "始発は何時ですか。", "warranty of the heating base"):
        assert found(app, question, name) == found(app, question, "c")
    assert [d.origin for d in app.documents.documents(name)] == ["import"] * 4
    app.document_service.look(JOB)
    assert not any(d.gone or d.changed for d in app.documents.documents(name))


@pytest.mark.parametrize(
    "harm",
    [
        lambda db: db.execute("UPDATE pages SET blocks = x'c1'"),
        lambda db: db.execute('UPDATE passages SET "end" = 999999'),
        lambda db: db.execute("UPDATE documents SET notes = '{'"),
        lambda db: db.execute("PRAGMA application_id = 5"),
        lambda db: db.execute("DROP TABLE vectors"),
        lambda db: db.execute("UPDATE collection SET version = 99"),
    ],
)
def test_a_file_that_is_no_export_is_refused_and_leaves_nothing(
    app: App, files: Path, tmp_path: Path, harm: Callable[[sqlite3.Connection], Any]
) -> None:
    add(app, files)
    path = tmp_path / "c.tsukue"
    app.document_service.export("c", path)
    with sqlite3.connect(path) as connection:
        harm(connection)
    connection.close()
    with pytest.raises(ImportUnusable):
        app.document_service.import_file(path)
    assert [c.name for c in app.documents.collections()] == ["c"]
    path.write_text("not a database")
    with pytest.raises(ImportUnusable):
        app.document_service.import_file(path)


# ---------------------------------------------------------------- looking after


def test_files_that_change_go_and_come_back_are_noticed(app: App, files: Path) -> None:
    for path in files.iterdir():
        older(path)
    add(app, files)
    gate, shop = files / "gate.txt", files / "shop.txt"
    gate.write_text("The gate closes at ten now.")
    shop.rename(files.parent / "elsewhere.txt")
    app.document_service.look(JOB)
    state = {
        Path(d.path).name: (d.changed is not None, d.gone is not None) for d in app.documents.documents("c")
    }
    assert state == {"gate.txt": (True, False), "shop.txt": (False, True), "駅.txt": (False, False)}
    assert "shop.txt" not in found(app, "When does the shop open?")
    (files.parent / "elsewhere.txt").rename(shop)
    app.document_service.look(JOB)
    assert found(app, "When does the shop open?")[0] == "shop.txt"
    retried = app.document_service.retry("c")
    assert retried is not None
    assert retried.wait(60).replaced == 1
    assert (
        app.documents.passages(
            [
                i
                for d in app.documents.documents("c")
                if d.path == str(gate)
                for i in app.documents.passage_ids(d.id)
            ]
        )[0].text
        == "The gate closes at ten now."
    )


def test_a_watched_folder_is_followed(app: App, files: Path) -> None:
    def look() -> None:
        for _ in range(2):  # a file is taken when two looks have found it the same
            for folder in app.documents.watched():
                app.watching.look(folder)
        until(lambda: not app.additions.line, 60)

    app.watching.watch(str(files), "c")
    until(lambda: not app.additions.line, 60)
    assert app.documents.count_documents("c") == 3
    (files / "new.txt").write_text("The boat leaves at noon.")
    (files / "gate.txt").write_text("The gate closes at eleven.")
    look()
    assert found(app, "boat")[0] == "new.txt"
    assert "eleven" in app.documents.passages(app.documents.passage_ids(document(app, "gate.txt").id))[0].text
    (files / "new.txt").rename(files / "boat.txt")
    before = document(app, "new.txt").id
    look()
    assert document(app, "boat.txt").id == before  # known under its new name, not read again
    (files / "shop.txt").unlink()
    look()
    assert document(app, "shop.txt").gone is not None
    app.document_service.remove("c", str(files / "gate.txt"))
    look()
    assert "gate.txt" not in [Path(d.path).name for d in app.documents.documents("c")]  # the person's wish
    add(app, files / "gate.txt")
    assert document(app, "gate.txt").removed is None
    files.rename(files.with_name("away"))  # a drive that is not connected
    look()
    (folder,) = app.documents.watched()
    assert folder.lost is not None
    app.document_service.look(JOB)
    assert document(app, "boat.txt").gone is None
    assert found(app, "boat")[0] == "boat.txt"  # what was read of it still answers
    files.with_name("away").rename(files)
    look()
    assert app.documents.watched()[0].lost is None
    app.watching.unwatch(str(files), "c")
    assert app.documents.watched() == []


def test_a_look_whose_call_is_taken_back_is_made_again(
    app: App, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search's process is stopped where its files are made anew: nothing is wrong, and nothing is logged."""
    looks: list[int] = []

    def look(job: Job) -> None:
        looks.append(1)
        if len(looks) == 1:
            raise Cancelled

    monkeypatch.setattr("core.documents.watching.LOOKS", 1)
    monkeypatch.setattr(app.document_service, "look", look)
    app.watching.seconds = 0.01
    app.watching.start()
    until(lambda: len(looks) > 1)


def document(app: App, name: str) -> Any:
    return next(d for d in app.documents.documents("c") if Path(d.path).name == name)
