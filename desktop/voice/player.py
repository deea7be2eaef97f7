"""Plays recordings for the window: one at a time, from any second on."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal

from core.errors import TsukueError
from core.voice.playing import Playback, Playing
from desktop.notify import Notify


class Player(QObject):
    """What plays, and which second of it is heard."""

    changed = Signal()  # it plays, is held, or has ended
    moved = Signal(float)  # this second is heard
    _told = Signal(object, object, object)

    def __init__(self, playback: Playback, notify: Notify, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._playback = playback
        self._notify = notify
        self._playing: Playing | None = None
        self.path = ""
        self.second = 0.0
        self.paused = False
        self._told.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def active(self) -> bool:
        """Whether something plays, or is held."""
        return self._playing is not None

    def play(self, path: str, begin: float) -> None:
        """Play a file from second `begin` on, in the place of what plays."""
        self.stop()
        self.path, self.second, self.paused = path, begin, False
        self._playing = playing = self._playback.play(
            path, begin, lambda second, error: self._told.emit(playing, second, error)
        )
        self.changed.emit()

    def toggle(self) -> None:
        """Hold it, or let it go on."""
        if self._playing is not None:
            self.paused = not self.paused
            self._playing.pause(self.paused)
            self.changed.emit()

    def stop(self) -> None:
        """Be silent."""
        playing, self._playing = self._playing, None
        if playing is not None:
            playing.stop()
            self.changed.emit()

    def _take(self, playing: Playing, second: float | None, error: TsukueError | None) -> None:
        if playing is not self._playing:
            return
        if second is not None:
            self.second = second
            self.moved.emit(second)
            return
        self._playing = None
        self.changed.emit()
        if error is not None:
            self._notify.error(error)
