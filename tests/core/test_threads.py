"""The thread governor on simulated machines, with a clock of their own."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

import pytest

from core.engine.llama.threads import FreeCores, ThreadGovernor


class Machine:
    """Steps cost what `cost` says for a count; time is what the steps cost."""

    def __init__(self, cost: Callable[[int], float]) -> None:
        self.cost = cost
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def run(self, governor: ThreadGovernor, steps: int) -> float:
        """Seconds that the steps took."""
        begun = self.now
        for _ in range(steps):
            spent = self.cost(governor.count)
            self.now += spent
            governor.note(spent)
        return self.now - begun


def quiet(count: int, *, cores: int = 2) -> float:
    """A step on a machine with nothing else to do: a part that threads share, and one that they do not."""
    return 0.004 + 0.02 / min(count, cores) * (1.0 + 0.25 * max(0, count - cores))


def busy(rng: random.Random) -> Callable[[int], float]:
    """One of two cores is taken: with two threads, each step waits for the one that is stopped."""
    return lambda count: quiet(1) if count == 1 else quiet(2) + rng.choice((0.02, 0.3, 1.0))


def noisy(cost: Callable[[int], float], rng: random.Random) -> Callable[[int], float]:
    return lambda count: cost(count) * rng.uniform(0.95, 1.1)


def test_on_a_quiet_machine_all_cores_are_found() -> None:
    machine = Machine(noisy(quiet, random.Random(1)))
    governor = ThreadGovernor(2, 1, clock=machine.clock)
    machine.run(governor, 200)
    best = Machine(quiet)
    assert machine.run(governor, 500) < 1.15 * sum(best.cost(2) for _ in range(500))


@pytest.mark.parametrize("seed", range(12))
def test_beside_a_busy_process_it_is_nearly_as_quick_as_the_best_fixed_count(seed: int) -> None:
    """It begins on a quiet machine with two threads; then one core is taken away."""
    rng = random.Random(seed)
    machine = Machine(quiet)
    governor = ThreadGovernor(2, 2, clock=machine.clock)
    machine.run(governor, 100)
    machine.cost = busy(rng)
    assert quiet(1) * 1000 / machine.run(governor, 1000) > 0.85


def test_it_comes_back_when_the_machine_is_quiet_again() -> None:
    machine = Machine(busy(random.Random(3)))
    governor = ThreadGovernor(2, 2, clock=machine.clock)
    machine.run(governor, 500)
    assert governor.count == 1
    machine.cost = quiet
    machine.run(governor, 6000)
    assert governor.count == 2


def test_many_cores_are_reached_and_too_many_left() -> None:
    machine = Machine(lambda count: quiet(count, cores=8))
    governor = ThreadGovernor(16, 15, clock=machine.clock)
    machine.run(governor, 3000)
    assert 6 <= governor.count <= 9


def test_the_count_stays_within_its_bounds() -> None:
    rng = random.Random(9)
    machine = Machine(lambda count: rng.uniform(0.001, 1.0))
    governor = ThreadGovernor(3, 9, clock=machine.clock)
    for _ in range(2000):
        machine.run(governor, 1)
        assert 1 <= governor.count <= 3


def test_one_core_needs_no_tries() -> None:
    machine = Machine(quiet)
    governor = ThreadGovernor(1, 1, clock=machine.clock)
    machine.run(governor, 1000)
    assert governor.count == 1


def test_where_no_core_is_free_more_threads_are_not_tried() -> None:
    machine = Machine(quiet)
    free = 1.0
    governor = ThreadGovernor(2, 1, clock=machine.clock, free=lambda: free)
    for _ in range(2000):
        machine.run(governor, 1)
        assert governor.count == 1
    free = 2.0
    machine.run(governor, 500)
    assert governor.count == 2


def test_one_thread_is_left_as_it_is_beside_a_busy_process() -> None:
    """Also after a try that failed: more than others leave is never tried."""
    rng = random.Random(1)
    machine = Machine(noisy(busy(rng), rng))
    free = 2.0
    governor = ThreadGovernor(2, 1, clock=machine.clock, free=lambda: free)
    machine.run(governor, 200)
    free = 1.0
    governor.begin()
    for _ in range(5000):
        machine.run(governor, 1)
        assert governor.count == 1


def test_work_begins_with_the_cores_that_others_leave() -> None:
    machine = Machine(quiet)
    free = 15.8
    governor = ThreadGovernor(16, 12, clock=machine.clock, free=lambda: free)
    for free, count in ((15.8, 12), (7.7, 8), (0.2, 1), (float("inf"), 1), (10.1, 10), (16.0, 12)):
        governor.begin()
        assert governor.count == count, free
        machine.run(governor, 3)


def test_what_was_found_by_measuring_is_not_forgotten() -> None:
    """Eight cores are left, but six threads are quicker: the next answer begins with six."""
    machine = Machine(lambda count: 0.01 + 0.001 * abs(count - 6))
    governor = ThreadGovernor(16, 12, clock=machine.clock, free=lambda: 8.0)
    governor.begin()
    assert governor.count == 8
    machine.run(governor, 3000)
    assert governor.count == 6
    governor.begin()
    assert governor.count == 6


def test_the_system_says_how_many_cores_are_free() -> None:
    """Our own work counts as free: the cores are ours already."""
    free = FreeCores()
    assert free() == float("inf"), "too short a time says nothing"
    begun, used = time.monotonic(), time.process_time()
    while time.monotonic() < begun + 0.4:
        sum(range(1000))
    ours = (time.process_time() - used) / (time.monotonic() - begun)
    assert ours - 0.1 <= free() <= (os.cpu_count() or 1) + 0.1
