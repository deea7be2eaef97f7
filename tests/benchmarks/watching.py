"""How long the turns of the window's event loop take, without the time for which other programs had the processor.

A timer of two milliseconds makes sure that there are turns. Linux says how long a thread was ready to run and did not
(`run delay`, https://docs.kernel.org/scheduler/sched-stats.html); that is taken off, so that a busy machine does not count
as ours. While a turn is long, an alarm lets faulthandler write down where the window's thread is: in that thread, without
waiting for Python's lock, so that what a long call into Qt costs is told of the line that called it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import signal
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

LONG = 0.016  # seconds; a turn above is attributed
LOOK = 0.008  # seconds into a turn before the first look at the window's thread, and between looks
PATIENCE = 300_000  # milliseconds for anything to happen
FRAMES = 4  # of the stack that tell where it was, our own code's innermost
ROOT = str(Path(__file__).resolve().parents[2])
_FRAME = re.compile(r'  File "(.+)", line (\d+) in (.+)')


@dataclass
class Turns:
    """What was seen: each turn's seconds, net of waiting for the processor, and with it."""

    net: list[float] = field(default_factory=list)
    gross: list[float] = field(default_factory=list)
    blamed: dict[str, float] = field(
        default_factory=lambda: defaultdict(float)
    )  # seconds of long turns, by where they went

    @property
    def longest(self) -> float:
        """Seconds of the longest turn."""
        return max(self.net, default=0.0)

    @property
    def p99(self) -> float:
        """Seconds under which 99 of 100 turns stay."""
        return sorted(self.net)[int(len(self.net) * 0.99)] if self.net else 0.0

    @property
    def share(self) -> float:
        """Which share of the time went into turns above LONG."""
        return sum(turn for turn in self.net if turn > LONG) / (sum(self.net) or 1)

    def __str__(self) -> str:
        return (
            f"longest {self.longest * 1000:.0f} ms, p99 {self.p99 * 1000:.0f} ms,"
            f" {self.share:.1%} of the time in turns over 16 ms"
        )


def run_delay(*threads: int | None) -> float:
    """Seconds for which these threads of this process, by their native ids, were ready to run and did not. 0 off Linux."""
    waited = 0
    for thread in threads:
        with contextlib.suppress(OSError, IndexError):
            waited += int(Path(f"/proc/self/task/{thread}/schedstat").read_text().split()[1])
    return waited / 1e9


class Watch:
    """Watches the main thread, which makes it, until `stop`. There can be one."""

    def __init__(self) -> None:
        self._thread = threading.get_native_id()
        self._turns = Turns()
        self._looks: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        self._read = 0  # bytes of it
        faulthandler.register(signal.SIGALRM, file=self._looks, all_threads=False)
        self._delay = run_delay(self._thread)
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now, delay = time.perf_counter(), run_delay(self._thread)
        gross = now - self._last
        net = max(gross - (delay - self._delay), 0.0)
        self._turns.gross.append(gross)
        self._turns.net.append(net)
        signal.setitimer(signal.ITIMER_REAL, LOOK, LOOK)  # goes off only where the next turn comes late
        if net > LONG:
            self._blame(net)
        self._last, self._delay = time.perf_counter(), delay

    def _blame(self, seconds: float) -> None:
        size = os.fstat(self._looks.fileno()).st_size
        seen = Counter(self._places(os.pread(self._looks.fileno(), size - self._read, self._read).decode()))
        self._read = size
        for place, count in seen.items() or [("not looked at in time", 1)]:
            self._turns.blamed[place] += seconds * count / (seen.total() or 1)

    def _places(self, text: str) -> list[str]:
        """Of each look: our own frames, innermost first."""
        found = []
        for look in text.split("Stack (most recent call first):")[1:]:
            frames = [match.groups() for match in map(_FRAME.match, look.splitlines()) if match]
            ours = [
                f"{path[len(ROOT) + 1 :]}:{line} {name}"
                for path, line, name in frames
                if path.startswith((f"{ROOT}/core/", f"{ROOT}/desktop/"))
            ]
            found.append(" < ".join(ours[:FRAMES]) or "Qt alone (painting, layouts, styles)")
        return found

    def take(self) -> Turns:
        """What was seen since the last time, or since the beginning."""
        taken, self._turns = self._turns, Turns()
        self._read = os.fstat(self._looks.fileno()).st_size
        self._last, self._delay = time.perf_counter(), run_delay(self._thread)
        return taken

    def stop(self) -> None:
        """Watch no more."""
        self._timer.stop()
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.unregister(signal.SIGALRM)
        self._looks.close()


@dataclass(frozen=True)
class Spent:
    """Seconds until something was on the screen; `net` of the time for which others had the processor."""

    net: float
    gross: float

    def __str__(self) -> str:
        return f"{self.net * 1000:.0f} ms ({self.gross * 1000:.0f} with waiting for the processor)"


class Painted(QObject):
    """Runs the event loop until something is on the screen: a condition held when the window began to paint."""

    def __init__(self, window: QWidget, *others: int | None) -> None:
        """`others` are threads that the window waits for, by their native ids."""
        super().__init__()
        self._threads = (threading.get_native_id(), *others)
        self._condition: Callable[[], bool] = lambda: False
        self._loop = QEventLoop()
        self._moment: float | None = None
        self._delay = 0.0
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UpdateRequest and self._moment is None and self._condition():
            self._moment = 0.0
            QTimer.singleShot(0, self._done)  # after the painting that begins now
        return False

    def _done(self) -> None:
        self._moment, self._delay = time.perf_counter(), run_delay(*self._threads)
        self._loop.quit()

    def wait(self, begin: Callable[[], object], condition: Callable[[], bool]) -> Spent:
        """Do something from within the event loop; how long until what it brings about is painted."""
        self._moment, self._condition = None, condition
        started: list[tuple[float, float]] = []

        def go() -> None:
            started.append((time.perf_counter(), run_delay(*self._threads)))
            begin()

        QTimer.singleShot(0, go)
        patience = QTimer(singleShot=True, interval=PATIENCE)
        patience.timeout.connect(self._loop.quit)
        patience.start()
        self._loop.exec()
        self._condition = lambda: False
        assert self._moment, "it was not painted in time"
        gross = self._moment - started[0][0]
        return Spent(max(gross - (self._delay - started[0][1]), 0.0), gross)
