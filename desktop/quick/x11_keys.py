"""Keys on X11 that are heard in every program: the display server is asked for them, over a connection of our own.

For desktops whose portal offers no such keys (core/portal.py). libX11 by ctypes, of which a program on X11 has a copy anyway:
`XGrabKey` (Xlib, C language interface, 12.2).
"""

from __future__ import annotations

import ctypes
import select
from collections.abc import Callable

from core.errors import KeysTaken, PortalMissing
from core.jobs import Job

KEYS, SPEAK_KEYS = "Ctrl+Alt+Space", "Ctrl+Alt+Shift+Space"
_SHIFT, _CONTROL, _ALT = 1 << 0, 1 << 2, 1 << 3
_SPACE = 0x20  # the keysym
# Caps Lock and Num Lock count as keys that are held.
_LOCKS = (0, 1 << 1, 1 << 4, 1 << 1 | 1 << 4)
_ASYNC, _KEY_PRESS = 1, 2
_EVENT_LONGS = 24  # of an XEvent
_STATE = 20  # the place of an XKeyEvent's state, in unsigned integers (64-bit systems)
LOOK = 0.2  # seconds between looks at whether the job was cancelled


def listen(
    job: Job,
    pressed: Callable[[], None],
    spoke: Callable[[], None] = lambda: None,
    taken: Callable[[KeysTaken], None] = lambda _: None,
) -> None:
    """Call `pressed` each time KEYS are pressed, and `spoke` for SPEAK_KEYS, until the job is cancelled. Where another program has only
    the latter, `taken` is told, and the former are heard.

    Raises PortalMissing where there is no display, KeysTaken where another program has them, Cancelled.
    """
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError as error:
        raise PortalMissing() from error
    pointer = ctypes.c_void_p
    x11.XOpenDisplay.restype = pointer
    x11.XDefaultRootWindow.restype = ctypes.c_ulong
    display = pointer(x11.XOpenDisplay(None))
    if not display:
        raise PortalMissing()
    refused: list[int] = []

    def refuse(_display: int, _error: int) -> int:
        refused.append(1)
        return 0

    # libX11's own ends the process.
    handler = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer)(refuse)
    x11.XSetErrorHandler.restype = pointer
    try:
        root = ctypes.c_ulong(x11.XDefaultRootWindow(display))
        key = x11.XKeysymToKeycode(display, ctypes.c_ulong(_SPACE))
        before = pointer(x11.XSetErrorHandler(handler))

        def grab(keys: int) -> bool:
            refused.clear()
            for lock in _LOCKS:
                x11.XGrabKey(display, key, keys | lock, root, 1, _ASYNC, _ASYNC)
            x11.XSync(display, 0)
            return not refused

        had = grab(_CONTROL | _ALT), grab(_CONTROL | _ALT | _SHIFT)
        x11.XSetErrorHandler(before)
        if not had[0]:
            raise KeysTaken(KEYS, "tsukue quick")
        if not had[1]:
            taken(KeysTaken(SPEAK_KEYS, "tsukue talk"))
        event = (ctypes.c_long * _EVENT_LONGS)()
        while True:
            job.check()
            if not x11.XPending(display):
                select.select([x11.XConnectionNumber(display)], [], [], LOOK)
                continue
            x11.XNextEvent(display, event)
            numbers = ctypes.cast(event, ctypes.POINTER(ctypes.c_uint))
            if numbers[0] == _KEY_PRESS:
                (spoke if numbers[_STATE] & _SHIFT else pressed)()
    finally:
        x11.XCloseDisplay(display)
