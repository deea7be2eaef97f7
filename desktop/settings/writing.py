"""Settings are changed off the window's thread: it asks the disk, and the library where a model is named."""

from __future__ import annotations

import threading
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.jobs import Job
from core.settings import SettingsFile
from desktop.operations import Operations


class Writer(QObject):
    """One change after the other; of several for one setting that wait, only the last."""

    settled = Signal(str)  # the setting has its new value, or has kept its old one and the error was shown

    def __init__(self, settings: SettingsFile, operations: Operations, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._operations = operations
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[Any, ...]] = {}  # the new value; () for the default
        self._running = False

    def change(self, name: str, value: Any) -> None:
        """Give a setting this value."""
        self._put(name, (value,))

    def reset(self, name: str) -> None:
        """Give a setting its default back."""
        self._put(name, ())

    def _put(self, name: str, value: tuple[Any, ...]) -> None:
        with self._lock:
            self._waiting[name] = value
        self._start()

    def _start(self) -> None:
        with self._lock:
            if self._running or not self._waiting:
                return
            self._running = True
            name = next(iter(self._waiting))
            value = self._waiting.pop(name)

        def work(job: Job) -> None:
            if value:
                self._settings.change(**{name: value[0]})
            else:
                self._settings.reset(name)

        self._operations.run(
            "change a setting", work, lambda _: self._ended(name), lambda _: self._failed(name)
        )

    def _ended(self, name: str) -> None:
        with self._lock:
            self._running = False
        self.settled.emit(name)
        self._start()

    def _failed(self, name: str) -> bool:
        self._ended(name)
        return False  # the error has yet to be shown
