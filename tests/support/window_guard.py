"""Fails what the window's own code does on the window's thread and must not: SQLite, folder listings, the keyring.

What a test calls by itself is not the window's code: only a call that comes through a file of `desktop/` counts.
"""

from __future__ import annotations

import sys
import threading
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

from core.app import App

DESKTOP = str(Path(__file__).resolve().parents[2] / "desktop")
CORE = str(Path(DESKTOP).parent / "core")
LISTINGS = ("os.listdir", "os.scandir")
violations: list[str] = []
_armed = False
_hooked = False


def _through_the_window(frame: FrameType | None) -> bool:
    """Whether the window's code is on the stack, and not just importing something or asking for its version."""
    found = False
    while frame is not None:
        name = frame.f_code.co_filename
        if "importlib" in name:
            return False
        found = found or name.startswith(DESKTOP)
        frame = frame.f_back
    return found


def _check(what: str) -> None:
    if _armed and threading.current_thread() is threading.main_thread():
        frame = sys._getframe(2)
        if _through_the_window(frame):
            ours = [
                f"  {entry.filename}:{entry.lineno} {entry.name}"
                for entry in traceback.extract_stack(frame)
                if entry.filename.startswith((DESKTOP, CORE))
            ]
            violations.append("\n".join([f"{what} on the window's thread:", *ours[-5:]]))
            raise AssertionError(f"{what} on the window's thread")


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event in LISTINGS:
        _check(f"{event} {arguments[:1]}")
    elif event == "open" and "keyring" in str(arguments[0]).lower():
        _check("the keyring")


def watch(app: App) -> None:
    """Begin: from now on the window must only paint."""
    global _armed, _hooked
    if not _hooked:
        sys.addaudithook(_hear)
        _hooked = True
    _armed = True
    app.database.guard = lambda sql: _check(f"SQLite ({sql[:60]})")


def rest() -> list[str]:
    """End; returns what was done wrongly."""
    global _armed
    _armed = False
    found = violations[:]
    violations.clear()
    return found
