"""Core's events, re-emitted as a Qt signal, so that every handler runs on the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from core.events import Event, Events

E = TypeVar("E", bound=Event)


class Bridge(QObject):
    """Listens to all events of core. Whoever subscribes with `on` stays until it leaves, or all do with `clear`."""

    _arrived = Signal(object)

    def __init__(self, events: Events, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._handlers: list[tuple[type[Event], Callable[[Any], None]]] = []
        self._arrived.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)
        self._leave = events.listen(Event, self._arrived.emit)

    def on(self, kind: type[E], handler: Callable[[E], None]) -> Callable[[], None]:
        """Call `handler` on the window's thread for each event of this kind; returns the function that ends it."""
        entry = (kind, handler)
        self._handlers.append(entry)

        def leave() -> None:
            if entry in self._handlers:
                self._handlers.remove(entry)

        return leave

    def clear(self) -> None:
        """Everybody leaves. Events that are under way go to whoever subscribes before control returns to Qt."""
        self._handlers.clear()

    def close(self) -> None:
        """Hear nothing more."""
        self._leave()
        self._handlers.clear()

    def _pass_on(self, event: Event) -> None:
        for kind, handler in list(self._handlers):
            if isinstance(event, kind):
                handler(event)
