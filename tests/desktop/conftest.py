"""The real window on a virtual display, its core with the scripted engine unless a test asks for the real one."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core import garbage
from core.app import App
from core.models import discover
from core.paths import Home
from desktop import i18n, theme
from desktop.main_window import MainWindow
from desktop.widgets.banner import Banner
from tests.support import window_guard

Open = Callable[..., MainWindow]


@pytest.fixture(autouse=True, scope="session")
def garbage_is_collected_as_in_the_program(qapp: QApplication) -> Iterator[None]:
    """On the window's thread alone; of what a test's window leaves much is cycles of Qt's objects."""
    gc.disable()
    timer = QTimer(interval=500)
    timer.timeout.connect(garbage.collect)
    timer.start()
    yield
    timer.stop()
    gc.enable()


@pytest.fixture(autouse=True)
def no_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have other programs' models; a test that wants some says so."""
    monkeypatch.setattr(discover, "find", list)


@pytest.fixture
def open_window(qtbot: QtBot, qapp: QApplication, home: Home) -> Iterator[Open]:
    """Open a window on the test's home; it is closed, and its core with it, at the end."""
    opened: list[tuple[MainWindow, App]] = []

    def open_it(language: str = "en", appearance: str = "light", **settings: Any) -> MainWindow:
        qapp.setStyle("Fusion")
        qapp.setFont(theme.font())
        app = App(home)
        if settings:
            app.settings.change(**settings)
        i18n.choose(language)
        window = MainWindow(theme.Theme(qapp, appearance))
        window_guard.watch(app)
        window.fill(app)
        opened.append((window, app))
        qtbot.addWidget(window)
        window.show()
        qtbot.waitExposed(window)
        return window

    yield open_it
    wrong = window_guard.rest()
    for window, app in opened:
        window.close()
        app.close()
    i18n.choose("en")
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path]) -> MainWindow:
    """A window whose engine answers 'All right.'"""
    script(
        {"when": "long", "say": "word " * 400, "seconds_per_piece": 0.01},
        {"when": "", "say": "All **right**."},
    )
    return open_window()


def send(qtbot: QtBot, window: MainWindow, text: str) -> None:
    """Type a message, press Enter, and wait until it is on disk."""
    from PySide6.QtCore import Qt

    window.chat.composer.text.setFocus()
    qtbot.keyClicks(window.chat.composer.text, text)
    qtbot.keyClick(window.chat.composer.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.chat.sending and window.chat.conversation is not None, timeout=20_000)


def answered(window: MainWindow) -> bool:
    """Whether the conversation on screen has its answer."""
    number = window.chat.conversation
    return number is not None and not window.app.chat.answering(number) and not window.chat.busy


def undo(qtbot: QtBot, banner: Banner) -> None:
    """Press the button of a message once it is shown: the disk knows of a change before the window does."""
    from PySide6.QtCore import Qt

    qtbot.waitUntil(banner.action.isVisible, timeout=20_000)
    qtbot.mouseClick(banner.action, Qt.MouseButton.LeftButton)
