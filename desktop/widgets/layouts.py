"""Layouts whose content is built anew: emptying them, and letting them scroll."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QWidget


def scrolling(inside: QLayout) -> QScrollArea:
    """A vertically scrolling area whose content is laid out by `inside`."""
    body = QWidget()
    body.setLayout(inside)
    inside.setContentsMargins(0, 0, 8, 0)
    inside.setSpacing(14)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(body)
    return area


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
