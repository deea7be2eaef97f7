"""Input to a running call: order, the window, the end mark, cancel, death."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import msgspec
import pytest

from core.errors import Cancelled, TooMuchAtOnce, WorkerDied, WorkerFault
from core.workers import messages
from core.workers.calls import Fed, PendingCall
from core.workers.supervisor import State
from tests.conftest import until
from tests.core.conftest import Make
from tests.support.workers import Echo, Heard, Listen, Patience, Sample, Wait, Word

PATIENCE = 60.0  # seconds for room in the window; a test that needs them has failed


def feed(call: PendingCall, *numbers: int) -> None:
    for number in numbers:
        assert call.feed(Sample(number), PATIENCE) is Fed.TAKEN


def test_ten_thousand_feeds_arrive_in_order_and_then_the_end(make: Make) -> None:
    call = make().call(Listen())
    feed(call, *range(10_000))
    call.end_feed()
    assert call.result(PATIENCE) == Heard(10_000, in_order=True, ended=True)


def test_feeds_sent_before_the_call_is_taken_up_are_kept(make: Make) -> None:
    worker = make(options={"slow_start": 0.5})
    before, call = worker.call(Wait(60)), worker.call(Listen())
    feed(call, *range(100))
    call.end_feed()
    assert next(before.items()) == Word("waiting")
    assert not call.done
    before.cancel()
    assert call.result(PATIENCE) == Heard(100, in_order=True, ended=True)


def test_a_slow_handler_holds_the_feeding_up_and_memory_stays_bounded(make: Make, tmp_path: Path) -> None:
    begin = tmp_path / "begin"
    call = make().call(Listen(begin_at=str(begin)))
    next(call.items())
    feed(call, *range(messages.FEED_WINDOW))
    for _ in range(3):
        assert call.feed(Sample(-1)) is Fed.FULL, "it is said at once, and nothing is kept"
    assert call.feed(Sample(-1), 0.05) is Fed.FULL
    begin.touch()
    feed(call, *range(messages.FEED_WINDOW, 4 * messages.FEED_WINDOW))
    call.end_feed()
    assert call.result(PATIENCE) == Heard(4 * messages.FEED_WINDOW, in_order=True, ended=True)


def test_the_window_counts_bytes_too_and_lets_a_large_feed_through_alone(make: Make, tmp_path: Path) -> None:
    begin = tmp_path / "begin"
    call = make().call(Listen(begin_at=str(begin)))
    large = bytes(messages.FEED_WINDOW_BYTES + 1)
    assert call.feed(Sample(0, large)) is Fed.TAKEN
    assert call.feed(Sample(1)) is Fed.FULL
    begin.touch()
    assert call.feed(Sample(1, large), PATIENCE) is Fed.TAKEN
    call.end_feed()
    assert call.result(PATIENCE) == Heard(2, in_order=True, ended=True)


def test_a_cancel_wakes_a_handler_that_waits_for_a_feed(make: Make) -> None:
    worker = make()
    call = worker.call(Listen())
    next(call.items())
    feed(call, 0, 1)
    call.cancel()
    with pytest.raises(Cancelled):
        call.result(PATIENCE)
    assert call.feed(Sample(2)) is Fed.ENDED
    call.end_feed()
    assert worker.call(Echo(["on"])).result(PATIENCE) == Word("on")


def test_a_cancel_comes_through_while_feeds_are_sent(make: Make) -> None:
    call = make().call(Listen())
    fed = threading.Event()

    def keep_feeding() -> None:
        number = 0
        while call.feed(Sample(number), PATIENCE) is Fed.TAKEN:
            number += 1
            if number == 2000:
                fed.set()

    thread = threading.Thread(target=keep_feeding)
    thread.start()
    assert fed.wait(PATIENCE)
    call.cancel()
    with pytest.raises(Cancelled):
        call.result(PATIENCE)
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.mark.logs("process ended while")
def test_a_death_ends_the_call_and_the_feeding(make: Make, tmp_path: Path) -> None:
    worker = make()
    call = worker.call(Listen(begin_at=str(tmp_path / "never")))
    next(call.items())
    feed(call, *range(messages.FEED_WINDOW))
    became: list[Fed] = []
    thread = threading.Thread(target=lambda: became.append(call.feed(Sample(-1), PATIENCE)))
    thread.start()  # it waits for room that never comes
    os.kill(worker.pid or 0, signal.SIGKILL)
    with pytest.raises(WorkerDied):
        call.result(PATIENCE)
    thread.join(PATIENCE)
    assert became == [Fed.ENDED]
    assert call.feed(Sample(0)) is Fed.ENDED


def test_a_feed_after_the_end_is_not_sent(make: Make) -> None:
    call = make().call(Listen())
    feed(call, 0)
    call.end_feed()
    call.end_feed()
    assert call.feed(Sample(1)) is Fed.ENDED
    assert call.result(PATIENCE) == Heard(1, in_order=True, ended=True)


def test_a_call_may_end_while_feeds_still_come(make: Make) -> None:
    worker = make()
    call = worker.call(Listen(most=10))
    number = 0
    while call.feed(Sample(number), PATIENCE) is Fed.TAKEN:
        number += 1
    assert call.result(PATIENCE) == Heard(10, in_order=True, ended=False)
    assert worker.call(Echo(["on"])).result(PATIENCE) == Word("on")
    until(lambda: worker.state is State.IDLE)


def test_a_fed_call_waits_its_turn_behind_another_and_the_other_is_not_disturbed(make: Make) -> None:
    worker = make()
    running = worker.call(Listen())
    waiting = worker.call(Listen())
    next(running.items())
    for number in range(200):
        feed(waiting, number)
        feed(running, number)
    running.end_feed()
    assert running.result(PATIENCE) == Heard(200, in_order=True, ended=True)
    feed(waiting, *range(200, 400))
    waiting.end_feed()
    assert waiting.result(PATIENCE) == Heard(400, in_order=True, ended=True)


def test_waiting_for_a_feed_has_a_limit_where_one_is_given(make: Make) -> None:
    worker = make()
    assert worker.call(Patience(0.0)).result(PATIENCE) == Word("nothing came")
    ended = worker.call(Patience(PATIENCE))
    ended.end_feed()
    assert ended.result(PATIENCE) == Word("the end")
    fed = worker.call(Patience(PATIENCE))
    feed(fed, 7)
    assert fed.result(PATIENCE) == Word("7")


def test_what_a_request_does_not_take_is_refused(make: Make) -> None:
    worker = make()
    call = worker.call(Listen())
    with pytest.raises(TypeError, match="Listen takes Sample, not Word"):
        call.feed(Word("no"))
    call.end_feed()
    assert call.result(PATIENCE) == Heard(0, in_order=True, ended=True)
    unfed = worker.call(Echo(["a"]))
    with pytest.raises(TypeError, match="Echo takes no feeds"):
        unfed.feed(Sample(0))
    with pytest.raises(TypeError, match="Echo takes no feeds"):
        unfed.end_feed()


def test_the_worker_itself_refuses_a_feed_of_another_type(make: Make) -> None:
    """The program checks first; a worker does not rely on it."""
    worker = make()
    call = worker.call(Listen())
    next(call.items())
    wrong = messages.Feed(call.id, msgspec.Raw(messages.encode(Word("no"))))
    call.child.send(call, messages.pack(wrong))
    with pytest.raises(WorkerFault, match="ValidationError"):
        call.result(PATIENCE)
    assert worker.call(Echo(["on"])).result(PATIENCE) == Word("on")


def test_feeds_for_a_call_that_nobody_knows_are_dropped(make: Make) -> None:
    worker = make()
    call = worker.call(Listen())
    next(call.items())
    stray = messages.Feed(12345, msgspec.Raw(messages.encode(Sample(9))))
    call.child.send(call, messages.pack(stray))
    call.child.send(call, messages.pack(messages.FeedEnd(12345)))
    feed(call, 0)
    call.end_feed()
    assert call.result(PATIENCE) == Heard(1, in_order=True, ended=True)


def test_a_feed_that_no_message_can_carry_is_refused(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    call = make().call(Listen())
    monkeypatch.setattr(messages, "MAX_FRAME", 1_000_000)
    with pytest.raises(TooMuchAtOnce):
        call.feed(Sample(0, bytes(1_000_000)))
    feed(call, 0)
    call.end_feed()
    assert call.result(PATIENCE) == Heard(1, in_order=True, ended=True)


def test_quitting_does_not_wait_for_feeds(make: Make) -> None:
    worker = make()
    call = worker.call(Listen())
    next(call.items())
    feed(call, 0)
    process = call.child.popen
    worker.close()
    with pytest.raises(Cancelled):
        call.result(0)
    assert process.returncode == 0, "it left by itself"
    assert call.feed(Sample(1)) is Fed.ENDED
