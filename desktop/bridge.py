"""Re-emits core's events as a Qt signal, so that every handler runs on the window's thread."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from core.events import Event, Events

log = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)


class Bridge(QObject):
    """Listens to all events of core and calls who subscribed with `on`, until they end it or the bridge is closed."""

    _arrived = Signal(object)

    def __init__(self, events: Events, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._handlers: dict[object, tuple[type[Event], Callable[[Any], None]]] = {}
        self._arrived.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)
        self._leave = events.listen(Event, self._arrived.emit)

    def on(self, kind: type[E], handler: Callable[[E], None]) -> Callable[[], None]:
        """Call `handler` on the window's thread for each event of this kind; returns the function that ends this.

        Once that is called the handler is not, not even for an event that is on its way. A handler that raises is
        logged, and shown as any unexpected error is; the other handlers still hear of the event.
        """
        key = object()
        self._handlers[key] = (kind, handler)

        def leave() -> None:
            self._handlers.pop(key, None)

        return leave

    def clear(self) -> None:
        """Everybody leaves. Events that are under way go to whoever subscribes before control returns to Qt."""
        self._handlers.clear()

    def close(self) -> None:
        """Hear nothing more."""
        self._leave()
        self._handlers.clear()

    def _pass_on(self, event: Event) -> None:
        for key, (kind, handler) in list(self._handlers.items()):
            if (
                not isinstance(event, kind) or key not in self._handlers
            ):  # an earlier handler may have ended it
                continue
            try:
                handler(event)
            except Exception as error:
                log.exception("a handler of %s failed", type(event).__name__)
                sys.excepthook(type(error), error, error.__traceback__)
