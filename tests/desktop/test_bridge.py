"""Core events reach the window on its own thread, and signals can be sent without end."""

from __future__ import annotations

import threading

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


def test_signals_can_be_sent_without_end() -> None:
    """Without the workaround in desktop/__init__.py, Python 3.11 aborts here."""
    sender, count = Sender(), []
    sender.sent.connect(count.append)
    for number in range(50_000):
        sender.sent.emit(number)
    assert len(count) == 50_000


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
