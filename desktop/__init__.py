"""The window: everything that knows Qt.

PySide6 has each module that is imported read again as source, to see whether it might want PySide's `__feature__`
switches, which nothing here does: a sixth of the start's imports, and 7 MB of lines that are kept. The import function that it puts
itself in front of is put back.
"""

import builtins

import PySide6.QtCore  # noqa: F401 - it replaces the import function

from core.immortal import keep_constants

keep_constants()

if hasattr(builtins, "__orig_import__"):
    builtins.__import__ = builtins.__orig_import__
