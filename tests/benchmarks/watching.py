"""How long the turns of the window's event loop take, without the time for which other programs had the processor.

A timer of two milliseconds makes sure that there are turns. Linux says how long a thread was ready to run and did not
(`run delay`, https://docs.kernel.org/scheduler/sched-stats.html); that is taken off, so that a busy machine does not count
as ours. While a turn is long, a thread looks where the window's thread is. It can look only where that one lets go of
Python's lock: what a long call into Qt costs may be told of a callback of ours within the call, but never of another call.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

LONG = 0.016  # seconds; a turn above is attributed
LOOK = 0.004  # seconds between looks at the window's thread
PATIENCE = 300_000  # milliseconds for anything to happen
FRAMES = 4  # of the stack that tell where it was, our own code's innermost
ROOT = str(Path(__file__).resolve().parents[2])


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
    """Watches the main thread, which makes it, until `stop`."""

    def __init__(self) -> None:
        self._thread = threading.get_native_id()
        self._frames_of = threading.get_ident()
        self._turns = Turns()
        self._seen: dict[str, float] = defaultdict(float)  # in this turn: seconds by place
        self._delay = run_delay(self._thread)
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._ended = threading.Event()
        self._looker = threading.Thread(target=self._look, name="watch", daemon=True)
        self._looker.start()

    def _tick(self) -> None:
        now, delay = time.perf_counter(), run_delay(self._thread)
        gross = now - self._last
        net = max(gross - (delay - self._delay), 0.0)
        self._turns.gross.append(gross)
        self._turns.net.append(net)
        if net > LONG:
            seen = self._seen or {"not looked at in time": 1.0}
            for place, seconds in seen.items():
                self._turns.blamed[place] += net * seconds / sum(seen.values())
        if self._seen:
            self._seen = defaultdict(float)
        self._last, self._delay = time.perf_counter(), delay

    def _look(self) -> None:
        before = time.perf_counter()
        while not self._ended.wait(LOOK):
            now = time.perf_counter()
            if now - self._last > LONG / 2:
                self._seen[self._place()] += now - max(before, self._last)
            before = now

    def _place(self) -> str:
        """Our own frames, innermost first."""
        frame = sys._current_frames().get(self._frames_of)
        ours: list[str] = []
        while frame is not None and len(ours) < FRAMES:
            path = frame.f_code.co_filename
            if path.startswith((f"{ROOT}/core/", f"{ROOT}/desktop/")):
                ours.append(f"{path[len(ROOT) + 1 :]}:{frame.f_lineno} {frame.f_code.co_name}")
            frame = frame.f_back
        return " < ".join(ours) or "Qt alone (painting, layouts, styles)"

    def take(self) -> Turns:
        """What was seen since the last time, or since the beginning."""
        taken, self._turns = self._turns, Turns()
        self._seen = defaultdict(float)
        self._last, self._delay = time.perf_counter(), run_delay(self._thread)
        return taken

    def stop(self) -> None:
        """Watch no more."""
        self._timer.stop()
        self._ended.set()
        self._looker.join()


@dataclass(frozen=True)
class Spent:
    """Seconds until something was on the screen; `processor` is what all threads of the window computed meanwhile."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall * 1000:.0f} ms ({self.processor * 1000:.0f} of processor time)"


class Painted(QObject):
    """Runs the event loop until something is on the screen: a condition held when the window began to paint."""

    def __init__(self, window: QWidget) -> None:
        super().__init__()
        self._condition: Callable[[], bool] = lambda: False
        self._loop = QEventLoop()
        self._painting = False
        self._begun = self._ended = (0.0, 0.0)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UpdateRequest and not self._painting and self._condition():
            self._painting = True
            QTimer.singleShot(0, self._painted)  # after the painting that begins now
        return False

    def _painted(self) -> None:
        self._ended = time.perf_counter(), time.process_time()
        self._loop.quit()

    def wait(self, begin: Callable[[], object], condition: Callable[[], bool]) -> Spent:
        """Do something from within the event loop; how long until what it brings about is painted."""

        def go() -> None:
            self._begun = time.perf_counter(), time.process_time()
            begin()

        self._painting, self._condition = False, condition
        QTimer.singleShot(0, go)
        patience = QTimer(singleShot=True, interval=PATIENCE)
        patience.timeout.connect(self._loop.quit)
        patience.start()
        self._loop.exec()
        assert self._painting, "it was not painted in time"
        self._condition = lambda: False
        return Spent(self._ended[0] - self._begun[0], self._ended[1] - self._begun[1])
