"""The microphone, seen from the window: what the sound worker tells, as signals on the window's thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from core.errors import TsukueError
from core.sound.likeness import LATEST_SECONDS, STEP_SECONDS, Levels, Room, is_echo, room
from core.sound.messages import CAPTURED_RATE, Captured
from core.sound.service import TAIL_SECONDS, Sound, State

__all__ = ["Microphone", "State"]


MOST_LEVELS = int(60 / STEP_SECONDS)


class Microphone(QObject):
    """Opened by `open`, closed by `close`. What it captures does not pass through the window's thread (`take`)."""

    changed = Signal(object)  # a State
    level = Signal(float)  # the highest sample since the last, from 0 to 1
    lost = Signal(object)  # a TsukueError: it could not be opened, or has gone while it was open
    _changed = Signal(object, object)

    def __init__(self, sound: Sound, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sound = sound
        self.state = State.CLOSED
        self.ending = False  # it closes by itself in a moment
        self.loudest = 0.0  # since it was opened
        self._frames = 0
        self._levels: list[Levels] = []  # of the last minute
        self._room: Room | None = None  # what is known of it by them, or was before
        self._take: Callable[[bytes], None] | None = None
        self._over: Callable[[], None] | None = None
        self._changed.connect(self._show, Qt.ConnectionType.QueuedConnection)

    @property
    def seconds(self) -> float:
        """How much was captured since it was opened."""
        return self._frames / CAPTURED_RATE

    def echoes(self, start: float, end: float) -> bool:
        """Whether what was captured between two seconds since it was opened is what was played."""
        levels = list(self._levels)
        first = self._frames / CAPTURED_RATE - len(levels) * STEP_SECONDS  # the second of the first of them
        begin, stop, earlier = (
            max(round((at - first) / STEP_SECONDS), 0) for at in (start, end, start - LATEST_SECONDS)
        )
        self._room = room(levels[:begin]) or self._room
        return self._room is not None and is_echo(levels[begin:stop], levels[earlier:begin], self._room)

    def open(
        self,
        device: str,
        take: Callable[[bytes], None],
        over: Callable[[], None],
        *,
        cancel_echo: bool = False,
    ) -> None:
        """Open it. `take` gets the sound as it is captured, and `over` is called after the last of it; both on another thread."""
        self._take, self._over = take, over
        self._frames, self.loudest, self.ending = 0, 0.0, False
        self._levels, self._room = [], None
        self._show(State.OPENING, None)
        try:
            self._sound.open(self, device, cancel_echo=cancel_echo)
        except TsukueError as error:
            over()
            self._show(State.CLOSED, error)

    def close(self) -> None:
        """Capture a moment longer, then close."""
        if self.state is not State.CLOSED:
            self.ending = True
            self._sound.shut(self, TAIL_SECONDS if self.state is State.OPEN else 0.0)

    def shut(self) -> None:
        """Close at once."""
        if self.state is not State.CLOSED:
            self.ending = True
            self._sound.shut(self)

    # ------------------------------------------------------------ on the session's thread

    def captured(self, heard: Captured) -> None:
        """See core.sound.service.Listener."""
        self._frames += len(heard.data) // 2
        self.loudest = max(self.loudest, heard.peak)
        self._levels += heard.levels
        del self._levels[: max(len(self._levels) - MOST_LEVELS, 0)]
        if self._take is not None:
            self._take(heard.data)
        self.level.emit(heard.peak)

    def changed_to(self, state: State, error: TsukueError | None) -> None:
        """See core.sound.service.Listener."""
        if state is State.CLOSED and self._over is not None:
            self._over()
        self._changed.emit(state, error)

    # ------------------------------------------------------------ on the window's

    def _show(self, state: State, error: TsukueError | None) -> None:
        if state is not self.state:
            self.state = state
            if state is State.CLOSED:
                self.ending = False
            self.changed.emit(state)
        if error is not None:
            self.lost.emit(error)
