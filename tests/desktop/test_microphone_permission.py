"""The system asks the person before a program hears them (macOS; this one does not, so its answers are given by the test)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.app import App
from core.errors import MicrophoneForbidden, TsukueError
from core.sound.messages import Captured, Closed, Opening, SoundEvent
from core.sound.service import State
from sound import microphone as module
from sound.microphone import Microphone
from tests.support import sound

Status = Qt.PermissionStatus


class Asked:
    """An application whose system has `status` for the microphone; `answer` is what the person says when they are asked."""

    def __init__(self, status: Status) -> None:
        self.status = status
        self.answer: Callable[[Any], None] | None = None

    def instance(self) -> Asked:
        return self

    def checkPermission(self, permission: object) -> Status:
        return self.status

    def requestPermission(self, permission: object, receiver: object, told: Callable[[Any], None]) -> None:
        self.answer = told

    def says(self, status: Status) -> None:
        assert self.answer is not None
        self.answer(SimpleNamespace(status=lambda: status))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sound.Sound]:
    with sound.server(tmp_path, monkeypatch) as found:
        monkeypatch.setattr(module, "_permission", object)
        yield found


def opened(monkeypatch: pytest.MonkeyPatch, status: Status) -> tuple[Microphone, Asked, list[SoundEvent]]:
    asked = Asked(status)
    monkeypatch.setattr(module, "QCoreApplication", asked)
    told: list[SoundEvent] = []
    microphone = Microphone(told.append, lambda samples: (samples, []))
    microphone.start("")
    return microphone, asked, told


def test_where_it_was_refused_it_is_not_opened(
    qtbot: QtBot, desk: sound.Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    microphone, _, told = opened(monkeypatch, Status.Denied)
    assert told == [Opening(), Closed("forbidden")]
    assert not microphone.open
    assert desk.listeners() == 0


def test_nothing_is_captured_before_the_person_has_agreed(
    qtbot: QtBot, desk: sound.Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    microphone, asked, told = opened(monkeypatch, Status.Undetermined)
    assert told == [Opening()]
    assert desk.listeners() == 0
    asked.says(Status.Granted)
    qtbot.waitUntil(lambda: any(isinstance(one, Captured) for one in told), timeout=20_000)
    microphone.shut()
    assert told[-1] == Closed("")


def test_who_refuses_or_lets_go_meanwhile_is_not_heard(
    qtbot: QtBot, desk: sound.Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, asked, told = opened(monkeypatch, Status.Undetermined)
    asked.says(Status.Denied)
    assert told == [Opening(), Closed("forbidden")]
    microphone, asked, told = opened(monkeypatch, Status.Undetermined)
    microphone.shut()
    asked.says(Status.Granted)
    assert told == [Opening(), Closed("")]
    assert desk.listeners() == 0


def test_the_person_is_told_where_to_allow_it(app: App) -> None:
    heard: list[tuple[State, TsukueError | None]] = []
    listener = SimpleNamespace(
        captured=lambda one: None, changed_to=lambda state, error: heard.append((state, error))
    )
    app.sound._listener = listener
    app.sound._take(Closed("forbidden"), SimpleNamespace())  # type: ignore[arg-type]
    ((state, error),) = heard
    assert state is State.CLOSED
    assert isinstance(error, MicrophoneForbidden)
    assert "settings" in str(error).lower()
