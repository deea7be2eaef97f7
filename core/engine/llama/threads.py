"""Finds the best number of compute threads by measuring, again and again as the load on the machine changes.

llama.cpp's threads meet at a barrier hundreds of times a token, so one that the system takes its core from
stops them all: beside one busy process, two threads on two cores fell from 40 to 0.7 tokens a second where one
thread made 37. So the count is no constant. The cost of each step is watched; a sudden one makes fewer threads
be tried at once, and now and then a neighbouring count is tried for a few steps and kept if it is quicker. More
threads than other programs leave cores for are never taken: a single step beside a busy process can cost a second.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import psutil

SMOOTHING = 0.25  # weight of the newest step
BETTER = 0.97  # a count is kept if its steps cost less than this share of the present ones
SUDDEN = 2.0  # a step that costs this many times the usual is not noise
DRIFT = 1.4  # the usual cost has become this many times what it was when the count was chosen
SHARE = 0.02  # of the time may go into tries that turn out slower
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds between tries
AFTER_STALL = 6.0  # seconds before more threads are tried again, once they have stalled
ROOM = 0.6  # free cores for each further thread
SHORTEST_LOOK = 0.3  # seconds; the system counts in hundredths
SETTLING = 8  # steps before the first try


class ThreadGovernor:
    """Chooses a count between 1 and `most`. Use `count` for the next step, then `note` what it cost."""

    def __init__(
        self,
        most: int,
        start: int,
        *,
        steps: int = 4,
        clock: Callable[[], float] = time.monotonic,
        free: Callable[[], float] = lambda: float("inf"),
    ) -> None:
        """`steps` is how many steps a try lasts; the first of several is not counted, it warms caches up.

        `free` says how many cores other programs left lately; infinite where that cannot be said.
        """
        self._most = most
        self._steps = steps
        self._clock = clock
        self._free = free
        self._chosen = max(1, min(start, most))
        self._given_up: int | None = None  # what was chosen before other programs took cores
        self._usual: float | None = None  # smoothed cost of a step with the chosen count
        self._at_choice: float | None = None  # what that was soon after the choice
        self._noted = 0
        self._trial: int | None = None
        self._stalled = False  # the try under way answers a sudden step
        self._costs: list[float] = []
        self._upwards = True
        self._wait = SHORTEST_WAIT
        self._next = clock() + SHORTEST_WAIT

    @property
    def count(self) -> int:
        """Threads for the next step."""
        return self._trial or self._chosen

    def begin(self) -> None:
        """A piece of work begins: an answer, a slice of a prompt. It takes no more cores than other programs leave."""
        free = self._free()
        if free == float("inf"):
            return
        usual = self._given_up or self._chosen
        wanted = min(usual, max(1, round(free)))
        self._given_up = usual if wanted < usual else None
        if wanted != self._chosen:
            self._chosen, self._usual, self._at_choice, self._trial = wanted, None, None, None
            self._noted, self._stalled, self._upwards = 0, False, True
            self._wait = SHORTEST_WAIT
            self._next = self._clock() + self._wait

    def note(self, cost: float) -> None:
        """Take in what the last step cost: seconds a token."""
        if self._trial is not None:
            self._judge(cost)
            return
        usual = self._usual
        self._usual = cost if usual is None else usual + SMOOTHING * (cost - usual)
        self._noted += 1
        if self._at_choice is None:
            if self._noted >= SETTLING // 2:
                self._at_choice = self._usual
            return
        sudden = usual is not None and cost > SUDDEN * min(usual, self._at_choice * DRIFT)
        if self._chosen > 1 and (sudden or self._usual > DRIFT * self._at_choice):
            self._stalled = True
            self._try(upwards=False)
        elif self._noted >= SETTLING and self._clock() >= self._next and self._most > 1:
            self._try_when_due()

    def _try_when_due(self) -> None:
        wanted = self._neighbour(self._upwards)
        if wanted > self._chosen and self._free() - self._chosen < ROOM * (wanted - self._chosen):
            self._upwards = not self._upwards
            self._next = self._clock() + SHORTEST_WAIT
        else:
            self._try(upwards=self._upwards)

    def _neighbour(self, upwards: bool) -> int:
        """The count to try next, on this side if there is one."""
        step = max(1, self._chosen // 4)
        wanted = self._chosen + step if upwards else self._chosen - step
        if not 1 <= wanted <= self._most:
            wanted = self._chosen - step if upwards else self._chosen + step
        return max(1, min(wanted, self._most))

    def _try(self, *, upwards: bool) -> None:
        self._trial = self._neighbour(upwards)
        self._costs = []

    def _judge(self, cost: float) -> None:
        assert self._trial is not None
        assert self._usual is not None
        self._costs.append(cost)
        hopeless = cost > SUDDEN * self._usual
        if len(self._costs) < self._steps and not hopeless:
            return
        counted = self._costs[1:] or self._costs
        mean = sum(counted) / len(counted)
        if not hopeless and mean < BETTER * self._usual:
            self._upwards = self._trial > self._chosen
            self._chosen, self._usual, self._at_choice = self._trial, mean, None
            self._given_up = None  # it was found by measuring
            self._wait = AFTER_STALL if self._stalled else SHORTEST_WAIT
        else:
            lost = sum(self._costs) - len(self._costs) * self._usual
            self._upwards = self._trial < self._chosen  # the other side next
            self._wait = min(max(2 * self._wait, lost / SHARE), LONGEST_WAIT)
            if self._stalled and not hopeless:
                self._at_choice = max(
                    self._at_choice or 0.0, self._usual
                )  # steps have become dearer for any count
        self._noted = 0
        self._trial = None
        self._stalled = False
        self._next = self._clock() + self._wait


class FreeCores:
    """How many cores other programs left in the last second or so: idle ones, and those that this process had."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._samples = deque([self._look()], maxlen=3)

    def watch(self) -> None:
        """Look once a second from now on, so that there is always something recent to compare with."""

        def look_on() -> None:
            while True:
                time.sleep(1.0)
                self._samples.append(self._look())

        threading.Thread(target=look_on, name="free cores", daemon=True).start()

    def _look(self) -> tuple[float, float]:
        """The time, and the seconds of all cores so far that other programs did not take."""
        all_of_them, own = psutil.cpu_times(), self._process.cpu_times()
        idle = all_of_them.idle + getattr(all_of_them, "iowait", 0.0)  # waiting for a disk, a core is free
        return time.monotonic(), idle + own.user + own.system

    def __call__(self) -> float:
        now = self._look()
        for before in reversed(self._samples.copy()):
            seconds = now[0] - before[0]
            if seconds >= SHORTEST_LOOK:
                return (now[1] - before[1]) / seconds
        return float("inf")


class FixedThreads:
    """The count that the person, or a safer setting, has chosen."""

    def __init__(self, count: int) -> None:
        self.count = count

    def begin(self) -> None:
        """Nothing is asked."""

    def note(self, cost: float) -> None:
        """Nothing is learnt."""


Threads = ThreadGovernor | FixedThreads
