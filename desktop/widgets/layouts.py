"""Emptying layouts whose content is built anew."""

from __future__ import annotations

from PySide6.QtWidgets import QLayout


def clear(layout: QLayout, keep_last: int = 0) -> None:
    """Remove and free what a layout holds (inner layouts too), but its last `keep_last` items."""
    while layout.count() > keep_last:
        item = layout.takeAt(0)
        if item is None:
            return
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        if inner is not None:
            clear(inner)
            inner.deleteLater()
