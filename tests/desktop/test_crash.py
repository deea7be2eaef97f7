"""Errors that nobody caught are logged and shown, and the window goes on."""

from __future__ import annotations

import faulthandler
import sys
import threading
from collections.abc import Iterator

import pytest

from core.paths import Home
from desktop import crash
from desktop.notify import Notify


@pytest.fixture(autouse=True)
def hooks_of_before(qapp: object) -> Iterator[None]:
    hooks = sys.excepthook, threading.excepthook
    yield
    sys.excepthook, threading.excepthook = hooks
    faulthandler.enable(sys.__stderr__)


@pytest.mark.logs("unexpected error", "shown to the person: ZeroDivisionError")
def test_what_nobody_caught_is_shown(home: Home) -> None:
    notify = Notify()
    crashes = crash.watch(home, notify)
    assert crashes is not None
    sys.excepthook(ZeroDivisionError, ZeroDivisionError("x"), None)
    assert [kind for kind, _ in notify.history] == ["error"]
    faulthandler.disable()
    crashes.close()


@pytest.mark.logs("a native crash could not be written down", "unexpected error", "shown to the person")
def test_the_window_opens_where_crashes_cannot_be_written_down(home: Home) -> None:
    (home.logs / "crash.log").mkdir()
    notify = Notify()
    assert crash.watch(home, notify) is None
    sys.excepthook(ZeroDivisionError, ZeroDivisionError("x"), None)
    assert len(notify.history) == 1, "the rest is in place"
