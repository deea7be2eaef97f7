"""Jobs end once, whatever happens in them, and are waited for at the end of the program."""

from __future__ import annotations

import threading

import pytest

from core.errors import Cancelled
from core.jobs import Job, Jobs


def wait_for_cancel(job: Job) -> None:
    stop = threading.Event()
    job.on_cancel(stop.set)
    stop.wait(30)
    job.check()


def test_a_job_ends_once_and_is_waited_for_at_close() -> None:
    jobs, ended = Jobs(), []
    job = jobs.start("work", wait_for_cancel, ended.append)
    assert jobs.close()
    assert ended == [job]
    with pytest.raises(Cancelled):
        job.wait(0)
    with pytest.raises(Cancelled):
        jobs.start("late", wait_for_cancel).wait(0)


def test_close_waits_no_longer_than_it_is_told_and_again_when_asked_again() -> None:
    jobs, release = Jobs(), threading.Event()
    job = jobs.start("deaf", lambda job: release.wait(30))
    assert not jobs.close(0.05)
    assert job.cancelled
    release.set()
    assert jobs.close()
    assert job.result is True


@pytest.mark.logs("could not be stopped everywhere")
def test_a_failing_cancel_does_not_keep_the_others_from_being_told() -> None:
    jobs = Jobs()

    def work(job: Job) -> None:
        job.on_cancel(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
        wait_for_cancel(job)

    started = [jobs.start(f"work {number}", work) for number in range(3)]
    while not all(len(job._on_cancel) == 2 for job in started):
        threading.Event().wait(0.01)
    assert jobs.close()
    assert all(isinstance(job.error, Cancelled) for job in started)


@pytest.mark.logs("the job 'leaves' failed", "what was to follow the job")
def test_an_end_comes_whatever_the_job_raises_and_whatever_follows_it() -> None:
    def leave(job: Job) -> None:
        raise SystemExit(3)

    jobs = Jobs()
    job = jobs.start("leaves", leave, lambda job: 1 / 0)  # type: ignore[arg-type, return-value]
    with pytest.raises(SystemExit):
        job.wait(30)
    assert jobs.close()


def test_close_waits_for_what_follows_a_job() -> None:
    jobs, following, release, followed = Jobs(), threading.Event(), threading.Event(), []

    def follow(job: Job) -> None:
        following.set()
        release.wait(30)
        followed.append(job)

    job = jobs.start("short", lambda job: None, follow)
    assert following.wait(30)
    assert job.done
    assert not jobs.close(0.01)
    release.set()
    assert jobs.close()
    assert followed == [job]


def test_who_has_left_is_not_told_of_a_cancel() -> None:
    job, told = Job(1, "work"), []
    leave = job.on_cancel(lambda: told.append("left"))
    job.on_cancel(lambda: told.append("stayed"))
    leave()
    leave()
    job.cancel()
    assert told == ["stayed"]
    job.on_cancel(lambda: told.append("late"))
    assert told == ["stayed", "late"]


def test_a_job_that_begins_while_all_is_closed_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's last words are written as the program is closed: what follows them begins in that moment."""
    jobs = Jobs()
    begins = threading.Event()
    usual = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name == "late":
            begins.set()
            closing.wait(0.2)  # `close` comes between a thread and its start, if anything lets it
        usual(thread)

    closing = threading.Event()
    monkeypatch.setattr(threading.Thread, "start", start)
    starter = threading.Thread(target=lambda: jobs.start("late", lambda job: job.pause(60)))
    starter.start()
    assert begins.wait(10)
    assert jobs.close(10)
    starter.join(10)
    closing.set()
