"""Tooltips: with the keys that do the same; and of what strangers wrote, never as HTML (which Qt would take it for, and load pictures)."""

from __future__ import annotations

import html

LONGEST = 1_000  # characters


def tip(text: str) -> str:
    """A text for `setToolTip` and `ToolTipRole`."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return f"<qt>{html.escape(shown)}</qt>" if "<" in shown else shown


def with_keys(text: str, keys: str) -> str:
    """A tooltip with the keys that do the same, as people write them; '' where there are none."""
    return f"{text} ({keys})" if keys else text
