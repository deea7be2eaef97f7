"""Additions: they wait their turn, each can be taken back, and nothing empty is left behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.app import App
from core.documents.additions import Addition, AdditionEnded, AdditionsChanged, AdditionState
from core.errors import DiskFull, FileMissing
from core.paths import Home
from core.workers.supervisor import State
from tests.conftest import CORPUS, until

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP")
Hold = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def hold(app: App) -> Hold:
    """Keeps the reader of documents still for a while: what it was given waits."""

    @contextmanager
    def still() -> Iterator[None]:
        app.ingest.parser.start()
        until(lambda: app.ingest.parser.state is State.IDLE)
        pid = app.ingest.parser.pid or 0
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    return still


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    paths = [tmp_path / name for name in ("one.txt", "two.txt", "three.txt")]
    for number, path in enumerate(paths):
        path.write_text(f"The gate closes at {number + 5}.")
    return [str(path) for path in paths]


def names(app: App) -> list[str]:
    return [collection.name for collection in app.documents.collections()]


@POSIX
def test_additions_wait_their_turn_in_order(app: App, hold: Hold, files: list[str]) -> None:
    lines: list[AdditionsChanged] = []
    ended: list[AdditionEnded] = []
    app.events.listen(AdditionsChanged, lines.append)
    app.events.listen(AdditionEnded, ended.append)
    with hold():
        additions = [app.additions.add([file]) for file in files]
        until(lambda: additions[0].state is AdditionState.RUNNING)
        assert [a.state for a in additions[1:]] == [AdditionState.WAITING] * 2
        assert app.additions.line == additions
        until(lambda: lines[-1] == AdditionsChanged(additions[0], tuple(additions[1:])))
        until(lambda: names(app) == ["one"])  # those that wait have touched nothing
    assert [addition.wait().added for addition in additions] == [1, 1, 1]
    until(lambda: len(ended) == 3)
    assert [event.addition for event in ended] == additions
    assert all(
        event.report is not None and event.report.added == 1 and event.error is None for event in ended
    )
    until(lambda: lines[-1] == AdditionsChanged(None, ()))
    assert app.additions.line == []
    assert names(app) == ["one", "three", "two"]


@POSIX
def test_each_addition_is_taken_back_by_itself(app: App, hold: Hold, files: list[str]) -> None:
    with hold():
        first, second, third = (app.additions.add([file]) for file in files)
        until(lambda: first.state is AdditionState.RUNNING)
        second.cancel()
        report = second.wait(30)  # although the first one still runs
        assert (report.cancelled, report.added, second.state) == (True, 0, AdditionState.ENDED)
        assert app.additions.line == [first, third]
    assert (first.wait().added, third.wait().added) == (1, 1)
    assert names(app) == ["one", "three"]


@POSIX
def test_taking_back_what_runs_lets_the_next_one_run(app: App, hold: Hold, files: list[str]) -> None:
    with hold():
        first, second = app.additions.add(files[:1]), app.additions.add(files[1:2])
        until(lambda: first.state is AdditionState.RUNNING)
        first.cancel()
    assert first.wait().cancelled
    assert second.wait().added == 1
    # Where the file had been read in the moment of the cancel, it stays, to be gone on with; else nothing does.
    assert names(app) in (["two"], ["one", "two"])
    if "one" in names(app):
        assert [d.state for d in app.documents.documents("one")] == ["embedding"]


@POSIX
def test_closing_the_program_ends_what_waits(home: Home, files: list[str]) -> None:
    app = App(home)
    app.ingest.parser.start()
    until(lambda: app.ingest.parser.state is State.IDLE)
    pid = app.ingest.parser.pid or 0
    os.kill(pid, signal.SIGSTOP)
    additions: list[Addition] = []
    try:
        additions += [app.additions.add([file]) for file in files]
        until(lambda: additions[0].state is AdditionState.RUNNING)
        for addition in additions[1:]:
            addition.cancel()
            assert addition.wait(30).cancelled
    finally:
        os.kill(pid, signal.SIGCONT)
        app.close()
    assert additions[0].wait(0).cancelled or additions[0].wait(0).added == 1
    late = app.additions.add(files[:1], "c")
    assert (late.state, app.additions.line) == (AdditionState.ENDED, [])


def test_a_new_collection_is_called_after_the_first_file(app: App, files: list[str], tmp_path: Path) -> None:
    assert app.additions.new_name("/x/report.v2.pdf") == "report.v2"
    app.additions.add(files[:1]).wait()
    assert app.additions.new_name(files[0]) == "one 2"
    app.additions.add(files[:1]).wait()
    assert app.additions.new_name(files[0]) == "one 3"
    assert app.additions.new_name("/") == "documents"
    assert app.additions.new_name("") == "documents"
    assert app.additions.new_name("/x/bad\udcff.pdf") == "bad?"


@POSIX
@pytest.mark.logs("a file was not added")
def test_two_that_wait_are_not_given_the_same_name(
    app: App, hold: Hold, files: list[str], tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    missing = str(tmp_path / "elsewhere/one.txt")  # leaves no collection, so its name is free again
    with hold():
        additions = [app.additions.add([file]) for file in (files[0], missing, files[0], files[0])]
    for addition in additions:
        addition.wait()
    assert [a.collection for a in additions] == ["one", "one 2", "one 2", "one 3"]
    assert names(app) == ["one", "one 2", "one 3"]


def test_asking_for_an_addition_reads_nothing_on_the_callers_thread(app: App, files: list[str]) -> None:
    caller = threading.get_ident()
    readers: set[int] = set()
    app.database.guard = lambda _: readers.add(threading.get_ident())
    for addition in (app.additions.add(files), app.additions.resume()):
        addition.wait()
    app.database.guard = None
    assert readers
    assert caller not in readers


@pytest.mark.logs("a file was not added")
def test_a_collection_for_which_nothing_could_be_read_is_not_left(
    app: App, files: list[str], tmp_path: Path
) -> None:
    report = app.additions.add([str(tmp_path / "none.pdf")]).wait()
    assert ([type(f.error) for f in report.failed], report.good) == ([FileMissing], 0)
    assert names(app) == []
    app.additions.add(files[:1], "kept").wait()
    app.additions.add([str(tmp_path / "none.pdf")], "kept").wait()
    assert names(app) == ["kept"]
    app.documents.collection("empty but made before", create=True)
    app.additions.add([str(tmp_path / "none.pdf")], "empty but made before").wait()
    assert names(app) == ["empty but made before", "kept"]


def test_an_error_that_makes_all_of_it_fail_is_told_and_the_next_one_runs(
    app: App, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[AdditionEnded] = []
    app.events.listen(AdditionEnded, ended.append)

    def full(*_: Any) -> None:
        raise DiskFull("somewhere")

    with monkeypatch.context() as patch:
        patch.setattr(app.ingest, "add", full)
        addition = app.additions.add(files[:1])
        with pytest.raises(DiskFull):
            addition.wait()
    assert app.additions.add(files[1:2]).wait().added == 1
    assert [type(event.error) for event in ended] == [DiskFull, type(None)]
    assert ended[0].report is None


def test_resuming_takes_its_turn_and_embeds_what_another_embedder_has_not_seen(
    app: App, files: list[str]
) -> None:
    app.additions.add(files, "c").wait()
    assert app.additions.resume().wait().good == 0
    app.settings.change(embedder="all-minilm-l6-v2")
    first, resuming = app.additions.add(files[:1], "d"), app.additions.resume()
    assert (first.resuming, resuming.resuming) == (False, True)
    first.wait()
    report = resuming.wait()
    assert (report.added, report.passages) == (3, 3)
    assert app.index.missing(app.documents.collection("c")) == 0


@POSIX
def test_a_source_is_drawn_while_a_file_is_being_read(app: App, hold: Hold, files: list[str]) -> None:
    with hold():
        addition = app.additions.add(files)
        until(lambda: app.ingest.parser.state is State.BUSY)
        image = app.pages.draw(str(CORPUS / "kettle-en.pdf"), 4, 400)
        assert image.width == 400
        assert addition.state is AdditionState.RUNNING  # the file is still being read
    assert addition.wait().added == 3
