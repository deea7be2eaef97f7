"""Patterns that strangers write, which may take years on a short text: they are given up."""

from __future__ import annotations

PATIENCE = 2.0  # seconds that a pattern may take on a text


def search(pattern: str, text: str) -> bool | None:
    """Whether a pattern matches somewhere; None for one that is none, or was given up."""
    import regex

    try:
        return regex.search(pattern, text, timeout=PATIENCE) is not None
    except (regex.error, TimeoutError, RecursionError, OverflowError, MemoryError):
        return None
