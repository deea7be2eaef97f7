"""A list above the composer to choose from while one types; it has the arrow keys, Enter and Tab as long as it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from desktop.widgets.tips import tip

if TYPE_CHECKING:
    from desktop.chat.composer import Composer

SHOWN = 8  # rows; with more it scrolls
_DATA = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Row:
    """A row of the list: its text, what the tooltip says, and what is chosen with it."""

    text: str
    data: object
    tip: str = ""


class CompletionList(QObject):
    """Hidden until it is given rows."""

    chosen = Signal(object)  # the data of a row
    left = Signal()  # it was closed without a choice

    def __init__(self, composer: Composer, name: str) -> None:
        super().__init__(composer)
        self._composer = composer
        self._name = name
        composer.text.keys_first.append(self.key)

    @cached_property
    def popup(self) -> QListWidget:
        """Made when it is first wanted, since only then the composer is in its window."""
        listed = QListWidget(self._composer.window())
        listed.setObjectName("popup")
        listed.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        listed.setAccessibleName(self._name)
        listed.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        listed.itemClicked.connect(self._choose)
        listed.hide()
        self.destroyed.connect(listed.deleteLater)  # the window outlives a composer of another language
        return listed

    @property
    def shown(self) -> bool:
        """Whether the list is there."""
        return "popup" in vars(self) and self.popup.isVisible()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """List these, the first one marked; with none the list goes."""
        if not rows:
            self.hide()
            return
        self.popup.clear()
        for row in rows:
            item = QListWidgetItem(row.text)
            item.setToolTip(tip(row.tip))
            item.setData(_DATA, row.data)
            self.popup.addItem(item)
        self.popup.setCurrentRow(0)
        self._place()
        self.popup.show()
        self.popup.raise_()

    def hide(self) -> bool:
        """Close the list; whether it was there."""
        if not self.shown:
            return False
        self.popup.hide()
        self.left.emit()
        return True

    def _place(self) -> None:
        window = self.popup.parentWidget()
        assert isinstance(window, QWidget)
        row = max(self.popup.sizeHintForRow(0), 24)
        height = min(self.popup.count(), SHOWN) * row + 14
        corner = self._composer.mapTo(window, QPoint(0, 0))
        self.popup.setGeometry(corner.x(), corner.y() - height - 6, self._composer.width(), height)

    def key(self, key: int) -> bool:
        """Whether the list took this key."""
        if not self.shown:
            return False
        row = self.popup.currentRow()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = -1 if key == Qt.Key.Key_Up else 1
            self.popup.setCurrentRow((row + step) % self.popup.count())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self._choose(self.popup.currentItem())
        elif key == Qt.Key.Key_Escape:
            self.hide()
        else:
            return False
        return True

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.popup.hide()
            self.chosen.emit(item.data(_DATA))
