"""How long the turns of the window's event loop take, without the time for which other programs had the processor.

A timer of two milliseconds makes sure that there are turns. Linux says how long a thread was ready to run and did not
(`run delay`, https://docs.kernel.org/scheduler/sched-stats.html); that is taken off, so that a busy machine does not count
as ours. Where a turn is long, a thread notes which Python frame the window's thread is in.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import Qt, QTimer

LONG = 0.016  # seconds; a turn above is attributed
LOOK = 0.004  # seconds between looks at the window's thread
FRAMES = 4  # of the stack that tell where it was, our own code's innermost
ROOT = str(Path(__file__).resolve().parents[2])


@dataclass
class Turns:
    """What was seen: each turn's seconds, net of waiting for the processor, and with it."""

    net: list[float] = field(default_factory=list)
    gross: list[float] = field(default_factory=list)
    blamed: Counter[str] = field(default_factory=Counter)  # seconds of long turns, by where they went

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


class Watch:
    """Watches the thread that made it, until `stop`."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._statistics = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._turns = Turns()
        self._seen: list[str] = []
        self._delay = self._run_delay()
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._ended = threading.Event()
        self._looker = threading.Thread(target=self._look, name="watch", daemon=True)
        self._looker.start()

    def _run_delay(self) -> float:
        try:
            return int(self._statistics.read_text().split()[1]) / 1e9
        except (OSError, IndexError):
            return 0.0  # not Linux: nothing is taken off

    def _tick(self) -> None:
        now, delay = time.perf_counter(), self._run_delay()
        gross = now - self._last
        net = max(gross - (delay - self._delay), 0.0)
        self._turns.gross.append(gross)
        self._turns.net.append(net)
        if net > LONG:
            seen = Counter(self._seen) or Counter(["not seen"])
            for place, count in seen.items():
                self._turns.blamed[place] += net * count / seen.total()
        self._seen = []
        self._last, self._delay = time.perf_counter(), delay

    def _look(self) -> None:
        while not self._ended.wait(LOOK):
            if time.perf_counter() - self._last > LONG / 2:
                frame = sys._current_frames().get(self._thread)
                names = []
                while frame is not None:
                    if (
                        frame.f_code.co_filename.startswith(ROOT)
                        and "/tests/" not in frame.f_code.co_filename
                    ):
                        path = frame.f_code.co_filename[len(ROOT) + 1 :]
                        names.append(f"{path}:{frame.f_lineno} {frame.f_code.co_name}")
                    frame = frame.f_back
                self._seen.append(" < ".join(names[:FRAMES]) or "no code of ours (Qt)")

    def take(self) -> Turns:
        """What was seen since the last time, or since the beginning."""
        taken, self._turns = self._turns, Turns()
        self._seen = []
        self._last, self._delay = time.perf_counter(), self._run_delay()
        return taken

    def stop(self) -> None:
        """Watch no more."""
        self._timer.stop()
        self._ended.set()
        self._looker.join()
