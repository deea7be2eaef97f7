"""Keeps Python's constants alive under PySide6 6.12.0 before Python 3.12.

There each `Signal.emit` gives away a reference to `True` that it does not own, and other calls one to `None`; after some hundred
of them Python aborts ("bool_dealloc", "none_dealloc"). From 3.12 on these objects cannot be freed; for 3.11 they are given more
references here than a lifetime of signals can use up. Seen by counting `sys.getrefcount(True)` around an `emit`;
tests/desktop/test_bridge.py emits more often than a process survives without this.
"""

from __future__ import annotations

import ctypes
import sys


def keep_constants() -> None:
    """To be called once in each process that uses Qt."""
    if sys.version_info < (3, 12):
        for constant in (None, True, False):
            ctypes.c_ssize_t.from_address(id(constant)).value += 1 << 40
