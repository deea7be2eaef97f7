"""What every larger part of the window works with."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.bridge import Bridge
from desktop.notify import Notify
from desktop.operations import Operations
from desktop.reads import Reads
from desktop.theme import Theme


@dataclass(frozen=True)
class Desk:
    """Events (`bridge`), reading (`reads`) and doing (`operations`) off the window's thread, messages to the person, looks."""

    bridge: Bridge
    reads: Reads
    operations: Operations
    notify: Notify
    theme: Theme
