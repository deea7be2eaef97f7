"""The keys that open the quick window, and the microphone, from any program: from the desktop's portal, else from the display server (X11)."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from core.errors import Cancelled, PortalMissing, PortalRefused
from core.jobs import Job, Jobs
from core.portal import Portal, Shortcut
from desktop.i18n import tr
from desktop.notify import Notify
from desktop.quick import x11_keys

SHORTCUT, SPEAK = "quick-question", "speak"
AGAIN = 5_000  # milliseconds until a portal that has left is there again
# Proposed; the person decides in the desktop's own window.
KEYS, SPEAK_KEYS = "CTRL+ALT+space", "CTRL+ALT+SHIFT+space"


class KeysAnywhere(QObject):
    """Listens while the setting wants it. Nobody waits for its end, so it is no operation."""

    pressed = Signal()
    spoke = Signal()  # the keys for speaking were pressed
    _taken = Signal(object)
    _ended = Signal(object)

    def __init__(
        self, jobs: Jobs, notify: Notify, refused: Callable[[], object], parent: QObject, *, wanted: bool
    ) -> None:
        """`refused` is called where the person has told the desktop no."""
        super().__init__(parent)
        self._jobs = jobs
        self._notify = notify
        self._job: Job | None = None
        self._refused = refused
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(lambda: self.set_wanted(True))
        # To a program that Wayland shows as one of X11's, X11 gives keys that only others of those hear.
        self._x11 = QGuiApplication.platformName() == "xcb" and not os.environ.get("WAYLAND_DISPLAY")
        self._taken.connect(notify.error, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._finish, Qt.ConnectionType.QueuedConnection)
        self.set_wanted(wanted)

    @property
    def listening(self) -> bool:
        """Whether the desktop was asked, and has not refused."""
        return self._job is not None or self._again.isActive()

    def set_wanted(self, wanted: bool) -> None:
        """Ask the desktop for the keys, or let them go."""
        self._again.stop()
        if wanted and self._job is None:
            self._job = self._jobs.start("listen for the keys", self._listen, self._ended.emit)
        elif not wanted and self._job is not None:
            self._job.cancel()
            self._job = None

    def _listen(self, job: Job) -> None:
        try:
            with closing(Portal(job)) as portal:
                portal.listen(
                    [
                        Shortcut(SHORTCUT, tr("Quick question"), KEYS, self.pressed.emit),
                        Shortcut(SPEAK, tr("Speak"), SPEAK_KEYS, self.spoke.emit),
                    ]
                )
        except PortalMissing:
            if not self._x11:
                raise
            x11_keys.listen(job, self.pressed.emit, self.spoke.emit, self._taken.emit)

    def _finish(self, job: Job) -> None:
        if job is not self._job:  # the setting has changed meanwhile
            return
        self._job = None
        if job.error is None:  # the portal was started anew, or the desktop took the keys back
            self._again.start(AGAIN)
        elif isinstance(job.error, PortalRefused):  # by the person: not asked at each start
            self._refused()
        elif isinstance(job.error, PortalMissing):
            self._notify.notice(
                tr(
                    "Your desktop does not offer system-wide shortcuts to apps. Assign keys to the commands “tsukue quick” and “tsukue talk” in the system settings; they do the same."
                )
            )
        elif job.error is not None and not isinstance(job.error, Cancelled):
            self._notify.error(job.error)
