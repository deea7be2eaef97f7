"""The only way to notify the person: a banner that stays until it is dismissed, and a line in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from core.errors import TsukueError
from desktop.error_text import sentence

log = logging.getLogger(__name__)


class Notify(QObject):
    """Sends messages to whoever shows them; keeps the ones that come before a window is there."""

    shown = Signal(
        str, str, object
    )  # kind ('error', 'notice' or 'info'), text, action: (label, function) or None

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history: list[tuple[str, str]] = []

    def error(self, error: BaseException, action: tuple[str, Callable[[], None]] | None = None) -> None:
        """Show what went wrong and the next step."""
        log.warning("shown to the person: %s", type(error).__name__, exc_info=error)
        self._show("error", sentence(error), action)

    def failures(
        self,
        text: str,
        errors: list[TsukueError],
        action: tuple[str, Callable[[], None]] | None = None,
    ) -> None:
        """Show what went wrong with several things at once, in one translated text."""
        for error in errors:
            log.warning("shown to the person: %s", type(error).__name__, exc_info=error)
        self._show("error", text, action)

    def info(self, text: str, action: tuple[str, Callable[[], None]] | None = None) -> None:
        """Show a translated sentence."""
        self._show("info", text, action)

    def notice(self, text: str, action: tuple[str, Callable[[], None]] | None = None) -> None:
        """Show a translated sentence that stays until it is closed."""
        self._show("notice", text, action)

    def _show(self, kind: str, text: str, action: tuple[str, Callable[[], None]] | None) -> None:
        self.history.append((kind, text))
        self.shown.emit(kind, text, action)
