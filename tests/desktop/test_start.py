"""The window takes typing before the program behind it is there."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from core import handover
from core.app import App
from core.paths import ROOT, Home
from core.storage.database import Database
from desktop import i18n, theme
from desktop.app import Program, prepare_input_method
from desktop.main_window import MainWindow

LIGHT = """
import sys
import desktop.app
heavy = [n for n in ("core.app", "core.chat.service", "msgspec", "filelock", "sqlite3") if n in sys.modules]
assert not heavy, heavy
"""


@pytest.fixture
def opening(qtbot: QtBot, qapp: QApplication, script: Callable[..., Path]) -> Iterator[MainWindow]:
    """A window as it is at first: a composer and nothing else."""
    script({"when": "", "say": "All right."})
    i18n.choose("en")
    window = MainWindow(theme.Theme(qapp, "light"))
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.close()


def test_the_first_paint_imports_nothing_heavy() -> None:
    alone = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    subprocess.run([sys.executable, "-c", LIGHT], check=True, cwd=ROOT, env=alone)


def test_what_is_typed_before_the_program_is_there_stays(
    qtbot: QtBot, opening: MainWindow, home: Home
) -> None:
    field = opening.composer.text
    qtbot.keyClicks(field, "half a sent")
    where = field.mapTo(opening, field.rect().topLeft())
    app = App(home)
    try:
        opening.fill(app)
        qtbot.wait(50)
        qtbot.keyClicks(field, "ence")
        assert opening.chat.composer.text.toPlainText() == "half a sentence"
        moved = field.mapTo(opening, field.rect().topLeft()) - where
        assert (abs(moved.x()), abs(moved.y())) <= (1, 1), "the composer jumps when the window is filled"
        assert not app.conversations.any()
        opening.close()
    finally:
        app.close()


def test_enter_before_the_program_is_there_sends_once_it_is(
    qtbot: QtBot, opening: MainWindow, home: Home
) -> None:
    qtbot.keyClicks(opening.composer.text, "early")
    qtbot.keyClick(opening.composer.text, Qt.Key.Key_Return)
    assert opening.composer.text.toPlainText() == "early"
    app = App(home)
    try:
        opening.fill(app)
        qtbot.waitUntil(app.conversations.any, timeout=20_000)
        (conversation,) = app.conversations.all()
        assert app.conversations.branch(conversation.id)[0].text == "early"
        qtbot.waitUntil(lambda: opening.composer.text.toPlainText() == "", timeout=20_000)
        qtbot.waitUntil(lambda: not app.chat.answering(conversation.id), timeout=20_000)
        assert len(app.conversations.branch(conversation.id)) == 2
        opening.close()
    finally:
        app.close()


def test_the_program_fills_the_window_by_itself(qtbot: QtBot, opening: MainWindow, home: Home) -> None:
    program = Program(home, opening)
    program.start()
    qtbot.waitUntil(lambda: hasattr(opening, "sidebar") and opening.sidebar.isVisible(), timeout=20_000)
    opening.close()
    program.close()


def test_a_home_that_cannot_be_used_is_said_and_ends_the_program(
    qtbot: QtBot, opening: MainWindow, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    ended: list[int] = []
    monkeypatch.setattr(QMessageBox, "critical", lambda parent, title, text: said.append(text))
    monkeypatch.setattr(QApplication, "exit", ended.append)
    home.root.mkdir(parents=True, exist_ok=True)
    Database(home).close()
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    program = Program(home, opening)
    program.start()
    qtbot.waitUntil(lambda: bool(ended), timeout=20_000)
    QApplication.setQuitOnLastWindowClosed(True)
    program.close()
    assert ended == [1]
    assert "was created by a newer version of Tsukue" in said[0]
    assert not opening.isVisible()


FROZEN = """
import sys
sys.path.insert(0, {root!r})
sys.frozen = True
sys.executable = "/no/such/program"  # that it does not start again
from core import launcher
sys.exit(launcher.main())
"""


@pytest.mark.parametrize("arguments", [[], ["open", "notes.txt"]])
def test_a_frozen_program_becomes_the_window_without_starting_again(
    qtbot: QtBot, arguments: list[str], home: Home, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("The kettle is blue.")
    (tmp_path / "program.py").write_text(FROZEN.format(root=str(ROOT)))
    environment = {**os.environ, "TSUKUE_HOME": str(home.root), "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(
        [sys.executable, "-P", "program.py", *arguments], cwd=tmp_path, env=environment
    ) as process:
        qtbot.waitUntil(lambda: process.poll() is not None or handover.send(home, []), timeout=30_000)
        process.terminate()
        assert process.wait(30) == 0


def test_imports_do_not_read_sources_for_pyside() -> None:
    code = "import desktop, builtins, PySide6.QtWidgets; print(builtins.__import__ is builtins.__feature_import__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("session", "made"),
    [
        ({"QT_IM_MODULE": "fcitx"}, {"QT_IM_MODULE": "ibus", "IBUS_USE_PORTAL": "1"}),
        ({"QT_IM_MODULE": "fcitx5"}, {"QT_IM_MODULE": "ibus", "IBUS_USE_PORTAL": "1"}),
        ({"XMODIFIERS": "@im=fcitx"}, {"QT_IM_MODULE": "ibus", "IBUS_USE_PORTAL": "1"}),
        (
            {"QT_IM_MODULES": "wayland;fcitx;ibus", "WAYLAND_DISPLAY": "wayland-0"},
            {"QT_IM_MODULES": "wayland;ibus;ibus", "QT_IM_MODULE": "ibus", "IBUS_USE_PORTAL": "1"},
        ),
        ({"XMODIFIERS": "@im=fcitx", "WAYLAND_DISPLAY": "wayland-0"}, {}),  # Qt speaks to the compositor
        ({"QT_IM_MODULE": "ibus", "XMODIFIERS": "@im=ibus"}, {"QT_IM_MODULE": "ibus"}),
        ({"QT_IM_MODULE": "xim", "XMODIFIERS": "@im=fcitx"}, {"QT_IM_MODULE": "xim"}),
        ({}, {}),
    ],
)
def test_fcitx_is_reached_in_the_way_that_it_shares_with_ibus(
    session: dict[str, str], made: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """installers/trial.py types through Fcitx itself, in a clean system."""
    about = ("QT_IM_MODULE", "QT_IM_MODULES", "IBUS_USE_PORTAL", "XMODIFIERS", "WAYLAND_DISPLAY")
    for name in about:
        monkeypatch.delenv(name, raising=False)
    for name, value in session.items():
        monkeypatch.setenv(name, value)
    prepare_input_method()
    assert {name: os.environ[name] for name in about[:3] if name in os.environ} == made
