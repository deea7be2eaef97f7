"""Core events reach the window on its own thread, and signals can be sent without end."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject, QThread, Signal
from pytestqt.qtbot import QtBot

from core.events import Event, Events
from core.jobs import Job, Jobs
from desktop.bridge import Bridge
from desktop.notify import Notify
from desktop.operations import Operations


class Sender(QObject):
    sent = Signal(object)


def test_handlers_run_on_the_windows_thread(qtbot: QtBot) -> None:
    events, seen = Events(), []
    bridge = Bridge(events)
    bridge.on(Event, lambda event: seen.append(QThread.currentThread() is bridge.thread()))
    thread = threading.Thread(target=lambda: events.publish(Event()))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: seen == [True])
    bridge.close()
    events.publish(Event())
    qtbot.wait(20)
    assert seen == [True]


class Other(Event):
    """An event of another kind."""


def test_who_has_left_hears_nothing_more_not_even_what_is_on_its_way(qtbot: QtBot) -> None:
    events, seen = Events(), []
    bridge = Bridge(events)
    leave = bridge.on(Event, lambda event: seen.append("left"))
    again = bridge.on(Event, lambda event: seen.append("left"))
    bridge.on(Event, lambda event: seen.append("stayed"))
    bridge.on(Other, lambda event: leaves())
    bridge.on(Other, lambda event: seen.append("other"))
    leaves = bridge.on(Other, lambda event: seen.append("ended by an earlier handler"))
    events.publish(Event())
    leave()
    leave()
    qtbot.waitUntil(lambda: seen == ["left", "stayed"])
    again()
    events.publish(Other())
    qtbot.waitUntil(lambda: seen[2:] == ["stayed", "other"])
    bridge.close()


@pytest.mark.logs("a handler of Other failed")
def test_a_handler_that_fails_is_named_shown_and_does_not_stop_the_others(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    events, seen = Events(), []
    bridge = Bridge(events)
    bridge.on(Event, lambda event: 1 / 0)  # type: ignore[arg-type, return-value]
    bridge.on(Event, seen.append)
    with qtbot.captureExceptions() as shown:
        events.publish(Other())
        qtbot.waitUntil(lambda: len(seen) == 1)
    assert [kind for kind, _, _ in shown] == [ZeroDivisionError]
    assert "a handler of Other failed" in caplog.text
    bridge.close()


def test_signals_can_be_sent_without_end() -> None:
    """Without the workaround in desktop/__init__.py, Python 3.11 aborts here."""
    sender, count = Sender(), []
    sender.sent.connect(count.append)
    for number in range(50_000):
        sender.sent.emit(number)
    assert len(count) == 50_000


@pytest.mark.logs("the job 'fails' failed", "shown to the person")
def test_a_failed_operation_is_shown_by_default(qtbot: QtBot) -> None:
    jobs, notify = Jobs(), Notify()
    operations = Operations(jobs, notify)
    results: list[object] = []

    def fail(job: Job) -> None:
        raise ZeroDivisionError

    operations.run("works", lambda job: 42, results.append)
    operations.run("fails", fail)
    qtbot.waitUntil(lambda: bool(results) and bool(notify.history))
    assert results == [42]
    assert notify.history[0][0] == "error"
    assert "ZeroDivisionError" in notify.history[0][1]
    jobs.close()
