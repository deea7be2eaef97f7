"""The window: everything that knows Qt.

Workaround, for PySide6 6.12.0 before Python 3.12: each `Signal.emit` gives away a reference to `True`
that it does not own (other calls one to `None`), and after some hundred of them Python aborts
("bool_dealloc", "none_dealloc"). From 3.12 on these objects cannot be freed; for 3.11 they are given
more references here than a lifetime of signals can use up. Seen by counting `sys.getrefcount(True)`
around an `emit`; tests/desktop/test_bridge.py emits more often than a process survives without this.

PySide6 also has each module that is imported read again as source, to see whether it might want PySide's `__feature__`
switches, which nothing here does: a sixth of the start's imports, and 7 MB of lines that are kept. The import function that it puts
itself in front of is put back.
"""

import builtins
import ctypes
import sys

import PySide6.QtCore  # noqa: F401 - it replaces the import function

if sys.version_info < (3, 12):
    for _constant in (None, True, False):
        ctypes.c_ssize_t.from_address(id(_constant)).value += 1 << 40

if hasattr(builtins, "__orig_import__"):
    builtins.__import__ = builtins.__orig_import__
