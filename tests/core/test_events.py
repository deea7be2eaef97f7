"""Events reach every listener."""

from __future__ import annotations

import pytest

from core.events import Event, Events


@pytest.mark.logs("a listener failed")
def test_one_bad_listener_does_not_silence_the_others(caplog: pytest.LogCaptureFixture) -> None:
    events, heard = Events(), []
    events.listen(Event, lambda event: 1 / 0)
    leave = events.listen(Event, heard.append)
    events.publish(Event())
    leave()
    events.publish(Event())
    assert len(heard) == 1
    assert "a listener failed" in caplog.text


def test_the_same_callback_may_listen_twice_and_each_ends_for_itself() -> None:
    events, heard = Events(), []
    leave = events.listen(Event, heard.append)
    events.listen(Event, heard.append)
    leave()
    leave()
    events.publish(Event())
    assert len(heard) == 1
