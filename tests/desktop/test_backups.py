"""Backups in the window: the section of the settings, a damaged database at the start, a restored one."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from core.app import App
from core.paths import Home
from core.storage import backup, restore
from desktop import app as program_module
from desktop import i18n, rescue, restart, theme
from desktop.app import Program
from desktop.main_window import MainWindow
from desktop.rescue import RescueDialog
from desktop.settings.backups import BackupsPanel
from tests.conftest import ROOT, until
from tests.core.test_backups import chat, damage, titles
from tests.support.databases import fill

pytestmark = pytest.mark.logs(
    "the database was (replaced|rescued)",
    "shown to the person: (BackupUnusable|DamageFound|DatabaseDamaged|NoBackup)",
    "the database is damaged",
    "a backup cannot be used",
    "today's backup was not made",
)


@pytest.fixture
def panel(qtbot: QtBot, window: MainWindow) -> BackupsPanel:
    """The section, as the settings show it."""
    panel = BackupsPanel(
        window.app.home, window.app.backups, window.reads, window.operations, lambda: restarts.append(1)
    )
    restarts: list[int] = []
    panel.restarts = restarts  # type: ignore[attr-defined]
    qtbot.addWidget(panel)
    panel.show()
    panel.refresh()
    return panel


def test_a_backup_is_made_listed_and_asked_for(
    qtbot: QtBot, window: MainWindow, panel: BackupsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not panel.restore.isEnabled()
    panel.make.click()
    assert not panel.make.isEnabled()
    qtbot.waitUntil(lambda: panel.list.topLevelItemCount() == 1, timeout=20_000)
    assert panel.make.isEnabled()
    (made,) = window.app.backups.all()
    assert panel.list.topLevelItem(0).text(2) == "manual"
    panel.list.topLevelItem(0).setSelected(True)
    asked: list[str] = []
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(
        QMessageBox, "question", lambda parent, title, text: (asked.append(text), answers.pop(0))[1]
    )
    panel.restore.click()
    assert not window.app.home.restore_request.exists()
    panel.restore.click()
    qtbot.waitUntil(lambda: panel.restarts == [1], timeout=20_000)  # type: ignore[attr-defined]
    assert rescue.moment(made) in asked[1]
    assert window.app.home.restore_request.exists()


def test_a_backup_that_is_no_good_restarts_nothing(
    qtbot: QtBot, window: MainWindow, panel: BackupsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    (window.app.home.backups / "tsukue-20260101-120000-daily.db").write_bytes(b"bad")
    panel.refresh()
    qtbot.waitUntil(lambda: panel.list.topLevelItemCount() == 1, timeout=20_000)
    panel.list.topLevelItem(0).setSelected(True)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    panel.restore.click()
    qtbot.waitUntil(lambda: bool(window.notify.history), timeout=20_000)
    assert "cannot be restored: it is not a database" in window.notify.history[-1][1]
    assert panel.restore.isEnabled()
    assert not window.app.home.restore_request.exists()
    assert panel.restarts == []  # type: ignore[attr-defined]


def test_its_folder_opens(panel: BackupsPanel, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    panel.folder.click()
    assert opened == [str(window.app.home.backups)]


# ---------------------------------------------------------------- at the start


@pytest.fixture
def opening(
    qtbot: QtBot, qapp: QApplication, script: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """A window as it is at first: a composer and nothing else."""
    script({"when": "", "say": "All right."})
    monkeypatch.setattr(program_module, "SELF_TEST_MILLISECONDS", 10**8)
    i18n.choose("en")
    window = MainWindow(theme.Theme(qapp, "light"))
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.close()
    QApplication.setQuitOnLastWindowClosed(True)


def in_dialog(choose: Callable[[RescueDialog], Any]) -> list[RescueDialog]:
    """Choose something as soon as the dialog lets one."""
    seen: list[RescueDialog] = []
    clock = QTimer(interval=20)

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, RescueDialog) and dialog.quit.isEnabled() and dialog not in seen:
            seen.append(dialog)
            choose(dialog)
            clock.stop()

    clock.timeout.connect(look)
    clock.start()
    seen_clock.append(clock)
    return seen


seen_clock: list[QTimer] = []  # kept alive


@pytest.mark.parametrize("choice", ["restore", "salvage"])
def test_a_damaged_database_is_replaced_by_what_the_person_chooses(
    qtbot: QtBot, opening: MainWindow, home: Home, choice: str
) -> None:
    fill(home, conversations=4, documents=1)
    backup.make(home.database, home.backups, backup.ASKED)
    chat(home, "after the backup")
    data = home.database.read_bytes()
    home.database.write_bytes(b"\0" * 100 + data[100:])
    in_dialog(lambda dialog: getattr(dialog, choice).click())
    program = Program(home, opening)
    program.start()
    qtbot.waitUntil(lambda: hasattr(opening, "sidebar") and opening.sidebar.isVisible(), timeout=30_000)
    assert program._app is not None
    there = {c.title for c in program._app.conversations.all()}
    assert ("after the backup" in there) is (choice == "salvage")
    assert ("Rescued:" if choice == "salvage" else "is now open") in opening.notify.history[-1][1]
    (kept,) = home.backups.glob("*-replaced.db")
    assert kept.read_bytes()[:100] == bytes(100)
    opening.close()
    program.close()


def test_without_a_backup_one_can_still_quit(
    qtbot: QtBot, opening: MainWindow, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(QApplication, "exit", ended.append)
    home.database.write_bytes(b"this is no database at all" * 100)
    before = home.database.read_bytes()
    states: list[tuple[bool, bool]] = []

    def choose(dialog: RescueDialog) -> None:
        states.append((dialog.restore.isEnabled(), dialog.salvage.isEnabled()))
        dialog.quit.click()

    (seen) = in_dialog(choose)
    program = Program(home, opening)
    program.start()
    qtbot.waitUntil(lambda: bool(ended), timeout=30_000)
    program.close()
    assert ended == [1]
    assert states == [(False, True)]
    assert "No backup" in seen[0].said.text()
    assert home.database.read_bytes() == before
    assert not opening.isVisible()


def test_damage_that_was_found_is_looked_for_away_from_the_window(
    qtbot: QtBot, opening: MainWindow, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(home, conversations=4, documents=1)
    backup.make(home.database, home.backups, backup.ASKED)
    damage(home, "vectors")
    home.damage_mark.touch()
    looked: list[str] = []
    sound = restore.sound
    monkeypatch.setattr(
        restore, "sound", lambda path: (looked.append(threading.current_thread().name), sound(path))[1]
    )
    in_dialog(lambda dialog: dialog.restore.click())
    program = Program(home, opening)
    program.start()
    qtbot.waitUntil(lambda: hasattr(opening, "sidebar") and opening.sidebar.isVisible(), timeout=30_000)
    assert looked == ["core"]
    assert not home.damage_mark.exists()
    opening.close()
    program.close()


def test_a_backup_that_was_asked_for_is_open_after_the_restart(
    qtbot: QtBot, opening: MainWindow, home: Home
) -> None:
    chat(home, "old")
    made = backup.make(home.database, home.backups, backup.ASKED)
    chat(home, "new")
    restore.request(home, made)
    program = Program(home, opening)
    program.start()
    qtbot.waitUntil(lambda: hasattr(opening, "sidebar") and opening.sidebar.isVisible(), timeout=30_000)
    assert made.name in opening.notify.history[-1][1]
    opening.close()
    program.close()
    assert titles(home) == {"old"}


def test_the_daily_backup_is_made_once_the_window_is_there(
    qtbot: QtBot, opening: MainWindow, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_module, "BACKUP_MILLISECONDS", 0)
    program = Program(home, opening)
    program.start()
    qtbot.waitUntil(lambda: bool(backup.found(home.backups)), timeout=30_000)
    opening.close()
    program.close()


def test_asking_for_a_restart_closes_the_windows(
    qtbot: QtBot, window: MainWindow, qapp: QApplication
) -> None:
    QApplication.setQuitOnLastWindowClosed(False)
    try:
        restart.ask()
        assert restart.asked()
        assert not window.isVisible()
    finally:
        qapp.setProperty("restart", None)
        QApplication.setQuitOnLastWindowClosed(True)
    assert not restart.asked()


AGAIN = """
import sys
import desktop.app as program
from core.storage import restore
from desktop import restart
from desktop.main_window import MainWindow
from PySide6.QtCore import QTimer
from pathlib import Path
filled = MainWindow.fill
def fill(window, app):
    filled(window, app)
    restore.request(app.home, Path(sys.argv[2]))
    QTimer.singleShot(0, restart.ask)
MainWindow.fill = fill
program.main(["--home", sys.argv[1]])
"""


def test_the_program_opens_again_with_the_backup(home: Home) -> None:
    chat(home, "old")
    made = backup.make(home.database, home.backups, backup.ASKED)
    chat(home, "new")
    process = subprocess.Popen(
        [sys.executable, "-c", AGAIN, str(home.root), str(made)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        # Nothing but the second start does this: the first has opened the database before it asked.
        until(lambda: list(home.backups.glob("*-replaced.db")) and not home.restore_request.exists())
        until(lambda: (home.logs / "tsukue.log").read_text().count("core.log: started") == 2)
    finally:
        process.terminate()  # closes the window; where it is not there yet, the process ends
        _, said = process.communicate(timeout=60)
    assert "Traceback" not in said
    assert titles(home) == {"old"}


def test_the_dialog_works_while_the_home_is_free_again(home: Home) -> None:
    """A start that failed gives the lock back, so that the dialog's choice can take it."""
    home.database.write_bytes(b"this is no database at all" * 100)
    for _ in range(2):
        with pytest.raises(Exception, match=r"database .* cannot be read"):
            App(home)
        home.lock().release()
