"""End to end: the same window as in tests/desktop, with real models."""

from tests.desktop.conftest import open_window

__all__ = ["open_window"]
