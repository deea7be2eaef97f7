"""What widgets read of the store, the library and the disk: on one thread, in order, the results told on the window's.

`Operations` is for what a person starts and waits for; a read is what a widget needs to show something.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from desktop.notify import Notify

T = TypeVar("T")


class Reads(QObject):
    """Runs reads one after another. A read with a `key` makes earlier ones with the same key needless."""

    _read = Signal(object, object, object, object, object)

    def __init__(self, notify: Notify, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notify = notify
        self._queue: queue.SimpleQueue[
            tuple[Callable[[], Any], Callable[[Any], None], Hashable, int] | None
        ] = queue.SimpleQueue()
        self._newest: dict[Hashable, int] = {}
        self._count = 0
        self._closed = False
        self._read.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name="reads", daemon=True)
        self._thread.start()

    def ask(self, read: Callable[[], T], then: Callable[[T], None], *, key: Hashable = None) -> None:
        """Call `read` on the reading thread and `then` with its result on the window's. An error is shown."""
        self._count += 1
        if key is not None:
            self._newest[key] = self._count
        self._queue.put((read, then, key, self._count))

    def forget(self, key: Hashable) -> None:
        """Nobody waits for the read with this key any more."""
        self._newest.pop(key, None)

    def _needless(self, key: Hashable, number: int) -> bool:
        return self._closed or (key is not None and self._newest.get(key) != number)

    def _run(self) -> None:
        while (entry := self._queue.get()) is not None:
            read, then, key, number = entry
            if self._needless(key, number):
                continue
            result, error = None, None
            try:
                result = read()
            except Exception as raised:  # noqa: BLE001 - it is shown
                error = raised
            self._read.emit(result, error, then, key, number)

    def _tell(
        self,
        result: Any,
        error: BaseException | None,
        then: Callable[[Any], None],
        key: Hashable,
        number: int,
    ) -> None:
        if self._needless(key, number):
            return
        if error is not None:
            self._notify.error(error)
        else:
            then(result)

    def close(self) -> None:
        """Read and tell nothing more, and wait for the read that is under way."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()
