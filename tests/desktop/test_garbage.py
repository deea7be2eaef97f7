"""Cyclic garbage is collected on the window's thread, which destroys Qt's objects."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from pytestqt.qtbot import QtBot

from core import garbage
from core.paths import Home


class Witness(QObject):
    """Notes on which thread something is destroyed."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[threading.Thread] = []

    @Slot()
    def see(self) -> None:
        self.threads.append(threading.current_thread())


def make_cycle(witness: Witness) -> weakref.ref[QTimer]:
    """A running timer that only itself knows."""
    timer = QTimer(interval=1000)
    timer.itself = timer  # type: ignore[attr-defined]
    timer.destroyed.connect(witness.see, Qt.ConnectionType.DirectConnection)
    timer.start()
    return weakref.ref(timer)


def litter() -> None:
    """What a busy thread of core's does: enough new objects for Python's collector to begin by itself."""
    kept = [[number] for number in range(200_000)]
    assert len(kept) == 200_000


def on_a_thread() -> None:
    thread = threading.Thread(target=litter, name="busy")
    thread.start()
    thread.join()


ANYWHERE = """
import os, threading
from PySide6.QtCore import QCoreApplication
from tests.desktop import test_garbage as here

application = QCoreApplication([])
witness = here.Witness()
gone = here.make_cycle(witness)
here.on_a_thread()
print("gone", gone() is None, [thread.name for thread in witness.threads], flush=True)
os._exit(0)  # the event loop would call the timer that is gone, and die by it
"""


def test_left_to_itself_python_destroys_timers_on_any_thread() -> None:
    """One of the two reasons that `core/garbage.py` gives. Should this fail, PySide6 has learnt better, and the other is to be tried."""
    seen = subprocess.run(
        [sys.executable, "-c", ANYWHERE], capture_output=True, text=True, timeout=60, check=False
    )
    assert "gone True ['busy']" in seen.stdout, seen.stdout + seen.stderr


def test_garbage_waits_for_the_windows_thread(qtbot: QtBot) -> None:
    witness = Witness()
    gone = make_cycle(witness)
    on_a_thread()
    assert gone() is not None
    kept = [[number] for number in range(10 * gc.get_threshold()[0])]  # so that it is due
    qtbot.waitUntil(lambda: gone() is None, timeout=20_000)  # the timer of tests/desktop/conftest.py
    assert kept
    assert witness.threads == [threading.main_thread()]


def test_only_what_is_due_is_collected() -> None:
    gc.collect()
    collections = [one["collections"] for one in gc.get_stats()]
    garbage.collect()
    assert [one["collections"] for one in gc.get_stats()] == collections
    kept = [[number] for number in range(gc.get_threshold()[0] + 100)]
    garbage.collect()
    assert gc.get_stats()[0]["collections"] == collections[0] + 1
    assert kept


SEES = """
import gc, sys, threading
from PySide6.QtCore import QTimer
from desktop import app, main_window

collected = []
def note(phase, info):
    if phase == "start" and window is not None and window.filled:
        collected.append(threading.current_thread() is threading.main_thread())
window = None
class Window(main_window.MainWindow):
    filled = False
    def __init__(self, *arguments):
        global window
        super().__init__(*arguments)
        window = self
    def fill(self, core):
        super().fill(core)
        QTimer.singleShot(0, self.litter)
    def litter(self):
        self.filled = True
        def busy():
            for _ in range(30):
                [[n] for n in range(20_000)]
        thread = threading.Thread(target=busy)
        thread.start()
        thread.join()
        kept = [[n] for n in range(20_000)]
        QTimer.singleShot(1500, lambda: (kept.clear(), self.quit()))
app.MainWindow = Window
gc.callbacks.append(note)
code = app.main(["--home", sys.argv[1]])
print("collected", sorted(set(collected)), gc.isenabled())
sys.exit(code)
"""


def test_the_program_collects_on_its_windows_thread(tmp_path: Path, home: Home) -> None:
    script = tmp_path / "sees.py"
    script.write_text(SEES, encoding="utf-8")
    seen = subprocess.run(
        [sys.executable, str(script), str(home.root)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert seen.returncode == 0, seen.stderr
    assert "collected [True] False" in seen.stdout, seen.stdout + seen.stderr
