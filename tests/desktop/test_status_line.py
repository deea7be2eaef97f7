"""The status line shows what goes on, and nobody's end wipes what somebody else does."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from core.engine.interface import EngineLoading
from core.workers.supervisor import State, WorkerChanged
from desktop.main_window import MainWindow

LOADING = "Loading tiny: 40 %"


def test_each_source_has_an_activity_of_its_own(window: MainWindow) -> None:
    status = window.status
    status.set_activity("a", "A begins")
    status.set_activity("b", "B begins")
    assert status.activity.text() == "B begins"
    status.set_activity("a", "A goes on")
    assert status.activity.text() == "B begins", "the one that began last"
    status.set_activity("c", "")
    assert status.activity.text() == "B begins"
    status.set_activity("b", "")
    assert status.activity.text() == "A goes on"
    status.set_activity("a", "")
    assert status.activity.text() == ""
    assert not status.activity.isVisible()


def test_a_heartbeat_does_not_wipe_what_is_being_loaded(qtbot: QtBot, window: MainWindow) -> None:
    engine = window.app.engine.worker.spec.name
    publish = window.app.events.publish
    publish(EngineLoading("tiny", 40))
    for worker, state in (
        (engine, State.BUSY),
        ("document search", State.IDLE),
        ("document reader", State.OFF),
    ):
        publish(WorkerChanged(worker, state, 123_000_000, 1))
    qtbot.waitUntil(lambda: window._memory.get("document reader") == 123_000_000)
    assert window.status.activity.text() == LOADING


def test_what_fails_to_load_is_not_shown_for_ever(qtbot: QtBot, window: MainWindow) -> None:
    publish = window.app.events.publish
    publish(EngineLoading("tiny", 40))
    qtbot.waitUntil(lambda: window.status.activity.text() == LOADING)
    publish(WorkerChanged(window.app.engine.worker.spec.name, State.IDLE, 1, 1))
    qtbot.waitUntil(lambda: window.status.activity.text() == "")


def test_a_worker_that_starts_is_shown_until_it_is_there(qtbot: QtBot, window: MainWindow) -> None:
    publish = window.app.events.publish
    publish(WorkerChanged("document search", State.STARTING, 0, 1))
    qtbot.waitUntil(lambda: window.status.activity.text() == "Starting: document search")
    publish(WorkerChanged("document search", State.IDLE, 0, 1))
    qtbot.waitUntil(lambda: window.status.activity.text() == "")
