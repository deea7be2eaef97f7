"""How soon the window takes typing, beside an empty PySide6 window."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from core.paths import Home
from tests.benchmarks.report import ROOT, report

EMPTY = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow
application = QApplication([])
window, field = QMainWindow(), QLineEdit()
window.setCentralWidget(field)
window.resize(1280, 800)
window.show()
def typed():
    QTest.keyClicks(field, "a")
    assert field.text() == "a"
    print(time.time(), time.process_time(), flush=True)
    application.quit()
QTimer.singleShot(0, typed)
application.exec()
"""

OURS = """
import gc, sys, time
gc.disable()  # as desktop/__main__.py does
from PySide6.QtCore import QTimer
import desktop.app as program
from desktop.main_window import MainWindow
shown, filled = MainWindow.show, MainWindow.fill
def show(window):
    shown(window)
    def typed():
        from PySide6.QtTest import QTest
        field = window.composer.text
        QTest.keyClicks(field, "a")
        assert field.toPlainText() == "a"
        print(time.time(), time.process_time(), flush=True)
    QTimer.singleShot(0, typed)
def fill(window, app):
    filled(window, app)
    def there():
        assert window.composer.text.toPlainText() == "a"
        print(time.time(), time.process_time(), flush=True)
        window.close()
    QTimer.singleShot(0, there)
MainWindow.show, MainWindow.fill = show, fill
sys.exit(program.main(["--home", sys.argv[1]]))
"""


@dataclass(frozen=True)
class Moment:
    """Seconds since a process was started, and those for which it had a processor."""

    wall: float
    processor: float


def start_times(source: str, *arguments: str) -> list[Moment]:
    """Each of the moments that the program prints."""
    begun = time.time()
    done = subprocess.run(
        [sys.executable, "-c", source, *arguments], capture_output=True, text=True, cwd=ROOT, check=True
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    return [Moment(float(moment) - begun, float(spent)) for moment, spent in lines]


def measure_start(home: Home | None = None) -> None:
    """On an empty home, or on `home`, which is the one of ten years. On a busy machine, believe the processor time."""
    with tempfile.TemporaryDirectory() as empty_home:
        place = str(home.root) if home is not None else empty_home
        start_times(OURS, place)  # the first start creates the home
        empty: list[Moment] = []
        typing: list[Moment] = []
        whole: list[Moment] = []
        for _ in range(9):
            empty += start_times(EMPTY)
            first, last = start_times(OURS, place)
            typing.append(first)
            whole.append(last)
    after = " after ten years" if home is not None else ""
    for what, moments, aim in (
        ("typing", typing, "at most 1.5, wished 1.3"),
        ("the whole window", whole, "at most 2.5"),
    ):
        a, b = (statistics.median(m.wall for m in side) for side in (moments, empty))
        c, d = (statistics.median(m.processor for m in side) for side in (moments, empty))
        report(
            f"start to {what}{after} ÷ empty PySide6 window",
            f"{a / b:.2f} ({a:.2f} s / {b:.2f} s); of processor time {c / d:.2f} ({c:.2f} s / {d:.2f} s)",
            aim,
        )
