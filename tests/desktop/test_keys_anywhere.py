"""Keys that open the quick window from any program: the desktop's portal, X11, and neither."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.errors import Cancelled, KeysTaken
from core.jobs import Jobs
from desktop.main_window import MainWindow
from desktop.quick import anywhere, x11_keys
from tests.conftest import until
from tests.support import portal

SHIFT = 0xFFE1  # the keysym
needs_xtest = pytest.mark.skipif(
    ctypes.util.find_library("Xtst") is None, reason="needs libxtst6 (Debian: `apt-get install libxtst6`)"
)


@pytest.fixture
def no_portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.close()


def type_keys(*more: int) -> None:
    """Press Ctrl, Alt, `more` and Space on the display's keyboard, as a person does while another program has it."""
    x11, test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    codes = [x11.XKeysymToKeycode(display, ctypes.c_ulong(key)) for key in (0xFFE3, 0xFFE9, *more, 0x20)]
    for code in codes:
        test.XTestFakeKeyEvent(display, code, 1, ctypes.c_ulong(0))
    for code in reversed(codes):
        test.XTestFakeKeyEvent(display, code, 0, ctypes.c_ulong(0))
    x11.XSync(display, 0)
    x11.XCloseDisplay(display)


@portal.needs_bus
def test_the_desktop_s_keys_open_the_quick_window(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal.bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        desktop = portal.Desktop(address, tmp_path)
        try:
            window.app.settings.change(keys_anywhere=True)
            qtbot.waitUntil(lambda: len(desktop.asked) == 2, timeout=20_000)
            desktop.press("quick-question")
            qtbot.waitUntil(lambda: window._there("quick") and window.quick.isVisible(), timeout=20_000)
            talked: list[bool] = []
            monkeypatch.setattr(window, "talk", lambda *, hands_free: talked.append(hands_free))
            desktop.press("speak")
            qtbot.waitUntil(lambda: talked == [False], timeout=20_000)
            window.app.settings.change(keys_anywhere=False)
            qtbot.waitUntil(lambda: not window.keys_anywhere.listening, timeout=20_000)
        finally:
            desktop.close()


@needs_xtest
def test_x11_s_keys_open_the_quick_window(
    qtbot: QtBot, window: MainWindow, no_portal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.app.settings.change(keys_anywhere=True)
    window.hide()

    def opened() -> bool:
        type_keys()  # again, until it listens
        return window._there("quick") and window.quick.isVisible()

    qtbot.waitUntil(opened, timeout=20_000)
    talked: list[bool] = []
    monkeypatch.setattr(window, "talk", lambda *, hands_free: talked.append(hands_free))
    type_keys(SHIFT)
    qtbot.waitUntil(lambda: talked == [False], timeout=20_000)
    window.app.settings.change(keys_anywhere=False)
    qtbot.waitUntil(lambda: not window.keys_anywhere.listening, timeout=20_000)


@needs_xtest
def test_keys_of_another_program_are_left_to_it(jobs: Jobs, no_portal: None) -> None:
    heard: list[int] = []
    first = jobs.start("first", lambda job: x11_keys.listen(job, lambda: heard.append(1)))

    def hears() -> bool:
        type_keys()
        return bool(heard)

    until(hears)
    with pytest.raises(KeysTaken):
        jobs.start("second", lambda job: x11_keys.listen(job, lambda: None)).wait(20)
    first.cancel()
    with pytest.raises(Cancelled):
        first.wait(20)
    third = jobs.start("third", lambda job: x11_keys.listen(job, lambda: heard.append(3)))
    until(lambda: hears() and 3 in heard)
    third.cancel()
    with pytest.raises(Cancelled):
        third.wait(20)


def test_a_desktop_without_such_keys_is_said(
    qtbot: QtBot, window: MainWindow, no_portal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anywhere.x11_keys, "listen", _no_display)
    window.app.settings.change(keys_anywhere=True)
    qtbot.waitUntil(lambda: "tsukue quick" in window.chat.banner.text.text(), timeout=20_000)
    assert not window.keys_anywhere.listening


def _no_display(*_: object) -> None:
    from core.errors import PortalMissing

    raise PortalMissing()
