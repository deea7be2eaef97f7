"""Events from core, for any listener: the window through its bridge, the command line directly.

Callbacks run on the thread that publishes. A listener that fails is logged and does not stop the others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """Base of all events; each subject declares its own beside its service."""


E = TypeVar("E", bound=Event)


class Events:
    """A publish-subscribe hub for `Event` subclasses. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[object, tuple[type[Event], Callable[[Any], None]]] = {}

    def listen(self, kind: type[E], callback: Callable[[E], None]) -> Callable[[], None]:
        """Call `callback` for each event of `kind` or a subclass; returns the function that ends it."""
        key = object()  # the same callback may listen twice, and each ends for itself
        with self._lock:
            self._listeners[key] = (kind, callback)

        def leave() -> None:
            with self._lock:
                self._listeners.pop(key, None)

        return leave

    def publish(self, event: Event) -> None:
        """Tell every listener of this kind of event."""
        with self._lock:
            callbacks = [callback for kind, callback in self._listeners.values() if isinstance(event, kind)]
        for callback in callbacks:
            try:
                callback(event)
            except Exception:
                log.exception(
                    "a listener failed on %s", type(event).__name__
                )  # an event may hold message text
